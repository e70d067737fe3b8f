//! What a message is about beside its words: rules count it like what is named.

use std::sync::Arc;

use crate::domain::{InboundMessage, Intent, Mention, Product, Reading, Shop, Span};

/// Questions that are of what is quoted.
const ASKS: [Intent; 5] = [Intent::Availability, Intent::Buy, Intent::Compare, Intent::Price, Intent::ProductInquiry];

/// Adds to a reading what is in the cart that was sent, and that they want to buy it; or the one product that a message points at:
/// that from whose page it was written, or that it quotes and asks something of. There, what the words name goes before it.
pub(super) fn complete(reading: &mut Reading, message: &InboundMessage, meant: &[&Product], shop: &Shop) {
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

fn buy(reading: &mut Reading) {
    if let Err(place) = reading.intents.binary_search(&Intent::Buy) {
        reading.intents.insert(place, Intent::Buy);
        let spans = reading.intent_spans.len();
        reading.intent_spans.insert(place.min(spans), Span::default());
    }
}

/// No word stands for it: its place in the text is empty.
fn name(reading: &mut Reading, key: &str) {
    if reading.product_keys().iter().any(|known| **known == *key) {
        return;
    }
    let tag = format!("category/{}", key.replace('_', "-"));
    let key: Arc<str> = key.into();
    reading.products.push(Mention { key, span: Span::default(), implies: None, level: None, negated: false });
    if let Err(place) = reading.tags.binary_search(&tag) {
        reading.tags.insert(place, tag);
    }
}
