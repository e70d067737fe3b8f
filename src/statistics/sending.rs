//! What comes of what we send: replies by time of day and by country, people who want no more, recommendations, review
//! requests, campaigns (MET-1, 6, 7, 12, 17, 19; the hours of REG-33 and SLOT-12).

use std::collections::BTreeMap;

use super::history::{Mean, Order, Sent, Share};
use super::{Aim, Figure, History, Span, Tally};
use crate::domain::{Duration, MessageKind};

/// What is answered later than this is no reply to it.
const REPLIES: Duration = Duration::days(3);
/// A link opened or a thing bought within this is taken up.
const TAKEN_UP: Duration = Duration::days(7);
/// Who wants no more messages within this is taken to have had enough of that one.
const HAD_ENOUGH: Duration = Duration::days(1);
/// So many pushes in a row in the worst hours drive customers away (SEND-2).
const IN_A_ROW: usize = 3;
/// Hours that are looked at together.
const SLOT: u32 = 2;

/// The tally: a line for each slot of two hours, and for each country.
#[derive(Default)]
pub struct Sending {
    by_slot: BTreeMap<u32, Mean>,
    by_country: BTreeMap<String, Country>,
    asleep: Share,
    awake: Share,
    worst: Share,
    worst_in_a_row: Share,
    few: Share,
    many: Share,
    recommended: Share,
    reviews: Share,
    campaigns: BTreeMap<String, Campaign>,
}

#[derive(Default)]
struct Country {
    reply: Mean,
    /// Messages of customers in each slot of the day.
    heard: [i64; 24 / SLOT as usize],
    customers: i64,
}

#[derive(Default)]
struct Campaign {
    answered: Share,
    bought: Share,
}

impl Sending {
    fn replies(&mut self, history: &History, span: Span) {
        let country = self.by_country.entry(history.country.clone()).or_default();
        let mut wrote = false;
        for at in history.heard.iter().filter(|at| span.has(**at)) {
            let (hour, _) = history.local(*at);
            if let Some(slot) = country.heard.get_mut((hour / SLOT) as usize) {
                *slot += 1;
            }
            wrote = true;
        }
        country.customers += i64::from(wrote);
        for sent in history.sent.iter().filter(|sent| span.has(sent.at) && sent.is_effort() && !sent.failed) {
            let Some(reply) = history.next_heard(sent.at, REPLIES) else { continue };
            let hours = (reply - sent.at).0 as f64 / Duration::hours(1).0 as f64;
            country.reply.add(hours);
            if history.zone.is_some() {
                self.by_slot.entry(history.local(sent.at).0 / SLOT).or_default().add(hours * 60.0);
            }
        }
    }

    fn enough(&mut self, history: &History, span: Span) {
        let pushes: Vec<&Sent> =
            history.sent.iter().filter(|sent| sent.is_unasked() && sent.kind != MessageKind::Service).collect();
        let mut in_a_row = 0;
        for (place, push) in pushes.iter().enumerate() {
            let (asleep, worst) = history.left_alone(push.at).unzip();
            in_a_row = if worst == Some(true) { in_a_row + 1 } else { 0 };
            if !span.has(push.at) {
                continue;
            }
            let before = pushes[..place].iter().filter(|other| push.at - other.at <= Duration::days(30)).count();
            let left = history.opted_out.iter().any(|at| *at >= push.at && *at - push.at <= HAD_ENOUGH);
            let gone = push.failed || left;
            if before >= 3 {
                self.many.add(gone)
            } else {
                self.few.add(gone)
            }
            match asleep {
                Some(true) => self.asleep.add(gone),
                Some(false) => self.awake.add(gone),
                None => {}
            }
            if in_a_row > 0 {
                self.worst.add(gone);
            }
            if in_a_row >= IN_A_ROW {
                self.worst_in_a_row.add(gone);
            }
        }
    }

    fn taken_up(&mut self, history: &History, span: Span) {
        for sent in history.sent.iter().filter(|sent| span.has(sent.at) && sent.is_unasked() && !sent.failed) {
            if sent.rule.as_deref().is_some_and(|rule| rule.contains("review")) {
                self.reviews.add(history.next_heard(sent.at, TAKEN_UP).is_some());
            }
            let Some(product) = sent.product.as_deref() else { continue };
            let last = |key: &str| key.rsplit('/').next().unwrap_or(key).replace('_', "-").to_lowercase();
            let same = |other: &Option<String>| other.as_deref().is_none_or(|other| last(other) == last(product));
            let soon = |at: crate::domain::Timestamp| at >= sent.at && at - sent.at <= TAKEN_UP;
            let clicked = history.clicks.iter().any(|click| soon(click.at) && same(&click.product));
            let has_it = |order: &Order| order.items.iter().any(|item| last(item) == last(product));
            let bought = history.bought().any(|(at, order)| soon(at) && has_it(order));
            self.recommended.add(clicked || bought);
        }
        for reached in history.campaigns.iter().filter(|reached| span.has(reached.at)) {
            let campaign = self.campaigns.entry(reached.campaign.clone()).or_default();
            campaign.answered.add(reached.answered.is_some());
            campaign.bought.add(history.bought_within(reached.at, TAKEN_UP));
        }
    }
}

impl Tally for Sending {
    fn add(&mut self, history: &History, span: Span) {
        self.replies(history, span);
        self.enough(history, span);
        self.taken_up(history, span);
    }

    fn figures(&self) -> Vec<Figure> {
        let hours = |slot: u32| format!("{:02}:00-{:02}:00", slot * SLOT, (slot + 1) * SLOT);
        let mut figures =
            vec![self.recommended.figure("MET-1", "recommendations that were taken up").aim(Aim::AtLeast(85.0))];
        for (slot, mean) in &self.by_slot {
            figures.push(mean.figure("MET-6", "time until customers reply", "min").of(hours(*slot)));
        }
        if self.by_slot.is_empty() {
            let none = "nobody replied to a message that a person wrote or nobody asked for";
            figures.push(Figure::unknown("MET-6", "time until customers reply", none));
        }
        for (name, country) in self.by_country.iter().filter(|(name, _)| !name.is_empty()) {
            figures.push(country.reply.figure("MET-7", "time until customers reply", "h").of(name));
            let busiest = (0_u32..).zip(country.heard).max_by_key(|(slot, count)| (*count, std::cmp::Reverse(*slot)));
            if let Some((slot, count)) = busiest.filter(|(_, count)| *count > 0) {
                let all: i64 = country.heard.iter().sum();
                let share = Figure::share("REG-33", "messages in the busiest two hours", count, all);
                figures.push(share.of(name).note(hours(slot)));
                let each = all as f64 / country.customers as f64;
                figures.push(Figure::new("REG-38", "messages of a customer", each, "", country.customers).of(name));
            }
        }
        let reviews = self.reviews.figure("MET-12", "review requests that were answered").aim(Aim::AtLeast(15.0));
        figures.push(reviews.note("no event tells of a review: an answer within 7 days stands for it"));
        for (name, campaign) in &self.campaigns {
            let answered = campaign.answered.figure("MET-17", "reached and answered").of(name);
            figures.push(answered.aim(Aim::AtLeast(18.0)));
            figures.push(campaign.bought.figure("MET-17", "reached and bought").of(name).aim(Aim::Over(8.0)));
        }
        let left = "messages that drove somebody away";
        let estimate = "estimate: WhatsApp tells of no block, so what failed counts with who opted out within a day";
        figures.push(self.asleep.figure("MET-19", left).of("sent at night").note(estimate));
        figures.push(self.awake.figure("MET-19", left).of("sent by day").note(estimate));
        figures.push(self.worst.figure("MET-19", left).of("sent in the worst hours of their country").note(estimate));
        figures.push(
            self.worst_in_a_row.figure("MET-19", left).of("the third in a row there, or a later one").note(estimate),
        );
        figures.push(self.few.figure("MET-19", left).of("first to third in 30 days").note(estimate));
        figures.push(self.many.figure("MET-19", left).of("more than three in 30 days").note(estimate));
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::made::*;
    use super::super::history::{Click, Closed, Reached};
    use super::*;

    #[test]
    fn what_comes_of_what_we_send() {
        let mut tally = Sending::default();
        let push = |at, product: Option<&str>| Sent {
            product: product.map(str::to_owned),
            ..sent(at, MessageKind::Promotion, false)
        };
        tally.add(
            &History {
                country: "hk".into(),
                zone: Some(chrono_tz::Asia::Hong_Kong),
                // 10:00 in Hong Kong, and 02:00 the night after.
                heard: vec![hours(4), hours(19)],
                sent: vec![push(2, Some("electronics/power_bank")), push(18, None), push(200, None), push(201, None)],
                clicks: vec![Click { at: hours(3), product: Some("power-bank".into()) }],
                opted_out: vec![hours(202)],
                campaigns: vec![
                    Reached { campaign: "spring".into(), at: hours(1), answered: Some(hours(2)) },
                    Reached { campaign: "spring".into(), at: hours(1), answered: None },
                ],
                orders: vec![paid(3, 5)],
                ..History::default()
            },
            span(0, 1_000),
        );
        assert_told(&tally, "MET-1 recommendations that were taken up", "", Some(100.0), 1);
        assert_told(&tally, "MET-6 time until customers reply", "10:00-12:00", Some(120.0), 1);
        assert_told(&tally, "MET-6 time until customers reply", "02:00-04:00", Some(60.0), 1);
        assert_told(&tally, "MET-7 time until customers reply", "hk", Some(1.5), 2);
        assert_told(&tally, "MET-17 reached and answered", "spring", Some(50.0), 2);
        assert_told(&tally, "MET-17 reached and bought", "spring", Some(100.0), 2);
        // Of the three sent by day (10:00, 16:00, 17:00) two were followed by an opt-out; of the fourth in a month the same.
        assert_told(&tally, "MET-19 messages that drove somebody away", "sent by day", Some(66.7), 3);
        assert_told(&tally, "MET-19 messages that drove somebody away", "sent at night", Some(0.0), 1);
        assert_told(&tally, "MET-19 messages that drove somebody away", "more than three in 30 days", Some(100.0), 1);
    }

    #[test]
    fn the_worst_hours_are_told_apart_and_what_is_the_third_there_in_a_row() {
        let mut tally = Sending::default();
        let mut closed = Closed::default();
        // 14:00 to 15:00, and awake until midnight.
        closed.worst[14 * 4..15 * 4].fill(true);
        closed.asleep[22 * 4..].fill(false);
        let push = |at| sent(at, MessageKind::Promotion, false);
        let day = 24;
        let history = History {
            zone: Some(chrono_tz::Tz::UTC),
            closed,
            // Two at 14:00, one at 15:00, then three at 14:00: the last one drove them away.
            sent: [14, day + 14, 2 * day + 15, 40 * day + 14, 41 * day + 14, 42 * day + 14, 80 * day + 23]
                .map(push)
                .into(),
            opted_out: vec![hours(42 * day + 20)],
            ..History::default()
        };
        tally.add(&history, span(0, 100 * day));
        let left = "MET-19 messages that drove somebody away";
        assert_told(&tally, left, "sent in the worst hours of their country", Some(20.0), 5);
        assert_told(&tally, left, "the third in a row there, or a later one", Some(100.0), 1);
        assert_told(&tally, left, "sent at night", None, 0);
        assert_told(&tally, left, "sent by day", Some(14.3), 7);
    }

    #[test]
    fn a_recommendation_is_taken_up_by_who_buys_that_and_not_something_else() {
        let mut tally = Sending::default();
        let history = |product: &str, items: &[&str]| History {
            sent: vec![Sent { product: Some(product.into()), ..sent(1, MessageKind::Product, false) }],
            orders: vec![Order { items: items.iter().map(|item| (*item).to_owned()).collect(), ..paid(2, 5) }],
            ..History::default()
        };
        tally.add(&history("fashion/rain_boots", &["fashion", "fashion/rain-boots", "rain-boots"]), span(0, 10));
        tally.add(&history("Nova S7 Pro", &["electronics", "nova s7 pro"]), span(0, 10));
        tally.add(&history("fashion/sandals", &["electronics/phone", "phone"]), span(0, 10));
        assert_told(&tally, "MET-1 recommendations that were taken up", "", Some(66.7), 3);
    }
}
