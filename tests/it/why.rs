//! Why a tag is held, and why not: by command, API and console, from a timeline and from the database of a running server.

use hotline::domain::Timestamp;
use hotline::engine::replay::World;
use hotline::engine::replay::timeline::{self, Line};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Running, binary, http};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::law::knowledge;

const CONTACT: &str = "+85251234567";

/// What the command says, and its exit status.
fn why(arguments: &[&str], url: Option<&str>) -> (String, i32) {
    let mut command = binary();
    command.arg("why").args(arguments).envs(url.map(|url| ("HOTLINE_DATABASE__URL", url)));
    let done = command.output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap();
    (said, done.status.code().unwrap())
}

fn line(at: &str, event: Value) -> String {
    let mut line = json!({ "at": format!("2026-03-{at}+08:00"), "contact": CONTACT });
    line.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
    format!("{line}\n")
}

fn says(at: &str, text: &str) -> String {
    line(at, json!({ "event": "message", "text": text }))
}

#[test]
fn the_command_tells_what_is_missing_and_by_how_much() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("talk.jsonl");
    let question = "do you have noise cancelling earbuds?";
    let order = json!({ "event": "order", "order": "A-1", "state": "paid", "total": 4000, "currency": "CNY",
        "lines": [{ "product": "P-1", "category": "electronics/earbuds", "price": 4000 }] });
    let talk = [
        says("02T10:00:00", question),
        says("02T12:00:00", question),
        line("02T13:00:00", order),
        line("03T10:00:00", json!({ "event": "click", "link": "product", "category": "electronics/phone" })),
    ];
    std::fs::write(&file, talk.concat()).unwrap();
    let tags = [
        "interest/high/earbuds-noise-cancelling",
        "need/noise-cancelling",
        "value/vip",
        "heat/high",
        "colour/red",
        "stage/considering",
        "region/cn",
        "activity/silent-30d",
        "gift/lover",
        "heat/mediun",
    ];
    let (told, status) = why(&[&[CONTACT, "--file", file.to_str().unwrap()], tags.as_slice()].concat(), None);
    assert_eq!(status, 1, "most of them are not held");
    // Versions change with every edit of a rule.
    insta::with_settings!({ filters => vec![(r"@[0-9a-f]{8}", "@VERSION")] }, {
        insta::assert_snapshot!(told);
    });
    let (said, status) = why(&["+85299999999", "heat/high", "--file", file.to_str().unwrap()], None);
    assert!(status == 2 && said.contains("holds no event of +85299999999"), "{said}");
}

/// Where all that is counted is there and the tag is not held, the command says what stands between.
#[test]
fn of_a_tag_that_is_not_held_something_is_always_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("talk.jsonl");
    let order = json!({ "event": "order", "order": "A-1", "state": "paid", "total": 9000, "currency": "CNY" });
    let takes = json!({ "event": "agent", "agent": "ana", "action": "tag_remove", "tag": "value/vip" });
    let talk = [
        says("02T10:00:00", "how much does the organic food cost, please?"),
        says("02T12:00:00", "сколько стоит ваш самый лучший ноутбук?"),
        line("02T13:00:00", order),
        line("03T10:00:00", takes),
    ];
    std::fs::write(&file, talk.concat()).unwrap();
    let ask = |tag: &str| why(&[CONTACT, "--file", file.to_str().unwrap(), tag], None).0;
    for (tag, expected) in [
        ("lang/de-ch", "MISSING the values are de-ch: they are en+ru"),
        ("value/vip", "judged when an order was paid for"),
        ("value/vip", "A person took it away, 2026-03-03T02:00:00Z"),
    ] {
        let said = ask(tag);
        assert!(said.contains(expected), "{tag}: {said}");
    }
    assert!(!ask("lang/en+ru").contains("MISSING the values"));
}

/// What an order gave for a while is over, and what a person said stands in a rule's way.
#[test]
fn what_is_over_or_overruled_is_told_as_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("talk.jsonl");
    let delivered = json!({ "event": "order", "order": "A-1", "state": "delivered", "total": 90, "currency": "USD" });
    let gives = json!({ "event": "agent", "agent": "ana", "action": "tag_add", "tag": "member/gold" });
    let talk = [
        line("02T10:00:00", delivered),
        line("02T11:00:00", gives),
        line("02T12:00:00", json!({ "event": "profile", "field": "grade", "value": "Silver" })),
        r#"{"at": "2026-06-20T10:00:00+08:00", "contact": "+85251234567", "event": "message", "text": "hi"}"#
            .to_owned(),
    ];
    std::fs::write(&file, talk.concat()).unwrap();
    for (tag, expected) in [
        (
            "status/delivered",
            "MISSING an order is delivered or completed: order A-1, from 2026-03-02T02:00:00Z, and what it gave is over",
        ),
        ("status/received-7d", "from 2026-03-09T02:00:00.001Z, and what it gave is over"),
        (
            "member/silver",
            "MISSING no other tag of its group that a person gave: member/gold is, and stands until taken away",
        ),
    ] {
        let said = why(&[CONTACT, "--file", file.to_str().unwrap(), tag], None).0;
        assert!(said.contains(expected), "{tag}: {said}");
    }
}

/// `interest/{product}` of other rules could be read into it.
#[test]
fn a_tag_that_a_rule_writes_out_is_about_no_product() {
    let knowledge = knowledge();
    let click = line(
        "02T10:00:00",
        json!({ "event": "click", "link": "product", "product": "A", "category": "electronics/phone" }),
    );
    let lines = timeline::parse(&click).unwrap();
    let mut world = World::new(knowledge, false);
    world.play(&lines);
    let state = world.state(lines[0].contact.as_ref().unwrap()).unwrap();
    let why = knowledge.rulebook.explain(&state.facts, &state.contact, "interest/high-decision", lines[0].at);
    let rules: Vec<_> = why.rules.iter().map(|rule| rule.rule.as_str()).collect();
    assert_eq!(rules, ["high-decision"]);
}

/// How many tags are held at the end of what was played that are explained by what gave them, and those that are not.
pub fn explain_all(world: &World<'_>, lines: &[Line]) -> (usize, Vec<String>) {
    let mut contacts: Vec<_> = lines.iter().filter_map(|line| line.contact.clone()).collect();
    contacts.sort();
    contacts.dedup();
    let now: Timestamp = lines.last().unwrap().received;
    let (mut explained, mut unexplained) = (0, Vec::new());
    for state in contacts.iter().filter_map(|contact| world.state(contact)) {
        for (tag, held) in state.facts.tags() {
            let why = knowledge().rulebook.explain(&state.facts, &state.contact, tag.as_str(), now);
            let told = why.held.as_ref().is_some_and(|told| (told.since, &told.by) == (held.since, &held.by));
            let by_rule = why.rules.iter().any(|rule| rule.rule == held.by);
            let otherwise = held.by.starts_with("agent:") || !why.notes.is_empty();
            match told && (by_rule || otherwise) {
                true => explained += 1,
                false => unexplained.push(format!("{tag} is held by {}: {:?}, {:?}", held.by, why.held, why.rules)),
            }
        }
    }
    (explained, unexplained)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_and_a_command_beside_it_tell_the_same() {
    for database in Database::each().await {
        let Running { app: _app, address, .. } = Running::start(&database, &[TOKEN]).await;
        let events = json!([{ "contact": CONTACT, "event": "message", "text": "budget $500 for a phone, please" }]);
        let api = Api::new(address);
        api.tell(events).await;
        let ask = async |path: &str| api.call(Method::GET, path, None).await;
        let told = eventually("the tag is held", async || {
            let told = ask("/contacts/1/why?tag=category/electronics/phone").await.1;
            Some(told).filter(|told| told["held"].is_object())
        })
        .await;
        let past = &told["history"][0];
        assert_eq!((past["change"].as_str(), past["by"].as_str()), (Some("set"), Some("category")), "{told}");
        let number = past["events"][0].as_i64().unwrap().to_string();
        assert_eq!(told["events"][&number]["text"], "budget $500 for a phone, please", "{told}");
        assert!(told["rules"][0]["conditions"][0]["text"].as_str().unwrap().contains("group: category"), "{told}");

        let (said, status) = why(&[CONTACT, "category/electronics/phone"], Some(&database.url));
        assert!(status == 0 && said.contains("“budget $500 for a [phone], please”"), "{}: {said}", database.kind);
        let (said, status) = why(&["1", "heat/extreme", "--json"], Some(&database.url));
        let told: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        let counted = &told["rules"][0]["conditions"][0];
        assert!(status == 1 && counted["have"] == 1.0 && counted["needs"] == 3.0, "{}: {told}", database.kind);
        let (said, status) = why(&["+85299999999", "heat/extreme"], Some(&database.url));
        assert!(status == 2 && said.contains("nobody is known"), "{said}");
        for (path, expected) in [("/contacts/99/why?tag=heat/high", 404), ("/contacts/1/why", 400)] {
            assert_eq!(ask(path).await.0, expected, "{path}");
        }
        let shut = http().get(format!("http://{address}/why/1?tag=heat/high")).send().await.unwrap();
        assert!(!shut.text().await.unwrap().contains("heat-high"), "the page is for people who signed in");
    }
}
