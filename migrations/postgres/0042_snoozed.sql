-- Until when somebody put a conversation aside; it stands in their view no more until then, or until the customer writes.
alter table contacts add column snoozed_until bigint;
create index contacts_snoozed on contacts (snoozed_until) where snoozed_until is not null;
