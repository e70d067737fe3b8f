//! The console: lists, threads, the panel. Every action is a form that works without a script; what an agent does in a conversation
//! is in `composer.rs`.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;
use tower_http::compression::CompressionLayer;

use super::App;
use super::access::{self, AdminForm, SignedIn};
use super::people::People;
use super::thread::{self, Told};
use super::view::{self, Marks};
use super::{canned, composer, picker, undo, views};
use crate::domain::{ContactId, Event, Severity};
use crate::engine::filling::Typed;
use crate::engine::outlook::FAILURES_OF;
use crate::engine::segments;
use crate::engine::state::State as Folded;
use crate::store::{AlertRow, LedgerLine, StoreError};

/// Messages of a thread: a screen and more. As many earlier ones come at a time.
const MESSAGES: i64 = 200;
/// Hand-offs of which a thread tells that nobody came: the newest.
const CASES: i64 = 50;
/// What happened longer ago is read elsewhere: `hotline export`.
const MOST_MESSAGES: i64 = 5_000;
/// Rows of a view: a screen and more. As many come at a time.
const ROWS: i64 = 100;
/// Mistakes of a refused change that every page tells; an admin sees all of them.
const SHOWN_MISTAKES: usize = 3;
/// Who is further down is looked for by name.
const MOST_ROWS: i64 = 1_000;

/// What an address of the inbox asks for beside the view and the contact. Numbers that are none are as if they were not said.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// A name, a number or a word to look for.
    find: String,
    rows: String,
    messages: String,
    current: String,
    /// The template that was chosen to be sent: its name, a colon and its language.
    pub(super) template: String,
    /// Whether canned replies are shown, `yes` or nothing.
    canned: String,
    /// What was typed into it and not taken.
    #[serde(skip)]
    pub(super) typed: Option<Typed>,
}

impl Asked {
    /// A template that was chosen, and what was typed into it.
    pub(super) fn of_template(template: String, typed: Typed) -> Self {
        Self { template, typed: Some(typed), ..Self::default() }
    }

    fn rows(&self) -> i64 {
        self.rows.parse().map_or(ROWS, |rows: i64| rows.clamp(ROWS, MOST_ROWS))
    }

    fn messages(&self) -> i64 {
        self.messages.parse().map_or(MESSAGES, |messages: i64| messages.clamp(MESSAGES, MOST_MESSAGES))
    }

    /// The same for the addresses of the list's rows, with the question mark.
    fn in_address(&self) -> String {
        let mut asked = Vec::new();
        if !self.find.trim().is_empty() {
            asked.push(format!("find={}", access::encode(self.find.trim())));
        }
        if self.rows() > ROWS {
            asked.push(format!("rows={}", self.rows()));
        }
        if asked.is_empty() { String::new() } else { format!("?{}", asked.join("&")) }
    }
}

pub(super) fn router() -> Router<App> {
    let fixed = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], text) })
    };
    let script = |text| fixed("text/javascript; charset=utf-8", text);
    // Fetched again and again, and without a token of a form that would shine through what is compressed with it.
    let compressed = Router::new()
        .route("/fragment/alerts", get(alerts_fragment))
        .route("/fragment/list/{view}", get(list_fragment))
        .route(
            "/static/console.css",
            fixed("text/css; charset=utf-8", include_str!("../../templates/console/static/console.css")),
        )
        .route("/static/console.js", script(include_str!("../../templates/console/static/console.js")))
        .route("/static/drafts.js", script(include_str!("../../templates/console/static/drafts.js")))
        .route("/static/canned.js", script(include_str!("../../templates/console/static/canned.js")))
        .route("/static/forms.js", script(include_str!("../../templates/console/static/forms.js")))
        .route("/static/keys.js", script(include_str!("../../templates/console/static/keys.js")))
        .route("/static/notifications.js", script(include_str!("../../templates/console/static/notifications.js")))
        .route("/worker.js", script(include_str!("../../templates/console/static/worker.js")))
        .route("/static/live.js", script(include_str!("../../templates/console/static/live.js")))
        .layer(CompressionLayer::new());
    Router::new()
        .route("/", get(first))
        .route("/inbox", get(first))
        .route("/inbox/{view}", get(list))
        .route("/inbox/{view}/{contact}", get(open))
        .route("/admin", get(admin).post(add_user))
        .route("/admin/link", post(link_user))
        .route("/admin/remove", post(remove_user))
        .route("/static/icon.svg", fixed("image/svg+xml", include_str!("../../templates/console/static/icon.svg")))
        .merge(compressed)
}

async fn first(State(app): State<App>, signed_in: SignedIn) -> Redirect {
    Redirect::to(&format!("/inbox/{}", views::first(&app, &signed_in.user().login)))
}

/// What every page of the inbox shows.
async fn frame(
    app: &App,
    signed_in: &SignedIn,
    view: &str,
    asked: &Asked,
    current: Option<i64>,
) -> Result<Value, Response> {
    let login = &signed_in.user().login;
    let now = app.engine.now();
    let (find, most) = (asked.find.trim(), asked.rows());
    let read = async {
        let rows = match find {
            "" => views::rows(app, view, login, most).await?,
            words => Some(app.engine.store().find_contacts(words, most).await?),
        };
        let Some(rows) = rows else { return Ok(None) };
        let tabs = views::tabs(app, login).await?;
        let (faces, people) = (app.engine.faces().await?, People::read(app.engine.store()).await?);
        let drafted = app.engine.store().drafted(signed_in.user().id).await?;
        let unsent = app.engine.store().failed_replies(now - FAILURES_OF, MOST_ROWS).await?;
        let marks = Marks { drafted, unsent: unsent.iter().map(|row| row.contact.0).collect() };
        Ok::<_, StoreError>(Some((tabs, rows, head(app, signed_in).await?, faces, people, marks)))
    };
    let Some((tabs, rows, head, faces, people, marks)) = read.await.map_err(|_| app.pages.unavailable())? else {
        return Err(app.pages.error(StatusCode::NOT_FOUND, "There is no such view.", ""));
    };
    let more = (rows.len() as i64 == most).then(|| (most + ROWS).min(MOST_ROWS)).filter(|more| *more > most);
    let rows: Vec<Value> = rows.iter().map(|row| view::row(row, &faces, &people, &marks, now)).collect();
    let problems = app.engine.shelf().problems();
    // Errors are told on every page.
    let notes = if signed_in.is_admin() && mistakes(app).is_empty() { problems.len() } else { 0 };
    Ok(context! { view, tabs, rows, current, find, more, asked => asked.in_address(), notes, ..head })
}

/// What the head of every page shows, and its forms need.
pub(super) async fn head(app: &App, signed_in: &SignedIn) -> Result<Value, StoreError> {
    let held = crate::engine::holds::in_words(&app.engine.held().await?);
    let shown = context! {
        mistakes => mistakes(app), alerts => alerts(app).await?, changed => super::changed::rules(app).await?, held, user => &signed_in.user().name, single_keys => signed_in.user().single_keys, csrf => &signed_in.0.csrf,
        admin => signed_in.is_admin(), sandbox => app.sandbox,
    };
    Ok(context! { ..calls(app, signed_in).await?, ..shown })
}

/// How many customers wait for a person, and who calls for whoever is signed in, as `notifications.js` compares it.
async fn calls(app: &App, signed_in: &SignedIn) -> Result<Value, StoreError> {
    let callers = app.engine.store().callers(&signed_in.user().login, MOST_ROWS).await?;
    let hot = app.engine.store().wanted_persons().await?;
    let call = |(contact, unread): &(i64, Option<i64>)| match unread {
        None => contact.to_string(),
        Some(unread) => format!("{contact}:{unread}"),
    };
    Ok(context! { hot, calls => callers.iter().map(call).collect::<Vec<_>>().join(" ") })
}

/// What is wrong with a change of dictionaries, rules or replies that was refused.
fn mistakes(app: &App) -> Vec<String> {
    let problems = app.engine.shelf().problems();
    problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .take(SHOWN_MISTAKES)
        .map(ToString::to_string)
        .collect()
}

/// The alerts that stand.
async fn alerts(app: &App) -> Result<Vec<Value>, StoreError> {
    let now = app.engine.now();
    let rows = app.engine.store().alerts(now).await?.into_iter().filter(|row| row.until.is_none());
    let shown = |row: AlertRow| context! { what => row.alert.what, advice => row.alert.advice, since => view::ago(row.since, now) };
    Ok(rows.map(shown).collect())
}

async fn alerts_fragment(State(app): State<App>, signed_in: SignedIn) -> Response {
    let read = (alerts(&app).await, super::changed::rules(&app).await, calls(&app, &signed_in).await);
    match read {
        (Ok(alerts), Ok(changed), Ok(calls)) => {
            app.pages.show("alerts.html", context! { alerts, changed, mistakes => mistakes(&app), ..calls })
        }
        _ => app.pages.unavailable(),
    }
}

async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(view): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    match frame(&app, &signed_in, &view, &asked, None).await {
        Ok(frame) => app.pages.show("inbox.html", frame),
        Err(response) => response,
    }
}

async fn list_fragment(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(view): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    // Where the open conversation became another's meanwhile, the page learns whose it is now.
    let current = match asked.current.parse() {
        Ok(current) => living(&app, current).await.ok().map(|contact| contact.0),
        Err(_) => None,
    };
    match frame(&app, &signed_in, &view, &asked, current).await {
        Ok(frame) => app.pages.show("list.html", frame),
        Err(response) => response,
    }
}

async fn open(
    State(app): State<App>,
    signed_in: SignedIn,
    Path((view, contact)): Path<(String, i64)>,
    Query(asked): Query<Asked>,
) -> Response {
    conversation(&app, &signed_in, &view, ContactId(contact), &asked, context! {}).await
}

/// The contact that a form is about; of one that became another, the other. What is done to nobody is refused.
pub(super) async fn living(app: &App, contact: i64) -> Result<ContactId, Response> {
    match app.engine.store().contact(ContactId(contact)).await {
        Ok(Some((row, _))) => Ok(row.contact),
        Ok(None) => Err(app.pages.no_contact()),
        Err(_) => Err(app.pages.unavailable()),
    }
}

/// The page of a conversation; `more` is what came of something that was done in it.
pub(super) async fn conversation(
    app: &App,
    signed_in: &SignedIn,
    view: &str,
    contact: ContactId,
    asked: &Asked,
    more: Value,
) -> Response {
    // The thread first: who reads it has seen it, and the list says so.
    let (contact, thread) = match thread(app, signed_in, contact, asked).await {
        Ok(Some(thread)) => thread,
        Ok(None) => return app.pages.no_contact(),
        Err(_) => return app.pages.unavailable(),
    };
    match frame(app, signed_in, view, asked, Some(contact.0)).await {
        Ok(frame) => app.pages.show("inbox.html", context! { ..more, ..context! { ..thread, ..frame } }),
        Err(response) => response,
    }
}

/// Everything that a thread and its panel show, and whose it is: of a contact that became another, the other's.
async fn thread(
    app: &App,
    signed_in: &SignedIn,
    contact: ContactId,
    asked: &Asked,
) -> Result<Option<(ContactId, Value)>, StoreError> {
    let (store, messages) = (app.engine.store(), asked.messages());
    let Some((row, state)) = store.contact(contact).await? else { return Ok(None) };
    let contact = row.contact;
    let events = store.thread(contact, messages).await?;
    let sent = store.sent(contact, messages).await?;
    let full = |count: usize| count as i64 == messages;
    let earlier = (full(events.len()) || full(sent.len())).then(|| (messages + MESSAGES).min(MOST_MESSAGES));
    let (faces, verdicts) = (app.engine.faces().await?, store.verdicts_of(contact, &signed_in.user().login).await?);
    // What a colleague reads stays unread to whoever is in charge.
    let reads = composer::in_charge(&row).is_none_or(|agent| agent == signed_in.user().login);
    if row.unread > 0 && reads {
        // The count is a convenience: where it cannot be written now, the next look does it.
        let _next_time = store.mark_seen(contact).await;
    }
    let (now, state) = (app.engine.now(), Folded::known(state.as_deref()));
    let knowledge = app.engine.shelf().knowledge();
    let shop_zone = knowledge.shop.zone;
    let ledger = app.engine.why_held(contact, &state).await?;
    let behind = behind(app, contact, &ledger, &events).await?;
    let people = People::read(store).await?;
    let contact_view = view::contact(&row, &state, &people, now, shop_zone);
    let composer = composer::offers(&row, signed_in, &contact_view);
    let picker = match composer::is_closed(&composer) {
        true => Some(picker::shown(app, contact, &state, asked).await?),
        false => None,
    };
    let undo = undo::offered(app, signed_in, (&row, &events, &sent)).await?;
    let drafts = composer::drafts(app, signed_in, contact).await?;
    let canned = match asked.canned.as_str() {
        "yes" => Some(canned::offered(app, signed_in, &state.contact).await?),
        _ => None,
    };
    let stopped = app.engine.stopped_campaigns().await?;
    let told = Told { shop: &knowledge.shop, people: &people, faces: &faces, now };
    let given_up = store.given_up(contact, CASES).await?;
    // What they bought, as lists tell it (CHAR-1).
    let bought = store.member(contact).await?.map(|member| segments::card(&member, now));
    let shown = context! {
        contact => contact_view, undo, composer, picker, canned, snoozes => super::snooze::OFFERED, bought => Value::from(Serde(bought)), key => access::token(), drafts,
        earlier => earlier.filter(|earlier| *earlier > messages),
        messages => thread::whole(&events, &sent, &given_up, told), unanswered => thread::unanswered(&events, &sent),
        planned => view::planned(&state, &knowledge, &stopped, now),
        tags => view::tags(&state, &ledger, &behind, &faces, &verdicts, now), known_tags => view::known_tags(&faces),
    };
    Ok(Some((contact, shown)))
}

/// The events behind tags: those of the thread, and those that lie before it.
async fn behind(
    app: &App,
    contact: ContactId,
    ledger: &[LedgerLine],
    thread: &[Event],
) -> Result<Vec<Event>, StoreError> {
    let mut named: Vec<i64> = ledger.iter().flat_map(|line| line.evidence.events.iter().copied()).collect();
    named.retain(|seq| thread.iter().all(|event| event.seq != *seq));
    let mut events = if named.is_empty() { Vec::new() } else { app.engine.store().events(contact, &named).await? };
    events.extend_from_slice(thread);
    Ok(events)
}

async fn admin(State(app): State<App>, signed_in: SignedIn) -> Response {
    admin_page(&app, &signed_in, context! {}).await
}

/// The admin's page, and what came of a form of it.
async fn admin_page(app: &App, signed_in: &SignedIn, more: Value) -> Response {
    if !signed_in.is_admin() {
        return app.pages.not_yours();
    }
    let store = app.engine.store();
    let read = async {
        let (users, in_charge) = (store.users().await?, store.in_charge().await?);
        Ok::<_, StoreError>((users, in_charge, store.kept().await?, head(app, signed_in).await?))
    };
    let Ok((users, in_charge, (kept_count, kept), head)) = read.await else { return app.pages.unavailable() };
    let users: Vec<Value> = users
        .iter()
        .map(|user| context! { own => user.id == signed_in.user().id, login => &user.login, name => &user.name, role => user.role.name(), conversations => in_charge.get(&user.login).copied().unwrap_or(0), password => user.password_hash.is_some() })
        .collect();
    let zone = app.engine.shelf().knowledge().shop.zone;
    let kept: Vec<Value> = kept
        .iter()
        .map(|row| context! { at => view::moment(row.received, zone), reason => view::shorten(&row.reason, 160), size => row.size })
        .collect();
    let problems: Vec<String> = app.engine.shelf().problems().iter().map(ToString::to_string).collect();
    app.pages.show("admin.html", context! { ..more, ..context! { users, kept, kept_count, problems, ..head } })
}

#[derive(Deserialize)]
struct NewUser {
    login: String,
    #[serde(default)]
    name: String,
    role: String,
}

async fn add_user(State(app): State<App>, AdminForm(signed_in, form): AdminForm<NewUser>) -> Response {
    let typed = context! { login => &form.login, name => &form.name, role => &form.role };
    let refused = async |error: String| {
        let page = admin_page(&app, &signed_in, context! { error, typed }).await;
        (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
    };
    let (Some(login), Some(role)) = (access::login(&form.login), crate::store::Role::from_name(&form.role)) else {
        let error = "A sign-in name has letters, digits and . - _ @, 40 at most; a role is admin or agent.";
        return refused(error.to_owned()).await;
    };
    let name = if form.name.trim().is_empty() { login.clone() } else { form.name.trim().to_owned() };
    match app.engine.store().add_user(&login, &name, role, app.engine.now()).await {
        Ok(true) => linked(&app, &signed_in, &login).await,
        Ok(false) => {
            refused(format!("{login} is there already. For another link, use the button beside the name.")).await
        }
        Err(_) => app.pages.unavailable(),
    }
}

/// A button beside a name.
#[derive(Deserialize)]
struct Named {
    login: String,
}

/// Another link for somebody who is there.
async fn link_user(State(app): State<App>, AdminForm(signed_in, form): AdminForm<Named>) -> Response {
    linked(&app, &signed_in, &form.login).await
}

/// Somebody signs in no more. Oneself one does not remove: so there is always an admin.
async fn remove_user(State(app): State<App>, AdminForm(signed_in, form): AdminForm<Named>) -> Response {
    let error = if form.login == signed_in.user().login {
        "Nobody removes themselves: another admin can.".to_owned()
    } else {
        match app.engine.store().remove_user(&form.login, app.engine.now()).await {
            Ok(Some(_)) => return Redirect::to("/admin").into_response(),
            Ok(None) => format!("{} cannot be removed: there is nobody of that name, or no other admin.", form.login),
            Err(_) => return app.pages.unavailable(),
        }
    };
    (StatusCode::UNPROCESSABLE_ENTITY, admin_page(&app, &signed_in, context! { error }).await).into_response()
}

async fn linked(app: &App, signed_in: &SignedIn, login: &str) -> Response {
    match access::new_link(app.engine.store(), login, &app.engine.settings().public_url(), app.engine.now()).await {
        Ok(link) => admin_page(app, signed_in, context! { link, whose => login }).await,
        Err(_) => app.pages.unavailable(),
    }
}
