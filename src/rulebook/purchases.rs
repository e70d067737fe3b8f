//! Figures over purchases, from the order book: how many, for how much, how much on average, how far apart. An order that was
//! undone is in none of them.

use std::cell::OnceCell;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::change::Change;
use super::facts::is_like_text;
use super::figure::{Figure, own, rest};
use super::kept::{Entry, OrderFacts};
use super::rule::Rule;
use super::signal::{self, Signal};
use super::written_when::{Count, Gap, Mean, ShareOfOrders, Sum, Usual};
use super::{Rulebook, STEP, holding, orders};
use crate::domain::{Currency, Duration, Money, Rates, TagKey, Timestamp};

/// Purchases less than this apart are one visit to the shop, where the time between visits is asked for.
const VISIT: Duration = Duration::days(1);
/// So many of the last visits tell how far apart they are.
const VISITS: usize = 12;

/// The order book at a moment.
#[derive(Clone, Copy)]
pub(super) struct Book<'a> {
    pub(super) orders: &'a [OrderFacts],
    /// Their signals, made once for all the rules that look at them.
    pub(super) bought: &'a OnceCell<Vec<Signal>>,
    pub(super) rates: &'a Rates,
    pub(super) at: Timestamp,
    /// Until when purchases may be forgotten altogether.
    pub(super) forgotten: Option<Timestamp>,
    /// Where the period began that a review is about.
    pub(super) since: Option<Timestamp>,
}

/// The figure of a rule about purchases, for what the signal is about. `None` if it does not hold; where a rule asks for
/// several, all must hold.
pub(super) fn figure(book: &Book<'_>, rule: &Rule, signal: &Signal) -> Option<Figure<'static>> {
    let written = &rule.written;
    let mut all = own(rule, signal, book.rates);
    let mut texts = Vec::new();
    let mut take = |figure: Figure<'_>| {
        texts.push(figure.text.to_string());
        all.until = all.until.into_iter().chain(figure.until).min();
        all.newest = all.newest.max(figure.newest);
        all.events = figure.events;
        all.fields.extend(figure.fields);
        all.gap = all.gap.or(figure.gap);
    };
    if let Some(count) = &written.count {
        take(counted(book, rule, count, signal)?);
    }
    if let Some(sum) = &written.sum {
        take(summed(book, rule, sum, signal)?);
    }
    if let Some(mean) = &written.mean {
        take(averaged(book, rule, mean, signal)?);
    }
    if let Some(share) = &written.share_of_orders {
        take(shared(book, share, rule, signal)?);
    }
    if let Some(gap) = &written.gap {
        take(apart(book, rule, gap, signal)?);
    }
    all.text = texts.join("; ").into();
    Some(all)
}

/// Whether one purchase more may end what a rule holds.
pub(super) fn has_ceiling(rule: &Rule) -> bool {
    let written = &rule.written;
    written.count.as_ref().is_some_and(|count| count.at_most.is_some())
        || written.sum.as_ref().is_some_and(|sum| sum.at_most.is_some() || sum.less_than.is_some())
        || written.mean.is_some()
        || written.gap.is_some()
        || written.share_of_orders.is_some()
}

/// Whether a rule holds a purchase against those before it: with one more of them, or one less, it may hold anew.
pub(super) fn looks_before(rule: &Rule) -> bool {
    rule.written.sum.as_ref().is_some_and(|sum| sum.times_mean.is_some())
        || rule.written.more_than.iter().any(|(figure, _)| figure == "over_record")
}

/// The signals of all purchases in the book.
fn signals_of<'b>(orders: &[OrderFacts], bought: &'b OnceCell<Vec<Signal>>) -> &'b [Signal] {
    let purchases = orders.iter().filter(|order| order.is_purchase());
    bought.get_or_init(|| purchases.flat_map(|order| orders::signals(order, None)).collect())
}

/// When something of a group was bought last, not before `oldest`: what has these values in the fields that are counted by.
/// Asked with each click and page, so no signals are made for it.
pub(super) fn last(
    orders: &[OrderFacts],
    name: &str,
    (per, group): (&[String], &str),
    oldest: Timestamp,
) -> Option<Timestamp> {
    let is_group = |order: &OrderFacts, line: Option<&str>| {
        per.iter().zip(group.split('|')).all(|(field, value)| orders::has(order, line, field, value))
    };
    let is_there = |order: &&OrderFacts| match name {
        "bought" => order.lines.iter().any(|(line, _)| is_group(order, Some(line))),
        _ => is_group(order, None),
    };
    // The newest stand behind: of most of the others it need not be asked what they hold.
    let young = orders.iter().rev().filter(|order| order.paid >= Some(oldest) && order.is_purchase());
    young.fold(None, |last, order| if order.paid > last && is_there(&order) { order.paid } else { last })
}

/// Whether a purchase may take such a tag away.
pub(super) fn may_end(rulebook: &Rulebook, tag: &TagKey) -> bool {
    let rules = rulebook.rules.iter().filter(|rule| signal::is_of_orders(rule));
    rules.flat_map(|rule| &rule.written.removes).any(|pattern| match pattern.split_once('{') {
        Some((start, _)) => tag.as_str().starts_with(start),
        None => is_like_text(tag.as_str(), pattern),
    })
}

/// Whether something was bought, after what is being applied happened, that puts an end to a tag: what is told late of the time
/// before the purchase does not begin anew what the purchase has ended.
pub(super) fn has_ended(change: &Change<'_>, tag: &TagKey, about: Option<&str>) -> bool {
    let rulebook = change.rulebook;
    if change.facts.marks.get("purchase").is_none_or(|last| *last <= change.at) || !may_end(rulebook, tag) {
        return false;
    }
    let ends = |signal: &Signal, rule: &Rule| {
        let is_about = |field: &String| signal.field(field) == about;
        let is_named = |pattern: &String| {
            let pattern = change.filled(pattern, Some(signal));
            pattern.is_some_and(|pattern| is_like_text(tag.as_str(), &pattern))
        };
        rule.written.removes.iter().any(is_named)
            && rule.written.about.as_ref().is_none_or(is_about)
            && holding::passes(rule, signal, &rulebook.rates)
    };
    let later = change.facts.orders.iter().filter(|order| order.is_purchase() && order.paid > Some(change.at));
    later.flat_map(|order| orders::signals(order, None)).any(|signal| {
        let rules = rulebook.by_signal.get(signal.name).into_iter().flatten().map(|index| &rulebook.rules[*index]);
        rules.filter(|rule| signal::is_of_orders(rule)).any(|rule| ends(&signal, rule))
    })
}

impl Book<'_> {
    /// Purchases that a rule counts, the oldest first; the weight is the sum in hundredths.
    pub(super) fn entries(
        &self,
        rule: &Rule,
        per: &[String],
        distinct: &str,
        signal: &Signal,
        sum: Option<Currency>,
    ) -> Option<Vec<Entry>> {
        if per.iter().any(|field| signal.field(field).is_none()) {
            return None;
        }
        let counts = |other: &&Signal| {
            other.name == signal.name
                && holding::passes(rule, other, self.rates)
                && per.iter().all(|field| other.field(field) == signal.field(field))
        };
        let mut entries: Vec<Entry> = Vec::new();
        for other in signals_of(self.orders, self.bought).iter().filter(counts) {
            let value = other.field(distinct).unwrap_or_default();
            let amount = sum.and_then(|currency| self.rates.convert(other.money?, currency));
            // What is too large to be counted is of a time when no door refused it, and counts nothing.
            let hundredths = amount.and_then(|amount| amount.checked_mul(Decimal::ONE_HUNDRED));
            let weight = hundredths.and_then(|hundredths| hundredths.round().to_i64()).unwrap_or(0);
            if let Some(entry) = entries.iter_mut().find(|entry| entry.value == value) {
                (entry.at, entry.weight) = (entry.at.max(other.at), entry.weight.saturating_add(weight));
                continue;
            }
            entries.push(Entry { at: other.at, seq: other.seq, burst: None, weight, value: value.to_owned() });
        }
        entries.sort_by_key(|entry| entry.at);
        Some(entries)
    }

    /// The first moment that still counts; a length of nothing means the period that a review is about.
    fn oldest(&self, window: Duration) -> Timestamp {
        self.since.filter(|_| window == Duration::ZERO).unwrap_or(self.at - window)
    }
}

fn since(entries: &[Entry], oldest: Timestamp) -> &[Entry] {
    &entries[entries.partition_point(|entry| entry.at < oldest)..]
}

/// In hundredths.
pub(super) fn total<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> i64 {
    entries.into_iter().fold(0, |sum, entry| sum.saturating_add(entry.weight))
}

fn in_hundredths(limit: Decimal) -> Decimal {
    limit * Decimal::ONE_HUNDRED
}

/// What ceases to hold when the oldest leave the window one by one: told of how many are left and their total.
fn until(entries: &[Entry], window: Duration, still: impl Fn(usize, i64) -> bool) -> Option<Timestamp> {
    if window == Duration::ZERO {
        return None;
    }
    let mut left = total(entries);
    let last = entries.iter().enumerate().find(|(index, entry)| {
        left = left.saturating_sub(entry.weight);
        !still(entries.len() - index - 1, left)
    })?;
    Some(last.1.at + window + STEP)
}

fn shown(hundredths: i64) -> Decimal {
    Decimal::new(hundredths, 2).normalize()
}

fn newest(entries: &[Entry], signal: &Signal) -> Timestamp {
    entries.last().map_or(signal.at, |entry| entry.at)
}

/// The newest of the events that were counted.
fn events(entries: &[Entry]) -> Vec<i64> {
    entries.iter().rev().take(8).rev().map(|entry| entry.seq).collect()
}

fn counted(book: &Book<'_>, rule: &Rule, count: &Count, signal: &Signal) -> Option<Figure<'static>> {
    let what = count.distinct.as_deref().unwrap_or("order");
    let entries = book.entries(rule, &count.per, what, signal, None)?;
    let entries = since(&entries, book.oldest(rule.window));
    let holds = |number: usize| number >= count.at_least && count.at_most.is_none_or(|most| number <= most);
    if !holds(entries.len()) {
        return None;
    }
    let mut ends = until(entries, rule.window, |left, _| holds(left));
    if let Some(least) = count.of_products {
        let mut kinds = book.entries(rule, &count.per, "thing", signal, None)?;
        kinds.retain(|kind| !kind.value.is_empty());
        let kinds = since(&kinds, book.oldest(rule.window));
        if kinds.len() < least {
            return None;
        }
        ends = ends.into_iter().chain(until(kinds, rule.window, |left, _| left >= least)).min();
    }
    let window = if rule.window == Duration::ZERO { "the period".to_owned() } else { rule.window.to_string() };
    Some(Figure {
        text: format!("{} {what} in {window} (needs {})", entries.len(), count.needs()).into(),
        events: entries[entries.len().saturating_sub(count.at_least)..].iter().map(|entry| entry.seq).take(8).collect(),
        until: ends,
        newest: newest(entries, signal),
        ..Figure::default()
    })
}

impl Count {
    /// What it asks for, in words.
    pub(super) fn needs(&self) -> String {
        match (self.at_least, self.at_most) {
            (least, None) => least.to_string(),
            (0, Some(most)) => format!("at most {most}"),
            (least, Some(most)) => format!("{least} to {most}"),
        }
    }
}

/// How many of the latest orders hold something that a share asks for, of how many. What older orders held is not known.
pub(super) fn orders_with(orders: &[OrderFacts], share: &ShareOfOrders) -> (usize, usize) {
    let known = orders::newest(orders);
    let bought = known.iter().filter(|order| order.is_purchase());
    let asked = |line: &str| share.with.iter().any(|pattern| is_like_text(&holding::as_pattern(line), pattern));
    let with = |order: &&OrderFacts| order.lines.iter().any(|(line, _)| asked(line));
    (bought.clone().filter(with).count(), bought.count())
}

fn shared(book: &Book<'_>, share: &ShareOfOrders, rule: &Rule, signal: &Signal) -> Option<Figure<'static>> {
    let (with, all) = orders_with(book.orders, share);
    (all >= share.of && with * 100 >= share.at_least * all).then(|| Figure {
        text: format!("{with} of {all} orders (needs {} % of {} or more)", share.at_least, share.of).into(),
        ..own(rule, signal, book.rates)
    })
}

/// Whether a sum in hundredths is what a rule asks for.
pub(super) fn reaches(hundredths: i64, sum: &Sum) -> bool {
    let total = Decimal::from(hundredths);
    total >= in_hundredths(sum.at_least)
        && (sum.more_than.is_zero() || total > in_hundredths(sum.more_than))
        && sum.at_most.is_none_or(|most| total <= in_hundredths(most))
        && sum.less_than.is_none_or(|limit| total < in_hundredths(limit))
}

fn summed(book: &Book<'_>, rule: &Rule, sum: &Sum, signal: &Signal) -> Option<Figure<'static>> {
    let all = book.entries(rule, &[], "order", signal, Some(sum.currency))?;
    let entries = since(&all, book.oldest(rule.sum_window));
    let (window, currency) = (rule.sum_window, sum.currency);
    if sum.single {
        return one_of(entries, sum, window, signal);
    }
    let spent = total(entries);
    if !reaches(spent, sum) {
        return None;
    }
    let mut figure = Figure {
        text: format!("{} {currency} in {window} (needs {})", shown(spent), needs(sum)).into(),
        events: events(entries),
        until: until(entries, window, |_, left| reaches(left, sum)),
        newest: newest(entries, signal),
        ..Figure::default()
    };
    if let Some(aim) = sum.rest_to {
        // With the next order that leaves the window the rest is another one.
        figure.until = entries.first().map(|entry| entry.at + window + STEP);
        figure.fields.push(("rest", rest(aim, shown(spent))));
    }
    if let Some(mean) = &sum.times_mean {
        let usual = mean_before(&all, book, rule)?;
        if Decimal::from(spent) < usual * Decimal::from(mean.at_least) {
            return None;
        }
        let usual = (usual / Decimal::ONE_HUNDRED).round_dp(2).normalize();
        figure.text = format!(
            "{} {currency} in {window}; usual in the {} before: {usual} (needs {} times that)",
            shown(spent),
            rule.mean_window,
            mean.at_least
        )
        .into();
        figure.fields.extend(main_category(book, rule, currency).map(|category| ("category", category)));
    }
    Some(figure)
}

/// A single purchase that is what a sum asks for.
fn one_of(entries: &[Entry], sum: &Sum, window: Duration, signal: &Signal) -> Option<Figure<'static>> {
    let last = entries.iter().rev().find(|entry| reaches(entry.weight, sum))?;
    Some(Figure {
        text: format!("{} {} at once in {window} (needs {})", shown(last.weight), sum.currency, needs(sum)).into(),
        events: vec![last.seq],
        until: Some(last.at + window + STEP),
        newest: newest(entries, signal),
        ..Figure::default()
    })
}

fn needs(sum: &Sum) -> String {
    let limits = [
        (!sum.at_least.is_zero()).then(|| sum.at_least.to_string()),
        (!sum.more_than.is_zero()).then(|| format!("more than {}", sum.more_than)),
        sum.at_most.map(|most| format!("at most {most}")),
        sum.less_than.map(|limit| format!("less than {limit}")),
    ];
    limits.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// What was spent, in hundredths, on average in stretches as long as the window, in the time before it (G-9). Where not all purchases
/// of that time are remembered, in the part of it in which they are. `None` where nothing was spent: nobody exceeds what is not there.
pub(super) fn mean_before(all: &[Entry], book: &Book<'_>, rule: &Rule) -> Option<Decimal> {
    let begins = book.oldest(rule.sum_window);
    let from = book.forgotten.max(Some(begins - rule.mean_window))?;
    let before = total(since(all, from).iter().filter(|entry| entry.at < begins));
    let stretches = Decimal::from((begins - from).0).checked_div(Decimal::from(rule.sum_window.0))?;
    Decimal::from(before).checked_div(stretches).filter(|usual| *usual > Decimal::ZERO)
}

/// The category that most was spent on in the window.
pub(super) fn main_category(book: &Book<'_>, rule: &Rule, currency: Currency) -> Option<String> {
    let oldest = book.oldest(rule.sum_window);
    let mut spent: std::collections::BTreeMap<&str, Decimal> = std::collections::BTreeMap::new();
    for order in book.orders.iter().filter(|order| order.is_purchase() && order.paid >= Some(oldest)) {
        for (line, price) in &order.lines {
            let amount = order.total.and_then(|total| book.rates.convert(Money { amount: *price, ..total }, currency));
            let sum = spent.entry(line.split('/').next().unwrap_or(line)).or_default();
            *sum = sum.saturating_add(amount.unwrap_or_default());
        }
    }
    // Of equal ones the first by name.
    let most = spent.into_iter().rev().max_by_key(|(_, amount)| *amount)?;
    Some(most.0.replace('_', "-"))
}

/// What an order is worth on average.
pub(super) fn average(entries: &[Entry]) -> Option<Decimal> {
    average_of(entries.len(), total(entries))
}

fn average_of(number: usize, hundredths: i64) -> Option<Decimal> {
    Decimal::new(hundredths, 2).checked_div(number.into())
}

impl Mean {
    /// Whether that average is what the rule asks for.
    pub(super) fn holds(&self, average: Decimal) -> bool {
        self.at_least.is_none_or(|least| average >= least) && self.at_most.is_none_or(|most| average <= most)
    }
}

fn averaged(book: &Book<'_>, rule: &Rule, mean: &Mean, signal: &Signal) -> Option<Figure<'static>> {
    let entries = book.entries(rule, &[], "order", signal, Some(mean.currency))?;
    let entries = since(&entries, book.oldest(rule.mean_window));
    let holds = |number: usize, total: i64| average_of(number, total).is_some_and(|average| mean.holds(average));
    if !holds(entries.len(), total(entries)) {
        return None;
    }
    Some(Figure {
        text: format!(
            "{} {} an order in {}",
            average(entries)?.round_dp(2).normalize(),
            mean.currency,
            rule.mean_window
        )
        .into(),
        events: events(entries),
        until: until(entries, rule.mean_window, holds),
        newest: newest(entries, signal),
        ..Figure::default()
    })
}

/// How far apart the last visits are: the middle one of the times between them, or their mean. `None` where they are too few.
pub(super) fn usual_gap(entries: &[Entry], gap: &Gap) -> Option<Duration> {
    let mut visits: Vec<Timestamp> = Vec::new();
    for entry in entries {
        if visits.last().is_none_or(|last| entry.at - *last >= VISIT) {
            visits.push(entry.at);
        }
    }
    let visits = &visits[visits.len().saturating_sub(VISITS)..];
    if visits.len() < gap.purchases.max(2) {
        return None;
    }
    let mut between: Vec<i64> = visits.windows(2).map(|pair| (pair[1] - pair[0]).0).collect();
    between.sort_unstable();
    Some(Duration::millis(match gap.by {
        Usual::Mean => between.iter().sum::<i64>() / between.len() as i64,
        // Of an even number the mean of the two in the middle.
        Usual::Median => i64::midpoint(between[(between.len() - 1) / 2], between[between.len() / 2]),
    }))
}

fn apart(book: &Book<'_>, rule: &Rule, gap: &Gap, signal: &Signal) -> Option<Figure<'static>> {
    let entries = book.entries(rule, &gap.per, "order", signal, None)?;
    let usual = usual_gap(&entries, gap)?;
    let (at_least, at_most) = rule.gap;
    if usual < at_least || usual > at_most {
        return None;
    }
    let days = (usual.0 + Duration::days(1).0 / 2) / Duration::days(1).0;
    Some(Figure {
        text: format!("purchases are usually {days}d apart (needs {at_least} to {at_most})").into(),
        events: events(&entries),
        newest: newest(&entries, signal),
        fields: vec![("gap", days.to_string())],
        gap: Some(usual),
        ..Figure::default()
    })
}
