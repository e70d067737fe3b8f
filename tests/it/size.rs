//! A contact's state stays small, however much happens: it is read and written with every event.

use hotline::domain::{ContactId, ContactRef, Event, EventBody, Timestamp};
use hotline::engine::fold::Knowledge;
use hotline::engine::fold::state::State;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::law::knowledge;

/// What a state may weigh as it is stored, of this customer too, who is busier than most.
const LIMIT: usize = 8 * 1024;
/// What its JSON may weigh, which is written and read with each batch of events.
const JSON_LIMIT: usize = 23 * 1024;
const START: Timestamp = Timestamp(1_772_000_000_000);
const DAY: i64 = 86_400_000;

const PRODUCTS: [(&str, &str); 8] = [
    ("electronics/phone", "phone"),
    ("electronics/earbuds", "earbuds"),
    ("electronics/laptop", "laptop"),
    ("appliances/coffee_machine", "coffee machine"),
    ("fashion/sneakers", "sneakers"),
    ("home/mattress", "mattress"),
    ("beauty/perfume", "perfume"),
    ("fitness/yoga_mat", "yoga mat"),
];
const FEATURES: [&str; 6] = ["waterproof", "wireless", "noise cancelling", "cheap", "leather", "portable"];
const QUESTIONS: [&str; 7] = [
    "is the P F?",
    "how much is the P?",
    "budget $N, P please, F",
    "which P do you recommend, F?",
    "can you compare the two P?",
    "do you have a P in stock?",
    "I want to buy the P",
];

/// One thing that a busy customer does, as a timeline writes it: of what they look at, half is one kind of product, a quarter
/// the next, and so on; they order about once a week.
fn happening() -> impl Strategy<Value = Value> {
    let product = prop_oneof![8 => Just(0_usize), 4 => Just(1), 2 => Just(2), 1 => Just(3), 1 => 4..PRODUCTS.len()];
    (0..100_u32, product, 0..FEATURES.len(), 0..QUESTIONS.len(), 1..900_u32).prop_map(
        |(kind, product, feature, question, number)| {
            let (key, word) = PRODUCTS[product];
            let model = format!("{word} {}", number % 40);
            match kind {
                0..45 => {
                    let text = QUESTIONS[question].replace('P', word).replace('F', FEATURES[feature]);
                    json!({ "event": "message", "text": text.replace('N', &number.to_string()) })
                }
                45..60 => json!({ "event": "click", "link": "product", "product": model, "category": key, "price": number, "currency": "USD" }),
                60..70 => json!({ "event": "page", "page": "product", "product": model, "category": key, "price": number, "currency": "USD", "seconds": number }),
                70..74 => json!({ "event": "cart", "action": "add", "product": model, "category": key, "amount": number, "currency": "USD" }),
                74..80 => {
                    let states = ["placed", "paid", "shipped", "delivered", "completed", "cancelled"];
                    json!({
                        "event": "order", "order": format!("A-{}", number / 6), "state": states[(number % 6) as usize], "total": number,
                        "currency": "USD", "lines": [{ "product": model, "category": key, "price": number }],
                    })
                }
                80..84 => json!({ "event": "quote", "quote": format!("Q-{number}"), "action": "sent", "product": word }),
                84..86 => json!({ "event": "case", "case": format!("C-{number}"), "kind": "complaint", "action": "opened" }),
                86..97 => json!({ "event": "status", "message": format!("hl:1:{number}"), "status": "read" }),
                97..99 => json!({ "event": "profile", "field": "occupation", "value": word }),
                _ => json!({ "event": "opt", "action": "in", "scope": "marketing" }),
            }
        },
    )
}

/// Years of it: from seconds to hours apart, about a thousand events in each.
fn busy_years(runner: &mut TestRunner, years: i64) -> Vec<Event> {
    let count = 1_000 * years;
    let mut at = START;
    let mut events = Vec::new();
    for seq in 1..=count {
        let gap = (0..3 * 365 * DAY / 1_000).new_tree(runner).unwrap().current();
        at = Timestamp(at.0 + if seq % 3 == 0 { gap / 1000 } else { gap });
        let body: EventBody = serde_json::from_value(happening().new_tree(runner).unwrap().current()).unwrap();
        events.push(Event { seq, at, received: at, body });
    }
    events
}

fn new_state(knowledge: &Knowledge) -> State {
    State::new(ContactId(1), &["+85251234567".parse::<ContactRef>().unwrap()], &knowledge.places)
}

/// How many bytes each part weighs, the heaviest first: says what grew.
fn parts(state: &State) -> Vec<(String, usize)> {
    let value = serde_json::to_value(state).unwrap();
    let mut parts = Vec::new();
    for (name, part) in value.as_object().unwrap() {
        match (name.as_str(), part) {
            ("facts", Value::Object(facts)) => {
                for (name, part) in facts {
                    parts.push((format!("facts.{name}"), part.to_string().len()));
                    if name == "counters" {
                        let counters = part.as_object().unwrap();
                        parts.extend(counters.iter().map(|(rule, part)| (format!("  {rule}"), part.to_string().len())));
                    }
                }
            }
            _ => parts.push((name.clone(), part.to_string().len())),
        }
    }
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    parts
}

#[test]
fn a_state_does_not_grow_with_the_years() {
    let knowledge = knowledge();
    let mut runner = TestRunner::deterministic();
    for years in [1, 4] {
        let mut state = new_state(knowledge);
        let (mut largest, mut stored) = ((0, Vec::new()), 0);
        for event in busy_years(&mut runner, years) {
            knowledge.fold(&mut state, &event);
            let size = serde_json::to_string(&state).unwrap().len();
            stored = stored.max(state.packed().len());
            if size > largest.0 {
                largest = (size, parts(&state));
            }
        }
        println!("{years} years: {stored} bytes at most, of {} of JSON", largest.0);
        let fits = stored <= LIMIT && largest.0 <= JSON_LIMIT;
        assert!(fits, "{years} years: {stored} bytes, of {} of JSON: \n{}", largest.0, shown(&largest.1));
    }
}

fn shown(parts: &[(String, usize)]) -> String {
    parts.iter().map(|(name, size)| format!("{size:6} {name}\n")).collect()
}
