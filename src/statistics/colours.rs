//! How well colours foretell sales: false reds, missed ones, accuracy, and how fast each colour is seen to (COLOR-21 to 23,
//! MET-2, 5, 10). Whether a red came true is known only when its time is over: younger ones are not judged. Reds are treated
//! better than others, so their close rate proves no rule right (N-17): proposals go to people.

use std::collections::BTreeMap;

use super::history::{Handoff, Mean, Share, Stretch};
use super::parameters::Colours as Parameters;
use super::{Aim, Figure, History, Span, Tally};
use crate::domain::{Duration, Timestamp};

/// Hours within which each colour is to be seen to (COLOR-1 to 4).
const SEEN_TO: [(&str, f64); 4] = [("red", 2.0), ("orange", 12.0), ("yellow", 24.0), ("green", 72.0)];

/// The tally. Keeps a line for each rule that gives red.
pub struct Colours<'a> {
    parameters: &'a Parameters,
    /// Younger reds are not judged.
    now: Timestamp,
    /// People who sell.
    agents: i64,
    by_trigger: BTreeMap<String, Share>,
    /// Who bought without having been red.
    missed: i64,
    right: Share,
    seen_to: [Mean; 4],
}

impl<'a> Colours<'a> {
    /// Nothing counted yet.
    pub fn new(parameters: &'a Parameters, now: Timestamp, agents: i64) -> Self {
        let (by_trigger, right, seen_to) = (BTreeMap::new(), Share::default(), Default::default());
        Self { parameters, now, agents, by_trigger, missed: 0, right, seen_to }
    }

    fn judged_until(&self, span: Span) -> Timestamp {
        span.until.min(self.now - self.parameters.closes_within)
    }

    fn judge(&mut self, history: &History, stretches: &[Stretch<'_>], span: Span) {
        let within = self.parameters.closes_within;
        let judged = Span { from: span.from, until: self.judged_until(span) };
        let mut was_red = false;
        for red in stretches.iter().filter(|stretch| stretch.value == "red" && judged.has(stretch.from)) {
            let closed = history.bought_within(red.from, within);
            self.by_trigger.entry(red.rule.to_owned()).or_default().add(closed);
            self.right.add(closed);
            was_red = true;
        }
        let red_before = |at: Timestamp| {
            let red = stretches.iter().filter(|stretch| stretch.value == "red" && stretch.from < at);
            red.into_iter().any(|stretch| stretch.until.is_none_or(|until| at - until <= within))
        };
        let missed = history.purchases().filter(|(at, _)| judged.has(*at) && !red_before(*at)).count() as i64;
        self.missed += missed;
        let seen = history.heard.iter().any(|at| judged.has(*at)) || missed > 0;
        if seen && !was_red {
            self.right.add(missed == 0);
        }
    }

    fn see_to(&mut self, history: &History, stretches: &[Stretch<'_>], span: Span) {
        for ((colour, _), mean) in SEEN_TO.iter().zip(&mut self.seen_to) {
            let shade = |value: &str| value == *colour || (*colour == "green" && value.ends_with("-green"));
            for stretch in stretches.iter().filter(|stretch| shade(stretch.value) && span.has(stretch.from)) {
                let written = history.sent.iter().filter(|sent| sent.is_effort() && !sent.failed).map(|sent| sent.at);
                let taken = history.handoffs.iter().filter_map(|Handoff { accepted, .. }| *accepted);
                let first = written.chain(taken).filter(|at| *at >= stretch.from).min();
                // Seen to while it had that colour.
                if let Some(first) = first.filter(|first| stretch.until.is_none_or(|until| *first <= until)) {
                    mean.add((first - stretch.from).0 as f64 / Duration::hours(1).0 as f64);
                }
            }
        }
    }
}

impl Tally for Colours<'_> {
    fn add(&mut self, history: &History, span: Span) {
        let stretches = history.stretches("color");
        self.judge(history, &stretches, span);
        self.see_to(history, &stretches, span);
    }

    fn figures(&self) -> Vec<Figure> {
        let parameters = self.parameters;
        let mut figures =
            vec![self.right.figure("MET-2", "accuracy of colours").aim(Aim::AtLeast(parameters.accuracy))];
        for (rule, share) in &self.by_trigger {
            let rate = share.figure("MET-10", "red that ended in a sale").of(rule);
            figures.push(match share.whole < parameters.least {
                true => rate.note(format!("{} are needed to judge it", parameters.least)),
                false => {
                    let rate = rate.aim(Aim::AtLeast(parameters.false_red));
                    let note = if rate.good == Some(false) { "false red (COLOR-21): change this trigger" } else { "" };
                    rate.note(note)
                }
            });
        }
        let missed = Figure::new("COLOR-22", "sales without red before", self.missed as f64, "", self.missed);
        figures.push(missed.note("triggers that would have shown them are missing, or too strict"));
        if self.agents > 0 {
            let each = self.missed as f64 / self.agents as f64;
            figures.push(Figure::new("COLOR-22", "sales without red before, for each agent", each, "", self.agents));
        }
        for ((colour, hours), mean) in SEEN_TO.iter().zip(&self.seen_to) {
            figures.push(mean.figure("MET-5", "time until seen to", "h").of(*colour).aim(Aim::AtMost(*hours)));
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::Sent;
    use super::super::history::made::*;
    use super::*;
    use crate::domain::MessageKind;

    #[test]
    fn reds_are_judged_by_what_was_sold() {
        let parameters = Parameters { closes_within: Duration::days(30), false_red: 20.0, accuracy: 92.0, least: 2 };
        let mut tally = Colours::new(&parameters, hours(2_000), 2);
        let red = |at| vec![tag(at, "color/red", true)];
        let day = 24;
        let histories = [
            History { tags: red(day), orders: vec![paid(10 * day, 50)], heard: vec![hours(day)], ..History::default() },
            // One day too late.
            History { tags: red(day), orders: vec![paid(32 * day, 50)], heard: vec![hours(day)], ..History::default() },
            // Never red, bought all the same; never red, bought nothing.
            History { orders: vec![paid(5 * day, 50)], heard: vec![hours(day)], ..History::default() },
            History { heard: vec![hours(day)], ..History::default() },
            // Too young to judge.
            History { tags: red(1_999), heard: vec![hours(1_999)], ..History::default() },
        ];
        for history in &histories {
            tally.add(history, span(0, 2_000));
        }
        assert_told(&tally, "MET-10 red that ended in a sale", "gives-color-red", Some(50.0), 2);
        // The late sale had no red in the 30 days before it either: red had not ended.
        assert_told(&tally, "COLOR-22 sales without red before", "", Some(1.0), 1);
        assert_told(&tally, "MET-2 accuracy of colours", "", Some(50.0), 4);
    }

    #[test]
    fn a_colour_is_seen_to_by_a_person_or_by_what_nobody_asked_for() {
        let parameters = Parameters { closes_within: Duration::days(30), false_red: 20.0, accuracy: 92.0, least: 2 };
        let mut tally = Colours::new(&parameters, hours(2_000), 0);
        tally.add(
            &History {
                tags: vec![tag(1, "color/red", true), tag(9, "color/red", false), tag(9, "color/dark-green", true)],
                sent: vec![
                    sent(1, MessageKind::Reply, false),
                    sent(4, MessageKind::Reply, true),
                    sent(33, MessageKind::Promotion, false),
                ],
                ..History::default()
            },
            span(0, 100),
        );
        assert_told(&tally, "MET-5 time until seen to", "red", Some(3.0), 1);
        assert_told(&tally, "MET-5 time until seen to", "green", Some(24.0), 1);
        assert_told(&tally, "MET-5 time until seen to", "orange", None, 0);
    }

    #[test]
    fn what_did_not_arrive_saw_to_nobody() {
        let parameters = Parameters { closes_within: Duration::days(30), false_red: 20.0, accuracy: 92.0, least: 2 };
        let mut tally = Colours::new(&parameters, hours(2_000), 0);
        let lost = Sent { failed: true, ..sent(2, MessageKind::Reply, true) };
        let sent = vec![lost, sent(6, MessageKind::Reply, true)];
        tally.add(&History { tags: vec![tag(1, "color/red", true)], sent, ..History::default() }, span(0, 100));
        assert_told(&tally, "MET-5 time until seen to", "red", Some(5.0), 1);
    }
}
