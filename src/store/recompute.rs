//! Journals of many contacts: to make states anew in the background, and to look what other rules would have made of them.

use super::claims::Hold;
use super::{Backend, Claim, History, Store, StoreError, postgres, sqlite};
use crate::domain::ContactId;

impl Store {
    /// Notes what folds are made with from now on. If that was something else before, everybody's state is to be made anew:
    /// how many there are.
    ///
    /// # Errors
    /// The database does not answer; nothing was noted.
    pub async fn made_with(&self, fingerprint: &str) -> Result<Option<u64>, StoreError> {
        Ok(change!(self, recompute::made_with(fingerprint)))
    }

    /// How many contacts are to be made anew.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn stale(&self) -> Result<i64, StoreError> {
        Ok(query!(self, recompute::left()))
    }

    /// How many contacts there are.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn contact_count(&self) -> Result<i64, StoreError> {
        Ok(query!(self, recompute::contact_count()))
    }

    /// The next contacts behind one, by their numbers, with all that happened to them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn journals(&self, after: ContactId, limit: i64) -> Result<Vec<History>, StoreError> {
        Ok(query!(self, recompute::journals(after, limit)))
    }

    /// The next contacts that are to be made anew with this, with all their events that were folded. Nobody else gets them
    /// until the claim is committed or dropped.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn claim_stale(&self, fingerprint: &str, limit: i64) -> Result<Claim, StoreError> {
        let in_flight = &self.inner.in_flight;
        let turn = in_flight.turn.lock().await;
        let busy = in_flight.list();
        let (mut contacts, transaction) = match &self.inner.backend {
            // Beside the writer: history is read in the background.
            Backend::Sqlite(sqlite) => {
                let mut reader = sqlite.readers.acquire().await?;
                let claimed = sqlite::queries::recompute::claim(&mut reader, fingerprint, limit, &busy).await?;
                (claimed, None)
            }
            Backend::Postgres(postgres) => {
                let mut transaction = postgres.pool.begin().await?;
                let claimed = postgres::queries::recompute::claim(&mut transaction, fingerprint, limit, &busy).await?;
                (claimed, Some(transaction))
            }
        };
        let held = in_flight.hold(contacts.iter().map(|contact| contact.id.0).collect());
        drop(turn);
        let hold = match (transaction, &self.inner.backend) {
            (Some(mut transaction), _) => {
                postgres::queries::recompute::remember(&mut transaction, &mut contacts).await?;
                Hold::locked(transaction, held).await?
            }
            (None, Backend::Sqlite(sqlite)) => {
                let mut reader = sqlite.readers.acquire().await?;
                sqlite::queries::recompute::remember(&mut reader, &mut contacts).await?;
                Hold::Noted(held)
            }
            (None, Backend::Postgres(_)) => Hold::Nothing,
        };
        Ok(Claim { contacts, next_due: None, hold })
    }
}
