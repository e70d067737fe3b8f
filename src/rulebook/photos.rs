//! Pictures with words: a customer shows a face or a room and asks what suits. Only that a picture came is known and kept, never
//! what is on it (N-7, N-8): what it is about is told by the words beside it or in the same conversation.

use super::facts::Facts;
use super::kept::{Asked, Photos};
use super::signal::hyphens;
use crate::domain::{InboundMessage, Reading};

/// Things named in one conversation that a picture may be about.
const REMEMBERED: usize = 6;

/// Takes in a message; what a picture is now known to be about: with a picture, all that was asked for in the conversation,
/// and behind one, what is asked for from then on.
pub(super) fn take_in(
    facts: &mut Facts,
    message: &InboundMessage,
    reading: Option<&Reading>,
    begins: bool,
) -> Vec<Asked> {
    let is_photo = message.media.as_deref() == Some("image");
    let new = reading.map(asked).unwrap_or_default();
    if begins {
        facts.photos = Photos::default();
    }
    let photos = &mut facts.photos;
    let before = if is_photo && !photos.shown { photos.asked.clone() } else { Vec::new() };
    photos.shown |= is_photo;
    for one in &new {
        photos.asked.retain(|other| other != one);
        photos.asked.push(one.clone());
    }
    let excess = photos.asked.len().saturating_sub(REMEMBERED);
    photos.asked.drain(..excess);
    if !photos.shown {
        return Vec::new();
    }
    let mut about = before;
    about.retain(|one| !new.contains(one));
    about.extend(new);
    about
}

/// What a message asks for: each property of each product, or what there is of either.
fn asked(reading: &Reading) -> Vec<Asked> {
    let products = reading.product_keys();
    let wanted = reading.attributes.iter().filter(|mention| !mention.negated);
    let features: Vec<String> = wanted.map(|mention| hyphens(&mention.key)).collect();
    if products.is_empty() {
        return features.into_iter().map(|feature| (String::new(), feature)).collect();
    }
    let of = |key: &str| match features.is_empty() {
        true => vec![(key.to_owned(), String::new())],
        false => features.iter().map(|feature| (key.to_owned(), feature.clone())).collect(),
    };
    products.iter().flat_map(|key| of(key)).collect()
}
