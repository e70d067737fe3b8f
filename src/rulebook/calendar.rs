//! Calendars: windows of days, such as a festival, a season or a school holiday, in the countries that have them. They begin and
//! end at midnight where the customer lives. Read from `calendars/*.toml`.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::Deserialize;
use toml::Spanned;

use super::Rulebook;
use super::almanac::{Day, iso, plus, years};
use super::facts::Facts;
use super::rule::Rule;
use super::signal::Signal;
use super::written_when::Words;
use crate::domain::{Contact, Country, Problem, SourceFile, Timestamp, midnight};

/// Windows that never begin again: no moment to wait for.
const NEVER: Timestamp = Timestamp(i64::MAX);

/// All calendars, laid out.
#[derive(Debug, Default)]
pub(super) struct Calendars {
    windows: Vec<Window>,
    /// Of each part of the world, in order of their first days.
    spans: HashMap<World, Vec<Span>>,
    /// Countries whose summer begins in December.
    south: HashSet<Country>,
    /// Days begin by the shop's clock where a contact's own is not known.
    shop: Tz,
}

#[derive(Debug)]
struct Window {
    name: String,
    kind: String,
    /// A rule waits for it to begin.
    watched: bool,
}

/// Where a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum World {
    Everywhere,
    North,
    South,
    Country(Country),
}

/// One time that a window comes.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: NaiveDate,
    /// The first day behind it.
    to: NaiveDate,
    window: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    south: Vec<Country>,
    #[serde(default)]
    window: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    kind: String,
    /// Without it, everywhere.
    #[serde(default)]
    countries: Vec<Country>,
    #[serde(default)]
    hemisphere: Option<String>,
    /// First and last day of every year; the last may lie in the next one.
    #[serde(default)]
    from: Option<String>,
    #[serde(default)]
    to: Option<String>,
    /// A day of every year.
    #[serde(default)]
    on: Option<String>,
    /// First days, tabled.
    #[serde(default)]
    dates: Vec<String>,
    /// First and last days, tabled.
    #[serde(default)]
    spans: Vec<[String; 2]>,
    /// The days before another window begins.
    #[serde(default)]
    before: Option<String>,
    /// How many days earlier it begins.
    #[serde(default)]
    ahead: u32,
    /// How long it is, from its first day.
    #[serde(default)]
    days: Option<u32>,
}

/// Reads all files under `calendars/`.
pub(super) fn compile(files: &[SourceFile], shop: Tz) -> (Calendars, Vec<Problem>) {
    let (mut calendars, mut problems) = (Calendars { shop, ..Calendars::default() }, Vec::new());
    let mut before = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("calendars/")) {
        match toml::from_str::<File>(&file.text) {
            Ok(written) => {
                calendars.south.extend(written.south);
                for window in written.window {
                    let place = window.span().start;
                    match calendars.add(window.get_ref()) {
                        Ok(()) if window.get_ref().before.is_some() => before.push((file, place, window.into_inner())),
                        Ok(()) => {}
                        Err((message, advice)) => {
                            problems.push(Problem::at(&file.path, &file.text, place, message, advice));
                        }
                    }
                }
            }
            Err(error) => {
                let place = error.span().map_or(0, |span| span.start);
                let advice = "Compare with a window that works.";
                problems.push(Problem::at(&file.path, &file.text, place, error.message(), advice));
            }
        }
    }
    for (file, place, written) in before {
        if let Err(message) = calendars.add_before(&written) {
            problems.push(Problem::at(&file.path, &file.text, place, message, "Write the name of another window."));
        }
    }
    for spans in calendars.spans.values_mut() {
        spans.sort_by_key(|span| span.from);
    }
    (calendars, problems)
}

impl Calendars {
    fn window(&mut self, name: &str, kind: &str) -> usize {
        let known = self.windows.iter().position(|window| window.name == name);
        known.unwrap_or_else(|| {
            self.windows.push(Window { name: name.to_owned(), kind: kind.to_owned(), watched: false });
            self.windows.len() - 1
        })
    }

    fn add(&mut self, written: &Written) -> Result<(), (String, &'static str)> {
        let window = self.window(&written.name, &written.kind);
        if written.before.is_some() {
            return Ok(());
        }
        let days = times(written)?;
        let worlds: Vec<World> = match (written.hemisphere.as_deref(), written.countries.as_slice()) {
            (None, []) => vec![World::Everywhere],
            (None, countries) => countries.iter().map(|country| World::Country(*country)).collect(),
            (Some("north"), []) => vec![World::North],
            (Some("south"), []) => vec![World::South],
            _ => {
                let message = format!("it is not clear where `{}` is", written.name);
                return Err((
                    message,
                    "Write countries = [\"HK\"], or hemisphere = \"north\" or \"south\", or neither.",
                ));
            }
        };
        for world in worlds {
            let spans = self.spans.entry(world).or_default();
            spans.extend(days.iter().map(|(from, to)| Span { from: *from, to: *to, window }));
        }
        Ok(())
    }

    fn add_before(&mut self, written: &Written) -> Result<(), String> {
        let (name, days) = (written.before.as_deref().unwrap_or_default(), written.days.unwrap_or(1));
        let Some(of) = self.windows.iter().position(|window| window.name == name) else {
            return Err(format!("there is no window `{name}`"));
        };
        let window = self.window(&written.name, &written.kind);
        for spans in self.spans.values_mut() {
            let ahead = |span: &Span| Span { from: plus(span.from, -i64::from(days)), to: span.from, window };
            let before: Vec<Span> = spans.iter().filter(|span| span.window == of).map(ahead).collect();
            spans.extend(before);
        }
        Ok(())
    }

    /// Notes which windows rules wait for: the others wake nobody.
    pub(super) fn watch(&mut self, rules: &[Rule]) {
        let asks = |rule: &Rule, field: &str, value: &str| {
            rule.written
                .filter
                .get(field)
                .is_none_or(|wanted| wanted.iter().any(|wanted| wanted == "*" || wanted == value))
        };
        let waiting: Vec<&Rule> = rules.iter().filter(|rule| rule.signals.contains(&"calendar")).collect();
        for window in &mut self.windows {
            let waits = |rule: &&Rule| asks(rule, "window", &window.name) && asks(rule, "kind", &window.kind);
            window.watched = waiting.iter().any(waits);
        }
    }

    /// Whether any window is called so.
    pub(super) fn has(&self, name: &str) -> bool {
        self.windows.iter().any(|window| window.name == name)
    }

    /// The spans of where a contact is, list by list.
    fn lists(&self, contact: &Contact) -> impl Iterator<Item = &[Span]> {
        let hemisphere = contact.country.map(|country| match self.south.contains(&country) {
            true => World::South,
            false => World::North,
        });
        let own = contact.country.map(World::Country);
        let worlds = [Some(World::Everywhere), hemisphere, own].into_iter().flatten();
        worlds.filter_map(|world| self.spans.get(&world)).map(Vec::as_slice)
    }

    /// Where a contact's days begin, and which day it is there.
    fn local(&self, contact: &Contact, at: Timestamp) -> (Tz, NaiveDate) {
        let zone = contact.zone.unwrap_or(self.shop);
        (zone, at.utc().with_timezone(&zone).date_naive())
    }

    /// The end of one of these windows, if one is on at that moment.
    fn until(&self, names: &Words, contact: &Contact, at: Timestamp) -> Option<Timestamp> {
        let (zone, today) = self.local(contact, at);
        let is_on = |span: &&Span| {
            span.from <= today && today < span.to && names.iter().any(|name| self.windows[span.window].name == name)
        };
        self.lists(contact).flatten().filter(is_on).map(|span| midnight(span.to, zone)).max()
    }

    /// When a window begins next.
    pub(super) fn next_beginning(&self, name: &str, contact: &Contact, after: Timestamp) -> Option<Timestamp> {
        let (zone, today) = self.local(contact, after);
        let next =
            self.lists(contact).flatten().filter(|span| span.from > today && self.windows[span.window].name == name);
        next.map(|span| midnight(span.from, zone)).min()
    }

    /// That a window began.
    fn signal(&self, span: &Span, began: Timestamp, contact: &Contact, zone: Tz) -> Signal {
        let window = &self.windows[span.window];
        let country = contact.country.map(|country| country.code().to_lowercase()).unwrap_or_default();
        let mut begun = Signal::of_moment("calendar", began, 0).with("window", window.name.as_str());
        begun = begun.with("kind", window.kind.as_str()).with("country", country.as_str());
        begun.until = Some(midnight(span.to, zone));
        begun
    }

    /// When any window begins next that a rule waits for.
    fn next_watched(&self, contact: &Contact, now: Timestamp) -> Timestamp {
        let (zone, today) = self.local(contact, now);
        let first = |spans: &[Span]| {
            let behind = &spans[spans.partition_point(|span| span.from <= today)..];
            behind.iter().find(|span| self.windows[span.window].watched).map(|span| span.from)
        };
        self.lists(contact).filter_map(first).min().map_or(NEVER, |day| midnight(day, zone))
    }
}

/// First days, and first days behind, of every time that a window comes.
fn times(written: &Written) -> Result<Vec<(NaiveDate, NaiveDate)>, (String, &'static str)> {
    const FORMS: &str = "Write from = \"06-01\" and to = \"08-31\", or on = \"12-25\", \"4 thu 11\" or \"easter+39\", or dates = [\"2026-02-17\"], or spans = [[\"2026-02-18\", \"2026-03-19\"]], or before = \"another window\".";
    let no_day = |text: &str| (format!("`{text}` is no day"), FORMS);
    let day = |text: &str| Day::parse(text).ok_or_else(|| no_day(text));
    let date = |text: &String| iso(text).ok_or_else(|| no_day(text));
    let length = i64::from(written.days.unwrap_or(1).max(1));
    let times: Vec<(NaiveDate, NaiveDate)> = match (&written.from, &written.to, &written.on) {
        (Some(from), Some(to), None) => {
            let (from, to) = (day(from)?, day(to)?);
            let in_year = |year: i32| {
                let first = from.in_year(year)?;
                let last = to.in_year(year).filter(|last| *last >= first).or_else(|| to.in_year(year + 1))?;
                Some((first, plus(last, 1)))
            };
            years().filter_map(in_year).collect()
        }
        (None, None, Some(on)) => {
            let on = day(on)?;
            years().filter_map(|year| on.in_year(year)).map(|first| (first, plus(first, length))).collect()
        }
        (None, None, None) if !written.dates.is_empty() => {
            let first: Result<Vec<NaiveDate>, _> = written.dates.iter().map(date).collect();
            first?.into_iter().map(|first| (first, plus(first, length))).collect()
        }
        (None, None, None) if !written.spans.is_empty() => {
            let both = |[from, to]: &[String; 2]| Ok((date(from)?, plus(date(to)?, 1)));
            written.spans.iter().map(both).collect::<Result<_, _>>()?
        }
        _ => return Err((format!("it is not clear when `{}` is", written.name), FORMS)),
    };
    Ok(times.into_iter().map(|(from, to)| (plus(from, -i64::from(written.ahead)), to)).collect())
}

/// Signals of windows that have begun since it was looked last; of a contact that is new here, of all that are on.
pub(super) fn begun(rulebook: &Rulebook, facts: &mut Facts, contact: &Contact, now: Timestamp) -> Vec<Signal> {
    let calendars = &rulebook.calendars;
    if facts.calendar.is_some_and(|next| next > now) || !calendars.windows.iter().any(|window| window.watched) {
        return Vec::new();
    }
    let (zone, today) = calendars.local(contact, now);
    let since = facts.calendar.map(|next| calendars.local(contact, next).1);
    let begun = |span: &&Span| {
        let is_on = span.from <= today && today < span.to;
        is_on && calendars.windows[span.window].watched && since.is_none_or(|since| span.from >= since)
    };
    // By name, so that what follows from several does not hang on the order of rows.
    let spans = calendars.lists(contact).flatten().filter(begun);
    let windows: BTreeMap<&str, &Span> = spans.map(|span| (&*calendars.windows[span.window].name, span)).collect();
    facts.calendar = Some(calendars.next_watched(contact, now));
    let began = |span: &Span| if since.is_some() { midnight(span.from, zone).min(now) } else { now };
    windows.into_values().map(|span| calendars.signal(span, began(span), contact, zone)).collect()
}

/// Signals of windows that are on, from when they began: what is known only now may have held since then.
pub(super) fn on(rulebook: &Rulebook, contact: &Contact, now: Timestamp) -> Vec<Signal> {
    let calendars = &rulebook.calendars;
    let (zone, today) = calendars.local(contact, now);
    let is_on = |span: &&Span| span.from <= today && today < span.to && calendars.windows[span.window].watched;
    let spans = calendars.lists(contact).flatten().filter(is_on);
    let windows: BTreeMap<&str, &Span> = spans.map(|span| (&*calendars.windows[span.window].name, span)).collect();
    windows.into_values().map(|span| calendars.signal(span, midnight(span.from, zone), contact, zone)).collect()
}

/// When the calendar is to be looked at again.
pub(super) fn next_wake(facts: &Facts) -> Option<Timestamp> {
    facts.calendar.filter(|next| *next < NEVER)
}

/// Whether a rule's `during` allows it at that moment, and until when.
pub(super) fn allows(rulebook: &Rulebook, rule: &Rule, contact: &Contact, at: Timestamp) -> Option<Option<Timestamp>> {
    match &rule.written.during {
        None => Some(None),
        Some(windows) => rulebook.calendars.until(windows, contact, at).map(Some),
    }
}
