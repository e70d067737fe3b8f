//! What is planned for a contact, what was sent unasked, and how that was received.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::habits::{Habits, Place};
use super::slots::Of;
use super::{Planned, Policy, View};
use crate::domain::{
    Contact, Event, EventBody, Habit, MessageKind, Outgoing, SentEvent, StatusEvent, StatusKind, Timestamp,
};

/// Sends that are remembered at most: what others send in our name is not ours to limit.
const REMEMBERED: usize = 48;
/// Who was not reached so often in a row gets nothing more until they write.
const TRIED_TWICE: u8 = 2;

/// What is planned for a contact and what was sent unasked. Part of the fold's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) planned: Vec<Planned>,
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
    pub(super) number: i64,
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

    pub(super) fn note(&mut self, sent: Sent, policy: &Policy) {
        self.forget(sent.at, policy);
        let place = self.sent.partition_point(|other| other.at <= sent.at);
        self.sent.insert(place, sent);
        let excess = self.sent.len().saturating_sub(REMEMBERED);
        self.sent.drain(..excess);
    }
}
