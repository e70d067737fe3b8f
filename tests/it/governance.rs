//! What is watched over all contacts, and the set of tags, on both databases and over real HTTP.

use hotline::domain::{Colour, Timestamp};
use hotline::governance::{Alert, Mix};
use serde_json::{Value, json};

use crate::app::{App, free_address, http, sandbox};
use crate::db::{Database, eventually};

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn alert(name: &str, what: &str) -> Alert {
    Alert { name: name.into(), what: what.into(), advice: String::new() }
}

#[tokio::test]
async fn an_alert_begins_once_goes_on_and_ends() {
    for database in Database::each().await {
        let store = database.store().await;
        let own = ["red-share", "grey-share"];
        let red = alert("red-share", "16 of 100");
        let begun = store.set_alerts(&own, std::slice::from_ref(&red), NOW).await.unwrap();
        assert_eq!(begun, [red], "{}", database.kind);
        // Another who watches something else ends none of these.
        let quality = alert("number-quality", "it fell");
        assert_eq!(
            store.set_alerts(&["number-quality"], std::slice::from_ref(&quality), NOW).await.unwrap(),
            [quality]
        );
        let red = alert("red-share", "17 of 100");
        let later = Timestamp(NOW.0 + 1_000);
        assert!(store.set_alerts(&own, std::slice::from_ref(&red), later).await.unwrap().is_empty());
        let rows = store.alerts(NOW).await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.alert.what.as_str(), row.since, row.until)).collect();
        assert_eq!(told, [("it fell", NOW, None), ("17 of 100", NOW, None)]);
        assert!(store.set_alerts(&own, &[], later).await.unwrap().is_empty());
        let rows = store.alerts(later).await.unwrap();
        assert_eq!(rows.iter().filter(|row| row.until == Some(later)).count(), 1);
        assert_eq!(store.alerts(Timestamp(later.0 + 1)).await.unwrap().len(), 1, "what ended long ago is not told");
    }
}

#[tokio::test]
async fn colours_of_a_day_are_kept_as_they_were_at_its_end() {
    for database in Database::each().await {
        let store = database.store().await;
        let mix = |red, grey| {
            let mut mix = Mix::default();
            mix.add(Colour::Red as i64, red);
            mix.add(Colour::Grey as i64, grey);
            mix.add(-1, 3);
            mix
        };
        for (day, red) in [("2026-03-01", 1), ("2026-03-02", 2), ("2026-03-02", 5), ("2026-03-03", 3)] {
            store.keep_colour_day(day, &mix(red, 4)).await.unwrap();
        }
        let days = store.colour_days("2026-03-02", "2026-03-03").await.unwrap();
        assert_eq!(days, [("2026-03-02".to_owned(), mix(5, 4))], "{}", database.kind);
        assert_eq!(days[0].1.contacts, 12);
    }
}

const TOKEN: &str = "token-of-the-api";

/// The binary with its API open.
async fn serve(database: &Database) -> (App, reqwest::Client, String) {
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 1000).await;
    let app = App::start(address, graph, database, &[("HOTLINE_API__TOKEN", TOKEN)]).await;
    (app, http(), format!("http://{address}/api/v1"))
}

async fn get(http: &reqwest::Client, url: &str) -> Value {
    let answer = http.get(url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.json().await.unwrap()
}

/// F-27, live: 16 red of 100.
#[tokio::test(flavor = "multi_thread")]
async fn sixteen_red_of_a_hundred_stand_at_the_api_until_they_are_fewer() {
    for database in Database::each().await {
        let (_app, http, api) = serve(&database).await;
        let event = |n: usize, event: Value| {
            let mut event = event;
            event["contact"] = json!(format!("+852610000{n:02}"));
            event
        };
        let post = async |events: Vec<Value>| {
            let answer = http.post(format!("{api}/events")).bearer_auth(TOKEN).json(&events).send().await.unwrap();
            assert_eq!(answer.status(), 202);
        };
        let red = |n| event(n, json!({ "event": "agent", "agent": "ana", "action": "colour", "colour": "red" }));
        let yellow = |n| event(n, json!({ "event": "agent", "agent": "ana", "action": "colour", "colour": "yellow" }));
        post((0..100).map(|n| if n < 16 { red(n) } else { yellow(n) }).collect()).await;
        let names = async || {
            let told = get(&http, &format!("{api}/alerts")).await;
            told["alerts"].as_array().unwrap().iter().map(|alert| alert["what"].clone()).collect::<Vec<_>>()
        };
        let wanted = json!("16 of 100 contacts are red (more than 15 %)");
        eventually("the alert stands", async || (names().await == [wanted.clone()]).then_some(())).await;
        post(vec![yellow(0)]).await;
        eventually("the alert is over", async || names().await.is_empty().then_some(())).await;
        let told = get(&http, &format!("{api}/alerts")).await;
        assert_eq!(told["ended"][0]["name"], "red-share");
    }
}
