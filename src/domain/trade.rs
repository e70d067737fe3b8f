//! What a shop, its pages and its systems tell of a customer: clicks, visits, carts, orders, quotes, cases, products.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Country, Currency};

/// A tracked link was opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClickEvent {
    /// product, comparison, quote, ad, article.
    pub link: String,
    /// The shop's product name or number.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::text_if_any")]
    pub product: Option<String>,
    /// A product key or its category.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "folded_key_if_any")]
    pub category: Option<String>,
    /// Price shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// Its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Address, truncated as the privacy settings say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The quote that the link leads to.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::text_if_any")]
    pub quote: Option<String>,
    /// Where it was opened, as far as the address tells: country…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
    /// …and degrees north and east.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::number_if_any")]
    pub latitude: Option<f64>,
    /// See `latitude`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::number_if_any")]
    pub longitude: Option<f64>,
}

/// Product keys as shops write them: `Home appliances/Air Conditioner` is `home_appliances/air_conditioner`.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let part = |part: &str| part.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join("_");
        Ok(Self(written.split('/').map(part).collect::<Vec<_>>().join("/")))
    }
}

fn folded_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Key::deserialize(deserializer).map(|Key(key)| key)
}

pub(super) fn folded_key_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Key>::deserialize(deserializer)?.map(|Key(key)| key))
}

/// A page view with its length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageEvent {
    /// product, checkout, other.
    pub page: String,
    /// The shop's product name or number.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::text_if_any")]
    pub product: Option<String>,
    /// A product key or its category.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "folded_key_if_any")]
    pub category: Option<String>,
    /// Price shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// Its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Length of this view in seconds.
    #[serde(deserialize_with = "super::told::seconds")]
    pub seconds: i64,
    /// Length of the whole visit so far in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::seconds_if_any")]
    pub visit_seconds: Option<i64>,
}

/// The cart changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CartEvent {
    /// add, remove, checkout, abandon.
    pub action: String,
    /// The shop's product name or number.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::text_if_any")]
    pub product: Option<String>,
    /// A product key or its category.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "folded_key_if_any")]
    pub category: Option<String>,
    /// Sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// State of an order. Order is rank: states only go forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum OrderState {
    Placed,
    Paid,
    Shipped,
    Delivered,
    Completed,
    Cancelled,
    Returned,
}

impl OrderState {
    /// How far along the way of an order it is, from 1; 0 is left for an order that nothing is known of.
    pub const fn rank(self) -> u8 {
        self as u8 + 1
    }

    /// Whether an order that got there is paid for: a purchase, unless it is undone later.
    pub const fn is_paid(self) -> bool {
        self.rank() >= Self::Paid.rank() && !self.is_undone()
    }

    /// Whether an order that got there is out of every figure.
    pub const fn is_undone(self) -> bool {
        self.rank() >= Self::Cancelled.rank()
    }

    /// Reads the name as timelines write it.
    pub fn from_name(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(name.into())).ok()
    }
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The shop's product name or number.
    #[serde(deserialize_with = "super::told::text")]
    pub product: String,
    /// A product key or its category.
    #[serde(deserialize_with = "folded_key")]
    pub category: String,
    /// Brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// For one piece.
    pub price: Decimal,
    /// Pieces, or how much by weight; one if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Decimal>,
}

/// An order was placed or moved on. The first event of an order carries total and lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// The shop's number of it.
    #[serde(deserialize_with = "super::told::text")]
    pub order: String,
    /// Where it stands.
    pub state: OrderState,
    /// Sum to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Decimal>,
    /// Its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// What was ordered.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "super::told::or_default")]
    pub lines: Vec<OrderLine>,
    /// Coupon used.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::text_if_any")]
    pub coupon: Option<String>,
    /// Tracking number.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::text_if_any")]
    pub tracking: Option<String>,
    /// Expected day of arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta: Option<String>,
}

/// A quote was asked for, sent or opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuoteEvent {
    /// Its number.
    #[serde(deserialize_with = "super::told::text")]
    pub quote: String,
    /// asked, sent, opened.
    pub action: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::told::text_if_any")]
    pub product: Option<String>,
    /// Sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

/// A case was opened or resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseEvent {
    /// Its number.
    #[serde(deserialize_with = "super::told::text")]
    pub case: String,
    /// complaint, urgent, repair.
    pub kind: String,
    /// opened, resolved.
    pub action: String,
}

/// Something about a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductEvent {
    /// The shop's product name or number.
    #[serde(deserialize_with = "super::told::text")]
    pub product: String,
    /// A product key or its category.
    #[serde(deserialize_with = "folded_key")]
    pub category: String,
    /// new, low_stock, back_in_stock, price.
    pub action: String,
    /// New price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
}
