//! When there is enough to count, and where lines are drawn: `keywords/statistics.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::{Duration, Problem, SourceFile, duration};

/// All parameters. The file explains each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in keywords/statistics.toml")]
pub struct Parameters {
    pub customers: Customers,
    pub regions: Regions,
    pub breaks: Breaks,
    pub basket: Basket,
    pub colours: Colours,
    /// How many people live in a region, by the end of its tag: from `population.toml`.
    #[serde(skip)]
    pub people: BTreeMap<String, i64>,
}

/// Where each customer stands among the others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customers {
    #[serde(deserialize_with = "duration")]
    pub window: Duration,
    pub least: i64,
    pub high: i64,
    pub middle: i64,
    pub points_high: usize,
}

/// Regions against each other.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regions {
    #[serde(deserialize_with = "duration")]
    pub window: Duration,
    pub per_thousand: f64,
    pub top: i64,
    pub least_orders: i64,
    pub least_contacts: i64,
    pub growth: f64,
    #[serde(default)]
    pub one_city: Vec<String>,
}

/// Where the number of orders per amount breaks off.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaks {
    #[serde(deserialize_with = "duration")]
    pub window: Duration,
    pub least: i64,
    pub fall: i64,
    pub least_share: i64,
    pub most: usize,
}

/// What is bought together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basket {
    #[serde(deserialize_with = "duration")]
    pub window: Duration,
    pub least: i64,
    pub confidence: f64,
    pub lift: f64,
}

/// How well colours foretell sales.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colours {
    #[serde(deserialize_with = "duration")]
    pub closes_within: Duration,
    pub false_red: f64,
    pub accuracy: f64,
    pub least: i64,
}

/// `population.toml`, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Population {
    people: BTreeMap<String, i64>,
}

impl Parameters {
    /// Reads `statistics.toml` among the files.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let file = SourceFile::required(files, "statistics.toml", "what statistics are counted by");
        let (file, mut parameters) = match file.and_then(|file| Ok((file, file.toml::<Self>("")?))) {
            Ok(read) => read,
            Err(problem) => return (None, vec![problem]),
        };
        let refuse = |place: usize, message: String, advice: &str| {
            (None, vec![Problem::at(&file.path, &file.text, place, message, advice)])
        };
        let Customers { high, middle, least, .. } = parameters.customers;
        if high < 1 || middle < 1 || high + middle > 99 || least < 1 {
            let place = file.text.find("[customers]").unwrap_or(0);
            let message =
                "`high`, `middle` and `least` are at least 1, and `high` and `middle` together at most 99 per cent";
            return refuse(place, message.to_owned(), "Write high = 15, middle = 35, least = 20.");
        }
        // Without that file no region is set against its people.
        if let Some(file) = files.iter().find(|file| file.path == "population.toml") {
            match toml::from_str::<Population>(&file.text) {
                Ok(population) => parameters.people = population.people,
                Err(error) => {
                    let offset = error.span().map_or(0, |span| span.start);
                    let advice =
                        "Write the end of the region's tag and a number: hk = 7491609, \"city/jakarta\" = 8540121.";
                    return (None, vec![Problem::at(&file.path, &file.text, offset, error.message(), advice)]);
                }
            }
        }
        (Some(parameters), Vec::new())
    }
}
