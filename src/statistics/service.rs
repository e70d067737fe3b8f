//! How fast and how long customers are served: first answers by heat, key customers whom nobody saw to, complaints,
//! conversations (MET-3, 4, 8, 11, 23).

use super::history::{Mean, Share};
use super::{Aim, Figure, History, Span, Tally};
use crate::domain::{Duration, Timestamp};

/// Minutes until the first answer, by heat (HEAT-3, 6 to 8).
const ANSWERED: [(&str, f64); 4] = [("extreme", 5.0), ("high", 15.0), ("medium", 30.0), ("low", 120.0)];
/// What is answered later than this is a new beginning.
const NO_ANSWER: Duration = Duration::days(3);

/// The tally.
#[derive(Default)]
pub struct Service {
    anybody: [Mean; 4],
    person: [Mean; 4],
    left_alone: Share,
    complaints: Mean,
    open_complaints: i64,
    with_person: Mean,
    bot_alone: Mean,
    interactions: Mean,
    days: Mean,
}

fn minutes(length: Duration) -> f64 {
    length.0 as f64 / Duration::minutes(1).0 as f64
}

impl Service {
    fn answers(&mut self, history: &History, span: Span) {
        let is_tier = |value: &str| ANSWERED.iter().any(|(name, _)| *name == value);
        let heat: Vec<_> = history.stretches("heat").into_iter().filter(|heat| is_tier(heat.value)).collect();
        let tier = |at: Timestamp| {
            let held = History::held_at(&heat, at)?;
            ANSWERED.iter().position(|(name, _)| *name == held)
        };
        for talk in history.conversations().iter().filter(|talk| span.has(talk.first)) {
            let answers = || history.sent.iter().filter(|sent| sent.at >= talk.first && sent.at <= talk.last);
            let by_person = answers().any(|sent| sent.by_person);
            let length = minutes(talk.last - talk.first);
            if by_person {
                self.with_person.add(length)
            } else {
                self.bot_alone.add(length)
            }
            let answered = answers().map(|sent| sent.at).min();
            if let (Some(tier), Some(answered)) = (tier(talk.first), answered) {
                self.anybody[tier].add(minutes(answered - talk.first));
            }
        }
        for asked in history.handoffs.iter().filter(|asked| span.has(asked.opened)) {
            self.left_alone.add(asked.accepted.is_none() && asked.due.is_some_and(|due| due < span.until));
            let taken = asked.accepted.filter(|taken| *taken - asked.opened <= NO_ANSWER);
            if let (Some(tier), Some(taken)) = (tier(asked.opened), taken) {
                self.person[tier].add(minutes(taken - asked.opened));
            }
        }
    }

    /// What went before a first purchase.
    fn way(&mut self, history: &History, span: Span) {
        let Some(first) = history.purchases().map(|(at, _)| at).min().filter(|at| span.has(*at)) else { return };
        if history.first > first {
            return;
        }
        let mut messages: Vec<Timestamp> = history.heard.iter().filter(|at| **at <= first).copied().collect();
        // Less than a minute apart are one interaction (G-5).
        messages.dedup_by(|later, before| *later - *before < Duration::minutes(1));
        let clicks = history.clicks.iter().filter(|click| click.at <= first).count();
        self.interactions.add((messages.len() + clicks) as f64);
        self.days.add((first - history.first).0 as f64 / Duration::days(1).0 as f64);
    }
}

impl Tally for Service {
    fn add(&mut self, history: &History, span: Span) {
        self.answers(history, span);
        self.way(history, span);
        for case in history.cases.iter().filter(|case| case.kind == "complaint" && span.has(case.opened)) {
            match case.resolved {
                Some(resolved) => self.complaints.add(minutes(resolved - case.opened) / 60.0),
                None => self.open_complaints += 1,
            }
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let mut figures =
            vec![self.left_alone.figure("MET-3", "key customers whom nobody saw to").aim(Aim::AtMost(5.0))];
        for ((heat, most), (anybody, person)) in ANSWERED.iter().zip(self.anybody.iter().zip(&self.person)) {
            let aim = Aim::AtMost(*most);
            figures.push(anybody.figure("MET-4", "first answer", "min").of(*heat).aim(aim));
            figures
                .push(person.figure("MET-4", "first answer of a person who was asked for", "min").of(*heat).aim(aim));
        }
        figures
            .push(self.interactions.figure("MET-8", "interactions until the first purchase", "").note("5.7 elsewhere"));
        figures.push(self.days.figure("MET-8", "days until the first purchase", "days").aim(Aim::AtMost(14.0)));
        let complaints = self.complaints.figure("MET-11", "time to solve a complaint", "h").aim(Aim::AtMost(4.0));
        figures.push(match self.open_complaints {
            0 => complaints,
            open => complaints.note(format!("{open} are open still")),
        });
        let talk = "length of a conversation";
        figures.push(self.with_person.figure("MET-23", talk, "min").of("with a person").note("8 elsewhere by hand"));
        figures.push(self.bot_alone.figure("MET-23", talk, "min").of("with the bot alone").aim(Aim::AtMost(3.0)));
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::made::*;
    use super::super::history::{Case, Handoff};
    use super::*;
    use crate::domain::MessageKind;

    #[test]
    fn answers_are_measured_by_the_heat_that_was_held() {
        let mut tally = Service::default();
        let late = |hours: i64, minutes: i64| super::super::history::made::hours(hours) + Duration::minutes(minutes);
        let mut answer = sent(1, MessageKind::Reply, false);
        answer.at = late(1, 4);
        let handoff = |opened, accepted| Handoff { opened: hours(opened), due: Some(hours(opened + 2)), accepted };
        tally.add(
            &History {
                tags: vec![tag(0, "heat/extreme", true)],
                heard: vec![hours(1)],
                sent: vec![answer],
                handoffs: vec![handoff(1, Some(late(1, 30))), handoff(5, None), handoff(99, None)],
                cases: vec![
                    Case { kind: "complaint".into(), case: "1".into(), opened: hours(2), resolved: Some(hours(8)) },
                    Case { kind: "complaint".into(), case: "2".into(), opened: hours(9), resolved: None },
                ],
                ..History::default()
            },
            span(0, 100),
        );
        assert_told(&tally, "MET-4 first answer", "extreme", Some(4.0), 1);
        assert_told(&tally, "MET-4 first answer of a person who was asked for", "extreme", Some(30.0), 1);
        // The last one is not due yet.
        assert_told(&tally, "MET-3 key customers whom nobody saw to", "", Some(33.3), 3);
        assert_told(&tally, "MET-11 time to solve a complaint", "", Some(6.0), 1);
        assert_told(&tally, "MET-23 length of a conversation", "with the bot alone", Some(4.0), 1);
    }

    #[test]
    fn the_way_to_the_first_purchase_is_counted_once() {
        let mut tally = Service::default();
        let history = History {
            heard: vec![hours(0), hours(0) + Duration::seconds(30), hours(24), hours(72)],
            orders: vec![paid(48, 10), paid(60, 10)],
            ..History::default()
        };
        tally.add(&history, span(0, 100));
        tally.add(&history, span(50, 100));
        assert_told(&tally, "MET-8 interactions until the first purchase", "", Some(2.0), 1);
        assert_told(&tally, "MET-8 days until the first purchase", "", Some(2.0), 1);
    }
}
