//! One thing that a rule asks for, as it is shown: whether it holds, and how much there is of how much.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use crate::domain::{Colour, Heat, Stage, Timestamp};

/// One thing that a rule asks for.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Condition {
    /// In words.
    pub text: String,
    /// Whether it holds now; `None` where it is about the moment at which something happens.
    pub holds: Option<bool>,
    /// The figure that there is…
    #[serde(skip_serializing_if = "Option::is_none")]
    pub have: Option<Decimal>,
    /// …and the one that it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<Decimal>,
    /// Numbers of the events that count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<i64>,
    /// When it changes by itself: the oldest of what counts falls out, or a silence is long enough.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "maybe_rfc3339")]
    pub until: Option<Timestamp>,
}

impl Condition {
    /// Something that holds or does not.
    pub(super) fn is(holds: bool, text: impl Into<String>) -> Self {
        Self { text: text.into(), holds: Some(holds), ..Self::default() }
    }

    /// Something that must be so at the moment when the rule is tried.
    pub(super) fn moment(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.holds {
            Some(true) => "holds  ",
            Some(false) => "MISSING",
            None => "when   ",
        };
        write!(f, "{mark} {}", self.text)
    }
}

/// Fields of a signal, as far as the tag's name tells them.
pub(super) type Fields = Vec<(String, String)>;

/// A tag that only mirrors a state.
#[derive(Clone, Copy)]
pub(super) enum Mirrored {
    Colour(Colour),
    Heat(Heat),
    Stage(Stage),
}

/// Instants as people and programs read them.
pub fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// The same where there may be none.
pub fn maybe_rfc3339<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(at),
        None => serializer.serialize_none(),
    }
}
