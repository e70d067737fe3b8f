//! What is asked of a list that they see, or of two that they saw one after the other: the dearer one, which of them are quiet.

use minijinja::context;

use super::answer::Reply;
use super::hearing::Heard;
use super::names::is_name;
use super::pointing::{Pointing, stands_in};
use super::shown::figures;
use super::{choice, is_small_talk};
use crate::domain::{Intent, Product};

/// "How much is the Viva of 15 kg, please?"
const MOST_WORDS: usize = 8;
/// Products of which it is told one by one that they have what is asked for.
const MOST_TOLD: usize = 3;

impl<'a> Reply<'a> {
    /// The one that they saw by itself before the one that they see.
    pub(super) fn seen_before(&self) -> Option<&'a Product> {
        let [now] = self.memory.shown.as_slice() else { return None };
        let before = self.memory.seen_alone().find(|sku| *sku != now)?;
        choice::by_sku(self.shop, before)
    }

    /// "The cheaper one", "the dearer one" of a list, and "the other one" of two.
    pub(super) fn one_of_list(&self, said: &[Pointing], list: &[&'a Product]) -> Option<&'a Product> {
        let several = list.iter().copied().filter(|_| list.len() > 1);
        match said {
            [Pointing::CheaperOne] => several.min_by_key(|product| product.price),
            [Pointing::DearerOne] => several.max_by_key(|product| product.price),
            [Pointing::OtherOne] => self.other_of_two(list),
            _ => None,
        }
    }

    /// Of two that they can mean the one that they do not see.
    fn other_of_two(&self, list: &[&'a Product]) -> Option<&'a Product> {
        let [now] = self.memory.shown.as_slice() else { return None };
        match list {
            [_, _] => list.iter().copied().find(|product| product.sku != *now),
            // Of a longer list it is one of its kind.
            _ => self.seen_before().filter(|before| list.len() < 2 || list.iter().any(|one| one.key == before.key)),
        }
        .or_else(|| self.only_other(now))
    }

    /// The only other thing of the kind that they see, whatever it costs.
    fn only_other(&self, now: &str) -> Option<&'a Product> {
        let mut others = choice::of_kind(self.memory, self.shelf()).into_iter().filter(|product| product.sku != now);
        others.next().filter(|_| others.next().is_none())
    }

    /// The one product that has a figure in its name that they name, with a word of it or its kind: "the Viva of 15 kg".
    pub(super) fn by_figure(&self, heard: &Heard) -> Option<&'a Product> {
        let words = heard.words.as_str();
        let of_product = |want: &Intent| !is_small_talk(*want) && !want.is_of_the_shop();
        let is_short = words.split_whitespace().count() <= MOST_WORDS;
        if self.memory.trouble || heard.choice.is_some() || !is_short || !heard.wants.iter().all(of_product) {
            return None;
        }
        // The number of a model is no weight.
        let plain = |text: &str| {
            let words = text.split_whitespace();
            let is_model = |word: &&str| word.starts_with(char::is_alphabetic) && word.contains(char::is_numeric);
            figures(&words.filter(|word| !is_model(word)).collect::<Vec<_>>().join(" "))
        };
        let said = plain(words);
        if said.is_empty() {
            return None;
        }
        let is_it = |product: &&Product| {
            let name = product.name.to_lowercase();
            let has_word = || name.split_whitespace().any(|word| is_name(word) && stands_in(words, word));
            !said.is_disjoint(&plain(&name)) && (self.memory.product() == Some(&*product.key) || has_word())
        };
        let mut found = self.shop.products.iter().filter(is_it);
        found.next().filter(|_| found.next().is_none())
    }

    /// Whether there are two that they can mean, in the list or one after the other: these are what is shown.
    pub(super) fn takes_both(&mut self, list: &[&'a Product]) -> bool {
        if list.len() == 2 {
            return true;
        }
        let Some(before) = self.seen_before() else { return false };
        self.memory.shown.insert(0, before.sku.clone());
        true
    }

    /// Which of those that they see?
    pub(super) fn ask_which_of(&mut self, shown: &[&'a Product]) {
        let Some(first) = shown.first() else { return };
        let is_one_kind = shown.iter().all(|product| product.key == first.key);
        let category = if is_one_kind { self.word(&first.key) } else { String::new() };
        self.say("ask_kind", context! { category });
        self.list_products(shown);
    }

    /// Whether they ask for something that costs less, or more, than what they see: it is shown.
    pub(super) fn by_price(&mut self, said: &[Pointing], shown: &[&'a Product]) -> bool {
        let says = |those: [Pointing; 2]| said.iter().any(|at| those.contains(at));
        if says([Pointing::Cheaper, Pointing::CheaperOne]) {
            self.cheaper(shown);
            return true;
        }
        let asks = says([Pointing::Dearer, Pointing::DearerOne]);
        if asks {
            self.dearer(shown);
        }
        asks
    }

    /// What costs more than what they see; of a list of which nothing does, the dearest.
    fn dearer(&mut self, shown: &[&'a Product]) {
        let Some(most) = shown.iter().copied().max_by_key(|product| product.price) else { return };
        let dearer = choice::dearer(&most.key, most.price, self.memory, self.shelf());
        match (dearer.as_slice(), shown) {
            ([], [_]) => {
                self.say("no_more", context! { product => self.word(&most.key) });
                self.offer("person", "button_person");
            }
            ([], _) => self.details(most),
            ([one], _) => self.details(one),
            (several, _) => {
                self.memory.show(several.iter().copied());
                self.ask_which_of(several);
            }
        }
    }

    /// A property that is asked for of several of which it leaves all, or of what is only near to what they can spend: which of them
    /// have it. Whether it is one of these.
    pub(super) fn property_of_several(&mut self, shown: &[&'a Product], heard: &Heard) -> bool {
        if shown.len() < 2 || self.memory.product().is_none() {
            return false;
        }
        let fit = choice::fit(self.memory, self.shelf());
        let leaves_all = !fit.lacking && fit.products == shown;
        if !fit.over_budget && !leaves_all {
            return false;
        }
        let has = |product: &&Product| heard.named_needs.iter().all(|need| product.attributes.contains(need));
        let having: Vec<&Product> = shown.iter().copied().filter(has).collect();
        match having.as_slice() {
            [] => {
                let needs: Vec<String> = heard.named_needs.iter().map(|need| self.word(need)).collect();
                self.say("show_near", context! { needs, over_budget => false, lacking => true });
                self.list_products(shown);
            }
            [one] => {
                self.tell_property(one, heard);
                self.memory.open(one);
                self.offer(&format!("buy:{}", one.sku), "button_buy");
                self.offer("person", "button_person");
            }
            several => {
                for product in several.iter().take(MOST_TOLD) {
                    self.tell_property(product, heard);
                }
                self.memory.show(several.iter().copied());
                self.list_products(several);
            }
        }
        true
    }
}
