//! Rates between currencies, so that a budget in one can be held against a price in another. From a file, with its
//! source and day; exact decimals.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Currency, Money, Problem, SourceFile};

/// What one unit of the base currency is worth in others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    per_base: BTreeMap<Currency, Decimal>,
}

/// The file, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    base: Currency,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "date")]
    _date: String,
    rates: BTreeMap<Currency, Decimal>,
}

impl Rates {
    /// Reads `rates.toml` among the files. Without that file no sum is converted.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let Some(file) = files.iter().find(|file| file.path == "rates.toml") else {
            return (Some(Self::default()), Vec::new());
        };
        let refuse = |place: usize, message: String, advice: &str| {
            (None, vec![Problem::at(&file.path, &file.text, place, message, advice)])
        };
        let advice = "Write base = \"EUR\", source, date, and below [rates] one line for each currency: USD = 1.0389.";
        let written: Written = match toml::from_str(&file.text) {
            Ok(written) => written,
            Err(error) => return refuse(error.span().map_or(0, |span| span.start), error.message().to_owned(), advice),
        };
        if let Some((currency, _)) = written.rates.iter().find(|(_, rate)| **rate <= Decimal::ZERO) {
            let place = file.text.find(&format!("\n{currency}")).map_or(0, |at| at + 1);
            return refuse(place, format!("the rate of {currency} is not above zero"), advice);
        }
        let mut per_base = written.rates;
        per_base.insert(written.base, Decimal::ONE);
        (Some(Self { per_base }), Vec::new())
    }

    /// What one unit of each known currency is worth in this one, itself among them.
    pub fn worth_in(&self, currency: Currency) -> Vec<(Currency, Decimal)> {
        let one = |from: &Currency| self.convert(Money { amount: Decimal::ONE, currency: *from }, currency);
        let others = self.per_base.keys().filter(|from| **from != currency);
        let mut worth = vec![(currency, Decimal::ONE)];
        worth.extend(others.filter_map(|from| Some((*from, one(from)?))));
        worth
    }

    /// Whether sums in this currency can be converted at all.
    pub fn knows(&self, currency: Currency) -> bool {
        self.per_base.contains_key(&currency)
    }

    /// The sum in another currency; `None` where a rate is missing.
    pub fn convert(&self, sum: Money, into: Currency) -> Option<Decimal> {
        if sum.currency == into {
            return Some(sum.amount);
        }
        let (from, to) = (self.per_base.get(&sum.currency)?, self.per_base.get(&into)?);
        sum.amount.checked_mul(*to)?.checked_div(*from)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    fn rates(text: &str) -> (Option<Rates>, Vec<Problem>) {
        Rates::compile(&[SourceFile { path: "rates.toml".into(), text: text.into() }])
    }

    #[test]
    fn a_sum_is_converted_through_the_base_and_an_unknown_currency_is_not() {
        let (rates, _) =
            rates("base = \"EUR\"\nsource = \"s\"\ndate = \"2024-12-31\"\n[rates]\nUSD = 1.04\nHKD = 8.32\n");
        let hundred = Money { amount: Decimal::from(832), currency: "HKD".parse().unwrap() };
        assert_eq!(rates.as_ref().unwrap().convert(hundred, Currency::USD), Some(Decimal::from(104)));
        let unknown = Money { amount: Decimal::ONE, currency: "XAF".parse().unwrap() };
        assert_eq!(rates.unwrap().convert(unknown, Currency::USD), None);
    }

    #[test]
    fn a_rate_of_nothing_is_refused_where_it_stands() {
        let (none, problems) = rates("base = \"EUR\"\nsource = \"s\"\ndate = \"d\"\n[rates]\nUSD = 0\n");
        assert!(none.is_none());
        assert_eq!((problems[0].line, problems[0].column), (5, 1));
    }
}
