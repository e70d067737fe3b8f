//! `/api/v1/jobs`: what is done once a day, week, month or quarter, and how far it is. `/api/v1/reports`: what is counted.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::authorise;
use super::problem::ApiProblem;
use crate::domain::{Duration, Timestamp};
use crate::engine::reports::{Desk, REPORTS, make, named};
use crate::engine::{Engine, jobs};
use crate::statistics::Span;

/// Jobs and reports.
pub fn router(engine: Engine) -> Router {
    Router::new()
        .route("/api/v1/jobs", get(all))
        .route("/api/v1/reports", get(list))
        .route("/api/v1/reports/{name}", get(report))
        .with_state(engine)
}

async fn all(State(engine): State<Engine>, headers: HeaderMap) -> Result<Json<Value>, ApiProblem> {
    authorise(&engine, &headers)?;
    let zone = engine.shelf().knowledge().shop.zone;
    let told = jobs::told(engine.store(), zone, engine.now()).await?;
    Ok(Json(json!({ "jobs": told })))
}

async fn list(State(engine): State<Engine>, headers: HeaderMap) -> Result<Json<Value>, ApiProblem> {
    authorise(&engine, &headers)?;
    let rows: Vec<_> = REPORTS.iter().map(|kind| json!({ "name": kind.name, "about": kind.about })).collect();
    Ok(Json(json!({ "reports": rows })))
}

/// What is looked at: RFC 3339 times, or nothing for the last 30 days.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asking {
    since: Option<String>,
    until: Option<String>,
}

async fn report(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(asking): Query<Asking>,
) -> Result<Json<Value>, ApiProblem> {
    authorise(&engine, &headers)?;
    let kind = named(&name).ok_or_else(|| {
        ApiProblem::not_found(format!("No report is called `{name}`. GET /api/v1/reports lists them."))
    })?;
    let now = engine.now();
    let time = |name: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => Timestamp::parse_rfc3339(text).map(Some).ok_or_else(|| {
            ApiProblem::invalid(format!("`{name}` is `{text}`; write a time such as 2026-04-01T00:00:00Z."))
        }),
    };
    let until = time("until", &asking.until)?.unwrap_or(now);
    let from = time("since", &asking.since)?.unwrap_or(until - Duration::days(30));
    if from >= until {
        return Err(ApiProblem::invalid("`since` must be before `until`."));
    }
    let knowledge = engine.shelf().knowledge();
    let desk = Desk { store: engine.store(), knowledge: &knowledge, span: Span { from, until }, now };
    let report = make(kind, desk).await?;
    Ok(Json(json!(report)))
}
