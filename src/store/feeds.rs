//! What feeds of the shop's platform need of the store.

use super::writer::{Done, Job};
use super::{Appended, Backend, ProductUpdate, Store, StoreError, postgres, sqlite};
use crate::domain::ContactId;

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Whose address of mail it is, by its digest; nobody's where several people showed it.
    pub async fn contact_of_email(&self, digest: &str) -> Result<Option<ContactId>, StoreError> {
        Ok(query!(self, feeds::contact_of_email(digest)))
    }

    /// Notes who showed an address of mail.
    pub async fn learn_email(&self, digest: &str, contact: ContactId) -> Result<(), StoreError> {
        change!(self, feeds::learn_email(digest, contact));
        Ok(())
    }

    /// Makes durable what is news of a product, in one transaction with how it is now. What is known already, or newer, is none.
    pub async fn take_product(&self, update: ProductUpdate) -> Result<Vec<Appended>, StoreError> {
        match self.inner.appender.run(Job::Product(update)).await? {
            Done::Appended(appended) => {
                self.inner.work.notify_waiters();
                Ok(appended)
            }
            _ => Err(StoreError::Closed),
        }
    }
}
