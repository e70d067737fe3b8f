//! What a customer writes, and what brought them to write it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Currency, Money};

/// A message of the customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InboundMessage {
    /// The words, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// image, video, audio, document, sticker, contacts, order, or what WhatsApp calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// Words under a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// What it holds beside words, for people to read: a form that was filled in, contacts that were shared, the name of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// The file itself, as WhatsApp keeps it for a while; boxed, since few messages carry one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<MediaFile>>,
    /// Id of the message that this one quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The shop's number of the product from whose page it was written, or that was shared (section 2.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The cart that was sent, one line for each product.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<CartLine>,
    /// The ad, post or place that brought them here; boxed, since few messages carry one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<Box<Referral>>,
    /// Id of the button or list row that was tapped; `text` is its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// Provider's message id, to mark as read and to quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wamid: Option<String>,
    /// Our phone number id that it came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Profile name at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Digits to reply to, exactly as received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<String>,
    /// Business-scoped user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Must not be answered by the bot: a group, another responder's conversation, old history.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Taken from an exported chat: it counts at its own time, and nothing is sent for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub past: bool,
}

/// A picture, a voice message, a document: fetched by its id while WhatsApp keeps it, seven days (section 2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFile {
    /// Meta's id of it.
    pub id: String,
    /// What it is, as the customer's phone says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
}

impl InboundMessage {
    /// What Meta tells as a message and that is none: a pin, an emoji, a message taken back (section 2.6), an answer to our wish to
    /// call. It is kept and opens the service window, and asks for no answer.
    pub const NONE: [&str; 7] =
        ["call_permission_reply", "edit", "keep_in_chat", "pin", "poll_update", "reaction", "revoke"];

    /// Whether it is one that is to be answered.
    pub fn asks(&self) -> bool {
        let is_none = self.media.as_deref().is_some_and(|media| Self::NONE.contains(&media)) && self.words().is_empty();
        !self.silent && !is_none
    }

    /// What stood over the ad or post that brought them here.
    pub fn headline(&self) -> Option<&str> {
        self.referral.as_ref()?.headline.as_deref()
    }

    /// Characters of a message that are read (the extraction contract's limit). No phone writes as many; a webhook may hold more.
    pub const MOST_READ: usize = 65_536;

    /// The words to read: text, or the caption of a picture.
    pub fn words(&self) -> &str {
        let text = self.text.as_deref().filter(|text| !text.trim().is_empty());
        let words = text.or(self.caption.as_deref()).unwrap_or_default();
        // Bytes are at least as many as characters: hardly a message is counted through.
        let is_long = words.len() > Self::MOST_READ;
        let end =
            is_long.then(|| words.char_indices().nth(Self::MOST_READ)).flatten().map_or(words.len(), |(end, _)| end);
        &words[..end]
    }
}

/// One product in a cart that a customer sends (section 2.2, `order`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CartLine {
    /// The shop's number of it.
    pub product: String,
    /// How many pieces.
    #[serde(default = "one")]
    pub quantity: u32,
    /// Of one piece, as the customer saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// Its currency; the shop's where it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

fn one() -> u32 {
    1
}

impl CartLine {
    /// What the line comes to, where a price is told.
    pub fn sum(&self, shop: Currency) -> Option<Money> {
        let amount = self.price?.checked_mul(self.quantity.into())?;
        Some(Money { amount, currency: self.currency.unwrap_or(shop) })
    }
}

/// What brought a customer here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Referral {
    /// ad, site or offline.
    pub source: ReferralSource,
    /// facebook, instagram, google, web, shop, event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Id of the ad or post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its headline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// Click id; absent for ads in WhatsApp Status (section 2.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<String>,
}

/// Kind of place that a referral comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReferralSource {
    /// A paid ad or a post.
    Ad,
    /// The shop's own site.
    Site,
    /// A shop, a fair, a printed code.
    Offline,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_endless_message_the_beginning_is_read() {
        let of =
            |text: String| InboundMessage { text: Some(text), ..InboundMessage::default() }.words().chars().count();
        assert_eq!(of("é".repeat(InboundMessage::MOST_READ + 1)), InboundMessage::MOST_READ);
        assert_eq!(of("é".repeat(InboundMessage::MOST_READ)), InboundMessage::MOST_READ);
    }
}
