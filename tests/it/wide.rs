//! Events of the whole shop reach those whom they concern, on both databases: each once, also after a restart, and so that a
//! replay of the journal reaches the same.

use std::sync::Arc;

use hotline::config::Settings;
use hotline::domain::{ContactId, EventBody, Timestamp};
use hotline::engine::knowledge::{Folders, Shelf};
use hotline::engine::{Engine, Parts};
use hotline::store::{NewEvent, Store};
use hotline::whatsapp::client::{Client, install_tls};
use serde_json::json;

use crate::db::{Database, eventually};
use crate::law::{holds_in, rows};

/// 2026-03-02, noon in Jakarta.
const NOW: Timestamp = Timestamp(1_772_427_600_000);
/// More than one step takes.
const PEOPLE: usize = 620;

fn event(contact: Option<usize>, at: Timestamp, body: serde_json::Value) -> NewEvent {
    let contacts = contact.map(|n| format!("+62812{:07}", n).parse().unwrap()).into_iter().collect();
    let body: EventBody = serde_json::from_value(body).unwrap();
    NewEvent { key: None, contact: None, contacts, at, received: NOW, due: NOW, body }
}

fn engine(store: &Store, shelf: &Arc<Shelf>) -> Engine {
    install_tls();
    let settings = Arc::new(Settings::defaults());
    let client = Client::new(&settings.whatsapp, &"token".into()).unwrap();
    let (store, shelf) = (store.clone(), shelf.clone());
    let engine =
        Engine::new(Parts { settings, store, shelf, client, channels: vec![], clock: Arc::new(|| NOW), geoip: None });
    engine.start();
    engine
}

async fn reached(database: &Database) -> usize {
    rows(database, "select cast(contact_id as text) from journal where kind = 'weather' and contact_id is not null")
        .await
        .len()
}

#[tokio::test]
async fn the_weather_of_a_city_reaches_everybody_there_once() {
    let settings = Arc::new(Settings::defaults());
    let shelf = Shelf::open(Folders::default(), settings).unwrap_or_else(|problems| panic!("{problems:?}"));
    for database in Database::each().await {
        let store = Store::open(&database.url).await.unwrap();
        let lives = |n: usize| {
            let city = if n.is_multiple_of(31) { "Surabaya" } else { "Jakarta" };
            event(Some(n), NOW, json!({ "event": "profile", "field": "city", "value": city }))
        };
        store.append((0..PEOPLE).map(lives).collect()).await.unwrap();
        let there = (0..PEOPLE).filter(|n| !n.is_multiple_of(31)).count();
        let first = engine(&store, &shelf);
        eventually("everybody is folded", async || {
            let tags = rows(&database, "select tag from held_tags where tag = 'region/city/jakarta'").await;
            (tags.len() == there).then_some(())
        })
        .await;
        let day = |day: usize| json!({ "event": "weather", "place": "Jakarta", "date": format!("2026-03-0{day}"), "max_c": 33.5 });
        let hot = (1..=3).map(|n| event(None, Timestamp(NOW.0 - 86_400_000 * (3 - n as i64)), day(n)));
        store.append(hot.collect()).await.unwrap();
        // Stopped somewhere on the way, and begun anew.
        eventually("some have it", async || (reached(&database).await > 0).then_some(())).await;
        assert!(first.stop(std::time::Duration::from_secs(10)).await);
        let second = engine(&store, &shelf);
        eventually("all have it", async || {
            let tags = rows(&database, "select tag from held_tags where tag like 'weather/extreme-heat-%'").await;
            (tags.len() == there).then_some(())
        })
        .await;
        assert_eq!(reached(&database).await, 3 * there, "{}: each once", database.kind);
        assert!(second.stop(std::time::Duration::from_secs(10)).await);
        assert!(store.concerned(&["region/city/*".into()], ContactId(0), 1_000).await.unwrap().len() == PEOPLE);
        holds_in(&database).await;
    }
}

#[tokio::test]
async fn hot_days_also_count_for_those_of_whom_it_is_known_only_since_that_they_are_there() {
    let settings = Arc::new(Settings::defaults());
    let shelf = Shelf::open(Folders::default(), settings).unwrap_or_else(|problems| panic!("{problems:?}"));
    for database in Database::each().await {
        let store = Store::open(&database.url).await.unwrap();
        let engine = engine(&store, &shelf);
        let ago = |days: i64| Timestamp(NOW.0 - 86_400_000 * days);
        let hot = |days: i64, date: &str| {
            event(None, ago(days), json!({ "event": "weather", "place": "Jakarta", "date": date, "max_c": 33.5 }))
        };
        let profile = |at, field: &str, value: &str| {
            event(Some(0), at, json!({ "event": "profile", "field": field, "value": value }))
        };
        let first = vec![profile(ago(5), "company", "Acme"), hot(2, "2026-02-28"), hot(1, "2026-03-01")];
        store.append(first).await.unwrap();
        eventually("nobody is there", async || store.next_wide(&["weather"]).await.unwrap().is_none().then_some(()))
            .await;
        store.append(vec![profile(NOW, "city", "Jakarta")]).await.unwrap();
        let holds = async |tag: &str| {
            let held = rows(&database, &format!("select tag from held_tags where tag = '{tag}'")).await;
            (!held.is_empty()).then_some(())
        };
        eventually("it is known where they are", async || holds("region/city/jakarta").await).await;
        assert_eq!(reached(&database).await, 0);
        store.append(vec![hot(0, "2026-03-02")]).await.unwrap();
        eventually("three hot days", async || holds("weather/extreme-heat-beverage").await).await;
        assert_eq!(reached(&database).await, 3, "{}", database.kind);
        assert!(engine.stop(std::time::Duration::from_secs(10)).await);
        holds_in(&database).await;
    }
}
