//! What an agent does in a conversation: takes it, writes, sends a template, notes, hands it back, takes back what was done. What is
//! being written is kept as a draft until the server has taken it.

use std::collections::BTreeMap;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use minijinja::context;
use serde::Deserialize;

use super::canned;
use super::conversation::{Asked, conversation};
use super::picker;
use super::picker::Filled;
use super::refusal::Refusal;
use super::snooze;
use super::undo;
use super::views;
use crate::domain::{AgentAction, AgentEvent, ContactId, MessageNumber, OptAction, Timestamp};
use crate::engine::tags::NotDone;
use crate::store::InboxRow;
use crate::web::access::{OwnForm, SignedIn};
use crate::web::typed::{LONGEST_NOTE, Unsendable, keep_draft, key, within, words};
use crate::web::{App, living};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/contact/{contact}/draft", post(draft))
        .route("/contact/{contact}/again", post(again))
        .route("/contact/{contact}/template", post(template))
        .route("/contact/{contact}/undo", post(undo))
        .route("/contact/{contact}/{action}", post(act))
}

/// Whether somebody may do so as things stand now, which may be otherwise than their page shows: what is a colleague's is neither
/// handed back nor taken behind their back.
fn may(row: &InboxRow, login: &str, action: AgentAction, form: &Acting) -> Result<(), Refusal> {
    let gives_back = matches!(action, AgentAction::Release | AgentAction::Won | AgentAction::Lost);
    match row.in_charge() {
        Some(agent) if (gives_back || action == AgentAction::Snooze) && agent != login => Err(Refusal::OtherInCharge),
        Some(agent) if action == AgentAction::Take && agent != login && agent != form.agent => {
            Err(Refusal::TakenMeanwhile)
        }
        None if gives_back => Err(Refusal::NotTaken),
        None if action == AgentAction::Snooze && row.handoff == "none" => Err(Refusal::NotTaken),
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct Acting {
    #[serde(default)]
    text: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    view: String,
    /// With `take`: who was in charge as the page showed it.
    #[serde(default)]
    agent: String,
    /// With `snooze`: which of its offers, and in which zone.
    #[serde(default)]
    until: String,
    #[serde(default)]
    zone: String,
}

/// What a form asks for.
enum Deed {
    Event(AgentAction, Option<String>),
    /// They told somebody what they want to get, and how.
    Opt(OptAction, String),
}

fn deed(action: &str, text: &str) -> Option<Result<Deed, Refusal>> {
    let silent = |action| Some(Ok(Deed::Event(action, None)));
    let written = |action, text: Result<_, Unsendable>| {
        Some(text.map(|text| Deed::Event(action, Some(text))).map_err(Refusal::from))
    };
    let opt = |action| {
        let note = words(text).map_err(|why| if why == Unsendable::Empty { Refusal::NoNote } else { why.into() });
        Some(note.map(|note| Deed::Opt(action, note)))
    };
    match action {
        "take" => silent(AgentAction::Take),
        "release" => silent(AgentAction::Release),
        "won" => silent(AgentAction::Won),
        "lost" => silent(AgentAction::Lost),
        "snooze" => silent(AgentAction::Snooze),
        "reply" => written(AgentAction::Reply, words(text)),
        "note" => written(AgentAction::Note, within(text, LONGEST_NOTE)),
        "opt-in" => opt(OptAction::In),
        "opt-out" => opt(OptAction::Out),
        _ => None,
    }
}

async fn act(
    State(app): State<App>,
    Path((contact, action)): Path<(i64, String)>,
    OwnForm(signed_in, form): OwnForm<Acting>,
) -> Response {
    let Some(deed) = deed(&action, &form.text) else {
        return app.pages.error(StatusCode::NOT_FOUND, "There is no such action.", "");
    };
    let view = views::known(&app, &form.view);
    let contact = match living(&app, contact).await {
        Ok(contact) => contact,
        Err(refused) => return refused,
    };
    let done = match deed {
        Ok(deed) => carry_out(&app, &signed_in, contact, deed, &form).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => {
            // A draft that could not be forgotten is seen, and can be.
            let _seen = keep_draft(&app, &signed_in, contact, &action, "").await;
            Redirect::to(&format!("/inbox/{view}/{}", contact.0)).into_response()
        }
        Err(Refusal::NoContact) => app.pages.no_contact(),
        Err(Refusal::Unavailable) => app.pages.no_answer(),
        Err(refusal) => {
            let error = refusal.name();
            // Whatever is wrong with it, nobody has to write it again.
            let kept = keep_draft(&app, &signed_in, contact, &action, &form.text).await;
            let typed =
                matches!(kept, Ok(false) | Err(_)).then(|| BTreeMap::from([(action.clone(), form.text.clone())]));
            let more = typed.map_or_else(|| context! { error }, |drafts| context! { error, drafts });
            let page = conversation(&app, &signed_in, view, contact, &Asked::default(), more).await;
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
    }
}

async fn carry_out(
    app: &App,
    signed_in: &SignedIn,
    contact: ContactId,
    deed: Deed,
    form: &Acting,
) -> Result<(), Refusal> {
    let login = &signed_in.user().login;
    let key = key(signed_in, &form.key, form.text.trim());
    let takes = matches!(deed, Deed::Event(AgentAction::Take, _));
    let done = match deed {
        Deed::Opt(action, note) => app.engine.opt(contact, action, login, note, key).await,
        Deed::Event(action, text) => {
            let row = app.engine.store().contact(contact).await?.ok_or(Refusal::NoContact)?.0;
            if action == AgentAction::Release && row.handoff == "none" {
                // Pressed twice, once.
                return Ok(());
            }
            may(&row, login, action, form)?;
            let text = match text {
                Some(text) if action == AgentAction::Reply => {
                    let state = app.engine.may_reply(contact, login).await?;
                    Some(canned::complete(app, signed_in, &state.contact, &text)?)
                }
                text => text,
            };
            let seen = takes.then(|| form.agent.clone());
            let until = if action == AgentAction::Snooze { until(app, form)? } else { None };
            let event = AgentEvent { text, seen, until, ..AgentEvent::new(login, action) };
            app.engine.act(contact, event, key).await
        }
    };
    // The page that is shown next knows of it.
    app.engine.folded(done?).await?;
    if takes {
        // Whoever pressed at the same moment may have been first.
        let row = app.engine.store().contact(contact).await?.ok_or(Refusal::NoContact)?.0;
        may(&row, login, AgentAction::Take, form)?;
    }
    Ok(())
}

/// Until when it is to be put aside; `None` where it is to be taken up again. Without a script the zone is the shop's.
fn until(app: &App, form: &Acting) -> Result<Option<Timestamp>, Refusal> {
    if form.until == snooze::NOW {
        return Ok(None);
    }
    let zone = form.zone.parse().unwrap_or(app.engine.shelf().knowledge().shop.zone);
    snooze::until(&form.until, app.engine.now(), zone).map(Some).ok_or(Refusal::NoSuchTime)
}

/// A message that is to be tried again.
#[derive(Deserialize)]
struct Again {
    message: String,
    #[serde(default)]
    view: String,
}

/// Sends a message again that failed; pressed twice, once.
async fn again(State(app): State<App>, Path(contact): Path<i64>, OwnForm(signed_in, form): OwnForm<Again>) -> Response {
    let Ok(of) = form.message.parse::<MessageNumber>() else {
        return app.pages.error(StatusCode::NOT_FOUND, "There is no such message.", "");
    };
    // A message keeps the number of the contact that it was decided for, who may have become another.
    let (contact, whose) = match (living(&app, contact).await, living(&app, of.contact.0).await) {
        (Ok(contact), Ok(whose)) => (contact, whose),
        (Err(refused), _) | (_, Err(refused)) => return refused,
    };
    if whose != contact {
        return app.pages.error(StatusCode::NOT_FOUND, "There is no such message.", "");
    }
    let view = views::known(&app, &form.view);
    if let Err(why) = app.engine.may_try_again(contact, &signed_in.user().login, of).await {
        let page = conversation(&app, &signed_in, view, contact, &Asked::default(), picker::refusal(why)).await;
        return (StatusCode::UNPROCESSABLE_ENTITY, page).into_response();
    }
    match app.engine.try_again(of).await {
        Ok(()) => Redirect::to(&format!("/inbox/{view}/{}", contact.0)).into_response(),
        Err(error) => app.pages.unavailable(&error),
    }
}

/// What is being written.
#[derive(Deserialize)]
struct Draft {
    /// Of which box: reply or note.
    at: String,
    #[serde(default)]
    text: String,
    /// A form of the page tells where it stands, and comes back there. The script keeps drafts with none.
    view: Option<String>,
}

async fn draft(State(app): State<App>, Path(contact): Path<i64>, OwnForm(signed_in, form): OwnForm<Draft>) -> Response {
    let contact = match living(&app, contact).await {
        Ok(contact) => contact,
        Err(refused) => return refused,
    };
    match (keep_draft(&app, &signed_in, contact, &form.at, &form.text).await, form.view) {
        (Ok(true), Some(view)) => {
            Redirect::to(&format!("/inbox/{}/{}", views::known(&app, &view), contact.0)).into_response()
        }
        (Ok(true), None) => StatusCode::NO_CONTENT.into_response(),
        (Ok(false), _) => {
            let next = "Make it shorter: a message has 4,096 characters, a note 20,000.";
            app.pages.error(StatusCode::PAYLOAD_TOO_LARGE, "This is too long to be kept as a draft.", next)
        }
        (Err(error), _) => app.pages.unavailable(&error),
    }
}

/// Sends a template; pressed twice, once.
async fn template(
    State(app): State<App>,
    Path(contact): Path<i64>,
    OwnForm(signed_in, fields): OwnForm<Vec<(String, String)>>,
) -> Response {
    let form = Filled::read(fields);
    let view = views::known(&app, &form.view);
    let contact = match living(&app, contact).await {
        Ok(contact) => contact,
        Err(refused) => return refused,
    };
    match picker::send(&app, &signed_in, contact, &form).await {
        Ok(()) => Redirect::to(&format!("/inbox/{view}/{}", contact.0)).into_response(),
        Err(why) => {
            // Whatever is wrong with it, nobody has to type it again.
            let asked = Asked::of_template(form.template, form.typed);
            let page = conversation(&app, &signed_in, view, contact, &asked, picker::refusal(why)).await;
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
    }
}

/// What is to be taken back.
#[derive(Deserialize)]
struct Undone {
    /// The number of the event.
    of: i64,
    #[serde(default)]
    view: String,
}

async fn undo(State(app): State<App>, Path(contact): Path<i64>, OwnForm(signed_in, form): OwnForm<Undone>) -> Response {
    let contact = match living(&app, contact).await {
        Ok(contact) => contact,
        Err(refused) => return refused,
    };
    let view = views::known(&app, &form.view);
    match undo::take_back(&app, &signed_in, contact, form.of).await {
        Ok(true) => Redirect::to(&format!("/inbox/{view}/{}", contact.0)).into_response(),
        Ok(false) => {
            let error = context! { error => Refusal::HappenedMeanwhile.name() };
            let page = conversation(&app, &signed_in, view, contact, &Asked::default(), error).await;
            (StatusCode::CONFLICT, page).into_response()
        }
        Err(NotDone::Store(error)) => app.pages.unavailable(&error),
        Err(error) => {
            let more = context! { said => error.to_string() };
            let page = conversation(&app, &signed_in, view, contact, &Asked::default(), more).await;
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
    }
}
