//! What tells this database from every other one, and its messages from theirs.

use std::collections::HashMap;

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::MessageNumber;

/// How a message of ours left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departed {
    /// Our number that it left by.
    pub channel: String,
    /// Meta's id of it, once that is known.
    pub wamid: Option<String>,
    /// It may have left more than once, each time under another id.
    pub tried_again: bool,
}

impl Backend {
    pub(super) async fn tag(&self) -> Result<String, StoreError> {
        Ok(match self {
            Self::Sqlite(database) => {
                sqlite::queries::installation::tag(&mut *database.readers.acquire().await?).await?
            }
            Self::Postgres(database) => {
                postgres::queries::installation::tag(&mut *database.pool.acquire().await?).await?
            }
        })
    }
}

impl Store {
    /// The word that goes with every message of this database to Meta and back: numbers of contacts recur in every database.
    pub fn tag(&self) -> &str {
        &self.inner.tag
    }

    /// How those of these messages left that are there.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn departed(&self, messages: &[MessageNumber]) -> Result<HashMap<MessageNumber, Departed>, StoreError> {
        Ok(query!(self, installation::departed(messages)).into_iter().collect())
    }
}
