//! What is looked at when rules are read, beside their shape: names, and how rules go together.

use std::collections::HashSet;

use toml::Spanned;

use super::calendar;
use super::facts::is_like_text;
use super::rule::Rule;
use super::signal::{self, FIGURES, SIGNALS};
use super::tags_known::{KnownTags, did_you_mean};
use super::written::Written;
use super::written_when::Words;
use crate::domain::{Currency, Duration, HandoffRequest, Problem, Rates, Shop, SourceFile};

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
    pub(super) fn doubt(&mut self, place: usize, message: &str, advice: &str) {
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
        rule.problem(message, "Is the name right? Windows stand in calendars/*.toml.")
    };
    unknown.map(problem).collect()
}

/// What only shows when all rules are seen: names used twice, tags that are read but never set.
pub(super) fn check_together(rules: &[Rule], known: &KnownTags) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut names = HashSet::new();
    for rule in rules.iter().filter(|rule| !names.insert(rule.name.clone())) {
        let message = format!("two rules are called `{}`", rule.name);
        problems.push(rule.problem(message, "Give one of them another name."));
    }
    for rule in rules {
        let holds = &rule.written.holds;
        let asked = || holds.tags.iter().chain(&holds.any_tags);
        for (read, meant) in asked()
            .chain(&holds.not_tags)
            .chain(&rule.written.removes)
            .filter_map(|read| Some((read, known.meant_by(read)?)))
        {
            let message = format!("rule `{}` names the tag {read}, which no rule sets", rule.name);
            problems.push(rule.problem(message, did_you_mean(&meant)));
        }
        for read in asked().filter(|read| !known.has(read) && known.meant_by(read).is_none()) {
            let message = format!("rule `{}` reads the tag {read}, which no rule sets", rule.name);
            problems.push(rule.problem(message, "Only people could set it; is the name right?").warning());
        }
        let sends = |name: &str| rules.iter().any(|other| *other.name == *name && other.written.follow_up.is_some());
        for name in rule.written.unplans.iter().filter(|name| !sends(name)) {
            let message = format!("rule `{}` unplans what the rule `{name}` sends, which sends nothing", rule.name);
            problems.push(rule.problem(message, "Is the name right? It is that of a rule with follow_up."));
        }
    }
    problems
}

/// A rule that is tried and does nothing.
pub(super) fn check_does_something(checker: &mut Checker<'_>, place: usize, written: &Written) {
    let does = [
        written.tag.is_some(),
        !written.removes.is_empty(),
        !written.unplans.is_empty(),
        written.colour.is_some(),
        written.heat.is_some(),
        written.stage.is_some(),
        written.handoff.is_some(),
        written.follow_up.is_some(),
        !written.steps.is_empty(),
        written.alert.is_some(),
    ];
    if !does.contains(&true) {
        let message = format!("rule `{}` does nothing", written.name);
        checker.doubt(
            place,
            &message,
            "Write what follows when it holds: tag = \"group/name\", removes, colour, follow_up…",
        );
    }
}

/// What a rule does; all else in it says when.
const DOES: [&str; 17] = [
    "name",
    "catalogue",
    "why",
    "tag",
    "lifetime",
    "latest",
    "exclusive",
    "about",
    "removes",
    "unplans",
    "for_good",
    "colour",
    "heat",
    "stage",
    "handoff",
    "follow_up",
    "alert",
];

/// Two rules that hold at the same moments and give tags of one exclusive group: which is left, nobody would guess.
pub(super) fn check_fights(rules: &[Rule]) -> Vec<Problem> {
    let tag = |rule: &Rule| rule.written.tag.as_ref().map(|tag| tag.get_ref().clone());
    let when = |rule: &Rule| {
        let file: toml::Table = toml::from_str(&rule.words).ok()?;
        let mut when = file.get("rule")?.as_array()?.first()?.as_table()?.clone();
        when.retain(|name, _| !DOES.contains(&name));
        Some(when)
    };
    let exclusive = rules.iter().filter(|rule| rule.written.exclusive.is_some());
    let exclusive: Vec<_> = exclusive.filter_map(|rule| Some((rule, tag(rule)?, when(rule)?))).collect();
    let ends = |rule: &Rule, other: &str| {
        rule.written.exclusive.iter().flat_map(Words::iter).any(|pattern| is_like_text(other, pattern))
    };
    let mut problems = Vec::new();
    for (index, (rule, tag, when)) in exclusive.iter().enumerate() {
        let fights = exclusive[..index]
            .iter()
            .find(|(other, others, at)| at == when && others != tag && ends(rule, others) && ends(other, tag));
        if let Some((other, others, _)) = fights {
            let message = format!(
                "rule `{}` holds whenever `{}` does: {tag} and {others} take each other's place",
                rule.name, other.name
            );
            problems.push(rule.problem(message, "Say in one of them when the other does not hold.").warning());
        }
    }
    problems
}

/// Sums in a currency that has no rate and is not the shop's: nothing could be held against them.
pub(super) fn check_currencies(rules: &[Rule], files: &[SourceFile], shop: Option<&Shop>) -> Vec<Problem> {
    let is_file = |file: &SourceFile| file.path == "rates.toml";
    // What is wrong with that file is told where the shop's prices are read.
    let Some(rates) = files.iter().any(is_file).then(|| Rates::compile(files).0).flatten() else { return Vec::new() };
    let asked = |rule: &Rule| {
        let written = &rule.written;
        let of_one = written.worth.iter().map(|worth| worth.currency);
        let of_several =
            written.sum.iter().map(|sum| sum.currency).chain(written.mean.iter().map(|mean| mean.currency));
        let unknown =
            |currency: &Currency| !rates.knows(*currency) && shop.is_none_or(|shop| shop.currency != *currency);
        of_one.chain(of_several).find(unknown)
    };
    let problem = |(rule, currency): (&Rule, Currency)| {
        let message = format!("rule `{}` asks for a sum in {currency}, which rates.toml has no rate for", rule.name);
        rule.problem(message, "Write the code of a currency that stands there, such as CNY for yuan, HKD or USD.")
    };
    rules.iter().filter_map(|rule| Some((rule, asked(rule)?))).map(problem).collect()
}

/// Entries that the catalogue does not have. Where no catalogue is, every name is one.
pub(super) fn check_catalogue(rules: &[Rule], files: &[SourceFile]) -> Vec<Problem> {
    let Some(sections) = files
        .iter()
        .find(|file| file.path == "catalogue.toml")
        .and_then(|file| toml::from_str::<toml::Table>(&file.text).ok()?.get("sections")?.as_table().cloned())
    else {
        return Vec::new();
    };
    let is_there = |entry: &str| {
        let (section, number) = entry.rsplit_once('-').unwrap_or_default();
        let count = sections.get(section).and_then(toml::Value::as_integer).unwrap_or_default();
        number.parse().is_ok_and(|number: i64| (1..=count).contains(&number))
    };
    let unknown = rules.iter().flat_map(|rule| {
        let entries = rule.written.catalogue.iter().filter(|entry| !is_there(entry));
        entries.map(move |entry| (rule, entry))
    });
    let problem = |(rule, entry): (&Rule, &String)| {
        let message = format!("rule `{}` names {entry}, which the catalogue does not have", rule.name);
        rule.problem(message, "A rule of your own needs no entry: leave `catalogue` out.").warning()
    };
    unknown.map(problem).collect()
}

/// Promises for reasons that nobody is asked for, or while tags are held that no rule sets: they would never count.
pub(super) fn check_promises(
    rules: &[Rule],
    known: &KnownTags,
    promises: &[(Duration, String, String)],
) -> Vec<Problem> {
    let of_rules = rules.iter().filter_map(|rule| Some(&*rule.written.handoff.as_ref()?.reason));
    let reasons: Vec<&str> = of_rules.chain(HandoffRequest::WITHOUT_RULES).collect();
    let mut problems = Vec::new();
    for (_, tag, reason) in promises {
        if !reasons.contains(&reason.as_str()) {
            let message = format!("[promises.{reason}]: nobody is asked for a person for that reason");
            let own = HandoffRequest::WITHOUT_RULES.join(", ");
            problems.push(doubt(message, format!("Reasons are those of rules' `handoff`, and {own}.")));
        }
        if let Some(meant) = known.meant_by(tag) {
            let message = format!("[promises.{reason}] is for who holds the tag {tag}, which no rule sets");
            problems.push(Problem::at("rules", "", 0, message, did_you_mean(&meant)));
        } else if !known.has(tag) {
            let message = format!("[promises.{reason}] is for who holds the tag {tag}, which no rule sets");
            problems.push(doubt(message, "Only people could set it; is the name right?"));
        }
    }
    problems
}

fn doubt(message: String, advice: impl Into<String>) -> Problem {
    Problem::at("rules", "", 0, message, advice).warning()
}
