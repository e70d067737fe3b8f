-- What holds messages back for many customers at once, shared by all numbers and nodes; it survives a restart.

-- The template that a message goes by where only that may be sent: it counts for the portfolio. And the colour's rank, for those
-- with the same latest time.
alter table outbox add column template text;
alter table outbox add column worth integer not null default 0;
update outbox set template = json_extract(message, '$.content.name')
where state = 'queued' and json_extract(message, '$.content.type') = 'template';
create index outbox_follow_ups on outbox (channel, expires_at, worth desc, due_at) where state = 'queued' and priority = 1;
-- What became of those that left.
create index outbox_unasked on outbox (channel, sending_since) where priority = 1 and sending_since is not null;

-- When a template last left for a customer, outside the service window: the portfolio's limit is on different customers in any
-- 24 hours.
create table reached (
    contact_id integer primary key,
    channel    text not null,
    at         integer not null
) strict;
create index reached_at on reached (at, channel);

-- Our numbers as Meta describes them.
create table numbers (
    channel    text primary key,
    display    text not null default '',
    quality    text not null default 'UNKNOWN',
    -- When we began to send from it, and since when it grows back after a rest.
    since      integer not null,
    resumed_at integer,
    checked_at integer
) strict, without rowid;

-- What must not be sent: `account`, `number:ID` or `template:NAME`. Without `until` it stands until Meta or a person lifts it.
create table holds (
    what   text primary key,
    since  integer not null,
    until  integer,
    why    text not null,
    source text not null
) strict, without rowid;

-- What happened to limits, quality and holds.
create table outreach_history (
    id   integer primary key,
    at   integer not null,
    what text not null,
    said text not null
) strict;

-- Single figures: how far account events were read, and the portfolio's limit, -1 for none.
create table outreach_figures (
    name  text primary key,
    value integer not null
) strict, without rowid;

-- What Meta told of us is looked for behind a place of the journal.
create index journal_account on journal (seq) where kind = 'account';
