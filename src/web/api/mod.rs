//! What programs talk to: health, metrics, events in, tracked links, segments, and why a tag is held.

pub mod alerts;
pub mod campaigns;
pub mod events;
pub mod health;
pub mod jobs;
pub mod links;
pub mod outreach;
pub mod problem;
pub mod segments;
pub mod tags;
pub mod why;

use axum::http::{HeaderMap, header};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use crate::engine::Engine;
use problem::ApiProblem;

/// A body as JSON.
fn read<T: serde::de::DeserializeOwned>(body: &axum::body::Bytes) -> Result<T, ApiProblem> {
    serde_json::from_slice(body).map_err(|error| ApiProblem::invalid(format!("The body cannot be read: {error}")))
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
