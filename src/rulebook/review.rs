//! Reviews: rules about purchases that are judged at the end of each month or quarter of the shop's calendar, and not with each
//! purchase (SPEND-25, VALUE-3, CHAR-14).

use std::collections::BTreeSet;

use super::change::Change;
use super::facts::Facts;
use super::figures::group;
use super::holding::{holds, passes};
use super::kept::{HeldTag, Reviews};
use super::purchases::{self, Book};
use super::rule::Rule;
use super::signal::Signal;
use super::{Rulebook, orders};
use crate::domain::{Duration, Every, Timestamp};

/// When the next review is due.
pub(super) fn next_due(facts: &Facts) -> Option<Timestamp> {
    facts.reviews.as_ref().and_then(|reviews| reviews.next)
}

/// Who bought is reviewed from then on.
pub(super) fn begin(change: &mut Change<'_>) {
    let last = change.facts.reviews.as_ref().and_then(|reviews| reviews.last);
    if next_due(change.facts).is_none() && goes_on(change.rulebook, change.facts, last) {
        let next = next_end(change.rulebook, change.now);
        change.facts.reviews = next.map(|next| Reviews { next: Some(next), last });
    }
}

/// Whether something is left to review after a moment: who has bought nothing for longer than any rule looks back has been reviewed
/// for the last time.
fn goes_on(rulebook: &Rulebook, facts: &Facts, last: Option<Timestamp>) -> bool {
    let longest = rulebook.reviews.iter().map(|(_, rule)| rulebook.rules[*rule].looks_back()).max().unwrap_or_default();
    let oldest = last.map(|last| last - longest);
    facts.orders.iter().any(|order| order.is_purchase() && order.paid > oldest)
}

fn next_end(rulebook: &Rulebook, now: Timestamp) -> Option<Timestamp> {
    rulebook.reviews.iter().map(|(every, _)| every.next_end(now, rulebook.zone)).min()
}

/// Judges what is due.
pub(super) fn look(change: &mut Change<'_>) {
    let Some(at) = next_due(change.facts).filter(|due| *due <= change.now) else { return };
    let rulebook = change.rulebook;
    for (rule, since) in due_at(rulebook, at) {
        for signal in subjects(change.facts, rule, rulebook, at) {
            let book = Book {
                orders: &change.facts.orders,
                bought: &change.bought,
                rates: &rulebook.rates,
                at,
                forgotten: orders::forgotten_until(&change.facts.orders),
                since: Some(since),
            };
            let Some(figure) = purchases::figure(&book, rule, &signal) else { continue };
            let signal = figure.told(&signal);
            if holds(rule, change.facts, Some(&signal)) {
                change.while_until = figure.until;
                change.apply(rule, Some(&signal), &figure.text, &figure.events);
                change.while_until = None;
            }
        }
    }
    // What the last one decided stands, though none follows.
    let next = next_end(rulebook, at).filter(|_| goes_on(rulebook, change.facts, Some(at)));
    change.facts.reviews = Some(Reviews { next, last: Some(at) });
}

/// The reviews that what is held rests on, the oldest first: the last, and those before it that gave a tag which it left as it was.
pub(super) fn that_count(rulebook: &Rulebook, facts: &Facts) -> BTreeSet<Timestamp> {
    let Some(last) = facts.reviews.as_ref().and_then(|reviews| reviews.last) else { return BTreeSet::new() };
    let gave = |held: &HeldTag| {
        let (every, _) = rulebook.reviews.iter().find(|(_, rule)| *rulebook.rules[*rule].name == *held.by)?;
        Some(every.last_ended(held.since, rulebook.zone).until)
    };
    facts.tags.values().filter_map(gave).filter(|at| *at < last).chain([last]).collect()
}

/// The rules whose period ends at a moment, and where that period began.
pub(super) fn due_at(rulebook: &Rulebook, at: Timestamp) -> impl Iterator<Item = (&Rule, Timestamp)> {
    let due = move |(every, rule): &(Every, usize)| {
        let ended = every.last_ended(at, rulebook.zone);
        (ended.until == at).then(|| (&rulebook.rules[*rule], ended.from))
    };
    rulebook.reviews.iter().filter_map(due)
}

/// What a rule is judged for: once for each thing that it counts apart, by the newest purchase of it before that moment.
pub(super) fn subjects(facts: &Facts, rule: &Rule, rulebook: &Rulebook, at: Timestamp) -> Vec<Signal> {
    let none = Vec::new();
    let per = rule.written.count.as_ref().map_or(&none, |count| &count.per);
    let mut bought: Vec<_> = facts.orders.iter().filter(|order| order.is_purchase() && order.paid < Some(at)).collect();
    bought.sort_by_key(|order| std::cmp::Reverse(order.paid));
    let (mut subjects, mut known) = (Vec::new(), Vec::new());
    for signal in bought.into_iter().flat_map(|order| orders::signals(order, None)) {
        let is_of = rule.signals.contains(&signal.name) && passes(rule, &signal, &rulebook.rates);
        if let Some(group) = group(per, &signal).filter(|group| is_of && !known.contains(group)) {
            known.push(group);
            subjects.push(signal);
        }
    }
    subjects
}

impl Rule {
    /// How long a rule looks back over purchases.
    fn looks_back(&self) -> Duration {
        self.window.max(self.sum_window).max(self.mean_window)
    }
}
