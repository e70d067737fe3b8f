-- What somebody is writing to a contact (reply) or about them (note), until it is sent.
create table drafts (
    user_id    integer not null,
    contact_id integer not null,
    kind       text not null,
    text       text not null,
    at         integer not null,
    primary key (user_id, contact_id, kind)
) strict, without rowid;
