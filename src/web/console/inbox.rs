//! The inbox with its lists and their fragments, and the people who sign in.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use minijinja::{Value, context};
use serde::Deserialize;
use tower_http::compression::CompressionLayer;

use super::conversation::{Asked, conversation, frame};
use super::head::{self, head};
use super::{changed, view, views};
use crate::domain::ContactId;
use crate::store::StoreError;
use crate::web::access::{self, AdminForm, SignedIn};
use crate::web::{App, living};

pub(super) fn router() -> Router<App> {
    // Fetched again and again, and without a token of a form that would shine through what is compressed with it.
    let compressed = Router::new()
        .route("/fragment/alerts", get(alerts_fragment))
        .route("/fragment/list/{view}", get(list_fragment))
        .layer(CompressionLayer::new());
    Router::new()
        .route("/", get(first))
        .route("/inbox", get(first))
        .route("/inbox/{view}", get(list))
        .route("/inbox/{view}/{contact}", get(open))
        .route("/admin", get(admin).post(add_user))
        .route("/admin/link", post(link_user))
        .route("/admin/remove", post(remove_user))
        .merge(compressed)
}

async fn first(State(app): State<App>, signed_in: SignedIn) -> Redirect {
    Redirect::to(&format!("/inbox/{}", views::first(&app, &signed_in.user().login)))
}

async fn alerts_fragment(State(app): State<App>, signed_in: SignedIn) -> Response {
    let read = async {
        let (alerts, changed) = (head::alerts(&app).await?, changed::rules(&app).await?);
        Ok::<_, StoreError>((alerts, changed, head::calls(&app, &signed_in).await?))
    };
    match read.await {
        Ok((alerts, changed, calls)) => {
            app.pages.show("alerts.html", context! { alerts, changed, mistakes => head::mistakes(&app), ..calls })
        }
        Err(error) => app.pages.unavailable(&error),
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
    let (users, in_charge, (kept_count, kept), head) = match read.await {
        Ok(read) => read,
        Err(error) => return app.pages.unavailable(&error),
    };
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
        Err(error) => app.pages.unavailable(&error),
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
            Err(error) => return app.pages.unavailable(&error),
        }
    };
    (StatusCode::UNPROCESSABLE_ENTITY, admin_page(&app, &signed_in, context! { error }).await).into_response()
}

async fn linked(app: &App, signed_in: &SignedIn, login: &str) -> Response {
    match access::new_link(app.engine.store(), login, &app.engine.settings().public_url(), app.engine.now()).await {
        Ok(link) => admin_page(app, signed_in, context! { link, whose => login }).await,
        Err(error) => app.pages.unavailable(&error),
    }
}
