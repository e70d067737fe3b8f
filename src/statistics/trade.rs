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
        for order in history.orders.iter().filter(|order| span.has(order.placed)) {
            let country = || history.country.clone();
            self.cancelled.entry(country()).or_default().add(order.undone == Some(Undone::Cancelled));
            self.returned.entry(country()).or_default().add(order.undone == Some(Undone::Returned));
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let mut figures = Vec::new();
        for ((name, .., days), mean) in TIERS.iter().zip(&self.cycle) {
            figures.push(mean.figure("MET-13", "days between purchases", "days").of(*name).aim(Aim::AtMost(*days)));
        }
        let vips = self.vips.figure("MET-14", "VIPs of a year ago who bought since").aim(Aim::AtLeast(75.0));
        figures.push(match self.vips.whole {
            0 => vips.note("nobody has been a VIP for a year"),
            _ => vips,
        });
        figures
            .push(self.moved.figure("MET-15", "customers who changed their band").note("9 % in a quarter elsewhere"));
        for (what, by_country) in [("cancelled orders", &self.cancelled), ("returned orders", &self.returned)] {
            for (country, share) in by_country.iter().filter(|(country, _)| !country.is_empty()) {
                figures.push(share.figure("MET-21", what).of(country));
            }
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
}
