//! Merging, archiving and deleting tags, as a person decides, and taking it back. Each contact learns of it by an event in its own
//! journal: a person gave one tag and took another away.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::json;

use super::{Actor, NotDone};
use crate::domain::{AgentAction, AgentEvent, ContactId, Duration, EventBody, TagKey, Timestamp};
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::governance::{self, Action, CampaignTags, Proposal, TagFigures, Tidy};
use crate::store::{LogRow, NewEvent, Store, StoreError, TagRow, Tidied};

/// Contacts of one step.
const PAGE: i64 = 500;
/// Campaigns that ended within this are looked at: what is older was merged or decided against long ago.
const CAMPAIGNS_BACK: Duration = Duration::days(400);
/// So many changes since are looked through before something is taken back.
const LATER: i64 = 10_000;
/// What archived tags are called.
const ARCHIVE: &str = "archive";

/// What is to be done. A proposal may be sent as it came: what it says besides is passed over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "the fields of the API")]
pub struct Order {
    pub what: Tidy,
    pub tags: Vec<String>,
    pub into: Option<String>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Its line of the log, by which it can be taken back.
    pub log: i64,
    /// Contacts whose tags changed.
    pub contacts: u64,
}

/// What could be done, also beside a running server.
///
/// # Errors
/// The database does not answer.
pub async fn proposals(
    store: &Store,
    knowledge: &Knowledge,
    tags: &[TagFigures],
    now: Timestamp,
) -> Result<Vec<Proposal>, StoreError> {
    let kept: Vec<&str> = tags.iter().filter(|tag| tag.is_kept_by_people()).map(|tag| tag.tag.as_str()).collect();
    let overlaps = store.tag_overlaps(&kept).await?;
    let events = store.campaigns(now - CAMPAIGNS_BACK).await?;
    let campaigns = campaigns_of(events);
    let begun = store.log_begun().await?.unwrap_or(now);
    Ok(governance::proposals(&knowledge.governance, tags, &overlaps, &campaigns, begun, now))
}

/// Campaigns with the tags that they began or ended with, and whether they are over.
fn campaigns_of(events: Vec<(Timestamp, EventBody)>) -> Vec<CampaignTags> {
    let mut campaigns: BTreeMap<String, CampaignTags> = BTreeMap::new();
    for (at, body) in events {
        let EventBody::Campaign(event) = body else { continue };
        let campaign = event.campaign;
        let new = || CampaignTags { campaign: campaign.clone(), ended: None, tags: Vec::new() };
        let known = campaigns.entry(campaign.clone()).or_insert_with(new);
        known.tags.extend(event.tags);
        match event.action.as_str() {
            "start" if known.ended < Some(at) => known.ended = None,
            "end" => known.ended = known.ended.max(Some(at)),
            _ => {}
        }
    }
    campaigns.into_values().collect()
}

impl Engine {
    /// What the clock decides, as a shop's own rules say: how many contacts it changed.
    ///
    /// # Errors
    /// The database does not answer.
    pub(crate) async fn tidy_by_itself(&self, who: &str, order: Order) -> Result<u64, StoreError> {
        let done = match self.checked(&order) {
            Ok(into) => self.carry_out(who, &order, into).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(done) => Ok(done.contacts),
            Err(NotDone::Store(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "tags could not be tidied");
                Ok(0)
            }
        }
    }

    /// Does what a person decided. It goes on to its end also where the one who asked goes away.
    ///
    /// # Errors
    /// [`NotDone`]; what was done until then stays, and the same again goes on from there.
    pub async fn tidy(&self, actor: Actor<'_>, order: Order) -> Result<Done, NotDone> {
        let action = if order.what == Tidy::Delete { Action::Delete } else { Action::Change };
        crate::engine::tags::allowed(&self.shelf().knowledge(), actor, action)?;
        let into = self.checked(&order)?;
        self.any_known(&order.tags).await?;
        let (engine, who) = (self.clone(), actor.who.to_owned());
        let work = self.inner.tasks.spawn(async move { engine.carry_out(&who, &order, into).await });
        work.await.unwrap_or_else(|_| Err(NotDone::Wrong("It failed half-way; do it once more to go on.".into())))
    }

    /// Refuses tags of which there is none at all: where an order failed half-way and is given once more, some are gone already.
    async fn any_known(&self, tags: &[String]) -> Result<(), NotDone> {
        let faces = self.faces().await?;
        for tag in tags {
            if self.knows_tag(&faces, tag).await? {
                return Ok(());
            }
        }
        Err(NotDone::Unknown(format!("There is no tag {}.", tags.join(", "))))
    }

    /// The tag that takes the place of the others, if one does.
    fn checked(&self, order: &Order) -> Result<Option<String>, NotDone> {
        let wrong = |text: String| Err(NotDone::Wrong(text));
        let knowledge = self.shelf().knowledge();
        if order.tags.is_empty() {
            return wrong("Name at least one tag.".into());
        }
        if let Some(tag) = order.tags.iter().find(|tag| tag.ends_with('*')) {
            return wrong(format!("{tag} stands for many tags: name each."));
        }
        if let Some(tag) = order.tags.iter().find(|tag| knowledge.rulebook.gives(tag)) {
            return wrong(format!("Rules give {tag}, and would give it again: change the rule."));
        }
        match (order.what, &order.into) {
            (Tidy::Merge, Some(into)) if order.tags.contains(into) => wrong(format!("{into} cannot become itself.")),
            (Tidy::Merge, Some(into)) => match into.parse::<TagKey>() {
                Ok(key) => Ok(Some(key.to_string())),
                Err(error) => wrong(format!("{error}.")),
            },
            (Tidy::Merge, None) => wrong("Say into which tag they become one.".into()),
            (Tidy::Archive, _) => match order.tags.as_slice() {
                [tag] => Ok(Some(format!("{ARCHIVE}/{}", tag.replace('/', "-")))),
                _ => wrong("Archive one tag at a time.".into()),
            },
            (Tidy::Delete, _) => Ok(None),
            (Tidy::Question, _) => wrong("A question is answered by merging, archiving, deleting or keeping.".into()),
        }
    }

    async fn carry_out(&self, who: &str, order: &Order, into: Option<String>) -> Result<Done, NotDone> {
        let (store, now) = (self.store(), self.now());
        let what = json!(order.what).as_str().unwrap_or_default().to_owned();
        let made = store.tags().await?;
        let forgotten: Vec<&TagRow> = made.iter().filter(|row| order.tags.contains(&row.tag)).collect();
        let detail = json!({ "tags": order.tags, "into": into, "rows": forgotten });
        let log = store.log_change(now, who, &format!("tags-{what}"), &order.tags.join(" "), &detail).await?;
        if let Some(into) = into.as_ref().filter(|into| !made.iter().any(|row| row.tag == **into)) {
            let archived_at = (order.what == Tidy::Archive).then_some(now);
            let row = TagRow { tag: into.clone(), made_by: who.into(), archived_at, ..TagRow::default() };
            store.save_tag(&row, now).await?;
        }
        // Who holds several of the tags is one contact.
        let mut changed = HashSet::new();
        for tag in &order.tags {
            let mut after = ContactId(0);
            loop {
                self.give_way().await?;
                let holders = store.holders(tag, into.as_deref(), after, PAGE).await?;
                let Some((last, _)) = holders.last() else { break };
                after = *last;
                changed.extend(holders.iter().map(|(contact, _)| *contact));
                self.change_all(who, log, tag, into.as_deref(), &holders).await?;
            }
            store.forget_tag(tag).await?;
        }
        let contacts = changed.len() as u64;
        tracing::info!(what, contacts, "tags were tidied; line {log} of the log can be taken back");
        Ok(Done { log, contacts })
    }

    /// One step: contacts that hold a tag, and whether they hold the new one already.
    async fn change_all(
        &self,
        who: &str,
        log: i64,
        tag: &str,
        into: Option<&str>,
        holders: &[(ContactId, bool)],
    ) -> Result<(), StoreError> {
        let mut changes = Vec::new();
        for (contact, has_it) in holders {
            changes.push(Tidied { contact: *contact, tag: tag.into(), set: false });
            if let Some(into) = into.filter(|_| !has_it) {
                changes.push(Tidied { contact: *contact, tag: into.into(), set: true });
            }
        }
        self.store().keep_tidied(log, &changes).await?;
        let events = changes.iter().map(|change| self.event(who, &format!("tidy:{log}"), change));
        self.store().append(events.collect()).await.map(drop)
    }

    fn event(&self, who: &str, key: &str, change: &Tidied) -> NewEvent {
        let action = if change.set { AgentAction::TagAdd } else { AgentAction::TagRemove };
        let body = AgentEvent { tag: Some(change.tag.clone()), ..AgentEvent::new(who, action) };
        let key = format!("{key}:{}:{}:{}", change.contact, change.set, change.tag);
        NewEvent::known(change.contact, Some(key), self.now(), EventBody::Agent(body))
    }

    /// Takes back what a line of the log tells was done: those who lost a tag hold it again, as a person's.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn untidy(&self, actor: Actor<'_>, log: i64) -> Result<Done, NotDone> {
        crate::engine::tags::allowed(&self.shelf().knowledge(), actor, Action::Change)?;
        let found = self.store().log_line(log).await?.filter(|row| row.action.starts_with("tags-"));
        let row = found.ok_or_else(|| NotDone::Unknown(format!("Line {log} of the log tidied no tags.")))?;
        if row.undone_at.is_some() {
            return Err(NotDone::Wrong(format!("Line {log} was taken back already.")));
        }
        if let Some(later) = self.tidied_since(&row).await? {
            return Err(NotDone::Wrong(format!(
                "The same tags were tidied again since: take line {later} back first."
            )));
        }
        let (engine, who) = (self.clone(), actor.who.to_owned());
        let work = self.inner.tasks.spawn(async move { engine.take_back(&who, row).await });
        work.await.unwrap_or_else(|_| Err(NotDone::Wrong("It failed half-way; do it once more to go on.".into())))
    }

    /// The last line of the log that tidied one of the same tags afterwards and stands: taken back before it, this one would give
    /// contacts tags that they never held together.
    async fn tidied_since(&self, row: &LogRow) -> Result<Option<i64>, StoreError> {
        let of = |row: &LogRow| -> Vec<String> {
            let into = row.detail["into"].as_str();
            row.subject.split(' ').chain(into).map(str::to_owned).collect()
        };
        let tags = of(row);
        let stands =
            |later: &LogRow| later.id > row.id && later.undone_at.is_none() && later.action.starts_with("tags-");
        let log = self.store().change_log(row.at, LATER).await?;
        Ok(log
            .iter()
            .filter(|later| stands(later))
            .find(|later| of(later).iter().any(|tag| tags.contains(tag)))
            .map(|later| later.id))
    }

    async fn take_back(&self, who: &str, row: LogRow) -> Result<Done, NotDone> {
        let (store, now) = (self.store(), self.now());
        let rows: Vec<TagRow> = serde_json::from_value(row.detail["rows"].clone()).map_err(|error| {
            tracing::error!(line = row.id, %error, "a line of the log does not tell what the tags were");
            NotDone::Wrong(format!(
                "Line {} of the log does not tell what the tags were: nothing was taken back.",
                row.id
            ))
        })?;
        for tag in &rows {
            store.save_tag(tag, now).await?;
        }
        let (mut changed, mut after) = (HashSet::new(), (ContactId(0), String::new()));
        loop {
            self.give_way().await?;
            let changes = store.tidied(row.id, &after, PAGE).await?;
            let Some(last) = changes.last() else { break };
            after = (last.contact, last.tag.clone());
            changed.extend(changes.iter().filter(|change| !change.set).map(|change| change.contact));
            let back = changes.into_iter().map(|change| Tidied { set: !change.set, ..change });
            let events = back.map(|change| self.event(who, &format!("untidy:{}", row.id), &change));
            store.append(events.collect()).await?;
        }
        store.mark_undone(row.id, now).await?;
        store.log_change(now, who, "tidying-taken-back", &row.subject, &json!({ "line": row.id })).await?;
        Ok(Done { log: row.id, contacts: changed.len() as u64 })
    }
}
