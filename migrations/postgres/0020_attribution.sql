-- What tells whether a customer answered a message: when they opened its own link, when an order was made, when they wanted no more.

-- The number of the message that a link stands in, and when it was opened first.
alter table links add column message bigint;
alter table links add column opened_at bigint;
create index links_opened on links (contact_id, message) where opened_at is not null;

-- When it was first told that an order was made. What is told only of its later way, such as that it is shipped, makes none.
alter table orders add column ordered_at bigint;
update orders set ordered_at = placed_at;

-- When a customer last said that they want no messages, or no marketing.
alter table profiles add column opted_out_at bigint not null default 0;
