-- Follow-ups that reached nobody and of which their contacts are still to be told.
create index outbox_unsent on outbox (contact_id, number) where priority = 1 and rank = 9;
