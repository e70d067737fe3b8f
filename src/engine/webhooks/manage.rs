//! Making programs known, changing and removing them, and trying one: for the API and the command line alike.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::post::{Called, Poster};
use super::round::note;
use crate::config::Webhooks;
use crate::domain::Timestamp;
use crate::engine::tags::NotDone;
use crate::store::{AttemptRow, Progress, Store, WebhookRow};
use crate::webhooks::{Kind, Source, address, new_secret, policy};

/// The kind of a webhook that only tries the way.
const TEST: &str = "webhook.test";

/// What is to change of a program.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Where it is.
    pub url: Option<String>,
    /// What it wants to be told.
    pub kinds: Option<Vec<String>>,
    /// Whether it is told.
    pub enabled: Option<bool>,
    /// What it was not told so far it is not told at all.
    pub skip: bool,
}

fn kinds(names: &[String]) -> Result<Vec<Kind>, NotDone> {
    let known = || Kind::ALL.map(Kind::name).join(", ");
    let mut kinds = names
        .iter()
        .map(|name| {
            Kind::from_name(name)
                .ok_or_else(|| NotDone::Wrong(format!("No kind is called `{name}`: it may be {}.", known())))
        })
        .collect::<Result<Vec<_>, _>>()?;
    kinds.sort();
    kinds.dedup();
    if kinds.is_empty() {
        return Err(NotDone::Wrong(format!(
            "`kinds` is empty: say what is to be told, of {}; or leave it out for all.",
            known()
        )));
    }
    Ok(kinds)
}

fn url(text: &str, settings: &Webhooks) -> Result<String, NotDone> {
    address(text, settings.places()).map(String::from).map_err(|wrong| NotDone::Wrong(format!("`url`: {wrong}.")))
}

/// Makes a program known: it is told what happens from now on. Its secret stands in what is returned, and is shown at no other time.
///
/// # Errors
/// What is wrong with it; too many of them; the database does not answer.
pub async fn add(
    store: &Store,
    settings: &Webhooks,
    text: &str,
    names: Option<&[String]>,
    now: Timestamp,
) -> Result<WebhookRow, NotDone> {
    let kinds = match names {
        Some(names) => kinds(names)?,
        None => Kind::ALL.to_vec(),
    };
    let url = url(text, settings)?;
    if store.webhooks().await?.len() >= policy().most_endpoints {
        let said =
            format!("There are {} endpoints already, which is the most: remove one first.", policy().most_endpoints);
        return Err(NotDone::Wrong(said));
    }
    let marks = store.news_seen().await?.last;
    let row = WebhookRow {
        id: hex::encode(rand::random::<[u8; 8]>()),
        url,
        kinds,
        secret: new_secret(rand::random()),
        old_secret: None,
        enabled: true,
        stopped: None,
        made_at: now,
        progress: Progress { marks, ..Progress::default() },
    };
    store.add_webhook(&row).await?;
    Ok(row)
}

/// The program of that id.
///
/// # Errors
/// There is none; the database does not answer.
pub async fn find(store: &Store, id: &str) -> Result<WebhookRow, NotDone> {
    let found = store.webhooks().await?.into_iter().find(|row| row.id == id);
    found.ok_or_else(|| {
        NotDone::Unknown(format!("There is no webhook `{id}`: GET /api/v1/webhooks and `hotline webhooks` list them."))
    })
}

/// Changes a program. One that is enabled again is told from where it stopped, unless what lies there is to be skipped; of kinds that it
/// did not want before, what happens from now on.
///
/// # Errors
/// What is wrong; there is none; the database does not answer.
pub async fn change(store: &Store, settings: &Webhooks, id: &str, wanted: &Change) -> Result<WebhookRow, NotDone> {
    let mut row = find(store, id).await?;
    let mut anew = false;
    if let Some(text) = &wanted.url {
        row.url = url(text, settings)?;
        anew = true;
    }
    let last = store.news_seen().await?.last;
    if let Some(names) = &wanted.kinds {
        let before = std::mem::replace(&mut row.kinds, kinds(names)?);
        let reads = |kinds: &[Kind], source| kinds.iter().any(|kind| kind.sources().contains(&source));
        for source in Source::ALL.into_iter().filter(|source| !reads(&before, *source) && reads(&row.kinds, *source)) {
            row.progress.marks.set(source, last.of(source));
            anew = true;
        }
    }
    if let Some(enabled) = wanted.enabled {
        anew |= enabled && !row.enabled;
        (row.enabled, row.stopped) = (enabled, None);
    }
    if wanted.skip {
        row.progress = Progress { marks: last, delivered_at: row.progress.delivered_at, ..Progress::default() };
    }
    // Whatever was wrong may be mended: it is tried at once.
    if anew && !wanted.skip {
        let Progress { marks, ahead, delivered_at, .. } = row.progress;
        row.progress = Progress { marks, ahead, delivered_at, ..Progress::default() };
    }
    store.change_webhook(&row, anew || wanted.skip).await?;
    Ok(row)
}

/// Makes a new secret; the old one signs too for a while.
///
/// # Errors
/// There is none; the database does not answer.
pub async fn rotate(store: &Store, id: &str, now: Timestamp) -> Result<WebhookRow, NotDone> {
    let mut row = find(store, id).await?;
    let old = std::mem::replace(&mut row.secret, new_secret(rand::random()));
    row.old_secret = Some((old, now + policy().old_secret_lives));
    store.change_webhook(&row, false).await?;
    Ok(row)
}

/// Forgets a program.
///
/// # Errors
/// There is none; the database does not answer.
pub async fn remove(store: &Store, id: &str) -> Result<(), NotDone> {
    find(store, id).await?;
    store.remove_webhook(id).await?;
    Ok(())
}

/// Calls a program once with nothing but a greeting, whether it is enabled or not: how that ended.
///
/// # Errors
/// There is none; the database does not answer.
pub async fn test(store: &Store, settings: &Webhooks, id: &str, now: Timestamp) -> Result<Called, NotDone> {
    let row = find(store, id).await?;
    let poster = Poster::new(settings).map_err(NotDone::Wrong)?;
    let event = format!("msg_{}_test{}", row.id, hex::encode(rand::random::<[u8; 8]>()));
    let data = json!({ "webhook": row.id, "said": "Hotline reaches you." });
    let body = json!({ "type": TEST, "timestamp": now.rfc3339(), "data": data }).to_string();
    let called = poster.call(&row, &event, body, now).await;
    note(&called);
    let (status, error) = (called.status.map(i64::from), called.error.clone());
    let attempt =
        AttemptRow { id: 0, event, kind: TEST.into(), at: now, attempt: 1, status, error, millis: called.millis };
    store.note_attempt(&row.id, &attempt).await?;
    Ok(called)
}

/// How a call ended, as it is told.
pub fn told(called: &Called) -> Value {
    let Called { millis, status, error, .. } = called;
    json!({ "delivered": called.is_taken(), "status": status, "error": error, "millis": millis })
}

/// What is told of a program: never its secret.
pub fn shown(row: &WebhookRow, now: Timestamp) -> Value {
    let time = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
    let progress = &row.progress;
    let next = Some(progress.next_at).filter(|at| row.enabled && *at > now);
    json!({
        "id": row.id, "url": row.url, "kinds": row.kinds, "enabled": row.enabled, "stopped": row.stopped, "made": row.made_at.rfc3339(),
        "delivered": time(progress.delivered_at), "failing_since": time(progress.failing_since), "attempts": progress.attempts,
        "next_attempt": time(next), "old_secret_until": time(row.old_secret.as_ref().map(|(_, until)| *until).filter(|at| *at > now)),
    })
}

/// The same with its secret, for the one time that it is shown.
pub fn shown_with_secret(row: &WebhookRow, now: Timestamp) -> Value {
    let mut shown = shown(row, now);
    shown["secret"] = json!(row.secret.expose_secret());
    shown
}

/// The newest attempts before that one, as they are shown.
///
/// # Errors
/// There is no such program; the database does not answer.
pub async fn attempts(store: &Store, id: &str, before: i64, limit: i64) -> Result<Vec<Value>, NotDone> {
    find(store, id).await?;
    let shown = |row: AttemptRow| {
        json!({
            "number": row.id, "event": row.event, "kind": row.kind, "at": row.at.rfc3339(), "attempt": row.attempt,
            "status": row.status, "error": row.error, "millis": row.millis, "delivered": row.error.is_none(),
        })
    };
    Ok(store.webhook_attempts(id, before, limit).await?.into_iter().map(shown).collect())
}
