//! Where the number of orders per amount breaks off (SPEND-6): a histogram whose bins are as wide as Freedman and Diaconis say
//! (*On the histogram as a density estimator*, 1981): twice the distance between the quartiles over the cube root of the number.

use serde::{Deserialize, Serialize};

use super::parameters::Breaks as Parameters;

/// Bins at most: the last one takes all that is dearer.
const MOST_BINS: i64 = 200;

/// How wide the bins are, and where the first begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bins {
    /// The smallest amount.
    pub from: i64,
    /// The width of each.
    pub width: i64,
    /// How many.
    pub count: i64,
}

impl Bins {
    /// From the smallest amount, the quartiles, the largest, and the number of amounts. `None` if all amounts are alike.
    pub fn new(smallest: i64, quartiles: (i64, i64), largest: i64, count: i64) -> Option<Self> {
        let spread = quartiles.1 - quartiles.0;
        if spread <= 0 || count < 1 || largest <= smallest {
            return None;
        }
        let width = (2.0 * spread as f64 / (count as f64).cbrt()).ceil() as i64;
        Some(Self { from: smallest, width, count: ((largest - smallest) / width + 1).min(MOST_BINS) })
    }
}

/// A place where the number falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Break {
    /// The amount.
    pub at: i64,
    /// By how many per cent the number falls there.
    pub falls: f64,
    /// The share that lies above it, in per cent.
    pub above: f64,
}

/// Where the number falls by at least what the parameters ask, from a bin that is not empty talk: the deepest falls, in order
/// of amount. `counts` are the bins' numbers, by their place.
pub fn breaks(bins: Bins, counts: &[(i64, i64)], parameters: &Parameters) -> Vec<Break> {
    let all: i64 = counts.iter().map(|(_, count)| count).sum();
    let of = |bin: i64| counts.iter().find(|(place, _)| *place == bin).map_or(0, |(_, count)| *count);
    let mut found: Vec<(i64, Break)> = Vec::new();
    for bin in 1..bins.count {
        let (before, here) = (of(bin - 1), of(bin));
        let lost = before - here;
        // The more orders, the narrower the bins: one that holds as many as a whole histogram needs says something, too.
        let enough = before * 100 >= all * parameters.least_share || before >= parameters.least;
        if enough && lost * 100 >= before * parameters.fall && lost > 0 {
            let above: i64 = counts.iter().filter(|(place, _)| *place >= bin).map(|(_, count)| count).sum();
            let falls = lost as f64 * 100.0 / before as f64;
            let above = above as f64 * 100.0 / all as f64;
            found.push((lost, Break { at: bins.from + bin * bins.width, falls, above }));
        }
    }
    found.sort_by_key(|(lost, found)| (std::cmp::Reverse(*lost), found.at));
    found.truncate(parameters.most);
    let mut breaks: Vec<Break> = found.into_iter().map(|(_, found)| found).collect();
    breaks.sort_by_key(|found| found.at);
    breaks
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: Parameters =
        Parameters { window: crate::domain::Duration::days(365), least: 100, fall: 20, least_share: 5, most: 2 };

    #[test]
    fn bins_are_as_wide_as_the_rule_says() {
        // Quartiles 30 and 80, a thousand amounts: 2 * 50 / 10.
        assert_eq!(Bins::new(10, (30, 80), 210, 1_000), Some(Bins { from: 10, width: 10, count: 21 }));
        assert_eq!(Bins::new(10, (30, 30), 210, 1_000), None);
        assert_eq!(Bins::new(0, (1, 2), 1_000_000, 8), Some(Bins { from: 0, width: 1, count: 200 }));
    }

    #[test]
    fn the_number_breaks_off_where_it_falls_most() {
        let bins = Bins { from: 30, width: 10, count: 12 };
        // Flat to 80, less to 120, then hardly anybody.
        let counts =
            [(0, 13), (1, 13), (2, 13), (3, 13), (4, 13), (5, 6), (6, 6), (7, 6), (8, 5), (9, 4), (10, 4), (11, 4)];
        let found = breaks(bins, &counts, &PARAMETERS);
        let at: Vec<(i64, f64)> = found.iter().map(|found| (found.at, found.falls.round())).collect();
        // From 13 to 6, and from 5 to 4.
        assert_eq!(at, [(80, 54.0), (120, 20.0)]);
        assert_eq!(found[1].above.round(), 12.0);
    }

    #[test]
    fn one_short_of_the_fall_is_none() {
        let bins = Bins { from: 0, width: 1, count: 2 };
        assert_eq!(breaks(bins, &[(0, 100), (1, 81)], &PARAMETERS), []);
        assert_eq!(breaks(bins, &[(0, 100), (1, 80)], &PARAMETERS).len(), 1);
    }

    #[test]
    fn of_many_orders_no_bin_holds_much_and_the_break_is_found_all_the_same() {
        let bins = Bins { from: 30, width: 2, count: 60 };
        // A hundred thousand: 2,900 in each bin to 80, 1,000 to 120, then 300, and in the last ones a handful.
        let orders = |bin: i64| match bin {
            0..25 => 2_900,
            25..45 => 1_000,
            45..58 => 300,
            _ => 60 - bin,
        };
        let counts: Vec<(i64, i64)> = (0..60).map(|bin| (bin, orders(bin))).collect();
        let at: Vec<i64> = breaks(bins, &counts, &PARAMETERS).iter().map(|found| found.at).collect();
        assert_eq!(at, [80, 120]);
    }
}
