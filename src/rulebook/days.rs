//! Days as people write them: "5 May", "05.03.1990", 3月5日. Names of months and the orders of countries stand in `days.toml`.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::domain::{Contact, Country, Language, Problem, SourceFile};

/// A year that has every day, for a day that is told without one.
const LEAP_YEAR: i32 = 2000;
/// Who tells a year by two figures means one of these.
const CENTURY: i32 = 2000;
/// Letters of a date in Chinese, Japanese and Korean, each behind its number.
const YEAR_SIGNS: &str = "年년";
const MONTH_SIGNS: &str = "月월";
const DAY_SIGNS: &str = "日号號일";

/// A day, and whether its year was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) day: NaiveDate,
    pub(super) has_year: bool,
}

/// Which of day and month stands first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Day,
    Month,
    /// Years stand before it; behind it nothing is sure.
    YearMonth,
    Unknown,
}

/// `days.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    month_first: Vec<Country>,
    year_first: Vec<Country>,
    no_order: Vec<Country>,
    around: Vec<String>,
    months: BTreeMap<String, Vec<Vec<String>>>,
}

/// How people write days.
#[derive(Debug, Default)]
pub(super) struct Days {
    orders: HashMap<Country, Order>,
    /// By name, folded.
    months: HashMap<String, u32>,
    /// Words that may stand beside a day, folded.
    around: HashSet<String>,
}

/// A number, and in how many figures it was written.
type Number = (u32, usize);

/// A part of what was written.
enum Part {
    Number { value: u32, figures: usize, unit: Option<Unit> },
    Month(u32),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Year,
    Month,
    Day,
}

impl Days {
    /// Reads `days.toml`; without that file only figures tell a day.
    pub(super) fn read(files: &[SourceFile]) -> (Self, Option<Problem>) {
        let Some(file) = files.iter().find(|file| file.path == "days.toml") else { return (Self::default(), None) };
        let advice =
            "Months are written [months], en = [[\"january\", \"jan\"], [\"february\"], …], all twelve of them.";
        let written = match file.toml::<File>(advice) {
            Ok(written) => written,
            Err(problem) => return (Self::default(), Some(problem)),
        };
        let short = written.months.iter().find(|(_, months)| months.len() != 12);
        let problem = short.map(|(language, months)| {
            let place = file.text.find(&format!("\n{language} ")).map_or(0, |place| place + 1);
            let message = format!("`{language}` has {} months", months.len());
            Problem::at(&file.path, &file.text, place, message, advice)
        });
        let of = |countries: Vec<Country>, order| countries.into_iter().map(move |country| (country, order));
        let orders = of(written.month_first, Order::Month).chain(of(written.year_first, Order::YearMonth));
        let orders = orders.chain(of(written.no_order, Order::Unknown)).collect();
        let lists = written.months.into_values().flat_map(|months| months.into_iter().zip(1..));
        let months = lists.flat_map(|(names, month)| names.into_iter().map(move |name| (folded(&name), month)));
        let around = written.around.iter().map(|word| folded(word)).collect();
        (Self { orders, months: months.collect(), around }, problem)
    }

    /// How a customer writes day and month: as people do in their country, else in their language.
    pub(super) fn order_of(&self, contact: &Contact) -> Order {
        let of_language = || {
            let language = contact.language.as_ref().map(Language::tag)?;
            match language.split('-').next() {
                Some("en") => None,
                Some("zh") => Some(Order::YearMonth),
                _ => Some(Order::Day),
            }
        };
        match contact.country {
            Some(country) => self.orders.get(&country).copied().unwrap_or(Order::Day),
            None => of_language().unwrap_or(Order::Unknown),
        }
    }

    /// The day that a text tells, if it tells one surely.
    pub(super) fn told(&self, text: &str, order: Order) -> Option<Told> {
        let text = folded(text);
        let parts = self.parts(&text)?;
        let (mut year, mut month, mut day, mut numbers) = (None, None, None, Vec::new());
        for part in &parts {
            let (place, value) = match part {
                Part::Month(value) => (&mut month, *value),
                Part::Number { value, unit: Some(Unit::Year), .. } => (&mut year, *value),
                Part::Number { value, unit: Some(Unit::Month), .. } => (&mut month, *value),
                Part::Number { value, unit: Some(Unit::Day), .. } => (&mut day, *value),
                Part::Number { value, figures, unit: None } => {
                    numbers.push((*value, *figures));
                    continue;
                }
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        let year = year.map(|year| (year, 4));
        match (month, day, year) {
            (Some(month), day, year) => with_month(month, day, year, &numbers),
            (None, None, None) => in_figures(&numbers, sign_between(&text)?, order),
            _ => None,
        }
    }

    /// The numbers and months of a text. `None` where words stand there that tell no day.
    fn parts(&self, text: &str) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let kind = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
            let is_word = kind(next) != (false, false);
            let end = rest.find(|c: char| !is_word || kind(c) != kind(next)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end.max(next.len_utf8()));
            rest = behind;
            if next.is_ascii_digit() {
                let unit = rest.chars().next().and_then(unit_of);
                rest = unit.map_or(rest, |_| rest.trim_start_matches(|c| unit_of(c) == unit));
                parts.push(Part::Number { value: word.parse().ok()?, figures: word.len(), unit });
            } else if next.is_alphabetic() && !self.around.contains(word) {
                let (month, behind) = self.month_at(word, rest)?;
                parts.push(Part::Month(month));
                rest = behind;
            }
        }
        Some(parts)
    }

    /// The month that a word is called, or with the next one: "كانون الثاني".
    fn month_at<'t>(&self, word: &str, rest: &'t str) -> Option<(u32, &'t str)> {
        let next = rest.trim_start();
        let end = next.find(|c: char| !c.is_alphabetic()).unwrap_or(next.len());
        let both = (end > 0 && next.len() < rest.len()).then(|| format!("{word} {}", &next[..end]));
        let of_both = both.and_then(|both| Some((*self.months.get(&both)?, &next[end..])));
        of_both.or_else(|| Some((*self.months.get(word)?, rest)))
    }
}

/// A day whose month has its name, or the sign of months.
fn with_month(month: u32, day: Option<u32>, year: Option<Number>, numbers: &[Number]) -> Option<Told> {
    match (numbers, day) {
        ([], Some(day)) => date(year, month, day),
        ([day], None) => date(year, month, day.0),
        ([first, second], None) if year.is_none() && is_year(*first) => date(Some(*first), month, second.0),
        ([first, second], None) if year.is_none() => date(Some(*second), month, first.0),
        _ => None,
    }
}

/// A day in figures alone, with a sign between them.
fn in_figures(numbers: &[Number], between: char, order: Order) -> Option<Told> {
    match numbers {
        [(whole, 8)] => date(Some((whole / 10_000, 4)), whole / 100 % 100, whole % 100),
        [first, second, third] if is_year(*first) => date(Some(*first), second.0, third.0),
        [first, second, third] => {
            let order = if between == '.' { Order::Day } else { order };
            let (month, day) = of_two(first.0, second.0, order, false)?;
            date(Some(*third), month, day)
        }
        [first, second] if first.1 <= 2 && second.1 <= 2 => {
            // `05-03` and `--05-03` are ISO 8601 without its year.
            let order = match between {
                '.' => Order::Day,
                '-' => Order::Month,
                _ => order,
            };
            let (month, day) = of_two(first.0, second.0, order, true)?;
            date(None, month, day)
        }
        _ => None,
    }
}

/// Month and day of two numbers, where it is sure which is which.
fn of_two(first: u32, second: u32, order: Order, is_whole: bool) -> Option<(u32, u32)> {
    match order {
        Order::Day => Some(if second > 12 { (first, second) } else { (second, first) }),
        Order::Month => Some(if first > 12 { (second, first) } else { (first, second) }),
        Order::YearMonth if is_whole => of_two(first, second, Order::Month, true),
        _ if first == second || second > 12 => Some((first, second)),
        _ if first > 12 => Some((second, first)),
        _ => None,
    }
}

/// What stands between the figures of a day, if it is one sign.
fn sign_between(text: &str) -> Option<char> {
    let inner = text.trim_matches(|c: char| !c.is_ascii_digit());
    let mut signs = inner.chars().filter(|c| !c.is_alphanumeric() && !c.is_whitespace());
    let first = signs.next().unwrap_or(' ');
    (" ./-".contains(first) && signs.all(|sign| sign == first)).then_some(first)
}

fn is_year((value, figures): Number) -> bool {
    figures == 4 && value > 31
}

fn date(year: Option<Number>, month: u32, day: u32) -> Option<Told> {
    let year_told = match year {
        None => None,
        Some((value, 4)) => Some(i32::try_from(value).ok()?),
        Some((value, 2)) => Some(CENTURY + i32::try_from(value).ok()?),
        Some(_) => return None,
    };
    let day = NaiveDate::from_ymd_opt(year_told.unwrap_or(LEAP_YEAR), month, day)?;
    Some(Told { day, has_year: year_told.is_some() })
}

fn unit_of(letter: char) -> Option<Unit> {
    let units = [(YEAR_SIGNS, Unit::Year), (MONTH_SIGNS, Unit::Month), (DAY_SIGNS, Unit::Day)];
    units.iter().find(|(letters, _)| letters.contains(letter)).map(|(_, unit)| *unit)
}

/// Lower case without accents, with plain figures.
fn folded(text: &str) -> String {
    let plain = |c: char| {
        let zeros = ['٠', '۰', '०'];
        let figure = zeros.iter().find_map(|zero| (c as u32).checked_sub(*zero as u32).filter(|figure| *figure < 10));
        figure.and_then(|figure| char::from_digit(figure, 10)).unwrap_or(c)
    };
    // Korean syllables fall apart in the longer form, and come together again.
    let bare = text.nfkd().filter(|c| !is_combining_mark(*c)).nfc().map(plain);
    bare.flat_map(char::to_lowercase).filter(|c| !is_combining_mark(*c)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    fn days() -> Days {
        let text = include_str!("../../keywords/days.toml").to_owned();
        let (days, problem) = Days::read(&[SourceFile { path: "days.toml".into(), text }]);
        assert_eq!(problem, None);
        days
    }

    #[test]
    fn a_day_is_read_as_it_is_written() {
        let days = days();
        let told = |text: &str, order| {
            let told = days.told(text, order)?;
            Some(told.day.format(if told.has_year { "%Y-%m-%d" } else { "%m-%d" }).to_string())
        };
        for (text, order, wanted) in [
            ("1990-05-03", Order::Unknown, Some("1990-05-03")),
            ("1990/5/3", Order::Day, Some("1990-05-03")),
            ("19900503", Order::Unknown, Some("1990-05-03")),
            ("05-03", Order::Day, Some("05-03")),
            ("--05-03", Order::Unknown, Some("05-03")),
            ("02-29", Order::Unknown, Some("02-29")),
            ("05.03.1990", Order::Unknown, Some("1990-03-05")),
            ("5.3.", Order::Month, Some("03-05")),
            ("05/03/1990", Order::Month, Some("1990-05-03")),
            ("05/03/1990", Order::Day, Some("1990-03-05")),
            ("05/03/90", Order::Day, Some("2090-03-05")),
            ("05/03/1990", Order::Unknown, None),
            ("05/03/1990", Order::YearMonth, None),
            ("3/5", Order::YearMonth, Some("03-05")),
            ("3/5", Order::Unknown, None),
            ("25/12", Order::Month, Some("12-25")),
            ("12/25/1990", Order::Day, Some("1990-12-25")),
            ("5 May", Order::Unknown, Some("05-05")),
            ("May 5th, 1990", Order::Unknown, Some("1990-05-05")),
            ("the 2nd of March", Order::Unknown, Some("03-02")),
            ("5. März 1990", Order::Unknown, Some("1990-03-05")),
            ("1er août", Order::Unknown, Some("08-01")),
            ("5 de março de 1990", Order::Unknown, Some("1990-03-05")),
            ("5 ago", Order::Unknown, Some("08-05")),
            ("5 марта 1990 г.", Order::Unknown, Some("1990-03-05")),
            ("5-го мая", Order::Unknown, Some("05-05")),
            ("5 Şubat", Order::Unknown, Some("02-05")),
            ("५ मार्च", Order::Unknown, Some("03-05")),
            ("٥ مارس ١٩٩٠", Order::Unknown, Some("1990-03-05")),
            ("5 كانون الثاني", Order::Unknown, Some("01-05")),
            ("3月5日", Order::Unknown, Some("03-05")),
            ("１９９０年３月５日", Order::Unknown, Some("1990-03-05")),
            ("3월 5일", Order::Unknown, Some("03-05")),
            ("in spring", Order::Day, None),
            ("May 1990", Order::Day, None),
            ("3 years ago", Order::Day, None),
            ("25", Order::Day, None),
            ("31.02.1990", Order::Day, None),
            ("12:30", Order::Day, None),
            ("", Order::Day, None),
        ] {
            assert_eq!(told(text, order).as_deref(), wanted, "{text} {order:?}");
        }
    }

    #[test]
    fn the_order_is_that_of_the_country() {
        let days = days();
        let of = |country: Option<&str>, language: Option<&str>| {
            let country = country.map(|country| country.parse().unwrap());
            let language = language.map(|language| Language(language.into()));
            days.order_of(&Contact { country, language, ..Contact::default() })
        };
        assert_eq!(of(Some("US"), Some("es")), Order::Month);
        assert_eq!(of(Some("DE"), Some("en")), Order::Day);
        assert_eq!(of(Some("CN"), None), Order::YearMonth);
        assert_eq!(of(Some("CA"), Some("fr")), Order::Unknown);
        assert_eq!(of(None, Some("it")), Order::Day);
        assert_eq!(of(None, Some("zh-Hans")), Order::YearMonth);
        assert_eq!(of(None, Some("en")), Order::Unknown);
    }
}
