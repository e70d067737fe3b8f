//! A customer, the bot and a clock, for the small conversations beside this.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

mod asked;
mod budgets;
mod carts;
mod doubts;
mod languages;
mod lists;
mod names;
mod of_list;
mod orders;
mod parts;
mod quiet;
mod recall;
mod rereading;
mod short_answers;
mod sizes;
mod taking;
mod talks;
mod turns;
mod unread;
mod wanted;
mod wishes;

use std::path::Path;
use std::sync::LazyLock;

use super::*;
use crate::domain::{InboundMessage, Language, MessageKind, Money, OrderEvent, OrderState, Rates};
use crate::lexicon::Lexicon;

/// A customer, the bot and a clock.
struct Talk {
    dialogue: Dialogue,
    lexicon: &'static Lexicon,
    shop: Shop,
    contact: Contact,
    memory: Memory,
    /// Tags that the rules gave.
    tags: Vec<&'static str>,
    /// What the tables of places say of sending there.
    delivery: Option<crate::domain::Delivery>,
    now: Timestamp,
}

/// Compiled once for all talks.
static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let (lexicon, problems) = Lexicon::compile(&files("keywords"), crate::engine::knowledge::weights());
    lexicon.unwrap_or_else(|| panic!("{problems:?}"))
});

fn files(folder: &str) -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push(SourceFile { path: path.strip_prefix(&root).unwrap().to_string_lossy().into_owned(), text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

impl Talk {
    fn new(country: &str) -> Self {
        let keywords = files("keywords");
        let shop = keywords.iter().find(|file| file.path == "shop.toml").unwrap();
        let (shop, problems) = Shop::parse(shop, "USD".parse().unwrap(), chrono_tz::UTC, Language::english(), None);
        assert_eq!(problems, []);
        let (rates, _) = Rates::compile(&keywords);
        let shop = Shop { rates: rates.unwrap(), ..shop.unwrap() };
        let (dialogue, problems) = Dialogue::compile(&files("templates"), &keywords, &shop.products);
        assert_eq!(problems, [], "the shipped replies are clean");
        let contact = Contact { country: country.parse().ok(), ..Contact::default() };
        // A Monday at noon: people are there.
        let now = Timestamp::parse_rfc3339("2026-03-02T12:00:00Z").unwrap();
        let dialogue = dialogue.unwrap();
        Self {
            dialogue,
            lexicon: &LEXICON,
            shop,
            contact,
            memory: Memory::default(),
            tags: Vec::new(),
            delivery: None,
            now,
        }
    }

    /// A shop of its own: of each product its name, kind, price, stock and what is told of it.
    fn of_shop(country: &str, currency: &str, sold: &[(&str, &str, u32, u32, &str)]) -> Self {
        let product = |(place, (name, key, price, stock, summary)): (usize, &(&str, &str, u32, u32, &str))| -> Product {
            let written = serde_json::json!({
                "sku": format!("N-{place}"), "name": name, "key": key, "price": price, "stock": stock, "summary": summary,
            });
            serde_json::from_value(written).unwrap()
        };
        let mut talk = Self::new(country);
        talk.shop.currency = currency.parse().unwrap();
        talk.shop.products = sold.iter().enumerate().map(product).collect();
        let (dialogue, _) = Dialogue::compile(&files("templates"), &files("keywords"), &talk.shop.products);
        talk.dialogue = dialogue.unwrap();
        talk
    }

    /// Another customer of the same shop, who has said nothing yet.
    fn another(&mut self, country: &str, tags: &[&'static str]) {
        self.contact = Contact { country: country.parse().ok(), ..Contact::default() };
        (self.memory, self.tags, self.delivery) = (Memory::default(), tags.to_vec(), None);
    }

    fn hear(&mut self, message: InboundMessage) {
        let reading = self.dialogue.read(self.lexicon, &self.contact, &self.memory, message.words());
        let event = Event { seq: 1, at: self.now, received: self.now, body: EventBody::Message(message) };
        self.dialogue.learn_language(&mut self.contact, &event, &reading);
        self.dialogue.look(&mut self.memory, &event, &self.shop);
        self.dialogue.hear(&mut self.memory, &event, Some(&reading), self.now);
    }

    fn answer(&mut self, standing: Standing) -> Option<Answer> {
        self.now = self.dialogue.next_wake(&self.memory).unwrap_or(self.now).max(self.now);
        let offer = self.shop.offer(self.now, |tag| self.tags.contains(&tag));
        let known = Known { offer, delivery: self.delivery, may_be_asked: self.tags.is_empty() };
        self.dialogue.answer(&mut self.memory, &self.contact, known, &self.shop, standing, self.now)
    }

    /// Writes, waits for the answer, and thinks for five minutes.
    fn write(&mut self, text: &str) -> Option<Answer> {
        self.hear(InboundMessage { text: Some(text.into()), ..InboundMessage::default() });
        let answer = self.answer(Standing::Bot);
        self.now = self.now + crate::domain::Duration::minutes(5);
        answer
    }

    fn tap(&mut self, id: &str) -> Option<Answer> {
        self.hear(InboundMessage { choice: Some(id.into()), ..InboundMessage::default() });
        let answer = self.answer(Standing::Bot);
        self.now = self.now + crate::domain::Duration::minutes(5);
        answer
    }
}

/// Everything that a customer sees of an answer.
fn seen(answer: &Option<Answer>) -> String {
    let Some(answer) = answer else { return String::new() };
    match &answer.content {
        Content::List { body, rows, .. } => {
            let rows: Vec<_> =
                rows.iter().map(|row| format!("[{} | {} | {}]", row.id, row.title, row.description)).collect();
            format!("{body}\n{}", rows.join("\n"))
        }
        Content::Buttons { body, buttons } => {
            let buttons: Vec<_> = buttons.iter().map(|button| format!("[{} | {}]", button.id, button.title)).collect();
            format!("{body}\n{}", buttons.join("\n"))
        }
        other => other.text(),
    }
}

#[track_caller]
fn expect(answer: &Option<Answer>, holds: &[&str], lacks: &[&str]) {
    let seen = seen(answer);
    for words in holds {
        assert!(seen.contains(words), "`{words}` is missing in:\n{seen}");
    }
    for words in lacks {
        assert!(!seen.contains(words), "`{words}` stands in:\n{seen}");
    }
}

/// Why a person was asked for.
fn reason(answer: &Option<Answer>) -> Option<&str> {
    answer.as_ref()?.handoff.as_ref().map(|request| &*request.reason)
}
