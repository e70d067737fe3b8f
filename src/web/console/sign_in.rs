//! Signing in: a password, or a link that works once. The link's page has a button, so that previews cannot burn it.

use std::sync::LazyLock;

use axum::Form;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use minijinja::{Value, context};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::tries::Tries;
use crate::web::App;
use crate::web::access::{self, OwnForm, SignedIn};
use crate::web::visitor::Visitor;

/// Name of the cookie with the page that somebody wanted.
const WANTED: &str = "hotline_wanted";
/// Seconds for which it is remembered: an admin is to be asked for a link.
const WANTED_LIVES: u32 = 3_600;

/// Tries of late.
static TRIES: LazyLock<Tries> = LazyLock::new(Tries::new);

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/sign-in", get(page).post(enter))
        .route("/sign-in/{token}", get(link_page).post(use_link))
        .route("/sign-out", axum::routing::post(leave))
        .route("/password", get(password_page).post(set_password))
        .route("/keys", axum::routing::post(set_keys))
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

impl Back {
    /// Only our own pages: never somebody else's address.
    fn safe(&self) -> &str {
        if access::is_own_path(&self.back) { &self.back } else { "/inbox" }
    }
}

/// Where somebody wanted to go is remembered: they may sign in with a link instead, which knows nothing of it. What a script fetched
/// meanwhile wanted nothing.
async fn page(State(app): State<App>, Query(back): Query<Back>) -> Response {
    if back.back.is_empty() {
        return app.pages.show("sign_in.html", context! { back => back.safe() });
    }
    let path = hex::encode(back.safe());
    let wanted = format!("{WANTED}={path}; HttpOnly; SameSite=Lax; Path=/sign-in; Max-Age={WANTED_LIVES}");
    ([(header::SET_COOKIE, wanted)], app.pages.show("sign_in.html", context! { back => back.safe() })).into_response()
}

/// The page that somebody wanted before they were asked to sign in.
fn wanted(headers: &HeaderMap) -> Back {
    let path = access::cookie(headers, WANTED).and_then(|path| String::from_utf8(hex::decode(path).ok()?).ok());
    Back { back: path.unwrap_or_default() }
}

#[derive(Deserialize)]
struct Entering {
    login: String,
    password: String,
    #[serde(default)]
    back: String,
}

async fn enter(State(app): State<App>, visitor: Visitor, Form(form): Form<Entering>) -> Response {
    let back = Back { back: form.back };
    let wrong = |status, error: &str| {
        (status, app.pages.show("sign_in.html", context! { back => back.safe(), login => &form.login, error }))
            .into_response()
    };
    // What can be no name is nobody's.
    let login = access::login(&form.login).unwrap_or_default();
    if !TRIES.lets(visitor.address, &login) {
        return wrong(StatusCode::TOO_MANY_REQUESTS, "Too many tries just now. Wait a minute.");
    }
    let user = match app.engine.store().user(&login).await {
        Ok(read) => read,
        Err(error) => return app.pages.unavailable(&error),
    };
    let (stored, password) = (user.as_ref().and_then(|user| user.password_hash.clone()), form.password);
    // Also for a name that nobody has: the time tells nothing.
    let fits = tokio::task::spawn_blocking(move || match stored {
        Some(stored) => access::password_fits(&stored, &password),
        None => {
            access::hash_password(&password);
            false
        }
    });
    match (user, fits.await.unwrap_or(false)) {
        (Some(user), true) => signed_in(&app, user.id, back.safe()).await,
        _ => wrong(StatusCode::UNPROCESSABLE_ENTITY, "Name and password do not fit. An admin can make you a new link."),
    }
}

async fn signed_in(app: &App, user: i64, to: &str) -> Response {
    match access::begin(app, user).await {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response(),
        Err(error) => app.pages.unavailable(&error),
    }
}

async fn link_page(State(app): State<App>, Path(token): Path<String>) -> Response {
    app.pages.show("sign_in_link.html", context! { token })
}

async fn use_link(State(app): State<App>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    match app.engine.store().use_link(&access::hash(&token), app.engine.now()).await {
        Ok(Some(user)) => signed_in(&app, user, wanted(&headers).safe()).await,
        Ok(None) => {
            let next = "Ask an admin for a new one: hotline user link NAME.";
            app.pages.error(StatusCode::GONE, "This link was used already or is too old.", next)
        }
        Err(error) => app.pages.unavailable(&error),
    }
}

async fn leave(State(app): State<App>, OwnForm(signed_in, _): OwnForm<IgnoredAny>) -> Response {
    if let Err(error) = app.engine.store().end_session(&signed_in.0.token_hash).await {
        return app.pages.unavailable(&error);
    }
    let gone = format!("{}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0", access::COOKIE);
    ([(header::SET_COOKIE, gone)], Redirect::to("/sign-in")).into_response()
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    done: bool,
}

async fn password_page(State(app): State<App>, signed_in: SignedIn, Query(Done { done }): Query<Done>) -> Response {
    own_page(&app, &signed_in, context! { done })
}

/// What somebody sets for themselves, and what came of a form of it.
fn own_page(app: &App, signed_in: &SignedIn, more: Value) -> Response {
    let user = signed_in.user();
    let shown = context! { csrf => &signed_in.0.csrf, user => &user.name, single_keys => user.single_keys };
    app.pages.show("password.html", context! { ..more, ..shown })
}

#[derive(Deserialize)]
struct Keys {
    on: bool,
    #[serde(default)]
    back: String,
}

/// Single keys are switched on or off wherever they sign in (WCAG 2.1.4).
async fn set_keys(State(app): State<App>, OwnForm(signed_in, form): OwnForm<Keys>) -> Response {
    match app.engine.store().set_single_keys(signed_in.user().id, form.on).await {
        Ok(()) => Redirect::to(Back { back: form.back }.safe()).into_response(),
        Err(error) => app.pages.unavailable(&error),
    }
}

#[derive(Deserialize)]
struct NewPassword {
    password: String,
}

/// Shortest password that is taken.
const SHORTEST: usize = 10;

async fn set_password(State(app): State<App>, OwnForm(signed_in, form): OwnForm<NewPassword>) -> Response {
    if form.password.chars().count() < SHORTEST {
        let error = format!("A password has at least {SHORTEST} characters.");
        return (StatusCode::UNPROCESSABLE_ENTITY, own_page(&app, &signed_in, context! { error })).into_response();
    }
    let hashed = tokio::task::spawn_blocking(move || access::hash_password(&form.password)).await.ok().flatten();
    let Some(hashed) = hashed else { return app.pages.no_answer() };
    match app.engine.store().set_password(signed_in.user().id, &hashed, &signed_in.0.token_hash).await {
        Ok(()) => Redirect::to("/password?done=true").into_response(),
        Err(error) => app.pages.unavailable(&error),
    }
}
