-- Tells this database from every other one: it travels to Meta with each message, so that what becomes of another one's message is not
-- taken for what becomes of ours.
create table installation (
    tag text primary key
) strict, without rowid;
insert into installation (tag) values (lower(hex(randomblob(4))));

-- Since when somebody goes by this number no more: who comes with it under another user id is somebody else.
alter table identities add column left_at integer;
