-- Follow-ups that reached nobody and of which their contacts are still to be told: rank 9. Those that ended before anybody was told
-- are not told of any more.
update outbox set rank = 10 where priority = 1 and rank = 9;
create index outbox_unsent on outbox (contact_id, number) where priority = 1 and rank = 9;
