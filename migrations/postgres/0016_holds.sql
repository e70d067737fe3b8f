-- Who holds something holds it by himself: Meta's hold ends no person's, and a short one of Meta's replaces no longer one.
alter table holds drop constraint holds_pkey;
alter table holds add primary key (what, source);
