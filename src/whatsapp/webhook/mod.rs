//! Webhook bodies (sections 1.6 and 2) to events. What is not known is kept raw, never refused: Meta adds fields, types
//! and values without notice.

mod held;
mod messages;
mod shape;

use serde_json::Value;

use crate::domain::{
    ContactRef, EventBody, MessageNumber, OptAction, OptEvent, OptScope, StatusEvent, StatusKind, Timestamp, UserId,
    mended,
};
use shape::{Card, has, id, moment, take_list, text, whole};

/// No id of Meta's is longer: what makes a longer one is told by its fingerprint.
const LONGEST_KEY: usize = 500;

/// One event of a body, with the names that it gives its contact.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Counts once: the provider's id with what tells two deliveries of different things apart (section 1.3).
    pub key: String,
    /// All names of its one contact; empty for what concerns the shop.
    pub contacts: Vec<ContactRef>,
    /// The account that Meta tells it of; empty where it tells none.
    pub account: String,
    /// Our number that it is about, by its id.
    pub channel: Option<String>,
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
    let mut body: Value = serde_json::from_slice(&mended(body)).map_err(|error| Malformed::Json(error.to_string()))?;
    match text(&body, "/object").as_deref() {
        Some("whatsapp_business_account") => {}
        other => return Err(Malformed::OtherObject(other.unwrap_or("none").to_owned())),
    }
    let mut arrivals = Vec::new();
    let entries = Reader { account: "", time: received, is_told: false, received, arrivals: &mut arrivals }
        .objects(&mut body, "entry");
    for mut entry in entries {
        let told = moment(&entry, "/time");
        let (time, is_told) = (told.unwrap_or(received), told.is_some());
        let account = text(&entry, "/id").unwrap_or_default();
        let mut reader = Reader { account: &account, time, is_told, received, arrivals: &mut arrivals };
        for change in reader.objects(&mut entry, "changes") {
            let (begin, channel) = (reader.arrivals.len(), id(&change, "/value/metadata/phone_number_id"));
            reader.change(change);
            for arrival in &mut reader.arrivals[begin..] {
                (arrival.account, arrival.channel) = (account.clone(), channel.clone());
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
    account: &'a str,
    time: Timestamp,
    /// Meta tells that time.
    is_told: bool,
    received: Timestamp,
    arrivals: &'a mut Vec<Arrival>,
}

impl Arrival {
    /// Of which account and number it is, its surroundings tell.
    fn new(key: String, contacts: Vec<ContactRef>, at: Timestamp, body: EventBody) -> Self {
        Self { key, contacts, account: String::new(), channel: None, at, body }
    }
}

/// What surrounds the messages of one change.
struct Around<'a> {
    contacts: &'a [Card],
    /// All messages come from one sender.
    of_one: bool,
    channel: Option<String>,
    /// Must not be answered.
    silent: bool,
}

impl Reader<'_> {
    /// The elements of a list that can be read; the others are kept as they came, and take nothing from those.
    fn objects(&mut self, from: &mut Value, list: &str) -> Vec<Value> {
        let (objects, others): (Vec<_>, Vec<_>) = take_list(from, list).into_iter().partition(Value::is_object);
        for other in others {
            self.unknown(&format!("an element of `{list}` that is no object"), other);
        }
        objects
    }

    fn change(&mut self, mut change: Value) {
        let field = text(&change, "/field").unwrap_or_default();
        let value = change["value"].take();
        match field.as_str() {
            "messages" => self.messages(value, false),
            "standby" => match value.get("standby").filter(|inner| inner.is_object()).cloned() {
                Some(mut inner) => {
                    inner["metadata"] = value["metadata"].clone();
                    self.messages(inner, true);
                }
                None => self.account(&field, value),
            },
            "smb_message_echoes" => self.messages(value, false),
            "user_preferences" => self.preferences(value),
            "history" => self.history(value),
            "" => self.unknown("a change without field", value),
            _ => self.account(&field, value),
        }
    }

    /// The people that a value tells of. What is none of them is kept.
    fn cards(&mut self, value: &mut Value) -> Vec<Card> {
        let mut cards = Vec::new();
        for contact in self.objects(value, "contacts") {
            match Card::read(&contact) {
                Some(card) => cards.push(card),
                None => self.unknown("a contact that names nobody", contact),
            }
        }
        cards
    }

    fn messages(&mut self, mut value: Value, silent: bool) {
        if !value.is_object() {
            return self.unknown("messages that are no object", value);
        }
        let channel = id(&value, "/metadata/phone_number_id");
        let contacts = self.cards(&mut value);
        let messages = self.objects(&mut value, "messages");
        let around = Around { contacts: &contacts, of_one: messages::are_of_one(&messages), channel, silent };
        for message in messages {
            let arrival = messages::arrival(message, &around, self.received);
            let stop = match &arrival.body {
                EventBody::Message(message) => messages::stops(message),
                _ => None,
            };
            let opt = stop.map(|opt| {
                Arrival::new(format!("opt:{}", arrival.key), arrival.contacts.clone(), arrival.at, EventBody::Opt(opt))
            });
            self.arrivals.push(arrival);
            self.arrivals.extend(opt);
        }
        for status in self.objects(&mut value, "statuses") {
            self.status(status, &around);
        }
        // Messages that a person typed on the shop's phone, or that another responder sent.
        let by = if silent { "standby" } else { "agent:phone" };
        for echo in self.objects(&mut value, "message_echoes") {
            self.arrivals.push(messages::echo(echo, by, self.received));
        }
        for mut error in take_list(&mut value, "errors") {
            if error.is_object() {
                error["metadata"] = value["metadata"].clone();
            }
            self.account("errors", error);
        }
    }

    fn status(&mut self, raw: Value, around: &Around<'_>) {
        let at = moment(&raw, "/timestamp").unwrap_or(self.received);
        let wamid = text(&raw, "/id").unwrap_or_default();
        let (phone, user) = (id(&raw, "/recipient_id"), id(&raw, "/recipient_user_id"));
        let person = id(&raw, "/recipient_participant_user_id").or_else(|| id(&raw, "/recipient_participant_id"));
        let whom = person.or_else(|| phone.clone()).or_else(|| user.clone()).unwrap_or_default();
        let channel = around.channel.as_deref().unwrap_or_default();
        let name = text(&raw, "/status").unwrap_or_default();
        let key = format!("st:{channel}:{wamid}:{name}:{whom}");
        let kind = match &*name {
            "sent" => StatusKind::Sent,
            "delivered" => StatusKind::Delivered,
            "read" | "played" => StatusKind::Read,
            "failed" => StatusKind::Failed,
            _ => return self.keep_unknown(key, at, &format!("status {name}"), raw),
        };
        let group = text(&raw, "/recipient_type").as_deref() == Some("group");
        let contacts = match group || wamid.starts_with("wacid.") {
            true => Vec::new(),
            false => names(phone.as_deref(), user.as_deref()),
        };
        let error = whole(&raw, "/errors/0/code");
        let ours = text(&raw, "/biz_opaque_callback_data").filter(|data| data.starts_with(MessageNumber::MARK));
        let event = match ours {
            Some(ours) => StatusEvent { message: ours, status: kind, error, wamid: Some(wamid) },
            None => StatusEvent { message: wamid, status: kind, error, wamid: None },
        };
        self.arrivals.push(Arrival::new(key, contacts, at, EventBody::Status(event)));
    }

    fn preferences(&mut self, mut value: Value) {
        if !has(&value, "/user_preferences") {
            return self.account("user_preferences", value);
        }
        // Each wish names its person itself.
        let _cards = self.cards(&mut value);
        for raw in self.objects(&mut value, "user_preferences") {
            let wish = text(&raw, "/value").unwrap_or_default();
            let action = match &*wish {
                "stop" => OptAction::Out,
                "resume" | "signup" => OptAction::In,
                _ => {
                    self.unknown("user_preferences", raw);
                    continue;
                }
            };
            let at = moment(&raw, "/timestamp").unwrap_or(self.time);
            let contacts = names(id(&raw, "/wa_id").as_deref(), id(&raw, "/user_id").as_deref());
            let who = contacts.first().map(ToString::to_string).unwrap_or_default();
            let key = format!("pref:{who}:{wish}:{}", at.0);
            let body = EventBody::Opt(OptEvent::new(action, OptScope::Marketing));
            self.arrivals.push(Arrival::new(key, contacts, at, body));
        }
    }

    /// Old chats that a phone's owner shared when it was connected: they happened, and nobody waits for an answer.
    fn history(&mut self, mut value: Value) {
        // That it is declined, or what else it tells, is kept as it came.
        let told = |chunk: &Value| chunk["threads"].as_array().is_some_and(|threads| !threads.is_empty());
        if !value["history"].as_array().is_some_and(|chunks| chunks.iter().any(told)) {
            return self.account("history", value);
        }
        let channel = id(&value, "/metadata/phone_number_id");
        for mut chunk in self.objects(&mut value, "history") {
            for mut thread in self.objects(&mut chunk, "threads") {
                let person = text(&thread, "/id").unwrap_or_default();
                for message in self.objects(&mut thread, "messages") {
                    self.arrivals.push(messages::historic(message, &person, channel.as_deref(), self.received));
                }
            }
        }
    }

    fn account(&mut self, field: &str, value: Value) {
        let account = self.account;
        // Where Meta tells no time, the day stands in for it: a delivery that is repeated counts once, and what is told again on another
        // day is told again.
        let time = if self.is_told { self.time.0.to_string() } else { self.time.utc().date_naive().to_string() };
        let key = format!("acc:{account}:{field}:{time}:{}", fingerprint(&value));
        let body = EventBody::Account { field: field.to_owned(), value };
        self.arrivals.push(Arrival::new(key, Vec::new(), self.time, body));
    }

    fn unknown(&mut self, what: &str, value: Value) {
        let key = format!("unk:{}", fingerprint(&value));
        self.keep_unknown(key, self.time, what, value);
    }

    fn keep_unknown(&mut self, key: String, at: Timestamp, what: &str, value: Value) {
        let body = EventBody::Unknown { what: what.to_owned(), value };
        self.arrivals.push(Arrival::new(key, Vec::new(), at, body));
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
    use std::collections::HashSet;

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
    fn what_comes_live_and_in_a_shared_history_counts_once() {
        let theirs = r#"{"from":"85260000001","id":"w1","timestamp":"1772000000","type":"text","text":{"body":"hi"}}"#;
        let ours = r#"{"from":"13125550100","to":"85260000001","id":"w2","timestamp":"1772000001","type":"text","text":{"body":"yes"}}"#;
        let keys = |field: &str, value: String| -> Vec<String> {
            let body = format!(
                r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"{field}","value":{{
                "metadata":{{"phone_number_id":"880"}},{value}}}}}]}}]}}"#
            );
            parse(body.as_bytes(), NOW).unwrap().into_iter().map(|arrival| arrival.key).collect()
        };
        let past = format!(r#""history":[{{"threads":[{{"id":"85260000001","messages":[{theirs},{ours}]}}]}}]"#);
        let live = [
            keys("messages", format!(r#""messages":[{theirs}]"#)),
            keys("smb_message_echoes", format!(r#""message_echoes":[{ours}]"#)),
        ];
        assert_eq!(keys("history", past), live.concat());
    }

    #[test]
    fn what_is_wrong_with_the_number_is_heard_beside_messages_too() {
        let hi = r#"{"from":"85260000001","id":"w1","type":"text","text":{"body":"hi"}}"#;
        let body = webhook(&format!(r#"[{hi}],"errors":[{{"code":130429,"title":"Rate limit hit"}}]"#));
        let arrivals = parse(body.as_bytes(), NOW).unwrap();
        let told = |arrival: &Arrival| matches!(&arrival.body, EventBody::Account { field, .. } if field == "errors");
        assert_eq!((said(&arrivals), arrivals.iter().filter(|arrival| told(arrival)).count()), (vec!["hi"], 1));
    }

    #[test]
    fn another_responders_words_are_the_customers_to_read_and_take_nothing_over() {
        let echo = r#"{"id":"w9","timestamp":"1772000000","message":{"to":"85260000001","type":"text","text":{"body":"Hello"}}}"#;
        let body = format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"standby","value":{{
            "metadata":{{"phone_number_id":"880"}},"standby":{{"message_echoes":[{echo}]}}}}}}]}}]}}"#
        );
        let arrivals = parse(body.as_bytes(), NOW).unwrap();
        let EventBody::Sent(sent) = &arrivals[0].body else { unreachable!("{arrivals:?}") };
        assert_eq!((sent.by.as_str(), sent.text.as_deref()), ("standby", Some("Hello")));
        assert_eq!(arrivals[0].contacts, names(Some("85260000001"), None));
    }

    /// The names of each message, of a value with these cards and messages.
    fn names_in(cards: &str, messages: &str) -> Vec<Vec<ContactRef>> {
        let body = webhook(&format!(r#"[{messages}],"contacts":[{cards}]"#));
        let arrivals = parse(body.as_bytes(), NOW).unwrap();
        let told = arrivals.into_iter().filter(|arrival| ["message", "identity"].contains(&arrival.body.kind()));
        told.map(|arrival| arrival.contacts).collect()
    }

    #[test]
    fn a_card_is_its_owners_and_nobody_elses() {
        let card = r#"{"wa_id":"85260000001","user_id":"HK.1","profile":{"name":"Alice"}}"#;
        let says =
            |from: &str, id: &str| format!(r#"{{"from":"{from}","id":"{id}","type":"text","text":{{"body":"hi"}}}}"#);
        let (alice, bob) = (says("85260000001", "w1"), says("85260000002", "w2"));
        let alices = names(Some("85260000001"), Some("HK.1"));
        assert_eq!(names_in(card, &format!("{alice},{bob}")), [alices.clone(), names(Some("85260000002"), None)]);
        let moved = r#"{"from":"85260000008","id":"w3","type":"system","system":{"type":"user_changed_number","wa_id":"85260000009"}}"#;
        let moves = [names(Some("85260000008"), None), names(Some("85260000009"), None)].concat();
        assert_eq!(names_in(card, &format!("{alice},{moved}")), [alices.clone(), moves.clone()]);
        assert_eq!(names_in(card, moved), [moves]);
        assert_eq!(names_in(card, &says("+85260000001", "w4")), [alices], "the same number");
        // Brazil's ninth digit; and with one sender there is no doubt.
        let bia = r#"{"wa_id":"551187654321","user_id":"BR.1"},{"wa_id":"85260000001","user_id":"HK.1"}"#;
        let bias = names(Some("5511987654321"), Some("BR.1"));
        assert_eq!(names_in(bia, &says("5511987654321", "w5")), [bias]);
        let only = names_in(r#"{"user_id":"HK.1"}"#, &format!("{alice},{}", says("+85260000001", "w6")));
        assert_eq!(only, vec![names(Some("85260000001"), Some("HK.1")); 2]);
    }

    #[test]
    fn what_is_no_message_is_told_from_what_is() {
        let of = |inner: &str| {
            let message = format!(r#"[{{"from":"85260000001","id":"w1","type":"unsupported"{inner}}}]"#);
            let arrivals = parse(webhook(&message).as_bytes(), NOW).unwrap();
            let asks = arrivals.iter().filter_map(|arrival| match &arrival.body {
                EventBody::Message(message) => Some(message.asks()),
                _ => None,
            });
            asks.collect::<Vec<_>>()
        };
        assert_eq!(of(r#","unsupported":{"type":"pin"}"#), [false]);
        assert_eq!(of(r#","unsupported":{"type":"gif"}"#), [true]);
        assert_eq!(of(""), [true]);
    }

    #[test]
    fn who_tells_the_number_that_was_asked_for_is_known_by_it() {
        let shared = |origin: &str| {
            format!(
                r#"[{{"from_user_id":"US.9001","id":"w1","type":"contacts","contacts":[{{"origin":"{origin}",
                "phones":[{{"phone":"+85260000001","wa_id":"85260000001"}}]}}]}}]"#
            )
        };
        let names_of = |origin: &str| {
            let arrivals = parse(webhook(&shared(origin)).as_bytes(), NOW).unwrap();
            arrivals.into_iter().find(|arrival| arrival.body.kind() == "message").unwrap().contacts
        };
        assert_eq!(names_of("contact_request"), names(Some("85260000001"), Some("US.9001")));
        assert_eq!(names_of("other"), names(None, Some("US.9001")), "somebody else's card");
    }

    #[test]
    fn an_error_beside_messages_counts_once_however_often_it_is_delivered() {
        let body = webhook(r#"[],"errors":[{"code":130429,"title":"Rate limit hit"},7]"#);
        let keys = |later: i64| -> Vec<String> {
            let arrivals = parse(body.as_bytes(), Timestamp(NOW.0 + later)).unwrap();
            let errors = arrivals.into_iter().filter(|arrival| {
                matches!(&arrival.body, EventBody::Account { field, value } if field == "errors" && value["code"] == 130_429
                    && value["metadata"]["phone_number_id"] == "880")
            });
            errors.map(|arrival| arrival.key).collect()
        };
        assert_eq!((keys(0).len(), keys(0)), (1, keys(60_000)));
        assert_ne!(keys(0), keys(48 * 3_600_000));
    }

    #[test]
    fn echoes_without_an_id_are_told_apart_by_what_they_say() {
        let echo = |text: &str| format!(r#"{{"to":"85260000001","type":"text","text":{{"body":"{text}"}}}}"#);
        let body = webhook(&format!(r#"[],"message_echoes":[{},{}]"#, echo("one moment"), echo("it is here")));
        let arrivals = parse(body.as_bytes(), NOW).unwrap();
        let sent: HashSet<_> =
            arrivals.iter().filter(|arrival| arrival.body.kind() == "sent").map(|arrival| &arrival.key).collect();
        assert_eq!(sent.len(), 2, "{sent:?}");
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
