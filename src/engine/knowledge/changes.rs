//! Notices that rules, or the figures that they and the limits go by, were changed and writes it down (GOV-12, 13): which, when, what
//! they said before and what they say now. Also what was changed while nothing ran.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use sha2::{Digest, Sha256};

use crate::domain::SourceFile;
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::engine::supervise::rested;
use crate::rulebook::beside_rules;
use crate::store::{LogRow, RuleChange, SeenRule, StoreError};

/// How often it is asked whether other files are in force; that costs nothing.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(500);

/// Looks until told to stop.
pub(crate) async fn run(engine: Engine) {
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
        if !rested(&stop, LOOK_EVERY).await {
            return;
        }
    }
}

/// Files whose figures decide about tags and messages as rules do.
const FIGURES: [&str; 6] =
    ["governance.toml", "outreach.toml", "limits.toml", "segments.toml", "statistics.toml", "audiences.toml"];

fn is_table(name: &str) -> bool {
    name.ends_with(".toml")
}

/// What is not said in a rule, and is watched like one, by the name of its file: without lines of comment.
pub(crate) fn tables(files: &[SourceFile]) -> Vec<SeenRule> {
    let said = |text: &str| {
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
        lines.collect::<Vec<_>>().join("\n")
    };
    let words = |file: &SourceFile| match file.path.starts_with("rules/") {
        true => said(&beside_rules(file)),
        false if FIGURES.contains(&file.path.as_str()) => said(&file.text),
        false => String::new(),
    };
    let table = |file: &SourceFile| {
        let words = words(file);
        let version = hex::encode(&Sha256::digest(&words)[..4]);
        (!words.is_empty()).then(|| SeenRule { rule: file.path.clone(), version, words })
    };
    files.iter().filter_map(table).collect()
}

async fn note(engine: &Engine, knowledge: &Knowledge) -> Result<(), StoreError> {
    let (store, now) = (engine.store(), engine.now());
    let mut before: BTreeMap<String, SeenRule> =
        store.rules_seen().await?.into_iter().map(|rule| (rule.rule.clone(), rule)).collect();
    let first_time = before.is_empty();
    // Versions before did not watch them: that they are there is no change.
    let first_tables = !before.keys().any(|name| is_table(name));
    let (mut changes, mut met) = (Vec::new(), Vec::new());
    let rules = knowledge.rulebook.versions();
    let rules = rules.map(|(rule, version, words)| SeenRule {
        rule: rule.into(),
        version: version.into(),
        words: words.into(),
    });
    for after in rules.chain(knowledge.tables.iter().cloned()) {
        let before = before.remove(&after.rule);
        if before.as_ref().is_none_or(|before| before.version != after.version) {
            let list = if first_tables && is_table(&after.rule) { &mut met } else { &mut changes };
            list.push(RuleChange { before, after: Some(after) });
        }
    }
    changes.extend(before.into_values().map(|gone| RuleChange { before: Some(gone), after: None }));
    if !met.is_empty() {
        store.keep_rules(&met, false, now).await?;
    }
    if changes.is_empty() {
        return Ok(());
    }
    store.keep_rules(&changes, !first_time, now).await?;
    if first_time {
        // From here on it is known what was changed and used.
        store
            .log_change(now, LogRow::BY_ITSELF, "log-begun", "", &serde_json::json!({ "rules": changes.len() }))
            .await?;
    } else {
        tracing::info!(rules = changes.len(), "rules were changed; GET /api/v1/changes tells which");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(path: &str, text: &str) -> Option<String> {
        tables(&[SourceFile { path: path.into(), text: text.into() }]).pop().map(|table| table.words)
    }

    #[test]
    fn what_stands_beside_the_rules_of_a_file_is_watched_too() {
        let rule = "[[rule]]\nname = \"a\"\n[rule.filter]\nintent = \"buy\"\n";
        let cooling = "# How fast.\n[cooling]\nhigh = \"1d\"\n";
        let told = Some("[cooling]\nhigh = \"1d\"".to_owned());
        assert_eq!(words("rules/heat.toml", &format!("{rule}{cooling}")), told);
        assert_eq!(words("rules/heat.toml", &format!("{cooling}\n{rule}{rule}")), told);
        assert_eq!(words("rules/heat.toml", &format!("# Heat.\n{rule}")), None);
        assert_eq!(words("limits.toml", "a = 1\n"), Some("a = 1".into()));
        assert_eq!(words("products/phone.toml", "a = 1\n"), None, "dictionaries have versions of their own");
    }
}
