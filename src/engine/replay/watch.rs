//! What is watched over all contacts of a timeline: the same judgement as in the running system, by the timeline's clock.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeZone};

use crate::domain::{CampaignEvent, Standing, Timestamp};
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::State;
use crate::governance::{self, Alert, Mix, Seen, TagFigures};

/// The days of a timeline, as far as they are over.
#[derive(Default)]
pub(crate) struct Watch {
    days: BTreeMap<NaiveDate, Mix>,
    /// The day under way.
    today: Option<NaiveDate>,
    /// When a campaign was last sent to those who hold a tag.
    used: BTreeMap<String, Timestamp>,
}

impl Watch {
    /// The day that is over by then and was not looked at yet, with the moment at which it ends: ask until there is none.
    pub(crate) fn next_day_over(&mut self, until: Timestamp, knowledge: &Knowledge) -> Option<(NaiveDate, Timestamp)> {
        let zone = knowledge.shop.zone;
        let day = *self.today.get_or_insert_with(|| until.utc().with_timezone(&zone).date_naive());
        let next = day.succ_opt()?;
        // Where a clock is put forward at midnight the day begins an hour later.
        let mut hours = (0..3).filter_map(|hour| next.and_hms_opt(hour, 0, 0));
        let begins = hours.find_map(|time| zone.from_local_datetime(&time).earliest())?;
        let begins = Timestamp::from(begins.with_timezone(&chrono::Utc));
        if begins > until {
            return None;
        }
        self.today = Some(next);
        Some((day, begins))
    }

    /// Keeps the colours at the end of a day.
    pub(crate) fn keep<'a>(&mut self, day: NaiveDate, contacts: impl Iterator<Item = &'a State>) {
        self.days.insert(day, mix(contacts));
    }

    /// A campaign began: its tags were used.
    pub(crate) fn campaign(&mut self, campaign: &CampaignEvent, at: Timestamp) {
        if campaign.action == "start" {
            self.used.extend(campaign.tags.iter().map(|tag| (tag.clone(), at)));
        }
    }

    /// The alerts that stand.
    pub(crate) fn standing<'a>(
        &self,
        knowledge: &Knowledge,
        now: Timestamp,
        contacts: impl Iterator<Item = &'a State> + Clone,
    ) -> Vec<Alert> {
        let days = chrono::Days::new(knowledge.governance.alerts.grey_share.days.into());
        let first = self.today.and_then(|today| today.checked_sub_days(days)).unwrap_or_default();
        let is_late = |state: &&State| matches!(state.desk.standing(), Standing::Waiting { missed: true, .. });
        let tags = self.tags(knowledge, contacts.clone());
        let month = knowledge.governance.tags.month;
        let kept: Vec<&TagFigures> = tags.iter().filter(|tag| tag.is_kept_since(now - month)).collect();
        let seen = Seen {
            mix: mix(contacts.clone()),
            before: self.days.range(first..).map(|(_, mix)| *mix).collect(),
            late: contacts.filter(is_late).count() as i64,
            tags: tags.len(),
            use_of_tags: (kept.len() as i64, kept.iter().filter(|tag| tag.is_used(month, now)).count() as i64),
            // A timeline has nobody who judges.
            verdicts: (0, 0),
        };
        governance::standing(&knowledge.governance, &seen)
    }
}

impl Watch {
    /// Tags that people keep.
    fn tags<'a>(&self, knowledge: &Knowledge, contacts: impl Iterator<Item = &'a State>) -> Vec<TagFigures> {
        let mut first: BTreeMap<&str, Timestamp> = BTreeMap::new();
        for (tag, held) in contacts.flat_map(|state| state.facts.tags()) {
            let since = first.entry(tag.as_str()).or_insert(held.since);
            *since = held.since.min(*since);
        }
        let kept = first.into_iter().filter(|(tag, _)| !knowledge.rulebook.gives(tag));
        let figures = |(tag, since): (&str, Timestamp)| TagFigures {
            tag: tag.into(),
            first_set: Some(since),
            of_people: true,
            read_by_rules: knowledge.rulebook.reads(tag),
            last_use: self.used.get(tag).copied(),
            ..TagFigures::default()
        };
        kept.map(figures).collect()
    }
}

fn mix<'a>(contacts: impl Iterator<Item = &'a State>) -> Mix {
    let mut mix = Mix::default();
    for state in contacts.filter(|state| !state.contact.is_opted_out()) {
        mix.add(state.facts.colour().map_or(-1, |colour| colour as i64), 1);
    }
    mix
}
