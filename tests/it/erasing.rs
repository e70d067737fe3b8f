//! A customer who wishes to be forgotten is, in every table, and does not come back.

use hotline::store::NewEvent;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::app::{App, binary_on, customer, free_address, http, post, sandbox, text_webhook};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::law::rows;
use crate::store::{NOW, message};

/// Every cell of every table in which one of these words stands.
async fn cells(database: &Database, words: &[&str]) -> Vec<String> {
    let tables = match database.kind {
        "sqlite" => "select name from sqlite_master where type = 'table' and name not like 'sqlite%'",
        _ => "select cast(tablename as text) from pg_tables where schemaname = 'public'",
    };
    let hex: Vec<String> = words.iter().map(hex::encode).collect();
    let mut found = Vec::new();
    for table in rows(database, tables).await {
        for row in rows(database, &format!("select * from {}", table[0])).await {
            let holds = |cell: &&String| {
                words.iter().any(|word| cell.contains(word)) || hex.iter().any(|word| cell.contains(word))
            };
            found.extend(row.iter().filter(holds).map(|cell| format!("{}: {cell}", table[0])));
        }
    }
    found
}

/// Which of these words stand anywhere in the files of a SQLite database, in use or not.
fn on_disk(database: &Database, words: &[&str]) -> Vec<String> {
    let Some(file) = database.url.strip_prefix("sqlite:") else { return Vec::new() };
    let mut found = Vec::new();
    for file in [file.to_owned(), format!("{file}-wal")] {
        let bytes = std::fs::read(&file).unwrap();
        let holds = |word: &&&str| bytes.windows(word.len()).any(|part| part == word.as_bytes());
        found.extend(words.iter().filter(holds).map(|word| format!("{file}: {word}")));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wishes_to_be_forgotten_leaves_nothing_and_does_not_come_back() {
    for database in Database::each().await {
        let (address, kind) = (free_address(), database.kind);
        let (sandbox, graph) = sandbox(address, 80).await;
        let app = App::start(address, graph, &database, &[TOKEN]).await;
        sandbox.verify().await.unwrap();
        let (ada, bob) = (customer(1), customer(2));
        let phone = ada.number.trim_start_matches('+').to_owned();
        for (n, who) in [(1, &ada), (2, &bob)] {
            sandbox.wrote(who);
            let words = if n == 1 { "my budget is $500, call me Zebulon" } else { "hi" };
            let signed = text_webhook(&[(n, format!("wamid.{n}"), words)]);
            assert_eq!(post(&http(), address, &signed).await, Some(200));
        }
        let unknown = format!("{{\"from\": \"{phone}\"}}");
        let signed =
            (hotline::whatsapp::signature::sign(&crate::app::SECRET.into(), unknown.as_bytes()), unknown.into());
        assert_eq!(post(&http(), address, &signed).await, Some(200));
        let api = Api::new(address);
        let contacts = async || api.get("/contacts").await["contacts"].as_array().unwrap().clone();
        let id = eventually("both were answered", async || {
            let read = "select cast(count(distinct contact_id) as text) from outbox where state = 'read'";
            let found = contacts().await.into_iter().find(|contact| contact["phone"] == ada.number)?;
            (rows(&database, read).await[0][0] == "2").then(|| found["id"].as_i64().unwrap())
        })
        .await;
        let words = [phone.as_str(), "Zebulon"];
        assert!(cells(&database, &words).await.len() > 3, "{kind}: they stood there before");
        assert!(kind != "sqlite" || on_disk(&database, &words).len() > 1, "and in the files");
        let path = format!("/contacts/{id}");
        assert_eq!(api.call(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT, "{kind}");
        assert_eq!(api.call(Method::DELETE, &path, None).await.0, StatusCode::NOT_FOUND, "{kind}: once");
        assert_eq!(api.call(Method::GET, &path, None).await.0, StatusCode::NOT_FOUND, "{kind}");
        assert_eq!(contacts().await.len(), 1, "{kind}: the other one stays");
        assert_eq!(on_disk(&database, &words), Vec::<String>::new(), "{kind}");
        // Neither what Meta tells once more, nor what it tells late of a message of ours.
        let again = text_webhook(&[(1, "wamid.1".into(), "my budget is $500, call me Zebulon")]);
        assert_eq!(post(&http(), address, &again).await, Some(200));
        let late = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "990000000000001", "changes": [{
            "field": "messages", "value": { "messaging_product": "whatsapp", "metadata": { "phone_number_id": crate::app::NUMBER },
            "statuses": [{ "id": "wamid.out", "status": "read", "timestamp": "1790000000", "recipient_id": "1",
                "biz_opaque_callback_data": format!("hl:{id}:1") }] } }] }] })
        .to_string()
        .into_bytes();
        let signed = (hotline::whatsapp::signature::sign(&crate::app::SECRET.into(), &late), late);
        assert_eq!(post(&http(), address, &signed).await, Some(200));
        let fresh = text_webhook(&[(2, "wamid.2b".into(), "and you?")]);
        assert_eq!(post(&http(), address, &fresh).await, Some(200));
        eventually("all of it is folded", async || {
            let open = rows(&database, "select cast(count(*) as text) from unread").await;
            let answers = "select cast(count(*) as text) from journal where kind = 'message'";
            (open[0][0] == "0" && rows(&database, answers).await[0][0] == "2").then_some(())
        })
        .await;
        assert_eq!(cells(&database, &words).await, Vec::<String>::new(), "{kind}");
        assert_eq!(contacts().await.len(), 1, "{kind}");
        // Who writes again is somebody new.
        let anew = text_webhook(&[(1, "wamid.3".into(), "hello again")]);
        assert_eq!(post(&http(), address, &anew).await, Some(200));
        eventually("they are known anew", async || {
            let ids: Vec<_> = contacts().await.iter().map(|contact| contact["id"].clone()).collect();
            (ids.len() == 2 && !ids.contains(&json!(id))).then_some(())
        })
        .await;
        assert!(app.terminate().await.success());
        let command = |more: &'static [&'static str]| {
            let mut command = binary_on(&database);
            command.args(["erase", &ada.number]).args(more).output().unwrap()
        };
        assert_eq!(command(&[]).status.code(), Some(1), "{kind}: it asks");
        assert!(!cells(&database, &[&phone]).await.is_empty(), "{kind}");
        assert_eq!(command(&["--yes"]).status.code(), Some(0), "{kind}");
        assert_eq!(cells(&database, &[&phone]).await, Vec::<String>::new(), "{kind}");
        assert_eq!(command(&["--yes"]).status.code(), Some(2), "{kind}: nobody is known so");
    }
}

#[tokio::test]
async fn what_is_told_once_more_of_who_was_erased_brings_nobody_back_and_who_does_come_back_can_be_erased() {
    const PHONE: &str = "+85261234567";
    for database in Database::each().await {
        let (store, kind) = (database.store().await, database.kind);
        let told = || message("crm-+85261234567-77", &[PHONE], "call me Zebulon");
        let first = store.append(vec![told()]).await.unwrap()[0].contact.unwrap();
        assert!(store.erase(first, NOW).await.unwrap(), "{kind}");
        for _ in 0..2 {
            let again = store.append(vec![told(), message("wamid.other", &["+85261234568"], "hi")]).await.unwrap();
            assert!(again[0].duplicate && again[0].contact.is_none(), "{kind}: {again:?}");
        }
        assert_eq!(cells(&database, &["61234567", "Zebulon"]).await, Vec::<String>::new(), "{kind}");
        // Known by our own number, and with a key that stood there before they were erased.
        let second =
            store.append(vec![message("wamid.new", &[PHONE], "hello again")]).await.unwrap()[0].contact.unwrap();
        let known = NewEvent { contact: Some(second), contacts: Vec::new(), ..told() };
        assert!(!store.append(vec![known]).await.unwrap()[0].duplicate, "{kind}");
        assert!(store.erase(second, NOW).await.unwrap(), "{kind}: for the second time");
        assert_eq!(cells(&database, &["61234567", "Zebulon"]).await, Vec::<String>::new(), "{kind}");
    }
}
