//! A figure that holds, what it says of itself, and what it gives to a tag's name.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;

use super::rule::{CrossedCount, Rule};
use super::signal::Signal;
use super::written_when::Score;
use crate::domain::{Duration, Rates, Timestamp};

/// What a figure says of itself. Most of what holds is known already, so it is put into words only where somebody reads it.
pub(super) enum Told<'r> {
    Words(String),
    /// So many of something in a window, and how many the rule needs.
    Counted(usize, &'r str, Duration, usize),
    /// So many hundredths of points in the rule's window.
    Scored(i64, &'r Rule),
    /// Several counts together.
    Crossed(&'r [CrossedCount], Vec<usize>),
}

impl Default for Told<'_> {
    fn default() -> Self {
        Self::Words(String::new())
    }
}

impl From<String> for Told<'_> {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => f.write_str(words),
            Self::Counted(have, what, window, needs) => write!(f, "{have} {what} in {window} (needs {needs})"),
            Self::Scored(points, rule) => {
                let (at_least, more_than) = rule.written.score.as_ref().map(Score::bounds).unwrap_or_default();
                let points = points_text(*points);
                match more_than > at_least {
                    true => write!(f, "score {points} in {} (needs more than {})", rule.window, points_text(more_than)),
                    false => write!(f, "score {points} in {} (needs {})", rule.window, points_text(at_least)),
                }
            }
            Self::Crossed(counts, have) => {
                for (index, (count, have)) in counts.iter().zip(have).enumerate() {
                    let sep = if index > 0 { "; " } else { "" };
                    write!(f, "{sep}{have} {} in {} (needs {})", count.of, count.within, count.needs())?;
                }
                Ok(())
            }
        }
    }
}

/// A figure that holds.
#[derive(Default)]
pub(super) struct Figure<'r> {
    pub(super) text: Told<'r>,
    /// The events behind it.
    pub(super) events: Vec<i64>,
    /// When it ceases to hold.
    pub(super) until: Option<Timestamp>,
    /// When the newest of what was counted happened.
    pub(super) newest: Timestamp,
    /// What the figure itself gives to a tag's name, such as the rest of a sum.
    pub(super) fields: Vec<(&'static str, String)>,
    /// The usual time between purchases.
    pub(super) gap: Option<Duration>,
}

impl Figure<'_> {
    /// The signal with what the figure gives to a tag's name.
    pub(super) fn told<'s>(&self, signal: &'s Signal) -> Cow<'s, Signal> {
        if self.fields.is_empty() {
            return Cow::Borrowed(signal);
        }
        let with = |signal: Signal, (name, value): &(&'static str, String)| signal.with(name, value.as_str());
        let mut signal = self.fields.iter().fold(signal.clone(), with);
        signal.numbers.extend(self.gap.map(|gap| ("gap", gap.0)));
        Cow::Owned(signal)
    }
}

/// The signal alone.
pub(super) fn own(rule: &Rule, signal: &Signal, rates: &Rates) -> Figure<'static> {
    let rest = || {
        let worth = rule.written.worth.as_ref()?;
        Some(("rest", rest(worth.rest_to?, rates.convert(signal.money?, worth.currency)?)))
    };
    // What the clock tells has no event behind it.
    let events = Vec::from_iter((signal.seq != 0).then_some(signal.seq));
    Figure { events, newest: signal.at, fields: rest().into_iter().collect(), ..Figure::default() }
}

/// What is missing to a sum, in whole units: so much is always enough.
pub(super) fn rest(aim: Decimal, have: Decimal) -> String {
    (aim - have).ceil().normalize().to_string()
}

pub(super) fn hundredths(points: f64) -> i64 {
    (points * 100.0).round() as i64
}

impl Score {
    /// What the points must reach and what they must exceed, in hundredths.
    pub(super) fn bounds(&self) -> (i64, i64) {
        (hundredths(self.at_least), hundredths(self.more_than))
    }
}

fn points_text(hundredths: i64) -> String {
    format!("{}.{}", hundredths / 100, (hundredths % 100) / 10)
}
