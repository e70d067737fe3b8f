//! `GET /api/v1/contacts/{id}/why?tag=…`: why a contact holds a tag, or what is missing.

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::authorise;
use super::problem::ApiProblem;
use crate::domain::ContactId;
use crate::engine::Engine;
use crate::engine::why::{Why, of_contact};

/// The address.
pub fn router(engine: Engine) -> Router {
    Router::new().route("/api/v1/contacts/{id}/why", get(why)).with_state(engine)
}

#[derive(Deserialize)]
struct Asking {
    tag: String,
}

async fn why(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Path(id): Path<i64>,
    Query(asking): Query<Asking>,
) -> Result<Json<Why>, ApiProblem> {
    authorise(&engine, &headers)?;
    let knowledge = engine.shelf().knowledge();
    let found = of_contact(engine.store(), &knowledge, ContactId(id), &asking.tag, engine.now()).await?;
    found
        .map(Json)
        .ok_or_else(|| ApiProblem::not_found(format!("There is no contact {id}, or nothing of it was folded yet.")))
}
