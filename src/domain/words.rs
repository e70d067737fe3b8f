//! Words that stand for something in an event: of each such field there is a closed set, and no rule reads any other word.

use super::{AgentAction, AgentEvent, EventBody, InboundMessage};

/// The words that a field may hold. Fields that are enumerations of Rust's refuse other words by themselves; these are text, since a
/// journal may hold others of the time before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Kind of the event.
    pub event: &'static str,
    /// Field of it.
    pub field: &'static str,
    /// What may stand there.
    pub allowed: &'static [&'static str],
}

/// Every such field.
pub const WORDS: [Words; 10] = [
    // The last three are what WhatsApp brings beside files.
    words(
        "message",
        "media",
        &["image", "video", "audio", "document", "sticker", "contacts", "order", "request_welcome"],
    ),
    words("message", "referral.platform", &["facebook", "instagram", "google", "web", "shop", "event"]),
    words("click", "link", &["product", "comparison", "quote", "ad", "article"]),
    words("page", "page", &["product", "checkout", "other"]),
    words("cart", "action", &["add", "remove", "checkout", "abandon"]),
    words("quote", "action", &["asked", "sent", "opened"]),
    words("case", "kind", &["complaint", "urgent", "repair"]),
    words("case", "action", &["opened", "resolved"]),
    // `cancel`: a recipient's plan is not wanted any more.
    words("campaign", "action", &["start", "end", "recipient", "response", "cancel"]),
    words("product", "action", &["new", "low_stock", "back_in_stock", "price"]),
];

const fn words(event: &'static str, field: &'static str, allowed: &'static [&'static str]) -> Words {
    Words { event, field, allowed }
}

impl EventBody {
    /// Whether every word in it is one that is read, and whatever it is about has a name. Every door asks this of what comes in.
    ///
    /// # Errors
    /// The first field that is wrong, with what may stand there.
    pub fn check_words(&self) -> Result<(), String> {
        for (field, told) in self.closed() {
            let event = self.kind();
            let allowed = WORDS.iter().find(|words| (words.event, words.field) == (event, field));
            if let Some(words) = allowed.filter(|words| !words.allowed.contains(&&*told)) {
                return Err(format!("`{field}` is `{told}`: write one of {}", words.allowed.join(", ")));
            }
        }
        match self {
            Self::Order(order) => named("order", &order.order),
            Self::Quote(quote) => named("quote", &quote.quote),
            Self::Case(case) => named("case", &case.case),
            Self::Campaign(campaign) => named("campaign", &campaign.campaign),
            Self::Agent(agent) => agent.check_told(),
            _ => Ok(()),
        }
    }

    /// What it holds in the fields of [`WORDS`].
    fn closed(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Message(message) => of_message(message),
            Self::Click(click) => vec![("link", click.link.clone())],
            Self::Page(page) => vec![("page", page.page.clone())],
            Self::Cart(cart) => vec![("action", cart.action.clone())],
            Self::Quote(quote) => vec![("action", quote.action.clone())],
            Self::Case(case) => vec![("kind", case.kind.clone()), ("action", case.action.clone())],
            Self::Campaign(campaign) => vec![("action", campaign.action.clone())],
            Self::Product(product) => vec![("action", product.action.clone())],
            _ => Vec::new(),
        }
    }
}

fn of_message(message: &InboundMessage) -> Vec<(&'static str, String)> {
    let media = message.media.clone().map(|media| ("media", media));
    let platform = message.referral.as_ref().and_then(|referral| referral.platform.as_ref());
    // Platforms are read whatever their capital letters.
    media.into_iter().chain(platform.map(|platform| ("referral.platform", platform.to_lowercase()))).collect()
}

fn named(field: &str, name: &str) -> Result<(), String> {
    match name.trim() {
        "" => Err(format!("`{field}` is empty: give its number or name")),
        _ => Ok(()),
    }
}

impl AgentEvent {
    /// Whether it tells what was done, where the deed alone does not say it. That somebody replied or noted something counts without
    /// the words.
    fn check_told(&self) -> Result<(), String> {
        named("agent", &self.agent)?;
        let (field, is_told) = match self.action {
            AgentAction::TagAdd | AgentAction::TagRemove => ("tag", self.tag.is_some()),
            AgentAction::Colour => ("colour", self.colour.is_some()),
            _ => return Ok(()),
        };
        if is_told { Ok(()) } else { Err(format!("`{field}` is missing: without it nothing can be done")) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use serde_json::{Value, json};

    use super::*;

    fn check(event: Value) -> Result<(), String> {
        serde_json::from_value::<EventBody>(event).unwrap().check_words()
    }

    #[test]
    fn a_word_that_no_rule_reads_is_refused_with_those_that_are_read() {
        for (event, said) in [
            (
                json!({ "event": "cart", "action": "added" }),
                "`action` is `added`: write one of add, remove, checkout, abandon",
            ),
            (json!({ "event": "quote", "quote": "Q", "action": "ask" }), "asked, sent, opened"),
            (json!({ "event": "case", "case": "C", "kind": "complain", "action": "opened" }), "`kind` is `complain`"),
            (json!({ "event": "case", "case": "C", "kind": "repair", "action": "open" }), "opened, resolved"),
            (json!({ "event": "click", "link": "prodct" }), "product, comparison, quote, ad, article"),
            (json!({ "event": "page", "page": "products", "seconds": 1 }), "product, checkout, other"),
            (json!({ "event": "campaign", "campaign": "c", "action": "respond" }), "recipient, response"),
            (json!({ "event": "product", "product": "P", "category": "c", "action": "restock" }), "back_in_stock"),
            (json!({ "event": "message", "media": "picture" }), "image, video"),
            (
                json!({ "event": "message", "referral": { "source": "ad", "platform": "fb" } }),
                "`referral.platform` is `fb`",
            ),
            (json!({ "event": "order", "order": " ", "state": "paid" }), "`order` is empty"),
            (json!({ "event": "agent", "agent": "ana", "action": "tag_add" }), "`tag` is missing"),
            (json!({ "event": "agent", "agent": "ana", "action": "colour" }), "`colour` is missing"),
            (json!({ "event": "agent", "agent": "", "action": "take" }), "`agent` is empty"),
        ] {
            let refused = check(event.clone()).unwrap_err();
            assert!(refused.contains(said), "{event}: {refused}");
        }
        for event in [
            json!({ "event": "message", "text": "hi", "referral": { "source": "ad", "platform": "Facebook" } }),
            json!({ "event": "cart", "action": "abandon" }),
            json!({ "event": "agent", "agent": "ana", "action": "won" }),
            json!({ "event": "agent", "agent": "ana", "action": "reply" }),
            json!({ "event": "agent", "agent": "ana", "action": "note" }),
        ] {
            assert_eq!(check(event.clone()), Ok(()), "{event}");
        }
    }
}
