//! May we send, when, and how fast: the plan, the gate and the pacer of everything that nobody asked for.

mod condition;
mod gate;
pub mod pacer;
mod policy;
mod shared;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{Colour, Contact, Event, EventBody, FollowUpRequest, MessageKind, Outgoing, Shop, Timestamp};

pub use condition::Condition;
pub use gate::{Reason, Verdict, gate};
pub use policy::Policy;
pub use shared::{Held, Shared};

/// Sends that are remembered for the caps: more than a week allows.
const REMEMBERED: usize = 16;

/// A follow-up that waits for its moment.
pub type Planned = FollowUpRequest;

/// What is planned for a contact and what was sent unasked. Part of the fold's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    planned: Vec<Planned>,
    /// When something was sent unasked, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sent: Vec<Timestamp>,
    /// How many of them since the customer's last word.
    #[serde(skip_serializing_if = "is_zero")]
    unanswered: u32,
    /// Complaints that are open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    complaints: Vec<String>,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What the gate looks at beside the ledger.
pub struct View<'a> {
    /// Window, consent, zone.
    pub contact: &'a Contact,
    /// The follow-up colour.
    pub colour: Option<Colour>,
    /// No person is in charge or asked for.
    pub bot_may_speak: bool,
}

/// Something that was not sent, with the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What.
    pub planned: Planned,
    /// Why, and until when.
    pub verdict: Verdict,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: {}", self.planned.kind.name(), self.planned.rule, self.verdict)
    }
}

impl Ledger {
    /// What waits, in the order in which it was planned.
    pub fn planned(&self) -> impl Iterator<Item = &Planned> {
        self.planned.iter()
    }

    /// Plans a message. A rule plans one at a time for a product; the newest plan is the one that counts.
    pub fn plan(&mut self, request: &FollowUpRequest) {
        self.planned.retain(|planned| planned.rule != request.rule || planned.product != request.product);
        self.planned.push(request.clone());
    }

    /// What a rule planned is not wanted any more.
    pub fn cancel(&mut self, rule: &Arc<str>) {
        self.planned.retain(|planned| planned.rule != *rule);
    }

    /// What an event changes for the gate: an answer, a complaint, an opt-out.
    pub fn observe(&mut self, event: &Event) {
        match &event.body {
            EventBody::Message(message) if !message.silent => self.unanswered = 0,
            EventBody::Case(case) if case.kind == "complaint" && case.action == "opened" => {
                self.complaints.retain(|open| *open != case.case);
                self.complaints.push(case.case.clone());
            }
            EventBody::Case(case) if case.action == "resolved" => self.complaints.retain(|open| *open != case.case),
            _ => {}
        }
    }

    /// When the next plan is to be looked at.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.planned.iter().map(|planned| planned.not_before).min()
    }

    /// Takes the plan that is due, decided by the gate: sent now, put off, or dropped. A plan whose latest time would
    /// pass while it waits is dropped: kept or not at all, never late (SEND-14).
    pub fn due(&mut self, view: &View<'_>, policy: &Policy, shop: &Shop, now: Timestamp) -> Option<(Planned, Verdict)> {
        let index = self.planned.iter().position(|planned| planned.not_before <= now)?;
        let mut planned = self.planned.remove(index);
        let verdict = gate(self, view, &planned, policy, shop, &Shared::default(), now);
        if let Verdict::NotBefore { at, .. } = &verdict {
            if *at > planned.not_after {
                return Some((planned, Verdict::Never { why: Condition::TooLate.into() }));
            }
            planned.not_before = (*at).max(now + crate::domain::Duration::millis(1));
            self.planned.push(planned.clone());
        }
        Some((planned, verdict))
    }

    /// Remembers that something was sent unasked.
    pub fn sent(&mut self, message: &Outgoing) {
        if message.kind == MessageKind::Reply {
            return;
        }
        self.sent.push(message.at);
        let excess = self.sent.len().saturating_sub(REMEMBERED);
        self.sent.drain(..excess);
        self.unanswered += 1;
    }
}
