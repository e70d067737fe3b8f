//! Events of the whole shop on their way to the contacts that they concern.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::{ContactId, Event, Timestamp};

/// An event that has not reached everybody yet.
#[derive(Clone, Debug, PartialEq)]
pub struct WideEvent {
    /// What happened.
    pub event: Event,
    /// Contacts up to this one have it.
    pub after: ContactId,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// The first event of nobody, of one of these kinds, that has not reached everybody yet.
    pub async fn next_wide(&self, kinds: &[&str]) -> Result<Option<WideEvent>, StoreError> {
        Ok(query!(self, wide::next(kinds)))
    }

    /// Events of nobody, of one kind, that came before that one and since that moment.
    pub async fn wide_before(&self, kind: &str, seq: i64, since: Timestamp) -> Result<Vec<Event>, StoreError> {
        Ok(query!(self, wide::before(kind, seq, since)))
    }

    /// The next contacts behind that one who hold a tag like one of these, and since when; `*` at the end stands for anything.
    pub async fn concerned(
        &self,
        tags: &[String],
        after: ContactId,
        limit: i64,
    ) -> Result<Vec<(ContactId, Timestamp)>, StoreError> {
        Ok(query!(self, wide::concerned(tags, after, limit)))
    }

    /// Notes that an event has reached contacts up to this one.
    pub async fn wide_reached(&self, seq: i64, contact: ContactId) -> Result<(), StoreError> {
        change!(self, wide::note(seq - 1, contact));
        Ok(())
    }

    /// Notes that an event has reached everybody.
    pub async fn wide_done(&self, seq: i64) -> Result<(), StoreError> {
        change!(self, wide::note(seq, ContactId(0)));
        Ok(())
    }
}
