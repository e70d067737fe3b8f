//! What our last messages showed: who quotes one of them means what stood in it, whatever was shown since. Who writes from a product's
//! page means that product.

use super::answer::is_own_choice;
use super::memory::{Meant, Memory, Showed, fingerprint};
use super::pointing::Cue;
use super::{Dialogue, choice};
use crate::domain::{
    ContactId, Event, EventBody, InboundMessage, Language, MessageKind, MessageNumber, Outgoing, Product, Reading,
    Sender, SentEvent, Shop, StatusEvent,
};

/// Messages of ours that are remembered with what they showed…
const REMEMBERED: usize = 3;
/// …as long as all of them together showed no more products than this; the last one always is. A state stays small.
const MOST_PRODUCTS: usize = 8;

impl Dialogue {
    /// The products that a message points at beside its words. A tap on one of our own buttons says by itself what it means.
    pub fn meant_by<'a>(&self, memory: &Memory, message: &InboundMessage, shop: &'a Shop) -> Vec<&'a Product> {
        if message.choice.as_deref().is_some_and(is_own_choice) {
            return Vec::new();
        }
        if let Some(product) = &message.product {
            return choice::called(product, shop).into_iter().collect();
        }
        if let Some(id) = message.reply_to.as_deref() {
            return memory.showed_in(id).iter().filter_map(|sku| choice::by_sku(shop, sku)).collect();
        }
        // Who comes from an ad means what it shows, unless they name something themselves.
        let of_ad = message.headline().map(|headline| self.called_in(headline, shop)).unwrap_or_default();
        let words = message.words();
        match of_ad.is_empty() || self.called_in(words, shop).is_empty() {
            true => of_ad,
            false => Vec::new(),
        }
    }

    /// Products that words name as the shop calls them; parts of names count where they are talked of. Who says what something is not
    /// names none.
    pub fn named_in<'a>(&self, memory: &Memory, words: &str, reading: &Reading, shop: &'a Shop) -> Vec<&'a Product> {
        let words = words.to_lowercase();
        let named = self.names.in_words(&words, shop, |product| memory.talks_of(product));
        let language = reading.lang.as_ref().map(Language::tag);
        match named.is_empty() || !self.pointings.says(Cue::Without, &words, language) {
            true => named,
            false => Vec::new(),
        }
    }

    /// Products whose whole name stands in words.
    fn called_in<'a>(&self, words: &str, shop: &'a Shop) -> Vec<&'a Product> {
        self.names.in_words(&words.to_lowercase(), shop, |_| false)
    }

    /// Takes in what an event says of products beside words, before it is heard: which ones a message points at, which ones somebody else
    /// showed in our name, and what a message of ours is called by who quotes it.
    pub fn look(&self, memory: &mut Memory, event: &Event, shop: &Shop) {
        match &event.body {
            EventBody::Message(message) if !message.silent => {
                let meant = self.meant_by(memory, message, shop);
                memory.point_at(&meant, message);
            }
            EventBody::Status(status) => memory.hear_status(status),
            EventBody::Sent(sent) => self.note_sent_elsewhere(memory, sent, shop),
            _ => {}
        }
    }

    /// Remembers what a message of ours shows.
    pub fn note_sent(&self, memory: &mut Memory, contact: ContactId, message: &Outgoing, shop: &Shop) {
        let products = match (&message.sender, message.kind) {
            (Sender::Bot, MessageKind::Reply) => memory.shown.clone(),
            (Sender::Bot, _) => self.products_of(message.product.as_deref(), "", shop),
            (Sender::Agent(_), _) => self.products_of(None, &message.content.text(), shop),
        };
        let id = MessageNumber { contact, number: message.number };
        memory.note_shown(&id.to_string(), products);
    }

    /// The same of what somebody else sent in our name.
    fn note_sent_elsewhere(&self, memory: &mut Memory, sent: &SentEvent, shop: &Shop) {
        let words = sent.text.as_deref().unwrap_or_default();
        memory.note_shown(&sent.message, self.products_of(sent.product.as_deref(), words, shop));
    }

    /// The product that a message is about, else those that its words name.
    fn products_of(&self, product: Option<&str>, words: &str, shop: &Shop) -> Vec<String> {
        let products = match product {
            Some(product) => choice::called(product, shop).into_iter().collect(),
            None => self.called_in(words, shop),
        };
        products.iter().map(|product| product.sku.clone()).collect()
    }
}

impl Memory {
    /// Whether a product may be what is talked of, so that a part of its name is enough to mean it: "the S7 Pro" is ours while phones or
    /// nothing yet are talked of, and no other brand, or when it was shown.
    pub(super) fn talks_of(&self, product: &Product) -> bool {
        let of_brand = |brand: &String| product.brand.as_ref() == Some(brand);
        let of_kind = self.product().is_none_or(|kind| kind == product.key);
        of_kind && (self.brands.is_empty() || self.brands.iter().any(of_brand)) || self.shown.contains(&product.sku)
    }

    fn note_shown(&mut self, id: &str, products: Vec<String>) {
        if products.is_empty() {
            return;
        }
        let id = fingerprint(id);
        self.showed.retain(|other| other.0 != id);
        self.showed.push(Showed(id, products));
        let mut products = 0;
        let fits = self.showed.iter().rev().take(REMEMBERED).take_while(|showed| {
            products += showed.1.len();
            products == showed.1.len() || products <= MOST_PRODUCTS
        });
        let excess = self.showed.len() - fits.count();
        // What they saw by itself before all that stays in reach: "and both together?"
        let kept = self.showed.get(excess..).unwrap_or_default();
        let is_other = |showed: &&Showed| {
            showed.1.len() == 1 && kept.iter().all(|other| other.1.len() == 1 && other.1 != showed.1)
        };
        let before = self.showed.get(..excess).unwrap_or_default().iter().rev().find(is_other).cloned();
        self.showed.drain(..excess);
        if let Some(before) = before {
            self.showed.insert(0, before);
        }
    }

    /// A status tells what the provider calls a message of ours.
    fn hear_status(&mut self, status: &StatusEvent) {
        let Some(wamid) = &status.wamid else { return };
        let id = fingerprint(&status.message);
        if let Some(showed) = self.showed.iter_mut().find(|showed| showed.0 == id) {
            showed.0 = fingerprint(wamid);
        }
    }

    /// What a message of ours showed, by the provider's id or our own.
    fn showed_in(&self, id: &str) -> &[String] {
        let id = fingerprint(id);
        self.showed.iter().rev().find(|showed| showed.0 == id).map(|showed| &*showed.1).unwrap_or_default()
    }

    /// What our last messages showed by itself, the newest first.
    pub(super) fn seen_alone(&self) -> impl Iterator<Item = &String> {
        self.showed.iter().rev().filter_map(|showed| match showed.1.as_slice() {
            [one] => Some(one),
            _ => None,
        })
    }

    /// Whether they saw a product of late.
    pub(super) fn has_seen(&self, sku: &String) -> bool {
        self.list().contains(sku) || self.showed.iter().any(|showed| showed.1.contains(sku))
    }

    /// The customer points at these: they are what is talked of now.
    fn point_at(&mut self, products: &[&Product], message: &InboundMessage) {
        let [first, others @ ..] = products else { return };
        if others.iter().all(|other| other.key == first.key) {
            self.want(&first.key);
        }
        let seen = self.shown.contains(&first.sku);
        // What stands over an ad is its page: who writes from it has seen no more of it here.
        let from_page = message.product.is_some() || message.reply_to.is_none();
        self.shown = products.iter().map(|product| product.sku.clone()).collect();
        self.meant = Some(if from_page && !seen { Meant::Page } else { Meant::Quote });
    }
}
