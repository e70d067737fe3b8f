//! Figures, times and lengths as people read them.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate, Timelike};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::{Budget, Currency, Duration, Hours, Timestamp};

/// The days of a week as the shop's file names them.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// `1 190 USD`.
pub(super) fn money(amount: Decimal, currency: Currency) -> String {
    format!("{}\u{a0}{}", grouped(amount), currency.code())
}

/// The same as a language writes it, by its decimal mark: `19,50 EUR`.
pub(super) fn money_in(mark: &str, amount: Decimal, currency: Currency) -> String {
    marked(mark, &money(amount, currency))
}

/// A price and what there is to say of the product. Beside letters that are written from right to left each stands in its own direction:
/// phones would put the figures of both together.
pub(super) fn side_by_side(price: &str, summary: &str) -> String {
    match summary.chars().any(|letter| ('\u{590}'..='\u{8ff}').contains(&letter)) {
        true => format!("\u{2068}{price}\u{2069} · \u{2068}{summary}\u{2069}"),
        false => format!("{price} · {summary}"),
    }
}

/// Sums with the decimal mark of a language.
pub(super) fn marked(mark: &str, sums: &str) -> String {
    if mark == "." { sums.to_owned() } else { sums.replace('.', mark) }
}

/// A text of the shop with its sums: `{100}` is 100 in the shop's currency.
pub(super) fn with_sums(text: &str, mark: &str, currency: Currency) -> String {
    let mut parts = text.split('{');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let sum = part.split_once('}').and_then(|(sum, rest)| Some((sum.parse().ok()?, rest)));
        match sum {
            Some((sum, rest)) => whole.extend([&*money_in(mark, sum, currency), rest]),
            None => whole.extend(["{", part]),
        }
    }
    whole
}

/// Thousands apart by a thin space that every language reads.
pub fn grouped(amount: Decimal) -> String {
    let text = amount.round_dp(2).normalize().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut shown = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && whole.len() > 3 && (whole.len() - index).is_multiple_of(3) && digit != '-' {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    if fraction.is_empty() { shown } else { format!("{shown}.{fraction:0<2}") }
}

/// The budget as the customer named it.
pub(super) fn budget_text(budget: &Budget, shop: Currency) -> String {
    let currency = budget.currency.unwrap_or(shop);
    match (budget.min, budget.max) {
        (Some(min), Some(max)) if min != max => format!("{}–{}", grouped(min), money(max, currency)),
        (_, Some(max)) => money(max, currency),
        (Some(min), None) => format!("≥ {}", money(min, currency)),
        (None, None) => String::new(),
    }
}

/// How long a promise is: whole minutes up to an hour and a half, else whole hours; the other one is 0.
pub(super) fn promise(length: Duration) -> (i64, i64) {
    let minutes = (length.0 + 59_999).div_euclid(60_000).max(1);
    if minutes <= 90 { (minutes, 0) } else { (0, (minutes + 59) / 60) }
}

/// Time of day and day of a moment where the customer lives: today, tomorrow, or the day of the week.
pub(super) fn clock(at: Timestamp, now: Timestamp, zone: Tz, word: impl Fn(&str) -> String) -> (String, String) {
    let (local, today) = (at.utc().with_timezone(&zone), now.utc().with_timezone(&zone).date_naive());
    let time = format!("{:02}:{:02}", local.hour(), local.minute());
    (time, day_of(local.date_naive(), today, word))
}

/// A day as people say it: today, tomorrow, the day of the week, or its date.
pub(super) fn day_of(day: NaiveDate, today: NaiveDate, word: impl Fn(&str) -> String) -> String {
    match (day - today).num_days() {
        0 => word("today"),
        1 => word("tomorrow"),
        2..7 => word(&format!("on_{}", DAYS[day.weekday().num_days_from_monday() as usize])),
        _ => date(day, &word("date")).unwrap_or_else(|| day.to_string()),
    }
}

/// A date as a language writes it; `None` where its pattern is none.
fn date(day: NaiveDate, pattern: &str) -> Option<String> {
    let mut written = String::new();
    write!(written, "{}", day.format(pattern)).ok()?;
    written.contains(|letter: char| letter.is_ascii_digit()).then_some(written)
}

/// One line for each row of the shop's hours: days in a row are written as a span. By which time they are, where it is told.
pub(super) fn opening_hours(hours: &[Hours], time: Option<&str>, word: impl Fn(&str) -> String) -> Vec<String> {
    let time = time.map(|time| format!(" ({time})")).unwrap_or_default();
    let line = |hours: &Hours| format!("{} {}–{}{time}", day_names(&hours.days, &word), hours.from, hours.to);
    hours.iter().map(line).collect()
}

/// How far a zone is from UTC, by its seconds: UTC+5:30.
pub(super) fn utc_offset(seconds: i32) -> String {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    match (minutes / 60, minutes % 60) {
        (0, 0) => "UTC".into(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

fn day_names(days: &[String], word: impl Fn(&str) -> String) -> String {
    let open: Vec<usize> = (0..DAYS.len()).filter(|day| days.iter().any(|name| name == DAYS[*day])).collect();
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for day in open {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == day => *last = day,
            _ => spans.push((day, day)),
        }
    }
    let name = |(first, last): &(usize, usize)| match last - first {
        0 => word(DAYS[*first]),
        1 => format!("{}, {}", word(DAYS[*first]), word(DAYS[*last])),
        _ => format!("{}–{}", word(DAYS[*first]), word(DAYS[*last])),
    };
    spans.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Whether a mark asks.
pub(super) fn is_question(letter: char) -> bool {
    matches!(letter, '?' | '？' | '؟' | '❓' | '❔')
}

/// Cuts at whole characters as people see them, between words where there are any; WhatsApp's lengths count UTF-16 units (section 5.6).
pub(super) fn cut(text: &str, most: usize) -> String {
    // A unit takes no less than a byte.
    if text.len() <= most || text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut length = 1;
    for grapheme in text.graphemes(true) {
        length += grapheme.encode_utf16().count();
        if length > most {
            break;
        }
        kept.push_str(grapheme);
    }
    let parts_word = text[kept.len()..].starts_with(char::is_alphanumeric);
    if let Some((words, _)) = kept.rsplit_once(char::is_whitespace).filter(|_| parts_word)
        && words.len() > kept.len() / 2
    {
        kept.truncate(words.len());
    }
    kept.truncate(kept.trim_end_matches([' ', ',', ';', '·']).len());
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_promises_and_days_are_written_for_people() {
        assert_eq!(money(Decimal::from(1190), Currency::USD), "1\u{202f}190\u{a0}USD");
        assert_eq!(money(Decimal::new(1950, 2), Currency::USD), "19.50\u{a0}USD");
        assert_eq!(
            with_sums("free from {100}, else {8.50} {x", ".", Currency::USD),
            "free from 100\u{a0}USD, else 8.50\u{a0}USD {x"
        );
        assert_eq!(with_sums("ab {8.50}. Sonst", ",", Currency::USD), "ab 8,50\u{a0}USD. Sonst");
        assert_eq!(money_in(",", Decimal::new(18_990, 2), Currency::USD), "189,90\u{a0}USD");
        assert_eq!(side_by_side("129 USD", "6.1 inches"), "129 USD · 6.1 inches");
        assert_eq!(side_by_side("129 USD", "6.1 بوصة"), "\u{2068}129 USD\u{2069} · \u{2068}6.1 بوصة\u{2069}");
        let day = |day: &str| day.parse::<NaiveDate>().unwrap_or_default();
        let german = |key: &str| if key == "date" { "am %d.%m.%Y".to_owned() } else { key.to_owned() };
        assert_eq!(day_of(day("2026-12-03"), day("2026-11-30"), german), "on_thu");
        assert_eq!(day_of(day("2026-12-03"), day("2026-11-01"), german), "am 03.12.2026");
        assert_eq!(day_of(day("2026-12-03"), day("2026-11-01"), |_| "%Q".into()), "2026-12-03");
        assert_eq!(promise(Duration::minutes(5)), (5, 0));
        assert_eq!(promise(Duration::hours(2)), (0, 2));
        let days = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let hours = [Hours { days: days(&["mon", "tue", "wed", "sat"]), from: "09:00".into(), to: "18:00".into() }];
        assert_eq!(opening_hours(&hours, None, str::to_owned), ["mon–wed, sat 09:00–18:00"]);
        assert_eq!(opening_hours(&hours, Some("UTC+8"), str::to_owned), ["mon–wed, sat 09:00–18:00 (UTC+8)"]);
        assert_eq!([0, 28_800, -12_600].map(utc_offset), ["UTC", "UTC+8", "UTC-3:30"]);
    }

    #[test]
    fn a_text_is_cut_between_characters_as_people_see_them() {
        assert_eq!(cut("family", 6), "family");
        assert_eq!(cut("👨‍👩‍👧 family", 6), "…");
        assert_eq!(cut("日本語テキスト", 5), "日本語テ…");
        assert_eq!(cut("phone, laptop, smartwatch", 20), "phone, laptop…");
        assert_eq!(cut("phone, laptop, smartwatch", 8), "phone…");
        assert_eq!(cut("a smartwatch", 8), "a smart…");
    }
}
