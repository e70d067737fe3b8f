//! What a rule asks of a field that no event ever tells: words outside a closed set, a key where the field holds a name, a name that is
//! nearly one of the dictionaries'. Each is a doubt: the rule is read, and never holds.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::has_field;
use super::rule::Rule;
use super::signal::hyphens;
use super::written_when::Words;
use crate::domain::{Problem, SourceFile, WORDS};

/// The states of an order, as [`crate::domain::OrderState`] is written.
pub(super) const ORDER_STATES: &str = "placed, paid, shipped, delivered, completed, cancelled, returned";
/// What a message may be for, as [`crate::domain::MessageKind`] is written.
const KINDS: [&str; 7] = ["reply", "product", "promotion", "service", "case_study", "tutorial", "reminder"];
/// So many words are listed; of more, only the nearest is told.
const FEW: usize = 12;

/// What the shop's dictionaries have, as signals write it.
#[derive(Default)]
struct Names {
    /// Kinds of products, by category.
    products: BTreeMap<String, BTreeSet<String>>,
    features: BTreeSet<String>,
    intents: BTreeSet<String>,
    languages: BTreeSet<String>,
    countries: BTreeSet<String>,
}

impl Names {
    fn read(files: &[SourceFile]) -> Self {
        let mut names = Self::default();
        for file in files {
            let stem = |folder: &str| file.path.strip_prefix(folder).and_then(|rest| rest.strip_suffix(".toml"));
            if let Some(category) = stem("products/") {
                names.products.insert(hyphens(category), tables(&file.text));
            } else if let Some(intent) = stem("intents/") {
                names.intents.insert(intent.to_owned());
            } else if file.path == "attributes.toml" {
                names.features = tables(&file.text);
            } else if file.path == "languages.toml" {
                names.languages = ["letters", "words"].iter().flat_map(|table| keys(file, table)).collect();
            } else if file.path == "countries.toml" {
                names.countries = keys(file, "zones").iter().map(|code| code.to_lowercase()).collect();
            }
        }
        names
    }

    fn kinds(&self) -> Vec<&str> {
        self.products.values().flatten().map(String::as_str).collect()
    }

    /// Everything that a field of a signal can hold; `None` where it may be anything.
    fn closed(&self, signal: &str, field: &str) -> Option<Vec<&str>> {
        let (event, path) = match signal {
            "product_news" => ("product", field.to_owned()),
            "referral" => ("message", format!("referral.{field}")),
            signal => (signal, field.to_owned()),
        };
        if let Some(words) = WORDS.iter().find(|words| words.event == event && words.field == path) {
            return Some(words.allowed.to_vec());
        }
        let found = match (signal, field) {
            ("order", "state") => ORDER_STATES.split(", ").collect(),
            ("referral", "source") => vec!["ad", "site", "offline"],
            ("sent" | "read", "kind") => KINDS.to_vec(),
            ("intent", "intent") => self.intents.iter().map(String::as_str).collect(),
            (_, "language") => self.languages.iter().map(String::as_str).collect(),
            (_, "country") => self.countries.iter().map(String::as_str).collect(),
            (_, "feature") => self.features.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        // A folder without that dictionary says nothing of it.
        Some(found).filter(|found| !found.is_empty())
    }
}

/// The names of a file's tables. Files of words are long, and only their heads are of interest.
fn tables(text: &str) -> BTreeSet<String> {
    let heads = text.lines().filter_map(|line| line.strip_prefix('[')?.split_once(']'));
    heads.map(|(name, _)| hyphens(name.trim())).collect()
}

fn keys(file: &SourceFile, table: &str) -> Vec<String> {
    let read = toml::from_str::<toml::Table>(&file.text).ok();
    let table = read.and_then(|read| read.get(table)?.as_table().cloned()).unwrap_or_default();
    table.into_iter().map(|(key, _)| key).collect()
}

/// What rules ask for in vain.
pub(super) fn check(rules: &[Rule], files: &[SourceFile]) -> Vec<Problem> {
    let names = Names::read(files);
    let mut problems = Vec::new();
    for rule in rules {
        let after = rule.written.absent.as_ref().and_then(|absent| absent.after.as_ref());
        let signals: Vec<&str> = match rule.signals.is_empty() {
            true => after.into_iter().flat_map(Words::iter).collect(),
            false => rule.signals.to_vec(),
        };
        let doubts = rule.written.filter.iter().chain(rule.written.unless.iter().flatten());
        let doubts = doubts.flat_map(|(field, words)| of_field(&names, &signals, field, words));
        let holds = &rule.written.holds;
        let tags = holds.tags.iter().chain(&holds.any_tags).filter_map(|tag| of_tag(&names, tag));
        for (message, advice) in doubts.chain(tags) {
            problems.push(rule.problem(format!("rule `{}`: {message}", rule.name), advice).warning());
        }
    }
    problems
}

/// What is wrong, and what to write.
type Doubt = (String, String);

fn of_field(names: &Names, signals: &[&str], field: &str, words: &Words) -> Vec<Doubt> {
    let having: Vec<&str> = signals.iter().copied().filter(|signal| has_field(&[signal], field)).collect();
    // Where one of its signals may tell anything, so may the rule ask for anything.
    let closed: Option<Vec<Vec<&str>>> = having.iter().map(|signal| names.closed(signal, field)).collect();
    let closed = closed.filter(|sets| !sets.is_empty()).map(|sets| sets.concat());
    let (kinds, categories) = (names.kinds(), names.products.keys().map(String::as_str).collect::<Vec<_>>());
    let asked = words.iter().filter(|word| !word.is_empty() && !word.contains('*'));
    let doubt = |word: &str| match (&closed, field) {
        (Some(known), _) => (!known.contains(&word)).then(|| unknown(field, word, known)),
        (None, "product") => of_name(field, word, (&kinds, words), word.rsplit('/').next()),
        (None, "category") => of_name(field, word, (&categories, words), word.split('/').next()),
        (None, _) => None,
    };
    asked.filter_map(doubt).collect()
}

fn unknown(field: &str, word: &str, known: &[&str]) -> Doubt {
    let advice = match nearest(word, known) {
        _ if known.len() <= FEW => format!("The rule never holds so. It is one of: {}.", known.join(", ")),
        Some(near) => format!("The rule never holds so. Write `{near}`."),
        None if field == "country" => {
            "The rule never holds so. Write the two small letters of ISO 3166-1, such as hk.".into()
        }
        None => "The rule never holds so. Dictionaries have the names that there are.".into(),
    };
    (format!("`{field}` is never `{word}`"), advice)
}

/// Of a name that a shop's own systems may tell too: one in a form in which it never comes, or that is nearly one of the dictionaries'.
fn of_name(field: &str, word: &str, (known, beside): (&[&str], &Words), part: Option<&str>) -> Option<Doubt> {
    if known.contains(&word) {
        return None;
    }
    if word.contains('/') {
        let advice = format!(
            "The rule never holds so. Write `{}`: the key's category and name are fields of their own.",
            hyphens(part?)
        );
        return Some((format!("`{field}` is never a whole key such as `{word}`"), advice));
    }
    // Whoever lists both means both.
    let near = nearest(word, known).filter(|near| beside.iter().all(|other| other != *near))?;
    Some((format!("no dictionary has the {field} `{word}`"), format!("Is the name right? There is `{near}`.")))
}

/// Of a tag that tells what somebody looks for: its names are those of the dictionaries.
fn of_tag(names: &Names, tag: &str) -> Option<Doubt> {
    let mut parts = tag.strip_prefix("category/")?.split('/').filter(|part| !part.contains('*'));
    let (category, product) = (parts.next()?, parts.next());
    let near = match (names.products.get(category), product) {
        (Some(known), Some(product)) if !known.contains(product) => {
            nearest(product, &known.iter().map(String::as_str).collect::<Vec<_>>())
                .map(|near| format!("category/{category}/{near}"))
        }
        (Some(_), _) => None,
        (None, _) => nearest(category, &names.products.keys().map(String::as_str).collect::<Vec<_>>())
            .map(|near| format!("category/{near}")),
    };
    Some((
        format!("no dictionary has what the tag {tag} is named after"),
        format!("Is the name right? There is `{}`.", near?),
    ))
}

/// The word that was probably meant.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = hyphens(&word.to_lowercase());
    let most = if word.chars().count() < 5 { 1 } else { 2 };
    let far = known.iter().map(|name| (distance(&word, &hyphens(name)), *name)).filter(|(far, _)| *far <= most);
    far.min_by_key(|(far, _)| *far).map(|(_, name)| name)
}

/// Letters to change, to add or to leave out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = line + 1;
        for (column, its) in other.iter().enumerate() {
            let changed = before + usize::from(letter != *its);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::KINDS;
    use crate::domain::{MessageKind, SourceFile};
    use crate::rulebook::Rulebook;

    fn said_of(rule: &str) -> Vec<String> {
        let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into() };
        let rules = format!("[[rule]]\nname = \"r\"\nwhy = \"\"\n{rule}\ntag = \"a/b\"\n");
        let files = [
            file("rules/r.toml", &rules),
            file("products/kitchen.toml", "[thermos]\nen = [\"thermos\"]\n\n[frying_pan]\nen = [\"pan\"]\n"),
            file("attributes.toml", "[waterproof]\nen = [\"waterproof\"]\n"),
            file("intents/discount.toml", ""),
            file("languages.toml", "[letters]\nru = \"a\"\n[words]\nen = [\"the\"]\n"),
            file("countries.toml", "[zones]\nHK = \"Asia/Hong_Kong\"\n"),
        ];
        let (_, problems) = Rulebook::compile(&files, None);
        let of_rule = problems.iter().filter(|problem| problem.file == "rules/r.toml");
        of_rule.map(|problem| format!("{} {}", problem.message, problem.advice)).collect()
    }

    #[test]
    fn what_no_event_tells_is_doubted_with_what_to_write() {
        for (rule, said) in [
            ("on = \"product_question\"\nwhere = { product = \"kitchen/thermos\" }", "Write `thermos`"),
            ("on = \"product_question\"\nwhere = { product = \"thermoss\" }", "There is `thermos`"),
            ("on = \"product_question\"\nwhere = { product = \"frying_pan\" }", "There is `frying-pan`"),
            ("on = \"product_question\"\nwhere = { category = \"kitchn\" }", "There is `kitchen`"),
            ("on = \"product_question\"\nwhere = { category = \"kitchen/thermos\" }", "Write `kitchen`"),
            ("on = \"feature\"\nwhere = { feature = \"waterprof\" }", "`feature` is never `waterprof`"),
            ("on = \"intent\"\nwhere = { intent = \"discont\" }", "It is one of: discount"),
            ("on = \"message\"\nwhere = { country = \"HK\" }", "It is one of: hk"),
            ("on = \"message\"\nwhere = { language = \"english\" }", "It is one of: en, ru"),
            ("on = \"click\"\nwhere = { link = \"produkt\" }", "product, comparison, quote"),
            ("on = [\"page\", \"click\"]\nunless = [{ link = \"banner\" }]", "product, comparison, quote, ad, article"),
            ("on = \"order\"\nwhere = { state = \"payed\" }", "placed, paid, shipped"),
            ("on = \"cart\"\nwhere = { action = \"added\" }", "add, remove, checkout, abandon"),
            ("on = \"referral\"\nwhere = { source = \"adverts\" }", "ad, site, offline"),
            ("on = \"message\"\nholds = { tags = [\"category/kitchen/thermoss\"] }", "`category/kitchen/thermos`"),
            ("on = \"message\"\nholds = { tags = [\"category/kitchn/thermos\"] }", "`category/kitchen`"),
        ] {
            let doubts = said_of(rule);
            assert!(doubts.len() == 1 && doubts[0].contains(said), "{rule}\n{doubts:?}");
        }
    }

    #[test]
    fn what_events_tell_is_not_doubted() {
        for rule in [
            "on = \"product_question\"\nwhere = { product = [\"thermos\", \"thermos-2\", \"nova-s7-pro\", \"*\"] }",
            "on = \"bought\"\nwhere = { category = [\"kitchen\", \"furniture\"], product = \"frying-pan\" }",
            "on = [\"page\", \"click\"]\nwhere = { link = \"ad\" }",
            "on = \"message\"\nwhere = { country = \"hk\", language = \"ru\" }",
            "on = \"message\"\nholds = { tags = [\"category/kitchen/*\", \"category/kitchen/thermos/clicked\", \"category/toys\"] }",
            "on = \"profile\"\nwhere = { field = \"hobby\", value = \"chess\" }",
        ] {
            assert_eq!(said_of(rule), [""; 0], "{rule}");
        }
        assert!(KINDS.iter().all(|kind| MessageKind::from_name(kind).is_some()));
    }
}
