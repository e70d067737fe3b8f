//! Messages to send: recording how the call ended, and finding what a crash left behind. What leaves next is taken in `taking.rs`.
//!
//! A message's `rank` is how far it got, and only grows but where it is tried again: 0 queued, 1 sending, 2 accepted by Meta, 3 sent,
//! 4 delivered, 5 read, 9 ended without reaching anybody (failed, cancelled, expired), 10 the same, and its contact needs not be told.

use sqlx::Row;

use super::{Connection, SqlRow, json, limits, webhooks};
use crate::domain::{ContactId, EventBody, MessageNumber, Outgoing, StatusEvent, Timestamp};
use crate::store::{FailureRow, NOT_KNOWN_WHETHER_SENT, NewEvent, OutboxRow, SendOutcome, SendResult, Trail};

pub(super) fn read(row: &SqlRow) -> Result<OutboxRow, sqlx::Error> {
    let decode = |error: serde_json::Error| sqlx::Error::Decode(error.into());
    let priority: i64 = row.try_get(2)?;
    Ok(OutboxRow {
        contact: ContactId(row.try_get(0)?),
        channel: row.try_get::<&str, _>(3)?.to_owned(),
        address: serde_json::from_str(row.try_get(4)?).map_err(decode)?,
        message: serde_json::from_str(row.try_get(5)?).map_err(decode)?,
        attempts: row.try_get(6)?,
        follow_up: priority > 0,
    })
}

/// Marks what became worthless while it waited, or when a person took over while it was under way (see `folding.rs`). No more at once
/// than nobody notices who waits to write: all of a campaign may end at the same moment.
pub(in crate::store) const EXPIRE: &str = concat!(
    "update outbox set state = 'expired', rank = 9, error = case when expires_at = 0 then 'a person took over' ",
    "else 'too late to be of use' end, updated_at = $1 where (contact_id, number) in (select contact_id, number from outbox ",
    "where state = 'queued' and expires_at <= $1 order by expires_at limit $2",
    skip_locked!(),
    ") returning contact_id, number, expires_at"
);
/// Messages that expire at once.
const STEP: i64 = 500;

/// Marks what became worthless while it waited; whether there may be more.
pub(in crate::store) async fn expire(connection: &mut Connection, now: Timestamp) -> Result<bool, sqlx::Error> {
    let expired: Vec<(i64, i64, i64)> =
        sqlx::query_as(EXPIRE).bind(now.0).bind(STEP).fetch_all(&mut *connection).await?;
    let may_be_more = expired.len() as i64 == STEP;
    // Where a person took over nothing failed.
    let failed = expired.into_iter().filter(|(.., expires)| *expires > 0);
    let trail: Vec<Trail> = failed.map(|(contact, number, _)| Trail::failed(ContactId(contact), number, now)).collect();
    webhooks::leave(connection, &trail).await?;
    Ok(may_be_more)
}

/// What Meta's answer to a call says of a contact, as the failed status that it might have been as well. Written down twice it counts
/// once.
pub(in crate::store) fn refusals(results: &[SendResult]) -> Vec<NewEvent> {
    let told = |result: &SendResult| {
        let SendOutcome::Refused { code, .. } = result.outcome else { return None };
        let SendResult { contact, number, at, .. } = *result;
        let key = format!("refused:{contact}:{number}:{}", at.0);
        let status = StatusEvent::refused(MessageNumber { contact, number }, code);
        Some(NewEvent::known(contact, Some(key), at, EventBody::Status(status)))
    };
    results.iter().filter_map(told).collect()
}

/// Writes how calls ended. A status that overtook its call's answer stands: where it said that the very attempt failed for a reason
/// that passes, which Meta's id tells, the message is sent again at its time (see `folding.rs`), and is not told of that once more.
pub(in crate::store) async fn record(connection: &mut Connection, results: &[SendResult]) -> Result<(), sqlx::Error> {
    if results.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = results.iter().map(row).collect();
    let update = concat!(
        "update outbox set wamid = coalesce(r.wamid, outbox.wamid), updated_at = r.at, ",
        "error = case when outbox.rank > 1 or outbox.wamid = r.wamid then outbox.error else r.error end, ",
        "due_at = coalesce(r.due, outbox.due_at), attempts = outbox.attempts - r.spared, ",
        "state = case when outbox.rank > 1 then outbox.state when outbox.wamid = r.wamid then ",
        "case when outbox.due_at > outbox.sending_since then 'queued' else outbox.state end else r.state end, ",
        "rank = case when outbox.rank > 1 then outbox.rank when outbox.wamid = r.wamid then ",
        "case when outbox.due_at > outbox.sending_since then 0 else outbox.rank end else r.rank end ",
        "from (select cast(value->>0 as bigint) as contact, cast(value->>1 as bigint) as number, value->>2 as state, ",
        "cast(value->>3 as bigint) as rank, value->>4 as wamid, value->>5 as error, cast(value->>6 as bigint) as due, ",
        "cast(value->>7 as bigint) as at, cast(value->>8 as bigint) as spared from ",
        rows!("$1"),
        ") as r where outbox.contact_id = r.contact and outbox.number = r.number"
    );
    sqlx::query(update).bind(json(&rows)).execute(&mut *connection).await?;
    // What Meta refused, the journal tells other programs.
    let gone = results.iter().filter(|result| matches!(result.outcome, SendOutcome::Failed(_)));
    let trail: Vec<Trail> = gone.map(|result| Trail::failed(result.contact, result.number, result.at)).collect();
    webhooks::leave(connection, &trail).await?;
    // Of which it is not known, that one may have reached its customer: the portfolio counts it.
    let reached_nobody = |result: &&SendResult| match &result.outcome {
        SendOutcome::Failed(error) => error != NOT_KNOWN_WHETHER_SENT,
        outcome => matches!(outcome, SendOutcome::Refused { .. }),
    };
    let failed = results.iter().filter(reached_nobody);
    limits::release(connection, &failed.map(|result| (result.contact.0, result.number)).collect::<Vec<_>>()).await
}

type ResultRow<'a> = (i64, i64, &'static str, i64, Option<&'a str>, Option<&'a str>, Option<i64>, i64, i64);

fn row(result: &SendResult) -> ResultRow<'_> {
    let (state, rank, wamid, error, due) = match &result.outcome {
        SendOutcome::Accepted { wamid } => ("accepted", 2, Some(wamid.as_str()), None, None),
        SendOutcome::RetryAt(at, error) | SendOutcome::PutBack(at, error) => {
            ("queued", 0, None, Some(error.as_str()), Some(at.0))
        }
        // Of this one nobody can tell its contact that it reached nobody.
        SendOutcome::Failed(error) if error == NOT_KNOWN_WHETHER_SENT => {
            ("failed", 10, None, Some(error.as_str()), None)
        }
        SendOutcome::Failed(error) | SendOutcome::Refused { said: error, .. } => {
            ("failed", 9, None, Some(error.as_str()), None)
        }
        SendOutcome::Uncertain(error) => ("sending", 1, None, Some(error.as_str()), None),
    };
    let spared = i64::from(matches!(result.outcome, SendOutcome::PutBack(..)));
    (result.contact.0, result.number, state, rank, wamid, error, due, result.at.0, spared)
}

/// Messages that were marked `sending` before that moment and of which nothing was heard since: also nothing that is still to be
/// folded, however long the folds may lag behind.
pub(in crate::store) async fn stuck(
    connection: &mut Connection,
    before: Timestamp,
) -> Result<Vec<OutboxRow>, sqlx::Error> {
    let select = "select contact_id, number, priority, channel, address, message, attempts from outbox o \
                  where state = 'sending' and sending_since <= $1 and contact_id not in (select u.contact_id from unread u \
                  join journal j on j.seq = u.seq where j.kind = 'status') order by sending_since limit 1000";
    let rows = sqlx::query(select).bind(before.0).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// A reply that failed waits again, as if it had been written now; so does a person's that waited until it was too late. Whether it is
/// so: not of one that waits or has left already, and not of one that may have reached its customer.
pub(in crate::store) async fn try_again(
    connection: &mut Connection,
    of: MessageNumber,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let select = "select message from outbox where contact_id = $1 and number = $2 and (priority = 0 or sender <> 'bot') \
                  and (state = 'failed' or state = 'expired' and sender <> 'bot') and coalesce(error, '') <> $3";
    let query = sqlx::query_scalar(select).bind(of.contact.0).bind(of.number).bind(NOT_KNOWN_WHETHER_SENT);
    let Some(message): Option<String> = query.fetch_optional(&mut *connection).await? else { return Ok(false) };
    let mut message: Outgoing = serde_json::from_str(&message).map_err(|error| sqlx::Error::Decode(error.into()))?;
    message.expires = now + (message.expires - message.at);
    message.at = now;
    // Whoever asks at the same moment finds it waiting.
    let update = "update outbox set state = 'queued', rank = 0, attempts = 0, wamid = null, error = null, message = $3, \
                  created_at = $4, due_at = $4, updated_at = $4, expires_at = $5 \
                  where contact_id = $1 and number = $2 and state in ('failed', 'expired')";
    let update = sqlx::query(update).bind(of.contact.0).bind(of.number).bind(json(&message));
    let waits = update.bind(now.0).bind(message.expires.0).execute(connection).await?;
    Ok(waits.rows_affected() > 0)
}

/// By number, as the index is: without it SQLite walks through all that ever left.
pub(in crate::store) const SELECT_FAILURES: &str = "select coalesce(error, ''), count(*), min(sending_since), \
    max(updated_at) from outbox where priority = 1 and state = 'failed' and sending_since > $1 \
    and channel in (select channel from numbers) group by 1";

/// Why follow-ups failed that left since that moment.
pub(in crate::store) async fn unasked_failures(
    connection: &mut Connection,
    since: Timestamp,
) -> Result<Vec<FailureRow>, sqlx::Error> {
    let read = |row: &_| {
        let (since, last) = (Timestamp(Row::try_get(row, 2)?), Timestamp(Row::try_get(row, 3)?));
        Ok(FailureRow { reason: Row::try_get(row, 0)?, count: Row::try_get(row, 1)?, since, last })
    };
    sqlx::query(SELECT_FAILURES).bind(since.0).fetch_all(connection).await?.iter().map(read).collect()
}
