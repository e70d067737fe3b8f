//! Forgets a customer who wishes so (N-25).
//!
//! What they said and what was said to them, their names, numbers, tags, orders and notes go. Empty rows stay where something else
//! counts them: events keep their keys (without a number in them), so that one that is delivered again does not come back, and
//! messages keep their numbers, so that campaigns add up. The contact itself stays as one that lives on as nobody: it is claimed,
//! listed and written to no more. Who writes again is somebody new.

use sha2::{Digest as _, Sha256};
use sqlx::Connection as _;

use super::{BEGIN, Connection, json, run, said};
use crate::domain::{Address, ContactId, Content, MessageKind, Outgoing, Timestamp};

/// Of the contact, and of those who had become it.
macro_rules! theirs {
    ($statement:literal) => {
        concat!($statement, " where contact_id in (select id from contacts where merged_into = $1)")
    };
}

/// In this order: whoever folds the contact is waited for by the first, and finds it gone.
const STATEMENTS: [&str; 18] = [
    "update contacts set merged_into = $1, merges = merges + 1, state = null, wake_at = null, summary = '{}', last_at = 0, \
     last_inbound_at = null, unread = 0, colour = -1, heat = -1, handoff = 'none', promise_due = null, agent = null, snoozed_until = null \
     where id = $1 or merged_into = $1",
    theirs!("update journal set kind = 'erased', body = '{}'"),
    theirs!(
        "update campaign_recipients set refused = coalesce(refused, 'erased'), said = 'the customer was erased', to_drop = 0"
    ),
    theirs!("delete from unread"),
    theirs!("delete from identities"),
    theirs!("delete from tag_ledger"),
    theirs!("delete from held_tags"),
    theirs!("delete from tag_verdicts"),
    theirs!("delete from tidied"),
    theirs!("delete from profiles"),
    theirs!("delete from orders"),
    theirs!("delete from bought"),
    theirs!("delete from links"),
    theirs!("delete from drafts"),
    theirs!("delete from handoffs"),
    theirs!("delete from emails"),
    theirs!("delete from stale"),
    theirs!("delete from searched"),
];

/// Bodies that are looked through at once.
const PAGE: i64 = 50;
/// Shorter names say nothing about whose a body is.
const LEAST_NAME: usize = 5;

/// Forgets a contact; false if there is none.
pub(in crate::store) async fn erase(
    connection: &mut Connection,
    contact: ContactId,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    let living = "select id from contacts where id = coalesce((select merged_into from contacts where id = $1), $1) \
                  and merged_into is null";
    let living: Option<i64> = sqlx::query_scalar(living).bind(contact.0).fetch_optional(&mut *transaction).await?;
    let Some(living) = living else { return Ok(false) };
    let names = "select name from identities where contact_id = $1";
    let names: Vec<String> = sqlx::query_scalar(names).bind(living).fetch_all(&mut *transaction).await?;
    for statement in STATEMENTS {
        sqlx::query(statement).bind(living).execute(&mut *transaction).await?;
    }
    let erased = concat!(theirs!("select seq from journal"), " order by seq");
    let erased: Vec<i64> = sqlx::query_scalar(erased).bind(living).fetch_all(&mut *transaction).await?;
    said::forget(&mut transaction, &erased).await?;
    let names: Vec<&str> = names.iter().filter_map(|name| Some(name.split_once(':')?.1)).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| name.len() >= LEAST_NAME).collect();
    empty_keys(&mut transaction, living, &names).await?;
    empty(&mut transaction, living, now).await?;
    transaction.commit().await?;
    forget_bodies(connection, &names).await?;
    Ok(true)
}

/// The key of an event of somebody who was erased, where a number stands in it: it tells the same event and nobody's number.
pub(super) fn erased_key(key: &str) -> String {
    format!("erased:{}", hex::encode(Sha256::digest(key.as_bytes())))
}

/// Keys of events in which one of these names stands.
async fn empty_keys(connection: &mut Connection, living: i64, names: &[&str]) -> Result<(), sqlx::Error> {
    let select = theirs!("select seq, key from journal");
    let rows: Vec<(i64, String)> = sqlx::query_as(select).bind(living).fetch_all(&mut *connection).await?;
    let rows = rows.into_iter().filter(|(_, key)| names.iter().any(|name| key.contains(name)));
    let mut rows: Vec<_> = rows.map(|(seq, key)| (seq, erased_key(&key))).collect();
    let select = concat!("select key from journal where key in (select value->>1 from ", rows!("$1"), ")");
    let there: Vec<String> = sqlx::query_scalar(select).bind(json(&rows)).fetch_all(&mut *connection).await?;
    // What was told once more before the former was erased stands beside it, and nobody must be kept by that.
    let again = rows.iter_mut().filter(|(_, key)| there.contains(key));
    again.for_each(|(seq, key)| *key = erased_key(&format!("{key}:{seq}")));
    let update = concat!(
        "update journal set key = r.name from (select cast(value->>0 as bigint) as number, value->>1 as name from ",
        rows!("$1"),
        ") as r where journal.seq = r.number"
    );
    run(connection, update, &rows).await
}

/// Empties messages of ours, and takes back what waits.
async fn empty(connection: &mut Connection, living: i64, now: Timestamp) -> Result<(), sqlx::Error> {
    let select = theirs!("select contact_id, number, message from outbox");
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(select).bind(living).fetch_all(&mut *connection).await?;
    let emptied = |(contact, number, message): (i64, i64, String)| {
        let nothing = Content::Text { body: String::new() };
        let before: Outgoing = serde_json::from_str(&message)
            .unwrap_or_else(|_| Outgoing::of_bot(MessageKind::Reply, nothing.clone(), now, now));
        let (kind, at, expires) = (before.kind, before.at, before.expires);
        let (rule, template, campaign) = (before.rule, before.template, before.campaign);
        let after = Outgoing { number, rule, template, campaign, ..Outgoing::of_bot(kind, nothing, at, expires) };
        (contact, number, json(&after))
    };
    let update = concat!(
        "update outbox set message = r.message, address = $2, wamid = null, updated_at = $3, expires_at = 1, ",
        "error = case when outbox.state = 'queued' then 'the customer was erased' else outbox.error end, ",
        "rank = case when outbox.state = 'queued' or outbox.rank = 9 then 10 else outbox.rank end, ",
        "state = case when outbox.state = 'queued' then 'cancelled' else outbox.state end from (select ",
        "cast(value->>0 as bigint) as contact, cast(value->>1 as bigint) as number, value->>2 as message from ",
        rows!("$1"),
        ") as r where outbox.contact_id = r.contact and outbox.number = r.number"
    );
    let rows: Vec<_> = rows.into_iter().map(emptied).collect();
    let query = sqlx::query(update).bind(json(&rows)).bind(json(&Address::default())).bind(now.0);
    query.execute(connection).await.map(|_| ())
}

/// Bodies that nobody understood and in which one of these names stands.
async fn forget_bodies(connection: &mut Connection, names: &[&str]) -> Result<(), sqlx::Error> {
    let mut after = 0;
    loop {
        let select = "select id, body from kept_bodies where id > $1 order by id limit $2";
        let rows: Vec<(i64, Vec<u8>)> =
            sqlx::query_as(select).bind(after).bind(PAGE).fetch_all(&mut *connection).await?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after = *last;
        for (id, body) in &rows {
            if names.iter().any(|name| body.windows(name.len()).any(|part| part == name.as_bytes())) {
                sqlx::query("delete from kept_bodies where id = $1").bind(id).execute(&mut *connection).await?;
            }
        }
    }
}
