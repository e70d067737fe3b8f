//! `/api/v1/webhooks`: programs that are told what happens. Making them known, changing, trying and removing them, and how deliveries went.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::{Path, Query};
use super::problem::ApiProblem;
use super::{limit, next_page, read};
use crate::engine::Engine;
use crate::engine::webhooks::{self, Change};
use crate::webhooks::Kind;

/// The webhooks API.
pub(super) fn router() -> Router<Engine> {
    Router::new()
        .route("/api/v1/webhooks", get(all).post(make))
        .route("/api/v1/webhooks/{id}", get(one).patch(change).delete(remove))
        .route("/api/v1/webhooks/{id}/rotate", post(rotate))
        .route("/api/v1/webhooks/{id}/test", post(test))
        .route("/api/v1/webhooks/{id}/attempts", get(attempts))
}

async fn all(State(engine): State<Engine>) -> Result<Json<Value>, ApiProblem> {
    let rows = engine.store().webhooks().await?;
    let shown: Vec<Value> = rows.iter().map(|row| webhooks::shown(row, engine.now())).collect();
    let kinds: Vec<Value> = Kind::ALL.iter().map(|kind| json!({ "kind": kind, "about": kind.about() })).collect();
    Ok(Json(json!({ "webhooks": shown, "kinds": kinds })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Making {
    url: String,
    kinds: Option<Vec<String>>,
}

/// 201 with the secret, which is shown at no other time.
async fn make(State(engine): State<Engine>, body: Bytes) -> Result<Response, ApiProblem> {
    let Making { url, kinds } = read(&body)?;
    let (now, settings) = (engine.now(), &engine.settings().webhooks);
    let row = webhooks::add(engine.store(), settings, &url, kinds.as_deref(), now).await?;
    Ok((StatusCode::CREATED, Json(webhooks::shown_with_secret(&row, now))).into_response())
}

async fn one(State(engine): State<Engine>, Path(id): Path<String>) -> Result<Json<Value>, ApiProblem> {
    Ok(Json(webhooks::shown(&webhooks::find(engine.store(), &id).await?, engine.now())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changing {
    url: Option<String>,
    kinds: Option<Vec<String>>,
    enabled: Option<bool>,
    #[serde(default)]
    skip: bool,
}

async fn change(State(engine): State<Engine>, Path(id): Path<String>, body: Bytes) -> Result<Json<Value>, ApiProblem> {
    let Changing { url, kinds, enabled, skip } = read(&body)?;
    let wanted = Change { url, kinds, enabled, skip };
    let row = webhooks::change(engine.store(), &engine.settings().webhooks, &id, &wanted).await?;
    Ok(Json(webhooks::shown(&row, engine.now())))
}

async fn remove(State(engine): State<Engine>, Path(id): Path<String>) -> Result<StatusCode, ApiProblem> {
    webhooks::remove(engine.store(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The new secret, which is shown at no other time.
async fn rotate(State(engine): State<Engine>, Path(id): Path<String>) -> Result<Json<Value>, ApiProblem> {
    let row = webhooks::rotate(engine.store(), &id, engine.now()).await?;
    Ok(Json(webhooks::shown_with_secret(&row, engine.now())))
}

/// 200 however the receiver answered: it is the answer that is asked for.
async fn test(State(engine): State<Engine>, Path(id): Path<String>) -> Result<Json<Value>, ApiProblem> {
    let called = webhooks::test(engine.store(), &engine.settings().webhooks, &id, engine.now()).await?;
    Ok(Json(webhooks::told(&called)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asking {
    limit: Option<i64>,
    cursor: Option<i64>,
}

async fn attempts(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    Query(asking): Query<Asking>,
) -> Result<Json<Value>, ApiProblem> {
    let limit = limit(asking.limit)?;
    let before = asking.cursor.unwrap_or(i64::MAX);
    let mut rows = webhooks::attempts(engine.store(), &id, before, limit + 1).await?;
    let next = next_page(&mut rows, limit, |row| row["number"].to_string());
    Ok(Json(json!({ "attempts": rows, "next": next })))
}
