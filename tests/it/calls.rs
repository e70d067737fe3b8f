//! What Meta's answers to our calls mean for the message, for the customer and for all other calls.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::{App, NUMBER, SECRET, free_address, http, post, wide_awake};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::law::rows;

/// Our second number.
const OTHER: &str = "880000000000002";

/// How a call for a message is answered.
enum Answer {
    Takes,
    Refuses(i64),
    Says(&'static str),
    /// Never.
    Hangs,
}

/// A Graph API that answers each call for a message by our number, the customer's, and how many calls came before.
struct Graph {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<(String, String)>>>,
}

impl Graph {
    async fn listen(rule: impl Fn(&str, &str, usize) -> Answer + Clone + Send + Sync + 'static) -> Self {
        hotline::whatsapp::client::install_tls();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let came = calls.clone();
        let answer = move |uri: Uri, body: Bytes| {
            let (rule, came) = (rule.clone(), came.clone());
            async move {
                let body: Value = serde_json::from_slice(&body).unwrap_or_default();
                let refuse = |code: i64| {
                    let error = json!({ "error": { "code": code, "message": "refused" } });
                    (StatusCode::BAD_REQUEST, error.to_string()).into_response()
                };
                let Some(to) = body["to"].as_str().map(str::to_owned) else { return refuse(100) };
                let number = uri.path().split('/').nth(2).unwrap_or_default().to_owned();
                let (before, id) = {
                    let mut came = came.lock().unwrap();
                    let before = came.iter().filter(|call| **call == (number.clone(), to.clone())).count();
                    came.push((number.clone(), to.clone()));
                    (before, format!("wamid.{}", came.len()))
                };
                match rule(&number, &to, before) {
                    Answer::Takes => json!({ "messages": [{ "id": id }] }).to_string().into_response(),
                    Answer::Refuses(code) => refuse(code),
                    Answer::Says(text) => text.into_response(),
                    Answer::Hangs => std::future::pending::<Response>().await,
                }
            }
        };
        tokio::spawn(axum::serve(listener, Router::new().fallback(answer)).into_future());
        Self { address, calls }
    }

    fn calls_of(&self, number: &str) -> usize {
        self.calls.lock().unwrap().iter().filter(|(of, _)| of == number).count()
    }
}

async fn tell(address: SocketAddr, field: &str, value: Value) {
    let change = json!({ "field": field, "value": value });
    let entry = json!({ "id": "990000000000001", "time": 1_790_000_000, "changes": [change] });
    let body = json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string().into_bytes();
    let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &body), body);
    assert_eq!(post(&http(), address, &signed).await, Some(200));
}

fn phone(customer: u64) -> String {
    (85_260_000_000 + customer).to_string()
}

/// These customers ask something of one of our numbers.
async fn ask(address: SocketAddr, number: &str, customers: std::ops::Range<u64>) {
    let now = chrono::Utc::now().timestamp().to_string();
    let message = |customer: u64| {
        let id = format!("wamid.in{customer}");
        json!({ "from": phone(customer), "id": id, "timestamp": now, "type": "text", "text": { "body": "what are your opening hours?" } })
    };
    let messages: Vec<_> = customers.map(message).collect();
    let metadata = json!({ "phone_number_id": number });
    tell(address, "messages", json!({ "messaging_product": "whatsapp", "metadata": metadata, "messages": messages }))
        .await;
}

/// How what was decided stands: each state with its attempts, and how often.
const STANDS: &str =
    "select state || ' ' || cast(attempts as text), cast(count(*) as text) from outbox group by 1 order by 1";

#[tokio::test(flavor = "multi_thread")]
async fn where_meta_takes_nothing_replies_wait_and_nothing_more_is_called() {
    // The token is not taken; the app makes too many calls.
    for code in [190, 4] {
        for database in Database::each().await {
            let address = free_address();
            let graph = Graph::listen(move |_, _, _| Answer::Refuses(code)).await;
            let _app = App::start(address, graph.address, &database, &[TOKEN]).await;
            let stands = async |count: &str| (rows(&database, STANDS).await == [["queued 0", count]]).then_some(());
            ask(address, NUMBER, 0..1).await;
            eventually("it was called", async || (graph.calls_of(NUMBER) == 1).then_some(())).await;
            eventually("it waits", async || stands("1").await).await;
            // With each answer that is due the sender looks again.
            for others in 1..6 {
                ask(address, NUMBER, others..others + 1).await;
                eventually("it waits as well", async || stands(&(others + 1).to_string()).await).await;
            }
            assert_eq!(graph.calls_of(NUMBER), 1, "{}: {code}", database.kind);
            let said = async || {
                let alerts = Api::new(address).get("/alerts").await["alerts"].to_string();
                (code == 4 || alerts.contains("Replies wait until it is mended")).then_some(())
            };
            eventually("an alert says so", said).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_one_number_that_hang_hold_up_no_other_number() {
    for database in Database::each().await {
        let address = free_address();
        let graph = Graph::listen(|number, _, _| if number == NUMBER { Answer::Hangs } else { Answer::Takes }).await;
        let numbers = format!("{NUMBER},{OTHER}");
        let (age, long) = ("HOTLINE_REPLIES__SETTLE_AFTER", "HOTLINE_WHATSAPP__TIMEOUT");
        let more = [("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", numbers.as_str()), (age, "200s"), (long, "120s")];
        let _app = App::start(address, graph.address, &database, &more).await;
        // More than may be under way at once.
        ask(address, NUMBER, 0..400).await;
        eventually("the first number's calls hang", async || (graph.calls_of(NUMBER) >= 200).then_some(())).await;
        ask(address, OTHER, 500..510).await;
        eventually("the second answers", async || (graph.calls_of(OTHER) == 10).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_id_is_none_and_the_reply_is_sent_again() {
    for database in Database::each().await {
        let address = free_address();
        let graph = Graph::listen(|_, _, before| if before == 0 { Answer::Says("{}") } else { Answer::Takes }).await;
        let soon = [("HOTLINE_WHATSAPP__TIMEOUT", "1s"), ("HOTLINE_REPLIES__SETTLE_AFTER", "2s")];
        let _app = App::start(address, graph.address, &database, &soon).await;
        ask(address, NUMBER, 0..1).await;
        let accepted = async || (rows(&database, STANDS).await == [["accepted 2", "1"]]).then_some(());
        eventually("Meta took it the second time", accepted).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_answer_of_a_call_says_of_a_customer_counts_like_a_status() {
    for database in Database::each().await {
        let address = free_address();
        let refused = |_: &str, to: &str, _| match to.trim_start_matches('+') {
            to if to == phone(1) => Answer::Refuses(131_026),
            to if to == phone(2) => Answer::Refuses(131_021),
            _ => Answer::Takes,
        };
        let graph = Graph::listen(refused).await;
        let keywords = wide_awake();
        let settings = [TOKEN, ("HOTLINE_KEYWORDS__DIR", keywords.path().to_str().unwrap())];
        let _app = App::start(address, graph.address, &database, &settings).await;
        ask(address, NUMBER, 0..3).await;
        let offer = json!({ "name": "spring", "segment": "country:hk", "kind": "service", "templates": ["spring"], "lasts": "3d" });
        let api = Api::new(address);
        let told = async || {
            let (_, run) = api.post("/campaigns/dry-run", offer.clone()).await;
            let unreachable = |of: &str| run[of]["unreachable"] == 1;
            (run["members"] == 3 && unreachable("later") && unreachable("never")).then_some(())
        };
        eventually("one is left alone for a day, and one until they write", told).await;
        let select = "select body from journal where kind = 'status' order by body";
        let heard: Vec<Value> =
            rows(&database, select).await.iter().map(|row| serde_json::from_str(&row[0]).unwrap()).collect();
        let codes: std::collections::BTreeSet<i64> = heard.iter().map(|body| body["error"].as_i64().unwrap()).collect();
        assert_eq!((heard.len(), codes), (2, [131_021, 131_026].into()), "{}: {heard:?}", database.kind);
        let failed = "select state, cast(attempts as text) from outbox where state = 'failed'";
        assert_eq!(rows(&database, failed).await, [["failed", "1"], ["failed", "1"]], "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_word_of_meta_lifts_what_is_held_for_its_own_reason_and_nothing_else() {
    for database in Database::each().await {
        let address = free_address();
        let refuses = Arc::new(AtomicBool::new(true));
        let graph = Graph::listen(move |_, _, _| match refuses.swap(false, Ordering::AcqRel) {
            true => Answer::Refuses(131_048),
            false => Answer::Takes,
        })
        .await;
        let _app = App::start(address, graph.address, &database, &[TOKEN]).await;
        let api = Api::new(address);
        let holders = async || {
            let held = api.get("/outreach").await["held"].clone();
            let by = held.as_array().unwrap().iter().map(|row| row["by"].as_str().unwrap_or_default().to_owned());
            by.collect::<std::collections::BTreeSet<_>>()
        };
        let held_by = async |expected: &[&str]| {
            let expected: std::collections::BTreeSet<_> = expected.iter().map(|by| (*by).to_owned()).collect();
            eventually(&format!("it is held by {expected:?}"), async || (holders().await == expected).then_some(()))
                .await;
        };
        let end = chrono::Utc::now().timestamp() + 30 * 86_400;
        let restrictions =
            json!([{ "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": end.to_string() }]);
        let account = async |value: Value| tell(address, "account_update", value).await;
        let quality = async |event: &str| {
            let value = json!({ "display_phone_number": "13125550100", "event": event, "current_limit": "TIER_10K" });
            tell(address, "phone_number_quality_update", value).await;
        };
        account(json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": restrictions })).await;
        held_by(&["meta restriction"]).await;
        account(json!({ "event": "ACCOUNT_RECONNECTED" })).await;
        account(json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": "DISABLE" } })).await;
        held_by(&["meta ban", "meta restriction"]).await;
        account(json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": "REINSTATE" } })).await;
        quality("FLAGGED").await;
        held_by(&["meta quality", "meta restriction"]).await;
        ask(address, NUMBER, 0..1).await;
        held_by(&["meta error 131048", "meta quality", "meta restriction"]).await;
        quality("UNFLAGGED").await;
        held_by(&["meta error 131048", "meta restriction"]).await;
    }
}
