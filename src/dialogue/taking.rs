//! What they say to take what they see, "ok, this one", "the first one then", and what several things cost together.

use minijinja::{Value, context};
use rust_decimal::Decimal;

use super::answer::{Call, Reply};
use super::hearing::Heard;
use super::pointing::{Cue, Pointing, stands_in};
use super::words::is_question;
use super::{choice, is_small_talk};
use crate::domain::{Intent, Product};

/// "All together?" asks for a sum in as many words, without any mark.
const FEW_WORDS: usize = 3;
/// "Does it leave a white cast on the skin?"
const MOST_ASKED: usize = 8;
/// Letters of a word that tells by itself what is asked.
const SHORTEST_TOLD: usize = 5;
/// Letters of what is asked for without spaces.
const MOST_LETTERS: usize = 4;
/// Things that are put side by side.
const MOST_COMPARED: usize = 4;
/// Kinds of product that are summed up.
const MOST_SUMMED: usize = 3;

impl<'a> Reply<'a> {
    /// The products that they point at among those shown. Who points at the one that they see, and asks nothing of it, takes it. What
    /// is answered here altogether is taken from `wants`.
    pub(super) fn pointed_at(&mut self, heard: &Heard, wants: &mut Vec<Intent>) -> Vec<&'a Product> {
        if self.takes_this(heard) || self.of_a_part(heard) || self.asks_what_is_told(heard) {
            return Vec::new();
        }
        let seen = self.memory.shown.clone();
        let said_before = self.paragraphs.len();
        let pointed = self.points_at(heard, wants);
        if pointed.is_empty() && self.paragraphs.len() == said_before && self.asks_which(heard) {
            self.compare();
            return Vec::new();
        }
        let is_open = heard.meant.is_none() && !wants.iter().any(|want| matches!(want, Intent::Buy | Intent::Compare));
        match (pointed.as_slice(), seen.as_slice()) {
            ([one], [now]) if is_open && one.sku == *now => {
                if self.takes_what_is_seen(heard, wants) {
                    self.call = Some(Call::Buy);
                    return Vec::new();
                }
                if self.dialogue.pointings.read(&heard.words).contains(&Pointing::Cheapest) {
                    let values = self.product_values(one);
                    self.say("none_cheaper", values);
                    self.offer("person", "button_person");
                    return Vec::new();
                }
                pointed
            }
            _ => pointed,
        }
    }

    /// "Ok, this one": they take the one thing that they see, and of several are asked which. Whether they say so and nothing else.
    fn takes_this(&mut self, heard: &Heard) -> bool {
        let is_talk = heard.wants.iter().all(|want| is_small_talk(*want));
        // "Beleza" is all right in Portuguese, and beauty.
        let is_wish = heard.refined || heard.choice.is_some() || heard.part || !heard.named_needs.is_empty();
        let is_plain = is_talk && !is_wish && heard.media.is_none();
        let shown = self.shown();
        let is_settled = shown.is_empty() || self.memory.trouble || self.memory.asked.is_some();
        if !is_plain || is_settled || heard.words.contains(is_question) {
            return false;
        }
        let rest = self.dialogue.pointings.beside(Cue::ThisOne, &heard.words, Some(&self.language));
        // "That" alone may be much else.
        let is_clear = || heard.words.trim().contains(|letter: char| letter.is_whitespace() || letter > '\u{2e7f}');
        let is_rest_agreed = match rest.contains(char::is_alphanumeric) {
            true => self.dialogue.short_answers.is_noted(&rest),
            false => is_clear(),
        };
        if rest == heard.words || !is_rest_agreed {
            return false;
        }
        match shown.as_slice() {
            [_] => self.call = Some(Call::Buy),
            several => self.ask_which_of(several),
        }
        true
    }

    /// "With a pen?", of the one thing that they see, is answered where that is told of it.
    fn asks_what_is_told(&mut self, heard: &Heard) -> bool {
        let of_it = [Intent::ProductInquiry, Intent::Availability];
        let is_open = heard.wants.is_empty() && !heard.understood
            || !heard.wants.is_empty() && heard.wants.iter().all(|want| of_it.contains(want));
        let words = heard.words.split_whitespace().count();
        let asks = words <= FEW_WORDS || self.asks_something(heard);
        let is_plain = is_open && heard.says_nothing_beside() && heard.media.is_none() && heard.meant.is_none();
        let points = || !self.dialogue.pointings.read(&heard.words).is_empty();
        if !is_plain || !asks || words > MOST_ASKED || self.memory.trouble || heard.unread || points() {
            return false;
        }
        let shown = self.shown();
        let is_told = self.tell_extra(&shown, heard, SHORTEST_TOLD);
        if let ([one], true) = (shown.as_slice(), is_told) {
            self.offer(&format!("buy:{}", one.sku), "button_buy");
            self.offer("person", "button_person");
            self.memory.lost = 0;
        }
        is_told
    }

    /// Whether what is told of the one thing that they see names what they ask for with it, "pen included", or the part of it that they
    /// ask about, in a word of at least so many letters.
    pub(super) fn tell_extra(&mut self, shown: &[&'a Product], heard: &Heard, shortest: usize) -> bool {
        let [one] = shown else { return false };
        let language = Some(self.language.as_str());
        let pointings = &self.dialogue.pointings;
        let rest = pointings.beside(Cue::Included, &heard.words, language);
        let words = rest.split(|letter: char| !letter.is_alphabetic()).filter(|word| word.chars().count() >= shortest);
        let words: Vec<&str> = words.filter(|word| !pointings.is_little(word, &self.language)).collect();
        let summary = self.shop.text(&one.summary, &self.language).unwrap_or_default().to_owned();
        let attributes = one.attributes.iter().map(|attribute| self.word(attribute));
        let dense = self.letters_asked_for(&heard.words);
        let names = |text: &String| {
            let text = text.to_lowercase();
            words.iter().any(|word| stands_in(&text, word)) || dense.as_ref().is_some_and(|dense| text.contains(dense))
        };
        let told: Vec<String> = std::iter::once(summary).chain(attributes).filter(names).collect();
        if told.is_empty() {
            return false;
        }
        self.say("has_it", context! { product => &one.name, needs => told, yes => false });
        true
    }

    /// "Which one is good?", of a few that they see: what is known of each is all that there is to go by.
    fn asks_which(&self, heard: &Heard) -> bool {
        let of_it = heard.wants.iter().all(|want| *want == Intent::ProductInquiry);
        let is_few = (2..=MOST_COMPARED).contains(&self.memory.shown.len());
        of_it && is_few && self.call.is_none() && heard.says_nothing_beside() && self.says(Cue::WhichOne, heard)
    }

    /// What a short message without spaces asks for, beside its words of talk: "筆" of "有筆嗎".
    fn letters_asked_for(&self, words: &str) -> Option<String> {
        let is_dense = |letter: char| ('\u{2e80}'..='\u{9fff}').contains(&letter);
        let mut rest: String = words.chars().filter(|letter| is_dense(*letter)).collect();
        let language = Some(self.language.as_str());
        let pointings = &self.dialogue.pointings;
        let talk = [Cue::Asks, Cue::Included, Cue::Anything, Cue::And, Cue::It];
        let mut phrases: Vec<&String> = talk.into_iter().flat_map(|cue| pointings.phrases(cue, language)).collect();
        phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
        for phrase in phrases.into_iter().filter(|phrase| phrase.contains(is_dense)) {
            rest = rest.replace(phrase.as_str(), "");
        }
        let is_short = (1..=MOST_LETTERS).contains(&rest.chars().count());
        (is_short && words.chars().all(|letter| is_dense(letter) || !letter.is_alphanumeric())).then_some(rest)
    }

    /// Whether they agree to what they see and point at, or say that they want it.
    fn takes_what_is_seen(&self, heard: &Heard, wants: &[Intent]) -> bool {
        let is_talk = wants.iter().all(|want| is_small_talk(*want));
        let rest = || self.dialogue.pointings.beside_all(&heard.words);
        is_talk
            && heard.says_nothing_beside()
            && !heard.words.contains(is_question)
            && !self.says(Cue::Asks, heard)
            && !self.says(Cue::WhichOne, heard)
            && (self.says(Cue::Takes, heard) || self.dialogue.short_answers.is_noted(&rest()))
    }

    /// What several things cost together: those that they name, those of a list of two, else what they saw one after the other, of each
    /// kind the last. Whether that is asked.
    pub(super) fn together(&mut self, heard: &Heard, named: &[&'a Product]) -> bool {
        let of_price = |want: &Intent| is_small_talk(*want) || matches!(want, Intent::Price | Intent::ProductInquiry);
        if self.memory.trouble || heard.choice.is_some() || !heard.wants.iter().all(of_price) {
            return false;
        }
        let is_short = || heard.words.split_whitespace().count() <= FEW_WORDS;
        let is_priced = heard.wants.contains(&Intent::Price);
        let both = || is_priced && self.dialogue.pointings.read(&heard.words).contains(&Pointing::Both);
        let is_asked =
            (is_priced || self.asks_something(heard) || is_short()) && self.says(Cue::Together, heard) || both();
        // How many of each is not known.
        let is_counted = named.len() < 2 && heard.words.contains(char::is_numeric);
        if !is_asked || is_counted {
            return false;
        }
        if named.is_empty() && !heard.refined && self.is_to_choose(heard) {
            self.ask_which_of(&self.shown());
            return true;
        }
        let things = if named.len() > 1 { named.to_vec() } else { self.things_seen(heard) };
        if things.len() < 2 {
            return false;
        }
        let sum = things.iter().try_fold(Decimal::ZERO, |sum, product| sum.checked_add(product.price));
        let Some(sum) = sum else { return false };
        let rows: Vec<Value> = things.iter().map(|product| self.product_values(product)).collect();
        self.say("prices", context! { rows });
        self.say("total", context! { price => self.money(sum) });
        true
    }

    /// Whether of something that they see several kinds of one is still to be chosen, for what they saw before: a table, and a list of
    /// chairs.
    fn is_to_choose(&self, heard: &Heard) -> bool {
        let shown = self.shown();
        let Some(first) = shown.first().filter(|_| shown.len() > 1) else { return false };
        let before = self.memory.seen_alone().filter_map(|sku| choice::by_sku(self.shop, sku));
        shown.iter().all(|product| product.key == first.key)
            && before.into_iter().any(|product| product.key != first.key)
            && !self.dialogue.pointings.read(&heard.words).contains(&Pointing::Both)
    }

    /// The things that they speak of together.
    fn things_seen(&self, heard: &Heard) -> Vec<&'a Product> {
        let shop = self.shop;
        let list = self.sold(self.memory.list());
        let mut seen: Vec<&'a Product> = match self.memory.shown.as_slice() {
            [now] => choice::by_sku(shop, now).into_iter().collect(),
            _ => Vec::new(),
        };
        for product in self.memory.seen_alone().filter_map(|sku| choice::by_sku(shop, sku)) {
            if !seen.contains(&product) {
                seen.push(product);
            }
        }
        if heard.kinds.len() > 1 {
            let of_kind = |kind: &String| {
                let mut only = shop.products.iter().filter(|product| product.key == *kind && product.stock > 0);
                let only = only.next().filter(|_| only.next().is_none());
                seen.iter().copied().find(|product| product.key == *kind).or(only)
            };
            let things: Vec<_> = heard.kinds.iter().filter_map(of_kind).collect();
            return if things.len() == heard.kinds.len() { things } else { Vec::new() };
        }
        if heard.refined {
            return Vec::new();
        }
        if list.len() == 2 {
            return list;
        }
        let mut things: Vec<&'a Product> = Vec::new();
        for product in seen.iter().copied() {
            if things.len() < MOST_SUMMED && !things.iter().any(|other| other.key == product.key) {
                things.push(product);
            }
        }
        if things.len() < 2 {
            things = seen.into_iter().take(2).collect();
        }
        things.reverse();
        things
    }
}
