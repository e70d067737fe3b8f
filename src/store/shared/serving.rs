//! Which of our numbers somebody sends for, and what waits for those that nobody sends for any more.

use super::holds::note;
use super::{Connection, json, webhooks};
use crate::domain::{ContactId, Content, Outgoing, Timestamp};
use crate::store::{NUMBER_GONE, Trail};

/// Messages of one step.
const STEP: i64 = 500;

/// A node sends for this number.
pub(in crate::store) async fn serve(
    connection: &mut Connection,
    channel: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let upsert = "insert into numbers (channel, since, served_at) values ($1, $2, $2) \
                  on conflict (channel) do update set served_at = excluded.served_at";
    sqlx::query(upsert).bind(channel).bind(now.0).execute(connection).await.map(|_| ())
}

/// Numbers for which a node sent since that moment.
pub(in crate::store) async fn served(
    connection: &mut Connection,
    since: Timestamp,
) -> Result<Vec<String>, sqlx::Error> {
    let select = "select channel from numbers where served_at > $1";
    sqlx::query_scalar(select).bind(since.0).fetch_all(connection).await
}

/// Numbers for which something waits.
pub(in crate::store) async fn wanted(connection: &mut Connection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select distinct channel from outbox where state = 'queued'").fetch_all(connection).await
}

/// Has some of what waits for a number go by another one. A service window is between a customer and one of our numbers: by another
/// one only templates reach them, and everything else has failed. How many go, and how many do not; none when nothing waits.
pub(in crate::store) async fn redirect(
    connection: &mut Connection,
    from: &str,
    to: &str,
    now: Timestamp,
) -> Result<(u64, u64), sqlx::Error> {
    let select = "select contact_id, number, message from outbox where state = 'queued' and channel = $1 limit $2";
    let rows: Vec<(i64, i64, String)> =
        sqlx::query_as(select).bind(from).bind(STEP).fetch_all(&mut *connection).await?;
    let (mut go, mut fail) = (Vec::new(), Vec::new());
    for (contact, number, message) in rows {
        let message: Outgoing = serde_json::from_str(&message).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let of = if matches!(message.content, Content::Template(_)) { &mut go } else { &mut fail };
        of.push((contact, number));
    }
    macro_rules! update {
        ($set:literal) => {
            concat!(
                "update outbox set ",
                $set,
                ", updated_at = $3 where state = 'queued' and (contact_id, number) in ",
                "(select cast(value->>0 as bigint), cast(value->>1 as bigint) from ",
                rows!("$1"),
                ")"
            )
        };
    }
    let update = update!("channel = $2, error = null");
    sqlx::query(update).bind(json(&go)).bind(to).bind(now.0).execute(&mut *connection).await?;
    let update = update!("state = 'failed', rank = 9, error = $2");
    sqlx::query(update).bind(json(&fail)).bind(NUMBER_GONE).bind(now.0).execute(&mut *connection).await?;
    let trail = fail.iter().map(|(contact, number)| Trail::failed(ContactId(*contact), *number, now));
    webhooks::leave(connection, &trail.collect::<Vec<_>>()).await?;
    Ok((go.len() as u64, fail.len() as u64))
}

/// Writes down what became of a number.
pub(in crate::store) async fn tell(
    connection: &mut Connection,
    channel: &str,
    said: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    note(connection, &format!("number:{channel}"), said, now).await
}
