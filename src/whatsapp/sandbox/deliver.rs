//! Webhooks on their way: signed, concurrent, again after a refusal; twice, late, together or not at all where a fault says so.

use std::time::Duration;

use axum::response::Response;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::failures::refuse;
use super::faults::{Faults, happens};
use super::people::Person;
use super::{Sandbox, wire};
use crate::whatsapp::signature;

/// When a webhook that was refused is delivered again, in seconds from the first time; after the last of these every so many more, until
/// then. Our own convention (section 9, point 3).
const RETRIES_S: [u64; 6] = [10, 60, 300, 1_800, 7_200, 21_600];
const THEN_EVERY_S: u64 = 12 * 3_600;
const UNTIL_S: u64 = 7 * 24 * 3_600;
/// How long what goes into one webhook together is waited for.
const GATHERED_FOR: Duration = Duration::from_millis(100);
/// The longest address of an override (section 1.7).
const LONGEST_ADDRESS: usize = 200;

/// The handshake of section 1.1.
pub(super) async fn verify(sandbox: &Sandbox) -> Result<(), String> {
    let settings = &sandbox.inner.settings;
    handshake(sandbox, &settings.webhook, settings.verify_token.expose_secret()).await?;
    sandbox.inner.verified.send_replace(true);
    Ok(())
}

/// The same of any address.
pub(super) async fn handshake(sandbox: &Sandbox, address: &str, token: &str) -> Result<(), String> {
    let challenge = rand::random_range(1_000_000_000_u64..9_999_999_999).to_string();
    let query = [("hub.mode", "subscribe"), ("hub.challenge", &challenge), ("hub.verify_token", token)];
    let url = reqwest::Url::parse_with_params(address, query).map_err(|error| error.to_string())?;
    // Without its address, in which the token stands.
    let failed = |error: reqwest::Error| format!("{address}: {}", causes(&error.without_url()));
    let response = sandbox.inner.http.get(url).send().await.map_err(failed)?;
    let status = response.status();
    let text = response.text().await.unwrap_or_default();
    if status != 200 || text != challenge {
        return Err(format!("{address} answered {status} without the challenge"));
    }
    Ok(())
}

/// The other address that a call names, if it names one and that answers the handshake.
pub(super) async fn elsewhere(sandbox: &Sandbox, call: &Value) -> Result<Option<String>, Box<Response>> {
    let refused = |why: &str| Box::new(refuse(100, why));
    let Some(address) = call["override_callback_uri"].as_str().filter(|address| !address.is_empty()) else {
        return Ok(None);
    };
    if address.len() > LONGEST_ADDRESS {
        return Err(refused(&format!("override_callback_uri is longer than {LONGEST_ADDRESS} characters")));
    }
    let token = call["verify_token"].as_str().ok_or_else(|| refused("verify_token is required"))?;
    handshake(sandbox, address, token).await.map_err(|why| refused(&why))?;
    Ok(Some(address.to_owned()))
}

/// What went wrong, to its root.
fn causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
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
    let faults = sandbox.inner.faults();
    if happens(faults.drop) {
        return;
    }
    if faults.batch <= 1 {
        return deliver(sandbox, body, &faults);
    }
    let mut waiting = sandbox.inner.waiting();
    waiting.push(body);
    let (count, sandbox) = (waiting.len(), sandbox.clone());
    drop(waiting);
    match count {
        1 => drop(tokio::spawn(async move {
            tokio::time::sleep(GATHERED_FOR).await;
            deliver_waiting(&sandbox);
        })),
        count if count >= faults.batch => deliver_waiting(&sandbox),
        _ => {}
    }
}

/// Delivers all that was gathered as one body.
fn deliver_waiting(sandbox: &Sandbox) {
    let bodies = std::mem::take(&mut *sandbox.inner.waiting());
    if let Some(body) = wire::joined(bodies) {
        deliver(sandbox, body, &sandbox.inner.faults());
    }
}

fn deliver(sandbox: &Sandbox, body: Value, faults: &Faults) {
    let late = if happens(faults.reorder) { rand::random_range(5..80) } else { 0 };
    let wait = Duration::from_millis(faults.delay_ms + late);
    let of_messages =
        body["entry"].as_array().into_iter().flatten().all(|entry| entry["changes"][0]["field"] == "messages");
    let Some(address) = sandbox.inner.account().address(of_messages, &sandbox.inner.settings.webhook) else { return };
    let body = wire::bytes(&body);
    if happens(faults.duplicates) {
        tokio::spawn(post(sandbox.clone(), address.clone(), body.clone(), wait));
    }
    tokio::spawn(post(sandbox.clone(), address, body, wait));
}

/// Posts until it is answered with 200, or there is no further try.
async fn post(sandbox: Sandbox, address: String, body: Vec<u8>, wait: Duration) {
    let inner = &sandbox.inner;
    tokio::time::sleep(wait).await;
    // Nothing goes to an endpoint that did not answer the handshake.
    if inner.verified.subscribe().wait_for(|verified| *verified).await.is_err() {
        return;
    }
    let signed = signature::sign(&inner.settings.app_secret, &body);
    let mut waits = inner.settings.retries.iter();
    loop {
        let request = inner.http.post(&address).header("content-type", "application/json");
        let request = request.header("x-hub-signature-256", &signed).timeout(Duration::from_secs(20));
        if request.body(body.clone()).send().await.is_ok_and(|response| response.status() == 200) {
            return inner.count(|counters| counters.delivered += 1);
        }
        let Some(wait) = waits.next() else { return };
        tokio::time::sleep(*wait).await;
        inner.count(|counters| counters.retried += 1);
    }
}

/// The waits before the further tries of a webhook that was refused, `factor` times as long as the sandbox's own convention for
/// Meta's (section 9, point 3), which publishes none.
pub fn retries(factor: f64) -> Vec<Duration> {
    let last = RETRIES_S[RETRIES_S.len() - 1];
    let later = (1..).map(|n| last + n * THEN_EVERY_S).take_while(|at| *at <= UNTIL_S);
    let mut before = 0;
    let wait = |at: u64| Duration::from_secs(at - std::mem::replace(&mut before, at)).mul_f64(factor);
    RETRIES_S.into_iter().chain(later).map(wait).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_webhook_is_delivered_again_for_seven_days() {
        let waits = retries(1.0);
        let seconds: Vec<_> = waits.iter().take(7).map(Duration::as_secs).collect();
        assert_eq!(seconds, [10, 50, 240, 1_500, 5_400, 14_400, 43_200]);
        assert_eq!(waits.iter().map(Duration::as_secs).sum::<u64>(), 162 * 3_600, "the last time within seven days");
        assert_eq!(retries(0.01)[0], Duration::from_millis(100));
    }
}
