//! What the gate says of a message, and for which reason.

use std::fmt;

use super::Condition;
use crate::domain::Timestamp;

/// Why the gate says no, or not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What stands in the way.
    pub condition: Condition,
    /// What happened, where there is more to say than the condition does.
    pub detail: Option<String>,
}

impl Reason {
    /// In words, for who is to read no more than that.
    pub fn says(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{}: {detail}", self.condition.says()),
            None => self.condition.says().to_owned(),
        }
    }
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
    /// It may go, but only as this template of Meta's.
    OnlyTemplate {
        /// Its name.
        template: String,
        /// Why.
        why: Reason,
    },
    /// Not yet.
    NotBefore {
        /// The next moment at which it may go, as far as is known now.
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

impl Verdict {
    /// Why not, or not in every form.
    pub fn why(&self) -> Option<&Reason> {
        match self {
            Self::Now => None,
            Self::OnlyTemplate { why, .. } | Self::NotBefore { why, .. } | Self::Never { why } => Some(why),
        }
    }

    /// Whether it may go, in words or as a template.
    pub(super) fn lets_go(&self) -> bool {
        matches!(self, Self::Now | Self::OnlyTemplate { .. })
    }

    /// Why it does not go as long as it is worth anything, which is until `not_after`; `None` where it may.
    pub fn forbids(&self, not_after: Timestamp) -> Option<&Reason> {
        match self {
            Self::Never { why } => Some(why),
            Self::NotBefore { at, why } if *at > not_after => Some(why),
            _ => None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::OnlyTemplate { template, why } => write!(f, "only as the template {template}: {why}"),
            Self::NotBefore { at, why } => write!(f, "not before {at}: {why}"),
            Self::Never { why } => write!(f, "{why}"),
        }
    }
}
