//! Figures: what a rule counts or scores, whether that reaches what it asks for, and until when. Signals of purchases are counted
//! from the order book (`purchases.rs`), all others from what was remembered of them.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::facts::Facts;
use super::figure::{Figure, Told, hundredths, own};
use super::kept::Entry;
use super::purchases::{self, Book};
use super::rule::Rule;
use super::signal::{Signal, is_of_orders, is_of_purchases};
use super::written_when::{Count, Score};
use super::{STEP, counting, orders, rise};
use crate::domain::{Rates, Timestamp};

/// Signals of one kind that a score remembers at most; the oldest are forgotten first.
const REMEMBERED: usize = 64;
/// Counts of different values remember so many more than they need, since an order may be taken out again.
const SPARE: usize = 8;
/// Things that one rule counts apart at most, such as products.
const APART: usize = 48;

/// `None` if the figure does not hold. Where a rule has a count and a sum, both must hold.
pub(super) fn counted<'r>(
    facts: &mut Facts,
    rule: &'r Rule,
    signal: &Signal,
    (rates, bought): (&Rates, &OnceCell<Vec<Signal>>),
    now: Timestamp,
) -> Option<Figure<'r>> {
    if is_of_orders(rule) {
        let forgotten = orders::forgotten_until(&facts.orders);
        let book = Book { orders: &facts.orders, bought, rates, at: now, forgotten, since: None };
        return purchases::figure(&book, rule, signal);
    }
    if let Some(score) = &rule.written.score {
        return scored(facts, rule, score, signal, now);
    }
    if rule.rise.is_some() {
        return rise::figure(rule, facts, signal, now);
    }
    let Some(count) = &rule.written.count else { return Some(own(rule, signal, rates)) };
    let since = begins_anew(facts, count, &group(&count.per, signal)?, now - rule.window);
    let keep = count.at_least + if count.distinct.is_some() { SPARE } else { 0 };
    // Lent for the moment in which what is counted is written.
    let visits = std::mem::take(&mut facts.visits);
    let heard = Heard { messages: facts.conversation, interactions: visits.moments() };
    let entries = remember(facts, rule, &count.per, count.distinct.as_deref(), signal, (0, keep), now);
    let figure = entries.and_then(|entries| {
        let entries = since.map_or(entries, |since| within(entries, since + STEP));
        judge_count(entries, &heard, rule, count, signal)
    });
    facts.visits = visits;
    figure
}

/// When the count of a group last began anew, if that was not before its window.
pub(super) fn begins_anew(facts: &Facts, count: &Count, group: &str, oldest: Timestamp) -> Option<Timestamp> {
    let since = count.since.as_ref()?;
    match is_of_purchases(since) {
        true => purchases::last(&facts.orders, since, (&count.per, group), oldest),
        false => facts.marks.get(since).copied(),
    }
}

/// Whether what a rule counts since a signal is enough also behind the last one, be it this one that is told only now.
pub(super) fn is_enough_since(facts: &Facts, rule: &Rule, signal: &Signal) -> bool {
    let Some(count) = &rule.written.count else { return true };
    let Some(group) = group(&count.per, signal) else { return true };
    let since = begins_anew(facts, count, &group, Timestamp::default()).max(Some(signal.at));
    let entries = facts.counters.get(&*rule.name).and_then(|groups| groups.get(&group));
    let behind = entries.into_iter().flatten().filter(|entry| Some(entry.at) > since);
    behind.count() >= count.at_least
}

/// Of entries whose values are days, those in a row that this one is part of: days are told late, too.
fn days_in_a_row(entries: &[Entry], day: &str) -> Vec<Entry> {
    let Ok(day) = day.parse::<NaiveDate>() else { return Vec::new() };
    let entry_of = |day: &NaiveDate| entries.iter().find(|entry| entry.value.parse() == Ok(*day));
    let known = |day: &NaiveDate| entry_of(day).is_some();
    let first = std::iter::successors(Some(day), |day| day.pred_opt().filter(known)).last().unwrap_or(day);
    let row = std::iter::successors(Some(first).filter(known), |day| day.succ_opt().filter(known));
    row.filter_map(|day| entry_of(&day).cloned()).collect()
}

/// A day that is told anew, and is not what the rule asks for, counts no more: a forecast need not come true.
pub(super) fn correct(facts: &mut Facts, rule: &Rule, signal: &Signal) {
    let Some(count) = rule.written.count.as_ref().filter(|count| count.in_a_row) else { return };
    let day = count.distinct.as_ref().and_then(|field| signal.field(field));
    let groups = facts.counters.get_mut(&*rule.name);
    if let Some((entries, day)) = group(&count.per, signal).and_then(|group| groups?.get_mut(&group)).zip(day) {
        entries.retain(|entry| entry.value != day || entry.at > signal.at);
    }
}

fn within(entries: &[Entry], from: Timestamp) -> &[Entry] {
    &entries[entries.partition_point(|entry| entry.at < from)..]
}

fn judge_count<'r>(
    mut entries: &[Entry],
    heard: &Heard<'_>,
    rule: &'r Rule,
    count: &'r Count,
    signal: &Signal,
) -> Option<Figure<'r>> {
    if count.in_conversation {
        entries = of_conversation(entries, heard, signal.at);
    }
    let day = count.distinct.as_ref().filter(|_| count.in_a_row).and_then(|field| signal.field(field));
    let in_a_row = day.map(|day| days_in_a_row(entries, day));
    let entries = in_a_row.as_deref().unwrap_or(entries);
    let what = count.distinct.as_deref().unwrap_or(signal.name);
    let last = entries.len().checked_sub(count.at_least)?;
    Some(Figure {
        text: Told::Counted(entries.len(), what, rule.window, count.at_least),
        events: entries[last..].iter().map(|entry| entry.seq).take(8).collect(),
        until: Some(entries[last].at + rule.window + STEP),
        newest: entries.iter().map(|entry| entry.at).max().unwrap_or(signal.at),
        fields: values(rule, entries),
        ..Figure::default()
    })
}

/// What was counted, as the part of a tag's name that asks for it: `de+en`.
fn values(rule: &Rule, entries: &[Entry]) -> Vec<(&'static str, String)> {
    if !rule.written.tag.as_ref().is_some_and(|tag| tag.get_ref().contains("{values}")) {
        return Vec::new();
    }
    vec![("values", values_of(entries))]
}

/// The values that were counted, as a tag's name has them.
pub(super) fn values_of(entries: &[Entry]) -> String {
    let mut values: Vec<&str> = entries.iter().map(|entry| entry.value.as_str()).collect();
    values.sort_unstable();
    values.join("+")
}

fn scored<'r>(facts: &mut Facts, rule: &'r Rule, score: &Score, signal: &Signal, now: Timestamp) -> Option<Figure<'r>> {
    let points = score.weights.get(signal.name).copied().unwrap_or(0.0);
    let entries = remember(facts, rule, &score.per, None, signal, (hundredths(points), REMEMBERED), now)?;
    let sum = entries.iter().map(|entry| entry.weight).sum::<i64>();
    let (at_least, more_than) = score.bounds();
    if sum < at_least || sum <= more_than {
        return None;
    }
    Some(Figure {
        text: Told::Scored(sum, rule),
        events: entries.iter().rev().take(5).rev().map(|entry| entry.seq).collect(),
        newest: entries.last().map_or(signal.at, |entry| entry.at),
        ..Figure::default()
    })
}

/// What interrupts a silence beside what a rule counts: messages, and clicks on anything.
pub(super) struct Heard<'f> {
    /// The messages under way: the first and the last.
    messages: Option<(Timestamp, Timestamp)>,
    interactions: &'f [Timestamp],
}

impl<'f> Heard<'f> {
    pub(super) fn of(facts: &'f Facts) -> Self {
        Self { messages: facts.conversation, interactions: facts.visits.moments() }
    }
}

/// Where the conversation began that a moment is part of: back over what was counted and over messages and clicks, as long as no
/// silence between them ends a conversation (G-5), and no further than to the first that was counted.
fn begins(entries: &[Entry], heard: &Heard<'_>, at: Timestamp) -> Timestamp {
    let mut begun = at;
    while entries.first().is_some_and(|first| first.at < begun) {
        let of_entries = entries[..entries.partition_point(|entry| entry.at < begun)].last().map(|entry| entry.at);
        let interactions = &heard.interactions[..heard.interactions.partition_point(|moment| *moment < begun)];
        let within = heard.messages.filter(|(first, last)| *first < begun && *last >= begun).map(|(first, _)| first);
        let of_messages = heard.messages.map(|(_, last)| last).filter(|last| *last < begun);
        let before = of_entries.into_iter().chain(interactions.last().copied()).chain(of_messages).max();
        let reached = before.filter(|before| begun - *before <= counting::CONVERSATION_GAP);
        match reached.into_iter().chain(within).min() {
            Some(earlier) => begun = earlier,
            None => break,
        }
    }
    begun
}

/// What lies in the conversation that a moment is part of.
pub(super) fn of_conversation<'e>(entries: &'e [Entry], heard: &Heard<'_>, at: Timestamp) -> &'e [Entry] {
    within(entries, begins(entries, heard, at))
}

/// What a signal is counted for: the values of the fields in `per`. `None` where it lacks one of them.
pub(super) fn group(per: &[String], signal: &Signal) -> Option<String> {
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
    if !facts.counters.contains_key(&*rule.name) {
        facts.counters.insert(rule.name.to_string(), BTreeMap::new());
    }
    let counters = facts.counters.get_mut(&*rule.name)?;
    let oldest = now - rule.window;
    if counters.len() >= APART {
        counters.retain(|_, entries| entries.iter().any(|entry| entry.at >= oldest));
    }
    let entries = counters.entry(group).or_default();
    let entry = Entry { at: signal.at, seq: signal.seq, burst: signal.burst, weight, value };
    let near = |other: &Entry| (other.at - entry.at).max(entry.at - other.at) < rule.apart;
    if !entries.iter().any(near) {
        add(entries, entry, distinct.is_some());
    }
    // Sorted by time: a late event takes its place among the others.
    if !entries.is_sorted_by_key(|entry| entry.at) {
        entries.sort_by_key(|entry| entry.at);
    }
    let over = entries.partition_point(|entry| entry.at < oldest);
    entries.drain(..over.max(entries.len().saturating_sub(keep)));
    Some(entries)
}

fn add(entries: &mut Vec<Entry>, entry: Entry, distinct: bool) {
    let same = |other: &&mut Entry| match distinct {
        true => other.value == entry.value,
        // A topic counts once in a burst, with the highest weight that it earned; what has no topic is part of any.
        false => {
            let is_topic = || other.value == entry.value || other.value.is_empty() || entry.value.is_empty();
            entry.burst.is_some() && other.burst == entry.burst && is_topic()
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
