//! What customers send beside words: fetched from WhatsApp when somebody looks at it, and kept nowhere.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use minijinja::{Value, context};

use super::access::{self, SignedIn};
use super::{App, console};
use crate::domain::{Duration, Event, EventBody, InboundMessage, MediaFile, Timestamp};

/// So long WhatsApp keeps what a customer sent (section 2.2).
const KEPT: Duration = Duration::days(7);
/// Bytes of the largest file that is shown: all pictures, voice messages and videos are smaller (section 5.6).
const MOST: usize = 25 << 20;
/// What a browser shows or plays by itself, and what it is called then. Everything else is saved.
const SHOWN: [(&str, &str); 9] = [
    ("image/jpeg", "picture"),
    ("image/png", "picture"),
    ("image/webp", "picture"),
    ("image/gif", "picture"),
    ("audio/ogg", "audio"),
    ("audio/mpeg", "audio"),
    ("audio/mp4", "audio"),
    ("audio/aac", "audio"),
    ("audio/amr", "audio"),
];

pub(super) fn router() -> Router<App> {
    Router::new().route("/contact/{contact}/file/{event}", get(file))
}

/// The type and the kind of what is shown in the page.
fn kind(file: &MediaFile) -> Option<(&'static str, &'static str)> {
    let told = file.mime.as_deref()?.split(';').next()?.trim();
    SHOWN.into_iter().find(|(name, _)| told.eq_ignore_ascii_case(name))
}

/// What a thread shows of the file of a message, as long as WhatsApp keeps it.
pub(super) fn shown(message: &InboundMessage, event: &Event, now: Timestamp) -> Option<Value> {
    let file = message.file.as_deref().filter(|_| event.at + KEPT > now)?;
    let kind = kind(file).map_or("file", |(_, kind)| kind);
    Some(context! { kind, event => event.seq, name => message.details.as_deref() })
}

async fn file(State(app): State<App>, _signed_in: SignedIn, Path((contact, event)): Path<(i64, i64)>) -> Response {
    let contact = match console::living(&app, contact).await {
        Ok(contact) => contact,
        Err(refused) => return refused,
    };
    let Ok(events) = app.engine.store().events(contact, &[event]).await else { return app.pages.unavailable() };
    let message = events.into_iter().find_map(|event| match event.body {
        EventBody::Message(message) => Some(message),
        _ => None,
    });
    let Some(message) = message else { return app.pages.error(StatusCode::NOT_FOUND, "There is no such file.", "") };
    let Some(file) = message.file else { return app.pages.error(StatusCode::NOT_FOUND, "There is no such file.", "") };
    match app.engine.client().media(&file.id, MOST).await {
        Ok(bytes) => answer(&file, message.details.as_deref(), bytes),
        Err(error) => {
            let what = format!("This file cannot be shown: {error}.");
            app.pages.error(StatusCode::BAD_GATEWAY, &what, "WhatsApp keeps what customers send for seven days.")
        }
    }
}

/// The bytes, so that nothing in them is run: what is neither picture nor sound is saved under its name.
fn answer(file: &MediaFile, name: Option<&str>, bytes: Vec<u8>) -> Response {
    let shown = kind(file);
    let name = access::encode(&name.unwrap_or("file").replace('/', "_"));
    let disposition = match shown {
        Some(_) => "inline".to_owned(),
        None => format!("attachment; filename*=UTF-8''{name}"),
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    let kind = shown.map_or("application/octet-stream", |(kind, _)| kind);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.extend(HeaderValue::try_from(disposition).map(|value| (header::CONTENT_DISPOSITION, value)));
    let own = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        // Looked at again and again while somebody answers, and not asked of WhatsApp each time.
        (header::CACHE_CONTROL, "private, max-age=600"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    headers.extend(own.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
