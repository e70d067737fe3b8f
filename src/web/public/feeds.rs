//! Webhooks of the platform that the shop runs on: `POST /webhook/shopify` and `POST /webhook/woocommerce`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use secrecy::SecretString;

use crate::engine::{Engine, Platform};
use crate::whatsapp::signature;

/// The addresses that the platforms are told to call.
pub fn router(engine: Engine) -> Router {
    let limit = engine.settings().limits.api_bytes;
    Router::new()
        .route("/webhook/shopify", post(shopify))
        .route("/webhook/woocommerce", post(woocommerce))
        .layer(DefaultBodyLimit::max(limit))
        .with_state(engine)
}

async fn shopify(State(engine): State<Engine>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let secrets = &engine.settings().feeds.shopify_secret;
    // Shopify repeats the event's id where several subscriptions tell of one event; the webhook's id is of one delivery.
    let delivery = header("x-shopify-event-id").or_else(|| header("x-shopify-webhook-id"));
    let told = Delivery { topic: header("x-shopify-topic"), delivery, signed: header("x-shopify-hmac-sha256") };
    take(&engine, Platform::Shopify, secrets, &told, body).await
}

async fn woocommerce(State(engine): State<Engine>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // When the webhook is saved in WooCommerce it looks whether somebody is there, without a topic.
    if header("x-wc-webhook-topic").is_none() && body.starts_with(b"webhook_id=") {
        return StatusCode::OK.into_response();
    }
    let secrets = &engine.settings().feeds.woocommerce_secret;
    let told = Delivery {
        topic: header("x-wc-webhook-topic"),
        delivery: header("x-wc-webhook-delivery-id"),
        signed: header("x-wc-webhook-signature"),
    };
    take(&engine, Platform::WooCommerce, secrets, &told, body).await
}

/// What the headers of a delivery say.
struct Delivery<'a> {
    topic: Option<&'a str>,
    delivery: Option<&'a str>,
    signed: Option<&'a str>,
}

async fn take(
    engine: &Engine,
    platform: Platform,
    secrets: &[SecretString],
    told: &Delivery<'_>,
    body: Bytes,
) -> Response {
    if !signature::verify_base64(secrets, &body, told.signed) {
        let why = match secrets.is_empty() {
            true => "No secret is set for this platform: see the group [feeds] of the settings.\n",
            false => "The signature does not fit the secret.\n",
        };
        return (StatusCode::UNAUTHORIZED, why).into_response();
    }
    let (Some(topic), Some(delivery)) = (told.topic, told.delivery) else {
        return (StatusCode::BAD_REQUEST, "The headers with the topic and the delivery's id are missing.\n")
            .into_response();
    };
    match engine.receive_feed(platform, topic, delivery, body).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) => {
            tracing::warn!(%error, platform = platform.name(), "a delivery could not be stored; it comes again");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], "Not stored; deliver again.\n")
                .into_response()
        }
    }
}
