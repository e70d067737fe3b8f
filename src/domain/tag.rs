//! Tags, and the evidence for each change of one.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Span, Timestamp};

/// A group and at most three levels below it (INT-7), lower case with hyphens: `category/electronics/phone`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagKey(Arc<str>);

/// Why a text is no tag key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// No group, or nothing in it.
    #[error("`{0}` is no tag: write a group and a value, such as heat/high")]
    NoGroup(String),
    /// Deeper than group and three levels.
    #[error("`{0}` is too deep: a tag has a group and at most three levels below it")]
    TooDeep(String),
    /// Something that cannot stand in a key.
    #[error("`{0}` holds `{1}`: a tag is written in lower case with hyphens and slashes")]
    BadCharacter(String, char),
}

impl TagKey {
    /// The whole key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part in front of the first slash.
    pub fn group(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }
}

impl FromStr for TagKey {
    type Err = TagError;
    fn from_str(text: &str) -> Result<Self, TagError> {
        let levels = text.split('/').count() - 1;
        if levels == 0 || text.split('/').any(str::is_empty) {
            return Err(TagError::NoGroup(text.into()));
        }
        if levels > 3 {
            return Err(TagError::TooDeep(text.into()));
        }
        let bad = text.chars().find(|c| c.is_whitespace() || c.is_control() || c.is_uppercase() || *c == '_');
        match bad {
            Some(c) => Err(TagError::BadCharacter(text.into(), c)),
            None => Ok(Self(text.into())),
        }
    }
}

impl Borrow<str> for TagKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TagKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TagKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why something about a contact changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The rule's name, or `agent:NAME` for a person.
    pub by: String,
    /// The rule's version, a short hash of its text; empty for a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Catalogue entries that the rule carries out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub catalogue: Vec<String>,
    /// Journal numbers of the events behind it, oldest first; the ones that still count, at most a handful.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<i64>,
    /// For a message: where in its text the words stand, in Unicode scalar values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
    /// The figure that held, against its threshold, in words: "3 interactions in 1h (needs 3)".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub figure: String,
}

/// What happened to a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TagMove {
    /// Not held before.
    Set,
    /// Taken away by a rule, an exclusive group or a person.
    Removed,
    /// Its lifetime ended.
    Expired,
}

/// One change of one tag: a line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagChange {
    /// Which tag.
    pub tag: TagKey,
    /// What happened to it.
    pub change: TagMove,
    /// When, by the fold's clock.
    pub at: Timestamp,
    /// When it will end by itself; `None` while its condition holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Why.
    pub evidence: Evidence,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_a_group_and_at_most_three_levels() {
        assert!("category/electronics/phone/clicked-7d".parse::<TagKey>().is_ok());
        assert!(matches!("a/b/c/d/e".parse::<TagKey>(), Err(TagError::TooDeep(_))));
        assert!(matches!("customer".parse::<TagKey>(), Err(TagError::NoGroup(_))));
        assert!(matches!("need/Small space".parse::<TagKey>(), Err(TagError::BadCharacter(_, 'S'))));
    }
}
