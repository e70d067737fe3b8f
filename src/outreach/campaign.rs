//! Campaigns: one offer, in one or several variants, to everybody in a segment. Each recipient hears of it by an event of their
//! own, and from there it is a follow-up like any other: planned for the best moment, asked of the gate, held by the limits.

use serde::{Deserialize, Serialize};

use super::stable;
use crate::domain::{CampaignEvent, Duration, FollowUpRequest, MessageKind, Sending, Timestamp};

/// The longest that a campaign may wait for a customer's good moment.
const LONGEST: Duration = Duration::days(30);
/// Variants and groups: more than these nobody compares.
const MOST: usize = 10;

/// What a campaign sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// What it is for.
    pub kind: MessageKind,
    /// Meta's templates, and follow-ups inside the service window, one for each variant.
    pub templates: Vec<String>,
    /// Who holds one of these tags gets content of their own instead; the first that fits counts (SEG-11).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// Product key or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Worthless so long after its start: `3d`.
    pub lasts: String,
}

/// Content for a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// A tag; `*` at its end stands for anything.
    pub tag: String,
    /// What its holders get.
    pub template: String,
}

impl Offer {
    /// Whether it can be sent at all.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check(&self) -> Result<(), &'static str> {
        let is_name = |name: &String| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            (1..=512).contains(&name.len()) && name.chars().all(fits)
        };
        match () {
            () if self.kind == MessageKind::Reply => Err("a campaign answers nobody: its kind is not `reply`"),
            () if !(1..=MOST).contains(&self.templates.len()) || self.groups.len() > MOST => {
                Err("`templates` names one to ten templates, `groups` ten at most")
            }
            () if !self.names().all(is_name) => Err("a template's name has small letters, digits and `_`"),
            () if self.groups.iter().any(|group| group.tag.trim().is_empty()) => {
                Err("a group is named by a tag, or by the beginning of one and `*`")
            }
            () if self.lasting().is_none() => Err("`lasts` is a length of time up to 30 days, such as `3d`"),
            () => Ok(()),
        }
    }

    /// Every template that it may send.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.templates.iter().chain(self.groups.iter().map(|group| &group.template))
    }

    /// How long it is worth something.
    pub fn lasting(&self) -> Option<Duration> {
        Duration::parse(&self.lasts).filter(|lasts| *lasts > Duration::ZERO && *lasts <= LONGEST)
    }

    /// What a customer gets: always the same, and as many get one variant as another.
    pub fn variant(&self, campaign: &str, contact: i64, tags: &[String]) -> &str {
        let holds = |group: &&Group| {
            tags.iter().any(|tag| match group.tag.strip_suffix('*') {
                Some(start) => tag.starts_with(start),
                None => *tag == group.tag,
            })
        };
        if let Some(group) = self.groups.iter().find(holds) {
            return &group.template;
        }
        let count = self.templates.len().max(1) as u64;
        let index = (stable(contact, campaign) % count) as usize;
        self.templates.get(index).map(String::as_str).unwrap_or_default()
    }

    /// What a recipient's journal is told.
    pub fn event(&self, campaign: &str, contact: i64, tags: &[String], start: Timestamp) -> CampaignEvent {
        CampaignEvent {
            campaign: campaign.to_owned(),
            action: "recipient".into(),
            tags: Vec::new(),
            offer: Some(Sending {
                kind: self.kind,
                template: self.variant(campaign, contact, tags).to_owned(),
                product: self.product.clone(),
                not_before: start,
                not_after: start + self.lasting().unwrap_or(LONGEST),
            }),
        }
    }

    /// The plan that a recipient would get.
    pub fn request(&self, campaign: &str, contact: i64, tags: &[String], start: Timestamp) -> Option<FollowUpRequest> {
        self.event(campaign, contact, tags, start).request()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(templates: &[&str]) -> Offer {
        let templates = templates.iter().map(|name| (*name).to_owned()).collect();
        Offer { kind: MessageKind::Promotion, templates, groups: Vec::new(), product: None, lasts: "3d".into() }
    }

    #[test]
    fn variants_are_stable_and_even_and_groups_have_their_own() {
        let mut offer = offer(&["one", "two"]);
        let one = |offer: &Offer, campaign: &str, contact| offer.variant(campaign, contact, &[]) == "one";
        let ones = (0..10_000).filter(|contact| one(&offer, "spring", *contact)).count();
        assert!((4_800..5_200).contains(&ones), "{ones}");
        // Another campaign divides the same customers in another way.
        let same = (0..10_000).filter(|contact| one(&offer, "spring", *contact) == one(&offer, "may", *contact));
        assert!((4_800..5_200).contains(&same.count()));
        offer.groups = vec![Group { tag: "vip/*".into(), template: "vip".into() }];
        assert_eq!(offer.variant("spring", 1, &["heat/low".into(), "vip/annual-5k".into()]), "vip");
        assert_ne!(offer.variant("spring", 1, &["heat/low".into()]), "vip");
    }

    #[test]
    fn what_cannot_be_sent_is_told_in_words() {
        assert_eq!(offer(&["spring_offer"]).check(), Ok(()));
        let wrong = |offer: Offer| offer.check().is_err();
        assert!(wrong(offer(&[])) && wrong(offer(&["Spring offer"])));
        assert!(wrong(Offer { lasts: "60d".into(), ..offer(&["a"]) }));
        let group =
            |tag: &str| Offer { groups: vec![Group { tag: tag.into(), template: "vip".into() }], ..offer(&["a"]) };
        assert!(wrong(group("")) && wrong(group(" ")) && !wrong(group("vip/*")));
        assert!(wrong(Offer { kind: MessageKind::Reply, ..offer(&["a"]) }));
    }
}
