//! `/api/v1/hand-offs`: who waits for a person, and whom somebody took. Taking over and handing back, as in the console.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::{Path, Query};
use super::contacts::found;
use super::problem::ApiProblem;
use super::{limit, next_page, read};
use crate::domain::{AgentAction, AgentEvent, TemplateRef};
use crate::engine::{Engine, records};
use crate::store::{HandoffRow, HandoffsAsked, InboxRow, NewEvent};

/// Characters of a caller's id.
const LONGEST_ID: usize = 500;

/// The hand-offs API.
pub(super) fn router() -> Router<Engine> {
    Router::new()
        .route("/api/v1/hand-offs", get(all))
        .route("/api/v1/contacts/{id}/take", post(take))
        .route("/api/v1/contacts/{id}/hand-back", post(hand_back))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asking {
    state: Option<String>,
    contact: Option<i64>,
    agent: Option<String>,
    limit: Option<i64>,
    cursor: Option<i64>,
}

async fn all(State(engine): State<Engine>, Query(asking): Query<Asking>) -> Result<Json<Value>, ApiProblem> {
    let limit = limit(asking.limit)?;
    let state = match asking.state.as_deref() {
        None => None,
        Some("taken") => Some("accepted"),
        Some(state @ ("open" | "closed")) => Some(state),
        Some(other) => {
            return Err(ApiProblem::invalid(format!("`state` is `{other}`; it may be open, taken or closed.")));
        }
    };
    let contact = match asking.contact {
        Some(id) => Some(found(&engine, id).await?.0.contact),
        None => None,
    };
    let (before, agent) = (asking.cursor.unwrap_or(i64::MAX), asking.agent.as_deref());
    let asked = HandoffsAsked { before, state, contact, agent, limit: limit + 1 };
    let mut rows = engine.store().handoffs(&asked).await?;
    let next = next_page(&mut rows, limit, |row| row.id.to_string());
    let contacts: Vec<i64> = rows.iter().map(|row| row.contact.0).collect();
    let summaries = engine.store().summaries(&contacts).await?;
    let shown = |row: &HandoffRow| {
        let summary = summaries.iter().find(|(contact, _)| *contact == row.contact.0);
        let who = records::who(row.contact.0, summary.map_or("{}", |(_, summary)| summary));
        records::joined(records::hand_off(row), json!({ "contact": who }))
    };
    Ok(Json(json!({ "hand_offs": rows.iter().map(shown).collect::<Vec<_>>(), "next": next })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Taking {
    agent: String,
    id: Option<String>,
}

async fn take(State(engine): State<Engine>, Path(id): Path<i64>, body: Bytes) -> Result<Response, ApiProblem> {
    let taking: Taking = read(&body)?;
    let deed = Deed::asked(&engine, id, "take", (&taking.agent, taking.id.as_deref())).await?;
    deed.done(AgentAction::Take).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandingBack {
    agent: String,
    outcome: Option<Outcome>,
    id: Option<String>,
}

/// What became of the deal.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Won,
    Lost,
}

async fn hand_back(State(engine): State<Engine>, Path(id): Path<i64>, body: Bytes) -> Result<Response, ApiProblem> {
    let back: HandingBack = read(&body)?;
    let deed = Deed::asked(&engine, id, "hand-back", (&back.agent, back.id.as_deref())).await?;
    if !deed.again && deed.row.handoff == "none" {
        return Err(ApiProblem::conflict(format!(
            "The bot speaks with contact {id} already: there is nothing to hand back."
        )));
    }
    match deed.row.in_charge() {
        _ if deed.again => {}
        Some(agent) if agent == deed.agent => {}
        Some(agent) => {
            let said =
                format!("Contact {id} is {agent}'s now, not {}'s: nobody hands back what is another's.", deed.agent);
            return Err(ApiProblem::conflict(said));
        }
        None => {
            let said = format!("A person is wanted for contact {id}, and nobody has taken it: take it first.");
            return Err(ApiProblem::conflict(said));
        }
    }
    let action = match back.outcome {
        None => AgentAction::Release,
        Some(Outcome::Won) => AgentAction::Won,
        Some(Outcome::Lost) => AgentAction::Lost,
    };
    deed.done(action).await
}

/// What a program asks for in a person's name.
pub(super) struct Deed<'e> {
    engine: &'e Engine,
    pub(super) row: InboxRow,
    /// The sign-in name of somebody who may sign in: whoever is in charge must see the conversation in the console.
    pub(super) agent: String,
    key: Option<String>,
    /// It was asked for before, under the same id: it is done, and nothing is to be said against it.
    pub(super) again: bool,
}

impl<'e> Deed<'e> {
    /// What is asked for on a contact: `name` is the deed's, and the id is the caller's own.
    pub(super) async fn asked(
        engine: &'e Engine,
        contact: i64,
        name: &str,
        (agent, id): (&str, Option<&str>),
    ) -> Result<Self, ApiProblem> {
        if id.is_some_and(|id| id.trim().is_empty() || id.chars().count() > LONGEST_ID) {
            let said = format!("`id` is one of your own, of 1 to {LONGEST_ID} characters; or leave it out.");
            return Err(ApiProblem::invalid(said));
        }
        let (row, _) = found(engine, contact).await?;
        let agent = person(engine, agent).await?;
        let key = id.map(|id| NewEvent::of_deed(name, row.contact, id));
        let again = match &key {
            Some(key) => engine.store().is_known(key).await?,
            None => false,
        };
        Ok(Self { engine, row, agent, key, again })
    }

    /// Does it, once, and answers when what comes next finds it done.
    async fn done(self, action: AgentAction) -> Result<Response, ApiProblem> {
        self.tell(action, None, None).await
    }

    /// The same of what has words, or a template in place of them.
    pub(super) async fn tell(
        self,
        action: AgentAction,
        text: Option<String>,
        template: Option<Box<TemplateRef>>,
    ) -> Result<Response, ApiProblem> {
        let contact = self.row.contact;
        let event = AgentEvent { text, template, ..AgentEvent::new(self.agent, action) };
        let appended = self.engine.act(contact, event, self.key).await?;
        self.engine.folded(appended).await?;
        let status = if appended.duplicate { "duplicate" } else { "accepted" };
        Ok((StatusCode::ACCEPTED, Json(json!({ "status": status, "contact": contact }))).into_response())
    }
}

async fn person(engine: &Engine, login: &str) -> Result<String, ApiProblem> {
    let known = crate::web::access::login(login);
    let user = match &known {
        Some(login) => engine.store().user(login).await?,
        None => None,
    };
    user.map(|user| user.login).ok_or_else(|| {
        ApiProblem::invalid(format!(
            "`agent` is `{login}`, and nobody signs in as that. `hotline user list` shows who does."
        ))
    })
}
