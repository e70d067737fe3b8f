//! The table of hand-offs: each time that a person was asked for.

use sqlx::Row;

use super::{Connection, SqlRow};
use crate::domain::{ContactId, Timestamp};
use crate::store::{Folded, HandoffChange, HandoffRow, HandoffsAsked, Trail};
use crate::webhooks::Kind;

/// The columns that [`read`] reads.
macro_rules! handoff_row {
    () => {
        "id, contact_id, state, reason, opened_at, promise_due, agent, accepted_at, closed_at"
    };
}
pub(super) use handoff_row;

/// Times that a person was asked for, the newest first.
pub(in crate::store) async fn all(
    connection: &mut Connection,
    asked: &HandoffsAsked<'_>,
) -> Result<Vec<HandoffRow>, sqlx::Error> {
    let select = concat!(
        "select ",
        handoff_row!(),
        " from handoffs where id < $1 and ($2 = '' or state = $2) and ($3 = 0 or contact_id = $3) and ($4 = '' or agent = $4) ",
        "order by id desc limit $5"
    );
    let query = sqlx::query(select).bind(asked.before).bind(asked.state.unwrap_or_default());
    let query = query.bind(asked.contact.unwrap_or_default().0).bind(asked.agent.unwrap_or_default()).bind(asked.limit);
    query.fetch_all(connection).await?.iter().map(read).collect()
}

/// When nobody had come to a contact for so long that the bot answered again, the newest first.
pub(in crate::store) async fn given_up(
    connection: &mut Connection,
    contact: ContactId,
    limit: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    let select = "select given_up_at from handoffs where contact_id = $1 and given_up_at is not null \
                  order by id desc limit $2";
    sqlx::query_scalar(select).bind(contact.0).bind(limit).fetch_all(connection).await
}

const OPEN: &str = "insert into handoffs (contact_id, opened_at, reason, evidence, promise_due, state) \
                    values ($1, $2, $3, $4, $5, 'open') returning id";
const PROMISE: &str = "update handoffs set reason = $2, promise_due = $3 where contact_id = $1 and state <> 'closed' \
                       returning id";
const GIVE_UP: &str = "update handoffs set given_up_at = $2 where contact_id = $1 and state <> 'closed' returning id";
const ACCEPT: &str = "update handoffs set state = 'accepted', agent = $2, accepted_at = $3 \
                      where contact_id = $1 and state <> 'closed' returning id";
const PUT_BACK: &str = "update handoffs set state = 'open', agent = null, accepted_at = null \
                        where contact_id = $1 and state = 'accepted' returning id";
const CLOSE: &str = "update handoffs set state = 'closed', closed_at = $2 where contact_id = $1 and state <> 'closed' \
                     returning id";
/// All but one, where two contacts became one: that of whoever is in charge, else the oldest.
const JOIN: &str = "update handoffs set state = 'closed', closed_at = $2 where contact_id = $1 and state <> 'closed' \
                    and id <> (select id from handoffs where contact_id = $1 and state <> 'closed' \
                    order by case state when 'accepted' then 0 else 1 end, id limit 1) returning id";

/// Writes what folds changed, and returns what other programs may want to be told of it.
pub(super) async fn write(connection: &mut Connection, folded: &[&Folded]) -> Result<Vec<Trail>, sqlx::Error> {
    let mut trail = Vec::new();
    for folded in folded {
        let contact = folded.contact;
        // Few contacts change hands in a batch: a statement each keeps their order.
        for (at, change) in &folded.handoffs {
            let due = |promise_due: &Option<Timestamp>| promise_due.map(|due| due.0);
            let query = |statement: &'static str| sqlx::query_scalar(statement).bind(contact.0);
            let (kind, query) = match change {
                HandoffChange::Opened { reason, evidence, promise_due } => {
                    let query = query(OPEN).bind(at.0).bind(reason).bind(evidence).bind(due(promise_due));
                    (Some(Kind::HandOffOpened), query)
                }
                HandoffChange::Promised { reason, promise_due } => {
                    (None, query(PROMISE).bind(reason).bind(due(promise_due)))
                }
                HandoffChange::GivenUp => (None, query(GIVE_UP).bind(at.0)),
                HandoffChange::Accepted { agent } => (Some(Kind::HandOffTaken), query(ACCEPT).bind(agent).bind(at.0)),
                HandoffChange::PutBack => (Some(Kind::HandOffOpened), query(PUT_BACK)),
                HandoffChange::Closed => (Some(Kind::HandOffClosed), query(CLOSE).bind(at.0)),
                HandoffChange::Joined => (Some(Kind::HandOffClosed), query(JOIN).bind(at.0)),
            };
            let changed: Vec<i64> = query.fetch_all(&mut *connection).await?;
            trail.extend(kind.into_iter().flat_map(|kind| {
                changed.iter().map(move |subject| Trail { at: *at, kind, contact, subject: *subject })
            }));
        }
    }
    Ok(trail)
}

pub(super) fn read(row: &SqlRow) -> Result<HandoffRow, sqlx::Error> {
    let time = |index| row.try_get::<Option<i64>, _>(index).map(|time| time.map(Timestamp));
    Ok(HandoffRow {
        id: row.try_get(0)?,
        contact: ContactId(row.try_get(1)?),
        state: row.try_get(2)?,
        reason: row.try_get(3)?,
        opened_at: Timestamp(row.try_get(4)?),
        promise_due: time(5)?,
        agent: row.try_get(6)?,
        accepted_at: time(7)?,
        closed_at: time(8)?,
    })
}
