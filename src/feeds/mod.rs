//! What the platform that a shop runs on tells of orders, checkouts and products: from the bodies of its webhooks to events. Pure:
//! whose event it is, and what was known of a product before, is for the engine to say.

pub mod shopify;
pub mod woocommerce;

use rust_decimal::Decimal;

use crate::domain::{CartEvent, Country, EventBody, OrderEvent, ProductEvent, Timestamp, mended};

/// With fewer pieces left a product is told of as running out.
pub const FEW_LEFT: i64 = 5;

/// What a body tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// An order as it stands now.
    Order(Customer, Timestamp, OrderEvent),
    /// A checkout that is not an order yet.
    Checkout(Customer, Timestamp, CartEvent),
    /// A product as it is now.
    Product(Timestamp, Seen),
}

impl Told {
    /// What happened to somebody; nothing of a product.
    pub fn of_customer(self) -> Option<(Customer, Timestamp, EventBody)> {
        match self {
            Self::Order(customer, at, order) => Some((customer, at, EventBody::Order(order))),
            Self::Checkout(customer, at, cart) => Some((customer, at, EventBody::Cart(cart))),
            Self::Product(..) => None,
        }
    }
}

/// How the platform names a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// Numbers as they were typed, the likeliest first.
    pub phones: Vec<String>,
    /// The country of the address, for numbers without a code.
    pub country: Option<Country>,
    /// Address of mail, in lower case.
    pub email: Option<String>,
}

impl Customer {
    fn new(
        phones: impl IntoIterator<Item = Option<String>>,
        country: Option<&str>,
        emails: impl IntoIterator<Item = Option<String>>,
    ) -> Self {
        let said = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Self {
            phones: phones.into_iter().filter_map(said).collect(),
            country: country.and_then(|code| code.parse().ok()),
            email: emails.into_iter().find_map(said).map(|email| email.to_lowercase()),
        }
    }
}

/// A product as the platform shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its name.
    pub product: String,
    /// A product key, or its category.
    pub category: String,
    /// What one costs.
    pub price: Option<Decimal>,
    /// Pieces left; `None` where nobody counts them.
    pub stock: Option<i64>,
}

/// What was known of a product.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// What one cost.
    pub price: Option<Decimal>,
    /// Pieces left.
    pub stock: Option<i64>,
}

/// What has changed about a product since it was seen last. One that was never seen is new only where the platform says so:
/// the first update of an old one is no news.
pub fn changes(seen: &Seen, before: Option<&Known>, is_new: bool) -> Vec<ProductEvent> {
    let mut actions = Vec::new();
    match before {
        None if is_new => actions.push("new"),
        None => {}
        Some(known) => {
            let (had, has) = (known.stock.unwrap_or(FEW_LEFT), seen.stock.unwrap_or(FEW_LEFT));
            if had <= 0 && has > 0 {
                actions.push("back_in_stock");
            } else if had >= FEW_LEFT && (1..FEW_LEFT).contains(&has) {
                actions.push("low_stock");
            }
            if seen.price.is_some() && known.price.is_some() && seen.price != known.price {
                actions.push("price");
            }
        }
    }
    let told = |action: &str| ProductEvent {
        product: seen.product.clone(),
        category: seen.category.clone(),
        action: action.to_owned(),
        price: seen.price,
    };
    actions.into_iter().map(told).collect()
}

/// Finds the product key for a thing by its name and by the kind that the platform gives it.
pub type KeyOf<'a> = &'a dyn Fn(&str, Option<&str>) -> String;

/// A body that is no JSON of the expected shape.
#[derive(Debug, thiserror::Error)]
#[error("the body of `{topic}` is not as expected: {source}")]
pub struct Malformed {
    topic: String,
    source: serde_json::Error,
}

fn read<T: serde::de::DeserializeOwned>(topic: &str, body: &[u8]) -> Result<T, Malformed> {
    serde_json::from_slice(&mended(body)).map_err(|source| Malformed { topic: topic.to_owned(), source })
}

/// How many pieces of a thing were ordered: half a kilogram counts as one.
fn pieces(quantity: Option<Decimal>) -> Option<Decimal> {
    Some(quantity?.ceil())
}

/// A time as platforms write it, with an offset or in UTC without one.
fn time(text: Option<&String>, otherwise: Timestamp) -> Timestamp {
    let Some(text) = text else { return otherwise };
    Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_rfc3339(&format!("{text}Z"))).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests;
