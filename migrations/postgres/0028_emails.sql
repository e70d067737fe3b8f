-- By which address of mail (its digest) a customer of the platform is known: everybody who showed it in an order that was paid for.
-- What was learnt before may have come of a form that nobody paid for: it is learnt anew with the next order that is.
drop table emails;
create table emails (
    digest     text not null,
    contact_id bigint not null,
    primary key (digest, contact_id)
);
