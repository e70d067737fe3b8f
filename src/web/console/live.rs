//! Live updates: server-sent events that say whose fragments to fetch again. A page that missed some fetches afresh.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{Stream, StreamExt, future, stream};
use tokio_stream::wrappers::BroadcastStream;

use crate::engine::Engine;
use crate::web::App;
use crate::web::access::SignedIn;

/// The page takes a stream for dead that says nothing for twice as long. A comment, and an event without data, browsers keep to themselves.
const PING: Duration = Duration::from_secs(20);

pub(crate) fn router() -> Router<App> {
    Router::new().route("/live", get(live))
}

/// How often it is looked whether the session still stands: it may have ended on another node, or by a command.
const LOOK_EVERY: Duration = Duration::from_secs(10);

async fn live(State(app): State<App>, signed_in: SignedIn) -> Response {
    let events = changes(&app).take_until(ended(app.engine.clone(), signed_in.0.token_hash));
    let stop = app.engine.stopping();
    let goodbye =
        async move { (!stop.is_cancelled()).then(|| Ok(Event::default().event("session-expired").data("over"))) };
    let events = events.chain(stream::once(goodbye).filter_map(future::ready));
    let ping = KeepAlive::new().interval(PING).event(Event::default().event("ping").data("here"));
    let mut response = Sse::new(events).keep_alive(ping).into_response();
    // Proxies must not hold events back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// Comes when the session is over: who is removed or signed out sees no more of what happens.
async fn ended(engine: Engine, session: String) {
    // Where the database does not answer, it is not known that it is over.
    while !matches!(engine.store().session(&session, engine.now()).await, Ok(None)) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn changes(app: &App) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let changes = BroadcastStream::new(app.engine.changes());
    let events = changes.map(|change| {
        Ok(match change {
            Ok(change) => Event::default().id(change.id.to_string()).event("changed").data(change.contact.to_string()),
            // Fell behind: what was missed is not known. Browsers tell of no event without data.
            Err(_) => Event::default().event("resync").data("all"),
        })
    });
    events.take_until(app.engine.stopping().cancelled_owned())
}
