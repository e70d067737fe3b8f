-- What the shop says again and again: agents put it into what they write. No language is any language.
create table canned_replies (
    id         integer primary key,
    name       text not null,
    language   text not null,
    text       text not null,
    changed_by text not null,
    changed_at integer not null,
    unique (name, language)
) strict;
