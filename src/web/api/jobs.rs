//! `/api/v1/jobs`: what is done once a day, week, month or quarter, and how far it is. `/api/v1/reports`: what is counted.

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{get, put};
use axum::{Json, Router};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::{Path, Query};
use super::problem::ApiProblem;
use super::time;
use crate::domain::{Currency, Duration, TagKey};
use crate::engine::reports::{Kind, METRICS, REPORTS, ReportInput, make, named};
use crate::engine::{Engine, jobs};
use crate::statistics::Span;
use crate::store::{AdSpend, scaled};

/// Jobs and reports.
pub(super) fn router() -> Router<Engine> {
    Router::new()
        .route("/api/v1/jobs", get(all))
        .route("/api/v1/reports", get(list))
        .route("/api/v1/reports/{name}", get(report))
        .route("/api/v1/ad-spend", put(spend))
}

async fn all(State(engine): State<Engine>) -> Result<Json<Value>, ApiProblem> {
    let zone = engine.shelf().knowledge().shop.zone;
    let told = jobs::told(engine.store(), zone, engine.now()).await?;
    Ok(Json(json!({ "jobs": told })))
}

async fn list(State(engine): State<Engine>) -> Result<Json<Value>, ApiProblem> {
    let kept = engine.store().kept_reports().await?;
    let tell = |kind: &Kind| {
        let periods: Vec<_> = kept.iter().filter(|(name, _)| name == kind.name).map(|(_, period)| period).collect();
        json!({ "name": kind.name, "about": kind.about, "every": kind.every, "kept": periods })
    };
    let rows: Vec<_> = REPORTS.iter().chain([&METRICS]).map(tell).collect();
    Ok(Json(json!({ "reports": rows })))
}

/// What is looked at: a period of which the report was kept, RFC 3339 times, or nothing for the last 30 days.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asking {
    period: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

async fn report(
    State(engine): State<Engine>,
    Path(name): Path<String>,
    Query(asking): Query<Asking>,
) -> Result<Json<Value>, ApiProblem> {
    let kind = named(&name).ok_or_else(|| {
        ApiProblem::not_found(format!("No report is called `{name}`. GET /api/v1/reports lists them."))
    })?;
    if let Some(period) = &asking.period {
        let kept = engine.store().kept_report(kind.name, period).await?;
        let none = || {
            ApiProblem::not_found(format!("No report `{name}` of {period} is kept. GET /api/v1/reports lists them."))
        };
        return kept.map(|report| Json(json!(report))).ok_or_else(none);
    }
    let now = engine.now();
    let until = time("until", asking.until.as_deref())?.unwrap_or(now);
    let from = time("since", asking.since.as_deref())?.unwrap_or(until - Duration::days(30));
    if from >= until {
        return Err(ApiProblem::invalid("`since` must be before `until`."));
    }
    let knowledge = engine.shelf().knowledge();
    let input = ReportInput { store: engine.store(), knowledge: &knowledge, span: Span { from, until }, now };
    let report = make(kind, input).await?;
    Ok(Json(json!(report)))
}

/// What was paid for advertising on a day.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spent {
    source: String,
    day: chrono::NaiveDate,
    amount: Decimal,
    currency: Currency,
}

/// Notes a list of them; one of the same source, day and currency takes the place of the one before.
async fn spend(State(engine): State<Engine>, body: Bytes) -> Result<Json<Value>, ApiProblem> {
    let spent: Vec<Spent> = serde_json::from_slice(&body).map_err(|error| {
        let example = r#"[{"source": "ig-ad", "day": "2026-07-29", "amount": 120.5, "currency": "USD"}]"#;
        ApiProblem::invalid(format!("The body cannot be read: {error}. It is a list such as {example}."))
    })?;
    let mut rows = Vec::with_capacity(spent.len());
    for Spent { source, day, amount, currency } in spent {
        let amount = scaled(amount).filter(|amount| *amount >= 0);
        let amount =
            amount.ok_or_else(|| ApiProblem::invalid(format!("The amount of {source} is no sum of money.")))?;
        if format!("source/{source}").parse::<TagKey>().is_err() {
            let detail =
                format!("`{source}` is no source: write what stands behind source/ in its tag, such as ig-ad.");
            return Err(ApiProblem::invalid(detail));
        }
        rows.push(AdSpend { source, day: day.to_string(), currency, amount });
    }
    engine.store().note_ad_spend(&rows).await?;
    Ok(Json(json!({ "noted": rows.len() })))
}
