//! Shops on Shopify and WooCommerce: signed webhooks become events of the customers that they are about.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use hotline::domain::Timestamp;
use hotline::feeds::Seen;
use hotline::store::ProductUpdate;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::app::{App, Running, free_address, http, sandbox};
use crate::db::{Database, eventually};
use crate::law::{rows, states};

fn signed(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    BASE64.encode(mac.finalize().into_bytes())
}

fn order(number: &str, customer: Value) -> Value {
    let mut order = json!({
        "name": number, "created_at": "2026-03-02T10:00:00Z", "updated_at": "2026-03-02T10:05:00Z", "cancelled_at": null,
        "financial_status": "paid", "fulfillment_status": null, "total_price": "129.00", "currency": "USD",
        "line_items": [{"title": "Wireless earbuds Air 3", "vendor": "Nova", "price": "129.00", "quantity": 1}]
    });
    customer.as_object().unwrap().iter().for_each(|(field, value)| order[field] = value.clone());
    order
}

async fn post(address: SocketAddr, to: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    let mut request = http().post(format!("http://{address}/webhook/{to}")).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

async fn shopify(address: SocketAddr, topic: &str, id: &str, body: &Value) -> u16 {
    let (body, mark) = (body.to_string(), signed("new", &body.to_string()));
    let headers = [("x-shopify-topic", topic), ("x-shopify-event-id", id), ("x-shopify-hmac-sha256", mark.as_str())];
    post(address, "shopify", &headers, &body).await
}

async fn folded(database: &Database, tag: &str) {
    eventually("the order is folded", async || states(database).await.first()?.facts.holds(tag).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_tells_of_orders_and_products_by_itself() {
    for database in Database::each().await {
        let address = free_address();
        let (_sandbox, graph) = sandbox(address, 80).await;
        let secrets = [("HOTLINE_FEEDS__SHOPIFY_SECRET", "old,new"), ("HOTLINE_FEEDS__WOOCOMMERCE_SECRET", "woo")];
        let app = App::start(address, graph, &database, &secrets).await;
        let post = async |to: &str, headers: &[(&str, &str)], body: &str| post(address, to, headers, body).await;
        let shopify = async |topic: &str, id: &str, body: &Value| shopify(address, topic, id, body).await;

        let first = order("#1001", json!({ "email": "ada@example.com", "customer": { "phone": "+85251234567" } }));
        let forged =
            [("x-shopify-topic", "orders/paid"), ("x-shopify-event-id", "0"), ("x-shopify-hmac-sha256", "AAAA")];
        assert_eq!(post("shopify", &forged, &first.to_string()).await, 401);
        assert_eq!(shopify("orders/paid", "e1", &first).await, 200);
        assert_eq!(shopify("orders/paid", "e1", &first).await, 200);
        folded(&database, "bought/earbuds").await;

        // No number this time: the address of mail came with one before.
        let second = order("#1002", json!({ "email": "Ada@Example.com" }));
        assert_eq!(shopify("orders/paid", "e2", &second).await, 200);
        // Nobody that we could know, and no order at all: kept, and answered so that it does not come for ever.
        assert_eq!(shopify("orders/paid", "e3", &order("#1003", json!({ "email": "bob@example.com" }))).await, 200);
        assert_eq!(shopify("orders/paid", "e4", &json!({ "surprise": true })).await, 200);
        // A sum that nothing real comes to.
        let mut endless = order("#1004", json!({ "customer": { "phone": "+85251234567" } }));
        endless["total_price"] = json!("1e28");
        assert_eq!(shopify("orders/paid", "e5", &endless).await, 200);

        let product = |stock: i64| {
            json!({
                "title": "Wireless earbuds Air 3", "updated_at": "2026-03-02T10:05:00Z",
                "variants": [{"price": "129.00", "inventory_management": "shopify", "inventory_quantity": stock}]
            })
        };
        for (id, stock) in [("p1", 9), ("p2", 2), ("p3", 0), ("p4", 40)] {
            assert_eq!(shopify("products/update", id, &product(stock)).await, 200);
        }

        assert_eq!(post("woocommerce", &[], "webhook_id=7").await, 200);
        let woo = json!({
            "number": "727", "status": "completed", "currency": "BRL", "total": "310.00",
            "date_modified_gmt": "2026-03-02T10:02:00", "billing": {"phone": "(11) 98765-4321", "country": "BR"},
            "line_items": [{"name": "Hammock", "quantity": 1, "price": 310}]
        })
        .to_string();
        let mark = signed("woo", &woo);
        let headers = [
            ("x-wc-webhook-topic", "order.updated"),
            ("x-wc-webhook-delivery-id", "d1"),
            ("x-wc-webhook-signature", mark.as_str()),
        ];
        assert_eq!(post("woocommerce", &headers, &woo).await, 200);

        // Without what each customer is told of the news of a product, a moment later.
        let told =
            "select key, body from journal where kind in ('order', 'product') and key not like 'wide:%' order by seq";
        let told = rows(&database, told).await;
        let keys: Vec<String> = told.iter().map(|row| delivery(&row[0])).collect();
        let expected =
            ["shopify:e1", "shopify:e2", "shopify:p2:low_stock", "shopify:p4:back_in_stock", "woocommerce:d1"];
        assert_eq!(keys, expected);
        let kept = rows(&database, "select reason from kept_bodies order by id").await;
        assert!(kept.len() == 3 && kept[0][0].contains("without a number"), "{kept:?}");
        assert_eq!(kept[2][0], "shopify: orders/paid: `total` is 1e11 or more: no sum is so large");
        let customers = rows(&database, "select cast(count(*) as text) from contacts").await;
        assert_eq!(customers[0][0], "2");
        assert!(app.terminate().await.success());
    }
}

/// The key of a delivery without the digest of its words.
fn delivery(key: &str) -> String {
    let parts: Vec<&str> = key.split(':').collect();
    assert!(parts[2].len() == 16 && parts[2].bytes().all(|b| b.is_ascii_hexdigit()), "{key}");
    [&parts[..2], &parts[3..]].concat().join(":")
}

/// Whose journal each delivery stands in, by the last figures of their number; empty where it is nobody's.
async fn whose(database: &Database) -> Vec<(String, String)> {
    let told = "select j.key, coalesce(substr(i.name, length(i.name) - 3), '') from journal j \
                left join identities i on i.contact_id = j.contact_id where j.key like 'shopify:%' order by j.seq";
    rows(database, told).await.into_iter().map(|row| (delivery(&row[0])[8..].to_owned(), row[1].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_mail_tells_who_it_is_where_one_person_alone_paid_with_it() {
    for database in Database::each().await {
        let Running { app, address, .. } = Running::start(&database, &[("HOTLINE_FEEDS__SHOPIFY_SECRET", "new")]).await;
        let tell = async |topic: &str, id: &str, state: &str, phone: Option<&str>| {
            let mut body = order(id, json!({ "email": "ada@example.com", "phone": phone }));
            body["financial_status"] = state.into();
            assert_eq!(shopify(address, topic, id, &body).await, 200);
        };
        // Somebody typed Ada's address beside their own number, and paid nothing.
        tell("checkouts/create", "e1", "pending", Some("+85259990001")).await;
        tell("orders/create", "e2", "pending", Some("+85259990001")).await;
        tell("orders/paid", "e3", "paid", None).await;
        // Ada pays, and is known by her address…
        tell("orders/paid", "e4", "paid", Some("+85251230002")).await;
        // Where learning it failed the platform tells it again.
        rows(&database, "delete from emails returning digest").await;
        tell("orders/paid", "e4", "paid", Some("+85251230002")).await;
        tell("checkouts/create", "e5", "pending", Some("+85259990001")).await;
        tell("orders/paid", "e6", "paid", None).await;
        // …until somebody else pays with it too.
        tell("orders/paid", "e7", "paid", Some("+85259990001")).await;
        tell("orders/paid", "e8", "paid", None).await;
        let whose = whose(&database).await;
        let whose: Vec<_> = whose.iter().map(|(id, number)| (id.as_str(), number.as_str())).collect();
        let expected = [("e1", "0001"), ("e2", "0001"), ("e4", "0002"), ("e5", "0001"), ("e6", "0002"), ("e7", "0001")];
        assert_eq!(whose, expected, "{}", database.kind);
        let kept = rows(&database, "select cast(count(*) as text) from kept_bodies").await;
        assert_eq!(kept[0][0], "2", "{}", database.kind);
        assert!(app.terminate().await.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_with_one_id_of_the_platform_counts_each_for_itself_and_once() {
    for database in Database::each().await {
        let address = free_address();
        let (_sandbox, graph) = sandbox(address, 80).await;
        let secrets = [("HOTLINE_FEEDS__SHOPIFY_SECRET", "new"), ("HOTLINE_FEEDS__WOOCOMMERCE_SECRET", "woo")];
        let app = App::start(address, graph, &database, &secrets).await;
        // One event of Shopify has one id, whatever it tells of it.
        let body = order("#1001", json!({ "phone": "+85251234567" }));
        for topic in ["checkouts/update", "orders/create", "orders/paid", "orders/paid"] {
            assert_eq!(shopify(address, topic, "e1", &body).await, 200);
        }
        // All that a webhook of WooCommerce delivers within a second has one id.
        for number in ["727", "728", "728"] {
            let woo = json!({
                "number": number, "status": "processing", "currency": "BRL", "total": "310.00",
                "date_modified_gmt": "2026-03-02T10:02:00", "billing": {"phone": "(11) 98765-4321", "country": "BR"}
            })
            .to_string();
            let mark = signed("woo", &woo);
            let headers = [
                ("x-wc-webhook-topic", "order.updated"),
                ("x-wc-webhook-delivery-id", "d1"),
                ("x-wc-webhook-signature", mark.as_str()),
            ];
            assert_eq!(post(address, "woocommerce", &headers, &woo).await, 200);
        }
        let told = rows(&database, "select key, kind from journal where kind in ('order', 'cart') order by seq").await;
        let told: Vec<_> = told.iter().map(|row| (delivery(&row[0]), row[1].as_str())).collect();
        let expected = [("shopify:e1", "cart"), ("shopify:e1", "order"), ("shopify:e1", "order")].into_iter();
        let expected = expected.chain([("woocommerce:d1", "order"); 2]).map(|(key, kind)| (key.to_owned(), kind));
        assert_eq!(told, expected.collect::<Vec<_>>(), "{}", database.kind);
        assert!(app.terminate().await.success());
    }
}

#[tokio::test]
async fn what_is_told_late_of_a_product_or_twice_at_once_is_no_news() {
    for database in Database::each().await {
        let store = database.store().await;
        let update = |key: &str, hour: i64, price: i64| ProductUpdate {
            feed: "shopify",
            key: key.into(),
            at: Timestamp(hour * 3_600_000),
            received: Timestamp(100 * 3_600_000),
            is_new: false,
            seen: Seen {
                product: "Air 3".into(),
                category: "electronics/earbuds".into(),
                price: Some(price.into()),
                stock: None,
            },
        };
        let news = async |update: ProductUpdate| store.take_product(update).await.unwrap().len();
        assert_eq!(news(update("a", 1, 100)).await, 0);
        assert_eq!(news(update("b", 3, 80)).await, 1);
        assert_eq!(news(update("c", 2, 100)).await, 0, "it was so before");
        assert_eq!(news(update("d", 4, 80)).await, 0);
        let both = tokio::join!(news(update("e", 5, 70)), news(update("f", 5, 70)));
        assert_eq!(both.0 + both.1, 1);
        let told = rows(&database, "select key from journal where kind = 'product' order by seq").await;
        assert!(told.len() == 2 && told[0][0] == "b:price", "{told:?}");
    }
}
