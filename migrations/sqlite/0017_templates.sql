-- Meta's templates as its list and its webhooks tell of them. What it has not told is empty.
create table templates (
    name       text not null,
    language   text not null,
    status     text not null,
    category   text not null,
    quality    text not null,
    -- Gaps in its body; and whether there are others, which are not filled in.
    variables  integer,
    others     integer not null,
    body       text not null,
    -- Why it is refused or paused, and the category that Meta has announced for it.
    reason     text not null,
    becomes    text not null,
    changed_at integer not null,
    primary key (name, language)
) strict, without rowid;
