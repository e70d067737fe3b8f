-- Of when it is what is known of a product: what the platform tells late, or tells again, is no news.
alter table feed_products add column changed_at bigint not null default 0;
