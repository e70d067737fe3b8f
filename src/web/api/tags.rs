//! `/api/v1/tags`: what tags there are, how they are used, and what people say of them. `/api/v1/changes`: who changed what.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::{Path, Query};
use super::problem::ApiProblem;
use super::read;
use crate::domain::{ContactRef, Duration, Every};
use crate::engine::Engine;
use crate::engine::tags::sample;
use crate::engine::tags::tidy;
use crate::engine::tags::{Actor, Faces, NotDone, Wish};
use crate::governance::{Labels, TagFigures};
use crate::store::TagRow;

/// Who a call of the API is in the log.
pub(super) const PROGRAM: Actor<'static> = Actor { who: "api", role: None };
/// How far back, and how many lines of the log are told.
const BACK: Duration = Duration::days(400);
const LINES: i64 = 1_000;

/// The tags API.
pub(super) fn router() -> Router<Engine> {
    Router::new()
        .route("/api/v1/tags", get(all).post(make))
        .route("/api/v1/tags/verdicts", post(judge))
        .route("/api/v1/tags/proposals", get(proposed))
        .route("/api/v1/tags/tidy", post(tidy))
        .route("/api/v1/tags/untidy", post(untidy))
        .route("/api/v1/tags/sample", get(sampled))
        .route("/api/v1/tags/{*tag}", put(save).delete(forget))
        .route("/api/v1/changes", get(changes))
}

impl From<NotDone> for ApiProblem {
    fn from(error: NotDone) -> Self {
        match error {
            NotDone::Wrong(detail) => Self::invalid(detail),
            NotDone::Unknown(detail) => Self::not_found(detail),
            NotDone::Forbidden(detail) => Self::forbidden(detail),
            NotDone::Store(error) => error.into(),
        }
    }
}

async fn all(State(engine): State<Engine>) -> Result<Json<Value>, ApiProblem> {
    let (faces, figures) = (engine.faces().await?, engine.tag_figures().await?);
    let tags: Vec<Value> = figures.iter().map(|figures| shown(&faces, figures)).collect();
    Ok(Json(json!({ "tags": tags, "colours": engine.shelf().knowledge().tag_names.palette() })))
}

fn shown(faces: &Faces, figures: &TagFigures) -> Value {
    let tag = figures.tag.as_str();
    let row = faces.rows().get(tag);
    let mut shown = json!(figures);
    shown["label"] = json!(faces.label(tag));
    shown["labels"] = json!(row.map(|row| &row.labels));
    shown["colour"] = json!(faces.colour(tag));
    shown["about"] = json!(row.map(|row| row.about.as_str()).unwrap_or_default());
    shown["made_by"] = json!(row.map(|row| row.made_by.as_str()));
    shown["accuracy"] = json!(figures.accuracy());
    for time in ["first_set", "last_set", "made_at", "last_use"] {
        let at = shown[time].as_i64().map(|at| crate::domain::Timestamp(at).rfc3339());
        shown[time] = json!(at);
    }
    shown
}

fn told(row: &TagRow) -> Value {
    json!({ "tag": row.tag, "labels": row.labels, "colour": row.colour, "about": row.about, "made_by": row.made_by })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Making {
    label: String,
    colour: Option<String>,
    #[serde(default)]
    about: String,
}

/// A tag by its label in the shop's language; its key is made of it.
async fn make(State(engine): State<Engine>, body: Bytes) -> Result<Response, ApiProblem> {
    let Making { label, colour, about } = read(&body)?;
    let language = engine.shelf().knowledge().shop.language.tag().to_owned();
    let wish = Wish { labels: Labels::from([(language, label)]), colour, about };
    let (row, new) = engine.save_tag(PROGRAM, None, wish).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(told(&row))).into_response())
}

async fn save(State(engine): State<Engine>, Path(tag): Path<String>, body: Bytes) -> Result<Response, ApiProblem> {
    let (row, new) = engine.save_tag(PROGRAM, Some(&tag), read(&body)?).await?;
    Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(told(&row))).into_response())
}

async fn forget(State(engine): State<Engine>, Path(tag): Path<String>) -> Result<StatusCode, ApiProblem> {
    engine.forget_tag(PROGRAM, &tag).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judging {
    contact: ContactRef,
    tag: String,
    right: bool,
    /// Who says so, where a program passes on what people say.
    by: Option<String>,
}

async fn judge(State(engine): State<Engine>, body: Bytes) -> Result<StatusCode, ApiProblem> {
    let judging: Judging = read(&body)?;
    let contact = engine.store().contact_of(&judging.contact).await?;
    let contact = contact.ok_or_else(|| ApiProblem::not_found("There is no such contact."))?;
    let by = judging.by.as_deref().unwrap_or(PROGRAM.who);
    engine.judge_tag(by, contact, &judging.tag, judging.right).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What could be done to the set of tags, and what it would change. Each may be sent to `tidy` as it is.
async fn proposed(State(engine): State<Engine>) -> Result<Json<Value>, ApiProblem> {
    let (tags, knowledge) = (engine.tag_figures().await?, engine.shelf().knowledge());
    let found = tidy::proposals(engine.store(), &knowledge, &tags, engine.now()).await?;
    Ok(Json(json!({ "proposals": found })))
}

async fn tidy(State(engine): State<Engine>, body: Bytes) -> Result<Json<Value>, ApiProblem> {
    let done = engine.tidy(PROGRAM, read(&body)?).await?;
    Ok(Json(json!({ "line": done.log, "contacts": done.contacts })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Undoing {
    /// The line of the log that `tidy` told.
    line: i64,
}

async fn untidy(State(engine): State<Engine>, body: Bytes) -> Result<Json<Value>, ApiProblem> {
    let undoing: Undoing = read(&body)?;
    let done = engine.untidy(PROGRAM, undoing.line).await?;
    Ok(Json(json!({ "line": done.log, "contacts": done.contacts })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sampling {
    of: Option<String>,
}

/// The contacts whose tags a person looks at this week, or this quarter with `of=quarter`.
async fn sampled(State(engine): State<Engine>, Query(asking): Query<Sampling>) -> Result<Json<Value>, ApiProblem> {
    let every = match asking.of.as_deref() {
        None | Some("week") => Every::Week,
        Some("quarter") => Every::Quarter,
        Some(other) => return Err(ApiProblem::invalid(format!("`of` is `{other}`; it may be week or quarter."))),
    };
    let knowledge = engine.shelf().knowledge();
    let period = sample::under_way(every, &knowledge, engine.now());
    let drawn = sample::draw(engine.store(), &knowledge, &period).await?;
    let (right, wrong) = engine.store().verdicts_on(&drawn, &period).await?;
    let contacts: Vec<i64> = drawn.iter().map(|contact| contact.0).collect();
    Ok(Json(json!({ "of": period.label, "contacts": contacts, "right": right, "wrong": wrong })))
}

async fn changes(State(engine): State<Engine>) -> Result<Json<Value>, ApiProblem> {
    let rows = engine.store().change_log(engine.now() - BACK, LINES).await?;
    let shown = |row: &crate::store::LogRow| {
        json!({
            "id": row.id, "at": row.at.rfc3339(), "who": row.who, "action": row.action, "subject": row.subject,
            "detail": row.detail, "undone_at": row.undone_at.map(|at| at.rfc3339()),
        })
    };
    Ok(Json(json!({ "changes": rows.iter().map(shown).collect::<Vec<_>>() })))
}
