//! The pages Outreach and Templates: what waits, what is held, limits and their use; an admin stops sending and lets it go on.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::head;
use super::people;
use crate::config::Auth;
use crate::engine::records;
use crate::engine::sending::outlook::FAILURES_OF;
use crate::store::{SentRow, StoreError};
use crate::web::App;
use crate::web::access::{AdminForm, SignedIn};

/// Lines of what waits, of what is planned and of the history: at first, and where more are asked for.
const LINES: i64 = 20;
const MORE_LINES: i64 = 200;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/outreach", get(page))
        .route("/templates", get(templates))
        .route("/outreach/go-on", post(go_on))
        .route("/outreach/stop", post(stop))
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    more: bool,
}

async fn page(State(app): State<App>, signed_in: SignedIn, Query(shown): Query<Shown>) -> Response {
    let lines = if shown.more { MORE_LINES } else { LINES };
    let read = async {
        let (outlook, store) = (app.engine.outlook(lines).await?, app.engine.store());
        let failed = store.failed_replies(app.engine.now() - FAILURES_OF, lines).await?;
        let ids = outlook.next.iter().map(|next| next.contact).chain(outlook.plans.iter().map(|plan| plan.contact));
        let names = people::customers(store, ids.chain(failed.iter().map(|row| row.contact.0))).await?;
        let colleagues = people::People::read(store).await?;
        let told = |row: &SentRow| {
            let sender = colleagues.name(&row.sender);
            context! { contact => row.contact.0, sender, at => row.message.at.rfc3339(), why => records::reason(row) }
        };
        let replies: Vec<Value> = failed.iter().map(told).collect();
        Ok::<_, StoreError>((outlook, replies, names, head::head(&app, &signed_in).await?))
    };
    let (outlook, replies, names, head) = match read.await {
        Ok(read) => read,
        Err(error) => return app.pages.unavailable(&error),
    };
    let zone = app.engine.shelf().knowledge().shop.zone.name();
    app.pages.show(
        "outreach.html",
        context! { outlook => Value::from(Serde(outlook)), replies, names, lines, more => !shown.more, zone, ..head },
    )
}

async fn templates(State(app): State<App>, signed_in: SignedIn) -> Response {
    let read = async { Ok::<_, StoreError>((app.engine.templates().await?, head::head(&app, &signed_in).await?)) };
    let (overview, head) = match read.await {
        Ok(read) => read,
        Err(error) => return app.pages.unavailable(&error),
    };
    let knowledge = app.engine.shelf().knowledge();
    let counts = context! {
        sent => overview.templates.iter().filter(|template| !template.by.is_empty()).count(),
        held => overview.templates.iter().filter(|template| template.held.is_some()).count(),
    };
    let zone = knowledge.shop.zone.name();
    let d360 = app.engine.settings().whatsapp.auth == Auth::D360;
    app.pages.show("templates.html", context! { overview => Value::from(Serde(overview)), counts, zone, d360, ..head })
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    what: String,
}

async fn go_on(State(app): State<App>, AdminForm(signed_in, wish): AdminForm<Wish>) -> Response {
    shown(&app, app.engine.go_on(&wish.what, &signed_in.user().login).await.map(|_| ()))
}

async fn stop(State(app): State<App>, AdminForm(signed_in, _): AdminForm<IgnoredAny>) -> Response {
    shown(&app, app.engine.stop_unasked(&signed_in.user().login).await)
}

fn shown(app: &App, done: Result<(), StoreError>) -> Response {
    match done {
        Ok(()) => Redirect::to("/outreach").into_response(),
        Err(error) => app.pages.unavailable(&error),
    }
}
