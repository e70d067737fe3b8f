//! Campaigns over real HTTP: a dry run, variants, a budget, pause and cancel, and what became of them.

use std::net::SocketAddr;

use hotline::domain::{ContactId, Duration, Timestamp};
use hotline::store::{CampaignRow, CampaignState, NewEvent, Place, SendOutcome, SendResult, Store};
use hotline::whatsapp::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::app::{App, customer, free_address, http, sandbox, text_webhook, wide_awake};
use crate::crm::TOKEN;
use crate::db::{Database, eventually};
use crate::limits::open_gate;
use crate::store::{NOW, fold_all, message, reply};

/// A server at whose hours everything may be sent, and the phones of its customers.
pub(crate) struct Shop {
    pub(crate) address: SocketAddr,
    pub(crate) sandbox: Sandbox,
    pub(crate) http: reqwest::Client,
    _keywords: tempfile::TempDir,
    _app: App,
}

impl Shop {
    pub(crate) async fn open(database: &Database) -> Self {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 1000).await;
        let keywords = wide_awake();
        let settings = [TOKEN, ("HOTLINE_KEYWORDS__DIR", keywords.path().to_str().unwrap())];
        let app = App::start(address, graph, database, &settings).await;
        sandbox.verify().await.unwrap();
        Self { address, sandbox, http: http(), _keywords: keywords, _app: app }
    }
}

/// Two counts of a campaign's outcome. All of them together are its recipients.
fn accounted(told: &Value, of: [&str; 2]) -> [i64; 2] {
    let count = |name: &str| told["outcome"][name].as_i64().unwrap();
    let all: i64 = ["left", "waiting", "planned", "refused", "not_sent"].map(count).iter().sum();
    assert_eq!(told["recipients"], all, "{told}");
    let why: i64 =
        told["outcome"]["refusals"].as_array().unwrap().iter().map(|why| why["count"].as_i64().unwrap()).sum();
    assert_eq!(why, count("refused"), "{told}");
    of.map(count)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_reaches_its_segment_once_in_variants_within_its_budget_until_it_is_cancelled() {
    for database in Database::each().await {
        let Shop { address, sandbox, http, .. } = &Shop::open(&database).await;
        let address = *address;
        for n in 0..10 {
            sandbox.wrote(&customer(n));
            let signed = text_webhook(&[(n, format!("wamid.{n}"), "hi")]);
            assert_eq!(crate::app::post(http, address, &signed).await, Some(200));
        }
        let call = async |path: &str, body: Option<Value>| -> (u16, Value) {
            let url = format!("http://{address}/api/v1/{path}");
            let request = match body {
                Some(body) => http.post(url).json(&body),
                None => http.get(url),
            };
            let answer = request.bearer_auth(TOKEN.1).send().await.unwrap();
            (answer.status().as_u16(), answer.json().await.unwrap())
        };
        // One that another version wrote holds up neither this one nor what is asked of templates.
        let other = "insert into campaigns (name, segment, offer, state, made_by, made_at, started_at) values ('strange', \
                     'country:hk', '{\"kind\": \"pigeon\"}', 'starting', 'ana', 9000000000000, 1) returning name";
        crate::law::rows(&database, other).await;
        let mut asked = json!({ "name": "spring", "segment": "country:hk", "kind": "service",
            "templates": ["spring_one", "spring_two"], "lasts": "3d", "per_hour": 4,
            "groups": [{ "tag": "color/grey", "template": "spring_grey" }] });
        eventually("all are known and answered", async || {
            let (_, run) = call("campaigns/dry-run", Some(asked.clone())).await;
            (run["members"] == 10 && run["would_get"] == 10).then_some(())
        })
        .await;
        let (_, run) = call("campaigns/dry-run", Some(asked.clone())).await;
        assert_eq!(
            (run["cost"].as_f64(), &run["currency"]),
            (Some(0.0), &json!("USD")),
            "free inside the window: {run}"
        );
        assert_eq!(run["about_seconds"], 7_200, "four an hour: {run}");
        assert_eq!((&run["now"], &run["later"]), (&json!(4), &json!({ "budget-spent": 6 })), "{run}");
        let named = run["sample"]["get"].as_array().unwrap();
        let says: Vec<_> = named.iter().map(|one| one["says"].as_str().unwrap()).collect();
        assert_eq!(
            (says[..4].to_vec(), says[4]),
            (vec!["now"; 4], "later: the campaign's budget for now is spent"),
            "{run}"
        );
        assert!(named.iter().all(|one| one["contact"].is_i64() && one["name"].is_string()), "{run}");
        let mut short = asked.clone();
        short["lasts"] = json!("1h");
        let (_, run) = call("campaigns/dry-run", Some(short)).await;
        assert_eq!(
            (&run["would_get"], &run["never"]["too-late"]),
            (&json!(4), &json!(6)),
            "four within its hour: {run}"
        );
        let variants = |run: &Value| {
            run["variants"].as_object().unwrap().values().map(|count| count.as_i64().unwrap()).sum::<i64>()
        };
        assert_eq!(variants(&run), 4, "{run}");
        assert_eq!(run["sample"]["do_not"].as_array().unwrap().len(), 6, "{run}");
        for product in ["nonsense/thing", "Blargh"] {
            let mut about = asked.clone();
            about["product"] = json!(product);
            let (status, refused) = call("campaigns/dry-run", Some(about.clone())).await;
            let said = refused["detail"].as_str().unwrap();
            assert!(
                status == 422 && said.contains("No such product") && said.contains("electronics/phone"),
                "{refused}"
            );
            assert_eq!(call("campaigns", Some(about)).await.0, 422);
        }
        // A group that nobody could be in would leave its people what the others get.
        for (tag, status) in [("no/such", 422), ("no/*", 422), ("value/vip", 200), ("interest/high/*", 200)] {
            let mut of_group = asked.clone();
            of_group["groups"][0]["tag"] = json!(tag);
            let (told, refused) = call("campaigns/dry-run", Some(of_group)).await;
            assert_eq!(told, status, "{tag}: {refused}");
            assert!(status == 200 || refused["detail"].as_str().unwrap().contains("There is no tag"), "{refused}");
        }
        let mut about = asked.clone();
        about["product"] = json!("electronics/phone");
        assert_eq!(call("campaigns/dry-run", Some(about)).await.0, 200);
        let everybody =
            json!({ "name": "all", "segment": "everyone", "kind": "service", "templates": ["a"], "lasts": "3d" });
        let (status, refused) = call("campaigns", Some(everybody)).await;
        assert!(status == 422 && refused["detail"].as_str().unwrap().contains("never to everybody"), "{refused}");
        // Who does not hold what nobody holds is everybody.
        let mut slip = asked.clone();
        slip["segment"] = json!("not tag:heat/mediun");
        let (status, refused) = call("campaigns/dry-run", Some(slip)).await;
        assert!(status == 422 && refused["detail"].as_str().unwrap().contains("heat/medium"), "{refused}");
        let (status, made) = call("campaigns", Some(asked.clone())).await;
        assert_eq!((status, &made["state"]), (201, &json!("draft")), "{made}");
        assert_eq!(call("campaigns", Some(asked.clone())).await.0, 422, "a name is taken once");
        let (mut typo, mut nothing) = (asked.clone(), asked.clone());
        (typo["template"], nothing["per_hour"]) = (json!("spring_one"), json!(0));
        let (status, refused) = call("campaigns/dry-run", Some(typo)).await;
        assert!(status == 422 && refused["detail"].as_str().unwrap().contains("no field `template`"), "{refused}");
        assert_eq!(call("campaigns/dry-run", Some(nothing)).await.0, 422, "a budget that sends nothing");
        asked["templates"] = json!(["Not A Name"]);
        assert_eq!(call("campaigns", Some(asked)).await.0, 422);
        assert_eq!(call("campaigns/spring/start", Some(json!({}))).await.0, 200);
        let one = async || call("campaigns/spring", None).await.1;
        let sum = |told: &Value, field: &str| {
            told["variants"].as_array().unwrap().iter().map(|variant| variant[field].as_i64().unwrap()).sum::<i64>()
        };
        eventually("the budget of the hour is spent", async || {
            let told = one().await;
            (told["state"] == "running" && sum(&told, "read") == 4 && sum(&told, "waiting") == 6).then_some(())
        })
        .await;
        let told = one().await;
        assert_eq!((&told["recipients"], sum(&told, "sent")), (&json!(10), 4), "{told}");
        assert_eq!(accounted(&told, ["left", "waiting"]), [4, 6], "{told}");
        assert_eq!(call("campaigns/spring/start", Some(json!({}))).await.0, 422, "started once");
        assert_eq!(call("campaigns/spring/pause", Some(json!({}))).await.1["state"], "paused");
        assert_eq!(call("campaigns/spring/cancel", Some(json!({}))).await.1["state"], "cancelled");
        eventually("what waited is dropped, with the reason", async || {
            let told = one().await;
            let is_told = told["not_sent"] == json!([{ "reason": "the campaign was cancelled", "count": 6 }]);
            (is_told && accounted(&told, ["left", "not_sent"]) == [4, 6]).then_some(())
        })
        .await;
        let next = json!({ "name": "summer", "segment": "country:hk", "kind": "service", "templates": ["summer"], "lasts": "3d" });
        eventually("those whom it did not reach may get the next one today", async || {
            let (_, run) = call("campaigns/dry-run", Some(next.clone())).await;
            // Late in the evening the hours between two messages last longer than the day.
            let waits = ["day-full", "gap"].map(|why| json!({ why: 4 }));
            (run["now"] == 6 && waits.contains(&run["later"])).then_some(())
        })
        .await;
        // One whose time is over has come to its end, whoever it reached.
        let brief = json!({ "name": "brief", "segment": "country:fr", "kind": "service", "templates": ["brief"], "lasts": "1s" });
        assert_eq!(call("campaigns", Some(brief)).await.0, 201);
        assert_eq!(call("campaigns/brief/start", Some(json!({}))).await.1["state"], "starting");
        let state = async || call("campaigns/brief", None).await.1["state"].clone();
        eventually("it is finished", async || (state().await == "finished").then_some(())).await;
        assert_eq!(call("campaigns/brief/resume", Some(json!({}))).await.0, 422);
        // All write again: of those who got it, it is a reply.
        for n in 0..10 {
            let signed = text_webhook(&[(n, format!("wamid.again.{n}"), "thanks")]);
            assert_eq!(crate::app::post(http, address, &signed).await, Some(200));
        }
        eventually("the replies count", async || (sum(&one().await, "replied") == 4).then_some(())).await;
        eventually("who responded can be asked for in the next campaign", async || {
            let asked = json!({ "segment": "tag:campaign/responded/spring and tag:campaign/high-response" });
            (call("segments/count", Some(asked)).await.1["count"] == 4).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn what_failed_for_a_reason_that_passes_is_sent_again_and_nothing_else() {
    for database in Database::each().await {
        let store = database.store().await;
        let events = (0..3).map(|n| message(&format!("m{n}"), &[format!("+8525100000{n}").as_str()], "hi"));
        store.append(events.collect()).await.unwrap();
        fold_all(&store, |_| {
            let mut outgoing = reply(1);
            outgoing.follow_up = true;
            outgoing.message.campaign = Some("spring".into());
            outgoing.message.expires = NOW + Duration::days(3);
            vec![outgoing]
        })
        .await;
        let sent = store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows;
        assert_eq!(sent.len(), 3, "{}", database.kind);
        for (row, reason) in sent.iter().zip(["130429", "131026", "it is not known whether it was sent"]) {
            let outcome = SendOutcome::Failed(reason.into());
            let result = SendResult { contact: row.contact, number: 1, at: NOW, outcome };
            store.record(vec![result]).await.unwrap();
        }
        let told = &store.campaign_outcome("spring").await.unwrap()[0];
        assert_eq!((told.sent, told.failed), (0, 3), "{}: what failed has not left", database.kind);
        let passing = hotline::whatsapp::errors::that_pass();
        assert_eq!(store.retry_campaign("spring", &passing, NOW).await.unwrap(), 1, "{}", database.kind);
        assert_eq!(store.retry_campaign("spring", &passing, NOW).await.unwrap(), 0);
        let again = store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows;
        assert_eq!(again.iter().map(|row| row.contact).collect::<Vec<_>>(), [sent[0].contact]);
    }
}

/// A stop is no reply, the way of an older order no order, and another link no click: what a variant drives away is told instead.
#[tokio::test(flavor = "multi_thread")]
async fn only_what_answers_a_message_counts_for_its_variant() {
    for database in Database::each().await {
        let Shop { address, sandbox, http, .. } = &Shop::open(&database).await;
        let address = *address;
        let write = async |n: u64, id: &str, words: &str| {
            let signed = text_webhook(&[(n, format!("wamid.{id}.{n}"), words)]);
            assert_eq!(crate::app::post(http, address, &signed).await, Some(200));
        };
        let call = async |path: &str, body: Option<Value>| -> Value {
            let url = format!("http://{address}/api/v1/{path}");
            let request = body.map_or_else(|| http.get(&url), |body| http.post(&url).json(&body));
            let answer = request.bearer_auth(TOKEN.1).send().await.unwrap();
            assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
            answer.json().await.unwrap()
        };
        let order = |n: u64, number: &str, state: &str| json!({ "contact": customer(n).number, "event": "order", "order": number, "state": state });
        let mut old = order(2, "old", "placed");
        old["at"] = json!((chrono::Utc::now() - chrono::TimeDelta::days(9)).to_rfc3339());
        call("events", Some(old)).await;
        for n in 0..6 {
            sandbox.wrote(&customer(n));
            write(n, "first", "hi").await;
        }
        let asked = json!({ "name": "autumn", "segment": "country:hk", "kind": "service", "templates": ["autumn"], "lasts": "3d" });
        eventually("all are known and answered", async || {
            (call("campaigns/dry-run", Some(asked.clone())).await["now"] == 6).then_some(())
        })
        .await;
        call("campaigns", Some(asked)).await;
        call("campaigns/autumn/start", Some(json!({}))).await;
        let variant = async || call("campaigns/autumn", None).await["variants"][0].clone();
        eventually("all have it", async || (variant().await["read"] == 6).then_some(())).await;
        let link = json!({ "contact": customer(5).number, "url": "https://shop.example/other" });
        let link = call("links", Some(link)).await["url"].as_str().unwrap().to_owned();
        crate::links::browser().get(link).send().await.unwrap();
        let orders = json!([
            order(2, "old", "shipped"),
            order(3, "elsewhere", "shipped"),
            order(4, "regretted", "placed"),
            order(4, "regretted", "cancelled"),
            order(5, "new", "placed"),
            order(5, "new", "paid")
        ]);
        call("events", Some(orders)).await;
        write(0, "then", "STOP").await;
        write(1, "then", "thanks, I like it").await;
        let told = eventually("all have answered", async || {
            let told = variant().await;
            (told["replied"] == 1 && told["ordered"] == 1 && told["opted_out"] == 1).then_some(told)
        })
        .await;
        assert_eq!(told["clicked"], 0, "{}: {told}", database.kind);
        eventually("two have responded", async || {
            let asked = json!({ "segment": "tag:campaign/responded/autumn" });
            (call("segments/count", Some(asked)).await["count"] == 2).then_some(())
        })
        .await;
    }
}

/// A campaign of service with one template, as the table has it.
async fn add(store: &Store, name: &str, state: CampaignState) {
    let offer = json!({ "kind": "service", "templates": [name], "lasts": "3d" });
    let row = CampaignRow {
        name: name.into(),
        segment: "country:hk".into(),
        offer: offer.to_string(),
        state,
        per_hour: None,
        per_day: None,
        made_by: "ana".into(),
        made_at: NOW,
        started_at: Some(NOW),
        recipients: 0,
        place: Place::default(),
    };
    assert!(store.add_campaign(&row).await.unwrap());
}

/// Each responds once, also where it is looked for behind a place of the journal only, and not before it is folded.
#[tokio::test]
async fn a_response_is_found_behind_the_place_up_to_which_everything_is_folded() {
    for database in Database::each().await {
        let store = database.store().await;
        let written = |key: &str, phone: &str, received: Timestamp| {
            let message = message(key, &[phone], "hi");
            NewEvent { at: received, received, ..message }
        };
        let phones = ["+85251000001", "+85251000002", "+85251000003"];
        let first = phones.iter().map(|phone| written(phone, phone, NOW - Duration::hours(1)));
        let first = store.append(first.collect()).await.unwrap();
        let contacts: Vec<ContactId> = first.iter().map(|event| event.contact.unwrap()).collect();
        assert_eq!(store.folded_to().await.unwrap(), first[0].seq - 1, "{}", database.kind);
        fold_all(&store, |_| {
            let mut outgoing = reply(1);
            outgoing.message.campaign = Some("spring".into());
            vec![outgoing]
        })
        .await;
        assert_eq!(store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows.len(), 3);
        let start = store.folded_to().await.unwrap();
        assert_eq!(start, first[2].seq, "{}", database.kind);
        let soon = NOW + Duration::hours(1);
        let found = async |since: Option<i64>| store.campaign_responses("spring", since).await.unwrap();
        store.append(vec![written("one", phones[0], soon)]).await.unwrap();
        assert_eq!(found(Some(start)).await, [], "it is not folded");
        assert_eq!(store.folded_to().await.unwrap(), start, "{}", database.kind);
        fold_all(&store, |_| Vec::new()).await;
        let then = store.folded_to().await.unwrap();
        store.append(vec![written("two", phones[1], soon)]).await.unwrap();
        fold_all(&store, |_| Vec::new()).await;
        assert_eq!(found(None).await, contacts[..2], "{}", database.kind);
        assert_eq!(found(Some(start)).await, contacts[..2], "{}", database.kind);
        assert_eq!(found(Some(then)).await, contacts[1..2], "{}", database.kind);
        assert_eq!(found(Some(store.folded_to().await.unwrap())).await, []);
    }
}

/// Both nodes read the same page of the segment before either has written how far it is.
#[tokio::test]
async fn whom_two_nodes_tell_of_a_campaign_is_one_recipient() {
    for database in Database::each().await {
        let store = database.store().await;
        let other = if database.kind == "postgres" { database.store().await } else { store.clone() };
        add(&store, "spring", CampaignState::Starting).await;
        let pages = [[1, 2, 3].map(ContactId), [3, 4, 5].map(ContactId)];
        for page in pages {
            let (one, two) =
                tokio::join!(store.name_recipients("spring", &page), other.name_recipients("spring", &page));
            assert!(one.is_ok() && two.is_ok());
            store.told_recipients("spring", Place { rank: 0, contact: page[2].0 }).await.unwrap();
        }
        let row = store.all_campaigns().await.unwrap().remove(0);
        assert_eq!((row.recipients, row.place.contact), (5, 5), "{}", database.kind);
    }
}

/// One of the customers wants nothing, and a promotion does not reach new ones: each is accounted for.
#[tokio::test(flavor = "multi_thread")]
async fn of_each_recipient_it_is_told_what_the_gate_said() {
    for database in Database::each().await {
        let Shop { address, sandbox, http, .. } = &Shop::open(&database).await;
        let (address, kind) = (*address, database.kind);
        let call = async |path: &str, body: Option<Value>| -> Value {
            let url = format!("http://{address}/api/v1/{path}");
            let request = body.map_or_else(|| http.get(&url), |body| http.post(&url).json(&body));
            let answer = request.bearer_auth(TOKEN.1).send().await.unwrap();
            assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
            answer.json().await.unwrap()
        };
        for n in 0..4 {
            sandbox.wrote(&customer(n));
            let signed = text_webhook(&[(n, format!("wamid.{n}"), if n == 0 { "STOP" } else { "hi" })]);
            assert_eq!(crate::app::post(http, address, &signed).await, Some(200));
        }
        let asked = |name: &str, kind: &str, lasts: &str| json!({ "name": name, "segment": "country:hk", "kind": kind, "templates": [name], "lasts": lasts });
        let start = async |asked: Value| {
            let name = asked["name"].as_str().unwrap().to_owned();
            call("campaigns", Some(asked)).await;
            call(&format!("campaigns/{name}/start"), Some(json!({}))).await;
        };
        let reaches = async |name: &str, of: [&str; 2], counts: [i64; 2]| {
            eventually(&format!("{kind}: {name} has {counts:?} {of:?}"), async || {
                let told = call(&format!("campaigns/{name}"), None).await;
                let is_told =
                    told["recipients"] == 4 && !told["outcome"]["plans"].to_string().contains("just being told");
                (is_told && accounted(&told, of) == counts).then_some(told)
            })
            .await
        };
        eventually("all are known", async || {
            let run = call("campaigns/dry-run", Some(asked("first", "service", "3d"))).await;
            (run["now"] == 3 && run["never"]["opted-out"] == 1).then_some(())
        })
        .await;
        start(asked("first", "service", "3d")).await;
        let told = reaches("first", ["left", "refused"], [3, 1]).await;
        let why = json!([{ "reason": "opted-out", "says": "the customer wants no messages (Meta's policy, opt-out)", "count": 1 }]);
        assert_eq!(told["outcome"]["refusals"], why, "{kind}");
        // Their day is full.
        start(asked("second", "service", "3d")).await;
        let told = reaches("second", ["planned", "refused"], [3, 1]).await;
        let plan = &told["outcome"]["plans"][0];
        assert!(
            plan["count"] == 3 && ["day-full", "gap"].contains(&plan["reason"].as_str().unwrap()),
            "{kind}: {told}"
        );
        assert!(plan["says"].as_str().unwrap().starts_with("not now: "), "{kind}: {told}");
        // What is planned of a paused campaign says so, and of a cancelled one nothing is planned any more.
        let says = async || {
            let outlook = call("outreach", None).await;
            let says =
                outlook["plans"].as_array().unwrap().iter().map(|plan| plan["says"].as_str().unwrap().to_owned());
            (outlook["planned"].as_i64().unwrap(), says.collect::<Vec<_>>())
        };
        call("campaigns/second/pause", Some(json!({}))).await;
        assert_eq!(says().await, (3, vec!["not now: its campaign is paused".to_owned(); 3]), "{kind}");
        call("campaigns/second/cancel", Some(json!({}))).await;
        let told = reaches("second", ["planned", "refused"], [0, 4]).await;
        let why = json!({ "reason": "cancelled", "says": "the campaign was cancelled", "count": 3 });
        assert_eq!(told["outcome"]["refusals"][0], why, "{kind}");
        assert_eq!(says().await.1, Vec::<String>::new(), "{kind}");
        eventually("the plans have left the contacts' states", async || (says().await.0 == 0).then_some(())).await;
        // They are yellow for longer than it is worth anything.
        start(asked("brief", "promotion", "2s")).await;
        let told = reaches("brief", ["planned", "refused"], [0, 4]).await;
        let late = &told["outcome"]["refusals"][0];
        assert_eq!((&late["reason"], &late["count"]), (&json!("too-late"), &json!(3)), "{kind}: {told}");
        let metrics = http.get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap();
        let counted = |kind: &str, reason: &str| {
            let line = format!("hotline_follow_ups_refused_total{{kind=\"{kind}\",reason=\"{reason}\"}}");
            metrics.lines().find_map(|found| found.strip_prefix(&line)?.trim().parse::<u64>().ok())
        };
        let refused =
            [counted("service", "opted-out"), counted("promotion", "too-late"), counted("service", "day-full")];
        assert_eq!(refused, [Some(2), Some(3), None], "{kind}: {metrics}");
    }
}

#[tokio::test]
async fn two_recipients_who_turn_out_to_be_one_person_are_accounted_for() {
    for database in Database::each().await {
        let store = database.store().await;
        let names = ["+85251000001", "+85251000002", "+85251000003"];
        let events = names.map(|name| message(name, &[name], "hi")).into();
        let contacts =
            store.append(events).await.unwrap().iter().map(|event| event.contact.unwrap()).collect::<Vec<_>>();
        add(&store, "spring", CampaignState::Running).await;
        add(&store, "summer", CampaignState::Running).await;
        store.name_recipients("spring", &contacts).await.unwrap();
        store.name_recipients("summer", &contacts[1..]).await.unwrap();
        store.append(vec![message("both", &names[..2], "it is me")]).await.unwrap();
        let account = async |name: &str| {
            let rows = store.campaign_recipients(name).await.unwrap();
            rows.into_iter().map(|row| (row.stand, row.reason, row.count)).collect::<Vec<_>>()
        };
        let planned = ("planned".to_owned(), String::new(), 2);
        let same = ("refused".to_owned(), "same-person".to_owned(), 1);
        assert_eq!(account("spring").await, [planned.clone(), same], "{}", database.kind);
        assert_eq!(account("summer").await, [planned], "{}", database.kind);
        assert_eq!(store.campaign_plans("summer", 9).await.unwrap(), [contacts[0], contacts[2]], "{}", database.kind);
    }
}
