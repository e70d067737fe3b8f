//! Lists that ship: `keywords/segments.toml`.

use chrono::{Datelike, NaiveDate, Weekday};
use serde::Deserialize;

use super::{Knows, Segment};
use crate::domain::{Duration, Problem, SourceFile};

/// A list of contacts with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Its name, as it stands in addresses.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Who is on it.
    pub segment: Segment,
    /// Who of them stands before the others.
    pub first: Option<Segment>,
    /// When it is work.
    pub on: Option<Days>,
    /// A view of the inbox: who of it waits for a person, or has one.
    pub inbox: Option<Inbox>,
}

/// A list as a view of the inbox, and so as a service channel of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbox {
    /// What the view is called.
    pub label: String,
    /// Sign-in names of those whose inbox opens with it.
    #[serde(default)]
    pub agents: Vec<String>,
}

/// Days on which a list is work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Days {
    /// Every day.
    Daily,
    /// One day of the week.
    Weekly(Weekday),
    /// Every so many days from a day on.
    Every {
        /// How many.
        days: i64,
        /// The first.
        from: NaiveDate,
    },
}

impl Days {
    /// Whether it is work on that day.
    pub fn has(self, day: NaiveDate) -> bool {
        match self {
            Self::Daily => true,
            Self::Weekly(weekday) => day.weekday() == weekday,
            Self::Every { days, from } => day >= from && (day - from).num_days() % days == 0,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    list: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: toml::Spanned<String>,
    #[serde(default, rename = "catalogue")]
    _catalogue: Vec<String>,
    about: String,
    segment: toml::Spanned<String>,
    first: Option<toml::Spanned<String>>,
    on: Option<toml::Spanned<WrittenDays>>,
    inbox: Option<Inbox>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenDays {
    Name(String),
    Every { every: String, from: String },
}

/// Whether a list may be called so.
pub fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= 60 && name.chars().all(fits)
}

/// Whether it says who by itself, as `everyone` and `purchase` do: a list of that name would stand for others.
pub fn is_condition(name: &str) -> bool {
    name.parse::<Segment>().is_ok()
}

/// What to do about a tag that nothing sets and that is written nearly like one that something does.
pub type Slip<'s> = &'s dyn Fn(&str) -> Option<String>;

/// Reads `segments.toml` among the files. Without that file no list ships.
pub fn compile(files: &[SourceFile], knows: Knows<'_>, slip: Slip<'_>) -> (Option<Vec<List>>, Vec<Problem>) {
    let Some(file) = files.iter().find(|file| file.path == "segments.toml") else {
        return (Some(Vec::new()), Vec::new());
    };
    let written: File = match toml::from_str(&file.text) {
        Ok(written) => written,
        Err(error) => {
            let place = error.span().map_or(0, |span| span.start);
            return (None, vec![Problem::at(&file.path, &file.text, place, error.message(), "")]);
        }
    };
    let (mut lists, mut problems) = (Vec::new(), Vec::new());
    for list in &written.list {
        match understood(file, list, knows, slip) {
            Ok(list) => lists.push(list),
            Err(problem) => problems.push(problem),
        }
    }
    (problems.is_empty().then_some(lists), problems)
}

fn understood(file: &SourceFile, list: &Written, knows: Knows<'_>, slip: Slip<'_>) -> Result<List, Problem> {
    let bad = |at: usize, message: String, advice: &str| Problem::at(&file.path, &file.text, at, message, advice);
    let name = list.name.get_ref();
    if !is_name(name) {
        let advice = "Write lower-case letters, digits and hyphens: win-back.";
        return Err(bad(list.name.span().start, format!("`{name}` is no name of a list"), advice));
    }
    if is_condition(name) {
        let message = format!("`{name}` is a condition of segments, and no name of a list");
        return Err(bad(list.name.span().start, message, "Give the list another name: all-customers."));
    }
    let segment = |text: &toml::Spanned<String>| {
        let parsed = text.get_ref().parse().and_then(|segment: Segment| segment.with_known(text.get_ref(), knows));
        // Behind the quotation mark stands column 1.
        let parsed = parsed.map_err(|error| {
            let place = text.span().start + error.column;
            bad(place, format!("expected {}, found {}", error.expected, error.found), "")
        })?;
        let place_of = |tag: &str| text.span().start + text.get_ref().find(tag).map_or(0, |place| place + 1);
        let wrong = |tag: &str| Some(bad(place_of(tag), format!("no rule sets the tag {tag}"), &slip(tag)?));
        let wrong = parsed.tags().into_iter().find_map(wrong);
        wrong.map_or(Ok(parsed), Err)
    };
    let days = |on: &toml::Spanned<WrittenDays>| {
        days(on.get_ref()).ok_or_else(|| {
            let advice = "Write daily, a weekday such as monday, or { every = \"60d\", from = \"2026-01-05\" }.";
            bad(on.span().start, "this names no days".into(), advice)
        })
    };
    Ok(List {
        name: name.clone(),
        about: list.about.clone(),
        segment: segment(&list.segment)?,
        first: list.first.as_ref().map(segment).transpose()?,
        on: list.on.as_ref().map(days).transpose()?,
        inbox: list.inbox.clone(),
    })
}

fn days(written: &WrittenDays) -> Option<Days> {
    match written {
        WrittenDays::Name(name) if name == "daily" => Some(Days::Daily),
        WrittenDays::Name(name) => name.parse().ok().map(Days::Weekly),
        WrittenDays::Every { every, from } => {
            let days = Duration::parse(every)?.0 / Duration::days(1).0;
            (days > 0).then_some(Days::Every { days, from: from.parse().ok()? })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn a_list_is_work_on_its_days() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let every = days(&WrittenDays::Every { every: "60d".into(), from: "2026-01-05".into() }).unwrap();
        assert!(every.has(day("2026-01-05")) && every.has(day("2026-03-06")));
        assert!(!every.has(day("2026-03-05")) && !every.has(day("2025-11-06")));
        let monday = days(&WrittenDays::Name("monday".into())).unwrap();
        assert!(monday.has(day("2026-03-02")) && !monday.has(day("2026-03-03")));
    }

    #[test]
    fn a_mistake_in_a_list_is_told_where_it_stands() {
        let text = "[[list]]\nname = \"x\"\nabout = \"\"\nsegment = \"heat>=boiling\"\n";
        let (none, problems) =
            compile(&[SourceFile { path: "segments.toml".into(), text: text.into() }], &|_| true, &|_| None);
        assert!(none.is_none());
        assert_eq!((problems[0].line, problems[0].column), (4, 18));
    }

    #[test]
    fn a_slip_in_a_tag_is_told_with_what_was_meant() {
        let text = "[[list]]\nname = \"x\"\nabout = \"\"\nsegment = \"country:hk and tag:heat/mediun\"\n";
        let slip = |tag: &str| (tag == "heat/mediun").then(|| "Did you mean heat/medium?".to_owned());
        let file = SourceFile { path: "segments.toml".into(), text: text.into() };
        let (none, problems) = compile(&[file], &|_| true, &slip);
        assert!(none.is_none());
        assert_eq!((problems[0].line, problems[0].column), (4, 31), "{}", problems[0]);
        assert!(problems[0].advice.contains("heat/medium"), "{}", problems[0]);
    }

    #[test]
    fn a_list_is_not_called_like_a_condition() {
        for name in ["everyone", "purchase", "opted-out"] {
            let text = format!("[[list]]\nname = \"{name}\"\nabout = \"\"\nsegment = \"country:hk\"\n");
            let (none, problems) = compile(&[SourceFile { path: "segments.toml".into(), text }], &|_| true, &|_| None);
            assert!(none.is_none());
            assert!(problems[0].line == 2 && problems[0].message.contains("is a condition"), "{}", problems[0]);
        }
        assert!(!is_condition("win-back"));
    }
}
