//! Counting and listing segments.

use super::{Backend, InboxRow, Store, StoreError, postgres, sqlite};
use crate::domain::{ContactId, Currency, Rates, Timestamp};
use crate::segments::Segment;

/// A segment and all that it depends on beside the contacts.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Who.
    pub segment: &'a Segment,
    /// Those that are listed before the others.
    pub first: Option<&'a Segment>,
    /// Windows end now.
    pub now: Timestamp,
    /// For sums in other currencies.
    pub rates: &'a Rates,
    /// Of sums that name none.
    pub currency: Currency,
}

/// A segment that somebody saved, in its text form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct SavedSegment {
    pub name: String,
    pub segment: String,
    pub first: String,
    pub about: String,
    pub made_by: String,
    pub changed_at: Timestamp,
}

/// Where a list goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// 0 for those that come first, 1 for the others.
    pub rank: i64,
    /// The last contact that was listed.
    pub contact: i64,
}

/// A contact as lists and exports show it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the tables")]
pub struct Member {
    pub contact: ContactId,
    /// Where the list goes on behind this one.
    pub place: Place,
    /// When something was last heard of them, of whatever kind.
    pub last_at: Timestamp,
    /// As the fold wrote it for lists.
    pub summary: String,
    pub profile: super::Profile,
    pub tags: Vec<String>,
    /// Purchases: currency, how many, their sum in ten-thousandths.
    pub spent: Vec<(String, i64, i64)>,
    /// When the first and the latest of them was paid for.
    pub purchases: Option<(i64, i64)>,
}

/// Which contacts of a segment a list of the newest shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Newest {
    /// Nobody but this one.
    pub only: Option<ContactId>,
    /// Of whom something was heard since then.
    pub since: Option<Timestamp>,
    /// Where the list goes on: the last contact that was listed, with when something was heard of them.
    pub after: Option<(Timestamp, ContactId)>,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// How many contacts are in a segment.
    pub async fn count_segment(&self, asked: &Asked<'_>) -> Result<i64, StoreError> {
        Ok(query!(self, segments::count(asked)))
    }

    /// The next `limit` contacts of a segment behind that place.
    pub async fn list_segment(&self, asked: &Asked<'_>, after: Place, limit: i64) -> Result<Vec<Member>, StoreError> {
        Ok(query!(self, segments::list(asked, after, limit)))
    }

    /// The next `limit` contacts of a segment, those first of whom something was heard last.
    pub async fn newest(&self, asked: &Asked<'_>, newest: Newest, limit: i64) -> Result<Vec<Member>, StoreError> {
        Ok(query!(self, segments::newest(asked, newest, limit)))
    }

    /// One contact as lists show it, without its tags.
    pub async fn member(&self, contact: ContactId) -> Result<Option<Member>, StoreError> {
        Ok(query!(self, segments::member(contact)))
    }

    /// Contacts of a segment who wait for a person, the nearest promise first, and behind them those who have one.
    pub async fn inbox_of(&self, asked: &Asked<'_>, limit: i64) -> Result<Vec<InboxRow>, StoreError> {
        Ok(query!(self, segments::inbox(asked, limit)))
    }

    /// How many those are.
    pub async fn count_inbox_of(&self, asked: &Asked<'_>) -> Result<i64, StoreError> {
        Ok(query!(self, segments::count_inbox(asked)))
    }

    /// Every segment that was saved, by name.
    pub async fn saved_segments(&self) -> Result<Vec<SavedSegment>, StoreError> {
        Ok(query!(self, segments::saved()))
    }

    /// Saves a segment, in place of the one of that name. True if there was none.
    pub async fn save_segment(&self, segment: &SavedSegment) -> Result<bool, StoreError> {
        Ok(change!(self, segments::save(segment)))
    }

    /// Forgets a segment. False if there was none of that name.
    pub async fn forget_segment(&self, name: &str) -> Result<bool, StoreError> {
        Ok(change!(self, segments::forget(name)))
    }
}
