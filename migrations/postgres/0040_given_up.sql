-- When nobody had come for so long that the bot answered again. It stays open all the same.
alter table handoffs add column given_up_at bigint;
