//! A small and valuable list, written to one by one instead of with a broadcast (SEG-3): each contact with what is known of them
//! and a field for words of their own. Where the service window is closed a template goes in its place, through the gate.

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use minijinja::{Value, context};
use serde::Deserialize;

use super::access::{self, SignedIn};
use super::{App, composer, console, view};
use crate::domain::{AgentAction, AgentEvent, ContactId, EventBody, MessageKind};
use crate::engine::segments::{Wanted, card, page};
use crate::engine::state::State as Folded;
use crate::engine::summary::Row;
use crate::outreach::{Condition, Offer, Shared};
use crate::segments::Segment;
use crate::store::{Member, NewEvent, Place, StoreError, TagUse};

/// More contacts than these nobody writes to one by one.
pub(super) const MOST: i64 = 60;
/// What goes by hand is worth sending for so long.
const LASTS: &str = "2d";

pub(super) fn router() -> Router<App> {
    Router::new().route("/lists/each", get(shown).post(write))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    segment: String,
    /// Contacts that were written to already, with commas between them.
    done: String,
    error: String,
    /// Whose error it is.
    at: i64,
}

async fn shown(State(app): State<App>, signed_in: SignedIn, Query(asked): Query<Asked>) -> Response {
    let segment = match asked.segment.parse::<Segment>() {
        Ok(segment) => segment,
        Err(error) => {
            let what = format!("“{}” is no segment.", asked.segment);
            let next = format!("{error}. Go back to the lists and mend it there.");
            return app.pages.error(StatusCode::UNPROCESSABLE_ENTITY, &what, &next);
        }
    };
    match members(&app, segment).await {
        Ok((count, _)) if count > MOST => {
            let next = "Write to all of them with a campaign, or make the list smaller.";
            let what = format!("{count} contacts are too many to write to one by one.");
            app.pages.error(StatusCode::UNPROCESSABLE_ENTITY, &what, next)
        }
        Ok((_, members)) => match rows(&app, &signed_in, &asked, &members).await {
            Ok(read) => app.pages.show("by_hand.html", read),
            Err(_) => app.pages.unavailable(),
        },
        Err(_) => app.pages.unavailable(),
    }
}

async fn members(app: &App, segment: Segment) -> Result<(i64, Vec<Member>), StoreError> {
    let (engine, now) = (&app.engine, app.engine.now());
    let knowledge = engine.shelf().knowledge();
    let wanted = Wanted { segment, first: None, now };
    let count = engine.store().count_segment(&wanted.asked(&knowledge.shop.rates, knowledge.shop.currency)).await?;
    Ok((count, page(engine.store(), &knowledge, &wanted, Place::default(), MOST).await?))
}

async fn rows(app: &App, signed_in: &SignedIn, asked: &Asked, members: &[Member]) -> Result<Value, StoreError> {
    let (faces, now) = (app.engine.faces().await?, app.engine.now());
    let done: Vec<&str> = asked.done.split(',').collect();
    let row = |member: &Member| {
        let summary: Row = serde_json::from_str(&member.summary).unwrap_or_default();
        let card = card(member, now);
        let tags: Vec<Value> = summary.tags.iter().map(|tag| view::face(&faces, tag)).collect();
        let id = card.id;
        context! {
            id, name => card.name.or(card.phone).unwrap_or_else(|| format!("Contact {id}")), country => card.country,
            colour => card.colour, orders => card.orders, spent => card.spent, days => card.days_since_purchase,
            preview => summary.preview, tags, opted_out => card.opted_out, done => done.contains(&id.to_string().as_str()),
            window_open => summary.window_ends.is_some_and(|ends| ends > now), key => access::token(),
            error => (asked.at == id).then(|| in_words(&asked.error)),
        }
    };
    let rows: Vec<Value> = members.iter().map(row).collect();
    let (head, templates) = (console::head(app, signed_in).await?, app.engine.templates().await?);
    Ok(context! { rows, templates => templates.to_choose(), segment => &asked.segment, done => &asked.done, ..head })
}

/// A reason of the gate in its words; of others the page knows the words.
fn in_words(error: &str) -> Value {
    let reason = Condition::ALL.into_iter().find(|reason| reason.name() == error);
    let says = reason.map(|reason| format!("It cannot be sent: {}.", reason.says()));
    context! { says, name => error }
}

/// What is written to one of them.
#[derive(Deserialize)]
struct Writing {
    csrf: String,
    key: String,
    segment: String,
    done: String,
    contact: i64,
    #[serde(default)]
    text: String,
    #[serde(default)]
    template: String,
}

async fn write(State(app): State<App>, signed_in: SignedIn, Form(form): Form<Writing>) -> Response {
    if !signed_in.made(&form.csrf) {
        return app.pages.forbidden();
    }
    let sent = if form.template.is_empty() {
        by_words(&app, &signed_in, &form).await
    } else {
        by_template(&app, &signed_in, &form).await
    };
    let (id, mut done) = (form.contact, form.done.clone());
    let error = match sent {
        Ok(()) => {
            if let Ok(segment) = form.segment.parse::<Segment>() {
                app.engine.note_use(&segment.tags(), TagUse::Send).await;
            }
            done = if done.is_empty() { id.to_string() } else { format!("{done},{id}") };
            String::new()
        }
        Err(error) => format!("&at={id}&error={error}"),
    };
    let segment = access::encode(&form.segment);
    Redirect::to(&format!("/lists/each?segment={segment}&done={done}{error}#c{id}")).into_response()
}

/// Words of a person, who is in charge from then on: taken only where they will be sent.
async fn by_words(app: &App, signed_in: &SignedIn, form: &Writing) -> Result<(), &'static str> {
    let text = composer::words(&form.text)?;
    let login = &signed_in.user().login;
    let Ok(Some((row, state))) = app.engine.store().contact(ContactId(form.contact)).await else {
        return Err("unavailable");
    };
    if row.handoff == "accepted" && row.agent.as_deref() != Some(login.as_str()) {
        return Err("other");
    }
    if !Folded::known(state.as_deref()).contact.window_is_open(app.engine.now()) {
        return Err("closed");
    }
    let (agent, action, text) = (login.clone(), AgentAction::Reply, Some(text));
    let event = AgentEvent { agent, action, tag: None, colour: None, text, link: false, template: None };
    let sent = app.engine.act(row.contact, event, Some(key(signed_in, form))).await;
    sent.map(drop).map_err(|_| "unavailable")
}

/// A template to this one contact. The gate decides when it goes, as for everything that nobody asked for; what it would never let
/// go is refused here, in its words.
async fn by_template(app: &App, signed_in: &SignedIn, form: &Writing) -> Result<(), &'static str> {
    let (engine, now, contact) = (&app.engine, app.engine.now(), ContactId(form.contact));
    let (kind, templates) = (MessageKind::Service, vec![form.template.trim().to_owned()]);
    let offer = Offer { kind, templates, groups: Vec::new(), product: None, lasts: LASTS.to_owned() };
    offer.check().map_err(|_| "template")?;
    let read = async {
        let (held, made_marketing) = (engine.held_of(&offer).await?, engine.made_marketing(&offer).await?);
        Ok::<_, StoreError>((held, made_marketing, engine.store().contact(contact).await?))
    };
    let Ok((held, made_marketing, Some((_, state)))) = read.await else { return Err("unavailable") };
    if !held.is_empty() {
        return Err("held");
    }
    let knowledge = engine.shelf().knowledge();
    let event = offer.event(&format!("by-hand-{}", now.date_in(knowledge.shop.zone)), contact.0, &[], now);
    let state = Folded::known(state.as_deref());
    let verdict = event.request().map(|request| {
        let marketing = made_marketing(&state.contact, &request.template);
        let shared = Shared { marketing, ..Shared::default() };
        (knowledge.would_leave(&state, &request, &shared, now), request.not_after)
    });
    if let Some(why) = verdict.as_ref().and_then(|(verdict, not_after)| verdict.forbids(*not_after)) {
        return Err(why.condition.name());
    }
    let event = NewEvent::known(contact, Some(key(signed_in, form)), now, EventBody::Campaign(event));
    engine.store().append(vec![event]).await.map(drop).map_err(|_| "unavailable")
}

/// The form's own key: a double click or a reload sends once.
fn key(signed_in: &SignedIn, form: &Writing) -> String {
    format!("form:{}:{}", signed_in.user().id, form.key)
}
