//! Carrying out what a rule says: tags, colour, heat, stage, and what it starts.

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::fmt::Display;

use super::change::{Change, Why};
use super::counting::fingerprint;
use super::facts::{Facts, is_like};
use super::kept::HeldTag;
use super::rule::{Life, Rule};
use super::signal::{self, Signal};
use super::written_when::Words;
use super::{Rulebook, STEP, figures, persons, purchases, timers};
use crate::domain::{Consequence, Duration, Evidence, HandoffRequest, Stage, TagKey, TagMove, Timestamp};

/// Who gives a customer the stage that is left when an order is undone.
pub(super) const BY_ORDERS: &str = "orders";

impl Change<'_> {
    /// Carries out a rule that holds.
    pub(super) fn apply(&mut self, rule: &Rule, signal: Option<&Signal>, figure: &dyn Display, events: &[i64]) {
        // Most of what holds is known already: what it rests on is written down only where something comes of it.
        let evidence = LazyCell::new(|| Evidence {
            events: events.to_vec(),
            spans: signal.map(|signal| signal.spans.clone()).unwrap_or_default(),
            ..evidence_of(rule, figure)
        });
        let evidence: Why<'_> = &evidence;
        for pattern in &rule.written.removes {
            if let Some(pattern) = self.filled(pattern, signal) {
                let mut about = signal.into_iter().flat_map(|signal| signal.about(rule)).peekable();
                if about.peek().is_none() {
                    self.remove_like(&pattern, (None, signal), |_, _| true, evidence);
                }
                about.for_each(|about| self.remove_like(&pattern, (Some(about), signal), |_, _| true, evidence));
            }
        }
        for name in &rule.written.unplans {
            let gave = |held: &HeldTag| held.by == *name && held.since <= self.at;
            if self.facts.tags.values().any(gave) {
                self.unplan(name);
            }
        }
        let is_new = match &rule.written.tag {
            Some(tag) => {
                let Some(tag) = self.filled(tag.get_ref(), signal).and_then(|name| self.key(&name)) else { return };
                // Of each order it tells, also where another one gave the tag already.
                let of_each = rule.written.any_order.is_some();
                self.tag(rule, tag.clone(), signal, evidence) || of_each && self.facts.tags.contains_key(&tag)
            }
            None => true,
        };
        if let Some(stage) = rule.stage {
            self.reach(stage, evidence);
        }
        if let Some(heat) = rule.heat {
            self.warm(heat, evidence);
        }
        if let Some(painting) = &rule.painting {
            self.paint(painting, evidence);
        }
        self.start(rule, signal, is_new, evidence);
    }

    /// Sets a rule's tag; whether the contact did not hold it before.
    fn tag(&mut self, rule: &Rule, tag: TagKey, signal: Option<&Signal>, evidence: Why<'_>) -> bool {
        if rule.written.latest {
            // Something counted that is complete now, but that a later signal has ended already.
            let last = signal.and_then(|signal| self.facts.marks.get(signal.name));
            if rule.written.count.is_some() && last.is_some_and(|last| *last > self.at) {
                return false;
            }
            self.given.push(tag.clone());
        }
        let expires = match rule.life {
            Life::Kept => None,
            Life::For(length) => Some(self.at + length + STEP),
            Life::While => self.while_until,
        };
        if expires.is_some_and(|expires| expires <= self.now) {
            return false;
        }
        let all: Vec<String> = signal.into_iter().flat_map(|signal| signal.about(rule)).map(str::to_owned).collect();
        let about = all.first();
        if was_taken_away(self.facts, &tag, self.at) || persons::overruling(self.facts, rule, tag.as_str()).is_some() {
            return false;
        }
        if self.was_passed(&tag)
            || !signal::is_of_orders(rule) && purchases::has_ended(self, &tag, about.map(String::as_str))
        {
            return false;
        }
        for pattern in rule.written.exclusive.iter().flat_map(Words::iter) {
            let of_the_same = |held: &HeldTag| held.is_about(about.map(String::as_str));
            let newer = |(other, held): (&TagKey, &HeldTag)| {
                *other != tag && of_the_same(held) && came_to_hold(self.rulebook, self.facts, held) > self.at
            };
            if self.facts.like(pattern).any(newer) {
                return false;
            }
            let about = about.map(String::as_str);
            self.remove_like(pattern, (about, None), |other, held| *other != tag && of_the_same(held), evidence);
        }
        // An absence that was none did not give what the purchase gives that is told late.
        let was_none =
            |held: &HeldTag| held.since > self.at && self.was_no_absence(held, signal.map(|signal| signal.name));
        if signal::is_of_orders(rule) && self.facts.tags.get(&tag).is_some_and(was_none) {
            self.facts.tags.get_mut(&tag).into_iter().for_each(|held| held.by = rule.name.to_string());
        }
        self.keep_apart(rule, &tag, expires);
        self.set(tag, expires, all, evidence)
    }

    /// Whether a stage that puts an end to a tag was reached after what is being applied happened: who compared before something
    /// was put into the cart does not compare any more, though it is told behind that.
    fn was_passed(&self, tag: &TagKey) -> bool {
        let later = |stage: &Stage| self.facts.stages.get(stage).is_some_and(|at| *at > self.at);
        let ends = |rule: &Rule| rule.written.removes.iter().any(|pattern| is_like(tag, pattern));
        let rules = self.rulebook.rules.iter().filter(|rule| !signal::is_of_orders(rule));
        self.facts.stages.keys().any(later)
            && rules.filter(|rule| rule.stage.is_some_and(|stage| later(&stage))).any(ends)
    }

    fn start(&mut self, rule: &Rule, signal: Option<&Signal>, is_new: bool, evidence: Why<'_>) {
        if let Some(handoff) = rule.written.handoff.as_ref().filter(|_| is_new) {
            self.out.push(Consequence::Handoff(HandoffRequest {
                reason: handoff.reason.clone(),
                promise: rule.promise,
                evidence: Evidence::clone(evidence),
            }));
        }
        if let Some(name) = rule.written.alert.clone().filter(|_| is_new) {
            self.out.push(Consequence::Alert { name, evidence: Evidence::clone(evidence) });
        }
        if is_new || self.is_renewed(rule, signal) {
            self.plan(rule, signal);
        }
    }

    /// Whether a rule sends something each time that it holds, and its tag is held already.
    fn is_renewed(&self, rule: &Rule, signal: Option<&Signal>) -> bool {
        let tag = rule.written.tag.as_ref().filter(|_| sends_each_time(rule));
        let tag = tag.and_then(|tag| self.filled(tag.get_ref(), signal));
        tag.is_some_and(|tag| self.facts.holds(&tag))
    }

    /// The key of a tag's name; of one that is held, without a look at how it is written. `None` if no tag may have it.
    fn key(&self, name: &str) -> Option<TagKey> {
        let held = self.facts.tags.get_key_value(name).map(|(tag, _)| tag.clone());
        held.or_else(|| name.parse().ok())
    }

    /// Sets a tag, or lengthens its life; whether it is new.
    pub(super) fn set(
        &mut self,
        tag: TagKey,
        expires: Option<Timestamp>,
        about: Vec<String>,
        evidence: Why<'_>,
    ) -> bool {
        if let Some(held) = self.facts.tags.get_mut(&tag) {
            // A person's tag stays theirs, and no rule shortens a life.
            if held.by.starts_with("agent:") {
                return false;
            }
            // Of one thing among several that it is about it is not known when that was given.
            if held.about == about {
                held.give(self.at);
            }
            for about in about {
                if !held.about.contains(&about) {
                    held.about.push(about);
                }
            }
            if held.expires.is_some() && (expires.is_none() || expires > held.expires) {
                held.expires = expires;
            }
            return false;
        }
        let held = HeldTag::new(self.at, expires, evidence.by.as_str(), about);
        self.facts.tags.insert(tag.clone(), held);
        self.told(tag, TagMove::Set, expires, evidence);
        true
    }

    /// Removes tags like this that a rule set, and not later than what removes them happened. A tag about several things
    /// goes with the last of them. `about` and `of` are what they are removed for, and the signal that does.
    pub(super) fn remove_like(
        &mut self,
        pattern: &str,
        (about, of): (Option<&str>, Option<&Signal>),
        wanted: impl Fn(&TagKey, &HeldTag) -> bool,
        evidence: Why<'_>,
    ) {
        let name = of.map(|signal| signal.name);
        let goes = |(tag, held): &(&TagKey, &HeldTag)| {
            let is_over = came_to_hold(self.rulebook, self.facts, held) <= self.at
                || self.was_no_absence(held, name)
                || self.was_not_without(held, name)
                || of.is_some_and(|signal| self.rests_on_before(held, signal));
            !held.by.starts_with("agent:") && is_over && wanted(tag, held)
        };
        let gone: Vec<TagKey> = self.facts.like(pattern).filter(goes).map(|(tag, _)| tag.clone()).collect();
        for tag in gone {
            if let Some(held) = self.facts.tags.get_mut(&tag).filter(|held| !held.about.is_empty()) {
                held.about.retain(|other| about.is_some_and(|about| other != about));
                if !held.about.is_empty() {
                    continue;
                }
            }
            self.remove(&tag, evidence);
        }
    }

    /// Whether a tag stands for the absence of a signal that turns out to have come, so short a time ago that nothing else can be
    /// said of it.
    fn was_no_absence(&self, held: &HeldTag, signal: Option<&str>) -> bool {
        let waits = |rule: &&Rule| {
            let absent = rule.written.absent.as_ref();
            absent.is_some_and(|absent| absent.of.iter().any(|of| Some(of) == signal))
        };
        self.rulebook.rule(&held.by).filter(waits).is_some_and(|rule| self.now - self.at <= rule.absent_for)
    }

    /// Whether a tag stands for that a signal was never there, which is not so since an earlier one was told. Of a long silence more
    /// than that can be said.
    fn was_not_without(&self, held: &HeldTag, signal: Option<&str>) -> bool {
        let by = self.rulebook.rule(&held.by).filter(|rule| rule.written.absent.is_none());
        by.is_some_and(|rule| rule.written.holds.never.iter().any(|never| Some(never.as_str()) == signal))
    }

    /// Whether a tag was counted for since a signal, and too little of it came behind one that is told only now.
    fn rests_on_before(&self, held: &HeldTag, signal: &Signal) -> bool {
        let begins_anew = |rule: &&Rule| {
            let since = rule.written.count.as_ref().and_then(|count| count.since.as_deref());
            since == Some(signal.name)
        };
        let rule = self.rulebook.rule(&held.by).filter(begins_anew);
        rule.is_some_and(|rule| !figures::is_enough_since(self.facts, rule, signal))
    }

    pub(super) fn remove(&mut self, tag: &TagKey, evidence: Why<'_>) {
        if let Some(held) = self.facts.tags.remove(tag) {
            self.told(tag.clone(), TagMove::Removed, None, evidence);
            self.unplan(&held.by);
        }
    }

    /// What a rule planned with its tag is not wanted when the tag is taken away: no reminder of a cart that was paid for.
    pub(super) fn unplan(&mut self, rule: &str) {
        let plans = |rule: &&Rule| rule.written.follow_up.is_some() || !rule.steps.is_empty();
        if let Some(rule) = self.rulebook.rule(rule).filter(plans) {
            self.out.push(Consequence::CancelFollowUps { rule: rule.name.clone(), order: None });
        }
    }

    /// Takes back a rule's tag, because what it stood for is not so any more.
    pub(super) fn take_back(&mut self, rule: &Rule, figure: &str) {
        let held = rule.written.tag.as_ref().and_then(|tag| self.facts.tags.get_key_value(tag.get_ref().as_str()));
        if let Some(tag) = held.filter(|(_, held)| held.by == *rule.name).map(|(tag, _)| tag.clone()) {
            self.take_back_one(&tag, rule, figure);
        }
    }

    /// The same, of one of the tags that a rule gives.
    pub(super) fn take_back_one(&mut self, tag: &TagKey, rule: &Rule, figure: &str) {
        self.remove(tag, &&evidence_of(rule, &figure));
    }

    /// Tags that are the latest signal's go when the next one does not give them again.
    pub(super) fn only_latest(&mut self, signal: &Signal) {
        let given = std::mem::take(&mut self.given);
        let rulebook = self.rulebook;
        for index in rulebook.by_signal.get(signal.name).into_iter().flatten() {
            let rule = &rulebook.rules[*index];
            if !rule.written.latest {
                continue;
            }
            let is_over = |(tag, held): &(&TagKey, &HeldTag)| {
                held.by == *rule.name && held.given() <= signal.at && !given.contains(tag)
            };
            let over: Vec<TagKey> = self.facts.tags.iter().filter(is_over).map(|(tag, _)| tag.clone()).collect();
            for tag in over {
                self.take_back_one(&tag, rule, &format!("the latest {} does not give it", signal.name));
            }
        }
    }

    /// A tag that purchases gave holds by those that are left: by another rule, or not as long as was thought. What was planned when
    /// the one that is left out renewed it is not wanted any more; `signal` is the purchase whose message is, where its rule plans one.
    pub(super) fn confirm(&mut self, tag: &TagKey, given: &HeldTag, rule: &Rule, signal: Option<&Signal>) {
        let Some(held) = self.facts.tags.get_mut(tag) else { return };
        let is_shorter = held.expires > given.expires;
        (held.expires, held.by) = (given.expires, given.by.clone());
        held.given = (given.given() - held.since).max(Duration::ZERO);
        if is_shorter && sends_each_time(rule) {
            self.unplan(&rule.name);
            if let Some(signal) = signal.filter(|signal| signal.at + rule.follow_after > self.now) {
                self.at = signal.at;
                self.plan(rule, Some(signal));
                self.at = self.now;
            }
        }
    }

    /// A tag comes back that another one, or an order, stood in the way of. `signal` is the purchase that gave it, where its rule
    /// plans a message that was taken back with the tag.
    pub(super) fn give_back(&mut self, tag: TagKey, held: HeldTag, rule: &Rule, signal: Option<&Signal>) {
        if persons::overruling(self.facts, rule, tag.as_str()).is_some() {
            return;
        }
        let evidence = evidence_of(rule, &"purchases were counted anew");
        if signal.is_some() {
            self.at = held.since;
            self.plan(rule, signal);
            self.at = self.now;
        }
        let expires = held.expires;
        self.facts.tags.insert(tag.clone(), held);
        self.told(tag, TagMove::Set, expires, &&evidence);
    }

    /// A tag comes back that an order ended which was undone: also what it had taken the place of goes again, and what the order
    /// had put in its own.
    pub(super) fn come_back(&mut self, tag: TagKey, held: HeldTag, rule: &Rule, ended: Timestamp) {
        let own = self.rulebook.rule(&held.by);
        if own.is_some_and(|own| persons::overruling(self.facts, own, tag.as_str()).is_some()) {
            return;
        }
        let evidence = evidence_of(rule, &"the order that ended it was cancelled or returned");
        for pattern in
            rule.written.removes.iter().map(String::as_str).chain(rule.written.exclusive.iter().flat_map(Words::iter))
        {
            self.remove_like(pattern, (None, None), |other, of| *other != tag && of.since <= ended, &&evidence);
        }
        let (since, expires) = (held.since, held.expires);
        self.facts.tags.insert(tag.clone(), held);
        self.told(tag, TagMove::Set, expires, &&evidence);
        // What was planned with it, and still to come when the order ended it.
        if ended < since + rule.follow_after {
            self.at = since;
            self.plan(rule, None);
            self.at = self.now;
        }
    }

    /// Stages that only purchases reach are those of the purchases that are left.
    pub(super) fn stages_of_purchases(&mut self, reached: &BTreeMap<Stage, Timestamp>) {
        for stage in [Stage::FirstPurchase, Stage::Loyal] {
            match reached.get(&stage) {
                Some(at) => drop(self.facts.stages.insert(stage, *at)),
                None => drop(self.facts.stages.remove(&stage)),
            }
        }
        let furthest = timers::furthest_stage(self.rulebook, self.facts, self.now);
        if furthest < self.facts.stage {
            let figure = "an order was cancelled or returned".into();
            self.move_stage(furthest, &&Evidence { by: BY_ORDERS.into(), figure, ..Evidence::default() });
        }
    }

    /// Swaps the one tag of a group that mirrors a state: colour, heat, stage.
    pub(super) fn mirror(
        &mut self,
        old: Option<String>,
        new: Option<String>,
        expires: Option<Timestamp>,
        evidence: Why<'_>,
    ) {
        if let Some(old) = old.and_then(|old| old.parse::<TagKey>().ok())
            && self.facts.tags.remove(&old).is_some()
        {
            self.told(old, TagMove::Removed, None, evidence);
        }
        if let Some(new) = new.and_then(|new| new.parse::<TagKey>().ok()) {
            let held = HeldTag::new(self.at, None, evidence.by.as_str(), Vec::new());
            self.facts.tags.insert(new.clone(), held);
            self.told(new, TagMove::Set, expires, evidence);
        }
    }
}

/// Whether a rule sends something each time that it holds, not only when its tag is new.
pub(super) fn sends_each_time(rule: &Rule) -> bool {
    rule.written.follow_up.as_ref().is_some_and(|follow_up| follow_up.each_time)
}

/// When a tag came to hold, or was given again: one that an absence set, when the absence began; the event that ends it may be told
/// late. Where the absence is one after something else, that may have happened again behind the late event: there it stays. One that a
/// stay on the site set, when that had begun: a payment that ended it may be told behind the page that it was made on.
pub(super) fn came_to_hold(rulebook: &Rulebook, facts: &Facts, held: &HeldTag) -> Timestamp {
    let rule = rulebook.rule(&held.by);
    let Some(rule) = rule.filter(|rule| rule.written.absent.is_some()) else {
        return held.given() - rule.map_or(Duration::ZERO, stay);
    };
    let after = rule.written.absent.as_ref().and_then(|absent| absent.after.as_ref());
    let again = after.and_then(|after| after.iter().filter_map(|after| facts.marks.get(after)).max()).copied();
    let began = held.given() - rule.absent_for - STEP;
    again.map_or(began, |again| again.clamp(began, held.given()))
}

/// How long a stay on a page or the site was at least by which a rule holds.
fn stay(rule: &Rule) -> Duration {
    let seconds =
        rule.written.more_than.iter().filter(|(figure, _)| figure.ends_with("seconds")).map(|(_, seconds)| *seconds);
    Duration::seconds(seconds.max().unwrap_or_default())
}

pub(super) fn evidence_of(rule: &Rule, figure: &dyn Display) -> Evidence {
    Evidence {
        by: rule.name.to_string(),
        version: rule.version.clone(),
        catalogue: rule.written.catalogue.clone(),
        figure: figure.to_string(),
        ..Evidence::default()
    }
}

/// Whether a person took a tag away after it was given: what gave it gives it no more, however late it is told or counted anew.
pub(super) fn was_taken_away(facts: &Facts, tag: &TagKey, given: Timestamp) -> bool {
    if facts.taken_away.is_empty() {
        return false;
    }
    let name = fingerprint(tag.as_str().bytes());
    facts.taken_away.iter().any(|(other, taken)| *other == name && *taken > given)
}

/// When a person took a tag away last.
pub(super) fn taken_away(facts: &Facts, tag: &str) -> Option<Timestamp> {
    let name = fingerprint(tag.bytes());
    facts.taken_away.iter().filter(|(other, _)| *other == name).map(|(_, taken)| *taken).max()
}

/// Whether a rule of that name looks at purchases alone.
pub(super) fn is_by_orders(rulebook: &Rulebook, rule: &str) -> bool {
    rulebook.rule(rule).is_some_and(signal::is_of_orders)
}
