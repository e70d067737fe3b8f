-- What is watched over all contacts, and the set of tags.

-- Colours are counted every few seconds.
create index profiles_colour on profiles (opted_out, colour);

-- How many contacts had which colour at the end of a day of the shop's; the day that is under way has what is so now.
create table colour_days (
    day      text not null,
    -- Rank of the colour, grey 0 to red 5; -1 is none.
    colour   integer not null,
    contacts integer not null,
    primary key (day, colour)
) strict, without rowid;

-- Each time that an alert stood.
create table alerts (
    id       integer primary key,
    name     text not null,
    what     text not null,
    advice   text not null,
    began_at integer not null,
    ended_at integer
) strict;
create unique index alerts_standing on alerts (name) where ended_at is null;
create index alerts_ended on alerts (ended_at);
