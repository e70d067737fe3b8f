//! What programs talk to: health, metrics, events in; contacts, messages, hand-offs, tracked links, segments, and why a tag is held.

mod address;
mod alerts;
pub mod campaigns;
mod contacts;
mod events;
mod hand_offs;
pub mod health;
mod jobs;
mod links;
mod messages;
mod outreach;
pub mod problem;
mod segments;
mod tags;
mod webhooks;
mod why;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
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

/// Where the next page begins, if there is one: one row more than asked for tells so, and is left out.
fn next_page<T>(rows: &mut Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Option<String> {
    let more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    rows.last().filter(|_| more).map(cursor)
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

/// The API: all of it for who shows the token, and its description for everybody.
pub(super) fn router(engine: Engine) -> Router {
    let limit = engine.settings().limits.api_bytes;
    let schema = || async { ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json")) };
    alerts::router()
        .merge(campaigns::router())
        .merge(contacts::router())
        .merge(events::router())
        .merge(hand_offs::router())
        .merge(jobs::router())
        .merge(links::router())
        .merge(messages::router())
        .merge(outreach::router())
        .merge(segments::router())
        .merge(tags::router())
        .merge(webhooks::router())
        .merge(why::router())
        .layer(DefaultBodyLimit::max(limit))
        .route_layer(from_fn_with_state(engine.clone(), authorise))
        .route("/openapi.json", get(schema))
        .with_state(engine)
}

/// Lets in who shows the token of the setting `api.token`.
async fn authorise(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    let Some(expected) = &engine.settings().api.token else { return ApiProblem::unauthorized().into_response() };
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, given) = given.and_then(|value| value.split_once(' ')).unwrap_or_default();
    let given = if scheme.eq_ignore_ascii_case("bearer") { given } else { "" };
    let same: bool = given.as_bytes().ct_eq(expected.expose_secret().as_bytes()).into();
    if same { next.run(request).await } else { ApiProblem::unauthorized().into_response() }
}
