//! Signals: what rules count. The vocabulary of rule files; each has fields that filters, groups and tag names can use.

use std::sync::Arc;

use unicode_normalization::char::is_combining_mark;

use super::rule::Rule;
use crate::domain::{Contact, Event, Money, Span, Timestamp};

/// Every signal, with what it means: the words that a rule may count.
pub(super) const SIGNALS: &[(&str, &str)] = &[
    ("first_contact", "the first event of a contact: country"),
    ("message", "the customer wrote; every message counts: language, country"),
    (
        "place",
        "where the customer is became known anew: country, division, city, district, tier, climate, zone, winter, summer_humidity, shipping_share, customs_days; left (city, where it was in another city before); gmt (minutes from Greenwich without summer time)",
    ),
    (
        "position",
        "a position was shared: poi (an airport that is near, or empty), speed (km/h since the one before), minutes (between them)",
    ),
    ("calendar", "a window of the calendar began where the customer is: window, kind, country"),
    (
        "profile",
        "something about the customer became known: field, value (none = yes where it says that there is none, bare = yes where it is a part of what was answered)",
    ),
    (
        "note",
        "a person of the shop noted something: field and value of a note like “occupation: student” (bare = yes where it is the value alone, taken for an occupation; none = yes where it says that there is none), or request and wanted",
    ),
    ("replied", "the customer wrote; told after all that the message says"),
    ("interaction", "a burst of messages, or a click on a tracked link (G-5)"),
    ("written", "a burst of messages: an interaction that is no click"),
    ("conversation", "a conversation began: the first message after 6 h of silence"),
    (
        "question",
        "a property of a product was asked for: product, category, feature; named (no where the message does not name the product that is talked of)",
    ),
    ("inquiry", "a question about a product, its stock, price or a comparison: product, category"),
    ("product_question", "a question about a product or its stock: product, category"),
    ("price_question", "a question about a price: product, category"),
    ("comparison", "products, shops or prices are compared: product, category"),
    ("intent", "something is wanted; field intent"),
    (
        "earned",
        "a tag that the words alone earn: group, tag, topic (the product named last; a budget for several is told once for each), and of a category tag product and category",
    ),
    ("sentence", "a whole sentence in a language that shows: language"),
    (
        "request",
        "something special was asked for, by the words of requests.toml: request, wanted (yes, or no where it is negated)",
    ),
    ("feature", "a property was named: feature"),
    (
        "look",
        "one model was looked at or named: model, category, product (empty where only the category is known), by (page, other page, click, words)",
    ),
    ("photo", "a picture came, and what it is about was said in the same conversation: category, product, feature"),
    ("ready", "wants to buy, with product and budget known"),
    ("click", "a tracked link was opened: link, product, category, its price"),
    ("link_sent", "a message with a tracked link was sent, a reply too"),
    (
        "sent",
        "a message of ours was sent: kind, rule (that planned it), template, category, order (where that rule keeps orders apart)",
    ),
    (
        "read",
        "a message of ours was read: kind, category, product, where nobody had asked for it; bought (yes where they bought before)",
    ),
    ("answered", "the customer wrote soon after something that we sent unasked"),
    (
        "responded",
        "the customer answered a campaign, or a campaign heard of it in its own way: campaign, where it is named",
    ),
    ("quote", "a quote was asked for, sent or opened: action, quote"),
    ("weather", "the weather of a day where the customer is: place, date, max_c, humidity"),
    ("product_news", "a product is new, low in stock, back in stock or has another price: action, product, category"),
    (
        "page",
        "a page was viewed: page, product, category, again (yes where that look was counted already), seconds, visit_seconds; ordered (paid or placed: what came of it while it was viewed), bought (yes where its product was), visit (bought where anything was during the visit)",
    ),
    ("cart", "the cart changed: action, product, category, left (how many things lie in it), its sum"),
    ("order", "an order moved on: state, order, tracked (yes or no); once for each line: product, category"),
    ("undone", "an order was cancelled or returned"),
    (
        "purchase",
        "an order was paid for, or got further: order, coupon, its total, lines (none where it does not tell what was bought), left (how many things were put into the cart since, if any), filled (yes where its total, coupon or lines are told behind its payment), over_record (per cent)",
    ),
    (
        "bought",
        "one line of a purchase: order, product, category, named (yes where no product key was told: the product is its name), its price",
    ),
    (
        "referral",
        "the ad, page or place that a message tells of: source, platform, id, first (yes where it is their first word)",
    ),
    ("case", "a case was opened or resolved: kind, action, left (how many of the kind are open)"),
    ("offer_taken", "a purchase with a coupon, or an answer to a campaign that offers something: offer"),
    ("handoff", "a hand-off was opened, or a person took over"),
    ("won", "a paid order, or an agent's word that the deal is closed"),
    ("lost", "an agent's word that the deal is lost"),
    ("opt_in", "they agreed to marketing"),
    ("habit", "a habit of reading or writing showed itself once more, or is over: habit, phase (holds or over)"),
    (
        "figures",
        "statistics over all contacts, counted anew: job, period, and what keywords/README.md lists for the job",
    ),
];

/// What statistics say of a contact, by name; each is a field of the signal `figures`.
pub(super) const FIGURES: [&str; 8] = ["band", "r", "f", "m", "group", "high_value", "growing", "baseline"];

/// One signal.
#[derive(Clone, Debug)]
pub(super) struct Signal {
    pub(super) name: &'static str,
    pub(super) at: Timestamp,
    pub(super) seq: i64,
    /// Start of the burst of messages that it belongs to; what is no message belongs to none.
    pub(super) burst: Option<Timestamp>,
    pub(super) spans: Vec<Span>,
    fields: Vec<(&'static str, Arc<str>)>,
    /// seconds, visit_seconds, over_record, gap (milliseconds).
    pub(super) numbers: Vec<(&'static str, i64)>,
    /// The sum that it is about.
    pub(super) money: Option<Money>,
    /// When what it tells of ends, where that is known.
    pub(super) until: Option<Timestamp>,
}

impl Signal {
    pub(super) fn new(name: &'static str, event: &Event, burst: Option<Timestamp>) -> Self {
        Self { burst, ..Self::of_moment(name, event.at, event.seq) }
    }

    /// A signal that is no message.
    pub(super) fn of_moment(name: &'static str, at: Timestamp, seq: i64) -> Self {
        let (fields, spans, numbers) = (Vec::new(), Vec::new(), Vec::new());
        Self { name, at, seq, burst: None, spans, fields, numbers, money: None, until: None }
    }

    pub(super) fn with(mut self, field: &'static str, value: impl Into<Arc<str>>) -> Self {
        self.fields.push((field, value.into()));
        self
    }

    /// About a product key, or a category.
    pub(super) fn of(mut self, key: &str) -> Self {
        let (category, product) = key.split_once('/').unwrap_or((key, ""));
        self = self.with("category", hyphens(category));
        if product.is_empty() { self } else { self.with("product", hyphens(product)) }
    }

    pub(super) fn at_span(mut self, span: Option<Span>) -> Self {
        self.spans.extend(span);
        self
    }

    /// A field by name.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| &**value)
    }

    /// What a rule's tag is about by this signal: one thing, or several orders.
    pub(super) fn about<'s>(&'s self, rule: &'s Rule) -> impl Iterator<Item = &'s str> {
        let field = rule.written.about.as_deref();
        self.fields.iter().filter(move |(name, _)| Some(*name) == field).map(|(_, value)| &**value)
    }
}

pub(super) fn hyphens(text: &str) -> String {
    text.replace('_', "-")
}

/// A name as part of a tag: lower case, hyphens.
pub fn slug(text: &str) -> String {
    // Marks belong to their letter: Hindi words would fall apart without them.
    let parts = |c: char| !c.is_alphanumeric() && !is_combining_mark(c);
    let words = text.split(parts).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// A signal with the country and language of the contact, in lower case.
pub(super) fn of_contact(mut signal: Signal, contact: &Contact) -> Signal {
    if let Some(country) = contact.country {
        signal = signal.with("country", country.code().to_lowercase());
    }
    match &contact.language {
        Some(language) => signal.with("language", language.tag().to_lowercase()),
        None => signal,
    }
}

/// Whether a rule looks at purchases alone.
pub(super) fn is_of_orders(rule: &Rule) -> bool {
    are_of_orders(&rule.signals)
}

/// The same of the signals that a rule names.
pub(super) fn are_of_orders(signals: &[&'static str]) -> bool {
    !signals.is_empty() && signals.iter().all(|name| is_of_purchases(name))
}

/// Whether a signal tells of a purchase.
pub(super) fn is_of_purchases(signal: &str) -> bool {
    matches!(signal, "purchase" | "bought")
}
