//! Reading one message: `cargo bench --bench extract`. The dictionaries are the shipped ones, whole.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros make public items; a bench may stop")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hotline::config::Settings;
use hotline::engine::knowledge::{Folders, compile};
use hotline::lexicon::{Hints, Lexicon};

const MESSAGES: [(&str, &str); 6] = [
    ("greeting", "hi"),
    ("budget", "Budget $5000 phone, waterproof pls. cheaper than iPhone 15?"),
    ("chinese", "预算两千到三千，想买个降噪耳机，有没有推荐？"),
    ("russian", "сколько стоит ноутбук для работы, где-то до пятидесяти тысяч рублей?"),
    ("small talk", "my sister was telling me about her holiday, it rained all week and the dog ran away twice"),
    ("mixed", "bom dia! quanto custa o iPhone 15 Pro Max? tenho 2 mil e quinhentos, 有现货吗"),
];

fn extract(criterion: &mut Criterion) {
    let knowledge = compile(&Folders::default().read().unwrap(), &Settings::defaults()).0.unwrap();
    let hints = Hints { country: "HK".parse().ok(), ..Hints::default() };
    let mut group = criterion.benchmark_group("extract");
    for (name, text) in MESSAGES {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bench| bench.iter(|| knowledge.lexicon.read(black_box(text), &hints)));
    }
    let long = MESSAGES.map(|(_, text)| text).join(". ").repeat(12);
    group.throughput(Throughput::Bytes(long.len() as u64));
    group.bench_function("4 KB", |bench| bench.iter(|| knowledge.lexicon.read(black_box(&long), &hints)));
    group.finish();

    let files = Folders::default().read().unwrap().keywords;
    criterion.bench_function("compile the dictionaries", |bench| {
        bench.iter_batched(|| files.clone(), |files| Lexicon::compile(&files), BatchSize::LargeInput);
    });
}

criterion_group!(benches, extract);
criterion_main!(benches);
