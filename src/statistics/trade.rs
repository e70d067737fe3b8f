//! What customers buy again, how they move between bands, and what comes back (MET-13, 14, 15, 21).

use std::collections::BTreeMap;

use super::history::{Mean, Share, Undone};
use super::{Aim, Figure, History, Span, Tally};
use crate::domain::{Duration, Timestamp};

/// Tiers, the tag that shows each, and the days between purchases that the catalogue hopes for.
const TIERS: [(&str, &str, &str, f64); 5] = [
    ("high band", "band", "high", 45.0),
    ("middle band", "band", "mid", 90.0),
    ("low band", "band", "low", 90.0),
    ("loyal", "stage", "loyal", 60.0),
    ("VIP", "value", "vip", 75.0),
];
/// A year of 365 days.
const YEAR: Duration = Duration::days(365);

/// The tally.
#[derive(Default)]
pub struct Trade {
    cycle: [Mean; 5],
    vips: Share,
    moved: Share,
    /// By country; and of customers with a ship tag apart before and after it came.
    cancelled: BTreeMap<String, Share>,
    returned: BTreeMap<String, Share>,
}

impl Trade {
    fn again(&mut self, history: &History, span: Span) {
        let mut paid: Vec<Timestamp> = history.purchases().map(|(at, _)| at).collect();
        paid.sort_unstable();
        for ((_, group, value, _), mean) in TIERS.iter().zip(&mut self.cycle) {
            let stretches = history.stretches(group);
            let held = |at| stretches.iter().any(|stretch| stretch.value == *value && stretch.holds(at));
            for gap in paid.windows(2) {
                let &[before, after] = gap else { continue };
                if span.has(after) && held(after) {
                    mean.add((after - before).0 as f64 / Duration::days(1).0 as f64);
                }
            }
        }
        let vip = history.stretches("value");
        if vip.iter().any(|stretch| stretch.value == "vip" && stretch.holds(span.until - YEAR)) {
            self.vips.add(paid.iter().any(|at| *at >= span.until - YEAR && *at < span.until));
        }
    }

    /// Whose band at the end is another one than at the beginning.
    fn bands(&mut self, history: &History, span: Span) {
        let bands: Vec<_> = history.stretches("band").into_iter().filter(|band| is_band(band.value)).collect();
        let before = History::held_at(&bands, span.from);
        let after = History::held_at(&bands, span.until);
        if let (Some(before), Some(after)) = (before, after) {
            self.moved.add(before != after);
        }
    }
}

fn is_band(value: &str) -> bool {
    ["low", "mid", "high"].contains(&value)
}

impl Tally for Trade {
    fn add(&mut self, history: &History, span: Span) {
        self.again(history, span);
        self.bands(history, span);
        if history.country.is_empty() {
            return;
        }
        let told = history.stretches("ship").iter().map(|stretch| stretch.from).min();
        for order in history.orders.iter().filter(|order| span.has(order.placed)) {
            let country = &history.country;
            // Whether telling of the cost before they order spares cancellations shows where it is told.
            let when = told.map(|told| if order.placed < told { "before" } else { "after" });
            let apart = when.map(|when| format!("{country}, {when} a ship tag"));
            for of in [Some(country.clone()), apart].into_iter().flatten() {
                self.cancelled.entry(of.clone()).or_default().add(order.undone == Some(Undone::Cancelled));
                self.returned.entry(of).or_default().add(order.undone == Some(Undone::Returned));
            }
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        for ((name, .., days), mean) in TIERS.iter().zip(&self.cycle) {
            figures.push(mean.figure("MET-13", "days between purchases", "days").of(*name).aim(Aim::AtMost(*days)));
        }
        let vips = self.vips.figure("MET-14", "VIPs of a year ago who bought since").aim(Aim::Over(75.0));
        figures.push(match self.vips.whole {
            0 => vips.note("nobody has been a VIP for a year"),
            _ => vips,
        });
        figures
            .push(self.moved.figure("MET-15", "customers who changed their band").note("9 % in a quarter elsewhere"));
        for (what, by_place) in [("cancelled orders", &self.cancelled), ("returned orders", &self.returned)] {
            figures.extend(by_place.iter().map(|(place, share)| share.figure("MET-21", what).of(place)));
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::Order;
    use super::super::history::made::*;
    use super::*;

    #[test]
    fn purchases_again_bands_and_what_comes_back() {
        let mut tally = Trade::default();
        let day = 24;
        let undone = |at, undone| Order { undone: Some(undone), ..paid(at, 10) };
        tally.add(
            &History {
                country: "br".into(),
                tags: vec![
                    tag(0, "value/vip", true),
                    tag(1, "band/low", true),
                    tag(20 * day, "band/low", false),
                    tag(20 * day, "band/high", true),
                ],
                orders: vec![
                    paid(5 * day, 10),
                    paid(30 * day, 900),
                    undone(31 * day, Undone::Returned),
                    paid(40 * day, 900),
                ],
                ..History::default()
            },
            span(10 * day, 370 * day),
        );
        tally.add(
            &History { tags: vec![tag(1, "band/low", true)], orders: vec![paid(30 * day, 10)], ..History::default() },
            span(10 * day, 370 * day),
        );
        // 25 days and 10 days; what was returned is no purchase.
        assert_told(&tally, "MET-13 days between purchases", "high band", Some(17.5), 2);
        assert_told(&tally, "MET-13 days between purchases", "low band", None, 0);
        assert_told(&tally, "MET-14 VIPs of a year ago who bought since", "", Some(100.0), 1);
        assert_told(&tally, "MET-15 customers who changed their band", "", Some(50.0), 2);
        assert_told(&tally, "MET-21 returned orders", "br", Some(33.3), 3);
        assert_told(&tally, "MET-21 cancelled orders", "br", Some(0.0), 3);
    }

    #[test]
    fn what_comes_back_is_compared_before_and_after_ship_tags() {
        let mut tally = Trade::default();
        let cancelled = |at| Order { undone: Some(Undone::Cancelled), ..paid(at, 10) };
        let history = |tags, orders| History { country: "br".into(), tags, orders, ..History::default() };
        let told = vec![tag(10, "ship/br-inland", true), tag(12, "ship/restricted", true)];
        tally
            .add(&history(told, vec![cancelled(1), paid(9, 5), paid(10, 5), paid(50, 5), cancelled(60)]), span(0, 100));
        tally.add(&history(vec![], vec![paid(1, 5)]), span(0, 100));
        assert_told(&tally, "MET-21 cancelled orders", "br", Some(33.3), 6);
        assert_told(&tally, "MET-21 cancelled orders", "br, before a ship tag", Some(50.0), 2);
        assert_told(&tally, "MET-21 cancelled orders", "br, after a ship tag", Some(33.3), 3);
        assert_told(&tally, "MET-21 returned orders", "br, after a ship tag", Some(0.0), 3);
    }
}
