//! What was talked about: slots, the last question, what was last said. Part of the fold's state.

use serde::{Deserialize, Serialize};

use crate::domain::{Budget, CartLine, Currency, Intent, OrderState, Product, Timestamp};

/// Answers that are remembered so as not to repeat them.
const MOST_SAID: usize = 10;

/// What we can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Slot {
    Product,
    Budget,
    Need,
}

/// How a customer says which products they mean, beside their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Meant {
    /// They quote a message of ours that showed them.
    Quote,
    /// They write from the product's page, and have seen nothing of it here.
    Page,
}

/// A message of ours that showed products: the fingerprint of our id of it, or of the provider's once a status tells it, since that is what
/// customers quote; then the numbers of the products in the order in which it showed them. Stored as lines, which is shortest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub(super) struct Showed(pub(super) u32, pub(super) Vec<String>);

impl From<String> for Showed {
    fn from(stored: String) -> Self {
        let mut lines = stored.split('\n');
        let id = lines.next().and_then(|id| u32::from_str_radix(id, 16).ok()).unwrap_or_default();
        Self(id, lines.map(str::to_owned).collect())
    }
}

impl From<Showed> for String {
    fn from(Showed(id, products): Showed) -> Self {
        format!("{id:x}\n{}", products.join("\n"))
    }
}

/// What is known of an order of theirs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ordered {
    pub(super) order: String,
    pub(super) state: OrderState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tracking: Option<String>,
    /// The day on which it should arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) eta: Option<String>,
    /// Names and keys of what was ordered, in small letters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) of: Vec<String>,
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
    /// The category that they look in, where they have named no kind of product of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) within: Option<String>,
    /// Something was named since that nothing has read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) unread: bool,
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
    /// Product names and keys of it…
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) order_of: Vec<String>,
    /// …and their other orders that are still to come, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<Ordered>,
    /// Kinds of product that a message since named as those of something that they have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) of_theirs: Vec<String>,
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
    /// The last answer told when the shop is open.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) told_hours: bool,
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
        // What was asked before is no question any more.
        self.asked = None;
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

    /// All orders of theirs that are known, the last one first.
    pub(super) fn orders(&self) -> Vec<Ordered> {
        let last = self.order.clone().map(|(order, state)| {
            let (tracking, eta, of) = (self.tracking.clone(), self.eta.clone(), self.order_of.clone());
            Ordered { order, state, tracking, eta, of }
        });
        last.into_iter().chain(self.earlier.iter().cloned()).collect()
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
        if self.within.take().is_some_and(|category| key.split('/').next() != Some(&category)) {
            self.needs.clear();
        }
        self.products.retain(|other| other != key);
        self.products.push(key.to_owned());
        let excess = self.products.len().saturating_sub(3);
        self.products.drain(..excess);
    }

    /// Of what they wished for nothing is had: whatever they name next is a new wish.
    pub(super) fn forget_wish(&mut self) {
        (self.products, self.needs, self.brands, self.refused, self.within) = Default::default();
        self.ideas = true;
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

/// FNV-1a: the same on every machine and in every version, since it is kept in the state.
pub(super) fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
