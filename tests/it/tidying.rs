//! Tags that mean the same, that nobody uses, and those that are made one: counted, merged, archived and given back.

use hotline::domain::{ContactId, Timestamp};
use hotline::governance::Overlap;
use hotline::store::Tidied;
use serde_json::{Value, json};

use crate::crm::TOKEN;
use crate::db::{Database, eventually};
use crate::governance::{NOW, get, serve, told};
use crate::law::rows;

/// F-25's counts, and what tidying needs of the store.
#[tokio::test]
async fn tags_that_the_same_contacts_hold_are_counted_together() {
    for database in Database::each().await {
        let store = database.store().await;
        for who in 0..6 {
            let held = |tag: &str, from: usize| (who >= from).then(|| (tag.to_owned(), NOW));
            let tags = [held("campaign/birthday", 2), held("campaign/may", 1), held("value/vip", 0)];
            let order = (who < 3).then(|| hotline::store::OrderRow {
                number: format!("o{who}"),
                rank: 2,
                placed_at: NOW,
                ordered_at: Some(NOW),
                paid_at: Some(NOW),
                total: None,
                currency: None,
                items: Vec::new(),
            });
            let profile =
                hotline::store::Profile { first_at: NOW.0 - who as i64, ..hotline::store::Profile::default() };
            let indexed = hotline::store::Indexed {
                tags: tags.into_iter().flatten().collect(),
                profile: Some(profile),
                orders: order.into_iter().collect(),
                ..hotline::store::Indexed::default()
            };
            crate::segments::fold(&store, who, indexed).await;
        }
        let asked = ["campaign/birthday", "campaign/may"];
        let overlap = Overlap { one: asked[0].into(), other: asked[1].into(), both: 4 };
        assert_eq!(store.tag_overlaps(&asked).await.unwrap(), [overlap], "{}", database.kind);
        let held: Vec<_> = store.held_tags().await.unwrap().into_iter().map(|row| (row.tag, row.holders)).collect();
        assert_eq!(held, [("campaign/birthday".into(), 4), ("campaign/may".into(), 5), ("value/vip".into(), 6)]);
        let holders = store.holders("campaign/may", Some("campaign/birthday"), ContactId(2), 2).await.unwrap();
        assert_eq!(holders, [(ContactId(3), true), (ContactId(4), true)]);
        let holders = store.holders("campaign/may", Some("campaign/birthday"), ContactId(0), 1).await.unwrap();
        assert_eq!(holders, [(ContactId(2), false)]);
        assert_eq!(store.holders_of_any(&asked).await.unwrap(), 5);

        let later = Timestamp(NOW.0 + 1);
        assert_eq!(store.contacts_before(NOW).await.unwrap(), 5);
        assert_eq!(store.contact_ids(NOW, ContactId(4), 10).await.unwrap(), [ContactId(5), ContactId(6)]);
        let shipped = store.orders_tagged(2, "campaign/may", NOW, later).await.unwrap();
        assert_eq!((shipped.orders, shipped.tagged), (3, 2));
        assert_eq!(store.waits_since(later).await.unwrap(), None);

        let changed = |contact, tag: &str, set| Tidied { contact: ContactId(contact), tag: tag.into(), set };
        let changes = [changed(1, "a/b", false), changed(1, "c/d", true), changed(2, "a/b", false)];
        store.keep_tidied(7, &changes).await.unwrap();
        store.keep_tidied(7, &changes[1..2]).await.unwrap();
        let from_start = (ContactId(0), String::new());
        assert_eq!(store.tidied(7, &from_start, 2).await.unwrap(), changes[..2]);
        assert_eq!(store.tidied(7, &(ContactId(1), "c/d".into()), 2).await.unwrap(), changes[2..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_merged_archived_and_given_back() {
    let database = Database::sqlite();
    let (_app, http, api) = serve(&database).await;
    let post = async |path: &str, body: Value| {
        told(http.post(format!("{api}/{path}")).bearer_auth(TOKEN.1).json(&body).send().await.unwrap()).await
    };
    let give = |n: usize, tag: &str| json!({ "contact": format!("+852610000{n:02}"), "event": "agent", "agent": "ana", "action": "tag_add", "tag": tag });
    let mut events: Vec<Value> = (0..20).map(|n| give(n, "campaign/may-sale")).collect();
    events.extend((0..17).map(|n| give(n, "campaign/birthday")));
    events.extend((17..20).map(|n| give(n, "campaign/other")));
    post("events", json!(events)).await;
    let holders = async |tag: &str| {
        let asked = post("segments/count", json!({ "segment": format!("tag:{tag}") })).await;
        asked.1["count"].as_i64().unwrap()
    };
    eventually("they hold them", async || (holders("campaign/may-sale").await == 20).then_some(())).await;

    // F-25: all of the smaller group hold the larger one's tag.
    let proposed = get(&http, &format!("{api}/tags/proposals")).await["proposals"].clone();
    let merge =
        proposed.as_array().unwrap().iter().find(|found| found["tags"] == json!(["campaign/birthday"])).unwrap();
    assert_eq!(
        (&merge["what"], &merge["into"], &merge["contacts"]),
        (&json!("merge"), &json!("campaign/may-sale"), &json!(17))
    );
    let (status, done) = post("tags/tidy", merge.clone()).await;
    assert_eq!((status, &done["contacts"]), (200, &json!(17)));
    eventually("nobody holds it any more", async || (holders("campaign/birthday").await == 0).then_some(())).await;
    assert_eq!(holders("campaign/may-sale").await, 20);

    let (status, archived) = post("tags/tidy", json!({ "what": "archive", "tags": ["campaign/other"] })).await;
    assert_eq!(status, 200, "{archived}");
    eventually("it is an archive", async || (holders("archive/campaign-other").await == 3).then_some(())).await;
    let undo = json!({ "line": archived["line"] });
    assert_eq!(post("tags/untidy", undo.clone()).await.0, 200);
    eventually("it is taken back", async || (holders("campaign/other").await == 3).then_some(())).await;
    assert_eq!(holders("archive/campaign-other").await, 0);
    assert_eq!(post("tags/untidy", undo).await.0, 422, "once");
    let (status, problem) = post("tags/tidy", json!({ "what": "delete", "tags": ["value/vip"] })).await;
    assert_eq!(status, 422);
    assert!(problem["detail"].as_str().unwrap().contains("change the rule"), "{problem}");
    let slip = json!({ "what": "merge", "tags": ["campaign/may-sael"], "into": "campaign/all" });
    let (status, problem) = post("tags/tidy", slip).await;
    assert!(status == 404 && problem["detail"].as_str().unwrap().contains("no tag campaign/may-sael"), "{problem}");
    let pattern = json!({ "what": "merge", "tags": ["campaign/*"], "into": "campaign/all" });
    assert_eq!(post("tags/tidy", pattern).await.0, 422, "each is named");

    let report = get(&http, &format!("{api}/reports/tags")).await;
    let figure = |entry: &str| {
        let figures = report["figures"].as_array().unwrap();
        figures.iter().find(|figure| figure["entry"] == entry).unwrap_or_else(|| panic!("{entry}")).clone()
    };
    assert_eq!((&figure("GOV-1")["value"], &figure("GOV-1")["good"]), (&json!(2.0), &json!(true)));
    assert_eq!(figure("GOV-4")["value"], Value::Null, "nobody has judged anything");
    assert_eq!(figure("GOV-22")["value"], json!(3.0));
    for entry in ["GOV-2", "GOV-3", "GOV-17", "GOV-18", "GOV-20", "GOV-21", "GOV-24", "GOV-26", "NAME-5", "NAME-12"] {
        figure(entry);
    }
    let sample = get(&http, &format!("{api}/tags/sample")).await;
    assert_eq!(sample["contacts"], json!([]), "nobody was there when the week began");

    // What stands on another one is taken back before it.
    let merge = json!({ "what": "merge", "tags": ["campaign/other"], "into": "campaign/may-sale" });
    let (_, merged) = post("tags/tidy", merge).await;
    let (_, archived) = post("tags/tidy", json!({ "what": "archive", "tags": ["campaign/may-sale"] })).await;
    let (status, problem) = post("tags/untidy", json!({ "line": merged["line"] })).await;
    let first = format!("take line {} back first", archived["line"]);
    assert!(status == 422 && problem["detail"].as_str().unwrap().contains(&first), "{problem}");
    for line in [&archived["line"], &merged["line"]] {
        assert_eq!(post("tags/untidy", json!({ "line": line })).await.0, 200);
    }
    eventually("both are back", async || (holders("campaign/other").await == 3).then_some(())).await;
    // Who holds both is one contact.
    let both = json!({ "what": "merge", "tags": ["campaign/may-sale", "campaign/other"], "into": "campaign/all" });
    let (status, done) = post("tags/tidy", both).await;
    assert_eq!((status, &done["contacts"]), (200, &json!(20)));
    assert_eq!(post("tags/untidy", json!({ "line": done["line"] })).await.1["contacts"], json!(20));
    eventually("they are two again", async || (holders("campaign/other").await == 3).then_some(())).await;

    // A line that does not tell what the tags were takes nothing back, and stays to be taken back.
    let (_, archived) = post("tags/tidy", json!({ "what": "archive", "tags": ["campaign/other"] })).await;
    let spoil =
        format!("update governance_log set detail = '{{\"rows\": 1}}' where id = {} returning id", archived["line"]);
    rows(&database, &spoil).await;
    let (status, problem) = post("tags/untidy", json!({ "line": archived["line"] })).await;
    assert!(status == 422 && problem["detail"].as_str().unwrap().contains("nothing was taken back"), "{problem}");
    let stands = format!("select id from governance_log where id = {} and undone_at is null", archived["line"]);
    assert_eq!(rows(&database, &stands).await.len(), 1);
}
