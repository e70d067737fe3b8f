//! What rules wait for, and when heat and stage fall by themselves.

use super::facts::Facts;
use super::holding::{is_coloured, passes};
use super::rule::{Life, Rule};
use super::signal::Signal;
use super::written_when::Words;
use super::{Rulebook, STEP};
use crate::domain::{Colour, Heat, Stage, Timestamp};

/// When a rule has waited in vain: the moment just past its length of time. `None` if what it waits for came, if its clock
/// has not started, or if it told already. Where what else it asks for came true when that moment had passed, it waits anew from
/// then: who asks for a quote after days of silence has that long to answer.
pub(super) fn absence_due(rule: &Rule, facts: &Facts) -> Option<Timestamp> {
    let due = waited_until(rule, facts)?;
    let anew = came_true(rule, facts).filter(|came_true| *came_true > due && follows(rule));
    Some(anew.map_or(due, |anew| anew + rule.absent_for + STEP))
}

fn waited_until(rule: &Rule, facts: &Facts) -> Option<Timestamp> {
    Some(began(rule, facts)? + rule.absent_for + STEP)
}

/// Since when a rule waits, unless it told of that already.
pub(super) fn began(rule: &Rule, facts: &Facts) -> Option<Timestamp> {
    let since = waits_since(rule, facts, |signal, _| facts.marks.get(signal).copied())?;
    (facts.waited.get(&*rule.name) != Some(&since)).then_some(since)
}

/// Since when a rule waits, or has told that it waited in vain. `seen` tells when a signal was seen last, by its name or its place among
/// those that rules wait for.
fn waits_since(rule: &Rule, facts: &Facts, seen: impl Fn(&str, usize) -> Option<Timestamp>) -> Option<Timestamp> {
    let absent = rule.written.absent.as_ref()?;
    let (of, after_last) = &rule.waits_for;
    let last = || absent.of.iter().zip(of).filter_map(|(signal, place)| seen(signal, *place)).max();
    match (&absent.after, absent.after_last.as_ref().zip(*after_last)) {
        (Some(_), _) => facts.waits.get(&*rule.name).copied(),
        (None, Some((after, place))) => seen(after, place).filter(|after| last().is_none_or(|last| last < *after)),
        (None, None) => last(),
    }
}

/// The signals that rules wait for, or that start their clocks anew. Rules learn which are theirs.
pub(super) fn waited_for(rules: &mut [Rule]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut place_of = |signal: &str| {
        all.iter().position(|other| other == signal).unwrap_or_else(|| {
            all.push(signal.to_owned());
            all.len() - 1
        })
    };
    for rule in rules {
        let Some(absent) = &rule.written.absent else { continue };
        let of = absent.of.iter().map(&mut place_of).collect();
        rule.waits_for = (of, absent.after_last.as_deref().map(&mut place_of));
    }
    all
}

/// The first that a rule has waited for in vain, if that is before a moment. One that waits for a tag to go is looked at again when
/// that happens.
pub(super) fn absence_before(rulebook: &Rulebook, facts: &Facts, first: Option<Timestamp>) -> Option<Timestamp> {
    let absences = rulebook.absences.iter().map(|index| &rulebook.rules[*index]);
    // Many rules wait for the same few signals.
    let seen: Vec<_> = rulebook.waited_for.iter().map(|signal| facts.marks.get(signal).copied()).collect();
    let seen = |_: &str, place: usize| seen.get(place).copied().flatten();
    absences.fold(None, |earliest: Option<Timestamp>, rule| {
        let limit = earliest.or(first);
        let is_earlier = |due: &Timestamp| limit.is_none_or(|limit| *due < limit);
        // Most wait longer than until then, which shows before it is looked at whether they told already.
        let waited = waits_since(rule, facts, seen).map(|since| since + rule.absent_for + STEP).filter(is_earlier);
        let due = waited.and_then(|_| absence_due(rule, facts)).filter(is_earlier);
        due.filter(|_| !is_held_up(rule, facts)).or(earliest)
    })
}

/// When the last of the tags and the colour came to hold that a rule asks for; `None` while one of them is missing.
fn came_true(rule: &Rule, facts: &Facts) -> Option<Timestamp> {
    let holds = &rule.written.holds;
    let since = |tag: &String| facts.like(tag).map(|(_, held)| held.since).min();
    let mut last = Timestamp::default();
    for tag in &holds.tags {
        last = last.max(since(tag)?);
    }
    if !holds.any_tags.is_empty() {
        last = last.max(holds.any_tags.iter().filter_map(since).min()?);
    }
    if !holds.colour.is_empty() || holds.colour_given {
        let is_asked = holds.colour.is_empty() || holds.colour.iter().any(|name| is_coloured(facts, name));
        let state = facts.colour.as_ref().filter(|state| is_asked && !(holds.colour_given && state.fallen))?;
        last = last.max(if holds.colour_given { state.since.max(state.given()) } else { state.since });
    }
    Some(last)
}

/// Whether a rule waits on though its time is over: a tag or the colour that it asks for is missing, or a tag stands in its way. An
/// absence that is expected is none as long as it is.
pub(super) fn is_held_up(rule: &Rule, facts: &Facts) -> bool {
    rule.written.holds.not_tags.iter().any(|tag| facts.holds_like(tag))
        || follows(rule) && came_true(rule, facts).is_none()
}

/// Whether a rule waits for something to follow on something else, not since the last of its kind.
fn follows(rule: &Rule) -> bool {
    rule.written.absent.as_ref().is_some_and(|absent| absent.after.is_some() || absent.after_last.is_some())
}

/// Notes what a signal means for the rules that wait for something to follow on something else: their clock starts with the
/// first of what it follows on since the last of what they wait for. What arrives late counts by its own time.
pub(super) fn wait(rulebook: &Rulebook, facts: &mut Facts, signal: &Signal) {
    for rule in rulebook.waiting.get(signal.name).into_iter().flatten().map(|index| &rulebook.rules[*index]) {
        let Some((absent, after)) =
            rule.written.absent.as_ref().and_then(|absent| Some((absent, absent.after.as_ref()?)))
        else {
            continue;
        };
        let waits = || facts.waits.get(&*rule.name).copied();
        if absent.of.iter().any(|of| of == signal.name) {
            if waits().is_some_and(|since| since <= signal.at) {
                match happened_again(rule, facts, after, signal.at) {
                    Some(again) => drop(facts.waits.insert(rule.name.to_string(), again)),
                    None => drop(facts.waits.remove(&*rule.name)),
                }
            }
        } else if after.iter().any(|after| after == signal.name)
            && passes(rule, signal, &rulebook.rates)
            && waits().is_none_or(|since| {
                signal.at < since || begins_anew(rule, facts, since, signal.at) || was_too_early(rule, facts, since)
            })
            && absent.of.iter().all(|of| facts.marks.get(of).is_none_or(|last| *last <= signal.at))
        {
            facts.waits.insert(rule.name.to_string(), signal.at);
        }
    }
}

/// When what a rule's clock starts with happened again behind what is told late and ends its wait, as far as that is known: the last of
/// each kind is, of links that were sent the first.
fn happened_again(rule: &Rule, facts: &Facts, after: &Words, end: Timestamp) -> Option<Timestamp> {
    if !rule.written.filter.is_empty() || !rule.written.unless.is_empty() {
        return None;
    }
    let behind = |after: &str| match after {
        "link_sent" => facts.links.iter().map(|(_, sent)| *sent).filter(|sent| *sent > end).min(),
        other => facts.marks.get(other).copied().filter(|last| *last > end),
    };
    after.iter().filter_map(behind).min()
}

/// Whether a rule's time was over before what else it asks for came true: what its clock starts with behind that starts it anew.
fn was_too_early(rule: &Rule, facts: &Facts, waits: Timestamp) -> bool {
    let due = waits + rule.absent_for + STEP;
    facts.waited.get(&*rule.name) != Some(&waits) && came_true(rule, facts).is_some_and(|came_true| came_true > due)
}

/// Whether a rule told in vain what it waited for, and another colour was given since: what happens behind that starts its clock anew,
/// as it does for who was not silent before (COLOR-2).
fn begins_anew(rule: &Rule, facts: &Facts, waits: Timestamp, at: Timestamp) -> bool {
    let Some(colour) = facts.colour.as_ref().filter(|_| rule.painting.is_some()) else { return false };
    let is_given_between = (waits + rule.absent_for..=at).contains(&colour.given()) && !colour.fallen;
    rule.written.holds.colour.is_empty()
        && facts.waited.get(&*rule.name) == Some(&waits)
        && (colour.colour.is_green() || colour.colour == Colour::Yellow)
        && is_given_between
}

/// What started the clock of a rule turns out not to have happened: the next of its kind starts it, if there was one.
pub(super) fn wait_for_next(
    rulebook: &Rulebook,
    facts: &mut Facts,
    signal: &str,
    (was, next): (Timestamp, Option<Timestamp>),
) {
    for rule in rulebook.absences.iter().map(|index| &rulebook.rules[*index]) {
        let after = rule.written.absent.as_ref().and_then(|absent| absent.after.as_ref());
        let follows = after.is_some_and(|after| after.iter().any(|after| after == signal));
        if !follows || facts.waits.get(&*rule.name) != Some(&was) {
            continue;
        }
        match next {
            Some(next) => drop(facts.waits.insert(rule.name.to_string(), next)),
            None => drop(facts.waits.remove(&*rule.name)),
        }
    }
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
        None => facts.marks.get("interaction").map(|last| *last + rulebook.heat.low_after),
    }
}

/// When the stage falls back for want of signals (G-23).
pub(super) fn stage_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    stage_over(rulebook, facts, facts.stage)
}

/// When a stage ends that was reached. The first is everybody's, and one that comes with a tag is reached as long as that holds.
pub(super) fn stage_over(rulebook: &Rulebook, facts: &Facts, stage: Stage) -> Option<Timestamp> {
    let last = facts.stages.get(&stage).filter(|_| stage != Stage::FirstContact)?;
    let rules = rulebook.lasting.iter().map(|index| &rulebook.rules[*index]).filter(|rule| rule.stage == Some(stage));
    let stands = rules.filter_map(|rule| rule.written.tag.as_ref()).any(|tag| facts.holds(tag.get_ref()));
    (!stands).then(|| *last + rulebook.heat.stage_lives + STEP)
}

/// Whether a rule gives a stage together with a tag that holds as long as its figure does.
pub(super) fn lasts_with_tag(rule: &Rule, stage: Stage) -> bool {
    rule.stage == Some(stage) && rule.life == Life::While
}

/// The furthest stage that was reached and has not ended.
pub(super) fn furthest_stage(rulebook: &Rulebook, facts: &Facts, now: Timestamp) -> Stage {
    let still = |stage: &&Stage| stage_over(rulebook, facts, **stage).is_none_or(|over| over > now);
    facts.stages.keys().rev().find(still).copied().unwrap_or(Stage::FirstContact)
}
