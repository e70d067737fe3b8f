//! What customers do, as webhooks tell it: messages (sections 2.2 to 2.4) and marketing preferences (section 2.11).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::people::{Customer, Person};
use super::state::Said;
use super::{Sandbox, deliver, media, wire};
use crate::domain::CartLine;

/// A customer's message: on their own screen, and on its way.
pub(super) fn message(sandbox: &Sandbox, customer: &Customer, said: &Said) -> String {
    // It is told of without a card, and opens no window.
    if let Said::ChangedNumber { number } = said {
        return changed_number(sandbox, customer, number);
    }
    let inner = &sandbox.inner;
    let (person, now) = (inner.people().meet(customer), inner.now());
    let id = wire::wamid(&person.key, false);
    inner.graph().wrote(&person.key, now);
    inner.heard().add(&id);
    let mut message = json!({ "from_user_id": person.user_id, "id": id, "timestamp": (now.0 / 1000).to_string() });
    if let Some(phone) = &person.phone {
        message["from"] = phone.as_str().into();
    }
    surround(&mut message, sandbox, &person, said);
    let (kind, body, shown) = part(sandbox, &person, said);
    message["type"] = kind.into();
    if !body.is_null() {
        message[kind] = body;
    }
    if let Said::Button { id, .. } | Said::Row { id, .. } = said
        && let Some((offered_in, choice)) = offered(&inner.phone(&person.key), id)
    {
        message["context"] = json!({ "from": wire::OUR_NUMBER, "id": offered_in });
        if choice["description"].is_string() {
            message["interactive"]["list_reply"]["description"] = choice["description"].clone();
        }
    }
    inner.show(&person.key, json!({ "id": id, "mine": true, "text": shown, "at": now.0 }));
    if inner.account().number.blocked.contains(&person.key) {
        return id;
    }
    let value = deliver::value(sandbox, Some(&person), "messages", message);
    deliver::send(sandbox, wire::envelope("messages", value));
    id
}

/// What stands around what a message holds: what it answers, where it comes from, what is wrong with it.
fn surround(message: &mut Value, sandbox: &Sandbox, person: &Person, said: &Said) {
    let (inner, key) = (&sandbox.inner, person.key.as_str());
    match said {
        Said::FromAd { headline, .. } => {
            inner.prices().came_from_ad(&person.key, inner.now());
            message["referral"] = json!({
                "source_url": "https://fb.me/sandbox", "source_id": "120200000000000001", "source_type": "ad",
                "headline": headline, "media_type": "image", "ctwa_clid": format!("Aff-{}", wire::wamid(key, false)),
            });
        }
        Said::Quote { message: quoted, .. } => {
            let own = inner.phone(key).iter().any(|shown| shown["id"] == *quoted && shown["mine"] == true);
            let by = if own { person.phone.as_deref().unwrap_or(&person.user_id) } else { wire::OUR_NUMBER };
            message["context"] = json!({ "from": by, "id": quoted });
        }
        Said::FromProduct { product, .. } => {
            let product = json!({ "catalog_id": wire::CATALOGUE, "product_retailer_id": product });
            message["context"] =
                json!({ "from": wire::OUR_NUMBER, "id": wire::wamid(key, true), "referred_product": product });
        }
        Said::QuickReply { text, message: tapped } => {
            if let Some((id, _)) = quick_reply(&inner.phone(key), text, tapped.as_deref()) {
                message["context"] = json!({ "from": wire::OUR_NUMBER, "id": id });
            }
        }
        Said::Unsupported { .. } => {
            message["errors"] = json!([{
                "code": 131_051, "title": "Message type unknown", "message": "Message type unknown",
                "error_data": { "details": "Message type is currently not supported." },
            }]);
        }
        _ => {}
    }
}

/// What a message holds: its type, the part of that name, and what stands of it on the customer's own screen.
fn part(sandbox: &Sandbox, person: &Person, said: &Said) -> (&'static str, Value, String) {
    match said {
        Said::Text(text) | Said::FromAd { text, .. } | Said::Quote { text, .. } | Said::FromProduct { text, .. } => {
            ("text", json!({ "body": text }), text.clone())
        }
        Said::Cart { items, text } => {
            let line = |line: &CartLine| json!({ "product_retailer_id": line.product, "quantity": line.quantity, "item_price": line.price, "currency": line.currency });
            let lines: Vec<_> = items.iter().map(line).collect();
            let shown: Vec<_> = items.iter().map(|line| format!("{} × {}", line.quantity, line.product)).collect();
            let order = json!({ "catalog_id": wire::CATALOGUE, "text": text, "product_items": lines });
            ("order", order, format!("🛒 {}\n{text}", shown.join("\n")).trim_end().to_owned())
        }
        Said::Button { id, title } => {
            let reply = json!({ "type": "button_reply", "button_reply": { "id": id, "title": title } });
            ("interactive", reply, title.clone())
        }
        Said::QuickReply { text, message: tapped } => {
            let under = quick_reply(&sandbox.inner.phone(&person.key), text, tapped.as_deref());
            let payload = under.map_or_else(|| text.as_str().into(), |(_, payload)| payload);
            ("button", json!({ "payload": payload, "text": text }), text.clone())
        }
        Said::Row { id, title } => {
            let reply = json!({ "type": "list_reply", "list_reply": { "id": id, "title": title } });
            ("interactive", reply, title.clone())
        }
        Said::Location { latitude, longitude } => {
            ("location", json!({ "latitude": latitude, "longitude": longitude }), "📍".into())
        }
        Said::Image { caption } => ("image", media::picture(sandbox, caption), format!("🖼 {caption}")),
        Said::File { kind, data, mime, caption, filename } => {
            let (kind, usual) = kind.names();
            let bytes =
                STANDARD.decode(data).ok().filter(|bytes| !bytes.is_empty()).unwrap_or_else(|| b"file".to_vec());
            let mut file = media::sent(sandbox, mime.as_deref().unwrap_or(usual), bytes.into(), caption);
            match kind {
                "audio" => file["voice"] = true.into(),
                "sticker" => file["animated"] = false.into(),
                "document" => file["filename"] = filename.as_deref().unwrap_or("document.pdf").into(),
                _ => {}
            }
            (kind, file, format!("📎 {kind} {caption}").trim_end().to_owned())
        }
        Said::Reaction { message, emoji } => {
            let mut reaction = json!({ "message_id": message });
            if !emoji.is_empty() {
                reaction["emoji"] = emoji.as_str().into();
            }
            ("reaction", reaction, emoji.clone())
        }
        Said::Contact { name, number } => {
            let wa_id: String = number.chars().filter(char::is_ascii_digit).collect();
            let phone = json!({ "phone": number, "wa_id": wa_id, "type": "CELL" });
            let named = json!({ "formatted_name": name, "first_name": name });
            ("contacts", json!([{ "name": named, "phones": [phone] }]), format!("👤 {name}"))
        }
        Said::Unsupported { kind } => ("unsupported", json!({ "type": kind }), format!("[{kind}]")),
        Said::RequestWelcome | Said::ChangedNumber { .. } => ("request_welcome", Value::Null, String::new()),
    }
}

/// A customer's phone has another number (section 2.5). The window that was open stays so.
fn changed_number(sandbox: &Sandbox, customer: &Customer, number: &str) -> String {
    let (inner, (before, person)) = (&sandbox.inner, sandbox.inner.people().moved(customer, number));
    let (id, now) = (wire::wamid(&person.key, false), inner.now());
    if inner.graph().is_open(&before.key, now) {
        inner.graph().wrote(&person.key, now);
    }
    let told = json!({
        "body": format!("User {} changed from {} to {}", customer.name, before.key, person.key),
        "type": "user_changed_number", "wa_id": person.phone, "user_id": person.user_id, "previous_user_id": before.user_id,
    });
    let mut message = json!({ "id": id, "timestamp": (now.0 / 1000).to_string(), "type": "system", "system": told });
    if let Some(phone) = &before.phone {
        message["from"] = phone.as_str().into();
    }
    let value = deliver::value(sandbox, None, "messages", message);
    deliver::send(sandbox, wire::envelope("messages", value));
    id
}

/// The template of ours with a quick reply of these words that was tapped, else the last one, and what the button tells.
fn quick_reply(screen: &[Value], text: &str, tapped: Option<&str>) -> Option<(Value, Value)> {
    screen.iter().rev().filter(|shown| tapped.is_none_or(|tapped| shown["id"] == tapped)).find_map(|shown| {
        let mut buttons = shown["template"]["buttons"].as_array()?.iter();
        let button = buttons.find(|button| button["text"] == text && button["payload"].is_string())?;
        Some((shown["id"].clone(), button["payload"].clone()))
    })
}

/// The last message of ours that offered this choice, and the choice: a button's reply or a list's row.
fn offered(screen: &[Value], choice: &str) -> Option<(Value, Value)> {
    screen.iter().rev().find_map(|shown| {
        let action = &shown["interactive"]["action"];
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let buttons = list(&action["buttons"]).into_iter().map(|button| button["reply"].clone());
        let rows = list(&action["sections"]).into_iter().flat_map(|section| list(&section["rows"]));
        let found = buttons.chain(rows).find(|offer| offer["id"] == choice)?;
        Some((shown["id"].clone(), found))
    })
}

/// A customer stops marketing or wants it again, in WhatsApp itself.
pub(super) fn preference(sandbox: &Sandbox, customer: &Customer, wants: bool) {
    let (person, now) = (sandbox.inner.people().meet(customer), sandbox.inner.now());
    sandbox.inner.graph().set_marketing_stopped(&person.key, !wants, now);
    let value = if wants { "resume" } else { "stop" };
    let mut entry = json!({
        "user_id": person.user_id, "detail": format!("User requested to {value} marketing messages"),
        "category": "marketing_messages", "value": value, "timestamp": now.0 / 1000,
    });
    if let Some(phone) = &person.phone {
        entry["wa_id"] = phone.as_str().into();
    }
    let value = deliver::value(sandbox, Some(&person), "user_preferences", entry);
    deliver::send(sandbox, wire::envelope("user_preferences", value));
}
