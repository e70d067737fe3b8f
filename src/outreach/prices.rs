//! What Meta charges for templates, from `keywords/prices.toml`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::domain::{Country, Currency, Problem, SourceFile};

/// Prices for one delivered template.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Of all prices.
    pub currency: Currency,
    /// Where a country has none of its own.
    elsewhere: Price,
    /// By country, in capitals as ISO has it.
    #[serde(default)]
    country: BTreeMap<String, Price>,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Price {
    marketing: Decimal,
    utility: Decimal,
}

impl Prices {
    /// Reads `prices.toml` among the files.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let file = SourceFile::required(files, "prices.toml", "what Meta charges");
        match file.and_then(|file| file.toml("Write HK = { marketing = 0.07, utility = 0.01 }.")) {
            Ok(prices) => (Some(prices), Vec::new()),
            Err(problem) => (None, vec![problem]),
        }
    }

    /// What a template to that country costs. One of service is free while the customer's window is open; marketing never is.
    pub fn of_template(&self, country: Option<Country>, marketing: bool) -> Decimal {
        let own = country.and_then(|country| self.country.get(country.code()));
        let price = own.unwrap_or(&self.elsewhere);
        if marketing { price.marketing } else { price.utility }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_has_its_price_and_a_mistake_its_place() {
        let read = |text: &str| Prices::compile(&[SourceFile { path: "prices.toml".into(), text: text.into() }]);
        let (prices, _) = read(include_str!("../../keywords/prices.toml"));
        let price = |country: Option<&str>, marketing| {
            let country = country.and_then(|code| code.parse().ok());
            prices.as_ref().map(|prices| prices.of_template(country, marketing).to_string()).unwrap_or_default()
        };
        assert_eq!(price(Some("AR"), true), "0.0618");
        assert_eq!(price(None, false), "0.0077");
        let (_, problems) = read("currency = \"USD\"\nelsewhere = { marketing = 1 }\n");
        assert!(problems.iter().any(|problem| problem.to_string().starts_with("prices.toml:2:")));
    }
}
