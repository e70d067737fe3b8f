//! The inbox over hours and days: a server with a clock that the test sets.

use std::net::SocketAddr;

use hotline::web;
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::free_address;
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
