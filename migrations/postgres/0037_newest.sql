-- Who is known, those first of whom something was heard last: a page of them is read from here, and not from all.
create index contacts_newest on contacts (last_at desc, id desc) where merged_into is null;
