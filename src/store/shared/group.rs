//! Group commit: all jobs that wait share one transaction, and so one sync of the disk.

use sqlx::{Connection as _, Executor};
use tokio::sync::mpsc;

use super::{BEGIN, Connection, appending, folding, outbox};
use crate::store::StoreError;
use crate::store::writer::{Done, Job, Queued};

/// Most jobs of one commit.
const MOST: usize = 2_048;

type Options = <Connection as sqlx::Connection>::Options;

/// Commits what comes, until nobody can send any more. A lost connection is opened again for the next group.
pub(in crate::store) async fn serve(options: Options, mut jobs: mpsc::Receiver<Queued>) {
    let mut connection: Option<Connection> = None;
    let mut waiting = Vec::new();
    loop {
        waiting.clear();
        if jobs.recv_many(&mut waiting, MOST).await == 0 {
            return;
        }
        let mut open = match connection.take() {
            Some(open) => open,
            None => match Connection::connect_with(&options).await {
                Ok(open) => open,
                Err(error) => {
                    let error = StoreError::from(error);
                    waiting.drain(..).for_each(|queued| queued.answer(Err(error.again())));
                    continue;
                }
            },
        };
        if commit_all(&mut open, &mut waiting).await {
            connection = Some(open);
        }
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
    Ok(done)
}

async fn run(connection: &mut Connection, jobs: &[&Job]) -> Result<Vec<Done>, sqlx::Error> {
    let events: Vec<_> = jobs.iter().flat_map(|job| job.events()).collect();
    let mut appended = appending::append(connection, &events).await?.into_iter();
    let results: Vec<_> = jobs.iter().flat_map(|job| job.results()).cloned().collect();
    outbox::record(connection, &results).await?;
    let mut done = Vec::with_capacity(jobs.len());
    for job in jobs {
        done.push(match job {
            Job::Append(events) => Done::Appended(appended.by_ref().take(events.len()).collect()),
            Job::Record(_) => Done::Written,
            Job::Commit(folded) => {
                folding::commit(connection, folded).await?;
                Done::Written
            }
            Job::Take { channel, is_first, now, limit } => {
                Done::Taken(outbox::take_due(connection, channel, *is_first, *now, *limit).await?)
            }
            Job::Expire(now) => {
                outbox::expire(connection, *now).await?;
                Done::Written
            }
            Job::Keep { received, reason, body } => {
                sqlx::query("insert into kept_bodies (received, reason, body) values ($1, $2, $3)")
                    .bind(received.0)
                    .bind(reason)
                    .bind(body)
                    .execute(&mut *connection)
                    .await?;
                Done::Written
            }
        });
    }
    Ok(done)
}
