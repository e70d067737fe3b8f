-- What somebody is writing to a contact (reply) or about them (note), until it is sent.
create table drafts (
    user_id    bigint not null,
    contact_id bigint not null,
    kind       text not null,
    text       text not null,
    at         bigint not null,
    primary key (user_id, contact_id, kind)
);
