//! Facts of the shop that are asked for: delivery, payment, hours, an order, a discount.

use chrono::Offset;
use minijinja::context;

use super::answer::{Call, Reply};
use super::hearing::Heard;
use super::is_small_talk;
use super::names::is_within;
use super::plain::plain;
use super::pointing::{Cue, places, stands_in};
use super::words::is_question;
use super::words::{opening_hours, utc_offset, with_sums};
use crate::domain::{Intent, Product};

/// "The red velvet, please.", "what about next Saturday?"
const FEW_WORDS: usize = 4;

impl<'a> Reply<'a> {
    /// Facts of the shop that were asked for. Whether products were among what is said.
    pub(super) fn facts(&mut self, heard: &Heard) -> bool {
        let shop = self.shop;
        let before = self.paragraphs.len();
        let mut wants = heard.wants.clone();
        if self.changes_order(heard) {
            self.call = Some(Call::Change);
            return true;
        }
        self.of_their_order(heard, &mut wants);
        // Who has trouble and names one says what it is with.
        let mut named = match self.memory.trouble {
            true => Vec::new(),
            false => self.dialogue.names.in_words(&heard.words, shop, |product| self.memory.talks_of(product)),
        };
        if named.is_empty() {
            named = self.named_loosely(heard);
        }
        if named.is_empty() {
            named = self.by_figure(heard).into_iter().collect();
        }
        if self.is_of_theirs(heard, !named.is_empty()) || named.is_empty() && self.of_an_accessory(heard) {
            return true;
        }
        if named.is_empty() && self.tells_address(heard) {
            return true;
        }
        if self.together(heard, &named) {
            return true;
        }
        let orders_all = self.orders_all(heard, &named);
        if self.finds_too_dear(heard) {
            self.cheaper(&self.shown());
            wants.retain(|want| !matches!(want, Intent::Discount | Intent::Reject | Intent::Price | Intent::Compare));
            named.clear();
        } else if named.is_empty() && !self.memory.trouble && !self.shows_others(heard, &mut wants) {
            named = if !heard.refined || heard.meant.is_some() {
                self.pointed_at(heard, &mut wants)
            } else if let Some(pointed) = self.of_kind_again(heard, &mut wants) {
                pointed
            } else {
                self.extreme_of_kind(heard, &mut wants).into_iter().collect()
            };
        }
        self.of_named(&named, heard, (&wants, orders_all));
        if !named.is_empty() {
            self.variant(heard);
        }
        let of_products = self.paragraphs.len() > before;
        for want in &wants {
            self.fact(*want, wants.len() == 1 && !of_products && heard.says_nothing_beside(), heard);
        }
        self.paragraphs.truncate(5);
        self.delivery(heard);
        of_products
    }

    /// Who names again the kind that they see, and nothing new, may point at something of it: "a cheaper mattress", "how wide is the
    /// three-seater", "with a good camera". What it is, or nothing where it was answered.
    fn of_kind_again(&mut self, heard: &Heard, wants: &mut Vec<Intent>) -> Option<Vec<&'a Product>> {
        let shown = self.shown();
        let is_again = |product: &&Product| heard.of_theirs.contains(&product.key);
        if heard.wished || shown.is_empty() || !shown.iter().all(is_again) || heard.kinds.len() > 1 {
            return None;
        }
        let said = self.dialogue.pointings.read(&heard.words);
        if !wants.contains(&Intent::Compare) && self.by_price(&said, &shown) {
            wants.retain(|want| {
                !matches!(want, Intent::Discount | Intent::Reject | Intent::Price | Intent::Availability)
            });
            return Some(Vec::new());
        }
        let named = self.called_in_list(heard);
        if named.is_empty() && self.of_a_part(heard) {
            return Some(Vec::new());
        }
        (!named.is_empty()).then_some(named)
    }

    /// What they say of something that is theirs already: how it is used a person knows, and praise is thanked for. Whether it is that.
    fn is_of_theirs(&mut self, heard: &Heard, names_one: bool) -> bool {
        let is_talk =
            |want: &Intent| is_small_talk(*want) || matches!(want, Intent::ProductInquiry | Intent::Availability);
        if self.memory.trouble || heard.choice.is_some() || !heard.wants.iter().all(is_talk) {
            return false;
        }
        if (names_one || heard.refined || !self.memory.shown.is_empty()) && self.says(Cue::Setup, heard) {
            self.say("no_fact", context! {});
            self.offer("person", "button_person");
            return true;
        }
        let praises =
            names_one && self.says(Cue::Owned, heard) && !self.says(Cue::Looking, heard) && !self.asks_something(heard);
        if praises {
            self.say("thanks", context! {});
        }
        praises
    }

    /// What goes with what they see, and is none of it, has no price here: "how much is a filter?" Whether that is asked.
    fn of_an_accessory(&mut self, heard: &Heard) -> bool {
        let of_price = |want: &Intent| is_small_talk(*want) || matches!(want, Intent::Price);
        let is_asked = heard.wants.contains(&Intent::Price) && heard.wants.iter().all(of_price);
        let language = Some(self.language.as_str());
        let pointings = &self.dialogue.pointings;
        if self.memory.trouble || !is_asked || !heard.says_nothing_beside() || heard.meant.is_some() {
            return false;
        }
        let shown = self.shown();
        let is_told = |product: &&Product| {
            let told = format!("{} {}", product.name, self.summary(product)).to_lowercase();
            let mut named =
                pointings.phrases(Cue::Accessory, language).filter(|phrase| stands_in(&heard.words, phrase));
            named.any(|phrase| stands_in(&told, phrase))
        };
        if shown.is_empty() || !self.says(Cue::Accessory, heard) || shown.iter().any(is_told) {
            return false;
        }
        self.say("no_fact", context! {});
        self.offer("person", "button_person");
        true
    }

    /// Who tells where they are, after the one thing that they see, has it sent there; of several they hear that it was heard. Whether they
    /// tell it and nothing else.
    fn tells_address(&mut self, heard: &Heard) -> bool {
        let is_talk = |want: &Intent| is_small_talk(*want) || *want == Intent::Buy;
        let is_told = heard.wants.contains(&Intent::Location) && heard.wants.iter().all(is_talk);
        let is_plain = heard.says_nothing_beside() && heard.media.is_none() && heard.meant.is_none();
        if self.memory.trouble
            || !is_told
            || !is_plain
            || heard.words.contains(is_question)
            || self.memory.shown.is_empty()
        {
            return false;
        }
        match self.memory.shown.len() == 1 && heard.words.contains(char::is_numeric) {
            true => self.call = Some(Call::Buy),
            false => self.say("location", context! {}),
        }
        true
    }

    /// A product that is to be compared: with the one that they see, else with its neighbours.
    fn beside_what_is_shown(&mut self, product: &'a Product) {
        match self.shown().as_slice() {
            [seen] if seen.sku != product.sku && seen.key == product.key => self.side_by_side(vec![*seen, product]),
            _ => {
                let sku = product.sku.clone();
                self.compare_with(&sku);
            }
        }
    }

    /// What is said of products that they name or point at: details, side by side, or that a person comes.
    fn of_named(&mut self, named: &[&'a Product], heard: &Heard, (wants, orders_all): (&[Intent], bool)) {
        match (named, wants.contains(&Intent::Compare)) {
            ([], true) => self.compare(),
            ([one], true) => self.beside_what_is_shown(one),
            (several @ [_, _, ..], false) if orders_all => {
                self.memory.show(several.iter().copied());
                self.call = Some(Call::Buy);
            }
            (several @ [_, _, ..], _) => self.side_by_side(several.to_vec()),
            ([one], false) if wants.contains(&Intent::Buy) || orders_all && self.memory.has_seen(&one.sku) => {
                self.memory.open(one);
                self.call = Some(Call::Buy);
            }
            ([one], false) => {
                self.details(one);
                let asks = self.asks_something(heard) && !heard.wants.contains(&Intent::Price);
                if !heard.named_needs.is_empty() && asks && !self.tells_part_of(one, heard) {
                    self.tell_property(one, heard);
                }
            }
            ([], false) => {}
        }
    }

    /// Whether of things that they name they want to buy all, and not one or the other.
    fn orders_all(&self, heard: &Heard, named: &[&Product]) -> bool {
        let language = Some(self.language.as_str());
        let takes = |product: &&Product| {
            let name = product.name.to_lowercase();
            let beside =
                |before| self.dialogue.pointings.says_beside(Cue::Takes, &heard.words, &name, before, language);
            beside(true) || beside(false)
        };
        let orders = heard.wants.contains(&Intent::Buy)
            || heard.wants.is_empty() && !heard.words.contains(is_question) && named.iter().any(takes);
        orders && !named.is_empty() && !self.says(Cue::Or, heard)
    }

    /// Products that are named by some words of their names, where no other is: of a kind that is named beside it they count unless
    /// they are what the kind is called.
    fn named_loosely(&self, heard: &Heard) -> Vec<&'a Product> {
        if self.memory.trouble || heard.choice.is_some() || self.says(Cue::Without, heard) {
            return Vec::new();
        }
        let looks = || self.says(Cue::Takes, heard) || self.says(Cue::Looking, heard);
        let says_more = |most| heard.wants.is_empty() && heard.words.split_whitespace().count() > most && !looks();
        let is_talk = heard.wants.iter().any(|want| is_small_talk(*want));
        let of_kind = |product: &Product| self.memory.talks_of(product) || heard.kinds.contains(&product.key);
        let counts = |(product, name): &(&'a Product, &str)| {
            // The kind is named beside it: no other words are needed to tell that a thing is meant.
            let is_sure = heard.refined && of_kind(product) && (name.contains(' ') || is_within(product, name));
            let most = if name.contains(' ') { FEW_WORDS + 2 } else { FEW_WORDS };
            (is_sure || !is_talk && !says_more(most)) && self.counts_loosely((product, name), of_kind(product), heard)
        };
        let may_be = |product: &Product| of_kind(product) && self.tells_apart(heard);
        let named = self.dialogue.loose_names.with_words(&heard.words, self.shop, may_be);
        named.into_iter().filter(counts).map(|(product, _)| product).collect()
    }

    /// Whether a word within a name may call a thing: in few words, or where one is asked for, and no other is spoken of.
    fn tells_apart(&self, heard: &Heard) -> bool {
        let is_short = heard.words.split_whitespace().count() <= FEW_WORDS;
        (is_short || heard.refined || of_one(&heard.wants)) && !self.says(Cue::Purpose, heard)
    }

    fn counts_loosely(&self, (product, name): (&Product, &str), of_kind: bool, heard: &Heard) -> bool {
        let is_open = heard.refined || self.memory.shown.is_empty();
        let of_price = heard.wants.iter().any(|want| matches!(want, Intent::Price | Intent::Buy));
        // Brands are words like others, too.
        if product.brand.as_deref().is_some_and(|brand| plain(brand) == plain(name)) && !of_one(&heard.wants) {
            return false;
        }
        // "And 20 conchas" are so many of them.
        let is_counted = || {
            let mut places = places(&heard.words, name).map(|(start, _)| heard.words[..start].trim_end());
            places.any(|before| before.ends_with(|letter: char| letter.is_numeric()))
        };
        let is_within = is_within(product, name);
        // Who wants the one that they see takes it.
        let is_seen =
            self.memory.shown == [product.sku.as_str()] && !of_one(&heard.wants) && self.says(Cue::Takes, heard);
        if is_within && !self.memory.shown.is_empty() && (is_seen || self.speaks_of_it_beside(name, heard)) {
            return false;
        }
        let of_more = name.contains(' ') || is_within || is_open || of_price || is_counted();
        // "Perfumes" are all that there are.
        let kind = plain(&self.word(&product.key));
        let is_many =
            || ![kind.as_str(), name].iter().any(|words| words.contains(' ')) && plain(name).starts_with(&kind);
        let is_kind = || kind.contains(&plain(name)) || is_many();
        of_more && (!heard.refined || of_kind && !is_kind())
    }

    /// Who asks for a price or orders hears before paying what sending to where they are costs and takes beyond the usual.
    pub(super) fn delivery(&mut self, heard: &Heard) {
        let buys = heard.choice.as_ref().is_some_and(|choice| choice.starts_with("buy:"));
        let asks = |want: &Intent| matches!(want, Intent::Price | Intent::Shipping | Intent::Buy);
        let Some(delivery) = self.known.delivery.filter(|_| buys || heard.wants.iter().any(asks)) else { return };
        let days = delivery.days.map(|(least, most)| match least == most {
            true => most.to_string(),
            false => format!("{least}–{most}"),
        });
        let values = context! { surcharge => delivery.surcharge, days, customs => delivery.customs_days };
        self.notice = Some(self.render("delivery", values));
    }

    fn fact(&mut self, want: Intent, alone: bool, heard: &Heard) {
        let shop = self.shop;
        match want {
            Intent::Shipping => {
                self.shop_text("shipping", &shop.shipping);
                self.memory.told_delivery = true;
            }
            Intent::Payment => self.shop_text("payment", &shop.payment),
            Intent::ReturnRefund | Intent::Warranty => {
                self.shop_text("returns", &shop.returns);
                self.offer("person", "button_person");
            }
            Intent::Store => self.hours(),
            Intent::OrderStatus => self.order(heard),
            Intent::Discount => self.discount(),
            Intent::OptIn => self.say("opted_in", context! {}),
            Intent::Complaint => self.call = Some(Call::Lost),
            Intent::Thanks if alone => {
                self.say("thanks", context! {});
                self.ask_about_them();
            }
            Intent::Later => self.say("later", context! {}),
            Intent::Reject => self.say("reject", context! {}),
            Intent::Buy if self.memory.shown.len() == 1 && self.memory.product().is_some() => {
                self.call = Some(Call::Buy);
            }
            _ => {}
        }
    }

    /// Whether they ask on after what was told of delivery, and of nothing else.
    pub(super) fn asks_on(&self, heard: &Heard) -> bool {
        let is_price = heard.wants == [Intent::Price] && self.memory.shown.is_empty();
        let is_plain = heard.says_nothing_beside() && heard.wants.iter().all(|want| is_small_talk(*want) || is_price);
        is_plain && (is_price || self.says(Cue::GoesOn, heard))
    }

    /// Whether they name a day, and little else, after they heard when the shop is open: "and on Saturday?"
    pub(super) fn asks_for_a_day(&self, heard: &Heard) -> bool {
        let is_short = heard.words.split_whitespace().count() <= FEW_WORDS && heard.media.is_none();
        let is_plain = heard.says_nothing_beside() && heard.wants.iter().all(|want| *want == Intent::Availability);
        is_short && is_plain && self.says(Cue::Days, heard)
    }

    /// Where the shop is, and when it is open.
    pub(super) fn hours(&mut self) {
        let open = self.shop.is_open(self.now);
        let hours = opening_hours(&self.shop.hours, self.shop_time().as_deref(), |key| self.word(key));
        self.say("hours", context! { hours, open });
        self.memory.told_hours = true;
    }

    /// The shop's time, for who lives by another: UTC+8.
    fn shop_time(&self) -> Option<String> {
        let offset = |zone: chrono_tz::Tz| self.now.utc().with_timezone(&zone).offset().fix().local_minus_utc();
        let ours = offset(self.shop.zone);
        (offset(self.contact.zone.unwrap_or(self.shop.zone)) != ours).then(|| utc_offset(ours))
    }

    /// A text of the shop in the customer's language, else the shop's own, else English. No text: a person knows.
    pub(super) fn shop_text(&mut self, section: &str, texts: &std::collections::BTreeMap<String, String>) {
        match self.shop.text(texts, &self.language) {
            Some(text) => self.say(section, context! { text => with_sums(text, self.mark(), self.shop.currency) }),
            None => {
                self.say("no_fact", context! {});
                self.offer("person", "button_person");
            }
        }
    }

    /// What the shop has for those who came the way that they did, while it lasts; what else is possible a person knows.
    fn discount(&mut self) {
        match self.known.offer {
            Some(offer) => self.shop_text("offer", &offer.text),
            None => self.say("discount", context! {}),
        }
        self.offer("person", "button_person");
    }

    /// One short question about them, once, when all is well and nothing else is asked (CHAR-8).
    fn ask_about_them(&mut self) {
        if !self.shop.ask_occupation || !self.known.may_be_asked || self.memory.asked_about_them {
            return;
        }
        self.memory.asked_about_them = true;
        self.say("ask_about_them", context! {});
        self.offer("profile:occupation:student", "button_student");
        self.offer("profile:household:homemaker", "button_household");
        self.offer("profile:company:yes", "button_company");
    }
}

/// Whether they ask for one thing, and for nothing of the shop.
fn of_one(wants: &[Intent]) -> bool {
    let of_thing = |want: &Intent| {
        matches!(want, Intent::Price | Intent::Buy | Intent::Availability | Intent::ProductInquiry | Intent::Compare)
    };
    !wants.iter().any(|want| want.is_of_the_shop()) && wants.iter().any(of_thing)
}
