//! When a rule holds, as rule files say it. keywords/README.md explains it to those who write rules.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use toml::Spanned;

use crate::domain::Currency;

/// One word or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Many(words) => words,
        }
        .iter()
        .map(String::as_str)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Count {
    /// Without it, none at all is enough: what is asked for is `at_most`.
    #[serde(default)]
    pub(super) at_least: usize,
    #[serde(default)]
    pub(super) at_most: Option<usize>,
    /// Of purchases: of so many different products together.
    #[serde(default)]
    pub(super) of_products: Option<usize>,
    /// In a review `period` is the month or quarter that is over.
    pub(super) within: Spanned<String>,
    /// Counted apart for each value of these fields.
    #[serde(default)]
    pub(super) per: Vec<String>,
    /// Different values of this field are counted, not signals.
    #[serde(default)]
    pub(super) distinct: Option<String>,
    /// The window is the conversation under way, if that is shorter.
    #[serde(default)]
    pub(super) in_conversation: bool,
    /// Only days in a row count, with the signal's own: `distinct` names a field with a day, such as `date`.
    #[serde(default)]
    pub(super) in_a_row: bool,
    /// Only those count that came after the last of this signal: reads since their last word. After a purchase that was not undone,
    /// one of the same: of what `per` names.
    #[serde(default)]
    pub(super) since: Option<String>,
    /// What comes sooner than this after one that counts counts for nothing more.
    #[serde(default)]
    pub(super) apart: Option<Spanned<String>>,
}

/// One of several counts that hold together, as in a matrix. Looked at with every event and whenever the clock moves something
/// out of the window, so `at_most` works too.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crossed {
    pub(super) of: String,
    #[serde(default)]
    pub(super) at_least: Option<usize>,
    #[serde(default)]
    pub(super) at_most: Option<usize>,
    pub(super) within: Spanned<String>,
}

/// Interactions of a stretch of time against the customer's own past: this week's against the mean of the weeks before.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rise {
    pub(super) at_least: usize,
    pub(super) within: Spanned<String>,
    /// So many times the mean…
    pub(super) times_the_mean: u32,
    /// …of stretches as long, over so much time before.
    pub(super) of_the_before: Spanned<String>,
}

/// How the customer takes what we sent unasked: which share of it was read, and which was answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Responses {
    /// Only messages of campaigns.
    #[serde(default)]
    pub(super) of_campaigns: bool,
    pub(super) within: Spanned<String>,
    /// So many must have been sent before a share says anything.
    pub(super) sent: usize,
    #[serde(default)]
    pub(super) answered: Option<Share>,
    #[serde(default)]
    pub(super) read: Option<Share>,
}

/// A share in per cent.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Share {
    #[serde(default)]
    pub(super) at_least: Option<usize>,
    #[serde(default)]
    pub(super) more_than: Option<usize>,
    #[serde(default)]
    pub(super) at_most: Option<usize>,
    #[serde(default)]
    pub(super) less_than: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Score {
    /// Signal to points.
    pub(super) weights: BTreeMap<String, f64>,
    /// The sum must reach this…
    #[serde(default)]
    pub(super) at_least: f64,
    /// …and be over this.
    #[serde(default)]
    pub(super) more_than: f64,
    pub(super) within: Spanned<String>,
    #[serde(default)]
    pub(super) per: Vec<String>,
}

/// A sum of money over the signals in a window, or with `single` the largest of them; an order counts once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sum {
    /// It must reach this…
    #[serde(default)]
    pub(super) at_least: Decimal,
    /// …and be over this.
    #[serde(default)]
    pub(super) more_than: Decimal,
    #[serde(default)]
    pub(super) at_most: Option<Decimal>,
    #[serde(default)]
    pub(super) less_than: Option<Decimal>,
    pub(super) currency: Currency,
    pub(super) within: Spanned<String>,
    #[serde(default)]
    pub(super) single: bool,
    /// What is missing to this is the field `rest`, in whole units.
    #[serde(default)]
    pub(super) rest_to: Option<Decimal>,
    /// How it must compare with what was usual before.
    #[serde(default)]
    pub(super) times_mean: Option<TimesMean>,
}

/// A sum must be so many times the mean of stretches as long as its window, in the time before that window.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimesMean {
    pub(super) at_least: u32,
    pub(super) of: Spanned<String>,
}

/// The mean of the orders in a window.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mean {
    #[serde(default)]
    pub(super) at_least: Option<Decimal>,
    #[serde(default)]
    pub(super) at_most: Option<Decimal>,
    pub(super) currency: Currency,
    pub(super) within: Spanned<String>,
}

/// Which share of a customer's orders holds something of these.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShareOfOrders {
    /// Product keys or categories, `*` at the end stands for anything.
    pub(super) with: Vec<String>,
    /// In per cent.
    pub(super) at_least: usize,
    /// So many orders there must be before a share says anything.
    pub(super) of: usize,
}

/// How far apart purchases usually are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gap {
    pub(super) by: Usual,
    pub(super) at_least: Spanned<String>,
    pub(super) at_most: Spanned<String>,
    /// So many purchases are needed to tell.
    pub(super) purchases: usize,
    #[serde(default)]
    pub(super) per: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Usual {
    Mean,
    Median,
}

/// When a rule about purchases is judged, if not with each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Review {
    Month,
    Quarter,
}

/// A date that the customer told: from so long before or after it until so long before or after it, or its month in each year.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnDate {
    /// Fields of the profile; the first that is known counts.
    pub(super) of: Words,
    /// `-84d` is before it.
    #[serde(default)]
    pub(super) from: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) until: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) each_year: Option<EachYear>,
}

/// What comes round each year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EachYear {
    Month,
}

/// What a signal's own sum of money must be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Worth {
    #[serde(default)]
    pub(super) at_least: Option<Decimal>,
    #[serde(default)]
    pub(super) more_than: Option<Decimal>,
    #[serde(default)]
    pub(super) at_most: Option<Decimal>,
    #[serde(default)]
    pub(super) less_than: Option<Decimal>,
    pub(super) currency: Currency,
    /// What is missing to this is the field `rest`, in whole units.
    #[serde(default)]
    pub(super) rest_to: Option<Decimal>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Absent {
    pub(super) of: Words,
    pub(super) longer_than: Spanned<String>,
    /// The clock starts at the first of these since the last `of`; without it, at the last `of`.
    #[serde(default)]
    pub(super) after: Option<Words>,
    /// The clock starts anew with each of these.
    #[serde(default)]
    pub(super) after_last: Option<String>,
}

/// Any of the customer's orders stands in one of these states.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnyOrder {
    #[serde(rename = "is")]
    pub(super) state: Words,
    /// For longer than this; without it, from the moment on.
    #[serde(default)]
    pub(super) longer_than: Option<Spanned<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Holds {
    /// All of them; `*` at the end stands for anything.
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// At least one of them.
    #[serde(default)]
    pub(super) any_tags: Vec<String>,
    /// None of them.
    #[serde(default)]
    pub(super) not_tags: Vec<String>,
    #[serde(default)]
    pub(super) colour: Vec<String>,
    /// The rule that gave the colour.
    #[serde(default)]
    pub(super) colour_by: Option<String>,
    /// The colour was given by a rule or a person, and not fallen to when the time of another was over.
    #[serde(default)]
    pub(super) colour_given: bool,
    /// None of these signals was ever seen.
    #[serde(default)]
    pub(super) never: Vec<String>,
    /// Each of these signals was seen once at least.
    #[serde(default)]
    pub(super) ever: Vec<String>,
    /// Something of these was bought, other than what the signal is about: product keys, `*` at the end stands for anything, `*/` at
    /// the beginning for any category.
    #[serde(default)]
    pub(super) bought: Vec<String>,
    /// It was bought so long ago: in last year's season.
    #[serde(default)]
    pub(super) bought_ago: Option<Between>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Between {
    pub(super) at_least: Spanned<String>,
    pub(super) at_most: Spanned<String>,
}
