//! HTTP: the webhook, the API, the console.

pub mod access;
pub mod api;
mod console;
mod pace;
mod pages;
pub mod public;
mod refusals;
mod security;
mod typed;
mod visitor;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;

use crate::domain::ContactId;
use crate::engine::Engine;
use pages::Pages;

/// What the console's handlers share.
#[derive(Clone)]
pub struct App {
    engine: Engine,
    pages: Pages,
    /// Cookies only travel over https.
    secure: bool,
    /// The phones at /sandbox are there.
    sandbox: bool,
}

/// Every address of the product.
///
/// # Errors
/// A page's template is wrong.
pub fn router(engine: Engine, metrics: PrometheusHandle, sandbox: bool) -> Result<Router, minijinja::Error> {
    let secure = engine.settings().public_url().starts_with("https://");
    let pages = Pages::load()?;
    let app = App { engine: engine.clone(), pages: pages.clone(), secure, sandbox };
    let at_once = public::webhook::router(engine.clone()).merge(api::health::router(engine.clone(), metrics));
    let once_loaded = axum::middleware::from_fn_with_state(engine.clone(), once_loaded);
    let others =
        api::router(engine.clone()).merge(public::router(engine, pages)).merge(console::router(app)).layer(once_loaded);
    Ok(at_once.merge(others).layer(axum::middleware::from_fn(api::problem::in_one_shape)).layer(CatchPanicLayer::new()))
}

/// Who asks for more than that a webhook is kept waits for the dictionaries: after a start they come last.
async fn once_loaded(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    engine.shelf().loaded().await;
    next.run(request).await
}

/// The contact that a form is about; of one that became another, the other. What is done to nobody is refused.
async fn living(app: &App, contact: i64) -> Result<ContactId, Response> {
    match app.engine.store().contact(ContactId(contact)).await {
        Ok(Some((row, _))) => Ok(row.contact),
        Ok(None) => Err(app.pages.no_contact()),
        Err(error) => Err(app.pages.unavailable(&error)),
    }
}
