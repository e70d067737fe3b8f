//! What other rules would have made of what happened: of timelines, and of the journal of a running system.

use std::path::Path;

use hotline::domain::{ContactId, Timestamp};
use hotline::store::NewEvent;
use serde_json::{Value, json};

use crate::app::binary;
use crate::db::Database;

/// What the command says, and its exit status.
fn backtest(arguments: &[&str], url: Option<&str>) -> (String, i32) {
    let mut command = binary();
    command.arg("backtest").args(arguments).envs(url.map(|url| ("HOTLINE_DATABASE__URL", url)));
    let done = command.output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap();
    (said, done.status.code().unwrap())
}

/// The rules that ship, with one of them edited: twice is enough for a high interest, and a comparison is no red.
fn edited(folder: &Path) {
    for (file, from, to) in [
        ("rules/int.toml", "count = { at_least = 3, within = \"7d\"", "count = { at_least = 2, within = \"7d\""),
        ("rules/color.toml", "name = \"colour-compare\"", "name = \"colour-compare-never\""),
        ("rules/color.toml", "where = { intent = \"compare\" }", "where = { intent = \"compares-nothing\" }"),
    ] {
        let path = folder.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} holds {from}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }
}

const QUESTION: &str = "do you have noise cancelling earbuds?";

#[test]
fn a_timeline_shows_what_would_be_gained_and_lost_and_why() {
    let folder = tempfile::tempdir().unwrap();
    crate::recompute::copy_keywords(folder.path());
    edited(folder.path());
    let line = |minute: u32, text: &str| {
        format!(
            "{}\n",
            json!({ "at": format!("2026-03-02T10:{minute:02}:00+08:00"), "contact": "+85251234567", "event": "message", "text": text })
        )
    };
    let file = folder.path().join("talk.jsonl");
    std::fs::write(
        &file,
        [line(0, QUESTION), line(10, QUESTION), line(20, "can you compare the two earbuds?")].concat(),
    )
    .unwrap();
    let (told, status) =
        backtest(&["--keywords", folder.path().to_str().unwrap(), "--file", file.to_str().unwrap()], None);
    assert_eq!(status, 1);
    let told = told.replace(&folder.path().display().to_string(), "");
    insta::assert_snapshot!(told);
}

#[test]
fn a_tag_that_lasts_for_another_time_shows_in_what_is_held_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    crate::recompute::copy_keywords(folder.path());
    let rules = folder.path().join("rules/order.toml");
    let text = std::fs::read_to_string(&rules).unwrap();
    let bought = text
        .replace("tag = \"bought/{product}\"\nlifetime = \"365d\"", "tag = \"bought/{product}\"\nlifetime = \"2d\"");
    assert_ne!(bought, text);
    std::fs::write(&rules, bought).unwrap();
    let file = folder.path().join("order.jsonl");
    let line = |day: u32, event: Value| {
        let mut line = json!({ "at": format!("2026-03-{day:02}T10:00:00+08:00"), "contact": "+85251234567" });
        event.as_object().unwrap().iter().for_each(|(field, value)| line[field] = value.clone());
        format!("{line}\n")
    };
    let product = json!([{ "product": "Air 3", "category": "electronics/earbuds", "price": 129 }]);
    let order = json!({ "event": "order", "order": "1", "state": "paid", "total": 129, "lines": product });
    std::fs::write(&file, [line(2, order), line(9, json!({ "event": "message", "text": "hello" }))].concat()).unwrap();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/keywords");
    let (edited, file) = (folder.path().to_str().unwrap(), file.to_str().unwrap());
    let (told, status) = backtest(&["--keywords", edited, "--against", shipped, "--file", file], None);
    assert!(status == 1 && told.contains("something is different of 1."), "{told}");
    let after = told.split_once("Tags of both, held at the end").unwrap_or_else(|| panic!("{told}")).1;
    assert!(after.contains("bought/earbuds") && after.contains("- +85251234567 2026-03-02"), "{told}");
    let (told, _) = backtest(&["--keywords", shipped, "--against", edited, "--file", file, "--json"], None);
    let report: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    assert_eq!(report["held"]["bought/earbuds"]["gained"], 1, "{report}");
    assert_eq!(report["tags"], json!({}), "both held it: {report}");
}

#[test]
fn what_is_promised_planned_and_kept_shows_too() {
    let says = |at: &str, text: &str| json!({ "at": at, "event": "message", "text": text });
    let clicks = |at: &str, link: &str, product: &str| json!({ "at": at, "event": "click", "link": link, "product": product, "category": "electronics/phone" });
    let waits =
        [says("02T10:00", "hi"), says("02T10:30", "hello?"), says("02T11:00", "are you there"), says("03T12:00", "ok")];
    let came = [clicks("02T10:00", "ad", "A1"), says("12T10:00", "hi")];
    let looked = ["A1", "A2", "A3", "A4"].map(|product| clicks("02T10:00", "product", product));
    let looked: Vec<Value> = looked.into_iter().chain([says("12T10:00", "hi")]).collect();
    for (rules, from, to, events, told) in [
        ("heat", "promise = \"5m\"", "promise = \"2h\"", &waits[..], "Promise: heat-extreme: 5m -> 2h: 1 contact"),
        ("stage", "template = \"welcome_offer\"", "template = \"cart_reminder\"", &came, "welcome_offer ["),
        (
            "int",
            "lifetime = \"7d\"",
            "lifetime = \"1d\"",
            &looked,
            "Lost with both: interest/high-decision: earlier: 1",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        crate::recompute::copy_keywords(folder.path());
        let path = folder.path().join(format!("rules/{rules}.toml"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{rules} holds {from}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let line = |event: &Value| {
            let mut line = event.clone();
            line["at"] = format!("2026-03-{}:00+08:00", event["at"].as_str().unwrap()).into();
            line["contact"] = "+85251234567".into();
            format!("{line}\n")
        };
        let file = folder.path().join("talk.jsonl");
        std::fs::write(&file, events.iter().map(line).collect::<String>()).unwrap();
        let (edited, file) = (folder.path().to_str().unwrap(), file.to_str().unwrap());
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/keywords");
        let (said, status) = backtest(&["--keywords", edited, "--against", shipped, "--file", file], None);
        assert!(status == 1 && said.contains(told), "{told}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_played_twice_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    crate::recompute::copy_keywords(folder.path());
    edited(folder.path());
    let keywords = folder.path().to_str().unwrap();
    for database in Database::each().await {
        let store = database.store().await;
        let day = |day: i64| Timestamp(1_780_000_000_000 + day * 86_400_000);
        let says = |number: u32, at: Timestamp, text: &str| NewEvent {
            contacts: vec![format!("+8526000{number:04}").parse().unwrap()],
            ..NewEvent::known(
                ContactId(0),
                None,
                at,
                serde_json::from_value(json!({ "event": "message", "text": text })).unwrap(),
            )
        };
        let mut events = Vec::new();
        for number in 0..150 {
            events.extend([says(number, day(0), QUESTION), says(number, day(1), QUESTION)]);
        }
        events.push(says(7, day(20), "can you compare the two earbuds?"));
        store.append(events).await.unwrap();
        let (told, status) = backtest(&["--keywords", keywords, "--json"], Some(&database.url));
        let report: Value =
            serde_json::from_str(told.lines().next().unwrap()).unwrap_or_else(|error| panic!("{error}: {told}"));
        let tag = &report["tags"]["interest/high/earbuds-noise-cancelling"];
        assert_eq!(
            (status, &report["contacts"], &report["events"]),
            (1, &json!(150), &json!(301)),
            "{}",
            database.kind
        );
        assert_eq!((&tag["gained"], &tag["lost"]), (&json!(150), &json!(0)));
        assert_eq!(tag["gained_by"][0]["text"], QUESTION);
        assert_eq!(tag["gained_by"].as_array().unwrap().len(), 3, "a few examples");
        assert_eq!(
            (&report["tags"]["color/red"]["lost"], &report["handoffs"]["red"]["lost"]),
            (&json!(1), &json!(1)),
            "{report}"
        );
        // From a day on that is after it all: only the end is left to compare.
        let (told, _) = backtest(&["--keywords", keywords, "--json", "--since", "2026-06-10"], Some(&database.url));
        let late: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
        assert_eq!(late["tags"]["interest/high/earbuds-noise-cancelling"]["gained"], 150, "it is held still");
        assert!(late["tags"].get("heat/extreme").is_none(), "{late}");
        let (told, status) =
            backtest(&["--keywords", concat!(env!("CARGO_MANIFEST_DIR"), "/keywords")], Some(&database.url));
        assert!(status == 0 && told.contains("something is different of 0"), "{told}");
        let (_, states) = (store.contact_count().await.unwrap(), crate::law::states(&database).await);
        assert!(states.is_empty(), "{}: nothing was folded by it", database.kind);
    }
}
