-- Everything that a list of who wrote asks for stands in its index: counting them reads no row of `contacts`, which carry the state.
drop index contacts_recent;
create index contacts_recent on contacts (last_inbound_at desc, id, handoff, merged_into)
    where last_inbound_at is not null and merged_into is null;

-- What became worthless while it waited is looked for each second, among all that waits.
create index outbox_expiring on outbox (expires_at) where state = 'queued';

-- Events of no kind that we know are few, and counted on a page.
create index journal_unknown on journal (received) where kind = 'unknown';
