//! Figures: what a rule counts, scores or sums, whether that reaches what it asks for, and until when. Signals of purchases are
//! counted from the order book, all others from what was remembered of them.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::facts::{Entry, Facts, OrderFacts};
use super::language::Rule;
use super::signals::Signal;
use super::written::{Count, Score, Sum};
use super::{counting, evaluate, orders, timers};
use crate::domain::{Rates, Timestamp};

/// Signals of one kind that a score remembers at most; the oldest are forgotten first.
const REMEMBERED: usize = 64;
/// Counts of different values remember so many more than they need, since an order may be taken out again.
const SPARE: usize = 8;
/// Things that one rule counts apart at most, such as products.
const APART: usize = 48;

/// A figure that holds.
pub(super) struct Figure {
    pub(super) text: String,
    /// The events behind it.
    pub(super) events: Vec<i64>,
    /// When it ceases to hold.
    pub(super) until: Option<Timestamp>,
    /// When the newest of what was counted happened.
    pub(super) newest: Timestamp,
}

/// Whether a rule looks at purchases alone.
pub(super) fn is_of_orders(rule: &Rule) -> bool {
    !rule.signals.is_empty() && rule.signals.iter().all(|name| matches!(*name, "purchase" | "bought"))
}

/// `None` if the figure does not hold. Where a rule has a count and a sum, both must hold.
pub(super) fn counted(
    facts: &mut Facts,
    rule: &Rule,
    signal: &Signal,
    rates: &Rates,
    now: Timestamp,
) -> Option<Figure> {
    if is_of_orders(rule) {
        return of_orders(&facts.orders, rule, signal, rates, now);
    }
    if let Some(score) = &rule.written.score {
        return scored(facts, rule, score, signal, now);
    }
    let Some(count) = &rule.written.count else { return Some(own(signal)) };
    let conversation = facts.conversation;
    let keep = count.at_least + if count.distinct.is_some() { SPARE } else { 0 };
    let entries = remember(facts, rule, &count.per, count.distinct.as_deref(), signal, (0, keep), now)?;
    judge_count(entries, conversation, rule, count, signal)
}

/// The figure of a rule that looks at purchases, from the order book.
pub(super) fn of_orders(
    book: &[OrderFacts],
    rule: &Rule,
    signal: &Signal,
    rates: &Rates,
    now: Timestamp,
) -> Option<Figure> {
    let count = match &rule.written.count {
        Some(count) => {
            let entries = purchases(book, rule, &count.per, count.distinct.as_deref(), signal, rates, now)?;
            Some(judge_count(&entries, None, rule, count, signal)?)
        }
        None => None,
    };
    let sum = match &rule.written.sum {
        Some(sum) => Some(judge_sum(&purchases(book, rule, &[], None, signal, rates, now)?, rule, sum, signal)?),
        None => None,
    };
    Some(match (count, sum) {
        (Some(count), Some(sum)) => Figure {
            text: format!("{}; {}", count.text, sum.text),
            events: sum.events,
            until: count.until.into_iter().chain(sum.until).min(),
            newest: count.newest.max(sum.newest),
        },
        (one, other) => one.or(other).unwrap_or_else(|| own(signal)),
    })
}

/// The signal alone.
fn own(signal: &Signal) -> Figure {
    Figure { text: String::new(), events: vec![signal.seq], until: None, newest: signal.at }
}

/// Purchases of the book that a rule counts, oldest first.
pub(super) fn purchases(
    book: &[OrderFacts],
    rule: &Rule,
    per: &[String],
    distinct: Option<&str>,
    signal: &Signal,
    rates: &Rates,
    now: Timestamp,
) -> Option<Vec<Entry>> {
    let group = group(per, signal)?;
    let oldest = now - rule.window.max(rule.sum_window);
    let mut entries: Vec<Entry> = Vec::new();
    let in_window = |order: &&OrderFacts| order.is_purchase() && order.paid.is_some_and(|paid| paid >= oldest);
    for order in book.iter().filter(in_window) {
        for other in orders::signals(order, None) {
            let counts = other.name == signal.name && evaluate::passes(rule, &other, rates);
            if !counts || self::group(per, &other).as_ref() != Some(&group) {
                continue;
            }
            let amount = rule.written.sum.as_ref().and_then(|sum| rates.convert(other.money?, sum.currency));
            let weight = amount.and_then(|amount| (amount * Decimal::ONE_HUNDRED).round().to_i64()).unwrap_or(0);
            let value = other.field(distinct.unwrap_or("order")).unwrap_or_default().to_owned();
            let same = |entry: &&mut Entry| entry.value == value;
            match entries.iter_mut().find(same).filter(|_| distinct.is_some()) {
                Some(entry) => entry.at = entry.at.max(other.at),
                None => entries.push(Entry { at: other.at, seq: other.seq, burst: None, weight, value }),
            }
        }
    }
    entries.sort_by_key(|entry| entry.at);
    Some(entries)
}

fn within(entries: &[Entry], from: Timestamp) -> &[Entry] {
    &entries[entries.partition_point(|entry| entry.at < from)..]
}

/// In hundredths.
fn total(entries: &[Entry]) -> Decimal {
    Decimal::new(entries.iter().map(|entry| entry.weight).sum(), 2)
}

fn reaches(total: Decimal, sum: &Sum) -> bool {
    total >= sum.at_least && (sum.more_than.is_zero() || total > sum.more_than)
}

fn judge_sum(entries: &[Entry], rule: &Rule, sum: &Sum, signal: &Signal) -> Option<Figure> {
    let all = total(entries);
    if !reaches(all, sum) {
        return None;
    }
    // It ceases to hold with the order that is missing first.
    let mut left = all;
    let last = entries.iter().find(|entry| {
        left -= Decimal::new(entry.weight, 2);
        !reaches(left, sum)
    });
    let needs = match sum.more_than > sum.at_least {
        true => format!("more than {}", sum.more_than),
        false => sum.at_least.to_string(),
    };
    Some(Figure {
        text: format!("{} {} in {} (needs {needs})", all.normalize(), sum.currency, rule.sum_window),
        events: entries.iter().rev().take(8).rev().map(|entry| entry.seq).collect(),
        until: last.map(|entry| entry.at + rule.sum_window + timers::STEP),
        newest: entries.last().map_or(signal.at, |entry| entry.at),
    })
}

fn judge_count(
    mut entries: &[Entry],
    conversation: Option<(Timestamp, Timestamp)>,
    rule: &Rule,
    count: &Count,
    signal: &Signal,
) -> Option<Figure> {
    if count.in_conversation {
        entries = of_conversation(entries, conversation, signal.at);
    }
    let what = count.distinct.as_deref().unwrap_or(signal.name);
    let last = entries.len().checked_sub(count.at_least)?;
    Some(Figure {
        text: format!("{} {what} in {} (needs {})", entries.len(), rule.window, count.at_least),
        events: entries[last..].iter().map(|entry| entry.seq).take(8).collect(),
        until: Some(entries[last].at + rule.window + timers::STEP),
        newest: entries.last().map_or(signal.at, |entry| entry.at),
    })
}

fn scored(facts: &mut Facts, rule: &Rule, score: &Score, signal: &Signal, now: Timestamp) -> Option<Figure> {
    let hundredths = |points: f64| (points * 100.0).round() as i64;
    let points = score.weights.get(signal.name).copied().unwrap_or(0.0);
    let entries = remember(facts, rule, &score.per, None, signal, (hundredths(points), REMEMBERED), now)?;
    let sum = entries.iter().map(|entry| entry.weight).sum::<i64>();
    let (at_least, more_than) = (hundredths(score.at_least), hundredths(score.more_than));
    if sum < at_least || sum <= more_than {
        return None;
    }
    let needs = match more_than > at_least {
        true => format!("more than {}", points_text(more_than)),
        false => points_text(at_least),
    };
    Some(Figure {
        text: format!("score {} in {} (needs {needs})", points_text(sum), rule.window),
        events: entries.iter().rev().take(5).rev().map(|entry| entry.seq).collect(),
        until: None,
        newest: entries.last().map_or(signal.at, |entry| entry.at),
    })
}

/// Where the conversation began that a moment is part of: back over what was counted and over messages, as long as no
/// silence between them ends a conversation (G-5).
fn begins(entries: &[Entry], conversation: Option<(Timestamp, Timestamp)>, at: Timestamp) -> Timestamp {
    let mut begun = at;
    loop {
        let reaches = |moment: Timestamp| moment < begun && begun - moment <= counting::CONVERSATION_GAP;
        let of_entries = entries.iter().map(|entry| entry.at).find(|moment| reaches(*moment));
        let of_messages = conversation
            .filter(|(first, last)| *first < begun && (*last >= begun || reaches(*last)))
            .map(|(first, _)| first);
        match of_entries.into_iter().chain(of_messages).min() {
            Some(earlier) => begun = earlier,
            None => return begun,
        }
    }
}

/// What lies in the conversation that a moment is part of.
pub(super) fn of_conversation(
    entries: &[Entry],
    conversation: Option<(Timestamp, Timestamp)>,
    at: Timestamp,
) -> &[Entry] {
    within(entries, begins(entries, conversation, at))
}

fn points_text(hundredths: i64) -> String {
    format!("{}.{}", hundredths / 100, (hundredths % 100) / 10)
}

/// What a signal is counted for: the values of the fields in `per`. `None` where it lacks one of them.
fn group(per: &[String], signal: &Signal) -> Option<String> {
    let values: Option<Vec<&str>> = per.iter().map(|field| signal.field(field)).collect();
    Some(values?.join("|"))
}

/// Adds the signal to its rule's counter and returns what lies in the window now, oldest first. `None` where the signal lacks a
/// field that it is counted by. `keep` of the newest are remembered.
fn remember<'f>(
    facts: &'f mut Facts,
    rule: &Rule,
    per: &[String],
    distinct: Option<&str>,
    signal: &Signal,
    (weight, keep): (i64, usize),
    now: Timestamp,
) -> Option<&'f [Entry]> {
    let group = group(per, signal)?;
    let value = match distinct {
        Some(field) => signal.field(field)?.to_owned(),
        // The topic of a score; what has none is part of any.
        None if weight > 0 => signal.field("product").unwrap_or_default().to_owned(),
        None => String::new(),
    };
    let counters = facts.counters.entry(rule.name.to_string()).or_default();
    let oldest = now - rule.window;
    if counters.len() >= APART {
        counters.retain(|_, entries| entries.iter().any(|entry| entry.at >= oldest));
    }
    let entries = counters.entry(group).or_default();
    let entry = Entry { at: signal.at, seq: signal.seq, burst: signal.burst, weight, value };
    add(entries, entry, distinct.is_some());
    // Sorted by time: a late event takes its place among the others.
    entries.sort_by_key(|entry| entry.at);
    entries.retain(|entry| entry.at >= oldest);
    let excess = entries.len().saturating_sub(keep);
    entries.drain(..excess);
    Some(entries)
}

fn add(entries: &mut Vec<Entry>, entry: Entry, distinct: bool) {
    let same = |other: &&mut Entry| match distinct {
        true => other.value == entry.value,
        // A topic counts once in a burst, with the highest weight that it earned; what has no topic is part of any.
        false => {
            let topic = other.value == entry.value || other.value.is_empty() || entry.value.is_empty();
            entry.burst.is_some() && other.burst == entry.burst && topic
        }
    };
    match entries.iter_mut().find(same) {
        Some(other) if distinct => {
            if entry.at >= other.at {
                *other = entry;
            }
        }
        Some(other) => {
            other.weight = other.weight.max(entry.weight);
            if other.value.is_empty() {
                other.value = entry.value;
            }
        }
        None => entries.push(entry),
    }
}
