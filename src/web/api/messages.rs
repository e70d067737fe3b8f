//! `/api/v1/contacts/{id}/messages`: what was said in both directions, and a person's word to the customer.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::{Path, Query};
use super::contacts::found;
use super::hand_offs::Deed;
use super::problem::ApiProblem;
use super::{limit, read};
use crate::domain::{AgentAction, ContactId, Event, Timestamp};
use crate::engine::templates::filling::Typed;
use crate::engine::templates::picker::{NoTemplate, Wanted};
use crate::engine::{Engine, NoReply, records};
use crate::store::{SentPlace, SentRow};
use crate::web::typed::{Unsendable, words};

/// The messages API.
pub(super) fn router() -> Router<Engine> {
    Router::new()
        .route("/api/v1/contacts/{id}/messages", get(all).post(write))
        .route("/api/v1/contacts/{id}/templates", get(templates))
}

impl From<NoReply> for ApiProblem {
    fn from(why: NoReply) -> Self {
        let advice = match why {
            NoReply::Store(error) => return error.into(),
            NoReply::Unknown => return Self::not_found("There is no such contact."),
            NoReply::NotTaken => "Take it first: POST /api/v1/contacts/{id}/take.",
            NoReply::Others(_) => {
                "They may hand it back, or somebody else takes it over: POST /api/v1/contacts/{id}/take."
            }
            NoReply::Closed => {
                "Wait until they write, or send a `template`: GET /api/v1/contacts/{id}/templates shows which."
            }
        };
        Self::conflict(format!("The message is not sent: {why}. {advice}"))
    }
}

impl From<NoTemplate> for ApiProblem {
    fn from(why: NoTemplate) -> Self {
        let shows = "GET /api/v1/contacts/{id}/templates shows what can be sent.";
        match why {
            NoTemplate::NoReply(why) => why.into(),
            NoTemplate::Open => {
                Self::conflict(format!("The template is not sent: {why}. Send your own words as `text`."))
            }
            NoTemplate::Refused(why) => Self::conflict(format!("The template is not sent: {why}. {shows}")),
            NoTemplate::Unfit(why) => Self::invalid(format!("The template is not sent. {why} {shows}")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asking {
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Where the list goes on: in the journal, and in the outbox.
#[derive(Clone, Copy)]
struct Places {
    heard: i64,
    sent: SentPlace,
}

impl Places {
    const FIRST: Self = Self { heard: i64::MAX, sent: SentPlace::FIRST };

    fn read(cursor: &str) -> Result<Self, ApiProblem> {
        let numbers: Vec<i64> = cursor.split('.').filter_map(|part| part.parse().ok()).collect();
        let [heard, at, number, contact] = numbers[..] else { return Err(ApiProblem::cursor()) };
        Ok(Self { heard, sent: SentPlace { at: Timestamp(at), number, contact: ContactId(contact) } })
    }

    fn text(self) -> String {
        let Self { heard, sent: SentPlace { at, number, contact } } = self;
        format!("{heard}.{}.{number}.{contact}", at.0)
    }
}

async fn all(
    State(engine): State<Engine>,
    Path(id): Path<i64>,
    Query(asking): Query<Asking>,
) -> Result<Json<Value>, ApiProblem> {
    let limit = limit(asking.limit)?;
    let (row, _) = found(&engine, id).await?;
    let begin = asking.cursor.as_deref().map(Places::read).transpose()?.unwrap_or(Places::FIRST);
    // Either way all of them may be of one kind; and one more than asked for tells whether there is a next page.
    let heard = engine.store().heard(row.contact, begin.heard, limit + 1).await?;
    let sent = engine.store().sent_before(row.contact, begin.sent, limit + 1).await?;
    let (messages, next) = page(&heard, &sent, begin, limit as usize);
    Ok(Json(json!({ "contact": row.contact, "messages": messages, "next": next.map(Places::text) })))
}

/// The newest of both lists, which begin with their newest, and where the next page goes on if there is one.
fn page(heard: &[Event], sent: &[SentRow], begin: Places, limit: usize) -> (Vec<Value>, Option<Places>) {
    let (mut heard, mut sent, mut places) = (heard.iter().peekable(), sent.iter().peekable(), begin);
    let mut messages = Vec::new();
    while messages.len() < limit {
        let theirs = heard.peek().map(|event| event.received);
        // Of one moment ours is the newer: it answers.
        let ours = sent.next_if(|row| theirs.is_none_or(|theirs| row.message.at >= theirs));
        if let Some(row) = ours {
            places.sent = SentPlace { at: row.message.at, number: row.number, contact: row.contact };
            messages.push(records::sent(row));
        } else if let Some(event) = heard.next() {
            places.heard = event.seq;
            messages.extend(records::heard(event));
        } else {
            break;
        }
    }
    let more = heard.peek().is_some() || sent.peek().is_some();
    (messages, more.then_some(places))
}

/// A person's word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Writing {
    agent: String,
    text: Option<String>,
    /// In place of words, where the service window is closed.
    template: Option<Template>,
    /// The caller's own id of it: sent twice, it counts once.
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Template {
    name: String,
    language: Option<String>,
    #[serde(default)]
    values: BTreeMap<String, String>,
    header: Option<String>,
    url: Option<String>,
}

impl From<Template> for Wanted {
    fn from(template: Template) -> Self {
        let Template { name, language, values, header, url } = template;
        Self { name, language, typed: Typed { values, header, url } }
    }
}

/// What may be sent to a contact as a template, and why the rest may not.
async fn templates(State(engine): State<Engine>, Path(id): Path<i64>) -> Result<Json<Value>, ApiProblem> {
    let (row, state) = found(&engine, id).await?;
    let picker = engine.picker(row.contact, &state).await?;
    Ok(Json(records::joined(json!(picker), json!({ "contact": row.contact }))))
}

async fn write(State(engine): State<Engine>, Path(id): Path<i64>, body: Bytes) -> Result<Response, ApiProblem> {
    let writing: Writing = read(&body)?;
    let text = match (writing.text, writing.template) {
        (Some(text), None) => text,
        (None, Some(template)) => {
            let deed = Deed::asked(&engine, id, "message", (&writing.agent, writing.id.as_deref())).await?;
            if deed.again {
                return deed.tell(AgentAction::Reply, None, None).await;
            }
            let filled = engine.template_reply(deed.row.contact, &deed.agent, &template.into()).await?;
            return deed.tell(AgentAction::Reply, None, Some(Box::new(filled))).await;
        }
        _ => return Err(ApiProblem::invalid("Send either `text` or `template`.")),
    };
    let text = words(&text).map_err(|wrong| match wrong {
        Unsendable::Empty => ApiProblem::invalid("`text` is empty: write what the customer is to read."),
        Unsendable::TooLong => {
            ApiProblem::invalid("`text` has at most 4,096 characters: WhatsApp takes no more in one message.")
        }
    })?;
    let deed = Deed::asked(&engine, id, "message", (&writing.agent, writing.id.as_deref())).await?;
    if !deed.again {
        engine.may_reply(deed.row.contact, &deed.agent).await?;
    }
    deed.tell(AgentAction::Reply, Some(text), None).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Content, EventBody, InboundMessage, MessageKind, Outgoing};

    #[test]
    fn pages_of_two_lists_lose_and_repeat_nothing() {
        let heard = |seq, at| Event {
            seq,
            at: Timestamp(at),
            received: Timestamp(at),
            body: EventBody::Message(InboundMessage { wamid: Some(format!("in{seq}")), ..InboundMessage::default() }),
        };
        let sent = |number, at| {
            let content = Content::Text { body: String::new() };
            let message =
                Outgoing { number, ..Outgoing::of_bot(MessageKind::Reply, content, Timestamp(at), Timestamp(at)) };
            let (sender, state) = ("bot".to_owned(), "read".to_owned());
            SentRow { contact: ContactId(1), number, sender, state, error: None, wamid: None, message }
        };
        let theirs = [heard(9, 50), heard(7, 30), heard(4, 30), heard(2, 10)];
        let ours = [sent(3, 50), sent(2, 31), sent(1, 10)];
        let (mut told, mut begin) = (Vec::new(), Some(Places::FIRST));
        while let Some(from) = begin {
            let left = |place: SentPlace, row: &SentRow| (row.message.at, row.number) < (place.at, place.number);
            let theirs: Vec<Event> = theirs.iter().filter(|event| event.seq < from.heard).cloned().collect();
            let ours: Vec<SentRow> = ours.iter().filter(|row| left(from.sent, row)).cloned().collect();
            let (page, next) = page(&theirs, &ours, from, 2);
            assert!(page.len() == 2 || next.is_none());
            told.extend(page.iter().map(|message| message["id"].as_str().unwrap_or_default().to_owned()));
            begin = next.map(|places| Places::read(&places.text()).unwrap_or(Places::FIRST));
        }
        assert_eq!(told, ["hl:1:3", "in9", "hl:1:2", "in7", "in4", "hl:1:1", "in2"]);
    }
}
