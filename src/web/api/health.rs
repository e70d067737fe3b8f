//! `/healthz`: the process lives. `/readyz`: it can take webhooks. `/metrics`: Prometheus.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::engine::Engine;

/// The three addresses that operators watch.
pub fn router(engine: Engine, metrics: PrometheusHandle) -> Router {
    let render = move || {
        let metrics = metrics.clone();
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], metrics.render()) }
    };
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(render))
        .with_state(engine)
}

async fn ready(State(engine): State<Engine>) -> Response {
    if engine.stopping().is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match engine.store().ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not take writes\n").into_response(),
    }
}
