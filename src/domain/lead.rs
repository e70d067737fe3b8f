//! How near a contact is to buying: colour, heat and stage. One of each holds at a time.

use serde::{Deserialize, Serialize};

/// The follow-up colour (COLOR-1..5, 14, 15). Order is urgency, most urgent last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// No active contact.
    Grey,
    /// Long-term care of other customers (COLOR-15). Timelines may say `green`.
    #[serde(alias = "green")]
    LightGreen,
    /// Long-term care of those who spend much (COLOR-14).
    DarkGreen,
    /// First seven days.
    Yellow,
    /// A quote asked for, or read without an answer.
    Orange,
    /// Key decision period.
    Red,
}

impl Colour {
    /// The name in tags (`color/red`) and timelines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::LightGreen => "light-green",
            Self::DarkGreen => "dark-green",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
        }
    }

    /// Both shades of green.
    pub fn is_green(self) -> bool {
        matches!(self, Self::LightGreen | Self::DarkGreen)
    }

    /// The colour of that name; `green` is the light shade.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "grey" => Self::Grey,
            "green" | "light-green" => Self::LightGreen,
            "dark-green" => Self::DarkGreen,
            "yellow" => Self::Yellow,
            "orange" => Self::Orange,
            "red" => Self::Red,
            _ => return None,
        })
    }
}

/// The heat tier (HEAT-6..9). Order is warmth, hottest last. No tier at all is `None` of an option (G-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Heat {
    /// Nothing in 30 days.
    Low,
    /// Something within 7 days.
    Medium,
    /// Twice within 24 hours.
    High,
    /// Three times within one hour.
    Extreme,
}

impl Heat {
    /// The name in tags (`heat/extreme`) and timelines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Extreme => "extreme",
        }
    }

    /// The tier of that name; `None` also for `none`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "extreme" => Self::Extreme,
            _ => return None,
        })
    }
}

/// The purchase stage (STAGE-1). Order is progress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Stage 1.
    #[default]
    FirstContact,
    /// Stage 2.
    Considering,
    /// Stage 3.
    AboutToBuy,
    /// Stage 4.
    FirstPurchase,
    /// Stage 5.
    Loyal,
}

const STAGES: [Stage; 5] =
    [Stage::FirstContact, Stage::Considering, Stage::AboutToBuy, Stage::FirstPurchase, Stage::Loyal];

impl Stage {
    /// The name in timelines.
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstContact => "first-contact",
            Self::Considering => "considering",
            Self::AboutToBuy => "about-to-buy",
            Self::FirstPurchase => "first-purchase",
            Self::Loyal => "loyal",
        }
    }

    /// The number in tags (`stage/1`).
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The stage of that number.
    pub fn from_number(number: u8) -> Option<Self> {
        STAGES.into_iter().find(|stage| stage.number() == number)
    }

    /// The stage of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        STAGES.into_iter().find(|stage| stage.name() == name)
    }
}
