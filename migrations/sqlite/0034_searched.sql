-- What people look for in the inbox: name, number and last message in small letters, a row for each contact whose summary was
-- written. What is not there yet is filled in when the store opens.
create table searched (
    contact_id integer primary key references contacts (id),
    -- When they wrote last, 0 for never: whoever was found is sorted without their row being read.
    at         integer not null default 0,
    text       text
) strict;
create index searched_missing on searched (contact_id) where text is null;
insert into searched (contact_id, at) select id, coalesce(last_inbound_at, 0) from contacts where merged_into is null and summary <> '{}';
