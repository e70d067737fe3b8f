//! Days that customers tell, such as when a child is due: rules hold from so long before or after such a day until so long
//! before or after it (SPEND-27), or in its month, each year (SPEND-2). A day begins where the customer is.

use chrono::{Datelike, Months, NaiveDate};
use chrono_tz::Tz;
use toml::Spanned;

use super::Rulebook;
use super::change::Change;
use super::checks::Checker;
use super::days::Order;
use super::facts::{Facts, is_like_text};
use super::holding::holds;
use super::rule::Rule;
use super::signal::Signal;
use super::written_when::{EachYear, OnDate};
use crate::domain::{Contact, Duration, ProfileEvent, Timestamp, midnight};

/// From when until when around a day; what is before it begins with a minus. `None` is its month in each year.
pub(super) fn understand(checker: &mut Checker<'_>, place: usize, date: &OnDate) -> Option<(Duration, Duration)> {
    let (from, until) = match (&date.from, &date.until, date.each_year) {
        (None, None, Some(EachYear::Month)) => return None,
        (Some(from), Some(until), None) => (from, until),
        _ => {
            let advice = "Write on_date = { of = \"due_date\", from = \"-91d\", until = \"0d\" }, or { of = \"birthday\", each_year = \"month\" }.";
            checker.error(place, "`on_date` cannot be understood", advice);
            return None;
        }
    };
    let mut around = |text: &Spanned<String>| {
        let read = match text.get_ref().strip_prefix('-') {
            Some(before) => Duration::parse(before).map(|before| Duration::millis(-before.0)),
            None => Duration::parse(text.get_ref()),
        };
        if read.is_none() {
            let message = format!("`{}` is no length of time", text.get_ref());
            checker.error(
                text.span().start,
                message,
                "Write -84d for 84 days before the day, 180d for 180 days after it.",
            );
        }
        read.unwrap_or_default()
    };
    let place = until.span().start;
    let (from, until) = (around(from), around(until));
    if until <= from {
        checker.error(place, "`until` is not after `from`", "Nothing could ever be so.");
    }
    Some((from, until))
}

/// Takes in a day that a rule looks at. What is no day is nothing.
pub(super) fn learn(rulebook: &Rulebook, facts: &mut Facts, contact: &Contact, told: &ProfileEvent) {
    let order = rulebook.days.order_of(contact);
    let Some(day) = day_told(rulebook, &told.field, &told.value, order) else { return };
    let zone = contact.zone.unwrap_or(rulebook.zone);
    match day {
        Some(day) => drop(facts.dates.insert(told.field.clone(), midnight(day, zone))),
        None => drop(facts.dates.remove(&told.field)),
    }
}

/// The day that a profile field tells, or none where it tells of no day; `None` if no rule looks at that field. Of a day without its
/// year only the month is looked at: rules that need the year have none.
fn day_told(rulebook: &Rulebook, field: &str, value: &str, order: Order) -> Option<Option<NaiveDate>> {
    let dates = rules(rulebook).filter_map(|rule| rule.written.on_date.as_ref());
    let mut asked = dates.filter(|date| date.of.iter().any(|of| of == field)).peekable();
    asked.peek()?;
    let value = value.trim();
    // The time of day behind it says nothing.
    let iso = value.get(..10).and_then(|start| NaiveDate::parse_from_str(start, "%Y-%m-%d").ok());
    Some(iso.or_else(|| {
        let told = rulebook.days.told(value, order)?;
        (told.has_year || asked.all(|date| date.each_year.is_some())).then_some(told.day)
    }))
}

impl Rulebook {
    /// Whether a profile field that rules read as a day tells one, or that there is none any more. What a customer says may be anything;
    /// a program that tells of a day can be told how.
    ///
    /// # Errors
    /// How to write it.
    pub fn check_day(&self, told: &ProfileEvent) -> Result<(), String> {
        // Of a program nobody knows in which order it writes day and month.
        match day_told(self, &told.field, &told.value, Order::Unknown) {
            Some(None) if !told.value.trim().is_empty() => {
                let (field, value) = (&told.field, &told.value);
                Err(format!(
                    "`value` is `{value}`, and `{field}` is a day: write 2026-12-31, or nothing to take it back"
                ))
            }
            _ => Ok(()),
        }
    }
}

/// When the next rule comes to hold.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    if facts.dates.is_empty() {
        return None;
    }
    let due = rules(rulebook).filter_map(|rule| match rule.around_date {
        Some((from, _)) => Some((rule, day(rule, facts)?.1 + from)),
        None => Some((rule, *facts.rounds.get(&*rule.name)?)),
    });
    due.filter(|(rule, from)| facts.waited.get(&*rule.name) != Some(from)).map(|(_, from)| from).min()
}

/// Looks at all days with the rules about them; the tag of a rule goes when its day turns out to be another one, or is taken back.
/// `signals` are those of the event.
pub(super) fn look(change: &mut Change<'_>, signals: &[Signal]) {
    if change.facts.dates.is_empty() && !signals.iter().any(|signal| signal.name == "profile") {
        return;
    }
    let rulebook = change.rulebook;
    let zone = change.contact.zone.unwrap_or(rulebook.zone);
    for rule in rules(rulebook) {
        let Some((from, until)) = stretch(rule, change.facts, change.now, zone) else {
            change.facts.rounds.remove(&*rule.name);
            if change.facts.waited.remove(&*rule.name).is_some() {
                change.take_back(rule, "the day was taken back");
            }
            continue;
        };
        if rule.around_date.is_none() {
            let next = if change.now < from { Some((from, until)) } else { stretch(rule, change.facts, until, zone) };
            next.and_then(|(next, _)| change.facts.rounds.insert(rule.name.to_string(), next));
        }
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

/// Whether a day gave such a tag at a moment, by when it was told.
pub(super) fn gave(rulebook: &Rulebook, facts: &Facts, contact: &Contact, at: Timestamp, pattern: &str) -> bool {
    let zone = contact.zone.unwrap_or(rulebook.zone);
    let gives = |rule: &&Rule| rule.written.tag.as_ref().is_some_and(|tag| is_like_text(tag.get_ref(), pattern));
    let was_told = |rule: &&Rule| {
        let told = day(rule, facts).and_then(|(field, _)| facts.told.iter().find(|(known, _)| known == field));
        told.is_none_or(|(_, told)| *told <= at)
    };
    let rules = rules(rulebook).filter(gives).filter(was_told);
    let mut stretches = rules.filter_map(|rule| stretch(rule, facts, at, zone));
    stretches.any(|(from, until)| (from..until).contains(&at))
}

fn rules(rulebook: &Rulebook) -> impl Iterator<Item = &Rule> {
    rulebook.of_dates.iter().map(|index| &rulebook.rules[*index])
}

/// From when until when a rule holds; of what comes round each year, this time or the next.
pub(super) fn stretch(rule: &Rule, facts: &Facts, now: Timestamp, zone: Tz) -> Option<(Timestamp, Timestamp)> {
    let (_, day) = day(rule, facts)?;
    if let Some((from, until)) = rule.around_date {
        return Some((day + from, day + until));
    }
    let (month, today) = (day.utc().with_timezone(&zone).month(), now.utc().with_timezone(&zone).date_naive());
    let year = today.year() + i32::from(today.month() > month);
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    Some((midnight(first, zone), midnight(first.checked_add_months(Months::new(1))?, zone)))
}

fn day<'r>(rule: &'r Rule, facts: &Facts) -> Option<(&'r str, Timestamp)> {
    let of = &rule.written.on_date.as_ref()?.of;
    of.iter().find_map(|name| Some((name, *facts.dates.get(name)?)))
}

fn told_text(rule: &Rule, facts: &Facts) -> String {
    day(rule, facts).map(|(name, day)| format!("{name} begins {day}")).unwrap_or_default()
}
