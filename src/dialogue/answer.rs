//! One reply for all that was heard: facts asked for, then the next step towards a product.

use chrono::Timelike;
use minijinja::{Value, context};
use rust_decimal::Decimal;

use super::choice::{self, Fit};
use super::memory::{Memory, Slot};
use super::templates::cut;
use super::{Answer, Dialogue};
use crate::domain::{
    Budget, Button, Contact, Content, Currency, Duration, Evidence, HandoffRequest, Intent, ListRow, Product, Shop,
    Standing, Timestamp,
};

/// The same words so soon again say nothing new.
const REPEAT: Duration = Duration::seconds(60);
/// A slot is asked for this often, then left open.
const ASK_TWICE: u8 = 2;
/// A person is promised within this when the bot does not know further.
const LOST_PROMISE: Duration = Duration::minutes(30);

/// A reply while it is put together.
struct Reply<'a> {
    dialogue: &'a Dialogue,
    memory: &'a mut Memory,
    shop: &'a Shop,
    language: String,
    now: Timestamp,
    paragraphs: Vec<String>,
    buttons: Vec<Button>,
    rows: Vec<ListRow>,
    handoff: bool,
}

/// See [`Dialogue::answer`].
pub(super) fn answer(
    dialogue: &Dialogue,
    memory: &mut Memory,
    contact: &Contact,
    shop: &Shop,
    standing: Standing,
    now: Timestamp,
) -> Option<Answer> {
    memory.reply_due = None;
    memory.burst = None;
    let language = dialogue.templates.language(contact, shop).to_owned();
    let tell_person = std::mem::take(&mut memory.tell_person);
    let wants = std::mem::take(&mut memory.wants);
    let (choice, media) = (memory.choice.take(), memory.media.take());
    let understood = std::mem::take(&mut memory.understood);
    let mut reply = Reply {
        dialogue,
        memory,
        shop,
        language,
        now,
        paragraphs: Vec::new(),
        buttons: Vec::new(),
        rows: Vec::new(),
        handoff: false,
    };
    match standing {
        Standing::Person => return None,
        Standing::Waiting { due, missed } => {
            if !tell_person {
                return None;
            }
            reply.person(due, missed);
        }
        Standing::Bot if wants.contains(&Intent::OptOut) => reply.say("opted_out", context! {}),
        // Everything is silence after a stop, but for what they ask themselves.
        Standing::Bot if contact.opted_out && wants.is_empty() && choice.is_none() => return None,
        Standing::Bot => reply.speak(contact, &wants, choice.as_deref(), media.as_deref(), understood),
    }
    reply.finish()
}

impl Reply<'_> {
    fn render(&self, section: &str, values: Value) -> String {
        let shop = context! {
            shop => context! { name => &self.shop.name, address => self.shop.address.clone(), currency => self.shop.currency.code() },
        };
        self.dialogue.templates.render(&self.language, section, context! { ..shop, ..values })
    }

    fn say(&mut self, section: &str, values: Value) {
        let words = self.render(section, values);
        if !words.is_empty() {
            self.paragraphs.push(words);
        }
    }

    fn button(&mut self, id: &str, section: &str) {
        let title = cut(&self.render(section, context! {}), 20);
        if self.buttons.len() < 3 && !self.buttons.iter().any(|button| button.title == title) {
            self.buttons.push(Button { id: id.to_owned(), title });
        }
    }

    fn speak(
        &mut self,
        contact: &Contact,
        wants: &[Intent],
        choice: Option<&str>,
        media: Option<&str>,
        understood: bool,
    ) {
        let greets = !self.memory.greeted;
        if greets {
            self.memory.greeted = true;
            let name = contact.name.as_deref().and_then(|name| name.split_whitespace().next()).unwrap_or_default();
            self.say("greet", context! { name });
        }
        let before = self.paragraphs.len();
        if let Some(choice) = choice {
            self.chosen(choice);
        }
        self.facts(wants);
        if self.paragraphs.len() == before {
            self.next_step(wants, media, understood, greets);
        }
        if understood {
            self.memory.lost = 0;
        }
    }

    /// What was tapped.
    fn chosen(&mut self, choice: &str) {
        match choice.split_once(':') {
            Some(("product", sku)) => self.details(sku),
            Some(("buy", _)) | None if choice == "person" || choice.starts_with("buy:") => self.handoff = true,
            Some(("any", slot)) => {
                let slot = if slot == "budget" { Slot::Budget } else { Slot::Need };
                self.memory.open.push(slot);
            }
            _ => {}
        }
    }

    fn details(&mut self, sku: &str) {
        let Some(product) = choice::by_sku(self.shop, sku) else { return };
        self.memory.shown = vec![sku.to_owned()];
        let values = self.product_values(product);
        self.say("details", values);
        self.button(&format!("buy:{sku}"), "button_buy");
        self.button("person", "button_person");
    }

    fn product_values(&self, product: &Product) -> Value {
        context! {
            product => &product.name, price => money(product.price, self.shop.currency), stock => product.stock,
            summary => &product.summary, attributes => product.attributes.iter().map(|attribute| attribute.replace('_', " ")).collect::<Vec<_>>(),
        }
    }

    /// Facts of the shop that were asked for.
    fn facts(&mut self, wants: &[Intent]) {
        let shop = self.shop;
        let own = |texts: &std::collections::BTreeMap<String, String>, language: &str| {
            texts.get(language).or_else(|| texts.get(shop.language.tag())).or_else(|| texts.get("en")).cloned()
        };
        for want in wants {
            let text = match want {
                Intent::Shipping => own(&shop.shipping, &self.language).map(|text| ("shipping", text)),
                Intent::Payment => own(&shop.payment, &self.language).map(|text| ("payment", text)),
                Intent::ReturnRefund | Intent::Warranty => {
                    own(&shop.returns, &self.language).map(|text| ("returns", text))
                }
                _ => None,
            };
            if let Some((section, text)) = text {
                self.say(section, context! { text });
            }
            match want {
                Intent::Store => {
                    let open = shop.is_open(self.now);
                    self.say("hours", context! { hours => hours(shop), open });
                }
                Intent::OrderStatus => self.order(),
                Intent::Discount => self.say("discount", context! {}),
                Intent::Thanks if wants.len() == 1 => self.say("thanks", context! {}),
                Intent::Later => self.say("later", context! {}),
                Intent::Reject => self.say("reject", context! {}),
                Intent::Compare => self.compare(),
                _ => {}
            }
        }
        self.paragraphs.truncate(4);
    }

    fn order(&mut self) {
        match self.memory.order.clone() {
            Some((order, state)) => {
                let state = format!("{state:?}").to_lowercase();
                self.say("order", context! { order, state });
            }
            None => {
                self.say("no_order", context! {});
                self.button("person", "button_person");
            }
        }
    }

    fn compare(&mut self) {
        let Fit { mut products, .. } = choice::fit(self.memory, self.shop);
        products.truncate(4);
        if products.len() < 2 {
            return;
        }
        self.memory.shown = products.iter().map(|product| product.sku.clone()).collect();
        let rows: Vec<Value> = products
            .iter()
            .map(|product| {
                context! {
                    name => &product.name, price => money(product.price, self.shop.currency), summary => &product.summary,
                    attributes => product.attributes.iter().map(|attribute| attribute.replace('_', " ")).collect::<Vec<_>>(),
                }
            })
            .collect();
        self.say("compare", context! { rows });
    }

    /// Towards a product: show what fits, or ask for the one thing that is missing.
    fn next_step(&mut self, wants: &[Intent], media: Option<&str>, understood: bool, greets: bool) {
        let asks_now = wants.iter().any(|want| matches!(want, Intent::Price | Intent::Availability | Intent::Buy));
        if self.memory.product().is_some() && (understood || asks_now) {
            let fit = choice::fit(self.memory, self.shop);
            let many = fit.products.len() > 3;
            let budget_missing = self.memory.budget.is_none() && !self.memory.open.contains(&Slot::Budget);
            if many && budget_missing && !asks_now && self.ask(Slot::Budget) {
                return;
            }
            let need_missing = self.memory.needs.is_empty() && !self.memory.open.contains(&Slot::Need);
            if fit.products.len() > 5 && need_missing && !asks_now && self.ask(Slot::Need) {
                return;
            }
            return self.show();
        }
        match media {
            Some(_) if !understood => {
                self.say("media", context! {});
                self.button("person", "button_person");
            }
            _ if understood || greets => {
                if !self.ask(Slot::Product) {
                    self.lost();
                }
            }
            _ => self.lost(),
        }
    }

    /// Asks for one thing. False if it was asked for often enough.
    fn ask(&mut self, slot: Slot) -> bool {
        let times = match self.memory.asked {
            Some((asked, times)) if asked == slot => times,
            _ => 0,
        };
        if times >= ASK_TWICE {
            return false;
        }
        self.memory.asked = Some((slot, times + 1));
        let product = self.memory.product().map(product_name).unwrap_or_default();
        match slot {
            Slot::Product => {
                self.say("ask_product", context! {});
                self.button("person", "button_person");
            }
            Slot::Budget => {
                self.say("ask_budget", context! { product });
                self.button("any:budget", "button_any");
            }
            Slot::Need => {
                self.say("ask_need", context! { product });
                self.button("any:need", "button_any");
            }
        }
        true
    }

    fn show(&mut self) {
        self.memory.asked = None;
        let Fit { products, over_budget } = choice::fit(self.memory, self.shop);
        let product = self.memory.product().map(product_name).unwrap_or_default();
        if products.is_empty() {
            self.say("nothing", context! { product });
            self.button("person", "button_person");
            return;
        }
        self.memory.shown = products.iter().map(|product| product.sku.clone()).collect();
        let budget =
            self.memory.budget.as_ref().map(|budget| budget_text(budget, self.shop.currency)).unwrap_or_default();
        let section = if over_budget { "show_over_budget" } else { "show" };
        self.say(section, context! { product, budget, count => products.len() });
        self.rows = products
            .iter()
            .map(|product| ListRow {
                id: format!("product:{}", product.sku),
                title: cut(&product.name, 24),
                description: cut(&format!("{} · {}", money(product.price, self.shop.currency), product.summary), 72),
            })
            .collect();
    }

    /// Not understood: says so, the second time a person is asked for.
    fn lost(&mut self) {
        self.memory.lost += 1;
        if self.memory.lost >= 2 {
            self.handoff = true;
            return;
        }
        self.say("unknown", context! {});
        self.button("person", "button_person");
    }

    /// A person comes: by when, inside and outside working hours.
    fn person(&mut self, due: Timestamp, missed: bool) {
        let open = self.shop.is_open(self.now);
        // Rounded up: nobody is promised less time than there is.
        let minutes = ((due - self.now).0 + 59_999).div_euclid(60_000).max(1);
        let local = due.utc().with_timezone(&self.shop.zone);
        let time = format!("{:02}:{:02}", local.hour(), local.minute());
        let day = local.format("%Y-%m-%d").to_string();
        let section = match (missed, open) {
            (true, _) => "person_late",
            (false, true) => "person_soon",
            (false, false) => "person_later",
        };
        self.say(section, context! { minutes, time, day });
    }

    fn finish(mut self) -> Option<Answer> {
        let mut handoff = None;
        if self.handoff {
            self.memory.lost = 0;
            let evidence = Evidence {
                by: "dialogue".into(),
                figure: "the bot does not know further".into(),
                ..Evidence::default()
            };
            let due = self.shop.next_open(self.now) + LOST_PROMISE;
            self.person(due, false);
            self.buttons.clear();
            self.rows.clear();
            handoff = Some(HandoffRequest { reason: "bot-lost".into(), promise: LOST_PROMISE, evidence });
        }
        let body = self.paragraphs.join("\n\n");
        if body.is_empty() {
            return None;
        }
        let soon = self.memory.said_at.is_some_and(|said| self.now - said < REPEAT);
        if soon && body == self.memory.said && handoff.is_none() {
            return None;
        }
        self.memory.said.clone_from(&body);
        self.memory.said_at = Some(self.now);
        let content = match (self.rows.is_empty(), self.buttons.is_empty()) {
            (false, _) => Content::List {
                body: cut(&body, 4_096),
                button: cut(&self.render("button_list", context! {}), 20),
                rows: self.rows,
            },
            (true, false) => Content::Buttons { body: cut(&body, 1_024), buttons: self.buttons },
            (true, true) => Content::Text { body: cut(&body, 4_096) },
        };
        Some(Answer { content, answers: self.memory.to_answer.take(), handoff })
    }
}

fn hours(shop: &Shop) -> Vec<Value> {
    let row =
        |hours: &crate::domain::Hours| context! { days => hours.days.join(", "), from => &hours.from, to => &hours.to };
    shop.hours.iter().map(row).collect()
}

/// The last part of a product's key, in words.
fn product_name(key: &str) -> String {
    key.rsplit('/').next().unwrap_or(key).replace('_', " ")
}

fn money(amount: Decimal, currency: Currency) -> String {
    format!("{} {}", grouped(amount), currency.code())
}

/// Thousands apart by a thin space that every language reads.
fn grouped(amount: Decimal) -> String {
    let text = amount.normalize().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut shown = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && digit != '-' {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    if fraction.is_empty() { shown } else { format!("{shown}.{fraction:0<2}") }
}

fn budget_text(budget: &Budget, shop: Currency) -> String {
    let currency = budget.currency.unwrap_or(shop);
    match (budget.min, budget.max) {
        (Some(min), Some(max)) if min != max => format!("{}–{}", grouped(min), money(max, currency)),
        (_, Some(max)) => money(max, currency),
        (Some(min), None) => format!("≥ {}", money(min, currency)),
        (None, None) => String::new(),
    }
}
