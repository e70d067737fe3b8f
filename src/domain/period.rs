//! Days, weeks, months and quarters of the calendar in the shop's time zone: what is done once in each of them.

use chrono::{Datelike, Days, NaiveDate, TimeZone};
use chrono_tz::Tz;

use super::{Duration, Timestamp};

/// A rhythm of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Every {
    Day,
    Week,
    Month,
    Quarter,
}

/// One day, week, month or quarter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// `2026-07-28`, `2026-W31`, `2026-07`, `2026-Q3`.
    pub label: String,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment behind it.
    pub until: Timestamp,
}

impl Every {
    /// The last of them that is over.
    pub fn last_ended(self, now: Timestamp, zone: Tz) -> Period {
        let running = self.first_day(now.utc().with_timezone(&zone).date_naive());
        let before = self.first_day(running.checked_sub_days(Days::new(1)).unwrap_or(running));
        Period { label: self.label(before), from: midnight(before, zone), until: midnight(running, zone) }
    }

    /// When the one under way is over.
    pub fn next_end(self, now: Timestamp, zone: Tz) -> Timestamp {
        let mut day = self.first_day(now.utc().with_timezone(&zone).date_naive());
        let running = day;
        while day == running {
            // From within any period, as many days as its longest kind has lead into the next one.
            let Some(later) = day.checked_add_days(Days::new(self.longest())) else { break };
            day = self.first_day(later);
        }
        midnight(day, zone)
    }

    fn longest(self) -> u64 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
        }
    }

    fn first_day(self, day: NaiveDate) -> NaiveDate {
        let first = match self {
            Self::Day => Some(day),
            Self::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Self::Month => day.with_day(1),
            Self::Quarter => NaiveDate::from_ymd_opt(day.year(), (day.month0() / 3) * 3 + 1, 1),
        };
        first.unwrap_or(day)
    }

    fn label(self, first: NaiveDate) -> String {
        match self {
            Self::Day => first.format("%Y-%m-%d").to_string(),
            Self::Week => first.format("%G-W%V").to_string(),
            Self::Month => first.format("%Y-%m").to_string(),
            Self::Quarter => format!("{}-Q{}", first.year(), first.month0() / 3 + 1),
        }
    }
}

/// The first moment of a day there; where the clocks skip midnight, the first that there is.
pub fn midnight(day: NaiveDate, zone: Tz) -> Timestamp {
    clock_time(day, chrono::NaiveTime::MIN, zone)
}

/// When the clocks there show a time of a day first; where they skip it, the same so many hours later.
pub fn clock_time(day: NaiveDate, time: chrono::NaiveTime, zone: Tz) -> Timestamp {
    let start = day.and_time(time);
    let there = |hours: i64| {
        let local = start.checked_add_signed(chrono::TimeDelta::hours(hours))?;
        zone.from_local_datetime(&local).earliest().map(|at| Timestamp(at.timestamp_millis()))
    };
    (0..=3).find_map(there).unwrap_or_else(|| Timestamp(start.and_utc().timestamp_millis()))
}

impl Period {
    /// How long it lasts.
    pub fn length(&self) -> Duration {
        self.until - self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap_or_default()
    }

    #[test]
    fn each_rhythm_has_its_last_period_and_its_next_end() {
        let zone = chrono_tz::Asia::Hong_Kong;
        let now = at("2026-05-13T09:30:00+08:00");
        for (every, label, from, until, next) in [
            (Every::Day, "2026-05-12", "2026-05-12", "2026-05-13", "2026-05-14"),
            (Every::Week, "2026-W19", "2026-05-04", "2026-05-11", "2026-05-18"),
            (Every::Month, "2026-04", "2026-04-01", "2026-05-01", "2026-06-01"),
            (Every::Quarter, "2026-Q1", "2026-01-01", "2026-04-01", "2026-07-01"),
        ] {
            let midnight = |day: &str| at(&format!("{day}T00:00:00+08:00"));
            let period = Period { label: label.into(), from: midnight(from), until: midnight(until) };
            assert_eq!(every.last_ended(now, zone), period);
            assert_eq!(every.next_end(now, zone), midnight(next), "{label}");
            // Its first moment belongs to the next one.
            assert_eq!(every.last_ended(period.until, zone), period);
            assert_ne!(every.last_ended(period.until - Duration::millis(1), zone), period);
        }
        assert_eq!(Every::Quarter.last_ended(at("2026-01-01T00:00:00+08:00"), zone).label, "2025-Q4");
    }

    #[test]
    fn days_are_as_long_as_the_clocks_make_them() {
        let zone = chrono_tz::Europe::Rome;
        let spring = Every::Day.last_ended(at("2026-03-30T12:00:00+02:00"), zone);
        assert_eq!((spring.label.as_str(), spring.length()), ("2026-03-29", Duration::hours(23)));
        // Beirut skips the hour behind midnight.
        let beirut = Every::Day.last_ended(at("2026-03-30T12:00:00+03:00"), chrono_tz::Asia::Beirut);
        assert_eq!((beirut.from, beirut.length()), (at("2026-03-29T01:00:00+03:00"), Duration::hours(23)));
    }
}
