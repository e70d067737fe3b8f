//! What a rule asks for that no signal could ever tell: fields and figures that its signals do not have, and bounds that leave
//! nothing between them. Each is a doubt: the rule is read, and never holds.

use rust_decimal::Decimal;
use toml::Spanned;

use super::checks::Checker;
use super::signal::FIGURES;
use super::written::Written;
use super::written_when::Words;
use crate::domain::Duration;

/// The fields of each signal, and its figures. Those that are not here have none; `signals.rs` says what they mean.
const FIELDS: &[(&str, &[&str], &[&str])] = &[
    ("first_contact", &["country", "language"], &[]),
    ("message", &["country", "language"], &[]),
    (
        "place",
        &["country", "division", "city", "district", "tier", "climate", "zone", "left"],
        &["winter", "summer_humidity", "shipping_share", "customs_days", "gmt"],
    ),
    ("position", &["poi"], &["speed", "minutes"]),
    ("calendar", &["window", "kind", "country"], &[]),
    ("profile", &["field", "value", "none", "bare"], &[]),
    ("note", &["field", "value", "none", "bare", "request", "wanted"], &[]),
    ("question", &["product", "category", "feature", "named"], &[]),
    ("inquiry", &["product", "category"], &[]),
    ("product_question", &["product", "category"], &[]),
    ("price_question", &["product", "category"], &[]),
    ("comparison", &["product", "category"], &[]),
    ("intent", &["intent"], &[]),
    ("earned", &["group", "tag", "topic", "product", "category"], &[]),
    ("sentence", &["language"], &[]),
    ("request", &["request", "wanted"], &[]),
    ("feature", &["feature"], &[]),
    ("look", &["model", "category", "product", "by"], &[]),
    ("photo", &["product", "category", "feature"], &[]),
    ("click", &["link", "product", "category"], &[]),
    ("sent", &["kind", "rule", "template", "product", "category", "order"], &[]),
    ("read", &["kind", "product", "category", "bought"], &[]),
    ("responded", &["campaign"], &[]),
    ("quote", &["action", "quote", "product", "category"], &[]),
    ("weather", &["place", "date"], &["max_c", "humidity"]),
    ("product_news", &["action", "product", "category"], &[]),
    ("page", &["page", "product", "category", "again", "ordered", "bought", "visit"], &["seconds", "visit_seconds"]),
    ("cart", &["action", "product", "category", "left"], &[]),
    ("order", &["state", "order", "tracked", "product", "category", "named"], &[]),
    ("undone", &["order"], &[]),
    // The category is the main one of what was bought, where a figure finds it.
    ("purchase", &["order", "coupon", "lines", "left", "filled", "category"], &["over_record"]),
    ("bought", &["order", "product", "category", "named", "thing"], &[]),
    ("referral", &["source", "platform", "id", "first"], &[]),
    ("case", &["kind", "action", "left"], &[]),
    ("offer_taken", &["offer"], &[]),
    ("won", &["order"], &[]),
    ("habit", &["habit", "phase"], &[]),
    ("figures", &["job", "period"], &[]),
];

/// What a tag's name may use of any signal: it comes from the contact, the moment or the rule's own figure.
const OF_EACH: [&str; 6] = ["country", "language", "date", "values", "rest", "gap"];

/// Whether one of these signals has a field.
pub(super) fn has_field(signals: &[&str], field: &str) -> bool {
    let of = |(signal, fields, _): &(&str, &[&str], &[&str])| {
        signals.contains(signal) && (fields.contains(&field) || *signal == "figures" && FIGURES.contains(&field))
    };
    FIELDS.iter().any(of)
}

fn has_figure(signals: &[&str], figure: &str) -> bool {
    FIELDS.iter().any(|(signal, _, figures)| signals.contains(signal) && figures.contains(&figure))
}

/// What a rule about these signals asks for in vain.
pub(super) fn check(checker: &mut Checker<'_>, place: usize, written: &Written, signals: &[&'static str]) {
    let after = written.absent.as_ref().and_then(|absent| absent.after.as_ref());
    let signals: Vec<&str> = match signals.is_empty() {
        true => after.into_iter().flat_map(Words::iter).collect(),
        false => signals.to_vec(),
    };
    // What no signal triggers has no field to ask for, but the order that it is about.
    if signals.is_empty() {
        return;
    }
    let filters = written.filter.keys().chain(written.unless.iter().flat_map(|fields| fields.keys()));
    for field in filters.filter(|field| !has_field(&signals, field)) {
        doubt(checker, place, &signals, ("field", field), &[&format!("{field} ="), &format!("{field}=")]);
    }
    for figure in written.more_than.keys().chain(written.at_most.keys()).filter(|name| !has_figure(&signals, name)) {
        doubt(checker, place, &signals, ("figure", figure), &[&format!("{figure} ="), &format!("{figure}=")]);
    }
    let counted = written.count.iter().flat_map(|count| count.per.iter().chain(&count.distinct));
    let scored = written.score.iter().flat_map(|score| &score.per);
    let apart = written.gap.iter().flat_map(|gap| &gap.per);
    let fields = counted.chain(scored).chain(apart).chain(&written.about);
    for field in fields.filter(|field| !has_field(&signals, field)) {
        doubt(checker, place, &signals, ("field", field), &[&format!("\"{field}\"")]);
    }
    let named = written.tag.iter().map(|tag| tag.get_ref()).chain(&written.removes);
    for field in named.flat_map(|tag| parameters(tag)) {
        if !OF_EACH.contains(&field) && !has_field(&signals, field) {
            doubt(checker, place, &signals, ("field", field), &[&format!("{{{field}}}")]);
        }
    }
    bounds(checker, place, written);
}

/// The fields that a tag's name uses.
fn parameters(tag: &str) -> impl Iterator<Item = &str> {
    tag.split('{').skip(1).filter_map(|part| part.split('}').next())
}

/// The message stands where the name does in the rule, as it may be written.
fn doubt(checker: &mut Checker<'_>, place: usize, signals: &[&str], (what, name): (&str, &str), forms: &[&str]) {
    let found = forms.iter().find_map(|form| checker.file.text.get(place..)?.find(form));
    let known: Vec<&str> = FIELDS
        .iter()
        .filter(|(signal, ..)| signals.contains(signal))
        .flat_map(|(_, fields, figures)| if what == "field" { *fields } else { *figures })
        .copied()
        .collect();
    let of = signals.join(" or ");
    let advice = match known.is_empty() {
        true => format!("It has no {what}s: the rule never holds."),
        false => format!("The rule never holds. Its {what}s are: {}.", known.join(", ")),
    };
    checker.doubt(place + found.unwrap_or_default(), &format!("the signal {of} has no {what} `{name}`"), &advice);
}

/// Bounds that nothing lies between.
fn bounds(checker: &mut Checker<'_>, place: usize, written: &Written) {
    let mut sums = Vec::new();
    if let Some(sum) = &written.sum {
        sums.push(("sum", Some(sum.at_least), Some(sum.more_than), sum.at_most, sum.less_than));
    }
    if let Some(worth) = &written.worth {
        sums.push(("worth", worth.at_least, worth.more_than, worth.at_most, worth.less_than));
    }
    if let Some(mean) = &written.mean {
        sums.push(("mean", mean.at_least, None, mean.at_most, None));
    }
    for (name, at_least, more_than, at_most, less_than) in sums {
        let is_over = |least: Option<Decimal>, most: Option<Decimal>| least.zip(most).is_some_and(|(a, b)| a > b);
        let is_none = |least: Option<Decimal>, most: Option<Decimal>| least.zip(most).is_some_and(|(a, b)| a >= b);
        let over = is_none(more_than.filter(|limit| !limit.is_zero()), at_most);
        if is_over(at_least, at_most) || over || is_none(at_least.max(more_than), less_than) {
            nothing_between(checker, place, name);
        }
    }
    let times = [
        ("since_first", written.since_first.as_ref().map(|between| (&between.at_least, &between.at_most))),
        ("bought_ago", written.holds.bought_ago.as_ref().map(|between| (&between.at_least, &between.at_most))),
        ("gap", written.gap.as_ref().map(|gap| (&gap.at_least, &gap.at_most))),
    ];
    for (name, between) in times {
        let length = |text: &Spanned<String>| Duration::parse(text.get_ref());
        let is_over = |(at_least, at_most)| length(at_least).zip(length(at_most)).is_some_and(|(a, b)| a > b);
        if between.is_some_and(is_over) {
            nothing_between(checker, place, name);
        }
    }
}

fn nothing_between(checker: &mut Checker<'_>, place: usize, name: &str) {
    let found = checker.file.text.get(place..).and_then(|rest| rest.find(&format!("{name} =")));
    let message = format!("the bounds of `{name}` leave nothing between them");
    checker.doubt(place + found.unwrap_or_default(), &message, "The rule never holds.");
}

#[cfg(test)]
mod tests {
    use crate::domain::SourceFile;
    use crate::rulebook::Rulebook;

    /// What is said of rules, beside that heat does not cool.
    fn said_of(rules: &str) -> Vec<String> {
        let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
        let rates = "base = \"EUR\"\nsource = \"\"\ndate = \"\"\n[rates]\nUSD = 1.1\n";
        let files =
            [file("rules/r.toml", rules), file("rates.toml", rates), file("catalogue.toml", "[sections]\nINT = 2\n")];
        let (_, problems) = Rulebook::compile(&files, None);
        problems.iter().filter(|problem| problem.file == "rules/r.toml").map(ToString::to_string).collect()
    }

    #[test]
    fn what_never_holds_is_doubted_where_it_stands() {
        let head = "[[rule]]\nname = \"r\"\ncatalogue = []\nwhy = \"\"\n";
        for (rule, place, expected) in [
            (
                "on = \"click\"\nwhere = { colr = \"red\" }\ntag = \"a/b\"",
                "6:11",
                "the signal click has no field `colr`",
            ),
            ("on = \"click\"\nmore_than = { secnds = 3 }\ntag = \"a/b\"", "6:15", "no figure `secnds`"),
            ("on = \"question\"\ntag = \"a/{window}\"", "6:10", "no field `window`"),
            (
                "on = \"click\"\ncount = { at_least = 3, within = \"7d\", per = [\"prodct\"] }\ntag = \"a/b\"",
                "6:47",
                "link, product, category",
            ),
            (
                "on = \"click\"\ncount = { at_least = 3, within = \"7d\", distinct = \"modl\" }\ntag = \"a/b\"",
                "6:51",
                "`modl`",
            ),
            (
                "on = \"purchase\"\nsum = { more_than = 500, less_than = 100, currency = \"USD\", within = \"9d\" }\ntag = \"a/b\"",
                "6:1",
                "the bounds of `sum` leave nothing",
            ),
            (
                "on = \"cart\"\nworth = { at_least = 5, at_most = 4, currency = \"USD\" }\ntag = \"a/b\"",
                "6:1",
                "`worth`",
            ),
            (
                "on = \"message\"\nsince_first = { at_least = \"3d\", at_most = \"1d\" }\ntag = \"a/b\"",
                "6:1",
                "`since_first`",
            ),
            ("on = \"message\"", "1:1", "rule `r` does nothing"),
        ] {
            let said = said_of(&format!("{head}{rule}")).join("\n");
            assert!(
                said.starts_with(&format!("rules/r.toml:{place}: warning")) && said.contains(expected),
                "{rule}\n{said}"
            );
        }
        for rule in [
            "on = [\"page\", \"click\"]\nwhere = { link = \"ad\" }\ntag = \"a/{product}-{country}\"",
            "absent = { of = \"message\", after = \"read\", longer_than = \"1h\" }\nunless = [{ kind = \"reply\" }]\ntag = \"a/b\"",
            "on = \"purchase\"\nsum = { more_than = 5, at_most = 6, currency = \"USD\", within = \"9d\", rest_to = 9 }\ntag = \"a/{rest}\"",
            "on = \"figures\"\nwhere = { band = \"high\" }\ntag = \"a/{r}{f}\"",
        ] {
            assert_eq!(said_of(&format!("{head}{rule}")), [""; 0], "{rule}");
        }
    }

    #[test]
    fn what_shows_only_when_all_rules_are_seen_is_told_where_it_stands() {
        let rule =
            |name: &str, rest: &str| format!("[[rule]]\nname = \"{name}\"\ncatalogue = []\nwhy = \"\"\n{rest}\n");
        let exclusive = |tag: &str| format!("on = \"message\"\ntag = \"{tag}\"\nexclusive = \"level/*\"");
        for (second, severity, expected) in [
            (rule("b", &exclusive("level/two")), "warning", "rule `b` holds whenever `a` does"),
            (rule("a", "on = \"click\"\ntag = \"x/y\""), "error", "two rules are called `a`"),
            (
                rule("b", "on = \"click\"\nholds = { tags = [\"no/tag\"] }\ntag = \"x/y\""),
                "warning",
                "which no rule sets",
            ),
            (
                rule(
                    "b",
                    "on = \"purchase\"\nsum = { more_than = 5, currency = \"RMB\", within = \"9d\" }\ntag = \"x/y\"",
                ),
                "error",
                "CNY for yuan",
            ),
            (rule("b", "on = \"click\"\ntag = \"x/y\"").replace("[]", "[\"INT-3\"]"), "warning", "names INT-3"),
        ] {
            let said = said_of(&(rule("a", &exclusive("level/one")) + &second)).join("\n");
            let place = format!("rules/r.toml:8:1: {severity}: ");
            assert!(said.starts_with(&place) && said.contains(expected), "{second}\n{said}");
        }
        let apart = exclusive("level/two").replace("message", "click");
        assert_eq!(said_of(&(rule("a", &exclusive("level/one")) + &rule("b", &apart))), [""; 0]);
    }
}
