//! What programs are told of contacts, messages and hand-offs, whether they ask by the API or are told by a webhook.

use serde_json::{Map, Value, json};

use crate::domain::{Content, Event, EventBody, MessageNumber, Timestamp};
use crate::engine::fold::state::State;
use crate::engine::processing::summary::Row;
use crate::engine::tags::Faces;
use crate::store::{HandoffRow, SentRow};
use crate::whatsapp::errors;

/// Who a contact is, as short as a list tells it.
pub fn who(id: i64, summary: &str) -> Value {
    let summary: Row = serde_json::from_str(summary).unwrap_or_default();
    json!({ "id": id, "phone": summary.wa_id.map(|digits| format!("+{digits}")), "name": summary.name })
}

/// Why a message did not arrive or still waits, in words: a status tells a code.
pub fn reason(row: &SentRow) -> Option<String> {
    let tells = matches!(row.state.as_str(), "failed" | "cancelled" | "expired" | "queued");
    let error = row.error.as_ref().filter(|_| tells)?;
    Some(error.parse().map_or_else(|_| error.clone(), errors::explain))
}

/// What a contact said, or what was said to them in our name elsewhere; `None` of anything else.
pub fn heard(event: &Event) -> Option<Value> {
    let (id, direction, sender, what) = match &event.body {
        EventBody::Message(message) => {
            let kind = message.media.as_deref().unwrap_or("text");
            let (text, referral) = (message.words(), &message.referral);
            let items = Some(&message.items).filter(|items| !items.is_empty());
            let what = json!({ "kind": kind, "text": text, "choice": message.choice, "details": message.details, "answers": message.reply_to, "product": message.product, "items": items, "referral": referral });
            (message.wamid.clone(), "in", "customer", what)
        }
        EventBody::Location(location) => {
            let text = location.name.clone().unwrap_or_default();
            let what = json!({ "kind": "location", "text": text, "latitude": location.latitude, "longitude": location.longitude });
            (location.message.as_ref().and_then(|message| message.wamid.clone()), "in", "customer", what)
        }
        EventBody::Sent(sent) => {
            let what = json!({ "kind": "text", "text": sent.text, "purpose": sent.kind, "campaign": sent.campaign, "status": "sent" });
            (Some(sent.message.clone()), "out", sent.by.trim_start_matches("agent:"), what)
        }
        _ => return None,
    };
    let head = json!({
        "id": id.unwrap_or_else(|| format!("event:{}", event.seq)), "direction": direction, "at": event.received.rfc3339(),
        "sender": sender,
    });
    Some(joined(head, what))
}

/// A message of ours with what became of it.
pub fn sent(row: &SentRow) -> Value {
    let message = &row.message;
    let (kind, options): (_, Vec<&str>) = match &message.content {
        Content::Text { .. } => ("text", Vec::new()),
        Content::Buttons { buttons, .. } => ("buttons", buttons.iter().map(|button| button.title.as_str()).collect()),
        Content::List { rows, .. } => ("list", rows.iter().map(|row| row.title.as_str()).collect()),
        Content::Image { .. } => ("image", Vec::new()),
        Content::Template(_) => ("template", Vec::new()),
    };
    json!({
        "id": MessageNumber { contact: row.contact, number: row.number }.to_string(), "direction": "out",
        "at": message.at.rfc3339(), "sender": row.sender, "kind": kind, "text": message.content.text(), "options": options,
        "purpose": message.kind, "rule": message.rule, "campaign": message.campaign, "answers": message.answers,
        "wamid": row.wamid, "status": row.state, "reason": reason(row),
    })
}

/// A time that a person was asked for.
pub fn hand_off(row: &HandoffRow) -> Value {
    let time = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
    let state = if row.state == "accepted" { "taken" } else { row.state.as_str() };
    json!({
        "id": row.id, "state": state, "reason": row.reason, "opened": row.opened_at.rfc3339(),
        "promise_due": time(row.promise_due), "agent": row.agent, "taken": time(row.accepted_at), "closed": time(row.closed_at),
    })
}

/// Everything of a contact that its state knows and lists do not tell: tags with their reason, consent, the service window.
pub fn details(state: &State, faces: &Faces, now: Timestamp) -> Value {
    let contact = &state.contact;
    let tag = |(tag, held): (&crate::domain::TagKey, &crate::rulebook::HeldTag)| {
        json!({
            "tag": tag, "label": faces.label(tag.as_str()), "since": held.since.rfc3339(),
            "until": held.expires.map(Timestamp::rfc3339), "by": held.by, "about": held.about,
        })
    };
    let ends = contact.window_ends();
    json!({
        "zone": contact.zone.map(|zone| zone.name()),
        "user_id": contact.address.user_id,
        "tags": state.facts.tags().map(tag).collect::<Vec<_>>(),
        "budget": state.memory.budget(),
        "product": state.memory.product(),
        "service_window": { "open": contact.window_is_open(now), "ends": ends.map(Timestamp::rfc3339) },
        "consent": {
            "wants_nothing": contact.opted_out, "wants_no_marketing": contact.marketing_out, "agreed_to_marketing": contact.opted_in,
            "opted_out_at": contact.opted_out_at.map(Timestamp::rfc3339),
        },
    })
}

/// The fields of both, without those that are not known; what stands in both is the second's.
pub fn joined(first: Value, second: Value) -> Value {
    let fields = |value| if let Value::Object(fields) = value { fields } else { Map::new() };
    let mut all = fields(first);
    all.extend(fields(second).into_iter().filter(|(_, value)| !value.is_null()));
    Value::Object(all)
}
