//! What changes by the clock alone, and when.

use super::Rulebook;
use super::facts::Facts;
use super::language::Rule;
use crate::domain::{Duration, Heat, Stage, Timestamp};

/// The smallest step of time: what holds "within" a length still holds at its last moment, and ends one step later.
pub(super) const STEP: Duration = Duration::millis(1);

/// The earliest moment at which anything changes with no new event.
pub(super) fn next_wake(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    let tags = facts.tags.values().filter_map(|held| held.expires);
    let colour = facts.colour.iter().filter_map(|state| state.until);
    let absences = rulebook.absences.iter().filter_map(|index| absence_due(&rulebook.rules[*index], facts));
    tags.chain(colour).chain(heat_due(rulebook, facts)).chain(stage_due(rulebook, facts)).chain(absences).min()
}

/// When a rule has waited in vain: the moment just past its length of time. `None` if what it waits for came, if its clock
/// has not started, or if it told already.
pub(super) fn absence_due(rule: &Rule, facts: &Facts) -> Option<Timestamp> {
    let absent = rule.written.absent.as_ref()?;
    let of = facts.marks.get(&absent.of);
    let base = match &absent.after {
        Some(after) => {
            let first = facts.marks.get(after)?.first?;
            if of.is_some_and(|of| of.last >= first) {
                return None;
            }
            first
        }
        None if absent.after_last.is_some() => {
            let last = facts.marks.get(absent.after_last.as_ref()?)?.last;
            if of.is_some_and(|of| of.last >= last) {
                return None;
            }
            last
        }
        None => of?.last,
    };
    if facts.waited.get(&*rule.name) == Some(&base) {
        return None;
    }
    Some(base + rule.absent_for + STEP)
}

/// The moment that an absence counts from, to remember that it was told.
pub(super) fn absence_base(rule: &Rule, due: Timestamp) -> Timestamp {
    due - STEP - rule.absent_for
}

/// When the heat tier changes: it falls, or it becomes low after long silence.
pub(super) fn heat_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    match &facts.heat {
        Some(state) if state.heat == Heat::Low => None,
        Some(state) => state.until,
        None => facts.marks.get("interaction").map(|mark| mark.last + rulebook.heat.low_after),
    }
}

/// When the stage falls back for want of signals (G-23).
pub(super) fn stage_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    stage_over(rulebook, facts, facts.stage)
}

/// When a stage ends that was reached: a purchase stays one.
pub(super) fn stage_over(rulebook: &Rulebook, facts: &Facts, stage: Stage) -> Option<Timestamp> {
    let ends = matches!(stage, Stage::Considering | Stage::AboutToBuy);
    let last = facts.stages.get(&stage).filter(|_| ends)?;
    Some(*last + rulebook.heat.stage_lives + STEP)
}
