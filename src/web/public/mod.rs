//! What needs no sign-in: Meta's webhook, the shop platform's, tracked links, and visits of the shop's own pages.

pub(crate) mod feeds;
pub(crate) mod links;
pub(crate) mod visits;
pub mod webhook;

use axum::Router;

use crate::engine::Engine;
use crate::web::pages::Pages;

/// All but Meta's webhook, which waits for nothing.
pub(super) fn router(engine: Engine, pages: Pages) -> Router {
    feeds::router(engine.clone()).merge(links::router(engine.clone(), pages)).merge(visits::router(engine))
}
