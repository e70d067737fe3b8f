-- What the bot had no time for is no failed reply, and there may be many of them: the index of those that reached nobody has them no more.
drop index outbox_failed_replies;
create index outbox_failed_replies on outbox (created_at)
    where priority = 0 and state in ('failed', 'expired') and (state = 'failed' or sender <> 'bot');
