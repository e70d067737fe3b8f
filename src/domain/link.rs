//! Tracked links: short addresses of our own, one for each contact and message, that lead to a page of the shop and tell when
//! it is opened.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{ClickEvent, Currency, Product};

/// What a tracked link leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A product's page.
    Product,
    /// Products side by side.
    Comparison,
    /// A quote.
    Quote,
    /// The page behind an ad.
    Ad,
    /// Something to read.
    Article,
}

impl LinkKind {
    /// The name in timelines and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Comparison => "comparison",
            Self::Quote => "quote",
            Self::Ad => "ad",
            Self::Article => "article",
        }
    }
}

/// One tracked link: where it leads, and what is known of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it leads to.
    pub kind: LinkKind,
    /// The shop's product name or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// A product key or its category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Price shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// Its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The quote that it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// The address behind it: absolute, or a path of our own.
    pub target: String,
}

/// Characters that the address of a tracked link may take: what a message keeps free for each.
pub const LINK_ROOM: usize = 160;

impl Link {
    /// To a product's page, if it has one.
    pub fn to_product(product: &Product, currency: Currency) -> Option<Self> {
        Some(Self {
            kind: LinkKind::Product,
            product: Some(product.name.clone()),
            category: Some(product.key.clone()),
            price: Some(product.price),
            currency: Some(currency),
            quote: None,
            target: product.url.clone()?,
        })
    }

    /// Stands in a message for its `index`th link until it leaves: a fold makes no codes, since a replay would make others.
    /// One character of a private area, so that cutting a text cannot split it.
    pub fn mark(index: usize) -> char {
        u32::try_from(index).ok().and_then(|index| char::from_u32(0xF_0000 + index)).unwrap_or('\u{F_FFFD}')
    }

    /// What its opening tells.
    pub fn click(&self) -> ClickEvent {
        ClickEvent {
            link: self.kind.name().to_owned(),
            product: self.product.clone(),
            category: self.category.clone(),
            price: self.price,
            currency: self.currency,
            quote: self.quote.clone(),
            ..ClickEvent::default()
        }
    }
}
