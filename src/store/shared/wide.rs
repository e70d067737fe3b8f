//! Events of the whole shop on their way to the contacts that they concern.

use sqlx::Row;

use super::claiming::event;
use super::{Connection, json};
use crate::domain::{ContactId, Event, Timestamp};
use crate::store::WideEvent;

/// Earlier events that are looked through at most: a week of some hundred cities.
const EARLIER: i64 = 5_000;
/// Sorts behind every character that a tag has.
const LAST: char = '\u{10FFFF}';

/// The first event of nobody, of one of these kinds, behind those that have reached everybody.
pub(in crate::store) async fn next(
    connection: &mut Connection,
    kinds: &[&str],
) -> Result<Option<WideEvent>, sqlx::Error> {
    let select = concat!(
        "select j.seq, j.at, j.received, j.body, w.contact_id from wide w join journal j on j.seq > w.seq ",
        "where j.contact_id is null and j.kind in (select value->>0 from ",
        rows!("$1"),
        ") order by j.seq limit 1"
    );
    let kinds: Vec<[&str; 1]> = kinds.iter().map(|kind| [*kind]).collect();
    let Some(row) = sqlx::query(select).bind(json(&kinds)).fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let event = event(row.try_get(0)?, &row, 1)?;
    Ok(Some(WideEvent { event, after: ContactId(row.try_get(4)?) }))
}

/// Events of nobody, of one kind, before that one and since that moment, in order; of many the latest.
pub(in crate::store) async fn before(
    connection: &mut Connection,
    kind: &str,
    seq: i64,
    since: Timestamp,
) -> Result<Vec<Event>, sqlx::Error> {
    let select = "select seq, at, received, body from journal where contact_id is null and kind = $1 and seq < $2 \
                  order by seq desc limit $3";
    let query = sqlx::query(select).bind(kind).bind(seq).bind(EARLIER);
    let rows = query.fetch_all(connection).await?;
    let mut events: Vec<Event> =
        rows.iter().map(|row| event(row.try_get(0)?, row, 1)).collect::<Result<_, sqlx::Error>>()?;
    events.retain(|event| event.received >= since);
    events.reverse();
    Ok(events)
}

/// Contacts in rising order, and since when each holds one of the tags.
pub(in crate::store) async fn concerned(
    connection: &mut Connection,
    tags: &[String],
    after: ContactId,
    limit: i64,
) -> Result<Vec<(ContactId, Timestamp)>, sqlx::Error> {
    let range = |tag: &String| match tag.strip_suffix('*') {
        Some(start) => (start.to_owned(), format!("{start}{LAST}")),
        None => (tag.clone(), tag.clone()),
    };
    let ranges: Vec<(String, String)> = tags.iter().map(range).collect();
    let select = concat!(
        "select h.contact_id, min(h.since) from ",
        rows!("$1"),
        " join held_tags h on h.tag >= value->>0 and h.tag <= value->>1 where h.contact_id > $2 ",
        "group by h.contact_id order by h.contact_id limit $3"
    );
    let query = sqlx::query_as(select).bind(json(&ranges)).bind(after.0).bind(limit);
    let contacts: Vec<(i64, i64)> = query.fetch_all(&mut *connection).await?;
    Ok(contacts.into_iter().map(|(contact, since)| (ContactId(contact), Timestamp(since))).collect())
}

/// Notes how far it is.
pub(in crate::store) async fn note(
    connection: &mut Connection,
    seq: i64,
    contact: ContactId,
) -> Result<(), sqlx::Error> {
    sqlx::query("update wide set seq = $1, contact_id = $2").bind(seq).bind(contact.0).execute(connection).await?;
    Ok(())
}
