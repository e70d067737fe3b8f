-- Who holds something holds it by himself: Meta's hold ends no person's, and a short one of Meta's replaces no longer one.
create table holds_by_source (
    what   text not null,
    since  integer not null,
    until  integer,
    why    text not null,
    source text not null,
    primary key (what, source)
) strict, without rowid;
insert into holds_by_source (what, since, until, why, source) select what, since, until, why, source from holds;
drop table holds;
alter table holds_by_source rename to holds;
