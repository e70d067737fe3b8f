-- What the platform that a shop runs on told: by which address of mail (its digest) a customer is known there…
create table emails (
    digest     text primary key,
    contact_id integer not null
) strict, without rowid;

-- …and how each product was when it was told of last.
create table feed_products (
    feed    text not null,
    product text not null,
    price   text,
    stock   integer,
    primary key (feed, product)
) strict, without rowid;
