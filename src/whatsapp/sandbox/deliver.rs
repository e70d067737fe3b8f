//! Webhooks on their way: signed, concurrent, again after a refusal, twice or late where a fault says so.

use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::state::{Customer, Said};
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

/// A customer's message: on their own screen, and on its way.
pub(super) fn inbound(sandbox: &Sandbox, customer: &Customer, said: &Said) -> String {
    let inner = &sandbox.inner;
    let (number, now) = (customer.wa_id(), inner.now());
    let id = wire::wamid(&number, false);
    inner.graph().wrote(&number, now);
    inner.heard().add(&id);
    let mut message = json!({ "from": number, "id": id, "timestamp": (now.0 / 1000).to_string() });
    let (kind, body, shown) = match said {
        Said::Text(text) => ("text", json!({ "body": text }), text.clone()),
        Said::FromAd { text, headline } => {
            message["referral"] = json!({
                "source_url": "https://fb.me/sandbox", "source_id": "120200000000000001", "source_type": "ad",
                "headline": headline, "media_type": "image", "ctwa_clid": format!("Aff-{}", wire::wamid(&number, false)),
            });
            ("text", json!({ "body": text }), text.clone())
        }
        Said::Button { id, title } => {
            let reply = json!({ "type": "button_reply", "button_reply": { "id": id, "title": title } });
            ("interactive", reply, title.clone())
        }
        Said::Row { id, title } => {
            let reply = json!({ "type": "list_reply", "list_reply": { "id": id, "title": title } });
            ("interactive", reply, title.clone())
        }
        Said::Location { latitude, longitude } => {
            ("location", json!({ "latitude": latitude, "longitude": longitude }), "📍".into())
        }
        Said::Image { caption } => {
            let image = json!({ "id": "800000000000001", "mime_type": "image/jpeg", "sha256": "", "caption": caption });
            ("image", image, format!("🖼 {caption}"))
        }
    };
    message["type"] = kind.into();
    message[kind] = body;
    inner.show(&number, json!({ "id": id, "mine": true, "text": shown, "at": now.0 }));
    let value = value(sandbox, &number, Some(&customer.name), "messages", message);
    send(sandbox, wire::envelope("messages", value));
    id
}

/// A marketing preference (section 2.11).
pub(super) fn preference(sandbox: &Sandbox, customer: &Customer, wants: bool) {
    let number = customer.wa_id();
    sandbox.inner.graph().set_marketing_stopped(&number, !wants, sandbox.inner.now());
    let entry = json!({
        "wa_id": number, "detail": "User preference for marketing messages", "category": "marketing_messages",
        "value": if wants { "resume" } else { "stop" }, "timestamp": sandbox.inner.now().0 / 1000,
    });
    let value = value(sandbox, &number, Some(&customer.name), "user_preferences", entry);
    send(sandbox, wire::envelope("user_preferences", value));
}

/// What every status of a message tells.
pub(super) struct Told {
    pub(super) id: String,
    pub(super) callback: Value,
    pub(super) pricing: Value,
}

/// A status of one of our messages (section 2.7).
pub(super) fn status(sandbox: &Sandbox, number: &str, sent: &Told, name: &str, error: Option<&Value>) {
    let Told { id, callback, pricing } = sent;
    let mut status = json!({
        "id": id, "status": name, "timestamp": (sandbox.inner.now().0 / 1000).to_string(), "recipient_id": number,
    });
    if !callback.is_null() {
        status["biz_opaque_callback_data"] = callback.clone();
    }
    if let Some(error) = error {
        status["errors"] = json!([error]);
    } else if name != "read" {
        status["pricing"] = pricing.clone();
    }
    sandbox.inner.set_status(number, id, name);
    send(sandbox, wire::envelope("messages", value(sandbox, number, None, "statuses", status)));
}

fn value(sandbox: &Sandbox, number: &str, name: Option<&str>, key: &str, element: Value) -> Value {
    let channel = &sandbox.inner.settings.phone_number_id;
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "13125550100", "phone_number_id": channel },
    });
    if let Some(name) = name {
        value["contacts"] = json!([{ "profile": { "name": name }, "wa_id": number }]);
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
