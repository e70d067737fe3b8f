//! The page of a conversation, and the list beside it: the thread, the panel, and what the composer offers.

use axum::http::StatusCode;
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;

use super::canned;
use super::found;
use super::head::{self, head};
use super::people::People;
use super::picker;
use super::snooze;
use super::thread::{self, Told};
use super::undo;
use super::view::{self, Marks};
use super::views;
use crate::domain::{ContactId, Event};
use crate::engine::fold::state::State as Folded;
use crate::engine::segments;
use crate::engine::sending::outlook::FAILURES_OF;
use crate::engine::templates::filling::Typed;
use crate::store::{InboxRow, LedgerLine, StoreError};
use crate::web::access::{self, SignedIn};
use crate::web::{App, typed};

/// Messages of a thread: a screen and more. As many earlier ones come at a time.
const MESSAGES: i64 = 200;
/// Hand-offs of which a thread tells that nobody came: the newest.
const CASES: i64 = 50;
/// What happened longer ago is read elsewhere: `hotline export`.
const MOST_MESSAGES: i64 = 5_000;
/// Rows of a view: a screen and more. As many come at a time.
const ROWS: i64 = 100;
/// Who is further down is looked for by name.
const MOST_ROWS: i64 = 1_000;

/// What an address of the inbox asks for beside the view and the contact. Numbers that are none are as if they were not said.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// A name, a number or words to look for.
    find: String,
    rows: String,
    messages: String,
    pub(crate) current: String,
    /// The template that was chosen to be sent: its name, a colon and its language.
    pub(crate) template: String,
    /// Whether canned replies are shown, `yes` or nothing.
    canned: String,
    /// The event of the thread that was found: it is shown, however long ago it was.
    said: String,
    /// What was typed into it and not taken.
    #[serde(skip)]
    pub(crate) typed: Option<Typed>,
}

impl Asked {
    /// A template that was chosen, and what was typed into it.
    pub(crate) fn of_template(template: String, typed: Typed) -> Self {
        Self { template, typed: Some(typed), ..Self::default() }
    }

    fn rows(&self) -> i64 {
        self.rows.parse().map_or(ROWS, |rows: i64| rows.clamp(ROWS, MOST_ROWS))
    }

    fn messages(&self) -> i64 {
        self.messages.parse().map_or(MESSAGES, |messages: i64| messages.clamp(MESSAGES, MOST_MESSAGES))
    }

    /// As many messages as are asked for, or as lie between now and what was found, with a screen before it.
    async fn deep(&self, app: &App, contact: ContactId) -> Result<i64, StoreError> {
        let Ok(said) = self.said.parse() else { return Ok(self.messages()) };
        let since = app.engine.store().said_since(contact, said).await?;
        Ok(self.messages().max(since + MESSAGES).min(MOST_MESSAGES))
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

/// What every page of the inbox shows.
pub(crate) async fn frame(
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
        let heard = found::said(app, find, &rows).await?;
        let tabs = views::tabs(app, login).await?;
        let (faces, people) = (app.engine.faces().await?, People::read(app.engine.store()).await?);
        let drafted = app.engine.store().drafted(signed_in.user().id).await?;
        let unsent = app.engine.store().failed_replies(now - FAILURES_OF, MOST_ROWS).await?;
        let marks = Marks { drafted, unsent: unsent.iter().map(|row| row.contact.0).collect() };
        Ok::<_, StoreError>(Some((tabs, (rows, heard), head(app, signed_in).await?, faces, people, marks)))
    };
    let Some((tabs, (rows, heard), head, faces, people, marks)) =
        read.await.map_err(|error| app.pages.unavailable(&error))?
    else {
        return Err(app.pages.error(StatusCode::NOT_FOUND, "There is no such view.", ""));
    };
    let more = (rows.len() as i64 == most).then(|| (most + ROWS).min(MOST_ROWS)).filter(|more| *more > most);
    let rows: Vec<Value> = rows.iter().map(|row| view::row(row, &faces, &people, &marks, now)).collect();
    let heard: Vec<Value> = heard
        .iter()
        .map(|said| found::row(said, find, view::row(&said.row, &faces, &people, &marks, now), now))
        .collect();
    let problems = app.engine.shelf().problems();
    // Errors are told on every page.
    let notes = if signed_in.is_admin() && head::mistakes(app).is_empty() { problems.len() } else { 0 };
    Ok(
        context! { view, tabs, rows, heard, most_heard => found::MOST, current, find, more, asked => asked.in_address(), notes, ..head },
    )
}

/// The page of a conversation; `more` is what came of something that was done in it.
pub(crate) async fn conversation(
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
        Err(error) => return app.pages.unavailable(&error),
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
    let store = app.engine.store();
    let Some((row, state)) = store.contact(contact).await? else { return Ok(None) };
    let contact = row.contact;
    let messages = asked.deep(app, contact).await?;
    let events = store.thread(contact, messages).await?;
    let sent = store.sent(contact, messages).await?;
    let full = |count: usize| count as i64 == messages;
    let earlier = (full(events.len()) || full(sent.len())).then(|| (messages + MESSAGES).min(MOST_MESSAGES));
    let (faces, verdicts) = (app.engine.faces().await?, store.verdicts_of(contact, &signed_in.user().login).await?);
    // What a colleague reads stays unread to whoever is in charge.
    let reads = row.in_charge().is_none_or(|agent| agent == signed_in.user().login);
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
    let composer = offers(&row, signed_in, &contact_view);
    let picker = match is_closed(&composer) {
        true => Some(picker::shown(app, contact, &state, (&asked.template, asked.typed.as_ref())).await?),
        false => None,
    };
    let undo = undo::offered(app, signed_in, (&row, &events, &sent)).await?;
    let drafts = typed::drafts(app, signed_in, contact).await?;
    let canned = match asked.canned.as_str() {
        "yes" => Some(canned::offered(app, signed_in, &state.contact).await?),
        _ => None,
    };
    let stopped = app.engine.stopped_campaigns().await?;
    let told = Told { shop: &knowledge.shop, people: &people, faces: &faces, found: asked.said.parse().ok(), now };
    let given_up = store.given_up(contact, CASES).await?;
    // What they bought, as lists tell it (CHAR-1).
    let bought = store.member(contact).await?.map(|member| segments::card(&member, now));
    let shown = context! {
        contact => contact_view, undo, composer, picker, canned, snoozes => snooze::OFFERED, bought => Value::from(Serde(bought)), key => access::token(), drafts,
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

/// What the composer offers: never what would be refused.
fn offers(row: &InboxRow, signed_in: &SignedIn, contact: &Value) -> Value {
    let mine = row.agent.as_deref() == Some(signed_in.user().login.as_str());
    let window_open = contact.get_attr("window_open").is_ok_and(|open| open.is_true());
    let mode = match (row.handoff.as_str(), mine) {
        ("none", _) => "bot",
        ("open", _) => "waiting",
        (_, true) if window_open => "reply",
        (_, true) => "closed",
        _ => "other",
    };
    context! { mode, agent => contact.get_attr("agent").unwrap_or_default(), in_charge => row.in_charge() }
}

/// Whether only a template may be sent: who is in charge chooses one.
fn is_closed(composer: &Value) -> bool {
    composer.get_attr("mode").is_ok_and(|mode| mode.as_str() == Some("closed"))
}
