//! Alerts while the system runs: counted every few seconds, judged, and kept in the database so that every node and every
//! console shows the same.

use std::time::Duration as StdDuration;

use super::Engine;
use crate::domain::Timestamp;
use crate::governance::{self, OWN, Seen};
use crate::store::StoreError;

/// Counting colours is a walk along an index.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(3);
/// Names of tags change slowly; walking through them costs a step for each.
const TAGS_EVERY: u64 = 10;

/// Looks until told to stop.
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut tags = 0;
    for look in 0_u64.. {
        if look % TAGS_EVERY == 0 {
            match tags_of_people(&engine).await {
                Ok(count) => tags = count,
                Err(error) => tracing::warn!(%error, "tags cannot be counted just now"),
            }
        }
        if let Err(error) = watch(&engine, tags).await {
            tracing::warn!(%error, "alerts cannot be judged just now");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn tags_of_people(engine: &Engine) -> Result<usize, StoreError> {
    let rulebook = &engine.shelf().knowledge().rulebook;
    let (mut names, made) = (engine.store().tag_names().await?, engine.store().tags().await?);
    names.retain(|name| !made.iter().any(|row| row.tag == *name));
    names.extend(made.into_iter().filter(|row| row.archived_at.is_none()).map(|row| row.tag));
    Ok(names.iter().filter(|name| !rulebook.gives(name)).count())
}

async fn watch(engine: &Engine, tags: usize) -> Result<(), StoreError> {
    let (store, now, knowledge) = (engine.store(), engine.now(), engine.shelf().knowledge());
    let mix = store.colour_mix().await?;
    let zone = knowledge.shop.zone;
    let first = Timestamp(now.0 - i64::from(knowledge.governance.alerts.grey_share.days) * 86_400_000);
    let (first, today) = (first.date_in(zone), now.date_in(zone));
    store.keep_colour_day(&today, &mix).await?;
    let before = store.colour_days(&first, &today).await?;
    let late = store.late_handoffs(now).await?;
    let seen = Seen { mix, before: before.into_iter().map(|(_, mix)| mix).collect(), late, tags };
    let standing = governance::standing(&knowledge.governance, &seen);
    for begun in store.set_alerts(&OWN, &standing, now).await? {
        // The figures are counts of contacts and tags: nothing of a customer stands in them.
        tracing::warn!(alert = %begun.name, "{}. {}", begun.what, begun.advice);
        metrics::counter!("hotline_alerts_total", "alert" => begun.name).increment(1);
    }
    for name in OWN {
        let stands = standing.iter().any(|alert| alert.name == name);
        metrics::gauge!("hotline_alert", "alert" => name).set(if stands { 1.0 } else { 0.0 });
    }
    Ok(())
}
