//! The Graph API's side: validation in Meta's order, error bodies, acceptance, and the statuses that follow.

use std::collections::HashMap;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::faults::happens;
use super::people::{self, Recipient};
use super::{Sandbox, control, media, statuses, templates, wire};
use crate::whatsapp::errors;
use crate::whatsapp::graph::{Fate, Named};

/// How long an answer is held back that a status goes ahead of.
const HELD_BACK: Duration = Duration::from_millis(300);

pub(super) fn router(sandbox: Sandbox) -> Router {
    Router::new()
        .route("/{version}/{number}/messages", post(messages))
        .route(
            "/{version}/{account}/message_templates",
            get(templates::list).post(templates::make).delete(templates::delete),
        )
        .route("/{version}/{number}/media", post(media::upload).layer(DefaultBodyLimit::max(media::LARGEST_UPLOAD)))
        .route("/whatsapp_business/attachments/", get(media::fetch))
        .route("/{version}/{number}", get(number).delete(media::delete))
        .route("/control/templates", post(templates::change))
        .route("/control/customers", post(control::customers))
        .route("/control/faults", post(control::faults))
        .route("/control/counters", get(control::counters))
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

async fn number(
    State(sandbox): State<Sandbox>,
    Path((_, number)): Path<(String, String)>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = unauthorised(&sandbox, &headers) {
        return refusal;
    }
    if number != sandbox.inner.settings.phone_number_id {
        return media::show(&sandbox, &number, asked.get("phone_number_id").map(String::as_str));
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
        tokio::time::sleep(Duration::from_millis(faults.latency_ms)).await;
    }
    if happens(faults.unavailable) {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/html")], "<h1>Sorry</h1>")
            .into_response();
    }
    let answer = take(&sandbox, &number, &headers, &body);
    let accepted = answer.status() == StatusCode::OK;
    sandbox.inner.count(|counters| if accepted { counters.accepted += 1 } else { counters.refused += 1 });
    if accepted && faults.status_before_answer {
        tokio::time::sleep(HELD_BACK).await;
    }
    if accepted && happens(faults.lost_answers) {
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
    if body["status"] == "read" {
        // Only what a customer wrote can be marked (section 4.2).
        if !body["message_id"].as_str().is_some_and(|id| id.starts_with("wamid.")) {
            return refuse(131_009, "message_id is not the id of a message that was received");
        }
        inner.count(|counters| counters.read_marks += 1);
        return axum::Json(json!({ "success": true })).into_response();
    }
    if let Some(code) = inner.next_code() {
        return refuse(code, &errors::explain(code));
    }
    let to = match people::recipient(&mut inner.people(), &body) {
        Ok(to) => to,
        Err((code, detail)) => return refuse(code, detail),
    };
    if let Err((code, detail)) = check(&body) {
        return refuse(code, &detail);
    }
    if let Err((code, detail)) = inner.media().judge(&body, inner.now()) {
        return refuse(code, &detail);
    }
    if to.person.phone.as_deref() == Some(wire::OUR_NUMBER) {
        return refuse(131_021, "Recipient phone number cannot be the sender's");
    }
    match judge(sandbox, &to, &mut body) {
        Err(code) => refuse(code, &errors::explain(code)),
        Ok(Fate::Fails(131_047)) if inner.settings.window_error_at_once => refuse(131_047, &errors::explain(131_047)),
        Ok(fate) => statuses::accept(sandbox, to, &body, fate),
    }
}

/// The template first, if there is one, then the limits. A template's words are kept for the phone to show.
fn judge(sandbox: &Sandbox, to: &Recipient, body: &mut Value) -> Result<Fate, i64> {
    let inner = &sandbox.inner;
    let Some(name) = body["template"]["name"].as_str().map(str::to_owned) else {
        return inner.graph().call(&to.person.key, None, inner.now());
    };
    let (category, words) =
        inner.templates().judge(&body["template"]).map(|(category, words)| (category.to_owned(), words))?;
    // One-time codes go to a phone (section 3.1).
    if category == "AUTHENTICATION" && !to.by_phone {
        return Err(131_062);
    }
    body["template"]["words"] = words.into();
    body["template"]["category"] = category.as_str().into();
    let mut graph = inner.graph();
    if to.person.is_american() {
        graph.set_no_marketing(&to.person.key);
    }
    graph.call(&to.person.key, Some(Named { name: &name, marketing: category == "MARKETING" }), inner.now())
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
    let status = match code {
        1 | 2 | 131_000 | 131_016 => StatusCode::INTERNAL_SERVER_ERROR,
        132_001 => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, axum::Json(error)).into_response()
}

/// Required parts and lengths of section 5.6.
fn check(body: &Value) -> Result<(), (i64, String)> {
    let long = |value: &Value| value.as_str().unwrap_or_default().encode_utf16().count();
    let need = |value: &Value, what: &str, most: usize| match value.as_str() {
        None | Some("") => Err((131_008, format!("{what} is required"))),
        Some(_) if long(value) > most => Err((131_009, format!("{what} is longer than {most} characters"))),
        Some(_) => Ok(()),
    };
    let list = |value: &Value, what: &str, most: usize| match value.as_array().map(Vec::len) {
        Some(count) if (1..=most).contains(&count) => Ok(()),
        _ => Err((131_009, format!("{what}: 1 to {most} are allowed"))),
    };
    match body["type"].as_str().unwrap_or("text") {
        "text" => need(&body["text"]["body"], "text.body", 4_096),
        "image" => {
            need(&body["image"]["link"], "image.link", 2_000).or_else(|error| match body["image"]["id"].is_string() {
                true => Ok(()),
                false => Err(error),
            })
        }
        "template" => {
            need(&body["template"]["name"], "template.name", 512)?;
            need(&body["template"]["language"]["code"], "template.language.code", 15)
        }
        "interactive" => {
            let interactive = &body["interactive"];
            let action = &interactive["action"];
            match interactive["type"].as_str() {
                Some("button") => {
                    need(&interactive["body"]["text"], "interactive.body.text", 1_024)?;
                    list(&action["buttons"], "buttons", 3)?;
                    let buttons = action["buttons"].as_array().into_iter().flatten();
                    buttons
                        .map(|button| &button["reply"]["title"])
                        .try_for_each(|title| need(title, "a button's title", 20))
                }
                Some("list") => {
                    need(&interactive["body"]["text"], "interactive.body.text", 4_096)?;
                    need(&action["button"], "the list's button", 20)?;
                    let sections = action["sections"].as_array().into_iter().flatten();
                    let rows: Vec<&Value> =
                        sections.filter_map(|section| section["rows"].as_array()).flatten().collect();
                    if rows.is_empty() || rows.len() > 10 {
                        return Err((131_009, "rows: 1 to 10 are allowed in total".into()));
                    }
                    rows.iter().try_for_each(|row| need(&row["title"], "a row's title", 24))
                }
                Some(_) => Ok(()),
                None => Err((131_008, "interactive.type is required".into())),
            }
        }
        "reaction" | "location" | "contacts" | "document" | "audio" | "video" | "sticker" => Ok(()),
        other => Err((131_051, format!("{other} is not a supported message type"))),
    }
}
