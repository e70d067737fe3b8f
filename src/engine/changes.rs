//! Notices that rules were changed and writes it down (GOV-12, 13): which, when, what they said before and what they say now. Also
//! what was changed while nothing ran.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use super::Engine;
use super::fold::Knowledge;
use crate::store::{RuleChange, SeenRule, StoreError};

/// How often it is asked whether other files are in force; that costs nothing.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(500);

/// Looks until told to stop.
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut noted: Option<Arc<Knowledge>> = None;
    loop {
        let knowledge = engine.shelf().knowledge();
        if noted.as_ref().is_none_or(|noted| !Arc::ptr_eq(noted, &knowledge)) {
            match note(&engine, &knowledge).await {
                Ok(()) => noted = Some(knowledge),
                Err(error) => tracing::warn!(%error, "a change of rules cannot be written down just now; trying again"),
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn note(engine: &Engine, knowledge: &Knowledge) -> Result<(), StoreError> {
    let (store, now) = (engine.store(), engine.now());
    let mut before: BTreeMap<String, SeenRule> =
        store.rules_seen().await?.into_iter().map(|rule| (rule.rule.clone(), rule)).collect();
    let first_time = before.is_empty();
    let mut changes = Vec::new();
    for (rule, version, words) in knowledge.rulebook.versions() {
        let before = before.remove(rule);
        if before.as_ref().is_none_or(|before| before.version != version) {
            let after = SeenRule { rule: rule.into(), version: version.into(), words: words.into() };
            changes.push(RuleChange { before, after: Some(after) });
        }
    }
    changes.extend(before.into_values().map(|gone| RuleChange { before: Some(gone), after: None }));
    if changes.is_empty() {
        return Ok(());
    }
    store.keep_rules(&changes, !first_time, now).await?;
    if first_time {
        // From here on it is known what was changed and used.
        store.log_change(now, "hotline", "log-begun", "", &serde_json::json!({ "rules": changes.len() })).await?;
    } else {
        tracing::info!(rules = changes.len(), "rules were changed; GET /api/v1/changes tells which");
    }
    Ok(())
}
