//! What is held back, since when and why, and what happened to limits, quality and holds.

use sqlx::Row;

use super::Connection;
use super::limits::set_figure;
use crate::domain::{Duration, Timestamp};
use crate::store::{HistoryRow, HoldRow};

/// After a shorter stop by a person nothing has to grow back: nobody missed it.
const SHORT_STOP: Duration = Duration::hours(1);

/// Holds something; true if this source did not hold it yet, or for another reason. What it holds is never held for a shorter time
/// because of this.
pub(in crate::store) async fn hold(connection: &mut Connection, row: &HoldRow) -> Result<bool, sqlx::Error> {
    let before: Option<String> = sqlx::query_scalar("select why from holds where what = $1 and source = $2")
        .bind(&row.what)
        .bind(&row.source)
        .fetch_optional(&mut *connection)
        .await?;
    let upsert = "insert into holds (what, since, until, why, source) values ($1, $2, $3, $4, $5) \
                  on conflict (what, source) do update set until = excluded.until, why = excluded.why \
                  where excluded.until is null or (holds.until is not null and excluded.until > holds.until)";
    let query = sqlx::query(upsert).bind(&row.what).bind(row.since.0).bind(row.until.map(|until| until.0));
    query.bind(&row.why).bind(&row.source).execute(&mut *connection).await?;
    let news = before.as_ref() != Some(&row.why);
    if news {
        note(connection, &row.what, &format!("held: {}", row.why), row.since).await?;
    }
    Ok(news)
}

/// Lifts what a source holds, or without one what anybody does; true if something was. A number grows back from
/// then on, or from the end of what else holds it, unless only a person had stopped it for a short while.
pub(in crate::store) async fn lift(
    connection: &mut Connection,
    what: &str,
    source: Option<&str>,
    why: &str,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let of_concern = "select count(*) from holds where what = $1 and ($2 is null or source = $2) \
                      and (since <= $3 or source like 'meta %' or source in ('meta', 'breaker', 'templates'))";
    let query = sqlx::query_scalar(of_concern).bind(what).bind(source).bind((now - SHORT_STOP).0);
    let of_concern: i64 = query.fetch_one(&mut *connection).await?;
    let delete = "delete from holds where what = $1 and ($2 is null or source = $2)";
    let lifted = sqlx::query(delete).bind(what).bind(source).execute(&mut *connection).await?;
    if lifted.rows_affected() == 0 {
        return Ok(false);
    }
    note(connection, what, &format!("goes on: {why}"), now).await?;
    if of_concern == 0 {
        return Ok(true);
    }
    if let Some(channel) = what.strip_prefix("number:") {
        let grow = "insert into numbers (channel, since, resumed_at) values ($1, $2, $2) \
                    on conflict (channel) do update set resumed_at = excluded.resumed_at";
        sqlx::query(grow).bind(channel).bind(now.0).execute(&mut *connection).await?;
    } else if what.starts_with("template:") {
        set_figure(connection, &format!("resumed:{what}"), now.0).await?;
    } else if what == "account" {
        sqlx::query("update numbers set resumed_at = $1").bind(now.0).execute(connection).await?;
    }
    Ok(true)
}

/// What is held, the oldest first; also what is over by now.
pub(in crate::store) async fn holds(connection: &mut Connection) -> Result<Vec<HoldRow>, sqlx::Error> {
    let select = "select what, since, until, why, source from holds order by since, what";
    let read = |row: &_| {
        Ok(HoldRow {
            what: Row::try_get(row, 0)?,
            since: Timestamp(Row::try_get(row, 1)?),
            until: Row::try_get::<Option<i64>, _>(row, 2)?.map(Timestamp),
            why: Row::try_get(row, 3)?,
            source: Row::try_get(row, 4)?,
        })
    };
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Writes down what happened.
pub(in crate::store) async fn note(
    connection: &mut Connection,
    what: &str,
    said: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let insert = "insert into outreach_history (at, what, said) values ($1, $2, $3)";
    sqlx::query(insert).bind(now.0).bind(what).bind(said).execute(connection).await?;
    Ok(())
}

/// What happened, the newest first.
pub(in crate::store) async fn history(connection: &mut Connection, limit: i64) -> Result<Vec<HistoryRow>, sqlx::Error> {
    let select = "select at, what, said from outreach_history order by id desc limit $1";
    let read = |row: &_| {
        let at = Timestamp(Row::try_get(row, 0)?);
        Ok(HistoryRow { at, what: Row::try_get(row, 1)?, said: Row::try_get(row, 2)? })
    };
    sqlx::query(select).bind(limit).fetch_all(connection).await?.iter().map(read).collect()
}
