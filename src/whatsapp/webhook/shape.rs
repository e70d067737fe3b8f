//! How the fields of a webhook are read: everything may be missing or null, ids and times are texts or numbers (golden rules 2
//! and 3).

use serde_json::{Number, Value};

use crate::domain::{Phone, Timestamp};

/// Numbers beyond this are not told apart by JSON's own kind of number.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;

/// What stands at `/entry/0/id`. No key of Meta's holds a `~` or a `/`, so that nothing is to be undone in them, as JSON pointers would.
fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    pointer.split('/').skip(1).try_fold(value, |value, key| match value {
        Value::Object(fields) => fields.get(key),
        Value::Array(elements) => elements.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

/// An id or words, however written; nothing where it is neither.
pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    match at(value, pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(figures(number)),
        _ => None,
    }
}

/// The same; what is empty is none.
pub(super) fn id(value: &Value, pointer: &str) -> Option<String> {
    text(value, pointer).filter(|id| !id.is_empty())
}

/// A number, of whatever national variant.
pub(super) fn phone(value: &Value, pointer: &str) -> Option<Phone> {
    text(value, pointer)?.parse().ok()
}

/// `12125550142`, not `12125550142.0`.
fn figures(number: &Number) -> String {
    let whole = number.as_f64().filter(|figure| !number.is_i64() && figure.fract() == 0.0 && figure.abs() < MOST_EXACT);
    whole.map_or_else(|| number.to_string(), |whole| format!("{whole:.0}"))
}

/// A whole number, such as the code of an error.
pub(super) fn whole(value: &Value, pointer: &str) -> Option<i64> {
    text(value, pointer)?.trim().parse().ok()
}

/// A number such as degrees or a price.
pub(super) fn decimal(value: &Value, pointer: &str) -> Option<f64> {
    text(value, pointer)?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A moment that is told in Unix seconds.
pub(super) fn moment(value: &Value, pointer: &str) -> Option<Timestamp> {
    let seconds = text(value, pointer)?;
    let seconds: i64 = seconds.trim().split('.').next()?.parse().ok()?;
    seconds.checked_mul(1_000).map(Timestamp)
}

/// Whether there is something.
pub(super) fn has(value: &Value, pointer: &str) -> bool {
    at(value, pointer).is_some_and(|found| !found.is_null())
}

/// Takes the elements of a list out of an object: none where it is missing or null. What is no list stands alone for one.
pub(super) fn take_list(object: &mut Value, key: &str) -> Vec<Value> {
    match object.get_mut(key).map(Value::take) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(elements)) => elements,
        Some(other) => vec![other],
    }
}

/// Who a message may be of: an element of `contacts`.
pub(super) struct Card {
    pub(super) wa_id: Option<String>,
    /// The same, by which people are told apart.
    pub(super) phone: Option<Phone>,
    pub(super) user_id: Option<String>,
    pub(super) name: Option<String>,
}

impl Card {
    /// `None` where it tells nothing of anybody.
    pub(super) fn read(contact: &Value) -> Option<Self> {
        let card = Self {
            wa_id: id(contact, "/wa_id"),
            phone: phone(contact, "/wa_id"),
            user_id: id(contact, "/user_id"),
            name: text(contact, "/profile/name"),
        };
        (card.wa_id.is_some() || card.user_id.is_some() || card.name.is_some()).then_some(card)
    }
}
