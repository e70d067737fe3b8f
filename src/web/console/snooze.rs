//! Until when a conversation is put aside: what the form offers, where whoever puts it aside is.

use chrono::{Datelike, Days, NaiveTime};
use chrono_tz::Tz;

use crate::domain::{Duration, Timestamp, clock_time};

/// What the form offers: its name, and what the button says.
pub(crate) const OFFERED: [(&str, &str); 3] =
    [("later", "Later today, in 3 hours"), ("tomorrow", "Tomorrow, 9:00"), ("week", "Monday, 9:00")];
/// What the form calls taking it up again.
pub(crate) const NOW: &str = "now";
/// Later on the same day.
const LATER: Duration = Duration::hours(3);
/// When a morning begins.
const MORNING: u32 = 9;

/// The moment that an offer means to somebody in that zone; `None` of what is not offered.
pub(crate) fn until(offer: &str, now: Timestamp, zone: Tz) -> Option<Timestamp> {
    let today = now.utc().with_timezone(&zone).date_naive();
    let days = match offer {
        "later" => return Some(now + LATER),
        "tomorrow" => 1,
        "week" => 7 - u64::from(today.weekday().num_days_from_monday()),
        _ => return None,
    };
    let day = today.checked_add_days(Days::new(days))?;
    Some(clock_time(day, NaiveTime::from_hms_opt(MORNING, 0, 0)?, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mornings_are_those_of_whoever_puts_it_aside() {
        let told = |offer: &str, now: &str, zone: Tz| {
            until(offer, Timestamp::parse_rfc3339(now)?, zone).map(|at| at.rfc3339())
        };
        let is = |at: &str| Timestamp::parse_rfc3339(at).map(|at| at.rfc3339());
        // A Sunday evening in Lisbon is Monday in Hong Kong.
        let evening = "2026-03-01T20:00:00Z";
        assert_eq!(told("later", evening, chrono_tz::UTC), is("2026-03-01T23:00:00Z"));
        assert_eq!(told("tomorrow", evening, chrono_tz::Europe::Lisbon), is("2026-03-02T09:00:00Z"));
        assert_eq!(told("week", evening, chrono_tz::Europe::Lisbon), is("2026-03-02T09:00:00Z"));
        assert_eq!(told("tomorrow", evening, chrono_tz::Asia::Hong_Kong), is("2026-03-03T01:00:00Z"));
        assert_eq!(told("week", evening, chrono_tz::Asia::Hong_Kong), is("2026-03-09T01:00:00Z"));
        assert_eq!(told("never", evening, chrono_tz::UTC), None);
    }
}
