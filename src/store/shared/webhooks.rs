//! Webhooks to other programs: the table of them, and the news that they are told.

use secrecy::ExposeSecret;
use sqlx::{Connection as _, Row};

use super::claiming::event;
use super::console::{read_sent, sent_row};
use super::handoffs::{handoff_row, read as read_handoff};
use super::{BEGIN, Connection, WRITERS, json, run};
use crate::domain::{ContactId, Event, Timestamp};
use crate::store::{AttemptRow, HandoffRow, LedgerLine, Marks, Progress, Seen, SentRow, Stretch, Trail, WebhookRow};
use crate::webhooks::{Kind, policy};

/// Every program that is told, by when it was made known.
pub(in crate::store) async fn all(connection: &mut Connection) -> Result<Vec<WebhookRow>, sqlx::Error> {
    let select = "select id, url, kinds, secret, old_secret, old_until, enabled, stopped, made_at, journal_at, ledger_at, trail_at, \
                  ahead, failing, failing_since, attempts, next_at, delivered_at from webhooks order by made_at, id";
    let read = |row: &_| {
        let text = |index: usize| Row::try_get::<String, _>(row, index);
        let number = |index: usize| Row::try_get::<i64, _>(row, index);
        let time = |index: usize| Row::try_get::<Option<i64>, _>(row, index).map(|at| at.map(Timestamp));
        let decode = |error: serde_json::Error| sqlx::Error::Decode(error.into());
        let old_secret: Option<String> = Row::try_get(row, 4)?;
        Ok(WebhookRow {
            id: text(0)?,
            url: text(1)?,
            kinds: serde_json::from_str(&text(2)?).map_err(decode)?,
            secret: text(3)?.into(),
            old_secret: old_secret.map(Into::into).zip(time(5)?),
            enabled: number(6)? != 0,
            stopped: Row::try_get(row, 7)?,
            made_at: Timestamp(number(8)?),
            progress: Progress {
                marks: Marks { journal: number(9)?, ledger: number(10)?, trail: number(11)? },
                ahead: serde_json::from_str(&text(12)?).map_err(decode)?,
                failing: Row::try_get(row, 13)?,
                failing_since: time(14)?,
                attempts: number(15)?,
                next_at: Timestamp(number(16)?),
                delivered_at: time(17)?,
            },
        })
    };
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Makes a program known.
pub(in crate::store) async fn add(connection: &mut Connection, row: &WebhookRow) -> Result<(), sqlx::Error> {
    let insert = "insert into webhooks (id, url, kinds, secret, made_at, journal_at, ledger_at, trail_at) \
                  values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let Marks { journal, ledger, trail } = row.progress.marks;
    let query = sqlx::query(insert).bind(&row.id).bind(&row.url).bind(json(&row.kinds));
    let query = query.bind(row.secret.expose_secret()).bind(row.made_at.0).bind(journal).bind(ledger).bind(trail);
    query.execute(connection).await.map(drop)
}

/// Writes what people say of a program; with `anew` also from where it is told.
pub(in crate::store) async fn change(
    connection: &mut Connection,
    row: &WebhookRow,
    anew: bool,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    let update = "update webhooks set url = $2, kinds = $3, secret = $4, old_secret = $5, old_until = $6, enabled = $7, stopped = $8 \
                  where id = $1";
    let old = row.old_secret.as_ref();
    let query =
        sqlx::query(update).bind(&row.id).bind(&row.url).bind(json(&row.kinds)).bind(row.secret.expose_secret());
    let query = query.bind(old.map(|(old, _)| old.expose_secret())).bind(old.map(|(_, until)| until.0));
    query.bind(i64::from(row.enabled)).bind(&row.stopped).execute(&mut *transaction).await?;
    if anew {
        place(&mut transaction, &row.id, None, &row.progress).await?;
    }
    transaction.commit().await
}

/// Writes how far a program was told; with `before` only where it stands so still, and nobody has corrected where and with what it is
/// told: how another address answered says nothing of this one.
async fn place(
    connection: &mut Connection,
    id: &str,
    before: Option<&WebhookRow>,
    progress: &Progress,
) -> Result<bool, sqlx::Error> {
    let update = "update webhooks set journal_at = $2, ledger_at = $3, trail_at = $4, ahead = $5, failing = $6, failing_since = $7, \
                  attempts = $8, next_at = $9, delivered_at = $10 where id = $1 and ($11 < 0 \
                  or journal_at = $11 and ledger_at = $12 and trail_at = $13 and url = $14 and secret = $15)";
    let Progress { marks, ahead, failing, failing_since, attempts, next_at, delivered_at } = progress;
    let called = before.map(|row| (row.url.as_str(), row.secret.expose_secret()));
    let before = before.map_or(Marks { journal: -1, ledger: -1, trail: -1 }, |row| row.progress.marks);
    let query = sqlx::query(update).bind(id).bind(marks.journal).bind(marks.ledger).bind(marks.trail).bind(json(ahead));
    let query = query.bind(failing).bind(failing_since.map(|at| at.0)).bind(attempts).bind(next_at.0);
    let query = query.bind(delivered_at.map(|at| at.0)).bind(before.journal).bind(before.ledger).bind(before.trail);
    let query = query.bind(called.map(|(url, _)| url)).bind(called.map(|(_, secret)| secret));
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Forgets a program; whether there was one.
pub(in crate::store) async fn remove(connection: &mut Connection, id: &str) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    sqlx::query("delete from webhook_attempts where webhook_id = $1").bind(id).execute(&mut *transaction).await?;
    let deleted = sqlx::query("delete from webhooks where id = $1").bind(id).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(deleted.rows_affected() > 0)
}

/// Writes how far a program was told, and the attempts; whether it still stood where that began. If not, nothing but the attempts is
/// written.
pub(in crate::store) async fn told(
    connection: &mut Connection,
    before: &WebhookRow,
    progress: &Progress,
    stopped: Option<&str>,
    attempts: &[AttemptRow],
) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin_with(BEGIN).await?;
    let id = before.id.as_str();
    let there = place(&mut transaction, id, Some(before), progress).await?;
    if let Some(stopped) = stopped.filter(|_| there) {
        let stop = "update webhooks set enabled = 0, stopped = $2 where id = $1";
        sqlx::query(stop).bind(id).bind(stopped).execute(&mut *transaction).await?;
    }
    note(&mut transaction, id, attempts).await?;
    transaction.commit().await?;
    Ok(there)
}

/// Notes attempts, and forgets the oldest where there are too many.
pub(in crate::store) async fn note(
    connection: &mut Connection,
    id: &str,
    attempts: &[AttemptRow],
) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = attempts
        .iter()
        .map(|row| (id, &row.event, &row.kind, row.at.0, row.attempt, row.status, &row.error, row.millis))
        .collect();
    let insert = concat!(
        "insert into webhook_attempts (webhook_id, event, kind, at, attempt, status, error, millis) select value->>0, value->>1, ",
        "value->>2, cast(value->>3 as bigint), cast(value->>4 as bigint), cast(value->>5 as bigint), value->>6, ",
        "cast(value->>7 as bigint) from ",
        rows!("$1"),
        " where true order by r.key"
    );
    run(connection, insert, &rows).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let forget = "delete from webhook_attempts where webhook_id = $1 and id <= (select id from webhook_attempts \
                  where webhook_id = $1 order by id desc limit 1 offset $2)";
    sqlx::query(forget).bind(id).bind(policy().attempts_kept).execute(connection).await.map(drop)
}

/// The newest attempts of a program before that one.
pub(in crate::store) async fn attempts(
    connection: &mut Connection,
    id: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<AttemptRow>, sqlx::Error> {
    let select = "select id, event, kind, at, attempt, status, error, millis from webhook_attempts \
                  where webhook_id = $1 and id < $2 order by id desc limit $3";
    let read = |row: &_| {
        Ok(AttemptRow {
            id: Row::try_get(row, 0)?,
            event: Row::try_get(row, 1)?,
            kind: Row::try_get(row, 2)?,
            at: Timestamp(Row::try_get(row, 3)?),
            attempt: Row::try_get(row, 4)?,
            status: Row::try_get(row, 5)?,
            error: Row::try_get(row, 6)?,
            millis: Row::try_get(row, 7)?,
        })
    };
    let rows = sqlx::query(select).bind(id).bind(before).bind(limit).fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

/// Leaves a trail, while somebody wants to be told.
pub(super) async fn leave(connection: &mut Connection, trail: &[Trail]) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = trail.iter().map(|trail| (trail.at.0, trail.kind, trail.contact.0, trail.subject)).collect();
    let insert = concat!(
        "insert into webhook_trail (at, kind, contact_id, subject) select cast(value->>0 as bigint), value->>1, ",
        "cast(value->>2 as bigint), cast(value->>3 as bigint) from ",
        rows!("$1"),
        " where exists (select 1 from webhooks) order by r.key"
    );
    run(connection, insert, &rows).await
}

/// Up to where news can be seen: first their numbers, then who is writing. Whoever has a smaller number and is not over yet is among
/// these; whoever is over can be seen.
pub(in crate::store) async fn seen(connection: &mut Connection) -> Result<Seen, sqlx::Error> {
    let select = "select coalesce((select max(seq) from journal), 0), coalesce((select max(id) from tag_ledger), 0), \
                  coalesce((select max(id) from webhook_trail), 0)";
    let (journal, ledger, trail) = sqlx::query_as(select).fetch_one(&mut *connection).await?;
    let writers: Vec<String> = match WRITERS {
        Some(writers) => sqlx::query_scalar(writers).fetch_all(connection).await?,
        None => Vec::new(),
    };
    Ok(Seen { last: Marks { journal, ledger, trail }, writers: writers.into_iter().collect() })
}

/// Events of contacts of these kinds, in order.
pub(in crate::store) async fn journal(
    connection: &mut Connection,
    stretch: Stretch,
    kinds: &[&str],
) -> Result<Vec<(ContactId, Event)>, sqlx::Error> {
    let select = concat!(
        "select contact_id, seq, at, received, body from journal where seq > $1 and seq <= $2 and contact_id is not null ",
        "and kind in (select value->>0 from ",
        rows!("$4"),
        ") order by seq limit $3"
    );
    let kinds: Vec<[&str; 1]> = kinds.iter().map(|kind| [*kind]).collect();
    let Stretch { after, until, most } = stretch;
    let rows = sqlx::query(select).bind(after).bind(until).bind(most).bind(json(&kinds)).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((ContactId(row.try_get(0)?), event(row.try_get(1)?, row, 2)?))).collect()
}

/// What folds changed of tags, in order.
pub(in crate::store) async fn ledger(
    connection: &mut Connection,
    stretch: Stretch,
) -> Result<Vec<(i64, ContactId, Vec<LedgerLine>)>, sqlx::Error> {
    let select = "select id, contact_id, changes from tag_ledger where id > $1 and id <= $2 order by id limit $3";
    let Stretch { after, until, most } = stretch;
    let rows: Vec<(i64, i64, String)> =
        sqlx::query_as(select).bind(after).bind(until).bind(most).fetch_all(connection).await?;
    let read = |(id, contact, changes): (i64, i64, String)| {
        let changes = serde_json::from_str(&changes).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok((id, ContactId(contact), changes))
    };
    rows.into_iter().map(read).collect()
}

/// The trail, in order.
pub(in crate::store) async fn trail(
    connection: &mut Connection,
    stretch: Stretch,
) -> Result<Vec<(i64, Trail)>, sqlx::Error> {
    let select =
        "select id, at, kind, contact_id, subject from webhook_trail where id > $1 and id <= $2 order by id limit $3";
    let Stretch { after, until, most } = stretch;
    let rows: Vec<(i64, i64, String, i64, i64)> =
        sqlx::query_as(select).bind(after).bind(until).bind(most).fetch_all(connection).await?;
    let read = |(id, at, kind, contact, subject): (i64, i64, String, i64, i64)| {
        let unknown = || sqlx::Error::Decode(format!("no kind of news is called `{kind}`").into());
        let kind = Kind::from_name(&kind).ok_or_else(unknown)?;
        Ok((id, Trail { at: Timestamp(at), kind, contact: ContactId(contact), subject }))
    };
    rows.into_iter().map(read).collect()
}

/// Who these contacts are by now: each with the one that it is, and that one's summary.
pub(in crate::store) async fn living(
    connection: &mut Connection,
    contacts: &[i64],
) -> Result<Vec<(i64, i64, String)>, sqlx::Error> {
    let select = concat!(
        "select c.id, l.id, l.summary from contacts c join contacts l on l.id = coalesce(c.merged_into, c.id) ",
        "where c.id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let wanted: Vec<[i64; 1]> = contacts.iter().map(|contact| [*contact]).collect();
    sqlx::query_as(select).bind(json(&wanted)).fetch_all(connection).await
}

/// Messages of ours by contact and number.
pub(in crate::store) async fn sent_of(
    connection: &mut Connection,
    numbers: &[(i64, i64)],
) -> Result<Vec<SentRow>, sqlx::Error> {
    let select = concat!(
        "select ",
        sent_row!(),
        " from outbox where (contact_id, number) in (select cast(value->>0 as bigint), cast(value->>1 as bigint) from ",
        rows!("$1"),
        ")"
    );
    sqlx::query(select).bind(json(&numbers)).fetch_all(connection).await?.iter().map(read_sent).collect()
}

/// Messages of ours by the provider's id.
pub(in crate::store) async fn sent_as(
    connection: &mut Connection,
    wamids: &[&str],
) -> Result<Vec<SentRow>, sqlx::Error> {
    let select =
        concat!("select ", sent_row!(), " from outbox where wamid in (select value->>0 from ", rows!("$1"), ")");
    let wanted: Vec<[&str; 1]> = wamids.iter().map(|wamid| [*wamid]).collect();
    sqlx::query(select).bind(json(&wanted)).fetch_all(connection).await?.iter().map(read_sent).collect()
}

/// Hand-offs by number.
pub(in crate::store) async fn handoffs_of(
    connection: &mut Connection,
    numbers: &[i64],
) -> Result<Vec<HandoffRow>, sqlx::Error> {
    let select = concat!(
        "select ",
        handoff_row!(),
        " from handoffs where id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let wanted: Vec<[i64; 1]> = numbers.iter().map(|number| [*number]).collect();
    sqlx::query(select).bind(json(&wanted)).fetch_all(connection).await?.iter().map(read_handoff).collect()
}

/// Forgets what of the trail is older than that.
pub(in crate::store) async fn sweep(connection: &mut Connection, before: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("delete from webhook_trail where at < $1").bind(before.0).execute(connection).await.map(drop)
}
