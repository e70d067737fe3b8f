-- One row that is written to see whether anything can be written.
create table pulse (
    id    bigint primary key,
    beats bigint not null
);
insert into pulse (id, beats) values (1, 0);
