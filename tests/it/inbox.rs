//! The inbox over hours and days: a server with a clock that the test sets.

use std::net::SocketAddr;

use hotline::web;
use hotline::whatsapp::sandbox::Faults;
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::{App, customer, free_address, http, post, sandbox, text_webhook};
use crate::db::{Database, eventually};
use crate::desk::Person;
use crate::statistics::Shop;

/// A shop and the server in front of it.
async fn open(database: &Database, now: &str) -> (Shop, SocketAddr) {
    let shop = Shop::open(database.store().await, now);
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let router = web::router(shop.engine.clone(), metrics, false).unwrap();
    let address = free_address();
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    (shop, address)
}

/// What a customer writes.
fn says(number: usize, at: &str, text: &str) -> Value {
    json!({ "at": at, "contact": format!("+8526000000{number}"), "kind": "message", "text": text, "wamid": format!("{number} {at}") })
}

/// The list of a page.
fn list(page: &str) -> String {
    page.split("class=\"rows\"").nth(1).unwrap().split("</ul>").next().unwrap().to_owned()
}

/// A page that shows what is wanted, once it does.
async fn shows(person: &Person, path: &str, wanted: &str) -> String {
    eventually(&format!("{path}: {wanted}"), async || {
        Some(person.get(path).await.1).filter(|page| page.contains(wanted))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_came_it_is_told_and_whoever_takes_it_has_it() {
    for database in Database::each().await {
        let (shop, address) = open(&database, "2026-03-02T09:00:00Z").await;
        shop.tell(vec![says(1, "2026-03-02T09:00:00Z", "I want to talk to a person")]).await;
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let page = shows(&ana, "/inbox/hot/1", "asks for a person").await;
        assert!(page.contains("answer within") && !page.contains("nobody took it"), "{page}");
        shop.set("2026-03-04T12:00:00Z");
        shop.folded().await;
        let told = "nobody took it; the bot answers again";
        let page = shows(&ana, "/inbox/hot/1", told).await;
        assert!(list(&page).contains(told), "the row tells of it: {}", list(&page));
        let line = page.split("id=\"given-up-").nth(1).unwrap().split("</li>").next().unwrap();
        assert!(line.contains(told) && line.contains("2026-03-0"), "with its time: {line}");
        assert!(page.contains("Take over"), "somebody still may");
        // It waits for people, and the customer has an answer meanwhile.
        shop.tell(vec![says(1, "2026-03-04T12:01:00Z", "What are your opening hours?")]).await;
        let page = shows(&ana, "/inbox/hot/1", "opening hours?").await;
        assert!(page.contains("class=\"ours bot"), "{page}");
        assert_eq!(ana.post("/contact/1/take", &[]).await.0, StatusCode::SEE_OTHER);
        let page = shows(&ana, "/inbox/mine/1", "Hand back to the bot").await;
        assert!(!list(&page).contains(told) && page.contains("given-up-"), "it is hers, and the thread remembers");
        assert!(!list(&ana.get("/inbox/hot").await.1).contains("row-1"), "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_needs_a_person_and_has_none_is_unassigned() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let _app = App::start(address, graph, &database, &[]).await;
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let writes = async |customer_number: u64, id: &str, words: &str| {
            sandbox.wrote(&customer(customer_number));
            let said = text_webhook(&[(customer_number, id.into(), words)]);
            assert_eq!(post(&http(), address, &said).await, Some(200));
        };
        let counts = |count: &str| format!("Unassigned <span class=\"count\">{count}</span>");
        shows(&ana, "/inbox/unassigned", "Nobody needs a person and has none.").await;
        sandbox.set_faults(Faults { next_code: Some(131_009), next_codes: 1, ..Faults::default() });
        writes(1, "wamid.one", "hello").await;
        let page = shows(&ana, "/inbox/unassigned", "<span class=\"mark unsent\">not sent</span>").await;
        assert!(page.contains(&counts("1")), "{page}");
        writes(2, "wamid.two", "I want to talk to a person").await;
        let page = shows(&ana, "/inbox/unassigned", &counts("2")).await;
        assert_eq!((list(&page).matches("id=\"row-").count(), page.contains(">1 waits</a>")), (2, true), "{page}");
        assert_eq!(ana.post("/contact/2/take", &[]).await.0, StatusCode::SEE_OTHER);
        let page = shows(&ana, "/inbox/unassigned", &counts("1")).await;
        assert!(list(&page).contains("id=\"row-1\"") && !list(&page).contains("id=\"row-2\""), "{}", database.kind);
        writes(1, "wamid.again", "are you there?").await;
        shows(&ana, "/inbox/unassigned", &counts("0")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_counts_all_who_wait_also_beyond_a_thousand() {
    let database = Database::sqlite();
    let (shop, address) = open(&database, "2026-03-02T09:00:00Z").await;
    let asks = (0..1_001).map(|n| {
        let (contact, wamid) = (format!("+8526100{n:04}"), format!("wamid.{n}"));
        json!({ "at": "2026-03-02T09:00:00Z", "contact": contact, "kind": "message", "text": "I want to talk to a person", "wamid": wamid })
    });
    shop.tell(asks.collect()).await;
    let ana = Person::sign_in(&database, address, "ana", "agent").await;
    let page = ana.get("/inbox/hot").await.1;
    assert!(page.contains(">1,001 wait</a>") && page.contains("<span class=\"count\">1,001</span>"), "{page}");
}
