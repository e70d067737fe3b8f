-- What Meta tells of a number beside its quality, and until when it sends slower because Meta said that it was too much.
alter table numbers add column throughput text not null default '';
alter table numbers add column status text not null default '';
alter table numbers add column slowed_until bigint;
