//! Jobs over all contacts, on both databases: what they count, that it counts once, that they go on after a restart, and that
//! a replay of the journal reaches the same.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hotline::config::Settings;
use hotline::domain::{EventBody, Timestamp};
use hotline::engine::knowledge::{Folders, Shelf};
use hotline::engine::reports::{Desk, make, named};
use hotline::engine::{Engine, Parts};
use hotline::statistics::{Report, Span};
use hotline::store::{JobState, NewEvent, Store};
use hotline::whatsapp::client::{Client, install_tls};
use serde_json::{Value, json};

use crate::db::{Database, eventually};

/// An engine with a clock that the test sets, and no number to send by.
struct Shop {
    engine: Engine,
    clock: Arc<AtomicI64>,
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// Reading all dictionaries takes a while: once for all tests.
fn shelf() -> Arc<Shelf> {
    static SHELF: OnceLock<Arc<Shelf>> = OnceLock::new();
    let open = || Shelf::open(Folders::default(), Arc::new(Settings::defaults()));
    SHELF.get_or_init(|| Arc::new(open().unwrap_or_else(|problems| panic!("{problems:?}")))).clone()
}

impl Shop {
    fn open(store: Store, now: &str) -> Self {
        install_tls();
        let clock = Arc::new(AtomicI64::new(at(now).0));
        let settings = Arc::new(Settings::defaults());
        let client = Client::new(&settings.whatsapp, &"token".into()).unwrap();
        let told = clock.clone();
        let clock_of_engine = Arc::new(move || Timestamp(told.load(Ordering::Relaxed)));
        let parts = Parts { settings, store, shelf: shelf(), client, channels: vec![], clock: clock_of_engine };
        Self { engine: Engine::start(parts), clock }
    }

    fn store(&self) -> &Store {
        self.engine.store()
    }

    fn set(&self, now: &str) {
        self.clock.store(at(now).0, Ordering::Relaxed);
    }

    /// Appends events that reach us when they happen.
    async fn tell(&self, events: Vec<Value>) {
        let event = |mut event: Value| {
            let fields = event.as_object_mut().unwrap();
            let time = at(fields.remove("at").unwrap().as_str().unwrap());
            let contacts = vec![fields.remove("contact").unwrap().as_str().unwrap().parse().unwrap()];
            let body: EventBody = serde_json::from_value(event).unwrap();
            NewEvent { key: None, contact: None, contacts, at: time, received: time, due: time, body }
        };
        self.store().append(events.into_iter().map(event).collect()).await.unwrap();
        self.folded().await;
    }

    async fn folded(&self) {
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

    async fn holders(&self, tag: &str) -> Vec<i64> {
        let mut held = Vec::new();
        for contact in 1..=40 {
            let Some((_, Some(state))) = self.store().contact(hotline::domain::ContactId(contact)).await.unwrap()
            else {
                continue;
            };
            let state: Value = serde_json::from_str(&state).unwrap();
            if state["facts"]["tags"].get(tag).is_some() {
                held.push(contact);
            }
        }
        held
    }

    async fn report(&self, name: &str, from: &str, until: &str) -> Report {
        let knowledge = self.engine.shelf().knowledge();
        let span = Span { from: at(from), until: at(until) };
        let desk = Desk { store: self.store(), knowledge: &knowledge, span, now: self.engine.now() };
        make(named(name).unwrap(), desk).await.unwrap()
    }
}

/// The figure of a report, by entry, name and whose it is.
fn figure(report: &Report, entry: &str, name: &str, of: &str) -> Option<f64> {
    let fits =
        |figure: &&hotline::statistics::Figure| (&*figure.entry, &*figure.name, &*figure.of) == (entry, name, of);
    let found = report.figures.iter().find(fits);
    found.unwrap_or_else(|| panic!("no {entry} {name} {of} in {:#?}", report.figures)).value
}

fn order(contact: usize, day: usize, total: usize) -> Value {
    json!({ "at": format!("2026-02-{day:02}T10:00:00Z"), "contact": format!("+852600000{contact:02}"), "event": "order",
            "order": format!("A-{contact}-{day}"), "state": "paid", "total": total, "currency": "USD",
            "lines": [{ "product": "P-1", "category": "electronics/phone", "price": total }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_told_once_a_quarter_where_they_stand() {
    for database in Database::each().await {
        let shop = Shop::open(database.store().await, "2026-03-30T10:00:00Z");
        shop.job_done("customers", "2025-Q4").await;
        shop.tell((1..=20).map(|n| order(n, n, n * 10)).collect()).await;
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
async fn a_job_goes_on_where_it_was_when_the_system_stopped() {
    for database in Database::each().await {
        let shop = Shop::open(database.store().await, "2026-03-30T10:00:00Z");
        shop.job_done("customers", "2025-Q4").await;
        shop.tell((1..=20).map(|n| order(n, n, n * 10)).collect()).await;
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
