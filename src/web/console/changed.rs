//! Rules that were changed lately: everybody who works with the tags is told, on every page (GOV-12).

use minijinja::{Value, context};

use super::view;
use crate::domain::Duration;
use crate::store::{LogRow, StoreError};
use crate::web::App;

/// So long they are told.
const LATELY: Duration = Duration::days(7);
/// Most that are told; an admin sees all of them among the tags.
const SHOWN: i64 = 10;

/// The newest changes, each with what the rule said and says now where the two differ.
pub(crate) async fn rules(app: &App) -> Result<Vec<Value>, StoreError> {
    let now = app.engine.now();
    let rows = app.engine.store().rule_changes(now - LATELY, SHOWN).await?;
    let shown = |row: &LogRow| {
        let (was, is) = differs(words(row, "before"), words(row, "after"));
        let what = row.action.trim_start_matches("rule-");
        context! { rule => &row.subject, what, ago => view::ago(row.at, now), was, is }
    };
    Ok(rows.iter().map(shown).collect())
}

fn words<'a>(row: &'a LogRow, side: &str) -> &'a str {
    row.detail.get(side).and_then(|rule| rule.get("words")).and_then(|words| words.as_str()).unwrap_or_default()
}

/// The lines of each that the other does not have.
fn differs(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let only = |one: &str, other: &str| {
        let new = |line: &&str| !line.trim().is_empty() && other.lines().all(|known| known != *line);
        one.lines().filter(new).map(str::to_owned).collect()
    };
    (only(before, after), only(after, before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_rule_that_was_changed_only_that_is_told() {
        let (before, after) = ("a = 1\n\nsum = 15000\n", "a = 1\nsum = 20000\n");
        assert_eq!(differs(before, after), (vec!["sum = 15000".to_owned()], vec!["sum = 20000".to_owned()]));
        assert_eq!(differs("", "a = 1"), (vec![], vec!["a = 1".to_owned()]));
    }
}
