//! Jobs over all contacts, on both databases: what they count, that it counts once, that they go on after a restart, and that
//! a replay of the journal reaches the same.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hotline::config::Settings;
use hotline::domain::{Currency, EventBody, Timestamp};
use hotline::engine::fold::state::State;
use hotline::engine::knowledge::{Folders, Shelf};
use hotline::engine::reports::{ReportInput, make, named};
use hotline::engine::{Engine, Parts};
use hotline::statistics::{Report, Span};
use hotline::store::{
    AdSpend, CampaignRow, CampaignState, Folded, Indexed, JobState, NewEvent, OrderRow, Place, Profile, Store, Verdict,
};
use hotline::whatsapp::client::{Client, install_tls};
use serde_json::{Value, json};

use crate::app::{Running, binary_on, http};
use crate::crm::TOKEN;
use crate::db::{Database, eventually};

/// An engine with a clock that the test sets, and no number to send by.
pub struct Shop {
    pub engine: Engine,
    clock: Arc<AtomicI64>,
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// Reading all dictionaries takes a while: once for all tests.
fn shelf() -> Arc<Shelf> {
    static SHELF: OnceLock<Arc<Shelf>> = OnceLock::new();
    let open = || Shelf::open(Folders::default(), Arc::new(Settings::defaults()));
    SHELF.get_or_init(|| open().unwrap_or_else(|problems| panic!("{problems:?}"))).clone()
}

impl Shop {
    pub fn open(store: Store, now: &str) -> Self {
        install_tls();
        let clock = Arc::new(AtomicI64::new(at(now).0));
        let settings = Arc::new(Settings::defaults());
        let client = Client::new(&settings.whatsapp, &"token".into()).unwrap();
        let told = clock.clone();
        let clock_of_engine = Arc::new(move || Timestamp(told.load(Ordering::Relaxed)));
        let parts =
            Parts { settings, store, shelf: shelf(), client, channels: vec![], clock: clock_of_engine, geoip: None };
        let engine = Engine::new(parts);
        engine.start();
        Self { engine, clock }
    }

    pub fn store(&self) -> &Store {
        self.engine.store()
    }

    pub fn set(&self, now: &str) {
        self.clock.store(at(now).0, Ordering::Relaxed);
    }

    /// Appends events that reach us when they happen.
    pub async fn tell(&self, events: Vec<Value>) {
        let event = |mut event: Value| {
            let fields = event.as_object_mut().unwrap();
            let time = at(fields.remove("at").unwrap().as_str().unwrap());
            // What concerns the whole shop is nobody's.
            let contact = fields.remove("contact").map(|contact| contact.as_str().unwrap().parse().unwrap());
            let contacts = contact.into_iter().collect();
            let body: EventBody = serde_json::from_value(event).unwrap();
            NewEvent { key: None, contact: None, contacts, at: time, received: time, due: time, body }
        };
        self.store().append(events.into_iter().map(event).collect()).await.unwrap();
        self.folded().await;
    }

    pub async fn folded(&self) {
        let now = Timestamp(self.clock.load(Ordering::Relaxed));
        eventually("everything is folded", async || {
            let claim = self.store().claim(now, 1).await.ok()?;
            // While something is being folded, it is not known when there will be more to do.
            (claim.contacts.is_empty() && claim.next_due.is_some_and(|due| due > now)).then_some(())
        })
        .await;
    }

    async fn job_done(&self, name: &str, period: &str) {
        eventually(&format!("{name} is done for {period}"), async || {
            let rows = self.store().jobs().await.ok()?;
            rows.into_iter().find(|row| row.name == name && row.period == period && row.state == JobState::Done)
        })
        .await;
    }

    /// Somebody says whether a tag is right that a customer holds since then.
    pub async fn judge(&self, number: usize, tag: &str, since: Timestamp, correct: bool) {
        let phone = format!("+8526000000{number}").parse().unwrap();
        let contact = self.store().contact_of(&phone).await.unwrap().unwrap();
        let (judge, rule, version) = ("ada".into(), "region".into(), String::new());
        let verdict = Verdict { contact, tag: tag.into(), since, judge, rule, version, correct, at: self.engine.now() };
        self.store().judge_tag(&verdict).await.unwrap();
    }

    async fn holders(&self, tag: &str) -> Vec<i64> {
        let mut held = Vec::new();
        for contact in 1..=40 {
            let Some((_, Some(state))) = self.store().contact(hotline::domain::ContactId(contact)).await.unwrap()
            else {
                continue;
            };
            let state = State::unpacked(&state).unwrap();
            if state.facts.holds(tag) {
                held.push(contact);
            }
        }
        held
    }

    pub async fn report(&self, name: &str, from: &str, until: &str) -> Report {
        let knowledge = self.engine.shelf().knowledge();
        let span = Span { from: at(from), until: at(until) };
        let input = ReportInput { store: self.store(), knowledge: &knowledge, span, now: self.engine.now() };
        make(named(name).unwrap(), input).await.unwrap()
    }
}

/// The figure of a report, by entry, name and whose it is.
pub fn figure(report: &Report, entry: &str, name: &str, of: &str) -> Option<f64> {
    let fits =
        |figure: &&hotline::statistics::Figure| (&*figure.entry, &*figure.name, &*figure.of) == (entry, name, of);
    let found = report.figures.iter().find(fits);
    found
        .unwrap_or_else(|| {
            panic!(
                "no {entry} {name} {of} in {:?}",
                report.figures.iter().map(|f| (&f.entry, &f.name, &f.of, f.value, f.cases)).collect::<Vec<_>>()
            )
        })
        .value
}

fn order(contact: usize, day: usize, total: usize) -> Value {
    json!({ "at": format!("2026-02-{day:02}T10:00:00Z"), "contact": format!("+852600000{contact:02}"), "event": "order",
            "order": format!("A-{contact}-{day}"), "state": "paid", "total": total, "currency": "USD",
            "lines": [{ "product": "P-1", "category": "electronics/phone", "price": total }] })
}

/// The end of a quarter in which twenty bought, each for more than the one before.
async fn twenty_bought(database: &Database) -> Shop {
    let shop = Shop::open(database.store().await, "2026-03-30T10:00:00Z");
    shop.job_done("customers", "2025-Q4").await;
    shop.tell((1..=20).map(|n| order(n, n, n * 10)).collect()).await;
    shop
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_told_once_a_quarter_where_they_stand() {
    for database in Database::each().await {
        let shop = twenty_bought(&database).await;
        shop.set("2026-04-01T00:00:30Z");
        shop.job_done("customers", "2026-Q1").await;
        shop.folded().await;
        assert_eq!(shop.holders("band/high").await, [18, 19, 20], "{}", database.kind);
        assert_eq!(shop.holders("rfm/515").await, [17, 18, 19, 20], "{}", database.kind);

        // The same job again, as after a crash between the telling and the noting of it: everybody has heard already.
        let mut row = shop.store().jobs().await.unwrap().into_iter().find(|row| row.name == "customers").unwrap();
        (row.state, row.progress) = (JobState::Running, "null".into());
        shop.store().save_job(&row).await.unwrap();
        shop.job_done("customers", "2026-Q1").await;
        for contact in 1..=20 {
            let thread = shop.store().thread(hotline::domain::ContactId(contact), 100).await.unwrap();
            let told = thread.iter().filter(|event| matches!(event.body, EventBody::Figures(_))).count();
            assert!(told <= 1, "{}: {contact} was told {told} times", database.kind);
        }
        let report = shop.report("customers", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z").await;
        assert_eq!(figure(&report, "MET-20", "share of customers", "band/high"), Some(15.0));
        // 180 + 190 + 200 of 2,100.
        assert_eq!(figure(&report, "MET-20", "share of revenue", "band/high"), Some(27.1));
        assert_eq!(figure(&report, "MET-20", "share of revenue", "top 20 %"), Some(35.2));
        assert_eq!(figure(&report, "SPEND-5", "the top begins above", "top 15 %"), Some(170.0));
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn among_too_few_nobody_stands_anywhere_any_more() {
    for database in Database::each().await {
        let shop = twenty_bought(&database).await;
        shop.set("2026-04-01T00:00:30Z");
        shop.job_done("customers", "2026-Q1").await;
        shop.folded().await;
        assert_eq!(shop.holders("offer/scarcity").await, [18, 19, 20], "{}", database.kind);
        shop.set("2026-05-01T10:00:00Z");
        let returned = json!({ "at": "2026-05-01T10:00:00Z", "contact": "+85260000001", "event": "order",
                               "order": "A-1-1", "state": "returned" });
        shop.tell(vec![returned]).await;
        shop.set("2026-07-01T00:00:30Z");
        shop.job_done("customers", "2026-Q2").await;
        shop.folded().await;
        for tag in ["offer/scarcity", "rfm/515"] {
            assert!(shop.holders(tag).await.is_empty(), "{} {tag}", database.kind);
        }
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_where_it_was_when_the_system_stopped() {
    for database in Database::each().await {
        let shop = twenty_bought(&database).await;
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
        let mut row = shop.store().jobs().await.unwrap().into_iter().find(|row| row.name == "customers").unwrap();
        drop(shop);
        // Twelve customers were told when it stopped, by lines that lay elsewhere than they would be drawn today.
        let cuts = json!({ "bands": [0, 1_500_000], "recency": [0, 0, 0, 0], "frequency": [0], "money": [0, 0] });
        (row.period, row.from, row.due) = ("2026-Q1".into(), at("2026-01-01T00:00:00Z"), at("2026-04-01T00:00:00Z"));
        row.state = JobState::Running;
        row.progress = json!({ "cuts": cuts, "after": 12, "done": 12, "total": 20 }).to_string();
        let store = reopened(&database).await;
        store.save_job(&row).await.unwrap();
        let shop = Shop::open(store, "2026-04-01T00:00:30Z");
        shop.job_done("customers", "2026-Q1").await;
        shop.folded().await;
        assert_eq!(shop.holders("rfm/523").await, (13..=20).collect::<Vec<i64>>(), "{}", database.kind);
        assert_eq!(shop.holders("band/high").await, (16..=20).collect::<Vec<i64>>(), "{}", database.kind);
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

/// The file belongs to one store at a time, and the last one lets go of it when its last task has ended.
async fn reopened(database: &Database) -> Store {
    eventually("the database is free", async || Store::open(&database.url).await.ok()).await
}

/// GOV-5: what a replay of the same timeline does is tests/scenarios/gov/campaign_tags_become_one.jsonl.
#[tokio::test(flavor = "multi_thread")]
async fn tags_of_campaigns_that_are_over_become_one() {
    for database in Database::each().await {
        let shop = Shop::open(database.store().await, "2026-03-02T10:00:00Z");
        shop.job_done("campaigns-over", "2026-03-01").await;
        let campaign = |action: &str, tags: &[&str]| json!({ "at": "2026-03-02T10:00:00Z", "event": "campaign", "campaign": "bf", "action": action, "tags": tags });
        let give = |number: usize, tag: &str| {
            json!({ "at": "2026-03-02T10:00:00Z", "contact": format!("+8526000000{number}"), "event": "agent", "agent": "kim",
                    "action": "tag_add", "tag": tag })
        };
        shop.tell(vec![campaign("start", &["campaign/black-friday"]), give(1, "campaign/black-friday")]).await;
        shop.tell(vec![give(2, "campaign/other"), campaign("end", &[])]).await;
        let (one, other) = (shop.holders("campaign/black-friday").await, shop.holders("campaign/other").await);
        // A day less than 30 is not long enough.
        for (now, day, becomes_one) in
            [("2026-03-31T10:00:30Z", "2026-03-30", false), ("2026-04-02T10:00:30Z", "2026-04-01", true)]
        {
            shop.set(now);
            shop.job_done("campaigns-over", day).await;
            shop.folded().await;
            let (gone, now) = if becomes_one { (vec![], one.clone()) } else { (one.clone(), vec![]) };
            assert_eq!(shop.holders("campaign/black-friday").await, gone, "{}", database.kind);
            assert_eq!(shop.holders("campaign/customer").await, now, "{}", database.kind);
        }
        assert_eq!((one.len(), shop.holders("campaign/other").await), (1, other));
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

fn spring(segment: &str) -> CampaignRow {
    CampaignRow {
        name: "spring".into(),
        segment: segment.into(),
        offer: json!({ "kind": "promotion", "templates": ["spring"], "lasts": "3d" }).to_string(),
        state: CampaignState::Cancelled,
        per_hour: None,
        per_day: None,
        made_by: "ada".into(),
        made_at: at("2026-01-09T04:00:00Z"),
        started_at: None,
        recipients: 0,
        place: Place::default(),
    }
}

/// A quarter of a small shop, told by hand; the figures beside each report were counted by hand, too.
fn a_quarter() -> Vec<Value> {
    let event = |at: &str, contact: usize, mut fields: Value| {
        fields["at"] = format!("2026-{at}:00Z").into();
        fields["contact"] = format!("+8526000000{contact}").into();
        fields
    };
    let order = |number: &str, state: &str, total: i64, key: &str| {
        json!({ "event": "order", "order": number, "state": state, "total": total, "currency": "USD",
                "lines": [{ "product": "P", "category": key, "price": total }] })
    };
    let from_ad = |platform: &str| json!({ "event": "message", "text": "hello", "referral": { "source": "ad", "platform": platform } });
    let case = |action: &str| json!({ "event": "case", "case": "C-1", "kind": "complaint", "action": action });
    let campaign = |action: &str| json!({ "event": "campaign", "campaign": "spring", "action": action });
    let sent = |id: &str| json!({ "event": "sent", "message": id, "kind": "promotion", "campaign": "spring", "by": "campaign:spring" });
    vec![
        event("01-05T04:00", 1, from_ad("instagram")),
        event("01-05T04:10", 2, from_ad("facebook")),
        event("01-06T04:00", 1, json!({ "event": "message", "text": "which is better, the phone or the tablet?" })),
        event("01-07T04:00", 1, order("1", "paid", 300, "electronics/phone")),
        event("01-08T04:00", 2, json!({ "event": "message", "text": "which is better, the phone or the tablet?" })),
        event("01-10T04:00", 3, campaign("recipient")),
        event("01-10T04:00", 4, campaign("recipient")),
        event("01-10T04:01", 3, sent("m-1")),
        event("01-10T04:01", 4, sent("m-2")),
        event("01-10T05:00", 3, campaign("response")),
        event("01-11T04:00", 3, order("2", "paid", 100, "electronics/phone")),
        event("01-12T04:00", 4, order("3", "placed", 50, "electronics/phone")),
        event("01-12T05:00", 4, json!({ "event": "order", "order": "3", "state": "cancelled" })),
        event("01-20T04:00", 3, case("opened")),
        event("01-20T10:00", 3, case("resolved")),
        event("01-27T04:00", 1, order("4", "paid", 100, "electronics/tablet")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_say_what_was_counted_by_hand() {
    for database in Database::each().await {
        let shop = Shop::open(database.store().await, "2026-01-02T10:00:00Z");
        for event in a_quarter() {
            shop.set(event["at"].as_str().unwrap());
            shop.tell(vec![event]).await;
        }
        shop.set("2026-03-31T10:00:00Z");
        shop.folded().await;
        let spent = |source: &str, amount| AdSpend {
            source: source.into(),
            day: "2026-01-04".into(),
            currency: Currency::USD,
            amount,
        };
        shop.store().note_ad_spend(&[spent("ig-ad", 1), spent("fb-ad", 400_000)]).await.unwrap();
        shop.store().note_ad_spend(&[spent("ig-ad", 1_200_000)]).await.unwrap();
        // Somebody says that one of the two who got the campaign does not live where it went.
        shop.store().add_campaign(&spring("country:hk and tag:region/hk")).await.unwrap();
        shop.judge(3, "region/hk", at("2026-01-10T04:00:00Z"), false).await;
        let quarter = ("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z");
        let report = |name: &'static str| shop.report(name, quarter.0, quarter.1);

        let colours = report("colours").await;
        // Both compared; one of them bought within 30 days.
        assert_eq!(figure(&colours, "MET-10", "red that ended in a sale", "colour-compare"), Some(50.0));
        // 3 bought without having been red; the second purchase of 1 came 20 days after the red.
        assert_eq!(figure(&colours, "COLOR-22", "sales without red before", ""), Some(1.0));
        let channels = report("channels").await;
        assert_eq!(figure(&channels, "MET-16", "cost of a new customer", "ig-ad"), Some(120.0));
        assert_eq!(figure(&channels, "MET-16", "cost of a new customer", "fb-ad"), None);
        assert_eq!(figure(&channels, "MET-16", "value of the first order", "ig-ad"), Some(300.0));
        let sending = report("sending").await;
        assert_eq!(figure(&sending, "MET-17", "reached and answered", "spring"), Some(50.0));
        assert_eq!(figure(&sending, "MET-17", "reached and bought", "spring"), Some(50.0));
        assert_eq!(figure(&sending, "MET-18", "messages that went by a wrong tag", ""), Some(100.0));
        assert_eq!(figure(&sending, "MET-18", "customers who got something by a wrong tag", ""), Some(50.0));
        let service = report("service").await;
        assert_eq!(figure(&service, "MET-11", "time to solve a complaint", ""), Some(6.0));
        // Contact 1: two messages in two days; contact 3 only bought, a day after the campaign.
        assert_eq!(figure(&service, "MET-8", "interactions until the first purchase", ""), Some(1.0));
        assert_eq!(figure(&service, "MET-8", "days until the first purchase", ""), Some(1.5));
        let repeat = report("repeat").await;
        assert_eq!(figure(&repeat, "MET-21", "cancelled orders", "hk"), Some(25.0));
        let regions = report("regions").await;
        assert_eq!(figure(&regions, "REG-33", "share of orders", "hk"), Some(100.0));

        let metrics = report("metrics").await;
        let named: std::collections::BTreeSet<&str> =
            metrics.figures.iter().map(|figure| figure.entry.as_str()).collect();
        let missing: Vec<_> = (1..=23).map(|n| format!("MET-{n}")).filter(|entry| !named.contains(&**entry)).collect();
        assert!(missing.is_empty(), "{missing:?} are in no report");

        // When the quarter is over, the reports are made and kept.
        shop.set("2026-04-01T00:00:30Z");
        shop.job_done("reports-of-quarter", "2026-Q1").await;
        let kept = shop.store().kept_report("channels", "2026-Q1").await.unwrap().unwrap();
        assert_eq!(figure(&kept, "MET-16", "cost of a new customer", "ig-ad"), Some(120.0), "{}", database.kind);
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

/// Baskets and amounts need many customers: they are put where the fold puts them.
#[tokio::test(flavor = "multi_thread")]
async fn baskets_and_amounts_of_many_customers() {
    for database in Database::each().await {
        let store = database.store().await;
        // 200 customers: 80 bought boots, 33 bought spray, 20 both; each of the others bought a phone.
        let orders = (1..=200_i64).flat_map(|n| {
            let boots = (n <= 80).then_some("fashion/boots");
            let spray = ((61..=93).contains(&n)).then_some("fashion/spray");
            let phone = (n > 93).then_some("electronics/phone");
            boots.into_iter().chain(spray).chain(phone).map(move |item| (n, item))
        });
        fill(&store, orders.map(|(n, item)| (n, item, 40 + n % 40)).collect()).await;
        let shop = Shop::open(store, "2026-03-31T10:00:00Z");
        let quarter = ("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z");
        let basket = shop.report("basket", quarter.0, quarter.1).await;
        let name = "of who bought the one, bought the other";
        assert_eq!(figure(&basket, "PREF-7", name, "assoc/boots->spray"), Some(25.0), "{}", database.kind);
        assert_eq!(basket.figures.len(), 2, "{:#?}", basket.figures);
        // 220 orders of 40 to 79 dollars, about as many of each: nowhere a break but at the end.
        let amounts = shop.report("amounts", quarter.0, quarter.1).await;
        let bands = amounts.figures.last().unwrap();
        assert_eq!((&*bands.name, bands.cases), ("proposed bands", 220), "{:#?}", amounts.figures);
        // An hour later fewer than a hundred orders are left in the window of an empty shop.
        let before = shop.report("amounts", "2025-01-01T00:00:00Z", "2025-04-01T00:00:00Z").await;
        assert!(before.figures[0].value.is_none() && before.figures[0].note.contains("100 are needed"));
        assert!(shop.engine.stop(Duration::from_secs(10)).await);
    }
}

/// Customers with an order each, as folds leave them.
pub async fn fill(store: &Store, orders: Vec<(i64, &str, i64)>) {
    let paid = at("2026-03-01T10:00:00Z");
    let name = |n: i64| format!("+8526000{n:04}").parse().unwrap();
    let message = |n: i64| NewEvent {
        key: None,
        contact: None,
        contacts: vec![name(n)],
        at: paid,
        received: paid,
        due: paid,
        body: EventBody::Message(hotline::domain::InboundMessage::default()),
    };
    store.append((1..=200).map(message).collect()).await.unwrap();
    let claim = store.claim(paid, 1_000).await.unwrap();
    let folded = claim.contacts.iter().enumerate().map(|(index, contact)| {
        let n = index as i64 + 1;
        let own = orders.iter().filter(|(other, ..)| *other == n).enumerate();
        let rows = own.map(|(place, (_, item, total))| OrderRow {
            number: format!("{n}-{place}"),
            rank: 1,
            placed_at: paid,
            ordered_at: Some(paid),
            paid_at: Some(paid),
            total: Some(total * 10_000),
            currency: Some("USD".into()),
            items: vec![(*item).to_owned()],
        });
        let indexed = Indexed { profile: Some(Profile::default()), orders: rows.collect(), ..Indexed::default() };
        let mut folded = Folded { contact: contact.id, state: Some("{}".into()), indexed, ..Folded::default() };
        folded.seqs = contact.events.iter().map(|event| event.seq).collect();
        (folded.summary.json, folded.summary.handoff) = ("{}".into(), "none");
        folded
    });
    let folded: Vec<Folded> = folded.collect();
    assert_eq!(folded.len(), 200);
    store.commit(claim, folded).await.unwrap();
}

/// Over HTTP and by the command, beside the running server.
#[tokio::test(flavor = "multi_thread")]
async fn jobs_and_reports_are_reached_by_api_and_command() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[TOKEN]).await;
    let call = async |method: &str, path: &str, body: Value| {
        let url = format!("http://{address}/api/v1/{path}");
        let request = http().request(method.parse().unwrap(), url).bearer_auth(TOKEN.1).body(body.to_string());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let kept = eventually("the month's reports are kept", async || {
        let (_, body) = call("GET", "reports", Value::Null).await;
        let body: Value = serde_json::from_str(&body).ok()?;
        let reports = body["reports"].as_array()?;
        let service = reports.iter().find(|report| report["name"] == "service")?;
        Some(service["kept"].as_array()?.first()?.as_str()?.to_owned())
    })
    .await;
    let (status, body) = call("GET", "jobs", Value::Null).await;
    assert!(status == 200 && body.contains("\"customers\"") && body.contains("\"quarter\""), "{body}");
    let (status, body) = call("GET", &format!("reports/service?period={kept}"), Value::Null).await;
    assert!(status == 200 && body.contains("MET-11"), "{body}");
    assert_eq!(call("GET", "reports/service?period=1999-01", Value::Null).await.0, 404);
    assert_eq!(call("GET", "reports/nonsense", Value::Null).await.0, 404);
    assert_eq!(call("GET", "reports/service?since=monday", Value::Null).await.0, 422);
    let (status, body) = call("GET", "reports/metrics?since=2026-01-01T00:00:00Z", Value::Null).await;
    assert!(status == 200 && body.contains("MET-23"), "{body}");
    let spent = json!([{ "source": "ig-ad", "day": "2026-07-29", "amount": 120.5, "currency": "USD" }]);
    assert_eq!(call("PUT", "ad-spend", spent).await, (200, "{\"noted\":1}".into()));
    let wrong = json!([{ "source": "IG Ad", "day": "2026-07-29", "amount": 1, "currency": "USD" }]);
    assert_eq!(call("PUT", "ad-spend", wrong).await.0, 422);

    let told = |arguments: &[&str]| {
        let mut command = binary_on(&database);
        let output = command.arg("report").args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    assert!(told(&[]).contains("reports-of-month   every month    done"), "{}", told(&[]));
    let service = told(&["service", "--period", &kept]);
    assert!(service.contains("MET-3") && service.contains("(at most 5: unknown)"), "{service}");
    assert!(told(&["nonsense"]).contains("there are: amounts, basket"));
}
