//! The whole way of a message through the real binary, on both databases.

use hotline::whatsapp::sandbox::{Customer, Faults, Said};

use crate::app::{App, Running, binary_on, customer, free_address, http, post, sandbox, text_webhook};
use crate::db::{Database, eventually};
use crate::law::rows;

/// A server that soon takes for lost what no status told of.
const SETTLED_SOON: [(&str, &str); 2] = [("HOTLINE_REPLIES__SETTLE_AFTER", "2s"), ("HOTLINE_WHATSAPP__TIMEOUT", "1s")];

/// What a phone got, without what its owner wrote.
fn answers(sandbox: &hotline::whatsapp::sandbox::Sandbox, number: &str) -> Vec<serde_json::Value> {
    sandbox.phone(number.trim_start_matches('+')).into_iter().filter(|shown| shown["mine"] != true).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_writes_and_gets_products_that_fit_in_their_language() {
    for database in Database::each().await {
        let Running { app, sandbox, .. } = Running::start(&database, &[]).await;
        sandbox.verify().await.unwrap();
        let marco = Customer { number: "+393331234567".into(), name: "Marco".into(), ..Customer::default() };
        sandbox.write(&marco, "Cerco un telefono impermeabile, massimo 500 dollari");
        let answer = eventually("Marco has an answer", async || answers(&sandbox, &marco.number).pop()).await;
        let text = answer.to_string();
        assert!(text.contains("Ciao Marco"), "{}: {text}", database.kind);
        assert!(text.contains("Nova S7 Pro") && !text.contains("Lumen Fold"), "{}: {text}", database.kind);
        eventually("the answer is read", async || {
            answers(&sandbox, &marco.number).pop().filter(|answer| answer["status"] == "read")
        })
        .await;
        assert!(app.terminate().await.success(), "{}: stops gently", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_messages_at_once_get_one_answer() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[]).await;
        sandbox.wrote(&customer(1));
        let http = http();
        let burst: Vec<_> = (0..10).map(|n| (1, format!("wamid.burst{n}"), "do you have earbuds?")).collect();
        let one_by_one = burst.iter().map(|message| text_webhook(std::slice::from_ref(message))).collect::<Vec<_>>();
        let posts = one_by_one.iter().map(|signed| post(&http, address, signed));
        let statuses = futures_util::future::join_all(posts).await;
        assert!(statuses.iter().all(|status| *status == Some(200)), "{statuses:?}");
        let number = customer(1).number;
        eventually("there is an answer", async || answers(&sandbox, &number).pop()).await;
        // Longer than a burst may be answered late.
        tokio::time::sleep(std::time::Duration::from_millis(2_600)).await;
        assert_eq!(answers(&sandbox, &number).len(), 1, "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_person_is_told_once_and_the_bot_is_silent_until_it_is_handed_back() {
    let database = Database::sqlite();
    let Running { app: _app, sandbox, .. } = Running::start(&database, &[]).await;
    sandbox.verify().await.unwrap();
    let ada = customer(2);
    sandbox.write(&ada, "I want to talk to a human please");
    let first = eventually("Ada is told", async || answers(&sandbox, &ada.number).pop()).await;
    assert!(first["text"]["body"].as_str().unwrap().contains("colleague"), "{first}");
    sandbox.say(&ada, &Said::Text("hello? how much is the phone".into()));
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!(answers(&sandbox, &ada.number).len(), 1, "the bot talks over a person");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_graph_api_fails_nothing_is_lost_and_answers_go_out_afterwards() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let _app = App::start(address, graph, &database, &SETTLED_SOON).await;
        sandbox.verify().await.unwrap();
        sandbox.set_faults(Faults { unavailable: 1.0, ..Faults::default() });
        for n in 10..15 {
            sandbox.write(&customer(n), "what are your opening hours?");
        }
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        assert!((10..15).all(|n| answers(&sandbox, &customer(n).number).is_empty()));
        sandbox.set_faults(Faults::default());
        for n in 10..15 {
            eventually("the answer goes out", async || answers(&sandbox, &customer(n).number).pop()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_on_the_way_is_settled_by_statuses_and_not_sent_twice() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let _app = App::start(address, graph, &database, &SETTLED_SOON).await;
        sandbox.verify().await.unwrap();
        sandbox.set_faults(Faults { lost_answers: 1.0, ..Faults::default() });
        sandbox.write(&customer(20), "do you ship to Macau?");
        eventually("it arrives", async || answers(&sandbox, &customer(20).number).pop()).await;
        sandbox.set_faults(Faults::default());
        tokio::time::sleep(std::time::Duration::from_millis(4_500)).await;
        assert_eq!(answers(&sandbox, &customer(20).number).len(), 1, "{}", database.kind);
    }
}

/// A number of one message a second: the last of eight waits for its turn for longer than the settler waits for a status.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_turn_is_not_taken_for_lost_and_leaves_once() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let keywords = tempfile::tempdir().unwrap();
        crate::recompute::copy_keywords(keywords.path());
        let path = keywords.path().join("limits.toml");
        let limits = std::fs::read_to_string(&path).unwrap();
        assert!(limits.contains("standard = 80"));
        std::fs::write(&path, limits.replace("standard = 80", "standard = 1")).unwrap();
        let keywords = keywords.path().to_str().unwrap();
        let slow = [("HOTLINE_KEYWORDS__DIR", keywords), ("HOTLINE_WHATSAPP__MESSAGES_PER_SECOND", "1")];
        let slow = [&slow[..], &SETTLED_SOON].concat();
        let _app = App::start(address, graph, &database, &slow).await;
        sandbox.verify().await.unwrap();
        for n in 30..38 {
            sandbox.write(&customer(n), "what are your opening hours?");
        }
        let counts = || (30..38).map(|n| answers(&sandbox, &customer(n).number).len()).collect::<Vec<_>>();
        let all = || counts().iter().all(|count| *count > 0);
        eventually("the last has left", async || all().then_some(())).await;
        let again = rows(&database, "select cast(count(*) as text) from outbox where attempts <> 1").await;
        assert_eq!(again[0][0], "0", "{}: taken for lost and sent again", database.kind);
        assert_eq!(counts(), [1; 8], "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_without_the_right_signature_or_too_large_is_refused() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
    let http = http();
    let (_, body) = text_webhook(&[(1, "wamid.1".into(), "hi")]);
    assert_eq!(post(&http, address, &("sha256=00".into(), body)).await, Some(401));
    let sign = |body: Vec<u8>| (hotline::whatsapp::signature::sign(&crate::app::SECRET.into(), &body), body);
    let padded = |size: usize| sign(format!("{{\"object\":\"x\",\"pad\":\"{}\"}}", "a".repeat(size)).into_bytes());
    assert_eq!(post(&http, address, &padded(3_000_000)).await, Some(200), "Meta sends up to 3 MB");
    assert_eq!(post(&http, address, &padded(3_300_000)).await, Some(413));
    assert_eq!(post(&http, address, &sign(b"not json".to_vec())).await, Some(200), "kept, and answered 200");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_made_beside_a_running_server_and_before_the_first() {
    let database = Database::empty_sqlite();
    let hotline = |arguments: &[&str]| {
        let output = binary_on(&database).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let user = |arguments: &[&str]| hotline(&[&["user"], arguments].concat());
    assert!(user(&["add", "ben", "--role", "admin"]).contains("/sign-in/"));
    let Running { app, .. } = Running::start(&database, &[]).await;
    assert!(user(&["add", "eva", "--role", "agent"]).contains("/sign-in/"));
    // A name is the same however it is typed.
    assert!(user(&["link", "Ben"]).contains("/sign-in/"));
    assert_eq!(user(&["list"]).lines().count(), 2);
    let looked_at = hotline(&["doctor"]);
    assert!(looked_at.contains("ok   database: opens, its tables are up to date"), "{looked_at}");
    assert!(app.terminate().await.success());
}
