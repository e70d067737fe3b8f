//! How customers take what a number or a template sends, as Meta works it out (section 5.5).

use std::collections::VecDeque;

use crate::domain::{Duration, Timestamp};

/// The time that quality looks back on (section 5.5).
const QUALITY_WINDOW_HOURS: i64 = 7 * 24;
/// Shares of blocks and reports among messages that nobody asked for, from which quality is yellow and red. Our own figures.
const YELLOW: f64 = 0.010;
const RED: f64 = 0.025;
/// Messages below which no share is worked out. Our own figure.
const LEAST_MESSAGES: u32 = 200;

/// How customers take what is sent, of a number or a template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "Meta's own names")]
pub enum Quality {
    #[default]
    Green,
    Yellow,
    Red,
}

impl Quality {
    /// Meta's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Green => "GREEN",
            Self::Yellow => "YELLOW",
            Self::Red => "RED",
        }
    }
}

/// Messages and complaints by the hour.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    hours: VecDeque<(i64, u32, u32)>,
}

impl Record {
    /// Takes in what was sent and what was held against it.
    pub(super) fn note(&mut self, now: Timestamp, messages: u32, complaints: u32) {
        let hour = now.0 / Duration::hours(1).0;
        match self.hours.back_mut().filter(|(last, ..)| *last == hour) {
            Some((_, sent, bad)) => (*sent, *bad) = (*sent + messages, *bad + complaints),
            None => self.hours.push_back((hour, messages, complaints)),
        }
        while self.hours.front().is_some_and(|(first, ..)| *first + QUALITY_WINDOW_HOURS <= hour) {
            self.hours.pop_front();
        }
    }

    /// What the last week comes to.
    pub(super) fn quality(&self) -> Quality {
        let (messages, complaints) = self
            .hours
            .iter()
            .fold((0, 0), |(messages, complaints), (_, sent, bad)| (messages + sent, complaints + bad));
        let share = f64::from(complaints) / f64::from(messages.max(1));
        match () {
            () if messages < LEAST_MESSAGES || share < YELLOW => Quality::Green,
            () if share < RED => Quality::Yellow,
            () => Quality::Red,
        }
    }
}
