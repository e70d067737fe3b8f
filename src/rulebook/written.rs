//! The language of rule files: what may stand in them, beside when a rule holds (`written_when.rs`). keywords/README.md explains it to those
//! who write rules.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use toml::Spanned;

use super::written_when::{
    Absent, AnyOrder, Between, Count, Crossed, Gap, Holds, Mean, OnDate, Responses, Review, Rise, Score, ShareOfOrders,
    Sum, Words, Worth,
};
use crate::domain::MessageKind;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paint {
    pub(super) to: String,
    /// Only from these; without it, only from a less urgent one. `any` is from every colour.
    #[serde(default)]
    pub(super) from: Vec<String>,
    #[serde(default)]
    pub(super) stands: Option<Spanned<String>>,
    /// It stands from the first interaction on, and not from what gave it.
    #[serde(default)]
    pub(super) from_first: bool,
    #[serde(default)]
    pub(super) then: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HandOff {
    pub(super) reason: String,
    pub(super) promise: Spanned<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FollowUp {
    pub(super) kind: MessageKind,
    pub(super) template: String,
    #[serde(default)]
    pub(super) after: Option<Spanned<String>>,
    /// So long before the next purchase is due by the `gap`.
    #[serde(default)]
    pub(super) before_next: Option<Spanned<String>>,
    /// When this window of the calendar begins next.
    #[serde(default)]
    pub(super) at: Option<String>,
    /// What it is about, where the signal does not tell: the last part of a product key.
    #[serde(default)]
    pub(super) product: Option<String>,
    pub(super) latest: Spanned<String>,
    /// Also when the tag is held already.
    #[serde(default)]
    pub(super) each_time: bool,
}

/// A rule as it stands in a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    pub(super) name: String,
    /// Entries of the catalogue that it carries out; a rule of a shop's own has none.
    #[serde(default)]
    pub(super) catalogue: Vec<String>,
    /// For people: what the rule is about.
    pub(super) why: String,
    #[serde(default)]
    pub(super) on: Option<Words>,
    #[serde(default, rename = "where")]
    pub(super) filter: BTreeMap<String, Words>,
    /// Not where all fields of one of these are so.
    #[serde(default)]
    pub(super) unless: Vec<BTreeMap<String, Words>>,
    /// A figure of the signal must be more than this.
    #[serde(default)]
    pub(super) more_than: BTreeMap<String, i64>,
    /// A figure of the signal must be this or less.
    #[serde(default)]
    pub(super) at_most: BTreeMap<String, i64>,
    #[serde(default)]
    pub(super) count: Option<Count>,
    #[serde(default)]
    pub(super) score: Option<Score>,
    #[serde(default)]
    pub(super) sum: Option<Sum>,
    #[serde(default)]
    pub(super) mean: Option<Mean>,
    #[serde(default)]
    pub(super) share_of_orders: Option<ShareOfOrders>,
    #[serde(default)]
    pub(super) gap: Option<Gap>,
    #[serde(default)]
    pub(super) review: Option<Review>,
    #[serde(default)]
    pub(super) on_date: Option<OnDate>,
    /// What the signal's own sum must be.
    #[serde(default)]
    pub(super) worth: Option<Worth>,
    #[serde(default)]
    pub(super) rise: Option<Rise>,
    #[serde(default)]
    pub(super) absent: Option<Absent>,
    #[serde(default)]
    pub(super) crossed: Vec<Crossed>,
    #[serde(default)]
    pub(super) responses: Option<Responses>,
    #[serde(default)]
    pub(super) any_order: Option<AnyOrder>,
    /// As long as what `holds` asks for is true: at once and each time that so much has passed, or on a day of the week.
    #[serde(default)]
    pub(super) every: Option<Spanned<String>>,
    /// From when what `holds` asks for comes true: one message after the other, each from so long after the beginning.
    #[serde(default)]
    pub(super) steps: Vec<FollowUp>,
    /// Signals and colours that end the steps, until what `holds` asks for comes true anew.
    #[serde(default)]
    pub(super) stops: Option<Words>,
    #[serde(default)]
    pub(super) since_first: Option<Between>,
    /// Only while one of these windows of the calendar is on where the customer is.
    #[serde(default)]
    pub(super) during: Option<Words>,
    #[serde(default)]
    pub(super) holds: Holds,
    #[serde(default)]
    pub(super) tag: Option<Spanned<String>>,
    /// How long the tag lives: a length of time, or `while` the count holds. Without it, until a rule removes it.
    #[serde(default)]
    pub(super) lifetime: Option<Spanned<String>>,
    /// The tag is the latest signal's: the next one of the kind that does not give it again takes it away.
    #[serde(default)]
    pub(super) latest: bool,
    /// Other tags like this are removed when this one is set.
    #[serde(default)]
    pub(super) exclusive: Option<Words>,
    /// The field that tells what the tag is about: `exclusive`, `removes` and `holds` look only at tags about the same.
    #[serde(default)]
    pub(super) about: Option<String>,
    #[serde(default)]
    pub(super) removes: Vec<String>,
    /// Rules whose messages are wanted no more, though the tags stay that they gave.
    #[serde(default)]
    pub(super) unplans: Vec<String>,
    /// What a purchase removes does not come back with a parcel that is sent back.
    #[serde(default)]
    pub(super) for_good: bool,
    #[serde(default)]
    pub(super) colour: Option<Paint>,
    #[serde(default)]
    pub(super) heat: Option<String>,
    #[serde(default)]
    pub(super) stage: Option<String>,
    #[serde(default)]
    pub(super) handoff: Option<HandOff>,
    #[serde(default)]
    pub(super) follow_up: Option<FollowUp>,
    /// Name of an alert: somebody should look.
    #[serde(default)]
    pub(super) alert: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenHeat {
    pub(super) extreme: String,
    pub(super) high: String,
    pub(super) high_by_trade: BTreeMap<String, String>,
    pub(super) medium: String,
    pub(super) low_after: String,
    pub(super) reds: usize,
    pub(super) reds_reset: String,
    pub(super) stage_lives: String,
}

/// Which green a contact is: dark with this tag, light without (COLOR-14, 15).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenGreen {
    pub(super) dark_with: String,
}

/// Colours that are not used, and what takes their place (COLOR-27).
pub(super) type WrittenScheme = BTreeMap<Spanned<String>, String>;

/// How far neighbouring tiers lie apart, in per cent (SPEND-7).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tiers {
    pub(super) at_least: Decimal,
    pub(super) at_most: Decimal,
    /// Groups of tags that may lie otherwise.
    #[serde(default)]
    pub(super) except: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) rule: Vec<Spanned<Written>>,
    #[serde(default)]
    pub(super) cooling: Option<WrittenHeat>,
    #[serde(default)]
    pub(super) green: Option<WrittenGreen>,
    #[serde(default)]
    pub(super) scheme: WrittenScheme,
    #[serde(default)]
    pub(super) tiers: Option<Tiers>,
    /// An answer that comes within this is one to what we sent.
    #[serde(default)]
    pub(super) answered_within: Option<Spanned<String>>,
    /// How a note begins that tells what the customer is: “customer is a”.
    #[serde(default)]
    pub(super) notes_begin: Vec<String>,
    /// What stands before an occupation in an answer: “I am a”.
    #[serde(default)]
    pub(super) answers_begin: Vec<String>,
    /// What people answer who have none.
    #[serde(default)]
    pub(super) none_words: Vec<String>,
    /// Group of tags to how long a person's tag of it lives.
    #[serde(default)]
    pub(super) lives_by_person: BTreeMap<String, Spanned<String>>,
    /// For a reason that a person is asked for, and while a tag is held: how soon somebody answers.
    #[serde(default)]
    pub(super) promises: BTreeMap<String, BTreeMap<String, Spanned<String>>>,
}
