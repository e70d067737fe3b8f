//! The gate: one pure function that says of a message that nobody asked for whether it may go now, and why not.

use std::fmt;

use chrono::TimeZone;
use chrono_tz::Tz;

use super::{Ledger, Planned, Policy, View};
use crate::domain::{Colour, Duration, Shop, Timestamp};

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go, in any form.
    Now,
    /// The service window is closed: it may go as a template.
    OnlyTemplate {
        /// Why.
        why: String,
    },
    /// Not yet.
    NotBefore {
        /// The next moment to ask again.
        at: Timestamp,
        /// Why.
        why: String,
    },
    /// Not at all.
    Never {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::OnlyTemplate { why } => write!(f, "only as a template: {why}"),
            Self::NotBefore { at, why } => write!(f, "not before {at}: {why}"),
            Self::Never { why } => write!(f, "{why}"),
        }
    }
}

/// Asks whether a planned message may go at that moment. What forbids it for good comes before what puts it off.
pub fn gate(
    ledger: &Ledger,
    view: &View<'_>,
    planned: &Planned,
    policy: &Policy,
    shop: &Shop,
    now: Timestamp,
) -> Verdict {
    if let Some(why) = forbidden(ledger, view, planned, policy) {
        return Verdict::Never { why: why.into() };
    }
    if now > planned.not_after {
        return Verdict::Never { why: "its latest time has passed (SEND-14)".into() };
    }
    if let Some((at, why)) = put_off(ledger, view, policy, shop, now) {
        return Verdict::NotBefore { at, why: why.into() };
    }
    match view.contact.window_ends() {
        Some(ends) if now + policy.window_margin < ends => Verdict::Now,
        _ => Verdict::OnlyTemplate { why: "more than 24 hours since the customer's last message".into() },
    }
}

fn forbidden(ledger: &Ledger, view: &View<'_>, planned: &Planned, policy: &Policy) -> Option<&'static str> {
    let contact = view.contact;
    let marketing = policy.marketing.contains(&planned.kind);
    Some(match () {
        () if contact.opted_out => "the customer wants no messages",
        () if marketing && contact.marketing_out => "the customer wants no marketing",
        () if !view.bot_may_speak => "a person is in charge",
        () if marketing && !ledger.complaints.is_empty() => "a complaint is open",
        () if view.colour == Some(Colour::Grey) => "grey means stop (SEND-4)",
        () if view.colour == Some(Colour::Yellow) && policy.not_in_yellow.contains(&planned.kind) => {
            "not in the first seven days (SEND-10)"
        }
        () if ledger.unanswered >= policy.unanswered => "the last ones were not answered",
        () => return None,
    })
}

fn put_off(
    ledger: &Ledger,
    view: &View<'_>,
    policy: &Policy,
    shop: &Shop,
    now: Timestamp,
) -> Option<(Timestamp, &'static str)> {
    let zone = view.contact.zone.unwrap_or(shop.zone);
    if let Some(wakes) = asleep_until(zone, policy, now) {
        return Some((wakes, "quiet hours where the customer lives (SEND-1)"));
    }
    let local_day = |at: Timestamp| at.utc().with_timezone(&zone).date_naive();
    if ledger.sent.iter().filter(|at| local_day(**at) == local_day(now)).count() >= policy.per_day {
        return Some((start_of_day(zone, local_day(now) + chrono::Days::new(1), policy), "one a day is enough (G-30)"));
    }
    let week = Duration::days(7);
    let in_week: Vec<_> = ledger.sent.iter().filter(|at| now - **at <= week).collect();
    if in_week.len() >= policy.per_week
        && let Some(oldest) = in_week.first()
    {
        return Some((**oldest + week + Duration::millis(1), "enough for a week"));
    }
    let last = ledger.sent.last()?;
    (now - *last < policy.gap).then(|| (*last + policy.gap, "too soon after the last one"))
}

/// The end of the quiet hours, if that moment lies in them.
fn asleep_until(zone: Tz, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let local = now.utc().with_timezone(&zone);
    let (time, day) = (local.time(), local.date_naive());
    let over_midnight = policy.quiet_from > policy.quiet_to;
    let evening = time >= policy.quiet_from;
    let morning = time < policy.quiet_to;
    match (over_midnight, evening, morning) {
        (true, true, _) => Some(start_of_day(zone, day + chrono::Days::new(1), policy)),
        (true, _, true) | (false, true, true) => Some(start_of_day(zone, day, policy)),
        _ => None,
    }
}

/// When a day begins for messages: the end of its quiet hours.
fn start_of_day(zone: Tz, day: chrono::NaiveDate, policy: &Policy) -> Timestamp {
    let start = day.and_time(policy.quiet_to);
    // A clock put forward may skip that moment: the next one that exists is an hour later.
    let moment = zone.from_local_datetime(&start).earliest();
    let moment = moment.or_else(|| zone.from_local_datetime(&(start + chrono::TimeDelta::hours(1))).earliest());
    moment.map_or(Timestamp(0), |moment| Timestamp::from(moment.with_timezone(&chrono::Utc)))
}
