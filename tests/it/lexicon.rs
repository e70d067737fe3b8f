//! What the lexicon reads, told by messages: tests/data/messages.jsonl holds text and what must be read in it.

use hotline::domain::{Intent, Reading};
use hotline::engine::fold::Knowledge;
use hotline::engine::knowledge::{Folders, are_built_in, dictionaries, weights};
use hotline::lexicon::{Explainer, Hints, Lexicon, Weights};
use proptest::prelude::*;
use serde_json::Value;

use crate::law::knowledge;

fn explainer() -> Explainer {
    let (explainer, problems) = Explainer::compile(&Folders::default().read().unwrap().keywords, weights());
    explainer.unwrap_or_else(|| panic!("{problems:?}"))
}

fn read(knowledge: &Knowledge, case: &Value) -> Value {
    let country = case["country"].as_str().map(|country| country.parse().unwrap());
    let asked_budget = case["context"] == "asked_budget";
    let reading = knowledge
        .lexicon()
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
        let reading = read(knowledge, &case);
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
        let reading = read(knowledge, &case);
        let amounts = reading["amounts"].as_array().unwrap().iter();
        let amounts: Vec<Value> =
            amounts.map(|amount| serde_json::json!([amount["min"], amount["max"], amount["currency"]])).collect();
        if Value::from(amounts.clone()) != case["amounts"] {
            wrong.push(format!("{}: {amounts:?} instead of {}", case["text"], case["amounts"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All words of a message together tell more than the phrase that stands in it: nobody who returns shoes wants no more messages. But what
/// the shop itself put into the dictionaries is believed, and `--explain` tells.
#[test]
fn words_weigh_against_a_phrase_unless_it_is_the_shops_own() {
    let text = "vorrei restituire le scarpe, numero sbagliato";
    let mut files = Folders::default().read().unwrap().keywords;
    let read = |files: &[_]| Lexicon::compile(files, weights()).0.unwrap().read(text, &Hints::default()).intents;
    assert_eq!(read(&files), [Intent::ReturnRefund]);
    let unweighed = Lexicon::compile(&files, Weights::default()).0.unwrap().read(text, &Hints::default()).intents;
    assert_eq!(unweighed, [Intent::Complaint, Intent::OptOut, Intent::ReturnRefund]);

    let (_, candidates) = explainer().explain(text, &Hints::default());
    let doubted = candidates.iter().find(|candidate| candidate.key == "opt_out").unwrap();
    assert_eq!((doubted.won, &*doubted.why), (false, "the words of the whole message weigh against it"));

    let file = files.iter_mut().find(|file| file.path == "intents/opt_out.toml").unwrap();
    file.text = file.text.replacen("it = [", "it = [\"restituire le scarpe\", ", 1);
    assert_eq!(read(&files), [Intent::OptOut, Intent::ReturnRefund]);
}

/// …and where no phrase stands, they tell what is wanted, and which word tells it most.
#[test]
fn words_tell_without_a_phrase() {
    let text = "me sale más a cuenta el pack de 3 a 25 o sueltos a 9?";
    let (reading, candidates) = explainer().explain(text, &Hints::default());
    assert_eq!(reading.intents, [Intent::Compare]);
    let weighed = candidates.iter().find(|candidate| candidate.kind == "weighed").unwrap();
    assert_eq!((&*weighed.key, weighed.won), ("compare", true));
    assert!(text.contains(&weighed.text) && weighed.text.chars().count() > 1, "{}", weighed.text);
}

/// What can be spent is weighed as well: here no word of budget stands.
#[test]
fn words_tell_what_can_be_spent() {
    let text = "lotion and diapers. like 40 bucks for both?";
    let country = Some("US".parse().unwrap());
    let hints = Hints { country, ..Hints::default() };
    let unweighed = Lexicon::compile(&Folders::default().read().unwrap().keywords, Weights::default()).0.unwrap();
    assert_eq!(unweighed.read(text, &hints).budget, None);
    let (reading, candidates) = explainer().explain(text, &hints);
    assert_eq!(reading.budget.and_then(|budget| budget.max), Some(40.into()));
    let sum = candidates.iter().find(|candidate| candidate.kind == "sum").unwrap();
    assert_eq!((sum.won, &*sum.why), (true, "what the customer can spend: the words of the whole message say so"));
}

fn spans(reading: &Reading) -> Vec<(u32, u32)> {
    let mentions =
        reading.products.iter().chain(&reading.attributes).chain(&reading.brands).map(|mention| mention.span);
    mentions.chain(reading.amounts.iter().map(|amount| amount.span)).map(|span| (span.start, span.end)).collect()
}

/// Texts that are long and nasty, each of the longest length that the API takes.
#[test]
fn long_texts_of_any_kind_are_read_in_bounded_time() {
    let knowledge = knowledge();
    let hints = Hints { lang: None, country: None, asked_budget: true };
    let parts = [
        "a",
        "no ",
        "not a ",
        "9",
        "1,",
        "1 000 ",
        "price ",
        "don't want ",
        "不要手机",
        "有没有",
        "не ",
        "телефон",
        "\u{301}",
        "\u{200d}",
        "👩‍👩‍👧 ",
        "laptop, ",
        "lptop ",
        "robot vacuum price ",
        "any … off ",
        "lederjacke",
        "ال",
        "والسماعات ",
        "kulaklıklarımızdakilerden",
        "?no ",
        "iphone15",
        "any any any ",
        "sepatu-",
        "((((",
        "$",
        "5k-",
    ];
    for part in parts {
        let text: String = part.chars().cycle().take(65_536).collect();
        let start = std::time::Instant::now();
        let reading = knowledge.lexicon().read(&text, &hints);
        assert_spans(&text, &reading);
        // Debug builds are some twenty times slower than what runs in a shop, and a busy machine five times.
        assert!(start.elapsed() < std::time::Duration::from_secs(60), "{part:?} took {:?}", start.elapsed());
    }
}

/// Pieces of the corpus cut and glued anywhere, the same in every run.
#[test]
fn pieces_of_messages_glued_together_are_read_without_panic() {
    let (knowledge, explainer) = (knowledge(), explainer());
    let mut letters = Vec::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/dev")).unwrap() {
        letters.extend(std::fs::read_to_string(entry.unwrap().path()).unwrap().chars());
    }
    let mut dice = 1_u64;
    let mut below = |limit: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % limit
    };
    for _ in 0..400 {
        let mut text = String::new();
        for _ in 0..1 + below(8) {
            let (start, length) = (below(letters.len()), below(30));
            text.extend(letters.iter().skip(start).take(length));
        }
        let hints = Hints { lang: None, country: None, asked_budget: below(2) == 0 };
        let reading = knowledge.lexicon().read(&text, &hints);
        assert_spans(&text, &reading);
        assert_eq!(reading, explainer.explain(&text, &hints).0, "{text}");
    }
}

#[test]
fn a_sum_that_is_no_budget_says_what_it_is_instead() {
    let explainer = explainer();
    let hints = Hints { lang: None, country: "GB".parse().ok(), asked_budget: false };
    for (text, why) in [
        ("a phone, about 300 pounds", "what the customer can spend"),
        ("is the dress for 79.95 still there", "as odd as prices are, and nothing says that it can be spent"),
        ("I paid 80 pounds for the shoes", "a word near it tells that it was paid, is charged, or is asked elsewhere"),
        ("my phone arrived broken, 80 pounds", "the message is about something that was bought"),
        // A limit is one whatever became of the last thing.
        ("my charger broke, need a charger up to 30 pounds", "what the customer can spend"),
        ("fast charging phone, 250 pounds", "what the customer can spend"),
        ("shoes 42 please", "nothing tells that it is a sum of money"),
    ] {
        let candidates = explainer.explain(text, &hints).1;
        let told: Vec<_> = candidates.iter().filter(|one| ["sum", "number"].contains(&one.kind)).collect();
        assert!(told.iter().any(|one| one.why == why), "{text}: {told:?}");
    }
}

/// Spans lie within the text and stand in order.
fn assert_spans(text: &str, reading: &Reading) {
    let length = text.chars().count() as u32;
    for list in [&reading.products, &reading.attributes, &reading.brands] {
        let spans: Vec<_> = list.iter().map(|mention| mention.span).collect();
        assert!(spans.iter().all(|span| span.start < span.end && span.end <= length), "{text}: {spans:?}");
        assert!(spans.is_sorted_by_key(|span| span.start), "{text}: {spans:?}");
    }
    for (start, end) in spans(reading) {
        assert!(start < end && end <= length, "{text}: {start}..{end} of {length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_text_is_read_without_panic_with_valid_spans_and_always_alike(text in "([a-z0-9 $€.,?!手机预算万三千телефон\u{200b}\u{301}é５-]|\\PC){0,80}") {
        let knowledge = knowledge();
        let hints = Hints { lang: None, country: None, asked_budget: true };
        let reading = knowledge.lexicon().read(&text, &hints);
        assert_spans(&text, &reading);
        prop_assert_eq!(&reading, &knowledge.lexicon().read(&text, &hints));
    }
}

/// A program reads the dictionaries that it was built with as they are; with any other it compiles them.
#[test]
fn what_was_compiled_while_building_is_what_compiling_gives() {
    let files = Folders::default().read().unwrap().keywords;
    let folder = Folders { keywords: Some("keywords".into()), ..Folders::default() };
    assert!(are_built_in(&files) && are_built_in(&folder.read().unwrap().keywords));
    let bytes = |files: &[_]| Lexicon::compile(files, weights()).0.unwrap().to_bytes().unwrap();
    let compiled = bytes(&files);
    // What was read once has its tables in another order.
    let read = Lexicon::from_bytes(&compiled, weights()).unwrap().to_bytes().unwrap();
    assert!(dictionaries(&files).0.unwrap().to_bytes().unwrap() == read, "other dictionaries were built in");

    let print = Lexicon::print(&files);
    let (mut counted, mut ignored) = (files.clone(), 0);
    for place in (0..files.len()).rev() {
        let mut changed = files.clone();
        changed[place].text.push('#');
        if Lexicon::print(&changed) == print {
            counted.remove(place);
            ignored += 1;
        }
    }
    assert!(ignored > 0 && ignored < files.len());
    assert!(bytes(&counted) == compiled, "a file is read that does not count");
    assert!(Lexicon::from_bytes(&compiled[..compiled.len() / 2], weights()).is_err());
}
