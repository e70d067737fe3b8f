//! Reports that the database adds up: amounts of orders, what is bought together, regions, and how long lists take.

use std::time::Instant;

use super::ReportInput;
use crate::engine::segments::{PAGE, Wanted, page};
use crate::statistics::{Aim, Bins, Break, Figure, associations, breaks, cut_place, regions};
use crate::store::{Place, StoreError};

/// Ten-thousandths in the main unit.
const UNIT: f64 = 10_000.0;

/// SPEND-6: where the number of orders breaks off, and the bands between those places.
pub(super) async fn amounts(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let parameters = &input.knowledge.statistics.breaks;
    let bought = input.bought_since(input.span.until - parameters.window);
    let count = input.store.count_orders(&bought).await?;
    let name = "an order's amount where the number of orders falls";
    if count < parameters.least {
        let note = format!("{count} orders within {}; {} are needed", parameters.window, parameters.least);
        return Ok(vec![Figure::unknown("SPEND-6", name, note)]);
    }
    let places: Vec<i64> = [1, 25, 75, 100].iter().filter_map(|share| cut_place(*share, count)).collect();
    let mut wanted = vec![0];
    wanted.extend(&places[1..]);
    let found = input.store.amounts_at(&bought, &wanted).await?;
    let bins = match found[..] {
        [smallest, low, high, largest] => Bins::new(smallest, (low, high), largest, count),
        _ => None,
    };
    let Some(bins) = bins else {
        return Ok(vec![Figure::unknown("SPEND-6", name, "half of the orders have the same amount")]);
    };
    let counts = input.store.orders_in_bins(&bought, bins).await?;
    let found = breaks(bins, &counts, parameters);
    let unit = input.currency();
    let figure = |found: &Break| {
        let note = format!("falls by {:.0} %; {:.0} % of the orders are dearer", found.falls, found.above);
        Figure::new("SPEND-6", name, found.at as f64 / UNIT, unit, count).note(note)
    };
    let mut figures: Vec<Figure> = found.iter().map(figure).collect();
    let proposal = if found.is_empty() { "the number falls nowhere by that much".to_owned() } else { bands(&found) };
    figures.push(Figure { cases: count, ..Figure::unknown("SPEND-6", "proposed bands", proposal) });
    Ok(figures)
}

/// `band/under-80, band/80-120, band/over-120`.
fn bands(breaks: &[Break]) -> String {
    let whole = |found: &Break| format!("{:.0}", found.at as f64 / UNIT);
    let mut names = Vec::new();
    names.extend(breaks.first().map(|first| format!("band/under-{}", whole(first))));
    names.extend(breaks.windows(2).filter_map(|pair| match pair {
        [low, high] => Some(format!("band/{}-{}", whole(low), whole(high))),
        _ => None,
    }));
    names.extend(breaks.last().map(|last| format!("band/over-{}", whole(last))));
    names.join(", ")
}

/// PREF-7: what is bought together.
pub(super) async fn basket(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let parameters = &input.knowledge.statistics.basket;
    let bought = input.bought_since(input.span.until - parameters.window);
    let buyers = input.store.count_buyers(&bought).await?;
    let pairs = input.store.pairs(bought.from, bought.until, parameters.least).await?;
    let found = associations(&pairs, buyers, parameters);
    if found.is_empty() {
        let note =
            format!("no two things were both bought by {} customers more often than by chance", parameters.least);
        return Ok(vec![Figure { cases: buyers, ..Figure::unknown("PREF-7", "bought together", note) }]);
    }
    let figure = |rule: &crate::statistics::Association| {
        let note = format!("{} bought both, {:.1} times as often as others: offer it?", rule.support, rule.lift);
        let of_those = (rule.support as f64 * 100.0 / rule.confidence).round() as i64;
        Figure::new("PREF-7", "of who bought the one, bought the other", rule.confidence, "%", of_those)
            .of(rule.tag())
            .note(note)
    };
    Ok(found.iter().map(figure).collect())
}

/// REG-32 to 34: regions against each other.
pub(super) async fn regions(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let parameters = &input.knowledge.statistics.regions;
    let bought = input.bought_since(input.span.until - parameters.window);
    let known = input.store.regions(&bought, bought.from - parameters.window).await?;
    let judged = regions::judge(known, &input.knowledge.statistics.people, parameters);
    Ok(regions::figures(&judged, input.currency()))
}

/// MET-22: how long it takes to count and list each of the lists that ship.
pub(super) async fn lists(input: ReportInput<'_>) -> Result<Vec<Figure>, StoreError> {
    let (mut longest, mut count) = (0.0_f64, 0);
    let shop = &input.knowledge.shop;
    for list in &input.knowledge.lists {
        let wanted = Wanted { segment: list.segment.clone(), first: list.first.clone(), now: input.now };
        let begun = Instant::now();
        input.store.count_segment(&wanted.asked(&shop.rates, shop.currency)).await?;
        page(input.store, input.knowledge, &wanted, Place::default(), PAGE).await?;
        longest = longest.max(begun.elapsed().as_secs_f64() / 60.0);
        count += 1;
    }
    let slowest = Figure::new("MET-22", "counting and listing the slowest list", longest, "min", count);
    Ok(vec![slowest.aim(Aim::AtMost(2.0))])
}
