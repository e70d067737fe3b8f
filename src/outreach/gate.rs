//! The gate: one pure function that says of a message that nobody asked for whether it may go now, and why not.

use std::fmt;

use chrono::TimeZone;
use chrono_tz::Tz;

use super::{Condition, Held, Ledger, Planned, Policy, Shared, View};
use crate::domain::{Colour, Duration, Shop, Timestamp};

/// Why the gate says no, or not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What stands in the way.
    pub condition: Condition,
    /// What happened, where there is more to say than the condition does.
    pub detail: Option<String>,
}

impl From<Condition> for Reason {
    fn from(condition: Condition) -> Self {
        Self { condition, detail: None }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{}: {detail} ({})", self.condition.says(), self.condition.source()),
            None => self.condition.fmt(f),
        }
    }
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go, in any form.
    Now,
    /// The service window is closed: it may go as a template.
    OnlyTemplate {
        /// Why.
        why: Reason,
    },
    /// Not yet.
    NotBefore {
        /// The next moment to ask again.
        at: Timestamp,
        /// Why.
        why: Reason,
    },
    /// Not at all.
    Never {
        /// Why.
        why: Reason,
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
    shared: &Shared,
    now: Timestamp,
) -> Verdict {
    if let Some(condition) = forbidden(ledger, view, planned, policy) {
        return Verdict::Never { why: condition.into() };
    }
    if now > planned.not_after {
        return Verdict::Never { why: Condition::TooLate.into() };
    }
    let window_open = view.contact.window_ends().is_some_and(|ends| now + policy.window_margin < ends);
    if !window_open && is_closed_to_marketing(view, planned, policy) {
        return Verdict::Never { why: Condition::CountryWithoutMarketing.into() };
    }
    let own = put_off(ledger, view, policy, shop, now).map(|(at, condition)| (at, condition.into()));
    if let Some((at, why)) = own.into_iter().chain(held(shared, window_open)).max_by_key(|(at, _)| *at) {
        return Verdict::NotBefore { at, why };
    }
    match window_open {
        true => Verdict::Now,
        false => Verdict::OnlyTemplate { why: Condition::WindowClosed.into() },
    }
}

/// Whether Meta delivers templates of this kind where the customer lives.
fn is_closed_to_marketing(view: &View<'_>, planned: &Planned, policy: &Policy) -> bool {
    let closed = view.contact.country.is_some_and(|country| policy.no_marketing_templates.contains(&country));
    closed && policy.marketing.contains(&planned.kind)
}

/// What is held for many, each with the moment to ask again.
fn held(shared: &Shared, window_open: bool) -> impl Iterator<Item = (Timestamp, Reason)> {
    let templates = |held: &Option<Held>| held.clone().filter(|_| !window_open);
    let all = [
        (Condition::AccountHeld, shared.account.clone()),
        (Condition::NumberHeld, shared.number.clone()),
        (Condition::TemplateHeld, templates(&shared.template)),
        (Condition::PortfolioFull, templates(&shared.portfolio)),
        (Condition::WarmUp, templates(&shared.warm_up)),
        (Condition::BudgetSpent, shared.budget.clone()),
    ];
    all.into_iter().filter_map(|(condition, held)| {
        let held = held?;
        Some((held.until, Reason { condition, detail: Some(held.why) }))
    })
}

fn forbidden(ledger: &Ledger, view: &View<'_>, planned: &Planned, policy: &Policy) -> Option<Condition> {
    let contact = view.contact;
    let marketing = policy.marketing.contains(&planned.kind);
    Some(match () {
        () if contact.opted_out => Condition::OptedOut,
        () if marketing && contact.marketing_out => Condition::MarketingOut,
        () if !view.bot_may_speak => Condition::PersonInCharge,
        () if marketing && !ledger.complaints.is_empty() => Condition::ComplaintOpen,
        () if view.colour == Some(Colour::Grey) => Condition::Grey,
        () if view.colour == Some(Colour::Yellow) && policy.not_in_yellow.contains(&planned.kind) => Condition::Yellow,
        () if ledger.unanswered >= policy.unanswered => Condition::Unanswered,
        () => return None,
    })
}

fn put_off(
    ledger: &Ledger,
    view: &View<'_>,
    policy: &Policy,
    shop: &Shop,
    now: Timestamp,
) -> Option<(Timestamp, Condition)> {
    let zone = view.contact.zone.unwrap_or(shop.zone);
    if let Some(wakes) = asleep_until(zone, policy, now) {
        return Some((wakes, Condition::QuietHours));
    }
    let local_day = |at: Timestamp| at.utc().with_timezone(&zone).date_naive();
    if ledger.sent.iter().filter(|at| local_day(**at) == local_day(now)).count() >= policy.per_day {
        return Some((start_of_day(zone, local_day(now) + chrono::Days::new(1), policy), Condition::DayFull));
    }
    let week = Duration::days(7);
    let in_week: Vec<_> = ledger.sent.iter().filter(|at| now - **at <= week).collect();
    if in_week.len() >= policy.per_week
        && let Some(oldest) = in_week.first()
    {
        return Some((**oldest + week + Duration::millis(1), Condition::WeekFull));
    }
    let last = ledger.sent.last()?;
    (now - *last < policy.gap).then(|| (*last + policy.gap, Condition::Gap))
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
