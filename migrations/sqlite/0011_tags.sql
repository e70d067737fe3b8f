-- The set of tags: what people made, how tags are used, what people say of them, and who changed what.

-- Tags that people made, and labels and colours that they gave to others. Who holds them stands in `held_tags`.
create table tags (
    tag         text primary key,
    -- By language.
    labels      text not null check (json_valid(labels)),
    colour      text,
    about       text not null,
    made_by     text not null,
    made_at     integer not null,
    changed_at  integer not null,
    archived_at integer
) strict, without rowid;

-- How often a tag was used on a day of the shop's: filter, send or export. What ends in * stands for every tag that begins so.
create table tag_uses (
    tag     text not null,
    day     text not null,
    kind    text not null,
    uses    integer not null,
    last_at integer not null,
    primary key (tag, day, kind)
) strict, without rowid;

-- Right or wrong: what people say of a tag that somebody held since then. The last word of each person counts.
create table tag_verdicts (
    contact_id integer not null,
    tag        text not null,
    since      integer not null,
    judge      text not null,
    -- What set the tag, and its version; agent:NAME for a person.
    rule       text not null,
    version    text not null,
    correct    integer not null,
    judged_at  integer not null,
    primary key (contact_id, tag, since, judge)
) strict, without rowid;
create index tag_verdicts_time on tag_verdicts (judged_at);

-- Who changed what in the set of tags and in the rules, and when. `undone_at` is set where it was taken back.
create table governance_log (
    id        integer primary key,
    at        integer not null,
    who       text not null,
    action    text not null,
    subject   text not null,
    detail    text not null check (json_valid(detail)),
    undone_at integer
) strict;
create index governance_log_time on governance_log (at);

-- Each rule as it was seen last, so that a change is noticed, also one that was made while nothing ran.
create table rules_seen (
    rule    text primary key,
    version text not null,
    words   text not null
) strict, without rowid;

-- What a merger, an archive or a deletion changed, so that it can be taken back: whose tags were taken, and who got the new one.
create table tidied (
    log_id     integer not null,
    contact_id integer not null,
    tag        text not null,
    -- set or removed
    change     text not null,
    primary key (log_id, contact_id, tag)
) strict, without rowid;

-- Events of the whole shop are few: campaigns among them are looked for.
create index journal_shop on journal (kind, seq) where contact_id is null;
