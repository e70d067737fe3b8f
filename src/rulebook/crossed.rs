//! Several counts that must hold together, as in a matrix of messages against clicks. They may ask for few as well as for many, so
//! the clock alone can make them hold or end: see `look.rs`.

use super::Rulebook;
use super::checks::Checker;
use super::explain::Condition;
use super::facts::{Entry, Facts};
use super::figures::{Figure, Told};
use super::rule::Rule;
use super::signals::Signal;
use super::timers::STEP;
use super::written_when::Crossed;
use crate::domain::{Duration, Timestamp};

/// One of the counts, understood.
#[derive(Clone, Debug)]
pub(super) struct Count {
    pub(super) of: &'static str,
    pub(super) at_least: usize,
    pub(super) at_most: usize,
    pub(super) within: Duration,
    /// Rules that count the same within the same time share a counter; its name.
    pub(super) counter: String,
}

impl Count {
    /// How many of the newest tell whether it holds.
    pub(super) fn needs(&self) -> String {
        match self.at_most {
            usize::MAX => format!("at least {}", self.at_least),
            most if self.at_least == 0 => format!("at most {most}"),
            most => format!("{} to {most}", self.at_least),
        }
    }

    fn holds(&self, counted: &[Entry]) -> bool {
        (self.at_least..=self.at_most).contains(&counted.len())
    }

    fn keep(&self) -> usize {
        if self.at_most == usize::MAX { self.at_least } else { self.at_least.max(self.at_most + 1) }
    }
}

/// Reads what a rule says.
pub(super) fn understand(checker: &mut Checker<'_>, place: usize, written: &[Crossed]) -> Vec<Count> {
    let mut counts = Vec::new();
    for count in written {
        if count.at_least.is_none() && count.at_most.is_none() {
            let advice = "Write { of = \"click\", at_most = 2, within = \"7d\" }.";
            checker.error(place, "a count in `crossed` needs at_least or at_most", advice);
        }
        let within = checker.duration(&count.within);
        let Some(of) = checker.signal(place, &count.of) else { continue };
        counts.push(Count {
            of,
            at_least: count.at_least.unwrap_or(0),
            at_most: count.at_most.unwrap_or(usize::MAX),
            within,
            counter: format!("{of} within {within}"),
        });
    }
    counts
}

/// Notes a signal in the counters that count it.
pub(super) fn note(rulebook: &Rulebook, facts: &mut Facts, signal: &Signal, now: Timestamp) {
    for count in rulebook.shared_counts.iter().filter(|count| count.of == signal.name) {
        let groups = facts.counters.entry(count.counter.clone()).or_default();
        let entries = groups.entry(String::new()).or_default();
        let entry = Entry { at: signal.at, seq: signal.seq, burst: signal.burst, weight: 0, value: String::new() };
        entries.insert(entries.partition_point(|other| other.at <= signal.at), entry);
        entries.retain(|entry| entry.at >= now - count.within);
        let excess = entries.len().saturating_sub(count.at_least);
        entries.drain(..excess);
    }
}

/// The counters that all rules need: for each, `at_least` is how many it remembers.
pub(super) fn shared(rules: &[Rule]) -> Vec<Count> {
    let mut shared: Vec<Count> = Vec::new();
    for count in rules.iter().flat_map(|rule| &rule.crossed) {
        match shared.iter_mut().find(|other| other.counter == count.counter) {
            Some(other) => other.at_least = other.at_least.max(count.keep()),
            None => shared.push(Count { at_least: count.keep(), ..count.clone() }),
        }
    }
    shared
}

fn entries<'f>(facts: &'f Facts, count: &Count) -> &'f [Entry] {
    facts.counters.get(&count.counter).and_then(|groups| groups.get("")).map_or(&[], Vec::as_slice)
}

fn counted<'f>(facts: &'f Facts, count: &Count, now: Timestamp) -> &'f [Entry] {
    let all = entries(facts, count);
    &all[all.partition_point(|entry| entry.at < now - count.within)..]
}

/// The counts of a rule, if they hold. Of somebody who never did any of it nothing is said.
pub(super) fn figure<'r>(rule: &'r Rule, facts: &Facts, now: Timestamp) -> Option<Figure<'r>> {
    if !rule.crossed.iter().any(|count| facts.marks.contains_key(count.of)) {
        return None;
    }
    let (mut have, mut events, mut newest) = (Vec::new(), Vec::new(), None);
    for count in &rule.crossed {
        let counted = counted(facts, count, now);
        if !count.holds(counted) {
            return None;
        }
        have.push(counted.len());
        events.extend(counted.iter().map(|entry| entry.seq));
        newest = newest.max(counted.last().map(|entry| entry.at));
    }
    Some(Figure {
        text: Told::Crossed(&rule.crossed, have),
        events,
        newest: newest.unwrap_or(now),
        ..Figure::default()
    })
}

/// The same one by one, for people who ask why.
pub(super) fn conditions(rule: &Rule, facts: &Facts, now: Timestamp) -> Vec<Condition> {
    let told = |count: &Count| {
        let counted = counted(facts, count, now);
        let text =
            format!("{} times within {}: {}; there are {}", count.needs(), count.within, count.of, counted.len());
        let events = counted.iter().map(|entry| entry.seq).collect();
        let until = counted.first().map(|entry| entry.at + count.within + STEP);
        let (have, needs) = (Some(counted.len().into()), Some(count.at_least).filter(|least| *least > 0));
        Condition { have, needs: needs.map(Into::into), events, until, ..Condition::is(count.holds(counted), text) }
    };
    rule.crossed.iter().map(told).collect()
}

/// When what is counted leaves its window next.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts, after: Timestamp) -> Option<Timestamp> {
    let leaves = |count| entries(facts, count).iter().map(|entry| entry.at + count.within + STEP);
    rulebook.shared_counts.iter().flat_map(leaves).filter(|due| *due > after).min()
}
