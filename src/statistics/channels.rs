//! What each source of customers costs and brings (SOURCE-8, MET-16). Money for advertising is moved by people: this proposes.

use std::collections::BTreeMap;

use super::history::Mean;
use super::{Figure, History, Span, Tally};

/// In ten-thousandths of the main unit.
const UNIT: f64 = 10_000.0;
/// A source that is dearer than all together by so many per cent is named.
const DEARER: f64 = 30.0;

/// The tally: a line for each source.
pub struct Channels {
    /// What was paid for advertising, by source, in ten-thousandths of the shop's currency.
    spent: BTreeMap<String, i64>,
    currency: String,
    sources: BTreeMap<String, Source>,
}

#[derive(Default)]
struct Source {
    contacts: i64,
    /// Bought for the first time.
    buyers: i64,
    /// Those of them who are new contacts, too.
    new_buyers: i64,
    first_order: Mean,
    revenue: i64,
}

impl Channels {
    /// Nothing counted yet.
    pub fn new(spent: BTreeMap<String, i64>, currency: &str) -> Self {
        Self { spent, currency: currency.into(), sources: BTreeMap::new() }
    }
}

impl Tally for Channels {
    fn add(&mut self, history: &History, span: Span) {
        let sources = history.stretches("source");
        // Where they came from first.
        let Some(first) = sources.iter().min_by_key(|stretch| stretch.from) else { return };
        let source = self.sources.entry(first.value.to_owned()).or_default();
        source.contacts += i64::from(span.has(history.first));
        let bought = history.purchases().filter(|(at, _)| span.has(*at));
        source.revenue = bought.fold(source.revenue, |all, (_, sum)| all.saturating_add(sum));
        if let Some((_, sum)) = history.purchases().min().filter(|(at, _)| span.has(*at)) {
            source.buyers += 1;
            source.new_buyers += i64::from(span.has(history.first));
            source.first_order.add(sum as f64 / UNIT);
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let unit = self.currency.as_str();
        let paid = self.spent.values().fold(0_i64, |all, paid| all.saturating_add(*paid));
        let won = |source: &String| self.sources.get(source).map_or(0, |source| source.buyers);
        let all: i64 = self.spent.keys().map(won).sum();
        let mean = (all > 0).then(|| paid as f64 / UNIT / all as f64);
        let mut figures = Vec::new();
        for (name, source) in &self.sources {
            figures.push(Figure::new("SOURCE-8", "new contacts", source.contacts as f64, "", source.contacts).of(name));
            figures.push(
                Figure::share("SOURCE-8", "buyers among new contacts", source.new_buyers, source.contacts).of(name),
            );
            figures.push(source.first_order.figure("MET-16", "value of the first order", unit).of(name));
            figures
                .push(Figure::new("SOURCE-8", "revenue", source.revenue as f64 / UNIT, unit, source.buyers).of(name));
        }
        for (name, paid) in &self.spent {
            let buyers = won(name);
            let cost = "cost of a new customer";
            if buyers == 0 {
                let note = format!(
                    "{:.0} {unit} were paid, and nobody of them bought for the first time",
                    *paid as f64 / UNIT
                );
                figures.push(Figure::unknown("MET-16", cost, note).of(name));
                continue;
            }
            let each = *paid as f64 / UNIT / buyers as f64;
            let over = mean.map_or(0.0, |mean| (each / mean - 1.0) * 100.0);
            let note = if over >= DEARER {
                format!("{over:.0} % dearer than all together: move money to a cheaper source?")
            } else {
                String::new()
            };
            figures.push(Figure::new("MET-16", cost, each, unit, buyers).of(name).note(note));
        }
        if self.spent.is_empty() {
            let note = "nobody told what advertising cost: PUT /api/v1/ad-spend";
            figures.push(Figure::unknown("MET-16", "cost of a new customer", note));
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::made::*;
    use super::*;

    #[test]
    fn what_a_source_costs_and_brings() {
        let spent = BTreeMap::from([("ig-ad".to_owned(), 3_000_000), ("fb-ad".to_owned(), 1_000_000)]);
        let mut tally = Channels::new(spent, "USD");
        let from = |source: &str, orders| History {
            first: hours(1),
            tags: vec![tag(1, source, true)],
            orders,
            ..History::default()
        };
        for history in [
            from("source/ig-ad", vec![paid(2, 100), paid(9, 50)]),
            from("source/ig-ad", vec![]),
            from("source/fb-ad", vec![paid(2, 40)]),
            from("source/fb-ad", vec![paid(3, 60)]),
        ] {
            tally.add(&history, span(0, 10));
        }
        assert_told(&tally, "MET-16 cost of a new customer", "ig-ad", Some(300.0), 1);
        assert_told(&tally, "MET-16 cost of a new customer", "fb-ad", Some(50.0), 2);
        assert_told(&tally, "MET-16 value of the first order", "ig-ad", Some(100.0), 1);
        assert_told(&tally, "SOURCE-8 revenue", "ig-ad", Some(150.0), 1);
        assert_told(&tally, "SOURCE-8 buyers among new contacts", "ig-ad", Some(50.0), 2);
        let dear: Vec<_> = tally.figures().into_iter().filter(|figure| figure.note.contains("dearer")).collect();
        assert_eq!(dear.len(), 1, "{dear:?}");
    }

    #[test]
    fn who_came_before_is_no_buyer_among_new_contacts() {
        let mut tally = Channels::new(BTreeMap::new(), "USD");
        let from = |first: i64, orders| History {
            first: hours(first),
            tags: vec![tag(first, "source/ig-ad", true)],
            orders,
            ..History::default()
        };
        for history in [from(1, vec![paid(60, 10)]), from(2, vec![paid(61, 10)]), from(55, vec![]), from(56, vec![])] {
            tally.add(&history, span(50, 100));
        }
        assert_told(&tally, "SOURCE-8 new contacts", "ig-ad", Some(2.0), 2);
        assert_told(&tally, "SOURCE-8 buyers among new contacts", "ig-ad", Some(0.0), 2);
        assert_told(&tally, "MET-16 value of the first order", "ig-ad", Some(10.0), 2);
    }
}
