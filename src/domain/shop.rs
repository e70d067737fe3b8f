//! The shop: its facts and what it sells. Read from a file that the shop keeps, never from code.

use chrono_tz::Tz;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Country, Currency, Language};

/// Facts that customers ask for, and the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shop {
    /// As customers know it.
    pub name: String,
    /// Prices are in this.
    pub currency: Currency,
    /// Where the shop is: hours, quarters and the default for customers.
    pub zone: Tz,
    /// Spoken where the customer's language is unknown.
    pub language: Language,
    /// Where the shop is, if that matters.
    pub country: Option<Country>,
    /// Street address.
    pub address: Option<String>,
    /// When people are there.
    pub hours: Vec<Hours>,
    /// What delivery costs and how long it takes: one text per language.
    pub shipping: std::collections::BTreeMap<String, String>,
    /// How to pay: one text per language.
    pub payment: std::collections::BTreeMap<String, String>,
    /// Returns and guarantee: one text per language.
    pub returns: std::collections::BTreeMap<String, String>,
    /// What is sold.
    pub products: Vec<Product>,
}

/// Opening hours on some weekdays, local to the shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// `mon`, `tue`, … `sun`.
    pub days: Vec<String>,
    /// Opens, `09:00`.
    pub from: String,
    /// Closes, `18:00`.
    pub to: String,
}

/// One thing that is sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// The shop's own number; never changes.
    pub sku: String,
    /// As it is sold; one name, or one per language.
    pub name: String,
    /// The dictionary's key: `electronics/phone`.
    pub key: String,
    /// Brand, lower case.
    #[serde(default)]
    pub brand: Option<String>,
    /// In the shop's currency.
    pub price: Decimal,
    /// Pieces left.
    pub stock: u32,
    /// The dictionary's attributes that it has.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// One line that tells it from others.
    #[serde(default)]
    pub summary: String,
    /// Page of the shop.
    #[serde(default)]
    pub url: Option<String>,
    /// Picture.
    #[serde(default)]
    pub image: Option<String>,
}
