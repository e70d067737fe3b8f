//! What Meta tells of a number, a template or an account holds messages back and lets them go, over real HTTP.

use hotline::domain::Duration;
use hotline::engine::wall_clock;
use hotline::whatsapp::sandbox::{Customer, Faults};
use serde_json::{Value, json};

use crate::app::{App, NUMBER, Running, SECRET, binary_on, client, customer, free_address, http, post, sandbox};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::desk::Person;
use crate::limits::template;
use crate::store::{fold_all, message, reply};

const FORM: &str = "application/x-www-form-urlencoded";

/// A command beside the server; the link that it prints.
async fn hotline(database: &Database, address: std::net::SocketAddr, arguments: &[&str]) -> String {
    let mut command = binary_on(database);
    command.args(arguments);
    command.env("HOTLINE_PUBLIC_URL", format!("http://{address}"));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said.split_whitespace().find(|word| word.starts_with("http")).unwrap().to_owned()
}

/// Meta pauses a template, then restricts the account: both are held, an alert stands, and it goes on when Meta lifts it.
#[tokio::test(flavor = "multi_thread")]
async fn metas_webhooks_hold_and_lift_and_stand_at_the_api() {
    for database in Database::each().await {
        let address = free_address();
        let (_sandbox, graph) = sandbox(address, 1000).await;
        let link = hotline(&database, address, &["user", "add", "ana", "--role", "admin"]).await;
        let _app = App::start(address, graph, &database, &[TOKEN]).await;
        let (http, api) = (http(), Api::new(address));
        let outreach = async || api.get("/outreach").await;
        // The sandbox has no limit, and says so when it is asked at the start.
        eventually("Meta was asked", async || (outreach().await["portfolio"]["told"] == true).then_some(())).await;
        let told = outreach().await;
        assert_eq!(
            (&told["portfolio"]["limit"], &told["numbers"][0]["quality"]),
            (&Value::Null, &json!("GREEN")),
            "{told}"
        );
        assert_eq!(told["numbers"][0]["number"], NUMBER);
        let webhook = async |field: &str, value: Value| {
            let body = json!({ "object": "whatsapp_business_account", "entry": [{
                "id": "990000000000001", "time": 1_790_000_000, "changes": [{ "field": field, "value": value }],
            }]});
            let body = body.to_string().into_bytes();
            let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &body), body);
            assert_eq!(post(&http, address, &signed).await, Some(200));
        };
        let template = |event: &str| {
            json!({ "event": event, "message_template_id": 7, "message_template_name": "offer",
                "message_template_language": "en-US", "reason": "NONE", "other_info": { "title": "FIRST_PAUSE" } })
        };
        webhook("message_template_status_update", template("PAUSED")).await;
        webhook(
            "account_update",
            json!({ "event": "ACCOUNT_VIOLATION", "violation_info": { "violation_type": "SCAM" } }),
        )
        .await;
        let held = async || {
            let told = outreach().await;
            told["held"]
                .as_array()
                .unwrap()
                .iter()
                .map(|held| held["what"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let wanted = ["account".to_owned(), "template:offer".to_owned()];
        eventually("both are held", async || {
            let mut held = held().await;
            held.sort();
            (held == wanted).then_some(())
        })
        .await;
        eventually("the alert stands", async || {
            (api.get("/alerts").await["alerts"][0]["name"] == "number-quality").then_some(())
        })
        .await;
        webhook("message_template_status_update", template("APPROVED")).await;
        eventually("the template goes on", async || (held().await == ["account"]).then_some(())).await;
        // A person lets it go on: the page is for admins, its form has a token of its own.
        let no_redirects = client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let page = http.get(&link).send().await.unwrap().text().await.unwrap();
        let csrf = |page: &str| {
            let start = page.split("name=\"csrf\" value=\"").nth(1).map(str::to_owned);
            start.and_then(|rest| rest.split('"').next().map(str::to_owned))
        };
        let signed_in = no_redirects
            .post(&link)
            .header("content-type", FORM)
            .body(format!("csrf={}", csrf(&page).unwrap_or_default()))
            .send()
            .await
            .unwrap();
        let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let page = http.get(format!("http://{address}/outreach")).header("cookie", &cookie).send().await.unwrap();
        let page = page.text().await.unwrap();
        assert!(page.contains("violation of its policy, SCAM") && page.contains("Nothing unasked is sent"), "{page}");
        let templates = http.get(format!("http://{address}/templates")).header("cookie", &cookie).send().await.unwrap();
        let templates = templates.text().await.unwrap();
        assert!(templates.contains("weekly_offer") && templates.contains("list was not read"), "{templates}");
        let go_on = async |csrf: &str| {
            let form = format!("csrf={csrf}&what=account");
            let url = format!("http://{address}/outreach/go-on");
            no_redirects
                .post(url)
                .header("cookie", &cookie)
                .header("content-type", FORM)
                .body(form)
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        };
        assert_eq!(go_on("made-up").await, 403);
        assert_eq!(go_on(&csrf(&page).unwrap()).await, 303);
        eventually("nothing is held", async || held().await.is_empty().then_some(())).await;
        eventually("the alert is over", async || (api.get("/alerts").await["alerts"] == json!([])).then_some(())).await;
    }
}

/// Eighty a second until Meta upgrades the number, by its webhook; and half of it after Meta said that it was too much.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_sends_as_fast_as_meta_tells_and_slower_after_it_was_too_much() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let settings = [TOKEN, ("HOTLINE_WHATSAPP__MARK_READ", "false")];
        let _app = App::start(address, graph, &database, &settings).await;
        sandbox.verify().await.unwrap();
        let http = http();
        let api = Api::new(address);
        let number = async || api.get("/outreach").await["numbers"][0].clone();
        let sends = async |throughput: &str, per_second: u32| {
            eventually(&format!("it sends {per_second} a second"), async || {
                let told = number().await;
                (told["throughput"] == throughput && told["messages_per_second"] == per_second).then_some(())
            })
            .await;
        };
        sends("STANDARD", 80).await;
        assert_eq!(number().await["status"], "CONNECTED");
        // More at once than a second holds: all are answered, and none was sent too early.
        let customers: Vec<_> = (0..200).map(customer).collect();
        customers.iter().for_each(|customer| drop(sandbox.write(customer, "hi")));
        let phone = |customer: &Customer| sandbox.phone(customer.number.trim_start_matches('+'));
        let answered = || customers.iter().all(|customer| phone(customer).len() == 2);
        eventually("all are answered", async || answered().then_some(())).await;
        assert_eq!(sandbox.counters().refused, 0, "{}", database.kind);
        let upgrade = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "990000000000001", "changes": [{
            "field": "phone_number_quality_update",
            "value": { "display_phone_number": "13125550100", "event": "THROUGHPUT_UPGRADE",
                "max_daily_conversations_per_business": "TIER_UNLIMITED" },
        }]}]});
        let body = upgrade.to_string().into_bytes();
        let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &body), body);
        assert_eq!(post(&http, address, &signed).await, Some(200));
        sends("HIGH", 1_000).await;
        sandbox.set_faults(Faults { next_code: Some(130_429), next_codes: 1, ..Faults::default() });
        sandbox.write(&customer(500), "hi");
        sends("HIGH", 500).await;
        assert!(number().await["slower_until"].is_string(), "{}", database.kind);
        eventually("it is sent again", async || (phone(&customer(500)).len() == 2).then_some(())).await;
    }
}

/// A number that Meta has restricted is held with what Meta says of it, and an alert stands; when Meta lets it send again it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_meta_restricts_is_held_until_it_may_send() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        sandbox.set_faults(Faults { restricted: true, ..Faults::default() });
        let http = http();
        let api = Api::new(address);
        let settings = [TOKEN];
        let app = App::start(address, graph, &database, &settings).await;
        eventually("it is held", async || {
            let held = api.get("/outreach").await["held"][0].clone();
            let why = "Meta says that the number is RESTRICTED: Too many people blocked it. Write to fewer.";
            (held["what"] == format!("number:{NUMBER}") && held["why"] == why).then_some(())
        })
        .await;
        eventually("the alert stands", async || {
            (api.get("/alerts").await["alerts"][0]["name"] == "number-quality").then_some(())
        })
        .await;
        // What Meta tells of the account stands as an alert of its own; a review that went wrong holds all.
        let tell = async |field: &str, value: Value| {
            let change = json!({ "field": field, "value": value });
            let body = json!({ "object": "whatsapp_business_account",
                "entry": [{ "id": "990000000000001", "time": 1_790_000_000, "changes": [change] }] });
            let body = body.to_string().into_bytes();
            let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &body), body);
            assert_eq!(post(&http, address, &signed).await, Some(200));
        };
        let info =
            json!({ "alert_severity": "WARNING", "alert_status": "ACTIVE", "alert_type": "PROFILE_PICTURE_LOST" });
        tell("account_alerts", json!({ "entity_type": "PHONE_NUMBER", "entity_id": "1", "alert_info": info })).await;
        tell("account_review_update", json!({ "decision": "REJECTED" })).await;
        eventually("both are told", async || {
            let (alerts, held) = (api.get("/alerts").await.to_string(), api.get("/outreach").await["held"].to_string());
            (alerts.contains("meta-profile-picture-lost") && held.contains("rejected the account")).then_some(())
        })
        .await;
        tell("account_review_update", json!({ "decision": "APPROVED" })).await;
        eventually("only the number is held", async || {
            (api.get("/outreach").await["held"].as_array().unwrap().len() == 1).then_some(())
        })
        .await;
        app.kill();
        // In part, and with most of the calls used that Meta allows: nothing is held, an alert stands, and it sends slower.
        sandbox.set_faults(Faults { limited: true, usage: 90, ..Faults::default() });
        let _app = App::start(address, graph, &database, &settings).await;
        eventually("it goes on", async || (api.get("/outreach").await["held"] == json!([])).then_some(())).await;
        let limited = "the number +1 312-555-0100 may send only in part";
        eventually("it is told", async || api.get("/alerts").await.to_string().contains(limited).then_some(())).await;
        eventually("it sends slower", async || {
            let number = api.get("/outreach").await["numbers"][0].clone();
            (number["messages_per_second"] == 40 && number["slower_until"].is_string()).then_some(())
        })
        .await;
        let history = api.get("/outreach").await["history"].to_string();
        assert!(history.contains("90 % of Meta's allowance of calls is used"), "{history}");
    }
}

/// What is planned for later is no message yet: it is counted and shown with what the gate says of it now.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_planned_stands_beside_what_waits() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[TOKEN]).await;
        sandbox.verify().await.unwrap();
        let api = Api::new(address);
        let outreach = async || api.get("/outreach").await;
        sandbox.write(&customer(1), "hi");
        let cart = json!({ "contact": customer(1).number, "event": "cart", "action": "add", "product": "P-1",
            "category": "electronics/phone" });
        api.tell(cart).await;
        let plan = eventually("it is planned", async || {
            let told = outreach().await;
            (told["planned"] == 1).then(|| told["plans"][0].clone())
        })
        .await;
        let facts = [&plan["kind"], &plan["template"], &plan["rule"]].map(|fact| fact.as_str().unwrap().to_owned());
        assert_eq!(facts, ["reminder", "cart_reminder", "stage-cart"], "{}", database.kind);
        assert_eq!(outreach().await["waiting"], 0, "nothing is decided yet");
        let page = Person::sign_in(&database, address, "ana", "admin").await.get("/outreach").await.1;
        assert!(page.contains("<p>1 follow-up is planned for later. In the last 24 hours none went out. <a"), "{page}");
        assert!(page.contains(">Customer 1</a>"), "customers are called by their names: {page}");
        sandbox.write(&customer(1), "STOP");
        eventually("the gate would not let it go", async || {
            let says = outreach().await["plans"][0]["says"].as_str().unwrap_or_default().to_owned();
            says.starts_with("would not go: the customer wants no messages").then_some(())
        })
        .await;
    }
}

/// The shop has another number now: what waits for the old one by template goes by the new one, and what only an open service window
/// would take has failed with the reason. What waits for a number that another node sends for is left alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_number_that_nobody_sends_for_goes_by_another() {
    for database in Database::each().await {
        let store = database.store().await;
        let events = ["+85251000001", "+85251000002"].map(|phone| message(phone, &[phone], "hi"));
        store.append(events.into()).await.unwrap();
        let now = wall_clock()();
        // One who wrote to a number that is not ours any more, and one who wrote to another node's.
        fold_all(&store, |contact| {
            let number = if contact % 2 == 1 { "old" } else { "others" };
            let mut outgoing = vec![template(1, number), reply(2), reply(3)];
            outgoing[2].follow_up = true;
            for outgoing in &mut outgoing {
                outgoing.channel = number.into();
                outgoing.message.expires = now + Duration::days(3);
            }
            outgoing
        })
        .await;
        store.serve_number("old", now - Duration::hours(1)).await.unwrap();
        store.serve_number("others", now).await.unwrap();
        drop(store);
        let address = free_address();
        let (_sandbox, graph) = sandbox(address, 1000).await;
        let _app = App::start(address, graph, &database, &[TOKEN]).await;
        let select = "select cast(contact_id as text), cast(number as text), channel, state, coalesce(error, '') from outbox \
                      order by 1, 2";
        let rows = eventually("nothing waits for the old number", async || {
            let rows = crate::law::rows(&database, select).await;
            rows.iter().all(|row| row[2] != "old" || row[3] == "failed").then_some(rows)
        })
        .await;
        let rows: Vec<_> = rows.iter().map(|row| (row[2].as_str(), row[4] == hotline::store::NUMBER_GONE)).collect();
        let (old, others) = (("old", true), ("others", false));
        assert_eq!(rows, [(NUMBER, false), old, old, others, others, others], "{}", database.kind);
        let api = Api::new(address);
        eventually("it is told", async || {
            let told = api.get("/outreach").await.to_string();
            told.contains("nobody sends for it: 1 messages by template").then_some(())
        })
        .await;
    }
}
