//! The table of jobs.

use sqlx::Row;

use super::{Connection, json};
use crate::domain::Timestamp;
use crate::statistics::Report;
use crate::store::{JobRow, JobState};

/// Every job that ever began.
pub(in crate::store) async fn all(connection: &mut Connection) -> Result<Vec<JobRow>, sqlx::Error> {
    let select = "select name, period, from_at, due_at, before_at, state, progress, done, total, started_at, updated_at, \
                  finished_at, error from jobs order by name";
    let read = |row: &_| {
        let time = |index: usize| Row::try_get(row, index).map(|at: Option<i64>| at.map(Timestamp));
        let state: String = Row::try_get(row, 5)?;
        Ok(JobRow {
            name: Row::try_get(row, 0)?,
            period: Row::try_get(row, 1)?,
            from: time(2)?.unwrap_or_default(),
            due: time(3)?.unwrap_or_default(),
            before: time(4)?,
            state: if state == JobState::Done.name() { JobState::Done } else { JobState::Running },
            progress: Row::try_get(row, 6)?,
            done: Row::try_get(row, 7)?,
            total: Row::try_get(row, 8)?,
            started: time(9)?.unwrap_or_default(),
            updated: time(10)?.unwrap_or_default(),
            finished: time(11)?,
            error: Row::try_get(row, 12)?,
        })
    };
    sqlx::query(select).fetch_all(connection).await?.iter().map(read).collect()
}

/// Writes how far a job is.
pub(in crate::store) async fn save(connection: &mut Connection, job: &JobRow) -> Result<(), sqlx::Error> {
    let upsert = "insert into jobs (name, period, from_at, due_at, before_at, state, progress, done, total, started_at, \
                  updated_at, finished_at, error) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
                  on conflict (name) do update set period = excluded.period, from_at = excluded.from_at, \
                  due_at = excluded.due_at, before_at = excluded.before_at, state = excluded.state, \
                  progress = excluded.progress, done = excluded.done, total = excluded.total, \
                  started_at = excluded.started_at, updated_at = excluded.updated_at, \
                  finished_at = excluded.finished_at, error = excluded.error";
    sqlx::query(upsert)
        .bind(&job.name)
        .bind(&job.period)
        .bind(job.from.0)
        .bind(job.due.0)
        .bind(job.before.map(|at| at.0))
        .bind(job.state.name())
        .bind(&job.progress)
        .bind(job.done)
        .bind(job.total)
        .bind(job.started.0)
        .bind(job.updated.0)
        .bind(job.finished.map(|at| at.0))
        .bind(&job.error)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps a report of a period.
pub(in crate::store) async fn keep_report(
    connection: &mut Connection,
    period: &str,
    report: &Report,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let upsert = "insert into reports (name, period, made_at, body) values ($1, $2, $3, $4) on conflict (name, period) \
                  do update set made_at = excluded.made_at, body = excluded.body";
    sqlx::query(upsert).bind(&report.name).bind(period).bind(now.0).bind(json(report)).execute(connection).await?;
    Ok(())
}

/// A report that was kept.
pub(in crate::store) async fn kept_report(
    connection: &mut Connection,
    name: &str,
    period: &str,
) -> Result<Option<Report>, sqlx::Error> {
    let select = "select body from reports where name = $1 and period = $2";
    let body: Option<String> = sqlx::query_scalar(select).bind(name).bind(period).fetch_optional(connection).await?;
    let read = |body: String| serde_json::from_str(&body).map_err(|error| sqlx::Error::Decode(error.into()));
    body.map(read).transpose()
}

/// Which reports are kept.
pub(in crate::store) async fn kept_reports(connection: &mut Connection) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as("select name, period from reports order by name, period").fetch_all(connection).await
}
