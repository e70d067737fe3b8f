//! Webhooks of other numbers, accounts and installations: kept, and nothing of ours changes by them.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::app::{App, NUMBER, Running, SECRET, customer, free_address, http, post, sandbox};
use crate::db::{Database, eventually};
use crate::law::rows;

/// The account of the settings, and its owner.
const ACCOUNT: &str = "990000000000001";

async fn tells(address: SocketAddr, account: &str, field: &str, value: Value) {
    let body = json!({ "object": "whatsapp_business_account", "entry": [{
        "id": account, "time": 1_790_000_000, "changes": [{ "field": field, "value": value }],
    }]})
    .to_string()
    .into_bytes();
    let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &body), body);
    assert_eq!(post(&http(), address, &signed).await, Some(200));
}

async fn writes(address: SocketAddr, number: &str, from: &str, id: &str, text: &str) {
    let at = chrono::Utc::now().timestamp().to_string();
    let message = json!({ "from": from, "id": id, "timestamp": at, "type": "text", "text": { "body": text } });
    let metadata = json!({ "phone_number_id": number });
    tells(address, ACCOUNT, "messages", json!({ "metadata": metadata, "messages": [message] })).await;
}

async fn fails(address: SocketAddr, number: &str, wamid: &str, callback: &str) {
    let status = json!({ "id": wamid, "status": "failed", "timestamp": "1790000000", "recipient_id": "85260000001",
        "biz_opaque_callback_data": callback, "errors": [{ "code": 131_048 }] });
    let metadata = json!({ "phone_number_id": number });
    tells(address, ACCOUNT, "messages", json!({ "metadata": metadata, "statuses": [status] })).await;
}

/// How many events of that kind are in the journal, and none is unread.
async fn folded(database: &Database, kind: &str, wanted: usize) {
    eventually(&format!("{wanted} of {kind} are folded"), async || {
        let unread = rows(database, "select cast(count(*) as text) from unread").await;
        let count = rows(database, &format!("select cast(seq as text) from journal where kind = '{kind}'")).await.len();
        (unread[0][0] == "0" && count == wanted).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_others_changes_nothing_of_ours() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        sandbox.wrote(&customer(1));
        let settings = [("HOTLINE_WHATSAPP__BUSINESS_ACCOUNT_ID", ACCOUNT)];
        let app = App::start(address, graph, &database, &settings).await;
        writes(address, NUMBER, "85260000001", "wamid.1", "do you sell phones?").await;
        let sent = "select cast(contact_id as text), cast(number as text), wamid from outbox where wamid is not null";
        let sent = eventually("they were answered", async || rows(&database, sent).await.pop()).await;
        let [contact, number, wamid] = sent.as_slice() else { unreachable!() };
        let tag = rows(&database, "select tag from installation").await[0][0].clone();
        // Of another installation, of an older database, of another number, and of the time before there was a word for the database.
        let other = if tag == "00000000" { "00000001" } else { "00000000" };
        fails(address, NUMBER, "wamid.other", &format!("hl:{other}:{contact}:{number}")).await;
        fails(address, NUMBER, "wamid.older", &format!("hl:{tag}:{contact}:{number}")).await;
        fails(address, "880000000009999", wamid, &format!("hl:{tag}:{contact}:{number}")).await;
        fails(address, NUMBER, "wamid.before", &format!("hl:{contact}:{number}")).await;
        folded(&database, "unknown", 4).await;
        // A message to a number of somebody else's.
        writes(address, "880000000009999", "85260000009", "wamid.2", "I want to talk to a person").await;
        folded(&database, "unknown", 5).await;
        assert_eq!(rows(&database, "select cast(id as text) from contacts").await.len(), 1, "{}", database.kind);
        assert!(rows(&database, "select cast(id as text) from handoffs").await.is_empty(), "{}", database.kind);
        // Another account's troubles.
        let violation = || json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "SCAM" } });
        tells(address, "990000000000777", "account_update", violation()).await;
        folded(&database, "unknown", 6).await;
        let failed = rows(&database, "select state from outbox where state = 'failed'").await;
        assert!(failed.is_empty() && holds(&database).await.is_empty(), "{}", database.kind);
        // Our own, which Meta tells of under the owner's id.
        let mut ours = violation();
        ours["waba_info"] = json!({ "waba_id": ACCOUNT });
        tells(address, "770000000000001", "account_update", ours).await;
        eventually("the account is held", async || (holds(&database).await == ["account"]).then_some(())).await;
        // And a status that is ours, also of the time before.
        fails(address, NUMBER, wamid, &format!("hl:{contact}:{number}")).await;
        eventually("the number is held", async || (holds(&database).await.len() == 2).then_some(())).await;
        assert!(app.terminate().await.success());
    }
}

/// An error of the account stands beside messages (section 2.8), with no time of its own.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_meta_tells_of_the_account_is_heeded_and_counts_once() {
    for database in Database::each().await {
        let Running { app, address, .. } = Running::start(&database, &[]).await;
        let value = |number: &str, code: i64| {
            json!({ "messaging_product": "whatsapp", "metadata": { "phone_number_id": number },
                "errors": [{ "code": code, "title": "Not as it should be" }] })
        };
        for value in [value("880000000009999", 190), value(NUMBER, 33), value(NUMBER, 0), value(NUMBER, 0)] {
            let body = json!({ "object": "whatsapp_business_account", "entry": [{
                "id": ACCOUNT, "changes": [{ "field": "messages", "value": value }] }] })
            .to_string()
            .into_bytes();
            let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &body), body);
            assert_eq!(post(&http(), address, &signed).await, Some(200));
        }
        let both = ["account".to_owned(), format!("number:{NUMBER}")];
        let held = async || {
            let mut held = holds(&database).await;
            held.sort();
            (held == both).then_some(())
        };
        eventually("account and number are held", held).await;
        assert_eq!(
            rows(&database, "select key from journal where kind = 'account'").await.len(),
            2,
            "{}",
            database.kind
        );
        assert!(app.terminate().await.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_to_a_number_that_is_not_ours_is_no_contact_and_leaves_no_word_and_no_number() {
    const OTHER: &str = "880000000009999";
    const PHONE: &str = "85260000077";
    for database in Database::each().await {
        let (address, kind) = (free_address(), database.kind);
        let (_sandbox, graph) = sandbox(address, 80).await;
        let app = App::start(address, graph, &database, &[]).await;
        writes(address, OTHER, PHONE, "wamid.1", "call me Zebulon").await;
        let metadata = json!({ "phone_number_id": OTHER });
        for (n, status) in ["sent", "delivered", "read", "failed"].into_iter().enumerate() {
            let status = json!({ "id": format!("wamid.s{n}"), "status": status, "timestamp": "1790000000", "recipient_id": PHONE });
            tells(address, ACCOUNT, "messages", json!({ "metadata": metadata, "statuses": [status] })).await;
        }
        let system = json!({ "type": "user_changed_number", "wa_id": "85260000078" });
        let of_new_kind = json!({ "type": "hologram", "hologram": { "of": "Zebulon" } });
        for (n, said) in [json!({ "type": "system", "system": system }), of_new_kind].iter().enumerate() {
            let mut message = json!({ "from": PHONE, "id": format!("wamid.o{n}"), "timestamp": "1790000000" });
            said.as_object().unwrap().iter().for_each(|(name, value)| message[name] = value.clone());
            tells(address, ACCOUNT, "messages", json!({ "metadata": metadata, "messages": [message] })).await;
        }
        // The message, the failure, the change of number, and what nobody knows.
        folded(&database, "unknown", 4).await;
        let journal = rows(&database, "select key, body from journal").await;
        assert_eq!(journal.len(), 4, "{kind}: {journal:?}");
        let told = format!("{journal:?}");
        assert!(!told.contains("8526000007") && !told.contains("Zebulon") && told.contains(OTHER), "{kind}: {told}");
        assert!(rows(&database, "select cast(id as text) from contacts").await.is_empty(), "{kind}");
        assert!(rows(&database, "select name from identities").await.is_empty(), "{kind}");
        assert!(app.terminate().await.success());
    }
}

async fn holds(database: &Database) -> Vec<String> {
    rows(database, "select what from holds where source <> 'templates' order by what")
        .await
        .into_iter()
        .flatten()
        .collect()
}
