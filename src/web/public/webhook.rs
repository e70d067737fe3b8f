//! Meta's webhook: the verification handshake, and deliveries that are answered 200 only once they are durable.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::config::{Auth, WhatsApp};
use crate::engine::Engine;
use crate::whatsapp::signature;

/// Bodies up to this size are taken in however many there are: hardly a message has more.
const SMALL: usize = 64 << 10;
/// Of larger ones, which whoever calls can make without knowing a secret, so many at once. Where there is no room one waits a little, in turn.
const LARGE_AT_ONCE: usize = 32;
const FOR_ROOM: Duration = Duration::from_secs(4);
/// Whoever sends a body may take so long, and besides a second for so many bytes: a slow line brings Meta's 3 MB in a minute and a half,
/// and who sends next to nothing loses the place.
const TO_BEGIN: Duration = Duration::from_secs(10);
const BYTES_A_SECOND: usize = 32 << 10;
/// Who sends too large a body is heard out so long at most.
const TO_HEAR_OUT: Duration = Duration::from_secs(2);
/// How often it is told that webhooks could not be stored.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// `GET|POST /webhook/whatsapp`.
pub fn router(engine: Engine) -> Router {
    let limit = engine.settings().limits.webhook_bytes;
    let large = Arc::new(Semaphore::new(LARGE_AT_ONCE));
    Router::new().route("/webhook/whatsapp", get(verify).post(deliver)).with_state(Door {
        engine,
        large,
        limit,
        refused: Arc::default(),
    })
}

#[derive(Clone)]
struct Door {
    engine: Engine,
    /// Room for large bodies.
    large: Arc<Semaphore>,
    /// Bytes of the largest body.
    limit: usize,
    /// Those that could not be stored.
    refused: Arc<Mutex<Refused>>,
}

/// Webhooks that could not be stored. Where the database is down that is every one, and a line of each would fill the disk.
#[derive(Default)]
struct Refused {
    told: Option<Instant>,
    untold: u64,
}

impl Refused {
    /// One more; how many are to be told of now, if any.
    fn tell(&mut self, now: Instant) -> Option<u64> {
        self.untold += 1;
        if self.told.is_some_and(|told| now.duration_since(told) < TELL_EVERY) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
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
async fn verify(State(Door { engine, .. }): State<Door>, Query(handshake): Query<Handshake>) -> Response {
    let expected = engine.settings().whatsapp.verify_token.as_ref();
    let ours = expected.is_some_and(|expected| signature::same_token(expected, &handshake.token));
    if ours && handshake.mode == "subscribe" {
        return (StatusCode::OK, [(header::CONTENT_TYPE, "text/plain")], handshake.challenge).into_response();
    }
    (StatusCode::FORBIDDEN, "The verify token is not the one in HOTLINE_WHATSAPP__VERIFY_TOKEN.\n").into_response()
}

async fn deliver(State(door): State<Door>, request: Request) -> Response {
    let started = Instant::now();
    let response = take(&door, request).await;
    metrics::histogram!("hotline_webhook_seconds").record(started.elapsed().as_secs_f64());
    let status = response.status().as_str().to_owned();
    metrics::counter!("hotline_webhooks_total", "status" => status).increment(1);
    response
}

async fn take(door: &Door, request: Request) -> Response {
    let Door { engine, refused, .. } = door;
    let settings = &engine.settings().whatsapp;
    // Before anything of the body is taken in.
    if let Err(why) = may_be_known(settings, request.headers()) {
        return (StatusCode::UNAUTHORIZED, why).into_response();
    }
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let size = text(&headers, "content-length").and_then(|size| size.parse::<usize>().ok());
    if size.is_some_and(|size| size > door.limit) {
        let heard = tokio::time::timeout(TO_HEAR_OUT, hear_out(body.into_data_stream(), 2 * door.limit));
        let _too_long_even_for_that = heard.await;
        return TOO_LARGE.into_response();
    }
    // One that does not tell its size may have any.
    let room = match size.is_some_and(|size| size <= SMALL) {
        true => Ok(Ok(None)),
        false => tokio::time::timeout(FOR_ROOM, door.large.acquire()).await.map(|room| room.map(Some)),
    };
    let Ok(Ok(_room)) = room else { return unavailable() };
    let body = match read(body, door.limit).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    if settings.auth == Auth::Bearer && !signature::verify(&settings.app_secret, &body, signed(&headers)) {
        return (StatusCode::UNAUTHORIZED, UNSIGNED).into_response();
    }
    if engine.stopping().is_cancelled() {
        return unavailable();
    }
    match engine.receive(body).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) => {
            let untold = refused.lock().unwrap_or_else(PoisonError::into_inner).tell(Instant::now());
            if let Some(webhooks) = untold {
                tracing::warn!(webhooks, error = %error_chain(&error), "webhooks could not be stored; Meta delivers them again");
            }
            unavailable()
        }
    }
}

/// A body as it comes, at the pace of a slow line at least.
async fn read(body: Body, limit: usize) -> Result<Bytes, Response> {
    let begun = tokio::time::Instant::now();
    let (mut pieces, mut taken) = (body.into_data_stream(), Vec::new());
    loop {
        let so_far = Duration::from_secs((taken.len() / BYTES_A_SECOND) as u64);
        let piece = match tokio::time::timeout_at(begun + TO_BEGIN + so_far, pieces.next()).await {
            Ok(None) => return Ok(taken.into()),
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(_))) => return Err((StatusCode::BAD_REQUEST, "The body broke off.\n").into_response()),
            Err(_) => return Err((StatusCode::REQUEST_TIMEOUT, "The body came too slowly.\n").into_response()),
        };
        if taken.len() + piece.len() > limit {
            return Err(TOO_LARGE.into_response());
        }
        taken.extend_from_slice(&piece);
    }
}

/// Takes in so much more at most, and drops it: who is cut off in the middle of a body never reads what is answered.
async fn hear_out(mut pieces: BodyDataStream, mut room: usize) {
    while let Some(Ok(piece)) = pieces.next().await {
        room = room.saturating_sub(piece.len());
        if room == 0 {
            return;
        }
    }
}

const TOO_LARGE: (StatusCode, &str) =
    (StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than limits.webhook_bytes.\n");

const UNSIGNED: &str = "The signature does not fit the app secret.\n";

/// Meta signs the body; 360dialog sends a header along that we chose (section 8), which is all that there is to look at.
fn may_be_known(settings: &WhatsApp, headers: &HeaderMap) -> Result<(), &'static str> {
    match settings.auth {
        Auth::Bearer => signed(headers).and_then(signature::shown).map(|_| ()).ok_or(UNSIGNED),
        Auth::D360 => {
            let shown = text(headers, "authorization").and_then(|value| value.strip_prefix("Bearer "));
            let known = shown.is_some_and(|shown| signature::is_one_of(&settings.webhook_token, shown));
            let why = "The header Authorization does not hold the token in HOTLINE_WHATSAPP__WEBHOOK_TOKEN.\n";
            if known { Ok(()) } else { Err(why) }
        }
    }
}

fn signed(headers: &HeaderMap) -> Option<&str> {
    text(headers, "x-hub-signature-256")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_that_are_refused_one_line_a_second_tells() {
        let (begin, mut refused) = (Instant::now(), Refused::default());
        let lines: Vec<_> =
            (0..2_500).filter_map(|millis| refused.tell(begin + Duration::from_millis(millis))).collect();
        assert_eq!(lines, [1, 1_000, 1_000]);
    }
}
