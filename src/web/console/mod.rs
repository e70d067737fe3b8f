//! The console. Every action is a form that works without a script; the page of a conversation is in `conversation.rs`, what an agent
//! does in one in `composer.rs`.

pub(crate) mod by_hand;
pub(crate) mod campaigns;
pub(crate) mod canned;
pub(crate) mod changed;
pub(crate) mod composer;
pub(crate) mod conversation;
mod files;
mod found;
pub(crate) mod head;
mod inbox;
pub(crate) mod lists;
pub(crate) mod live;
pub(crate) mod media;
pub(crate) mod outreach;
pub(crate) mod people;
pub(crate) mod picker;
pub(crate) mod refusal;
pub(crate) mod said;
pub(crate) mod sign_in;
pub(crate) mod snooze;
pub(crate) mod tags;
pub(crate) mod thread;
pub(crate) mod tries;
pub(crate) mod undo;
pub(crate) mod view;
pub(crate) mod views;
pub(crate) mod why;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;

use crate::web::{App, refusals, security};

pub(super) fn router(app: App) -> Router {
    let pages = app.pages.clone();
    inbox::router()
        .merge(files::router())
        .merge(composer::router())
        .merge(canned::router())
        .merge(tags::router())
        .merge(lists::router())
        .merge(by_hand::router())
        .merge(why::router())
        .merge(sign_in::router())
        .merge(live::router())
        .merge(media::router())
        .merge(outreach::router())
        .merge(campaigns::router())
        .fallback(async |State(app): State<App>| {
            app.pages.error(StatusCode::NOT_FOUND, "There is nothing at this address.", "")
        })
        .method_not_allowed_fallback(async |State(app): State<App>| {
            let next = "An address of a form is no page: go to the page that it stands on.";
            app.pages.error(StatusCode::METHOD_NOT_ALLOWED, "There is no page at this address.", next)
        })
        .with_state(app)
        .layer(axum::middleware::from_fn_with_state(pages.clone(), refusals::nul))
        .layer(axum::middleware::from_fn_with_state(pages.clone(), refusals::in_one_style))
        .layer(axum::middleware::from_fn(security::headers))
}
