//! The Graph API's side: validation in Meta's order, error bodies, acceptance, and the statuses that follow.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;

use super::calls::{Node, success, unauthorised, unknown_object};
use super::failures::{refuse, refuse_as};
use super::faults::happens;
use super::people::{self, Recipient};
use super::templates::Taken;
use super::valid::{self, Refusal};
use super::{Sandbox, account, control, headers, media, nodes, number, statuses, templates, wire};
use crate::whatsapp::graph::{Fate, Named};

/// How long an answer is held back that a status goes ahead of.
const HELD_BACK: Duration = Duration::from_millis(300);

pub(super) fn router(sandbox: Sandbox) -> Router {
    let control = Router::new()
        .route("/whatsapp_business/attachments/", get(media::fetch))
        .route("/control/templates", post(templates::change))
        .route("/control/customers", post(control::customers))
        .route("/control/faults", post(control::faults))
        .route("/control/counters", get(control::counters));
    // A call may leave the version out.
    let calls = ["/{version}", ""].into_iter().fold(control, |router, version| {
        router
            .route(&format!("{version}/{{id}}/messages"), post(messages))
            .route(&format!("{version}/{{id}}/marketing_messages"), post(marketing_messages))
            .route(
                &format!("{version}/{{id}}/message_templates"),
                get(templates::list).post(templates::make).delete(templates::delete),
            )
            .route(
                &format!("{version}/{{id}}/media"),
                post(media::upload).layer(DefaultBodyLimit::max(media::LARGEST_UPLOAD)),
            )
            .route(&format!("{version}/{{id}}/phone_numbers"), get(nodes::phone_numbers))
            .route(&format!("{version}/{{id}}/unpause"), post(templates::unpause))
            .route(&format!("{version}/{{id}}/register"), post(account::register))
            .route(&format!("{version}/{{id}}/deregister"), post(account::deregister))
            .route(
                &format!("{version}/{{id}}/subscribed_apps"),
                get(account::subscribed).post(account::subscribe).delete(account::unsubscribe),
            )
            .route(
                &format!("{version}/{{id}}/block_users"),
                get(number::shown).post(number::block).delete(number::block),
            )
            .route(&format!("{version}/{{id}}/whatsapp_business_profile"), get(number::shown).post(number::profile))
            .route(&format!("{version}/{{id}}/settings"), get(number::shown).post(number::settings))
            .route(
                &format!("{version}/{{id}}/username"),
                get(number::shown).post(number::username).delete(number::no_username),
            )
            .route(&format!("{version}/{{id}}/request_code"), post(number::code))
            .route(&format!("{version}/{{id}}/verify_code"), post(number::code))
            .route(&format!("{version}/{{id}}"), get(nodes::get).post(number::edit).delete(media::delete))
    });
    calls
        .method_not_allowed_fallback(nodes::unknown)
        .fallback(nodes::unknown)
        .layer(from_fn_with_state(sandbox.clone(), headers::around))
        .with_state(sandbox)
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
        tokio::time::sleep(Duration::from_millis(faults.latency_ms)).await;
    }
    if happens(faults.unavailable) {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::CONTENT_TYPE, "text/html")], "<h1>Sorry</h1>")
            .into_response();
    }
    let answer = take(&sandbox, &number, &headers, &body, only_marketing);
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
        return success();
    }
    if !inner.account().is_registered {
        return refuse_as(133_010);
    }
    if let Some(code) = inner.next_code() {
        return refuse_as(code);
    }
    let to = match people::recipient(&mut inner.people(), &body) {
        Ok(to) => to,
        Err((code, detail)) => return refuse(code, detail),
    };
    if let Err(Refusal { code, details }) = valid::message(&body) {
        return refuse(code, &details);
    }
    if body["recipient_type"] == "group" {
        return refuse(131_020, "The number has no groups");
    }
    if only_marketing && !inner.templates().is_marketing(&body) {
        return refuse_as(131_055);
    }
    if let Err((code, detail)) = inner.media().judge(&body, inner.now()) {
        return refuse(code, &detail);
    }
    if to.person.phone.as_deref() == Some(wire::OUR_NUMBER) {
        return refuse(131_021, "Recipient phone number cannot be the sender's");
    }
    let judged = judge(sandbox, &to, &mut body);
    control::tell_news(sandbox);
    match judged {
        Err(code) => refuse_as(code),
        // The identity of nobody was told to us: a hash of one is another's (section 4.1).
        Ok(Fate::Arrives) if !body["recipient_identity_key_hash"].is_null() => {
            statuses::accept(sandbox, to, &body, Fate::Fails(137_000))
        }
        Ok(Fate::Fails(131_047)) if inner.settings.window_error_at_once => refuse_as(131_047),
        Ok(fate) => statuses::accept(sandbox, to, &body, fate),
    }
}

/// The template first, if there is one, then the limits. A template's words are kept for the phone to show.
fn judge(sandbox: &Sandbox, to: &Recipient, body: &mut Value) -> Result<Fate, i64> {
    let inner = &sandbox.inner;
    // The type alone says what a message is: a template that is in it besides is none.
    if body["type"] != "template"
        && let Some(parts) = body.as_object_mut()
    {
        parts.remove("template");
    }
    let Some(name) = body["template"]["name"].as_str().map(str::to_owned) else {
        return inner.graph().call(&to.person.key, None, inner.now());
    };
    let Taken { category, words, buttons } = inner.templates().judge(&body["template"])?;
    // One-time codes go to a phone (section 3.1).
    if category == "AUTHENTICATION" && !to.by_phone {
        return Err(131_062);
    }
    body["template"]["words"] = words.into();
    body["template"]["buttons"] = buttons.into();
    body["template"]["category"] = category.as_str().into();
    let mut graph = inner.graph();
    if to.person.is_american() {
        graph.set_no_marketing(&to.person.key);
    }
    graph.call(&to.person.key, Some(Named { name: &name, marketing: category == "MARKETING" }), inner.now())
}
