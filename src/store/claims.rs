//! Who is being folded: a claim is on the contact, so that its events are folded in order, one at a time.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::Executor;

use super::StoreError;
use super::postgres::WHILE_FOLDING;

/// Contacts that this process is folding. On SQLite this is the whole lock, since one process owns the file; on PostgreSQL
/// it spares looking at rows that this node has locked itself.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    contacts: Mutex<HashSet<i64>>,
    /// One claim at a time: what one reads as free, no other may take in between.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl InFlight {
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
