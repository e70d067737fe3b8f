//! The console: lists, threads, the panel, and what an agent does. Every action is a form that works without a script.

use std::collections::HashMap;

use axum::Form;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;

use super::App;
use super::access::{self, SignedIn};
use super::{view, views};
use crate::domain::{AgentAction, AgentEvent, ContactId};
use crate::engine::segments;
use crate::store::{AlertRow, InboxRow, StoreError};

/// Messages of a thread: a screen and more.
const MESSAGES: i64 = 200;

pub(super) fn router() -> Router<App> {
    let fixed = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], text) })
    };
    Router::new()
        .route("/", get(first))
        .route("/inbox", get(first))
        .route("/inbox/{view}", get(list))
        .route("/inbox/{view}/{contact}", get(open))
        .route("/fragment/alerts", get(alerts_fragment))
        .route("/fragment/list/{view}", get(list_fragment))
        .route("/fragment/thread/{contact}", get(thread_fragment))
        .route("/contact/{contact}/{action}", post(act))
        .route("/admin", get(admin).post(add_user))
        .route(
            "/static/console.css",
            fixed("text/css; charset=utf-8", include_str!("../../templates/console/static/console.css")),
        )
        .route(
            "/static/console.js",
            fixed("text/javascript; charset=utf-8", include_str!("../../templates/console/static/console.js")),
        )
}

async fn first(State(app): State<App>, signed_in: SignedIn) -> Redirect {
    Redirect::to(&format!("/inbox/{}", views::first(&app, &signed_in.user().login)))
}

/// What every page of the inbox shows.
async fn frame(app: &App, signed_in: &SignedIn, view: &str, current: Option<i64>) -> Result<Value, Response> {
    let login = &signed_in.user().login;
    let now = app.engine.now();
    let read = async {
        let Some(rows) = views::rows(app, view, login).await? else { return Ok(None) };
        let tabs = views::tabs(app, login).await?;
        Ok::<_, StoreError>(Some((tabs, rows, head(app, signed_in).await?, app.engine.faces().await?)))
    };
    let Some((tabs, rows, head, faces)) = read.await.map_err(|_| app.pages.unavailable())? else {
        return Err(app.pages.error("There is no such view.", "Go to the inbox."));
    };
    let rows: Vec<Value> = rows.iter().map(|row| view::row(row, &faces, now)).collect();
    let problems = app.engine.shelf().problems();
    Ok(context! {
        view, tabs, rows, current,
        problems => problems.iter().map(ToString::to_string).collect::<Vec<_>>(), ..head
    })
}

/// What the head of every page shows, and its forms need.
pub(super) async fn head(app: &App, signed_in: &SignedIn) -> Result<Value, StoreError> {
    let held = crate::engine::limits::in_words(&app.engine.held().await?);
    Ok(context! {
        alerts => alerts(app).await?, held, user => &signed_in.user().name, csrf => &signed_in.0.csrf,
        admin => signed_in.is_admin(), sandbox => app.sandbox,
    })
}

/// The alerts that stand.
async fn alerts(app: &App) -> Result<Vec<Value>, StoreError> {
    let now = app.engine.now();
    let rows = app.engine.store().alerts(now).await?.into_iter().filter(|row| row.until.is_none());
    let shown = |row: AlertRow| context! { what => row.alert.what, advice => row.alert.advice, since => view::ago(row.since, now) };
    Ok(rows.map(shown).collect())
}

async fn alerts_fragment(State(app): State<App>, _signed_in: SignedIn) -> Response {
    match alerts(&app).await {
        Ok(alerts) => app.pages.show("alerts.html", context! { alerts }),
        Err(_) => app.pages.unavailable(),
    }
}

async fn list(State(app): State<App>, signed_in: SignedIn, Path(view): Path<String>) -> Response {
    match frame(&app, &signed_in, &view, None).await {
        Ok(frame) => app.pages.show("inbox.html", frame),
        Err(response) => response,
    }
}

async fn list_fragment(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(view): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let current = query.get("current").and_then(|current| current.parse().ok());
    match frame(&app, &signed_in, &view, current).await {
        Ok(frame) => app.pages.show("list.html", frame),
        Err(response) => response,
    }
}

async fn open(
    State(app): State<App>,
    signed_in: SignedIn,
    Path((view, contact)): Path<(String, i64)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let frame = match frame(&app, &signed_in, &view, Some(contact)).await {
        Ok(frame) => frame,
        Err(response) => return response,
    };
    match thread(&app, &signed_in, ContactId(contact), query.get("error").map(String::as_str)).await {
        Ok(Some(thread)) => app.pages.show("inbox.html", context! { ..thread, ..frame }),
        Ok(None) => {
            (StatusCode::NOT_FOUND, app.pages.error("There is no such contact.", "Go to the inbox.")).into_response()
        }
        Err(_) => app.pages.unavailable(),
    }
}

async fn thread_fragment(State(app): State<App>, signed_in: SignedIn, Path(contact): Path<i64>) -> Response {
    match thread(&app, &signed_in, ContactId(contact), None).await {
        Ok(Some(thread)) => app.pages.show(
            "thread.html",
            context! { current => contact, csrf => &signed_in.0.csrf, fragment => true, ..thread },
        ),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => app.pages.unavailable(),
    }
}

/// Everything that a thread and its panel show.
async fn thread(
    app: &App,
    signed_in: &SignedIn,
    contact: ContactId,
    error: Option<&str>,
) -> Result<Option<Value>, StoreError> {
    let store = app.engine.store();
    let Some((row, state)) = store.contact(contact).await? else { return Ok(None) };
    let events = store.thread(contact, MESSAGES).await?;
    let sent = store.sent(contact, MESSAGES).await?;
    let ledger = store.ledger(contact, 200).await?;
    let (faces, verdicts) = (app.engine.faces().await?, store.verdicts_of(row.contact, &signed_in.user().login).await?);
    if row.unread > 0 {
        // The count is a convenience: where it cannot be written now, the next look does it.
        let _next_time = store.mark_seen(contact).await;
    }
    let now = app.engine.now();
    let shop_zone = app.engine.shelf().knowledge().shop.zone;
    let contact_view = view::contact(&row, state.as_deref(), now, shop_zone);
    let composer = composer(&row, signed_in, &contact_view);
    let stopped = app.engine.stopped_campaigns().await?;
    // What they bought, as lists tell it (CHAR-1).
    let bought = store.member(row.contact).await?.map(|member| segments::card(&member, now));
    Ok(Some(context! {
        contact => contact_view, composer, bought => Value::from(Serde(bought)), error, key => access::token(),
        messages => view::thread(&events, &sent, shop_zone),
        planned => view::planned(state.as_deref(), &app.engine.shelf().knowledge(), &stopped, now),
        tags => view::tags(state.as_deref(), &ledger, &events, &faces, &verdicts, now), known_tags => view::known_tags(&faces),
    }))
}

/// What the composer offers: never what would be refused.
fn composer(row: &InboxRow, signed_in: &SignedIn, contact: &Value) -> Value {
    let mine = row.agent.as_deref() == Some(signed_in.user().login.as_str());
    let window_open = contact.get_attr("window_open").is_ok_and(|open| open.is_true());
    let mode = match (row.handoff.as_str(), mine) {
        ("none", _) => "bot",
        ("open", _) => "waiting",
        (_, true) if window_open => "reply",
        (_, true) => "closed",
        _ => "other",
    };
    context! { mode, agent => row.agent.clone() }
}

#[derive(Deserialize)]
struct Acting {
    csrf: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    view: String,
}

/// Longest reply that WhatsApp takes (section 5.6), in UTF-16 units.
const LONGEST: usize = 4_096;

/// What somebody typed, if it can be sent.
pub(super) fn words(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    match text.encode_utf16().count() {
        0 => Err("empty"),
        length if length > LONGEST => Err("long"),
        _ => Ok(text.to_owned()),
    }
}

async fn act(
    State(app): State<App>,
    signed_in: SignedIn,
    Path((contact, action)): Path<(i64, String)>,
    Form(form): Form<Acting>,
) -> Response {
    if !signed_in.made(&form.csrf) {
        return app.pages.forbidden();
    }
    let view = views::known(&app, &form.view);
    let back = |error: Option<&str>| {
        let error = error.map(|error| format!("?error={error}")).unwrap_or_default();
        Redirect::to(&format!("/inbox/{view}/{contact}{error}")).into_response()
    };
    // The form's own key: a double click or a reload sends once.
    let key = (!form.key.is_empty()).then(|| format!("form:{}:{}", signed_in.user().id, form.key));
    if action == "opt-in" {
        let note = match words(&form.text) {
            Ok(note) => note,
            Err(error) => return back(Some(if error == "empty" { "note" } else { error })),
        };
        return match app.engine.opt_in(ContactId(contact), &signed_in.user().login, note, key).await {
            Ok(()) => back(None),
            Err(_) => app.pages.unavailable(),
        };
    }
    let (action, text) = match action.as_str() {
        "take" => (AgentAction::Take, None),
        "release" => (AgentAction::Release, None),
        "won" => (AgentAction::Won, None),
        "lost" => (AgentAction::Lost, None),
        "reply" | "note" => {
            let action = if action == "reply" { AgentAction::Reply } else { AgentAction::Note };
            match words(&form.text) {
                Ok(text) => (action, Some(text)),
                Err(error) => return back(Some(error)),
            }
        }
        _ => {
            return (StatusCode::NOT_FOUND, app.pages.error("There is no such action.", "Go to the inbox."))
                .into_response();
        }
    };
    if action == AgentAction::Reply
        && let Err(error) = may_reply(&app, &signed_in, ContactId(contact)).await
    {
        return back(Some(error));
    }
    let event =
        AgentEvent { agent: signed_in.user().login.clone(), action, tag: None, colour: None, text, link: false };
    match app.engine.act(ContactId(contact), event, key).await {
        Ok(_) => back(None),
        Err(_) => app.pages.unavailable(),
    }
}

/// A reply is taken only where it will be sent: I am in charge, and the service window is open.
async fn may_reply(app: &App, signed_in: &SignedIn, contact: ContactId) -> Result<(), &'static str> {
    let Ok(Some((row, state))) = app.engine.store().contact(contact).await else { return Err("unavailable") };
    let shop_zone = app.engine.shelf().knowledge().shop.zone;
    let seen = view::contact(&row, state.as_deref(), app.engine.now(), shop_zone);
    match () {
        () if row.handoff != "accepted" => Err("bot"),
        () if row.agent.as_deref() != Some(signed_in.user().login.as_str()) => Err("other"),
        () if !seen.get_attr("window_open").is_ok_and(|open| open.is_true()) => Err("closed"),
        () => Ok(()),
    }
}

async fn admin(State(app): State<App>, signed_in: SignedIn) -> Response {
    admin_page(&app, &signed_in, None, None).await
}

async fn admin_page(app: &App, signed_in: &SignedIn, link: Option<String>, error: Option<String>) -> Response {
    if !signed_in.is_admin() {
        return app.pages.forbidden();
    }
    let store = app.engine.store();
    let read = async { Ok::<_, StoreError>((store.users().await?, store.kept().await?, head(app, signed_in).await?)) };
    let Ok((users, (kept_count, kept), head)) = read.await else { return app.pages.unavailable() };
    let users: Vec<Value> = users
        .iter()
        .map(|user| context! { login => &user.login, name => &user.name, role => user.role.name(), password => user.password_hash.is_some() })
        .collect();
    let zone = app.engine.shelf().knowledge().shop.zone;
    let kept: Vec<Value> = kept
        .iter()
        .map(|row| context! { at => view::clock(row.received, zone), reason => view::shorten(&row.reason, 160), size => row.size })
        .collect();
    let problems: Vec<String> = app.engine.shelf().problems().iter().map(ToString::to_string).collect();
    app.pages.show("admin.html", context! { users, kept, kept_count, problems, link, error, ..head })
}

#[derive(Deserialize)]
struct NewUser {
    csrf: String,
    login: String,
    #[serde(default)]
    name: String,
    role: String,
}

async fn add_user(State(app): State<App>, signed_in: SignedIn, Form(form): Form<NewUser>) -> Response {
    if !signed_in.is_admin() || !signed_in.made(&form.csrf) {
        return app.pages.forbidden();
    }
    let (Some(login), Some(role)) = (access::login(&form.login), crate::store::Role::from_name(&form.role)) else {
        let error = "A sign-in name has letters, digits and . - _ @, 40 at most; a role is admin or agent.".to_owned();
        return (StatusCode::UNPROCESSABLE_ENTITY, admin_page(&app, &signed_in, None, Some(error)).await)
            .into_response();
    };
    let name = if form.name.trim().is_empty() { login.clone() } else { form.name.trim().to_owned() };
    let (store, now) = (app.engine.store(), app.engine.now());
    // Somebody who is there already gets a new link.
    let made = async {
        store.add_user(&login, &name, role, now).await?;
        access::new_link(store, &login, &app.engine.settings().public_url(), now).await
    };
    match made.await {
        Ok(link) => admin_page(&app, &signed_in, link, None).await,
        Err(_) => app.pages.unavailable(),
    }
}
