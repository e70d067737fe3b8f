//! Claims contacts with unread events or a due wake, folds them, and commits all that was decided in one transaction.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration as StdDuration;

use tokio::sync::mpsc::OwnedPermit;
use tokio::time::Instant;

use super::index::{Before, index, profile};
use super::summary::summarise;
use crate::domain::{
    Consequence, ContactId, Duration, Event, EventBody, Evidence, TagChange, TagMove, Timestamp, in_order,
};
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::{Effect, State};
use crate::engine::intake::links;
use crate::engine::sending::lanes::Leaving;
use crate::engine::supervise;
use crate::handoff::DeskMove;
use crate::outreach::{Refusal, Verdict};
use crate::store::{
    Claim, ClaimedContact, Consent, Folded, HandoffChange, LedgerLine, LedgerMove, NewOutgoing, OutboxStatus, Refused,
    StoreError,
};
use crate::whatsapp::errors;

/// Contacts of one claim: large enough to share a commit, small enough that the first is not kept waiting.
pub(crate) const CLAIM: usize = 512;
/// From one claim to the next while there is much to do: claims of few contacts would cost as much as those of many.
const GATHER: StdDuration = StdDuration::from_millis(8);
/// How long to wait when nothing tells that there is work: a safety net under the hints.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(500);
/// A contact whose fold failed is left alone for this long.
const AFTER_FAILURE: Duration = Duration::minutes(5);

/// Works until told to stop.
pub(crate) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut trouble = Trouble::default();
    while !stop.is_cancelled() {
        // Subscribed before looking, so that a hint between the two is not lost.
        let hint = engine.store().work_hint();
        let begun = Instant::now();
        let most = trouble.claim();
        let pause = match engine.store().claim(engine.now(), most).await {
            Ok(claim) if claim.contacts.is_empty() => until_due(&engine, claim.next_due),
            Ok(claim) => {
                let few = claim.contacts.len() < most;
                process(&engine, claim, &mut trouble).await;
                if few {
                    tokio::time::sleep_until(begun + GATHER).await;
                }
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot claim contacts; trying again");
                LOOK_EVERY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = hint => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn until_due(engine: &Engine, next_due: Option<Timestamp>) -> StdDuration {
    next_due.map_or(LOOK_EVERY, |due| (due - engine.now()).to_std().clamp(StdDuration::from_millis(1), LOOK_EVERY))
}

/// Contacts of whom the database takes nothing. While it is not known which of several they are, contacts are taken one at a time,
/// so that all the others go on.
#[derive(Default)]
struct Trouble {
    alone: usize,
    refused: BTreeSet<ContactId>,
}

impl Trouble {
    /// How many contacts to claim next.
    fn claim(&mut self) -> usize {
        let alone = self.alone > 0;
        self.alone = self.alone.saturating_sub(1);
        if alone { 1 } else { CLAIM }
    }

    /// What these contacts come to together is refused.
    fn note(&mut self, contacts: &[ContactId]) {
        match contacts {
            [contact] => {
                tracing::error!(%contact, "the database takes nothing of a contact; it is left alone for a while");
                metrics::counter!("hotline_fold_failures_total").increment(1);
                self.refused.insert(*contact);
            }
            several => self.alone = several.len() * 2,
        }
    }
}

async fn process(engine: &Engine, mut claim: Claim, trouble: &mut Trouble) {
    let contacts = std::mem::take(&mut claim.contacts);
    let knowledge = engine.shelf().knowledge();
    let now = engine.now();
    let refused = trouble.refused.clone();
    let folded = tokio::task::spawn_blocking(move || fold_all(&knowledge, contacts, &refused, now)).await;
    let Some(mut folded) = supervise::outcome(folded) else { return };
    let leaving = depart(engine, &mut folded, now);
    let touched: Vec<_> = folded.iter().map(|work| work.folded.contact).collect();
    let failures: Vec<_> = folded.iter().flat_map(|work| work.failures()).collect();
    let (folded, heard): (Vec<_>, Vec<_>) = folded.into_iter().map(|work| (work.folded, work.heard)).unzip();
    match engine.store().commit(claim, folded).await {
        Ok(()) => {
            for (place, message) in leaving {
                place.send(message);
            }
            metrics::counter!("hotline_contacts_folded_total").increment(touched.len() as u64);
            for contact in touched {
                // Who was refused is put off now, and tried again when the time is over.
                trouble.refused.remove(&contact);
                engine.changed(contact);
            }
            engine.mark_read(heard.into_iter().flatten());
            for (message, code) in failures {
                engine.heed_status(&message, code).await;
            }
        }
        // The events are unread still, as those of the other contact.
        Err(StoreError::Overtaken) => tracing::debug!("a contact became one with another while it was folded"),
        Err(error @ StoreError::Refused(_)) => {
            tracing::warn!(%error, contacts = touched.len(), "a fold cannot be stored as it is");
            trouble.note(&touched);
        }
        Err(error) => {
            // Nothing of it happened: the events are still unread and will be claimed again.
            tracing::warn!(%error, contacts = touched.len(), "a fold could not be committed; it will be done again");
            tokio::time::sleep(StdDuration::from_millis(200)).await;
        }
    }
}

/// A message that leaves when its fold is committed, and its place in the lane.
type Placed = (OwnedPermit<Leaving>, Leaving);

/// Gives replies a place in the lane of their number where there is one: they are marked `sending` by the commit itself
/// and need not be taken from the outbox. A follow-up is: the gate is asked once more when its turn comes. So is what would
/// overtake something older for the same customer. What became too late stays there too, and expires.
fn depart(engine: &Engine, folded: &mut [Work], now: Timestamp) -> Vec<Placed> {
    let mut leaving = Vec::new();
    let public_url = engine.settings().public_url();
    for Work { folded, waits, .. } in folded {
        for outgoing in &mut folded.outgoing {
            folded.links.extend(links::assign(&mut outgoing.message, folded.contact, &public_url, now));
            if outgoing.channel.is_empty() {
                // Who never wrote to a number of ours hears from the first one.
                outgoing.channel = engine.channels().first().cloned().unwrap_or_default();
            }
            let leaves = !*waits && !outgoing.follow_up && outgoing.message.expires > now;
            let lane = engine.lanes().of(&outgoing.channel).filter(|_| leaves);
            if let Some(place) = lane.and_then(|lane| lane.place(now)) {
                outgoing.sending_since = Some(now);
                leaving.push((place, engine.lanes().leaving(outgoing.row(folded.contact))));
            }
        }
    }
    leaving
}

/// What came of one contact.
#[derive(Default)]
struct Work {
    folded: Folded,
    /// The last message that was heard: with it those before are read.
    heard: Option<Heard>,
    /// Older messages of theirs wait in the outbox or are under way.
    waits: bool,
}

/// A message to mark as read.
pub(crate) struct Heard {
    /// Provider's id.
    pub(crate) wamid: String,
    /// Our number that it came to.
    pub(crate) channel: String,
    /// An answer is being made.
    pub(crate) typing: bool,
}

/// An answer that comes sooner needs no typing sign: the sign would come behind it, and stay for 25 s (section 4.2).
const TYPING_FROM: Duration = Duration::seconds(1);
/// The sign lasts no longer.
const TYPING_LASTS: Duration = Duration::seconds(25);

/// Whether the customer is shown that an answer is being made, which is due then.
fn shows_typing(due: Option<Timestamp>, now: Timestamp) -> bool {
    due.is_some_and(|due| (TYPING_FROM..=TYPING_LASTS).contains(&(due - now)))
}

impl Work {
    /// Errors that statuses told of, with their messages.
    fn failures(&self) -> impl Iterator<Item = (String, i64)> {
        let told = self.folded.statuses.iter().map(|told| &told.status);
        told.filter_map(|status| Some((status.message.clone(), status.error?)))
    }
}

fn fold_all(
    knowledge: &Arc<Knowledge>,
    contacts: Vec<ClaimedContact>,
    refused: &BTreeSet<ContactId>,
    now: Timestamp,
) -> Vec<Work> {
    let fold = |claimed: &ClaimedContact| match refused.contains(&claimed.id) {
        true => None,
        false => {
            guarded(|| fold_one(claimed, now, knowledge, &|state, event| knowledge.fold(state, event))).or_else(|| {
                guarded(|| fold_one(claimed, now, knowledge, &|state, event| carefully(knowledge, state, event)))
            })
        }
    };
    contacts
        .into_iter()
        .map(|claimed| {
            fold(&claimed).unwrap_or_else(|| {
                let (contact, seqs) = (claimed.id, claimed.events.iter().map(|event| event.seq).collect());
                tracing::error!(%contact, "folding a contact failed; it is left alone for a while");
                metrics::counter!("hotline_fold_failures_total").increment(1);
                Work { folded: Folded::postponed(contact, seqs, now + AFTER_FAILURE), ..Work::default() }
            })
        })
        .collect()
}

fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Folds one event of a contact of whom folding failed: the one that does it is passed over, and the customer is answered all the
/// same.
fn carefully(knowledge: &Knowledge, state: &mut State, event: &Event) -> Vec<Effect> {
    let before = state.clone();
    guarded(|| knowledge.fold(state, event)).unwrap_or_else(|| {
        tracing::error!(seq = event.seq, kind = event.body.kind(), "an event cannot be folded; it is passed over");
        metrics::counter!("hotline_events_passed_over_total").increment(1);
        *state = before;
        Vec::new()
    })
}

/// How an event is folded.
type Fold<'a> = &'a dyn Fn(&mut State, &Event) -> Vec<Effect>;

fn fold_one(claimed: &ClaimedContact, now: Timestamp, knowledge: &Knowledge, fold: Fold<'_>) -> Work {
    let (contact, merges) = (claimed.id, claimed.merges);
    let folded = Folded { contact, merges, ..Folded::default() };
    let mut work = Work { folded, heard: None, waits: claimed.waits };
    let mut state = match claimed.state.as_deref().map(State::unpacked) {
        Some(Ok(state)) => state,
        Some(Err(error)) => {
            tracing::error!(%contact, %error, "a contact's state cannot be read; it is made anew from the journal");
            work.folded.unreadable = true;
            return work;
        }
        None => made_anew(knowledge, claimed, now, fold),
    };
    let before = claimed.state.is_some().then(|| profile(&state));
    let was_out = state.contact.is_opted_out();
    let folded = &mut work.folded;
    let mut effects = Vec::new();
    for event in &claimed.events {
        effects.extend(fold(&mut state, event));
        if event.body.is_past() && !state.takes_past(event.received) {
            folded.stale = Some(knowledge.fingerprint.clone());
        } else if state.clock > event.received {
            // A timer had fired before this event was seen. A replay must judge it at the same moment.
            folded.rejudged.push((event.seq, state.clock));
        }
        folded.seqs.push(event.seq);
        count_inbound(event, folded);
    }
    effects.extend(knowledge.advance(&mut state, now));
    folded.wake_at = knowledge.next_wake(&state);
    folded.summary = summarise(&state, &claimed.events, claimed.summary.as_deref());
    folded.state = Some(state.packed());
    folded.folded_with = Some(knowledge.fingerprint.clone());
    folded.consent = consent(was_out, &state);
    let before = Before { profile: before, history: &claimed.history };
    folded.indexed = index(&state, &effects, &claimed.events, before, knowledge.shop.currency);
    for effect in effects {
        take(effect, &state, &mut work);
    }
    if let Some(heard) = &mut work.heard {
        heard.typing = shows_typing(knowledge.dialogue.next_wake(&state.memory), now);
    }
    if claimed.state.is_none() && merges > 0 {
        // What both had opened: the joint state knows of one at most.
        let joined = if work.folded.summary.handoff == "none" { HandoffChange::Closed } else { HandoffChange::Joined };
        work.folded.handoffs.push((now, joined));
    }
    work
}

/// Whether they came to want no messages, or to want them again.
fn consent(was_out: bool, state: &State) -> Option<Consent> {
    let (contact, out) = (&state.contact, state.contact.is_opted_out());
    (out != was_out).then_some(Consent { at: state.clock, out, all: contact.opted_out })
}

/// The state that the journal alone makes. What followed from its events, and from the clock until the first unread one,
/// has been done already.
fn made_anew(knowledge: &Knowledge, claimed: &ClaimedContact, now: Timestamp, fold: Fold<'_>) -> State {
    let mut state = State::new(claimed.id, &claimed.names, &knowledge.places);
    for event in in_order(&claimed.history) {
        let _done = fold(&mut state, event);
    }
    if !claimed.history.is_empty() {
        let until = claimed.events.first().map_or(now, |event| event.received);
        let _done = knowledge.advance(&mut state, until - Duration::millis(1));
    }
    state.messages = state.messages.max(claimed.messages);
    state
}

fn count_inbound(event: &Event, folded: &mut Folded) {
    let inbound = matches!(event.body, EventBody::Message(_) | EventBody::Location(_));
    if inbound && !event.body.is_past() {
        folded.inbound += 1;
    }
}

/// Sorts one effect into the rows that it becomes.
fn take(effect: Effect, state: &State, work: &mut Work) {
    let Work { folded, heard, .. } = work;
    match effect {
        Effect::Decided(at, consequence) => folded.ledger.extend(ledger_line(at, consequence)),
        Effect::Desk(at, moved) => folded.handoffs.extend(rows(moved).into_iter().map(|change| (at, change))),
        Effect::Send(message) => folded.outgoing.push(NewOutgoing {
            channel: state.contact.channel.clone().unwrap_or_default(),
            address: state.contact.address.clone(),
            follow_up: message.passes_gate(),
            sending_since: None,
            message,
        }),
        Effect::CancelQueued { reason } => {
            // Also what this very fold had decided before a person took over.
            folded.outgoing.retain(|outgoing| !outgoing.from_bot());
            folded.cancel_queued = Some(reason);
        }
        Effect::Status(_, status) if status.is_of_call() => {}
        Effect::Status(at, status) => {
            let again = status.error.map(errors::waits).unwrap_or_default();
            folded.statuses.push(OutboxStatus { at, status, again });
        }
        Effect::Refused(_, refusal) => folded.refused.extend(refused(&refusal)),
        Effect::Heard { wamid, channel } => *heard = Some(Heard { wamid, channel, typing: false }),
    }
}

/// Counts what the gate does not let go, and tells of what a campaign wanted to send. What is put off is planned for later.
fn refused(refusal: &Refusal) -> Option<Refused> {
    let (planned, why) = (&refusal.planned, refusal.verdict.why()?);
    let (kind, reason) = (planned.kind.name(), why.condition.name());
    if !matches!(refusal.verdict, Verdict::Never { .. }) {
        metrics::counter!("hotline_follow_ups_put_off_total", "kind" => kind, "reason" => reason).increment(1);
        return None;
    }
    metrics::counter!("hotline_follow_ups_refused_total", "kind" => kind, "reason" => reason).increment(1);
    Some(Refused { campaign: planned.campaign.clone()?, reason, says: why.to_string() })
}

/// What the ledger says of a decision: changes of tags, and with them of colour, heat and stage; and alerts.
pub(crate) fn ledger_line(at: Timestamp, consequence: Consequence) -> Option<LedgerLine> {
    let (tag, change, at, evidence) = match consequence {
        Consequence::Tag(TagChange { tag, change, at, evidence, .. }) => {
            let change = match change {
                TagMove::Set => LedgerMove::Set,
                TagMove::Removed => LedgerMove::Removed,
                TagMove::Expired => LedgerMove::Expired,
            };
            (tag.to_string(), change, at, evidence)
        }
        Consequence::Alert { name, evidence } => (format!("alert/{name}"), LedgerMove::Raised, at, evidence),
        _ => return None,
    };
    Some(LedgerLine { tag, change, at, evidence, recomputed: false })
}

/// What a move of the desk means for the contact's row of the table of hand-offs.
fn rows(moved: DeskMove) -> Vec<HandoffChange> {
    let opened = |reason: String, evidence: &Evidence, promise_due| HandoffChange::Opened {
        reason,
        evidence: serde_json::to_string(evidence).unwrap_or_else(|_| "{}".into()),
        promise_due,
    };
    match moved {
        DeskMove::Opened { reason, due, again: true, .. } | DeskMove::Hurried { reason, due } => {
            vec![HandoffChange::Promised { reason, promise_due: Some(due) }]
        }
        DeskMove::Opened { reason, due, evidence, .. } => vec![opened(reason, &evidence, Some(due))],
        DeskMove::GivenUp => vec![HandoffChange::GivenUp],
        DeskMove::Missed { step, due } => {
            metrics::counter!("hotline_promises_missed_total", "step" => step.to_string()).increment(1);
            vec![HandoffChange::Promised { reason: format!("missed-{step}"), promise_due: Some(due) }]
        }
        DeskMove::Accepted { agent, opened: true } => {
            let evidence = Evidence { by: format!("agent:{agent}"), ..Evidence::default() };
            vec![opened("taken".into(), &evidence, None), HandoffChange::Accepted { agent }]
        }
        DeskMove::Accepted { agent, opened: false } => vec![HandoffChange::Accepted { agent }],
        DeskMove::PutBack { .. } => vec![HandoffChange::PutBack],
        DeskMove::Left { agent, reason, due } => {
            let evidence = Evidence { by: format!("agent:{agent}"), ..Evidence::default() };
            vec![HandoffChange::Closed, opened(reason, &evidence, Some(due))]
        }
        DeskMove::HandedBack { .. } => vec![HandoffChange::Closed],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_typing_sign_is_shown_while_an_answer_is_being_made() {
        let now = Timestamp(1_772_000_000_000);
        let shown = |millis: i64| shows_typing(Some(now + Duration::millis(millis)), now);
        assert!(!shows_typing(None, now), "nothing is to be said");
        assert!(!shown(10) && shown(2_000) && !shown(60_000));
    }
}
