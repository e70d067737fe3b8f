//! What feeds of the shop's platform need of the store.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::ContactId;
use crate::feeds::Known;

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

    /// How a product was when a feed told of it last.
    pub async fn feed_product(&self, feed: &str, product: &str) -> Result<Option<Known>, StoreError> {
        Ok(query!(self, feeds::product(feed, product)))
    }

    /// Notes how a product is now.
    pub async fn keep_feed_product(&self, feed: &str, product: &str, known: &Known) -> Result<(), StoreError> {
        change!(self, feeds::keep_product(feed, product, known));
        Ok(())
    }
}
