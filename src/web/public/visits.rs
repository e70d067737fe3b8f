//! `/t.js` and `POST /t`: what visitors of the shop's own pages look at, with their consent. Only pages of the origins that the
//! settings name may tell, only with a token that a tracked link gave, and nothing but views of pages and changes of the cart.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;

use crate::domain::{ContactId, EventBody, mended};
use crate::engine::Engine;
use crate::engine::replay::timeline::event_body;
use crate::web::pace::Pace;

/// What a visitor may tell in a minute.
const A_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("60 is not 0");
/// Bytes of one report.
const LARGEST: usize = 2_048;
/// Nobody looks at a page for longer than a day.
const LONGEST: i64 = 24 * 60 * 60;

#[derive(Clone)]
struct Visits {
    engine: Engine,
    pace: Arc<Pace<ContactId>>,
}

/// Both addresses; none where no origin is set.
pub(crate) fn router(engine: Engine) -> Router {
    if engine.settings().visits.origins.is_empty() {
        return Router::new();
    }
    let pace = Arc::new(Pace::per_minute(A_MINUTE));
    Router::new()
        .route("/t.js", get(script))
        .route("/t", post(take).options(may_ask))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(Visits { engine, pace })
}

async fn script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("t.js")).into_response()
}

/// A browser asks before it sends anything but plain text.
async fn may_ask(State(visits): State<Visits>, headers: HeaderMap) -> Response {
    let Some(origin) = visits.origin(&headers) else { return StatusCode::FORBIDDEN.into_response() };
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, shared_with(origin), allowed).into_response()
}

async fn take(State(visits): State<Visits>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(origin) = visits.origin(&headers) else {
        return (StatusCode::FORBIDDEN, "Pages of this origin may not tell: see [visits] in the settings.\n")
            .into_response();
    };
    (shared_with(origin), visits.told(&body).await).into_response()
}

fn shared_with(origin: HeaderValue) -> [(header::HeaderName, HeaderValue); 2] {
    [(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin), (header::VARY, HeaderValue::from_static("origin"))]
}

impl Visits {
    /// The origin of the page that asks, where the settings know it.
    fn origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.engine.settings().visits.has(origin.to_str().ok()?).then(|| origin.clone())
    }

    async fn told(&self, body: &[u8]) -> (StatusCode, &'static str) {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(&mended(body)) else {
            return (StatusCode::BAD_REQUEST, "A report is a JSON object.\n");
        };
        let mut text = |name: &str| match fields.remove(name) {
            Some(Value::String(text)) if (1..=64).contains(&text.len()) => Some(text),
            _ => None,
        };
        let (Some(token), Some(id)) = (text("token"), text("id")) else {
            return (StatusCode::BAD_REQUEST, "A report has a token and an id.\n");
        };
        let Some(visitor) = self.engine.visitor(&token) else {
            return (StatusCode::UNAUTHORIZED, "The token is not one of ours, or its time is over.\n");
        };
        if !self.pace.lets(&visitor) {
            return (StatusCode::TOO_MANY_REQUESTS, "Too much at once.\n");
        }
        let Some(body) = event_body(Value::Object(fields)).ok().filter(is_of_a_visit) else {
            return (StatusCode::UNPROCESSABLE_ENTITY, "A report is a view of a page or a change of the cart.\n");
        };
        match self.engine.visited(visitor, &id, body).await {
            Ok(()) => (StatusCode::NO_CONTENT, ""),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "The database does not answer just now.\n"),
        }
    }
}

/// A view or a change of the cart that can be.
fn is_of_a_visit(body: &EventBody) -> bool {
    match body {
        EventBody::Page(page) => {
            (0..=LONGEST).contains(&page.seconds)
                && page.visit_seconds.is_none_or(|seconds| (0..=LONGEST).contains(&seconds))
        }
        EventBody::Cart(_) => true,
        _ => false,
    }
}
