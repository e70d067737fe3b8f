-- Campaigns: one offer to a segment. Recipients hear of it by an event each; `place` is how far that got.
create table campaigns (
    name          text primary key,
    -- In the language of segments.
    segment       text not null,
    offer         text not null check (json_valid(offer)),
    -- draft, starting, running, paused, cancelled.
    state         text not null,
    -- Messages that may leave in an hour and in a day; none is no limit.
    per_hour      integer,
    per_day       integer,
    made_by       text not null,
    made_at       integer not null,
    started_at    integer,
    recipients    integer not null default 0,
    place_rank    integer not null default 0,
    place_contact integer not null default 0
) strict, without rowid;

-- The campaign that a message belongs to, and which of its variants it is.
alter table outbox add column campaign text;
alter table outbox add column variant text;
create index outbox_campaign on outbox (campaign, sending_since) where campaign is not null;
