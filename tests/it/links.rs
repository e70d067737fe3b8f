//! Tracked links: the bot's answer carries one, opening it leads on and is a click of that contact, and programs are no customers.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hotline::domain::{ContactId, Link, LinkKind, Timestamp};
use hotline::store::NewLink;
use serde_json::{Value, json};

use crate::app::{App, Running, client, customer, free_address, sandbox};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::law::{self, rows, states};

const PHONE: &str =
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36";

/// A client that shows where it is sent instead of going there.
pub fn browser() -> reqwest::Client {
    client().user_agent(PHONE).redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

fn target(answer: &reqwest::Response) -> String {
    answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn clicks(database: &Database) -> Vec<Value> {
    let stored = rows(database, "select body from journal where kind = 'click' order by journal.seq").await;
    stored.iter().map(|row| serde_json::from_str(&row[0]).unwrap()).collect()
}

/// The address of the link in the newest message to a customer.
async fn link_for(sandbox: &hotline::whatsapp::sandbox::Sandbox, number: &str, address: SocketAddr) -> String {
    eventually("a message carries a link", async || {
        let shown = sandbox.phone(number.trim_start_matches('+')).pop()?.to_string();
        let start = shown.find(&format!("http://{address}/l/"))?;
        Some(shown[start..].chars().take_while(|c| !c.is_whitespace() && !"\\\"<".contains(*c)).collect())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_leads_to_the_product_and_its_opening_is_a_click() {
    for database in Database::each().await {
        let Running { app, sandbox, address } = Running::start(&database, &[]).await;
        sandbox.verify().await.unwrap();
        let ada = customer(1);
        sandbox.write(&ada, "is the Nova S7 Pro in stock?");
        let link = link_for(&sandbox, &ada.number, address).await;
        let code = link.rsplit('/').next().unwrap();
        assert!(code.len() >= 12 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{link}");

        let browser = browser();
        let opened = browser.get(&link).header("x-forwarded-for", "203.0.113.77").send().await.unwrap();
        assert_eq!(opened.status(), 302);
        assert!(target(&opened).starts_with("/p/nova-s7-pro"), "{}", target(&opened));
        let page = browser.get(format!("http://{address}{}", target(&opened))).send().await.unwrap();
        let policy = |page: &reqwest::Response| page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy(&page).contains("img-src 'self' data: https:;"), "a picture may be anywhere");
        let console = browser.get(format!("http://{address}/sign-in")).send().await.unwrap();
        assert!(policy(&console).contains("img-src 'self' data:;"), "of the console only its own");
        assert!(page.status() == 200 && page.text().await.unwrap().contains("449 USD"));

        // Who looks at the page for a preview, asks for its headers or fetches it ahead is led on and counted nowhere.
        for (header, value) in [
            ("user-agent", "WhatsApp/2.23.18.78 i"),
            ("user-agent", "facebookexternalhit/1.1"),
            ("sec-purpose", "prefetch"),
        ] {
            let program = browser.get(&link).header(header, value).send().await.unwrap();
            assert_eq!(program.status(), 302, "{value}");
        }
        assert_eq!(browser.head(&link).send().await.unwrap().status(), 302);
        let unknown = browser.get(format!("http://{address}/l/{}", "x".repeat(12))).send().await.unwrap();
        assert_eq!(unknown.status(), 404);
        assert!(unknown.text().await.unwrap().contains("leads nowhere"));

        let state = eventually("the click is folded", async || {
            let state = states(&database).await.into_iter().next()?;
            state.facts.holds("category/electronics/phone/clicked-7d").then_some(state)
        })
        .await;
        assert!(state.facts.holds("interest/seen/phone"));
        eventually("all is folded, the statuses of the answer too", async || {
            sandbox.phone(&ada.number[1..]).pop().filter(|answer| answer["status"] == "read")?;
            let unread = rows(&database, "select cast(count(*) as text) from unread").await;
            let folded = rows(&database, "select cast(count(*) as text) from journal where kind = 'status'").await;
            (unread[0][0] == "0" && folded[0][0] == "3").then_some(())
        })
        .await;
        assert!(app.terminate().await.success());
        let clicks = clicks(&database).await;
        assert_eq!(clicks.len(), 1, "{}: {clicks:?}", database.kind);
        let known = json!({ "event": "click", "link": "product", "product": "Nova S7 Pro", "category": "electronics/phone",
            "price": 449.0, "currency": "USD", "ip": "203.0.113.0" });
        assert_eq!(clicks[0], known, "{}", database.kind);
        law::holds_in(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_makes_links_for_messages_of_its_own_and_an_agents_reply_with_one_tells_the_rules() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[TOKEN]).await;
        sandbox.verify().await.unwrap();
        let bo = customer(2);
        sandbox.write(&bo, "hello");
        eventually("Bo is answered", async || sandbox.phone(&bo.number[1..]).into_iter().find(|m| m["mine"] != true))
            .await;
        let api = Api::new(address);
        let quote =
            json!({ "contact": bo.number, "kind": "quote", "quote": "Q1", "url": "https://shop.example/q/1?a=ü" });
        let (status, made) = api.post("/links", quote).await;
        assert_eq!(status, 201, "{made}");
        let url = made["url"].as_str().unwrap();
        let opened = browser().get(url).send().await.unwrap();
        assert_eq!(target(&opened), "https://shop.example/q/1?a=%C3%BC");
        for wrong in [
            json!({ "contact": bo.number, "url": "javascript:alert(1)" }),
            json!({ "contact": bo.number, "url": "//evil.example" }),
            json!({ "contact": bo.number, "product": "P-999" }),
            json!({ "contact": bo.number, "kind": "gift", "url": "https://shop.example" }),
            json!({ "contact": bo.number, "url": "https://shop.example", "price": -5 }),
            json!({ "contact": bo.number, "url": "https://shop.example", "price": "1e20" }),
            json!({ "contact": bo.number, "url": "https://shop.example", "price": 79228162514264337593543950335_u128.to_string() }),
        ] {
            assert_eq!(api.post("/links", wrong.clone()).await.0, 422, "{wrong}");
        }
        assert_eq!(api.post("/links", json!({ "contact": "+85299999999", "product": "P-101" })).await.0, 404);
        let (_, made) = api.post("/links", json!({ "contact": bo.number, "product": "P-101" })).await;
        let reply = format!("This one: {}", made["url"].as_str().unwrap());
        let said = json!({ "contact": bo.number, "event": "agent", "agent": "ana", "action": "reply", "text": reply });
        assert_eq!(api.post("/events", said).await.0, 202);
        eventually("the rules know that a link was sent", async || {
            let facts = serde_json::to_value(&states(&database).await.first()?.facts).unwrap();
            facts["marks"].get("link_sent").map(|_| ())
        })
        .await;
        // Where it leads stands whatever was stored of the price before.
        for price in ["-5", "1e20", "79228162514264337593543950335", "7.9228162514264338e28"] {
            let spoilt = format!(r#"{{"kind":"quote","price":{price},"target":"https://shop.example/q/2"}}"#);
            let code = url.rsplit('/').next().unwrap();
            rows(&database, &format!("update links set link = '{spoilt}' where code = '{code}'")).await;
            let opened = browser().get(url).send().await.unwrap();
            assert_eq!(
                (opened.status().as_u16(), target(&opened).as_str()),
                (302, "https://shop.example/q/2"),
                "{price}"
            );
        }
        let elsewhere = browser().get(format!("http://{address}/l/https://evil.example")).send().await.unwrap();
        assert_eq!(elsewhere.status(), 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_on_within_five_milliseconds_among_a_hundred_thousand_and_no_click_is_lost_by_a_stop() {
    let database = Database::sqlite();
    let store = database.store().await;
    let hello = hotline::store::NewEvent {
        contacts: vec!["+85251234567".parse().unwrap()],
        ..hotline::store::NewEvent::known(
            ContactId(0),
            None,
            Timestamp(0),
            serde_json::from_value(json!({ "event": "profile", "field": "name", "value": "Cy" })).unwrap(),
        )
    };
    let contact = store.append(vec![hello]).await.unwrap()[0].contact.unwrap();
    let link = |n: usize| NewLink {
        code: format!("code{n:08}"),
        contact,
        message: None,
        at: Timestamp(0),
        link: Link {
            kind: LinkKind::Article,
            product: None,
            category: None,
            price: None,
            currency: None,
            quote: None,
            target: "https://shop.example/".into(),
        },
    };
    store.add_tracked_links(&(0..100_000).map(link).collect::<Vec<_>>()).await.unwrap();
    drop(store);
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 80).await;
    let app = eventually("the file is free", async || Some(App::start(address, graph, &database, &[]).await)).await;
    let browser = browser();
    let mut times = Vec::new();
    for n in 0..200 {
        let started = Instant::now();
        let answer = browser.get(format!("http://{address}/l/code{:08}", n * 499)).send().await.unwrap();
        times.push(started.elapsed());
        assert_eq!(answer.status(), 302);
    }
    times.sort();
    // The median, since this is no release build and other tests run beside it.
    assert!(times[100] < Duration::from_millis(5), "median {:?}, p95 {:?}", times[100], times[190]);
    // Who opens one without end is led on each time; the journal keeps a few.
    for _ in 0..40 {
        assert_eq!(browser.get(format!("http://{address}/l/code00000000")).send().await.unwrap().status(), 302);
    }
    assert!(app.terminate().await.success());
    let clicks = clicks(&database).await.len();
    assert!((209..220).contains(&clicks), "{clicks}: one for each of 200 links, and few more of the one");
}
