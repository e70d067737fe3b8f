//! Where each customer stands among the others who bought: bands by share of customers (SPEND-5), and recency, frequency and
//! money in fifths with the eight groups that they make (SPEND-26; the RFM model of Hughes, *Strategic Database Marketing*).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::parameters::Customers;
use super::shares::points;

/// What one customer bought within the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purchases {
    /// How many orders; none if all of them were taken back or are too old.
    pub count: i64,
    /// Their sum in the shop's currency, in ten-thousandths.
    pub sum: i64,
    /// When the latest was paid for, in milliseconds.
    pub last: i64,
}

/// Figures that customers are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Standing {
    Sum,
    Count,
    Last,
}

impl Standing {
    /// The figure of a customer.
    pub fn of(self, purchases: &Purchases) -> i64 {
        match self {
            Self::Sum => purchases.sum,
            Self::Count => purchases.count,
            Self::Last => purchases.last,
        }
    }
}

/// Where the lines lie between customers of a period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cuts {
    /// Between low, middle and high.
    pub bands: Vec<i64>,
    /// Between the fifths of recency, frequency and money.
    pub recency: Vec<i64>,
    /// See above.
    pub frequency: Vec<i64>,
    /// See above.
    pub money: Vec<i64>,
}

/// The lower four fifths.
const FIFTHS: [i64; 4] = [20, 40, 60, 80];

impl Cuts {
    /// The figures that are cut, and at which shares counted from the smallest.
    pub fn wanted(parameters: &Customers) -> [(Standing, Vec<i64>); 4] {
        let low = 100 - parameters.high - parameters.middle;
        [
            (Standing::Sum, vec![low, low + parameters.middle]),
            (Standing::Last, FIFTHS.to_vec()),
            (Standing::Count, FIFTHS.to_vec()),
            (Standing::Sum, FIFTHS.to_vec()),
        ]
    }

    /// From the figures at those shares, in the same order.
    pub fn new([bands, recency, frequency, money]: [Vec<i64>; 4]) -> Self {
        Self { bands, recency, frequency, money }
    }

    /// What a customer is told of: band, points and group. Who has no purchase left in the window stands in no band.
    pub fn figures(&self, purchases: &Purchases, parameters: &Customers) -> BTreeMap<String, String> {
        if purchases.count == 0 {
            return Self::none(purchases);
        }
        let mut figures = BTreeMap::new();
        let mut say = |name: &str, value: String| figures.insert(name.to_owned(), value);
        say("band", ["low", "mid", "high"][points(purchases.sum, &self.bands).min(3) - 1].into());
        let scores = [
            ("r", points(purchases.last, &self.recency)),
            ("f", points(purchases.count, &self.frequency)),
            ("m", points(purchases.sum, &self.money)),
        ];
        // 1 is high in all three, 8 low in all; of two, money weighs least and recency most.
        let mut group = 1;
        for ((name, score), weight) in scores.into_iter().zip([4, 2, 1]) {
            say(name, score.to_string());
            group += if score < parameters.points_high { weight } else { 0 };
        }
        say("group", group.to_string());
        figures
    }

    /// What a customer is told of where no line can be drawn: who stood somewhere before does so no more.
    pub fn none(purchases: &Purchases) -> BTreeMap<String, String> {
        let band = if purchases.count == 0 { "none" } else { "few" };
        BTreeMap::from([("band".to_owned(), band.to_owned())])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Duration;

    const PARAMETERS: Customers =
        Customers { window: Duration::days(365), least: 20, high: 15, middle: 35, points_high: 4 };

    #[test]
    fn a_customer_has_a_band_points_and_a_group() {
        let cuts = Cuts::new([vec![100, 500], vec![10, 20, 30, 40], vec![1, 2, 3, 4], vec![50, 100, 200, 400]]);
        let told = |count, sum, last| {
            let figures = cuts.figures(&Purchases { count, sum, last }, &PARAMETERS);
            let said = |name: &str| figures.get(name).cloned().unwrap_or_default();
            format!("{} {}{}{} {}", said("band"), said("r"), said("f"), said("m"), said("group"))
        };
        assert_eq!(told(5, 501, 41), "high 555 1");
        assert_eq!(told(1, 500, 41), "mid 515 3");
        assert_eq!(told(4, 101, 10), "mid 143 6");
        assert_eq!(told(1, 20, 5), "low 111 8");
        assert_eq!(told(0, 0, 0), "none  ");
        let alone = Cuts::none(&Purchases { count: 3, sum: 900, last: 41 });
        assert_eq!(alone, BTreeMap::from([("band".to_owned(), "few".to_owned())]));
    }
}
