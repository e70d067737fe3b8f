//! The Graph API's side: validation in Meta's order, error bodies, acceptance, and the statuses that follow.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::valid::{self, Refusal};
use super::{Faults, Sandbox, deliver, templates, wire};
use crate::domain::Phone;
use crate::whatsapp::errors;
use crate::whatsapp::graph::{Fate, Named};

pub(super) fn router(sandbox: Sandbox) -> Router {
    Router::new()
        .route("/{version}/{number}/messages", post(messages))
        .route(
            "/{version}/{account}/message_templates",
            get(templates::list).post(templates::make).delete(templates::delete),
        )
        .route("/{version}/{number}", get(number))
        .route("/control/templates", post(templates::change))
        .route("/control/faults", post(set_faults))
        .route("/control/counters", get(counters))
        .layer(map_response_with_state(sandbox.clone(), tell_usage))
        .with_state(sandbox)
}

/// The header of each answer that tells how much of the allowance of calls is used (section 9, point 7).
async fn tell_usage(State(sandbox): State<Sandbox>, mut response: Response) -> Response {
    let used = sandbox.inner.faults().usage;
    let told = json!({ &sandbox.inner.settings.phone_number_id: [{ "type": "whatsapp", "call_count": used, "total_cputime": 1, "total_time": 1,
        "estimated_time_to_regain_access": 0 }] });
    if let Ok(told) = told.to_string().parse() {
        response.headers_mut().insert("x-business-use-case-usage", told);
    }
    response
}

async fn set_faults(State(sandbox): State<Sandbox>, axum::Json(faults): axum::Json<Faults>) -> StatusCode {
    sandbox.set_faults(faults);
    StatusCode::NO_CONTENT
}

async fn counters(State(sandbox): State<Sandbox>) -> Response {
    axum::Json(json!(sandbox.counters())).into_response()
}

async fn number(
    State(sandbox): State<Sandbox>,
    Path((_, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = unauthorised(&sandbox, &headers) {
        return refusal;
    }
    if number != sandbox.inner.settings.phone_number_id {
        return unknown_object(&number);
    }
    let (level, is_on_biz_app) = sandbox.inner.settings.rules.throughput();
    let faults = sandbox.inner.faults();
    let health = |sends: &str| json!({ "can_send_message": sends });
    let (status, health) = match faults.restricted {
        true => (
            "RESTRICTED",
            json!({ "can_send_message": "BLOCKED", "entities": [{ "entity_type": "PHONE_NUMBER",
            "id": number, "can_send_message": "BLOCKED", "errors": [{ "error_code": 141_000,
            "error_description": "Too many people blocked it.", "possible_solution": "Write to fewer." }] }] }),
        ),
        false => ("CONNECTED", health(if faults.limited { "LIMITED" } else { "AVAILABLE" })),
    };
    axum::Json(json!({
        "id": number, "display_phone_number": "+1 312-555-0100", "verified_name": "Sandbox",
        "quality_rating": sandbox.inner.graph().quality().name(),
        "status": status, "health_status": health, "throughput": { "level": level }, "is_on_biz_app": is_on_biz_app,
        "whatsapp_business_manager_messaging_limit": sandbox.inner.settings.rules.tier(),
    }))
    .into_response()
}

async fn messages(
    State(sandbox): State<Sandbox>,
    Path((_, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let faults = sandbox.inner.faults();
    if faults.latency_ms > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(faults.latency_ms)).await;
    }
    if rand::random_bool(faults.unavailable.clamp(0.0, 1.0)) {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/html")], "<h1>Sorry</h1>")
            .into_response();
    }
    let answer = take(&sandbox, &number, &headers, &body);
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
fn take(sandbox: &Sandbox, number: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    if let Some(refusal) = unauthorised(sandbox, headers) {
        return refusal;
    }
    let inner = &sandbox.inner;
    if number != inner.settings.phone_number_id {
        return unknown_object(number);
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
        "fbtrace_id": "Asandbox",
    }});
    Some((StatusCode::UNAUTHORIZED, axum::Json(error)).into_response())
}

pub(super) fn unknown_object(id: &str) -> Response {
    let message = format!(
        "Unsupported post request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or \
         does not support this operation."
    );
    let error = json!({ "error": {
        "message": message, "type": "GraphMethodException", "code": 100, "error_subcode": 33, "fbtrace_id": "Asandbox",
    }});
    (StatusCode::BAD_REQUEST, axum::Json(error)).into_response()
}

pub(super) fn refuse(code: i64, details: &str) -> Response {
    refuse_with(code, None, details)
}

pub(super) fn refuse_with(code: i64, subcode: Option<i64>, details: &str) -> Response {
    let mut error = json!({ "error": {
        "message": format!("(#{code}) {details}"), "type": "OAuthException", "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": details }, "fbtrace_id": "Asandbox",
    }});
    if let Some(subcode) = subcode {
        error["error"]["error_subcode"] = subcode.into();
        error["error"]["error_user_msg"] = details.into();
    }
    let status = StatusCode::from_u16(errors::http_status(code)).unwrap_or(StatusCode::BAD_REQUEST);
    (status, axum::Json(error)).into_response()
}
