//! Sequences: messages that follow on each other, from the moment at which something comes to hold until it holds no more, the
//! last step is over, or something happens that ends them.

use super::change::Change;
use super::checks::{COLOURS, Checker};
use super::facts::Facts;
use super::kept::Run;
use super::planning::request;
use super::rule::{Rule, Step};
use super::signal::{SIGNALS, Signal};
use super::written::Written;
use super::written_when::Words;
use super::{Rulebook, STEP, holding};
use crate::domain::{Colour, Consequence, Duration, FollowUpRequest, Timestamp};

impl Run {
    fn is_ended(self, rule: &Rule) -> bool {
        self.planned > rule.steps.len()
    }

    fn end(&mut self, rule: &Rule) {
        self.planned = rule.steps.len() + 1;
    }

    /// When the next step is planned: the first at the beginning, each of the others when the time of the one before is over.
    fn due(&self, rule: &Rule) -> Option<Timestamp> {
        match self.planned {
            0 => Some(self.begun),
            planned if planned < rule.steps.len() => Some(self.begun + rule.steps.get(planned - 1)?.latest + STEP),
            _ => None,
        }
    }
}

/// What a signal ends: it happened while the sequence ran.
pub(super) fn end(change: &mut Change<'_>, signal: &Signal) {
    let rulebook = change.rulebook;
    for rule in sequences(rulebook) {
        if !rule.written.stops.iter().flat_map(Words::iter).any(|stop| stop == signal.name) {
            continue;
        }
        let run = change.facts.sequences.get_mut(&*rule.name);
        if let Some(run) = run.filter(|run| run.begun <= signal.at && !run.is_ended(rule)) {
            run.end(rule);
            change.unplan(&rule.name);
        }
    }
}

/// Begins what has come to hold, plans the steps that are due, and drops what holds no more. Who wants no messages, or has a colour
/// that ends it, is left alone: what ran for them has ended, also when that is over.
pub(super) fn look(change: &mut Change<'_>) {
    let rulebook = change.rulebook;
    for rule in sequences(rulebook) {
        let run = change.facts.sequences.get(&*rule.name).copied();
        match (holding::holds(rule, change.facts, None), run) {
            (false, None) => {}
            (false, Some(_)) => {
                change.facts.sequences.remove(&*rule.name);
                change.unplan(&rule.name);
            }
            (true, run) if change.contact.opted_out || stops(rule, change.facts) => {
                if let Some(mut run) = run.filter(|run| !run.is_ended(rule)) {
                    run.end(rule);
                    change.facts.sequences.insert(rule.name.to_string(), run);
                    change.unplan(&rule.name);
                }
            }
            (true, run) => {
                let before = run;
                let mut run = run.unwrap_or(Run { begun: change.now, planned: 0 });
                // After a long sleep several may be due: those whose time is over are passed over.
                while run.due(rule).is_some_and(|due| due <= change.now) {
                    change.plan_step(rule, run.planned, run.begun);
                    run.planned += 1;
                }
                if before.is_none_or(|before| before.planned < run.planned) {
                    change.facts.sequences.insert(rule.name.to_string(), run);
                }
            }
        }
    }
}

/// Whether the contact's colour is among what ends the sequence.
fn stops(rule: &Rule, facts: &Facts) -> bool {
    rule.written.stops.iter().flat_map(Words::iter).any(|stop| holding::is_coloured(facts, stop))
}

impl Change<'_> {
    /// Plans a step of a sequence, unless its time is over. Where it does not say what it is about, that is what the tag is about
    /// which the sequence asks for.
    fn plan_step(&mut self, rule: &Rule, step: usize, begun: Timestamp) {
        let (Some(written), Some(times)) = (rule.written.steps.get(step), rule.steps.get(step)) else { return };
        let until = begun + times.latest;
        if until < self.now {
            return;
        }
        let of_tag = |tag: &String| self.facts.tags.get(tag.as_str())?.about.last().cloned();
        let request = request(rule, written, self.now.max(begun + times.after), until);
        let product = request.product.clone().or_else(|| rule.written.holds.tags.iter().find_map(of_tag));
        self.out.push(Consequence::FollowUp(FollowUpRequest { product, ..request }));
    }
}

/// When the next step is planned.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    sequences(rulebook).filter_map(|rule| facts.sequences.get(&*rule.name)?.due(rule)).min()
}

fn sequences(rulebook: &Rulebook) -> impl Iterator<Item = &Rule> {
    rulebook.sequences.iter().map(|index| &rulebook.rules[*index])
}

/// Reads the steps of a rule. Each must be over before the next one may go, so that the customer gets one at a time.
pub(super) fn understand(checker: &mut Checker<'_>, place: usize, written: &Written) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for step in &written.steps {
        let after = step.after.as_ref().map_or(Duration::ZERO, |after| checker.duration(after));
        let latest = checker.duration(&step.latest);
        let place = step.latest.span().start;
        if latest < after {
            checker.error(place, "`latest` is before `after`", "Nothing could ever be sent.");
        }
        if steps.last().is_some_and(|before| after <= before.latest) {
            let advice = "`after` and `latest` of every step count from the beginning of the sequence.";
            checker.error(place, "a step begins before the one before it is over", advice);
        }
        if step.before_next.is_some() || step.at.is_some() {
            let advice = "Write after = \"3d\", latest = \"5d\".";
            checker.error(place, "a step of a sequence has neither `before_next` nor `at`", advice);
        }
        steps.push(Step { after, latest });
    }
    for stop in written.stops.iter().flat_map(Words::iter) {
        if Colour::from_name(stop).is_none() && !SIGNALS.iter().any(|(signal, _)| *signal == stop) {
            let signals: Vec<_> = SIGNALS.iter().map(|(signal, _)| *signal).collect();
            let advice = format!("Signals are: {}. Colours are: {COLOURS}.", signals.join(", "));
            checker.error(place, format!("there is no signal or colour `{stop}`"), advice);
        }
    }
    if written.stops.is_some() && written.steps.is_empty() {
        checker.error(place, "`stops` is for sequences", "Write steps = [{ kind, template, after, latest }, …].");
    }
    if !written.steps.is_empty() && (written.tag.is_some() || written.follow_up.is_some()) {
        let advice = "Let another rule set the tag, and let the sequence ask for it: holds = { tags = [\"…\"] }.";
        checker.error(place, "a sequence sends, and has neither `tag` nor `follow_up`", advice);
    }
    let holds = &written.holds;
    let asked = [&holds.tags, &holds.any_tags, &holds.colour, &holds.bought];
    if !written.steps.is_empty() && asked.iter().all(|asked| asked.is_empty()) {
        let advice = "Write holds = { tags = [\"…\"] }, or any_tags, colour or bought.";
        checker.error(place, "a sequence without `holds` would go to everybody", advice);
    }
    steps
}

#[cfg(test)]
mod tests {
    use crate::domain::SourceFile;
    use crate::rulebook::Rulebook;

    #[test]
    fn a_sequence_that_cannot_be_is_refused_with_its_place_and_advice() {
        let step = |after: &str, latest: &str| {
            format!("{{ kind = \"service\", template = \"t\", after = \"{after}\", latest = \"{latest}\" }}")
        };
        let holds = "holds = { tags = [\"stage/cart-unpaid\"] }";
        for (rule, place, expected) in [
            (format!("steps = [{}]", step("1h", "2h")), "1:1", "would go to everybody"),
            (format!("{holds}\nsteps = [{}]", step("3h", "2h")), "6:69", "`latest` is before `after`"),
            (
                format!("{holds}\nsteps = [\n{},\n{}]", step("1h", "2h"), step("2h", "3h")),
                "8:60",
                "a step begins before",
            ),
            (
                format!("{holds}\nstops = \"massage\"\nsteps = [{}]", step("1h", "2h")),
                "1:1",
                "no signal or colour `massage`",
            ),
            (format!("{holds}\ntag = \"a/b\"\nsteps = [{}]", step("1h", "2h")), "1:1", "has neither `tag`"),
            ("on = \"click\"\nstops = \"message\"".to_owned(), "1:1", "`stops` is for sequences"),
        ] {
            let text = format!("[[rule]]\nname = \"r\"\ncatalogue = []\nwhy = \"\"\n{rule}\n");
            let (_, problems) = Rulebook::compile(&[SourceFile { path: "rules/r.toml".into(), text }], None);
            let said: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
            let found =
                said.lines().find(|line| line.contains(expected)).unwrap_or_else(|| panic!("{rule}\nsays: {said}"));
            assert!(found.starts_with(&format!("rules/r.toml:{place}:")), "{rule}\nsays: {found}, expected at {place}");
        }
    }
}
