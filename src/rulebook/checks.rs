//! What is looked at when rules are read, beside their shape: names, and how rules go together.

use std::collections::HashSet;

use toml::Spanned;

use super::calendar;
use super::rule::Rule;
use super::signal::{self, FIGURES, SIGNALS};
use super::written::Written;
use super::written_when::Words;
use crate::domain::{Duration, HandoffRequest, Problem, SourceFile};

/// Colours, as rules write them.
pub(super) const COLOURS: &str = "red, orange, yellow, green, dark-green, light-green, grey";

/// One file while it is checked.
pub(super) struct Checker<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) problems: Vec<Problem>,
}

impl Checker<'_> {
    pub(super) fn error(&mut self, place: usize, message: impl Into<String>, advice: impl Into<String>) {
        self.problems.push(Problem::at(&self.file.path, &self.file.text, place, message, advice));
    }

    /// Something that is probably not meant.
    fn doubt(&mut self, place: usize, message: &str, advice: &str) {
        self.problems.push(Problem::at(&self.file.path, &self.file.text, place, message, advice).warning());
    }

    pub(super) fn duration(&mut self, text: &Spanned<String>) -> Duration {
        Duration::parse(text.get_ref()).unwrap_or_else(|| {
            let message = format!("`{}` is no length of time", text.get_ref());
            self.error(text.span().start, message, "Write a number and s, m, h, d or w: 72h, 7d, 1h30m.");
            Duration::ZERO
        })
    }

    pub(super) fn signal(&mut self, place: usize, name: &str) -> Option<&'static str> {
        let found = SIGNALS.iter().find(|(signal, _)| *signal == name).map(|(signal, _)| *signal);
        if found.is_none() {
            let known: Vec<_> = SIGNALS.iter().map(|(signal, _)| *signal).collect();
            self.error(place, format!("there is no signal `{name}`"), format!("Signals are: {}.", known.join(", ")));
        }
        found
    }

    pub(super) fn name<T>(
        &mut self,
        place: usize,
        what: &str,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        all: &str,
    ) -> Option<T> {
        let read = read(name);
        if read.is_none() {
            self.error(place, format!("there is no {what} `{name}`"), format!("It is one of: {all}."));
        }
        read
    }
}

/// The fields that a tag's name may use.
const PARAMETERS: [&str; 27] = [
    "product", "category", "feature", "tag", "country", "language", "quote", "model", "kind", "state", "action",
    "date", "value", "rest", "gap", "division", "city", "district", "tier", "climate", "zone", "poi", "window",
    "habit", "request", "values", "campaign",
];

/// What only rules about purchases can ask for, since only purchases stand in a book.
pub(super) fn check_of_purchases(checker: &mut Checker<'_>, place: usize, written: &Written, signals: &[&'static str]) {
    let asks = [
        (written.review.is_some(), "review"),
        (written.sum.is_some(), "sum"),
        (written.mean.is_some(), "mean"),
        (written.share_of_orders.is_some(), "share_of_orders"),
        (written.gap.is_some(), "gap"),
        (written.count.as_ref().is_some_and(|count| count.at_most.is_some() || count.of_products.is_some()), "count"),
    ];
    if let Some((_, what)) = asks.iter().find(|(asked, _)| *asked && !signal::are_of_orders(signals)) {
        let message = format!("`{what}` as it stands here is for purchases");
        checker.error(place, message, "Write on = \"purchase\", or on = \"bought\" for single lines.");
    }
    let share = written.share_of_orders.as_ref();
    if share.is_some_and(|share| share.at_least > 100 || share.of == 0 || share.with.is_empty()) {
        let advice = "Write share_of_orders = { with = [\"maternity/toy\"], at_least = 70, of = 3 }, in per cent.";
        checker.error(place, "`share_of_orders` cannot be understood", advice);
    }
}

/// How many of the conditions a rule has that no signal triggers.
pub(super) fn conditions_of_time(written: &Written) -> usize {
    let conditions = [
        written.absent.is_some(),
        written.any_order.is_some(),
        written.on_date.is_some(),
        !written.crossed.is_empty(),
        written.responses.is_some(),
        written.every.is_some(),
        !written.steps.is_empty(),
    ];
    conditions.into_iter().filter(|has| *has).count()
}

pub(super) fn check_tag(checker: &mut Checker<'_>, written: &Written) {
    let Some(tag) = &written.tag else { return };
    let place = tag.span().start;
    let mut sample = String::new();
    let mut rest = tag.get_ref().as_str();
    while let Some((before, after)) = rest.split_once('{') {
        sample.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            return checker.error(place, "a { without }", "Write {product}.");
        };
        if !PARAMETERS.contains(&name) && !FIGURES.contains(&name) {
            let known = PARAMETERS.join("}, {");
            checker.error(place, format!("{{{name}}} is no field of a signal"), format!("Fields are {{{known}}}."));
        }
        sample.push_str(if name == "tag" { "group/value" } else { "x" });
        rest = behind;
    }
    sample.push_str(rest);
    if let Err(error) = sample.parse::<crate::domain::TagKey>() {
        checker.error(place, error.to_string(), "Example: tag = \"interest/high/{product}\".");
    }
    // INT-13: no interest without an end.
    if sample.starts_with("interest/") && written.lifetime.is_none() {
        let advice = "Write lifetime = \"180d\" for what is asked for often, \"30d\" for what was seen once.";
        checker.doubt(place, "an interest that never ends", advice);
    }
}

/// Windows that rules name and no calendar has: they would never come.
pub(super) fn check_windows(rules: &[Rule], calendars: &calendar::Calendars) -> Vec<Problem> {
    let named = rules.iter().flat_map(|rule| {
        let waits = rule.written.filter.get("window").filter(|_| rule.signals.contains(&"calendar"));
        let at = rule.written.follow_up.iter().filter_map(|follow_up| follow_up.at.as_deref());
        let windows = waits.into_iter().chain(&rule.written.during).flat_map(Words::iter).chain(at);
        windows.filter(|window| *window != "*").map(move |window| (rule, window))
    });
    let unknown = named.filter(|(_, window)| !calendars.has(window));
    let problem = |(rule, window): (&Rule, &str)| {
        let message = format!("rule `{}` names the window {window}, which no calendar has", rule.name);
        Problem::at("rules", "", 0, message, "Is the name right? Windows stand in calendars/*.toml.")
    };
    unknown.map(problem).collect()
}

/// What only shows when all rules are seen: names used twice, tags that are read but never set.
pub(super) fn check_together(rules: &[Rule]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut names = HashSet::new();
    for rule in rules.iter().filter(|rule| !names.insert(rule.name.clone())) {
        let message = format!("two rules are called `{}`", rule.name);
        problems.push(Problem::at("rules", "", 0, message, "Give one of them another name."));
    }
    let set = tags_set(rules);
    for rule in rules {
        let holds = &rule.written.holds;
        for read in holds.tags.iter().chain(&holds.any_tags).filter(|read| !is_set(&set, read)) {
            let message = format!("rule `{}` reads the tag {read}, which no rule sets", rule.name);
            problems.push(doubt(message, "Only people could set it; is the name right?"));
        }
        let sends = |name: &str| rules.iter().any(|other| *other.name == *name && other.written.follow_up.is_some());
        for name in rule.written.unplans.iter().filter(|name| !sends(name)) {
            let message = format!("rule `{}` unplans what the rule `{name}` sends, which sends nothing", rule.name);
            problems.push(Problem::at(
                "rules",
                "",
                0,
                message,
                "Is the name right? It is that of a rule with follow_up.",
            ));
        }
    }
    problems
}

/// Promises for reasons that nobody is asked for, or while tags are held that no rule sets: they would never count.
pub(super) fn check_promises(rules: &[Rule], promises: &[(Duration, String, String)]) -> Vec<Problem> {
    let set = tags_set(rules);
    let of_rules = rules.iter().filter_map(|rule| Some(&*rule.written.handoff.as_ref()?.reason));
    let reasons: Vec<&str> = of_rules.chain(HandoffRequest::WITHOUT_RULES).collect();
    let mut problems = Vec::new();
    for (_, tag, reason) in promises {
        if !reasons.contains(&reason.as_str()) {
            let message = format!("[promises.{reason}]: nobody is asked for a person for that reason");
            let own = HandoffRequest::WITHOUT_RULES.join(", ");
            problems.push(doubt(message, format!("Reasons are those of rules' `handoff`, and {own}.")));
        }
        if !is_set(&set, tag) {
            let message = format!("[promises.{reason}] is for who holds the tag {tag}, which no rule sets");
            problems.push(doubt(message, "Only people could set it; is the name right?"));
        }
    }
    problems
}

fn doubt(message: String, advice: impl Into<String>) -> Problem {
    Problem::at("rules", "", 0, message, advice).warning()
}

/// What the tags that rules set begin with, as far as it is fixed. A tag that is all a field of the signal says nothing.
fn tags_set(rules: &[Rule]) -> Vec<&str> {
    let tags = rules.iter().filter_map(|rule| rule.written.tag.as_ref());
    tags.filter_map(|tag| tag.get_ref().split('{').next()).filter(|fixed| !fixed.is_empty()).collect()
}

/// Whether a rule, or the product itself, sets a tag that is like this.
fn is_set(set: &[&str], read: &str) -> bool {
    let own = ["color/", "heat/", "stage/", "budget/", "category/", "need/", "budget-level/", "sequence/"];
    let start = read.trim_end_matches('*');
    own.iter().any(|group| start.starts_with(group))
        || set.iter().any(|fixed| fixed.starts_with(start) || start.starts_with(fixed))
}
