//! Webhooks on their way: signed, concurrent, again after a refusal, twice or late where a fault says so.

use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::people::Person;
use super::{Sandbox, wire};
use crate::whatsapp::signature;

/// Deliveries of one webhook before it is given up: with an hour between the later ones, about the seven days of Meta.
const MOST_TRIES: u32 = 170;

/// The handshake of section 1.1.
pub(super) async fn verify(sandbox: &Sandbox) -> Result<(), String> {
    let settings = &sandbox.inner.settings;
    let challenge = rand::random_range(1_000_000_000_u64..9_999_999_999).to_string();
    let token = settings.verify_token.expose_secret();
    let query = [("hub.mode", "subscribe"), ("hub.challenge", &challenge), ("hub.verify_token", token)];
    let url = reqwest::Url::parse_with_params(&settings.webhook, query).map_err(|error| error.to_string())?;
    let response = sandbox.inner.http.get(url).send().await.map_err(|error| error.to_string())?;
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    if status != 200 || text != challenge {
        return Err(format!("{} answered {status} without the challenge", settings.webhook));
    }
    sandbox.inner.verified.store(true, Ordering::Relaxed);
    Ok(())
}

/// The value of a webhook of our number, about one person where they are told of (section 2.1).
pub(super) fn value(sandbox: &Sandbox, person: Option<&Person>, key: &str, element: Value) -> Value {
    let channel = &sandbox.inner.settings.phone_number_id;
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": wire::OUR_NUMBER, "phone_number_id": channel },
    });
    if let Some(person) = person {
        value["contacts"] = json!([person.card()]);
    }
    value[key] = json!([element]);
    value
}

/// Delivers a body, in a task of its own: deliveries are concurrent and keep no order.
pub(super) fn send(sandbox: &Sandbox, body: Value) {
    let sandbox = sandbox.clone();
    tokio::spawn(async move {
        let body = wire::bytes(&body);
        let faults = sandbox.inner.faults();
        if rand::random_bool(faults.reorder.clamp(0.0, 1.0)) {
            tokio::time::sleep(Duration::from_millis(rand::random_range(5..80))).await;
        }
        let copies = if rand::random_bool(faults.duplicates.clamp(0.0, 1.0)) { 2 } else { 1 };
        for _ in 0..copies {
            tokio::spawn(deliver(sandbox.clone(), body.clone()));
        }
    });
}

async fn deliver(sandbox: Sandbox, body: Vec<u8>) {
    let inner = &sandbox.inner;
    let mut wait = inner.settings.retry_after;
    let signed = signature::sign(&inner.settings.app_secret, &body);
    for attempt in 0..MOST_TRIES {
        if attempt > 0 {
            tokio::time::sleep(wait).await;
            wait = (wait * 4).min(inner.settings.retry_at_most);
            inner.count(|counters| counters.retried += 1);
        }
        if !inner.verified.load(Ordering::Relaxed) {
            continue;
        }
        let request = inner.http.post(&inner.settings.webhook).header("content-type", "application/json");
        let request = request.header("x-hub-signature-256", &signed).timeout(Duration::from_secs(20));
        if request.body(body.clone()).send().await.is_ok_and(|response| response.status() == 200) {
            inner.count(|counters| counters.delivered += 1);
            return;
        }
    }
}
