//! What is remembered of a contact: tags, colour, heat, stage, and the signals that still count in some window.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::kept::{
    CartFacts, CaseFacts, ColourState, HeatState, HeldTag, Opened, OrderFacts, Photos, Reviews, Run, SentFacts, Visits,
};
use super::packing::{self, Counters};
use super::{packing_cases, packing_orders, packing_tags};
use crate::domain::{Colour, Duration, Heat, Stage, TagKey, Timestamp};

/// What one order ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Ended {
    pub(super) at: Timestamp,
    #[serde(with = "packing_tags", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: BTreeMap<TagKey, HeldTag>,
    /// Rules that waited for a purchase, and since when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) waits: Vec<(String, Timestamp)>,
    /// The colour before, and since when the one stands that the order gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) colour: Option<(ColourState, Timestamp)>,
    /// Stretches of red that counted before (COLOR-7).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) reds: Vec<Timestamp>,
}

/// Everything that the rules remember of a contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    #[serde(with = "packing_tags", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tags: BTreeMap<TagKey, HeldTag>,
    /// By rule, then by what it is counted for.
    #[serde(with = "packing", skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) counters: Counters,
    /// When what no longer counts was last forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) swept: Option<Timestamp>,
    /// When a window of the calendar begins next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calendar: Option<Timestamp>,
    /// When each signal was seen last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) marks: BTreeMap<String, Timestamp>,
    /// Since when rules wait for something that must follow on something else.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) waits: BTreeMap<String, Timestamp>,
    /// Rules that waited in vain already, and for what.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) waited: BTreeMap<String, Timestamp>,
    /// When rules that come round do so next, while what they ask for holds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) rounds: BTreeMap<String, Timestamp>,
    /// Sequences under way, and those that are over while what they ask for holds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sequences: BTreeMap<String, Run>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) colour: Option<ColourState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) heat: Option<HeatState>,
    pub(super) stage: Stage,
    /// When each stage was last reached: it falls back to the furthest that is still young (G-23).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) stages: BTreeMap<Stage, Timestamp>,
    /// The first message or click.
    #[serde(rename = "first", alias = "first_interaction", skip_serializing_if = "Option::is_none")]
    pub(super) first_interaction: Option<Timestamp>,
    /// The product that was named last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) topic: Option<String>,
    /// The order book, the order that moved last at the end.
    #[serde(with = "packing_orders", skip_serializing_if = "Vec::is_empty")]
    pub(super) orders: Vec<OrderFacts>,
    /// What orders ended, in case that they are undone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) ended: BTreeMap<String, Ended>,
    /// Reviews at the end of months and quarters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reviews: Option<Reviews>,
    /// Days that the customer told and that rules look at, from their first moment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) dates: BTreeMap<String, Timestamp>,
    /// When what is known of the customer was told, by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) told: Vec<(String, Timestamp)>,
    /// Cases that were heard of last.
    #[serde(with = "packing_cases", skip_serializing_if = "Vec::is_empty")]
    pub(super) cases: Vec<CaseFacts>,
    /// What was put into the cart and taken out of it last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) cart: Vec<CartFacts>,
    /// Links that were opened and product pages that were viewed last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) opened: Vec<Opened>,
    /// Links that were sent since the customer was heard of: a fingerprint of the message, and when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) links: Vec<(u32, Timestamp)>,
    /// Tags that people took away last: a fingerprint of each, and when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) taken_away: Vec<(u32, Timestamp)>,
    /// Fingerprints of our messages that were read last: a message is read once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) read: Vec<u32>,
    /// What we sent unasked, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sent: Vec<SentFacts>,
    /// What those of them are about that are about a product or a category, by the fingerprint of the message.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sent_about: BTreeMap<u32, String>,
    /// What the provider calls those of them of which a status told it, since customers quote that: fingerprints of its id and of ours.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sent_called: BTreeMap<u32, u32>,
    /// Pictures and what was asked in the conversation under way.
    #[serde(skip_serializing_if = "Photos::is_empty")]
    pub(super) photos: Photos,
    /// Interactions, as far back as a rule compares them.
    #[serde(skip_serializing_if = "Visits::is_empty")]
    pub(super) visits: Visits,
    /// When the rules about how things stand were last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) looked: Option<Timestamp>,
    /// The last bursts of messages, the latest at the end: where each began, and how long it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) bursts: Vec<(Timestamp, Duration)>,
    /// Last message or click, and where the conversation under way began.
    #[serde(rename = "talk", alias = "conversation", skip_serializing_if = "Option::is_none")]
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
    pub fn holds_like(&self, pattern: &str) -> bool {
        self.like(pattern).next().is_some()
    }

    /// The tags that are the one that a pattern names, or begin like it.
    pub(super) fn like<'f>(&'f self, pattern: &'f str) -> impl Iterator<Item = (&'f TagKey, &'f HeldTag)> {
        let start = pattern.strip_suffix('*').unwrap_or(pattern);
        let is_one = start.len() == pattern.len();
        let fits = move |tag: &TagKey| if is_one { tag.as_str() == start } else { tag.as_str().starts_with(start) };
        // They are sorted by name: those that begin alike stand together.
        let from = self.tags.range::<str, _>((Bound::Included(start), Bound::Unbounded));
        from.take_while(move |(tag, _)| fits(tag))
    }

    /// Whether a case of that kind is open.
    pub fn has_open_case(&self, kind: &str) -> bool {
        self.cases.iter().any(|(other, _, is_open, _)| *is_open && other == kind)
    }

    /// The follow-up colour.
    pub fn colour(&self) -> Option<Colour> {
        self.colour.as_ref().map(|state| state.colour)
    }

    /// When it falls by itself.
    pub fn colour_until(&self) -> Option<Timestamp> {
        self.colour.as_ref().and_then(|state| state.until)
    }

    /// The last message or click (G-5).
    pub fn last_interaction(&self) -> Option<Timestamp> {
        // The mark is that of clicks and of the first message of a burst.
        let clicked_or_wrote = self.marks.get("interaction").copied();
        self.conversation.map(|(_, last)| last).max(clicked_or_wrote)
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

/// Whether a tag is the one that a pattern names; a pattern may end in `*`.
pub(super) fn is_like(tag: &TagKey, pattern: &str) -> bool {
    is_like_text(tag.as_str(), pattern)
}

/// The same of any text.
pub(super) fn is_like_text(text: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => text == pattern,
    }
}
