//! Several counts that must hold together, as in a matrix of messages against clicks. They may ask for few as well as for many, so
//! the clock alone can make them hold or end: see `look.rs`.

use super::checks::Checker;
use super::condition::Condition;
use super::facts::Facts;
use super::figure::{Figure, Told};
use super::kept::Entry;
use super::rule::{CrossedCount, Rule};
use super::signal::Signal;
use super::written_when::Crossed;
use super::{Rulebook, STEP};
use crate::domain::Timestamp;

/// Reads what a rule says.
pub(super) fn understand(checker: &mut Checker<'_>, place: usize, written: &[Crossed]) -> Vec<CrossedCount> {
    let mut counts = Vec::new();
    for count in written {
        if count.at_least.is_none() && count.at_most.is_none() {
            let advice = "Write { of = \"click\", at_most = 2, within = \"7d\" }.";
            checker.error(place, "a count in `crossed` needs at_least or at_most", advice);
        }
        let within = checker.duration(&count.within);
        let Some(of) = checker.signal(place, &count.of) else { continue };
        counts.push(CrossedCount {
            of,
            at_least: count.at_least.unwrap_or(0),
            at_most: count.at_most.unwrap_or(usize::MAX),
            within,
            counter: format!("{of} within {within}"),
            place: 0,
        });
    }
    counts
}

/// Notes a signal in the counters that count it.
pub(super) fn note(rulebook: &Rulebook, facts: &mut Facts, signal: &Signal, now: Timestamp) {
    for count in rulebook.shared_counts.iter().filter(|count| count.of == signal.name) {
        let groups = match facts.counters.get_mut(&count.counter) {
            Some(groups) => groups,
            None => facts.counters.entry(count.counter.clone()).or_default(),
        };
        let entries = groups.entry(String::new()).or_default();
        let entry = Entry { at: signal.at, seq: signal.seq, burst: signal.burst, weight: 0, value: String::new() };
        entries.insert(entries.partition_point(|other| other.at <= signal.at), entry);
        entries.retain(|entry| entry.at >= now - count.within);
        let excess = entries.len().saturating_sub(count.at_least);
        entries.drain(..excess);
    }
}

/// The counters that all rules need: for each, `at_least` is how many it remembers. Rules learn which are theirs.
pub(super) fn shared(rules: &mut [Rule]) -> Vec<CrossedCount> {
    let mut shared: Vec<CrossedCount> = Vec::new();
    for count in rules.iter_mut().flat_map(|rule| &mut rule.crossed) {
        let known = shared.iter().position(|other| other.counter == count.counter);
        count.place = known.unwrap_or_else(|| {
            shared.push(count.clone());
            shared.len() - 1
        });
        let keep = count.keep();
        shared[count.place].at_least = shared[count.place].at_least.max(keep);
    }
    shared
}

/// How many there are of each that is counted.
pub(super) fn numbers(rulebook: &Rulebook, facts: &Facts, now: Timestamp) -> Vec<usize> {
    rulebook.shared_counts.iter().map(|count| counted(facts, count, now).len()).collect()
}

fn entries<'f>(facts: &'f Facts, count: &CrossedCount) -> &'f [Entry] {
    facts.counters.get(&count.counter).and_then(|groups| groups.get("")).map_or(&[], Vec::as_slice)
}

fn counted<'f>(facts: &'f Facts, count: &CrossedCount, now: Timestamp) -> &'f [Entry] {
    let all = entries(facts, count);
    &all[all.partition_point(|entry| entry.at < now - count.within)..]
}

/// The counts of a rule, if they hold. Of somebody who never did any of it nothing is said. `numbers` are those of [`numbers`].
pub(super) fn figure<'r>(rule: &'r Rule, facts: &Facts, numbers: &[usize], now: Timestamp) -> Option<Figure<'r>> {
    let number = |count: &CrossedCount| numbers.get(count.place).copied().unwrap_or_default();
    let holds = rule.crossed.iter().all(|count| count.holds(number(count)));
    if !holds || !rule.crossed.iter().any(|count| facts.marks.contains_key(count.of)) {
        return None;
    }
    let (mut have, mut events, mut newest) = (Vec::new(), Vec::new(), None);
    for count in &rule.crossed {
        let counted = counted(facts, count, now);
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
    let told = |count: &CrossedCount| {
        let counted = counted(facts, count, now);
        let text =
            format!("{} times within {}: {}; there are {}", count.needs(), count.within, count.of, counted.len());
        let events = counted.iter().map(|entry| entry.seq).collect();
        let until = counted.first().map(|entry| entry.at + count.within + STEP);
        let (have, needs) = (Some(counted.len().into()), Some(count.at_least).filter(|least| *least > 0));
        Condition {
            have,
            needs: needs.map(Into::into),
            events,
            until,
            ..Condition::is(count.holds(counted.len()), text)
        }
    };
    rule.crossed.iter().map(told).collect()
}

/// When what is counted leaves its window next.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts, after: Timestamp) -> Option<Timestamp> {
    let leaves = |count| entries(facts, count).iter().map(|entry| entry.at + count.within + STEP);
    rulebook.shared_counts.iter().flat_map(leaves).filter(|due| *due > after).min()
}
