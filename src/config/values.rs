//! Values of settings that may be written in several ways: one or more secrets or ids. What a secret holds is never told.

use secrecy::SecretString;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::Value;

/// What is said of a secret that is none; not what was written.
const A_SECRET: &str = "write it as text in quotes, several as a list of texts or with commas between them";
const AN_ID: &str = "write an id in quotes, several as a list or with commas between them";

/// The texts of a value: one, some with commas between them, or a list; `text` reads one that stands alone.
fn list(value: Value, text: fn(Value) -> Option<String>) -> Option<Vec<String>> {
    match value {
        Value::Array(values) => values.into_iter().map(text).collect(),
        one => {
            let one = text(one)?;
            Some(one.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
        }
    }
}

fn words(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Meta's ids are digits: whoever leaves the quotes out means the same.
fn digits(value: Value) -> Option<String> {
    match value {
        Value::Integer(number) => Some(number.to_string()),
        other => words(other),
    }
}

pub(super) fn secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SecretString>, D::Error> {
    let secrets = list(Value::deserialize(deserializer)?, words).ok_or_else(|| D::Error::custom(A_SECRET))?;
    Ok(secrets.into_iter().map(SecretString::from).collect())
}

pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let secret =
        words(Value::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("write it as text in quotes"))?;
    Ok(Some(secret.into()))
}

pub(super) fn ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    list(Value::deserialize(deserializer)?, digits).ok_or_else(|| D::Error::custom(AN_ID))
}

pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    digits(Value::deserialize(deserializer)?).map(Some).ok_or_else(|| D::Error::custom(AN_ID))
}
