//! Forgetting: what no rule counts any more leaves the state, once a day of the contact's own clock.

use std::collections::HashMap;

use super::facts::Facts;
use super::rule::{CrossedCount, Rule};
use super::{Rulebook, counting, undo};
use crate::domain::{Duration, Timestamp};

/// How often it is looked through.
const EVERY: Duration = Duration::days(1);
/// How long it is remembered that a person took a tag away: as long as most figures over purchases look back.
const TAKEN_AWAY: Duration = Duration::days(365);
/// How long it is remembered that what held already was given again: hardly anything is told later than that.
const GIVEN_AGAIN: Duration = Duration::days(14);

/// How long each counter looks back, by its name.
pub(super) fn windows(rules: &[Rule], shared: &[CrossedCount]) -> HashMap<String, Duration> {
    let of_rules = rules.iter().map(|rule| (rule.name.to_string(), rule.window));
    of_rules.chain(shared.iter().map(|count| (count.counter.clone(), count.within))).collect()
}

/// Forgets what lies outside its rule's window, and the counters of rules that are no more.
pub(super) fn sweep(rulebook: &Rulebook, facts: &mut Facts, now: Timestamp) {
    if facts.swept.is_some_and(|swept| now - swept < EVERY) {
        return;
    }
    facts.swept = Some(now);
    undo::forget(facts, now);
    counting::forget_cart(facts, now);
    facts.taken_away.retain(|(_, at)| *at >= now - TAKEN_AWAY);
    let ended = facts.ended.values_mut().flat_map(|ended| ended.tags.values_mut());
    for held in facts.tags.values_mut().chain(ended).filter(|held| held.given() < now - GIVEN_AGAIN) {
        held.given = Duration::ZERO;
    }
    facts.counters.retain(|name, groups| {
        let Some(window) = rulebook.windows.get(name) else { return false };
        groups.retain(|_, entries| {
            entries.retain(|entry| entry.at >= now - *window);
            !entries.is_empty()
        });
        !groups.is_empty()
    });
}
