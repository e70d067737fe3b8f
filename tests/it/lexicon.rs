//! What the lexicon reads, told by messages: tests/data/messages.jsonl holds text and what must be read in it.

use hotline::config::Settings;
use hotline::domain::Reading;
use hotline::engine::fold::Knowledge;
use hotline::engine::knowledge::{Folders, compile};
use hotline::lexicon::Hints;
use proptest::prelude::*;
use serde_json::Value;

fn knowledge() -> Knowledge {
    compile(&Folders::default().read().unwrap(), &Settings::defaults()).0.unwrap()
}

fn read(knowledge: &Knowledge, case: &Value) -> Value {
    let country = case["country"].as_str().map(|country| country.parse().unwrap());
    let asked_budget = case["context"] == "asked_budget";
    let reading = knowledge
        .lexicon
        .read(case["text"].as_str().unwrap(), &Hints { lang: case["lang"].as_str(), country, asked_budget });
    serde_json::to_value(reading).unwrap()
}

#[test]
fn messages_are_read_as_they_are_meant() {
    let knowledge = knowledge();
    let text = include_str!("../data/messages.jsonl");
    let mut wrong = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let case: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("line {}: {error}", index + 1));
        let reading = read(&knowledge, &case);
        for (field, wanted) in case["read"].as_object().unwrap() {
            if reading[field] != *wanted {
                wrong.push(format!("{}: {field}: {} instead of {wanted}", case["text"], reading[field]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sums_are_read_in_every_language() {
    let knowledge = knowledge();
    let mut wrong = Vec::new();
    for line in include_str!("../data/amounts.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let reading = read(&knowledge, &case);
        let amounts = reading["amounts"].as_array().unwrap().iter();
        let amounts: Vec<Value> =
            amounts.map(|amount| serde_json::json!([amount["min"], amount["max"], amount["currency"]])).collect();
        if Value::from(amounts.clone()) != case["amounts"] {
            wrong.push(format!("{}: {amounts:?} instead of {}", case["text"], case["amounts"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn spans(reading: &Reading) -> Vec<(u32, u32)> {
    let mentions =
        reading.products.iter().chain(&reading.attributes).chain(&reading.brands).map(|mention| mention.span);
    mentions.chain(reading.amounts.iter().map(|amount| amount.span)).map(|span| (span.start, span.end)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_text_is_read_without_panic_with_valid_spans_and_always_alike(text in "[a-z0-9 $€.,?!手机预算万三千телефон\u{200b}\u{301}é５-]{0,80}") {
        thread_local!(static KNOWLEDGE: Knowledge = knowledge());
        KNOWLEDGE.with(|knowledge| {
            let hints = Hints { lang: None, country: None, asked_budget: true };
            let reading = knowledge.lexicon.read(&text, &hints);
            let length = text.chars().count() as u32;
            for (start, end) in spans(&reading) {
                prop_assert!(start < end && end <= length, "{start}..{end} of {length}");
            }
            prop_assert_eq!(&reading, &knowledge.lexicon.read(&text, &hints));
            Ok(())
        })?;
    }
}
