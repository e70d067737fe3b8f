//! What customers send beside words: fetched from WhatsApp when somebody looks at it, and kept nowhere.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use minijinja::{Value, context};
use serde::Deserialize;

use crate::domain::{Duration, Event, EventBody, InboundMessage, MediaFile, Timestamp};
use crate::web::access::{self, SignedIn};
use crate::web::{App, living};
use crate::whatsapp::client::NoFile;

/// So long WhatsApp keeps what a customer sent (section 2.2).
const KEPT: Duration = Duration::days(7);
/// Bytes of the largest file that is shown: all pictures, voice messages and videos are smaller (section 5.6).
const MOST: usize = 25 << 20;
/// What a browser shows or plays by itself, and what it is called then. Everything else is saved.
const SHOWN: [(&str, &str); 8] = [
    ("image/jpeg", "picture"),
    ("image/png", "picture"),
    ("image/webp", "picture"),
    ("image/gif", "picture"),
    ("audio/ogg", "audio"),
    ("audio/mpeg", "audio"),
    ("audio/mp4", "audio"),
    ("audio/aac", "audio"),
];

pub(crate) fn router() -> Router<App> {
    Router::new().route("/contact/{contact}/file/{event}", get(file))
}

/// The type and the kind of what is shown in the page.
fn kind(file: &MediaFile) -> Option<(&'static str, &'static str)> {
    let told = file.mime.as_deref()?.split(';').next()?.trim();
    SHOWN.into_iter().find(|(name, _)| told.eq_ignore_ascii_case(name))
}

/// What a thread shows of the file of a message, as long as WhatsApp keeps it.
pub(crate) fn shown(message: &InboundMessage, event: &Event, now: Timestamp) -> Option<Value> {
    let file = message.file.as_deref().filter(|_| event.at + KEPT > now)?;
    let kind = kind(file).map_or("file", |(_, kind)| kind);
    Some(context! { kind, event => event.seq, name => message.details.as_deref() })
}

/// How a file is wanted.
#[derive(Deserialize)]
struct Asked {
    /// To be saved, also where it could be shown.
    save: Option<String>,
}

async fn file(
    State(app): State<App>,
    _signed_in: SignedIn,
    Path((contact, event)): Path<(i64, i64)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let contact = match living(&app, contact).await {
        Ok(contact) => contact,
        Err(refused) => return refused,
    };
    let events = match app.engine.store().events(contact, &[event]).await {
        Ok(read) => read,
        Err(error) => return app.pages.unavailable(&error),
    };
    let message = events.into_iter().find_map(|event| match event.body {
        EventBody::Message(message) => Some(message),
        _ => None,
    });
    let Some(message) = message else { return app.pages.error(StatusCode::NOT_FOUND, "There is no such file.", "") };
    let Some(file) = message.file else { return app.pages.error(StatusCode::NOT_FOUND, "There is no such file.", "") };
    match app.engine.client().media(&file.id, MOST).await {
        Ok(bytes) => {
            let shown = kind(&file).filter(|_| asked.save.is_none());
            let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
            answer(shown.map(|(kind, _)| kind), &name(&file, message.details.as_deref()), bytes, range)
        }
        Err(error) => {
            let what = format!("This file cannot be fetched: {error}.");
            app.pages.error(StatusCode::BAD_GATEWAY, &what, advice(&error))
        }
    }
}

/// What to do about a file that could not be fetched.
fn advice(error: &NoFile) -> &'static str {
    match error {
        NoFile::Gone => "WhatsApp keeps what customers send for seven days. Ask them to send it again.",
        NoFile::TooLarge(_) => "Ask them to send it in parts, or by mail.",
        NoFile::Refused | NoFile::NotNow => "Try again in a moment.",
    }
}

/// What it is saved as: its own name, or one that tells programs what it is.
fn name(file: &MediaFile, own: Option<&str>) -> String {
    let told = file.mime.as_deref().and_then(|mime| mime.split(';').next()?.trim().split_once('/'));
    let ending =
        told.map(|(_, ending)| ending).filter(|ending| ending.bytes().all(|sign| sign.is_ascii_alphanumeric()));
    let name = own.map(|own| own.replace('/', "_"));
    name.unwrap_or_else(|| ending.map_or_else(|| "file".to_owned(), |ending| format!("file.{ending}")))
}

/// The bytes, so that nothing in them is run: what is neither picture nor sound is saved under its name. Some browsers play no sound
/// unless they get the part of it that they ask for.
fn answer(shown: Option<&'static str>, name: &str, bytes: Vec<u8>, range: Option<&str>) -> Response {
    let length = bytes.len();
    let (status, bytes, place) = match range.and_then(|range| part(range, length)) {
        None => (StatusCode::OK, bytes, None),
        Some(Some((first, last))) => {
            let part = bytes.get(first..=last).unwrap_or_default().to_vec();
            (StatusCode::PARTIAL_CONTENT, part, Some(format!("bytes {first}-{last}/{length}")))
        }
        Some(None) => (StatusCode::RANGE_NOT_SATISFIABLE, Vec::new(), Some(format!("bytes */{length}"))),
    };
    let disposition = match shown {
        Some(_) => "inline".to_owned(),
        None => format!("attachment; filename*=UTF-8''{}", access::encode(name)),
    };
    let mut response = (status, bytes).into_response();
    let headers = response.headers_mut();
    let told = [(header::CONTENT_DISPOSITION, Some(disposition)), (header::CONTENT_RANGE, place)];
    for (name, value) in told {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            headers.insert(name, value);
        }
    }
    let own = [
        (header::CONTENT_TYPE, shown.unwrap_or("application/octet-stream")),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        // Looked at again and again while somebody answers, and not asked of WhatsApp each time.
        (header::CACHE_CONTROL, "private, max-age=600"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in own {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The first and the last byte of the one part that a header asks for: `bytes=0-1`, `bytes=500-`, `bytes=-500`. Of several parts, and
/// of what is none, nothing is taken note of; of one that lies behind the end there is none.
fn part(range: &str, length: usize) -> Option<Option<(usize, usize)>> {
    let (first, last) = range.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| text.parse::<usize>().ok();
    let end = length.saturating_sub(1);
    let (first, last) = match (first, last) {
        ("", "0") => (length, end),
        ("", back) => (length.saturating_sub(number(back)?), end),
        (first, "") => (number(first)?, end),
        (first, last) if number(first)? <= number(last)? => (number(first)?, number(last)?.min(end)),
        _ => return None,
    };
    Some((first < length).then_some((first, last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_of_a_file_is_given_and_of_what_is_none_the_whole() {
        let of_ten = |range: &str| part(range, 10);
        assert_eq!(
            [of_ten("bytes=0-1"), of_ten("bytes=4-"), of_ten("bytes=-3")].map(Option::flatten),
            [Some((0, 1)), Some((4, 9)), Some((7, 9))]
        );
        assert_eq!([of_ten("bytes=5-99"), of_ten("bytes=-99")].map(Option::flatten), [Some((5, 9)), Some((0, 9))]);
        assert_eq!([of_ten("bytes=10-"), of_ten("bytes=-0"), part("bytes=0-", 0)], [Some(None); 3], "behind the end");
        for whole in ["bytes=0-1,4-5", "bytes=a-b", "bytes=5-4", "items=0-1", "bytes"] {
            assert_eq!(of_ten(whole), None, "{whole}");
        }
    }

    #[test]
    fn what_has_no_name_is_saved_as_what_it_is() {
        let file = |mime: &str| MediaFile { id: String::new(), mime: Some(mime.into()) };
        assert_eq!(name(&file("audio/amr"), None), "file.amr");
        assert_eq!(name(&file("audio/ogg; codecs=opus"), None), "file.ogg");
        assert_eq!(name(&file("application/vnd.ms-excel"), None), "file");
        assert_eq!(name(&file("application/pdf"), Some("a/b.pdf")), "a_b.pdf");
    }
}
