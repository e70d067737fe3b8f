-- When a node last said that it sends for a number. What waits for one that nobody sends for any more goes by another.
alter table numbers add column served_at integer;
update numbers set served_at = unixepoch() * 1000;
