//! Which contacts are to be folded now, with their state and what is unread.

use std::collections::HashMap;

use sqlx::Row;

use super::batch::{Batch, Found};
use super::{Connection, SqlRow, json};
use crate::domain::{ContactId, ContactRef, Event, EventBody, Timestamp};
use crate::store::ClaimedContact;
use crate::store::writer::Claimed;

/// Those of these contacts that nobody folds.
const LOCK: &str = concat!(
    "select id, state, wake_at, summary, merges from contacts where merged_into is null and id in (select cast(value->>0 as bigint) from ",
    rows!("$1"),
    ") order by id",
    skip_locked!()
);

/// Contacts with unread events whose time came, or with a wake that is due. On PostgreSQL they are locked until the
/// transaction ends; `busy` are those that this process is folding already. Nothing is unread in front of `first`.
pub(in crate::store) async fn claim(
    connection: &mut Connection,
    now: Timestamp,
    limit: i64,
    (busy, first): (&[[i64; 1]], i64),
) -> Result<Claimed, sqlx::Error> {
    let (rows, last) = free(connection, now, limit, (busy, first)).await?;
    if rows.is_empty() {
        // What is being folded tells of its own next moment when it is committed, here or at another node.
        let next_due = if busy.is_empty() { next_due(connection, first).await? } else { None };
        return Ok(Claimed { contacts: Vec::new(), next_due: next_due.filter(|due| *due > now) });
    }
    let mut contacts = Vec::with_capacity(rows.len());
    for row in rows {
        let wake_at: Option<i64> = row.try_get(2)?;
        let claimed = ClaimedContact {
            id: ContactId(row.try_get(0)?),
            state: row.try_get(1)?,
            summary: row.try_get(3)?,
            merges: row.try_get(4)?,
            ..ClaimedContact::default()
        };
        contacts.push((claimed, wake_at.is_some_and(|wake| wake <= now.0)));
    }
    contacts.sort_by_key(|(contact, _)| contact.id);
    let of = |known: bool| {
        let wanted = contacts.iter().filter(|(contact, _)| contact.state.is_some() == known);
        wanted.map(|(contact, _)| [contact.id.0]).collect::<Vec<_>>()
    };
    let (known, new) = (of(true), of(false));
    let mut batch = Batch::default();
    ask_unread(&mut batch, &known, last);
    ask_beginnings(&mut batch, &new, last);
    let mut found = batch.fetch(connection).await?;
    let mut events = unread(found.rows(), known.len())?;
    let mut beginnings = begun(&new, &mut found)?;
    let claimed = contacts.into_iter().filter_map(|(mut contact, awake)| {
        match beginnings.remove(&contact.id.0) {
            Some(beginning) => {
                let Beginning { names, history, unread, messages } = beginning;
                (contact.names, contact.history, contact.events, contact.messages) = (names, history, unread, messages);
            }
            None => contact.events = events.remove(&contact.id.0).unwrap_or_default(),
        }
        // Another node may have folded it between the two looks.
        (awake || !contact.events.is_empty() || !contact.history.is_empty()).then_some(contact)
    });
    Ok(Claimed { contacts: claimed.collect(), next_due: None })
}

/// Those who are to be folded and whom nobody folds, locked; and up to which event. Another node may be folding some, and stand still in
/// the middle of it: as many who stand behind them do not wait for that.
async fn free(
    connection: &mut Connection,
    now: Timestamp,
    limit: i64,
    (busy, first): (&[[i64; 1]], i64),
) -> Result<(Vec<SqlRow>, i64), sqlx::Error> {
    let (mut rows, mut passed_over) = (Vec::new(), busy.to_vec());
    loop {
        let (candidates, last) = candidates(connection, now, limit, (&passed_over, first)).await?;
        if candidates.is_empty() {
            return Ok((rows, last));
        }
        let found = sqlx::query(LOCK).bind(json(&candidates)).fetch_all(&mut *connection).await?;
        // Nobody stands behind them, or enough are free.
        let is_end = last == i64::MAX && (candidates.len() as i64) < limit;
        let is_free = found.len() == candidates.len();
        rows.extend(found);
        if is_end || is_free || rows.len() as i64 * 2 >= limit {
            return Ok((rows, last));
        }
        passed_over.extend(candidates);
    }
}

/// Who is to be folded, and up to which event: what stands behind it in the journal comes with a later claim, in order.
async fn candidates(
    connection: &mut Connection,
    now: Timestamp,
    limit: i64,
    (busy, first): (&[[i64; 1]], i64),
) -> Result<(Vec<[i64; 1]>, i64), sqlx::Error> {
    // The oldest first, and few rows are looked at, however long the queue is.
    let unread = concat!(
        "select contact_id, max(seq), count(*) from (select contact_id, seq from unread where seq >= $4 and due_at <= $2 ",
        "and contact_id not in ",
        "(select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by seq limit $3) as due group by contact_id"
    );
    let waking = concat!(
        "select id from contacts where wake_at <= $2 and id not in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by wake_at limit $3"
    );
    let busy = json(&busy);
    let mut batch = Batch::default();
    batch.always(unread, [busy.as_str().into(), now.0.into(), limit.into(), first.into()]);
    batch.always(waking, [busy.as_str().into(), now.0.into(), limit.into()]);
    let mut found = batch.fetch(connection).await?;
    let mut ids = Vec::new();
    let (mut last, mut count) = (0, 0);
    for row in found.rows() {
        ids.push(row.try_get(0)?);
        last = last.max(row.try_get(1)?);
        count += row.try_get::<i64, _>(2)?;
    }
    // Only where the queue is longer than a claim there is something behind.
    let last = if count < limit { i64::MAX } else { last };
    for row in found.rows() {
        ids.push(row.try_get(0)?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok((ids.into_iter().map(|id| [id]).collect(), last))
}

/// Asks for what is unread of contacts that have a state, up to that event.
fn ask_unread(batch: &mut Batch, ids: &[[i64; 1]], last: i64) {
    let select = concat!(
        "select j.seq, j.contact_id, j.at, j.received, j.body from unread u join journal j on j.seq = u.seq ",
        "where u.seq <= $2 and u.contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        // By `u.seq`, which is the same: by `j.seq` SQLite would read the whole journal in its order.
        ") order by u.seq"
    );
    batch.rows_and(select, ids, [last.into()]);
}

fn unread(found: Vec<SqlRow>, contacts: usize) -> Result<HashMap<i64, Vec<Event>>, sqlx::Error> {
    let mut events: HashMap<i64, Vec<Event>> = HashMap::with_capacity(contacts);
    for row in found {
        events.entry(row.try_get(1)?).or_default().push(event(row.try_get(0)?, &row, 2)?);
    }
    Ok(events)
}

/// What a contact without a state is made from.
#[derive(Default)]
pub(super) struct Beginning {
    pub(super) names: Vec<ContactRef>,
    /// Events that were folded before, into a state that is not there any more.
    pub(super) history: Vec<Event>,
    pub(super) unread: Vec<Event>,
    /// The highest number of a message that was ever decided for them.
    pub(super) messages: i64,
}

/// What those contacts are made from.
pub(super) async fn beginnings(
    connection: &mut Connection,
    ids: &[[i64; 1]],
) -> Result<HashMap<i64, Beginning>, sqlx::Error> {
    let mut batch = Batch::default();
    ask_beginnings(&mut batch, ids, i64::MAX);
    begun(ids, &mut batch.fetch(connection).await?)
}

/// Asks for it, up to that event of what is unread.
fn ask_beginnings(batch: &mut Batch, ids: &[[i64; 1]], last: i64) {
    let names = concat!(
        "select contact_id, name from identities where contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by name"
    );
    let events = concat!(
        "select j.seq, j.contact_id, j.at, j.received, j.body, u.seq from journal j left join unread u on u.seq = j.seq ",
        // What was folded before counts wherever it stands: only of what is unread some waits for a later claim.
        "where (j.seq <= $2 or u.seq is null) and j.contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by j.contact_id, j.seq"
    );
    let messages = concat!(
        "select contact_id, max(number) from outbox where contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") group by contact_id"
    );
    batch.rows(names, ids);
    batch.rows_and(events, ids, [last.into()]);
    batch.rows(messages, ids);
}

/// It, by what was found.
fn begun(ids: &[[i64; 1]], found: &mut Found) -> Result<HashMap<i64, Beginning>, sqlx::Error> {
    let mut beginnings: HashMap<i64, Beginning> = ids.iter().map(|[id]| (*id, Beginning::default())).collect();
    for row in found.rows() {
        if let Some(name) = name(row.try_get(1)?) {
            beginnings.entry(row.try_get(0)?).or_default().names.push(name);
        }
    }
    for row in found.rows() {
        let beginning = beginnings.entry(row.try_get(1)?).or_default();
        let event = event(row.try_get(0)?, &row, 2)?;
        match row.try_get::<Option<i64>, _>(5)? {
            Some(_) => beginning.unread.push(event),
            None => beginning.history.push(event),
        }
    }
    for row in found.rows() {
        beginnings.entry(row.try_get(0)?).or_default().messages = row.try_get(1)?;
    }
    Ok(beginnings)
}

/// An event from its row: `at`, `received` and `body` stand from column `first` on. A body that this version does not
/// understand is an unknown event, not a reason to stop.
pub(in crate::store) fn event(seq: i64, row: &SqlRow, first: usize) -> Result<Event, sqlx::Error> {
    let body: &str = row.try_get(first + 2)?;
    let body = serde_json::from_str(body)
        .unwrap_or_else(|error| EventBody::Unknown { what: error.to_string(), value: serde_json::Value::Null });
    let (at, received): (i64, i64) = (row.try_get(first)?, row.try_get(first + 1)?);
    Ok(Event { seq, at: Timestamp(at), received: Timestamp(received), body })
}

/// A name as it stands in the table of identities.
fn name(stored: &str) -> Option<ContactRef> {
    match stored.split_once(':')? {
        ("p", digits) => format!("+{digits}").parse().ok(),
        ("u", user) => format!("bsuid:{user}").parse().ok(),
        _ => None,
    }
}

/// Whether more than so many events are due and unread.
pub(in crate::store) async fn is_behind(
    connection: &mut Connection,
    now: Timestamp,
    by: i64,
) -> Result<bool, sqlx::Error> {
    let count = "select count(*) from (select 1 from unread where due_at <= $1 limit $2) as due";
    let count: i64 = sqlx::query_scalar(count).bind(now.0).bind(by + 1).fetch_one(connection).await?;
    Ok(count > by)
}

/// The earliest moment at which something becomes due with no new event.
async fn next_due(connection: &mut Connection, first: i64) -> Result<Option<Timestamp>, sqlx::Error> {
    let mut batch = Batch::default();
    batch.always("select min(due_at) from unread where seq >= $1", [first.into()]);
    batch.always("select min(wake_at) from contacts where wake_at is not null", []);
    let mut found = batch.fetch(connection).await?;
    let mut earliest: Option<i64> = None;
    for row in found.rows().into_iter().chain(found.rows()) {
        earliest = earliest.into_iter().chain(row.try_get::<Option<i64>, _>(0)?).min();
    }
    Ok(earliest.map(Timestamp))
}
