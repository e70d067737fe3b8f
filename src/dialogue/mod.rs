//! What to answer: slots filled and missing, products that fit, the words for it.
//!
//! `hear` takes in what the customer wrote; a moment later `answer` makes one reply for all that was heard since. Words come
//! from templates (`templates.rs`), products from the shop's catalogue (`choice.rs`).

mod answer;
mod asking;
mod cart;
mod choice;
mod cue;
mod drafts;
mod facts;
mod forms;
mod hearing;
mod listening;
mod memory;
mod names;
mod needs;
mod of_list;
mod orders;
mod parts;
mod phrases;
mod plain;
mod pointing;
mod recall;
mod rereading;
mod short_answers;
mod showing;
mod shown;
mod small_talk;
mod taking;
mod templates;
#[cfg(test)]
mod tests;
mod unread;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::domain::{
    Contact, Content, Delivery, Event, EventBody, FollowUpRequest, HandoffRequest, Intent, Link, MessageKind, Offer,
    Problem, Product, Reading, Shop, SourceFile, Standing, TemplateRef, Timestamp,
};

pub use cart::cart_in_words;
pub use drafts::Wording;
use forms::Forms;
pub use memory::Memory;
use names::Names;
use parts::Parts;
use pointing::Pointings;
use short_answers::ShortAnswers;
use templates::Templates;
pub use words::grouped;

/// Reply templates, checked, and what is listened to beside the dictionaries.
pub struct Dialogue {
    templates: Templates,
    pointings: Pointings,
    short_answers: ShortAnswers,
    forms: Forms,
    parts: Parts,
    names: Names,
    loose_names: Names,
    /// The least and the most that something in stock of a kind costs.
    prices: BTreeMap<String, (Decimal, Decimal)>,
    /// What each product costs, by its number, and its name in small letters.
    priced: BTreeMap<String, (Decimal, String)>,
}

/// One reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What it says.
    pub content: Content,
    /// Provider's id of the message that it answers.
    pub answers: Option<String>,
    /// The bot does not know further: a person is asked for.
    pub handoff: Option<HandoffRequest>,
    /// Links whose marks stand in what it says.
    pub links: Vec<Link>,
}

/// What the rules know of a contact that changes what is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// What the shop has for those who came the way that they did (SOURCE-7).
    pub offer: Option<&'a Offer>,
    /// What sending to where they are costs and takes beyond the usual (REG-31).
    pub delivery: Option<Delivery>,
    /// They may be asked what they do: nobody knows it, and nothing weighs on them (CHAR-8).
    pub may_be_asked: bool,
}

impl Dialogue {
    /// What a contact is called by: the first word of their name that is one.
    pub fn first_name<'c>(&self, contact: &'c Contact) -> Option<&'c str> {
        self.forms.first_name(contact)
    }

    /// Our tags of the languages that there are replies in.
    pub fn languages(&self) -> impl Iterator<Item = &String> {
        self.templates.languages()
    }

    /// Compiles the templates under `replies/`, `pointing.toml`, `short_answers.toml`, `parts.toml` and `templates.toml` among the
    /// dictionaries,
    /// and what the shop's products are called. `None` if any of them has an error.
    pub fn compile(
        replies: &[SourceFile],
        keywords: &[SourceFile],
        products: &[Product],
    ) -> (Option<Self>, Vec<Problem>) {
        let (templates, mut problems) = Templates::compile(replies);
        let (pointings, found) = Pointings::compile(keywords);
        problems.extend(found);
        let (short_answers, found) = ShortAnswers::compile(keywords);
        problems.extend(found);
        let (forms, found) = Forms::compile(keywords);
        problems.extend(found);
        let (parts, found) = Parts::compile(keywords);
        problems.extend(found);
        let compiled = match (templates, pointings, short_answers, forms, parts) {
            (Some(templates), Some(pointings), Some(short_answers), Some(forms), Some(parts)) => {
                let common: BTreeSet<String> =
                    templates.all_words().chain(pointings.everyday()).map(plain::plain).collect();
                let is_common = |word: &str| common.contains(word) || !pointings.read(word).is_empty();
                let (names, loose_names) = (Names::of(products), Names::loosely(products, is_common));
                let prices = choice::prices(products);
                let priced = |one: &Product| (one.sku.clone(), (one.price, one.name.to_lowercase()));
                let priced = products.iter().map(priced).collect();
                Some(Self { templates, pointings, short_answers, forms, parts, names, loose_names, prices, priced })
            }
            _ => None,
        };
        (compiled, problems)
    }

    /// Takes in an event: what is wanted, what is missing, when to answer.
    pub fn hear(&self, memory: &mut Memory, event: &Event, reading: Option<&Reading>, now: Timestamp) {
        match &event.body {
            EventBody::Message(message) if message.asks() => {
                let open = memory.open.len();
                memory.hear(message, reading, &self.pointings, now);
                // "English, please" answers no question of ours.
                if self.short_answers.beside_questions_of_us(&message.words().to_lowercase()).is_some() {
                    memory.understood = true;
                    memory.open.truncate(open);
                }
            }
            EventBody::Location(location) => {
                if let Some(message) = location.message.as_ref().filter(|message| message.asks()) {
                    memory.hear(message, None, &self.pointings, now);
                    memory.media = Some("location".into());
                }
            }
            EventBody::Order(order) => memory.hear_order(order),
            _ => {}
        }
    }

    /// When the next answer is due.
    pub fn next_wake(&self, memory: &Memory) -> Option<Timestamp> {
        memory.reply_due
    }

    /// A person was asked for or took over: the customer is told once.
    pub fn person_asked_for(&self, memory: &mut Memory, now: Timestamp) {
        memory.reply_due.get_or_insert(now + hearing::SETTLE);
        memory.tell_person = true;
    }

    /// A person is in charge: nothing more is to be said.
    pub fn person_in_charge(&self, memory: &mut Memory) {
        memory.reply_due = None;
        memory.tell_person = false;
    }

    /// One reply for all that was heard since the last one; `None` where silence is right.
    pub fn answer(
        &self,
        memory: &mut Memory,
        contact: &Contact,
        known: Known<'_>,
        shop: &Shop,
        standing: Standing,
        now: Timestamp,
    ) -> Option<Answer> {
        answer::answer(self, memory, (contact, known), shop, standing, now)
    }

    /// The words of a follow-up: free-form inside the service window, a template of Meta's outside.
    /// Inside the window, one about a product that is sold leads to its page, another to the page that its form names.
    pub fn follow_up(
        &self,
        planned: &FollowUpRequest,
        contact: &Contact,
        shop: &Shop,
        only_template: bool,
    ) -> (Content, Vec<Link>) {
        if only_template {
            let (template, link) = self.templates.template(planned, contact, shop, &self.forms);
            return (Content::Template(Box::new(template)), link.into_iter().collect());
        }
        let mut content = self.templates.follow_up(planned, contact, shop, &self.forms);
        let product = planned.product.as_deref().and_then(|product| choice::called(product, shop));
        let link = drafts::link(self.forms.of(&planned.template), product, shop);
        match (&mut content, link) {
            (Content::Text { body }, Some(link)) => {
                body.push('\n');
                body.push(Link::mark(0));
                (content, vec![link])
            }
            _ => (content, Vec::new()),
        }
    }
}

impl Dialogue {
    /// Meta's code of the shop's language.
    pub fn shop_language<'a>(&'a self, shop: &'a Shop) -> &'a str {
        self.forms.code(shop.language.tag())
    }

    /// Meta's code of the language that a contact writes, whether there are replies in it or not.
    pub fn their_language<'a>(&'a self, contact: &'a Contact) -> Option<&'a str> {
        contact.language.as_ref().map(|language| self.forms.code(language.tag()))
    }

    /// Meta's code of the language in which a contact is to get a template.
    pub fn template_language<'a>(&'a self, contact: &'a Contact, shop: &'a Shop) -> &'a str {
        self.forms.code(self.templates.language(contact, shop))
    }

    /// Every follow-up that has words of its own.
    pub fn own_words(&self) -> impl Iterator<Item = &String> {
        self.templates.own_names()
    }

    /// A template with something in every gap that can be filled in at all; `link` is the address of some tracked link.
    pub fn sample(&self, template: &str, kind: MessageKind, shop: &Shop, link: &str) -> TemplateRef {
        self.templates.sample(template, kind, shop, &self.forms, link)
    }

    /// Whether the shop has words of its own for a follow-up.
    pub fn has_words(&self, template: &str) -> bool {
        self.templates.has_own(template)
    }

    /// A template that leaves in another language than the one that was wanted: who has no name is greeted in its language, and what
    /// it is about is called as there.
    pub fn say_in_its_language(&self, template: &mut TemplateRef, product: Option<&str>, wanted: &str) {
        let (from, to) = (self.forms.language_of(wanted), self.forms.language_of(&template.language));
        let nameless = [from, to].map(|language| self.templates.word(language, "nameless").into_owned());
        let about = product.map(|product| [from, to].map(|language| self.templates.product_word(language, product)));
        let numbered = template.body.iter_mut().chain(template.parts.numbered.iter_mut().flatten());
        let named = template.parts.named.iter_mut().map(|(_, text)| text);
        for text in numbered.chain(named) {
            if let Some([_, other]) =
                [Some(&nameless), about.as_ref()].into_iter().flatten().find(|pair| pair[0] == *text)
            {
                text.clone_from(other);
            }
        }
    }

    /// Templates whose words leave room for other things in one language than in English.
    pub fn uneven(&self, shop: &Shop) -> Vec<Problem> {
        self.templates.uneven(shop)
    }

    /// What the shop sells that has no name in its own language, and would be said in English.
    pub fn unnamed(&self, shop: &Shop) -> Vec<Problem> {
        self.templates.unnamed(shop)
    }

    /// A template in every language that there are words for.
    pub fn wordings(&self, template: &str, kind: MessageKind, shop: &Shop) -> Vec<Wording> {
        self.templates.wordings(template, kind, shop, &self.forms)
    }
}

/// Whether an intent asks for an answer of its own.
fn is_small_talk(intent: Intent) -> bool {
    matches!(intent, Intent::Greeting | Intent::Thanks | Intent::Location)
}
