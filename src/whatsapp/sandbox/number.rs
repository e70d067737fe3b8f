//! What a business sets of its number: whom it blocks, its profile, its username, its settings, where its webhooks go (sections 1.7
//! and 4.5).

use std::collections::BTreeSet;

use axum::extract::{Query, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::calls::{Fields, Node, OfNumber, success};
use super::deliver::elsewhere;
use super::failures::refuse;
use super::nodes::{Asked, only};
use super::{Sandbox, people, templates};

/// Most that a number blocks.
const MOST_BLOCKED: usize = 64_000;
/// Some could not be blocked, or would be too many.
const NOT_ALL_BLOCKED: i64 = 139_100;
const TOO_MANY_BLOCKED: i64 = 139_101;

/// What was set of the number.
#[derive(Debug, Default)]
pub(super) struct Number {
    /// Whom it blocks, as the sandbox knows them.
    pub(super) blocked: BTreeSet<String>,
    profile: Map<String, Value>,
    settings: Map<String, Value>,
    username: Option<String>,
    /// Where webhooks of its messages go in place of the account's and the app's own address.
    pub(super) elsewhere: Option<String>,
}

/// `POST` and `DELETE /{number}/block_users`: only who wrote within 24 hours can be blocked.
pub(super) async fn block(
    State(sandbox): State<Sandbox>,
    _: OfNumber,
    method: Method,
    Fields(call): Fields,
) -> Response {
    let users = call.get("block_users").and_then(Value::as_array);
    let Some(users) = users.filter(|users| !users.is_empty()) else {
        return refuse(131_008, "block_users is required");
    };
    let (inner, blocks) = (&sandbox.inner, method == Method::POST);
    let (mut changed, mut failed) = (Vec::new(), Vec::new());
    for user in users {
        let input = &user["user"];
        let named = json!({ "to": input });
        let person = people::recipient(&mut inner.people(), &named).map(|recipient| recipient.person);
        let may = person.as_ref().is_ok_and(|person| !blocks || inner.graph().is_open(&person.key, inner.now()));
        match person {
            Ok(person) if may => {
                let mut account = inner.account();
                let blocked = &mut account.number.blocked;
                if blocks && blocked.len() >= MOST_BLOCKED {
                    return refuse(TOO_MANY_BLOCKED, "The list of blocked customers is full");
                }
                if blocks {
                    blocked.insert(person.key.clone())
                } else {
                    blocked.remove(&person.key)
                };
                changed.push(json!({ "input": input, "wa_id": person.phone }));
            }
            _ => failed.push(json!({ "input": input, "errors": [{ "code": 131_047 }] })),
        }
    }
    let list = if blocks { "added_users" } else { "removed_users" };
    let mut told = json!({ "messaging_product": "whatsapp", "block_users": { list: changed } });
    if failed.is_empty() {
        return axum::Json(told).into_response();
    }
    told["block_users"]["failed_users"] = failed.into();
    let words = "Some customers did not write within 24 hours";
    told["error"] = json!({ "message": format!("(#{NOT_ALL_BLOCKED}) {words}"), "type": "OAuthException", "code": NOT_ALL_BLOCKED });
    (StatusCode::BAD_REQUEST, axum::Json(told)).into_response()
}

/// `GET /{number}/{edge}`: what was set.
pub(super) async fn shown(
    State(sandbox): State<Sandbox>,
    _: OfNumber,
    Query(asked): Query<Asked>,
    uri: Uri,
) -> Response {
    let account = sandbox.inner.account();
    let number = &account.number;
    let told = match uri.path().rsplit('/').next().unwrap_or_default() {
        "block_users" => {
            let users = number.blocked.iter().map(|key| json!({ "messaging_product": "whatsapp", "wa_id": key }));
            json!({ "data": [{ "block_users": users.collect::<Vec<_>>() }] })
        }
        "whatsapp_business_profile" => {
            let mut profile = number.profile.clone();
            profile.insert("messaging_product".into(), "whatsapp".into());
            json!({ "data": [only(profile.into(), asked.get("fields"))] })
        }
        "username" => match &number.username {
            Some(username) => json!({ "username": username, "status": "approved" }),
            None => json!({}),
        },
        _ => number.settings.clone().into(),
    };
    axum::Json(told).into_response()
}

/// `POST /{number}/whatsapp_business_profile`.
pub(super) async fn profile(State(sandbox): State<Sandbox>, _: OfNumber, Fields(call): Fields) -> Response {
    let set = call.into_iter().filter(|(name, _)| name != "messaging_product");
    sandbox.inner.account().number.profile.extend(set);
    success()
}

/// `POST /{number}/settings`.
pub(super) async fn settings(State(sandbox): State<Sandbox>, _: OfNumber, Fields(call): Fields) -> Response {
    sandbox.inner.account().number.settings.extend(call);
    success()
}

/// `POST /{number}/username`.
pub(super) async fn username(State(sandbox): State<Sandbox>, _: OfNumber, Fields(call): Fields) -> Response {
    let username = call.get("username").and_then(Value::as_str);
    let Some(username) = username.filter(|username| !username.is_empty()) else {
        return refuse(131_008, "username is required");
    };
    sandbox.inner.account().number.username = Some(username.to_owned());
    axum::Json(json!({ "status": "approved" })).into_response()
}

/// `DELETE /{number}/username`.
pub(super) async fn no_username(State(sandbox): State<Sandbox>, _: OfNumber) -> Response {
    sandbox.inner.account().number.username = None;
    success()
}

/// `POST /{number}/request_code` and `/verify_code`: the number is verified already, so that any code is right.
pub(super) async fn code(_: OfNumber) -> Response {
    success()
}

/// `POST /{id}` of the number, or of a template: the number's webhooks of messages go elsewhere; an empty address ends that.
pub(super) async fn edit(State(sandbox): State<Sandbox>, Node { id }: Node, Fields(call): Fields) -> Response {
    if id != sandbox.inner.settings.phone_number_id {
        return templates::edit(&sandbox, &id, call);
    }
    match elsewhere(&sandbox, call.get("webhook_configuration").unwrap_or(&Value::Null)).await {
        Ok(elsewhere) => {
            sandbox.inner.account().number.elsewhere = elsewhere;
            success()
        }
        Err(refusal) => *refusal,
    }
}
