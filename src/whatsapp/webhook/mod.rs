//! Webhook bodies (sections 1.6 and 2) to events. What is not known is kept raw, never refused: Meta adds fields, types
//! and values without notice.

mod messages;
mod shape;

use serde_json::Value;

use crate::domain::{
    ContactRef, EventBody, OptAction, OptEvent, OptScope, StatusEvent, StatusKind, Timestamp, UserId, mended,
};
use shape::{Body, Change, Contact, Entry, Number, PreferenceEntry, Status, seconds};

/// No id of Meta's is longer: what makes a longer one is told by its fingerprint.
const LONGEST_KEY: usize = 500;

/// One event of a body, with the names that it gives its contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Counts once: the provider's id with what tells two deliveries of different things apart (section 1.3).
    pub key: String,
    /// All names of its one contact; empty for what concerns the shop.
    pub contacts: Vec<ContactRef>,
    /// When it happened, by Meta's clock.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// A body that is no webhook. It is kept all the same.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not JSON, or not of a webhook's outer shape.
    #[error("not the JSON of a webhook: {0}")]
    Json(String),
    /// Somebody else's webhook.
    #[error("an object of kind `{0}`, not whatsapp_business_account")]
    OtherObject(String),
}

/// Reads a body into events. `received` stands in where Meta tells no time.
///
/// # Errors
/// The body is no webhook of WhatsApp at all.
pub fn parse(body: &[u8], received: Timestamp) -> Result<Vec<Arrival>, Malformed> {
    let body: Body = serde_json::from_slice(&mended(body)).map_err(|error| Malformed::Json(error.to_string()))?;
    match body.object.as_deref() {
        Some("whatsapp_business_account") => {}
        other => return Err(Malformed::OtherObject(other.unwrap_or("none").to_owned())),
    }
    let mut arrivals = Vec::new();
    for raw in body.entry {
        // One that cannot be read takes nothing from those beside it.
        let entry = match serde_json::from_value::<Entry>(raw.clone()) {
            Ok(entry) => entry,
            Err(error) => {
                let mut reader = Reader { account: &None, time: received, received, arrivals: &mut arrivals };
                reader.unknown(&format!("an entry: {error}"), raw);
                continue;
            }
        };
        let time = entry.time.as_ref().and_then(seconds).unwrap_or(received);
        for raw in entry.changes {
            let mut reader = Reader { account: &entry.id, time, received, arrivals: &mut arrivals };
            match serde_json::from_value::<Change>(raw.clone()) {
                Ok(change) => reader.change(change),
                Err(error) => reader.unknown(&format!("a change: {error}"), raw),
            }
        }
    }
    for arrival in &mut arrivals {
        // What has not happened yet cannot have happened, whatever a clock says.
        arrival.at = arrival.at.min(received).max(Timestamp(0));
        if arrival.key.len() > LONGEST_KEY {
            arrival.key = format!("long:{}", fingerprint(&Value::from(std::mem::take(&mut arrival.key))));
        }
    }
    Ok(arrivals)
}

struct Reader<'a> {
    account: &'a Option<Number>,
    time: Timestamp,
    received: Timestamp,
    arrivals: &'a mut Vec<Arrival>,
}

/// What surrounds the messages of one change.
struct Around<'a> {
    contacts: &'a [Contact],
    channel: Option<String>,
    /// Must not be answered.
    silent: bool,
}

impl Reader<'_> {
    fn change(&mut self, change: Change) {
        let Change { field, value } = change;
        let field = field.unwrap_or_default();
        match field.as_str() {
            "messages" => self.messages(value, false),
            "standby" => match value.get("standby").cloned() {
                Some(mut inner) => {
                    if let (Some(inner), Some(metadata)) = (inner.as_object_mut(), value.get("metadata")) {
                        inner.insert("metadata".into(), metadata.clone());
                    }
                    self.messages(inner, true);
                }
                None => self.account(&field, value),
            },
            "smb_message_echoes" => self.echoes(value),
            "user_preferences" => self.preferences(value),
            "history" => self.history(value),
            "" => self.unknown("a change without field", value),
            _ => self.account(&field, value),
        }
    }

    fn messages(&mut self, value: Value, silent: bool) {
        let parts: shape::MessagesValue = match serde_json::from_value(value.clone()) {
            Ok(parts) => parts,
            Err(error) => return self.unknown(&format!("messages: {error}"), value),
        };
        let channel = parts.metadata.as_ref().and_then(|metadata| metadata.phone_number_id.as_ref()).map(Number::text);
        let around = Around { contacts: &parts.contacts, channel, silent };
        let had_messages = !parts.messages.is_empty();
        for message in parts.messages {
            if !message.is_object() {
                self.unknown("a message that is no object", message);
                continue;
            }
            let arrival = messages::arrival(message, &around, self.received);
            let stop = match &arrival.body {
                EventBody::Message(message) => messages::stops(message),
                _ => None,
            };
            let opt = stop.map(|opt| Arrival {
                key: format!("opt:{}", arrival.key),
                contacts: arrival.contacts.clone(),
                at: arrival.at,
                body: EventBody::Opt(opt),
            });
            self.arrivals.push(arrival);
            self.arrivals.extend(opt);
        }
        for status in parts.statuses {
            self.status(status, &around);
        }
        for echo in parts.message_echoes {
            self.arrivals.push(messages::echo(echo, self.received));
        }
        if !had_messages {
            for error in parts.errors {
                self.account("errors", error);
            }
        }
    }

    fn status(&mut self, raw: Value, around: &Around<'_>) {
        let status: Status = match serde_json::from_value(raw.clone()) {
            Ok(status) => status,
            Err(error) => return self.unknown(&format!("status: {error}"), raw),
        };
        let at = status.timestamp.as_ref().and_then(seconds).unwrap_or(self.received);
        let wamid = status.id.as_ref().map(Number::text).unwrap_or_default();
        let person = status.recipient_participant_user_id.as_deref().or(status.recipient_participant_id.as_deref());
        let whom =
            person.or(status.recipient_id.as_deref()).or(status.recipient_user_id.as_deref()).unwrap_or_default();
        let channel = around.channel.as_deref().unwrap_or_default();
        let name = status.status.as_deref().unwrap_or_default();
        let key = format!("st:{channel}:{wamid}:{name}:{whom}");
        let kind = match name {
            "sent" => StatusKind::Sent,
            "delivered" => StatusKind::Delivered,
            "read" | "played" => StatusKind::Read,
            "failed" => StatusKind::Failed,
            _ => return self.keep_unknown(key, at, &format!("status {name}"), raw),
        };
        let group = status.recipient_type.as_deref() == Some("group");
        let contacts = match group || wamid.starts_with("wacid.") {
            true => Vec::new(),
            false => names(status.recipient_id.as_deref(), status.recipient_user_id.as_deref()),
        };
        let error = status.errors.first().and_then(|error| error.get("code")).and_then(Value::as_i64);
        let ours = status.biz_opaque_callback_data.filter(|data| data.starts_with("hl:"));
        let event = match ours {
            Some(ours) => StatusEvent { message: ours, status: kind, error, wamid: Some(wamid) },
            None => StatusEvent { message: wamid, status: kind, error, wamid: None },
        };
        self.arrivals.push(Arrival { key, contacts, at, body: EventBody::Status(event) });
    }

    /// Messages that a person typed on the shop's phone.
    fn echoes(&mut self, value: Value) {
        let Ok(parts) = serde_json::from_value::<shape::MessagesValue>(value.clone()) else {
            return self.unknown("smb_message_echoes", value);
        };
        for echo in parts.message_echoes {
            self.arrivals.push(messages::echo(echo, self.received));
        }
    }

    fn preferences(&mut self, value: Value) {
        let Some(entries) = value.get("user_preferences").and_then(Value::as_array) else {
            return self.account("user_preferences", value);
        };
        for raw in entries {
            let Ok(entry) = serde_json::from_value::<PreferenceEntry>(raw.clone()) else {
                self.unknown("user_preferences", raw.clone());
                continue;
            };
            let action = match entry.value.as_deref() {
                Some("stop") => OptAction::Out,
                Some("resume" | "signup") => OptAction::In,
                _ => {
                    self.unknown("user_preferences", raw.clone());
                    continue;
                }
            };
            let at = entry.timestamp.as_ref().and_then(seconds).unwrap_or(self.time);
            let contacts = names(entry.wa_id.as_deref(), entry.user_id.as_deref());
            let who = contacts.first().map(ToString::to_string).unwrap_or_default();
            let key = format!("pref:{who}:{}:{}", entry.value.as_deref().unwrap_or_default(), at.0);
            let body = EventBody::Opt(OptEvent::new(action, OptScope::Marketing));
            self.arrivals.push(Arrival { key, contacts, at, body });
        }
    }

    /// Old chats that a phone's owner shared when it was connected: they happened, and nobody waits for an answer.
    fn history(&mut self, value: Value) {
        let threads = value.pointer("/history").and_then(Value::as_array).into_iter().flatten();
        let mut found = false;
        for thread in threads.filter_map(|chunk| chunk.get("threads").and_then(Value::as_array)).flatten() {
            let person = thread.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            for message in thread.get("messages").and_then(Value::as_array).into_iter().flatten() {
                found = true;
                self.arrivals.push(messages::historic(message.clone(), &person, self.received));
            }
        }
        if !found {
            self.account("history", value);
        }
    }

    fn account(&mut self, field: &str, value: Value) {
        let account = self.account.as_ref().map(Number::text).unwrap_or_default();
        let key = format!("acc:{account}:{field}:{}:{}", self.time.0, fingerprint(&value));
        let body = EventBody::Account { field: field.to_owned(), value };
        self.arrivals.push(Arrival { key, contacts: Vec::new(), at: self.time, body });
    }

    fn unknown(&mut self, what: &str, value: Value) {
        let key = format!("unk:{}", fingerprint(&value));
        self.keep_unknown(key, self.time, what, value);
    }

    fn keep_unknown(&mut self, key: String, at: Timestamp, what: &str, value: Value) {
        let body = EventBody::Unknown { what: what.to_owned(), value };
        self.arrivals.push(Arrival { key, contacts: Vec::new(), at, body });
    }
}

/// The names that a number and a user id give, whichever of them are there. Empty texts are none.
fn names(phone: Option<&str>, user: Option<&str>) -> Vec<ContactRef> {
    let phone = phone.filter(|phone| !phone.is_empty()).and_then(|phone| phone.parse().ok()).map(ContactRef::Phone);
    let user = user.filter(|user| !user.is_empty()).map(|user| ContactRef::User(UserId(user.to_owned())));
    phone.into_iter().chain(user).collect()
}

fn fingerprint(value: &Value) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(&Sha256::digest(value.to_string().as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    const NOW: Timestamp = Timestamp(1_772_000_000_000);

    fn webhook(messages: &str) -> String {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[7,{{"id":"1","changes":["x",{{"field":"messages","value":{{
            "metadata":{{"phone_number_id":"880"}},"messages":{messages}}}}}]}}]}}"#
        )
    }

    fn said(arrivals: &[Arrival]) -> Vec<&str> {
        arrivals
            .iter()
            .filter_map(|arrival| match &arrival.body {
                EventBody::Message(message) => message.text.as_deref(),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn what_cannot_be_read_takes_nothing_from_what_stands_beside_it() {
        let text = |id: &str, body: &str| {
            format!(
                r#"{{"from":"85260000001","id":"{id}","timestamp":"1772000000","type":"text","text":{{"body":"{body}"}}}}"#
            )
        };
        let body = webhook(&format!("[5,null,{},{}]", text("w1", r"half \ud83d"), text("w2", r"zero \u0000")));
        let arrivals = parse(body.as_bytes(), NOW).unwrap();
        assert_eq!(said(&arrivals), ["half \u{fffd}", "zero \u{fffd}"]);
        let kept = arrivals.iter().filter(|arrival| matches!(arrival.body, EventBody::Unknown { .. })).count();
        assert_eq!(kept, 4, "an entry, a change and two messages that are none");
    }

    #[test]
    fn messages_without_an_id_are_told_apart_by_what_they_say() {
        let text = |body: &str| format!(r#"{{"from":"85260000001","id":"","type":"text","text":{{"body":"{body}"}}}}"#);
        let arrivals =
            parse(webhook(&format!("[{},{},{}]", text("hi"), text("STOP"), text("hi"))).as_bytes(), NOW).unwrap();
        let keys: Vec<_> =
            arrivals.iter().filter(|arrival| arrival.key.starts_with("msg:")).map(|arrival| &arrival.key).collect();
        assert!(keys[0] != keys[1] && keys[0] == keys[2], "{keys:?}");
    }

    #[test]
    fn times_and_ids_that_nothing_real_has_are_brought_back_to_what_is() {
        let id = "w".repeat(20_000);
        let message = format!(
            r#"[{{"from":"85260000001","id":"{id}","timestamp":"253402300800","type":"text","text":{{"body":"hi"}}}}]"#
        );
        let arrivals = parse(webhook(&message).as_bytes(), NOW).unwrap();
        let message = arrivals.iter().find(|arrival| matches!(arrival.body, EventBody::Message(_))).unwrap();
        assert_eq!(message.at, NOW);
        assert!(message.key.len() < 100, "{}", message.key);
    }
}
