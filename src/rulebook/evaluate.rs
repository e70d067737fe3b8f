//! Trying rules: signals are counted, conditions looked at, and what holds is carried out.

use std::collections::VecDeque;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::effects::Change;
use super::facts::{Entry, Facts};
use super::language::{Life, Rule, Sum, Words};
use super::signals::{self, Signal};
use super::{Occurrence, Rulebook, counting, timers};
use crate::domain::{Colour, Consequence, Contact, Duration, Rates, Timestamp};

/// Signals of one kind that a counter remembers at most; the oldest are forgotten first.
const REMEMBERED: usize = 64;
/// Things that one rule counts apart at most, such as products.
const APART: usize = 48;

/// See [`Rulebook::step`].
pub(super) fn step(
    rulebook: &Rulebook,
    facts: &mut Facts,
    contact: &Contact,
    what: Occurrence<'_>,
    now: Timestamp,
    out: &mut Vec<Consequence>,
) {
    let mut change = Change::new(rulebook, facts, contact, now, out);
    let signals = match &what {
        Occurrence::Event { event, reading } => {
            if let crate::domain::EventBody::Agent(agent) = &event.body {
                change.by_person(agent, event.seq);
            }
            signals::of_event(change.facts, contact, event, *reading, &rulebook.rates)
        }
        Occurrence::Sent(message) => signals::of_sent(message),
        Occurrence::Clock => {
            change.clock();
            let due = |rule: &&Rule, facts: &Facts| timers::absence_due(rule, facts).is_some_and(|due| due <= now);
            let rules = rulebook.absences.iter().map(|index| &rulebook.rules[*index]);
            let due: Vec<&Rule> = rules.filter(|rule| due(rule, change.facts)).collect();
            for rule in due {
                absence(&mut change, rule);
            }
            Vec::new()
        }
    };
    // Rules see a signal before it is marked as seen, so that "never before" can be asked.
    let mut queue: VecDeque<Signal> = signals.into();
    while let Some(signal) = queue.pop_front() {
        if signal.name == "won" {
            change.forget_reds();
        }
        if signal.name == "undone" {
            undo(&mut change, &signal);
        }
        for index in rulebook.by_signal.get(signal.name).into_iter().flatten() {
            try_rule(&mut change, &rulebook.rules[*index], &signal);
        }
        mark(change.facts, &signal);
    }
}

/// Takes an order out of every figure that it counted in; a tag whose figure no longer holds goes with it.
fn undo(change: &mut Change<'_>, signal: &Signal) {
    let (Some(order), now) = (signal.field("order"), change.now) else { return };
    let rulebook = change.rulebook;
    let counts = |rule: &&Rule| rule.signals.iter().any(|name| matches!(*name, "purchase" | "bought"));
    for rule in rulebook.rules.iter().filter(counts) {
        let mut held = false;
        for name in [rule.name.to_string(), sum_of(rule)] {
            for entries in change.facts.counters.get_mut(&name).into_iter().flat_map(|groups| groups.values_mut()) {
                let before = entries.len();
                entries.retain(|entry| entry.value != order);
                held |= entries.len() < before;
            }
        }
        if held && rule.life == Life::While && !any_group_holds(change.facts, rule, now) {
            change.take_back(rule);
        }
    }
}

/// Whether what a rule counts still holds for anything.
fn any_group_holds(facts: &Facts, rule: &Rule, now: Timestamp) -> bool {
    let groups = |name: &str| facts.counters.get(name).into_iter().flat_map(|groups| groups.values());
    let recent = |entries: &[Entry], window| -> Vec<Entry> {
        entries.iter().filter(|entry| entry.at >= now - window).cloned().collect()
    };
    let counts = rule
        .written
        .count
        .as_ref()
        .is_none_or(|count| groups(&rule.name).any(|entries| recent(entries, rule.window).len() >= count.at_least));
    let sums =
        rule.written.sum.as_ref().is_none_or(|sum| {
            groups(&sum_of(rule)).any(|entries| reaches(total(&recent(entries, rule.sum_window)), sum))
        });
    counts && sums
}

/// Notes when a signal was seen. A message of the customer begins a new "since their last message"; one that arrives late
/// leaves alone what came after it, and what is older than their last message is not "since" it.
fn mark(facts: &mut Facts, signal: &Signal) {
    let is_message = signal.name == "message";
    if is_message {
        for mark in facts.marks.values_mut() {
            mark.first = mark.first.filter(|first| *first > signal.at);
        }
    }
    let last_message = facts.marks.get("message").map(|mark| mark.last);
    let mark = facts.marks.entry(signal.name.to_owned()).or_default();
    if is_message || last_message.is_none_or(|last| signal.at >= last) {
        mark.first.get_or_insert(signal.at);
    }
    mark.last = mark.last.max(signal.at);
}

fn absence(change: &mut Change<'_>, rule: &Rule) {
    if let Some(due) = timers::absence_due(rule, change.facts) {
        change.facts.waited.insert(rule.name.to_string(), timers::absence_base(rule, due));
        if holds(rule, change.facts) {
            change.apply(rule, None, format!("more than {} without {}", rule.absent_for, absent_of(rule)), &[]);
        }
    }
}

fn absent_of(rule: &Rule) -> &str {
    rule.written.absent.as_ref().map_or("", |absent| absent.of.as_str())
}

fn try_rule(change: &mut Change<'_>, rule: &Rule, signal: &Signal) {
    if !passes(rule, signal)
        || !is_worth(rule, signal, &change.rulebook.rates)
        || !since_first(rule, signal, change.facts)
    {
        return;
    }
    // Counted also while other conditions do not hold: they may hold when the last one comes.
    let counted = counted(change.facts, rule, signal, &change.rulebook.rates, change.now);
    let Some(Counted { figure, events, until, newest }) = counted else { return };
    if holds(rule, change.facts) {
        (change.while_until, change.at) = (until, newest);
        change.apply(rule, Some(signal), figure, &events);
        (change.while_until, change.at) = (None, change.now);
    }
}

fn passes(rule: &Rule, signal: &Signal) -> bool {
    let written = &rule.written;
    let is = |(field, wanted): (&String, &Words)| {
        let value = signal.field(field);
        let any = |value: &str| !value.is_empty();
        wanted.iter().any(|wanted| if wanted == "*" { value.is_some_and(any) } else { value == Some(wanted) })
    };
    let fields = written.filter.iter().all(is) && !written.unless.iter().any(|fields| fields.iter().all(is));
    let figure =
        |name: &str| signal.numbers.iter().find(|(number, _)| *number == name).map_or(0, |(_, figure)| *figure);
    fields && written.more_than.iter().all(|(name, least)| figure(name) > *least)
}

/// Whether the signal's own sum of money is what the rule asks for.
fn is_worth(rule: &Rule, signal: &Signal, rates: &Rates) -> bool {
    let Some(worth) = &rule.written.worth else { return true };
    let Some(amount) = signal.money.and_then(|money| rates.convert(money, worth.currency)) else { return false };
    worth.at_least.is_none_or(|least| amount >= least)
        && worth.more_than.is_none_or(|limit| amount > limit)
        && worth.at_most.is_none_or(|most| amount <= most)
        && worth.less_than.is_none_or(|limit| amount < limit)
}

fn since_first(rule: &Rule, signal: &Signal, facts: &Facts) -> bool {
    let Some((at_least, at_most)) = rule.since_first else { return true };
    facts.first_interaction.is_some_and(|first| (at_least..=at_most).contains(&(signal.at - first)))
}

/// A figure that holds.
struct Counted {
    figure: String,
    /// The events behind it.
    events: Vec<i64>,
    /// When it ceases to hold.
    until: Option<Timestamp>,
    /// When the newest of what was counted happened.
    newest: Timestamp,
}

/// `None` if the figure does not hold. Where a rule has a count and a sum, both must hold, and both are noted.
fn counted(facts: &mut Facts, rule: &Rule, signal: &Signal, rates: &Rates, now: Timestamp) -> Option<Counted> {
    let Some(sum) = &rule.written.sum else { return counted_signals(facts, rule, signal, now) };
    let summed = summed(facts, rule, sum, signal, rates, now);
    let counted = counted_signals(facts, rule, signal, now)?;
    let summed = summed?;
    if rule.written.count.is_none() {
        return Some(summed);
    }
    let figure = format!("{}; {}", counted.figure, summed.figure);
    let until = counted.until.into_iter().chain(summed.until).min();
    Some(Counted { figure, until, events: summed.events, newest: counted.newest.max(summed.newest) })
}

/// Under what name a rule's sums are remembered, beside its counts.
fn sum_of(rule: &Rule) -> String {
    format!("{}#sum", rule.name)
}

/// In hundredths.
fn total(entries: &[Entry]) -> Decimal {
    Decimal::new(entries.iter().map(|entry| entry.weight).sum(), 2)
}

fn reaches(total: Decimal, sum: &Sum) -> bool {
    total >= sum.at_least && (sum.more_than.is_zero() || total > sum.more_than)
}

fn summed(
    facts: &mut Facts,
    rule: &Rule,
    sum: &Sum,
    signal: &Signal,
    rates: &Rates,
    now: Timestamp,
) -> Option<Counted> {
    let amount = rates.convert(signal.money?, sum.currency)?;
    let hundredths = (amount * Decimal::ONE_HUNDRED).round().to_i64()?;
    let counter = Counter { name: sum_of(rule), window: rule.sum_window, per: &[], distinct: Some("order") };
    let entries = remember(facts, counter, signal, hundredths, now)?;
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
    Some(Counted {
        figure: format!("{} {} in {} (needs {needs})", all.normalize(), sum.currency, rule.sum_window),
        events: entries.iter().rev().take(8).rev().map(|entry| entry.seq).collect(),
        until: last.map(|entry| entry.at + rule.sum_window + timers::STEP),
        newest: entries.last().map_or(signal.at, |entry| entry.at),
    })
}

/// What a rule counts or scores.
fn counted_signals(facts: &mut Facts, rule: &Rule, signal: &Signal, now: Timestamp) -> Option<Counted> {
    let own = || Counted { figure: String::new(), events: vec![signal.seq], until: None, newest: signal.at };
    let newest = |entries: &[Entry]| entries.last().map_or(signal.at, |entry| entry.at);
    let (name, window) = (rule.name.to_string(), rule.window);
    if let Some(score) = &rule.written.score {
        let points = score.weights.get(signal.name).copied().unwrap_or(0.0);
        let counter = Counter { name, window, per: &score.per, distinct: None };
        let entries = remember(facts, counter, signal, (points * 100.0).round() as i64, now)?;
        let sum = entries.iter().map(|entry| entry.weight).sum::<i64>();
        let hundredths = |points: f64| (points * 100.0).round() as i64;
        let (at_least, more_than) = (hundredths(score.at_least), hundredths(score.more_than));
        let needs = match more_than > at_least {
            true => format!("more than {}", points_text(more_than)),
            false => points_text(at_least),
        };
        let figure = format!("score {} in {} (needs {needs})", points_text(sum), rule.window);
        let events = entries.iter().rev().take(5).rev().map(|entry| entry.seq).collect();
        let newest = newest(entries);
        return (sum >= at_least && sum > more_than).then_some(Counted { figure, events, until: None, newest });
    }
    let Some(count) = &rule.written.count else { return Some(own()) };
    let conversation = facts.conversation;
    let counter = Counter { name, window, per: &count.per, distinct: count.distinct.as_deref() };
    let mut entries = remember(facts, counter, signal, 0, now)?;
    if count.in_conversation {
        let begun = begins(entries, conversation, signal.at);
        entries = &entries[entries.partition_point(|entry| entry.at < begun)..];
    }
    let what = count.distinct.as_deref().unwrap_or(signal.name);
    let figure = format!("{} {what} in {} (needs {})", entries.len(), rule.window, count.at_least);
    let last = entries.len().checked_sub(count.at_least)?;
    let events = entries[last..].iter().map(|entry| entry.seq).take(8).collect();
    let until = Some(entries[last].at + rule.window + timers::STEP);
    Some(Counted { figure, events, until, newest: newest(entries) })
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

fn points_text(hundredths: i64) -> String {
    format!("{}.{}", hundredths / 100, (hundredths % 100) / 10)
}

/// What signals are remembered for.
struct Counter<'a> {
    name: String,
    window: Duration,
    per: &'a [String],
    /// The field whose different values count.
    distinct: Option<&'a str>,
}

/// Adds the signal to its counter and returns what lies in the window now, oldest first. `None` where the signal lacks a
/// field that it is counted by.
fn remember<'f>(
    facts: &'f mut Facts,
    counter: Counter<'_>,
    signal: &Signal,
    weight: i64,
    now: Timestamp,
) -> Option<&'f [Entry]> {
    let group: Option<Vec<&str>> = counter.per.iter().map(|field| signal.field(field)).collect();
    let group = group?.join("|");
    let value = match counter.distinct {
        Some(field) => signal.field(field)?.to_owned(),
        // The topic of a score; what has none is part of any.
        None if weight > 0 => signal.field("product").unwrap_or_default().to_owned(),
        None => String::new(),
    };
    let counters = facts.counters.entry(counter.name).or_default();
    let oldest = now - counter.window;
    if counters.len() >= APART {
        counters.retain(|_, entries| entries.iter().any(|entry| entry.at >= oldest));
    }
    let entries = counters.entry(group).or_default();
    let entry = Entry { at: signal.at, seq: signal.seq, burst: signal.burst, weight, value };
    add(entries, entry, counter.distinct.is_some());
    // Sorted by time: a late event takes its place among the others.
    entries.sort_by_key(|entry| entry.at);
    entries.retain(|entry| entry.at >= oldest);
    let excess = entries.len().saturating_sub(REMEMBERED);
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

/// Whether what the rule asks of the contact holds.
fn holds(rule: &Rule, facts: &Facts) -> bool {
    let holds = &rule.written.holds;
    let colour = || {
        let now = facts.colour();
        holds.colour.is_empty()
            || holds.colour.iter().any(|name| {
                let wanted = Colour::from_name(name);
                now == wanted || (name == "green" && now.is_some_and(Colour::is_green))
            })
    };
    holds.tags.iter().all(|tag| facts.holds_like(tag))
        && (holds.any_tags.is_empty() || holds.any_tags.iter().any(|tag| facts.holds_like(tag)))
        && !holds.not_tags.iter().any(|tag| facts.holds_like(tag))
        && colour()
        && holds.colour_by.as_ref().is_none_or(|by| facts.colour.as_ref().is_some_and(|state| state.by == *by))
        && (!holds.colour_given || facts.colour.as_ref().is_some_and(|state| !state.fallen))
        && !holds.never.iter().any(|signal| facts.marks.contains_key(signal))
}
