//! Alerts while the system runs: counted every few seconds, judged, and kept in the database so that every node and every
//! console shows the same.

use std::time::Duration as StdDuration;

use crate::domain::Duration;
use crate::engine::Engine;
use crate::engine::supervise::rested;
use crate::governance::{self, OWN, Seen, TagFigures};
use crate::store::StoreError;

/// Counting colours is a walk along an index.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(3);
/// Names of tags change slowly; walking through them costs a step for each.
const TAGS_EVERY: u64 = 10;
/// How tags are used changes by the day; counting who holds them is a walk through all.
const USE_EVERY: u64 = 200;

/// Looks until told to stop.
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut tags = Tags::default();
    for look in 0_u64.. {
        if look % TAGS_EVERY == 0 {
            match tags_of_people(&engine).await {
                Ok((kept, verdicts)) => (tags.kept, tags.verdicts) = (kept, verdicts),
                Err(error) => tracing::warn!(%error, "tags cannot be counted just now"),
            }
        }
        if look % USE_EVERY == 0 {
            match engine.tag_figures().await {
                Ok(figures) => tags.used = used(&engine, &figures),
                Err(error) => tracing::warn!(%error, "uses of tags cannot be counted just now"),
            }
        }
        if let Err(error) = watch(&engine, &tags).await {
            tracing::warn!(%error, "alerts cannot be judged just now");
        }
        if !rested(&stop, LOOK_EVERY).await {
            return;
        }
    }
}

/// What is known of the set of tags between two looks.
#[derive(Default)]
struct Tags {
    kept: usize,
    verdicts: (i64, i64),
    used: (i64, i64),
}

/// How many tags people keep, and what they said within a month of all there are.
async fn tags_of_people(engine: &Engine) -> Result<(usize, (i64, i64)), StoreError> {
    let knowledge = engine.shelf().knowledge();
    let rulebook = &knowledge.rulebook;
    let (mut names, made) = (engine.store().tag_names().await?, engine.store().tags().await?);
    names.retain(|name| !made.iter().any(|row| row.tag == *name));
    names.extend(made.into_iter().filter(|row| row.archived_at.is_none()).map(|row| row.tag));
    let kept = names.iter().filter(|name| !rulebook.gives(name)).count();
    let verdicts = engine.store().verdicts(engine.now() - knowledge.governance.tags.month).await?;
    let sums = verdicts.iter().fold((0, 0), |(right, wrong), row| (right + row.right, wrong + row.wrong));
    Ok((kept, sums))
}

/// Of the tags that people have kept for a month: how many, and how many were used.
fn used(engine: &Engine, figures: &[TagFigures]) -> (i64, i64) {
    let (now, month) = (engine.now(), engine.shelf().knowledge().governance.tags.month);
    let kept: Vec<_> = figures.iter().filter(|tag| tag.is_kept_since(now - month)).collect();
    (kept.len() as i64, kept.iter().filter(|tag| tag.is_used(month, now)).count() as i64)
}

async fn watch(engine: &Engine, tags: &Tags) -> Result<(), StoreError> {
    let (store, now, knowledge) = (engine.store(), engine.now(), engine.shelf().knowledge());
    let mix = store.colour_mix().await?;
    let zone = knowledge.shop.zone;
    let first = now - Duration::days(knowledge.governance.alerts.grey_share.days.into());
    let (first, today) = (first.date_in(zone), now.date_in(zone));
    store.keep_colour_day(&today, &mix).await?;
    let before = store.colour_days(&first, &today).await?;
    let late = store.late_handoffs(now).await?;
    let seen = Seen {
        mix,
        before: before.into_iter().map(|(_, mix)| mix).collect(),
        late,
        tags: tags.kept,
        use_of_tags: tags.used,
        verdicts: tags.verdicts,
    };
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
