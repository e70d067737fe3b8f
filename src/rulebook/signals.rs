//! From an event to the signals that rules count. The vocabulary of rule files; each has fields that filters, groups and
//! tag names can use.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use unicode_normalization::char::is_combining_mark;

use super::facts::Facts;
use super::messages::of_message;
use super::rule::Rule;
use super::{Rulebook, counting, dates, orders, persons, responses, timers};
use crate::domain::{
    AgentAction, ClickEvent, Contact, Event, EventBody, Habit, InboundMessage, MessageNumber, Money, OptAction,
    OrderEvent, Outgoing, PageEvent, Reading, SentEvent, Shop, Span, StatusEvent, StatusKind, Timestamp, WeatherEvent,
    midnight,
};

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
    ("profile", "something about the customer became known: field, value"),
    (
        "note",
        "a person of the shop noted something: field and value of a note like “occupation: student” (bare = yes where it is the value alone, taken for an occupation), or request and wanted",
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
        "an order was paid for, or got further: order, coupon, its total, lines (none where it does not tell what was bought), left (how many things were put into the cart since, if any), over_record (per cent)",
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
pub(super) fn slug(text: &str) -> String {
    // Marks belong to their letter: Hindi words would fall apart without them.
    let parts = |c: char| !c.is_alphanumeric() && !is_combining_mark(c);
    let words = text.split(parts).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// Whether a shop wrote the key of a product where its name stands: `appliances/air_conditioner`.
fn is_key(product: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
    };
    product.split_once('/').is_some_and(|(category, name)| word(category) && word(name))
}

/// The key of each product of the shop, by its name and by its number. What one is called no number of another stands for.
pub(super) fn products_by_name(shop: &Shop) -> HashMap<String, String> {
    let numbers = shop.products.iter().map(|product| (slug(&product.sku), product.key.clone()));
    let names = shop.products.iter().map(|product| (slug(&product.name), product.key.clone()));
    numbers.chain(names).collect()
}

/// What an event is beside what it tells, where it is the first of a contact.
pub(super) fn first_contact(facts: &Facts, contact: &Contact, event: &Event) -> Option<Signal> {
    let is_first = contact.first_seen == Some(event.at) && facts.marks.is_empty();
    is_first.then(|| of_contact(Signal::new("first_contact", event, None), contact))
}

/// The signals of an event, in a fixed order. Notes in `facts` what counts as one.
pub(super) fn of_event(
    facts: &mut Facts,
    contact: &Contact,
    event: &Event,
    reading: Option<&Reading>,
    rulebook: &Rulebook,
) -> Vec<Signal> {
    let mut signals = Vec::new();
    let signal = |name| Signal::new(name, event, None);
    signals.extend(first_contact(facts, contact, event));
    match &event.body {
        EventBody::Message(message) => of_message(facts, contact, event, message, reading, rulebook, &mut signals),
        EventBody::Location(_) => {
            of_message(facts, contact, event, &InboundMessage::default(), None, rulebook, &mut signals);
        }
        EventBody::Profile(profile) if counting::is_latest_word(facts, &profile.field, event.at) => {
            dates::learn(rulebook, facts, contact, profile);
            signals.push(signal("profile").with("field", profile.field.as_str()).with("value", slug(&profile.value)));
        }
        EventBody::Opt(opt) if opt.action == OptAction::In => signals.push(signal("opt_in")),
        EventBody::Click(click) => of_click(facts, event, click, rulebook, &mut signals),
        EventBody::Page(page) => of_page(facts, event, page, rulebook, &mut signals),
        EventBody::Quote(quote) => {
            let moved = signal("quote").with("action", quote.action.as_str()).with("quote", quote.quote.as_str());
            signals.push(with_product(moved, quote.product.as_deref(), kind(&quote.product, &None, rulebook)));
        }
        EventBody::Cart(cart) => {
            let left = counting::in_cart(facts, cart, event.at).to_string();
            let mut changed = signal("cart").with("action", cart.action.as_str()).with("left", left);
            changed.money = Money::told(cart.amount, cart.currency, rulebook.currency);
            let category = kind(&cart.product, &cart.category, rulebook);
            signals.push(with_product(changed, cart.product.as_deref(), category));
        }
        EventBody::Case(case) => {
            if let Some((left, at)) = counting::open_cases(facts, case, event.at) {
                let moved = Signal { at, ..signal("case") };
                let moved = moved.with("kind", case.kind.as_str()).with("action", case.action.as_str());
                signals.push(moved.with("left", left.to_string()));
            }
        }
        EventBody::Order(order) => of_order(facts, event, order, rulebook, &mut signals),
        EventBody::Status(status) => {
            if status.status == StatusKind::Failed
                && let Some((sent, next)) = counting::link_failed(facts, &status.message)
            {
                timers::wait_for_next(rulebook, facts, "link_sent", (sent, next));
            }
            if let Some(wamid) = &status.wamid {
                responses::note_called(facts, &status.message, wamid);
            }
            of_status(facts, event, status, rulebook, &mut signals);
        }
        EventBody::Sent(sent) => {
            let campaign = campaign_of(sent);
            responses::note_sent(facts, &sent.message, sent.kind, campaign, (event.at, rulebook.answered_within));
            let (product, category) = (sent.product.as_deref(), kind(&sent.product, &sent.category, rulebook));
            responses::note_about(facts, &sent.message, category, product);
            signals.push(with_product(signal("sent").with("kind", sent.kind.name()), product, category));
            if sent.link {
                counting::note_link(facts, &sent.message, event.at);
                signals.push(signal("link_sent"));
            }
        }
        // Who is only to get something will have got it when it is sent.
        EventBody::Campaign(campaign) if campaign.action == "recipient" && campaign.offer.is_none() => {
            responses::note_recipient(facts, &campaign.campaign, (event.at, rulebook.answered_within));
        }
        EventBody::Campaign(campaign) if campaign.action == "response" => {
            let offer = responses::note_response(facts, &campaign.campaign);
            signals.push(signal("offer_taken").with("offer", offer));
            signals.push(signal("responded").with("campaign", slug(&campaign.campaign)));
        }
        EventBody::Figures(figures) => {
            let counted = signal("figures").with("job", figures.job.as_str()).with("period", figures.period.as_str());
            let said = |name: &&'static str| Some((*name, figures.values.get(*name)?));
            let known = FIGURES.iter().filter_map(said);
            signals.push(known.fold(counted, |signal, (name, value)| signal.with(name, value.as_str())));
        }
        EventBody::Weather(weather) => signals.push(of_weather(signal("weather"), weather, contact)),
        EventBody::Product(product) => {
            let news = signal("product_news").with("action", product.action.as_str());
            let category = known_key(rulebook, &product.product, Some(&product.category));
            signals.push(with_product(news, Some(&product.product), category.or(Some(&product.category))));
        }
        EventBody::Agent(agent) => match agent.action {
            AgentAction::Won if !persons::is_settled_since(facts, event, "lost") => signals.push(signal("won")),
            AgentAction::Lost if !persons::is_settled_since(facts, event, "won") => signals.push(signal("lost")),
            AgentAction::Note => persons::of_note(facts, event, (agent, reading), &rulebook.notes_begin, &mut signals),
            _ => {}
        },
        _ => {}
    }
    signals
}

/// Figures are rounded up: more than a whole number of degrees is then still more than it. A day is over at its midnight, however
/// late it is told of.
fn of_weather(mut day: Signal, weather: &WeatherEvent, contact: &Contact) -> Signal {
    let next = weather.date.parse().ok().and_then(|date: NaiveDate| date.succ_opt());
    if let Some(ends) = next.zip(contact.zone).map(|(next, zone)| midnight(next, zone)) {
        day.at = day.at.min(ends);
    }
    // “Jakarta, Indonesia” is Jakarta.
    let place = weather.place.split(',').next().unwrap_or_default();
    day = day.with("date", weather.date.as_str()).with("place", slug(place));
    day.numbers = vec![("max_c", weather.max_c.ceil() as i64)];
    day.numbers.extend(weather.humidity.map(|humidity| ("humidity", humidity.ceil() as i64)));
    day
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

fn of_click(facts: &mut Facts, event: &Event, click: &ClickEvent, rulebook: &Rulebook, signals: &mut Vec<Signal>) {
    if !counting::is_new_click(facts, click, event.at) {
        return;
    }
    interacted(facts, event.at);
    counting::links_heard(facts, event.at);
    signals.push(Signal::new("interaction", event, None));
    let mut clicked = Signal::new("click", event, None).with("link", click.link.as_str());
    clicked.money = Money::told(click.price, click.currency, rulebook.currency);
    let (product, category) = (click.product.as_deref(), kind(&click.product, &click.category, rulebook));
    signals.push(with_product(clicked, product, category));
    look(event, "click", product, category, signals);
    if click.link == "quote" {
        // A link that does not name its quote opens the one for its product.
        let quote = click.quote.as_deref().or(click.product.as_deref()).unwrap_or_default();
        signals.push(Signal::new("quote", event, None).with("action", "opened").with("quote", quote));
    }
}

fn of_page(facts: &mut Facts, event: &Event, page: &PageEvent, rulebook: &Rulebook, signals: &mut Vec<Signal>) {
    let mut seen = Signal::new("page", event, None).with("page", page.page.as_str());
    seen.numbers = vec![("seconds", page.seconds), ("visit_seconds", page.visit_seconds.unwrap_or(0))];
    seen.money = Money::told(page.price, page.currency, rulebook.currency);
    let (product, category) = (page.product.as_deref(), kind(&page.product, &page.category, rulebook));
    let seen = orders::meanwhile(&facts.orders, page, with_product(seen, product, category));
    if !counting::is_new_view(facts, page, event.at) {
        signals.push(seen.with("again", "yes"));
        return;
    }
    signals.push(seen);
    let by = if page.page == "product" { "page" } else { "other page" };
    look(event, by, product, category, signals);
}

fn of_order(facts: &mut Facts, event: &Event, order: &OrderEvent, rulebook: &Rulebook, signals: &mut Vec<Signal>) {
    let Some(moved) = orders::take_in(rulebook, facts, event, order) else { return };
    let signal = |name| Signal::new(name, event, None).with("order", order.order.as_str());
    let state = format!("{:?}", order.state).to_lowercase();
    let tracked = if order.tracking.is_some() { "yes" } else { "no" };
    let in_state = || signal("order").with("state", state.as_str()).with("tracked", tracked);
    match moved.order.lines.is_empty() {
        true => signals.push(in_state()),
        false => signals.extend(moved.order.lines.iter().map(|(line, _)| orders::of_line(in_state(), line))),
    }
    if order.state.is_undone() {
        signals.push(signal("undone"));
    }
    if moved.won {
        let left = counting::left_in_cart(facts);
        let with_cart = |signal: Signal| match signal.name {
            "purchase" if left > 0 => signal.with("left", left.to_string()),
            _ => signal,
        };
        signals.extend(orders::signals(&moved.order, moved.over_record).into_iter().map(with_cart));
        if moved.order.coupon.is_some() {
            signals.push(signal("offer_taken").with("offer", order.order.as_str()));
        }
        signals.push(signal("won"));
    }
}

/// A message or a click: the first one is what "since the first contact" counts from.
pub(super) fn interacted(facts: &mut Facts, at: Timestamp) {
    facts.first_interaction = Some(facts.first_interaction.map_or(at, |first| first.min(at)));
}

/// The campaign that a message belongs to.
fn campaign_of(sent: &SentEvent) -> Option<&str> {
    sent.campaign.as_deref().or_else(|| sent.by.strip_prefix("campaign:"))
}

fn of_status(facts: &mut Facts, event: &Event, status: &StatusEvent, rulebook: &Rulebook, signals: &mut Vec<Signal>) {
    match status.status {
        StatusKind::Read if counting::is_first_read(facts, &status.message) => {
            let read = Signal::new("read", event, None);
            let read = if facts.marks.contains_key("purchase") { read.with("bought", "yes") } else { read };
            signals.push(match responses::note_read(facts, &status.message) {
                Some((kind, Some(about))) => read.with("kind", kind.name()).of(about),
                Some((kind, None)) => read.with("kind", kind.name()),
                None => read,
            });
        }
        StatusKind::Failed => responses::note_failed(rulebook, facts, &status.message),
        _ => {}
    }
}

/// The signals of a message that the engine decided to send.
pub(super) fn of_sent(facts: &mut Facts, contact: &Contact, message: &Outgoing, rulebook: &Rulebook) -> Vec<Signal> {
    let id = MessageNumber { contact: contact.id, number: message.number };
    let times = (message.at, rulebook.answered_within);
    responses::note_sent(facts, &id.to_string(), message.kind, message.campaign.as_deref(), times);
    responses::note_about(facts, &id.to_string(), message.category.as_deref(), None);
    let mut sent = Signal::of_moment("sent", message.at, 0).with("kind", message.kind.name());
    let fields = [("rule", &message.rule), ("template", &message.template)];
    for (field, value) in fields.into_iter().filter_map(|(field, value)| Some((field, value.as_deref()?))) {
        sent = sent.with(field, value);
    }
    if let Some(category) = &message.category {
        sent = sent.of(category);
    }
    sent = message.orders.iter().fold(sent, |sent, order| sent.with("order", order.as_str()));
    if message.link {
        counting::note_link(facts, &id.to_string(), message.at);
    }
    let link = message.link.then(|| Signal::of_moment("link_sent", message.at, 0));
    std::iter::once(sent).chain(link).collect()
}

/// The signal of a habit.
pub(super) fn of_habit(habit: &Habit, event: &Event) -> Signal {
    // That it is over may show in what is told late.
    let (phase, at) = if habit.holds { ("holds", event.at) } else { ("over", event.received) };
    Signal::of_moment("habit", at, event.seq).with("habit", habit.name.as_str()).with("phase", phase)
}

/// What kind of product that is: the key that is told, or that the shop knows it by, else the category.
fn kind<'a>(product: &Option<String>, category: &'a Option<String>, rulebook: &'a Rulebook) -> Option<&'a str> {
    let category = category.as_deref();
    let known = product.as_deref().and_then(|product| known_key(rulebook, product, category));
    known.or(category)
}

/// The key that the shop sells a product under, by its name or number. One of another category than is told is something else, and a
/// key that is told stands.
pub(super) fn known_key<'r>(rulebook: &'r Rulebook, product: &str, category: Option<&str>) -> Option<&'r str> {
    if category.is_some_and(|category| category.contains('/')) {
        return None;
    }
    let key = rulebook.products.get(&slug(product))?;
    let is_of = |category: &str| key.split('/').next() == Some(category);
    category.is_none_or(is_of).then_some(key)
}

fn with_product(signal: Signal, product: Option<&str>, category: Option<&str>) -> Signal {
    match (category, product) {
        (Some(key), _) if key.contains('/') => signal.of(key),
        (Some(category), Some(product)) => signal.with("category", hyphens(category)).with("product", slug(product)),
        (Some(category), None) => signal.with("category", hyphens(category)),
        (None, Some(product)) if is_key(product) => signal.of(product),
        (None, Some(product)) => signal.with("product", slug(product)),
        (None, None) => signal,
    }
}

fn look(event: &Event, by: &'static str, product: Option<&str>, category: Option<&str>, signals: &mut Vec<Signal>) {
    let Some(product) = product else { return };
    let seen = Signal::new("look", event, None).with("model", slug(product)).with("by", by);
    // One kind of product: the key where it is told, else the category alone.
    let seen = with_product(seen, None, category);
    signals.push(if seen.field("product").is_none() { seen.with("product", "") } else { seen });
}
