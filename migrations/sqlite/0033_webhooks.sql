-- Programs that are told by webhooks, and how far each was told: by the numbers of the journal, the ledger of tags and the trail.
create table webhooks (
    id            text primary key,
    url           text not null,
    -- A list of the kinds of news that it wants.
    kinds         text not null check (json_valid(kinds)),
    secret        text not null,
    -- Signs too until then, while the program changes to the new one.
    old_secret    text,
    old_until     integer,
    enabled       integer not null default 1,
    -- Why Hotline itself disabled it.
    stopped       text,
    made_at       integer not null,
    journal_at    integer not null,
    ledger_at     integer not null,
    trail_at      integer not null,
    -- What was told already of what lies behind these places.
    ahead         text not null default '[]' check (json_valid(ahead)),
    -- The first news that it did not take, since when, how often it was tried, and when it is tried next.
    failing       text,
    failing_since integer,
    attempts      integer not null default 0,
    next_at       integer not null default 0,
    delivered_at  integer
) strict, without rowid;

-- The last attempts of each: what the receiver answered, and nothing of what either side said.
create table webhook_attempts (
    id         integer primary key,
    webhook_id text not null,
    event      text not null,
    kind       text not null,
    at         integer not null,
    attempt    integer not null,
    status     integer,
    error      text,
    millis     integer not null
) strict;
create index webhook_attempts_webhook on webhook_attempts (webhook_id, id);

-- What changes rows in place and stands in no list by itself: hand-offs, consent, messages that could not be sent. Written only while
-- there are webhooks.
create table webhook_trail (
    id         integer primary key autoincrement,
    at         integer not null,
    kind       text not null,
    contact_id integer not null,
    -- Number of the hand-off or of the message; of consent, whether it is about everything (1) or marketing alone (0).
    subject    integer not null
) strict;
