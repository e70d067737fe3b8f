//! Events that cannot be folded, or whose consequences cannot be stored: whoever they concern is answered all the same where that is
//! possible, and everybody else always.

use hotline::engine::fold::state::State;
use serde_json::{Value, json};

use crate::app::{App, customer, free_address, http, post, sandbox, text_webhook};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::law::{rows, states};

async fn tell(address: std::net::SocketAddr, events: &Value) -> Value {
    Api::new(address).tell(events.clone()).await
}

fn order(number: u64, order: &str) -> Value {
    json!({ "contact": format!("+8526000{number:04}"), "event": "order", "order": order, "state": "paid", "total": 1,
        "currency": "HKD", "lines": [{ "product": "P", "category": "electronics/phone", "price": 10 }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_folded_or_stored_holds_up_nobody_else() {
    for database in Database::each().await {
        let (address, settings) = (free_address(), [TOKEN]);
        let (sandbox, graph) = sandbox(address, 80).await;
        let app = App::start(address, graph, &database, &settings).await;
        let planned = json!({ "contact": "+85260000004", "event": "campaign", "campaign": "c", "action": "recipient",
            "offer": { "kind": "service", "template": "news", "not_before": 1000, "not_after": 2000 } });
        tell(address, &json!([order(1, "A-1"), order(2, "B-1"), planned])).await;
        let folded = "select id from contacts where state is not null";
        eventually("all are folded", async || (rows(&database, folded).await.len() == 3).then_some(())).await;
        assert!(app.terminate().await.success());
        // What no door lets in any more may stand in a journal: a sum that is too large to be counted, a text that PostgreSQL
        // refuses, a moment that is on no calendar, at which the fold panics.
        for change in [
            r#"update journal set body = replace(body, '"total":1', '"total":70000000000000000000000000000') where body like '%A-1%'"#,
            r"update journal set body = replace(body, 'B-1', 'B\u0000-1') where body like '%B-1%'",
            r#"update journal set body = replace(replace(body, ':1000', ':9223372036854775807'), ':2000', ':9223372036854775807')
                where body like '%"news"%'"#,
            "update contacts set state = null",
        ] {
            rows(&database, change).await;
        }
        let spoilt = r"select body from journal where body like '%70000000000000000000000000000%' or body like '%B_u0000-1%'
                or body like '%9223372036854775807%9223372036854775807%'";
        assert_eq!(rows(&database, spoilt).await.len(), 3);
        let _app = App::start(address, graph, &database, &settings).await;
        for n in 1..=4 {
            sandbox.wrote(&customer(n));
            let said = text_webhook(&[(n, format!("wamid.poison{n}"), "do you have earbuds?")]);
            assert_eq!(post(&http(), address, &said).await, Some(200));
        }
        for phone in ["85260000001", "85260000003", "85260000004"] {
            eventually("they are answered", async || (!sandbox.phone(phone).is_empty()).then_some(())).await;
        }
        // A sum that is too large counts nothing, and its order is an order all the same.
        let first = |state: &State| state.contact.address.wa_id.as_deref() == Some("85260000001");
        let bought = |state: &State| first(state) && state.facts.holds("bought/phone");
        assert!(states(&database).await.iter().any(bought), "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nothing_real_tells_is_refused_and_those_beside_it_are_taken() {
    for database in Database::each().await {
        let (address, settings) = (free_address(), [TOKEN]);
        let (_sandbox, graph) = sandbox(address, 80).await;
        let _app = App::start(address, graph, &database, &settings).await;
        let with = |field: &str, value: Value| {
            let mut event = order(1, "A-1");
            event[field] = value;
            event
        };
        let events = json!([
            with("total", json!(7e28)),
            with("order", json!("9".repeat(20_000))),
            with("id", json!("")),
            with("order", json!("A\u{0}2")),
            with("id", json!("first")),
            with("id", json!("first")),
            with("total", json!("1e28")),
            with("total", json!("-1000000000000000")),
            with(
                "lines",
                json!([{ "product": "P", "category": "electronics/phone", "price": "1e15", "quantity": 4_000_000_000_u32 }])
            ),
            with("total", json!("99999999999.99")),
            with("total", json!(9e14)),
        ]);
        let told = tell(address, &events).await;
        let told = told["results"].as_array().unwrap();
        let status: Vec<&str> = told.iter().map(|result| result["status"].as_str().unwrap()).collect();
        let first = ["invalid", "invalid", "invalid", "accepted", "accepted", "duplicate"];
        assert_eq!(
            status,
            [&first[..], &["invalid", "invalid", "invalid", "accepted", "invalid"]].concat(),
            "{told:?}"
        );
        // A sum that is written as a text is the same sum.
        let wrong = told.iter().filter(|result| result["status"] == "invalid");
        for (result, says) in wrong.zip([
            "`total` is 1e15 or more",
            "`order` is longer than 500",
            "`id` is empty",
            "`total` is 1e11 or more",
            "`total` is 1e11 or more",
            "`lines.price` is 1e11 or more",
            "`total` is 1e11 or more",
        ]) {
            assert!(result["detail"].as_str().unwrap().starts_with(says), "{result}");
        }
        eventually("all is folded", async || {
            let unread = "select j.seq from journal j join contacts c on c.id = j.contact_id where c.state is null";
            rows(&database, unread).await.is_empty().then_some(())
        })
        .await;
    }
}

/// A key of PostgreSQL has room for 2,704 bytes, and an order's number and its products may have 2,000 each.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_names_are_long_is_folded_and_cancelled_like_any_other() {
    for database in Database::each().await {
        let (address, settings) = (free_address(), [TOKEN]);
        let (_sandbox, graph) = sandbox(address, 80).await;
        let _app = App::start(address, graph, &database, &settings).await;
        // Of four bytes each, and in no order that could be packed.
        let long = |seed: u32| -> String {
            let signs = (0..490).map(|n| char::from_u32(0x20000 + (n * 7919 + seed * 104_729) * 31 % 40_000).unwrap());
            signs.collect()
        };
        let mut bought = order(1, &long(1));
        bought["lines"][0]["product"] = json!(long(2));
        tell(address, &bought).await;
        let count = async |table: &str| {
            rows(&database, &format!("select cast(count(*) as text) from {table}")).await[0][0].clone()
        };
        eventually("it is bought", async || (count("bought").await != "0").then_some(())).await;
        bought["state"] = json!("cancelled");
        tell(address, &bought).await;
        eventually("and not", async || (count("bought").await == "0").then_some(())).await;
        assert_eq!((count("orders").await.as_str(), count("unread").await.as_str()), ("1", "0"), "{}", database.kind);
    }
}

/// Sums of the time before, of which no two can be added up: nobody's page, list or report fails for them.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_added_up_breaks_no_list_and_no_report() {
    for database in Database::each().await {
        let (address, settings) = (free_address(), [TOKEN]);
        let (_sandbox, graph) = sandbox(address, 80).await;
        let _app = App::start(address, graph, &database, &settings).await;
        tell(address, &json!([order(1, "A-1"), order(1, "A-2"), order(2, "B-1")])).await;
        let noted = "select number from orders where paid_at is not null";
        eventually("all are folded", async || (rows(&database, noted).await.len() == 3).then_some(())).await;
        rows(&database, "update orders set total = 9000000000000000000 where number like 'A-%'").await;
        let api = Api::new(address);
        let listed = api.get("/contacts").await;
        assert_eq!(listed["contacts"].as_array().unwrap().len(), 2, "{}: {listed}", database.kind);
        assert!(listed.to_string().contains("922337203685477.58 HKD"), "{}: {listed}", database.kind);
        for report in ["metrics", "customers", "regions", "channels"] {
            api.get(&format!("/reports/{report}")).await;
        }
        for asked in ["spent > 5 HKD", "average > 5 HKD", "everyone"] {
            let (status, told) = api.post("/segments/list", json!({ "segment": asked })).await;
            assert_eq!(status, 200, "{}: {asked}: {told}", database.kind);
        }
    }
}
