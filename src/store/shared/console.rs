//! What the console reads: lists, threads, tags with their evidence.

use sqlx::Row;

use super::claiming::event;
use super::{Connection, SqlRow, json};
use crate::domain::{ContactId, Event, Timestamp};
use crate::store::{InboxRow, LedgerLine, SentPlace, SentRow, View};

/// Replies of the outbox decided since then that reached nobody, unless another went to the same contact later. What the bot had no
/// time for is too late by itself.
macro_rules! failed_reply {
    ($since:literal) => {
        concat!(
            "priority = 0 and state in ('failed', 'expired') and created_at > ",
            $since,
            " and (state = 'failed' or sender <> 'bot') and not exists (select 1 from outbox later \
              where later.contact_id = outbox.contact_id and later.number > outbox.number and later.priority = 0)"
        )
    };
}

/// Who needs a person, has none and is not put aside: a person is asked for, or what the bot answered since then reached nobody.
macro_rules! unassigned {
    ($since:literal) => {
        concat!(
            "snoozed_until is null and handoff in ('open', 'none') and id in (select id from contacts where handoff = 'open' and handoff <> 'none' union \
             select coalesce((select merged_into from contacts where contacts.id = outbox.contact_id), contact_id) from outbox where ",
            failed_reply!($since),
            ")"
        )
    };
}

/// The rows of a view, the most urgent or the newest first.
pub(in crate::store) const fn select_view(view: View) -> &'static str {
    macro_rules! select {
        ($($condition:expr),+) => {
            concat!(
                "select id, summary, last_inbound_at, unread, colour, heat, handoff, promise_due, agent from contacts ",
                "where merged_into is null and $1 <> '' and $3 >= 0 and ",
                $($condition,)+
                " limit $2"
            )
        };
    }
    // SQLite takes an index of some rows only where its own condition stands in the query, word for word.
    match view {
        View::Hot => select!("handoff = 'open' and handoff <> 'none' order by promise_due, id"),
        View::Mine => {
            select!(
                "handoff = 'accepted' and handoff <> 'none' and agent = $1 and snoozed_until is null order by last_inbound_at desc, id"
            )
        }
        View::Unassigned => select!(unassigned!("$3"), " order by coalesce(last_inbound_at, 0) desc, id"),
        View::Snoozed => select!("snoozed_until is not null order by snoozed_until, id"),
        View::All => select!("last_inbound_at is not null order by last_inbound_at desc, id"),
        View::Bot => select!("handoff = 'none' and last_inbound_at is not null order by last_inbound_at desc, id"),
    }
}

/// Rows of a view. Replies decided since then count that reached nobody.
pub(in crate::store) async fn inbox(
    connection: &mut Connection,
    view: View,
    (agent, since): (&str, Timestamp),
    limit: i64,
) -> Result<Vec<InboxRow>, sqlx::Error> {
    let select = select_view(view);
    let rows = sqlx::query(select).bind(agent).bind(limit).bind(since.0).fetch_all(connection).await?;
    rows.iter().map(inbox_row).collect()
}

/// What a user was writing to a contact, by the box that it stands in.
pub(in crate::store) async fn drafts(
    connection: &mut Connection,
    user: i64,
    contact: ContactId,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let select = "select kind, text from drafts where user_id = $1 and contact_id = $2";
    sqlx::query_as(select).bind(user).bind(contact.0).fetch_all(connection).await
}

/// Whose conversations a user left a draft in.
pub(in crate::store) async fn drafted(connection: &mut Connection, user: i64) -> Result<Vec<i64>, sqlx::Error> {
    let select = "select distinct contact_id from drafts where user_id = $1";
    sqlx::query_scalar(select).bind(user).fetch_all(connection).await
}

/// Keeps what a user is writing, or forgets it when it is nothing.
pub(in crate::store) async fn keep_draft(
    connection: &mut Connection,
    user: i64,
    contact: ContactId,
    kind: &str,
    text: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    if text.is_empty() {
        let delete = "delete from drafts where user_id = $1 and contact_id = $2 and kind = $3";
        return sqlx::query(delete).bind(user).bind(contact.0).bind(kind).execute(connection).await.map(drop);
    }
    let keep = "insert into drafts (user_id, contact_id, kind, text, at) values ($1, $2, $3, $4, $5) \
                on conflict (user_id, contact_id, kind) do update set text = excluded.text, at = excluded.at";
    let keep = sqlx::query(keep).bind(user).bind(contact.0).bind(kind).bind(text).bind(now.0);
    keep.execute(connection).await.map(drop)
}

/// One contact's row; of one that became another, the other's; of one that was erased, none.
pub(in crate::store) async fn contact(
    connection: &mut Connection,
    contact: ContactId,
) -> Result<Option<(InboxRow, Option<Vec<u8>>)>, sqlx::Error> {
    let select = "select id, summary, last_inbound_at, unread, colour, heat, handoff, promise_due, agent, state \
                  from contacts where merged_into is null \
                  and id = coalesce((select merged_into from contacts where id = $1), $1)";
    let row = sqlx::query(select).bind(contact.0).fetch_optional(connection).await?;
    row.map(|row| Ok((inbox_row(&row)?, row.try_get(9)?))).transpose()
}

/// The summaries of these contacts, as far as they are there.
pub(in crate::store) async fn summaries(
    connection: &mut Connection,
    contacts: &[i64],
) -> Result<Vec<(i64, String)>, sqlx::Error> {
    let select = concat!(
        "select id, summary from contacts where id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let wanted: Vec<[i64; 1]> = contacts.iter().map(|contact| [*contact]).collect();
    sqlx::query_as(select).bind(json(&wanted)).fetch_all(connection).await
}

pub(super) fn inbox_row(row: &SqlRow) -> Result<InboxRow, sqlx::Error> {
    let time = |index| row.try_get::<Option<i64>, _>(index).map(|time| time.map(Timestamp));
    Ok(InboxRow {
        contact: ContactId(row.try_get(0)?),
        summary: row.try_get(1)?,
        last_inbound_at: time(2)?,
        unread: row.try_get(3)?,
        colour: row.try_get(4)?,
        heat: row.try_get(5)?,
        handoff: row.try_get(6)?,
        promise_due: time(7)?,
        agent: row.try_get(8)?,
    })
}

/// How many contacts each view of few has: hot, mine, unassigned, snoozed. The plus keeps SQLite from another index, of everybody who
/// is no other's.
pub(in crate::store) const COUNT_VIEWS: &str = concat!(
    "select desk.hot, desk.mine, lone.unassigned, aside.snoozed from \
     (select count(case when handoff = 'open' then 1 end) as hot, \
     count(case when handoff = 'accepted' and agent = $1 and snoozed_until is null then 1 end) as mine \
     from contacts where +merged_into is null and handoff <> 'none') as desk, \
     (select count(*) as unassigned from contacts where merged_into is null and ",
    unassigned!("$2"),
    ") as lone, (select count(*) as snoozed from contacts where merged_into is null and snoozed_until is not null) as aside"
);
/// How many contacts wrote, and with how many of them the bot speaks: counted in an index that has both.
pub(in crate::store) const COUNT_WROTE: &str = "select count(*), count(case when handoff = 'none' then 1 end) \
     from contacts where merged_into is null and last_inbound_at is not null";

/// How many contacts a view of few has: hot, mine, unassigned, snoozed. Replies decided since then count that reached nobody.
pub(in crate::store) async fn counts(
    connection: &mut Connection,
    agent: &str,
    since: Timestamp,
) -> Result<[i64; 4], sqlx::Error> {
    let row = sqlx::query(COUNT_VIEWS).bind(agent).bind(since.0).fetch_one(connection).await?;
    Ok([row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?])
}

/// How many contacts wrote, and with how many of them the bot speaks.
pub(in crate::store) async fn wrote(connection: &mut Connection) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(COUNT_WROTE).fetch_one(connection).await
}

/// How many contacts wait for a person.
pub(in crate::store) async fn wanted_persons(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    let count = "select count(*) from contacts where +merged_into is null and handoff = 'open' and handoff <> 'none'";
    sqlx::query_scalar(count).fetch_one(connection).await
}

pub(in crate::store) const SELECT_CALLERS: &str = "select id, case when handoff = 'accepted' then unread end from contacts where +merged_into is null \
     and handoff <> 'none' and (handoff = 'open' or agent = $1 and unread > 0) order by handoff desc, promise_due desc limit $2";

/// Who calls for somebody: each that waits for a person, and each of `agent`'s own who has written, with how much of that is unread.
/// Those who wait for a person first, in the order of the index that has them all.
pub(in crate::store) async fn callers(
    connection: &mut Connection,
    agent: &str,
    limit: i64,
) -> Result<Vec<(i64, Option<i64>)>, sqlx::Error> {
    sqlx::query_as(SELECT_CALLERS).bind(agent).bind(limit).fetch_all(connection).await
}

/// What happened to a contact that a thread shows, the newest `limit` of it, oldest first.
pub(in crate::store) async fn thread(
    connection: &mut Connection,
    contact: ContactId,
    limit: i64,
) -> Result<Vec<Event>, sqlx::Error> {
    let select = "select seq, at, received, body from journal where contact_id = $1 and \
                  kind in ('message', 'location', 'sent', 'agent', 'reaction', 'order', 'click', 'opt') order by seq desc limit $2";
    let rows = sqlx::query(select).bind(contact.0).bind(limit).fetch_all(connection).await?;
    rows.iter().rev().map(|row| event(row.try_get(0)?, row, 1)).collect()
}

/// What a contact said, and what was said to them in our name elsewhere, up to before that event: the newest `limit` of it, the newest
/// first.
pub(in crate::store) async fn heard(
    connection: &mut Connection,
    contact: ContactId,
    before: i64,
    limit: i64,
) -> Result<Vec<Event>, sqlx::Error> {
    let select = "select seq, at, received, body from journal where contact_id = $1 and seq < $2 and \
                  kind in ('message', 'location', 'sent') order by seq desc limit $3";
    let rows = sqlx::query(select).bind(contact.0).bind(before).bind(limit).fetch_all(connection).await?;
    rows.iter().map(|row| event(row.try_get(0)?, row, 1)).collect()
}

/// The columns of the outbox that [`read_sent`] reads.
macro_rules! sent_row {
    () => {
        "contact_id, number, sender, state, error, wamid, message"
    };
}
pub(super) use sent_row;

/// Our messages to a contact, and to those that became it, up to before that one: the newest `limit` of them, the newest first.
pub(in crate::store) async fn sent(
    connection: &mut Connection,
    contact: ContactId,
    before: SentPlace,
    limit: i64,
) -> Result<Vec<SentRow>, sqlx::Error> {
    let select = concat!(
        "select ",
        sent_row!(),
        " from outbox where contact_id in (select $1 union all select id from contacts where merged_into = $1) ",
        "and (created_at, number, contact_id) < ($3, $4, $5) order by created_at desc, number desc, contact_id desc limit $2"
    );
    let query = sqlx::query(select).bind(contact.0).bind(limit);
    let query = query.bind(before.at.0).bind(before.number).bind(before.contact.0);
    query.fetch_all(connection).await?.iter().map(read_sent).collect()
}

/// Replies that reached nobody: the newest first, each under the contact that theirs is now.
pub(in crate::store) const FAILED_REPLIES: &str = concat!(
    "select coalesce((select merged_into from contacts where contacts.id = outbox.contact_id), contact_id), number, sender, state, \
     error, wamid, message from outbox where ",
    failed_reply!("$1"),
    " order by created_at desc limit $2"
);

/// Replies that reached nobody.
pub(in crate::store) async fn failed_replies(
    connection: &mut Connection,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<SentRow>, sqlx::Error> {
    let query = sqlx::query(FAILED_REPLIES).bind(since.0).bind(limit);
    query.fetch_all(connection).await?.iter().map(read_sent).collect()
}

pub(super) fn read_sent(row: &SqlRow) -> Result<SentRow, sqlx::Error> {
    let message: String = row.try_get(6)?;
    Ok(SentRow {
        contact: ContactId(row.try_get(0)?),
        number: row.try_get(1)?,
        sender: row.try_get(2)?,
        state: row.try_get(3)?,
        error: row.try_get(4)?,
        wamid: row.try_get(5)?,
        message: serde_json::from_str(&message).map_err(|error| sqlx::Error::Decode(error.into()))?,
    })
}

/// What the last `limit` folds changed of a contact's tags, the newest change first.
pub(in crate::store) async fn ledger(
    connection: &mut Connection,
    contact: ContactId,
    limit: i64,
) -> Result<Vec<LedgerLine>, sqlx::Error> {
    let select = "select changes from tag_ledger where contact_id = $1 order by id desc limit $2";
    let rows: Vec<String> = sqlx::query_scalar(select).bind(contact.0).bind(limit).fetch_all(connection).await?;
    lines(&rows)
}

/// What the last `limit` folds that changed a tag changed of it, the newest change first.
pub(in crate::store) async fn ledger_of(
    connection: &mut Connection,
    contact: ContactId,
    tag: &str,
    limit: i64,
) -> Result<Vec<LedgerLine>, sqlx::Error> {
    // A text without what is looked for is the same as before: said alike by both databases, and no sign of a tag's name has
    // a meaning of its own.
    let select = "select changes from tag_ledger where contact_id = $1 and replace(changes, $2, '') <> changes \
                  order by id desc limit $3";
    let named = format!("\"tag\":{}", json(&tag));
    let rows: Vec<String> =
        sqlx::query_scalar(select).bind(contact.0).bind(named).bind(limit).fetch_all(connection).await?;
    let mut lines = lines(&rows)?;
    lines.retain(|line| line.tag == tag);
    Ok(lines)
}

fn lines(rows: &[String]) -> Result<Vec<LedgerLine>, sqlx::Error> {
    let mut lines = Vec::new();
    for changes in rows {
        let changes: Vec<LedgerLine> =
            serde_json::from_str(changes).map_err(|error| sqlx::Error::Decode(error.into()))?;
        lines.extend(changes.into_iter().rev());
    }
    Ok(lines)
}

/// Events of a contact by their numbers, in order.
pub(in crate::store) async fn events(
    connection: &mut Connection,
    contact: ContactId,
    seqs: &[i64],
) -> Result<Vec<Event>, sqlx::Error> {
    let select = concat!(
        "select seq, at, received, body from journal where contact_id = $2 and seq in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ") order by seq"
    );
    let wanted: Vec<[i64; 1]> = seqs.iter().map(|seq| [*seq]).collect();
    let rows = sqlx::query(select).bind(json(&wanted)).bind(contact.0).fetch_all(connection).await?;
    rows.iter().map(|row| event(row.try_get(0)?, row, 1)).collect()
}

/// When the first of a contact's events happened that was not imported.
pub(in crate::store) async fn first_live(
    connection: &mut Connection,
    contact: ContactId,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let select = "select min(at) from journal where contact_id = $1 and substr(key, 1, 7) <> $2";
    let first: Option<i64> =
        sqlx::query_scalar(select).bind(contact.0).bind(crate::store::IMPORTED).fetch_one(connection).await?;
    Ok(first.map(Timestamp))
}

/// The contact was looked at.
pub(in crate::store) async fn mark_seen(connection: &mut Connection, contact: ContactId) -> Result<(), sqlx::Error> {
    let update = "update contacts set unread = 0 where id = $1 and unread > 0";
    sqlx::query(update).bind(contact.0).execute(connection).await?;
    Ok(())
}
