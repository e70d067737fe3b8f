//! Bodies as Meta writes them (section 1.2): non-ASCII escaped in lower-case hex, slashes escaped, then signed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::domain::Timestamp;

/// The business account that the number and its templates belong to.
pub const ACCOUNT: &str = "990000000000001";

/// The catalogue of the account's products.
pub(super) const CATALOGUE: &str = "660000000000001";

/// The code of our number's country.
pub(super) const OUR_COUNTRY: &str = "1";

/// The digits of our number.
pub(super) const OUR_NUMBER: &str = "13125550100";

/// Serialises as Meta does: what is signed are these bytes.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    let plain = value.to_string();
    let mut out = Vec::with_capacity(plain.len() + 16);
    let mut units = [0_u16; 2];
    for c in plain.chars() {
        match c {
            '/' => out.extend_from_slice(b"\\/"),
            c if c.is_ascii() => out.push(c as u8),
            c => {
                for unit in c.encode_utf16(&mut units) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    out
}

/// An id as Meta makes them: base64 of a small record with the customer's digits.
pub(super) fn wamid(number: &str, outbound: bool) -> String {
    let mut record = vec![0x1d, 0x02, number.len() as u8];
    record.extend_from_slice(number.as_bytes());
    record.extend_from_slice(&[0x15, 0x02, 0x00, if outbound { 0x11 } else { 0x12 }, 0x18]);
    let id = uuid::Uuid::now_v7().simple().to_string().to_uppercase();
    record.extend_from_slice(&id.as_bytes()[..if outbound { 18 } else { 20 }]);
    record.extend_from_slice(&id.as_bytes()[20..]);
    format!("wamid.{}", STANDARD.encode(record))
}

/// An id under which Meta could look up a call.
pub(super) fn trace_id() -> String {
    format!("A{}", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()))
}

/// Whether a part of an address is a version of the Graph API, `v26.0`.
pub(super) fn is_version(part: &str) -> bool {
    let numbers = part.strip_prefix('v').and_then(|version| version.split_once('.'));
    numbers.is_some_and(|(major, minor)| major.parse::<u8>().is_ok() && minor.parse::<u8>().is_ok())
}

/// The envelope around one change.
pub(super) fn envelope(field: &str, value: Value) -> Value {
    json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": ACCOUNT, "changes": [{ "value": value, "field": field }] }],
    })
}

/// The same about the account or a template, which tells when it was sent (section 1.6).
pub(super) fn account_envelope(field: &str, value: Value, now: Timestamp) -> Value {
    let mut envelope = envelope(field, value);
    envelope["entry"][0]["time"] = (now.0 / 1000).into();
    envelope
}

/// Several bodies of one entry each as one (section 1.3): neighbours that both tell of messages or of statuses share a value.
pub(super) fn joined(bodies: Vec<Value>) -> Option<Value> {
    let mut entries: Vec<Value> = Vec::new();
    for mut body in bodies {
        let Some(entry) = body["entry"].as_array_mut().and_then(Vec::pop) else { continue };
        if !entries.last_mut().is_some_and(|last| share(last, &entry)) {
            entries.push(entry);
        }
    }
    (!entries.is_empty()).then(|| json!({ "object": "whatsapp_business_account", "entry": entries }))
}

/// Adds what an entry tells to the one before it, if both are of one kind.
fn share(last: &mut Value, entry: &Value) -> bool {
    const VALUE: &str = "/changes/0/value";
    let (Some(Value::Object(into)), Some(Value::Object(from))) = (last.pointer_mut(VALUE), entry.pointer(VALUE)) else {
        return false;
    };
    let kinds = ["messages", "statuses"];
    let Some(kind) = kinds.into_iter().find(|kind| into.contains_key(*kind) && from.contains_key(*kind)) else {
        return false;
    };
    for key in [kind, "contacts"] {
        let mut more = from.get(key).and_then(Value::as_array).into_iter().flatten().cloned().peekable();
        if more.peek().is_some()
            && let Value::Array(list) = into.entry(key).or_insert_with(|| json!([]))
        {
            list.extend(more);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_escaped_as_meta_escapes_them() {
        let body = bytes(&json!({ "text": "café 😀 https://example.com" }));
        assert_eq!(String::from_utf8_lossy(&body), r#"{"text":"caf\u00e9 \ud83d\ude00 https:\/\/example.com"}"#);
    }

    #[test]
    fn ids_are_unique_and_of_metas_form() {
        let (one, other) = (wamid("85251234567", true), wamid("85251234567", true));
        assert_ne!(one, other);
        assert!(one.starts_with("wamid.") && (60..=130).contains(&one.len()), "{one}");
    }

    #[test]
    fn neighbours_of_one_kind_share_a_value() {
        let of =
            |kind: &str, id: i32| envelope("messages", json!({ kind: [{ "id": id }], "contacts": [{ "wa_id": id }] }));
        let template =
            account_envelope("template_category_update", json!({ "message_template_id": 5 }), Timestamp(9_000));
        let bodies = vec![of("statuses", 1), of("statuses", 2), of("messages", 3), template, of("messages", 4)];
        let whole = joined(bodies).unwrap_or_default();
        let entries = whole["entry"].as_array().map_or(0, Vec::len);
        assert_eq!(entries, 4, "{whole}");
        let first = &whole["entry"][0]["changes"][0]["value"];
        assert_eq!(first["statuses"], json!([{ "id": 1 }, { "id": 2 }]));
        assert_eq!(first["contacts"], json!([{ "wa_id": 1 }, { "wa_id": 2 }]));
        assert_eq!((&whole["entry"][2]["time"], joined(Vec::new())), (&json!(9), None));
    }
}
