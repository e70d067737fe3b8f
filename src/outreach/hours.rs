//! Hours of a day, by quarters: the windows of tables, the quiet hours, and the moments that they stand for; and lengths of time, as tables
//! write them.

use chrono::{Datelike, Days, NaiveDate, TimeDelta, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer};

use crate::domain::{Duration, Timestamp};

/// Quarters of an hour in a day.
const QUARTERS: u32 = 96;
/// How long one is.
pub(super) const QUARTER: Duration = Duration::minutes(15);
const ALL: u128 = (1 << QUARTERS) - 1;

/// A set of quarters of a day, as a window of a table tells them: `22:00-08:00` passes midnight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hours(u128);

impl Hours {
    /// No time at all.
    pub const NONE: Self = Self(0);
    /// The whole day.
    pub const ALL: Self = Self(ALL);

    /// Reads `12:00-14:00`; both ends stand on a quarter of an hour, and `24:00` is the day's end.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let quarter = |time: &str| {
            let (hour, minute) = time.trim().split_once(':')?;
            let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
            let known = (hour < 24 && minute < 60 || hour == 24 && minute == 0) && minute.is_multiple_of(15);
            known.then_some(hour * 4 + minute / 15)
        };
        let (from, to) = (quarter(from)?, quarter(to)?);
        if from == to || from == QUARTERS {
            return None;
        }
        let until = |end: u32| if end == 0 { 0 } else { ALL >> (QUARTERS - end) };
        Some(Self(if from < to { until(to) & !until(from) } else { ALL & !until(from) | until(to) }))
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of either.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not of the other.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The same, so much later in the day; what passes midnight begins it.
    pub fn later(self, by: Duration) -> Self {
        let by = (by.0 / QUARTER.0).rem_euclid(i64::from(QUARTERS)) as u32;
        Self((self.0 << by | self.0 >> (QUARTERS - by)) & ALL)
    }

    /// So many hours from that one on.
    pub(super) fn stretch(start: u8, hours: u32) -> Self {
        let hours = hours.clamp(1, 24);
        Self(ALL >> (QUARTERS - hours * 4)).later(Duration::hours(i64::from(start)))
    }

    /// Whether the whole of an hour lies in them.
    pub(super) fn has_hour(self, hour: u8) -> bool {
        self.0 >> (u32::from(hour) * 4) & 0xf == 0xf
    }

    /// Each quarter of a day from midnight, and whether it is one of them.
    pub fn quarters(self) -> [bool; QUARTERS as usize] {
        std::array::from_fn(|quarter| self.has(quarter as u32))
    }

    fn has(self, quarter: u32) -> bool {
        self.0 >> quarter & 1 == 1
    }

    /// Whether a moment lies in them, in that zone.
    pub fn contain(self, at: Timestamp, zone: Tz) -> bool {
        self.has(local(at, zone).1)
    }

    /// When the first of them begins that is not over at that moment: the moment itself if it lies in one. Looks a week ahead.
    pub fn next(self, at: Timestamp, zone: Tz) -> Option<Timestamp> {
        let (day, quarter) = local(at, zone);
        if self.has(quarter) {
            return Some(at);
        }
        (0..8).find_map(|ahead| {
            let day = day.checked_add_days(Days::new(ahead))?;
            self.of_day(day, zone).map(|(start, _)| start).find(|start| *start > at)
        })
    }

    /// Each of them on that day: when it begins, and its number from midnight.
    pub(super) fn of_day(self, day: NaiveDate, zone: Tz) -> impl Iterator<Item = (Timestamp, u32)> {
        (0..QUARTERS).filter(move |quarter| self.has(*quarter)).filter_map(move |quarter| {
            let minutes = TimeDelta::minutes(i64::from(quarter) * 15);
            let time = day.and_hms_opt(0, 0, 0)? + minutes;
            // A clock put forward has no such moment: the quarter does not come that day.
            let moment = zone.from_local_datetime(&time).earliest()?;
            Some((Timestamp::from(moment.with_timezone(&Utc)), quarter))
        })
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`{text}` is no part of a day such as 12:00-14:00, in quarters of an hour"
            ))
        })
    }
}

/// The local day and the number of its quarter.
pub(super) fn local(at: Timestamp, zone: Tz) -> (NaiveDate, u32) {
    let local = at.utc().with_timezone(&zone);
    (local.date_naive(), local.hour() * 4 + local.minute() / 15)
}

/// When a day begins there. Where a clock put forward skips midnight, the first hour that comes.
pub(super) fn start_of_day(day: NaiveDate, zone: Tz) -> Option<Timestamp> {
    Hours::ALL.of_day(day, zone).next().map(|(start, _)| start)
}

/// The number of a day's week; weeks begin on Monday.
pub(super) fn week(day: NaiveDate) -> i32 {
    (day.num_days_from_ce() - 1).div_euclid(7)
}

/// A day of the week by its first three letters.
pub(super) fn weekday(name: &str) -> Option<Weekday> {
    (name.len() == 3).then(|| name.parse().ok()).flatten()
}

/// The first three letters of a day of the week.
pub(super) fn weekday_name(day: Weekday) -> &'static str {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][day.num_days_from_monday() as usize]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn windows_may_pass_midnight_and_move() {
        let night = Hours::parse("22:00-08:00").unwrap();
        let zone = chrono_tz::Asia::Taipei;
        for (moment, inside) in [
            ("2026-03-02T21:59:59+08:00", false),
            ("2026-03-02T22:00:00+08:00", true),
            ("2026-03-03T08:00:00+08:00", false),
        ] {
            assert_eq!(night.contain(at(moment), zone), inside, "{moment}");
        }
        assert_eq!(
            Hours::parse("20:00-24:00").unwrap().later(Duration::minutes(150)),
            Hours::parse("22:30-02:30").unwrap()
        );
        assert_eq!(Hours::parse("00:00-24:00").unwrap().without(night), Hours::parse("08:00-22:00").unwrap());
        for wrong in ["12-14", "12:10-14:00", "25:00-26:00", "12:00-12:00", "x"] {
            assert_eq!(Hours::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_next_open_moment_is_found_across_a_change_of_the_clock() {
        let day = Hours::parse("08:00-22:00").unwrap();
        let berlin = chrono_tz::Europe::Berlin;
        // The clock is put forward in the night to 29 March 2026.
        assert_eq!(day.next(at("2026-03-28T23:00:00+01:00"), berlin), Some(at("2026-03-29T08:00:00+02:00")));
        let gap = Hours::parse("02:00-03:00").unwrap();
        assert_eq!(gap.next(at("2026-03-28T23:00:00+01:00"), berlin), Some(at("2026-03-30T02:00:00+02:00")));
        assert_eq!(Hours::NONE.next(at("2026-03-28T23:00:00+01:00"), berlin), None);
    }
}
