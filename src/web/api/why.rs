//! `GET /api/v1/contacts/{id}/why?tag=…`: why a contact holds a tag, or what is missing.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::address::{Path, Query};
use super::problem::ApiProblem;
use crate::domain::ContactId;
use crate::engine::Engine;
use crate::engine::tags::why::{Why, of_contact};

/// The address.
pub(super) fn router() -> Router<Engine> {
    Router::new().route("/api/v1/contacts/{id}/why", get(why))
}

#[derive(Deserialize)]
struct Asking {
    tag: String,
}

async fn why(
    State(engine): State<Engine>,
    Path(id): Path<i64>,
    Query(asking): Query<Asking>,
) -> Result<Json<Why>, ApiProblem> {
    let knowledge = engine.shelf().knowledge();
    let found = of_contact(engine.store(), &knowledge, ContactId(id), &asking.tag, engine.now()).await?;
    found
        .map(Json)
        .ok_or_else(|| ApiProblem::not_found(format!("There is no contact {id}, or nothing of it was folded yet.")))
}
