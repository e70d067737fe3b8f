//! The figures of the gate, from `keywords/outreach.toml` and `keywords/slots.toml`.

use chrono_tz::Tz;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::Condition;
use super::hours::Hours;
use super::slots::Slots;
use crate::domain::{
    Contact, Country, Duration, FollowUpRequest, MessageKind, Problem, SentEvent, SourceFile, Timestamp, duration,
    durations,
};

/// What may be sent unasked, and when. The files explain each figure.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) figures: Figures,
    pub(super) slots: Slots,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Figures {
    pub(super) quiet: Hours,
    pub(super) per_day: usize,
    #[serde(deserialize_with = "duration")]
    pub(super) gap: Duration,
    pub(super) unanswered: usize,
    #[serde(deserialize_with = "duration")]
    pub(super) unanswered_for: Duration,
    #[serde(deserialize_with = "duration")]
    pub(super) window_margin: Duration,
    marketing: Vec<MessageKind>,
    marketing_templates: Vec<String>,
    notices: Vec<MessageKind>,
    at_once: Vec<String>,
    pub(super) opt_in_needed: bool,
    pub(super) no_marketing_templates: Vec<Country>,
    pub(super) not_in_yellow: Vec<MessageKind>,
    #[serde(deserialize_with = "duration")]
    pub(super) unread: Duration,
    pub(super) after_failure: AfterFailure,
    order: Order,
    campaigns_to: Vec<String>,
    pub(super) cap: Vec<Cap>,
    pub(super) forbid: Vec<Forbid>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    templates: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AfterFailure {
    #[serde(deserialize_with = "durations")]
    pub(super) capped: Vec<Duration>,
    #[serde(deserialize_with = "duration")]
    pub(super) unreachable: Duration,
}

/// At most so many within that time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cap {
    #[serde(deserialize_with = "condition")]
    pub(super) condition: Condition,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    kinds: Vec<MessageKind>,
    #[serde(default)]
    rules: Vec<String>,
    /// Everything that was sent unasked counts, also what it does not hold back.
    #[serde(default)]
    counts_all: bool,
    pub(super) most: usize,
    #[serde(deserialize_with = "duration")]
    pub(super) within: Duration,
}

/// What does not fit to whom.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Forbid {
    #[serde(deserialize_with = "condition")]
    pub(super) condition: Condition,
    pub(super) why: String,
    tags: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    kinds: Vec<MessageKind>,
    #[serde(default)]
    templates: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    /// Everything that goes to many.
    #[serde(default)]
    campaigns: bool,
}

impl Cap {
    /// Whether a message of that kind and rule is counted.
    pub(super) fn counts(&self, kind: MessageKind, rule: &str) -> bool {
        self.counts_all || self.holds_back(kind, rule)
    }

    /// Whether a message of that kind and rule waits until there is room again.
    pub(super) fn holds_back(&self, kind: MessageKind, rule: &str) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&kind))
            && (self.rules.is_empty() || self.rules.iter().any(|name| name == rule))
    }

    /// Whether it is about this contact.
    pub(super) fn concerns(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        self.tags.is_empty() || self.tags.iter().any(|tag| holds(tag))
    }
}

impl Forbid {
    pub(super) fn is_about(&self, planned: &FollowUpRequest) -> bool {
        let category = || planned.category.as_deref().and_then(|category| category.split('/').next());
        self.kinds.contains(&planned.kind)
            || self.templates.contains(&planned.template)
            || category().is_some_and(|category| self.categories.iter().any(|other| other == category))
            || self.campaigns && planned.campaign.is_some()
    }

    pub(super) fn concerns(&self, holds: &dyn Fn(&str) -> bool) -> bool {
        self.tags.iter().any(|tag| holds(tag)) && !self.unless.iter().any(|tag| holds(tag))
    }
}

impl Figures {
    /// Whether a kind counts as marketing.
    pub(super) fn is_marketing(&self, kind: MessageKind) -> bool {
        self.marketing.contains(&kind)
    }

    /// Whether what others sent counts for the limits: what a campaign sends always does.
    pub(super) fn counts(&self, sent: &SentEvent) -> bool {
        let of_campaign = sent.campaign.is_some() || sent.by.starts_with("campaign:");
        sent.kind != MessageKind::Reply && (of_campaign || !self.notices.contains(&sent.kind))
    }

    /// Whether it waits for the best hours.
    pub(super) fn waits_for_best(&self, planned: &FollowUpRequest) -> bool {
        self.is_marketing(planned.kind) && !self.at_once.contains(&planned.template)
    }

    /// Whether Meta takes it for marketing.
    pub(super) fn is_marketing_to_meta(&self, kind: MessageKind, template: &str) -> bool {
        self.is_marketing(kind) || self.marketing_templates.iter().any(|other| other == template)
    }

    /// Whether a campaign fits: it is about no product, or a tag tells of an interest in that (INT-20).
    pub(super) fn fits(&self, planned: &FollowUpRequest, holds: &dyn Fn(&str) -> bool) -> bool {
        let Some(key) = planned.category.as_ref().filter(|_| planned.campaign.is_some()) else { return true };
        let key = key.replace('_', "-");
        let (category, product) = key.split_once('/').unwrap_or((&key, ""));
        let told = |pattern: &&String| !product.is_empty() || !pattern.contains("{product}");
        let fill = |pattern: &String| pattern.replace("{category}", category).replace("{product}", product);
        self.campaigns_to.iter().filter(told).any(|pattern| holds(&fill(pattern)))
    }

    /// Where a template stands among those that are due at once.
    pub(super) fn rank(&self, template: &str) -> usize {
        self.order.templates.iter().position(|name| name == template).unwrap_or(usize::MAX)
    }

    /// How long what was sent must be remembered.
    pub(super) fn remembers(&self) -> Duration {
        let caps = self.cap.iter().map(|cap| cap.within);
        caps.chain([self.unanswered_for, Duration::days(2)]).max().unwrap_or_default()
    }
}

impl Policy {
    /// Reads `outreach.toml` and `slots.toml` among the files.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let mut problems = Vec::new();
        let figures = SourceFile::required(files, "outreach.toml", "what may be sent unasked");
        let figures = figures.and_then(|file| file.toml("")).map_err(|problem| problems.push(problem)).ok();
        let slots = SourceFile::required(files, "slots.toml", "the hours in which a message is welcome");
        let slots = slots.and_then(|file| file.toml("")).map_err(|problem| problems.push(problem)).ok();
        (figures.zip(slots).map(|(figures, slots)| Self { figures, slots }), problems)
    }

    /// The hours of a day in which nothing goes out to who lives there: those in which they sleep, and their worst ones.
    pub fn closed(&self, country: Option<Country>) -> (Hours, Hours) {
        (self.slots.quiet(country).unwrap_or(self.figures.quiet), self.slots.worst(country))
    }

    /// Until when it is night where they live, if it is.
    pub fn night_until(&self, country: Option<Country>, zone: Tz, now: Timestamp) -> Option<Timestamp> {
        let (quiet, _) = self.closed(country);
        Hours::ALL.without(quiet).next(now, zone).filter(|_| quiet.contain(now, zone))
    }

    /// Until when words of our own reach a contact.
    pub fn words_until(&self, contact: &Contact) -> Option<Timestamp> {
        contact.window_ends().map(|ends| ends - self.figures.window_margin)
    }

    /// Whether Meta takes a message for marketing.
    pub fn is_marketing_to_meta(&self, kind: MessageKind, template: &str) -> bool {
        self.figures.is_marketing_to_meta(kind, template)
    }
}

fn condition<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Condition, D::Error> {
    let name = String::deserialize(deserializer)?;
    Condition::ALL.into_iter().find(|condition| condition.name() == name).ok_or_else(|| {
        let known: Vec<_> = Condition::ALL.iter().map(|condition| condition.name()).collect();
        D::Error::custom(format!("`{name}` is no condition; conditions are: {}", known.join(", ")))
    })
}
