-- When a node last said that it sends for a number. What waits for one that nobody sends for any more goes by another.
alter table numbers add column served_at bigint;
update numbers set served_at = cast(extract(epoch from now()) * 1000 as bigint);
