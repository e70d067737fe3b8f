//! Who is being folded: a claim is on the contact, so that its events are folded in order, one at a time.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Executor;

use super::StoreError;
use super::postgres::WHILE_FOLDING;

/// Contacts that this process is folding. On SQLite this is the whole lock, since one process owns the file; on PostgreSQL
/// it spares looking at rows that this node has locked itself.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    contacts: Mutex<HashSet<i64>>,
    /// In front of which number of the journal nothing is unread, and when that was seen.
    first: Mutex<Option<(i64, Instant)>>,
    /// One claim at a time: what one reads as free, no other may take in between.
    pub(super) turn: tokio::sync::Mutex<()>,
}

/// How long it is remembered where what is unread begins. On PostgreSQL rows that are gone stay in the way while somebody reads an
/// old state of the tables, such as a backup: they are not walked through each time.
const REMEMBERED: Duration = Duration::from_secs(60);

impl InFlight {
    /// In front of which number of the journal nothing is unread, where that was seen not long ago.
    pub(super) fn first_unread(&self) -> Option<i64> {
        let first = *self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.filter(|(_, seen)| seen.elapsed() < REMEMBERED).map(|(first, _)| first)
    }

    /// It was seen now.
    pub(super) fn note_first(&self, first: i64) -> i64 {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = Some((first, Instant::now()));
        first
    }

    pub(super) fn list(&self) -> Vec<[i64; 1]> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|id| [*id]).collect()
    }

    pub(super) fn hold(self: &Arc<Self>, ids: Vec<i64>) -> Held {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner).extend(&ids);
        Held { in_flight: self.clone(), ids }
    }
}

/// Gives the contacts free when dropped: after the commit, or when the fold came to nothing.
#[derive(Debug)]
pub(crate) struct Held {
    in_flight: Arc<InFlight>,
    ids: Vec<i64>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut contacts = self.in_flight.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        for id in &self.ids {
            contacts.remove(id);
        }
    }
}

/// What keeps others off the contacts of a claim.
#[derive(Debug)]
pub(crate) enum Hold {
    /// SQLite: a note in memory.
    Noted(Held),
    /// PostgreSQL: the rows are locked by this transaction, which also carries the commit; and noted.
    Locked(sqlx::Transaction<'static, sqlx::Postgres>, Held),
    /// Nothing was claimed.
    Nothing,
}

impl Hold {
    /// What a transaction has locked that will be folded now.
    pub(super) async fn locked(
        mut transaction: sqlx::Transaction<'static, sqlx::Postgres>,
        held: Held,
    ) -> Result<Self, StoreError> {
        transaction.execute(WHILE_FOLDING).await?;
        Ok(Self::Locked(transaction, held))
    }
}
