//! Programs that are told by webhooks: where each is, how far it was told, and the news that stand behind that place.

use std::collections::BTreeSet;

use secrecy::SecretString;

use super::{Backend, HandoffRow, LedgerLine, SentRow, Store, StoreError, postgres, sqlite};
use crate::domain::{ContactId, Event, Timestamp};
use crate::webhooks::{Kind, Source};

/// A place in each of the lists in which news stand: what has this number or a smaller one lies before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the lists are those of `Source`")]
pub struct Marks {
    pub journal: i64,
    pub ledger: i64,
    pub trail: i64,
}

impl Marks {
    /// The place in one list.
    pub fn of(&self, source: Source) -> i64 {
        match source {
            Source::Journal => self.journal,
            Source::Ledger => self.ledger,
            Source::Trail => self.trail,
        }
    }

    /// Another place in one list.
    pub fn set(&mut self, source: Source, place: i64) {
        match source {
            Source::Journal => self.journal = place,
            Source::Ledger => self.ledger = place,
            Source::Trail => self.trail = place,
        }
    }
}

/// The last numbers that can be seen, and who is writing: on PostgreSQL one of these may still have a smaller number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The last numbers.
    pub last: Marks,
    /// The transactions that are writing. On SQLite one writer commits after the other: nobody.
    pub writers: BTreeSet<String>,
}

/// A program that is told by webhooks.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct WebhookRow {
    pub id: String,
    pub url: String,
    pub kinds: Vec<Kind>,
    pub secret: SecretString,
    pub old_secret: Option<(SecretString, Timestamp)>,
    pub enabled: bool,
    pub stopped: Option<String>,
    pub made_at: Timestamp,
    pub progress: Progress,
}

/// How far a program was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct Progress {
    pub marks: Marks,
    pub ahead: Vec<String>,
    pub failing: Option<String>,
    pub failing_since: Option<Timestamp>,
    pub attempts: i64,
    pub next_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
}

/// One attempt to deliver something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct AttemptRow {
    pub id: i64,
    pub event: String,
    pub kind: String,
    pub at: Timestamp,
    pub attempt: i64,
    pub status: Option<i64>,
    pub error: Option<String>,
    pub millis: i64,
}

/// Something that changes a row in place, for whoever wants to be told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trail {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// Whose.
    pub contact: ContactId,
    /// Number of the hand-off or of the message; of consent, whether it is about everything (1).
    pub subject: i64,
}

impl Trail {
    /// A message of ours was refused or became worthless before it left.
    pub(super) fn failed(contact: ContactId, number: i64, at: Timestamp) -> Self {
        Self { at, kind: Kind::MessageFailed, contact, subject: number }
    }
}

/// A contact came to want no messages, or to want them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// When.
    pub at: Timestamp,
    /// They want none now.
    pub out: bool,
    /// Of any kind, and not only no marketing.
    pub all: bool,
}

impl Consent {
    /// As it stands in the trail.
    pub(super) fn trail(self, contact: ContactId) -> Trail {
        let kind = if self.out { Kind::OptedOut } else { Kind::OptedIn };
        Trail { at: self.at, kind, contact, subject: i64::from(self.all) }
    }
}

/// A stretch of one list: behind the first place, up to the second, at most so many.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "said above")]
pub struct Stretch {
    pub after: i64,
    pub until: i64,
    pub most: i64,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Every program that is told, by when it was made known.
    pub async fn webhooks(&self) -> Result<Vec<WebhookRow>, StoreError> {
        Ok(query!(self, webhooks::all()))
    }

    /// Makes a program known.
    pub async fn add_webhook(&self, row: &WebhookRow) -> Result<(), StoreError> {
        change!(self, webhooks::add(row));
        Ok(())
    }

    /// Writes what people say of a program, and with `anew` from where it is told from now on. Its progress stays otherwise.
    pub async fn change_webhook(&self, row: &WebhookRow, anew: bool) -> Result<(), StoreError> {
        change!(self, webhooks::change(row, anew));
        Ok(())
    }

    /// Forgets a program. False if there is none.
    pub async fn remove_webhook(&self, id: &str) -> Result<bool, StoreError> {
        Ok(change!(self, webhooks::remove(id)))
    }

    /// Writes how far a program was told that stood as in `before`, the attempts that were made, and why it is told no more, if so.
    /// False if it was moved or corrected meanwhile: then nothing but the attempts is written.
    pub async fn told_webhook(
        &self,
        before: &WebhookRow,
        progress: &Progress,
        stopped: Option<&str>,
        attempts: &[AttemptRow],
    ) -> Result<bool, StoreError> {
        Ok(change!(self, webhooks::told(before, progress, stopped, attempts)))
    }

    /// The newest attempts of a program before that one.
    pub async fn webhook_attempts(&self, id: &str, before: i64, limit: i64) -> Result<Vec<AttemptRow>, StoreError> {
        Ok(query!(self, webhooks::attempts(id, before, limit)))
    }

    /// Notes one attempt.
    pub async fn note_attempt(&self, id: &str, attempt: &AttemptRow) -> Result<(), StoreError> {
        change!(self, webhooks::note(id, std::slice::from_ref(attempt)));
        Ok(())
    }

    /// Up to where news can be seen.
    pub async fn news_seen(&self) -> Result<Seen, StoreError> {
        Ok(query!(self, webhooks::seen()))
    }

    /// Events of contacts of these kinds, in order.
    pub async fn journal_news(&self, stretch: Stretch, kinds: &[&str]) -> Result<Vec<(ContactId, Event)>, StoreError> {
        Ok(query!(self, webhooks::journal(stretch, kinds)))
    }

    /// What folds changed of tags, in order.
    pub async fn ledger_news(&self, stretch: Stretch) -> Result<Vec<(i64, ContactId, Vec<LedgerLine>)>, StoreError> {
        Ok(query!(self, webhooks::ledger(stretch)))
    }

    /// The trail, in order.
    pub async fn trail_news(&self, stretch: Stretch) -> Result<Vec<(i64, Trail)>, StoreError> {
        Ok(query!(self, webhooks::trail(stretch)))
    }

    /// Who these contacts are by now, each with the summary.
    pub async fn living(&self, contacts: &[i64]) -> Result<Vec<(i64, i64, String)>, StoreError> {
        Ok(query!(self, webhooks::living(contacts)))
    }

    /// Messages of ours by contact and number.
    pub async fn sent_of(&self, numbers: &[(i64, i64)]) -> Result<Vec<SentRow>, StoreError> {
        Ok(query!(self, webhooks::sent_of(numbers)))
    }

    /// Messages of ours by the provider's id.
    pub async fn sent_as(&self, wamids: &[&str]) -> Result<Vec<SentRow>, StoreError> {
        Ok(query!(self, webhooks::sent_as(wamids)))
    }

    /// Hand-offs by number.
    pub async fn handoffs_of(&self, numbers: &[i64]) -> Result<Vec<HandoffRow>, StoreError> {
        Ok(query!(self, webhooks::handoffs_of(numbers)))
    }

    /// Forgets what of the trail is older than that.
    pub async fn sweep_trail(&self, before: Timestamp) -> Result<(), StoreError> {
        change!(self, webhooks::sweep(before));
        Ok(())
    }
}
