//! `/healthz`: the process lives. `/readyz`: it can take webhooks. `/metrics`: Prometheus.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

use tokio::sync::Mutex;

use crate::engine::Engine;

/// Whether the database takes writes is asked this often at most, however many ask: each time is a commit.
const ASKED_EVERY: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct Health {
    engine: Engine,
    /// When the database was asked last, and whether it took writes.
    writes: Arc<Mutex<Option<(Instant, bool)>>>,
}

impl Health {
    /// Who asks while it is being found out waits for the same answer.
    async fn takes_writes(&self) -> bool {
        let mut known = self.writes.lock().await;
        if let Some((_, takes)) = known.filter(|(at, _)| at.elapsed() < ASKED_EVERY) {
            return takes;
        }
        let takes = self.engine.store().ping().await.is_ok();
        *known = Some((Instant::now(), takes));
        takes
    }
}

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
        .with_state(Health { engine, writes: Arc::default() })
}

async fn ready(State(health): State<Health>) -> Response {
    if health.engine.stopping().is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    if health.takes_writes().await {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, "the database does not take writes\n").into_response()
}
