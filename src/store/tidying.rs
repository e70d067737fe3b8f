//! What is counted to tidy the set of tags, and what tidying changed.

use super::{Backend, LogRow, Store, StoreError, postgres, sqlite};
use crate::domain::{ContactId, EventBody, Period, Timestamp};
use crate::governance::Overlap;

/// What tidying changed of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tidied {
    /// Whose.
    pub contact: ContactId,
    /// Which tag.
    pub tag: String,
    /// Given, or taken away.
    pub set: bool,
}

/// Orders of a state, and how many of their customers hold the tag that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct OrdersTagged {
    pub orders: i64,
    pub tagged: i64,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// For each two of these tags that somebody holds together, how many do.
    pub async fn tag_overlaps(&self, tags: &[&str]) -> Result<Vec<Overlap>, StoreError> {
        Ok(query!(self, tidying::overlaps(tags)))
    }

    /// Events of campaigns as a whole since a moment, by the time at which they happened.
    pub async fn campaigns(&self, since: Timestamp) -> Result<Vec<(Timestamp, EventBody)>, StoreError> {
        Ok(query!(self, tidying::campaigns(since)))
    }

    /// The next contacts that hold a tag, and whether they hold the other one.
    pub async fn holders(
        &self,
        tag: &str,
        other: Option<&str>,
        after: ContactId,
        limit: i64,
    ) -> Result<Vec<(ContactId, bool)>, StoreError> {
        Ok(query!(self, tidying::holders(tag, other, after, limit)))
    }

    /// Keeps what a line of the log changes, so that it can be taken back.
    pub async fn keep_tidied(&self, log: i64, changes: &[Tidied]) -> Result<(), StoreError> {
        change!(self, tidying::keep(log, changes));
        Ok(())
    }

    /// What a line of the log changed, the next ones behind a place.
    pub async fn tidied(&self, log: i64, after: &(ContactId, String), limit: i64) -> Result<Vec<Tidied>, StoreError> {
        Ok(query!(self, tidying::kept(log, after, limit)))
    }

    /// One line of the log.
    pub async fn log_line(&self, id: i64) -> Result<Option<LogRow>, StoreError> {
        Ok(query!(self, tags::log_line(id)))
    }

    /// A line of the log was taken back.
    pub async fn mark_undone(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        change!(self, tags::mark_undone(id, now));
        Ok(())
    }

    /// How many contacts were seen before a moment.
    pub async fn contacts_before(&self, end: Timestamp) -> Result<i64, StoreError> {
        Ok(query!(self, tidying::contacts_before(end)))
    }

    /// Contacts that were seen before a moment, in order, so many at a time.
    pub async fn contact_ids(
        &self,
        end: Timestamp,
        after: ContactId,
        limit: i64,
    ) -> Result<Vec<ContactId>, StoreError> {
        Ok(query!(self, tidying::contact_ids(end, after, limit)))
    }

    /// How many hold one of these tags.
    pub async fn holders_of_any(&self, tags: &[&str]) -> Result<i64, StoreError> {
        Ok(query!(self, tidying::holders_of_any(tags)))
    }

    /// Verdicts of a period on tags of these contacts: right, wrong.
    pub async fn verdicts_on(&self, contacts: &[ContactId], period: &Period) -> Result<(i64, i64), StoreError> {
        Ok(query!(self, tidying::verdicts_on(contacts, period)))
    }

    /// Orders placed in a stretch of time that stand at a rank, and how many of their customers hold a tag.
    pub async fn orders_tagged(
        &self,
        rank: i64,
        tag: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<OrdersTagged, StoreError> {
        Ok(query!(self, tidying::orders_tagged(rank, tag, from, until)))
    }

    /// Customers with an order placed in a stretch of time who hold a tag, and how many of them have an order at a rank.
    pub async fn tagged_with_order(
        &self,
        rank: i64,
        tag: &str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<(i64, i64), StoreError> {
        Ok(query!(self, tidying::tagged_with_order(rank, tag, from, until)))
    }

    /// Since when the event waits that has waited longest for its fold, and the contact whose clock is overdue longest.
    pub async fn waits_since(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        Ok(query!(self, tidying::waits_since(now)))
    }
}
