//! What is planned for a contact, what was sent unasked, and how that was received.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::gate::{closed, gate};
use super::habits::{Habits, Of, Place};
use super::hours::local;
use super::slots::{Wish, stable};
use super::{Condition, Planned, Policy, Shared, Verdict, View};
use crate::domain::{
    Contact, Duration, Event, EventBody, FollowUpRequest, Habit, MessageKind, Outgoing, SentEvent, StatusEvent,
    StatusKind, Timestamp,
};

/// Sends that are remembered at most: what others send in our name is not ours to limit.
const REMEMBERED: usize = 48;
/// Who was not reached so often in a row gets nothing more until they write.
const TRIED_TWICE: u8 = 2;
/// Over so long what goes to many is spread where something put it off.
const APART: Duration = Duration::minutes(15);

/// What is planned for a contact and what was sent unasked. Part of the fold's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    planned: Vec<Planned>,
    /// What was sent unasked, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sent: Vec<Sent>,
    #[serde(skip_serializing_if = "Trouble::is_none")]
    pub(super) trouble: Trouble,
    /// Their phone tells when something was read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    receipts: bool,
    /// The first that was sent since they read or wrote last. Only known where receipts come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unread_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Habits::is_empty")]
    pub(super) habits: Habits,
}

/// Something that was sent unasked. Written as a list, since a busy contact has a dozen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(Timestamp, MessageKind, Arc<str>, i64)", into = "(Timestamp, MessageKind, Arc<str>, i64)")]
pub(super) struct Sent {
    pub(super) at: Timestamp,
    pub(super) kind: MessageKind,
    /// The rule, sequence or campaign behind it.
    pub(super) rule: Arc<str>,
    /// Its number; 0 for what somebody else sent in our name.
    number: i64,
}

/// A message that nobody asked for, as the outbox has it. Days may lie between the decision and the departure, and some never
/// leave: caps count what left, when it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Departure {
    /// Its number among the contact's messages.
    pub number: i64,
    /// When it left; `None` for what waits, or reached nobody.
    pub left: Option<Timestamp>,
    /// What it is for.
    pub kind: MessageKind,
    /// The rule, sequence or campaign behind it.
    pub rule: Arc<str>,
}

impl From<(Timestamp, MessageKind, Arc<str>, i64)> for Sent {
    fn from((at, kind, rule, number): (Timestamp, MessageKind, Arc<str>, i64)) -> Self {
        Self { at, kind, rule, number }
    }
}

impl From<Sent> for (Timestamp, MessageKind, Arc<str>, i64) {
    fn from(sent: Sent) -> Self {
        (sent.at, sent.kind, sent.rule, sent.number)
    }
}

/// What Meta's answers say of a contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Trouble {
    /// How often in a row Meta spared them our marketing (131049), and until when it is left alone.
    #[serde(skip_serializing_if = "is_zero")]
    capped: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) capped_until: Option<Timestamp>,
    /// How often in a row nothing arrived (131026), or that it cannot, when last, and until when it is left alone.
    #[serde(skip_serializing_if = "is_zero")]
    unreachable: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreachable_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unreachable_until: Option<Timestamp>,
    /// Meta keeps marketing from them for an experiment (130472).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) experiment: bool,
}

fn is_zero(count: &u8) -> bool {
    *count == 0
}

impl Trouble {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether nothing arrived twice, and they have not written since.
    pub(super) fn is_unreachable(&self, contact: &Contact) -> bool {
        self.unreachable >= TRIED_TWICE && self.unreachable_at > contact.last_inbound
    }

    fn observe(&mut self, status: &StatusEvent, at: Timestamp, policy: &Policy) {
        let after = &policy.figures.after_failure;
        match (status.status, status.error) {
            (StatusKind::Failed, Some(131_049)) => {
                let wait = after.capped.get(usize::from(self.capped)).or(after.capped.last());
                self.capped = self.capped.saturating_add(1);
                self.capped_until = self.capped_until.max(wait.map(|wait| at + *wait));
            }
            (StatusKind::Failed, Some(131_026)) => {
                self.unreachable = self.unreachable.saturating_add(1);
                self.unreachable_at = self.unreachable_at.max(Some(at));
                self.unreachable_until = Some(at + after.unreachable);
            }
            // To a country that is closed to us, to ourselves, to whom somebody else may be by now: no second try helps.
            (StatusKind::Failed, Some(130_497 | 131_021 | 137_000)) => {
                self.unreachable = self.unreachable.max(TRIED_TWICE);
                self.unreachable_at = self.unreachable_at.max(Some(at));
            }
            (StatusKind::Failed, Some(130_472)) => self.experiment = true,
            (StatusKind::Delivered | StatusKind::Read, _) => {
                (self.capped, self.unreachable, self.unreachable_at, self.unreachable_until) = (0, 0, None, None);
            }
            _ => {}
        }
    }
}

impl Ledger {
    /// What waits, in the order in which it was planned.
    pub fn planned(&self) -> impl Iterator<Item = &Planned> {
        self.planned.iter()
    }

    /// Plans a message for the best moment of its time. A rule plans one at a time for a product, or for the orders that it is
    /// about; the newest plan is the one that counts. Who wants no messages is not even planned for: the reason is the answer.
    pub fn plan(&mut self, request: &FollowUpRequest, view: &View<'_>, now: Timestamp) -> Option<Verdict> {
        let is_other = |planned: &Planned| planned.product != request.product || planned.orders != request.orders;
        self.planned.retain(|planned| planned.rule != request.rule || is_other(planned));
        let verdict = gate(self, view, request, &Shared::default(), now);
        let consent = [Condition::OptedOut, Condition::MarketingOut, Condition::NotOptedIn];
        if verdict.why().is_some_and(|why| consent.contains(&why.condition)) {
            return Some(verdict);
        }
        let mut planned = request.clone();
        planned.at = Some(self.aimed(&planned, view, now));
        self.planned.push(planned);
        None
    }

    /// Where no moment is left it is asked once more when it is due: much may change until then.
    fn aimed(&self, planned: &Planned, view: &View<'_>, now: Timestamp) -> Timestamp {
        let from = planned.not_before.max(now);
        self.moment(planned, view, from).unwrap_or_else(|| best(self, planned, view, from))
    }

    /// What is still to come in a window of the calendar waits for that window where they are now.
    pub fn wait_anew(&mut self, now: Timestamp, window: impl Fn(&str) -> Option<(Timestamp, Timestamp)>) {
        for planned in self.planned.iter_mut().filter(|planned| planned.not_before > now) {
            if let Some((from, until)) = window(&planned.rule) {
                (planned.not_before, planned.not_after, planned.at) = (from, until, Some(from));
            }
        }
    }

    /// Where they are is news: what is still to come goes in the best hours of that place.
    pub fn aim_anew(&mut self, view: &View<'_>, now: Timestamp) {
        let is_to_come = |planned: &Planned| planned.at.is_none_or(|at| at > now);
        let aimed =
            |planned: &Planned| if is_to_come(planned) { Some(self.aimed(planned, view, now)) } else { planned.at };
        let moments: Vec<_> = self.planned.iter().map(aimed).collect();
        for (planned, at) in self.planned.iter_mut().zip(moments) {
            planned.at = at;
        }
    }

    /// What a rule planned is not wanted any more; with an order, only what is about that one.
    pub fn cancel(&mut self, rule: &Arc<str>, order: Option<&String>) {
        let stays = |planned: &Planned| order.is_some_and(|order| !planned.orders.contains(order));
        self.planned.retain(|planned| planned.rule != *rule || stays(planned));
    }

    /// When a message goes that may not go before `from`: marketing in the best hours, everything else as soon as it may.
    /// `None` where its time would pass.
    pub fn moment(&self, planned: &Planned, view: &View<'_>, from: Timestamp) -> Option<Timestamp> {
        let open = match gate(self, view, planned, &Shared::default(), from) {
            Verdict::Now | Verdict::OnlyTemplate { .. } => from,
            Verdict::NotBefore { at, .. } => self.apart(planned, view, at),
            Verdict::Never { .. } => from,
        };
        (open <= planned.not_after).then(|| best(self, planned, view, open))
    }

    /// A campaign's messages that were put off for the same reason do not all go at the moment when it ends.
    fn apart(&self, planned: &Planned, view: &View<'_>, at: Timestamp) -> Timestamp {
        let share = stable(view.contact.id.0, &planned.rule) % APART.0.unsigned_abs();
        let later = at + Duration::millis(share as i64);
        let may = || gate(self, view, planned, &Shared::default(), later).lets_go();
        if planned.campaign.is_some() && later <= planned.not_after && may() { later } else { at }
    }

    /// What an event changes for the gate and for what is known of their hours: habits that hold or are over. `topic` is the
    /// category that a message is about; `is_counted` is what adds nothing to what is counted.
    pub fn observe(&mut self, event: &Event, (topic, is_counted): (Option<&str>, bool), view: &View<'_>) -> Vec<Habit> {
        self.forget(event.received, view.policy);
        match &event.body {
            EventBody::Message(message) if !message.silent => {
                self.unread_since = None;
                return self.habit(Of::Message, event.at, (topic, is_counted), view);
            }
            EventBody::Status(status) => {
                self.trouble.observe(status, event.at, view.policy);
                if status.status == StatusKind::Read {
                    (self.receipts, self.unread_since) = (true, None);
                    // A message is read once.
                    return if is_counted { Vec::new() } else { self.habit(Of::Read, event.at, (None, false), view) };
                }
            }
            EventBody::Sent(sent) => self.sent_by_others(sent, event.at, view.policy),
            EventBody::Unsent { number } => self.sent.retain(|sent| sent.number != *number),
            _ => {}
        }
        Vec::new()
    }

    fn habit(&mut self, of: Of, at: Timestamp, about: (Option<&str>, bool), view: &View<'_>) -> Vec<Habit> {
        let place = Place { zone: view.zone, country: view.contact.country };
        self.habits.observe(of, at, about, &place, &view.policy.slots)
    }

    /// When the next plan is to be looked at.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.planned.iter().map(Planned::due).min()
    }

    /// Takes the plan that is due, decided by the gate: sent now, put off, or dropped. A plan whose latest time would pass while
    /// it waits is dropped: kept or not at all, never late (SEND-14). Of several the one goes first that the shop puts first.
    pub fn due(&mut self, view: &View<'_>, now: Timestamp) -> Option<(Planned, Verdict)> {
        let due = self.planned.iter().enumerate().filter(|(_, planned)| planned.due() <= now);
        let first = due.min_by_key(|(_, planned)| (view.policy.figures.rank(&planned.template), planned.not_after));
        let mut planned = self.planned.remove(first?.0);
        let verdict = gate(self, view, &planned, &Shared::default(), now);
        if verdict.lets_go()
            && let Some(first) = self.before(&planned, view, now)
        {
            let detail = Some(format!("{} stands first", first.template));
            let (at, why) = (first.due(), super::Reason { condition: Condition::DayFull, detail });
            planned.at = Some(at);
            self.planned.push(planned.clone());
            return Some((planned, Verdict::NotBefore { at, why }));
        }
        let Verdict::NotBefore { why, .. } = verdict else { return Some((planned, verdict)) };
        let Some(at) = self.moment(&planned, view, now) else {
            let detail = Some(why.to_string());
            return Some((planned, Verdict::Never { why: super::Reason { condition: Condition::TooLate, detail } }));
        };
        planned.at = Some(at.max(now + Duration::millis(1)));
        self.planned.push(planned.clone());
        Some((planned, Verdict::NotBefore { at, why }))
    }

    /// What is planned for later on the same day, stands before a message (G-30), and could not go any more if that one went now. A
    /// message that cannot wait so long gives way to none.
    fn before(&self, planned: &Planned, view: &View<'_>, now: Timestamp) -> Option<&Planned> {
        let rank = |planned: &Planned| view.policy.figures.rank(&planned.template);
        let day = |at: Timestamp| local(at, view.zone).0;
        let is_first = |other: &&Planned| {
            let due = other.due();
            rank(other) < rank(planned) && due > now && due <= planned.not_after && day(due) == day(now)
        };
        let mut first: Vec<&Planned> = self.planned.iter().filter(is_first).collect();
        if first.is_empty() {
            return None;
        }
        let may = |ledger: &Self, other: &Planned| gate(ledger, view, other, &Shared::default(), other.due()).lets_go();
        let mut after = self.clone();
        after.note(Sent { at: now, kind: planned.kind, rule: planned.rule.clone(), number: 0 }, view.policy);
        first.retain(|other| may(self, other) && !may(&after, other));
        first.into_iter().min_by_key(|other| other.due())
    }

    /// Remembers that something was sent.
    pub fn sent(&mut self, message: &Outgoing, policy: &Policy) {
        self.note_unread(message.at);
        if message.kind != MessageKind::Reply {
            let rule = message.rule.as_deref().unwrap_or_default().into();
            self.note(Sent { at: message.at, kind: message.kind, rule, number: message.number }, policy);
        }
    }

    fn sent_by_others(&mut self, sent: &SentEvent, at: Timestamp, policy: &Policy) {
        self.note_unread(at);
        if policy.figures.counts(sent) {
            let rule = sent.campaign.as_deref().unwrap_or(&sent.by).into();
            self.note(Sent { at, kind: sent.kind, rule, number: 0 }, policy);
        }
    }

    fn note_unread(&mut self, at: Timestamp) {
        if self.receipts {
            self.unread_since.get_or_insert(at);
        }
    }

    /// What no cap counts any more leaves the state.
    fn forget(&mut self, now: Timestamp, policy: &Policy) {
        let still_counts = now - policy.figures.remembers();
        self.sent.retain(|sent| sent.at >= still_counts);
    }

    fn note(&mut self, sent: Sent, policy: &Policy) {
        self.forget(sent.at, policy);
        let place = self.sent.partition_point(|other| other.at <= sent.at);
        self.sent.insert(place, sent);
        let excess = self.sent.len().saturating_sub(REMEMBERED);
        self.sent.drain(..excess);
    }

    /// Asks once more for a message that was decided, now that it is about to leave: it does not count against itself, and of the
    /// others counts what left, when it left.
    pub fn ask_again(
        &self,
        (planned, number): (&Planned, i64),
        departures: &[Departure],
        view: &View<'_>,
        shared: &Shared,
        now: Timestamp,
    ) -> Verdict {
        let mut others = self.clone();
        let is_known = |sent: &Sent| departures.iter().any(|departure| departure.number == sent.number);
        others.sent.retain(|sent| sent.number != number && !is_known(sent));
        for departure in departures.iter().filter(|departure| departure.number != number) {
            let Departure { number, left, kind, rule } = departure.clone();
            if let Some(at) = left.filter(|at| *at >= now - view.policy.figures.remembers()) {
                others.note(Sent { at, kind, rule, number }, view.policy);
            }
        }
        gate(&others, view, planned, shared, now)
    }
}

/// The best moment from then on for what is marketing; everything else goes at once.
fn best(ledger: &Ledger, planned: &Planned, view: &View<'_>, from: Timestamp) -> Timestamp {
    if !view.policy.figures.waits_for_best(planned) {
        return from;
    }
    let (quiet, worst) = closed(view);
    let (habits, closed, until) = (&ledger.habits, quiet.and(worst), planned.not_after);
    view.policy.slots.best(&Wish { view, habits, planned, closed, from, until }).unwrap_or(from)
}
