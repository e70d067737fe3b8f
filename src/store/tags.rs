//! The set of tags: what people made of it, how it is used, what they say of it, and who changed what.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::{ContactId, Timestamp};
use crate::governance::Labels;

/// A tag that people made, or that they gave a label or a colour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct TagRow {
    pub tag: String,
    pub labels: Labels,
    pub colour: Option<String>,
    pub about: String,
    pub made_by: String,
    pub made_at: Timestamp,
    pub archived_at: Option<Timestamp>,
}

/// What a tag was used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TagUse {
    /// A segment was counted or listed.
    Filter,
    /// Messages went to those who hold it.
    Send,
    /// A list was taken out.
    Export,
}

impl TagUse {
    /// The name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Send => "send",
            Self::Export => "export",
        }
    }
}

/// How a tag, or a pattern that ends in `*`, was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UseRow {
    /// Which.
    pub tag: String,
    /// How often since the day that was asked for.
    pub uses: i64,
    /// When last, ever.
    pub last_at: Timestamp,
}

/// How many hold a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldRow {
    /// Which.
    pub tag: String,
    /// How many contacts.
    pub holders: i64,
    /// When it was set first, of those who hold it.
    pub first_set: Timestamp,
    /// When it was set last.
    pub last_set: Timestamp,
}

/// What somebody says of a tag.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Who holds it.
    pub contact: ContactId,
    /// Which.
    pub tag: String,
    /// Since when they hold it.
    pub since: Timestamp,
    /// Who says so.
    pub judge: String,
    /// What set it.
    pub rule: String,
    /// That rule's version.
    pub version: String,
    /// Right or wrong.
    pub correct: bool,
    /// When it was said.
    pub at: Timestamp,
}

/// Verdicts of tags that one rule set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct VerdictRow {
    pub tag: String,
    pub rule: String,
    pub version: String,
    pub right: i64,
    pub wrong: i64,
}

/// A line of the log of the set of tags and of the rules.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct LogRow {
    pub id: i64,
    pub at: Timestamp,
    pub who: String,
    pub action: String,
    pub subject: String,
    pub detail: Value,
    pub undone_at: Option<Timestamp>,
}

impl LogRow {
    /// Whose name stands in the log, and in the contacts' journals, for what the program did by itself.
    pub const BY_ITSELF: &str = "hotline";
}

/// A rule as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct SeenRule {
    pub rule: String,
    pub version: String,
    pub words: String,
}

/// A rule that is not as it was seen last; `None` on one side where it is new, or gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChange {
    /// As it was.
    pub before: Option<SeenRule>,
    /// As it is.
    pub after: Option<SeenRule>,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Tags that people made or named, by key.
    pub async fn tags(&self) -> Result<Vec<TagRow>, StoreError> {
        Ok(query!(self, tags::all()))
    }

    /// Keeps a tag, in place of what was kept of it. True if there was nothing.
    pub async fn save_tag(&self, tag: &TagRow, now: Timestamp) -> Result<bool, StoreError> {
        Ok(change!(self, tags::save(tag, now)))
    }

    /// Forgets what people made of a tag. False if that was nothing.
    pub async fn forget_tag(&self, tag: &str) -> Result<bool, StoreError> {
        Ok(change!(self, tags::forget(tag)))
    }

    /// How many hold each tag.
    pub async fn held_tags(&self) -> Result<Vec<HeldRow>, StoreError> {
        Ok(query!(self, tags::held()))
    }

    /// Notes that tags were used.
    pub async fn note_tag_use(&self, tags: &[&str], kind: TagUse, day: &str, now: Timestamp) -> Result<(), StoreError> {
        let each: BTreeSet<&str> = tags.iter().copied().collect();
        if !each.is_empty() {
            change!(self, tags::note_use(&each, kind, day, now));
        }
        Ok(())
    }

    /// How tags were used since a day.
    pub async fn tag_uses(&self, since: &str) -> Result<Vec<UseRow>, StoreError> {
        Ok(query!(self, tags::uses(since)))
    }

    /// Keeps a verdict, in place of what the same person said of the same before.
    pub async fn judge_tag(&self, verdict: &Verdict) -> Result<(), StoreError> {
        change!(self, tags::judge(verdict));
        Ok(())
    }

    /// Verdicts since a moment, by tag, rule and version.
    pub async fn verdicts(&self, since: Timestamp) -> Result<Vec<VerdictRow>, StoreError> {
        Ok(query!(self, tags::verdicts(since)))
    }

    /// What one person says of the tags of a contact: tag, since when it is held, right or wrong.
    pub async fn verdicts_of(
        &self,
        contact: ContactId,
        judge: &str,
    ) -> Result<Vec<(String, Timestamp, bool)>, StoreError> {
        Ok(query!(self, tags::verdicts_of(contact, judge)))
    }

    /// Writes a line of the log; returns its number.
    pub async fn log_change(
        &self,
        at: Timestamp,
        who: &str,
        action: &str,
        subject: &str,
        detail: &Value,
    ) -> Result<i64, StoreError> {
        Ok(change!(self, tags::log(at, who, action, subject, detail)))
    }

    /// The log since a moment, the newest first.
    pub async fn change_log(&self, since: Timestamp, limit: i64) -> Result<Vec<LogRow>, StoreError> {
        Ok(query!(self, tags::change_log(since, limit)))
    }

    /// Changes of rules since a moment, the newest first.
    pub async fn rule_changes(&self, since: Timestamp, limit: i64) -> Result<Vec<LogRow>, StoreError> {
        Ok(query!(self, tags::rule_changes(since, limit)))
    }

    /// Since when uses and changes are written down; `None` while nothing is.
    pub async fn log_begun(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(query!(self, tags::log_begun()))
    }

    /// Each rule as it was seen last.
    pub async fn rules_seen(&self) -> Result<Vec<SeenRule>, StoreError> {
        Ok(query!(self, tags::rules_seen()))
    }

    /// Keeps rules as they are now and writes a line of the log for each that changed, once whatever nodes notice it. A rule that
    /// was never seen is logged only where `new_ones` are.
    pub async fn keep_rules(&self, changes: &[RuleChange], new_ones: bool, now: Timestamp) -> Result<(), StoreError> {
        change!(self, tags::keep_rules(changes, new_ones, now));
        Ok(())
    }
}
