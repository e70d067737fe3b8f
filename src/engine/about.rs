//! What a message is about beside its words: rules count it like what is named.

use std::sync::Arc;

use crate::domain::{InboundMessage, Intent, Mention, Product, Reading, Span};

/// Questions that are of what is quoted.
const ASKS: [Intent; 5] = [Intent::Availability, Intent::Buy, Intent::Compare, Intent::Price, Intent::ProductInquiry];

/// Adds to a reading the one product that a message points at: that from whose page it was written, or that it quotes and asks
/// something of. What the words name goes before it.
pub(super) fn complete(reading: &mut Reading, message: &InboundMessage, meant: &[&Product]) {
    let [one] = meant else { return };
    let is_told = message.product.is_some() || ASKS.iter().any(|intent| reading.wants(*intent));
    if is_told && reading.product_keys().is_empty() {
        name(reading, &one.key);
    }
}

/// No word stands for it: its place in the text is empty.
fn name(reading: &mut Reading, key: &str) {
    let tag = format!("category/{}", key.replace('_', "-"));
    let key: Arc<str> = key.into();
    reading.products.push(Mention { key, span: Span::default(), implies: None, level: None, negated: false });
    if let Err(place) = reading.tags.binary_search(&tag) {
        reading.tags.insert(place, tag);
    }
}
