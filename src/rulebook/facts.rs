//! What is remembered of a contact: tags, colour, heat, stage, and the signals that still count in some window.

use std::collections::BTreeMap;
use std::ops::Bound;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::packing::{self, Counters};
use super::packing_orders;
use super::packing_tags;
use super::photos::Photos;
use super::responses::SentFacts;
use super::rise::Visits;
use super::sequences::Run;
use super::undo::Ended;
use crate::domain::{Colour, Currency, Duration, Heat, Money, OrderState, Stage, TagKey, Timestamp};

/// A tag that holds. See `packing_tags.rs` for how a contact's are written.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldTag {
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// The rule, or `agent:NAME`.
    pub by: String,
    /// What it is about, where a group may hold one tag for each: a budget's product, the products that were looked at.
    pub about: Vec<String>,
    /// How long after it came to hold what gave it last happened.
    pub(super) given: Duration,
    /// When it would end without the orders that lengthened it, where they did.
    pub(super) own_end: Option<Timestamp>,
}

impl HeldTag {
    pub(super) fn new(since: Timestamp, expires: Option<Timestamp>, by: impl Into<String>, about: Vec<String>) -> Self {
        Self { since, expires, by: by.into(), about, given: Duration::ZERO, own_end: None }
    }

    /// When what gave it last happened.
    pub(super) fn given(&self) -> Timestamp {
        self.since + self.given
    }

    /// Notes when that happened; what is told late was not the last of it.
    pub(super) fn give(&mut self, at: Timestamp) {
        self.given = self.given.max(at - self.since);
    }

    /// Whether it is about that, or about nothing in particular.
    pub(super) fn is_about(&self, about: Option<&str>) -> bool {
        about.is_none_or(|about| self.about.is_empty() || self.about.iter().any(|own| own == about))
    }
}

/// One signal that still counts. See `packing.rs` for how a contact's are written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// When it happened.
    pub(super) at: Timestamp,
    /// The event.
    pub(super) seq: i64,
    /// Start of the burst of messages that it is part of: a topic counts once in a burst. What is no message is in none.
    pub(super) burst: Option<Timestamp>,
    /// Weight in hundredths, for scores.
    pub(super) weight: i64,
    /// What is told apart: for distinct counts, and the topic of a score.
    pub(super) value: String,
}

/// An order of the customer's order book: how far it got, and what was in it, since later states may come without total and
/// lines. Stored as a list, what is missing at the end left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "StoredOrder", into = "StoredOrder")]
pub(super) struct OrderFacts {
    pub(super) order: String,
    pub(super) rank: u8,
    /// When it was paid for, or got further without our hearing of that.
    pub(super) paid: Option<Timestamp>,
    /// The event that told so.
    pub(super) seq: i64,
    pub(super) total: Option<Money>,
    /// Product keys, or categories, and what one piece costs.
    pub(super) lines: Vec<(String, Decimal)>,
    /// How many pieces beyond one of each line were ordered, as long as it may be changed.
    pub(super) more: u64,
    pub(super) coupon: Option<String>,
    /// When it reached which rank.
    pub(super) reached: Vec<(u8, Timestamp)>,
}

impl OrderFacts {
    /// Whether it counts as a purchase: paid for, and not undone since.
    pub(super) fn is_purchase(&self) -> bool {
        self.paid.is_some() && self.rank < OrderState::Cancelled.rank()
    }
}

type StoredOrder = (
    String,
    u8,
    Option<Timestamp>,
    i64,
    Option<(Decimal, Currency)>,
    Vec<(String, Decimal)>,
    Option<String>,
    Vec<(u8, Timestamp)>,
);

impl From<StoredOrder> for OrderFacts {
    fn from((order, rank, paid, seq, total, lines, coupon, reached): StoredOrder) -> Self {
        let total = total.map(|(amount, currency)| Money { amount, currency });
        Self { order, rank, paid, seq, total, lines, more: 0, coupon, reached }
    }
}

impl From<OrderFacts> for StoredOrder {
    fn from(facts: OrderFacts) -> Self {
        let OrderFacts { order, rank, paid, seq, total, lines, coupon, reached, .. } = facts;
        (order, rank, paid, seq, total.map(|total| (total.amount, total.currency)), lines, coupon, reached)
    }
}

/// A case: kind, number, whether it is open, and when that was said.
pub(super) type CaseFacts = (String, String, bool, Timestamp);

/// Something in the cart: what, when it was put in or taken out, and whether it was put in.
pub(super) type CartFacts = (String, Timestamp, bool);

/// A link that was opened, or a view of a page: its fingerprint, when it was told last, and the seconds of the view then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenOpened", into = "WrittenOpened")]
pub(super) struct Opened {
    pub(super) what: u32,
    pub(super) at: Timestamp,
    pub(super) seconds: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WrittenOpened {
    View(u32, Timestamp, i64),
    Link(u32, Timestamp),
}

impl From<WrittenOpened> for Opened {
    fn from(written: WrittenOpened) -> Self {
        match written {
            WrittenOpened::View(what, at, seconds) => Self { what, at, seconds },
            WrittenOpened::Link(what, at) => Self { what, at, seconds: 0 },
        }
    }
}

impl From<Opened> for WrittenOpened {
    fn from(Opened { what, at, seconds }: Opened) -> Self {
        if seconds == 0 { Self::Link(what, at) } else { Self::View(what, at, seconds) }
    }
}

/// When purchases are reviewed next, where anything is left to review, and when they last were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenReviews", into = "WrittenReviews")]
pub(super) struct Reviews {
    pub(super) next: Option<Timestamp>,
    pub(super) last: Option<Timestamp>,
}

type WrittenReviews = (Option<Timestamp>, Option<Timestamp>);

impl From<WrittenReviews> for Reviews {
    fn from((next, last): WrittenReviews) -> Self {
        Self { next, last }
    }
}

impl From<Reviews> for WrittenReviews {
    fn from(reviews: Reviews) -> Self {
        (reviews.next, reviews.last)
    }
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
    /// A person saw the dark green, whatever is spent.
    #[serde(rename = "d", default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) by_eye: bool,
    /// How long after it began to hold, or before, what gave it last or the colour that it fell from happened.
    #[serde(rename = "g", default, skip_serializing_if = "is_at_once")]
    pub(super) given: Duration,
}

fn is_at_once(given: &Duration) -> bool {
    *given == Duration::default()
}

impl ColourState {
    /// When what gave it last happened.
    pub(super) fn given(&self) -> Timestamp {
        self.since + self.given
    }

    /// Notes when that happened.
    pub(super) fn give(&mut self, at: Timestamp) {
        self.given = at - self.since;
    }
}

/// The heat tier and what will become of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct HeatState {
    #[serde(rename = "h")]
    pub(super) heat: Heat,
    /// When what reaches it last held.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Timestamp>,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Timestamp>,
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
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
