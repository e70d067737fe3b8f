//! What a message is about beside its words: rules count it like what is named.

use std::sync::Arc;

use crate::domain::{InboundMessage, Intent, Mention, Product, Reading, Shop, Span};

/// Questions that are of what is quoted.
const ASKS: [Intent; 5] = [Intent::Availability, Intent::Buy, Intent::Compare, Intent::Price, Intent::ProductInquiry];

/// Adds to a reading what is in the cart that was sent, and that they want to buy it; or the one product that a message points at:
/// that from whose page it was written, or that it quotes and asks something of. There, what the words name goes before it.
pub(crate) fn complete(reading: &mut Reading, message: &InboundMessage, meant: &[&Product], shop: &Shop) {
    if !message.items.is_empty() {
        let keys = message.items.iter().filter_map(|line| shop.key_of(&line.product));
        keys.for_each(|key| name(reading, &key));
        return buy(reading);
    }
    let [one] = meant else { return };
    let is_told = message.product.is_some() || ASKS.iter().any(|intent| reading.wants(*intent));
    if is_told && reading.product_keys().is_empty() {
        name(reading, &one.key);
    }
}

/// The same for the rules: of a message that names products as the shop calls them, each is a model of its kind. What the dictionary
/// knows as a model of the kind is counted as that already.
pub(crate) fn name_own(reading: &mut Reading, named: &[&Product]) {
    let read = reading.brands.len();
    for product in named {
        name(reading, &product.key);
        let is_it = |brand: &Mention| brand.implies.as_deref() == Some(&*product.key);
        if !reading.brands[..read].iter().any(is_it) {
            let implies = Some(product.key.as_str().into());
            reading.brands.push(Mention { implies, ..unseen(product.name.as_str().into()) });
        }
    }
}

/// What the headline of the ad is about that brought them here, where they ask something and name nothing.
pub(crate) fn complete_by_ad(reading: &mut Reading, ad: &Reading) {
    let asks = ASKS.iter().any(|intent| reading.wants(*intent));
    if let [key] = ad.product_keys().as_slice()
        && asks
        && reading.product_keys().is_empty()
    {
        name(reading, key);
    }
}

fn buy(reading: &mut Reading) {
    if let Err(place) = reading.intents.binary_search(&Intent::Buy) {
        reading.intents.insert(place, Intent::Buy);
        let spans = reading.intent_spans.len();
        reading.intent_spans.insert(place.min(spans), Span::default());
    }
}

/// No word stands for it that was read: its place in the text is empty.
fn unseen(key: Arc<str>) -> Mention {
    Mention { key, span: Span::default(), implies: None, level: None, negated: false }
}

/// Names a kind of product, unless it is named already.
fn name(reading: &mut Reading, key: &str) {
    if reading.product_keys().iter().any(|known| **known == *key) {
        return;
    }
    let tag = format!("category/{}", key.replace('_', "-"));
    reading.products.push(unseen(key.into()));
    if let Err(place) = reading.tags.binary_search(&tag) {
        reading.tags.insert(place, tag);
    }
}
