//! `POST /api/v1/links`: a tracked link for one contact, to put into a message that a person or another program sends.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::problem::ApiProblem;
use super::read;
use crate::domain::{ContactRef, Currency, Link, LinkKind, Product, check_sum};
use crate::engine::Engine;
use crate::web::public::links::web_address;

/// The links API.
pub(super) fn router() -> Router<Engine> {
    Router::new().route("/api/v1/links", post(make))
}

/// What is asked for. A product of the shop's file, by its number or name, brings category, price and address along.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    contact: ContactRef,
    #[serde(default = "product")]
    kind: LinkKind,
    #[serde(default)]
    product: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    price: Option<Decimal>,
    #[serde(default)]
    currency: Option<Currency>,
    #[serde(default)]
    quote: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

fn product() -> LinkKind {
    LinkKind::Product
}

async fn make(State(engine): State<Engine>, body: Bytes) -> Result<Response, ApiProblem> {
    let wanted: Wanted = read(&body)?;
    let contact = engine.store().contact_of(&wanted.contact).await?;
    let contact = contact.ok_or_else(|| ApiProblem::not_found(format!("Nobody is known as {}.", wanted.contact)))?;
    let link = link(wanted, &engine)?;
    let url = engine.make_link(contact, link).await?;
    Ok((StatusCode::CREATED, axum::Json(json!({ "url": url }))).into_response())
}

fn link(wanted: Wanted, engine: &Engine) -> Result<Link, ApiProblem> {
    check_sum("price", wanted.price).map_err(ApiProblem::invalid)?;
    let knowledge = engine.shelf().knowledge();
    let is_it = |product: &&Product| {
        wanted.product.as_ref().is_some_and(|name| *name == product.sku || name.eq_ignore_ascii_case(&product.name))
    };
    let known = knowledge.shop.products.iter().find(is_it);
    let target = match &wanted.url {
        Some(url) => Some(web_address(url).map(String::from).ok_or_else(|| {
            ApiProblem::invalid(format!("`url` is `{url}`, which is no address that begins with https:// or http://"))
        })?),
        None => known.and_then(|product| product.url.clone()),
    };
    let target = target.ok_or_else(|| {
        ApiProblem::invalid("`url` is missing: only a product of the shop's file that has an address brings its own.")
    })?;
    Ok(Link {
        kind: wanted.kind,
        product: known.map(|product| product.name.clone()).or(wanted.product),
        category: wanted.category.or_else(|| known.map(|product| product.key.clone())),
        currency: wanted.currency.or_else(|| known.map(|_| knowledge.shop.currency)),
        price: wanted.price.or_else(|| known.map(|product| product.price)),
        quote: wanted.quote,
        target,
    })
}
