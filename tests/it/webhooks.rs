//! Webhooks to other programs, with a receiver that listens for real: signed as published, in order, again after a failure and after a
//! restart, and not once more after a success; on both databases.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use hotline::store::{Progress, WebhookRow};
use hotline::webhooks::Kind;
use hotline::whatsapp::sandbox::{Faults, Sandbox};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, Executor};

use crate::app::{App, Running, binary_on, customer, free_address, http, post, sandbox, text_webhook};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::desk::Person;
use crate::law::rows;
use crate::receiver::{Call, Receiver};
use crate::store::NOW;

const OPEN: [(&str, &str); 3] =
    [TOKEN, ("HOTLINE_WEBHOOKS__ALLOW_HTTP", "true"), ("HOTLINE_WEBHOOKS__ALLOW_PRIVATE", "true")];

/// The program in front of a sandbox, and somebody who listens.
struct Started {
    app: App,
    address: SocketAddr,
    graph: SocketAddr,
    sandbox: Sandbox,
    api: Api,
    receiver: Receiver,
}

async fn started(database: &Database) -> Started {
    let address = free_address();
    let (sandbox, graph) = sandbox(address, 80).await;
    let app = App::start(address, graph, database, &OPEN).await;
    sandbox.verify().await.unwrap();
    Started { app, address, graph, sandbox, api: Api::new(address), receiver: Receiver::listen().await }
}

async fn made(api: &Api, receiver: &Receiver, kinds: Option<&[&str]>) -> (String, String) {
    let mut body = json!({ "url": receiver.url() });
    if let Some(kinds) = kinds {
        body["kinds"] = json!(kinds);
    }
    let (status, made) = api.post("/webhooks", body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

/// The `n`th customer writes.
async fn says(sandbox: &Sandbox, address: SocketAddr, n: u64, id: &str, words: &str) {
    sandbox.wrote(&customer(n));
    assert_eq!(post(&http(), address, &text_webhook(&[(n, format!("wamid.{id}"), words)])).await, Some(200));
}

fn words(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.body["data"]["message"]["text"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_what_happens_signed_as_published() {
    for database in Database::each().await {
        let Started { app: _app, address, sandbox, api, receiver, .. } = started(&database).await;
        says(&sandbox, address, 1, "before", "hello").await;
        let (id, secret) = made(&api, &receiver, None).await;
        says(&sandbox, address, 1, "w1", "Budget $500 phone, waterproof please").await;
        let got = receiver.has("message.received", 1).await;
        assert_eq!(
            words(&got),
            ["Budget $500 phone, waterproof please"],
            "{}: of before it is told nothing",
            database.kind
        );
        let contact = &got[0].body["data"]["contact"];
        assert_eq!(contact["phone"], "+85260000001");
        for kind in ["message.sent", "message.delivered", "message.read"] {
            let sent = receiver.has(kind, 1).await;
            let message = &sent.last().unwrap().body["data"]["message"];
            assert_eq!((&message["direction"], &message["sender"]), (&json!("out"), &json!("bot")), "{sent:?}");
            assert_eq!(message["status"], kind.trim_start_matches("message."));
        }
        let changed = receiver.has("tags.changed", 1).await;
        let set = |call: &Call| {
            call.body["data"]["changes"]
                .as_array()
                .unwrap()
                .iter()
                .any(|change| change["tag"].as_str().unwrap().starts_with("budget/") && change["change"] == "set")
        };
        assert!(changed.iter().any(set), "{changed:?}");

        says(&sandbox, address, 1, "w2", "I want to talk to a person").await;
        let opened = receiver.has("hand_off.opened", 1).await;
        assert!(opened[0].body["data"]["hand_off"]["promise_due"].is_string(), "{opened:?}");
        let _ana = Person::sign_in(&database, address, "ana", "agent").await;
        let number = contact["id"].as_i64().unwrap();
        assert_eq!(
            api.post(&format!("/contacts/{number}/take"), json!({ "agent": "ana" })).await.0,
            StatusCode::ACCEPTED
        );
        assert_eq!(receiver.has("hand_off.taken", 1).await[0].body["data"]["hand_off"]["agent"], "ana");
        assert_eq!(
            api.post(&format!("/contacts/{number}/hand-back"), json!({ "agent": "ana" })).await.0,
            StatusCode::ACCEPTED
        );
        receiver.has("hand_off.closed", 1).await;
        // Refused before it left: no status tells of that.
        sandbox.set_faults(Faults { next_code: Some(131_009), next_codes: 4, ..Faults::default() });
        says(&sandbox, address, 1, "w3", "do you have earbuds?").await;
        let failed = receiver.has("message.failed", 1).await.remove(0).body;
        assert_eq!(failed["data"]["message"]["status"], "failed");
        let reason = failed["data"]["message"]["reason"].as_str().unwrap();
        assert!(reason.to_lowercase().contains("parameter"), "{failed}");
        let told = api.get(&format!("/contacts/{number}/messages")).await;
        let same = |row: &&Value| row["id"] == failed["data"]["message"]["id"];
        let same = told["messages"].as_array().unwrap().iter().find(same).unwrap();
        assert_eq!((&same["status"], &same["reason"]), (&json!("failed"), &failed["data"]["message"]["reason"]));
        sandbox.set_faults(Faults::default());
        says(&sandbox, address, 1, "w4", "STOP").await;
        assert_eq!(receiver.has("contact.opted_out", 1).await[0].body["data"]["of"], "everything");

        // The library that the scheme's authors publish takes every one of them, and nothing that was changed.
        let library = standardwebhooks::Webhook::new(&secret).unwrap();
        let calls = receiver.calls();
        for call in &calls {
            library.verify(call.raw.as_bytes(), &call.headers).unwrap();
            assert!(library.verify(call.raw.replace('1', "2").as_bytes(), &call.headers).is_err());
            assert!(!call.id.contains('.') && call.body["timestamp"].is_string());
        }
        let ids: std::collections::BTreeSet<&str> = calls.iter().map(|call| &*call.id).collect();
        assert_eq!(ids.len(), calls.len(), "{}: nothing twice", database.kind);

        // With a new secret the old one is good for a while.
        let (status, rotated) = api.post(&format!("/webhooks/{id}/rotate"), json!({})).await;
        assert_eq!(status, StatusCode::OK);
        let (_, tested) = api.post(&format!("/webhooks/{id}/test"), json!({})).await;
        assert_eq!((&tested["delivered"], &tested["status"]), (&json!(true), &json!(200)), "{tested}");
        let test = receiver.has("webhook.test", 1).await.remove(0);
        for secret in [&secret, rotated["secret"].as_str().unwrap()] {
            let library = standardwebhooks::Webhook::new(secret).unwrap();
            library.verify(test.raw.as_bytes(), &test.headers).unwrap();
        }
        // No list, no log and no table of attempts shows a secret again.
        let listed = api.get("/webhooks").await;
        let log = api.get(&format!("/webhooks/{id}/attempts")).await;
        assert!(!listed.to_string().contains("whsec_") && !log.to_string().contains("whsec_"));
        assert!(log["attempts"].as_array().unwrap().iter().any(|row| row["kind"] == "webhook.test"), "{log}");
        let log = api.get(&format!("/webhooks/{id}/attempts?limit=3")).await;
        assert_eq!(log["attempts"].as_array().unwrap().len(), 3);
        let next = log["next"].as_str().unwrap();
        assert!(api.get(&format!("/webhooks/{id}/attempts?cursor={next}")).await["attempts"][0]["delivered"] == true);
        let metrics = http().get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
        assert!(metrics.contains("hotline_webhook_deliveries_total{outcome=\"delivered\"}"), "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_comes_again_with_its_id_and_410_is_the_end() {
    for database in Database::each().await {
        let Started { app: _app, address, sandbox, api, receiver, .. } = started(&database).await;
        let (id, _) = made(&api, &receiver, Some(&["message.received"])).await;
        receiver.fail("first", 500, 1);
        says(&sandbox, address, 1, "r1", "first").await;
        says(&sandbox, address, 1, "r2", "second").await;
        says(&sandbox, address, 2, "r3", "of another").await;
        let got = receiver.has("message.received", 3).await;
        let mut of: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (call, text) in got.iter().zip(words(&got)) {
            of.entry(call.body["data"]["contact"]["phone"].as_str().unwrap().to_owned()).or_default().push(text);
        }
        assert_eq!(of["+85260000001"], ["first", "second"], "{}: in order", database.kind);
        let calls = receiver.calls();
        let ids: Vec<&str> = calls.iter().filter(|call| call.raw.contains("first")).map(|call| &*call.id).collect();
        assert!(ids.len() == 2 && ids[0] == ids[1], "{calls:?}");
        let noted = async || {
            let log = api.get(&format!("/webhooks/{id}/attempts")).await;
            let rows = log["attempts"].as_array().unwrap();
            let (tried, refused) =
                (rows.iter().find(|row| row["attempt"] == 2), rows.iter().find(|row| row["status"] == 500));
            tried.cloned().zip(refused.cloned())
        };
        let (tried, refused) = eventually("both attempts are written down", noted).await;
        assert_eq!((tried["event"].as_str(), tried["status"].as_i64()), (Some(ids[0]), Some(200)));
        assert_eq!((&refused["event"], &refused["error"]), (&tried["event"], &json!("it answered 500")));

        // A redirect is not followed.
        receiver.fail("webhook.test", 302, 1);
        let (_, told) = api.post(&format!("/webhooks/{id}/test"), json!({})).await;
        assert!(told["error"].as_str().unwrap().contains("redirects are not followed"), "{told}");

        receiver.fail("fourth", 410, 1);
        says(&sandbox, address, 1, "r4", "fourth").await;
        let stopped = eventually("it is disabled", async || {
            let row = api.get(&format!("/webhooks/{id}")).await;
            (row["enabled"] == false).then_some(row)
        })
        .await;
        assert!(stopped["stopped"].as_str().unwrap().contains("410"), "{stopped}");
        let alerts =
            async || api.get("/alerts").await["alerts"].as_array().unwrap().iter().any(|row| row["name"] == "webhooks");
        eventually("an alert stands", async || alerts().await.then_some(())).await;
        // Another one hears of one message and then of the next: in between the first had its turn, too.
        let other = Receiver::listen().await;
        made(&api, &other, Some(&["message.received"])).await;
        for (id, words, told) in [("r5", "fifth", 1), ("r6", "sixth", 2)] {
            says(&sandbox, address, 1, id, words).await;
            other.has("message.received", told).await;
        }
        assert!(!receiver.calls().iter().any(|call| call.raw.contains("fifth")), "{}", database.kind);
        // Enabled again it is told what it was not told.
        let (status, row) = api.call(Method::PATCH, &format!("/webhooks/{id}"), Some(json!({ "enabled": true }))).await;
        assert_eq!((status, &row["stopped"]), (StatusCode::OK, &Value::Null));
        let got = receiver.has("message.received", 6).await;
        assert_eq!(words(&got)[3..], ["fourth", "fifth", "sixth"]);
        eventually("the alert is over", async || (!alerts().await).then_some(())).await;

        assert_eq!(api.call(Method::DELETE, &format!("/webhooks/{id}"), None).await.0, StatusCode::NO_CONTENT);
        assert_eq!(api.call(Method::GET, &format!("/webhooks/{id}"), None).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_over_an_end_and_a_crash_and_nothing_comes_twice_after_a_clean_end() {
    for database in Database::each().await {
        let Started { app, address, graph, sandbox, api, receiver } = started(&database).await;
        made(&api, &receiver, Some(&["message.received", "hand_off.opened"])).await;
        for n in 1..=30 {
            says(&sandbox, address, n, &format!("a{n}"), "I want to talk to a person").await;
        }
        receiver.has("message.received", 5).await;
        assert!(app.terminate().await.success());
        let before = receiver.taken().len();
        let app = App::start(address, graph, &database, &OPEN).await;
        sandbox.verify().await.unwrap();
        receiver.has("message.received", 30).await;
        let opened = receiver.has("hand_off.opened", 30).await.len();
        let ids: std::collections::BTreeSet<String> = receiver.taken().into_iter().map(|call| call.id).collect();
        assert_eq!((ids.len(), opened), (receiver.taken().len(), 30), "{}: {before} before the end", database.kind);

        // The process dies while the receiver is away: all of it is told after that.
        receiver.fail("after the crash", 503, usize::MAX);
        for n in 1..=10 {
            says(&sandbox, address, n, &format!("b{n}"), "after the crash").await;
        }
        app.kill();
        receiver.recovers();
        // How long it waits after so many failures depends on the moment of the crash: the test has less patience.
        rows(&database, "update webhooks set next_at = 0 returning id").await;
        let _app = App::start(address, graph, &database, &OPEN).await;
        sandbox.verify().await.unwrap();
        let got = eventually("all of it is told", async || {
            let of: std::collections::BTreeSet<String> = receiver
                .taken()
                .into_iter()
                .filter(|call| call.raw.contains("after the crash"))
                .map(|call| call.id)
                .collect();
            (of.len() == 10).then_some(of)
        })
        .await;
        assert_eq!(got.len(), 10, "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_visible_late_is_told_all_the_same() {
    let Some(database) = Database::postgres().await else { return };
    let Started { app: _app, address, sandbox, api, receiver, .. } = started(&database).await;
    says(&sandbox, address, 1, "l0", "hello").await;
    eventually("somebody is known", async || api.get("/contacts").await["contacts"][0]["id"].as_i64()).await;
    made(&api, &receiver, Some(&["tags.changed", "message.received"])).await;
    let changes = |tag: &str| {
        let line = json!([{ "tag": tag, "change": "set", "at": 1_790_000_000_000_i64, "evidence": { "by": "test" } }]);
        sqlx::AssertSqlSafe(format!("insert into tag_ledger (contact_id, changes) values (1, '{line}')"))
    };
    let mut slow = sqlx::PgConnection::connect(&database.url).await.unwrap();
    let mut quick = sqlx::PgConnection::connect(&database.url).await.unwrap();
    // As a fold does: it changes a row, takes a number, and commits later than one that took a larger.
    let mut held = slow.begin().await.unwrap();
    held.execute("update contacts set unread = unread where id = 1").await.unwrap();
    held.execute(changes("test/smaller")).await.unwrap();
    quick.execute(changes("test/larger")).await.unwrap();
    // What stands in the journal is told meanwhile, by rounds that see the larger number.
    for (id, told) in [("l1", 1), ("l2", 2)] {
        says(&sandbox, address, 2, id, "hello").await;
        receiver.has("message.received", told).await;
    }
    let told = |tag: &str| receiver.taken().iter().position(|call| call.raw.contains(tag));
    assert_eq!(told("test/larger"), None, "it waits for the smaller number");
    held.commit().await.unwrap();
    let both = async || told("test/smaller").zip(told("test/larger"));
    let (smaller, larger) = eventually("both are told", both).await;
    assert!(smaller < larger);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_takes_what_is_of_others_is_told_on() {
    let database = Database::sqlite();
    let Started { app: _app, address, sandbox, api, receiver, .. } = started(&database).await;
    let (id, _) = made(&api, &receiver, Some(&["message.received"])).await;
    receiver.fail("poison", 500, 2);
    says(&sandbox, address, 1, "p1", "poison").await;
    eventually("it is refused", async || (!receiver.calls().is_empty()).then_some(())).await;
    for n in 2..=4 {
        says(&sandbox, address, n, &format!("p{n}"), "of another").await;
    }
    receiver.has("message.received", 3).await;
    let failing = eventually("it is written down", async || {
        Some(api.get(&format!("/webhooks/{id}")).await).filter(|row| row["attempts"] == 2)
    })
    .await;
    assert!(failing["failing_since"].is_string() && failing["next_attempt"].is_string(), "{failing}");
    // The next wait is a quarter of a minute: the test has less patience.
    rows(&database, "update webhooks set next_at = 0 returning id").await;
    let got = receiver.has("message.received", 4).await;
    // Tried once more it was refused again, the others were taken meanwhile, and none of them twice.
    assert_eq!(words(&got)[3], "poison");
    let ids: std::collections::BTreeSet<&str> = got.iter().map(|call| &*call.id).collect();
    assert_eq!((ids.len(), receiver.calls().len()), (4, 6), "{:?}", receiver.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_into_the_private_network_and_nothing_is_written_for_nobody() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[TOKEN]).await;
        sandbox.verify().await.unwrap();
        let api = Api::new(address);
        for (url, said) in [
            ("http://crm.example.com/", "webhooks.allow_http"),
            ("https://127.0.0.1:9/", "webhooks.allow_private"),
            ("https://[::1]/", "webhooks.allow_private"),
            ("https://169.254.169.254/latest", "webhooks.allow_private"),
            ("nonsense", "no address"),
        ] {
            let (status, problem) = api.post("/webhooks", json!({ "url": url })).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
            assert!(problem["detail"].as_str().unwrap().contains(said), "{url}: {problem}");
        }
        let (status, problem) =
            api.post("/webhooks", json!({ "url": "https://crm.example.com", "kinds": ["message.lost"] })).await;
        assert_eq!(
            (status, problem["detail"].as_str().unwrap().contains("message.received")),
            (StatusCode::UNPROCESSABLE_ENTITY, true)
        );
        says(&sandbox, address, 1, "n1", "I want to talk to a person").await;
        let open = async || (!rows(&database, "select state from handoffs").await.is_empty()).then_some(());
        eventually("a person is asked for", open).await;
        assert!(rows(&database, "select kind from webhook_trail").await.is_empty(), "{}", database.kind);

        // A name that stands for this machine is found out when it is called.
        let command = |arguments: &[&str]| {
            let mut command = binary_on(&database);
            let output = command.arg("webhooks").args(arguments);
            let output = output.env("HOTLINE_WHATSAPP__APP_SECRET", "x").env("HOTLINE_WHATSAPP__ACCESS_TOKEN", "x");
            let output = output.env("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", "1").output().unwrap();
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        };
        let (status, made) = command(&["add", "https://localhost:9/", "--kinds", "message.received"]);
        assert_eq!(status, Some(0));
        let (id, secret) = made.trim().split_once('\t').unwrap();
        assert!(secret.starts_with("whsec_"));
        let (status, tested) = command(&["test", id]);
        assert!(status == Some(1) && tested.contains("webhooks.allow_private"), "{tested}");
        let (_, listed) = command(&[]);
        assert!(listed.contains(id) && !listed.contains("whsec_"), "{listed}");
        assert_eq!(command(&["disable", id]).0, Some(0));
        assert_eq!(api.get(&format!("/webhooks/{id}")).await["enabled"], false);
        assert_eq!((command(&["remove", id]).0, command(&["remove", id]).0), (Some(0), Some(2)));
        let answer = http().get(format!("http://{address}/api/v1/webhooks")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_one_tells_and_the_other_goes_on_when_it_is_gone() {
    let Some(database) = Database::postgres().await else { return };
    let [one, other] = [free_address(), free_address()];
    let (sandbox, graph) = sandbox(one, 80).await;
    let first = App::start(one, graph, &database, &OPEN).await;
    let _second = App::start(other, graph, &database, &OPEN).await;
    let receiver = Receiver::listen().await;
    made(&Api::new(other), &receiver, Some(&["message.received"])).await;
    for n in 1..=10 {
        says(&sandbox, if n % 2 == 0 { one } else { other }, n, &format!("o{n}"), "hello").await;
    }
    receiver.has("message.received", 10).await;
    assert!(first.terminate().await.success());
    for n in 11..=20 {
        says(&sandbox, other, n, &format!("o{n}"), "hello again").await;
    }
    let got = receiver.has("message.received", 20).await;
    let ids: std::collections::BTreeSet<&str> = got.iter().map(|call| &*call.id).collect();
    assert_eq!((ids.len(), receiver.calls().len()), (20, 20), "each once");
}

/// Somebody corrects the address while the old one is being called: how that one answered disables nothing and puts nothing off.
#[tokio::test]
async fn how_the_old_address_answered_says_nothing_of_the_new_one() {
    for database in Database::each().await {
        let store = database.store().await;
        let row = WebhookRow {
            id: "wh_1".into(),
            url: "https://old.example/".into(),
            kinds: vec![Kind::HandOffOpened],
            secret: "whsec_1".into(),
            old_secret: None,
            enabled: true,
            stopped: None,
            made_at: NOW,
            progress: Progress::default(),
        };
        store.add_webhook(&row).await.unwrap();
        let corrected = WebhookRow { url: "https://new.example/".into(), ..row.clone() };
        store.change_webhook(&corrected, true).await.unwrap();
        let failed = Progress { failing: Some("j1".into()), attempts: 1, ..Progress::default() };
        let why = Some("it answered 410: it wants nothing more");
        assert!(!store.told_webhook(&row, &failed, why, &[]).await.unwrap(), "{}", database.kind);
        let stands = store.webhooks().await.unwrap().remove(0);
        assert_eq!((stands.enabled, stands.stopped, stands.progress), (true, None, Progress::default()));
        assert!(store.told_webhook(&corrected, &failed, why, &[]).await.unwrap(), "{}", database.kind);
        let stands = store.webhooks().await.unwrap().remove(0);
        assert_eq!((stands.enabled, stands.stopped.as_deref(), stands.progress.attempts), (false, why, 1));
    }
}
