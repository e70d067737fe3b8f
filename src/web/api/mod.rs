//! What programs talk to: health, metrics, events in; contacts, messages, hand-offs, tracked links, segments, and why a tag is held.

pub mod alerts;
pub mod campaigns;
pub mod contacts;
pub mod events;
pub mod hand_offs;
pub mod health;
pub mod jobs;
pub mod links;
pub mod messages;
pub mod outreach;
pub mod problem;
pub mod segments;
pub mod tags;
pub mod webhooks;
pub mod why;

use axum::http::{HeaderMap, header};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use crate::domain::Timestamp;
use crate::engine::Engine;
use problem::ApiProblem;

/// A body as JSON.
fn read<T: serde::de::DeserializeOwned>(body: &axum::body::Bytes) -> Result<T, ApiProblem> {
    serde_json::from_slice(body).map_err(|error| ApiProblem::invalid(format!("The body cannot be read: {error}")))
}

/// Most rows of a page.
const PAGE: i64 = 1_000;

/// How many rows of a page are asked for: 100 where nothing is said.
fn limit(asked: Option<i64>) -> Result<i64, ApiProblem> {
    let limit = asked.unwrap_or(100);
    let wrong = || ApiProblem::invalid(format!("`limit` is {limit}; it may be 1 to {PAGE}."));
    (1..=PAGE).contains(&limit).then_some(limit).ok_or_else(wrong)
}

/// A time of an address, by its name.
fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, ApiProblem> {
    let read = |text: &str| {
        Timestamp::parse_rfc3339(text).ok_or_else(|| {
            ApiProblem::invalid(format!("`{name}` is `{text}`; write a time such as 2026-04-01T00:00:00Z."))
        })
    };
    text.map(read).transpose()
}

/// Whether the caller shows the token of the setting `api.token`.
fn authorise(engine: &Engine, headers: &HeaderMap) -> Result<(), ApiProblem> {
    let expected = engine.settings().api.token.as_ref().ok_or_else(ApiProblem::unauthorized)?;
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, given) = given.and_then(|value| value.split_once(' ')).unwrap_or_default();
    let given = if scheme.eq_ignore_ascii_case("bearer") { given } else { "" };
    let same: bool = given.as_bytes().ct_eq(expected.expose_secret().as_bytes()).into();
    if same { Ok(()) } else { Err(ApiProblem::unauthorized()) }
}
