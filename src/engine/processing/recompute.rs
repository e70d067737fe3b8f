//! After an edit of dictionaries or rules everybody's tags are made anew from the journal, in the background, while messages
//! flow. What we said, promised and planned stays as it is, and nothing is sent.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration as StdDuration, Instant};

use super::index::{Before, index};
use super::summary::summarise;
use crate::domain::{Consequence, Duration, Evidence, TagChange, Timestamp, in_order};
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::{Effect, State};
use crate::engine::supervise::rested;
use crate::store::{ClaimedContact, Folded, LedgerLine, LedgerMove, StoreError};

/// Contacts that are made anew together.
const BATCH: i64 = 32;
/// How often it is looked whether there is something to do.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// How often progress is told.
const TELL_EVERY: StdDuration = StdDuration::from_secs(10);

/// Works until told to stop.
pub(crate) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut noted = String::new();
    let mut progress = Progress::default();
    while !stop.is_cancelled() {
        let begun = Instant::now();
        let knowledge = engine.shelf().knowledge();
        let worked = async {
            if noted != knowledge.fingerprint {
                let marked = engine.store().made_with(&knowledge.fingerprint).await?;
                noted.clone_from(&knowledge.fingerprint);
                if let Some(contacts) = marked.filter(|contacts| *contacts > 0) {
                    tracing::info!(contacts, "dictionaries or rules changed: tags are made anew");
                }
            }
            batch(&engine, &knowledge).await
        };
        let pause = match worked.await {
            Ok(0) => {
                progress.end(&engine).await;
                LOOK_EVERY
            }
            Ok(made) => {
                progress.tell(&engine, made).await;
                // Half of the time is left to those who write now.
                begun.elapsed()
            }
            Err(error) => {
                tracing::warn!(%error, "tags cannot be made anew just now; trying again");
                LOOK_EVERY
            }
        };
        if !rested(&stop, pause).await {
            return;
        }
    }
}

/// How far it is, for the log and the metrics.
#[derive(Default)]
struct Progress {
    made: usize,
    told: Option<Instant>,
}

impl Progress {
    async fn tell(&mut self, engine: &Engine, made: usize) {
        self.made += made;
        metrics::counter!("hotline_contacts_recomputed_total").increment(made as u64);
        let told = self.told.get_or_insert_with(Instant::now);
        if self.made > made && told.elapsed() < TELL_EVERY {
            return;
        }
        *told = Instant::now();
        if let Ok(left) = engine.store().stale().await {
            metrics::gauge!("hotline_contacts_stale").set(left as f64);
            tracing::info!(made = self.made, left, "tags are being made anew");
        }
    }

    /// Nothing is left for this node; another may have some in hand, and of whom something is unread waits for that.
    async fn end(&mut self, engine: &Engine) {
        if self.made > 0 && engine.store().stale().await.is_ok_and(|left| left == 0) {
            metrics::gauge!("hotline_contacts_stale").set(0.0);
            tracing::info!(made = self.made, "all tags are those of the rules in force");
            *self = Self::default();
        }
    }
}

/// Makes the next contacts anew; how many.
async fn batch(engine: &Engine, knowledge: &Arc<Knowledge>) -> Result<usize, StoreError> {
    let mut claim = engine.store().claim_stale(&knowledge.fingerprint, BATCH).await?;
    let contacts = std::mem::take(&mut claim.contacts);
    if contacts.is_empty() {
        return Ok(0);
    }
    let (knowledge, now) = (knowledge.clone(), engine.now());
    let folded = tokio::task::spawn_blocking(move || {
        contacts.into_iter().map(|claimed| guarded(&knowledge, claimed, now)).collect::<Vec<_>>()
    });
    let folded = folded.await.map_err(|_| StoreError::Closed)?;
    let changed: Vec<_> =
        folded.iter().filter(|folded| !folded.ledger.is_empty()).map(|folded| folded.contact).collect();
    let made = folded.len();
    engine.store().commit(claim, folded).await?;
    changed.into_iter().for_each(|contact| engine.changed(contact));
    Ok(made)
}

/// A contact whose fold fails keeps what it has.
fn guarded(knowledge: &Knowledge, claimed: ClaimedContact, now: Timestamp) -> Folded {
    let contact = claimed.id;
    catch_unwind(AssertUnwindSafe(|| anew(knowledge, claimed, now))).unwrap_or_else(|_| {
        tracing::error!(%contact, "making a contact anew failed; it keeps the tags that it has");
        metrics::counter!("hotline_fold_failures_total").increment(1);
        let recomputed = Some(knowledge.fingerprint.clone());
        Folded { contact, recomputed, kept: true, ..Folded::default() }
    })
}

/// The state of the journal by the rules in force: tags, colour, heat, stage and what is known of the contact. What was said,
/// promised, planned and sent is what it was.
fn anew(knowledge: &Knowledge, claimed: ClaimedContact, now: Timestamp) -> Folded {
    let old = claimed.state.as_deref().and_then(|state| State::unpacked(state).ok());
    let mut state = State::new(claimed.id, &claimed.names, &knowledge.places);
    let mut changes = BTreeMap::new();
    for event in in_order(&claimed.history) {
        note(knowledge.fold(&mut state, event), &mut changes);
    }
    let until = old.as_ref().map_or(now, |old| old.clock);
    note(knowledge.advance(&mut state, until - Duration::millis(1)), &mut changes);
    state.messages = state.messages.max(claimed.messages);
    let mut ledger = Vec::new();
    if let Some(old) = old {
        ledger = differences(&old, &state, &changes, now);
        (state.memory, state.desk, state.ledger) = (old.memory, old.desk, old.ledger);
        (state.messages, state.clock) = (old.messages, state.clock.max(old.clock));
    }
    let before = Before { profile: None, history: &claimed.history };
    Folded {
        contact: claimed.id,
        merges: claimed.merges,
        wake_at: knowledge.next_wake(&state),
        summary: summarise(&state, &[], claimed.summary.as_deref()),
        indexed: index(&state, &[], &[], before, knowledge.shop.currency),
        state: Some(state.packed()),
        ledger,
        recomputed: Some(knowledge.fingerprint.clone()),
        ..Folded::default()
    }
}

/// Keeps the last change of each tag.
fn note(effects: Vec<Effect>, changes: &mut BTreeMap<String, TagChange>) {
    for effect in effects {
        if let Effect::Decided(_, Consequence::Tag(change)) = effect {
            changes.insert(change.tag.to_string(), change);
        }
    }
}

/// What the ledger says of tags that came or went with the rules.
fn differences(old: &State, new: &State, changes: &BTreeMap<String, TagChange>, now: Timestamp) -> Vec<LedgerLine> {
    let line = |tag: &str, change: LedgerMove, evidence: Evidence| {
        let tag = tag.to_owned();
        LedgerLine { tag, change, at: now, evidence, recomputed: true }
    };
    let came = new.facts.tags().filter(|(tag, _)| !old.facts.holds(tag.as_str()));
    let came = came.map(|(tag, held)| {
        let given = changes.get(tag.as_str()).map(|change| change.evidence.clone());
        line(
            tag.as_str(),
            LedgerMove::Set,
            given.unwrap_or_else(|| Evidence { by: held.by.clone(), ..Evidence::default() }),
        )
    });
    let went = old.facts.tags().filter(|(tag, _)| !new.facts.holds(tag.as_str()));
    let went = went.map(|(tag, held)| {
        let figure = "the rules in force do not give it".to_owned();
        let ended = changes.get(tag.as_str()).map(|change| change.evidence.clone());
        line(
            tag.as_str(),
            LedgerMove::Removed,
            ended.unwrap_or_else(|| Evidence { by: held.by.clone(), figure, ..Evidence::default() }),
        )
    });
    went.chain(came).collect()
}
