//! What a test sets and asks of the sandbox beside Meta's own calls, at `/control`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Faults, Sandbox, TemplateChange, deliver, people, wire};
use crate::whatsapp::graph::News;
use crate::whatsapp::quality::Quality;

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
        // Because of what we sent last unasked, where we sent such a thing.
        Some(true) => {
            let because = graph.shown(&person.key);
            graph.block(&person.key, because.as_deref(), now);
        }
        Some(false) => graph.unblock(&person.key),
        None => {}
    }
    if let Some(has_whatsapp) = change.has_whatsapp {
        graph.set_reachable(&person.key, has_whatsapp);
    }
    drop(graph);
    tell_news(&sandbox);
    StatusCode::NO_CONTENT.into_response()
}

/// Tells by webhook what Meta thinks of templates and the number by now (sections 2.9 and 9, point 5).
pub(super) fn tell_news(sandbox: &Sandbox) {
    let (news, now) = (sandbox.inner.graph().take_news(), sandbox.inner.now());
    for news in news {
        match news {
            News::TemplatePaused { name, until } => {
                let status = |status: &str, quality: &str| TemplateChange {
                    name: name.clone(),
                    status: Some(status.into()),
                    quality: Some(quality.into()),
                    ..TemplateChange::default()
                };
                sandbox.change_template(&status(if until.is_some() { "PAUSED" } else { "DISABLED" }, "RED"));
                if let Some(until) = until {
                    let (sandbox, over) = (sandbox.clone(), status("APPROVED", "UNKNOWN"));
                    tokio::spawn(async move {
                        tokio::time::sleep((until - now).to_std()).await;
                        sandbox.change_template(&over);
                    });
                }
            }
            // Of yellow the number's node alone tells.
            News::Quality(Quality::Yellow) => {}
            News::Quality(quality) => {
                let event = if quality == Quality::Red { "FLAGGED" } else { "UNFLAGGED" };
                let tier = sandbox.inner.settings.rules.tier();
                let told = json!({ "display_phone_number": wire::OUR_NUMBER, "event": event, "current_limit": tier });
                deliver::send(sandbox, wire::account_envelope("phone_number_quality_update", told, now));
            }
        }
    }
}
