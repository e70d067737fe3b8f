//! The set of tags kept in order: what is known of each tag, and what could be merged, archived or deleted. Nothing is done here:
//! a person decides.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Figures;
use crate::domain::{Duration, Timestamp};

/// What is known of a tag.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TagFigures {
    pub tag: String,
    /// Contacts that hold it.
    pub holders: i64,
    pub first_set: Option<Timestamp>,
    pub last_set: Option<Timestamp>,
    /// When somebody made it.
    pub made_at: Option<Timestamp>,
    /// People made or gave it; no rule does.
    pub of_people: bool,
    /// A rule asks for it: it is in use.
    pub read_by_rules: bool,
    pub archived: bool,
    /// Filters, sends and exports within the time after which a tag counts as unused.
    pub uses: i64,
    pub last_use: Option<Timestamp>,
    /// What people said of it within a month.
    pub right: i64,
    pub wrong: i64,
}

impl TagFigures {
    /// The share of verdicts that say it is right; `None` without any.
    pub fn accuracy(&self) -> Option<f64> {
        let all = self.right + self.wrong;
        (all > 0).then(|| self.right as f64 / all as f64)
    }

    /// Since when nothing has been done with it, as far as is known; `None` where a rule uses it all the time.
    fn idle_since(&self, log_since: Timestamp) -> Option<Timestamp> {
        let began = self.made_at.into_iter().chain(self.first_set).min().unwrap_or(log_since).max(log_since);
        (!self.read_by_rules).then(|| self.last_use.map_or(began, |used| used.max(began)))
    }

    /// Whether it was used in a filter, a send, an export or a rule within that time (G-20).
    pub fn is_used(&self, within: Duration, now: Timestamp) -> bool {
        self.read_by_rules || self.last_use.is_some_and(|used| used >= now - within)
    }

    /// Whether people have kept it for so long that it should have been used.
    pub fn is_kept_since(&self, since: Timestamp) -> bool {
        let known = self.made_at.into_iter().chain(self.first_set).min();
        self.is_kept_by_people() && known.is_some_and(|known| known <= since)
    }

    /// Whether people keep it: the tags that are counted and tidied. Those of rules come and go by the rules.
    pub fn is_kept_by_people(&self) -> bool {
        self.of_people && !self.archived
    }
}

/// Two tags and how many hold both.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Overlap {
    pub one: String,
    pub other: String,
    pub both: i64,
}

/// A campaign and its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CampaignTags {
    pub campaign: String,
    /// `None` while it runs.
    pub ended: Option<Timestamp>,
    pub tags: Vec<String>,
}

/// What could be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tidy {
    /// Those who hold one of the tags hold another one in its place.
    Merge,
    /// The tag is called an archive from now on.
    Archive,
    /// Nobody holds it any more.
    Delete,
    /// Nothing by itself: somebody should ask what it is for.
    Question,
}

/// Something that could be done, and what it would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Proposal {
    pub what: Tidy,
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub into: Option<String>,
    /// Contacts that would lose or change a tag.
    pub contacts: i64,
    /// The figure and its threshold, in words.
    pub why: String,
    /// Entries of the catalogue.
    pub catalogue: Vec<&'static str>,
}

/// What could be done to the set of tags. What is known of uses begins with `log_since`.
pub fn proposals(
    figures: &Figures,
    tags: &[TagFigures],
    overlaps: &[Overlap],
    campaigns: &[CampaignTags],
    log_since: Timestamp,
    now: Timestamp,
) -> Vec<Proposal> {
    let kept: Vec<&TagFigures> = tags.iter().filter(|tag| tag.is_kept_by_people()).collect();
    let mut found = campaign_tags(figures, &kept, campaigns, now);
    let merged: Vec<String> = found.iter().flat_map(|proposal| proposal.tags.clone()).collect();
    let still = |tag: &str| !merged.iter().any(|other| other == tag);
    found.extend(
        overlapping(figures, &kept, overlaps).into_iter().filter(|found| found.tags.iter().all(|tag| still(tag))),
    );
    let merged: Vec<String> = found.iter().flat_map(|proposal| proposal.tags.clone()).collect();
    let left = kept.iter().filter(|tag| !merged.contains(&tag.tag));
    found.extend(left.filter_map(|tag| unused(figures, tag, log_since, now)));
    found
}

/// GOV-5: campaigns that have been over for long are one.
fn campaign_tags(figures: &Figures, kept: &[&TagFigures], campaigns: &[CampaignTags], now: Timestamp) -> Vec<Proposal> {
    let (after, into) = (figures.tags.campaign_after, &figures.tags.campaign_into);
    let over = |tag: &&&TagFigures| {
        let mut of_it = campaigns.iter().filter(|campaign| campaign.tags.contains(&tag.tag)).peekable();
        tag.tag != *into
            && of_it.peek().is_some()
            && of_it.all(|campaign| campaign.ended.is_some_and(|ended| now - ended >= after))
    };
    let tags: Vec<&&TagFigures> = kept.iter().filter(over).collect();
    if tags.is_empty() {
        return Vec::new();
    }
    vec![Proposal {
        what: Tidy::Merge,
        contacts: tags.iter().map(|tag| tag.holders).sum(),
        tags: tags.iter().map(|tag| tag.tag.clone()).collect(),
        into: Some(into.clone()),
        why: format!("their campaigns ended {after} ago or earlier"),
        catalogue: vec!["GOV-5"],
    }]
}

/// GOV-8: customers in common over the smaller of the two groups (G-14).
fn overlapping(figures: &Figures, kept: &[&TagFigures], overlaps: &[Overlap]) -> Vec<Proposal> {
    let of = |name: &str| kept.iter().find(|tag| tag.tag == name);
    let limit = figures.tags.overlap;
    let pair = |overlap: &Overlap| {
        let (one, other) = (of(&overlap.one)?, of(&overlap.other)?);
        let (smaller, larger) = if one.holders <= other.holders { (one, other) } else { (other, one) };
        let enough = smaller.holders >= figures.tags.overlap_least;
        if !enough || Decimal::from(overlap.both) < limit * Decimal::from(smaller.holders) {
            return None;
        }
        let share = Decimal::from(overlap.both * 100) / Decimal::from(smaller.holders);
        Some(Proposal {
            what: Tidy::Merge,
            tags: vec![smaller.tag.clone()],
            into: Some(larger.tag.clone()),
            contacts: smaller.holders,
            why: format!(
                "{} of its {} contacts ({} %) hold {} as well",
                overlap.both,
                smaller.holders,
                share.round_dp(1).normalize(),
                larger.tag
            ),
            catalogue: vec!["GOV-8"],
        })
    };
    let mut found: Vec<Proposal> = Vec::new();
    for proposal in overlaps.iter().filter_map(pair) {
        // Each tag goes into one other, and nothing goes into what goes itself.
        let touched = |tag: &String| found.iter().any(|other| other.tags.contains(tag));
        let is_into = found.iter().any(|other| other.into.as_ref() == proposal.tags.first());
        if !is_into && !proposal.tags.iter().chain(&proposal.into).any(touched) {
            found.push(proposal);
        }
    }
    found
}

/// GOV-6, 7, 9, 10, 14: what nobody uses.
fn unused(figures: &Figures, tag: &TagFigures, log_since: Timestamp, now: Timestamp) -> Option<Proposal> {
    let limits = &figures.tags;
    let idle = tag.idle_since(log_since).map(|since| now - since)?;
    let inactive = idle.min(tag.last_set.map_or(idle, |set| now - set));
    let days = |length: Duration| format!("{} days", length.0 / Duration::days(1).0);
    let proposal = |what, why: String, catalogue| {
        let tags = vec![tag.tag.clone()];
        Some(Proposal { what, tags, into: None, contacts: tag.holders, why, catalogue })
    };
    if tag.holders < limits.delete_under && inactive > limits.delete_after {
        let why = format!("{} contacts hold it, and nothing was done with it for {}", tag.holders, days(inactive));
        return proposal(Tidy::Delete, why, vec!["GOV-14"]);
    }
    if idle >= limits.unused_after && tag.holders > limits.archive_over {
        let why = format!("not used for {}, and {} contacts hold it", days(idle), tag.holders);
        return proposal(Tidy::Archive, why, vec!["GOV-9", "GOV-10"]);
    }
    if idle >= limits.unused_after {
        let why = format!("not used to filter or send for {}", days(idle));
        return proposal(Tidy::Question, why, vec!["GOV-6", "GOV-9"]);
    }
    let known_for = now - tag.made_at.into_iter().chain(tag.first_set).min().unwrap_or(log_since).max(log_since);
    if tag.uses < limits.rarely_used && known_for >= limits.unused_after {
        let why = format!("used {} times in {}", tag.uses, days(limits.unused_after));
        return proposal(Tidy::Question, why, vec!["GOV-7"]);
    }
    None
}

/// What is left of the accuracy after so many days without care, where it fades by a share each month (GOV-26).
pub fn accuracy_left(days: f64, fades_monthly: f64) -> f64 {
    (1.0 - fades_monthly).powf(days / 30.0)
}

/// Whether a name is the one that a pattern means; a pattern may end in `*`.
pub fn is_like(name: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::domain::SourceFile;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn ago(days: i64) -> Timestamp {
        NOW - Duration::days(days)
    }

    fn tag(name: &str, holders: i64, set: i64, used: Option<i64>) -> TagFigures {
        TagFigures {
            tag: name.into(),
            holders,
            first_set: Some(ago(400)),
            last_set: Some(ago(set)),
            of_people: true,
            uses: i64::from(used.is_some_and(|days| days <= 90)) * 5,
            last_use: used.map(ago),
            ..TagFigures::default()
        }
    }

    fn proposed(
        tags: &[TagFigures],
        overlaps: &[Overlap],
        campaigns: &[CampaignTags],
    ) -> Vec<(Tidy, String, Option<String>)> {
        let text = include_str!("../../keywords/governance.toml").to_owned();
        let figures = Figures::compile(&[SourceFile { path: "governance.toml".into(), text }]).0.unwrap();
        let found = proposals(&figures, tags, overlaps, campaigns, ago(400), NOW);
        found.into_iter().map(|found| (found.what, found.tags.join(" "), found.into)).collect()
    }

    fn overlap(one: &str, other: &str, both: i64) -> Overlap {
        Overlap { one: one.into(), other: other.into(), both }
    }

    /// F-26, and one short of each figure.
    #[test]
    fn what_nobody_uses_is_archived_or_deleted_by_how_many_hold_it() {
        let one = |tag| proposed(&[tag], &[], &[]).pop().map(|(what, ..)| what);
        assert_eq!(one(tag("a/b", 51, 90, Some(90))), Some(Tidy::Archive));
        assert_eq!(one(tag("a/b", 50, 90, Some(90))), Some(Tidy::Question), "not more than 50");
        assert_eq!(one(tag("a/b", 51, 90, Some(89))), None);
        assert_eq!(one(tag("a/b", 9, 181, Some(181))), Some(Tidy::Delete));
        assert_eq!(one(tag("a/b", 9, 180, Some(181))), Some(Tidy::Question), "set 180 days ago");
        assert_eq!(one(tag("a/b", 10, 181, Some(181))), Some(Tidy::Question), "ten hold it");
        let rarely = TagFigures { uses: 2, ..tag("a/b", 20, 5, Some(5)) };
        assert_eq!(one(rarely.clone()), Some(Tidy::Question));
        assert_eq!(one(TagFigures { uses: 3, ..rarely.clone() }), None);
        assert_eq!(one(TagFigures { read_by_rules: true, ..rarely.clone() }), None, "a rule uses it");
        assert_eq!(one(TagFigures { first_set: Some(ago(89)), ..rarely }), None, "too young to say");
        assert_eq!(one(TagFigures { of_people: false, ..tag("a/b", 51, 300, None) }), None, "a rule's");
    }

    /// F-25.
    #[test]
    fn two_groups_with_85_in_a_hundred_in_common_are_one() {
        let tags = [
            tag("campaign/birthday", 100, 1, Some(1)),
            tag("campaign/may", 400, 1, Some(1)),
            tag("a/few", 9, 1, Some(1)),
        ];
        let merged = |both| proposed(&tags, &[overlap("campaign/birthday", "campaign/may", both)], &[]);
        let wanted = (Tidy::Merge, "campaign/birthday".to_owned(), Some("campaign/may".to_owned()));
        assert_eq!(merged(85), [wanted]);
        assert!(merged(84).is_empty());
        assert!(proposed(&tags, &[overlap("a/few", "campaign/may", 9)], &[]).is_empty(), "too few to tell");
        let chain = [overlap("campaign/birthday", "campaign/may", 100), overlap("campaign/may", "c/all", 400)];
        let with_all = [tags[0].clone(), tags[1].clone(), tag("c/all", 500, 1, Some(1))];
        assert_eq!(proposed(&with_all, &chain, &[]).len(), 1, "nothing goes into what goes itself");
    }

    #[test]
    fn tags_of_campaigns_become_one_a_month_after_their_end() {
        let tags =
            [tag("campaign/may", 40, 1, Some(1)), tag("campaign/june", 40, 1, Some(1)), tag("a/b", 40, 1, Some(1))];
        let ended = |name: &str, days, tags: &[&str]| CampaignTags {
            campaign: name.into(),
            ended: Some(ago(days)),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        };
        let campaigns = [ended("may", 30, &["campaign/may"]), ended("june", 29, &["campaign/june"])];
        let wanted = (Tidy::Merge, "campaign/may".to_owned(), Some("campaign/customer".to_owned()));
        assert_eq!(proposed(&tags, &[], &campaigns), [wanted]);
        let again = [campaigns[0].clone(), ended("may-2", 3, &["campaign/may"])];
        assert!(proposed(&tags, &[], &again).is_empty(), "a newer campaign uses it still");
        let runs = [campaigns[0].clone(), CampaignTags { ended: None, ..campaigns[0].clone() }];
        assert!(proposed(&tags, &[], &runs).is_empty(), "one that runs uses it");
    }
}
