//! The JSON form of a segment: `{"all": [{"tag": "source/ig-ad"}, {"not": {"purchase": {"within": "90d"}}}]}`.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{Compare, Condition, DEEPEST, Field, Figure, MOST_CONDITIONS, Moment, Segment, pattern};
use crate::domain::{Currency, Duration};

/// Why a value is no segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}")]
pub struct JsonError {
    /// Where: `segment.all[1].within`.
    pub path: String,
    /// What may stand there.
    pub expected: String,
}

fn wrong<T>(path: &str, expected: impl Into<String>) -> Result<T, JsonError> {
    Err(JsonError { path: path.into(), expected: expected.into() })
}

impl Segment {
    /// Reads the JSON form, or the text form in a JSON string.
    ///
    /// # Errors
    /// The first place that is wrong, and what may stand there.
    pub fn from_json(value: &Value) -> Result<Self, JsonError> {
        let mut conditions = 0;
        match value {
            Value::String(text) => text.parse().map_err(|error: super::TextError| JsonError {
                path: format!("segment, column {}", error.column),
                expected: format!("{}, found {}", error.expected, error.found),
            }),
            _ => read(value, "segment", 0, &mut conditions),
        }
    }

    /// Writes the JSON form.
    pub fn to_json(&self) -> Value {
        let list = |parts: &[Self]| parts.iter().map(Self::to_json).collect::<Vec<_>>();
        match self {
            Self::Everyone => json!({ "everyone": true }),
            Self::All(parts) => json!({ "all": list(parts) }),
            Self::Any(parts) => json!({ "any": list(parts) }),
            Self::Not(part) => json!({ "not": part.to_json() }),
            Self::Is(condition) => write(condition),
        }
    }
}

fn write(condition: &Condition) -> Value {
    let window = |within: &Option<Duration>| within.map(|within| within.to_string());
    let mut value = match condition {
        Condition::Tag { pattern, within } => json!({ "tag": pattern, "within": window(within) }),
        Condition::Field { field, values } => json!({ (field.name()): values }),
        Condition::Seen { moment, within } => json!({ (moment.name()): { "within": within.to_string() } }),
        Condition::OptedOut => json!({ "opted-out": true }),
        Condition::Purchase { within } => match within {
            Some(within) => json!({ "purchase": { "within": within.to_string() } }),
            None => json!({ "purchase": {} }),
        },
        Condition::Bought { item, within } => json!({ "bought": item, "within": window(within) }),
        Condition::Orders { figure, compare, amount, currency, within } => {
            let mut inner =
                json!({ (compare.word()): amount.normalize(), "currency": currency, "within": window(within) });
            if let Some(inner) = inner.as_object_mut() {
                inner.retain(|_, value| !value.is_null());
            }
            json!({ (figure.name()): inner })
        }
    };
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}

fn read(value: &Value, path: &str, depth: usize, conditions: &mut usize) -> Result<Segment, JsonError> {
    let one_key = "an object such as {\"tag\": \"value/vip\"} or {\"all\": [...]}";
    let Some(fields) = value.as_object() else { return wrong(path, one_key) };
    if depth > DEEPEST {
        return wrong(path, "less nesting");
    }
    *conditions += 1;
    if *conditions > MOST_CONDITIONS {
        return wrong(path, format!("at most {MOST_CONDITIONS} conditions"));
    }
    let Some((name, inner)) = fields.iter().find(|(name, _)| *name != "within") else { return wrong(path, one_key) };
    if let Some((other, _)) = fields.iter().find(|(other, _)| *other != name && *other != "within") {
        return wrong(path, format!("one condition; `{name}` and `{other}` stand beside each other"));
    }
    let here = format!("{path}.{name}");
    let mut list = || -> Result<Vec<Segment>, JsonError> {
        let Some(items) = inner.as_array().filter(|items| !items.is_empty()) else {
            return wrong(&here, "a list of segments");
        };
        let parts = items.iter().enumerate();
        parts.map(|(index, part)| read(part, &format!("{here}[{index}]"), depth + 1, conditions)).collect()
    };
    Ok(match name.as_str() {
        "everyone" => Segment::Everyone,
        "all" => Segment::All(list()?),
        "any" => Segment::Any(list()?),
        "not" => Segment::Not(Box::new(read(inner, &here, depth + 1, conditions)?)),
        _ => Segment::Is(condition(name, inner, fields, path)?),
    })
}

fn condition(name: &str, inner: &Value, fields: &Map<String, Value>, path: &str) -> Result<Condition, JsonError> {
    let here = format!("{path}.{name}");
    let beside = || window(fields, path);
    if let Some(field) = Field::ALL.into_iter().find(|field| field.name() == name) {
        let words: Vec<&str> = match inner {
            Value::String(word) => vec![word],
            Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut values = Vec::new();
        for word in words {
            values.extend(field.values(word).or_else(|expected| wrong(&here, expected))?);
        }
        return if values.is_empty() {
            wrong(&here, "a value or a list of values")
        } else {
            Ok(Condition::Field { field, values })
        };
    }
    if let Some(moment) = Moment::ALL.into_iter().find(|moment| moment.name() == name) {
        let within = inner.as_object().map(|inner| window(inner, &here)).transpose()?.flatten();
        return match within {
            Some(within) => Ok(Condition::Seen { moment, within }),
            None => wrong(&here, "{\"within\": \"7d\"}"),
        };
    }
    if let Some(figure) = Figure::ALL.into_iter().find(|figure| figure.name() == name) {
        return orders(figure, inner, &here);
    }
    let word = || inner.as_str().map_or_else(|| wrong(&here, "text"), Ok);
    Ok(match name {
        "tag" => {
            Condition::Tag { pattern: pattern(word()?).or_else(|expected| wrong(&here, expected))?, within: beside()? }
        }
        "source" => {
            let pattern = pattern(&format!("source/{}", word()?)).or_else(|expected| wrong(&here, expected))?;
            Condition::Tag { pattern, within: beside()? }
        }
        "bought" => Condition::Bought { item: word()?.to_lowercase(), within: beside()? },
        "purchase" => {
            Condition::Purchase { within: inner.as_object().map(|inner| window(inner, &here)).transpose()?.flatten() }
        }
        "opted-out" => Condition::OptedOut,
        _ => {
            let known = "all, any, not, everyone, tag, source, country, language, colour, heat, stage, first-seen, interaction, \
                         message, opted-out, purchase, first-purchase, bought, orders, spent, average, last-order";
            return wrong(&here, format!("one of {known}"));
        }
    })
}

fn orders(figure: Figure, inner: &Value, here: &str) -> Result<Condition, JsonError> {
    let expected = "one of less_than, at_most, exactly, at_least, more_than with a number";
    let Some(fields) = inner.as_object() else { return wrong(here, expected) };
    let mut compared = None;
    let mut currency = None;
    for (name, value) in fields.iter().filter(|(name, _)| *name != "within") {
        let place = format!("{here}.{name}");
        if name == "currency" && figure.is_money() {
            let code = value.as_str().and_then(|code| code.parse::<Currency>().ok());
            currency = Some(code.map_or_else(|| wrong(&place, "a currency such as HKD"), Ok)?);
            continue;
        }
        let compare = Compare::ALL.into_iter().find(|compare| compare.word() == name);
        let Some(compare) = compare.filter(|_| compared.is_none()) else { return wrong(&place, expected) };
        let number = match value {
            Value::Number(number) => number.to_string().parse::<Decimal>().ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| (Decimal::ZERO..=Decimal::from(1_000_000_000_000_i64)).contains(number));
        compared = Some((compare, number.map_or_else(|| wrong(&place, "a number from 0 to 1000000000000"), Ok)?));
    }
    match compared {
        Some((compare, amount)) => {
            Ok(Condition::Orders { figure, compare, amount, currency, within: window(fields, here)? })
        }
        None => wrong(here, expected),
    }
}

fn window(fields: &Map<String, Value>, path: &str) -> Result<Option<Duration>, JsonError> {
    match fields.get("within") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_str().and_then(Duration::parse) {
            Some(within) => Ok(Some(within)),
            None => wrong(&format!("{path}.within"), "a length of time such as \"90d\""),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        for text in [
            "everyone",
            "tag:source/ig-ad and bought:shoes and not purchase within 90d",
            "(heat:high,extreme or colour:red) and spent > 2000.5 CNY within 30d",
            "first-seen within 30d and not interaction within 7d and last-order >= 500",
            "first-purchase within 30d or not first-purchase within 365d",
            "orders = 0 or average < 300 HKD or opted-out or purchase",
        ] {
            let segment: Segment = text.parse().unwrap();
            assert_eq!(Segment::from_json(&segment.to_json()).unwrap(), segment, "{text}");
            assert_eq!(Segment::from_json(&json!(text)).unwrap(), segment);
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_path() {
        for (value, told) in [
            (
                json!({ "all": [{ "tag": "value/vip" }, { "tag": "Bad" }] }),
                "segment.all[1].tag: expected a tag in lower case",
            ),
            (json!({ "purchase": { "within": "soon" } }), "segment.purchase.within: expected a length of time"),
            (json!({ "tag": "a/b", "heat": "high" }), "segment: expected one condition"),
            (json!({ "orders": { "at_least": "many" } }), "segment.orders.at_least: expected a number"),
            (json!({ "dance": true }), "segment.dance: expected one of all, any"),
            (json!("heat>=boiling"), "segment, column 7: expected one of none, low"),
            (json!([]), "segment: expected an object"),
        ] {
            let error = Segment::from_json(&value).unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
