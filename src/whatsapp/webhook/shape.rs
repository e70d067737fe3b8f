//! The outer shapes of webhook bodies. Everything may be missing; ids and times are texts or numbers (golden rules 2, 3).

use serde::Deserialize;
use serde_json::Value;

use crate::domain::Timestamp;

/// A number or a text, as Meta feels like.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Number {
    Text(String),
    Whole(i64),
    Other(Value),
}

impl Number {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Whole(number) => number.to_string(),
            Self::Other(value) => value.to_string(),
        }
    }
}

/// Unix seconds, however written.
pub(super) fn seconds(number: &Number) -> Option<Timestamp> {
    let seconds: i64 = match number {
        Number::Whole(seconds) => *seconds,
        Number::Text(text) => text.trim().parse().ok()?,
        Number::Other(value) => value.as_f64()? as i64,
    };
    seconds.checked_mul(1_000).map(Timestamp)
}

#[derive(Deserialize)]
pub(super) struct Body {
    pub(super) object: Option<String>,
    #[serde(default)]
    pub(super) entry: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) id: Option<Number>,
    pub(super) time: Option<Number>,
    #[serde(default)]
    pub(super) changes: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct Change {
    pub(super) field: Option<String>,
    #[serde(default)]
    pub(super) value: Value,
}

#[derive(Deserialize)]
pub(super) struct MessagesValue {
    pub(super) metadata: Option<Metadata>,
    #[serde(default)]
    pub(super) contacts: Vec<Contact>,
    #[serde(default)]
    pub(super) messages: Vec<Value>,
    #[serde(default)]
    pub(super) statuses: Vec<Value>,
    #[serde(default)]
    pub(super) message_echoes: Vec<Value>,
    #[serde(default)]
    pub(super) errors: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) phone_number_id: Option<Number>,
}

#[derive(Deserialize)]
pub(super) struct Contact {
    pub(super) profile: Option<Profile>,
    pub(super) wa_id: Option<String>,
    pub(super) user_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Profile {
    pub(super) name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Status {
    pub(super) id: Option<Number>,
    pub(super) status: Option<String>,
    pub(super) timestamp: Option<Number>,
    pub(super) recipient_id: Option<String>,
    pub(super) recipient_user_id: Option<String>,
    pub(super) recipient_type: Option<String>,
    pub(super) recipient_participant_id: Option<String>,
    pub(super) recipient_participant_user_id: Option<String>,
    pub(super) biz_opaque_callback_data: Option<String>,
    #[serde(default)]
    pub(super) errors: Vec<Value>,
}

#[derive(Deserialize)]
pub(super) struct PreferenceEntry {
    pub(super) wa_id: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) value: Option<String>,
    pub(super) timestamp: Option<Number>,
}
