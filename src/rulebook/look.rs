//! Rules about how things stand, which the clock alone can make hold or end: counts that are crossed, and shares of what was
//! answered. They are looked at after every event, and when something leaves the time that they look at.

use super::change::Change;
use super::facts::Facts;
use super::holding::holds;
use super::rule::{Life, Rule};
use super::{Rulebook, crossed, responses};
use crate::domain::Timestamp;

/// Looks at all of them.
pub(super) fn look(change: &mut Change<'_>) {
    let (rulebook, now) = (change.rulebook, change.now);
    // No rule that is looked at changes what is counted.
    let numbers = crossed::numbers(rulebook, change.facts, now);
    for rule in rulebook.looked_at.iter().map(|index| &rulebook.rules[*index]) {
        let figure = match rule.crossed.is_empty() {
            false => crossed::figure(rule, change.facts, &numbers, now),
            true => responses::figure(rulebook, rule, change.facts, now),
        };
        match (figure.filter(|_| holds(rule, change.facts, None)), rule.life) {
            // What has no time of its own needs no renewing.
            (Some(_), Life::Kept | Life::While) if is_held(rule, change.facts) => {}
            (Some(figure), _) => {
                change.at = if is_held(rule, change.facts) { figure.newest } else { now };
                change.apply(rule, None, &figure.text, &figure.events);
                change.at = now;
            }
            (None, Life::While) => change.take_back(rule, "it holds no more"),
            (None, _) => {}
        }
    }
    change.facts.looked = Some(now);
}

fn is_held(rule: &Rule, facts: &Facts) -> bool {
    let tag = rule.written.tag.as_ref().and_then(|tag| facts.tags.get(tag.get_ref().as_str()));
    tag.is_some_and(|held| held.by == *rule.name)
}

/// When they are to be looked at next.
pub(super) fn next_due(rulebook: &Rulebook, facts: &Facts) -> Option<Timestamp> {
    let after = facts.looked.unwrap_or_default();
    let counts = crossed::next_due(rulebook, facts, after);
    counts.into_iter().chain(responses::next_due(rulebook, facts, after)).min()
}

#[cfg(test)]
mod tests {
    use crate::domain::SourceFile;
    use crate::rulebook::Rulebook;

    /// The messages about one rule.
    fn said_of(rule: &str) -> String {
        let text = format!("[[rule]]\nname = \"r\"\ncatalogue = []\nwhy = \"\"\n{rule}");
        let (_, problems) = Rulebook::compile(&[SourceFile { path: "rules/r.toml".into(), text }], None);
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        said.join("\n")
    }

    #[test]
    fn a_rule_that_says_too_little_is_refused_in_plain_words() {
        for (rule, expected) in [
            ("tag = \"a/b\"", "says not what it is about"),
            (
                "on = \"click\"\ncrossed = [{ of = \"click\", at_most = 1, within = \"7d\" }]",
                "says not what it is about",
            ),
            ("tag = \"a/b\"\ncrossed = [{ of = \"click\", within = \"7d\" }]", "needs at_least or at_most"),
            (
                "tag = \"a/b\"\ncrossed = [{ of = \"klick\", at_most = 1, within = \"7d\" }]",
                "there is no signal `klick`",
            ),
            ("crossed = [{ of = \"click\", at_most = 1, within = \"7d\" }]", "need a tag"),
            ("tag = \"a/b\"\nresponses = { within = \"7d\", sent = 5 }", "needs a share"),
            ("tag = \"a/b\"\nresponses = { within = \"7d\", sent = 5, read = { at_most = 180 } }", "over 100 per cent"),
            (
                "tag = \"a/b\"\nresponses = { within = \"7d\", sent = 0, read = { at_most = 1 } }",
                "needs sent = 1 or more",
            ),
            (
                "on = \"click\"\nrise = { at_least = 3, within = \"7d\", times_the_mean = 3, of_the_before = \"1d\" }",
                "`of_the_before` is shorter than `within`",
            ),
            ("on = \"read\"\ncount = { at_least = 3, within = \"1h\", since = \"massage\" }", "no signal `massage`"),
        ] {
            let said = said_of(rule);
            assert!(said.contains(expected), "{rule}\nsays: {said}");
        }
    }

    #[test]
    fn an_interest_that_never_ends_is_doubted() {
        let said = said_of("on = \"click\"\ntag = \"interest/{product}\"");
        assert!(said.contains("an interest that never ends") && said.contains("lifetime = \"180d\""), "{said}");
        for rule in
            ["on = \"click\"\ntag = \"interest/{product}\"\nlifetime = \"30d\"", "on = \"click\"\ntag = \"a/b\""]
        {
            assert!(!said_of(rule).contains("never ends"), "{rule}");
        }
    }
}
