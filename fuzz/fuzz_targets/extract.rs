//! Any text is read without panic, with valid spans, and always alike.
#![no_main]

use std::sync::LazyLock;

use hotline::engine::knowledge::{Folders, weights};
use hotline::lexicon::{Hints, Lexicon};
use libfuzzer_sys::fuzz_target;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let files = Folders::default().read().expect("the files are built in").keywords;
    Lexicon::compile(&files, weights()).0.expect("they have no mistakes")
});

fuzz_target!(|text: &str| {
    let hints = Hints { lang: None, country: None, asked_budget: true };
    let reading = LEXICON.read(text, &hints);
    let length = text.chars().count() as u32;
    let mentions = reading.products.iter().chain(&reading.attributes).chain(&reading.brands).map(|mention| mention.span);
    for span in mentions.chain(reading.amounts.iter().map(|amount| amount.span)).chain(reading.intent_spans.clone()) {
        assert!(span.start < span.end && span.end <= length, "{span:?} of {length}");
    }
    assert_eq!(reading, LEXICON.read(text, &hints));
});
