//! A rule, understood: what its file says (`written.rs`) as lengths of time, names and figures that exist.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::{NaiveTime, Weekday};

use super::written::Written;
use crate::domain::{Colour, Duration, Every, Heat, Problem, Stage};

/// How heat cools (HEAT-6..9, 17, 18; decisions, "Lifetimes").
#[derive(Clone, Debug, Default)]
pub(super) struct HeatTable {
    pub(super) extreme: Duration,
    pub(super) high: Duration,
    pub(super) high_by_trade: BTreeMap<String, Duration>,
    pub(super) medium: Duration,
    pub(super) low_after: Duration,
    /// Stretches of red before the next is refused (COLOR-7), and how long without red makes them count anew.
    pub(super) reds: usize,
    pub(super) reds_reset: Duration,
    /// A stage falls back after this long without its signals (G-23).
    pub(super) stage_lives: Duration,
}

/// What a rule sets, understood.
#[derive(Clone, Debug)]
pub(super) struct Painting {
    pub(super) to: Colour,
    pub(super) from: Option<Vec<Colour>>,
    pub(super) from_any: bool,
    pub(super) stands: Option<Duration>,
    pub(super) from_first: bool,
    pub(super) then: Option<Colour>,
}

/// How long a tag lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Kept,
    For(Duration),
    While,
}

/// One of several counts that must hold together, understood.
#[derive(Clone, Debug)]
pub(super) struct CrossedCount {
    pub(super) of: &'static str,
    pub(super) at_least: usize,
    pub(super) at_most: usize,
    pub(super) within: Duration,
    /// Rules that count the same within the same time share a counter: its name, and its place among those that are shared.
    pub(super) counter: String,
    pub(super) place: usize,
}

impl CrossedCount {
    /// How many of the newest tell whether it holds.
    pub(super) fn needs(&self) -> String {
        match self.at_most {
            usize::MAX => format!("at least {}", self.at_least),
            most if self.at_least == 0 => format!("at most {most}"),
            most => format!("{} to {most}", self.at_least),
        }
    }

    pub(super) fn holds(&self, counted: usize) -> bool {
        (self.at_least..=self.at_most).contains(&counted)
    }

    pub(super) fn keep(&self) -> usize {
        if self.at_most == usize::MAX { self.at_least } else { self.at_least.max(self.at_most + 1) }
    }
}

/// A rise over what was before, understood.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rise {
    pub(super) within: Duration,
    pub(super) before: Duration,
}

/// How often a rule comes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// At once, and then each time that so much has passed.
    Each(Duration),
    /// On that day of the week at that hour.
    Weekly(Weekday, NaiveTime),
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Each(length) => write!(f, "every {length}"),
            Self::Weekly(day, time) => write!(f, "every {day} at {}", time.format("%H:%M")),
        }
    }
}

/// When a step of a sequence may go: so long after the beginning, and so long after it at the latest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) after: Duration,
    pub(super) latest: Duration,
}

/// A rule, understood.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) name: Arc<str>,
    pub(super) version: String,
    /// As it stands in its file.
    pub(super) words: String,
    pub(super) written: Written,
    /// Where it stands, for what only shows when all rules are seen.
    pub(super) place: Problem,
    pub(super) signals: Vec<&'static str>,
    pub(super) window: Duration,
    pub(super) sum_window: Duration,
    /// How far back a mean looks.
    pub(super) mean_window: Duration,
    /// The usual time between purchases, at least and at most.
    pub(super) gap: (Duration, Duration),
    /// It is judged at the end of each of these, not with each signal.
    pub(super) review: Option<Every>,
    /// From when until when around a day that the customer told; `None` is its month in each year.
    pub(super) around_date: Option<(Duration, Duration)>,
    /// See [`super::written_when::Count`].
    pub(super) apart: Duration,
    pub(super) rise: Option<Rise>,
    pub(super) absent_for: Duration,
    /// What its clock starts with and ends with, by the places among the signals that any rule waits for: those of `of`, and that of
    /// `after_last`.
    pub(super) waits_for: (Vec<usize>, Option<usize>),
    pub(super) crossed: Vec<CrossedCount>,
    pub(super) responses_for: Duration,
    /// Ranks of [`AnyOrder`], and how long an order must have stood there.
    pub(super) order_ranks: Ranks,
    pub(super) order_for: Duration,
    /// How often it comes round.
    pub(super) every: Option<Round>,
    /// When the messages of a sequence may go.
    pub(super) steps: Vec<Step>,
    pub(super) since_first: Option<(Duration, Duration)>,
    /// How long ago what `holds` asks for was bought.
    pub(super) bought_ago: Option<(Duration, Duration)>,
    pub(super) life: Life,
    pub(super) painting: Option<Painting>,
    pub(super) heat: Option<Heat>,
    pub(super) stage: Option<Stage>,
    pub(super) promise: Duration,
    pub(super) follow_after: Duration,
    /// So long before the next purchase is due.
    pub(super) follow_before: Option<Duration>,
    pub(super) follow_latest: Duration,
}

impl Rule {
    /// An error where the rule stands.
    pub(super) fn problem(&self, message: impl Into<String>, advice: impl Into<String>) -> Problem {
        Problem { message: message.into(), advice: advice.into(), ..self.place.clone() }
    }
}

/// A set of ranks of orders. Every event asks each order whether it stands in one, so it is looked up without a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranks(u16);

impl Ranks {
    pub(super) fn contains(self, rank: u8) -> bool {
        1_u16.checked_shl(rank.into()).is_some_and(|bit| self.0 & bit != 0)
    }

    /// Whether both contain the same rank.
    pub(super) fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl FromIterator<u8> for Ranks {
    fn from_iter<T: IntoIterator<Item = u8>>(ranks: T) -> Self {
        Self(ranks.into_iter().filter_map(|rank| 1_u16.checked_shl(rank.into())).fold(0, |set, bit| set | bit))
    }
}
