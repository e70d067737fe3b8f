-- Campaigns: one offer to a segment. Recipients hear of it by an event each; `place` is how far that got.
create table campaigns (
    name          text primary key,
    -- In the language of segments.
    segment       text not null,
    offer         text not null,
    -- draft, starting, running, paused, cancelled.
    state         text not null,
    -- Messages that may leave in an hour and in a day; none is no limit.
    per_hour      bigint,
    per_day       bigint,
    made_by       text not null,
    made_at       bigint not null,
    started_at    bigint,
    recipients    bigint not null default 0,
    place_rank    bigint not null default 0,
    place_contact bigint not null default 0
);

-- The campaign that a message belongs to, and which of its variants it is.
alter table outbox add column campaign text;
alter table outbox add column variant text;
create index outbox_campaign on outbox (campaign, sending_since) where campaign is not null;
