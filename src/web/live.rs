//! Live updates: server-sent events that say whose fragments to fetch again. A page that missed some fetches afresh.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{Stream, StreamExt};
use tokio_stream::wrappers::BroadcastStream;

use super::App;
use super::access::SignedIn;

/// The page takes a stream for dead that says nothing for twice as long. A comment, and an event without data, browsers keep to themselves.
const PING: Duration = Duration::from_secs(20);

pub(super) fn router() -> Router<App> {
    Router::new().route("/live", get(live))
}

async fn live(State(app): State<App>, _signed_in: SignedIn) -> Response {
    let ping = KeepAlive::new().interval(PING).event(Event::default().event("ping").data("here"));
    let mut response = Sse::new(changes(&app)).keep_alive(ping).into_response();
    // Proxies must not hold events back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

fn changes(app: &App) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let changes = BroadcastStream::new(app.engine.changes());
    let events = changes.map(|change| {
        Ok(match change {
            Ok(change) => Event::default().id(change.id.to_string()).event("changed").data(change.contact.to_string()),
            // Fell behind: what was missed is not known.
            Err(_) => Event::default().event("resync").data("all"),
        })
    });
    events.take_until(app.engine.stopping().cancelled_owned())
}
