//! What a test sets and asks of the sandbox beside Meta's own calls, at `/control`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Faults, Sandbox, people};

/// `POST /control/faults`: what goes wrong from now on.
pub(super) async fn faults(State(sandbox): State<Sandbox>, axum::Json(faults): axum::Json<Faults>) -> StatusCode {
    sandbox.set_faults(faults);
    StatusCode::NO_CONTENT
}

/// `GET /control/counters`: what happened so far.
pub(super) async fn counters(State(sandbox): State<Sandbox>) -> Response {
    axum::Json(json!(sandbox.counters())).into_response()
}

/// What changes of a customer, who is named as a call names its recipient.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerChange {
    #[serde(default)]
    to: Value,
    #[serde(default)]
    recipient: Value,
    /// They block us, or do so no more.
    blocked: Option<bool>,
    /// They are on WhatsApp.
    has_whatsapp: Option<bool>,
}

/// `POST /control/customers`: how a customer stands to us (section 9, point 4).
pub(super) async fn customers(
    State(sandbox): State<Sandbox>,
    axum::Json(change): axum::Json<CustomerChange>,
) -> Response {
    let named = json!({ "to": change.to, "recipient": change.recipient });
    let person = match people::recipient(&mut sandbox.inner.people(), &named) {
        Ok(recipient) => recipient.person,
        Err((_, words)) => return (StatusCode::UNPROCESSABLE_ENTITY, words).into_response(),
    };
    let (now, mut graph) = (sandbox.inner.now(), sandbox.inner.graph());
    match change.blocked {
        Some(true) => graph.block(&person.key, None, now),
        Some(false) => graph.unblock(&person.key),
        None => {}
    }
    if let Some(has_whatsapp) = change.has_whatsapp {
        graph.set_reachable(&person.key, has_whatsapp);
    }
    StatusCode::NO_CONTENT.into_response()
}
