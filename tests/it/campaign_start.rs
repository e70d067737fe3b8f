//! Campaigns as they are made and begin.

use serde_json::{Value, json};

use crate::app::{customer, text_webhook};
use crate::campaigns::Shop;
use crate::crm::TOKEN;
use crate::db::{Database, eventually};

/// While more waits to be folded than one claim takes no recipient is told: a customer's question would wait behind all of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_that_starts_gives_way_to_what_customers_wrote() {
    for database in Database::each().await {
        let Shop { address, sandbox, http, .. } = &Shop::open(&database).await;
        sandbox.wrote(&customer(0));
        let signed = text_webhook(&[(0, "wamid.0".into(), "hi")]);
        assert_eq!(crate::app::post(http, *address, &signed).await, Some(200));
        let call = async |path: &str, body: Option<Value>| -> Value {
            let url = format!("http://{address}/api/v1/{path}");
            let request = body.map_or_else(|| http.get(&url), |body| http.post(&url).json(&body));
            request.bearer_auth(TOKEN.1).send().await.unwrap().json().await.unwrap()
        };
        let asked = json!({ "name": "spring", "segment": "country:hk", "kind": "service", "templates": ["spring"], "lasts": "3d" });
        eventually("they are known", async || {
            (call("campaigns/dry-run", Some(asked.clone())).await["members"] == 1).then_some(())
        })
        .await;
        // Of nobody, and so nobody folds them.
        let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 513) \
                    insert into unread (seq, contact_id, due_at) select 9000000000000000 + i, -1, 0 from n returning 'x'";
        assert_eq!(crate::law::rows(&database, many).await.len(), 513);
        call("campaigns", Some(asked)).await;
        assert_eq!(call("campaigns/spring/start", Some(json!({}))).await["state"], "starting");
        eventually("it gives way", async || {
            let metrics = http.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
            metrics.contains("hotline_gave_way_total").then_some(())
        })
        .await;
        let told = call("campaigns/spring", None).await;
        assert_eq!((&told["state"], &told["recipients"]), (&json!("starting"), &json!(0)), "{}", database.kind);
        crate::law::rows(&database, "delete from unread where contact_id = -1 returning 'x'").await;
        eventually("it goes on", async || (call("campaigns/spring", None).await["recipients"] == 1).then_some(()))
            .await;
    }
}

/// In the console a tag stands as the console calls it, and a list by its name.
#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_is_made_with_the_names_that_the_console_shows() {
    let database = Database::sqlite();
    let Shop { address, .. } = &Shop::open(&database).await;
    let ana = crate::desk::Person::sign_in(&database, *address, "ana", "admin").await;
    let mut fields =
        vec![("name", "may"), ("kind", "service"), ("templates", "may_one"), ("lasts", "3d"), ("what", "make")];
    fields.extend([("segment", "tag:Heat-Medium"), ("groups", "No-Such = may_two")]);
    let (status, page) = ana.post("/campaigns", &fields).await;
    assert!(status == 422 && page.contains("There is no tag"), "{page}");
    fields.retain(|(name, _)| *name != "groups");
    fields.push(("groups", "Heat-High = may_two\n*Heat* = x"));
    assert_eq!(ana.post("/campaigns", &fields).await.0, 422);
    fields.retain(|(name, _)| *name != "groups");
    fields.push(("groups", "Heat-High = may_two"));
    assert_eq!(ana.post("/campaigns", &fields).await.0, 303);
    let made = crate::law::rows(&database, "select segment, offer from campaigns where name = 'may'").await;
    let made = format!("{made:?}");
    assert!(made.contains("tag:heat/medium") && made.contains("heat/high"), "{made}");
    let of_list = [
        ("name", "june"),
        ("kind", "service"),
        ("templates", "a"),
        ("lasts", "3d"),
        ("what", "make"),
        ("segment", "win-back"),
    ];
    assert_eq!(ana.post("/campaigns", &of_list).await.0, 303);
}
