//! Rules that repeat as long as something holds: at once, and then each time that so much has passed.

use super::effects::Change;
use super::facts::Facts;
use super::language::Rule;
use super::{Rulebook, evaluate};
use crate::domain::Timestamp;

/// Begins the rounds of what has come to hold, goes on with those that are due, and ends those of what holds no more: what they
/// planned is not wanted then. Who wants no messages is left alone.
pub(super) fn look(change: &mut Change<'_>) {
    let rulebook = change.rulebook;
    for rule in repeating(rulebook) {
        let due = change.facts.rounds.get(&*rule.name).copied();
        let holds = !change.contact.opted_out && evaluate::holds(rule, change.facts, None);
        match (holds, due) {
            (false, None) => {}
            (false, Some(_)) => {
                change.facts.rounds.remove(&*rule.name);
                change.unplan(&rule.name);
            }
            (true, Some(due)) if due > change.now => {}
            (true, due) => {
                let round = due.unwrap_or(change.now);
                change.facts.rounds.insert(rule.name.to_string(), round + rule.every);
                change.apply(rule, None, format!("holds, once every {}", rule.every), &[]);
            }
        }
    }
}

/// When the next round is due.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    repeating(rulebook).filter_map(|rule| facts.rounds.get(&*rule.name)).min().copied()
}

fn repeating(rulebook: &Rulebook) -> impl Iterator<Item = &Rule> {
    rulebook.repeating.iter().map(|index| &rulebook.rules[*index])
}
