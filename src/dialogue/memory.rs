//! What was talked about: slots, the last question, what was last said. Part of the fold's state.

use serde::{Deserialize, Serialize};

use super::is_small_talk;
use super::pointing::{Cue, Pointings};
use super::recall::{Meant, Showed};
use super::short_answers::is_question;
use crate::domain::{
    Budget, CartLine, Currency, Duration, InboundMessage, Intent, Language, OrderEvent, OrderState, Product, Reading,
    Timestamp,
};

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
/// Answers that are remembered so as not to repeat them.
const MOST_SAID: usize = 10;

/// What the key of a request begins with that names a category and no product.
const CATEGORY: &str = "category/";

/// What we can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Slot {
    Product,
    Budget,
    Need,
}

/// What was talked about with one contact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Product keys wanted, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) products: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) budget: Option<Budget>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) needs: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) brands: Vec<String>,
    /// Brands and properties that they do not want, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) refused: Vec<String>,
    /// What we asked for last, and how often in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<(Slot, u8)>,
    /// The customer said that a slot does not matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) open: Vec<Slot>,
    /// What was wanted since our last answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) wants: Vec<Intent>,
    /// Button or row that was tapped since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) choice: Option<String>,
    /// A message that cannot be read came since: its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) media: Option<String>,
    /// Whether anything came since that we understood.
    pub(super) understood: bool,
    /// Whether a product, a brand or a budget was named since: the search begins anew.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) refined: bool,
    /// Something new was wished for since, whatever else was asked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) wished: bool,
    /// Kinds of product, more than one, that one message since named side by side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) kinds: Vec<String>,
    /// Since then they asked about a part of what was shown: its camera, its charger.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) part: bool,
    /// The category that was named since, where no product was: beauty, for skincare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) category: Option<String>,
    /// Properties that were named since.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) named_needs: Vec<String>,
    /// Answers in a row that did not understand.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) lost: u8,
    /// Products shown last, by number.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) shown: Vec<String>,
    /// The list from which the one that is shown was opened, in its order: the others stay in reach.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) listed: Vec<String>,
    /// The cart that they sent since.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) cart: Vec<CartLine>,
    /// They said since which of them they mean, beside their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) meant: Option<Meant>,
    /// What our last messages showed, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) showed: Vec<Showed>,
    /// Fingerprints of what was said in this conversation, the newest last: nothing is said three times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) said: Vec<u32>,
    /// Fingerprint of what the last answer came to, without greeting and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) substance: Option<u32>,
    /// The words heard since the last answer, to find the shop's own product names in them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) words: String,
    /// The opt-out was confirmed: from here on silence.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) stop_confirmed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) said_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) heard_at: Option<Timestamp>,
    /// When the burst under way began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) burst: Option<Timestamp>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) greeted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply_due: Option<Timestamp>,
    /// Provider's id of the message to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to_answer: Option<String>,
    /// The customer is to be told that a person comes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) tell_person: bool,
    /// Their last order and where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order: Option<(String, OrderState)>,
    /// Its tracking number…
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tracking: Option<String>,
    /// …and the day on which it should arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) eta: Option<String>,
    /// They write about something that they bought, and have looked for nothing new since.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) trouble: bool,
    /// They look for a gift, and saw nothing yet of what it could be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) gift: bool,
    /// They were promised ideas for what they can spend.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) ideas: bool,
    /// The last answer offered a person: `true` where it asked whether one is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offered: Option<bool>,
    /// The last answer said no more than that we are here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) closed: bool,
    /// The last answer told of delivery.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) told_delivery: bool,
    /// They were asked once what they do.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) asked_about_them: bool,
}

fn is_zero(count: &u8) -> bool {
    *count == 0
}

impl Memory {
    /// Whether a bare number is what they can spend: they were asked for it, or see a list of what that buys.
    pub(super) fn asked_budget(&self) -> bool {
        let sees_what_it_buys = self.budget.is_some() && self.shown.len() > 1;
        matches!(self.asked, Some((Slot::Budget, _))) || self.ideas && self.budget.is_none() || sees_what_it_buys
    }

    /// The currency in which they named what they can spend.
    pub(super) fn named_currency(&self) -> Option<Currency> {
        self.budget.as_ref().filter(|budget| !budget.currency_inferred)?.currency
    }

    /// The list that they can point into: what is shown, or what it was opened from.
    pub(super) fn list(&self) -> &[String] {
        match self.shown.as_slice() {
            [one] if self.listed.contains(one) => &self.listed,
            shown => shown,
        }
    }

    /// Several products are shown, in their order.
    pub(super) fn show<'p>(&mut self, products: impl IntoIterator<Item = &'p Product>) {
        self.shown = products.into_iter().map(|product| product.sku.clone()).collect();
        self.listed.clear();
    }

    /// One product is shown.
    pub(super) fn open(&mut self, product: &Product) {
        let list = self.list().to_vec();
        self.want(&product.key);
        self.shown = vec![product.sku.clone()];
        self.listed = if list.len() > 1 && list.contains(&product.sku) { list } else { Vec::new() };
    }

    /// What the customer can spend, for the console.
    pub fn budget(&self) -> Option<&Budget> {
        self.budget.as_ref()
    }

    /// What they are looking for now, for the console.
    pub fn product(&self) -> Option<&str> {
        self.products.last().map(String::as_str)
    }

    /// Their last order, for who writes to them about it.
    pub fn order(&self) -> Option<&str> {
        self.order.as_ref().map(|(order, _)| order.as_str())
    }

    /// Takes in how far an order is. An older state of the same order that arrives later moves nothing, but may tell more.
    pub(super) fn hear_order(&mut self, told: &OrderEvent) {
        let known = self.order.as_ref().filter(|(order, _)| *order == told.order).map(|(_, state)| *state);
        if known.is_none() {
            (self.tracking, self.eta) = (None, None);
        }
        self.order = Some((told.order.clone(), known.map_or(told.state, |state| state.max(told.state))));
        let is_newer = known.is_none_or(|state| told.state >= state);
        for (kept, new) in [(&mut self.tracking, &told.tracking), (&mut self.eta, &told.eta)] {
            if new.is_some() && (is_newer || kept.is_none()) {
                kept.clone_from(new);
            }
        }
    }

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

    fn take_in(&mut self, reading: &Reading, pointings: &Pointings, words: &str) {
        let says = |cue: Cue| pointings.says(cue, words, reading.lang.as_ref().map(Language::tag));
        // "Do you have a guarantee?" is a question before buying, unless they tell of something that they have.
        let asks_before = is_of_terms(reading) && !says(Cue::Owned) && (says(Cue::Asks) || words.contains(is_question));
        let is_broken = says(Cue::Broken) && !says(Cue::Looking) && !words.contains(is_question);
        let told = is_trouble(reading) && !asks_before && (says(Cue::Owned) || self.is_of_old(reading)) || is_broken;
        // Who has trouble and names a product says what it is with, unless they look for one.
        let is_over = reading.wants(Intent::Thanks) && !words.contains(char::is_numeric)
            || says(Cue::Settled)
            || says(Cue::Looking) && !reading.product_keys().is_empty();
        self.trouble = (self.trouble || told) && !is_wish(reading) && (is_trouble(reading) || !is_over);
        self.understood |= self.trouble && is_broken;
        let trouble = self.trouble || is_trouble(reading);
        let praises = reading.intents == [Intent::Thanks] && says(Cue::Owned) && !says(Cue::Looking);
        if self.asks_of_a_part(reading, pointings) {
            (self.understood, self.part) = (true, true);
        } else if !(trouble || praises && reading.budget.is_none()) {
            self.take_in_kinds(reading, pointings);
        }
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
        if !reading.brands.is_empty() || reading.budget.is_some() {
            self.meant = None;
        }
        self.take_in_brands(reading, trouble);
        for intent in &reading.intents {
            if !self.wants.contains(intent) {
                self.wants.push(*intent);
            }
            self.understood = true;
        }
        self.leave_open(reading, words);
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
    fn take_in_kinds(&mut self, reading: &Reading, pointings: &Pointings) {
        let mut keys = reading.product_keys();
        let all = keys.clone();
        keys.retain(|key| !all.iter().any(|whole| pointings.is_part(key, whole)));
        // Who names a kind and no brand of it means any.
        if !keys.is_empty() && !self.refined {
            self.brands.clear();
        }
        for key in &keys {
            self.wished |= self.product() != Some(&**key);
            self.want(key);
            (self.understood, self.refined) = (true, true);
        }
        if !keys.is_empty() {
            self.kinds = if keys.len() > 1 { keys.iter().map(ToString::to_string).collect() } else { Vec::new() };
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

    /// Whether trouble is of something that was bought. Who was just shown things may ask what guarantee they would have.
    fn is_of_old(&self, reading: &Reading) -> bool {
        let told = [Intent::OrderStatus, Intent::Complaint].iter().any(|intent| reading.wants(*intent));
        told || self.order.is_some() || self.shown.is_empty() || self.said.is_empty()
    }

    /// Takes up a kind of product. What was said about another kind is not true of this one: needs, brand, open slots.
    pub(super) fn want(&mut self, key: &str) {
        if self.product().is_some_and(|other| other != key) {
            self.needs.clear();
            self.brands.clear();
            self.refused.clear();
            self.open.clear();
            self.shown.clear();
            self.listed.clear();
            self.asked = None;
        }
        self.products.retain(|other| other != key);
        self.products.push(key.to_owned());
        let excess = self.products.len().saturating_sub(3);
        self.products.drain(..excess);
    }

    /// Of what they wished for nothing is had: whatever they name next is a new wish.
    pub(super) fn forget_wish(&mut self) {
        (self.products, self.needs, self.brands, self.refused) = Default::default();
        self.ideas = true;
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

    /// How often that was said in this conversation; remembers that it is said now.
    pub(super) fn say(&mut self, text: &str) -> usize {
        let print = fingerprint(text);
        let times = self.said.iter().filter(|said| **said == print).count();
        self.said.push(print);
        let excess = self.said.len().saturating_sub(MOST_SAID);
        self.said.drain(..excess);
        times
    }

    /// Whether that was not told in this conversation; remembers that it is told now.
    pub(super) fn tells_first(&mut self, what: &str) -> bool {
        !self.said.contains(&fingerprint(what)) && self.say(what) == 0
    }

    /// Whether an answer says the same as the last one, whatever stood around it; remembers it.
    pub(super) fn says_the_same(&mut self, substance: &str) -> bool {
        let print = Some(fingerprint(substance));
        std::mem::replace(&mut self.substance, print) == print
    }
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

/// FNV-1a: the same on every machine and in every version, since it is kept in the state.
pub(super) fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
