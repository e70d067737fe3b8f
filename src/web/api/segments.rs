//! `/api/v1/segments`: who is in a segment, how many, and segments with a name.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::Path;
use super::problem::ApiProblem;
use super::{limit, next_page, read};
use crate::domain::Timestamp;
use crate::engine::Engine;
use crate::engine::segments::{Wanted, card, csv_stream, named, page};
use crate::segments::Segment;
use crate::segments::lists::{is_condition, is_name};
use crate::store::{Place, SavedSegment, TagUse};

/// The segments API.
pub(super) fn router() -> Router<Engine> {
    Router::new()
        .route("/api/v1/segments", get(all))
        .route("/api/v1/segments/count", post(count))
        .route("/api/v1/segments/list", post(list))
        .route("/api/v1/segments/export", post(export))
        .route("/api/v1/segments/{name}", get(one).put(save).delete(forget))
}

/// Who is asked for: a segment as text or JSON, or the name of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asking {
    segment: Option<Value>,
    name: Option<String>,
    first: Option<Value>,
    limit: Option<i64>,
    cursor: Option<String>,
}

pub(super) fn understood(engine: &Engine, value: &Value) -> Result<Segment, ApiProblem> {
    let knowledge = engine.shelf().knowledge();
    let segment = Segment::known_from_json(value, &|currency| knowledge.shop.knows(currency));
    segment.map_err(|error| ApiProblem::invalid(format!("This is no segment: {error}.")))
}

async fn wanted(engine: &Engine, asking: &Asking, now: Timestamp) -> Result<Wanted, ApiProblem> {
    match (&asking.segment, &asking.name) {
        (Some(segment), None) => {
            let first = asking.first.as_ref().map(|first| understood(engine, first)).transpose()?;
            Ok(Wanted { segment: understood(engine, segment)?, first, now })
        }
        (None, Some(name)) => {
            let found = named(engine.store(), &engine.shelf().knowledge(), name, now).await?;
            found.ok_or_else(|| unknown(name))
        }
        _ => Err(ApiProblem::invalid("Send either `segment` or `name`.")),
    }
}

fn unknown(name: &str) -> ApiProblem {
    ApiProblem::not_found(format!("No segment is called `{name}`. GET /api/v1/segments lists them."))
}

async fn count(State(engine): State<Engine>, body: Bytes) -> Result<Json<Value>, ApiProblem> {
    let wanted = wanted(&engine, &read(&body)?, engine.now()).await?;
    engine.note_use(&wanted.segment.tags(), TagUse::Filter).await;
    let shop = &engine.shelf().knowledge().shop;
    let count = engine.store().count_segment(&wanted.asked(&shop.rates, shop.currency)).await?;
    Ok(Json(json!({ "count": count, "segment": wanted.segment.to_string(), "json": wanted.segment.to_json() })))
}

/// A cursor: where the list goes on, and when it was begun, since windows must not move while it is read.
fn cursor(place: Place, now: Timestamp) -> String {
    format!("{}.{}.{}", place.rank, place.contact, now.0)
}

fn parsed(cursor: &str) -> Result<(Place, Timestamp), ApiProblem> {
    let numbers: Vec<i64> = cursor.split('.').filter_map(|part| part.parse().ok()).collect();
    match numbers[..] {
        [rank @ 0..=1, contact, now] if now >= 0 => Ok((Place { rank, contact }, Timestamp(now))),
        _ => Err(ApiProblem::cursor()),
    }
}

async fn list(State(engine): State<Engine>, body: Bytes) -> Result<Json<Value>, ApiProblem> {
    let asking: Asking = read(&body)?;
    let limit = limit(asking.limit)?;
    let begun = asking.cursor.as_deref().map(parsed).transpose()?;
    let (after, now) = begun.unwrap_or((Place::default(), engine.now()));
    let wanted = wanted(&engine, &asking, now).await?;
    if begun.is_none() {
        engine.note_use(&wanted.segment.tags(), TagUse::Filter).await;
    }
    let knowledge = engine.shelf().knowledge();
    let mut members = page(engine.store(), &knowledge, &wanted, after, limit + 1).await?;
    let next = next_page(&mut members, limit, |member| cursor(member.place, now));
    Ok(Json(json!({ "contacts": members.iter().map(|member| card(member, now)).collect::<Vec<_>>(), "next": next })))
}

/// The whole list as CSV, page by page as the caller reads it.
async fn export(State(engine): State<Engine>, body: Bytes) -> Result<Response, ApiProblem> {
    let wanted = wanted(&engine, &read(&body)?, engine.now()).await?;
    engine.note_use(&wanted.segment.tags(), TagUse::Export).await;
    let kind = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"contacts.csv\""),
    ];
    Ok((kind, Body::from_stream(csv_stream(engine, wanted))).into_response())
}

/// Every segment with a name: what people saved, and what ships and was not replaced.
async fn all(State(engine): State<Engine>) -> Result<Json<Value>, ApiProblem> {
    let knowledge = engine.shelf().knowledge();
    let today = engine.now().utc().with_timezone(&knowledge.shop.zone).date_naive();
    let saved = engine.store().saved_segments().await?;
    let mut rows: Vec<Value> = saved.iter().map(shown).collect();
    for list in knowledge.lists.iter().filter(|list| !saved.iter().any(|saved| saved.name == list.name)) {
        rows.push(json!({
            "name": list.name, "about": list.about, "segment": list.segment.to_string(),
            "first": list.first.as_ref().map(ToString::to_string),
            "shipped": true, "today": list.on.is_some_and(|days| days.has(today)),
        }));
    }
    Ok(Json(json!({ "segments": rows })))
}

fn shown(saved: &SavedSegment) -> Value {
    let first = (!saved.first.is_empty()).then_some(&saved.first);
    json!({
        "name": saved.name, "about": saved.about, "segment": saved.segment, "first": first, "shipped": false, "today": false,
        "changed_at": saved.changed_at.rfc3339(),
    })
}

async fn one(State(engine): State<Engine>, Path(name): Path<String>) -> Result<Json<Value>, ApiProblem> {
    let Json(mut rows) = all(State(engine)).await?;
    let rows = rows.get_mut("segments").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    rows.into_iter()
        .find(|row| row.get("name").is_some_and(|known| *known == name))
        .map(Json)
        .ok_or_else(|| unknown(&name))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saving {
    segment: Value,
    first: Option<Value>,
    #[serde(default)]
    about: String,
}

/// 201 for a new one, 200 where one of that name was replaced.
async fn save(State(engine): State<Engine>, Path(name): Path<String>, body: Bytes) -> Result<Response, ApiProblem> {
    if !is_name(&name) || ["count", "list", "export"].contains(&name.as_str()) {
        let detail =
            format!("`{name}` is no name: write lower-case letters, digits and hyphens, at most 60, such as win-back.");
        return Err(ApiProblem::invalid(detail));
    }
    if is_condition(&name) {
        let detail = format!("`{name}` is a condition of segments already: give the list another name.");
        return Err(ApiProblem::invalid(detail));
    }
    let saving: Saving = read(&body)?;
    if saving.about.chars().count() > 500 {
        return Err(ApiProblem::invalid("`about` has at most 500 characters."));
    }
    let first = saving.first.as_ref().map(|first| understood(&engine, first)).transpose()?;
    let saved = SavedSegment {
        name,
        segment: understood(&engine, &saving.segment)?.to_string(),
        first: first.map(|first| first.to_string()).unwrap_or_default(),
        about: saving.about,
        made_by: "api".into(),
        changed_at: engine.now(),
    };
    let new = engine.store().save_segment(&saved).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(shown(&saved))).into_response())
}

/// One that ships and was replaced is there again.
async fn forget(State(engine): State<Engine>, Path(name): Path<String>) -> Result<StatusCode, ApiProblem> {
    if engine.store().forget_segment(&name).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let ships = engine.shelf().knowledge().lists.iter().any(|list| list.name == name);
    let why =
        if ships { format!("`{name}` ships with the keywords: take it out of segments.toml.") } else { String::new() };
    Err(if ships { ApiProblem::not_found(why) } else { unknown(&name) })
}
