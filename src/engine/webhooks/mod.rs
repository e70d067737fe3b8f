//! Tells other programs by webhooks what happened, at least once and in order for each contact.
//!
//! Nothing is written for them when something happens, but for a line of the trail where a row changes in place. One node at a time
//! reads, behind the place up to which each program was told, in lists that are there anyway: the journal, the ledger of tags, the trail.
//! So a receiver that is gone for days costs nothing and loses nothing, and after a restart it goes on at that place.
//!
//! The journal's numbers become visible in their order. Those of the other two do not on PostgreSQL: a transaction that took a smaller
//! number may commit after one that took a larger. So news are told only once every transaction is over that was writing these lists when
//! their numbers were seen first ([`Horizon`]).

mod manage;
mod news;
mod post;
mod round;

use std::collections::HashMap;
use std::time::Duration as StdDuration;

use tokio_util::task::AbortOnDropHandle;

use super::Engine;
use crate::domain::{Duration, Timestamp};
use crate::engine::leader::Leader;
use crate::engine::supervise::rested;
use crate::governance::Alert;
use crate::store::{Marks, Seen, StoreError, WebhookRow};
pub use manage::{Change, add, attempts, change, find, remove, rotate, shown, shown_with_secret, test, told};
pub use post::Called;
use post::Poster;

/// How often it is looked whether there is something to tell, and whether anybody wants to be told.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(250);
const LOOK_FOR_ANYBODY: StdDuration = StdDuration::from_secs(1);
/// After a look that failed.
const AFTER_FAILURE: StdDuration = StdDuration::from_secs(5);
/// Another node takes over when the one that tells was not heard of for so long.
const SILENCE: StdDuration = StdDuration::from_secs(30);
/// The name under which nodes agree who tells.
const LOCK: &str = "webhooks";
/// The alert that stands while somebody is told no more.
const ALERT: &str = "webhooks";
/// So long the trail is kept: a receiver that is disabled for longer is not told of it any more.
const TRAIL_KEPT: Duration = Duration::days(30);
/// How often the trail is swept.
const SWEEP_EVERY: Duration = Duration::hours(1);

/// Up to where all news can be seen.
#[derive(Debug, Default)]
struct Horizon {
    settled: Marks,
    /// What was seen while somebody was writing: it is settled when all of them are over.
    waits: Option<Seen>,
}

impl Horizon {
    /// Learns what is seen now.
    fn look(&mut self, seen: Seen) -> Marks {
        let journal = seen.last.journal;
        let over = |waits: &Seen| waits.writers.is_disjoint(&seen.writers);
        if seen.writers.is_empty() {
            (self.settled, self.waits) = (seen.last, None);
        } else if self.waits.as_ref().is_none_or(over) {
            // What is seen only now waits for who is writing now.
            self.settled = self.waits.replace(seen).map_or(self.settled, |waits| waits.last);
        }
        // The journal's numbers become visible in their order.
        Marks { journal, ..self.settled }
    }
}

/// What the task keeps in mind.
struct Teller {
    engine: Engine,
    poster: Poster,
    horizon: Horizon,
    swept: Option<Timestamp>,
    /// Of what the alert tells.
    alerted: Option<Vec<String>>,
    /// Who is being told: one after the other, each by itself, so that a slow one holds up nobody.
    rounds: HashMap<String, AbortOnDropHandle<()>>,
}

/// Tells until told to stop.
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let poster = match Poster::new(&engine.settings().webhooks) {
        Ok(poster) => poster,
        Err(error) => return tracing::error!(error, "no webhooks are sent"),
    };
    let (horizon, rounds) = (Horizon::default(), HashMap::new());
    let mut leader = Leader::new(&engine, LOCK, SILENCE);
    let mut teller = Teller { engine, poster, horizon, swept: None, alerted: None, rounds };
    while !stop.is_cancelled() {
        let looked = match leader.leads().await {
            Ok(true) => teller.look().await,
            other => other,
        };
        let pause = match looked {
            Ok(true) => LOOK_EVERY,
            Ok(false) => LOOK_FOR_ANYBODY,
            Err(error) => {
                tracing::warn!(%error, "it cannot be read just now what other programs are to be told; trying again");
                AFTER_FAILURE
            }
        };
        if !rested(&stop, pause).await {
            break;
        }
    }
    // What is on its way arrives, and is noted: after the start it is not told again.
    for round in teller.rounds.into_values() {
        let _ended = round.await;
    }
}

impl Teller {
    /// Begins a round for everybody who is to be told something and is not being told. False where nobody wants to be told.
    async fn look(&mut self) -> Result<bool, StoreError> {
        let (engine, now) = (self.engine.clone(), self.engine.now());
        // First: of a round that ends from here on the rows may not know how far it got.
        self.rounds.retain(|_, round| !round.is_finished());
        let rows = engine.store().webhooks().await?;
        count(&rows, now);
        alert(&engine, &rows, &mut self.alerted).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let settled = self.horizon.look(engine.store().news_seen().await?);
        let busy = |row: &WebhookRow| self.rounds.contains_key(&row.id);
        let due = rows.into_iter().filter(|row| row.enabled && row.progress.next_at <= now && !busy(row));
        for row in due.collect::<Vec<_>>() {
            let (id, engine, poster) = (row.id.clone(), engine.clone(), self.poster.clone());
            let round = async move {
                if let Err(error) = round::tell(&engine, &poster, row, settled).await {
                    tracing::warn!(%error, "a program could not be told just now; trying again");
                }
            };
            self.rounds.insert(id, AbortOnDropHandle::new(tokio::spawn(round)));
        }
        if self.swept.is_none_or(|at| at + SWEEP_EVERY <= now) {
            engine.store().sweep_trail(now - TRAIL_KEPT).await?;
            self.swept = Some(now);
        }
        Ok(true)
    }
}

/// An alert stands while programs are told no more that nobody disabled.
async fn alert(engine: &Engine, rows: &[WebhookRow], alerted: &mut Option<Vec<String>>) -> Result<(), StoreError> {
    let stopped = rows.iter().filter_map(|row| Some(format!("{}: {}", row.id, row.stopped.as_ref()?)));
    let stopped: Vec<String> = stopped.collect();
    if alerted.as_ref() == Some(&stopped) {
        return Ok(());
    }
    let standing = (!stopped.is_empty()).then(|| Alert {
        name: ALERT.into(),
        what: format!("A program is told by webhook no more. {}", stopped.join("; ")),
        advice: "Mend the receiver, then `hotline webhooks enable ID`: it is told from where it stopped.".into(),
    });
    engine.store().set_alerts(&[ALERT], standing.as_slice(), engine.now()).await?;
    *alerted = Some(stopped);
    Ok(())
}

/// For `/metrics`: who is told, who does not take it since when, and who was disabled.
fn count(rows: &[WebhookRow], now: Timestamp) {
    let failing = rows.iter().filter(|row| row.enabled).filter_map(|row| row.progress.failing_since);
    let longest = failing.clone().map(|since| now - since).max().unwrap_or_default();
    metrics::gauge!("hotline_webhook_endpoints").set(rows.len() as f64);
    metrics::gauge!("hotline_webhook_endpoints_failing").set(failing.count() as f64);
    metrics::gauge!("hotline_webhook_failing_seconds").set(longest.0 as f64 / 1_000.0);
    metrics::gauge!("hotline_webhook_endpoints_stopped")
        .set(rows.iter().filter(|row| row.stopped.is_some()).count() as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_before_whoever_may_write_a_smaller_number_is_over() {
        let seen = |ledger, writers: &[&str]| Seen {
            last: Marks { journal: 100 + ledger, ledger, trail: 0 },
            writers: writers.iter().map(|writer| (*writer).to_owned()).collect(),
        };
        let mut horizon = Horizon::default();
        // Nobody is writing: what is seen is all there is.
        assert_eq!(horizon.look(seen(5, &[])).ledger, 5);
        // One took number 6 and has not committed; another committed number 7.
        assert_eq!(horizon.look(seen(7, &["1/6"])), Marks { journal: 107, ledger: 5, trail: 0 });
        // Others come and go meanwhile.
        assert_eq!(horizon.look(seen(9, &["1/6", "2/9"])).ledger, 5);
        // The first is over; others may have taken a number before 9.
        assert_eq!(horizon.look(seen(9, &["2/9", "3/1"])).ledger, 7);
        assert_eq!(horizon.look(seen(11, &["3/2"])).ledger, 9);
        assert_eq!(horizon.look(seen(12, &[])).ledger, 12);
    }
}
