//! What the lexicon read in one message; serialises to the extraction contract.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Currency, Language, plain_number};

/// `[start, end)` in Unicode scalar values of the text as it came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First character.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

impl Span {
    /// Whether another one lies within it.
    pub fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&self.start)?;
        pair.serialize_element(&self.end)?;
        pair.end()
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (start, end) = <(u32, u32)>::deserialize(deserializer)?;
        Ok(Self { start, end })
    }
}

/// A product, attribute or brand that was named. Keys are shared, so that a match copies no text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// `electronics/phone`, `waterproof`, `apple`.
    pub key: Arc<str>,
    /// Where it stands.
    pub span: Span,
    /// Brands and models only: the kind of product that they stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub implies: Option<Arc<str>>,
    /// Brands and models only: budget level 1 (cheapest) to 4, in the category of what they imply.
    #[serde(skip)]
    pub level: Option<u8>,
    /// "not an iPhone".
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
}

/// A sum of money, whoever names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// Lower bound; equal to `max` for an exact sum; `None` for "under 500".
    #[serde(serialize_with = "plain_number")]
    pub min: Option<Decimal>,
    /// Upper bound; `None` for "at least 300".
    #[serde(serialize_with = "plain_number")]
    pub max: Option<Decimal>,
    /// ISO 4217, where it is known.
    pub currency: Option<Currency>,
    /// Where it stands.
    pub span: Span,
    /// "around 5k".
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub about: bool,
    /// No currency was named: it is the customer's country's.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub currency_inferred: bool,
    /// "not 500".
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub negated: bool,
}

/// What the customer says they can spend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Lower bound.
    #[serde(default, serialize_with = "plain_number")]
    pub min: Option<Decimal>,
    /// Upper bound.
    #[serde(serialize_with = "plain_number")]
    pub max: Option<Decimal>,
    /// ISO 4217, where it is known.
    pub currency: Option<Currency>,
    /// "around 5k".
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub about: bool,
    /// No currency was named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub currency_inferred: bool,
}

macro_rules! intents {
    ($($(#[$doc:meta])* $variant:ident = $key:literal,)*) => {
        /// What the customer wants of us. Sorted by name, as the contract lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Intent { $($(#[$doc])* $variant,)* }

        impl Intent {
            /// Every intent, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The key of the contract.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }
        }
    };
}

intents! {
    /// Asks whether it is in stock, in a size or colour, or sold at all.
    Availability = "availability",
    /// Wants to order, reserve or pay now.
    Buy = "buy",
    /// Compares products, models, shops or prices.
    Compare = "compare",
    /// Is dissatisfied, reports a wrong or missing item, threatens a review.
    Complaint = "complaint",
    /// Asks for a promotion, coupon, or a lower price.
    Discount = "discount",
    /// Opens or greets.
    Greeting = "greeting",
    /// Wants a person.
    Human = "human",
    /// Puts the decision off.
    Later = "later",
    /// Says where they are or where to deliver.
    Location = "location",
    /// Wants messages again.
    OptIn = "opt_in",
    /// Wants no more messages.
    OptOut = "opt_out",
    /// Asks where an existing order is, or to change or cancel it.
    OrderStatus = "order_status",
    /// Asks how to pay, instalments, invoice, a payment that failed.
    Payment = "payment",
    /// Asks what something costs.
    Price = "price",
    /// Asks about a feature, a specification, a recommendation.
    ProductInquiry = "product_inquiry",
    /// Says no, not interested.
    Reject = "reject",
    /// Wants to return, exchange, or get money back.
    ReturnRefund = "return_refund",
    /// Asks about delivery: cost, time, destination.
    Shipping = "shipping",
    /// Address, opening hours, visit.
    Store = "store",
    /// Thanks, or closes the talk.
    Thanks = "thanks",
    /// Repair, guarantee, broken after purchase.
    Warranty = "warranty",
}

impl Intent {
    /// The intent of that key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|intent| intent.key() == key)
    }

    /// Whether it asks something of the shop and not of a product: "how much is delivery?" wants no price of what was shown.
    pub fn is_of_the_shop(self) -> bool {
        matches!(
            self,
            Self::Shipping
                | Self::Payment
                | Self::Store
                | Self::OrderStatus
                | Self::ReturnRefund
                | Self::Warranty
                | Self::Complaint
                | Self::Discount
        )
    }
}

impl Serialize for Intent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl<'de> Deserialize<'de> for Intent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::from_key(&key).ok_or_else(|| serde::de::Error::custom(format!("no intent is called `{key}`")))
    }
}

/// Everything read in one message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reading {
    /// Language of the message, where it shows.
    pub lang: Option<Language>,
    /// What is named, in text order.
    pub products: Vec<Mention>,
    /// Properties, in text order.
    pub attributes: Vec<Mention>,
    /// Brands and models, in text order.
    pub brands: Vec<Mention>,
    /// Sums, in text order.
    pub amounts: Vec<Amount>,
    /// What the customer can spend.
    pub budget: Option<Budget>,
    /// Sorted by name; negated ones are left out.
    pub intents: Vec<Intent>,
    /// Tags that this message alone earns (INT-4, INT-5, PREF-1..4), sorted.
    pub tags: Vec<String>,
    /// The language shows by more than a word that others have too: not part of the contract. One that is no other than in the
    /// messages before is plain.
    #[serde(skip)]
    pub is_plain: bool,
    /// Where the words of each intent stand: evidence, not part of the contract. Same order as `intents`.
    #[serde(skip)]
    pub intent_spans: Vec<Span>,
    /// Wishes beside what is sold, in text order: not part of the contract.
    #[serde(skip)]
    pub requests: Vec<Mention>,
}

impl Reading {
    /// Whether the customer wants this of us.
    pub fn wants(&self, intent: Intent) -> bool {
        self.intents.contains(&intent)
    }

    /// Whether the customer asks for our messages again, and speaks of nothing else that the words could mean: who asks for coffee by
    /// subscription, or for the offer on a laptop, takes back no STOP.
    pub fn comes_back(&self) -> bool {
        let about_goods = |intent: &Intent| {
            use Intent::{Availability, Buy, Compare, OrderStatus, Payment, Price, ReturnRefund, Shipping, Warranty};
            matches!(
                intent,
                Availability | Buy | Compare | OrderStatus | Payment | Price | ReturnRefund | Shipping | Warranty
            )
        };
        self.wants(Intent::OptIn) && self.products.is_empty() && !self.intents.iter().any(about_goods)
    }

    /// Takes an intent away, with the place of its words.
    pub fn without(&mut self, intent: Intent) {
        let Some(place) = self.intents.iter().position(|other| *other == intent) else { return };
        self.intents.remove(place);
        if place < self.intent_spans.len() {
            self.intent_spans.remove(place);
        }
    }

    /// Adds an intent, with the place of its words.
    pub fn with(&mut self, intent: Intent, span: Span) {
        if let Err(place) = self.intents.binary_search_by(|other| other.key().cmp(intent.key())) {
            self.intents.insert(place, intent);
            self.intent_spans.insert(place.min(self.intent_spans.len()), span);
        }
    }

    /// Product keys wanted, named or implied by a model, without what is negated; in text order, each once.
    pub fn product_keys(&self) -> Vec<Arc<str>> {
        let named = self.products.iter().filter(|mention| !mention.negated).map(|mention| (mention.span, &mention.key));
        let implied = self.brands.iter().filter(|mention| !mention.negated);
        let implied = implied.filter_map(|mention| mention.implies.as_ref().map(|key| (mention.span, key)));
        let mut found: Vec<_> = named.chain(implied).collect();
        found.sort_by_key(|(span, _)| *span);
        let mut keys: Vec<Arc<str>> = Vec::with_capacity(found.len());
        for (_, key) in found {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        keys
    }
}
