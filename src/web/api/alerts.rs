//! `GET /api/v1/alerts`: what stands, and what stood within the last thirty days.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::problem::ApiProblem;
use crate::domain::Duration;
use crate::engine::Engine;
use crate::store::AlertRow;

/// How far back those that ended are told.
const BACK: Duration = Duration::days(30);

/// The alerts API.
pub(super) fn router() -> Router<Engine> {
    Router::new().route("/api/v1/alerts", get(alerts))
}

async fn alerts(State(engine): State<Engine>) -> Result<Json<Value>, ApiProblem> {
    let rows = engine.store().alerts(engine.now() - BACK).await?;
    let (standing, ended): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.until.is_none());
    let told = |rows: &[&AlertRow]| rows.iter().map(|row| shown(row)).collect::<Vec<_>>();
    Ok(Json(json!({ "alerts": told(&standing), "ended": told(&ended) })))
}

fn shown(row: &AlertRow) -> Value {
    let AlertRow { alert, since, until } = row;
    let until = until.map(|until| until.rfc3339());
    json!({ "name": alert.name, "what": alert.what, "advice": alert.advice, "since": since.rfc3339(), "until": until })
}
