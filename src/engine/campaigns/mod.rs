//! Campaigns: telling the recipients, hearing who responds, and sending again what can be.
//!
//! Each recipient gets an event into their own journal, and so does each who responds: a fold reads nothing but its contact's own.

pub(crate) mod cancelled;
pub mod dry_run;
pub(crate) mod flow;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration as StdDuration;

use serde::Serialize;

use crate::domain::{CampaignEvent, Duration, EventBody, MessageKind};
use crate::engine::Engine;
use crate::engine::fold::state::State;
use crate::engine::segments::{Wanted, page};
use crate::engine::sending::outlook::says;
use crate::engine::supervise::rested;
use crate::outreach::Offer;
use crate::store::{CampaignRow, CampaignState, MOST_RESPONSES, NewEvent, Place, RecipientsRow, StoreError};
use crate::whatsapp::errors;

/// Recipients that are told in one transaction.
const TOLD: i64 = 500;
/// How often it is looked whether a campaign starts.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// A campaign is listened to for so long after what it sends is worth nothing any more.
const LISTENED: Duration = Duration::days(3);

/// What this process knows of campaigns.
#[derive(Default)]
struct Heard {
    /// Up to where in the journal each one's responses were heard: after a start each is heard once from its beginning.
    places: HashMap<String, i64>,
    /// Those of which it was told that they cannot be read.
    unreadable: HashSet<String>,
}

/// Tells recipients and hears responses, until told to stop.
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut heard = Heard::default();
    loop {
        if let Err(error) = look(&engine, &mut heard).await {
            tracing::warn!(%error, "campaigns cannot be looked after just now; trying again");
        }
        if !rested(&stop, LOOK_EVERY).await {
            return;
        }
    }
}

async fn look(engine: &Engine, heard: &mut Heard) -> Result<(), StoreError> {
    for campaign in engine.store().all_campaigns().await? {
        match look_after(engine, &campaign, heard).await {
            // One that another version wrote must not stop the others.
            Err(error @ StoreError::Corrupt { .. }) => {
                if heard.unreadable.insert(campaign.name) {
                    tracing::error!(%error, "this campaign is left as it is; the others go on");
                }
            }
            done => done?,
        }
    }
    Ok(())
}

async fn look_after(engine: &Engine, campaign: &CampaignRow, heard: &mut Heard) -> Result<(), StoreError> {
    let offer = offer(campaign)?;
    if campaign.state == CampaignState::Starting {
        let mut place = campaign.place;
        while let Some(next) = tell_page(engine, campaign, &offer, place).await? {
            place = next;
        }
    }
    let (lasts, now) = (offer.lasting().unwrap_or_default(), engine.now());
    let Some(age) = campaign.started_at.map(|start| now - start) else { return Ok(()) };
    let from = [CampaignState::Running, CampaignState::Paused];
    if age > lasts && from.contains(&campaign.state) {
        engine.store().move_campaign(&campaign.name, &from, CampaignState::Finished, now).await?;
    }
    if age <= lasts + LISTENED {
        hear(engine, &campaign.name, heard).await?;
    }
    Ok(())
}

fn corrupt(campaign: &CampaignRow, reason: String) -> StoreError {
    StoreError::Corrupt { table: "campaigns", row: campaign.name.clone(), reason }
}

/// What a campaign sends.
///
/// # Errors
/// The row holds something else.
pub fn offer(campaign: &CampaignRow) -> Result<Offer, StoreError> {
    serde_json::from_str(&campaign.offer).map_err(|error| corrupt(campaign, error.to_string()))
}

/// Tells the next recipients; `None` when all know, the campaign was stopped or the system stops. After a crash the same ones are
/// told again: each event counts once.
async fn tell_page(
    engine: &Engine,
    campaign: &CampaignRow,
    offer: &Offer,
    place: Place,
) -> Result<Option<Place>, StoreError> {
    engine.give_way().await?;
    let (store, name) = (engine.store(), &campaign.name);
    let segment = campaign.segment.parse();
    let segment = segment.map_err(|error: crate::segments::TextError| corrupt(campaign, error.to_string()))?;
    let start = campaign.started_at.unwrap_or(campaign.made_at);
    let wanted = Wanted { segment, first: None, now: start };
    let members = page(store, &engine.shelf().knowledge(), &wanted, place, TOLD).await?;
    let now = engine.now();
    let Some(last) = members.last().map(|member| member.place) else {
        store.move_campaign(name, &[CampaignState::Starting], CampaignState::Running, now).await?;
        return Ok(None);
    };
    // Before they are told: what the gate says of them is written beside their names.
    store.name_recipients(name, &members.iter().map(|member| member.contact).collect::<Vec<_>>()).await?;
    let events = members.iter().map(|member| {
        let body = EventBody::Campaign(offer.event(name, member.contact.0, &member.tags, start));
        NewEvent::known(member.contact, Some(format!("campaign:{name}:{}", member.contact)), now, body)
    });
    store.append(events.collect()).await?;
    store.told_recipients(name, last).await?;
    let stands = store.all_campaigns().await?.into_iter().find(|row| row.name == *name).map(|row| row.state);
    if stands == Some(CampaignState::Cancelled) {
        cancelled::drop_all(engine, name).await?;
    }
    let goes_on = stands == Some(CampaignState::Starting) && !engine.stopping().is_cancelled();
    Ok(Some(last).filter(|_| goes_on))
}

/// Writes into the journals of those who wrote, clicked or ordered soon after a campaign's message that they responded.
/// Only what is new is looked at: all that many recipients ever did takes long to look through, and a campaign is heard each second.
async fn hear(engine: &Engine, name: &str, heard: &mut Heard) -> Result<(), StoreError> {
    let (store, now) = (engine.store(), engine.now());
    // Before the search: what is folded meanwhile is looked at again.
    let folded = store.folded_to().await?;
    let since = heard.places.get(name).copied();
    if since == Some(folded) {
        return Ok(());
    }
    let contacts = store.campaign_responses(name, since).await?;
    let found_all = contacts.len() < MOST_RESPONSES;
    let events = contacts.into_iter().map(|contact| {
        let event =
            CampaignEvent { campaign: name.to_owned(), action: "response".into(), tags: Vec::new(), offer: None };
        let key = format!("campaign:{name}:response:{contact}");
        NewEvent::known(contact, Some(key), now, EventBody::Campaign(event))
    });
    store.append(events.collect()).await?;
    if found_all {
        heard.places.insert(name.to_owned(), folded);
    }
    Ok(())
}

/// What became of a campaign's recipients: the five counts are all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// On the way, or further.
    pub left: i64,
    /// Decided, and not sent yet.
    pub waiting: i64,
    /// For a later moment: nothing is decided yet.
    pub planned: i64,
    /// The gate lets nothing go to them.
    pub refused: i64,
    /// Decided, and failed, dropped or too late.
    pub not_sent: i64,
    /// Why they were refused, the most frequent reason first.
    pub refusals: Vec<Counted>,
    /// What the gate says now of what is planned: of the first [`ASKED`] plans.
    pub plans: Vec<Counted>,
}

/// So many recipients for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counted {
    /// The gate's reason, by its name; empty where it has none.
    pub reason: String,
    /// In words.
    pub says: String,
    pub count: i64,
}

/// Plans of which the gate is asked, where somebody looks at a campaign.
pub const ASKED: i64 = 500;

impl Engine {
    /// What became of a campaign's recipients.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn account_of(&self, name: &str) -> Result<Account, StoreError> {
        let mut account = Account::default();
        for RecipientsRow { stand, reason, says, count } in self.store().campaign_recipients(name).await? {
            match stand.as_str() {
                "left" => account.left += count,
                "waiting" => account.waiting += count,
                "planned" => account.planned += count,
                "refused" => {
                    account.refused += count;
                    account.refusals.push(Counted { reason, says, count });
                }
                _ => account.not_sent += count,
            }
        }
        if account.planned > 0 {
            account.plans = self.plans_of(name).await?;
        }
        Ok(account)
    }

    /// What the gate says now of what a campaign has planned, the most frequent word first.
    async fn plans_of(&self, name: &str) -> Result<Vec<Counted>, StoreError> {
        let (now, knowledge) = (self.now(), self.shelf().knowledge());
        let (contacts, stopped) = (self.store().campaign_plans(name, ASKED).await?, self.stopped_campaigns().await?);
        let mut said: BTreeMap<(&str, String), i64> = BTreeMap::new();
        for (_, state) in self.store().states(&contacts).await? {
            let state = State::known(state.as_deref());
            let plans = knowledge.planned(&state, now);
            let plan = plans.iter().find(|(plan, _)| plan.campaign.as_deref() == Some(name));
            let reason = plan.and_then(|(_, verdict)| verdict.why()).map_or("", |why| why.condition.name());
            let says = plan.map_or("they are just being told".into(), |(plan, verdict)| says(plan, verdict, &stopped));
            *said.entry((reason, says)).or_default() += 1;
        }
        let counted = |((reason, says), count): ((&str, _), _)| Counted { reason: reason.to_owned(), says, count };
        let mut counted: Vec<Counted> = said.into_iter().map(counted).collect();
        counted.sort_by_key(|counted| std::cmp::Reverse(counted.count));
        Ok(counted)
    }

    /// Sends again what failed of a campaign for a reason that passes; how many.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn retry_campaign(&self, name: &str) -> Result<u64, StoreError> {
        self.store().retry_campaign(name, &errors::that_pass(), self.now()).await
    }
}

/// The kinds that a campaign can send.
pub const KINDS: [MessageKind; 6] = [
    MessageKind::Promotion,
    MessageKind::Product,
    MessageKind::Service,
    MessageKind::CaseStudy,
    MessageKind::Tutorial,
    MessageKind::Reminder,
];
