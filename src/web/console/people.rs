//! What people are called: those of the shop by their sign-in names, customers by our own numbers of them.

use std::collections::{BTreeMap, HashMap};

use crate::engine::processing::summary::Row;
use crate::store::{Store, StoreError};

/// Everybody who may sign in, or once might: what they did stays told by their names.
pub(crate) struct People(HashMap<String, String>);

impl People {
    pub(crate) async fn read(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(store.user_names().await?))
    }

    /// The name that others see; where there is none, what was told.
    pub(crate) fn name<'a>(&'a self, login: &'a str) -> &'a str {
        self.0.get(login).map_or(login, String::as_str)
    }
}

/// What these customers are called; by their numbers as texts, with which pages look them up.
pub(crate) async fn customers(
    store: &Store,
    ids: impl Iterator<Item = i64>,
) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = store.summaries(&ids.collect::<Vec<_>>()).await?;
    let named = |(id, summary): (i64, String)| {
        (id.to_string(), customer(&serde_json::from_str(&summary).unwrap_or_default(), id))
    };
    Ok(rows.into_iter().map(named).collect())
}

/// What a customer is called: name, else number, else our own number of them.
pub(crate) fn customer(summary: &Row, id: i64) -> String {
    let number = summary.wa_id.as_ref().map(|digits| format!("+{digits}"));
    called(summary.name.clone(), number, id)
}

/// Signs that are letters, and that nobody sees.
const UNSEEN: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];

/// A name in which nobody can read a letter is none.
pub(crate) fn called(name: Option<String>, number: Option<String>, id: i64) -> String {
    let is_read = |name: &String| name.chars().any(|sign| sign.is_alphanumeric() && !UNSEEN.contains(&sign));
    let (read, unread): (Option<_>, Option<_>) =
        if name.as_ref().is_some_and(is_read) { (name, None) } else { (None, name) };
    let unread = unread.filter(|name| name.chars().any(|sign| !sign.is_whitespace() && !sign.is_control()));
    read.or(number).or(unread).unwrap_or_else(|| format!("Contact {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_letter_that_is_seen_gives_way_to_the_number() {
        let told = |name: &str, number: Option<&str>| called(Some(name.into()), number.map(str::to_owned), 7);
        assert_eq!(told("Ольга", Some("+1")), "Ольга");
        for name in ["", " ", "\u{200e}", "\u{3164}", ".", "🔥"] {
            assert_eq!(told(name, Some("+1")), "+1", "{name:?}");
        }
        assert_eq!(
            (told("🔥", None), told("\u{3164}", None), told(" ", None)),
            ("🔥".into(), "\u{3164}".into(), "Contact 7".into())
        );
        assert_eq!(called(None, None, 7), "Contact 7");
    }
}
