//! After an edit of a rule everybody's tags are those of the new rules: while messages flow, after a restart, and nothing is sent.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use hotline::engine::fold::state::State;
use hotline::store::Folded;
use serde_json::{Value, json};

use crate::app::{App, free_address, http, sandbox};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::law::{rows, states};
use crate::store::{NOW, message};

fn keywords() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_keywords(folder.path());
    folder
}

/// The dictionaries and rules that ship.
pub fn copy_keywords(to: &Path) {
    copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/keywords")), to);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn edit(folder: &Path, from: &str, to: &str) {
    let file = folder.join("rules/int.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "rules/int.toml holds {from}");
    std::fs::write(&file, text.replace(from, to)).unwrap();
}

async fn say(address: SocketAddr, number: u64, text: &str) {
    let event = json!({ "contact": format!("+8526000{number:04}"), "event": "message", "text": text });
    Api::new(address).tell(event).await;
}

async fn count(database: &Database, what: &str) -> u64 {
    rows(database, &format!("select cast(count(*) as text) from {what}")).await[0][0].parse().unwrap()
}

/// All that was said is folded and answered, and nobody holds the tags of other rules than these.
async fn settled(database: &Database, contacts: usize, tag: &str, not: &str) -> Vec<State> {
    eventually(&format!("everybody holds {tag} and nobody {not}"), async || {
        let (unread, stale) = (count(database, "unread").await, count(database, "stale").await);
        let states = states(database).await;
        let answered = |state: &&State| serde_json::to_value(&state.memory).unwrap()["reply_due"].is_null();
        let states_right = states.iter().filter(|state| state.facts.holds(tag) && !state.facts.holds(not));
        let right = states_right.filter(answered).count();
        (unread == 0 && stale == 0 && right == contacts).then_some(states)
    })
    .await
}

const NEED: &str = "tag = \"need/{feature}\"";
const WISH: &str = "tag = \"wish/{feature}\"";

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_rule_is_in_everybodys_tags_while_messages_flow_and_nothing_is_sent_again() {
    for database in Database::each().await {
        let keywords = keywords();
        let address = free_address();
        let (_sandbox, graph) = sandbox(address, 80).await;
        let more = [("HOTLINE_KEYWORDS__DIR", keywords.path().to_str().unwrap()), TOKEN];
        let app = App::start(address, graph, &database, &more).await;
        let customers = 40;
        for number in 0..customers {
            say(address, number, "is the phone waterproof?").await;
        }
        settled(&database, customers as usize, "need/waterproof", "wish/waterproof").await;
        let answers = eventually("everybody is answered", async || {
            Some(count(&database, "outbox").await).filter(|answers| *answers >= customers)
        })
        .await;
        let before = settled(&database, customers as usize, "need/waterproof", "wish/waterproof").await;

        edit(keywords.path(), NEED, WISH);
        // Meanwhile new customers come, who are read by either rule.
        for number in customers..customers + 10 {
            say(address, number, "is the phone waterproof?").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let all = customers + 10;
        let after = settled(&database, all as usize, "wish/waterproof", "need/waterproof").await;
        eventually("new customers are answered, and nobody twice", async || {
            (count(&database, "outbox").await == answers + 10).then_some(())
        })
        .await;
        for (old, new) in before.iter().zip(&after) {
            // What was said stays as it is, and so does what nothing was edited of.
            assert_eq!(
                (&old.contact, &old.memory, old.messages),
                (&new.contact, &new.memory, new.messages),
                "{}",
                database.kind
            );
            assert!(new.facts.holds("category/electronics/phone") && old.facts.heat() == new.facts.heat());
        }
        let ledger =
            rows(&database, "select changes from tag_ledger where contact_id = 1 order by id desc limit 1").await;
        let changes: Value = serde_json::from_str(&ledger[0][0]).unwrap();
        let told: Vec<_> = changes
            .as_array()
            .unwrap()
            .iter()
            .map(|line| format!("{} {} {}", line["change"], line["tag"], line["recomputed"]))
            .collect();
        assert_eq!(
            told,
            [r#""removed" "need/waterproof" true"#, r#""set" "wish/waterproof" true"#],
            "{}",
            database.kind
        );
        // Segments ask the new tags.
        assert_eq!(count(&database, "held_tags where tag = 'wish/waterproof'").await, all);
        assert_eq!(count(&database, "held_tags where tag = 'need/waterproof'").await, 0);
        eventually("the metrics say that nobody is left", async || {
            let metrics = http().get(format!("http://{address}/metrics")).send().await.ok()?.text().await.ok()?;
            metrics.contains("hotline_contacts_stale 0").then_some(())
        })
        .await;
        assert!(app.terminate().await.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stop_left_is_made_anew_after_the_next_start_and_a_comment_changes_nothing() {
    for database in Database::each().await {
        let keywords = keywords();
        let address = free_address();
        let (_sandbox, graph) = sandbox(address, 80).await;
        let more = [("HOTLINE_KEYWORDS__DIR", keywords.path().to_str().unwrap()), TOKEN];
        let app = App::start(address, graph, &database, &more).await;
        let customers = 100;
        for number in 0..customers {
            say(address, number, "is the phone waterproof?").await;
        }
        settled(&database, customers as usize, "need/waterproof", "wish/waterproof").await;
        let changes = count(&database, "tag_ledger").await;
        edit(keywords.path(), NEED, &format!("# the same\n{NEED}"));
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!((count(&database, "stale").await, count(&database, "tag_ledger").await), (0, changes), "a comment");

        edit(keywords.path(), NEED, WISH);
        eventually("it has begun", async || (count(&database, "stale").await > 0).then_some(())).await;
        app.kill();
        let app = App::start(address, graph, &database, &more).await;
        settled(&database, customers as usize, "wish/waterproof", "need/waterproof").await;
        assert!(app.terminate().await.success());
    }
}

/// Nodes read new files one after the other: whom one folds that has still the old ones is made anew by those that have the new.
#[tokio::test]
async fn who_is_folded_with_other_rules_than_are_in_force_is_made_anew() {
    for database in Database::each().await {
        let store = database.store().await;
        let fold = async |key: String, phone: &str, with: &str| {
            store.append(vec![message(&key, &[phone], "hi")]).await.unwrap();
            let claim = store.claim(NOW, 10).await.unwrap();
            let folded = claim.contacts.iter().map(|contact| {
                let mut folded = Folded {
                    contact: contact.id,
                    state: Some(b"{}".into()),
                    folded_with: Some(with.into()),
                    seqs: contact.events.iter().map(|event| event.seq).collect(),
                    ..Folded::default()
                };
                (folded.summary.json, folded.summary.handoff) = ("{}".into(), "none");
                folded
            });
            let folded = folded.collect();
            store.commit(claim, folded).await.unwrap();
            store.stale().await.unwrap()
        };
        store.made_with("new").await.unwrap();
        assert_eq!(fold("a".into(), "+85251234567", "new").await, 0, "{}", database.kind);
        assert_eq!(fold("b".into(), "+85251234567", "old").await, 1, "{}", database.kind);
        assert_eq!(fold("c".into(), "+85251234567", "new").await, 1, "{}", database.kind);
        assert!(store.claim_stale("old", 10).await.unwrap().contacts.is_empty());
        assert_eq!(store.claim_stale("new", 10).await.unwrap().contacts.len(), 1, "{}", database.kind);
        for n in 0..9 {
            fold(format!("m{n}"), &format!("+8525123000{n}"), "old").await;
        }
        let first = store.claim_stale("new", 6).await.unwrap();
        // On SQLite nobody else can be there.
        let other = if database.kind == "postgres" { database.store().await } else { store.clone() };
        let rest = other.claim_stale("new", 6).await.unwrap();
        assert_eq!((first.contacts.len(), rest.contacts.len()), (6, 4), "{}", database.kind);
    }
}
