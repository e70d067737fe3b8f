//! `governance.toml`: every threshold that a shop may want to move.

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::domain::{Duration, OrderState, Problem, SourceFile, duration};
use crate::segments::Segment;

/// What stands in `governance.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the tables of governance.toml, which explains them")]
pub struct Figures {
    pub alerts: AlertFigures,
    pub permissions: Permissions,
    pub tags: TagLimits,
    pub report: ReportFigures,
}

/// When an alert stands.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertFigures {
    pub least_contacts: i64,
    pub red_share: RedShare,
    pub grey_share: GreyShare,
    pub tag_count: TagCount,
    pub tag_use: TagUseLimit,
    pub tag_accuracy: TagAccuracy,
}

/// COLOR-24.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedShare {
    pub more_than: Decimal,
}

/// COLOR-25.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GreyShare {
    pub rise: Decimal,
    pub days: u32,
    pub least_days: usize,
    pub least_share: Decimal,
}

/// GOV-1, NAME-7.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagCount {
    pub more_than: usize,
}

/// GOV-2.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagUseLimit {
    pub less_than: Decimal,
    pub least_tags: i64,
}

/// GOV-4.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagAccuracy {
    pub less_than: Decimal,
    pub least_verdicts: i64,
}

/// GOV-11: roles that may change the set of tags.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permissions {
    create: Vec<String>,
    change: Vec<String>,
    delete: Vec<String>,
    assign: Vec<String>,
}

/// What somebody does with the set of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes a new tag.
    Create,
    /// Gives it another label or colour, merges or archives it.
    Change,
    /// Forgets it.
    Delete,
    /// Sets it on a contact, or takes it away.
    Assign,
}

impl Action {
    /// The name in `governance.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Delete => "delete",
            Self::Assign => "assign",
        }
    }
}

impl Permissions {
    /// Roles that may do this.
    pub fn of(&self, action: Action) -> &[String] {
        match action {
            Action::Create => &self.create,
            Action::Change => &self.change,
            Action::Delete => &self.delete,
            Action::Assign => &self.assign,
        }
    }
}

/// When the set of tags is out of order.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TagLimits {
    #[serde(deserialize_with = "duration")]
    pub month: Duration,
    #[serde(deserialize_with = "duration")]
    pub unused_after: Duration,
    pub rarely_used: i64,
    pub archive_over: i64,
    pub delete_under: i64,
    #[serde(deserialize_with = "duration")]
    pub delete_after: Duration,
    pub overlap: Decimal,
    pub overlap_least: i64,
    #[serde(deserialize_with = "duration")]
    pub campaign_after: Duration,
    pub campaign_into: String,
}

/// What the report on tags measures by.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportFigures {
    pub ideal_tags: [u32; 2],
    pub tags_under: u32,
    pub ideal_use: Decimal,
    pub ideal_accuracy: Decimal,
    #[serde(deserialize_with = "duration")]
    pub delay_ideal: Duration,
    #[serde(deserialize_with = "duration")]
    pub delay_risk: Duration,
    pub core_covers: Decimal,
    pub new_categories_at_most: f64,
    pub sample: Decimal,
    pub sample_errors_under: Decimal,
    pub quick_check_right: Decimal,
    #[serde(deserialize_with = "duration")]
    pub review_every: Duration,
    pub fades_monthly: Decimal,
    #[serde(default)]
    pub quick_check: Vec<QuickCheck>,
    #[serde(default)]
    pub audit: Vec<Audit>,
}

/// GOV-18: orders of a state, and the tag that says so.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuickCheck {
    #[serde(deserialize_with = "order_state")]
    pub state: OrderState,
    #[serde(deserialize_with = "duration")]
    pub after: Duration,
    pub tag: String,
}

/// GOV-20: a segment that is counted.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    pub name: String,
    #[serde(deserialize_with = "segment")]
    pub segment: Segment,
}

fn order_state<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<OrderState, D::Error> {
    let name = String::deserialize(deserializer)?;
    OrderState::from_name(&name)
        .ok_or_else(|| serde::de::Error::custom(format!("there is no state of an order `{name}`")))
}

fn segment<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Segment, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|error| serde::de::Error::custom(format!("`{text}` is no segment: {error}")))
}

impl Figures {
    /// Reads `governance.toml` among the files.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let holds = "when an alert stands and how tags are kept in order";
        let advice = "Compare with the file that ships with Hotline: every figure of it is needed.";
        match SourceFile::required(files, "governance.toml", holds).and_then(|file| file.toml(advice)) {
            Ok(figures) => (Some(figures), Vec::new()),
            Err(problem) => (None, vec![problem]),
        }
    }
}
