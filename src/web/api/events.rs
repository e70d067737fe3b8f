//! `POST /api/v1/events`: what shops and sites know of their customers, one event or a list of them.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use super::problem::ApiProblem;
use crate::domain::{EventBody, InboundMessage, MOST_OF_A_NUMBER, OptAction, TagKey, Timestamp, mended, too_large};
use crate::engine::Engine;
use crate::engine::timeline::{Head, check_contact, event_body, take_head};
use crate::store::{NewEvent, TagUse};

/// Most events of one call.
const MOST: usize = 1_000;

/// Fields that hold what somebody said.
const WORDS: [&str; 4] = ["text", "caption", "value", "note"];
/// Characters that what is said may have, and a name, a number or an id of something.
const MOST_OF_WORDS: usize = InboundMessage::MOST_READ;
const MOST_OF_A_NAME: usize = 500;

/// The events API.
pub(super) fn router() -> Router<Engine> {
    Router::new().route("/api/v1/events", post(take))
}

/// 202 with one result for each event, in order: `accepted`, `duplicate`, or what is wrong with it. Events that are wrong
/// do not hold back the others.
async fn take(State(engine): State<Engine>, body: Bytes) -> Result<Response, ApiProblem> {
    let items = match serde_json::from_slice(&mended(&body)) {
        Ok(Value::Array(items)) => items,
        Ok(item @ Value::Object(_)) => vec![item],
        Ok(_) => return Err(ApiProblem::invalid("The body is one event or a list of events.")),
        Err(error) => return Err(ApiProblem::invalid(format!("The body is not valid JSON: {error}"))),
    };
    if items.len() > MOST {
        return Err(ApiProblem::invalid(format!("At most {MOST} events in one call; these are {}.", items.len())));
    }
    let now = engine.now();
    let parsed: Vec<Result<NewEvent, String>> = items.into_iter().map(|item| new_event(&engine, item, now)).collect();
    let good: Vec<NewEvent> = parsed.iter().filter_map(|item| item.as_ref().ok().cloned()).collect();
    for event in &good {
        // A campaign tells to which tags it goes.
        if let EventBody::Campaign(campaign) = &event.body
            && campaign.action == "start"
        {
            let tags: Vec<&str> = campaign.tags.iter().map(String::as_str).collect();
            engine.note_use(&tags, TagUse::Send).await;
        }
    }
    let mut appended = engine.store().append(good).await.map_err(|_| ApiProblem::unavailable())?.into_iter();
    let results: Vec<Value> = parsed
        .iter()
        .map(|item| match item {
            Err(reason) => json!({ "status": "invalid", "detail": reason }),
            Ok(_) => match appended.next() {
                Some(event) if event.duplicate => json!({ "status": "duplicate" }),
                Some(event) => json!({ "status": "accepted", "seq": event.seq }),
                None => json!({ "status": "invalid", "detail": "not stored" }),
            },
        })
        .collect();
    Ok((StatusCode::ACCEPTED, axum::Json(json!({ "results": results }))).into_response())
}

fn new_event(engine: &Engine, mut item: Value, now: Timestamp) -> Result<NewEvent, String> {
    fits(&item, "")?;
    let fields = item.as_object_mut().ok_or("an event is a JSON object")?;
    // When it reached us is for us to say.
    let Head { at, contact, id, received: _ } = take_head(fields)?;
    if id.as_deref().is_some_and(|id| id.trim().is_empty()) {
        return Err("`id` is empty: leave it out, or give the event one of its own".into());
    }
    let (at, key) = (at.unwrap_or(now), id.as_deref().map(NewEvent::of_program));
    let mut body = event_body(item)?;
    if let EventBody::Agent(agent) = &mut body {
        agent.link |= agent.text.as_deref().is_some_and(|words| engine.carries_link(words));
        if let Some(tag) = &agent.tag {
            tag.parse::<TagKey>().map_err(|error| error.to_string())?;
        }
    }
    if let EventBody::Opt(opt) = &body
        && opt.action == OptAction::In
        && !opt.is_vouched_for()
    {
        // Without both it is the customer's own act, such as a form of the shop's; what a person says of them needs a reason.
        let said = "an opt-in that a person tells of may undo what the customer said";
        return Err(format!("{said}: tell who answers for it as `by`, and why as `note`"));
    }
    check_contact(contact.as_ref(), &body)?;
    // What has not happened yet cannot have happened.
    let at = at.min(now);
    Ok(NewEvent { key, contact: None, contacts: contact.into_iter().collect(), at, received: now, due: now, body })
}

/// Whether every text and number has a length and size that something real has: what is named is looked up by its name.
fn fits(value: &Value, path: &str) -> Result<(), String> {
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            fits(value, &path)
        }),
        Value::Array(items) => items.iter().try_for_each(|item| fits(item, path)),
        Value::String(text) => {
            let words = path.rsplit('.').next().is_some_and(|name| WORDS.contains(&name));
            let most = if words { MOST_OF_WORDS } else { MOST_OF_A_NAME };
            if text.chars().count() <= most {
                return Ok(());
            }
            Err(format!("`{path}` is longer than {most} characters"))
        }
        Value::Number(number) if number.as_f64().is_some_and(|number| number.abs() >= MOST_OF_A_NUMBER) => {
            Err(too_large(path))
        }
        _ => Ok(()),
    }
}
