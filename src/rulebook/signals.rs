//! From an event to the signals that rules count. The vocabulary of rule files; each has fields that filters, groups and
//! tag names can use.

use std::sync::Arc;

use super::facts::Facts;
use crate::domain::{
    AgentAction, Contact, Duration, Event, EventBody, InboundMessage, Intent, OrderState, Outgoing, Reading, Span,
    StatusKind, Timestamp,
};

/// Messages this close behind each other are one burst…
const BURST_GAP: Duration = Duration::seconds(60);
/// …of at most this length (decisions, "Counting").
const BURST_LENGTH: Duration = Duration::minutes(5);
/// A conversation ends after this silence (G-5).
const CONVERSATION_GAP: Duration = Duration::hours(6);

/// Every signal, with what it means: the words that a rule may count.
pub(super) const SIGNALS: &[(&str, &str)] = &[
    ("first_contact", "the first event of a contact"),
    ("message", "the customer wrote; every message counts"),
    ("interaction", "a burst of messages, or a click on a tracked link (G-5)"),
    ("conversation", "a conversation began: the first interaction after 6 h of silence"),
    ("question", "a property of a product was asked for: product, category, feature"),
    ("inquiry", "a question about a product, its stock, price or a comparison: product, category"),
    ("product_question", "a question about a product or its stock: product, category"),
    ("price_question", "a question about a price: product, category"),
    ("comparison", "products, shops or prices are compared: product, category"),
    ("intent", "something is wanted; field intent"),
    ("earned", "a tag that the words alone earn: group, tag, and of a category tag product and category"),
    ("feature", "a property was named: feature"),
    ("look", "one model was looked at or named: model, product, category"),
    ("ready", "wants to buy, with product and budget known"),
    ("click", "a tracked link was opened: link, product, category"),
    ("link_sent", "a message with a tracked link was sent"),
    ("sent", "a message of ours was sent: kind"),
    ("read", "a message of ours was read"),
    ("quote", "a quote was asked for, sent or opened: action, quote"),
    ("page", "a page was viewed: page, product, category, seconds, visit_seconds"),
    ("cart", "the cart changed: action, product, category"),
    ("order", "an order moved on: state; once for each line: product, category"),
    ("case", "a case was opened or resolved: kind, action"),
    ("won", "a paid order, or an agent's word that the deal is closed"),
    ("lost", "an agent's word that the deal is lost"),
];

/// One signal.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) name: &'static str,
    pub(super) at: Timestamp,
    pub(super) seq: i64,
    /// Start of the burst that it belongs to.
    pub(super) burst: Timestamp,
    pub(super) spans: Vec<Span>,
    fields: Vec<(&'static str, Arc<str>)>,
    /// seconds, visit_seconds.
    pub(super) numbers: Vec<(&'static str, i64)>,
}

impl Signal {
    fn new(name: &'static str, event: &Event, burst: Timestamp) -> Self {
        let (fields, spans, numbers) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, at: event.at, seq: event.seq, burst, spans, fields, numbers }
    }

    fn with(mut self, field: &'static str, value: impl Into<Arc<str>>) -> Self {
        self.fields.push((field, value.into()));
        self
    }

    fn of(mut self, key: &str) -> Self {
        let (category, product) = key.split_once('/').unwrap_or((key, ""));
        self = self.with("category", hyphens(category));
        if product.is_empty() { self } else { self.with("product", hyphens(product)) }
    }

    fn at_span(mut self, span: Option<Span>) -> Self {
        self.spans.extend(span);
        self
    }

    /// A field by name.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| &**value)
    }
}

fn hyphens(text: &str) -> String {
    text.replace('_', "-")
}

/// A name as part of a tag: lower case, hyphens.
fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// The signals of an event, in a fixed order. Notes bursts and conversations in `facts`.
pub(super) fn of_event(facts: &mut Facts, contact: &Contact, event: &Event, reading: Option<&Reading>) -> Vec<Signal> {
    let mut signals = Vec::new();
    if contact.first_seen == Some(event.at) && facts.marks.is_empty() {
        signals.push(Signal::new("first_contact", event, event.at));
    }
    match &event.body {
        EventBody::Message(message) => of_message(facts, event, message, reading, &mut signals),
        EventBody::Location(_) => of_message(facts, event, &InboundMessage::default(), None, &mut signals),
        EventBody::Click(click) => {
            // Repeated clicks on one link within a minute are one.
            interaction(facts, event, &mut signals);
            let signal = Signal::new("click", event, event.at).with("link", click.link.as_str());
            signals.push(with_product(signal, click.product.as_deref(), click.category.as_deref()));
            look(event, click.product.as_deref(), click.category.as_deref(), &mut signals);
            if let Some(quote) = click.quote.as_deref().filter(|_| click.link == "quote") {
                let opened = Signal::new("quote", event, event.at).with("action", "opened").with("quote", quote);
                signals.push(opened);
            }
        }
        EventBody::Page(page) => {
            let mut signal = Signal::new("page", event, event.at).with("page", page.page.as_str());
            signal.numbers = vec![("seconds", page.seconds), ("visit_seconds", page.visit_seconds.unwrap_or(0))];
            signals.push(with_product(signal, page.product.as_deref(), page.category.as_deref()));
            look(event, page.product.as_deref(), page.category.as_deref(), &mut signals);
        }
        EventBody::Quote(quote) => {
            let signal = Signal::new("quote", event, event.at);
            let signal = signal.with("action", quote.action.as_str()).with("quote", quote.quote.as_str());
            signals.push(with_product(signal, quote.product.as_deref(), None));
        }
        EventBody::Cart(cart) => {
            let signal = Signal::new("cart", event, event.at).with("action", cart.action.as_str());
            signals.push(with_product(signal, cart.product.as_deref(), cart.category.as_deref()));
        }
        EventBody::Case(case) => {
            let signal = Signal::new("case", event, event.at);
            signals.push(signal.with("kind", case.kind.as_str()).with("action", case.action.as_str()));
        }
        EventBody::Order(order) => {
            let state = format!("{:?}", order.state).to_lowercase();
            let signal = || Signal::new("order", event, event.at).with("state", state.as_str());
            match order.lines.is_empty() {
                true => signals.push(signal()),
                false => signals.extend(order.lines.iter().map(|line| signal().of(&line.category))),
            }
            if order.state == OrderState::Paid {
                signals.push(Signal::new("won", event, event.at));
            }
        }
        EventBody::Status(status) if status.status == StatusKind::Read => {
            signals.push(Signal::new("read", event, event.at));
        }
        EventBody::Sent(sent) => {
            signals.push(Signal::new("sent", event, event.at).with("kind", sent.kind.name()));
            if sent.link {
                signals.push(Signal::new("link_sent", event, event.at));
            }
        }
        EventBody::Agent(agent) => match agent.action {
            AgentAction::Won => signals.push(Signal::new("won", event, event.at)),
            AgentAction::Lost => signals.push(Signal::new("lost", event, event.at)),
            _ => {}
        },
        _ => {}
    }
    signals
}

/// The signals of a message that the engine decided to send.
pub(super) fn of_sent(message: &Outgoing) -> Vec<Signal> {
    let event = Event {
        seq: 0,
        at: message.at,
        received: message.at,
        body: EventBody::Unknown { what: String::new(), value: serde_json::Value::Null },
    };
    vec![Signal::new("sent", &event, message.at).with("kind", message.kind.name())]
}

fn with_product(signal: Signal, product: Option<&str>, category: Option<&str>) -> Signal {
    match (category, product) {
        (Some(key), _) if key.contains('/') => signal.of(key),
        (Some(category), Some(product)) => signal.with("category", hyphens(category)).with("product", slug(product)),
        (Some(category), None) => signal.with("category", hyphens(category)),
        (None, Some(product)) => signal.with("product", slug(product)),
        (None, None) => signal,
    }
}

fn look(event: &Event, product: Option<&str>, category: Option<&str>, signals: &mut Vec<Signal>) {
    if let Some(product) = product {
        let signal = Signal::new("look", event, event.at).with("model", slug(product));
        // One kind of product: the key where it is told, else the category alone.
        signals.push(with_product(signal, None, category));
    }
}

/// Opens or continues a burst; says where it began and whether it is new.
fn burst(facts: &mut Facts, at: Timestamp) -> (Timestamp, bool) {
    if let Some((start, last)) = facts.burst
        && at - last < BURST_GAP
        && at - start <= BURST_LENGTH
        && at >= start
    {
        facts.burst = Some((start, last.max(at)));
        return (start, false);
    }
    facts.burst = Some((at, at));
    (at, true)
}

fn interaction(facts: &mut Facts, event: &Event, signals: &mut Vec<Signal>) -> Timestamp {
    let (start, new) = burst(facts, event.at);
    if new {
        signals.push(Signal::new("interaction", event, start));
    }
    let begun = match facts.conversation {
        Some((begun, last)) if event.at - last <= CONVERSATION_GAP => begun,
        _ => {
            signals.push(Signal::new("conversation", event, start));
            event.at
        }
    };
    facts.conversation = Some((begun, event.at));
    start
}

fn of_message(
    facts: &mut Facts,
    event: &Event,
    message: &InboundMessage,
    reading: Option<&Reading>,
    signals: &mut Vec<Signal>,
) {
    if message.silent {
        return;
    }
    let start = interaction(facts, event, signals);
    signals.push(Signal::new("message", event, start));
    let Some(reading) = reading else { return };
    let products = reading.product_keys();
    if let Some(category) = products.first().and_then(|key| key.split('/').next()) {
        facts.trade = Some(category.to_owned());
    }
    for (intent, span) in reading.intents.iter().zip(spans(reading)) {
        signals.push(Signal::new("intent", event, start).with("intent", intent.key()).at_span(span));
    }
    questions(event, start, reading, &products, signals);
    for mention in reading.attributes.iter().filter(|mention| !mention.negated) {
        let feature = hyphens(&mention.key);
        signals
            .push(Signal::new("feature", event, start).with("feature", feature.as_str()).at_span(Some(mention.span)));
        for product in &products {
            let question = Signal::new("question", event, start).of(product).with("feature", feature.as_str());
            signals.push(question.at_span(Some(mention.span)));
        }
    }
    for tag in &reading.tags {
        let mut parts = tag.splitn(3, '/');
        let signal = Signal::new("earned", event, start).with("tag", tag.as_str());
        let signal = signal.with("group", parts.next().unwrap_or_default());
        signals.push(match (parts.next(), parts.next()) {
            (Some(category), Some(product)) => signal.with("category", category).with("product", product),
            _ => signal,
        });
    }
    for brand in reading.brands.iter().filter(|mention| !mention.negated) {
        if let Some(implied) = &brand.implies {
            signals.push(
                Signal::new("look", event, start).with("model", &*brand.key).of(implied).at_span(Some(brand.span)),
            );
        }
    }
    let knows = |group: &str| {
        facts.holds_like(group) || reading.tags.iter().any(|tag| tag.starts_with(group.trim_end_matches('*')))
    };
    if reading.wants(Intent::Buy) && knows("category/*") && knows("budget/*") {
        signals.push(Signal::new("ready", event, start));
    }
}

/// Questions, each for the products that are named, or for none.
fn questions(event: &Event, start: Timestamp, reading: &Reading, products: &[Arc<str>], signals: &mut Vec<Signal>) {
    let asks = |names: &[&'static str], intents: &[Intent]| {
        let Some(intent) = intents.iter().find(|intent| reading.wants(**intent)) else { return Vec::new() };
        let span =
            reading.intents.iter().position(|other| other == intent).and_then(|i| spans(reading).nth(i)).flatten();
        let mut asked = Vec::new();
        for name in names {
            let signal = || Signal::new(name, event, start).at_span(span);
            match products.is_empty() {
                true => asked.push(signal()),
                false => asked.extend(products.iter().map(|product| signal().of(product))),
            }
        }
        asked
    };
    signals.extend(asks(&["product_question"], &[Intent::ProductInquiry, Intent::Availability]));
    signals.extend(asks(&["price_question"], &[Intent::Price]));
    signals.extend(asks(&["comparison"], &[Intent::Compare]));
    let any = [Intent::ProductInquiry, Intent::Availability, Intent::Price, Intent::Compare];
    signals.extend(asks(&["inquiry"], &any));
}

fn spans(reading: &Reading) -> impl Iterator<Item = Option<Span>> {
    (0..reading.intents.len()).map(|index| reading.intent_spans.get(index).copied())
}
