//! What is remembered of a contact, each thing for itself: a tag, an order, a colour, a message that was sent. `facts.rs` has them all.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::{Colour, Currency, Duration, Heat, MessageKind, Money, OrderState, Timestamp};

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

/// Stands in front of the name of a thing in an order whose product key was not told.
pub(super) const NAMED: char = '=';

/// A message that we sent unasked. StoredSent as a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "StoredSent", into = "StoredSent")]
pub(super) struct SentFacts {
    /// Fingerprint of its id.
    pub(super) message: u32,
    pub(super) at: Timestamp,
    pub(super) kind: MessageKind,
    /// Fingerprint of its campaign.
    pub(super) campaign: Option<u32>,
    pub(super) read: bool,
    pub(super) answered: bool,
}

type StoredSent = (u32, Timestamp, MessageKind, u8, Option<u32>);

impl From<StoredSent> for SentFacts {
    fn from((message, at, kind, flags, campaign): StoredSent) -> Self {
        Self { message, at, kind, campaign, read: flags & 1 != 0, answered: flags & 2 != 0 }
    }
}

impl From<SentFacts> for StoredSent {
    fn from(sent: SentFacts) -> Self {
        let flags = u8::from(sent.read) | u8::from(sent.answered) << 1;
        (sent.message, sent.at, sent.kind, flags, sent.campaign)
    }
}

/// The conversation under way, as far as a picture in it matters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Photos {
    #[serde(rename = "p", skip_serializing_if = "std::ops::Not::not")]
    pub(super) shown: bool,
    #[serde(rename = "t", skip_serializing_if = "Vec::is_empty")]
    pub(super) asked: Vec<Asked>,
}

impl Photos {
    pub(super) fn is_empty(&self) -> bool {
        !self.shown && self.asked.is_empty()
    }
}

/// A product key and a property; either may be empty.
pub(super) type Asked = (String, String);

/// Moments of interactions, oldest first; written as seconds from one to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Visits(pub(super) Vec<Timestamp>);

impl Visits {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn moments(&self) -> &[Timestamp] {
        &self.0
    }
}

impl Serialize for Visits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut before = 0;
        serializer.collect_seq(self.0.iter().map(|visit| {
            let second = visit.0.div_euclid(1_000);
            let step = second - before;
            before = second;
            step
        }))
    }
}

impl<'de> Deserialize<'de> for Visits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut second = 0;
        let steps = Vec::<i64>::deserialize(deserializer)?;
        let visits = steps.into_iter().map(|step| {
            second += step;
            Timestamp(second * 1_000)
        });
        Ok(Self(visits.collect()))
    }
}

/// A sequence of a contact: when it began, and how many of its steps were planned. One that was ended has one more than
/// there are: it does not begin anew as long as what it asks for holds. Written as a list: it is part of every state that is read.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(Timestamp, usize)", into = "(Timestamp, usize)")]
pub(super) struct Run {
    pub(super) begun: Timestamp,
    pub(super) planned: usize,
}

impl From<(Timestamp, usize)> for Run {
    fn from((begun, planned): (Timestamp, usize)) -> Self {
        Self { begun, planned }
    }
}

impl From<Run> for (Timestamp, usize) {
    fn from(run: Run) -> Self {
        (run.begun, run.planned)
    }
}
