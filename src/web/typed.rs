//! What somebody types: whether it can be sent, and how it is kept until it is.

use std::collections::BTreeMap;

use minijinja::Value;
use sha2::{Digest, Sha256};

use crate::domain::{ContactId, Content};
use crate::store::StoreError;
use crate::web::App;
use crate::web::access::SignedIn;

/// A note is read by the team alone.
pub(super) const LONGEST_NOTE: usize = 20_000;

/// Why what somebody typed cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsendable {
    /// There are no words in it.
    Empty,
    /// It is longer than what it is for takes.
    TooLong,
}

/// What somebody typed, if it can be sent.
pub(super) fn words(text: &str) -> Result<String, Unsendable> {
    within(text, Content::LONGEST)
}

/// What somebody typed, if it has words and no more than `longest` characters as WhatsApp counts them.
pub(super) fn within(text: &str, longest: usize) -> Result<String, Unsendable> {
    let text = text.trim();
    match text.encode_utf16().count() {
        0 => Err(Unsendable::Empty),
        length if length > longest => Err(Unsendable::TooLong),
        _ => Ok(text.to_owned()),
    }
}

/// The form's own key: a double click or a reload sends once. Other words are another message, whatever key they come with.
pub(super) fn key(signed_in: &SignedIn, key: &str, words: &str) -> Option<String> {
    let words = hex::encode(&Sha256::digest(words.as_bytes())[..8]);
    (!key.is_empty()).then(|| format!("form:{}:{key}:{words}", signed_in.user().id))
}

/// What somebody was writing to a contact and about them, by the box.
pub(super) async fn drafts(app: &App, signed_in: &SignedIn, contact: ContactId) -> Result<Value, StoreError> {
    let drafts: BTreeMap<_, _> = app.engine.store().drafts(signed_in.user().id, contact).await?.into_iter().collect();
    Ok(Value::from(drafts))
}

/// Keeps what stands in a box, or forgets it when that is nothing; false where it is too long to be kept. Boxes that are no drafts
/// keep none.
pub(super) async fn keep_draft(
    app: &App,
    signed_in: &SignedIn,
    contact: ContactId,
    at: &str,
    text: &str,
) -> Result<bool, StoreError> {
    if !matches!(at, "reply" | "note") {
        return Ok(true);
    }
    if text.len() > 4 * LONGEST_NOTE {
        return Ok(false);
    }
    let kept = app.engine.store().keep_draft(signed_in.user().id, contact, at, text.trim_end(), app.engine.now());
    kept.await.map(|()| true)
}
