//! The best moment: the customer's own hours where they are known, else the country's, the zone's, the default.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::habits::{Habits, named};
use super::hours::{Hours, QUARTER, local};
use super::slots::{GroupRow, KindRow, Slots};
use super::{Planned, View};
use crate::domain::{MessageKind, Timestamp, stable_hash};

/// How far ahead a slot is looked for.
const DAYS_AHEAD: u64 = 9;

/// A wish for the best moment: not before, not after, never in these hours.
pub(super) struct Wish<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) habits: &'a Habits,
    pub(super) planned: &'a Planned,
    pub(super) closed: Hours,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Slots {
    fn kind_row(&self, planned: &Planned) -> Option<&KindRow> {
        self.kind.iter().find(|row| row.is_of(planned))
    }

    /// The best moment of a wish; `None` where no good hour lies in its time.
    pub(super) fn best(&self, wish: &Wish<'_>) -> Option<Timestamp> {
        let (first, last) = (local(wish.from, wish.view.zone).0, local(wish.until, wish.view.zone).0);
        let days = || (0..DAYS_AHEAD).filter_map(|ahead| first.checked_add_days(Days::new(ahead)));
        let has_habits = (wish.view.holds)("slot/*");
        type Level<'a> = &'a dyn Fn(NaiveDate) -> Hours;
        let levels: [Level<'_>; 7] = [
            &|day| if has_habits { self.habitual(wish.view, day.weekday()) } else { Hours::NONE },
            &|day| wish.habits.profile(self, self.is_weekend(wish.view.contact.country, day.weekday())),
            &|day| self.shifted(self.of_country(wish.view, day.weekday(), true), wish.view),
            &|day| self.shifted(self.of_country(wish.view, day.weekday(), false), wish.view),
            &|day| self.of_kind(wish.planned, day.weekday()),
            &|_| self.shifted(self.of_group(wish.view, wish.planned.kind), wish.view),
            &|_| self.shifted(self.default.slot, wish.view),
        ];
        levels.iter().find_map(|level| {
            days().take_while(|day| *day <= last).find_map(|day| moment(level(day).without(wish.closed), day, wish))
        })
    }

    /// The hours of the habits that hold on that weekday. The tag is what counts: a person may give or take it.
    fn habitual(&self, view: &View<'_>, day: Weekday) -> Hours {
        let held = self.habit.iter().filter(|row| (view.holds)(&format!("slot/{}", named(day, row))));
        held.fold(Hours::NONE, |all, row| all.and(row.hours))
    }

    fn of_kind(&self, planned: &Planned, day: Weekday) -> Hours {
        match self.kind_row(planned) {
            Some(row) if row.days.is_empty() || row.days.contains(&day) => {
                row.slots.iter().fold(Hours::NONE, |all, slot| all.and(*slot))
            }
            _ => Hours::NONE,
        }
    }

    /// The country's golden hours (SLOT-16), or the heart of them.
    fn of_country(&self, view: &View<'_>, day: Weekday, heart: bool) -> Hours {
        let Some(row) = self.row(view.contact.country) else { return Hours::NONE };
        match (row.weekend_days.contains(&day), row.weekend, row.best.filter(|_| heart)) {
            (true, Some(weekend), _) => weekend,
            (false, _, Some(best)) => best,
            _ => row.workday,
        }
    }

    fn of_group(&self, view: &View<'_>, kind: MessageKind) -> Hours {
        let of = |row: &&GroupRow| (row.kinds.is_empty() || row.kinds.contains(&kind)) && (view.holds)(&row.tag);
        self.group.iter().find(of).map_or(Hours::NONE, |row| row.slot)
    }

    /// Calendars move the tables while their tags hold (SLOT-13..15).
    fn shifted(&self, hours: Hours, view: &View<'_>) -> Hours {
        if hours.is_empty() {
            return hours;
        }
        self.shift.iter().filter(|shift| (view.holds)(&shift.tag)).fold(hours, |hours, shift| {
            let hours = shift.later.map_or(hours, |later| hours.later(later));
            shift.also.map_or(hours, |also| hours.and(also))
        })
    }
}

/// A moment in these hours of that day and in the wish's time: the same customer and rule get the same share of them, others
/// another, so that many messages are no spike.
fn moment(hours: Hours, day: NaiveDate, wish: &Wish<'_>) -> Option<Timestamp> {
    if hours.is_empty() {
        return None;
    }
    let inside = |start: Timestamp| start + QUARTER > wish.from && start <= wish.until;
    let quarters: Vec<Timestamp> =
        hours.of_day(day, wish.view.zone).map(|(start, _)| start).filter(|start| inside(*start)).collect();
    let hash = stable(wish.view.contact.id.0, &wish.planned.rule);
    let start = *quarters.get(usize::try_from(hash % quarters.len().max(1) as u64).ok()?)?;
    let earliest = start.max(wish.from);
    let latest = Timestamp((start + QUARTER).0 - 1).min(wish.until);
    let length = (latest.0 - earliest.0).max(0) as u64 + 1;
    Some(Timestamp(earliest.0 + ((hash >> 16) % length) as i64))
}

/// The same for a contact and a name on every machine (a hash with a finish that mixes all bits).
pub fn stable(contact: i64, name: &str) -> u64 {
    let hash = stable_hash(contact.to_le_bytes().into_iter().chain(name.bytes()));
    let mixed = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ mixed >> 33
}
