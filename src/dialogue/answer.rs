//! One reply for all that was heard: facts asked for, then the next step towards a product.

use std::borrow::Cow;

use minijinja::{Value, context};

use super::cart::cart_in_words;
use super::choice;
use super::hearing::Heard;
use super::memory::{Memory, Slot};
use super::pointing::Cue;
use super::words::is_question;
use super::words::{clock, cut, promise};
use super::{Answer, Dialogue, Known};
use crate::domain::{
    Budget, Button, Contact, Content, Duration, Evidence, HandoffRequest, Intent, LINK_ROOM, Link, ListRow, Shop,
    Standing, Timestamp,
};

/// The same words so soon again, at the end of a burst, say nothing new. Who asks again later wants an answer.
const REPEAT: Duration = Duration::seconds(12);
/// Said this often in one conversation, an answer is not said again: a person is offered instead.
const SAY_TWICE: usize = 2;
/// Letters of a name in a greeting.
const LONGEST_NAME: usize = 24;

/// Why the bot asks for a person, and what it promises. The rules ask with shorter promises where they know more; the
/// shortest one is on the clock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// It does not know further.
    Lost,
    /// They asked for one.
    Human,
    /// They chose a product to buy.
    Buy,
    /// They want an order of theirs cancelled or changed.
    Change,
}

impl Call {
    fn request(self, cart: &[String]) -> HandoffRequest {
        let (reason, promise, figure) = match self {
            Self::Lost => (HandoffRequest::BOT_LOST, Duration::minutes(30), "the bot does not know further"),
            Self::Human => (HandoffRequest::HUMAN, Duration::minutes(5), "asks for a person"),
            Self::Change => {
                (HandoffRequest::ORDER_CHANGE, Duration::minutes(15), "wants an order cancelled or changed")
            }
            Self::Buy => (HandoffRequest::READY_TO_BUY, Duration::minutes(5), "chose a product to buy"),
        };
        let figure = if cart.is_empty() { figure.into() } else { format!("sent a cart: {}", cart.join(", ")) };
        let evidence = Evidence { by: "dialogue".into(), figure, ..Evidence::default() };
        HandoffRequest { reason: reason.into(), promise, evidence }
    }
}

/// A reply while it is put together.
pub(super) struct Reply<'a> {
    pub(super) dialogue: &'a Dialogue,
    pub(super) memory: &'a mut Memory,
    pub(super) contact: &'a Contact,
    pub(super) known: Known<'a>,
    pub(super) shop: &'a Shop,
    pub(super) language: String,
    pub(super) now: Timestamp,
    pub(super) paragraphs: Vec<String>,
    pub(super) buttons: Vec<Button>,
    pub(super) rows: Vec<ListRow>,
    pub(super) links: Vec<Link>,
    pub(super) call: Option<Call>,
    /// A person was asked for and is told of in the same message: there is nothing to ask, and no list to open.
    person_comes: bool,
    /// What was heard came in a burst that followed an answer.
    in_burst: bool,
    /// The cart that they sent, in words: it is named before all else.
    cart: Vec<String>,
    /// What is said beside the answer, whatever it comes to.
    pub(super) notice: Option<String>,
    /// See [`Memory::offered`].
    offered: Option<bool>,
    /// They named or chose something: a list that they see already may be what they ask for.
    pub(super) may_repeat: bool,
    /// It comes to the list that they see, with the same words, and they asked for something else.
    pub(super) repeats: bool,
}

/// Whether a tap is one that [`Reply::chosen`] knows: other buttons are those of templates.
pub(super) fn is_own_choice(choice: &str) -> bool {
    let kinds = ["person", "buy", "product", "compare", "profile", "category", "kind", "more", "budget", "need", "any"];
    kinds.contains(&choice.split_once(':').map_or(choice, |(kind, _)| kind))
}

/// Whether a reply asks something, or tells to open a list.
fn asks_or_lists(section: &str) -> bool {
    section.starts_with("ask_")
        || matches!(section, "show" | "show_near" | "cheaper" | "ideas" | "no_more" | "back" | "nothing" | "again")
}

/// See [`Dialogue::answer`].
pub(super) fn answer(
    dialogue: &Dialogue,
    memory: &mut Memory,
    (contact, known): (&Contact, Known<'_>),
    shop: &Shop,
    standing: Standing,
    now: Timestamp,
) -> Option<Answer> {
    memory.reply_due = None;
    let tell_person = std::mem::take(&mut memory.tell_person);
    let mut heard = Heard::take(memory);
    // Who wants no messages has nothing to turn down: "I changed my mind" is said of that.
    if contact.opted_out {
        heard.wants.retain(|want| *want != Intent::Reject);
    }
    let mut reply = Reply::begin(dialogue, memory, (contact, known), shop, now);
    reply.take_up_needs(&heard);
    if heard.wants.contains(&Intent::OptOut) {
        return reply.opted_out(heard);
    }
    // Who opens a chat that goes on has said nothing.
    let opens = heard.media.as_deref() == Some("request_welcome") && heard.words.is_empty() && !heard.understood;
    match standing {
        Standing::Bot if opens && reply.memory.greeted => return None,
        Standing::Person => {
            reply.person_has_it();
            // A stop was confirmed, and so is its end.
            if !heard.wants.contains(&Intent::OptIn) || !std::mem::take(&mut reply.memory.stop_confirmed) {
                return None;
            }
            reply.say("opted_in", context! {});
        }
        Standing::Waiting { .. } if !tell_person => {
            reply.person_has_it();
            return None;
        }
        Standing::Waiting { due, missed } => {
            // What it knows it says all the same, in the one message that tells of the person: a comparison that was asked
            // for makes a lead red, and is sent.
            reply.person_comes = true;
            reply.facts(&heard);
            reply.person_has_it();
            (reply.call, reply.buttons, reply.rows) = (None, Vec::new(), Vec::new());
            reply.person(due, missed);
        }
        // Everything is silence after a stop, but for what they ask themselves.
        Standing::Bot if contact.opted_out && !heard.asks() && !reply.says(Cue::WillAsk, &heard) => return None,
        Standing::Bot if reply.wants_nothing(&heard) => return None,
        Standing::Bot => {
            reply.brands_in_names(&heard);
            reply.own_brands(&mut heard);
            reply.loose_kind(&mut heard);
            reply.speak(heard);
        }
    }
    reply.finish()
}

impl<'a> Reply<'a> {
    /// Nothing is said yet. What lies in the cart that they sent is what is shown.
    fn begin(
        dialogue: &'a Dialogue,
        memory: &'a mut Memory,
        (contact, known): (&'a Contact, Known<'a>),
        shop: &'a Shop,
        now: Timestamp,
    ) -> Self {
        let in_burst = memory.burst.take().is_some();
        let language = dialogue.templates.language(contact, shop).to_owned();
        let cart = std::mem::take(&mut memory.cart);
        let cart_told = cart_in_words(&cart, shop, dialogue.templates.mark(&language));
        if !cart.is_empty() {
            memory.show(cart.iter().filter_map(|line| choice::called(&line.product, shop)));
        }
        Self {
            dialogue,
            memory,
            contact,
            known,
            shop,
            language,
            now,
            paragraphs: Vec::new(),
            buttons: Vec::new(),
            rows: Vec::new(),
            links: Vec::new(),
            call: None,
            person_comes: false,
            in_burst,
            cart: cart_told,
            notice: None,
            offered: None,
            may_repeat: false,
            repeats: false,
        }
    }
}

impl Reply<'_> {
    pub(super) fn render(&self, section: &str, values: Value) -> String {
        let shop =
            context! { name => &self.shop.name, address => &self.shop.address, currency => self.shop.currency.code() };
        self.dialogue.templates.render(&self.language, section, context! { shop, ..values })
    }

    pub(super) fn word(&self, key: &str) -> String {
        self.name_of(key).into_owned()
    }

    /// The same, for where it is only looked at.
    pub(super) fn name_of(&self, key: &str) -> Cow<'_, str> {
        self.dialogue.templates.word(&self.language, key)
    }

    /// Whether what was heard says it.
    pub(super) fn says(&self, cue: Cue, heard: &Heard) -> bool {
        self.dialogue.pointings.says(cue, &heard.words, Some(&self.language))
    }

    pub(super) fn say(&mut self, section: &str, values: Value) {
        if self.person_comes && asks_or_lists(section) {
            return;
        }
        match section {
            // These ask whether a person is wanted…
            "nothing" | "again" | "back" | "no_more" => self.offered = Some(true),
            // …and these tell that one could help.
            "assortment" | "sold_out" | "in_stock" | "variant" | "none_cheaper" | "returns" | "no_fact" | "photo"
            | "order" | "no_order" | "discount" | "offer" | "media" | "picture" | "assistant" | "unknown" => {
                self.offered.get_or_insert(false);
            }
            _ => {}
        }
        let words = self.render(section, values);
        if !words.is_empty() && !self.paragraphs.contains(&words) {
            self.paragraphs.push(words);
        }
    }

    pub(super) fn button(&mut self, id: &str, title: &str) {
        let title = cut(title, Button::LONGEST_TITLE);
        if self.buttons.len() < Button::MOST && !self.buttons.iter().any(|button| button.title == title) {
            self.buttons.push(Button { id: id.to_owned(), title });
        }
    }

    pub(super) fn offer(&mut self, id: &str, section: &str) {
        let title = self.render(section, context! {});
        self.button(id, &title);
    }

    /// Who wants no more messages.
    fn opted_out(mut self, mut heard: Heard) -> Option<Answer> {
        self.memory.trouble = false;
        // Confirmed once, whoever is in charge; then silence (policy facts, section 7.2).
        if std::mem::replace(&mut self.memory.stop_confirmed, true) {
            return None;
        }
        self.say("opted_out", context! {});
        // What they ask beside it is answered.
        heard.wants.retain(|want| *want != Intent::OptOut);
        let asks = heard.wants.iter().any(|want| matches!(want, Intent::Price | Intent::Availability));
        if !heard.wants.is_empty() && !self.facts(&heard) && asks && heard.refined {
            self.next_step(&heard, false);
        }
        (self.call, self.buttons) = (None, Vec::new());
        self.finish()
    }

    /// A person has been promised, or is in charge: what went wrong is their matter from then on, and nobody is a stranger.
    fn person_has_it(&mut self) {
        (self.memory.trouble, self.memory.greeted) = (false, true);
    }

    /// What they need is wished for, unless they only ask whether the one thing that they name or see has it.
    fn take_up_needs(&mut self, heard: &Heard) {
        let names_one =
            || !self.dialogue.names.in_words(&heard.words, self.shop, |one| self.memory.talks_of(one)).is_empty();
        // Of something that nobody knows here a property tells nothing.
        let of_unread = heard.unread && self.memory.product().is_none();
        if of_unread || self.asks_something(heard) && (!heard.refined && self.memory.shown.len() == 1 || names_one()) {
            return;
        }
        self.memory.need(&heard.named_needs);
    }

    /// Whether what was heard is a question.
    pub(super) fn asks_something(&self, heard: &Heard) -> bool {
        let asked = |want: &Intent| matches!(want, Intent::ProductInquiry | Intent::Availability);
        heard.words.contains(is_question) || heard.wants.iter().any(asked) || self.says(Cue::Asks, heard)
    }

    /// Who waits for what is not in stock is offered a person. Whether they do.
    fn back(&mut self, heard: &Heard) -> bool {
        let shown = self.shown();
        let is_gone = matches!(shown.as_slice(), [one] if one.stock == 0) || shown.is_empty() && self.memory.ideas;
        let waits = is_gone && self.memory.offered.is_some() && !heard.refined && self.says(Cue::Back, heard);
        if waits {
            self.say("back", context! {});
            self.offer("person", "button_person");
        }
        waits
    }

    fn speak(&mut self, mut heard: Heard) {
        self.memory.stop_confirmed = false;
        self.may_repeat = heard.refined || heard.choice.is_some() || self.memory.asked.is_some();
        if std::mem::take(&mut self.memory.told_delivery) && self.asks_on(&heard) {
            (heard.wants, heard.understood) = (vec![Intent::Shipping], true);
        }
        if std::mem::take(&mut self.memory.told_hours) && self.asks_for_a_day(&heard) {
            (heard.wants, heard.understood) = (vec![Intent::Store], true);
        }
        let wants = &heard.wants;
        if wants.contains(&Intent::Human) {
            self.call = Some(Call::Human);
            return;
        }
        if !self.cart.is_empty() {
            self.call = Some(Call::Buy);
            return self.delivery(&heard);
        }
        if self.short_answer(&heard) || self.back(&heard) {
            return;
        }
        let by_buttons = self.was_asked(Slot::Budget);
        if let Some(budget) = choice::as_written(self.memory, &heard.words, by_buttons, self.shelf()) {
            self.memory.budget = Some(budget);
            self.say("counted_as", context! { budget => self.budget() });
        }
        let greets = !self.memory.greeted;
        if !greets && self.greets_again(&heard) {
            return self.say("noted", context! {});
        }
        if greets {
            self.memory.greeted = true;
            let name = cut(self.dialogue.forms.first_name(self.contact).unwrap_or_default(), LONGEST_NAME);
            self.say("greet", context! { name });
        }
        let before = self.paragraphs.len();
        if let Some(choice) = &heard.choice {
            self.chosen(choice);
        }
        self.unseen(&heard);
        self.what_we_are(&heard);
        if self.wrapping(&heard)
            || self.trust(&heard)
            || self.photo(&heard)
            || self.link(&heard)
            || self.other_money(&heard)
        {
            return;
        }
        if heard.choice.is_none() && self.says(Cue::Unpaid, &heard) {
            self.call = Some(Call::Lost);
        }
        let of_products = self.facts(&heard);
        let nothing_said = self.paragraphs.len() == before && self.rows.is_empty();
        // Who asks a fact beside their wish hears it, and what they wish for is gone on with.
        let puts_off = heard.wants.iter().any(|want| matches!(want, Intent::Later | Intent::Reject));
        let wishes_too = heard.wished && !of_products && heard.choice.is_none() && !puts_off;
        if self.call.is_none() && (nothing_said || wishes_too) {
            let of_facts = std::mem::take(&mut self.buttons);
            self.next_step(&heard, greets);
            of_facts.iter().for_each(|button| self.button(&button.id, &button.title));
        }
        if heard.understood {
            self.memory.lost = 0;
        }
    }

    /// What was tapped.
    fn chosen(&mut self, choice: &str) {
        let (kind, value) = choice.split_once(':').unwrap_or((choice, ""));
        match kind {
            "person" => self.call = Some(Call::Human),
            "buy" => {
                match choice::by_sku(self.shop, value) {
                    Some(product) => self.memory.open(product),
                    None => self.memory.shown = vec![value.to_owned()],
                }
                self.call = Some(Call::Buy);
            }
            "product" => match choice::by_sku(self.shop, value) {
                Some(product) => self.details(product),
                None => self.say("gone", context! {}),
            },
            "compare" => self.compare_with(value),
            "profile" => self.say("thanks", context! {}),
            "category" => self.kinds(value),
            "more" => self.more(value),
            "kind" => {
                self.memory.want(value);
                self.memory.asked = None;
            }
            "budget" => {
                if let Ok(most) = value.parse() {
                    let currency = Some(self.shop.currency);
                    self.memory.budget =
                        Some(Budget { min: None, max: Some(most), currency, about: false, currency_inferred: false });
                }
            }
            "need" => self.memory.need(&[value.to_owned()]),
            "any" => {
                let slot = if value == "budget" { Slot::Budget } else { Slot::Need };
                self.memory.open.push(slot);
            }
            _ => {}
        }
    }

    /// A person comes: by when, inside and outside working hours.
    fn person(&mut self, due: Timestamp, missed: bool) {
        let zone = self.contact.zone.unwrap_or(self.shop.zone);
        let (minutes, whole_hours) = promise(due - self.now);
        let (time, day) = clock(due, self.now, zone, |key| self.word(key));
        let section = match (missed, self.shop.is_open(self.now)) {
            (true, _) => "person_late",
            (false, true) => "person_soon",
            (false, false) => "person_later",
        };
        self.say(section, context! { minutes, whole_hours, time, day });
    }

    fn finish(mut self) -> Option<Answer> {
        let mut body = self.paragraphs.join("\n\n");
        let soon = self.in_burst && self.memory.said_at.is_some_and(|said| self.now - said < REPEAT);
        // A greeting, a word about prices come once: what counts is where the answer ends.
        let titles: String = self
            .rows
            .iter()
            .map(|row| row.title.as_str())
            .chain(self.memory.needs.iter().map(String::as_str))
            .collect();
        let substance = format!("{}\n{titles}", self.paragraphs.last().map_or("", String::as_str));
        let same = self.memory.says_the_same(&substance);
        if self.call.is_none() && soon && same {
            return None;
        }
        // Who writes on of what went wrong has heard what the bot can say.
        if self.call.is_none() && self.memory.trouble && same {
            self.call = Some(Call::Lost);
        }
        let closes = self.closes();
        // Of lists the words are the same: what stands in them is not.
        let listed: String = self.rows.iter().map(|row| row.title.as_str()).collect();
        let said = |memory: &mut Memory| memory.say(&format!("{body}{listed}")) >= SAY_TWICE;
        let repeats = self.repeats && !self.may_repeat;
        if self.call.is_none() && !body.is_empty() && (said(self.memory) || repeats) && !closes {
            // The third time, or once more the list that they see, is no answer: another offer, and then a person.
            self.rows.clear();
            self.buttons.clear();
            body = self.render("again", context! {});
            self.offered = Some(true);
            self.offer("person", "button_person");
            if self.memory.say(&body) >= 1 {
                self.call = Some(Call::Lost);
            }
        }
        let handoff = self.call.map(|call| call.request(&self.cart));
        if let Some(request) = &handoff {
            self.memory.lost = 0;
            self.person_has_it();
            self.paragraphs.clear();
            self.buttons.clear();
            self.rows.clear();
            self.person(self.shop.next_open(self.now) + request.promise, false);
            body = self.paragraphs.join("\n\n");
        }
        if body.is_empty() {
            return None;
        }
        if !self.cart.is_empty() {
            body = format!("{}\n\n{body}", self.cart.join("\n"));
        }
        if let Some(notice) = self.notice.take() {
            body = format!("{body}\n\n{notice}");
        }
        (self.memory.offered, self.memory.closed) = (self.offered.filter(|_| handoff.is_none()), closes);
        self.memory.said_at = Some(self.now);
        let (answers, links) = (self.memory.to_answer.take(), std::mem::take(&mut self.links));
        Some(Answer { content: self.content(&body, links.len()), answers, handoff, links })
    }

    /// The words with what can be tapped under them; they keep room for their links.
    fn content(self, body: &str, links: usize) -> Content {
        let (has_rows, has_buttons) = (!self.rows.is_empty(), !self.buttons.is_empty());
        let most = if has_buttons && !has_rows { Content::LONGEST_BESIDE } else { Content::LONGEST };
        let body = cut(body, most.saturating_sub(links * LINK_ROOM));
        if has_rows {
            let button = cut(&self.render("button_list", context! {}), Button::LONGEST_TITLE);
            return Content::List { body, button, rows: self.rows };
        }
        if has_buttons { Content::Buttons { body, buttons: self.buttons } } else { Content::Text { body } }
    }
}
