-- Whether a single key does something in the console. Who speaks to the computer, or hits keys by chance, switches that off.
alter table users add column single_keys boolean not null default true;
