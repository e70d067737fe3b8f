-- What folds are made with: a fingerprint of dictionaries and rules. One row.
create table made_with (
    id          bigint primary key check (id = 1),
    fingerprint text not null
);

-- Contacts whose state is to be made anew, and with what.
create table stale (
    contact_id  bigint primary key,
    fingerprint text not null
);
