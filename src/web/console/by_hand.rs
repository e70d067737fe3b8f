//! A small and valuable list, written to one by one instead of with a broadcast (SEG-3): each contact with what is known of them
//! and a field for words of their own. Where the service window is closed a template goes in its place, through the gate.

use std::collections::{BTreeMap, HashMap};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use minijinja::{Value, context};
use serde::Deserialize;

use super::head;
use super::people::{self, People};
use super::refusal::Refusal;
use super::view;
use crate::domain::{AgentAction, AgentEvent, ContactId, EventBody, MessageKind, Standing};
use crate::engine::fold::state::State as Folded;
use crate::engine::processing::summary::Row;
use crate::engine::segments::{Wanted, asked, card, page};
use crate::outreach::{Condition, Offer, Planned, Shared};
use crate::store::{Appended, Member, NewEvent, Place, StoreError, TagUse};
use crate::web::access::{self, OwnForm, SignedIn};
use crate::web::{App, typed};

/// More contacts than these nobody writes to one by one.
pub(crate) const MOST: i64 = 60;
/// What goes by hand is worth sending for so long.
const LASTS: &str = "2d";
/// The name of what goes by hand begins so, where campaigns have theirs.
const BY_HAND: &str = "by-hand-";

pub(crate) fn router() -> Router<App> {
    Router::new().route("/lists/each", get(shown).post(write))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    segment: String,
    /// Contacts that were written to already, with commas between them.
    done: String,
    /// Templates that were chosen and not sent yet: contact, colon, name, with commas between them.
    chosen: String,
}

/// What stands in the boxes, by contact, and what is wrong with one of them.
#[derive(Default)]
struct Typed {
    words: BTreeMap<i64, String>,
    templates: BTreeMap<i64, String>,
    error: Option<(i64, Refusal)>,
}

async fn shown(State(app): State<App>, signed_in: SignedIn, Query(asked): Query<Asked>) -> Response {
    // Nothing chosen would be everybody.
    if asked.segment.trim().is_empty() {
        return Redirect::to("/lists").into_response();
    }
    let chosen = asked.chosen.split(',').filter_map(|one| one.split_once(':'));
    let templates = chosen.filter_map(|(id, name)| Some((id.parse().ok()?, name.to_owned()))).collect();
    the_page(&app, &signed_in, &asked.segment, &asked.done, Typed { templates, ..Typed::default() }).await
}

async fn the_page(app: &App, signed_in: &SignedIn, segment: &str, done: &str, typed: Typed) -> Response {
    let engine = &app.engine;
    let wanted = match asked(engine.store(), &engine.shelf().knowledge(), segment, engine.now()).await {
        Ok(Ok(wanted)) => wanted,
        Err(error) => return app.pages.unavailable(&error),
        Ok(Err(error)) => {
            let what = format!("“{segment}” is no segment.");
            let next = format!("{error}. Go back to the lists and mend it there.");
            return app.pages.error(StatusCode::UNPROCESSABLE_ENTITY, &what, &next);
        }
    };
    match members(app, &wanted).await {
        Ok((count, _)) if count > MOST => {
            let next = "Write to all of them with a campaign, or make the list smaller.";
            let what = format!("{count} contacts are too many to write to one by one.");
            app.pages.error(StatusCode::UNPROCESSABLE_ENTITY, &what, next)
        }
        Ok((_, members)) => match rows(app, signed_in, (segment, done), typed, &members).await {
            Ok(read) => app.pages.show("by_hand.html", read),
            Err(error) => app.pages.unavailable(&error),
        },
        Err(error) => app.pages.unavailable(&error),
    }
}

async fn members(app: &App, wanted: &Wanted) -> Result<(i64, Vec<Member>), StoreError> {
    let engine = &app.engine;
    let knowledge = engine.shelf().knowledge();
    let count = engine.store().count_segment(&wanted.asked(&knowledge.shop.rates, knowledge.shop.currency)).await?;
    Ok((count, page(engine.store(), &knowledge, wanted, Place::default(), MOST).await?))
}

async fn rows(
    app: &App,
    signed_in: &SignedIn,
    (segment, done): (&str, &str),
    mut typed: Typed,
    members: &[Member],
) -> Result<Value, StoreError> {
    let (store, now) = (app.engine.store(), app.engine.now());
    let (faces, people) = (app.engine.faces().await?, People::read(store).await?);
    let contacts: Vec<ContactId> = members.iter().map(|member| member.contact).collect();
    let states: HashMap<_, _> = store.states(&contacts).await?.into_iter().collect();
    for id in store.drafted(signed_in.user().id).await? {
        let is_here = contacts.contains(&ContactId(id)) && !typed.words.contains_key(&id);
        let drafts = if is_here { store.drafts(signed_in.user().id, ContactId(id)).await? } else { Vec::new() };
        typed.words.extend(drafts.into_iter().filter(|(of, _)| of == "reply").map(|(_, text)| (id, text)));
    }
    let written: Vec<&str> = done.split(',').collect();
    let row = |member: &Member| {
        let state = Folded::known(states.get(&member.contact).and_then(Option::as_deref));
        let summary: Row = serde_json::from_str(&member.summary).unwrap_or_default();
        let card = card(member, now);
        let tags: Vec<Value> = summary.tags.iter().map(|tag| view::face(&faces, tag)).collect();
        let id = card.id;
        let other = state.desk.agent().filter(|agent| *agent != signed_in.user().login);
        context! {
            id, name => people::called(card.name, card.phone, id), country => card.country,
            colour => card.colour, orders => card.orders, spent => card.spent, days => card.days_since_purchase,
            preview => summary.preview, tags, opted_out => state.contact.opted_out, done => written.contains(&id.to_string().as_str()),
            window_open => summary.window_ends.is_some_and(|ends| ends > now),
            with_people => state.desk.standing() != Standing::Bot, own => state.desk.agent().is_some(), other => other.map(|agent| people.name(agent)),
            planned => planned(&state).map(|plan| &plan.template), words => typed.words.get(&id), template => typed.templates.get(&id),
            error => typed.error.filter(|(of, _)| *of == id).map(|(_, error)| in_words(error)),
        }
    };
    let rows: Vec<Value> = members.iter().map(row).collect();
    let (head, templates) = (head::head(app, signed_in).await?, app.engine.templates().await?);
    Ok(context! { rows, templates => templates.to_choose(), segment, done, key => access::token(), ..head })
}

/// What somebody planned by hand for a contact, and has not left yet.
fn planned(state: &Folded) -> Option<&Planned> {
    state.ledger.planned().find(|plan| plan.campaign.as_deref().is_some_and(|name| name.starts_with(BY_HAND)))
}

/// A reason of the gate in its words; of others the page knows the words.
fn in_words(refusal: Refusal) -> Value {
    let says = match refusal {
        Refusal::Gate(reason) => Some(format!("It cannot be sent: {}.", reason.says())),
        _ => None,
    };
    context! { says, name => refusal.name() }
}

/// No contact has this number.
const NOBODY: i64 = 0;

/// The page as it was sent: what stands in every box, and to whom it is to go.
#[derive(Default)]
struct Writing {
    key: String,
    segment: String,
    done: String,
    contact: i64,
    typed: Typed,
}

impl Writing {
    /// The fields in their order: the boxes of each contact come after its number. `to` is the button; a form of one contact needs
    /// none, and a form of several goes to nobody without.
    fn read(fields: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        let (mut at, mut to, mut several) = (NOBODY, None, false);
        for (name, value) in fields {
            match name.as_str() {
                "key" => form.key = value,
                "segment" => form.segment = value,
                "done" => form.done = value,
                "contact" => {
                    several |= at != NOBODY;
                    at = value.parse().unwrap_or_default();
                }
                "to" => to = value.parse().ok(),
                "text" => drop(form.typed.words.insert(at, value)),
                "template" if !value.is_empty() => drop(form.typed.templates.insert(at, value)),
                _ => {}
            }
        }
        form.contact = to.unwrap_or(if several { NOBODY } else { at });
        form
    }
}

async fn write(State(app): State<App>, OwnForm(signed_in, fields): OwnForm<Vec<(String, String)>>) -> Response {
    let mut form = Writing::read(fields);
    let id = form.contact;
    if id == NOBODY {
        keep_drafts(&app, &signed_in, &form.typed).await;
        let next = "Go back and press the button beside the words. What you wrote is kept.";
        return app.pages.error(StatusCode::UNPROCESSABLE_ENTITY, "It is not said to whom this is to go.", next);
    }
    let sent = match form.typed.templates.get(&id) {
        Some(template) => by_template(&app, &signed_in, &form, template).await,
        None => by_words(&app, &signed_in, &form).await,
    };
    let sent = match sent {
        Ok(appended) => app.engine.folded(appended).await.map_err(Refusal::from),
        Err(error) => Err(error),
    };
    if sent.is_ok() {
        form.typed.words.insert(id, String::new());
        form.typed.templates.remove(&id);
    }
    keep_drafts(&app, &signed_in, &form.typed).await;
    if let Err(error) = sent {
        form.typed.error = Some((id, error));
        let page = the_page(&app, &signed_in, &form.segment, &form.done, form.typed).await;
        let wrong = page.status() == StatusCode::OK;
        return if wrong { (StatusCode::UNPROCESSABLE_ENTITY, page).into_response() } else { page };
    }
    let engine = &app.engine;
    let wanted = asked(engine.store(), &engine.shelf().knowledge(), &form.segment, engine.now()).await;
    if let Ok(Ok(wanted)) = wanted {
        engine.note_use(&wanted.segment.tags(), TagUse::Send).await;
    }
    let done = if form.done.is_empty() { id.to_string() } else { format!("{},{id}", form.done) };
    let chosen: Vec<String> = form.typed.templates.iter().map(|(contact, name)| format!("{contact}:{name}")).collect();
    let (segment, done, chosen) =
        (access::encode(&form.segment), access::encode(&done), access::encode(&chosen.join(",")));
    Redirect::to(&format!("/lists/each?segment={segment}&done={done}&chosen={chosen}#c{id}")).into_response()
}

/// What stands in the boxes is what somebody was writing to each, as in their conversations. What cannot be kept now stands in the
/// page, where that stays.
async fn keep_drafts(app: &App, signed_in: &SignedIn, typed: &Typed) {
    let drafted = app.engine.store().drafted(signed_in.user().id).await.unwrap_or_default();
    let is_new = |(id, words): &(&i64, &String)| !words.trim().is_empty() || drafted.contains(id);
    for (id, words) in typed.words.iter().filter(is_new).take(MOST as usize) {
        let _unkept = typed::keep_draft(app, signed_in, ContactId(*id), "reply", words).await;
    }
}

/// Words of a person, who is in charge from then on: taken only where they will be sent, and never to who wants none.
async fn by_words(app: &App, signed_in: &SignedIn, form: &Writing) -> Result<Appended, Refusal> {
    let text = typed::words(form.typed.words.get(&form.contact).map_or("", String::as_str))?;
    let login = &signed_in.user().login;
    let known = app.engine.store().contact(ContactId(form.contact)).await?;
    let (row, state) = known.ok_or(Refusal::NoContact)?;
    let contact = Folded::known(state.as_deref()).contact;
    if row.handoff == "accepted" && row.agent.as_deref() != Some(login.as_str()) {
        return Err(Refusal::OtherInCharge);
    }
    if contact.opted_out {
        return Err(Refusal::Gate(Condition::OptedOut));
    }
    if !contact.window_is_open(app.engine.now()) {
        return Err(Refusal::WindowClosed);
    }
    let event = AgentEvent { text: Some(text), ..AgentEvent::new(login, AgentAction::Reply) };
    Ok(app.engine.act(row.contact, event, key(signed_in, form)).await?)
}

/// A template to this one contact. The gate decides when it goes, as for everything that nobody asked for; what it would never let
/// go is refused here, in its words. What is marketing goes by the rules for promotions. Of two plans the customer would get the
/// second much later or never, so that a second one is refused, whoever made the first.
async fn by_template(app: &App, signed_in: &SignedIn, form: &Writing, name: &str) -> Result<Appended, Refusal> {
    let (engine, now, contact) = (&app.engine, app.engine.now(), ContactId(form.contact));
    let (kind, templates) = (MessageKind::Service, vec![name.trim().to_owned()]);
    let mut offer = Offer { kind, templates, groups: Vec::new(), product: None, lasts: LASTS.to_owned() };
    offer.check().map_err(|_| Refusal::NoTemplateName)?;
    let key = key(signed_in, form);
    let (held, made_marketing) = (engine.held_of(&offer).await?, engine.made_marketing(&offer).await?);
    let sent_before = match &key {
        Some(key) => engine.store().is_known(key).await?,
        None => false,
    };
    let (row, state) = engine.store().contact(contact).await?.ok_or(Refusal::NoContact)?;
    if !held.is_empty() {
        return Err(Refusal::NotApproved);
    }
    let (knowledge, state) = (engine.shelf().knowledge(), Folded::known(state.as_deref()));
    if !sent_before && planned(&state).is_some() {
        return Err(Refusal::AlreadyPlanned);
    }
    let template = offer.templates[0].clone();
    let marketing = made_marketing(&state.contact, &template);
    if marketing || knowledge.outreach.is_marketing_to_meta(kind, &template) {
        offer.kind = MessageKind::Promotion;
    }
    let name = format!("{BY_HAND}{}-{template}", now.date_in(knowledge.shop.zone));
    let event = offer.event(&name, row.contact.0, &[], now);
    let verdict = event.request().map(|request| {
        let shared = Shared { marketing, ..Shared::default() };
        (knowledge.would_leave(&state, &request, &shared, now), request.not_after)
    });
    let forbids = verdict.as_ref().and_then(|(verdict, not_after)| verdict.forbids(*not_after));
    if let Some(why) = forbids.filter(|_| !sent_before) {
        return Err(Refusal::Gate(why.condition));
    }
    let event = NewEvent::known(row.contact, key, now, EventBody::Campaign(event));
    engine.store().append(vec![event]).await?.pop().ok_or(Refusal::Unavailable)
}

/// The page's own key: a double click or a reload sends once to each. Other words and another template are another message.
fn key(signed_in: &SignedIn, form: &Writing) -> Option<String> {
    let typed = &form.typed;
    let what = [&typed.words, &typed.templates].map(|of| of.get(&form.contact).map_or("", |what| what.trim()));
    typed::key(signed_in, &format!("{}:{}", form.key, form.contact), &what.join("\n"))
}
