//! What is done once a day, week, month or quarter of the calendar in the shop's time zone, over all contacts.
//!
//! A job is done in steps, each small enough that messages flow beside it. Behind each step the database knows how far the job
//! is: after a restart it goes on from there, on whichever node comes first. One node at a time works on jobs. What a job
//! tells of a contact becomes an event in that contact's own journal; nothing else of it reaches a fold.

mod campaigns;
mod customers;
pub mod distribute;
mod keep;
mod regions;

use std::time::{Duration as StdDuration, Instant};

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::Engine;
use super::processing::giving_way;
use crate::domain::{Every, Period, Timestamp};
use crate::engine::leader::Leader;
use crate::engine::supervise::rested;
use crate::store::{JobRow, JobState, StoreError};

/// How often it is looked whether something is due.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// Shortest pause between two steps. It is as long as the step was, up to [`LOOK_EVERY`], so that a job takes at most half of the
/// database's time; a longer one would look to other nodes like a standstill.
const PAUSE: StdDuration = StdDuration::from_millis(5);
/// After a step that failed.
const AFTER_FAILURE: StdDuration = StdDuration::from_secs(30);
/// Another node takes over when the one that works on jobs was not heard of for so long: a step may take its time.
const SILENCE: StdDuration = StdDuration::from_secs(600);
/// The name under which nodes agree who works on jobs.
const LOCK: &str = "jobs";

/// Something that is done once in each period.
pub struct Job {
    /// Its name, as it stands in addresses and in the table of jobs.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// How often: it is due when such a period is over.
    pub every: Every,
    /// One step.
    pub step: for<'a> fn(&'a Engine, &'a Run) -> BoxFuture<'a, Result<Step, StoreError>>,
}

/// Every job there is.
pub const JOBS: &[Job] = &[
    Job {
        name: "customers",
        about: "Where each customer stands among the others: bands by share, recency, frequency and money",
        every: Every::Quarter,
        step: |engine, run| Box::pin(customers::step(engine, run)),
    },
    Job {
        name: "regions",
        about: "What is known of where contacts live: high value, growth, what is usual there",
        every: Every::Quarter,
        step: |engine, run| Box::pin(regions::step(engine, run)),
    },
    Job {
        name: "campaigns-over",
        about: "Makes the tags of campaigns one that have been over for long",
        every: Every::Day,
        step: |engine, _| Box::pin(campaigns::step(engine)),
    },
    Job {
        name: "kept-bodies",
        about: "Forgets bodies that nobody understood and that are older than a month",
        every: Every::Day,
        step: |engine, _| {
            Box::pin(async move { Ok(Step::Done { done: engine.store().sweep_kept(engine.now()).await? as i64 }) })
        },
    },
    Job {
        name: "reports-of-month",
        about: "Makes the monthly reports and keeps them",
        every: Every::Month,
        step: |engine, run| Box::pin(keep::step(engine, run, Every::Month)),
    },
    Job {
        name: "reports-of-quarter",
        about: "Makes the quarterly reports and keeps them",
        every: Every::Quarter,
        step: |engine, run| Box::pin(keep::step(engine, run, Every::Quarter)),
    },
];

/// What a step is for.
#[derive(Clone, Debug)]
pub struct Run {
    /// The period that is over.
    pub period: Period,
    /// Where the period before ended that this job did.
    pub before: Option<Timestamp>,
    /// What the last step left; null before the first.
    pub progress: Value,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// There is more to do.
    More {
        /// Where to go on.
        progress: Value,
        /// So much is done…
        done: i64,
        /// …of this.
        total: i64,
    },
    /// All is done.
    Done {
        /// How much that was.
        done: i64,
    },
}

/// Does what is due until told to stop.
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut leader = Leader::new(&engine, LOCK, SILENCE);
    while !stop.is_cancelled() {
        let worked = match leader.leads().await {
            Ok(true) => work(&engine).await,
            other => other.map(|_| LOOK_EVERY),
        };
        let pause = match worked {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "a job could not go on; trying again");
                AFTER_FAILURE
            }
        };
        if !rested(&stop, pause).await {
            return;
        }
    }
}

/// Takes one step of a job that is due; how long to wait until the next.
async fn work(engine: &Engine) -> Result<StdDuration, StoreError> {
    if engine.is_behind().await? {
        return Ok(giving_way::PAUSE);
    }
    let rows = engine.store().jobs().await?;
    for job in JOBS {
        let known = rows.iter().find(|row| row.name == job.name);
        let Some(row) = due(job, known, engine) else { continue };
        let begun = Instant::now();
        step(engine, job, row).await?;
        return Ok(begun.elapsed().clamp(PAUSE, LOOK_EVERY));
    }
    Ok(LOOK_EVERY)
}

/// The row of a job that is under way, or whose next period is over. What was missed while the system stood still is not made
/// up for but for the last period.
fn due(job: &Job, known: Option<&JobRow>, engine: &Engine) -> Option<JobRow> {
    if let Some(row) = known.filter(|row| row.state == JobState::Running) {
        return Some(row.clone());
    }
    let now = engine.now();
    let period = job.every.last_ended(now, engine.shelf().knowledge().shop.zone);
    if known.is_some_and(|row| row.due >= period.until) {
        return None;
    }
    // On a new database there is nothing to count yet, and nothing to tell of.
    match known {
        Some(_) => tracing::info!(job = job.name, period = period.label, "a job begins"),
        None => tracing::debug!(job = job.name, period = period.label, "a job begins for the first time"),
    }
    Some(JobRow {
        name: job.name.into(),
        period: period.label,
        from: period.from,
        due: period.until,
        before: known.map(|row| row.due),
        state: JobState::Running,
        progress: "null".into(),
        done: 0,
        total: 0,
        started: now,
        updated: now,
        finished: None,
        error: None,
    })
}

async fn step(engine: &Engine, job: &Job, mut row: JobRow) -> Result<(), StoreError> {
    let period = Period { label: row.period.clone(), from: row.from, until: row.due };
    let progress = serde_json::from_str(&row.progress).unwrap_or_else(|error| {
        tracing::warn!(job = job.name, period = row.period, %error, "how far a job was cannot be read; it begins anew");
        serde_json::Value::Null
    });
    let run = Run { period, before: row.before, progress };
    let begun = Instant::now();
    let outcome = (job.step)(engine, &run).await;
    metrics::histogram!("hotline_job_step_seconds", "job" => job.name).record(begun.elapsed().as_secs_f64());
    row.updated = engine.now();
    match outcome {
        Ok(Step::More { progress, done, total }) => {
            (row.progress, row.done, row.total, row.error) = (progress.to_string(), done, total.max(done), None);
        }
        Ok(Step::Done { done }) => {
            (row.done, row.total, row.error) = (done, done, None);
            (row.state, row.finished, row.progress) = (JobState::Done, Some(row.updated), "null".into());
            metrics::counter!("hotline_jobs_done_total", "job" => job.name).increment(1);
            match row.before {
                Some(_) => tracing::info!(job = job.name, period = row.period, done, "a job is done"),
                None => tracing::debug!(job = job.name, period = row.period, done, "a job is done"),
            }
        }
        Err(error) => {
            metrics::counter!("hotline_job_failures_total", "job" => job.name).increment(1);
            row.error = Some(error.to_string());
            // That it failed is shown if the database takes it; that it goes on later does not depend on it.
            let _shown = engine.store().save_job(&row).await;
            return Err(error);
        }
    }
    metrics::gauge!("hotline_job_done", "job" => job.name).set(row.done as f64);
    metrics::gauge!("hotline_job_total", "job" => job.name).set(row.total as f64);
    engine.store().save_job(&row).await
}

/// What the API and the command tell of a job.
#[derive(Debug, serde::Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Told {
    pub name: &'static str,
    pub about: &'static str,
    pub every: Every,
    /// `waiting` before it ever began.
    pub state: &'static str,
    pub period: Option<String>,
    pub done: i64,
    pub total: i64,
    pub started: Option<String>,
    pub finished: Option<String>,
    pub error: Option<String>,
    /// When its next period begins.
    pub next: String,
}

/// Every job, and how far it is.
///
/// # Errors
/// The database does not answer.
pub async fn told(store: &crate::store::Store, zone: chrono_tz::Tz, now: Timestamp) -> Result<Vec<Told>, StoreError> {
    let rows = store.jobs().await?;
    let tell = |job: &Job| {
        let row = rows.iter().find(|row| row.name == job.name);
        Told {
            name: job.name,
            about: job.about,
            every: job.every,
            state: row.map_or("waiting", |row| row.state.name()),
            period: row.map(|row| row.period.clone()),
            done: row.map_or(0, |row| row.done),
            total: row.map_or(0, |row| row.total),
            started: row.map(|row| row.started.rfc3339()),
            finished: row.and_then(|row| row.finished).map(Timestamp::rfc3339),
            error: row.and_then(|row| row.error.clone()),
            next: job.every.next_end(now, zone).rfc3339(),
        }
    };
    Ok(JOBS.iter().map(tell).collect())
}
