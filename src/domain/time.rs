//! Instants and lengths of time, in whole milliseconds, so that the database and the fold agree to the last digit.

use std::fmt;
use std::ops::{Add, Sub};

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// A length of time in milliseconds; may be negative where two instants are subtracted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Duration(pub i64);

impl Timestamp {
    /// Reads an RFC 3339 date-time with offset; `None` if it is none.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|at| Self(at.timestamp_millis()))
    }

    /// The same instant as a chrono value. Instants beyond chrono's years become its last one.
    pub fn utc(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0).single().unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The day in a time zone: 2026-07-29.
    pub fn date_in(self, zone: chrono_tz::Tz) -> String {
        self.utc().with_timezone(&zone).format("%Y-%m-%d").to_string()
    }

    /// RFC 3339 in UTC: whole seconds where there is no fraction, milliseconds else.
    pub fn rfc3339(self) -> String {
        let format = if self.0 % 1000 == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
        self.utc().to_rfc3339_opts(format, true)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_millis())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many milliseconds.
    pub const fn millis(n: i64) -> Self {
        Self(n)
    }
    /// So many seconds.
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1_000)
    }
    /// So many minutes.
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n * 60)
    }
    /// So many hours.
    pub const fn hours(n: i64) -> Self {
        Self::minutes(n * 60)
    }
    /// So many days of 24 hours.
    pub const fn days(n: i64) -> Self {
        Self::hours(n * 24)
    }

    /// Reads `90s`, `15m`, `24h`, `7d`, `2w`, `250ms` or several in a row (`1h30m`); `None` for anything else.
    ///
    /// A month or a year is written in days: a month is 30 rolling days, a year 365 (decisions.md, "Counting").
    pub fn parse(text: &str) -> Option<Self> {
        let mut total: i64 = 0;
        let mut rest = text.trim();
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let number: i64 = rest[..digits].parse().ok()?;
            rest = &rest[digits..];
            let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
            let unit: i64 = match &rest[..end] {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                "w" => 7 * 86_400_000,
                _ => return None,
            };
            total = total.checked_add(number.checked_mul(unit)?)?;
            rest = &rest[end..];
        }
        Some(Self(total))
    }

    /// How many days of 24 hours it is, for figures.
    pub fn in_days(self) -> f64 {
        self.0 as f64 / Self::days(1).0 as f64
    }

    /// For timers of the standard library; a negative length is none.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.max(0) as u64)
    }
}

impl fmt::Display for Duration {
    /// The largest unit that divides it: `72h` is shown as `3d`, `90s` as `90s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        for (size, unit) in units {
            if self.0 != 0 && self.0 % size == 0 {
                return write!(f, "{}{unit}", self.0 / size);
            }
        }
        write!(f, "{}ms", self.0)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, length: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(length.0))
    }
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, other: Duration) -> Duration {
        Duration(self.0.saturating_add(other.0))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, length: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(length.0))
    }
}

impl Sub for Timestamp {
    type Output = Duration;
    fn sub(self, earlier: Timestamp) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_shown_in_the_units_of_a_rule_file() {
        assert_eq!(Duration::parse("72h"), Some(Duration::days(3)));
        assert_eq!(Duration::parse("1h30m"), Some(Duration::minutes(90)));
        assert_eq!(Duration::parse("250ms"), Some(Duration::millis(250)));
        for wrong in ["", "5", "h", "5 h", "-1h", "5y", "99999999999999999999d"] {
            assert_eq!(Duration::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Duration::parse("72h").unwrap_or_default().to_string(), "3d");
    }

    #[test]
    fn an_instant_keeps_its_offset_only_as_the_instant() {
        let at = Timestamp::parse_rfc3339("2026-03-02T10:00:00+08:00").unwrap_or_default();
        assert_eq!(at.rfc3339(), "2026-03-02T02:00:00Z");
    }
}
