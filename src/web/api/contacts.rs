//! `/api/v1/contacts`: who is known, those first of whom something was heard last; and all that is known of one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::{Path, Query};
use super::problem::ApiProblem;
use super::tags::PROGRAM;
use super::{limit, next_page, time};
use crate::domain::{ContactId, ContactRef, Timestamp};
use crate::engine::fold::state::State as Folded;
use crate::engine::segments::{Wanted, card};
use crate::engine::{Engine, records};
use crate::segments::Segment;
use crate::store::{HandoffsAsked, InboxRow, Member, Newest, TagUse};

/// The contacts API.
pub(super) fn router() -> Router<Engine> {
    Router::new().route("/api/v1/contacts", get(all)).route("/api/v1/contacts/{id}", get(one).delete(erase))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asking {
    phone: Option<String>,
    email: Option<String>,
    tag: Option<String>,
    colour: Option<String>,
    heat: Option<String>,
    stage: Option<String>,
    updated_since: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Asking {
    /// What of it a segment can say.
    fn segment(&self) -> Result<Segment, ApiProblem> {
        let Self { tag, colour, heat, stage, .. } = self;
        let mut parts = Vec::new();
        for (name, value) in [("tag", tag), ("colour", colour), ("heat", heat), ("stage", stage)] {
            let Some(value) = value else { continue };
            let part = Segment::from_json(&json!({ (name): value }));
            let said =
                |error: crate::segments::JsonError| format!("`{name}` is `{value}`; it may be {}.", error.expected);
            parts.push(part.map_err(|error| ApiProblem::invalid(said(error)))?);
        }
        Ok(if parts.is_empty() { Segment::Everyone } else { Segment::All(parts) })
    }

    /// Who alone can be meant; `Some(None)` is nobody.
    async fn only(&self, engine: &Engine) -> Result<Option<Option<ContactId>>, ApiProblem> {
        let by_phone = match &self.phone {
            None => None,
            Some(phone) => {
                // In an address a plus is a space.
                let named: Result<ContactRef, String> = format!("+{}", phone.trim().trim_start_matches('+')).parse();
                let advice = "Write the number with its country code, such as %2B85251234567.";
                let named = named.map_err(|error| ApiProblem::invalid(format!("`phone`: {error}. {advice}")))?;
                Some(engine.store().contact_of(&named).await?)
            }
        };
        let by_email = match &self.email {
            None => None,
            Some(email) => Some(engine.contact_of_email(email).await?),
        };
        Ok(match (by_phone, by_email) {
            (Some(one), Some(other)) => Some(one.filter(|_| one == other)),
            (one, other) => one.or(other),
        })
    }
}

fn cursor(member: &Member) -> String {
    format!("{}.{}", member.last_at.0, member.contact)
}

fn after(cursor: &str) -> Result<(Timestamp, ContactId), ApiProblem> {
    let place = cursor.split_once('.').and_then(|(at, contact)| Some((at.parse().ok()?, contact.parse().ok()?)));
    place.map(|(at, contact)| (Timestamp(at), ContactId(contact))).ok_or_else(ApiProblem::cursor)
}

async fn all(State(engine): State<Engine>, Query(asking): Query<Asking>) -> Result<Json<Value>, ApiProblem> {
    let limit = limit(asking.limit)?;
    let now = engine.now();
    let after = asking.cursor.as_deref().map(after).transpose()?;
    let since = time("updated_since", asking.updated_since.as_deref())?;
    let wanted = Wanted { segment: asking.segment()?, first: None, now };
    if after.is_none() {
        engine.note_use(&wanted.segment.tags(), TagUse::Filter).await;
    }
    let only = match asking.only(&engine).await? {
        Some(None) => return Ok(Json(json!({ "contacts": [], "next": null }))),
        Some(only) => only,
        None => None,
    };
    let knowledge = engine.shelf().knowledge();
    let asked = wanted.asked(&knowledge.shop.rates, knowledge.shop.currency);
    let mut members = engine.store().newest(&asked, Newest { only, since, after }, limit + 1).await?;
    let next = next_page(&mut members, limit, cursor);
    Ok(Json(json!({ "contacts": members.iter().map(|member| listed(member, now)).collect::<Vec<_>>(), "next": next })))
}

/// As segments list it, with when something was heard last.
fn listed(member: &Member, now: Timestamp) -> Value {
    records::joined(json!(card(member, now)), json!({ "last_activity": member.last_at.rfc3339() }))
}

/// The contact of that number; of one that became another, the other.
pub(super) async fn found(engine: &Engine, id: i64) -> Result<(InboxRow, Folded), ApiProblem> {
    let found = engine.store().contact(ContactId(id)).await?;
    let (row, state) = found.ok_or_else(|| {
        ApiProblem::not_found(format!("There is no contact {id}. GET /api/v1/contacts?phone=… finds one by number."))
    })?;
    Ok((row, Folded::known(state.as_deref())))
}

/// Forgets a customer who wishes so.
async fn erase(State(engine): State<Engine>, Path(id): Path<i64>) -> Result<StatusCode, ApiProblem> {
    let (row, _) = found(&engine, id).await?;
    let (store, now, contact) = (engine.store(), engine.now(), row.contact);
    if store.erase(contact, now).await? {
        store.log_change(now, PROGRAM.who, "contact-erased", &contact.to_string(), &json!({})).await?;
        engine.changed(contact);
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn one(State(engine): State<Engine>, Path(id): Path<i64>) -> Result<Json<Value>, ApiProblem> {
    let (row, state) = found(&engine, id).await?;
    let (store, now) = (engine.store(), engine.now());
    let unfolded = || ApiProblem::not_found(format!("Nothing of contact {id} was folded yet. Ask again in a moment."));
    let member = store.member(row.contact).await?.ok_or_else(unfolded)?;
    let asked = HandoffsAsked { before: i64::MAX, state: None, contact: Some(row.contact), agent: None, limit: 1 };
    let last = store.handoffs(&asked).await?.into_iter().find(|row| row.state != "closed");
    let (faces, open) = (engine.faces().await?, last.as_ref().map(records::hand_off));
    let mut shown = records::joined(listed(&member, now), records::details(&state, &faces, now));
    shown["hand_off"] = json!(open);
    Ok(Json(shown))
}
