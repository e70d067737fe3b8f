//! The phones in the browser: what a customer sees, live.

use std::convert::Infallible;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;
use tokio_util::sync::CancellationToken;

use super::{Customer, Said, Sandbox};
use crate::domain::Phone;

const PAGE: &str = include_str!("../../../templates/sandbox/phones.html");
const STYLE: &str = include_str!("../../../templates/sandbox/phones.css");
const SCRIPT: &str = include_str!("../../../templates/sandbox/phones.js");

#[derive(Clone)]
struct Phones {
    sandbox: Sandbox,
    stop: CancellationToken,
}

/// What the page says where Hotline's console stands beside it.
const CONSOLE: &str = "; see it arrive in the <a href=\"/inbox\">console</a>";

/// The page at `/sandbox`, its parts, and what it asks; with a `console` it leads there. Streams end when `stop` is cancelled.
pub fn phone_router(sandbox: Sandbox, stop: CancellationToken, console: bool) -> Router {
    let page = if console { PAGE.to_owned() } else { PAGE.replace(CONSOLE, "") };
    let fixed =
        |kind: &'static str, text: &'static str| get(move || async move { ([(header::CONTENT_TYPE, kind)], text) });
    Router::new()
        .route("/sandbox", get(move || async move { Html(page) }))
        .route("/sandbox/phones.css", fixed("text/css; charset=utf-8", STYLE))
        .route("/sandbox/phones.js", fixed("text/javascript; charset=utf-8", SCRIPT))
        .route("/sandbox/phone/{number}", get(screen))
        .route("/sandbox/say", post(say))
        .route("/sandbox/live", get(live))
        .with_state(Phones { sandbox, stop })
}

async fn screen(State(phones): State<Phones>, Path(number): Path<String>) -> Response {
    axum::Json(phones.sandbox.phone(&number)).into_response()
}

/// What a phone sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saying {
    customer: Customer,
    #[serde(default)]
    said: Option<Said>,
    #[serde(default)]
    marketing: Option<bool>,
}

async fn say(State(phones): State<Phones>, axum::Json(saying): axum::Json<Saying>) -> Response {
    if !saying.customer.is_known() {
        let told = "That is no phone number with country code, and no user id such as US.9001.";
        return (StatusCode::UNPROCESSABLE_ENTITY, told).into_response();
    }
    if saying.said.is_none() && saying.marketing.is_none() {
        let told = "Nothing is said: write what under `said`, or `marketing`.";
        return (StatusCode::UNPROCESSABLE_ENTITY, told).into_response();
    }
    if let Some(Said::ChangedNumber { number }) = &saying.said
        && number.parse::<Phone>().is_err()
    {
        return (StatusCode::UNPROCESSABLE_ENTITY, "The new number is no phone number with country code.")
            .into_response();
    }
    if let Some(said) = &saying.said {
        phones.sandbox.say(&saying.customer, said);
    }
    if let Some(marketing) = saying.marketing {
        phones.sandbox.prefer(&saying.customer, marketing);
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn live(State(phones): State<Phones>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = BroadcastStream::new(phones.sandbox.inner.changes.subscribe());
    let stream = changes.map(|number| Ok(Event::default().event("changed").data(number.unwrap_or_default())));
    Sse::new(stream.take_until(phones.stop.cancelled_owned())).keep_alive(KeepAlive::default())
}
