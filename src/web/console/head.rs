//! What the head of every page shows: who is signed in, who waits for a person, alerts, mistakes and what is held.

use minijinja::{Value, context};

use super::changed;
use super::view;
use crate::domain::Severity;
use crate::store::{AlertRow, StoreError};
use crate::web::App;
use crate::web::access::SignedIn;

/// Mistakes of a refused change that every page tells; an admin sees all of them.
const SHOWN_MISTAKES: usize = 3;
/// Conversations that call for somebody, at most.
const MOST_CALLS: i64 = 1_000;

/// What the head of every page shows, and its forms need.
pub(crate) async fn head(app: &App, signed_in: &SignedIn) -> Result<Value, StoreError> {
    let held = crate::engine::sending::holds::in_words(&app.engine.held().await?);
    let shown = context! {
        mistakes => mistakes(app), alerts => alerts(app).await?, changed => changed::rules(app).await?, held, user => &signed_in.user().name, single_keys => signed_in.user().single_keys, csrf => &signed_in.0.csrf,
        admin => signed_in.is_admin(), sandbox => app.sandbox,
    };
    Ok(context! { ..calls(app, signed_in).await?, ..shown })
}

/// How many customers wait for a person, and who calls for whoever is signed in, as `notifications.js` compares it.
pub(crate) async fn calls(app: &App, signed_in: &SignedIn) -> Result<Value, StoreError> {
    let callers = app.engine.store().callers(&signed_in.user().login, MOST_CALLS).await?;
    let hot = app.engine.store().wanted_persons().await?;
    let call = |(contact, unread): &(i64, Option<i64>)| match unread {
        None => contact.to_string(),
        Some(unread) => format!("{contact}:{unread}"),
    };
    Ok(context! { hot, calls => callers.iter().map(call).collect::<Vec<_>>().join(" ") })
}

/// What is wrong with a change of dictionaries, rules or replies that was refused.
pub(crate) fn mistakes(app: &App) -> Vec<String> {
    let problems = app.engine.shelf().problems();
    problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .take(SHOWN_MISTAKES)
        .map(ToString::to_string)
        .collect()
}

/// The alerts that stand.
pub(crate) async fn alerts(app: &App) -> Result<Vec<Value>, StoreError> {
    let now = app.engine.now();
    let rows = app.engine.store().alerts(now).await?.into_iter().filter(|row| row.until.is_none());
    let shown = |row: AlertRow| context! { what => row.alert.what, advice => row.alert.advice, since => view::ago(row.since, now) };
    Ok(rows.map(shown).collect())
}
