//! Days that customers tell, such as when a child is due: rules hold from so long before or after such a day until so long
//! before or after it (SPEND-27). A day begins where the customer is.

use chrono::NaiveDate;

use super::Rulebook;
use super::effects::Change;
use super::evaluate::holds;
use super::facts::Facts;
use super::language::Rule;
use super::signals::Signal;
use crate::domain::{Contact, ProfileEvent, Timestamp, midnight};

/// Takes in a day that a rule looks at. What is no day is nothing.
pub(super) fn learn(rulebook: &Rulebook, facts: &mut Facts, contact: &Contact, told: &ProfileEvent) {
    let asked = |rule: &&Rule| rule.written.on_date.iter().any(|date| date.of.iter().any(|of| of == told.field));
    if !rules(rulebook).any(|rule| asked(&rule)) {
        return;
    }
    let zone = contact.zone.unwrap_or(rulebook.zone);
    let day = told.value.trim().get(..10).and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    match day {
        Some(day) => drop(facts.dates.insert(told.field.clone(), midnight(day, zone))),
        None => drop(facts.dates.remove(&told.field)),
    }
}

/// When the next rule comes to hold.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    if facts.dates.is_empty() {
        return None;
    }
    let due = rules(rulebook).filter_map(|rule| Some((rule, stretch(rule, facts)?.0)));
    due.filter(|(rule, from)| facts.waited.get(&*rule.name) != Some(from)).map(|(_, from)| from).min()
}

/// Looks at all days with the rules about them; the tag of a rule goes when its day turns out to be another one, or is taken back.
/// `signals` are those of the event.
pub(super) fn look(change: &mut Change<'_>, signals: &[Signal]) {
    if change.facts.dates.is_empty() && !signals.iter().any(|signal| signal.name == "profile") {
        return;
    }
    let rulebook = change.rulebook;
    for rule in rules(rulebook) {
        let Some((from, until)) = stretch(rule, change.facts) else {
            if change.facts.waited.remove(&*rule.name).is_some() {
                change.take_back(rule, "the day was taken back");
            }
            continue;
        };
        let is_told = change.facts.waited.get(&*rule.name) == Some(&from);
        if is_told {
            continue;
        }
        change.take_back(rule, "the day is another one");
        if change.now >= from {
            change.facts.waited.insert(rule.name.to_string(), from);
            if change.now < until && holds(rule, change.facts, None) {
                change.while_until = Some(until);
                change.apply(rule, None, &told_text(rule, change.facts), &[]);
                change.while_until = None;
            }
        }
    }
}

fn rules(rulebook: &Rulebook) -> impl Iterator<Item = &Rule> {
    rulebook.of_dates.iter().map(|index| &rulebook.rules[*index])
}

/// From when until when a rule holds.
pub(super) fn stretch(rule: &Rule, facts: &Facts) -> Option<(Timestamp, Timestamp)> {
    let (_, day) = day(rule, facts)?;
    let (from, until) = rule.around_date;
    Some((day + from, day + until))
}

fn day<'r>(rule: &'r Rule, facts: &Facts) -> Option<(&'r str, Timestamp)> {
    let of = &rule.written.on_date.as_ref()?.of;
    of.iter().find_map(|name| Some((name, *facts.dates.get(name)?)))
}

fn told_text(rule: &Rule, facts: &Facts) -> String {
    day(rule, facts).map(|(name, day)| format!("{name} begins {day}")).unwrap_or_default()
}
