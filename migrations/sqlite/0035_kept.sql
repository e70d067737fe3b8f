-- The same body is kept once, however often it comes.
alter table kept_bodies add column digest text;
create unique index kept_bodies_digest on kept_bodies (digest);
