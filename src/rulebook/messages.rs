//! The signals of a customer's message: that there is one, what it answers, and what its words say.

use std::sync::Arc;

use super::counting::{self, interacted};
use super::facts::Facts;
use super::signal::{Signal, hyphens, of_contact, slug};
use super::{Rulebook, pairs, photos, responses};
use crate::domain::{Contact, Event, InboundMessage, Intent, Mention, Reading, Referral, Span, Timestamp};

/// Stands for what was asked for last among what is known of the customer; no profile field is called so.
const ASKED: &str = "?";

/// Everything that a message means to the rules.
pub(super) fn of_message(
    facts: &mut Facts,
    contact: &Contact,
    event: &Event,
    message: &InboundMessage,
    reading: Option<&Reading>,
    rulebook: &Rulebook,
    signals: &mut Vec<Signal>,
) {
    if message.silent {
        return;
    }
    // Told out of order, what came before all that is known of them is their first word all the same.
    let is_first_word =
        !facts.marks.contains_key("replied") || facts.first_interaction.is_some_and(|first| event.at < first);
    let (start, is_first) = counting::burst(facts, event.at);
    let signal = |name| Signal::new(name, event, Some(start));
    interacted(facts, event.at);
    counting::links_heard(facts, event.at);
    if is_first {
        signals.push(signal("interaction"));
        signals.push(signal("written"));
    }
    let begins = counting::begins_conversation(facts, event.at);
    if begins {
        signals.push(signal("conversation"));
    }
    signals.push(of_contact(signal("message"), contact));
    // Who asks for silence has read what we sent, but that is no response to repeat.
    let welcome = !reading.is_some_and(|reading| reading.wants(Intent::OptOut));
    let answers = of_answer(facts, event, message, start, rulebook);
    signals.extend(answers.into_iter().filter(|_| welcome));
    // A button under our own question about them.
    if let Some((field, value)) =
        message.choice.as_deref().and_then(|choice| choice.strip_prefix("profile:")?.split_once(':'))
        && counting::is_latest_word(facts, field, event.at)
    {
        signals.push(signal("profile").with("field", field).with("value", slug(value)));
    }
    if let Some(referral) = &message.referral {
        signals.push(of_referral(signal("referral"), referral, is_first_word));
    }
    if let Some(reading) = reading {
        of_reading(facts, event, message, reading, start, signals);
    }
    for (product, feature) in photos::take_in(facts, message, reading, begins) {
        let about = if product.is_empty() { signal("photo") } else { signal("photo").of(&product) };
        signals.push(if feature.is_empty() { about } else { about.with("feature", feature) });
    }
    signals.push(signal("replied"));
}

/// What a message answers of what we sent.
fn of_answer(
    facts: &mut Facts,
    event: &Event,
    message: &InboundMessage,
    start: Timestamp,
    rulebook: &Rulebook,
) -> Vec<Signal> {
    let signal = |name| Signal::new(name, event, Some(start));
    let (quoted, within) = (message.reply_to.as_deref(), rulebook.answered_within);
    let mut signals = Vec::new();
    if responses::answers_campaign(facts, quoted, event.at, within) {
        signals.push(signal("responded"));
    }
    let (answered, offers) = responses::note_answer(facts, quoted, event.at, within);
    if answered > 0 {
        signals.push(signal("answered"));
    }
    let taken = |campaign| signal("offer_taken").with("offer", responses::offer_of(campaign));
    signals.extend(offers.into_iter().map(taken));
    signals
}

fn of_referral(came: Signal, referral: &Referral, is_first_word: bool) -> Signal {
    let source = format!("{:?}", referral.source).to_lowercase();
    let came = came
        .with("source", source)
        .with("id", slug(referral.id.as_deref().unwrap_or_default()))
        .with("first", if is_first_word { "yes" } else { "no" });
    match &referral.platform {
        Some(platform) => came.with("platform", platform.to_lowercase()),
        None => came,
    }
}

/// What the words of a message say.
fn of_reading(
    facts: &mut Facts,
    event: &Event,
    message: &InboundMessage,
    reading: &Reading,
    start: Timestamp,
    signals: &mut Vec<Signal>,
) {
    let signal = |name| Signal::new(name, event, Some(start));
    let products = reading.product_keys();
    let classes = reading.requests.iter().filter(|mention| !mention.negated);
    let class = classes.filter_map(|mention| mention.key.strip_prefix("category/")).next_back();
    let topic = products.first().map(|key| key.to_string());
    let trade = topic.as_deref().and_then(|key| key.split('/').next()).or(class);
    // What was asked earlier and comes late is not what was asked last.
    if let Some(trade) = trade.filter(|_| counting::is_latest_word(facts, ASKED, event.at)) {
        facts.trade = Some(trade.to_owned());
        facts.topic = topic.clone().or_else(|| facts.topic.take());
    }
    let topic = topic.or_else(|| facts.topic.clone());
    for (intent, span) in reading.intents.iter().zip(spans(reading)) {
        signals.push(signal("intent").with("intent", intent.key()).at_span(span));
    }
    if let Some(language) = reading.lang.as_ref().filter(|_| reading.is_plain && is_sentence(message.words())) {
        signals.push(signal("sentence").with("language", language.tag().to_lowercase()));
    }
    requests(event, start, reading, signals);
    let talked_of = talked_of(facts, event, reading);
    questions(event, start, reading, if products.is_empty() { &talked_of } else { &products }, signals);
    features(event, start, (message, reading), &talked_of, signals);
    earned(event, start, (reading, &products), topic.as_deref(), signals);
    for brand in reading.brands.iter().filter(|mention| !mention.negated) {
        if let Some(implied) = &brand.implies {
            let seen = signal("look").with("model", model(message, brand)).with("by", "words").of(implied);
            signals.push(seen.at_span(Some(brand.span)));
        }
    }
    let knows = |group: &str| {
        facts.holds_like(group) || reading.tags.iter().any(|tag| tag.starts_with(group.trim_end_matches('*')))
    };
    if reading.wants(Intent::Buy) && knows("category/*") && knows("budget/*") {
        signals.push(signal("ready"));
    }
}

/// What is asked for, by the words of requests.toml.
fn requests(event: &Event, start: Timestamp, reading: &Reading, signals: &mut Vec<Signal>) {
    let signal = |name| Signal::new(name, event, Some(start));
    for mention in &reading.requests {
        // A whole class that is named is asked for like a product of it.
        if let Some(category) = mention.key.strip_prefix("category/") {
            if !mention.negated {
                let earned = signal("earned").with("tag", &*mention.key).with("group", "category");
                signals.push(earned.with("category", category).at_span(Some(mention.span)));
            }
            continue;
        }
        let wanted = if mention.negated { "no" } else { "yes" };
        let asked = signal("request").with("request", hyphens(&mention.key)).with("wanted", wanted);
        signals.push(asked.at_span(Some(mention.span)));
    }
}

/// Properties that are named, and the questions about them: of the products that they stand by, else of those that are talked of.
fn features(
    event: &Event,
    start: Timestamp,
    (message, reading): (&InboundMessage, &Reading),
    talked_of: &[Arc<str>],
    signals: &mut Vec<Signal>,
) {
    let signal = |name| Signal::new(name, event, Some(start));
    for (mention, asked_of) in pairs::pairs(reading, message.words()) {
        let feature = hyphens(&mention.key);
        signals.push(signal("feature").with("feature", feature.as_str()).at_span(Some(mention.span)));
        let question = |product: &str| signal("question").of(product).with("feature", feature.as_str());
        let asked_of = asked_of.into_iter().map(|product| question(product));
        let not_named = talked_of.iter().map(|product| question(product).with("named", "no"));
        signals.extend(asked_of.chain(not_named).map(|question| question.at_span(Some(mention.span))));
    }
}

/// The tags that the words alone earn.
fn earned(
    event: &Event,
    start: Timestamp,
    (reading, products): (&Reading, &[Arc<str>]),
    topic: Option<&str>,
    signals: &mut Vec<Signal>,
) {
    for tag in &reading.tags {
        let mut parts = tag.splitn(3, '/');
        let earned = Signal::new("earned", event, Some(start)).with("tag", tag.as_str());
        let group = parts.next().unwrap_or_default();
        let earned = earned.at_span(words_of(reading, tag)).with("group", group);
        // One budget for two things is the budget of each.
        if group == "budget" && products.len() > 1 {
            signals.extend(products.iter().map(|product| earned.clone().with("topic", product.clone())));
            continue;
        }
        let earned = match topic {
            Some(topic) => earned.with("topic", topic),
            None => earned,
        };
        signals.push(match (parts.next(), parts.next()) {
            (Some(category), Some(product)) => earned.with("category", category).with("product", product),
            _ => earned,
        });
    }
}

/// What a question is about that names nothing: the product that was named last in the conversation under way. "Do you have
/// bicycles?" asks for something that is not known here, and not for that.
fn talked_of(facts: &Facts, event: &Event, reading: &Reading) -> Vec<Arc<str>> {
    let asks = |intent| reading.wants(intent);
    let of_a_product = asks(Intent::Price)
        || asks(Intent::ProductInquiry)
        || asks(Intent::Compare)
        || asks(Intent::Availability) && !reading.attributes.is_empty();
    let names = !reading.products.is_empty()
        || !reading.brands.is_empty()
        || reading.requests.iter().any(|mention| mention.key.starts_with("category/"));
    if !of_a_product || names || reading.intents.iter().any(|intent| intent.is_of_the_shop()) {
        return Vec::new();
    }
    let named = facts.told.iter().find(|(field, _)| field == ASKED).map(|(_, at)| *at);
    let in_it = |named: Timestamp| named <= event.at && facts.conversation.is_some_and(|(begun, _)| named >= begun);
    // Where a class was named since, that is talked of.
    let is_last = |topic: &&str| topic.split('/').next() == facts.trade.as_deref();
    let topic = facts.topic.as_deref().filter(|topic| named.is_some_and(in_it) && is_last(topic));
    topic.map(Arc::from).into_iter().collect()
}

/// Whether words are more than a greeting or a thank-you, which people borrow from other languages. A character of a script that
/// writes no letters says as much as three of them.
fn is_sentence(words: &str) -> bool {
    const LETTERS: usize = 12;
    let weight = |c: char| if matches!(c, '\u{3040}'..='\u{9fff}') { 3 } else { 1 };
    words.chars().filter(|c| c.is_alphabetic()).map(weight).sum::<usize>() >= LETTERS
}

/// Where the words stand that earn a tag.
fn words_of(reading: &Reading, tag: &str) -> Option<Span> {
    let (group, name) = tag.split_once('/')?;
    let same = |(a, b): (u8, u8)| a == b || (a, b) == (b'_', b'-');
    let is = |key: &str| key.len() == name.len() && key.bytes().zip(name.bytes()).all(same);
    let brand =
        |fits: &dyn Fn(&Mention) -> bool| reading.brands.iter().find(|brand| fits(brand)).map(|brand| brand.span);
    let named = |mentions: &[Mention]| {
        mentions.iter().find(|mention| !mention.negated && is(&mention.key)).map(|mention| mention.span)
    };
    match group {
        "category" => named(&reading.products).or_else(|| brand(&|brand| brand.implies.as_deref().is_some_and(is))),
        "need" => named(&reading.attributes),
        "budget-level" => brand(&|brand| brand.level.is_some_and(|level| name.parse() == Ok(level))),
        "budget" => {
            let budget = reading.budget.as_ref()?;
            let sums = reading.amounts.iter().filter(|sum| !sum.negated);
            sums.rev().find(|sum| (sum.min, sum.max) == (budget.min, budget.max)).map(|sum| sum.span)
        }
        _ => None,
    }
}

/// A model as the customer wrote it, its number with it: an iPhone 14 is another one than an iPhone 15.
fn model(message: &InboundMessage, brand: &Mention) -> String {
    let text = message.text.as_deref().or(message.caption.as_deref()).unwrap_or_default();
    let Span { start, end } = brand.span;
    let written: String = text.chars().skip(start as usize).take((end - start) as usize).collect();
    let written = slug(&written);
    if written.is_empty() { slug(&brand.key) } else { written }
}

/// Questions, each for the products that are named, or for none.
fn questions(event: &Event, start: Timestamp, reading: &Reading, products: &[Arc<str>], signals: &mut Vec<Signal>) {
    let asks = |names: &[&'static str], intents: &[Intent]| {
        let Some(intent) = intents.iter().find(|intent| reading.wants(**intent)) else { return Vec::new() };
        let span =
            reading.intents.iter().position(|other| other == intent).and_then(|i| spans(reading).nth(i)).flatten();
        let mut asked = Vec::new();
        for name in names {
            let signal = || Signal::new(name, event, Some(start)).at_span(span);
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
