//! Canned replies: what the shop says again and again.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::Timestamp;

/// Something that the shop says again and again.
#[derive(Clone, Debug, Default)]
pub struct CannedReply {
    /// Our number; 0 of a new one.
    pub id: i64,
    /// By which it is found.
    pub name: String,
    /// Our tag of its language; empty where it fits any.
    pub language: String,
    /// Its words, with gaps in double braces.
    pub text: String,
    /// The sign-in name of who wrote it so.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Canned replies by name, at most so many.
    pub async fn canned_replies(&self, limit: i64) -> Result<Vec<CannedReply>, StoreError> {
        Ok(query!(self, canned::all(limit)))
    }

    /// Adds a canned reply while there are fewer than `most`, or changes it; false where its name is taken, or it is gone.
    pub async fn keep_canned_reply(&self, reply: &CannedReply, most: i64) -> Result<bool, StoreError> {
        Ok(change!(self, canned::keep(reply, most)))
    }

    /// Forgets a canned reply.
    pub async fn forget_canned_reply(&self, id: i64) -> Result<(), StoreError> {
        change!(self, canned::forget(id));
        Ok(())
    }
}
