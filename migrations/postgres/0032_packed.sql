-- States are stored packed. What is there is read as it is, and packed when it is written next.
alter table contacts alter column state type bytea using convert_to(state, 'UTF8');
