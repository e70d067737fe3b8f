-- One row that is written to see whether anything can be written.
create table pulse (
    id    integer primary key,
    beats integer not null
) strict;
insert into pulse (id, beats) values (1, 0);
