//! Who asked for it is told outside of the page: of each customer who begins to wait for a person, and of their own who write. In a real
//! browser, whose worker shows it.

use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::browser::{Shop, run, say, there};
use crate::db::{Database, eventually};

/// Nobody looks at the page, and what the worker is to show is kept.
const AWAY: &str = "window.told = []; Object.defineProperty(document, 'hidden', { configurable: true, get: () => true }); \
    Object.defineProperty(Notification, 'permission', { configurable: true, get: () => 'granted' }); \
    ServiceWorkerRegistration.prototype.showNotification = function (says, { data }) { \
    if (this.active) window.told.push([says, data]); return Promise.resolve(); };";

async fn told(agent: &Client, wanted: Value) {
    eventually(&wanted.to_string(), async || (run(agent, "return window.told").await == wanted).then_some(())).await;
    run(agent, "window.told = []").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_new_lead_and_ones_own_customers_are_told_of_and_led_to() {
    let database = Database::sqlite();
    let Some(shop) = Shop::open(&database, 360).await else { return };
    let (agent, phone, base) = (shop.agent.clone(), shop.phone.clone(), shop.base.clone());
    let asks = async |number: &str, name: &str| say(&phone, number, name, "I want to talk to a person").await;

    // On a phone, too, it can be asked for.
    let ask = "return !!navigator.serviceWorker && document.getElementById('call-me').checkVisibility() === \
               (Notification.permission === 'default')";
    assert_eq!(run(&agent, ask).await, true);
    run(&agent, AWAY).await;
    asks("+85251234567", "Wing").await;
    told(&agent, json!([["A customer waits for a person", "/inbox/hot/1"]])).await;

    // A colleague takes one at the moment at which another comes: as many wait, and one of them is new.
    run(&agent, "refreshing = true").await;
    let take = "const form = new URLSearchParams({ csrf: document.querySelector('[name=csrf]').value, view: 'hot', agent: '' }); \
                return fetch('/contact/1/take', { method: 'POST', body: form }).then((answer) => answer.ok)";
    assert_eq!(run(&agent, take).await, true);
    asks("+12125550142", "Ada").await;
    let hot = "return fetch('/fragment/alerts').then((answer) => answer.text())";
    eventually("she waits", async || {
        run(&agent, hot).await.as_str().filter(|html| html.contains("data-calls=\"2\"")).map(drop)
    })
    .await;
    run(&agent, "refreshing = false; refresh()").await;
    told(&agent, json!([["A customer waits for a person", "/inbox/hot/2"]])).await;

    // Whom she is in charge of writes, and writes again.
    for _ in 0..2 {
        say(&phone, "+85251234567", "Wing", "are you there?").await;
        told(&agent, json!([["Your customer has written", "/inbox/mine/1"]])).await;
    }

    // A sound or picture that cannot be fetched says so, and stays as it is where nothing else is new.
    run(&agent, "Object.defineProperty(document, 'hidden', { configurable: true, get: () => false })").await;
    let picture = "say({ number: '+85251234567', name: 'Wing' }, { image: { caption: 'this one' } })";
    phone.execute(picture, vec![]).await.unwrap();
    agent.goto(&format!("{base}/inbox/mine/1")).await.unwrap();
    there(&agent, ".messages img").await;
    run(&agent, "document.querySelector('.messages img').dispatchEvent(new Event('error'))").await;
    let says = async || agent.find(Locator::Css(".messages a .stop")).await.ok()?.text().await.ok();
    assert_eq!(eventually("it says so", says).await, "This file cannot be fetched just now.");
    run(&agent, "document.querySelector('.messages a .stop').id = 'same'").await;
    run(&agent, "return refreshThread().then(() => true)").await;
    there(&agent, "#same").await;
    agent.close().await.unwrap();
    phone.close().await.unwrap();
}
