//! Money: exact decimals and ISO 4217 codes.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 code, three upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The US dollar: the shop's currency until a setting says otherwise.
    pub const USD: Self = Self(*b"USD");

    /// The code as text.
    pub fn code(&self) -> &str {
        // Only ASCII letters get in (`from_str`).
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

/// Codes, and what else is written for them.
static WRITTEN: LazyLock<HashMap<&'static str, Currency>> = LazyLock::new(|| {
    let lines = include_str!("currencies.txt").lines().filter(|line| !line.starts_with('#'));
    let of_line = |line: &'static str| {
        let currency = line.split_whitespace().next().and_then(Currency::of_letters);
        line.split_whitespace().filter_map(move |written| Some((written, currency?)))
    };
    lines.flat_map(of_line).collect()
});

impl Currency {
    fn of_letters(text: &str) -> Option<Self> {
        match text.as_bytes() {
            &[a, b, c] if text.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// Whether there is such a currency: a journal may hold others of a time before.
    pub fn is_known(&self) -> bool {
        WRITTEN.contains_key(self.code())
    }
}

impl FromStr for Currency {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let written = WRITTEN.get(text.trim().to_uppercase().as_str()).copied();
        written.ok_or_else(|| no_currency(text))
    }
}

/// What is said of a word that is none.
pub(super) fn no_currency(text: &str) -> String {
    format!("`{text}` is not an ISO 4217 code such as USD")
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        // What other three letters stand for is asked at the doors.
        text.parse().or_else(|error| Self::of_letters(&text).ok_or(error)).map_err(serde::de::Error::custom)
    }
}

/// An amount in the currency's main unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    /// How much, in the main unit (dollars, not cents).
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// A sum as it was told: where no currency stands beside it, it is in the shop's.
    pub fn told(amount: Option<Decimal>, currency: Option<Currency>, shops: Currency) -> Option<Self> {
        Some(Self { amount: amount?, currency: currency.unwrap_or(shops) })
    }
}

/// For serde: whole numbers as whole numbers, `5000` and not `5000.0`.
///
/// # Errors
/// Those of the serializer.
pub fn plain_number<S: Serializer>(sum: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    use rust_decimal::prelude::ToPrimitive;
    match sum {
        None => serializer.serialize_none(),
        Some(sum) => match sum.to_i64().filter(|_| sum.fract().is_zero()) {
            Some(whole) => serializer.serialize_i64(whole),
            None => serializer.serialize_f64(sum.to_f64().unwrap_or_default()),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn a_currency_is_one_however_shops_write_it() {
        for (written, code) in [
            ("RMB", "CNY"),
            ("cnh", "CNY"),
            ("HK$", "HKD"),
            ("NTD", "TWD"),
            ("RM", "MYR"),
            ("eur", "EUR"),
            ("US$", "USD"),
        ] {
            assert_eq!(written.parse::<Currency>().unwrap().code(), code);
            assert_eq!(serde_json::from_value::<Currency>(written.into()).unwrap().code(), code);
        }
        for written in ["¥", "$", "XQZ", "", "dollars"] {
            assert!(written.parse::<Currency>().is_err(), "{written}");
        }
        let before: Currency = serde_json::from_value("XQZ".into()).unwrap();
        assert!(!before.is_known() && Currency::USD.is_known());
    }
}
