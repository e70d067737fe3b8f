//! The console's static files: they travel inside the binary.

use axum::Router;
use axum::http::header;
use axum::routing::{MethodRouter, get};
use tower_http::compression::CompressionLayer;

use crate::web::App;

pub(super) fn router() -> Router<App> {
    let compressed = Router::new()
        .route(
            "/static/console.css",
            fixed("text/css; charset=utf-8", include_str!("../../../templates/console/static/console.css")),
        )
        .route("/static/console.js", script(include_str!("../../../templates/console/static/console.js")))
        .route("/static/drafts.js", script(include_str!("../../../templates/console/static/drafts.js")))
        .route("/static/canned.js", script(include_str!("../../../templates/console/static/canned.js")))
        .route("/static/forms.js", script(include_str!("../../../templates/console/static/forms.js")))
        .route("/static/keys.js", script(include_str!("../../../templates/console/static/keys.js")))
        .route("/static/notifications.js", script(include_str!("../../../templates/console/static/notifications.js")))
        .route("/static/live.js", script(include_str!("../../../templates/console/static/live.js")))
        .route("/worker.js", script(include_str!("../../../templates/console/static/worker.js")))
        .layer(CompressionLayer::new());
    Router::new()
        .route("/static/icon.svg", fixed("image/svg+xml", include_str!("../../../templates/console/static/icon.svg")))
        .merge(compressed)
}

fn script(text: &'static str) -> MethodRouter<App> {
    fixed("text/javascript; charset=utf-8", text)
}

fn fixed(kind: &'static str, text: &'static str) -> MethodRouter<App> {
    get(move || async move { ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], text) })
}
