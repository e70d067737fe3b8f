-- States are stored packed, behind everything that lists read. What is there is read as it is, and packed when it is written next.
alter table contacts rename column state to plain;
alter table contacts add column state blob;
update contacts set state = cast(plain as blob) where plain is not null;
alter table contacts drop column plain;
