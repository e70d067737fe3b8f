//! What is asked of products that were just shown: the second one, whether it is waterproof, what it costs, something cheaper.

use std::collections::BTreeSet;

use minijinja::context;

use super::answer::{Call, Reply};
use super::choice;
use super::hearing::Heard;
use super::memory::Meant;
use super::names::{SHORTEST_NAME, by_word_of_name, has_first_word};
use super::plain::plain;
use super::pointing::{Cue, Pointing, stands_in};
use super::words::is_question;
use crate::domain::{Intent, Product};

/// "And this one?"
const FEW_WORDS: usize = 3;
/// More than so many of one thing are told in other words.
const MOST_PIECES: u8 = 99;
/// "Which one is for pictures and film?"
const MOST_TOLD: usize = 8;
/// …and "the one with the froth, how much is it?"
const MOST_TOLD_OF_PRICED: usize = 12;
/// The numbers from one to nine.
const CHINESE: [&str; 9] = ["一", "二两兩", "三", "四", "五", "六", "七", "八", "九"];
/// "两支吧"
const FEW_LETTERS: usize = 4;
/// "Can I have the pro?"
pub(super) const FEW_WORDS_OF_NAME: usize = 5;
/// Letters of a word that was told of a product and is none of grammar.
const SHORTEST_TOLD: usize = 4;

impl<'a> Reply<'a> {
    /// The products that they point at among those shown, see [`Self::pointed_at`].
    pub(super) fn points_at(&mut self, heard: &Heard, wants: &mut Vec<Intent>) -> Vec<&'a Product> {
        let (shown, list) = (self.shown(), self.list());
        let said = self.dialogue.pointings.read(&heard.words);
        let extreme = self.extreme(&said, &list).filter(|_| !asks_otherwise_of_the_best(&said, wants));
        let compares = wants.contains(&Intent::Compare);
        if let Some(one) =
            extreme.or_else(|| self.one_of_list(&said, &list).filter(|_| !compares && heard.named_needs.is_empty()))
        {
            wants.retain(|want| !matches!(want, Intent::Discount | Intent::Reject));
            return vec![one];
        }
        if said.contains(&Pointing::Both) && orders(heard) && self.takes_both(&list) {
            self.call = Some(Call::Buy);
            return Vec::new();
        }
        if shown.len() == 1 && said.is_empty() && !heard.understood && self.takes_some(heard) {
            self.call = Some(Call::Buy);
            return Vec::new();
        }
        let is_whole = shown.len() == 1 || heard.meant == Some(Meant::Page);
        if is_whole && said.is_empty() && wants_to_see(heard) {
            return shown;
        }
        let (by_place, pointed) = self.one_or_more_of(&said, (&shown, &list), heard, wants);
        // Of the one thing that they see its details are no answer: what they ask is. "Is the first one waterproof?" is asked of it, too.
        let asks_of_it = !heard.named_needs.is_empty() || wants.contains(&Intent::Availability);
        let is_known = !pointed.is_empty() && shown.len() == 1 && (pointed == shown || by_place && asks_of_it);
        if is_known && !wants.contains(&Intent::Buy) && self.of_shown(&shown, heard) {
            return Vec::new();
        }
        if !pointed.is_empty() || shown.is_empty() {
            return pointed;
        }
        if self.asks_which_of(&said, &shown, heard, wants) {
            return Vec::new();
        }
        if !compares && self.by_price(&said, &shown) {
            wants.retain(|want| !matches!(want, Intent::Discount | Intent::Reject | Intent::Price));
        } else if !compares && !wants.contains(&Intent::Buy) && !self.of_shown(&shown, heard) && !heard.understood {
            self.variant(heard);
        }
        Vec::new()
    }

    /// "I want 6" of the one thing that they see: a number and words of taking, and nothing that is counted beside.
    fn takes_some(&self, heard: &Heard) -> bool {
        let words = in_digits(heard.words.trim_matches(|letter: char| !letter.is_alphanumeric()));
        let Some((before, number, after)) = around_number(&words) else { return false };
        let is_few = number.parse::<u8>().is_ok_and(|number| (1..=MOST_PIECES).contains(&number));
        let begins = |cue| self.dialogue.pointings.begins(cue, after.trim_start(), Some(&self.language));
        // "兩個人用" is for two people, and not two of it.
        let is_alone = || after.is_empty() || begins(Cue::Takes) && !begins(Cue::Purpose);
        is_few
            && !heard.words.contains(is_question)
            && before.split_whitespace().count() <= FEW_WORDS
            && is_alone()
            && self.says(Cue::Takes, heard)
            && !self.names_variant(heard)
    }

    pub(super) fn shown(&self) -> Vec<&'a Product> {
        self.sold(&self.memory.shown)
    }

    pub(super) fn list(&self) -> Vec<&'a Product> {
        self.sold(self.memory.list())
    }

    pub(super) fn sold(&self, numbers: &[String]) -> Vec<&'a Product> {
        let shop = self.shop;
        numbers.iter().filter_map(|sku| choice::by_sku(shop, sku)).collect()
    }

    /// What is called by a word of its name: of the list that they can point into, else of all that is had of the kind.
    pub(super) fn called(&self, shown: &[&'a Product], list: &[&'a Product], heard: &Heard) -> Vec<&'a Product> {
        let words = heard.words.as_str();
        let counts = |word: &str| self.names_by_itself(word, heard);
        // "Have you got the M?"
        let is_letter = |word: &&str| {
            let is_little = || self.dialogue.pointings.is_little(word, &self.language);
            word.chars().count() == 1 && !is_little() && counts(word)
        };
        // "What's" has no S of its own.
        let apart = words.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let letters: Vec<&str> = apart.filter(is_letter).collect();
        let has_letter = |product: &&&Product| {
            product
                .name
                .to_lowercase()
                .split_whitespace()
                .any(|word| word.chars().all(char::is_alphabetic) && letters.contains(&word))
        };
        if let (Some(one), None) = (list.iter().find(has_letter), list.iter().filter(has_letter).nth(1)) {
            return if list.len() > 1 { vec![*one] } else { Vec::new() };
        }
        let of_list = by_word_of_name(list, words, counts);
        if list.len() > 1 && !of_list.is_empty() && of_list.len() < list.len() {
            return of_list;
        }
        let of_kind: Vec<_> =
            choice::suiting(self.memory, self.shelf()).into_iter().filter(|one| !list.contains(one)).collect();
        let said = plain(words);
        let names_what_is_shown = !of_list.is_empty() || shown.iter().any(|product| has_first_word(product, &said));
        if names_what_is_shown {
            Vec::new()
        } else {
            of_kind.into_iter().filter(|one| has_first_word(one, &said)).collect()
        }
    }

    /// Whether a word within a name names by itself: in few words, or where a price is asked for or it is taken. A word of grammar
    /// does so with nothing beside it: "the one with milk" is no Crema One.
    pub(super) fn names_by_itself(&self, word: &str, heard: &Heard) -> bool {
        let most = match self.dialogue.pointings.is_little(word, &self.language) {
            true => 2,
            false if heard.wants.iter().any(|want| matches!(want, Intent::Price | Intent::Buy)) => MOST_TOLD,
            false => FEW_WORDS_OF_NAME,
        };
        heard.words.split_whitespace().count() <= most
    }

    /// Those of a list of which a price, a figure or, where nothing else is understood, a word that was told of them is named: "the 16 inch
    /// one", "the 329 one", "which one mops?".
    pub(super) fn told_so(&self, list: &[&'a Product], heard: &Heard) -> Vec<&'a Product> {
        let small = |product: &Product| self.summary(product).to_lowercase();
        let (priced, counted) = (numbers(&heard.words), figures(&heard.words));
        // "The one with the froth, how much is it?" asks for the price of the one that is told of.
        let most = if heard.wants == [Intent::Price] { MOST_TOLD_OF_PRICED } else { MOST_TOLD };
        let is_had = heard.wants == [Intent::Availability];
        let is_plain = !heard.understood || heard.wants == [Intent::Price] || is_had;
        let is_short = is_plain && heard.words.split_whitespace().count() <= most;
        let pointings = &self.dialogue.pointings;
        let of_persons: Vec<_> = pointings.phrases(Cue::ForWhom, Some(&self.language)).collect();
        let is_grammar = |word: &str| {
            pointings.is_little(word, &self.language) || of_persons.iter().any(|phrase| stands_in(phrase, word))
        };
        let least = if is_had { SHORTEST_TOLD + 1 } else { SHORTEST_TOLD };
        let is_told = |word: &str| is_word_told(word) && word.chars().count() >= least && !is_grammar(word);
        let has_price = |product: &Product| priced.contains(&product.price.normalize().to_string());
        // Names have figures, too: "the 15 kg one".
        let has_figure = |product: &Product| {
            !counted.is_disjoint(&figures(&small(product)))
                || !counted.is_disjoint(&figures(&product.name.to_lowercase()))
        };
        let has_word = |product: &Product| {
            let told = small(product);
            let mut words = told.split(|letter: char| !letter.is_alphanumeric());
            is_short && words.any(|word| is_told(word) && stands_in(&heard.words, word))
        };
        let of = |is_it: &dyn Fn(&Product) -> bool| -> Vec<&'a Product> {
            let found: Vec<_> = list.iter().copied().filter(|product| is_it(product)).collect();
            if found.len() < list.len() { found } else { Vec::new() }
        };
        [of(&has_price), of(&has_figure), of(&has_word)].into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// The cheapest or the dearest: of a kind that is named beside it, of that they see its details before they buy it. What it needs
    /// is named with it: what was needed before is open again.
    pub(super) fn extreme_of_kind(&mut self, heard: &Heard, wants: &mut Vec<Intent>) -> Option<&'a Product> {
        let said = self.dialogue.pointings.read(&heard.words);
        if !heard.kinds.is_empty() || !said.iter().any(|at| matches!(at, Pointing::Cheapest | Pointing::Dearest)) {
            return None;
        }
        self.memory.needs.clone_from(&heard.named_needs);
        let extreme = self.extreme(&said, &[])?;
        wants.retain(|want| !matches!(want, Intent::Buy | Intent::Discount | Intent::Reject));
        Some(extreme)
    }

    /// The cheapest or the best of the kind that is talked of, or the dearest of those in the list, if there is one.
    fn extreme(&self, said: &[Pointing], list: &[&'a Product]) -> Option<&'a Product> {
        let dearest = said.iter().any(|at| matches!(at, Pointing::Dearest | Pointing::Best));
        if !dearest && !said.contains(&Pointing::Cheapest) {
            return None;
        }
        let is_open = self.memory.product().is_none() || said.contains(&Pointing::Dearest) && list.len() > 1;
        let mut of = if is_open { list.to_vec() } else { choice::suiting(self.memory, self.shelf()) };
        // Where none has all that they wish for, the cheapest of the kind is the cheapest all the same.
        if of.is_empty() && !dearest {
            of = choice::of_kind(self.memory, self.shelf());
        }
        match dearest {
            true => of.into_iter().max_by_key(|product| product.price),
            false => of.into_iter().min_by_key(|product| product.price),
        }
    }

    /// Whether they ask for others of the kind that they see; then what suits them and they have not seen is shown.
    pub(super) fn shows_others(&mut self, heard: &Heard, wants: &mut Vec<Intent>) -> bool {
        let said = self.dialogue.pointings.read(&heard.words);
        let is_asked =
            said == [Pointing::Others] && !wants.iter().any(|want| matches!(want, Intent::Buy | Intent::Compare));
        let wish = choice::has_any(self.memory, self.shelf()) || self.memory.budget.is_some();
        if !is_asked || self.memory.shown.is_empty() || !wish {
            return false;
        }
        wants.retain(|want| !matches!(want, Intent::Availability | Intent::ProductInquiry | Intent::Reject));
        let others = choice::others(self.memory, self.shelf());
        if others.products.is_empty() {
            self.say("no_more", context! { product => self.wish() });
            self.offer("person", "button_person");
        } else {
            self.show(others);
        }
        true
    }

    pub(super) fn cheaper(&mut self, shown: &[&'a Product]) {
        let Some(least) = shown.iter().min_by_key(|product| product.price) else { return };
        let of_one_kind = shown.iter().all(|product| product.key == least.key);
        let kind = of_one_kind.then_some(least.key.as_str());
        let cheaper = choice::cheaper(kind, least.price, self.memory, self.shelf());
        // What costs less and has not what they need is told to be so, where what they see has it.
        let has_all = |product: &Product| choice::lacks(self.memory, product) == 0;
        if has_all(least) && !cheaper.is_empty() && !cheaper.iter().any(|product| has_all(product)) {
            let needs: Vec<String> = self.memory.needs.iter().map(|need| self.word(need)).collect();
            self.memory.show(cheaper.iter().copied());
            self.say("show_near", context! { needs, over_budget => false, lacking => true });
            return self.list_products(&cheaper);
        }
        match cheaper.as_slice() {
            [] => {
                let values = self.product_values(least);
                self.say("none_cheaper", values);
                self.offer("person", "button_person");
            }
            [one] => self.details(one),
            several => {
                self.memory.show(several.iter().copied());
                self.say("cheaper", context! {});
                self.list_products(several);
            }
        }
    }

    /// In which colours and sizes it is had, a person knows.
    pub(super) fn variant(&mut self, heard: &Heard) {
        if self.names_variant(heard) {
            // What is told of the one that they see may answer it.
            if let ([one], true) = (self.shown().as_slice(), self.paragraphs.is_empty()) {
                let told = self.summary(one).to_owned();
                if self.dialogue.pointings.read(&told.to_lowercase()).contains(&Pointing::Variant) {
                    self.say("has_it", context! { product => &one.name, needs => vec![told], yes => false });
                }
            }
            self.say("variant", context! {});
            self.offer("person", "button_person");
        }
    }

    pub(super) fn names_variant(&self, heard: &Heard) -> bool {
        let pointings = &self.dialogue.pointings;
        let names_size = || self.memory.product().is_some_and(|kind| pointings.is_size(kind, &heard.words));
        pointings.read(&heard.words).contains(&Pointing::Variant) || names_size()
    }

    /// A property, the stock or the price of what was shown; whether something of it was asked.
    fn of_shown(&mut self, shown: &[&'a Product], heard: &Heard) -> bool {
        let asks = |want: Intent| heard.wants.contains(&want);
        if self.asks_for_another(heard) {
            return false;
        }
        if heard.wants.iter().any(|want| want.is_of_the_shop()) {
            return false;
        }
        // "Which colours are there?"
        let is_inquiry = heard.wants == [Intent::ProductInquiry] && heard.named_needs.is_empty() && !heard.refined;
        if is_inquiry && !heard.part && self.names_variant(heard) {
            self.variant(heard);
            return true;
        }
        if heard.part {
            if !self.tell_extra(shown, heard, SHORTEST_NAME) {
                self.say("no_fact", context! {});
            }
            self.offer("person", "button_person");
            return true;
        }
        match (shown, heard.named_needs.is_empty()) {
            ([one], false) if asks(Intent::ProductInquiry) || asks(Intent::Availability) || self.suits(one, heard) => {
                self.property(one, heard);
                true
            }
            (several, false) => self.property_of_several(several, heard),
            ([one], true)
                if heard.wants == [Intent::ProductInquiry]
                    && self.says(Cue::WhichOne, heard)
                    && self.seen_before().is_some_and(|before| before.key == one.key) =>
            {
                self.compare();
                true
            }
            // All that is known of it, though they have seen it, and that it is all.
            ([one], true) if heard.wants == [Intent::ProductInquiry] && !heard.refined => {
                self.details(one);
                self.say("again", context! {});
                true
            }
            // "Which sizes do you have?" asks for no number of pieces.
            ([one], true) if heard.wants == [Intent::Availability] && self.names_variant(heard) => {
                let summary = self.shop.text(&one.summary, &self.language).map(str::to_owned);
                if let Some(summary) = summary.filter(|summary| !summary.is_empty()) {
                    let needs = vec![summary];
                    self.say("has_it", context! { product => &one.name, needs, yes => false });
                }
                self.variant(heard);
                true
            }
            (_, true) => self.prices_or_stock(shown, heard),
        }
    }

    /// Whether they tell what they need, ask nothing, and it has that.
    fn suits(&self, product: &Product, heard: &Heard) -> bool {
        heard.wants.is_empty() && heard.named_needs.iter().all(|need| product.attributes.contains(need))
    }

    /// Whether it has what they ask for. If not, the search goes on with what has it.
    fn property(&mut self, product: &Product, heard: &Heard) {
        if self.tell_property(product, heard) {
            self.offer(&format!("buy:{}", product.sku), "button_buy");
            return self.offer("person", "button_person");
        }
        self.memory.need(&heard.named_needs);
        let fit = choice::fit(self.memory, self.shelf());
        if !fit.lacking && !fit.over_budget {
            self.show(fit);
        } else {
            self.offer("person", "button_person");
        }
    }
}

impl Reply<'_> {
    /// Says whether a product has what they ask for, and whether no more is to be said of it. "Is it loud?" of what is quiet, and "how
    /// heavy is it?", want no yes: what is known is told.
    pub(super) fn tell_property(&mut self, product: &Product, heard: &Heard) -> bool {
        let (has, lacks): (Vec<_>, Vec<_>) =
            heard.named_needs.iter().partition(|need| product.attributes.contains(need));
        let language = Some(self.language.as_str());
        let pointings = &self.dialogue.pointings;
        let is_opposite = |need: &&String| pointings.names_opposite(need, &heard.words, language);
        let turned = heard.named_needs.iter().any(|need| is_opposite(&need));
        let yes = !turned && !self.says(Cue::Measure, heard);
        // Nobody said that what is not known to be quiet is loud.
        let unknown = lacks.iter().any(is_opposite);
        let word = |needs: Vec<&String>| needs.into_iter().map(|need| self.word(need)).collect::<Vec<_>>();
        let (has, lacks) = (word(has), word(lacks));
        if unknown {
            self.say("no_fact", context! {});
            return true;
        }
        if lacks.is_empty() {
            let summary =
                self.shop.text(&product.summary, &self.language).filter(|summary| !yes && !summary.is_empty());
            let told: Vec<String> = summary.map(str::to_owned).into_iter().chain(has).collect();
            self.say("has_it", context! { product => &product.name, needs => told, yes });
            return true;
        }
        self.say("lacks_it", context! { product => &product.name, needs => lacks });
        false
    }
}

/// "两支": how many stands first in a few Chinese letters.
fn in_digits(words: &str) -> std::borrow::Cow<'_, str> {
    let digit = words.chars().next().and_then(|first| CHINESE.iter().position(|letters| letters.contains(first)));
    match digit.filter(|_| (2..=FEW_LETTERS).contains(&words.chars().count())) {
        Some(digit) => format!("{}{}", digit + 1, words.chars().skip(1).collect::<String>()).into(),
        None => words.into(),
    }
}

/// What stands before and after the only number in a message.
fn around_number(words: &str) -> Option<(&str, &str, &str)> {
    let start = words.find(char::is_numeric)?;
    let (before, rest) = words.split_at(start);
    let (number, after) = rest.split_at(rest.find(|letter: char| !letter.is_numeric()).unwrap_or(rest.len()));
    (!after.contains(char::is_numeric)).then_some((before, number, after))
}

/// Numbers that a price may be.
fn numbers(words: &str) -> BTreeSet<String> {
    let numbers = words.split(|letter: char| !letter.is_ascii_digit()).filter(|number| number.len() > 1);
    numbers.map(str::to_owned).collect()
}

/// Numbers with what they count, in small letters: "16inch" of "16 inch".
pub(super) fn figures(words: &str) -> BTreeSet<String> {
    figures_in_order(words).into_iter().collect()
}

/// The same as they stand.
pub(super) fn figures_in_order(words: &str) -> Vec<String> {
    let is_number = |letter: char| letter.is_ascii_digit() || letter == '.';
    let is_dense = |letter: char| ('\u{2e80}'..='\u{9fff}').contains(&letter);
    let mut found = Vec::new();
    let mut rest = words;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        rest = &rest[start..];
        let (number, after) = rest.split_at(rest.find(|letter| !is_number(letter)).unwrap_or(rest.len()));
        let unit = after.trim_start_matches([' ', '-', '\u{a0}']);
        // Words without spaces go on: the first letter tells enough.
        let unit: String = match unit.chars().next() {
            Some(first) if is_dense(first) => first.to_string(),
            _ => unit.chars().take_while(|letter| letter.is_alphabetic() && !is_dense(*letter)).collect(),
        };
        if !unit.is_empty() {
            found.push(format!("{}{unit}", number.trim_end_matches('.')));
        }
        rest = after;
    }
    found
}

/// Whether a word of what is told of a product may name it.
pub(super) fn is_word_told(word: &str) -> bool {
    word.chars().count() >= SHORTEST_TOLD && word.chars().all(char::is_alphabetic)
}

/// Whether it is the product itself that they want to see of which they said that they mean it: they come from its page, and ask for
/// nothing that its details do not tell, or quote it with a word or two that ask nothing else.
fn wants_to_see(heard: &Heard) -> bool {
    let told = [Intent::Greeting, Intent::Price, Intent::Availability, Intent::ProductInquiry];
    let plain = heard.named_needs.is_empty() && !heard.part;
    match heard.meant {
        Some(Meant::Page) => plain && heard.wants.iter().all(|want| told.contains(want)),
        Some(Meant::Quote) => plain && heard.wants.is_empty() && heard.words.split_whitespace().count() <= FEW_WORDS,
        None => false,
    }
}

/// "Your best price" and "which is the best of them?" ask for no single one.
fn asks_otherwise_of_the_best(said: &[Pointing], wants: &[Intent]) -> bool {
    said.contains(&Pointing::Best) && wants.iter().any(|want| matches!(want, Intent::Discount | Intent::Compare))
}

/// Whether they order, in as many words or in two or three.
fn orders(heard: &Heard) -> bool {
    let asks = |want: &Intent| {
        matches!(want, Intent::Compare | Intent::Price | Intent::Availability | Intent::ProductInquiry | Intent::Reject)
    };
    let is_short = heard.words.split_whitespace().count() <= FEW_WORDS && !heard.words.contains(is_question);
    (heard.wants.contains(&Intent::Buy) || is_short) && !heard.wants.iter().any(asks)
}
