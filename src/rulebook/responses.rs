//! What we sent unasked, and how the customer takes it: read, answered, or neither.

use super::checks::Checker;
use super::condition::Condition;
use super::counting::fingerprint;
use super::facts::Facts;
use super::figure::Figure;
use super::kept::SentFacts;
use super::rule::Rule;
use super::signal::Signal;
use super::written_when::{Responses, Share};
use super::{Rulebook, STEP, timers};
use crate::domain::{Duration, Event, MessageKind, Timestamp};

/// Messages that are remembered: more than a half year of what the gate lets through to one customer.
const REMEMBERED: usize = 32;

/// Notes a message that went out; when the customer answered it, if word of it comes behind their answer. What answers the customer
/// is not counted: it was asked for.
pub(super) fn note_sent(
    facts: &mut Facts,
    id: &str,
    kind: MessageKind,
    campaign: Option<&str>,
    (at, within): (Timestamp, Duration),
) -> Option<Timestamp> {
    let message = fingerprint(id.bytes());
    let campaign = campaign.map(|campaign| fingerprint(campaign.bytes()));
    if kind == MessageKind::Reply || facts.sent.iter().any(|sent| sent.message == message) {
        return None;
    }
    // A campaign's list of recipients and the message itself tell of the same.
    if let Some(listed) = facts.sent.iter_mut().find(|sent| campaign.is_some() && campaign == Some(sent.message)) {
        (listed.message, listed.kind, listed.at) = (message, kind, at);
        return None;
    }
    // Word of it may come behind the receipt and behind the answer.
    let read = facts.read.contains(&message);
    let answer = facts.marks.get("message").copied().filter(|last| *last >= at && *last - at <= within);
    let sent = SentFacts { message, at, kind, campaign, read, answered: answer.is_some() };
    facts.sent.insert(facts.sent.partition_point(|other| other.at <= at), sent);
    let excess = facts.sent.len().saturating_sub(REMEMBERED);
    facts.sent.drain(..excess);
    answer
}

/// What an answer tells that stood there before the message it answers.
pub(super) fn of_earlier_answer(
    event: &Event,
    kind: MessageKind,
    campaign: Option<&str>,
    answer: Timestamp,
) -> Vec<Signal> {
    let signal = |name| Signal::of_moment(name, answer, event.seq);
    let taken = |campaign: &str| signal("offer_taken").with("offer", offer_of(fingerprint(campaign.bytes())));
    let offer = campaign.filter(|_| kind == MessageKind::Promotion).map(taken);
    let responded = campaign.map(|_| signal("responded"));
    std::iter::once(signal("answered")).chain(responded).chain(offer).collect()
}

/// What a message of ours is about: a product's key, or a category. Remembered as long as the message.
pub(super) fn note_about(facts: &mut Facts, id: &str, category: Option<&str>, product: Option<&str>) {
    let about = match (category, product) {
        (Some(category), Some(product)) if !category.contains('/') => format!("{category}/{product}"),
        (Some(key), _) | (None, Some(key)) => key.to_owned(),
        (None, None) => return,
    };
    let Facts { sent, sent_about, .. } = facts;
    sent_about.insert(fingerprint(id.bytes()), about);
    sent_about.retain(|message, _| sent.iter().any(|sent| sent.message == *message));
}

/// A status tells what the provider calls a message of ours. Remembered as long as the message.
pub(super) fn note_called(facts: &mut Facts, id: &str, wamid: &str) {
    let message = fingerprint(id.bytes());
    let Facts { sent, sent_called, .. } = facts;
    if sent.iter().any(|sent| sent.message == message) {
        sent_called.insert(fingerprint(wamid.bytes()), message);
    }
    sent_called.retain(|_, message| sent.iter().any(|sent| sent.message == *message));
}

/// The message of ours that is quoted, by our own id of it.
fn quoted(facts: &Facts, reply_to: Option<&str>) -> Option<u32> {
    let id = fingerprint(reply_to?.bytes());
    Some(facts.sent_called.get(&id).copied().unwrap_or(id))
}

/// A campaign names the customer as one of its recipients.
pub(super) fn note_recipient(facts: &mut Facts, campaign: &str, times: (Timestamp, Duration)) -> Option<Timestamp> {
    let print = Some(fingerprint(campaign.bytes()));
    let is_new = !facts.sent.iter().any(|sent| sent.campaign == print);
    is_new.then(|| note_sent(facts, campaign, MessageKind::Promotion, Some(campaign), times)).flatten()
}

/// A campaign as an offer that was taken up: the same however it was heard of.
pub(super) fn offer_of(campaign: u32) -> String {
    format!("campaign {campaign:x}")
}

/// A campaign heard from the customer in its own way; the offer that they took up with that.
pub(super) fn note_response(facts: &mut Facts, campaign: &str) -> String {
    let print = fingerprint(campaign.bytes());
    facts.sent.iter_mut().filter(|sent| sent.campaign == Some(print)).for_each(|sent| sent.answered = true);
    offer_of(print)
}

/// A message was read; what kind it was and what it was about, where it was one that nobody asked for.
pub(super) fn note_read<'f>(facts: &'f mut Facts, id: &str) -> Option<(MessageKind, Option<&'f str>)> {
    let message = fingerprint(id.bytes());
    let sent = facts.sent.iter_mut().find(|sent| sent.message == message)?;
    sent.read = true;
    Some((sent.kind, facts.sent_about.get(&message).map(String::as_str)))
}

/// A message did not arrive: nobody can answer it, nor leave it unread.
pub(super) fn note_failed(rulebook: &Rulebook, facts: &mut Facts, id: &str) {
    let message = fingerprint(id.bytes());
    let Some(place) = facts.sent.iter().position(|sent| sent.message == message && !sent.read) else { return };
    let failed = facts.sent.remove(place).at;
    let next = facts.sent.get(place).map(|sent| sent.at);
    timers::wait_for_next(rulebook, facts, "sent", (failed, next));
}

/// The customer wrote: that answers what was sent shortly before, and what the message quotes. How many were answered in time
/// that had no answer yet, and the campaigns among all that were answered whose offer was taken up with that.
pub(super) fn note_answer(
    facts: &mut Facts,
    reply_to: Option<&str>,
    at: Timestamp,
    within: Duration,
) -> (usize, Vec<u32>) {
    let quoted = quoted(facts, reply_to);
    let (mut answered, mut offers) = (0, Vec::new());
    for sent in facts.sent.iter_mut().filter(|sent| !sent.answered) {
        let in_time = sent.at <= at && at - sent.at <= within;
        sent.answered = in_time || Some(sent.message) == quoted;
        answered += usize::from(in_time);
        let is_offer = sent.answered && sent.kind == MessageKind::Promotion;
        offers.extend(sent.campaign.filter(|_| is_offer));
    }
    (answered, offers)
}

/// Whether a message at that moment is the first answer to one of a campaign: in time, or by quoting it.
pub(super) fn answers_campaign(facts: &Facts, reply_to: Option<&str>, at: Timestamp, within: Duration) -> bool {
    let quoted = quoted(facts, reply_to);
    let open = |sent: &&SentFacts| sent.campaign.is_some() && !sent.answered;
    let is_answer = |sent: &SentFacts| Some(sent.message) == quoted || sent.at <= at && at - sent.at <= within;
    facts.sent.iter().filter(open).any(is_answer)
}

/// Checks what a rule says.
pub(super) fn understand(checker: &mut Checker<'_>, place: usize, written: &Responses) -> Duration {
    let shares = [written.answered, written.read];
    let is_empty = |share: &Share| share.bounds().iter().all(Option::is_none);
    if shares.iter().flatten().next().is_none() || shares.iter().flatten().any(is_empty) {
        let advice = "Write answered = { at_least = 80 } or read = { less_than = 50 }, in per cent.";
        checker.error(place, "`responses` needs a share of what was answered or read", advice);
    }
    if shares.iter().flatten().flat_map(Share::bounds).flatten().any(|bound| bound > 100) {
        checker.error(place, "a share is over 100 per cent", "Write a number from 0 to 100.");
    }
    if written.sent == 0 {
        checker.error(place, "`responses` needs sent = 1 or more", "A share of nothing says nothing.");
    }
    checker.duration(&written.within)
}

impl Share {
    fn bounds(&self) -> [Option<usize>; 4] {
        [self.at_least, self.more_than, self.at_most, self.less_than]
    }

    fn has_top(&self) -> bool {
        self.at_most.is_some() || self.less_than.is_some()
    }

    fn holds(&self, part: usize, all: usize) -> bool {
        let (part, of) = (part * 100, |bound: usize| bound * all);
        self.at_least.is_none_or(|least| part >= of(least))
            && self.more_than.is_none_or(|limit| part > of(limit))
            && self.at_most.is_none_or(|most| part <= of(most))
            && self.less_than.is_none_or(|limit| part < of(limit))
    }

    fn text(&self) -> String {
        let names = ["at least", "more than", "at most", "less than"];
        let bounds = names.into_iter().zip(self.bounds());
        let said: Vec<_> = bounds.filter_map(|(name, bound)| bound.map(|bound| format!("{name} {bound} %"))).collect();
        said.join(", ")
    }
}

/// What a rule looks at. A message that may still be answered stands for no answer where it asks for many, and is left out
/// where it asks for few.
fn looked_at<'f>(rulebook: &Rulebook, rule: &Rule, facts: &'f Facts, now: Timestamp) -> Vec<&'f SentFacts> {
    let Some(written) = &rule.written.responses else { return Vec::new() };
    let settled_only = [written.answered, written.read].iter().flatten().any(Share::has_top);
    let counts = |sent: &&SentFacts| {
        (now - rule.responses_for..=now).contains(&sent.at)
            && (!written.of_campaigns || sent.campaign.is_some())
            && (!settled_only || sent.answered || now - sent.at > rulebook.answered_within)
    };
    facts.sent.iter().filter(counts).collect()
}

/// The shares that a rule asks for, each with its name and how many messages are part of it.
fn shares<'a>(asked: &'a Responses, sent: &'a [&SentFacts]) -> impl Iterator<Item = (&'static str, Share, usize)> + 'a {
    let shares = [("answered", asked.answered), ("read", asked.read)];
    shares.into_iter().filter_map(|(name, share)| {
        // Who answers has read, whether or not their phone tells.
        let is_part = |sent: &&&SentFacts| sent.answered || (name == "read" && sent.read);
        Some((name, share?, sent.iter().filter(is_part).count()))
    })
}

/// The shares that a rule asks for, if they hold.
pub(super) fn figure(rulebook: &Rulebook, rule: &Rule, facts: &Facts, now: Timestamp) -> Option<Figure<'static>> {
    let (asked, sent) = (rule.written.responses.as_ref()?, looked_at(rulebook, rule, facts, now));
    if sent.len() < asked.sent || !shares(asked, &sent).all(|(_, share, part)| share.holds(part, sent.len())) {
        return None;
    }
    let told = |(name, share, part): (&str, Share, usize)| {
        format!("{name} {part} of {} in {} (needs {})", sent.len(), rule.responses_for, share.text())
    };
    let text: Vec<_> = shares(asked, &sent).map(told).collect();
    Some(Figure { text: text.join("; ").into(), newest: now, ..Figure::default() })
}

/// The same one by one, for people who ask why.
pub(super) fn conditions(rulebook: &Rulebook, rule: &Rule, facts: &Facts, now: Timestamp) -> Vec<Condition> {
    let Some(asked) = &rule.written.responses else { return Vec::new() };
    let sent = looked_at(rulebook, rule, facts, now);
    let what = if asked.of_campaigns { "messages of campaigns" } else { "messages sent unasked" };
    let text = format!("{} of {} {what} within {}", sent.len(), asked.sent, rule.responses_for);
    let (have, needs) = (Some(sent.len().into()), Some(asked.sent.into()));
    let mut all = vec![Condition { have, needs, ..Condition::is(sent.len() >= asked.sent, text) }];
    all.extend(shares(asked, &sent).map(|(name, share, part)| {
        let text = format!("{} of them {name}: {part} are", share.text());
        Condition::is(!sent.is_empty() && share.holds(part, sent.len()), text)
    }));
    all
}

/// When a message can be answered in time no more, or leaves the time that a rule looks at.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts, after: Timestamp) -> Option<Timestamp> {
    let waits = facts.sent.iter().filter(|sent| !sent.answered).map(|sent| sent.at + rulebook.answered_within);
    let rules = rulebook.looked_at.iter().map(|index| &rulebook.rules[*index]);
    let windows = rules.filter(|rule| rule.written.responses.is_some()).map(|rule| rule.responses_for);
    let leaves = windows.flat_map(|window| facts.sent.iter().map(move |sent| sent.at + window));
    waits.chain(leaves).map(|end| end + STEP).filter(|due| *due > after).min()
}
