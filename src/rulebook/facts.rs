//! What is remembered of a contact: tags, colour, heat, stage, and the signals that still count in some window.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Colour, Heat, Stage, TagKey, Timestamp};

/// A tag that holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldTag {
    /// Since when.
    #[serde(rename = "s")]
    pub since: Timestamp,
    /// When it ends by itself.
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The rule, or `agent:NAME`.
    #[serde(rename = "b")]
    pub by: String,
}

/// One signal that still counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// When it happened.
    #[serde(rename = "t")]
    pub(super) at: Timestamp,
    /// The event.
    #[serde(rename = "n")]
    pub(super) seq: i64,
    /// Start of the burst that it is part of: a topic counts once in a burst.
    #[serde(rename = "u")]
    pub(super) burst: Timestamp,
    /// Weight in hundredths, for scores.
    #[serde(rename = "w", default, skip_serializing_if = "is_zero")]
    pub(super) weight: i64,
    /// What is told apart, for distinct counts.
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub(super) value: String,
}

fn is_zero(weight: &i64) -> bool {
    *weight == 0
}

/// When a signal was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The first time since the customer's last message.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<Timestamp>,
    /// The last time.
    #[serde(rename = "l")]
    pub(super) last: Timestamp,
}

/// The colour and what will become of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ColourState {
    #[serde(rename = "c")]
    pub(super) colour: Colour,
    #[serde(rename = "s")]
    pub(super) since: Timestamp,
    /// Falls then…
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Timestamp>,
    /// …to this.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(super) then: Option<Colour>,
    #[serde(rename = "b")]
    pub(super) by: String,
    /// Nobody gave it: the time of the colour before was over.
    #[serde(rename = "l", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) fallen: bool,
}

/// The heat tier and what will become of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct HeatState {
    #[serde(rename = "h")]
    pub(super) heat: Heat,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Timestamp>,
}

/// Everything that the rules remember of a contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: BTreeMap<TagKey, HeldTag>,
    /// By rule, then by what it is counted for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) counters: BTreeMap<String, BTreeMap<String, Vec<Entry>>>,
    /// By signal.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) marks: BTreeMap<String, Mark>,
    /// Rules that waited in vain already, and for what.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) waited: BTreeMap<String, Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) colour: Option<ColourState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) heat: Option<HeatState>,
    pub(super) stage: Stage,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stage_since: Option<Timestamp>,
    /// First and last message of the burst under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) burst: Option<(Timestamp, Timestamp)>,
    /// Last message or click, and where the conversation under way began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) conversation: Option<(Timestamp, Timestamp)>,
    /// When each unbroken stretch of red since the last order began (COLOR-7).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reds: Vec<Timestamp>,
    /// The category that was asked for last: heat cools by its trade.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trade: Option<String>,
}

impl Facts {
    /// Tags that hold, by name.
    pub fn tags(&self) -> impl Iterator<Item = (&TagKey, &HeldTag)> {
        self.tags.iter()
    }

    /// Whether a tag holds.
    pub fn holds(&self, tag: &str) -> bool {
        self.tags.contains_key(tag)
    }

    /// Whether any tag that begins like this holds; a pattern ends in `*`.
    pub(super) fn holds_like(&self, pattern: &str) -> bool {
        match pattern.strip_suffix('*') {
            Some(start) => self.tags.keys().any(|key| key.as_str().starts_with(start)),
            None => self.holds(pattern),
        }
    }

    /// The follow-up colour.
    pub fn colour(&self) -> Option<Colour> {
        self.colour.as_ref().map(|state| state.colour)
    }

    /// Since when it holds.
    pub fn colour_since(&self) -> Option<Timestamp> {
        self.colour.as_ref().map(|state| state.since)
    }

    /// The heat tier.
    pub fn heat(&self) -> Option<Heat> {
        self.heat.as_ref().map(|state| state.heat)
    }

    /// The purchase stage.
    pub fn stage(&self) -> Stage {
        self.stage
    }
}
