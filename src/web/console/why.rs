//! The console's page of one tag: why it is held, or what is missing.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Deserialize;

use super::head;
use super::view;
use crate::domain::ContactId;
use crate::engine::tags::why::{Why, marked, of_contact};
use crate::store::StoreError;
use crate::web::App;
use crate::web::access::SignedIn;

pub(crate) fn router() -> Router<App> {
    Router::new().route("/why/{contact}", get(page))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asking {
    /// Its key or its label; empty where nobody asked yet.
    tag: String,
}

async fn page(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(contact): Path<i64>,
    Query(asking): Query<Asking>,
) -> Response {
    let knowledge = app.engine.shelf().knowledge();
    let (store, now) = (app.engine.store(), app.engine.now());
    let read = async {
        let faces = app.engine.faces().await?;
        let tag = app.engine.tag_called(&faces, &asking.tag).await?;
        let why = of_contact(store, &knowledge, ContactId(contact), &tag, now).await?;
        Ok::<_, StoreError>((why, tag, head::head(&app, &signed_in).await?, faces))
    };
    match read.await {
        Ok((Some(why), tag, head, faces)) => {
            let (face, words) = (view::face(&faces, &tag), words(&why));
            let (zone, known_tags) = (knowledge.shop.zone.name(), view::known_tags(&faces));
            let why = if tag.is_empty() { Value::from(()) } else { Value::from(Serde(&why)) };
            app.pages.show("why.html", context! { contact, why, words, face, zone, known_tags, ..head })
        }
        Ok((None, ..)) => app.pages.no_contact(),
        Err(error) => app.pages.unavailable(&error),
    }
}

/// The words behind each change of the history, what counted in brackets.
fn words(why: &Why) -> Vec<Vec<String>> {
    let of_past = |past: &crate::engine::tags::why::Past| {
        let last = past.events.last();
        let text = |seq: &i64| {
            let text = why.events.get(seq)?.text.as_deref()?;
            Some(marked(text, if Some(seq) == last { &past.spans } else { &[] }))
        };
        past.events.iter().filter_map(text).collect()
    };
    why.history.iter().map(of_past).collect()
}
