//! Meta's webhook: the verification handshake, and deliveries that are answered 200 only once they are durable.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use std::time::Instant;

use crate::config::{Auth, WhatsApp};
use crate::engine::Engine;
use crate::whatsapp::signature;

/// `GET|POST /webhook/whatsapp`.
pub fn router(engine: Engine) -> Router {
    let limit = engine.settings().limits.webhook_bytes;
    Router::new()
        .route("/webhook/whatsapp", get(verify).post(deliver))
        .layer(DefaultBodyLimit::max(limit))
        .with_state(engine)
}

#[derive(Deserialize)]
struct Handshake {
    #[serde(rename = "hub.mode", default)]
    mode: String,
    #[serde(rename = "hub.challenge", default)]
    challenge: String,
    #[serde(rename = "hub.verify_token", default)]
    token: String,
}

/// The challenge comes back byte for byte if the word is ours (section 1.1).
async fn verify(State(engine): State<Engine>, Query(handshake): Query<Handshake>) -> Response {
    let expected = engine.settings().whatsapp.verify_token.as_ref();
    let ours = expected.is_some_and(|expected| signature::same_token(expected, &handshake.token));
    if ours && handshake.mode == "subscribe" {
        return (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain")], handshake.challenge).into_response();
    }
    (StatusCode::FORBIDDEN, "The verify token is not the one in HOTLINE_WHATSAPP__VERIFY_TOKEN.\n").into_response()
}

async fn deliver(State(engine): State<Engine>, headers: HeaderMap, body: Bytes) -> Response {
    let started = Instant::now();
    let response = take(&engine, &headers, body).await;
    metrics::histogram!("hotline_webhook_seconds").record(started.elapsed().as_secs_f64());
    let status = response.status().as_str().to_owned();
    metrics::counter!("hotline_webhooks_total", "status" => status).increment(1);
    response
}

async fn take(engine: &Engine, headers: &HeaderMap, body: Bytes) -> Response {
    if let Err(why) = is_known(&engine.settings().whatsapp, headers, &body) {
        return (StatusCode::UNAUTHORIZED, why).into_response();
    }
    if engine.stopping().is_cancelled() {
        return unavailable();
    }
    match engine.receive(body).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) => {
            tracing::warn!(error = %error_chain(&error), "a webhook could not be stored; Meta delivers it again");
            unavailable()
        }
    }
}

/// Meta signs the body; 360dialog sends a header along that we chose (section 8).
fn is_known(settings: &WhatsApp, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (_, secrets) = settings.webhook_secrets();
    let (known, why) = match settings.auth {
        Auth::Bearer => {
            let signed = header("x-hub-signature-256");
            (signature::verify(secrets, body, signed), "The signature does not fit the app secret.\n")
        }
        Auth::D360 => {
            let shown = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
            let known = shown.is_some_and(|shown| signature::is_one_of(secrets, shown));
            (known, "The header Authorization does not hold the token in HOTLINE_WHATSAPP__WEBHOOK_TOKEN.\n")
        }
    };
    if known { Ok(()) } else { Err(why) }
}

fn unavailable() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "Not stored; deliver again.\n").into_response()
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
