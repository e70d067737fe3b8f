//! From an event to the signals that rules count.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::counting::{self, interacted};
use super::facts::Facts;
use super::messages::of_message;
use super::orders::OrderMove;
use super::signal::{FIGURES, Signal, hyphens, of_contact, slug};
use super::{Rulebook, dates, orders, persons, responses, timers};
use crate::domain::{
    AgentAction, CartEvent, CaseEvent, ClickEvent, Contact, Event, EventBody, FiguresEvent, Habit, InboundMessage,
    MessageKind, MessageNumber, Money, OptAction, OrderEvent, Outgoing, PageEvent, QuoteEvent, Reading, SentEvent,
    Shop, StatusEvent, StatusKind, Timestamp, WeatherEvent, midnight,
};

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
            signals.extend(rulebook.answers.of_profile(event, profile));
        }
        EventBody::Opt(opt) if opt.action == OptAction::In => signals.push(signal("opt_in")),
        EventBody::Click(click) => of_click(facts, event, click, rulebook, &mut signals),
        EventBody::Page(page) => of_page(facts, event, page, rulebook, &mut signals),
        EventBody::Quote(quote) => signals.push(of_quote(event, quote, rulebook)),
        EventBody::Cart(cart) => signals.push(of_cart(facts, event, cart, rulebook)),
        EventBody::Case(case) => signals.extend(of_case(facts, event, case)),
        EventBody::Order(order) => of_order(facts, event, order, rulebook, &mut signals),
        EventBody::Status(status) => of_status(facts, event, status, rulebook, &mut signals),
        EventBody::Sent(sent) => {
            let answer = of_sent_by_others(facts, event, sent, rulebook, &mut signals);
            // Who asked for silence answered, but that is no response to repeat.
            let answer = answer.filter(|_| !contact.opted_out);
            let told = |answer| responses::of_earlier_answer(event, sent.kind, campaign_of(sent), answer);
            signals.extend(answer.into_iter().flat_map(told));
        }
        // Who is only to get something will have got it when it is sent.
        EventBody::Campaign(campaign) if campaign.action == "recipient" && campaign.offer.is_none() => {
            let (name, times) = (&campaign.campaign, (event.at, rulebook.answered_within));
            let answer = responses::note_recipient(facts, name, times).filter(|_| !contact.opted_out);
            let told = |answer| responses::of_earlier_answer(event, MessageKind::Promotion, Some(name), answer);
            signals.extend(answer.into_iter().flat_map(told));
        }
        EventBody::Campaign(campaign) if campaign.action == "response" => {
            let offer = responses::note_response(facts, &campaign.campaign);
            signals.push(signal("offer_taken").with("offer", offer));
            signals.push(signal("responded").with("campaign", slug(&campaign.campaign)));
        }
        EventBody::Figures(figures) => signals.push(of_figures(event, figures)),
        EventBody::Weather(weather) => signals.push(of_weather(signal("weather"), weather, contact)),
        EventBody::Product(product) => {
            let news = signal("product_news").with("action", product.action.as_str());
            let category = rulebook.known_key(&product.product, Some(&product.category));
            signals.push(with_product(news, Some(&product.product), category.or(Some(&product.category))));
        }
        EventBody::Agent(agent) => match agent.action {
            AgentAction::Won if !persons::is_settled_since(facts, event, "lost") => signals.push(signal("won")),
            AgentAction::Lost if !persons::is_settled_since(facts, event, "won") => signals.push(signal("lost")),
            AgentAction::Note => persons::of_note(facts, event, (agent, reading), &rulebook.answers, &mut signals),
            _ => {}
        },
        _ => {}
    }
    signals
}

fn of_quote(event: &Event, quote: &QuoteEvent, rulebook: &Rulebook) -> Signal {
    let moved = Signal::new("quote", event, None);
    let moved = moved.with("action", quote.action.as_str()).with("quote", quote.quote.as_str());
    with_product(moved, quote.product.as_deref(), kind(&quote.product, &None, rulebook))
}

fn of_cart(facts: &mut Facts, event: &Event, cart: &CartEvent, rulebook: &Rulebook) -> Signal {
    let left = counting::in_cart(facts, cart, event.at).to_string();
    let mut changed = Signal::new("cart", event, None).with("action", cart.action.as_str()).with("left", left);
    changed.money = Money::told(cart.amount, cart.currency, rulebook.currency);
    with_product(changed, cart.product.as_deref(), kind(&cart.product, &cart.category, rulebook))
}

fn of_case(facts: &mut Facts, event: &Event, case: &CaseEvent) -> Option<Signal> {
    let (left, at) = counting::open_cases(facts, case, event.at)?;
    let moved = Signal::of_moment("case", at, event.seq);
    let moved = moved.with("kind", case.kind.as_str()).with("action", case.action.as_str());
    Some(moved.with("left", left.to_string()))
}

fn of_figures(event: &Event, figures: &FiguresEvent) -> Signal {
    let counted = Signal::new("figures", event, None);
    let counted = counted.with("job", figures.job.as_str()).with("period", figures.period.as_str());
    let said = |name: &&'static str| Some((*name, figures.values.get(*name)?));
    let known = FIGURES.iter().filter_map(said);
    known.fold(counted, |signal, (name, value)| signal.with(name, value.as_str()))
}

/// What somebody else sent in our name; when it was answered, if that is known already.
fn of_sent_by_others(
    facts: &mut Facts,
    event: &Event,
    sent: &SentEvent,
    rulebook: &Rulebook,
    signals: &mut Vec<Signal>,
) -> Option<Timestamp> {
    let campaign = campaign_of(sent);
    let answer = responses::note_sent(facts, &sent.message, sent.kind, campaign, (event.at, rulebook.answered_within));
    let (product, category) = (sent.product.as_deref(), kind(&sent.product, &sent.category, rulebook));
    responses::note_about(facts, &sent.message, category, product);
    let was = Signal::new("sent", event, None).with("kind", sent.kind.name());
    signals.push(with_product(was, product, category));
    if sent.link {
        counting::note_link(facts, &sent.message, event.at);
        signals.push(Signal::new("link_sent", event, None));
    }
    answer
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
        _ if !moved.is_further => {}
        true => signals.push(in_state()),
        false => signals.extend(moved.order.lines.iter().map(|(line, _)| orders::of_line(in_state(), line))),
    }
    if moved.is_further && order.state.is_undone() {
        signals.push(signal("undone"));
    }
    if moved.won || moved.filled || moved.lines_filled {
        of_purchase(facts, &moved, signals);
    }
    if moved.won {
        signals.push(signal("won"));
    }
}

/// What an order tells that is paid for: just now, or before and without all that is known by now.
fn of_purchase(facts: &Facts, moved: &OrderMove, signals: &mut Vec<Signal>) {
    let left = counting::left_in_cart(facts);
    let is_new = |signal: &Signal| moved.won || moved.lines_filled || signal.name != "bought";
    let told = orders::signals(&moved.order, moved.over_record).into_iter().filter(is_new);
    signals.extend(told.map(|signal| match signal.name {
        "purchase" => {
            let signal = if moved.won { signal } else { signal.with("filled", "yes") };
            if left > 0 { signal.with("left", left.to_string()) } else { signal }
        }
        _ => signal,
    }));
    if moved.order.coupon.is_some() {
        let (at, seq) = (moved.order.paid.unwrap_or_default(), moved.order.seq);
        signals.push(Signal::of_moment("offer_taken", at, seq).with("offer", moved.order.order.as_str()));
    }
}

/// The campaign that a message belongs to.
fn campaign_of(sent: &SentEvent) -> Option<&str> {
    sent.campaign.as_deref().or_else(|| sent.by.strip_prefix("campaign:"))
}

fn of_status(facts: &mut Facts, event: &Event, status: &StatusEvent, rulebook: &Rulebook, signals: &mut Vec<Signal>) {
    if status.status == StatusKind::Failed
        && let Some((sent, next)) = counting::link_failed(facts, &status.message)
    {
        timers::wait_for_next(rulebook, facts, "link_sent", (sent, next));
    }
    if let Some(wamid) = &status.wamid {
        responses::note_called(facts, &status.message, wamid);
    }
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
    let known = product.as_deref().and_then(|product| rulebook.known_key(product, category));
    known.or(category)
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
