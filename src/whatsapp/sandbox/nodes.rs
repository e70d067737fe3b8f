//! What can be asked of the number and the account (section 4.5).

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::calls::{Node, OfAccount, unauthorised, unknown_object};
use super::{ACCOUNT, Sandbox, media, wire};

/// What a call asks for behind `?`. As a map it cannot be refused by the server in place of the Graph API.
pub(super) type Asked = HashMap<String, String>;

/// `GET /{id}` of a number, an account, a template or a file.
pub(super) async fn get(State(sandbox): State<Sandbox>, Node { id }: Node, Query(asked): Query<Asked>) -> Response {
    let shown = match id.as_str() {
        id if id == sandbox.inner.settings.phone_number_id => number(&sandbox),
        ACCOUNT => account(&sandbox),
        id => match sandbox.inner.templates().shown(id) {
            Some(template) => template,
            None => return media::show(&sandbox, id, asked.get("phone_number_id").map(String::as_str)),
        },
    };
    axum::Json(only(shown, asked.get("fields"))).into_response()
}

/// `GET /{account}/phone_numbers`.
pub(super) async fn phone_numbers(
    State(sandbox): State<Sandbox>,
    _: OfAccount,
    Query(asked): Query<Asked>,
) -> Response {
    let shown = only(number(&sandbox), asked.get("fields"));
    axum::Json(json!({ "data": [shown], "paging": { "cursors": { "before": "0", "after": "1" } } })).into_response()
}

fn number(sandbox: &Sandbox) -> Value {
    let id = &sandbox.inner.settings.phone_number_id;
    let (level, is_on_biz_app) = sandbox.inner.settings.rules.throughput();
    let status = if sandbox.inner.faults().restricted { "RESTRICTED" } else { "CONNECTED" };
    json!({
        "id": id, "display_phone_number": "+1 312-555-0100", "verified_name": "Sandbox",
        "quality_rating": sandbox.inner.graph().quality().name(), "platform_type": "CLOUD_API",
        "code_verification_status": "VERIFIED", "name_status": "APPROVED", "account_mode": "LIVE",
        "status": status, "health_status": health(sandbox), "throughput": { "level": level }, "is_on_biz_app": is_on_biz_app,
        "whatsapp_business_manager_messaging_limit": sandbox.inner.settings.rules.tier(),
        "webhook_configuration": sandbox.inner.account().configuration(&sandbox.inner.settings.webhook),
    })
}

fn account(sandbox: &Sandbox) -> Value {
    json!({ "id": ACCOUNT, "name": "Sandbox", "currency": "USD", "timezone_id": "1", "health_status": health(sandbox) })
}

/// Whether the number may send: what it says of itself, its account says as well.
fn health(sandbox: &Sandbox) -> Value {
    let faults = sandbox.inner.faults();
    let sends = |sends: &str| json!({ "can_send_message": sends });
    if !faults.restricted {
        return sends(if faults.limited { "LIMITED" } else { "AVAILABLE" });
    }
    json!({ "can_send_message": "BLOCKED", "entities": [{
        "entity_type": "PHONE_NUMBER", "id": sandbox.inner.settings.phone_number_id, "can_send_message": "BLOCKED",
        "errors": [{ "error_code": 141_000, "error_description": "Too many people blocked it.",
            "possible_solution": "Write to fewer." }],
    }] })
}

/// The fields that were asked for; an id comes with all.
pub(super) fn only(mut shown: Value, fields: Option<&String>) -> Value {
    if let (Some(fields), Some(object)) = (fields, shown.as_object_mut()) {
        object.retain(|name, _| name == "id" || fields.split(',').any(|field| field.trim() == name));
    }
    shown
}

/// A call that the Graph API has not, or not by this method.
pub(super) async fn unknown(State(sandbox): State<Sandbox>, uri: Uri, method: Method, headers: HeaderMap) -> Response {
    if let Some(refusal) = unauthorised(&sandbox, &headers) {
        return refusal;
    }
    let mut parts = uri.path().split('/').filter(|part| !part.is_empty() && !wire::is_version(part));
    unknown_object(&method, parts.next().unwrap_or_default())
}
