//! What is asked of products that were just shown: the second one, whether it is waterproof, what it costs, something cheaper.

use minijinja::{Value, context};

use super::answer::{Heard, Reply};
use super::pointing::{Pointing, stands_in};
use super::recall::Meant;
use super::{choice, is_small_talk};
use crate::domain::{Intent, Product};

/// "And this one?"
const FEW_WORDS: usize = 3;

impl<'a> Reply<'a> {
    /// The products that they point at among those shown. What is answered here altogether is taken from `wants`.
    pub(super) fn pointed_at(&mut self, heard: &Heard, wants: &mut Vec<Intent>) -> Vec<&'a Product> {
        let shown = self.shown();
        let said = self.dialogue.pointings.read(&heard.words);
        if said.contains(&Pointing::Cheapest)
            && let Some(cheapest) = self.cheapest(&shown)
        {
            return vec![cheapest];
        }
        let (Some(first), Some(last)) = (shown.first(), shown.last()) else { return Vec::new() };
        if shown.len() == 1 && said.is_empty() && wants_to_see(heard) {
            return shown;
        }
        let at = |pointing: &Pointing| match pointing {
            Pointing::First => Some(*first),
            Pointing::Second => shown.get(1).copied(),
            Pointing::Third => shown.get(2).copied(),
            Pointing::Last => Some(*last),
            Pointing::Middle => shown.get(shown.len() / 2).copied(),
            Pointing::Variant | Pointing::Cheaper | Pointing::Cheapest => None,
        };
        let mut pointed: Vec<_> = said.iter().filter_map(at).collect();
        // "Good morning" is no Morning Blend.
        if pointed.is_empty() && shown.len() > 1 && !wants.iter().any(|want| is_small_talk(*want)) {
            pointed.extend(by_first_word(&shown, &heard.words));
        }
        // Of the one thing that they see its details are no answer: what they ask is.
        let is_known = shown.len() == 1 && !pointed.is_empty() && !wants.contains(&Intent::Buy);
        if is_known && self.of_shown(&shown, heard) {
            return Vec::new();
        }
        if !pointed.is_empty() {
            return pointed;
        }
        let compares = wants.contains(&Intent::Compare);
        if said.contains(&Pointing::Cheaper) && !compares {
            self.cheaper(&shown);
            wants.retain(|want| !matches!(want, Intent::Discount | Intent::Reject | Intent::Price));
        } else if !compares && !wants.contains(&Intent::Buy) && !self.of_shown(&shown, heard) && !heard.understood {
            self.variant(&said);
        }
        Vec::new()
    }

    fn shown(&self) -> Vec<&'a Product> {
        let shop = self.shop;
        self.memory.shown.iter().filter_map(|sku| choice::by_sku(shop, sku)).collect()
    }

    /// The cheapest of the kind that is talked of, else of what was shown.
    fn cheapest(&self, shown: &[&'a Product]) -> Option<&'a Product> {
        match self.memory.product() {
            Some(key) => choice::cheapest(key, self.shop),
            None => shown.iter().copied().min_by_key(|product| product.price),
        }
    }

    fn cheaper(&mut self, shown: &[&'a Product]) {
        let Some(least) = shown.iter().min_by_key(|product| product.price) else { return };
        let of_one_kind = shown.iter().all(|product| product.key == least.key);
        let kind = of_one_kind.then_some(least.key.as_str());
        let cheaper = choice::cheaper(kind, least.price, self.memory, self.shop);
        match cheaper.as_slice() {
            [] => {
                let values = self.product_values(least);
                self.say("none_cheaper", values);
                self.offer("person", "button_person");
            }
            [one] => self.details(one),
            several => {
                self.memory.shown = several.iter().map(|product| product.sku.clone()).collect();
                self.say("cheaper", context! {});
                self.list_products(several);
            }
        }
    }

    /// In which colours and sizes it is had, a person knows.
    fn variant(&mut self, said: &[Pointing]) {
        if said.contains(&Pointing::Variant) {
            self.say("variant", context! {});
            self.offer("person", "button_person");
        }
    }

    /// A property, the stock or the price of what was shown; whether something of it was asked.
    fn of_shown(&mut self, shown: &[&'a Product], heard: &Heard) -> bool {
        let asks = |want: Intent| heard.wants.contains(&want);
        if heard.wants.iter().any(|want| is_of_the_shop(*want)) {
            return false;
        }
        if heard.part {
            self.say("no_fact", context! {});
            self.offer("person", "button_person");
            return true;
        }
        match (shown, heard.named_needs.is_empty()) {
            ([one], false) if asks(Intent::ProductInquiry) || asks(Intent::Availability) || self.suits(one, heard) => {
                self.property(one, heard);
                true
            }
            (_, false) => false,
            // All that is known of it, though they have seen it, and that it is all.
            ([one], true) if heard.wants == [Intent::ProductInquiry] && !heard.refined => {
                self.details(one);
                self.say("again", context! {});
                true
            }
            (_, true) => {
                let rows: Vec<Value> = shown.iter().map(|product| self.product_values(product)).collect();
                if asks(Intent::Price) {
                    self.say("prices", context! { rows => &rows });
                }
                if asks(Intent::Availability) {
                    self.say("in_stock", context! { rows });
                    self.offer("person", "button_person");
                }
                asks(Intent::Price) || asks(Intent::Availability)
            }
        }
    }

    /// Whether they tell what they need, ask nothing, and it has that.
    fn suits(&self, product: &Product, heard: &Heard) -> bool {
        heard.wants.is_empty() && heard.named_needs.iter().all(|need| product.attributes.contains(need))
    }

    /// Whether it has what they ask for. If not, the search goes on with what has it.
    fn property(&mut self, product: &Product, heard: &Heard) {
        let (has, lacks): (Vec<_>, Vec<_>) =
            heard.named_needs.iter().partition(|need| product.attributes.contains(need));
        let word = |needs: Vec<&String>| needs.into_iter().map(|need| self.word(need)).collect::<Vec<_>>();
        let (has, lacks) = (word(has), word(lacks));
        if lacks.is_empty() {
            self.say("has_it", context! { product => &product.name, needs => has });
            self.offer(&format!("buy:{}", product.sku), "button_buy");
            return self.offer("person", "button_person");
        }
        self.say("lacks_it", context! { product => &product.name, needs => lacks });
        let fit = choice::fit(self.memory, self.shop);
        if !fit.lacking && !fit.over_budget {
            self.show(fit);
        } else {
            self.offer("person", "button_person");
        }
    }
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

/// "The Boom one": the one of those shown whose name begins with a word that stands in the message, if no other's does.
fn by_first_word<'a>(shown: &[&'a Product], words: &str) -> Option<&'a Product> {
    let first = |product: &Product| product.name.split_whitespace().next().unwrap_or_default().to_lowercase();
    let mut meant = shown.iter().filter(|product| stands_in(words, &first(product)));
    let one = meant.next()?;
    meant.next().is_none().then_some(*one)
}

/// What is asked of the shop and not of a product: "how much is delivery?" wants no prices of what was shown.
fn is_of_the_shop(want: Intent) -> bool {
    matches!(
        want,
        Intent::Shipping
            | Intent::Payment
            | Intent::Store
            | Intent::OrderStatus
            | Intent::ReturnRefund
            | Intent::Warranty
            | Intent::Complaint
            | Intent::Discount
    )
}
