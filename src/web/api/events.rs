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
use crate::engine::knowledge::audience::city_of;
use crate::engine::replay::timeline::{Head, check_contact, event_body, take_head};
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
    let mut appended = engine.store().append(good).await?.into_iter();
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
    if let EventBody::Profile(told) = &body {
        engine.shelf().knowledge().rulebook.check_day(told)?;
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
    if let (EventBody::Weather(weather), None) = (&body, &contact)
        && city_of(weather, &engine.shelf().knowledge().places).is_none()
    {
        let place = &weather.place;
        return Err(format!(
            "`place` is `{place}`, and no city is called so: write it as Jakarta, or Jakarta, Indonesia"
        ));
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::WORDS;

    fn schemas() -> BTreeMap<String, Value> {
        let schema: Value = serde_json::from_str(include_str!("openapi.json")).unwrap();
        serde_json::from_value(schema["components"]["schemas"].clone()).unwrap()
    }

    /// The kinds of events that are described, each with its description.
    fn kinds() -> BTreeMap<String, Value> {
        let schemas = schemas();
        let mapping = schemas["Event"]["discriminator"]["mapping"].as_object().unwrap();
        assert_eq!(mapping.len(), schemas["Event"]["oneOf"].as_array().unwrap().len());
        let named = |place: &Value| schemas[place.as_str().unwrap().rsplit('/').next().unwrap()].clone();
        mapping.iter().map(|(kind, place)| (kind.clone(), named(place))).collect()
    }

    #[test]
    fn a_kind_that_is_none_is_refused_with_those_that_are_described() {
        let said = event_body(json!({ "event": "bogus" })).unwrap_err();
        assert!(said.starts_with("`event` is `bogus`"), "{said}");
        let mut named: Vec<&str> = said.rsplit(": it is one of ").next().unwrap().split(", ").collect();
        named.sort_unstable();
        assert_eq!(named, kinds().keys().collect::<Vec<_>>());
    }

    /// Something that a field may hold.
    fn sample(schema: &Value) -> Value {
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        match (schema.get("enum"), schema["type"].as_str().unwrap_or_default()) {
            (Some(words), _) => words[0].clone(),
            (None, "number" | "integer") => json!(1),
            (None, "boolean") => json!(true),
            (None, "array") => json!([sample(&schema["items"])]),
            (None, "object") => full(schema),
            _ if schema["format"] == "date" => json!("2026-03-02"),
            // Codes of currencies alone have a pattern.
            _ if schema.get("pattern").is_some() => json!("USD"),
            _ => json!("x"),
        }
    }

    fn full(schema: &Value) -> Value {
        let fields = schema["properties"].as_object().unwrap();
        fields.iter().map(|(name, schema)| (name.clone(), sample(schema))).collect::<serde_json::Map<_, _>>().into()
    }

    #[test]
    fn every_kind_of_event_is_taken_as_it_is_described() {
        let kinds = kinds();
        assert_eq!(kinds.len(), 16);
        for (kind, schema) in kinds {
            let event = full(&schema);
            assert_eq!(event_body(event.clone()).map(|body| body.kind().to_owned()), Ok(kind.clone()), "{event}");
            for field in schema["required"].as_array().unwrap() {
                let mut short = event.clone();
                short.as_object_mut().unwrap().remove(field.as_str().unwrap());
                assert!(event_body(short).is_err(), "{kind} is taken without {field}");
            }
            for (field, schema) in schema["properties"].as_object().unwrap() {
                for word in schema["enum"].as_array().into_iter().flatten() {
                    let mut event = event.clone();
                    event[field] = word.clone();
                    assert!(event_body(event.clone()).is_ok(), "{event}");
                }
                if schema.get("enum").is_some() {
                    let mut event = event.clone();
                    event[field] = json!("nonsense");
                    let refused = event_body(event).unwrap_err();
                    let words = schema["enum"].as_array().unwrap();
                    assert!(
                        words.iter().all(|word| refused.contains(word.as_str().unwrap()) || *word == "green"),
                        "{refused}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_words_that_are_described_are_those_that_are_read() {
        let kinds = kinds();
        for words in WORDS {
            let path = words.field.replace('.', "/properties/");
            let described = kinds[words.event].pointer(&format!("/properties/{path}/enum")).unwrap();
            assert_eq!(*described, json!(words.allowed), "{} {}", words.event, words.field);
        }
    }
}
