-- Events of the whole shop reach the contacts that they concern: those up to `seq` have reached everybody, the next one
-- contacts up to `contact_id`. What is older than this table concerns nobody any more.
create table wide (
    seq        integer not null,
    contact_id integer not null
) strict;
insert into wide (seq, contact_id) select coalesce(max(seq), 0), 0 from journal;

-- Few events are nobody's.
create index journal_wide on journal (seq) where contact_id is null;
