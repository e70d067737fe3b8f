//! The Graph API's side: validation in Meta's order, error bodies, acceptance, and the statuses that follow.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::nodes::{self, Node, unknown_object};
use super::valid::{self, Refusal};
use super::{Faults, Sandbox, deliver, headers, templates, wire};
use crate::domain::Phone;
use crate::whatsapp::errors;
use crate::whatsapp::graph::{Fate, Named};

pub(super) fn router(sandbox: Sandbox) -> Router {
    let control = Router::new()
        .route("/control/templates", post(templates::change))
        .route("/control/faults", post(set_faults))
        .route("/control/counters", get(counters));
    // A call may leave the version out.
    let calls = ["/{version}", ""].into_iter().fold(control, |router, version| {
        router
            .route(&format!("{version}/{{id}}/messages"), post(messages))
            .route(&format!("{version}/{{id}}/marketing_messages"), post(marketing_messages))
            .route(
                &format!("{version}/{{id}}/message_templates"),
                get(templates::list).post(templates::make).delete(templates::delete),
            )
            .route(&format!("{version}/{{id}}/phone_numbers"), get(nodes::phone_numbers))
            .route(&format!("{version}/{{id}}/unpause"), post(templates::unpause))
            .route(&format!("{version}/{{id}}"), get(nodes::get).post(templates::edit))
    });
    calls
        .method_not_allowed_fallback(nodes::unknown)
        .fallback(nodes::unknown)
        .layer(from_fn_with_state(sandbox.clone(), headers::around))
        .with_state(sandbox)
}

async fn set_faults(State(sandbox): State<Sandbox>, axum::Json(faults): axum::Json<Faults>) -> StatusCode {
    sandbox.set_faults(faults);
    StatusCode::NO_CONTENT
}

async fn counters(State(sandbox): State<Sandbox>) -> Response {
    axum::Json(json!(sandbox.counters())).into_response()
}

async fn messages(sandbox: State<Sandbox>, number: Path<Node>, headers: HeaderMap, body: Bytes) -> Response {
    answer(sandbox, number, headers, body, false).await
}

/// The same for templates of marketing alone (section 3.2).
async fn marketing_messages(sandbox: State<Sandbox>, number: Path<Node>, headers: HeaderMap, body: Bytes) -> Response {
    answer(sandbox, number, headers, body, true).await
}

async fn answer(
    State(sandbox): State<Sandbox>,
    Path(Node { id: number }): Path<Node>,
    headers: HeaderMap,
    body: Bytes,
    only_marketing: bool,
) -> Response {
    let faults = sandbox.inner.faults();
    if faults.latency_ms > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(faults.latency_ms)).await;
    }
    if rand::random_bool(faults.unavailable.clamp(0.0, 1.0)) {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/html")], "<h1>Sorry</h1>")
            .into_response();
    }
    let answer = take(&sandbox, &number, &headers, &body, only_marketing);
    let accepted = answer.status() == StatusCode::OK;
    sandbox.inner.count(|counters| if accepted { counters.accepted += 1 } else { counters.refused += 1 });
    if accepted && rand::random_bool(faults.lost_answers.clamp(0.0, 1.0)) {
        // Accepted, and the connection breaks: hyper closes it when the body fails.
        let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("dropped")) });
        return Response::new(axum::body::Body::from_stream(broken));
    }
    answer
}

/// Validation order of section 9, point 6.
fn take(sandbox: &Sandbox, number: &str, headers: &HeaderMap, body: &[u8], only_marketing: bool) -> Response {
    if let Some(refusal) = unauthorised(sandbox, headers) {
        return refusal;
    }
    let inner = &sandbox.inner;
    if number != inner.settings.phone_number_id {
        return unknown_object(&Method::POST, number);
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(body) else { return refuse(100, "The body is not valid JSON") };
    if body["messaging_product"] != "whatsapp" {
        return refuse(100, "The parameter messaging_product is required.");
    }
    if !body["status"].is_null() {
        if let Err(Refusal { code, details }) = valid::read_mark(&body) {
            return refuse(code, &details);
        }
        // Only what a customer wrote can be marked (section 4.2).
        if !body["message_id"].as_str().is_some_and(|id| inner.heard().has(id)) {
            return refuse(131_009, "message_id is not the id of a message that was received");
        }
        inner.count(|counters| counters.read_marks += 1);
        return axum::Json(json!({ "success": true })).into_response();
    }
    if let Some(code) = inner.next_code() {
        return refuse(code, &errors::explain(code));
    }
    let Some(to) = body["to"].as_str().or(body["recipient"].as_str()) else {
        return refuse(131_008, "Either to or recipient is required");
    };
    if let Err(Refusal { code, details }) = valid::message(&body) {
        return refuse(code, &details);
    }
    if body["recipient_type"] == "group" {
        return refuse(131_020, "The number has no groups");
    }
    if only_marketing && !inner.templates().is_marketing(&body) {
        return refuse(131_055, &errors::explain(131_055));
    }
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    if body["to"].is_string() && digits.parse::<Phone>().is_err() {
        return refuse(131_009, "to is not a phone number");
    }
    if digits == "13125550100" {
        return refuse(131_021, "Recipient phone number cannot be the sender's");
    }
    match judge(sandbox, &digits, &mut body) {
        Err(code) => refuse(code, &errors::explain(code)),
        Ok(Fate::Fails(131_047)) if inner.settings.window_error_at_once => refuse(131_047, &errors::explain(131_047)),
        Ok(fate) => accept(sandbox, &digits, &body, fate),
    }
}

/// The template first, if there is one, then the limits. A template's words are kept for the phone to show.
fn judge(sandbox: &Sandbox, digits: &String, body: &mut Value) -> Result<Fate, i64> {
    let inner = &sandbox.inner;
    // The type alone says what a message is: a template that is in it besides is none.
    if body["type"] != "template"
        && let Some(parts) = body.as_object_mut()
    {
        parts.remove("template");
    }
    let Some(name) = body["template"]["name"].as_str().map(str::to_owned) else {
        return inner.graph().call(digits, None, inner.now());
    };
    let (category, words) =
        inner.templates().judge(&body["template"]).map(|(category, words)| (category.to_owned(), words))?;
    body["template"]["words"] = words.into();
    body["template"]["category"] = category.as_str().into();
    inner.graph().call(digits, Some(Named { name: &name, marketing: category == "MARKETING" }), inner.now())
}

fn accept(sandbox: &Sandbox, digits: &str, body: &Value, fate: Fate) -> Response {
    let id = wire::wamid(digits, true);
    let callback = body["biz_opaque_callback_data"].clone();
    if fate == Fate::Arrives {
        let mut shown = body.clone();
        shown["id"] = id.as_str().into();
        shown["at"] = sandbox.inner.now().0.into();
        shown["status"] = "accepted".into();
        sandbox.inner.show(digits, shown);
    }
    let open = sandbox.inner.graph().is_open(&digits.to_owned(), sandbox.inner.now());
    let sent = deliver::Told { id: id.clone(), callback, pricing: pricing(&body["template"]["category"], open) };
    tokio::spawn(follow(sandbox.clone(), digits.to_owned(), sent, fate));
    // Who is written to by user id is told by it (section 4.1).
    let contact = match &body["to"] {
        Value::Null => json!({ "input": body["recipient"], "user_id": body["recipient"] }),
        to => json!({ "input": to, "wa_id": digits }),
    };
    axum::Json(json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{ "id": id, "message_status": "accepted" }],
    }))
    .into_response()
}

/// What Meta charges for a message (section 2.7): templates of marketing always, others outside the service window.
fn pricing(category: &Value, open: bool) -> Value {
    let (billable, kind, category) = match category.as_str() {
        Some("MARKETING") => (true, "regular", "marketing"),
        Some("UTILITY") if open => (false, "free_customer_service", "utility"),
        Some(category) => (true, "regular", if category == "AUTHENTICATION" { "authentication" } else { "utility" }),
        None => (false, "free_customer_service", "service"),
    };
    json!({ "billable": billable, "pricing_model": "PMP", "type": kind, "category": category })
}

/// The statuses of an accepted message, in sequence.
async fn follow(sandbox: Sandbox, digits: String, sent: deliver::Told, fate: Fate) {
    let [to_sent, to_delivered, to_read] = sandbox.inner.settings.status_delays;
    tokio::time::sleep(to_sent).await;
    if let Fate::Fails(code) = fate {
        let title = errors::explain(code);
        let error = json!({ "code": code, "title": title, "message": title, "error_data": { "details": title } });
        return deliver::status(&sandbox, &digits, &sent, "failed", Some(&error));
    }
    deliver::status(&sandbox, &digits, &sent, "sent", None);
    if fate == Fate::Unheard {
        return;
    }
    tokio::time::sleep(to_delivered).await;
    deliver::status(&sandbox, &digits, &sent, "delivered", None);
    tokio::time::sleep(to_read).await;
    deliver::status(&sandbox, &digits, &sent, "read", None);
}

pub(super) fn unauthorised(sandbox: &Sandbox, headers: &HeaderMap) -> Option<Response> {
    let expected = format!("Bearer {}", sandbox.inner.settings.access_token.expose_secret());
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if shown == Some(expected.as_str()) {
        return None;
    }
    let error = json!({ "error": {
        "message": "Invalid OAuth access token - Cannot parse access token", "type": "OAuthException", "code": 190,
        "fbtrace_id": wire::trace_id(),
    }});
    Some((StatusCode::UNAUTHORIZED, axum::Json(error)).into_response())
}

pub(super) fn refuse(code: i64, details: &str) -> Response {
    refuse_with(code, None, details)
}

pub(super) fn refuse_with(code: i64, subcode: Option<i64>, details: &str) -> Response {
    let mut error = json!({ "error": {
        "message": format!("(#{code}) {details}"), "type": "OAuthException", "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": details }, "fbtrace_id": wire::trace_id(),
    }});
    if let Some(subcode) = subcode {
        error["error"]["error_subcode"] = subcode.into();
        error["error"]["error_user_msg"] = details.into();
    }
    let status = StatusCode::from_u16(errors::http_status(code)).unwrap_or(StatusCode::BAD_REQUEST);
    (status, axum::Json(error)).into_response()
}
