//! What a report says: figures, each with what it rests on, what it is measured by, and why it is missing where it is.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// A stretch of time that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment behind it.
    pub until: Timestamp,
}

impl Span {
    /// Whether a moment lies in it.
    pub fn has(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Its name, as it stands in addresses.
    pub name: String,
    /// What it tells, in a sentence.
    pub about: String,
    /// From when on…
    pub from: String,
    /// …and until when it counts.
    pub until: String,
    /// What was found.
    pub figures: Vec<Figure>,
}

/// One figure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The catalogue's entry, such as MET-14.
    pub entry: String,
    /// What is measured.
    pub name: String,
    /// Of whom or of what; empty for all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
    /// How much; `None` where it cannot be known: `note` says why.
    pub value: Option<f64>,
    /// Of what: `%`, `h`, `days`, a currency.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// How many cases it rests on.
    pub cases: i64,
    /// What it is measured by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<Aim>,
    /// Whether it is as it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<bool>,
    /// What else is to be said: why it is missing, a proposal, a warning.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a figure is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// It must not be less.
    AtLeast(f64),
    /// It must not be more.
    AtMost(f64),
    /// It must be less.
    Under(f64),
    /// It must be more.
    Over(f64),
}

impl std::fmt::Display for Aim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(figure) => write!(f, "at least {figure}"),
            Self::AtMost(figure) => write!(f, "at most {figure}"),
            Self::Under(figure) => write!(f, "under {figure}"),
            Self::Over(figure) => write!(f, "over {figure}"),
        }
    }
}

impl Figure {
    /// A figure that is known, to one decimal.
    pub fn new(entry: &str, name: &str, value: f64, unit: &str, cases: i64) -> Self {
        let value = Some((value * 10.0).round() / 10.0);
        Self { entry: entry.into(), name: name.into(), value, unit: unit.into(), cases, ..Self::default() }
    }

    /// A share in per cent; unknown where there is nothing to share.
    pub fn share(entry: &str, name: &str, part: i64, whole: i64) -> Self {
        match whole {
            0 => Self::unknown(entry, name, "nothing of the kind happened"),
            _ => Self::new(entry, name, part as f64 * 100.0 / whole as f64, "%", whole),
        }
    }

    /// One that cannot be known, and why.
    pub fn unknown(entry: &str, name: &str, note: impl Into<String>) -> Self {
        Self { entry: entry.into(), name: name.into(), note: note.into(), ..Self::default() }
    }

    /// Of whom or of what.
    #[must_use]
    pub fn of(mut self, of: impl Into<String>) -> Self {
        self.of = of.into();
        self
    }

    /// What else is to be said.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Measures it.
    #[must_use]
    pub fn aim(mut self, aim: Aim) -> Self {
        self.good = self.value.map(|value| match aim {
            Aim::AtLeast(least) => value >= least,
            Aim::AtMost(most) => value <= most,
            Aim::Under(end) => value < end,
            Aim::Over(end) => value > end,
        });
        self.aim = Some(aim);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_measured_where_it_is_known() {
        let share = Figure::share("MET-14", "repurchase", 3, 4).aim(Aim::AtLeast(75.0));
        assert_eq!((share.value, share.cases, share.good), (Some(75.0), 4, Some(true)));
        let judged = |part, aim| Figure::share("MET-18", "wrong", part, 20).aim(aim).good;
        assert_eq!(judged(1, Aim::AtMost(5.0)), Some(true));
        assert_eq!((judged(1, Aim::Under(5.0)), judged(0, Aim::Under(5.0))), (Some(false), Some(true)));
        assert_eq!((judged(15, Aim::Over(75.0)), judged(16, Aim::Over(75.0))), (Some(false), Some(true)));
        let none = Figure::share("MET-14", "repurchase", 0, 0).aim(Aim::AtLeast(75.0));
        assert_eq!((none.value, none.good), (None, None));
    }
}
