-- Instants are Unix milliseconds. JSON is text that SQLite has checked.

-- One row for each person. `state` is the fold's state; the other columns repeat of it what lists sort and filter by.
create table contacts (
    id             integer primary key,
    created_at     integer not null,
    state          text check (state is null or json_valid(state)),
    -- Earliest moment at which anything changes with no new event; the waker folds the contact then.
    wake_at        integer,
    -- What a row of the inbox shows: name, preview, tags. Written by the fold, read by the console.
    summary        text not null default '{}' check (json_valid(summary)),
    last_at        integer not null default 0,
    last_inbound_at integer,
    -- Messages of the customer that nobody has looked at.
    unread         integer not null default 0,
    -- Rank of the colour, grey 0 to red 5; -1 is none.
    colour         integer not null default -1,
    heat           integer not null default -1,
    handoff        text not null default 'none',
    promise_due    integer,
    agent          text,
    -- Set when this contact turned out to be another one: nothing new happens here.
    merged_into    integer references contacts (id)
) strict;
create index contacts_wake on contacts (wake_at) where wake_at is not null;
create index contacts_recent on contacts (last_inbound_at desc) where last_inbound_at is not null;
create index contacts_handoff on contacts (handoff, promise_due) where handoff <> 'none';

-- Every name that a contact goes by: p:85251234567 or u:US.9001.
create table identities (
    name       text primary key,
    contact_id integer not null references contacts (id)
) strict, without rowid;
create index identities_contact on identities (contact_id);

-- Everything that happened, in the order in which it was made durable. Never changed but for the clock of its folding.
create table journal (
    seq        integer primary key autoincrement,
    contact_id integer,
    -- The provider's message id or the caller's event id: an event counts once.
    key        text not null unique,
    at         integer not null,
    received   integer not null,
    kind       text not null,
    body       text not null check (json_valid(body))
) strict;
create index journal_contact on journal (contact_id, seq);

-- Events that are not folded yet. Narrow, so that coming and going costs little.
create table unread (
    seq        integer primary key,
    contact_id integer not null,
    due_at     integer not null
) strict;
create index unread_due on unread (due_at, contact_id);
create index unread_contact on unread (contact_id);

-- Every change of a tag, and with it of colour, heat and stage, with its evidence.
create table tag_ledger (
    id         integer primary key,
    contact_id integer not null,
    tag        text not null,
    change     text not null,
    at         integer not null,
    rule       text not null,
    version    text not null,
    evidence   text not null check (json_valid(evidence))
) strict;
create index tag_ledger_contact on tag_ledger (contact_id, id);

-- Messages to send and what became of them. The id is contact and number: the fold makes it, statuses carry it back.
create table outbox (
    contact_id integer not null,
    number     integer not null,
    kind       text not null,
    sender     text not null,
    -- Replies 0, follow-ups 1.
    priority   integer not null,
    state      text not null,
    -- Rank of the state, forward only: queued 0, sending 1, accepted 2, sent 3, delivered 4, read 5.
    rank       integer not null default 0,
    -- Our phone number that it leaves by.
    channel    text not null,
    address    text not null check (json_valid(address)),
    message    text not null check (json_valid(message)),
    created_at integer not null,
    due_at     integer not null,
    expires_at integer not null,
    sending_since integer,
    attempts   integer not null default 0,
    wamid      text,
    error      text,
    updated_at integer not null,
    primary key (contact_id, number)
) strict, without rowid;
create index outbox_due on outbox (channel, priority, due_at) where state = 'queued';
create index outbox_sending on outbox (sending_since) where state = 'sending';
create index outbox_wamid on outbox (wamid) where wamid is not null;

-- Each time that a person was asked for.
create table handoffs (
    id         integer primary key,
    contact_id integer not null,
    opened_at  integer not null,
    reason     text not null,
    evidence   text not null check (json_valid(evidence)),
    promise_due integer,
    state      text not null,
    agent      text,
    accepted_at integer,
    closed_at  integer
) strict;
create index handoffs_contact on handoffs (contact_id, id);
create index handoffs_open on handoffs (state, promise_due) where state <> 'closed';

-- Bodies that were signed but not understood: kept, counted and shown.
create table kept_bodies (
    id       integer primary key,
    received integer not null,
    reason   text not null,
    body     blob not null
) strict;

-- People who may sign in.
create table users (
    id            integer primary key,
    login         text not null unique,
    name          text not null,
    role          text not null,
    password_hash text,
    active        integer not null default 1,
    on_duty       integer not null default 1,
    created_at    integer not null
) strict;

-- Sign-ins. Only the hash of the token is here.
create table sessions (
    token_hash text primary key,
    user_id    integer not null references users (id) on delete cascade,
    csrf       text not null,
    created_at integer not null,
    used_at    integer not null,
    expires_at integer not null
) strict, without rowid;

-- Links that sign in once. Only the hash of the token is here.
create table sign_in_links (
    token_hash text primary key,
    user_id    integer not null references users (id) on delete cascade,
    expires_at integer not null
) strict, without rowid;
