-- What is planned for a contact: how many messages, and when the first of them is looked at; 0 is nothing. What was planned before
-- is counted with the contact's next fold.
alter table profiles add column planned integer not null default 0;
alter table profiles add column plan_at integer not null default 0;
create index profiles_plans on profiles (plan_at, planned) where planned > 0;
