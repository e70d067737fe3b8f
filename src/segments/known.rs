//! Sums in a segment are held against what customers paid: in a currency that has no rate they would count nobody.

use serde_json::Value;

use super::{Condition, JsonError, Segment, TextError, text};
use crate::domain::Currency;

/// Which currencies have a rate, or are the shop's own.
pub type Knows<'k> = &'k dyn Fn(Currency) -> bool;

const EXPECTED: &str = "a currency that rates.toml has a rate for, such as CNY for yuan, HKD or USD";

impl Segment {
    /// The segment of a text, if each of its currencies is known.
    ///
    /// # Errors
    /// Where one stands that is not.
    pub fn with_known(self, text: &str, knows: Knows<'_>) -> Result<Self, TextError> {
        let Some((_, currency)) = self.unknown("", knows) else { return Ok(self) };
        let column = text::column_of(text, currency);
        Err(TextError { column, expected: EXPECTED.into(), found: format!("`{currency}`") })
    }

    /// Reads the JSON form, or the text form in a JSON string, in which each currency must be known.
    ///
    /// # Errors
    /// The first place that is wrong, and what may stand there.
    pub fn known_from_json(value: &Value, knows: Knows<'_>) -> Result<Self, JsonError> {
        let segment = Self::from_json(value)?;
        let Some((path, currency)) = segment.unknown("segment", knows) else { return Ok(segment) };
        let path = match value.as_str() {
            Some(text) => format!("segment, column {}", text::column_of(text, currency)),
            None => path,
        };
        Err(JsonError { path, expected: format!("{EXPECTED}, found `{currency}`") })
    }

    /// The first currency that is not known, and its path in the JSON form.
    fn unknown(&self, path: &str, knows: Knows<'_>) -> Option<(String, Currency)> {
        let of_all = |parts: &[Self], name: &str| {
            let mut parts = parts.iter().enumerate();
            parts.find_map(|(index, part)| part.unknown(&format!("{path}.{name}[{index}]"), knows))
        };
        match self {
            Self::Everyone => None,
            Self::All(parts) => of_all(parts, "all"),
            Self::Any(parts) => of_all(parts, "any"),
            Self::Not(part) => part.unknown(&format!("{path}.not"), knows),
            Self::Is(Condition::Orders { figure, currency: Some(currency), .. }) if !knows(*currency) => {
                Some((format!("{path}.{}.currency", figure.name()), *currency))
            }
            Self::Is(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use serde_json::json;

    use super::*;

    #[test]
    fn a_currency_without_a_rate_is_told_with_its_place() {
        let knows: Knows<'_> = &|currency| currency == Currency::USD;
        let text = "tag:a/b and (orders = 0 or spent > 2000 rmb within 30d)";
        let segment: Segment = text.parse().unwrap();
        let error = segment.clone().with_known(text, knows).unwrap_err();
        assert_eq!((error.column, &*error.found), (41, "`CNY`"), "{error}");
        assert!(error.expected.contains("CNY for yuan"), "{error}");
        let of = |value| Segment::known_from_json(&value, knows).unwrap_err().path;
        assert_eq!(of(segment.to_json()), "segment.all[1].any[1].spent.currency");
        assert_eq!(of(json!(text)), "segment, column 41");
        assert!("spent > 2000 USD".parse::<Segment>().unwrap().with_known("", knows).is_ok());
    }
}
