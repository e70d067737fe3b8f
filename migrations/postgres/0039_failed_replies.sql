-- Replies that reached nobody, by when they were decided: whoever was to get one is shown in the inbox.
create index outbox_failed_replies on outbox (created_at) where priority = 0 and state in ('failed', 'expired');
