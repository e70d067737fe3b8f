//! What people are called: those of the shop by their sign-in names, customers by our own numbers of them.

use std::collections::{BTreeMap, HashMap};

use super::view;
use crate::store::{Store, StoreError};

/// Everybody who may sign in, or once might: what they did stays told by their names.
pub(super) struct People(HashMap<String, String>);

impl People {
    pub(super) async fn read(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(store.user_names().await?))
    }

    /// The name that others see; where there is none, what was told.
    pub(super) fn name<'a>(&'a self, login: &'a str) -> &'a str {
        self.0.get(login).map_or(login, String::as_str)
    }
}

/// What these customers are called; by their numbers as texts, with which pages look them up.
pub(super) async fn customers(
    store: &Store,
    ids: impl Iterator<Item = i64>,
) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = store.summaries(&ids.collect::<Vec<_>>()).await?;
    let named = |(id, summary): (i64, String)| {
        (id.to_string(), view::name(&serde_json::from_str(&summary).unwrap_or_default(), id))
    };
    Ok(rows.into_iter().map(named).collect())
}
