//! Orders of theirs: how far they are, whether they are paid and when they come, and that something of them is to be another way.

use chrono::NaiveDate;
use minijinja::context;

use super::answer::{Call, Reply};
use super::hearing::Heard;
use super::is_small_talk;
use super::memory::Ordered;
use super::pointing::{Cue, stands_in};
use super::words::{day_of, is_question};
use crate::domain::{Intent, OrderState};

/// Digits of a number that may be an order's.
const SHORTEST_NUMBER: usize = 3;
/// Digits of one that is no price and no part of a name.
const LONG_NUMBER: usize = 4;

impl Reply<'_> {
    /// Whether they want an order cancelled or changed, which a person must hear of, whether it is known here or not.
    pub(super) fn changes_order(&self, heard: &Heard) -> bool {
        let asks = |want: Intent| heard.wants.contains(&want);
        let is_open = self.memory.orders().iter().any(|order| order.state < OrderState::Delivered);
        let of_order = |want: &Intent| {
            is_small_talk(*want) || matches!(want, Intent::OrderStatus | Intent::ReturnRefund | Intent::Shipping)
        };
        let of_open = is_open && !heard.refined && heard.wants.iter().all(of_order);
        // "Does the pro have cancelling?" speaks of no order.
        let of_thing = !is_open && heard.words.contains(is_question) && !self.memory.shown.is_empty();
        let of_any = asks(Intent::OrderStatus) && !of_thing && (is_open || !self.says(Cue::If, heard));
        heard.choice.is_none() && (of_open || of_any) && self.says(Cue::Changes, heard)
    }

    /// Whether it is paid, and when it comes, an order of theirs tells better than what holds for all.
    pub(super) fn of_their_order(&self, heard: &Heard, wants: &mut Vec<Intent>) {
        let of_payment = self.says(Cue::Paid, heard);
        let of_order = |want: &Intent| {
            is_small_talk(*want)
                || matches!(want, Intent::OrderStatus | Intent::Payment | Intent::Shipping)
                || *want == Intent::Buy && of_payment
        };
        let orders = self.memory.orders();
        if orders.is_empty() || heard.refined || heard.choice.is_some() || !wants.iter().all(of_order) {
            return;
        }
        let is_to_come = orders.iter().any(|order| order.state < OrderState::Delivered);
        if of_payment {
            wants.retain(|want| !matches!(want, Intent::Payment | Intent::Buy));
        }
        if (of_payment || is_to_come && self.says(Cue::Arrives, heard)) && !wants.contains(&Intent::OrderStatus) {
            wants.insert(0, Intent::OrderStatus);
        }
    }

    /// How far the orders are that they ask after; while one is on its way also under which number, and until when, as long as that
    /// day is to come.
    pub(super) fn order(&mut self, heard: &Heard) {
        let orders = self.memory.orders();
        match self.orders_meant(orders, heard) {
            Ok(meant) if meant.is_empty() => self.say("no_order", context! {}),
            Ok(meant) => meant.into_iter().for_each(|order| self.tell_order(order)),
            // They sent its number, as they were asked to.
            Err(()) => self.call = Some(Call::Lost),
        }
        self.offer("person", "button_person");
    }

    fn tell_order(&mut self, told: Ordered) {
        let under_way = told.state == OrderState::Shipped;
        let tracking = told.tracking.filter(|_| under_way);
        let zone = self.contact.zone.unwrap_or(self.shop.zone);
        let today = self.now.utc().with_timezone(&zone).date_naive();
        let eta = told.eta.filter(|_| under_way);
        let eta = eta.and_then(|eta| match eta.parse::<NaiveDate>() {
            Ok(day) => (day >= today).then(|| day_of(day, today, |key| self.word(key))),
            Err(_) => Some(eta),
        });
        let state = self.word(&format!("{:?}", told.state).to_lowercase());
        self.say("order", context! { order => told.order, state, tracking, eta });
    }

    /// Of several orders that of which they say the number or what it is of, else all of them. Nothing is known of a number that is none
    /// of these.
    fn orders_meant(&self, orders: Vec<Ordered>, heard: &Heard) -> Result<Vec<Ordered>, ()> {
        let mut words = heard.words.clone();
        for (start, end) in self.dialogue.names.places(&heard.words) {
            words.replace_range(start..end, &" ".repeat(end - start));
        }
        let numbers: Vec<String> = words.split(|letter: char| !letter.is_alphanumeric()).map(digits).collect();
        let is_said = |order: &&Ordered| {
            let of = [Some(&order.order), order.tracking.as_ref()].into_iter().flatten().map(|number| digits(number));
            of.into_iter().any(|number| number.len() >= SHORTEST_NUMBER && numbers.contains(&number))
        };
        let said: Vec<Ordered> = orders.iter().filter(is_said).cloned().collect();
        if !said.is_empty() {
            return Ok(said);
        }
        let least = if orders.is_empty() { SHORTEST_NUMBER } else { LONG_NUMBER };
        let all_digits = words.chars().filter(char::is_ascii_digit).count();
        if numbers.iter().any(|number| number.len() >= least) || orders.is_empty() && all_digits >= least {
            return Err(());
        }
        let is_of = |order: &&Ordered| {
            let is_named = |name: &String| {
                heard.of_theirs.contains(name)
                    || stands_in(&heard.words, name)
                    || stands_in(&heard.words, &self.word(name).to_lowercase())
            };
            order.of.iter().any(is_named)
        };
        let of: Vec<Ordered> = orders.iter().filter(is_of).cloned().collect();
        let open = |order: &&Ordered| order.state < OrderState::Delivered;
        let all: Vec<Ordered> = if orders.iter().any(|order| open(&order)) {
            orders.iter().filter(open).cloned().collect()
        } else {
            orders
        };
        Ok(if of.is_empty() { all } else { of })
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
