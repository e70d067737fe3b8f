//! Interactions against the customer's own past: the figure behind a sudden rise (HEAT-30).

use super::checks::Checker;
use super::condition::Condition;
use super::facts::Facts;
use super::figure::Figure;
use super::rule::{Rise, Rule};
use super::signal::Signal;
use super::{Rulebook, written_when};
use crate::domain::{Duration, Timestamp};

/// Interactions that are remembered. Of somebody who has more, the mean is one over the time that these reach back.
const REMEMBERED: usize = 128;

/// Reads what a rule says.
pub(super) fn understand(checker: &mut Checker<'_>, place: usize, written: &written_when::Rise) -> Rise {
    let rise = Rise { within: checker.duration(&written.within), before: checker.duration(&written.of_the_before) };
    if rise.within <= Duration::ZERO || rise.before < rise.within {
        let advice = "Write rise = { at_least = 3, within = \"7d\", times_the_mean = 3, of_the_before = \"56d\" }.";
        checker.error(place, "`of_the_before` is shorter than `within`", advice);
    }
    rise
}

/// How far back any rule looks.
pub(super) fn horizon(rules: &[Rule]) -> Option<Duration> {
    rules.iter().filter_map(|rule| rule.rise).map(|rise| Duration(rise.within.0 + rise.before.0)).max()
}

/// Notes an interaction, to the second.
pub(super) fn note(rulebook: &Rulebook, facts: &mut Facts, at: Timestamp, now: Timestamp) {
    let Some(horizon) = rulebook.rise_horizon else { return };
    let at = Timestamp(at.0 - at.0.rem_euclid(1_000));
    let visits = &mut facts.visits.0;
    visits.insert(visits.partition_point(|other| *other <= at), at);
    visits.retain(|visit| *visit >= now - horizon);
    let excess = visits.len().saturating_sub(REMEMBERED);
    visits.drain(..excess);
}

/// Whether it rose as a rule asks, and the figures in words. `None` for who is new and has no past to rise from.
fn weigh(rule: &Rule, facts: &Facts, now: Timestamp) -> Option<(bool, String)> {
    let (rise, written) = (rule.rise?, rule.written.rise.as_ref()?);
    let (week, start) = (now - rise.within, now - rise.within - rise.before);
    if facts.first_interaction.is_none_or(|first| first >= week) {
        return None;
    }
    let visits = &facts.visits.0;
    let recent = visits.iter().filter(|visit| (week..=now).contains(visit)).count();
    let past = visits.iter().filter(|visit| (start..week).contains(visit)).count();
    // Where not all are remembered, they tell of the time since the oldest of them.
    let from = if visits.len() < REMEMBERED { start } else { start.max(*visits.first()?) };
    let span = (week - from).0.max(rise.within.0);
    // recent >= times * past / (span / within), in whole numbers.
    let times = i64::from(written.times_the_mean);
    let rose = recent >= written.at_least && recent as i64 * span >= times * past as i64 * rise.within.0;
    let mean = past as f64 * rise.within.0 as f64 / span as f64;
    let text = format!(
        "{recent} interactions in {}, {mean:.1} in the mean before (needs {} and {times} times the mean)",
        rise.within, written.at_least
    );
    Some((rose, text))
}

/// The rise that a rule asks for, if it holds.
pub(super) fn figure(rule: &Rule, facts: &Facts, signal: &Signal, now: Timestamp) -> Option<Figure<'static>> {
    let (_, text) = weigh(rule, facts, now).filter(|(rose, _)| *rose)?;
    Some(Figure { text: text.into(), events: vec![signal.seq], newest: signal.at, ..Figure::default() })
}

/// The same for people who ask why.
pub(super) fn condition(rule: &Rule, facts: &Facts, now: Timestamp) -> Condition {
    let new = || (false, "more interactions than in their own past: they are new and have none".into());
    let (rose, text) = weigh(rule, facts, now).unwrap_or_else(new);
    Condition::is(rose, text)
}
