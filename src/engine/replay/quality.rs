//! How the number stands in the world of a timeline: what became of messages that nobody asked for, judged as the running system
//! judges it, and for how long nothing unasked goes out. Where Meta's own limits stand no timeline tells.

use crate::domain::{
    ContactId, Duration, EventBody, MessageKind, MessageNumber, Outgoing, StatusEvent, StatusKind, Timestamp,
};
use crate::engine::fold::state::State;
use crate::governance::Alert;
use crate::outreach::{Limits, Outcomes};
use crate::whatsapp::errors::{self, Action};

/// A message that has been on the phone for this long could have been read.
const SEASONED: Duration = Duration::hours(2);
/// The alert that stands while the number rests.
pub(crate) const ALERT: &str = "number-quality";

/// A message that nobody asked for.
struct Sent {
    contact: ContactId,
    message: String,
    at: Timestamp,
    failed: bool,
    /// Meta kept it from the customer.
    kept_back: bool,
    opted_out: bool,
    /// Meta told that it left.
    left: bool,
    arrived: bool,
    read: bool,
}

/// What was sent unasked, and whether the number rests.
#[derive(Default)]
pub(crate) struct Quality {
    /// By time, as far back as the breaker looks.
    sent: Vec<Sent>,
    rests: Option<(Timestamp, String)>,
}

impl Quality {
    /// Takes in an event of a contact, whose state it is folded into already.
    pub(crate) fn note(&mut self, state: &State, body: &EventBody, at: Timestamp, limits: &Limits) {
        match body {
            EventBody::Sent(sent) if sent.kind != MessageKind::Reply => self.add(state, sent.message.clone(), at),
            EventBody::Status(status) => self.status(status, at, limits),
            EventBody::Message(_) | EventBody::Opt(_) if state.contact.is_opted_out() => {
                let theirs = self.sent.iter_mut().filter(|sent| sent.contact == state.contact.id);
                theirs.for_each(|sent| sent.opted_out = true);
            }
            _ => return,
        }
        self.judge(at, limits);
    }

    /// Whether a message that was decided may leave: while the number rests, replies only.
    pub(crate) fn lets_go(&mut self, state: &State, message: &Outgoing) -> Result<(), &str> {
        if message.kind == MessageKind::Reply {
            return Ok(());
        }
        if let Some((until, _)) = &self.rests
            && *until > message.at
        {
            return self.rests.as_ref().map_or(Ok(()), |(_, why)| Err(why));
        }
        let id = MessageNumber { contact: state.contact.id, number: message.number };
        self.add(state, id.to_string(), message.at);
        Ok(())
    }

    /// The alert that stands while the number rests.
    pub(crate) fn alert(&self, now: Timestamp) -> Option<Alert> {
        let (until, why) = self.rests.as_ref().filter(|(until, _)| *until > now)?;
        let advice = "Replies go on. Look at what was sent, and to whom, before anything is sent again.".into();
        Some(Alert { name: ALERT.into(), what: format!("the number rests until {until}: {why}"), advice })
    }

    fn add(&mut self, state: &State, message: String, at: Timestamp) {
        let contact = state.contact.id;
        let (failed, kept_back, opted_out, left, arrived, read) = Default::default();
        let sent = Sent { contact, message, at, failed, kept_back, opted_out, left, arrived, read };
        self.sent.insert(self.sent.partition_point(|other| other.at <= at), sent);
    }

    fn status(&mut self, status: &StatusEvent, at: Timestamp, limits: &Limits) {
        let Some(sent) = self.sent.iter_mut().rfind(|sent| sent.message == status.message) else { return };
        match status.status {
            StatusKind::Failed => {
                sent.failed = true;
                sent.kept_back = status.error.is_some_and(|code| limits.kept_back.errors.contains(&code));
            }
            StatusKind::Delivered => (sent.left, sent.arrived) = (true, true),
            StatusKind::Read => (sent.left, sent.arrived, sent.read) = (true, true, true),
            StatusKind::Sent => sent.left = true,
        }
        let policy = status.error.and_then(|code| Some((code, errors::policy(code)?)));
        if let Some((code, policy)) = policy.filter(|(_, policy)| is_of_number(policy.action)) {
            // A rest without an end lasts until Meta lifts it, which no timeline tells.
            let until = policy.rests.map_or(Timestamp(i64::MAX), |rests| at + rests);
            self.rest(until, errors::explain(code));
        }
    }

    fn judge(&mut self, now: Timestamp, limits: &Limits) {
        self.sent.drain(..self.sent.partition_point(|sent| sent.at < now - limits.breaker.within));
        let count = |wanted: fn(&Sent) -> bool| self.sent.iter().filter(|sent| wanted(sent)).count() as u64;
        let seasoned = |wanted: fn(&Sent) -> bool| {
            let left = self.sent.iter().filter(|sent| sent.left && sent.at < now - SEASONED);
            left.filter(|sent| wanted(sent)).count() as u64
        };
        let outcomes = Outcomes {
            sent: count(|_| true),
            failed: count(|sent| sent.failed),
            opted_out: count(|sent| sent.opted_out),
            left: seasoned(|_| true),
            arrived: seasoned(|sent| sent.arrived),
            read: seasoned(|sent| sent.read),
        };
        let is_told = |sent: &&Sent| sent.failed || sent.arrived || sent.at < now - limits.kept_back.told_within;
        let latest = self.sent.iter().rev().filter(is_told).map(|sent| sent.kept_back);
        if let Some(why) = limits.breaker.judge(outcomes).or_else(|| limits.kept_back.judge(latest)) {
            self.rest(now + limits.breaker.rests, why);
        }
    }

    fn rest(&mut self, until: Timestamp, why: String) {
        if self.rests.as_ref().is_none_or(|(rests, _)| *rests < until) {
            self.rests = Some((until, why));
        }
    }
}

/// Whether an error stops a whole number, or all of them.
fn is_of_number(action: Action) -> bool {
    matches!(action, Action::NumberPause | Action::AccountPause)
}
