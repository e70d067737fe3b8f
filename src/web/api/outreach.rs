//! `GET /api/v1/outreach`: what waits, what is held and why, how much of each limit is used, quality and its history.
//! `GET /api/v1/templates`: how each of Meta's templates stands.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::problem::ApiProblem;
use crate::engine::Engine;
use crate::engine::sending::outlook::Outlook;
use crate::engine::templates::Overview;

/// Lines of what waits and of the history.
const LINES: i64 = 100;

/// The outreach API.
pub(super) fn router() -> Router<Engine> {
    Router::new().route("/api/v1/outreach", get(outreach)).route("/api/v1/templates", get(templates))
}

async fn templates(State(engine): State<Engine>) -> Result<Json<Overview>, ApiProblem> {
    Ok(Json(engine.templates().await?))
}

async fn outreach(State(engine): State<Engine>) -> Result<Json<Outlook>, ApiProblem> {
    Ok(Json(engine.outlook(LINES).await?))
}
