//! Trying rules: signals are counted, conditions looked at, and what holds is carried out.

use std::collections::VecDeque;

use super::effects::Change;
use super::facts::{Entry, Facts};
use super::language::Rule;
use super::signals::{self, Signal};
use super::{Occurrence, Rulebook, counting, timers};
use crate::domain::{Colour, Consequence, Contact, Timestamp};

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
            signals::of_event(change.facts, contact, event, *reading)
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
        for index in rulebook.by_signal.get(signal.name).into_iter().flatten() {
            try_rule(&mut change, &rulebook.rules[*index], &signal);
        }
        mark(change.facts, &signal);
    }
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
    if !passes(rule, signal) || !since_first(rule, signal, change.facts) {
        return;
    }
    // Counted also while other conditions do not hold: they may hold when the last one comes.
    let Some(Counted { figure, events, until, newest }) = counted(change.facts, rule, signal, change.now) else {
        return;
    };
    if holds(rule, change.facts) {
        (change.while_until, change.at) = (until, newest);
        change.apply(rule, Some(signal), figure, &events);
        (change.while_until, change.at) = (None, change.now);
    }
}

fn passes(rule: &Rule, signal: &Signal) -> bool {
    let written = &rule.written;
    let fields = written.filter.iter().all(|(field, wanted)| {
        let value = signal.field(field);
        wanted.iter().any(|wanted| if wanted == "*" { value.is_some() } else { value == Some(wanted) })
    });
    let figure =
        |name: &str| signal.numbers.iter().find(|(number, _)| *number == name).map_or(0, |(_, figure)| *figure);
    fields && written.more_than.iter().all(|(name, least)| figure(name) > *least)
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

/// `None` if the figure does not hold.
fn counted(facts: &mut Facts, rule: &Rule, signal: &Signal, now: Timestamp) -> Option<Counted> {
    let own = || Counted { figure: String::new(), events: vec![signal.seq], until: None, newest: signal.at };
    let newest = |entries: &[Entry]| entries.last().map_or(signal.at, |entry| entry.at);
    if let Some(score) = &rule.written.score {
        let points = score.weights.get(signal.name).copied().unwrap_or(0.0);
        let entries = remember(facts, rule, signal, &score.per, None, points, now)?;
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
    let mut entries = remember(facts, rule, signal, &count.per, count.distinct.as_deref(), 0.0, now)?;
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

/// Adds the signal to its counter and returns what lies in the window now, oldest first. `None` where the signal lacks a
/// field that it is counted by.
fn remember<'f>(
    facts: &'f mut Facts,
    rule: &Rule,
    signal: &Signal,
    per: &[String],
    distinct: Option<&str>,
    points: f64,
    now: Timestamp,
) -> Option<&'f [Entry]> {
    let group: Option<Vec<&str>> = per.iter().map(|field| signal.field(field)).collect();
    let group = group?.join("|");
    let value = match distinct {
        Some(field) => signal.field(field)?.to_owned(),
        None if rule.written.score.is_some() => signal.field("product").unwrap_or_default().to_owned(),
        None => String::new(),
    };
    let counters = facts.counters.entry(rule.name.to_string()).or_default();
    let oldest = now - rule.window;
    if counters.len() >= APART {
        counters.retain(|_, entries| entries.iter().any(|entry| entry.at >= oldest));
    }
    let entries = counters.entry(group).or_default();
    let weight = (points * 100.0).round() as i64;
    let entry = Entry { at: signal.at, seq: signal.seq, burst: signal.burst, weight, value };
    add(entries, entry, distinct.is_some());
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
