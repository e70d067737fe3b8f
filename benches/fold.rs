//! Folding events of one contact: `cargo bench --bench fold`. All shipped dictionaries and rules are on.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros make public items; a bench may stop")]

use std::cell::OnceCell;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hotline::config::Settings;
use hotline::domain::{ContactId, ContactRef, Event, EventBody, InboundMessage, Timestamp};
use hotline::engine::fold::state::State;
use hotline::engine::knowledge::{Folders, compile};
use serde_json::json;

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: hotline_allocator::Allocator = hotline_allocator::Allocator;

const START: Timestamp = Timestamp(1_772_000_000_000);
const WORDS: [&str; 6] = [
    "hi",
    "how much is the phone?",
    "budget $500, waterproof please",
    "which phone do you recommend?",
    "can you compare the two?",
    "thanks, let me think",
];

fn message(number: i64, gap_ms: i64) -> Event {
    let at = Timestamp(START.0 + number * gap_ms);
    let text = WORDS[number as usize % WORDS.len()].to_owned();
    let body = EventBody::Message(InboundMessage { text: Some(text), ..InboundMessage::default() });
    Event { seq: number, at, received: at, body }
}

/// What a customer does in the course of years, an hour or so apart: every sixth is a message, then a click, a page, a receipt, an
/// order, a cart.
fn happening(number: i64) -> Event {
    let (model, order) = (number % 40, number / 60);
    let body = match number % 6 {
        0 => return message(number, 3_700_000),
        1 => {
            json!({ "event": "click", "link": "product", "product": format!("phone {model}"), "category": "electronics/phone" })
        }
        2 => {
            json!({ "event": "page", "page": "product", "product": format!("phone {model}"), "category": "electronics/phone", "seconds": 40 })
        }
        3 => json!({ "event": "status", "message": format!("hl:1:{number}"), "status": "read" }),
        4 => {
            let state = ["placed", "paid", "shipped", "delivered"][(number / 6 % 4) as usize];
            json!({ "event": "order", "order": format!("A-{order}"), "state": state, "total": 90, "currency": "USD",
                "lines": [{ "product": "P-1", "category": "electronics/phone", "price": 90 }] })
        }
        _ => {
            json!({ "event": "cart", "action": "add", "product": format!("phone {model}"), "category": "electronics/phone" })
        }
    };
    let at = Timestamp(START.0 + number * 3_700_000);
    Event { seq: number, at, received: at, body: serde_json::from_value(body).unwrap() }
}

fn fold(criterion: &mut Criterion) {
    let knowledge = compile(&Folders::default().read().unwrap(), &Settings::defaults()).0.unwrap();
    let names = [ContactRef::Phone("+85251234567".parse().unwrap())];
    let new_state = || State::new(ContactId(1), &names, &knowledge.places);
    let play = |mut state: State, count: i64, gap_ms: i64| {
        for number in 0..count {
            black_box(knowledge.fold(&mut state, &message(number, gap_ms)));
        }
        state
    };
    let mut group = criterion.benchmark_group("fold");
    for (name, count, gap) in
        [("a first message", 1, 0), ("a talk of 12", 12, 40_000), ("a year of 200", 200, 157_000_000)]
    {
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(name, |bench| {
            bench.iter_batched(new_state, |state| play(state, count, gap), BatchSize::SmallInput);
        });
    }
    // What a contact has behind it makes an event no dearer: the state holds what still counts, and no more.
    for behind in [10, 10_000] {
        let state = OnceCell::new();
        let with_past = || {
            state.get_or_init(|| {
                let mut state = new_state();
                (0..behind).for_each(|number| drop(knowledge.fold(&mut state, &happening(number))));
                state
            })
        };
        let next = behind + (6 - behind % 6);
        group.throughput(Throughput::Elements(1));
        for (name, number) in [("message", next), ("click", next + 1), ("page", next + 2), ("receipt", next + 3)] {
            let event = happening(number);
            group.bench_function(format!("a {name} behind {behind} events"), |bench| {
                bench.iter_batched_ref(
                    || with_past().clone(),
                    |state| black_box(knowledge.fold(state, &event)),
                    // A state has just been unpacked when an event is folded into it: it is not fetched from far away.
                    BatchSize::NumIterations(8),
                );
            });
        }
    }
    // Two months of a customer who does a bit of everything: what a replay or a recomputation is made of.
    group.throughput(Throughput::Elements(1_500));
    group.bench_function("a mixed past of 1500", |bench| {
        let events: Vec<Event> = (0..1_500).map(happening).collect();
        bench.iter_batched(
            new_state,
            |mut state| events.iter().for_each(|event| drop(black_box(knowledge.fold(&mut state, event)))),
            BatchSize::SmallInput,
        );
    });
    let known = serde_json::to_string(&play(new_state(), 200, 157_000_000)).unwrap();
    group.throughput(Throughput::Bytes(known.len() as u64));
    group.bench_function("state from and to JSON", |bench| {
        bench.iter(|| serde_json::to_string(&serde_json::from_str::<State>(black_box(&known)).unwrap()).unwrap());
    });
    group.finish();
}

criterion_group!(benches, fold);
criterion_main!(benches);
