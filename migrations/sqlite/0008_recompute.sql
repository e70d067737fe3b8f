-- What folds are made with: a fingerprint of dictionaries and rules. One row.
create table made_with (
    id          integer primary key check (id = 1),
    fingerprint text not null
) strict;

-- Contacts whose state is to be made anew, and with what.
create table stale (
    contact_id  integer primary key,
    fingerprint text not null
) strict;
