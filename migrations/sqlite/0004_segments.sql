-- What segments ask for, kept by the fold's own transaction; and segments that people saved.

-- Which contact holds which tag since when.
create table held_tags (
    contact_id integer not null,
    tag        text not null,
    since      integer not null,
    primary key (contact_id, tag)
) strict, without rowid;
create index held_tags_tag on held_tags (tag, contact_id, since);

-- What segments ask of a contact, in a narrow row: the row of `contacts` carries the state and is slow to walk through.
-- 0 is never, '' is unknown, -1 is none.
create table profiles (
    contact_id     integer primary key,
    country        text not null,
    language       text not null,
    colour         integer not null,
    heat           integer not null,
    stage          integer not null,
    first_at       integer not null,
    -- Last message or click.
    interaction_at integer not null,
    inbound_at     integer not null,
    opted_out      integer not null
) strict;

-- Orders of each contact. `rank` is how far it got, forward only: placed 0, paid 1 … cancelled 5, returned 6.
create table orders (
    contact_id integer not null,
    number     text not null,
    rank       integer not null,
    placed_at  integer not null,
    -- When it was first known to be paid.
    paid_at    integer,
    -- In ten-thousandths of the currency's main unit.
    total      integer,
    currency   text,
    -- Names under which what was bought can be asked for: product, product key, its category and its last part.
    items      text not null check (json_valid(items)),
    primary key (contact_id, number)
) strict, without rowid;
create index orders_purchases on orders (contact_id, paid_at, currency, total) where paid_at is not null and rank < 5;

-- What was bought: a row for each name of each thing in an order that was paid for and not taken back.
create table bought (
    contact_id integer not null,
    number     text not null,
    item       text not null,
    bought_at  integer not null,
    primary key (contact_id, number, item)
) strict, without rowid;
create index bought_item on bought (item, contact_id, bought_at);

-- Both are made from the journal: everybody is folded anew once.
update contacts set state = null, wake_at = 0 where merged_into is null;

-- Segments that people saved, in their text form. Members of `first` are listed before the others.
create table segments (
    name       text primary key,
    segment    text not null,
    first      text not null,
    about      text not null,
    made_by    text not null,
    made_at    integer not null,
    changed_at integer not null
) strict, without rowid;
