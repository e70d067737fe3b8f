-- Less to write for each message: these tables grow and shrink with every one. And contacts that become one.

-- Claims read the oldest events first, by their number; no other order is asked for.
drop index unread_due;
drop index unread_contact;

-- One row for all that one fold changed of a contact's tags: a list of {tag, change, at, evidence}.
create table tag_changes (
    id         integer primary key,
    contact_id integer not null,
    changes    text not null check (json_valid(changes))
) strict;
insert into tag_changes (contact_id, changes)
select contact_id, json_array(json_object('tag', tag, 'change', change, 'at', at, 'evidence', json(evidence)))
from tag_ledger order by id;
drop table tag_ledger;
alter table tag_changes rename to tag_ledger;
create index tag_ledger_contact on tag_ledger (contact_id, id);

-- Grows when another contact turns out to be this one. A contact without a state is folded anew from its whole journal; a fold
-- that began before the merger must not hide that.
alter table contacts add column merges integer not null default 0;
create index contacts_merged on contacts (merged_into) where merged_into is not null;
