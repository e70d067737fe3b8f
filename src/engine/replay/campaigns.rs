//! Campaigns of a timeline that are over, and when their tags become one (GOV-5): as soon as they have been over for long. Live, the job
//! of that name does it within the day.

use std::collections::BTreeMap;

use crate::domain::{CampaignEvent, Timestamp};
use crate::engine::fold::Knowledge;

/// What is known of them.
#[derive(Default)]
pub(crate) struct Campaigns {
    /// The tags that each began with, while it runs.
    tags: BTreeMap<String, Vec<String>>,
    /// Those of campaigns that are over: one that starts once more has them again.
    ended: BTreeMap<String, Vec<String>>,
    /// When which of them become one.
    over: Vec<(Timestamp, Vec<String>)>,
}

impl Campaigns {
    /// A campaign began or ended.
    pub(crate) fn note(
        &mut self,
        event: &CampaignEvent,
        (at, received): (Timestamp, Timestamp),
        knowledge: &Knowledge,
    ) {
        let known = self.tags.entry(event.campaign.clone()).or_default();
        let again = (event.action == "start").then(|| self.ended.remove(&event.campaign)).flatten();
        let used: Vec<String> = event.tags.iter().cloned().chain(again.into_iter().flatten()).collect();
        // A tag that a campaign uses anew is in use.
        for (_, tags) in &mut self.over {
            tags.retain(|tag| !used.contains(tag));
        }
        known.extend(used);
        if event.action == "end" {
            let due = (at + knowledge.governance.tags.campaign_after).max(received);
            let mut own = std::mem::take(known);
            self.ended.insert(event.campaign.clone(), own.clone());
            own.retain(|tag| !self.tags.values().any(|running| running.contains(tag)));
            // What two campaigns have that are over stays until the later one has been so for long.
            for (other, tags) in &mut self.over {
                match *other > due {
                    true => own.retain(|tag| !tags.contains(tag)),
                    false => tags.retain(|tag| !own.contains(tag)),
                }
            }
            self.over.push((due, own));
        }
    }

    /// When tags become one next.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.over.iter().map(|(due, _)| *due).min()
    }

    /// Those that do so at that moment.
    pub(crate) fn take(&mut self, due: Timestamp) -> Vec<String> {
        self.over.extract_if(.., |(at, _)| *at <= due).flat_map(|(_, tags)| tags).collect()
    }
}
