//! What reports look at: whole histories, the customer's own clock, who was really reached; counted by hand.

use std::time::Duration;

use hotline::domain::Timestamp;
use serde_json::{Value, json};

use crate::db::Database;
use crate::statistics::{Shop, at, figure, fill};

fn event(at: &str, contact: &str, mut fields: Value) -> Value {
    fields["at"] = at.into();
    fields["contact"] = contact.into();
    fields
}

fn paid(number: &str, total: i64) -> Value {
    json!({ "event": "order", "order": number, "state": "paid", "total": total, "currency": "USD",
            "lines": [{ "product": "P", "category": "electronics/phone", "price": total }] })
}

async fn lived(database: &Database, now: &str, events: Vec<Value>) -> Shop {
    let shop = Shop::open(database.store().await, events[0]["at"].as_str().unwrap());
    for event in events {
        shop.set(event["at"].as_str().unwrap());
        shop.tell(vec![event]).await;
    }
    shop.set(now);
    shop.folded().await;
    shop
}

/// MET-8: the first message is older than what the other figures of a month look back to.
#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_a_first_purchase_is_counted_from_its_beginning() {
    for database in Database::each().await {
        let ada = "+85260000001";
        let wrote = || json!({ "event": "message", "text": "hello" });
        let opened = || json!({ "event": "click", "link": "product", "product": "P" });
        let events = vec![
            event("2025-11-03T04:00:00Z", ada, wrote()),
            event("2025-11-03T04:00:50Z", ada, wrote()),
            event("2025-11-05T04:00:00Z", ada, wrote()),
            event("2025-11-05T04:00:00Z", ada, opened()),
            event("2025-11-05T04:01:00Z", ada, opened()),
            event("2026-02-09T04:00:00Z", ada, wrote()),
            event("2026-02-11T04:00:00Z", ada, paid("1", 100)),
        ];
        let shop = lived(&database, "2026-02-28T10:00:00Z", events).await;
        let service = shop.report("service", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z").await;
        // A burst, a message and a click within a minute, and a message.
        let until = figure(&service, "MET-8", "interactions until the first purchase", "");
        assert_eq!(until, Some(4.0), "{}", database.kind);
        assert_eq!(figure(&service, "MET-8", "days until the first purchase", ""), Some(100.0));
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

/// MET-19: in Los Angeles it is six in the morning when most of America is at work.
#[tokio::test(flavor = "multi_thread")]
async fn the_hours_of_a_message_are_those_where_the_customer_lives() {
    for database in Database::each().await {
        let ada = "+12125550101";
        let events = vec![
            event("2026-02-02T15:00:00Z", ada, json!({ "event": "message", "text": "hello" })),
            event("2026-02-02T15:01:00Z", ada, json!({ "event": "profile", "field": "city", "value": "Los Angeles" })),
            event(
                "2026-02-20T14:00:00Z",
                ada,
                json!({ "event": "sent", "message": "m", "kind": "promotion", "by": "campaign:x" }),
            ),
            // Half past three at night in Taiwan, where that is the worst time.
            event("2026-02-20T19:29:00Z", "+886912000001", json!({ "event": "message", "text": "hello" })),
            event(
                "2026-02-20T19:30:00Z",
                "+886912000001",
                json!({ "event": "sent", "message": "n", "kind": "promotion", "by": "campaign:x" }),
            ),
            event("2026-02-20T20:00:00Z", "+886912000001", json!({ "event": "opt", "action": "out", "scope": "all" })),
        ];
        let shop = lived(&database, "2026-02-28T10:00:00Z", events).await;
        let sending = shop.report("sending", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z").await;
        let left = "messages that drove somebody away";
        assert_eq!(figure(&sending, "MET-19", left, "sent at night"), Some(50.0), "{}", database.kind);
        assert_eq!(figure(&sending, "MET-19", left, "sent by day"), None);
        assert_eq!(figure(&sending, "MET-19", left, "sent in the worst hours of their country"), Some(100.0));
        assert_eq!(figure(&sending, "MET-19", left, "the third in a row there, or a later one"), None);
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

/// MET-17: who was told by a campaign of ours and got nothing from it bought for another reason.
#[tokio::test(flavor = "multi_thread")]
async fn whom_the_gate_refused_was_not_reached() {
    for database in Database::each().await {
        let (ada, ben) = ("+85260000001", "+85260000002");
        let start = at("2026-02-10T04:00:00Z");
        let told = json!({ "event": "campaign", "campaign": "spring", "action": "recipient",
                           "offer": { "kind": "promotion", "template": "spring", "not_before": start,
                                      "not_after": Timestamp(start.0 + 86_400_000) } });
        let recipient = json!({ "event": "campaign", "campaign": "spring", "action": "recipient" });
        let response = json!({ "event": "campaign", "campaign": "spring", "action": "response" });
        let events = vec![
            event("2026-02-02T04:00:00Z", ada, json!({ "event": "opt", "action": "out", "scope": "all" })),
            event("2026-02-10T04:00:00Z", ada, told),
            event("2026-02-10T04:00:00Z", ben, recipient),
            event("2026-02-10T05:00:00Z", ben, response),
            event("2026-02-11T04:00:00Z", ada, paid("1", 100)),
        ];
        let shop = lived(&database, "2026-02-28T10:00:00Z", events).await;
        let sending = shop.report("sending", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z").await;
        assert_eq!(figure(&sending, "MET-17", "reached and answered", "spring"), Some(100.0), "{}", database.kind);
        assert_eq!(figure(&sending, "MET-17", "reached and bought", "spring"), Some(0.0));
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

/// GOV-17, GOV-23: on Monday morning the agenda tells what was found in last week's sample.
#[tokio::test(flavor = "multi_thread")]
async fn last_weeks_sample_is_told_when_the_week_is_over() {
    for database in Database::each().await {
        let events =
            vec![event("2026-02-20T04:00:00Z", "+85260000001", json!({ "event": "message", "text": "hello" }))];
        let shop = lived(&database, "2026-02-25T10:00:00Z", events).await;
        shop.judge(1, "region/hk", at("2026-02-20T04:00:00Z"), false).await;
        shop.judge(1, "lang/en", at("2026-02-20T04:00:00Z"), true).await;
        shop.set("2026-03-02T08:00:00Z");
        let tags = shop.report("tags", "2026-02-23T00:00:00Z", "2026-03-02T00:00:00Z").await;
        let wrong = |week: &str| figure(&tags, "GOV-17", &format!("tags of the sample of {week} that are wrong"), "");
        assert_eq!((wrong("2026-W09"), wrong("2026-W10")), (Some(50.0), None), "{}", database.kind);
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

/// GOV-24: neither the clock nor who makes a tag in a chat has looked after the tags.
#[tokio::test(flavor = "multi_thread")]
async fn only_who_looks_after_the_tags_has_looked_after_them() {
    for database in Database::each().await {
        let events =
            vec![event("2026-02-20T04:00:00Z", "+85260000001", json!({ "event": "message", "text": "hello" }))];
        let shop = lived(&database, "2026-03-02T04:00:00Z", events).await;
        let log = async |day: &str, who: &str, action: &str| {
            let at = at(&format!("2026-02-{day}T04:00:00Z"));
            shop.store().log_change(at, who, action, "product/sofa", &json!({})).await.unwrap();
        };
        let days = async || {
            let tags = shop.report("tags", "2026-02-01T00:00:00Z", "2026-03-02T04:00:00Z").await;
            figure(&tags, "GOV-24", "days since somebody looked after the tags", "")
        };
        log("22", "kim", "tag-changed").await;
        log("25", "hotline", "tags-merge").await;
        log("27", "kim", "tag-made").await;
        assert_eq!(days().await, Some(8.0), "{}", database.kind);
        log("28", "kim", "tags-archive").await;
        assert_eq!(days().await, Some(2.0));
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

/// PREF-7: a product's name with a slash is not bought together with the key of the same product.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_no_company_of_itself() {
    for database in Database::each().await {
        let store = database.store().await;
        let shampoo = (1..=30_i64).flat_map(|n| ["beauty/shampoo", "shampoo 2/1"].map(|item| (n, item, 10)));
        fill(&store, shampoo.chain((31..=200).map(|n| (n, "electronics/phone", 300))).collect()).await;
        let shop = Shop::open(store, "2026-03-31T10:00:00Z");
        let basket = shop.report("basket", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z").await;
        assert!(basket.figures.iter().all(|figure| figure.value.is_none()), "{}: {:#?}", database.kind, basket.figures);
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

/// GOV-18: a tag that is missing is wrong, and so is one that is held for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_weeks_orders_show_tags_that_are_missing_and_tags_held_for_nothing() {
    for database in Database::each().await {
        let (ada, ben) = ("+85260000001", "+85260000002");
        let placed = json!({ "event": "order", "order": "1", "state": "placed", "total": 10, "currency": "USD" });
        let pending = json!({ "event": "agent", "agent": "kim", "action": "tag_add", "tag": "status/payment-pending" });
        let events = vec![
            event("2026-02-24T04:00:00Z", ada, placed),
            event("2026-02-24T04:00:00Z", ben, paid("2", 100)),
            event("2026-02-24T04:01:00Z", ben, pending),
        ];
        let shop = lived(&database, "2026-03-02T04:00:00Z", events).await;
        let tags = shop.report("tags", "2026-02-23T00:00:00Z", "2026-03-02T00:00:00Z").await;
        let right = |name: &str| figure(&tags, "GOV-18", name, "");
        assert_eq!(
            right("orders placed whose customer holds status/payment-pending"),
            Some(100.0),
            "{}",
            database.kind
        );
        assert_eq!(right("customers with status/payment-pending who have an order placed"), Some(50.0));
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}
