//! Days as calendars write them: a date, the nth weekday of a month, Easter and what counts from it.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// A day that comes once a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Day {
    /// `12-24`
    Date { month: u32, day: u32 },
    /// `4 thu 11 +1`, `last sun 5`
    OfWeek { nth: Option<u8>, weekday: Weekday, month: u32, offset: i64 },
    /// `easter+39`, `orthodox-easter`
    Easter { orthodox: bool, offset: i64 },
}

impl Day {
    /// Reads one of the forms above.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("orthodox-easter") {
            return Some(Self::Easter { orthodox: true, offset: offset(rest)? });
        }
        if let Some(rest) = text.strip_prefix("easter") {
            return Some(Self::Easter { orthodox: false, offset: offset(rest)? });
        }
        let words: Vec<&str> = text.split(' ').collect();
        if let [nth, weekday, month, rest @ ..] = words.as_slice() {
            let nth = if *nth == "last" { None } else { Some(nth.parse().ok().filter(|nth| (1..=5).contains(nth))?) };
            let month = month.parse().ok().filter(|month| (1..=12).contains(month))?;
            return Some(Self::OfWeek { nth, weekday: weekday.parse().ok()?, month, offset: offset(&rest.concat())? });
        }
        let (month, day) = text.split_once('-')?;
        let (month, day) = (month.parse().ok()?, day.parse().ok()?);
        // In a leap year every day of the year is one.
        NaiveDate::from_ymd_opt(2024, month, day)?;
        Some(Self::Date { month, day })
    }

    /// The day in a year. 29 February is the 28th in most years.
    pub(super) fn in_year(self, year: i32) -> Option<NaiveDate> {
        match self {
            Self::Date { month, day } => {
                NaiveDate::from_ymd_opt(year, month, day).or_else(|| NaiveDate::from_ymd_opt(year, month, day - 1))
            }
            Self::OfWeek { nth, weekday, month, offset } => {
                let day = match nth {
                    Some(nth) => NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth)?,
                    None => {
                        (4..=5).rev().find_map(|nth| NaiveDate::from_weekday_of_month_opt(year, month, weekday, nth))?
                    }
                };
                Some(plus(day, offset))
            }
            Self::Easter { orthodox, offset } => {
                Some(plus(if orthodox { orthodox_easter(year)? } else { easter(year)? }, offset))
            }
        }
    }
}

fn offset(text: &str) -> Option<i64> {
    if text.is_empty() { Some(0) } else { text.parse().ok().filter(|days: &i64| days.abs() <= 366) }
}

/// So many days later, or earlier.
pub(super) fn plus(day: NaiveDate, days: i64) -> NaiveDate {
    let length = Days::new(days.unsigned_abs());
    let moved = if days < 0 { day.checked_sub_days(length) } else { day.checked_add_days(length) };
    moved.unwrap_or(day)
}

/// Easter Sunday of the western churches (Meeus, Astronomical Algorithms, chapter 8).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, g) = (b / 4, b % 4, (8 * b + 13) / 25);
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let n = h + l - 7 * m;
    let month = (n + 90) / 25;
    let day = (n + 33 * month + 19) % 32;
    NaiveDate::from_ymd_opt(year, month as u32, day as u32)
}

/// Easter Sunday of the eastern churches: the Julian one, thirteen days later in our calendar until 2099 (Meeus, ditto).
fn orthodox_easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 4, year % 7, year % 19);
    let d = (19 * c + 15) % 30;
    let e = (2 * a + 4 * b - d + 34) % 7;
    let n = d + e + 114;
    let julian = NaiveDate::from_ymd_opt(year, (n / 31) as u32, (n % 31 + 1) as u32)?;
    Some(plus(julian, 13))
}

/// The years that a calendar is laid out for.
pub(super) fn years() -> std::ops::RangeInclusive<i32> {
    2020..=2060
}

/// Reads an ISO date.
pub(super) fn iso(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day: &NaiveDate| years().contains(&day.year()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_found_in_their_years() {
        for (text, year, expected) in [
            ("12-24", 2026, "2026-12-24"),
            ("02-29", 2026, "2026-02-28"),
            ("02-29", 2028, "2028-02-29"),
            ("4 thu 11", 2026, "2026-11-26"),
            ("4 thu 11 +1", 2024, "2024-11-29"),
            ("3 mon 11 -3", 2026, "2026-11-13"),
            ("last sun 5", 2026, "2026-05-31"),
            ("last sun 11", 2027, "2027-11-28"),
            ("easter", 2024, "2024-03-31"),
            ("easter", 2025, "2025-04-20"),
            ("easter", 2038, "2038-04-25"),
            ("easter+39", 2026, "2026-05-14"),
            ("easter-51", 2026, "2026-02-13"),
            ("orthodox-easter", 2024, "2024-05-05"),
            ("orthodox-easter", 2025, "2025-04-20"),
            ("orthodox-easter", 2026, "2026-04-12"),
        ] {
            let day = Day::parse(text).and_then(|day| day.in_year(year)).map(|day| day.to_string());
            assert_eq!(day.as_deref(), Some(expected), "{text} {year}");
        }
        for wrong in ["", "13-01", "02-30", "6 thu 11", "4 thu", "4 day 11", "easterly", "easter+", "thu 4 11"] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
    }
}
