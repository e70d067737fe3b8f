//! How fast and how long customers are served: first answers by heat, key customers whom nobody saw to, complaints,
//! conversations (MET-3, 4, 8, 11, 23).

use super::history::{Mean, Sent, Share};
use super::{Aim, Figure, History, Span, Tally};
use crate::domain::{Duration, Timestamp};

/// Minutes until the first answer, by heat (HEAT-3, 6 to 8): who has asked twice in a week is so beside the tier, and no text says how
/// soon somebody cold is answered.
const ANSWERED: [(&str, Option<f64>); 5] = [
    ("extreme", Some(5.0)),
    ("high-pending", Some(15.0)),
    ("high", Some(30.0)),
    ("medium", Some(120.0)),
    ("low", None),
];
/// What is answered later than this is a new beginning.
const NO_ANSWER: Duration = Duration::days(3);

/// The tally.
#[derive(Default)]
pub struct Service {
    anybody: [Mean; ANSWERED.len()],
    person: [Mean; ANSWERED.len()],
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
        let heat = history.stretches("heat");
        let tiers = |at: Timestamp| {
            let held = |name: &str| heat.iter().any(|heat| heat.value == name && heat.holds(at));
            let tiers: Vec<usize> = (0..ANSWERED.len()).filter(|tier| held(ANSWERED[*tier].0)).collect();
            tiers
        };
        for talk in history.conversations().iter().filter(|talk| span.has(talk.first)) {
            let answer = |sent: &&Sent| sent.is_answer() && (talk.first..=talk.last).contains(&sent.at);
            let answers = || history.sent.iter().filter(answer);
            let by_person = answers().any(|sent| sent.by_person);
            let length = minutes(talk.last - talk.first);
            if by_person {
                self.with_person.add(length)
            } else {
                self.bot_alone.add(length)
            }
            let answered = answers().map(|sent| sent.at).min();
            if let Some(answered) = answered {
                // What they write makes them warmer: that is noticed when it is read, and asks for the sooner answer.
                tiers(answered).into_iter().for_each(|tier| self.anybody[tier].add(minutes(answered - talk.first)));
            }
        }
        for asked in history.handoffs.iter().filter(|asked| span.has(asked.opened)) {
            self.left_alone.add(asked.accepted.is_none() && asked.due.is_some_and(|due| due < span.until));
            let taken = asked.accepted.filter(|taken| *taken - asked.opened <= NO_ANSWER);
            if let Some(taken) = taken {
                tiers(asked.opened).into_iter().for_each(|tier| self.person[tier].add(minutes(taken - asked.opened)));
            }
        }
    }

    /// What went before a first purchase.
    fn way(&mut self, history: &History, span: Span) {
        let Some(first) = history.purchases().map(|(at, _)| at).min().filter(|at| span.has(*at)) else { return };
        if history.first > first {
            return;
        }
        self.interactions.add(history.interactions_until(first) as f64);
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
            let anybody = anybody.figure("MET-4", "first answer", "min");
            let person = person.figure("MET-4", "first answer of a person who was asked for", "min");
            figures.extend([anybody, person].map(|figure| match most {
                Some(most) => figure.of(*heat).aim(Aim::AtMost(*most)),
                None => figure.of(*heat),
            }));
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
    use super::super::history::{Case, Handoff, TagMoved};
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
    fn who_is_high_is_answered_in_half_an_hour_and_in_a_quarter_after_two_inquiries() {
        let mut tally = Service::default();
        let mut answer = sent(1, MessageKind::Reply, false);
        answer.at = hours(1) + Duration::minutes(20);
        let tags = vec![tag(0, "heat/high", true), tag(0, "heat/high-pending", true), tag(0, "heat/cooling-72h", true)];
        tally.add(&History { tags, heard: vec![hours(1)], sent: vec![answer], ..History::default() }, span(0, 100));
        for (tier, aim, cases) in [
            ("extreme", Some(Aim::AtMost(5.0)), 0),
            ("high-pending", Some(Aim::AtMost(15.0)), 1),
            ("high", Some(Aim::AtMost(30.0)), 1),
            ("medium", Some(Aim::AtMost(120.0)), 0),
            ("low", None, 0),
        ] {
            assert_told(&tally, "MET-4 first answer", tier, (cases > 0).then_some(20.0), cases);
            let figures = tally.figures();
            let of_tier = |figure: &&Figure| figure.name == "first answer" && figure.of == tier;
            assert_eq!(figures.iter().find(of_tier).map(|figure| figure.aim), Some(aim), "{tier}");
        }
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

    #[test]
    fn what_nobody_asked_for_and_what_did_not_arrive_is_no_answer() {
        let mut tally = Service::default();
        let after =
            |minutes, kind, by_person| Sent { at: hours(1) + Duration::minutes(minutes), ..sent(1, kind, by_person) };
        let lost = Sent { failed: true, ..after(5, MessageKind::Reply, false) };
        tally.add(
            &History {
                tags: vec![tag(0, "heat/high", true)],
                heard: vec![hours(1)],
                sent: vec![after(2, MessageKind::Promotion, false), lost, after(40, MessageKind::Reply, true)],
                ..History::default()
            },
            span(0, 100),
        );
        assert_told(&tally, "MET-4 first answer", "high", Some(40.0), 1);
    }

    #[test]
    fn the_heat_of_a_conversation_is_that_which_its_first_message_brings() {
        let mut tally = Service::default();
        let after = |seconds: i64| hours(1) + Duration::seconds(seconds);
        let noticed = TagMoved { at: after(1), ..tag(1, "heat/medium", true) };
        let answer = Sent { at: after(60), ..sent(1, MessageKind::Reply, false) };
        let history = History { tags: vec![noticed], heard: vec![hours(1)], sent: vec![answer], ..History::default() };
        tally.add(&history, span(0, 100));
        assert_told(&tally, "MET-4 first answer", "medium", Some(1.0), 1);
    }
}
