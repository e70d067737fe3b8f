-- Tracked links: short addresses, each made for one contact. `link` is what it leads to and what its opening tells.
create table links (
    code       text primary key,
    contact_id integer not null,
    created_at integer not null,
    link       text not null check (json_valid(link))
) strict, without rowid;
