//! What one contact lived through, as far as statistics look at it. Reports are tallies: each contact's history is shown to
//! them once, and what they keep of it does not grow with the number of contacts.

use std::collections::BTreeMap;

use chrono::{Datelike, Timelike};
use chrono_tz::Tz;

use super::Span;
use crate::domain::{Duration, MessageKind, Timestamp};

/// Silence that ends a conversation (G-5).
const CONVERSATION_GAP: Duration = Duration::hours(6);
/// Messages less than this after the one before are one interaction, which lasts no longer than the second figure (G-5). A click on
/// the same thing within the first of them is the same click.
const BURST_GAP: Duration = Duration::minutes(1);
const BURST_LENGTH: Duration = Duration::minutes(5);

/// One contact. Lists stand in order of time.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Two letters in lower case; empty if unknown.
    pub country: String,
    /// Where they live, as far as it is known.
    pub zone: Option<Tz>,
    /// When they are better left alone.
    pub closed: Closed,
    /// When they were first heard of.
    pub first: Timestamp,
    /// They wrote.
    pub heard: Vec<Timestamp>,
    /// Links that they opened.
    pub clicks: Vec<Click>,
    /// We wrote, or called.
    pub sent: Vec<Sent>,
    /// Tags that came and went.
    pub tags: Vec<TagMoved>,
    /// What people said of their tags, the latest word last.
    pub judged: Vec<Judged>,
    /// Their orders.
    pub orders: Vec<Order>,
    /// Each time that a person was asked for.
    pub handoffs: Vec<Handoff>,
    /// Complaints and other cases, each from its opening.
    pub cases: Vec<Case>,
    /// They wanted no messages any more.
    pub opted_out: Vec<Timestamp>,
    /// Campaigns that reached them, and that they answered.
    pub campaigns: Vec<Reached>,
}

/// Quarters of an hour in a day.
pub const QUARTERS: usize = 96;

/// Hours of a day in which a customer is better left alone, by quarters from midnight.
#[derive(Clone, Debug)]
pub struct Closed {
    /// They sleep.
    pub asleep: [bool; QUARTERS],
    /// The worst of their country (SEND-2).
    pub worst: [bool; QUARTERS],
}

impl Default for Closed {
    /// Asleep from 22:00 to 08:00 (decisions, "Money and engagement"), and no worst hours.
    fn default() -> Self {
        let night = |quarter: usize| !(8 * 4..22 * 4).contains(&quarter);
        Self { asleep: std::array::from_fn(night), worst: [false; QUARTERS] }
    }
}

/// A link that was opened.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Click {
    pub at: Timestamp,
    pub product: Option<String>,
}

/// A message of ours.
#[derive(Clone, Debug)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// What for.
    pub kind: MessageKind,
    /// A person wrote it, and not the bot.
    pub by_person: bool,
    /// What it shows.
    pub product: Option<String>,
    /// The rule that planned it.
    pub rule: Option<String>,
    /// The campaign that it belongs to.
    pub campaign: Option<String>,
    /// It did not arrive.
    pub failed: bool,
}

impl Sent {
    /// A message of which no more is known.
    pub fn new(at: Timestamp, kind: MessageKind, by_person: bool) -> Self {
        Self { at, kind, by_person, product: None, rule: None, campaign: None, failed: false }
    }

    /// Not an answer of the bot: either a person wrote it, or nobody had asked.
    pub fn is_effort(&self) -> bool {
        self.by_person || self.kind != MessageKind::Reply
    }

    /// It arrived, and somebody had asked or a person wrote it.
    pub fn is_answer(&self) -> bool {
        !self.failed && (self.by_person || !self.is_unasked())
    }

    /// Nobody had asked for it.
    pub fn is_unasked(&self) -> bool {
        self.kind != MessageKind::Reply
    }
}

/// A tag that came or went.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TagMoved {
    pub at: Timestamp,
    pub tag: String,
    pub set: bool,
    pub rule: String,
}

/// Somebody said whether a tag is right.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The tag.
    pub tag: String,
    /// Since when it was held: tells one time from another.
    pub since: Timestamp,
    /// What was said.
    pub right: bool,
}

/// An order.
#[derive(Clone, Debug)]
pub struct Order {
    /// When it was placed.
    pub placed: Timestamp,
    /// When it was paid for.
    pub paid: Option<Timestamp>,
    /// How it ended, if it was taken back.
    pub undone: Option<Undone>,
    /// In the shop's currency, in ten-thousandths.
    pub sum: i64,
    /// What was in it: products, and product keys with their parts, in lower case.
    pub items: Vec<String>,
}

/// How an order was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Undone {
    Cancelled,
    Returned,
}

/// A time that a person was asked for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct Handoff {
    pub opened: Timestamp,
    pub due: Option<Timestamp>,
    pub accepted: Option<Timestamp>,
}

/// A case, as far as it is known.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Case {
    pub kind: String,
    pub case: String,
    pub opened: Timestamp,
    pub resolved: Option<Timestamp>,
}

/// A campaign that reached them.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Reached {
    pub campaign: String,
    pub at: Timestamp,
    pub answered: Option<Timestamp>,
}

/// A stretch of time in which one tag of a group was held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch<'a> {
    /// The tag behind its group.
    pub value: &'a str,
    /// What set it.
    pub rule: &'a str,
    /// Since when.
    pub from: Timestamp,
    /// Until when; `None` while it holds.
    pub until: Option<Timestamp>,
}

impl Stretch<'_> {
    /// Whether it held at that moment.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

impl History {
    /// Orders that were paid for and not taken back, each with when.
    pub fn bought(&self) -> impl Iterator<Item = (Timestamp, &Order)> + '_ {
        self.orders.iter().filter(|order| order.undone.is_none()).filter_map(|order| Some((order.paid?, order)))
    }

    /// The same with their sums.
    pub fn purchases(&self) -> impl Iterator<Item = (Timestamp, i64)> + '_ {
        self.bought().map(|(at, order)| (at, order.sum))
    }

    /// Whether something was bought from then on within that time.
    pub fn bought_within(&self, from: Timestamp, within: Duration) -> bool {
        self.purchases().any(|(at, _)| at >= from && at - from <= within)
    }

    /// How often they wrote or opened a link, until that moment and with it (G-5).
    pub fn interactions_until(&self, end: Timestamp) -> usize {
        let (mut count, mut burst) = (0, None);
        for at in self.heard.iter().copied().filter(|at| *at <= end) {
            burst = match burst {
                Some((start, last)) if at - last < BURST_GAP && at - start <= BURST_LENGTH => Some((start, at)),
                _ => {
                    count += 1;
                    Some((at, at))
                }
            };
        }
        let mut opened: BTreeMap<&Option<String>, Timestamp> = BTreeMap::new();
        for click in self.clicks.iter().filter(|click| click.at <= end) {
            if opened.get(&click.product).is_none_or(|last| click.at - *last > BURST_GAP) {
                opened.insert(&click.product, click.at);
                count += 1;
            }
        }
        count
    }

    /// The stretches in which tags of a group were held, such as `color`.
    pub fn stretches(&self, group: &str) -> Vec<Stretch<'_>> {
        let mut stretches: Vec<Stretch<'_>> = Vec::new();
        for moved in &self.tags {
            let Some(value) = moved.tag.strip_prefix(group).and_then(|rest| rest.strip_prefix('/')) else { continue };
            let open = stretches.iter_mut().find(|stretch| stretch.value == value && stretch.until.is_none());
            match (moved.set, open) {
                (false, Some(open)) => open.until = Some(moved.at),
                (true, None) => stretches.push(Stretch { value, rule: &moved.rule, from: moved.at, until: None }),
                _ => {}
            }
        }
        stretches
    }

    /// Which tag of a group was held at that moment.
    pub fn held_at<'a>(stretches: &'a [Stretch<'a>], at: Timestamp) -> Option<&'a str> {
        stretches.iter().rev().find(|stretch| stretch.holds(at)).map(|stretch| stretch.value)
    }

    /// Conversations: from their first message to the last one of theirs or answer of ours.
    pub fn conversations(&self) -> Vec<Conversation> {
        let ours = self.sent.iter().filter(|sent| sent.is_answer()).map(|sent| (sent.at, false));
        let mut moments: Vec<(Timestamp, bool)> = self.heard.iter().map(|at| (*at, true)).chain(ours).collect();
        moments.sort_unstable_by_key(|(at, theirs)| (*at, !theirs));
        let mut conversations: Vec<Conversation> = Vec::new();
        for (at, theirs) in moments {
            match conversations.last_mut() {
                Some(last) if at - last.last <= CONVERSATION_GAP => last.last = at,
                // What a person writes unasked begins none.
                _ if !theirs => {}
                _ => conversations.push(Conversation { first: at, last: at }),
            }
        }
        conversations
    }

    /// Hour of the day and day of the week where they live, from Monday 0.
    pub fn local(&self, at: Timestamp) -> (u32, u32) {
        let local = at.utc().with_timezone(&self.zone.unwrap_or(Tz::UTC));
        (local.hour(), local.weekday().num_days_from_monday())
    }

    /// Whether they sleep at that moment, and whether it lies in the worst hours of their country; `None` where it is not known
    /// what the clocks show there.
    pub fn left_alone(&self, at: Timestamp) -> Option<(bool, bool)> {
        let local = at.utc().with_timezone(&self.zone?);
        let quarter = (local.hour() * 4 + local.minute() / 15) as usize;
        Some((*self.closed.asleep.get(quarter)?, *self.closed.worst.get(quarter)?))
    }

    /// When they next wrote behind that moment, if within that time.
    pub fn next_heard(&self, at: Timestamp, within: Duration) -> Option<Timestamp> {
        let place = self.heard.partition_point(|heard| *heard <= at);
        self.heard.get(place).copied().filter(|heard| *heard - at <= within)
    }
}

/// A conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Their first message.
    pub first: Timestamp,
    /// The last message, theirs or ours.
    pub last: Timestamp,
}

/// A mean that is made as cases come by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mean {
    /// How many.
    pub cases: i64,
    total: f64,
}

impl Mean {
    /// One more case.
    pub fn add(&mut self, figure: f64) {
        self.cases += 1;
        self.total += figure;
    }

    /// The mean; `None` without any case.
    pub fn value(&self) -> Option<f64> {
        (self.cases > 0).then(|| self.total / self.cases as f64)
    }

    /// As a figure of a report.
    pub fn figure(&self, entry: &str, name: &str, unit: &str) -> super::Figure {
        match self.value() {
            Some(value) => super::Figure::new(entry, name, value, unit, self.cases),
            None => super::Figure::unknown(entry, name, "nothing of the kind happened"),
        }
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Share {
    pub part: i64,
    pub whole: i64,
}

impl Share {
    /// One more case.
    pub fn add(&mut self, counts: bool) {
        self.whole += 1;
        self.part += i64::from(counts);
    }

    /// As a figure of a report.
    pub fn figure(&self, entry: &str, name: &str) -> super::Figure {
        super::Figure::share(entry, name, self.part, self.whole)
    }
}

/// What is counted over histories.
pub trait Tally {
    /// Takes one contact's history in.
    fn add(&mut self, history: &History, span: Span);
    /// What came of all of them.
    fn figures(&self) -> Vec<super::Figure>;
}

#[cfg(test)]
pub(super) mod made {
    //! Histories for tests.

    use super::*;

    pub fn hours(hours: i64) -> Timestamp {
        Timestamp(0) + Duration::hours(hours)
    }

    pub fn tag(at: i64, tag: &str, set: bool) -> TagMoved {
        TagMoved { at: hours(at), tag: tag.into(), set, rule: format!("gives-{}", tag.replace('/', "-")) }
    }

    pub fn paid(at: i64, sum: i64) -> Order {
        Order { placed: hours(at), paid: Some(hours(at)), undone: None, sum: sum * 10_000, items: Vec::new() }
    }

    pub fn sent(at: i64, kind: MessageKind, by_person: bool) -> Sent {
        Sent::new(hours(at), kind, by_person)
    }

    pub fn span(from: i64, until: i64) -> Span {
        Span { from: hours(from), until: hours(until) }
    }

    /// What a tally says, in short: entry, of whom, value, cases.
    pub fn told(tally: &impl Tally) -> Vec<(String, String, Option<f64>, i64)> {
        let said = tally.figures().into_iter();
        said.map(|figure| (format!("{} {}", figure.entry, figure.name), figure.of, figure.value, figure.cases))
            .collect()
    }

    #[track_caller]
    pub fn assert_told(tally: &impl Tally, name: &str, of: &str, value: Option<f64>, cases: i64) {
        let said = told(tally);
        let found = said.iter().find(|(told, told_of, ..)| told == name && told_of == of);
        let Some((.., told, rests_on)) = found else { panic!("no {name} of {of} in {said:#?}") };
        assert_eq!((*told, *rests_on), (value, cases), "{name} of {of}");
    }
}

#[cfg(test)]
mod tests {
    use super::made::*;
    use super::*;

    #[test]
    fn a_tag_is_held_from_its_setting_to_its_end() {
        let tags = vec![
            tag(1, "color/yellow", true),
            tag(5, "color/yellow", false),
            tag(5, "color/red", true),
            tag(6, "colored/x", true),
        ];
        let history = History { tags, ..History::default() };
        let stretches = history.stretches("color");
        assert_eq!(stretches.len(), 2);
        let held = |at| History::held_at(&stretches, hours(at));
        assert_eq!((held(0), held(4), held(5), held(900)), (None, Some("yellow"), Some("red"), Some("red")));
    }

    #[test]
    fn a_conversation_ends_with_six_hours_of_silence_and_none_begins_with_us() {
        let history = History {
            heard: vec![hours(1), hours(7), hours(20)],
            sent: vec![sent(0, MessageKind::Promotion, false), sent(21, MessageKind::Reply, true)],
            ..History::default()
        };
        let talks: Vec<_> = history.conversations().iter().map(|talk| (talk.first, talk.last)).collect();
        assert_eq!(talks, [(hours(1), hours(7)), (hours(20), hours(21))]);
        assert_eq!(history.next_heard(hours(1), Duration::hours(6)), Some(hours(7)));
        assert_eq!(history.next_heard(hours(7), Duration::hours(6)), None);
    }

    #[test]
    fn what_nobody_asked_for_makes_no_conversation_longer() {
        let lost = Sent { failed: true, ..sent(5, MessageKind::Reply, true) };
        let history = History {
            heard: vec![hours(1)],
            sent: vec![sent(2, MessageKind::Reply, false), sent(4, MessageKind::Promotion, false), lost],
            ..History::default()
        };
        let talks: Vec<_> = history.conversations().iter().map(|talk| (talk.first, talk.last)).collect();
        assert_eq!(talks, [(hours(1), hours(2))]);
    }

    #[test]
    fn a_burst_is_one_interaction_and_so_are_clicks_within_a_minute() {
        let after = |seconds: i64| hours(1) + Duration::seconds(seconds);
        let click = |seconds, product: &str| Click { at: after(seconds), product: Some(product.into()) };
        let history = History {
            // Each 50 s after the one before, up to 5 minutes; the last two a minute apart.
            heard: [0, 50, 100, 150, 200, 250, 300, 350, 410].map(after).into(),
            clicks: vec![click(0, "a"), click(30, "b"), click(60, "a"), click(121, "a"), click(500, "a")],
            ..History::default()
        };
        assert_eq!(history.interactions_until(after(300)), 1 + 3);
        assert_eq!(
            history.interactions_until(after(499)),
            3 + 3,
            "350 s is no burst of 5 minutes, 410 s a minute later"
        );
        assert_eq!(history.interactions_until(after(500)), 3 + 4);
    }
}
