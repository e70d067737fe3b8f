//! Towards a product: one thing is asked at a time, until there is something to show.

use std::collections::BTreeSet;

use minijinja::context;

use super::answer::{Call, Reply};
use super::choice::{self, Shelf};
use super::hearing::Heard;
use super::memory::Slot;
use super::pointing::{Cue, places, stands_in};
use super::words::{budget_text, marked};
use crate::domain::{Intent, Product, Shop};

/// A slot is asked for this often, then left open.
const ASK_TWICE: u8 = 2;
/// "What do you have for coffee?"
const FEW_WORDS: usize = 7;

impl<'a> Reply<'a> {
    pub(super) fn shelf(&self) -> Shelf<'a> {
        Shelf { shop: self.shop, pointings: &self.dialogue.pointings }
    }

    /// The shop's own brands, which no dictionary knows. Many are words like others ("silk", "morning"): they count where the kind that
    /// is wanted is had of them, or where nothing else is named and there are several things of the brand.
    pub(super) fn own_brands(&mut self, heard: &mut Heard) {
        let shop = self.shop;
        if self.memory.trouble || heard.choice.is_some() {
            return;
        }
        if self.says(Cue::Without, heard) {
            return self.refuse_brands(heard);
        }
        let of_a_product =
            |want: &Intent| matches!(want, Intent::Availability | Intent::ProductInquiry | Intent::Price | Intent::Buy);
        let is_plain = !heard.refined
            && heard.named_needs.is_empty()
            && heard.wants.iter().all(of_a_product)
            && self.dialogue.names.in_words(&heard.words, shop, |_| true).is_empty()
            // More words of a name tell which one.
            && self.dialogue.loose_names.with_words(&heard.words, shop, |_| false).iter().all(|(_, name)| !name.contains(' '));
        let kind = self.memory.product();
        let counts = |brand: &&str| {
            let of_kind = kind.is_some_and(|kind| of_brand(shop, brand).any(|product| product.key == kind));
            // Of the kind that is talked of and not named again, one is called by it.
            if heard.refined { of_kind } else { is_plain && !of_kind && of_brand(shop, brand).nth(1).is_some() }
        };
        let mut brands = shop.products.iter().filter_map(|product| product.brand.as_deref());
        let Some(brand) = brands.find(|brand| stands_in(&heard.words, brand) && counts(brand)) else { return };
        if is_plain {
            self.memory.products.clear();
            self.memory.show([]);
        }
        self.memory.brands = vec![brand.to_owned()];
        (heard.understood, heard.refined) = (true, true);
    }

    /// A brand that the dictionaries know, and that stands in the name of something of the kind that is talked of, is none that the shop
    /// does not carry, though nothing says that it is of it.
    pub(super) fn brands_in_names(&mut self, heard: &Heard) {
        let is_carried = |brand: &String| of_brand(self.shop, brand).next().is_some();
        if self.memory.brands.is_empty() || self.memory.brands.iter().any(is_carried) {
            return;
        }
        let names = &self.dialogue.loose_names;
        let of_kind = |product: &Product| self.memory.product().is_none_or(|kind| kind == product.key);
        if !names.with_words(&heard.words, self.shop, of_kind).is_empty() {
            self.memory.brands.clear();
        }
    }

    /// Brands of the shop that they name as what they do not want.
    fn refuse_brands(&mut self, heard: &mut Heard) {
        let pointings = &self.dialogue.pointings;
        let brands: BTreeSet<&str> = self.shop.products.iter().filter_map(|product| product.brand.as_deref()).collect();
        let denied = |brand: &str, before: bool| {
            pointings.says_beside(Cue::Without, &heard.words, brand, before, Some(&self.language))
        };
        // "Nova, not Lumen" denies what follows; where nothing does, as in Turkish, it denies what stands before.
        let mut refused: Vec<&str> = brands.iter().copied().filter(|brand| denied(brand, true)).collect();
        if refused.is_empty() {
            refused = brands.into_iter().filter(|brand| denied(brand, false)).collect();
        }
        heard.understood |= !refused.is_empty();
        refused.into_iter().for_each(|brand| self.memory.refuse(brand));
    }

    /// "Do you have coffee?" may mean more than one thing, and is heard where nothing else is named in a few words.
    pub(super) fn loose_kind(&mut self, heard: &mut Heard) {
        let is_new = self.memory.product().is_none() && self.memory.shown.is_empty();
        // "6 chairs, 600 at most": what may be spent is said beside it.
        let is_priced = is_new && heard.of_theirs.is_empty() && self.memory.brands.is_empty();
        let names_nothing = (!heard.refined || is_priced)
            && (heard.named_needs.is_empty() || is_new)
            && heard.meant.is_none()
            && !heard.part;
        // What it must have takes words, too.
        let most = FEW_WORDS + 2 * heard.named_needs.len();
        let is_plain = names_nothing && heard.choice.is_none() && heard.words.split_whitespace().count() <= most;
        let of_shown = heard.wants.contains(&Intent::ProductInquiry) || heard.wants.contains(&Intent::Store);
        // Of whom a gift is for it tells what they like.
        if self.memory.trouble || self.memory.gift || !is_plain || of_shown {
            return;
        }
        let called = self.dialogue.pointings.loosely_called(&heard.words);
        let Some((kind, called)) = called.filter(|(kind, _)| choice::is_sold(kind, self.shelf())) else { return };
        if self.speaks_of_it_beside(called, heard) {
            return;
        }
        self.memory.want(kind);
        self.memory.need(&heard.named_needs);
        (heard.understood, heard.refined, heard.wished) = (true, true, true);
        heard.unread = false;
    }

    /// Whether they speak of what they see beside what something is called: "den" of "den Stuhl" is none of that.
    pub(super) fn speaks_of_it_beside(&self, called: &str, heard: &Heard) -> bool {
        let before = places(&heard.words, called).next().map_or("", |(start, _)| heard.words[..start].trim_end());
        let mut articles = self.dialogue.pointings.phrases(Cue::It, Some(&self.language));
        let is_article = articles
            .any(|it| before.strip_suffix(it.as_str()).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric)));
        self.says(Cue::It, heard) && !is_article
    }

    /// Whether they ask if something is had that is neither known here nor what was shown: bicycles.
    pub(super) fn asks_for_another(&self, heard: &Heard) -> bool {
        let names_nothing = !heard.refined && heard.named_needs.is_empty() && heard.meant.is_none() && !heard.part;
        let pointings = &self.dialogue.pointings;
        heard.wants.contains(&Intent::Availability)
            && names_nothing
            && heard.choice.is_none()
            // A number asks for a size.
            && !heard.words.contains(char::is_numeric)
            && pointings.read(&heard.words).is_empty()
            // What goes with it is another thing.
            && !pointings.speaks_of_it(&heard.words, Some(&self.language))
    }

    /// Towards a product: show what fits, or ask for the one thing that is missing.
    pub(super) fn next_step(&mut self, heard: &Heard, greets: bool) {
        // Who has trouble with what they bought, and says more of it than can be understood, is not asked what they look for.
        if self.memory.trouble {
            self.call = Some(Call::Lost);
            return;
        }
        if self.ask_which(&heard.kinds) || self.looks_elsewhere(heard) {
            return;
        }
        // Nothing that they named is had: "and in grey?" is no wish for whatever their budget buys.
        if self.memory.ideas && self.memory.shown.is_empty() && heard.says_nothing_beside() && self.names_variant(heard)
        {
            return self.variant(heard);
        }
        let asks_now =
            heard.wants.iter().any(|want| matches!(want, Intent::Price | Intent::Availability | Intent::Buy));
        let is_another = self.asks_for_another(heard);
        // What is needed of something in a category that they name is no wish for all that has it.
        let any = heard.category.is_none() && choice::has_any(self.memory, self.shelf());
        let wish = self.memory.product().is_some() || any;
        if wish && !is_another && (heard.understood || asks_now) {
            self.show_or_narrow(heard, asks_now);
        } else if !self.liked(heard) {
            self.without_wish(heard, is_another, greets);
        }
    }

    /// What fits the wish; where that is much, and they do not ask for it at once, the one thing that would narrow it is asked first.
    fn show_or_narrow(&mut self, heard: &Heard, asks_now: bool) {
        let fit = choice::fit(self.memory, self.shelf());
        // Where the kind is still open, or the brand is none of ours, what there is tells more than a question.
        let exact = self.memory.product().is_some() && !fit.over_budget && !fit.lacking && !fit.other_brand;
        let budget_missing = self.memory.budget.is_none() && !self.memory.open.contains(&Slot::Budget);
        if exact && fit.products.len() > 2 && budget_missing && !asks_now && self.ask(Slot::Budget, heard) {
            return;
        }
        let need_missing = self.memory.needs.is_empty() && !self.memory.open.contains(&Slot::Need);
        if exact && fit.products.len() > 4 && need_missing && !asks_now && self.ask(Slot::Need, heard) {
            return;
        }
        let shows = !fit.products.is_empty();
        self.show(fit);
        if shows {
            self.variant(heard);
        }
    }

    /// Nothing that is sold is wished for yet: what they sent instead of words is answered, what their budget buys is shown, or they are
    /// asked what they look for.
    fn without_wish(&mut self, heard: &Heard, is_another: bool, greets: bool) {
        // Once they were asked what they look for, or saw some of it, the sum that they tell is what there is to go by.
        let tells_budget = heard.understood && !is_another && !heard.unread;
        let was_asked = self.was_asked(Slot::Product) || self.memory.ideas;
        // Who opened the chat has said nothing yet (section 2.2): they are greeted, and asked.
        match heard.media.as_deref().filter(|media| *media != "request_welcome") {
            Some("location") => self.say("location", context! {}),
            // A form that was filled in is for a person to read.
            Some("flow") if !heard.understood => self.call = Some(Call::Lost),
            Some("unavailable") if !heard.understood => self.say("resend", context! {}),
            Some(_) if !heard.understood => {
                self.say("media", context! {});
                self.offer("person", "button_person");
            }
            // "What is there under 30?" wants to see it.
            _ if heard.understood && self.says(Cue::WhatIsThere, heard) && self.affordable() => {}
            // In a category they see what their budget buys there, once they have seen what else it buys.
            _ if tells_budget && self.memory.within.is_some() && was_asked && self.affordable() => {}
            _ if self.category_in(heard) => {}
            // Asked once what they look for, they tell nothing but what they can spend.
            _ if tells_budget && (was_asked || self.memory.within.is_some()) && self.affordable() => {}
            _ if tells_budget && heard.wished && self.narrow_list() => {}
            // "Does it make cappuccino?", of a list of several kinds, is a question and no wish.
            _ if heard.wants == [Intent::ProductInquiry]
                && !self.memory.shown.is_empty()
                && self.says(Cue::It, heard) =>
            {
                self.say("no_fact", context! {});
                self.offer("person", "button_person");
            }
            _ if heard.understood || greets => {
                if !self.ask(Slot::Product, heard) {
                    self.lost(heard);
                }
            }
            _ => self.lost(heard),
        }
    }

    /// Whether they name another category than that of what is talked of, and no kind of it: its kinds are shown.
    fn looks_elsewhere(&mut self, heard: &Heard) -> bool {
        let (Some(category), Some(kind)) = (&heard.category, self.memory.product()) else { return false };
        let elsewhere = !heard.refined && heard.choice.is_none() && kind.split('/').next() != Some(&**category);
        if !elsewhere || !self.shop.products.iter().any(|product| product.key.split('/').next() == Some(&**category)) {
            return false;
        }
        self.memory.products.clear();
        self.memory.needs.clone_from(&heard.named_needs);
        self.category_in(heard)
    }

    pub(super) fn was_asked(&self, slot: Slot) -> bool {
        self.memory.asked.is_some_and(|(asked, _)| asked == slot)
    }

    /// Asks for one thing. False if it was asked for often enough.
    fn ask(&mut self, slot: Slot, heard: &Heard) -> bool {
        let times = self.memory.asked.filter(|(asked, _)| *asked == slot).map_or(0, |(_, times)| times);
        if times >= ASK_TWICE {
            return false;
        }
        self.memory.asked = Some((slot, times + 1));
        let product = self.wish();
        match slot {
            Slot::Product => {
                // As they named it: what it comes to in the shop's currency matters once there is something to show.
                let budget = self
                    .memory
                    .budget
                    .as_ref()
                    .map(|budget| marked(self.mark(), &budget_text(budget, self.shop.currency)));
                // Who asks whether there is something, or for something with a property, has named it, and the dictionaries do not
                // know it.
                let named = heard.wants.contains(&Intent::Availability) || heard.part || heard.unread;
                let is_gift = self.memory.gift && budget.is_none();
                self.memory.ideas |= is_gift;
                let section = match (is_gift, named) {
                    (true, _) => "ask_gift",
                    (false, true) => "assortment",
                    (false, false) => "ask_product",
                };
                self.say(section, context! { budget });
                // Who tells of a gift what it may cost sees at once what there is for that.
                let ideas = if self.memory.gift && !is_gift && !named { self.what_it_buys() } else { Vec::new() };
                if ideas.is_empty() { self.categories(0) } else { self.list_products(&ideas) }
            }
            Slot::Budget => {
                self.say("ask_budget", context! { product });
                for most in choice::steps(self.memory, self.shelf()) {
                    let title = self.render("button_up_to", context! { price => self.money(most) });
                    self.button(&format!("budget:{most}"), &title);
                }
                self.offer("any:budget", "button_any");
            }
            Slot::Need => {
                let needs = choice::telling_needs(self.memory, self.shelf());
                let named: Vec<String> = needs.iter().map(|need| self.word(need)).collect();
                self.say("ask_need", context! { product, needs => &named });
                for (need, title) in needs.iter().zip(&named) {
                    self.button(&format!("need:{need}"), title);
                }
                self.offer("any:need", "button_any");
            }
        }
        true
    }

    /// What they look for, in their language: a kind of product, else nothing.
    pub(super) fn wish(&self) -> String {
        self.memory.product().map(|key| self.word(key)).unwrap_or_default()
    }

    /// Not understood: says so, the second time a person is asked for. Who tells of somebody that they look for a gift for sees some of
    /// what there is, once.
    fn lost(&mut self, heard: &Heard) {
        let for_whom = self.says(Cue::ForWhom, heard) && self.memory.shown.len() > 1;
        let is_gift = std::mem::take(&mut self.memory.gift) || for_whom;
        if is_gift && self.memory.product().is_none() {
            if !self.affordable() {
                self.ideas();
            }
            return;
        }
        // Of a list of one kind it says what it shall be for: what must it have for that?
        if for_whom && !self.memory.open.contains(&Slot::Need) && self.ask(Slot::Need, heard) {
            return;
        }
        self.memory.lost += 1;
        if self.memory.lost >= 2 {
            self.call = Some(Call::Lost);
            return;
        }
        // What it shall do for them, nobody knows here: they need not say that in other words.
        let of_shown = !self.memory.shown.is_empty() && self.says(Cue::Purpose, heard);
        self.say(if of_shown { "again" } else { "unknown" }, context! {});
        self.offer("person", "button_person");
    }
}

fn of_brand<'a>(shop: &'a Shop, brand: &'a str) -> impl Iterator<Item = &'a Product> {
    shop.products.iter().filter(move |product| product.brand.as_deref() == Some(brand))
}
