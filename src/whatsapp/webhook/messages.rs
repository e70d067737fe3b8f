//! Inbound messages of every type (section 2.2), echoes of the shop's phone, and shared history.

use serde_json::Value;

use super::shape::{Card, decimal, has, id, moment, phone, text, whole};
use super::{Around, Arrival, fingerprint, held, names};
use crate::domain::{
    CartLine, ContactRef, EventBody, InboundMessage, LocationEvent, MediaFile, MessageKind, OptAction, OptEvent,
    OptScope, Phone, Referral, ReferralSource, SentEvent, Timestamp,
};

/// Types whose body is a file.
const MEDIA: [&str; 5] = ["image", "video", "audio", "document", "sticker"];

/// Lines of a cart that are read.
const MOST_LINES: usize = 100;

/// Errors of messages that Meta could not fetch or show (section 6): their sender is asked for them once more.
const LOST: [i64; 2] = [131_052, 131_060];

/// One element of `messages`.
pub(super) fn arrival(message: Value, around: &Around<'_>, received: Timestamp) -> Arrival {
    let at = moment(&message, "/timestamp").unwrap_or(received);
    let from = id(&message, "/from");
    // Who has no phone and changed the user id is named by the old one alone (section 2.5).
    let user = id(&message, "/from_user_id").or_else(|| id(&message, "/system/previous_user_id"));
    let card = card(around, from.as_deref(), user.as_deref());
    let wa_id = from.clone().or_else(|| card.and_then(|card| card.wa_id.clone()));
    let user_id = user.or_else(|| card.and_then(|card| card.user_id.clone()));
    // Whose number was withheld told it when they were asked for it (section 3.1).
    let wa_id = wa_id.or_else(|| told_number(&message));
    let mut contacts = names(wa_id.as_deref(), user_id.as_deref());
    let kind = text(&message, "/type").unwrap_or_default();
    let group = has(&message, "/group_id");
    let inbound = InboundMessage {
        reply_to: id(&message, "/context/id"),
        product: id(&message, "/context/referred_product/product_retailer_id"),
        referral: referral(&message).map(Box::new),
        wamid: id(&message, "/id"),
        channel: around.channel.clone(),
        name: card.and_then(|card| card.name.clone()),
        wa_id,
        user_id,
        silent: around.silent || group,
        ..InboundMessage::default()
    };
    let key = key_of_theirs(&message, around.channel.as_deref());
    let lost = whole(&message, "/errors/0/code").is_some_and(|code| LOST.contains(&code));
    let mut body = body(&kind, message, inbound);
    match &mut body {
        // Whoever writes under the new name next is the same, with all that they agreed to and not.
        EventBody::Identity { now } => contacts.extend(now.iter().cloned()),
        EventBody::Message(inbound) if lost => inbound.media = Some("unavailable".into()),
        _ => {}
    }
    Arrival::new(key, contacts, at, body)
}

fn body(kind: &str, message: Value, mut inbound: InboundMessage) -> EventBody {
    match kind {
        "text" => inbound.text = text(&message, "/text/body"),
        "button" => {
            inbound.text = text(&message, "/button/text");
            inbound.choice = text(&message, "/button/payload");
        }
        "interactive" => return interactive(message, inbound),
        "location" => return location(&message, inbound),
        "reaction" => {
            let emoji = text(&message, "/reaction/emoji").unwrap_or_default();
            return EventBody::Reaction { message: text(&message, "/reaction/message_id").unwrap_or_default(), emoji };
        }
        "system" => return system(message),
        "order" => {
            inbound.media = Some("order".into());
            inbound.text = id(&message, "/order/text");
            inbound.items = cart(&message);
        }
        // What was said before stays in the journal; the corrected words are read like new ones, without an answer.
        "edit" => {
            let edited = text(&message, "/edit/message/type").unwrap_or_default();
            inbound.text = text(&message, "/edit/message/text/body");
            inbound.caption = text(&message, &format!("/edit/message/{edited}/caption"));
            inbound.silent = true;
        }
        "revoke" => return unknown(kind, message),
        "contacts" => {
            inbound.media = Some(kind.into());
            inbound.details = held::contacts(&message);
        }
        "unsupported" | "unknown" => {
            let told = text(&message, "/unsupported/type").filter(|told| InboundMessage::NONE.contains(&&**told));
            inbound.media = Some(told.unwrap_or_else(|| kind.into()));
        }
        kind if MEDIA.contains(&kind) => {
            inbound.media = Some(kind.into());
            inbound.caption = text(&message, &format!("/{kind}/caption"));
            inbound.details = id(&message, "/document/filename");
            let file = |id| MediaFile { id, mime: text(&message, &format!("/{kind}/mime_type")) };
            inbound.file = id(&message, &format!("/{kind}/id")).map(|id| Box::new(file(id)));
        }
        // A type that Meta added since: it is still a message of the customer, and opens the window.
        kind => inbound.media = Some(kind.to_owned()),
    }
    EventBody::Message(inbound)
}

/// The lines of a cart. One that names no product says nothing; what tells no number is one piece.
fn cart(message: &Value) -> Vec<CartLine> {
    let items = message.pointer("/order/product_items").and_then(Value::as_array);
    let line = |item: &Value| {
        let quantity = whole(item, "/quantity").and_then(|quantity| u32::try_from(quantity).ok());
        Some(CartLine {
            product: id(item, "/product_retailer_id")?,
            quantity: quantity.filter(|quantity| *quantity > 0).unwrap_or(1),
            price: text(item, "/item_price").and_then(|price| price.trim().parse().ok()),
            currency: text(item, "/currency").and_then(|currency| currency.parse().ok()),
        })
    };
    items.into_iter().flatten().filter_map(line).take(MOST_LINES).collect()
}

fn interactive(message: Value, mut inbound: InboundMessage) -> EventBody {
    let kind = text(&message, "/interactive/type").unwrap_or_default();
    match kind.as_str() {
        "button_reply" | "list_reply" => {
            inbound.text = text(&message, &format!("/interactive/{kind}/title"));
            inbound.choice = text(&message, &format!("/interactive/{kind}/id"));
        }
        "nfm_reply" => {
            inbound.media = Some("flow".into());
            inbound.details = held::form(&message);
        }
        // A message without its body comes with the reason in `errors` (section 2.8).
        "" => inbound.media = Some("unsupported".into()),
        // A product of the catalogue that is shared; its inner keys are not confirmed (section 10).
        "product" => {
            inbound.media = Some(kind);
            inbound.product = inbound.product.or_else(|| text(&message, "/interactive/product/product_retailer_id"));
        }
        other => inbound.media = Some(other.to_owned()),
    }
    EventBody::Message(inbound)
}

fn location(message: &Value, inbound: InboundMessage) -> EventBody {
    match (decimal(message, "/location/latitude"), decimal(message, "/location/longitude")) {
        (Some(latitude), Some(longitude)) => EventBody::Location(LocationEvent {
            latitude,
            longitude,
            name: text(message, "/location/name"),
            address: text(message, "/location/address"),
            message: Some(Box::new(inbound)),
        }),
        _ => EventBody::Message(InboundMessage { media: Some("location".into()), ..inbound }),
    }
}

/// The customer changed number or user id (section 2.5).
fn system(message: Value) -> EventBody {
    let phone = text(&message, "/system/wa_id").or_else(|| text(&message, "/system/new_wa_id"));
    let user = text(&message, "/system/user_id");
    let now: Vec<ContactRef> = names(phone.as_deref(), user.as_deref());
    let kind = text(&message, "/system/type").unwrap_or_default();
    if now.is_empty() || kind == "customer_identity_changed" {
        unknown(&kind, message)
    } else {
        EventBody::Identity { now }
    }
}

fn unknown(what: &str, value: Value) -> EventBody {
    EventBody::Unknown { what: what.to_owned(), value }
}

fn referral(message: &Value) -> Option<Referral> {
    let referral = message.get("referral").filter(|referral| referral.is_object())?;
    let url = text(referral, "/source_url").unwrap_or_default();
    let platform = match url.as_str() {
        url if url.contains("instagram") => "instagram",
        _ => "facebook",
    };
    Some(Referral {
        source: ReferralSource::Ad,
        platform: Some(platform.into()),
        id: text(referral, "/source_id"),
        headline: text(referral, "/headline"),
        ctwa_clid: text(referral, "/ctwa_clid"),
    })
}

/// Counts a message of the customer once, whether it comes live or in a shared history. Without an id it is told by what it says: two of
/// them are two messages.
fn key_of_theirs(message: &Value, channel: Option<&str>) -> String {
    let key = id(message, "/id").unwrap_or_else(|| fingerprint(message));
    format!("msg:{}:{key}", channel.unwrap_or_default())
}

/// The same of a message in our name.
fn key_of_ours(message: &Value) -> String {
    format!("echo:{}", id(message, "/id").unwrap_or_else(|| fingerprint(message)))
}

/// A message in our name that we did not send: somebody typed it on the shop's phone (section 2.12), or another responder did, one level
/// deeper (section 2.13).
pub(super) fn echo(mut message: Value, by: &str, received: Timestamp) -> Arrival {
    if let Some(outer) = message.as_object_mut()
        && let Some(Value::Object(inner)) = outer.remove("message")
    {
        outer.extend(inner);
    }
    let to = text(&message, "/to");
    let user = text(&message, "/to_user_id");
    let kind = text(&message, "/type").unwrap_or_default();
    let contacts = names(to.as_deref(), user.as_deref());
    let at = moment(&message, "/timestamp").unwrap_or(received);
    let key = key_of_ours(&message);
    if kind == "edit" || kind == "revoke" {
        return Arrival::new(key, contacts, at, unknown(&format!("echo {kind}"), message));
    }
    let words = text(&message, "/text/body").or_else(|| text(&message, &format!("/{kind}/caption")));
    let body = EventBody::Sent(SentEvent {
        past: false,
        message: text(&message, "/id").unwrap_or_default(),
        kind: MessageKind::Reply,
        product: None,
        category: None,
        campaign: None,
        link: false,
        by: by.into(),
        text: words.or(Some(format!("[{kind}]"))),
    });
    Arrival::new(key, contacts, at, body)
}

/// A message of a shared history: by the customer if it came from them.
pub(super) fn historic(message: Value, person: &str, channel: Option<&str>, received: Timestamp) -> Arrival {
    let is_user_id = person.contains('.');
    let contacts = names(Some(person).filter(|_| !is_user_id), Some(person).filter(|_| is_user_id));
    let theirs = ["/from", "/from_user_id"].iter().any(|from| text(&message, from).as_deref() == Some(person));
    let at = moment(&message, "/timestamp").unwrap_or(received);
    let (key, body) = match theirs {
        true => {
            let kind = text(&message, "/type").unwrap_or_default();
            let inbound = InboundMessage { silent: true, wamid: id(&message, "/id"), ..InboundMessage::default() };
            (key_of_theirs(&message, channel), body(&kind, message, inbound))
        }
        false => {
            // It was sent in the past: it takes nothing over now.
            let Arrival { key, body, .. } = echo(message, "history", received);
            (key, body)
        }
    };
    Arrival::new(key, contacts, at, body)
}

/// The number in the answer to our request for it.
fn told_number(message: &Value) -> Option<String> {
    let is_answer = text(message, "/contacts/0/origin").as_deref() == Some("contact_request");
    id(message, "/contacts/0/phones/0/wa_id").filter(|_| is_answer)
}

/// The tap on a template's stop button, or of its text: nothing more may be sent (section 7.2). Text that the customer
/// types is read by the lexicon.
pub(super) fn stops(message: &InboundMessage) -> Option<OptEvent> {
    let payload = message.choice.as_deref()?.trim().to_ascii_lowercase();
    let stop = ["stop", "unsubscribe", "opt_out", "opt-out", "stop_promotions"].contains(&payload.as_str());
    stop.then_some(OptEvent::new(OptAction::Out, OptScope::All))
}

/// Whether all messages of a value come from one sender. A change of number tells of two, and names the other one itself.
pub(super) fn are_of_one(messages: &[Value]) -> bool {
    let sender = |message: &Value| (phone(message, "/from"), id(message, "/from_user_id"));
    let is_system = |message: &Value| text(message, "/type").as_deref() == Some("system");
    messages.windows(2).all(|pair| sender(&pair[0]) == sender(&pair[1])) && !messages.iter().any(is_system)
}

/// The card of the sender: `contacts` need not stand in the order of `messages` (section 2.1), and a number and its wa_id may differ by
/// a national variant.
fn card<'a>(around: &Around<'a>, from: Option<&str>, user: Option<&str>) -> Option<&'a Card> {
    let (contacts, from) = (around.contacts, from.and_then(|from| from.parse::<Phone>().ok()));
    let by_phone = contacts.iter().find(|card| from.is_some() && card.phone == from);
    let by_user = || contacts.iter().find(|card| user.is_some() && card.user_id.as_deref() == user);
    // With one sender there is no doubt; with several, two strangers would become one customer.
    by_phone.or_else(by_user).or_else(|| contacts.first().filter(|_| around.of_one && contacts.len() == 1))
}
