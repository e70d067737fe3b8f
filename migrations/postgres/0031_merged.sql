-- What came for a contact in the same group in which it became one with another stayed with it, and nobody looked at it.
update journal set contact_id = (select merged_into from contacts where id = journal.contact_id)
    where contact_id in (select id from contacts where merged_into is not null);
update unread set contact_id = (select merged_into from contacts where id = unread.contact_id)
    where contact_id in (select id from contacts where merged_into is not null);
update handoffs set contact_id = (select merged_into from contacts where id = handoffs.contact_id)
    where contact_id in (select id from contacts where merged_into is not null);
delete from profiles where contact_id in (select id from contacts where merged_into is not null);
delete from held_tags where contact_id in (select id from contacts where merged_into is not null);
update contacts set wake_at = null where merged_into is not null;
