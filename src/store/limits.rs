//! What holds messages back for many customers at once.

use std::sync::Arc;

use super::{Backend, OutboxRow, Store, StoreError, postgres, sqlite};
use crate::domain::{ContactId, Content, Outgoing, Timestamp};
use crate::outreach::{Departure, KeptBack, Limits, Outcomes};

/// What the gate says of a follow-up that is about to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leave {
    /// It leaves.
    Now,
    /// It leaves with this content: its template filled in, and in the language that was chosen.
    Instead(Content),
    /// It is to be asked for again then, for this reason.
    NotBefore(Timestamp, String),
    /// It is not wanted any more, for this reason.
    Never(String),
}

/// Asked of each follow-up in the transaction that marks it as sending: the contact's state, the message, and what became of the
/// contact's other follow-ups.
pub type Gate = Arc<dyn Fn(Option<&[u8]>, &Outgoing, &[Departure]) -> Leave + Send + Sync>;

/// Why a follow-up failed that may have been sent all the same: it counts as sent.
pub const NOT_KNOWN_WHETHER_SENT: &str = "it is not known whether it was sent";

/// What decides of follow-ups beside the database.
#[derive(Clone)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Unasked {
    pub limits: Arc<Limits>,
    pub gate: Gate,
    /// Numbers whose follow-ups are not looked at this time.
    pub resting: Vec<String>,
}

/// What was taken out of the outbox.
#[derive(Debug, Default)]
pub struct Taken {
    /// The messages, marked as `sending`.
    pub rows: Vec<OutboxRow>,
    /// Numbers of which follow-ups are due, and not one may leave: what many wait for holds them all.
    pub blocked: Vec<String>,
}

/// Something that must not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldRow {
    /// `account`, `number:ID` or `template:NAME`.
    pub what: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when; `None` until Meta or a person lifts it.
    pub until: Option<Timestamp>,
    /// In words.
    pub why: String,
    /// Who holds it: `meta` and one of its reasons, `breaker`, `templates`, or the sign-in name of a person.
    pub source: String,
}

/// A line of the history of limits, quality and holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct HistoryRow {
    pub at: Timestamp,
    pub what: String,
    pub said: String,
}

/// What Meta tells of one of our numbers. What is empty was not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberTold {
    /// As people write it.
    pub display: String,
    /// `GREEN`, `YELLOW`, `RED`, `UNKNOWN`.
    pub quality: String,
    /// `STANDARD`, `HIGH`, `NOT_APPLICABLE`; `BUSINESS_APP` where it is used in the app as well.
    pub throughput: String,
    /// `CONNECTED`, `RESTRICTED` and others; `BLOCKED` where only its health tells that it may not send.
    pub status: String,
}

/// What decides of a number's pace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceRow {
    /// Meta's id of it.
    pub channel: String,
    /// See [`NumberTold::throughput`].
    pub throughput: String,
    /// Until when it sends slower.
    pub slowed_until: Option<Timestamp>,
}

/// One of our numbers as Meta describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberRow {
    /// Meta's id of it.
    pub channel: String,
    /// What Meta told last.
    pub told: NumberTold,
    /// Until when it sends slower, since Meta said that it was too much.
    pub slowed_until: Option<Timestamp>,
    /// When we began to send from it.
    pub since: Timestamp,
    /// Since when it grows back after a rest.
    pub resumed_at: Option<Timestamp>,
    /// Unasked messages that left within an hour, and since its last rest.
    pub sent_in_hour: i64,
    /// When Meta was asked last.
    pub checked_at: Option<Timestamp>,
    /// Customers that its templates reached in 24 hours.
    pub reached: i64,
}

/// What became of what was sent unasked by one number with one template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeRow {
    /// Our number.
    pub channel: String,
    /// Its name; empty inside the service window.
    pub template: String,
    /// Figures.
    pub outcomes: Outcomes,
}

/// An event about our own account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AccountEvent {
    pub seq: i64,
    pub received: Timestamp,
    pub body: String,
}

/// How many follow-ups wait, and what became of others in 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnaskedCounts {
    /// Planned for a later moment: nothing is decided yet.
    pub planned: i64,
    /// Decided, and not sent yet.
    pub waiting: i64,
    /// Those of them that are put off to a later moment.
    pub put_off: i64,
    /// Left.
    pub sent: i64,
    /// Those of them that failed.
    pub failed: i64,
}

/// The number by which a message goes, and its template with the language, if it goes as one.
pub type Way = (String, Option<(String, String)>);

/// A follow-up that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct WaitingRow {
    pub contact: ContactId,
    pub number: i64,
    pub kind: String,
    pub channel: String,
    pub template: Option<String>,
    pub campaign: Option<String>,
    pub due: Timestamp,
    pub expires: Timestamp,
    /// Why it was put off, if it was.
    pub why: Option<String>,
}

/// Why follow-ups failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureRow {
    /// Meta's code as a status tells it, or words.
    pub reason: String,
    /// How many.
    pub count: i64,
    /// When the first one left.
    pub since: Timestamp,
    /// When the last one failed.
    pub last: Timestamp,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Holds something back; true if this source did not hold it yet, or for another reason.
    pub async fn hold(&self, row: &HoldRow) -> Result<bool, StoreError> {
        Ok(change!(self, holds::hold(row)))
    }

    /// Lifts what a source holds, or without one what anybody does; true if something was.
    pub async fn lift(&self, what: &str, source: Option<&str>, why: &str, now: Timestamp) -> Result<bool, StoreError> {
        let lifted = change!(self, holds::lift(what, source, why, now));
        self.inner.outbox.notify_waiters();
        Ok(lifted)
    }

    /// What is held, the oldest first; also what is over by now.
    pub async fn holds(&self) -> Result<Vec<HoldRow>, StoreError> {
        Ok(query!(self, holds::holds()))
    }

    /// What happened to limits, quality and holds, the newest first.
    pub async fn outreach_history(&self, limit: i64) -> Result<Vec<HistoryRow>, StoreError> {
        Ok(query!(self, holds::history(limit)))
    }

    /// The portfolio's limit as Meta told it: `None` was never told, `Some(None)` is unlimited.
    pub async fn portfolio(&self) -> Result<Option<Option<u32>>, StoreError> {
        Ok(query!(self, limits::portfolio()))
    }

    /// Keeps the portfolio's limit; `None` is unlimited.
    pub async fn set_portfolio(&self, most: Option<u32>, now: Timestamp) -> Result<(), StoreError> {
        if change!(self, limits::set_figure("portfolio", most.map_or(-1, i64::from))) {
            let said =
                most.map_or_else(|| "unlimited customers in 24 h".into(), |most| format!("{most} customers in 24 h"));
            change!(self, holds::note("portfolio", &said, now));
        }
        Ok(())
    }

    /// Keeps what Meta says of a number.
    pub async fn set_number(&self, channel: &str, told: &NumberTold, now: Timestamp) -> Result<(), StoreError> {
        change!(self, numbers::set_number(channel, told, now));
        Ok(())
    }

    /// A number sends slower until then.
    pub async fn slow_number(
        &self,
        channel: &str,
        until: Timestamp,
        why: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        change!(self, numbers::slow_number(channel, until, why, now));
        Ok(())
    }

    /// What decides of the pace of our numbers.
    pub async fn paces(&self) -> Result<Vec<PaceRow>, StoreError> {
        Ok(query!(self, numbers::paces()))
    }

    /// Our numbers, with the customers that their templates reached in 24 hours.
    pub async fn numbers(&self, now: Timestamp) -> Result<Vec<NumberRow>, StoreError> {
        Ok(query!(self, numbers::numbers(now)))
    }

    /// What became of what was sent unasked since that moment; `seasoned` is the moment before which it could be read by now.
    pub async fn outcomes(&self, since: Timestamp, seasoned: Timestamp) -> Result<Vec<OutcomeRow>, StoreError> {
        Ok(query!(self, numbers::outcomes(since, seasoned)))
    }

    /// Of the latest unasked messages of a number, the newest first, whether Meta kept each from its customer; of as many as decide.
    pub async fn kept_back(
        &self,
        channel: &str,
        since: Timestamp,
        figures: &KeptBack,
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        Ok(query!(self, numbers::kept_back(channel, since, figures, now)))
    }

    /// Follow-ups that reached nobody, of which their contacts are to be told: whose, and which number.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn unsent(&self, most: i64) -> Result<Vec<(ContactId, i64)>, StoreError> {
        Ok(query!(self, departures::unsent(most)))
    }

    /// Their contacts were told of these.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn unsent_told(&self, rows: &[(ContactId, i64)]) -> Result<(), StoreError> {
        change!(self, departures::told(rows));
        Ok(())
    }

    /// Account events that were not heeded yet, in order.
    pub async fn unheeded(&self) -> Result<Vec<AccountEvent>, StoreError> {
        let after = query!(self, limits::figure("heeded")).unwrap_or(0);
        Ok(query!(self, limits::account_events(after)))
    }

    /// Account events up to this place of the journal were heeded.
    pub async fn heeded(&self, seq: i64) -> Result<(), StoreError> {
        change!(self, limits::set_figure("heeded", seq));
        Ok(())
    }

    /// By which number and which template a message went.
    pub async fn way_of(&self, contact: ContactId, number: i64) -> Result<Option<Way>, StoreError> {
        Ok(query!(self, limits::way_of(contact, number)))
    }

    /// Whether a template reached a customer within the portfolio's 24 hours.
    pub async fn is_reached(&self, contact: ContactId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(query!(self, limits::is_reached(contact, now)))
    }

    /// How many follow-ups wait, and what became of others in 24 hours.
    pub async fn unasked_counts(&self, now: Timestamp) -> Result<UnaskedCounts, StoreError> {
        Ok(query!(self, limits::unasked_counts(now)))
    }

    /// Why follow-ups failed that left since that moment.
    pub async fn unasked_failures(&self, since: Timestamp) -> Result<Vec<FailureRow>, StoreError> {
        Ok(query!(self, outbox::unasked_failures(since)))
    }

    /// Contacts with plans, whose first plan is looked at soonest, with their states.
    pub async fn with_plans(&self, limit: i64) -> Result<Vec<(ContactId, Option<Vec<u8>>)>, StoreError> {
        Ok(query!(self, limits::with_plans(limit)))
    }

    /// Follow-ups that wait, the next ones first.
    pub async fn waiting(&self, limit: i64) -> Result<Vec<WaitingRow>, StoreError> {
        Ok(query!(self, limits::waiting(limit)))
    }
}
