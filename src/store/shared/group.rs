//! Group commit: all jobs that wait share one transaction, and so one sync of the disk.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::{Connection as _, Executor};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{
    BEGIN, Connection, Source, appending, claiming, connect, feeds, folding, kept, outbox, pulse, taking, turn,
};
use crate::store::StoreError;
use crate::store::writer::{Done, Job, Queued};

/// Most jobs that are taken from the queue at once.
const MOST: usize = 2_048;
/// From one commit to the next with new events. When it is quiet nothing waits.
const GATHER_URGENT: Duration = Duration::from_micros(500);
/// From one commit of everything else to the next: nobody waits for it by the millisecond, and pages that are written once
/// for many contacts are what makes it fast. The longer, the longer such a commit takes, and new events wait behind it.
const GATHER_PATIENT: Duration = Duration::from_millis(8);

/// What waits for the next commit.
struct Waiting {
    urgent: Vec<Queued>,
    patient: Vec<Queued>,
    /// When the next commit may begin, with and without patient jobs.
    urgent_from: Instant,
    patient_from: Instant,
    /// Patient jobs that were due gave way to urgent ones, and are next.
    gave_way: bool,
}

impl Waiting {
    fn due(&self) -> Option<Instant> {
        let urgent = (!self.urgent.is_empty()).then_some(self.urgent_from);
        let patient = (!self.patient.is_empty()).then_some(self.patient_from);
        urgent.into_iter().chain(patient).min()
    }

    fn sort_in(&mut self, arrived: &mut Vec<Queued>) {
        let (urgent, patient): (Vec<_>, Vec<_>) = arrived.drain(..).partition(|queued| queued.job.is_urgent());
        self.urgent.extend(urgent);
        self.patient.extend(patient);
    }

    /// What is to be committed now; `all` when nothing more can come. Urgent jobs do not wait for a commit with all the others:
    /// those come next, whatever arrives in between.
    fn take(&mut self, all: bool) -> Vec<Queued> {
        let mut group = std::mem::take(&mut self.urgent);
        let now = Instant::now();
        let due = all || !self.patient.is_empty() && now >= self.patient_from;
        self.gave_way = due && !all && !group.is_empty() && !self.gave_way;
        if due && !self.gave_way {
            group.append(&mut self.patient);
            self.patient_from = now + GATHER_PATIENT;
        }
        group
    }
}

/// Commits what comes, until nobody can send any more. A lost connection is opened again for the next group.
pub(in crate::store) async fn serve(source: Source, mut jobs: mpsc::Receiver<Queued>) {
    let mut connection: Option<Connection> = None;
    let now = Instant::now();
    let (urgent, patient) = (Vec::new(), Vec::new());
    let mut waiting = Waiting { urgent, patient, urgent_from: now, patient_from: now, gave_way: false };
    let mut arrived = Vec::new();
    loop {
        let due = waiting.due();
        let closed = tokio::select! {
            biased;
            () = tokio::time::sleep_until(due.unwrap_or(now)), if due.is_some() => false,
            count = jobs.recv_many(&mut arrived, MOST) => match count {
                0 => true,
                _ => {
                    waiting.sort_in(&mut arrived);
                    continue;
                }
            },
        };
        let mut group = waiting.take(closed);
        if !group.is_empty() {
            commit_group(&source, &mut connection, &mut group).await;
            waiting.urgent_from = Instant::now() + GATHER_URGENT;
        }
        if closed {
            return;
        }
    }
}

async fn commit_group(source: &Source, connection: &mut Option<Connection>, group: &mut Vec<Queued>) {
    let guarded = AssertUnwindSafe(commit_on(source, connection, group)).catch_unwind();
    if guarded.await.is_err() {
        // Whoever waited for this group is told that nothing was written; the next one gets a new connection.
        tracing::error!("writing a group of changes failed in the middle; none of them was made");
        metrics::counter!("hotline_task_panics_total", "task" => "store").increment(1);
        group.drain(..).for_each(|queued| queued.answer(Err(StoreError::Failed)));
    }
}

async fn commit_on(source: &Source, connection: &mut Option<Connection>, group: &mut Vec<Queued>) {
    let mut open = match connection.take() {
        Some(open) => open,
        None => match connect(source).await {
            Ok(open) => open,
            Err(error) => {
                let error = StoreError::from(error);
                return group.drain(..).for_each(|queued| queued.answer(Err(error.again())));
            }
        },
    };
    let _turn = turn(source).await;
    if commit_all(&mut open, group).await {
        *connection = Some(open);
    }
}

/// Returns whether the connection may be used again.
async fn commit_all(connection: &mut Connection, waiting: &mut Vec<Queued>) -> bool {
    let jobs: Vec<&Job> = waiting.iter().map(|queued| &queued.job).collect();
    match commit(connection, &jobs).await {
        Ok(done) => {
            waiting.drain(..).zip(done).for_each(|(queued, done)| queued.answer(Ok(done)));
            return true;
        }
        Err(error @ StoreError::Unavailable(_)) => {
            waiting.drain(..).for_each(|queued| queued.answer(Err(error.again())));
            return roll_back(connection).await;
        }
        Err(_) => {}
    }
    // One of them cannot be stored: each for itself, so that only that caller is told.
    let mut usable = roll_back(connection).await;
    for queued in waiting.drain(..) {
        let outcome = match usable {
            true => commit(connection, &[&queued.job]).await.map(|mut done| done.pop().unwrap_or(Done::Written)),
            false => Err(StoreError::Closed),
        };
        if outcome.is_err() {
            usable = usable && roll_back(connection).await;
        }
        queued.answer(outcome);
    }
    usable
}

async fn roll_back(connection: &mut Connection) -> bool {
    // "No transaction is active" is no fault: some errors end it by themselves.
    let _ended = connection.execute("rollback").await;
    connection.ping().await.is_ok()
}

async fn commit(connection: &mut Connection, jobs: &[&Job]) -> Result<Vec<Done>, StoreError> {
    connection.execute(BEGIN).await?;
    let done = run(connection, jobs).await?;
    connection.execute("commit").await?;
    metrics::counter!("hotline_commits_total").increment(1);
    metrics::counter!("hotline_committed_jobs_total").increment(jobs.len() as u64);
    Ok(done)
}

async fn run(connection: &mut Connection, jobs: &[&Job]) -> Result<Vec<Done>, sqlx::Error> {
    let results: Vec<_> = jobs.iter().flat_map(|job| job.results()).cloned().collect();
    let refusals = outbox::refusals(&results);
    // The refusals last: nobody waits for what became of them.
    let events: Vec<_> = jobs.iter().flat_map(|job| job.events()).chain(&refusals).collect();
    let mut appended = appending::append(connection, &events).await?.into_iter();
    outbox::record(connection, &results).await?;
    let mut done = Vec::with_capacity(jobs.len());
    for job in jobs {
        done.push(match job {
            Job::Append(events) => Done::Appended(appended.by_ref().take(events.len()).collect()),
            Job::Product(update) => Done::Appended(feeds::take_product(connection, update).await?),
            Job::Record(_) => Done::Written,
            Job::Commit(folded) => {
                folding::commit(connection, folded).await?;
                Done::Written
            }
            Job::Claim { now, limit, busy } => {
                Done::Claimed(claiming::claim(connection, *now, *limit, (busy, 0)).await?)
            }
            Job::Take { rooms, now, unasked } => Done::Taken(taking::take_due(connection, rooms, *now, unasked).await?),
            Job::Expire(now) => Done::Expired { may_be_more: outbox::expire(connection, *now).await? },
            Job::Beat => {
                pulse::beat(connection).await?;
                Done::Written
            }
            Job::Keep { received, reason, body } => {
                kept::keep(connection, *received, reason, body).await?;
                Done::Written
            }
        });
    }
    Ok(done)
}
