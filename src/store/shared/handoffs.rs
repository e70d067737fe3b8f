//! The table of hand-offs: each time that a person was asked for.

use sqlx::Row;

use super::{Connection, SqlRow};
use crate::domain::{ContactId, Timestamp};
use crate::store::{HandoffRow, HandoffsAsked};

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
