//! What a message or an order leaves in the memory of a talk: when to answer, what is looked for, whether it is of
//! something bought; and what was heard since the last answer.

use super::is_small_talk;
use super::memory::{Meant, Memory, Slot};
use super::pointing::{Cue, Pointings};
use super::words::is_question;
use crate::domain::{Duration, InboundMessage, Intent, Language, Mention, OrderEvent, OrderState, Reading, Timestamp};

/// The first message is answered after this: what is sent at the same moment belongs to it.
pub(super) const SETTLE: Duration = Duration::millis(10);
/// Somebody who writes on right after our answer is writing a burst: it is answered when they pause.
const BURST_SETTLE: Duration = Duration::seconds(2);
/// A message so soon after the one before goes on with it.
const BURST_GAP: Duration = Duration::seconds(4);
/// A burst is answered at the latest after this.
const BURST_CAP: Duration = Duration::seconds(10);
/// After this silence a new conversation begins, and is greeted again (G-5).
const CONVERSATION: Duration = Duration::hours(6);

/// Characters of a burst that are kept until it is answered.
const MOST_WORDS: usize = 300;

/// Orders that are remembered beside the last one, and names of what each is of.
const MOST_ORDERS: usize = 2;
const MOST_NAMES: usize = 6;

/// What the key of a request begins with that names a category and no product.
const CATEGORY: &str = "category/";

impl Memory {
    /// Takes in a message: what it wants, what it says of what is looked for, and when to answer.
    pub(super) fn hear(
        &mut self,
        message: &InboundMessage,
        reading: Option<&Reading>,
        pointings: &Pointings,
        now: Timestamp,
    ) {
        if self.heard_at.is_some_and(|heard| now - heard > CONVERSATION) {
            self.greeted = false;
            self.lost = 0;
            self.asked = None;
            self.open.clear();
            self.said.clear();
            self.needs.clear();
            self.refused.clear();
            self.within = None;
            self.trouble = false;
            self.closed = false;
            (self.gift, self.ideas) = (false, false);
        }
        self.settle(message.choice.is_some(), now);
        self.heard_at = Some(now);
        self.to_answer.clone_from(&message.wamid);
        if let Some(choice) = &message.choice {
            self.choice = Some(choice.clone());
            self.understood = true;
        }
        if !message.items.is_empty() {
            self.cart.clone_from(&message.items);
            self.understood = true;
        } else if let Some(media) = &message.media {
            self.media = Some(media.clone());
        }
        let words = message.words().to_lowercase().replace('’', "'");
        self.remember_words(&words);
        if let Some(reading) = reading {
            self.take_in(reading, pointings, &words);
        }
    }

    /// When to answer: at once, or at the end of a burst that follows an answer of ours.
    fn settle(&mut self, tapped: bool, now: Timestamp) {
        let quick = self.heard_at.is_some_and(|heard| now - heard < BURST_GAP);
        let answered_between = self.said_at.is_some_and(|said| self.heard_at.is_some_and(|heard| said >= heard));
        let goes_on = quick && !tapped && (answered_between || self.burst.is_some());
        if !goes_on {
            self.burst = None;
            self.reply_due = Some(now + SETTLE);
            return;
        }
        let began = *self.burst.get_or_insert(now);
        self.reply_due = Some((now + BURST_SETTLE).min(began + BURST_CAP).max(now + SETTLE));
    }

    /// Takes in what a message was read as.
    fn take_in(&mut self, reading: &Reading, pointings: &Pointings, words: &str) {
        let says = |cue: Cue| pointings.says(cue, words, reading.lang.as_ref().map(Language::tag));
        let says_on = pointings.begins(Cue::And, words.trim_start(), reading.lang.as_ref().map(Language::tag));
        // "Do you have a guarantee?" is a question before buying, unless they tell of something that they have.
        let asks_before = is_of_terms(reading) && !says(Cue::Owned) && (says(Cue::Asks) || words.contains(is_question));
        let is_if = says(Cue::WhatIf);
        let is_broken = says(Cue::Broken) && !says(Cue::Looking) && !is_if && !words.contains(is_question);
        let told =
            is_trouble(reading) && !asks_before && !is_if && (says(Cue::Owned) || self.is_of_old(reading)) || is_broken;
        // Who has trouble and names a product says what it is with, unless they look for one.
        let is_over = reading.wants(Intent::Thanks) && !words.contains(char::is_numeric)
            || says(Cue::Settled)
            || says(Cue::Looking) && !reading.product_keys().is_empty();
        // "It does not charge" speaks of no price.
        let is_wish = is_wish(reading) && !(is_broken && is_only_priced(reading));
        self.trouble = (self.trouble || told) && !is_wish && (is_trouble(reading) || !is_over);
        self.understood |= self.trouble && is_broken;
        // Who says what may be spent wants to buy, and asks beforehand.
        let trouble = self.trouble || is_trouble(reading) && !(asks_before && reading.budget.is_some());
        let praises = reading.intents == [Intent::Thanks] && says(Cue::Owned) && !says(Cue::Looking);
        self.of_theirs = reading.product_keys().iter().map(ToString::to_string).collect();
        if self.asks_of_a_part(reading, pointings) || self.asks_of_an_extra(reading, (words, pointings)) {
            (self.understood, self.part) = (true, true);
        } else if !(trouble || praises && reading.budget.is_none()) {
            self.take_in_kinds((reading, words), pointings, says_on);
        }
        self.unread |= self.names_unread(reading, words, pointings);
        if let Some(budget) = &reading.budget {
            self.budget = Some(budget.clone());
            (self.understood, self.refined, self.wished) = (true, true, true);
            // Who answers with their budget is asked for the product as often again.
            self.asked = self.asked.filter(|(slot, _)| *slot != Slot::Product);
        }
        if says(Cue::Unlimited) && reading.budget.is_none() {
            self.budget = None;
            self.open.retain(|slot| *slot != Slot::Budget);
            self.open.push(Slot::Budget);
            (self.understood, self.wished) = (true, true);
        }
        let mut categories = reading.requests.iter().filter(|mention| !mention.negated);
        if let Some(category) = categories.find_map(|mention| mention.key.strip_prefix(CATEGORY)) {
            self.category = Some(category.to_owned());
            self.understood = true;
        }
        let language = reading.lang.as_ref().map(Language::tag);
        let denies = |need: &str| pointings.says_beside(Cue::Without, words, need, true, language);
        self.take_in_needs((reading, words), says(Cue::Wrapping), denies);
        self.look_within(pointings);
        if !reading.brands.is_empty() || reading.budget.is_some() {
            self.meant = None;
        }
        if !self.part {
            self.take_in_brands(reading, trouble);
        }
        for intent in &reading.intents {
            if !self.wants.contains(intent) {
                self.wants.push(*intent);
            }
            self.understood = true;
        }
        self.leave_open(reading, words);
    }

    /// Where no kind of product is looked for, the category that they name, or that what they need belongs to, is looked in.
    fn look_within(&mut self, pointings: &Pointings) {
        if self.product().is_some() || self.trouble {
            return;
        }
        let of_needs = self.named_needs.iter().find_map(|need| pointings.category_of(need)).map(str::to_owned);
        if let Some(category) = self.category.clone().or(of_needs) {
            self.within = Some(category);
        }
    }

    /// "any", "no idea" and the like in answer to a question: that slot stays open, nothing is asked twice for it.
    fn leave_open(&mut self, reading: &Reading, words: &str) {
        if let Some((slot, _)) = self.asked
            && slot != Slot::Product
            && !words.contains(char::is_numeric)
            && reading.intents.iter().all(|intent| is_small_talk(*intent))
            && !self.open.contains(&slot)
            && reading.budget.is_none()
            && reading.products.is_empty()
            && reading.attributes.is_empty()
        {
            self.open.push(slot);
            self.understood = true;
        }
    }

    /// Takes up the kinds of product that a message names. A phone with a good camera is one wish.
    /// "A tent", and within the same burst "and a backpack": both are wanted.
    fn take_in_kinds(&mut self, (reading, words): (&Reading, &str), pointings: &Pointings, says_on: bool) {
        let mut keys = reading.product_keys();
        let all = keys.clone();
        let is_choice = reading.products.windows(2).any(|pair| chooses_between(pair, words, reading, pointings));
        let is_for = reading.products.windows(2).any(|pair| is_for_the_other(pair, words, reading, pointings));
        keys.retain(|key| {
            let is_part = all.iter().any(|whole| pointings.is_part(key, whole));
            // "A mattress for a bed" wants no bed.
            is_choice || if is_for { is_part } else { !is_part }
        });
        // Who names a kind and no brand of it means any.
        if !keys.is_empty() && !self.refined {
            self.brands.clear();
        }
        let mut kinds = match (says_on && self.refined, self.product()) {
            (true, Some(before)) if self.kinds.is_empty() => vec![before.to_owned()],
            (true, _) => std::mem::take(&mut self.kinds),
            (false, _) => Vec::new(),
        };
        for key in &keys {
            self.wished |= self.product() != Some(&**key);
            self.want(key);
            (self.understood, self.refined) = (true, true);
        }
        if !keys.is_empty() {
            kinds.retain(|kind| !keys.iter().any(|key| **key == **kind));
            kinds.extend(keys.iter().map(ToString::to_string));
            self.kinds = if kinds.len() > 1 { kinds } else { Vec::new() };
        }
    }

    /// "Which one has the better camera?" of phones that were shown asks about a part of them, and is no wish for a camera.
    fn asks_of_a_part(&self, reading: &Reading, pointings: &Pointings) -> bool {
        let asks = reading.wants(Intent::Compare) || reading.wants(Intent::ProductInquiry);
        match (self.product(), reading.product_keys().as_slice()) {
            (Some(whole), [part]) if asks && reading.brands.is_empty() && !self.shown.is_empty() => {
                pointings.is_part(part, whole)
            }
            _ => false,
        }
    }

    /// "Does the pen come with it?" of what was shown is no wish for a pen, and a phone case is no phone.
    fn asks_of_an_extra(&self, reading: &Reading, (words, pointings): (&str, &Pointings)) -> bool {
        let language = reading.lang.as_ref().map(Language::tag);
        let keys = reading.product_keys();
        let [key] = keys.as_slice() else { return false };
        let is_other = self.product() != Some(&**key);
        if is_other && !self.shown.is_empty() && pointings.says(Cue::Compatible, words, language) {
            return true;
        }
        let is_shown = !self.shown.is_empty() && reading.brands.is_empty();
        let is_asked =
            || pointings.says(Cue::Included, words, language) && !pointings.says(Cue::Looking, words, language);
        let is_part = self.product().is_some_and(|whole| pointings.is_part(key, whole));
        if (is_shown || is_part) && is_other && is_asked() {
            return true;
        }
        let letters = |thing: &Mention| {
            let letters = words.chars().skip(thing.span.start as usize);
            letters.take((thing.span.end - thing.span.start) as usize).collect::<String>()
        };
        let mut things = reading.products.iter().chain(&reading.brands).map(letters);
        let goes_with = |thing: &str, before| pointings.says_beside(Cue::Accessory, words, thing, before, language);
        // In English what stands in front is another thing: "can I stand in the tent?"
        let names_before = language.is_some_and(|language| language != "en");
        things.any(|thing| names_before && goes_with(&thing, true) || goes_with(&thing, false))
    }

    /// Whether trouble is of something that was bought. Who was just shown things may ask what guarantee they would have.
    fn is_of_old(&self, reading: &Reading) -> bool {
        let told = [Intent::OrderStatus, Intent::Complaint].iter().any(|intent| reading.wants(*intent));
        told || self.order.is_some() || self.shown.is_empty() || self.said.is_empty()
    }

    /// Keeps words in small letters.
    fn remember_words(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        let room = MOST_WORDS.saturating_sub(self.words.chars().count());
        self.words.push(' ');
        self.words.extend(words.chars().take(room));
    }

    /// Takes in how far an order is. An older state of the same order that arrives later moves nothing, but may tell more. The others that
    /// are still to come are kept beside it.
    pub(super) fn hear_order(&mut self, told: &OrderEvent) {
        let mut others = self.orders();
        let known = others.iter().position(|other| other.order == told.order).map(|place| others.remove(place));
        let state = known.as_ref().map(|known| known.state);
        let (mut tracking, mut eta, mut of) =
            known.map(|known| (known.tracking, known.eta, known.of)).unwrap_or_default();
        let is_newer = state.is_none_or(|state| told.state >= state);
        for (kept, new) in [(&mut tracking, &told.tracking), (&mut eta, &told.eta)] {
            if new.is_some() && (is_newer || kept.is_none()) {
                kept.clone_from(new);
            }
        }
        if !told.lines.is_empty() {
            let names = told.lines.iter().flat_map(|line| [&line.product, &line.category]);
            of = names.take(MOST_NAMES).map(|name| name.to_lowercase()).collect();
        }
        let state = state.map_or(told.state, |state| state.max(told.state));
        if state >= OrderState::Delivered {
            of.clear();
        }
        others.retain(|other| other.state < OrderState::Delivered);
        others.truncate(MOST_ORDERS);
        self.order = Some((told.order.clone(), state));
        (self.tracking, self.eta, self.order_of, self.earlier) = (tracking, eta, of, others);
    }
}

/// What was heard since the last answer.
pub(super) struct Heard {
    pub(super) wants: Vec<Intent>,
    pub(super) choice: Option<String>,
    pub(super) media: Option<String>,
    pub(super) words: String,
    pub(super) category: Option<String>,
    pub(super) understood: bool,
    /// A product, a brand or a budget was named.
    pub(super) refined: bool,
    pub(super) named_needs: Vec<String>,
    /// Something new was wished for.
    pub(super) wished: bool,
    /// Kinds of product that one message named side by side.
    pub(super) kinds: Vec<String>,
    /// They asked about a part of what was shown.
    pub(super) part: bool,
    /// Kinds of product that were named, of whatever they may be.
    pub(super) of_theirs: Vec<String>,
    /// They named something that nothing has read.
    pub(super) unread: bool,
    /// They said beside their words which product they mean: it is what is shown.
    pub(super) meant: Option<Meant>,
}

impl Heard {
    pub(super) fn take(memory: &mut Memory) -> Self {
        Self {
            wants: std::mem::take(&mut memory.wants),
            choice: memory.choice.take(),
            media: memory.media.take(),
            words: std::mem::take(&mut memory.words),
            category: memory.category.take(),
            understood: std::mem::take(&mut memory.understood),
            refined: std::mem::take(&mut memory.refined),
            named_needs: std::mem::take(&mut memory.named_needs),
            wished: std::mem::take(&mut memory.wished),
            kinds: std::mem::take(&mut memory.kinds),
            part: std::mem::take(&mut memory.part),
            of_theirs: std::mem::take(&mut memory.of_theirs),
            unread: std::mem::take(&mut memory.unread),
            meant: memory.meant.take(),
        }
    }

    /// Whether they asked for something, named what they look for, or chose.
    pub(super) fn asks(&self) -> bool {
        self.refined || !self.wants.is_empty() || self.choice.is_some()
    }

    /// Whether no wish stands beside what they want.
    pub(super) fn says_nothing_beside(&self) -> bool {
        !self.refined && self.named_needs.is_empty() && self.category.is_none() && self.choice.is_none()
    }
}

/// Whether nothing but one or the other is said between two things: "the sofa or the bed?"
fn chooses_between(pair: &[Mention], words: &str, reading: &Reading, pointings: &Pointings) -> bool {
    let [one, other] = pair else { return false };
    let between = between(one, other, words);
    let language = reading.lang.as_ref().map(Language::tag);
    let says = |cue| pointings.phrases(cue, language).any(|phrase| phrase == between.trim());
    says(Cue::Or) || says(Cue::OrBetween)
}

/// Whether a part is named as one for the whole that follows: "a mattress for a bed".
fn is_for_the_other(pair: &[Mention], words: &str, reading: &Reading, pointings: &Pointings) -> bool {
    let [part, whole] = pair else { return false };
    let language = reading.lang.as_ref().map(Language::tag);
    let says = |between: &str| pointings.begins(Cue::Purpose, between, language);
    pointings.is_part(&part.key, &whole.key) && says(between(part, whole, words).trim_start())
}

/// What stands between two things.
fn between(one: &Mention, other: &Mention, words: &str) -> String {
    let length = other.span.start.saturating_sub(one.span.end) as usize;
    words.chars().skip(one.span.end as usize).take(length).collect()
}

/// Whether a message is about something that was bought, and no wish.
fn is_trouble(reading: &Reading) -> bool {
    let troubles = [Intent::ReturnRefund, Intent::Warranty, Intent::OrderStatus, Intent::Complaint];
    let asks = [Intent::Buy, Intent::Price, Intent::Availability, Intent::ProductInquiry, Intent::Compare];
    let wants = |intents: &[Intent]| intents.iter().any(|intent| reading.wants(*intent));
    wants(&troubles) && !wants(&asks)
}

/// Whether a message speaks of sending back or of the guarantee, and of nothing else that may be wrong.
fn is_of_terms(reading: &Reading) -> bool {
    is_trouble(reading) && !reading.wants(Intent::OrderStatus) && !reading.wants(Intent::Complaint)
}

/// Whether a message looks for something. Who has trouble and names a product says what it is with.
fn is_wish(reading: &Reading) -> bool {
    let asks = [Intent::Buy, Intent::Price, Intent::Availability, Intent::Compare];
    !is_trouble(reading) && (reading.budget.is_some() || asks.iter().any(|intent| reading.wants(*intent)))
}

/// Whether of all that may be wished for a message speaks of the price alone, and of what went wrong beside it.
fn is_only_priced(reading: &Reading) -> bool {
    let asks = [Intent::Buy, Intent::Availability, Intent::Compare, Intent::ProductInquiry];
    let of_terms = reading.wants(Intent::Warranty) || reading.wants(Intent::ReturnRefund);
    of_terms && reading.budget.is_none() && !asks.iter().any(|intent| reading.wants(*intent))
}
