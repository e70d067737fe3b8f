//! When a customer reads and writes: a map of weekday by hour, and the habits that show in it (SLOT-8, 11, 12; HEAT-15, 16; G-17).

use chrono::{Datelike, Timelike, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::hours::{Hours, week, weekday_name};
use super::slots::{HabitRow, Of, Slots};
use crate::domain::{Country, Habit, Timestamp};

/// A week's days, in the order in which they are counted.
const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// What happened on one weekday, in each of the last weeks in which something did, the newest last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "StoredRun", into = "StoredRun")]
struct Run {
    of: Of,
    day: u8,
    weeks: Vec<Week>,
}

/// Which week, and the parts of the day in which all of it lay, one bit for each.
type Week = (i32, u32);

/// As it is stored: the last week with its parts, and those before with how many weeks earlier each was. The last form is older: the
/// last week, and for each part in how many weeks up to that one all lay in it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredRun {
    Week(Of, u8, i32, u32),
    Weeks(Of, u8, i32, u32, Vec<Week>),
    Counts(Of, u8, i32, Vec<u8>),
}

impl From<StoredRun> for Run {
    fn from(stored: StoredRun) -> Self {
        match stored {
            StoredRun::Week(of, day, last, parts) => Self { of, day, weeks: vec![(last, parts)] },
            StoredRun::Weeks(of, day, last, parts, earlier) => {
                let earlier = earlier.into_iter().map(|(ago, parts)| (last - ago, parts));
                Self { of, day, weeks: earlier.chain([(last, parts)]).collect() }
            }
            StoredRun::Counts(of, day, last, counts) => {
                let most = counts.iter().max().copied().unwrap_or_default();
                let parts = |ago: u8| counts.iter().zip(0..).map(|(count, part)| u32::from(*count > ago) << part).sum();
                // The week before those was in none of the parts, as far as is known.
                let weeks = (0..=most).rev().map(|ago| (last - i32::from(ago), parts(ago))).collect();
                Self { of, day, weeks }
            }
        }
    }
}

impl From<Run> for StoredRun {
    fn from(Run { of, day, mut weeks }: Run) -> Self {
        let (last, parts) = weeks.pop().unwrap_or((i32::MIN, 0));
        match weeks.is_empty() {
            true => Self::Week(of, day, last, parts),
            false => {
                let earlier = weeks.into_iter().map(|(week, parts)| (last - week, parts)).collect();
                Self::Weeks(of, day, last, parts, earlier)
            }
        }
    }
}

impl Run {
    /// Whether all lay in a part of the day in the last weeks.
    fn holds(&self, part: usize, needed: usize) -> bool {
        let last = self.weeks.iter().rev().take(needed);
        last.len() == needed && last.clone().all(|(_, parts)| parts >> part & 1 == 1)
    }

    /// Takes in what happened in a week, within these parts of the day; whether the week was not known before. Of a week that is
    /// told late only what could still change a row counts.
    fn note(&mut self, week: i32, parts: u32, needed: usize) -> bool {
        let place = self.weeks.partition_point(|(other, _)| *other < week);
        if let Some((_, known)) = self.weeks.get_mut(place).filter(|(other, _)| *other == week) {
            *known &= parts;
            return false;
        }
        self.weeks.insert(place, (week, parts));
        // Before a week that breaks every row, or before those that make one, nothing is asked for.
        let mut left = u32::MAX;
        let counts = |(_, parts): &&Week| {
            let goes_on = left != 0;
            left &= parts;
            goes_on
        };
        let counted = self.weeks.iter().rev().take(needed).take_while(counts).count();
        self.weeks.drain(..self.weeks.len() - counted);
        self.weeks.iter().any(|(other, _)| *other == week)
    }
}

/// Weeks in a row in which a topic came up in one part of one weekday: weekday, part, topic, last week, weeks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Topic(u8, u8, String, i32, u8);

/// The map and the habits under way. Part of the fold's state, so it is kept small.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Habits {
    #[serde(rename = "m", skip_serializing_if = "WeekMap::is_empty")]
    map: WeekMap,
    /// Since when the map counts.
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    #[serde(rename = "r", skip_serializing_if = "Vec::is_empty")]
    runs: Vec<Run>,
    #[serde(rename = "t", skip_serializing_if = "Vec::is_empty")]
    topics: Vec<Topic>,
    /// First hour of the best stretch on workdays and on weekends.
    #[serde(rename = "b", skip_serializing_if = "nothing_known")]
    best: [Option<u8>; 2],
}

fn nothing_known(best: &[Option<u8>; 2]) -> bool {
    best.iter().all(Option::is_none)
}

/// Where a customer's day is counted.
pub(super) struct Place {
    pub(super) zone: Tz,
    pub(super) country: Option<Country>,
}

/// One read or message: the local day, the week it lies in, the hour, and what it is about.
struct Seen<'a> {
    of: Of,
    day: Weekday,
    week: i32,
    hour: u8,
    topic: Option<&'a str>,
}

impl Habits {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes in that the customer read or wrote; tells which habits showed themselves or are over by that.
    pub(super) fn observe(
        &mut self,
        of: Of,
        at: Timestamp,
        (topic, is_counted): (Option<&str>, bool),
        place: &Place,
        slots: &Slots,
    ) -> Vec<Habit> {
        let local = at.utc().with_timezone(&place.zone);
        let seen = Seen { of, day: local.weekday(), week: week(local.date_naive()), hour: local.hour() as u8, topic };
        let mut moves = Vec::new();
        self.fade(at, slots);
        // The messages of a burst are one interaction, whatever each of them is about (G-5).
        if !is_counted {
            self.map.count(seen.day, seen.hour);
        }
        self.look_afresh(at, place, slots, &mut moves);
        self.weigh(&seen, slots, &mut moves);
        moves
    }

    /// Months that went by without a sign count like those with one: what is older counts half after each (SLOT-12).
    fn fade(&mut self, at: Timestamp, slots: &Slots) {
        let months = self.since.and_then(|since| (at - since).0.checked_div(slots.personal.afresh.0)).unwrap_or(0);
        // The last of them is over when the stretches are found anew. No figure is left after a few.
        for _ in 1..months.min(8) {
            self.map.halve();
        }
    }

    /// Once a month the best stretches are found anew, and what is older counts half from then on (SLOT-12). Until anything is
    /// known it is looked for each time.
    fn look_afresh(&mut self, at: Timestamp, place: &Place, slots: &Slots, moves: &mut Vec<Habit>) {
        let due = at - *self.since.get_or_insert(at) >= slots.personal.afresh;
        for (weekend, kind) in ["weekday", "weekend"].into_iter().enumerate() {
            if !due && self.best[weekend].is_some() {
                continue;
            }
            let found = self.stretch(weekend == 1, place.country, slots);
            let before = std::mem::replace(&mut self.best[weekend], found);
            let hours = slots.personal.hours;
            let name = |start: u8| format!("{kind}-{start:02}-{:02}", (u32::from(start) + hours - 1) % 24 + 1);
            let over = before.filter(|_| before != found).map(|start| Habit { name: name(start), holds: false });
            moves.extend(over.into_iter().chain(found.map(|start| Habit { name: name(start), holds: true })));
        }
        if due {
            self.map.halve();
            self.since = Some(at);
        }
    }

    /// The stretch of hours in which most happened, where that is enough to say so.
    fn stretch(&self, weekend: bool, country: Option<Country>, slots: &Slots) -> Option<u8> {
        let mut by_hour = [0_u32; 24];
        let counts = WEEK.map(|day| slots.is_weekend(country, day) == weekend);
        for (day, hour, times) in self.map.iter() {
            if counts[day.num_days_from_monday() as usize] {
                by_hour[usize::from(hour)] += u32::from(times);
            }
        }
        let all: u32 = by_hour.iter().sum();
        let of = |start: u8| {
            let hours = by_hour.iter().cycle().skip(usize::from(start));
            hours.take(slots.personal.hours as usize).sum::<u32>()
        };
        // Of equal ones the earliest.
        let (start, most) = (0..24).map(|start| (start, of(start))).max_by_key(|(start, sum)| (*sum, 24 - *start))?;
        (all >= slots.personal.least && most * 100 >= all * slots.personal.share).then_some(start)
    }

    /// Whether the last weeks on that weekday were all in one part of the day (G-17). What is told late counts in its own week.
    fn weigh(&mut self, seen: &Seen<'_>, slots: &Slots, moves: &mut Vec<Habit>) {
        let day = seen.day.num_days_from_monday() as u8;
        let place = self.runs.iter().position(|run| (run.of, run.day) == (seen.of, day));
        let place = place.unwrap_or_else(|| {
            self.runs.push(Run { of: seen.of, day, weeks: Vec::new() });
            self.runs.len() - 1
        });
        let Some(run) = self.runs.get_mut(place) else { return };
        let before = run.weeks.last().map_or(i32::MIN, |(week, _)| *week);
        let needed = slots.personal.weeks;
        let rows: Vec<(&HabitRow, bool)> = slots.of(seen.of).map(|row| (row, row.hours.has_hour(seen.hour))).collect();
        let held: Vec<bool> = (0..rows.len()).map(|part| run.holds(part, needed.into())).collect();
        let parts = rows.iter().zip(0..).map(|((_, inside), part)| u32::from(*inside) << part).sum();
        let is_new = run.note(seen.week, parts, needed.into());
        for ((part, held), (row, _)) in held.into_iter().enumerate().zip(&rows) {
            let holds = run.holds(part, needed.into());
            if holds && is_new || held && !holds {
                moves.push(Habit { name: named(seen.day, row), holds });
            }
        }
        // Topics go on from week to week: of one that is over, nothing more is told.
        if seen.of == Of::Message && seen.week >= before {
            for (index, (row, inside)) in rows.into_iter().enumerate() {
                self.weigh_topic((day, index as u8), row, inside.then_some(before), seen, needed, moves);
            }
        }
    }

    /// Whether the same topic came up each week in that part of the day (HEAT-16). `before` is the last week in which they wrote
    /// on that weekday; `None` where this message lies outside.
    fn weigh_topic(
        &mut self,
        key: (u8, u8),
        row: &HabitRow,
        before: Option<i32>,
        seen: &Seen<'_>,
        needed: u8,
        moves: &mut Vec<Habit>,
    ) {
        let name = |topic: &str| format!("{}+{topic}", named(seen.day, row));
        let is_new = before.is_some_and(|before| seen.week > before);
        self.topics.retain(|Topic(day, part, topic, week, weeks)| {
            let over = (*day, *part) == key && before.is_none_or(|before| is_new && *week != before);
            if over && *weeks >= needed {
                moves.push(Habit { name: name(topic), holds: false });
            }
            !over
        });
        let Some(topic) = seen.topic.filter(|_| before.is_some()) else { return };
        let known = self.topics.iter_mut().find(|Topic(day, part, name, ..)| (*day, *part) == key && name == topic);
        match known {
            Some(Topic(.., week, weeks)) if *week < seen.week => {
                (*week, *weeks) = (seen.week, (*weeks + 1).min(needed));
                if *weeks >= needed {
                    moves.push(Habit { name: name(topic), holds: true });
                }
            }
            Some(_) => {}
            None => self.topics.push(Topic(key.0, key.1, topic.to_owned(), seen.week, 1)),
        }
    }

    /// The best stretch on workdays or weekends.
    pub(super) fn profile(&self, slots: &Slots, weekend: bool) -> Hours {
        let start = self.best[usize::from(weekend)];
        start.map_or(Hours::NONE, |start| Hours::stretch(start, slots.personal.hours))
    }
}

/// What a habit is called: the weekday and the part of the day.
pub(super) fn named(day: Weekday, row: &HabitRow) -> String {
    format!("{}-{}", weekday_name(day), row.name)
}

/// How much happened in each hour of the week. Written as seven rows of digits to the base of 36, zeros at an end left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct WeekMap([[u8; 24]; 7]);

impl WeekMap {
    /// The largest figure of one digit.
    const FULL: u8 = 35;

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds one; when an hour is full all count half, so that what is recent keeps its weight.
    fn count(&mut self, day: Weekday, hour: u8) {
        let (day, hour) = (day.num_days_from_monday() as usize, usize::from(hour % 24));
        if self.0[day][hour] == Self::FULL {
            self.halve();
        }
        self.0[day][hour] += 1;
    }

    fn halve(&mut self) {
        self.0.as_flattened_mut().iter_mut().for_each(|times| *times /= 2);
    }

    fn iter(&self) -> impl Iterator<Item = (Weekday, u8, u8)> {
        self.0.iter().zip(0_u8..).flat_map(|(hours, day)| {
            let day = Weekday::try_from(day).unwrap_or(Weekday::Mon);
            hours.iter().zip(0_u8..).filter(|(times, _)| **times > 0).map(move |(times, hour)| (day, hour, *times))
        })
    }
}

impl From<WeekMap> for String {
    fn from(map: WeekMap) -> Self {
        let digit = |times: &u8| char::from_digit(u32::from(*times), 36).unwrap_or('0');
        let row = |hours: &[u8; 24]| hours.iter().map(digit).collect::<Self>().trim_end_matches('0').to_owned();
        let rows: Vec<_> = map.0.iter().map(row).collect();
        rows.join("/").trim_end_matches('/').to_owned()
    }
}

impl TryFrom<String> for WeekMap {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let mut map = Self::default();
        for (hours, row) in map.0.iter_mut().zip(text.split('/')) {
            for (times, digit) in hours.iter_mut().zip(row.chars()) {
                let read = digit.to_digit(36).ok_or_else(|| format!("`{digit}` is no figure of the map of hours"))?;
                *times = read as u8;
            }
        }
        Ok(map)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn a_run_counts_weeks_in_their_order_however_they_are_told() {
        let mut run = Run { of: Of::Read, day: 2, weeks: Vec::new() };
        for week in [1, 2, 4, 5] {
            assert!(run.note(week, 0b01, 5));
        }
        assert!(!run.holds(0, 5));
        assert!(run.note(3, 0b11, 5), "told late");
        assert!(run.holds(0, 5) && !run.holds(1, 5));
        assert!(!run.note(3, 0b10, 5), "the same week, elsewhere");
        assert!(!run.holds(0, 5));
        assert!(run.note(6, 0b00, 5));
        assert_eq!(run.weeks, [(6, 0)], "what is before a week in no part of the day is asked for no more");
        assert!(!run.note(5, 0b01, 5));
    }

    #[test]
    fn runs_of_older_states_are_understood() {
        let run: Run = serde_json::from_str(r#"["read",2,2930,[5,0,2]]"#).unwrap();
        assert!(run.holds(0, 5) && !run.holds(1, 5) && !run.holds(2, 5) && run.holds(2, 2) && !run.holds(2, 3));
        let one = Run { of: Of::Message, day: 0, weeks: vec![(2930, 0)] };
        assert_eq!(serde_json::to_string(&one).unwrap(), r#"["message",0,2930,0]"#);
        for run in [run, one] {
            let again: Run = serde_json::from_str(&serde_json::to_string(&run).unwrap()).unwrap();
            assert_eq!(again, run);
        }
    }

    #[test]
    fn a_map_is_read_as_it_was_written() {
        let mut map = WeekMap::default();
        assert_eq!(String::from(map.clone()), "");
        map.count(Weekday::Wed, 20);
        for _ in 0..40 {
            map.count(Weekday::Fri, 0);
        }
        assert_eq!(String::from(map.clone()), "////m");
        map.count(Weekday::Mon, 3);
        let text = String::from(map.clone());
        assert_eq!(text, "0001////m");
        assert_eq!(WeekMap::try_from(text).unwrap(), map);
    }
}
