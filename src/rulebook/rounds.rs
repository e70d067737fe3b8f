//! Rules that repeat as long as something holds: at once and then each time that so much has passed, or at an hour of the week
//! where the customer lives.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, Weekday};
use chrono_tz::Tz;
use toml::Spanned;

use super::change::Change;
use super::checks::Checker;
use super::facts::Facts;
use super::rule::{Round, Rule};
use super::signal::Signal;
use super::{Rulebook, holding};
use crate::domain::{Duration, Timestamp, clock_time};

impl Round {
    /// The first round from when something comes to hold.
    fn first(self, now: Timestamp, zone: Tz) -> Timestamp {
        match self {
            Self::Each(_) => now,
            Self::Weekly(day, time) => weekly(day, time, now, zone),
        }
    }

    /// The round behind one.
    fn next(self, round: Timestamp, zone: Tz) -> Timestamp {
        match self {
            Self::Each(length) => round + length,
            Self::Weekly(day, time) => weekly(day, time, round + Duration::hours(1), zone),
        }
    }
}

/// The first such moment from then on; where the clocks skip it, the first behind it.
fn weekly(day: Weekday, time: NaiveTime, from: Timestamp, zone: Tz) -> Timestamp {
    let today = from.utc().with_timezone(&zone).date_naive();
    let ahead = (7 + day.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7;
    let on = |days: u32| today.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX);
    let this = clock_time(on(ahead), time, zone);
    if this >= from { this } else { clock_time(on(ahead + 7), time, zone) }
}

/// Reads `7d` or `monday 09:00`. Shorter rounds than a minute are a slip, and would keep a contact awake for ever.
pub(super) fn understand(checker: &mut Checker<'_>, every: &Spanned<String>) -> Round {
    if let Some((day, time)) = every.get_ref().split_once(' ')
        && let (Ok(day), Ok(time)) = (day.parse(), NaiveTime::parse_from_str(time, "%H:%M"))
    {
        return Round::Weekly(day, time);
    }
    let length = Duration::parse(every.get_ref()).unwrap_or_default();
    if length < Duration::minutes(1) {
        let message = "rounds are a minute apart or more, or on a day of the week";
        checker.error(every.span().start, message, "Write every = \"7d\", or every = \"monday 09:00\".");
    }
    Round::Each(length)
}

/// Begins the rounds of what has come to hold, goes on with those that are due, and ends those of what holds no more: what they
/// planned is not wanted then. Who wants no messages is left alone.
pub(super) fn look(change: &mut Change<'_>) {
    let rulebook = change.rulebook;
    let zone = change.contact.zone.unwrap_or(rulebook.zone);
    for (rule, every) in repeating(rulebook) {
        let due = change.facts.rounds.get(&*rule.name).copied();
        let holds = !change.contact.opted_out && holding::holds(rule, change.facts, None);
        match (holds, due) {
            (false, None) => {}
            (false, Some(_)) => {
                change.facts.rounds.remove(&*rule.name);
                change.unplan(&rule.name);
            }
            (true, due) => {
                let mut round = due.unwrap_or_else(|| every.first(change.now, zone));
                let is_due = round <= change.now;
                if is_due {
                    round = every.next(round, zone);
                }
                if is_due || due.is_none() {
                    change.facts.rounds.insert(rule.name.to_string(), round);
                }
                if is_due {
                    let orders: Vec<String> = holding::holds_of(rule, change.facts).map(str::to_owned).collect();
                    let signal = Signal::of_moment("order", change.now, 0);
                    let signal = orders.into_iter().fold(signal, |signal, order| signal.with("order", order));
                    change.apply(rule, Some(&signal), &format_args!("holds, {every}"), &[]);
                }
            }
        }
    }
}

/// Who moved has another Monday morning: the rounds of a week begin anew.
pub(super) fn forget_weekly(rulebook: &Rulebook, facts: &mut Facts) {
    for (rule, _) in repeating(rulebook).filter(|(_, every)| matches!(every, Round::Weekly(..))) {
        facts.rounds.remove(&*rule.name);
    }
}

/// When the next round is due.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    repeating(rulebook).filter_map(|(rule, _)| facts.rounds.get(&*rule.name)).min().copied()
}

fn repeating(rulebook: &Rulebook) -> impl Iterator<Item = (&Rule, Round)> {
    rulebook.repeating.iter().filter_map(|index| {
        let rule = &rulebook.rules[*index];
        Some((rule, rule.every?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_the_week_is_the_customers_own() {
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap_or_default();
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
        let next = |from: &str, zone| weekly(Weekday::Mon, nine, at(from), zone).rfc3339();
        let hong_kong = chrono_tz::Asia::Hong_Kong;
        // A Monday at nine is the next Monday at nine, and a second later it is a week away.
        assert_eq!(next("2026-03-16T09:00:00+08:00", hong_kong), "2026-03-16T01:00:00Z");
        assert_eq!(next("2026-03-16T09:00:01+08:00", hong_kong), "2026-03-23T01:00:00Z");
        assert_eq!(next("2026-03-17T00:00:00+08:00", hong_kong), "2026-03-23T01:00:00Z");
        // Nine stays nine when the clocks go forward on the Sunday between.
        assert_eq!(next("2026-03-24T00:00:00+01:00", chrono_tz::Europe::Berlin), "2026-03-30T07:00:00Z");
        let round = Round::Weekly(Weekday::Mon, nine);
        assert_eq!(round.next(at("2026-03-16T01:00:00Z"), hong_kong).rfc3339(), "2026-03-23T01:00:00Z");
        assert_eq!(round.to_string(), "every Mon at 09:00");
    }
}
