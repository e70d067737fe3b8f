//! What is asked of a list that they see, or of two that they saw one after the other: the dearer one, which of them are quiet.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use rust_decimal::Decimal;

use super::answer::Reply;
use super::hearing::Heard;
use super::names::{by_word_of_name, is_name};
use super::pointing::{Cue, Pointing, stands_in};
use super::shown::{FEW_WORDS_OF_NAME, figures, figures_in_order, is_word_told};
use super::words::is_question;
use super::{choice, is_small_talk};
use crate::domain::{Intent, Product};

/// One in so many of a price is close to it.
const CLOSE: u32 = 20;
/// "How much is the Viva of 15 kg, please?"
const MOST_WORDS: usize = 8;
/// The letters of sighs: "hmm", "ooh".
const SIGHS: [&str; 2] = ["hm", "ohaeu"];
/// Letters of a word that names something that was not shown.
const LONG_TOLD: usize = 6;
/// Products of which it is told one by one that they have what is asked for.
const MOST_TOLD: usize = 3;

/// Figures by what they count: 210 of cm, 3 of seats. Of several in one unit the first one.
fn measures(text: &str) -> BTreeMap<String, Decimal> {
    let mut found = BTreeMap::new();
    for figure in figures_in_order(text) {
        let split = figure.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(figure.len());
        let (number, unit) = figure.split_at(split);
        if let Ok(number) = number.parse() {
            found.entry(unit.to_owned()).or_insert(number);
        }
    }
    found
}

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
            [Pointing::BiggerOne] => self.by_size(list, true),
            [Pointing::SmallerOne] => self.by_size(list, false),
            _ => None,
        }
    }

    /// The largest or the smallest of a list, by a figure that is told of all of them in one unit: "210 cm wide". Of one thing that they
    /// see, the next one of its kind.
    fn by_size(&self, list: &[&'a Product], larger: bool) -> Option<&'a Product> {
        let now = list.first().filter(|_| list.len() == 1);
        let of = match now {
            Some(_) => choice::of_kind(self.memory, self.shelf()),
            None => list.to_vec(),
        };
        let told = |product: &Product| measures(&format!("{} {}", self.summary(product), product.name).to_lowercase());
        let all: Vec<_> = of.iter().map(|product| told(product)).collect();
        let has = |unit: &&String| all.iter().all(|measures| measures.contains_key(*unit));
        let differs = |unit: &&String| all.iter().any(|measures| measures.get(*unit) != all[0].get(*unit));
        let unit = all.first()?.keys().find(|unit| has(unit) && differs(unit))?;
        let size = |product: &&'a Product| told(product).get(unit).copied().unwrap_or_default();
        let Some(now) = now else {
            let of = of.iter().copied();
            return if larger { of.max_by_key(size) } else { of.min_by_key(size) };
        };
        let beyond = of
            .iter()
            .copied()
            .filter(|product| if larger { size(product) > size(now) } else { size(product) < size(now) });
        if larger { beyond.min_by_key(size) } else { beyond.max_by_key(size) }
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

    /// The one of the list that they can point into, or else of the kind that they see, that a word of its name calls.
    pub(super) fn called_in_list(&self, heard: &Heard) -> Vec<&'a Product> {
        let list = self.list();
        let list = if list.len() > 1 { list } else { choice::of_kind(self.memory, self.shelf()) };
        let kind = self.wish().to_lowercase();
        let counts = |word: &str| self.names_by_itself(word, heard) && !stands_in(&kind, word);
        let found = if list.len() > 1 { by_word_of_name(&list, &heard.words, counts) } else { Vec::new() };
        if found.len() == 1 { found } else { Vec::new() }
    }

    /// Of what they see nothing is told of what they name in a word or two, and of one other of the kind it is: "with storage?"
    pub(super) fn told_of_others(&self, list: &[&'a Product], heard: &Heard) -> Vec<&'a Product> {
        let words: Vec<&str> = heard.words.split_whitespace().collect();
        let is_plain = heard.wants.iter().all(|want| matches!(want, Intent::ProductInquiry | Intent::Availability));
        if list.is_empty() || !is_plain || heard.understood && heard.wants.is_empty() || words.len() > FEW_WORDS_OF_NAME
        {
            return Vec::new();
        }
        let named = |product: &Product| {
            let told = self.summary(product).to_lowercase();
            let mut told = told.split(|letter: char| !letter.is_alphanumeric());
            told.any(|word| word.chars().count() >= LONG_TOLD && is_word_told(word) && stands_in(&heard.words, word))
        };
        if list.iter().any(|product| named(product)) {
            return Vec::new();
        }
        let of_kind = choice::of_kind(self.memory, self.shelf()).into_iter();
        let found: Vec<_> = of_kind.filter(|product| !list.contains(product) && named(product)).collect();
        if found.len() == 1 { found } else { Vec::new() }
    }

    /// Whether they call the price of something that they see too much: "149 is too much". Round figures are close to it.
    pub(super) fn finds_too_dear(&self, heard: &Heard) -> bool {
        let numbers: Vec<Decimal> =
            heard.words.split(|letter: char| !letter.is_ascii_digit()).flat_map(str::parse).collect();
        let is_price = |product: &&Product| {
            let apart = |number: &Decimal| product.price.checked_sub(*number)?.abs().checked_mul(CLOSE.into());
            let close = |number: &Decimal| apart(number).is_some_and(|apart| apart <= product.price);
            numbers.iter().any(close)
        };
        match numbers.is_empty() {
            true => !self.memory.shown.is_empty() && self.only_says_too_much(heard),
            false => self.says(Cue::TooMuch, heard) && self.shown().iter().any(is_price),
        }
    }

    /// "Hmm, that's a lot", and nothing beside it.
    fn only_says_too_much(&self, heard: &Heard) -> bool {
        let dialogue = self.dialogue;
        let rest = dialogue.pointings.beside(Cue::TooMuch, &heard.words, Some(&self.language));
        let says_nothing = |word: &str| {
            word.is_empty()
                || dialogue.pointings.is_little(word, &self.language)
                || SIGHS.iter().any(|sigh| word.chars().all(|letter| sigh.contains(letter)))
        };
        !heard.understood
            && heard.says_nothing_beside()
            && rest != heard.words
            && !heard.words.contains(is_question)
            // "The dearer one" says which.
            && dialogue.pointings.read(&heard.words).is_empty()
            && rest.split(|letter: char| !letter.is_alphanumeric()).all(says_nothing)
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

    /// Those of a list that they point at by their places, or by what they are called or told to be; and whether by their places.
    pub(super) fn one_or_more_of(
        &self,
        said: &[Pointing],
        (shown, list): (&[&'a Product], &[&'a Product]),
        heard: &Heard,
        wants: &[Intent],
    ) -> (bool, Vec<&'a Product>) {
        let at = |pointing: &Pointing| match pointing {
            Pointing::First => list.first(),
            Pointing::Second => list.get(1),
            Pointing::Third => list.get(2),
            Pointing::Last => list.last(),
            Pointing::Middle => list.get(list.len() / 2),
            _ => None,
        };
        let mut pointed: Vec<_> = said.iter().filter_map(at).copied().collect();
        if said.contains(&Pointing::FirstTwo) && list.len() > 2 {
            pointed = list[..2].to_vec();
        }
        let by_place = !pointed.is_empty();
        // "Good morning" is no Morning Blend.
        let denies = self.says(Cue::Without, heard);
        if pointed.is_empty() && !denies && !wants.iter().any(|want| is_small_talk(*want)) {
            pointed = self.called(shown, list, heard);
        }
        // "The green one" is in one of them, and "in grey?" in none.
        let by_words = said.is_empty() || said == [Pointing::Variant];
        if pointed.is_empty() && by_words && !denies && heard.says_nothing_beside() {
            pointed = self.told_so(list, heard);
        }
        if pointed.is_empty() && said.is_empty() && !denies && heard.says_nothing_beside() {
            pointed = self.told_of_others(list, heard);
        }
        (by_place, pointed)
    }

    /// Whether of several they take one, or the other, and do not say which: they are asked. Of one there is no larger, nor smaller.
    pub(super) fn asks_which_of(
        &mut self,
        said: &[Pointing],
        shown: &[&'a Product],
        heard: &Heard,
        wants: &[Intent],
    ) -> bool {
        let takes_one = wants == [Intent::Buy] && heard.says_nothing_beside();
        let by_size = matches!(said, [Pointing::BiggerOne | Pointing::SmallerOne]);
        if shown.len() == 1 && by_size {
            self.say("no_more", context! { product => self.wish() });
            self.offer("person", "button_person");
            return true;
        }
        let is_open = by_size || said == [Pointing::OtherOne];
        let asks = shown.len() > 1 && (takes_one || is_open) && !wants.contains(&Intent::Compare);
        if asks {
            self.ask_which_of(shown);
        }
        asks
    }

    /// What those that they see cost, or that they are there, where that is asked.
    pub(super) fn prices_or_stock(&mut self, shown: &[&'a Product], heard: &Heard) -> bool {
        let asks = |want: Intent| heard.wants.contains(&want);
        let rows: Vec<Value> = shown.iter().map(|product| self.product_values(product)).collect();
        if asks(Intent::Price) {
            self.say("prices", context! { rows => &rows });
        }
        if asks(Intent::Availability) && self.names_variant(heard) {
            self.say("variant", context! {});
            self.offer("person", "button_person");
        } else if asks(Intent::Availability) {
            self.say("in_stock", context! { rows });
            self.offer("person", "button_person");
        }
        asks(Intent::Price) || asks(Intent::Availability)
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
