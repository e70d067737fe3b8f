-- What was said in all conversations, to be looked through: many messages to a row, a line each, in small letters and without accents.
-- It is filled in the background; the newest stand in the journal alone.
create table said (
    -- The row holds what stands in the journal up to here, from behind the row before it.
    last_seq integer primary key,
    -- Which letters follow one another in it: a row need not be read for words that it cannot hold.
    marks    blob not null,
    text     blob not null
) strict;
