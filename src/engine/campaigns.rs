//! Campaigns: a dry run that asks the gate for everybody, telling the recipients, hearing who responds, and sending again what can be.
//!
//! Each recipient gets an event into their own journal, and so does each who responds: a fold reads nothing but its contact's own.

use std::collections::BTreeMap;
use std::time::Duration as StdDuration;

use rust_decimal::Decimal;
use serde::Serialize;

use super::Engine;
use super::segments::{Wanted, page};
use super::state::State;
use crate::domain::{CampaignEvent, Duration, EventBody, MessageKind, Timestamp};
use crate::outreach::{Offer, Verdict};
use crate::store::{CampaignRow, CampaignState, NewEvent, Place, StoreError};
use crate::whatsapp::errors;

/// Recipients that are told in one transaction.
const TOLD: i64 = 500;
/// How often it is looked whether a campaign starts.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// A campaign is listened to for so long after what it sends is worth nothing any more.
const LISTENED: Duration = Duration::days(3);

/// What a campaign would do now. Nothing is written or sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DryRun {
    /// In the segment.
    pub members: u64,
    /// Would get it, now or later.
    pub would_get: u64,
    /// Would get it now.
    pub now: u64,
    /// Those of them who would get it as a template, and count for the portfolio.
    pub as_template: u64,
    /// Would get it later, by the gate's reason.
    pub later: BTreeMap<&'static str, u64>,
    /// Would not get it, by the gate's reason: ever, or as long as it is worth sending.
    pub never: BTreeMap<&'static str, u64>,
    /// Templates that cannot be sent in any language, in words: who is to get one waits until it can.
    pub held: Vec<String>,
    /// By variant, of those who would get it now or later.
    pub variants: BTreeMap<String, u64>,
    /// About how long it takes until the last may get it, at the present limits and its own budget, if nothing else is sent.
    pub about_seconds: u64,
    /// What the templates cost at most, by `prices.toml`.
    pub cost: Decimal,
    /// Of the cost.
    pub currency: String,
}

/// Tells recipients and hears responses, until told to stop.
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    loop {
        if let Err(error) = look(&engine).await {
            tracing::warn!(%error, "campaigns cannot be looked after just now; trying again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn look(engine: &Engine) -> Result<(), StoreError> {
    for campaign in engine.store().all_campaigns().await? {
        let offer = offer(&campaign)?;
        if campaign.state == CampaignState::Starting {
            let mut place = campaign.place;
            while let Some(next) = tell_page(engine, &campaign, &offer, place).await? {
                place = next;
            }
        }
        let lasts = offer.lasting().unwrap_or_default() + LISTENED;
        if campaign.started_at.is_some_and(|start| engine.now() - start <= lasts) {
            hear(engine, &campaign.name).await?;
        }
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
    let events = members.iter().map(|member| {
        let body = EventBody::Campaign(offer.event(name, member.contact.0, &member.tags, start));
        NewEvent::known(member.contact, Some(format!("campaign:{name}:{}", member.contact)), now, body)
    });
    store.append(events.collect()).await?;
    store.told_recipients(name, members.len() as i64, last).await?;
    let stands = store.all_campaigns().await?.into_iter().find(|row| row.name == *name).map(|row| row.state);
    let goes_on = stands == Some(CampaignState::Starting) && !engine.stopping().is_cancelled();
    Ok(Some(last).filter(|_| goes_on))
}

/// Writes into the journals of those who wrote, clicked or ordered soon after a campaign's message that they responded.
async fn hear(engine: &Engine, name: &str) -> Result<(), StoreError> {
    let (store, now) = (engine.store(), engine.now());
    let contacts = store.campaign_responses(name).await?;
    let events = contacts.into_iter().map(|contact| {
        let event =
            CampaignEvent { campaign: name.to_owned(), action: "response".into(), tags: Vec::new(), offer: None };
        let key = format!("campaign:{name}:response:{contact}");
        NewEvent::known(contact, Some(key), now, EventBody::Campaign(event))
    });
    store.append(events.collect()).await.map(|_| ())
}

impl Engine {
    /// What a campaign would do if it started now: the gate is asked for every member of the segment.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn dry_run(
        &self,
        name: &str,
        wanted: &Wanted,
        offer: &Offer,
        (per_hour, per_day): (Option<u32>, Option<u32>),
    ) -> Result<DryRun, StoreError> {
        let (store, knowledge, now) = (self.store(), self.shelf().knowledge(), self.now());
        let currency = knowledge.prices.currency.code().to_owned();
        let (mut run, mut place) = (DryRun { currency, ..DryRun::default() }, Place::default());
        let mut last_opens = now;
        let made_marketing = self.made_marketing(offer).await?;
        loop {
            let members = page(store, &knowledge, wanted, place, TOLD).await?;
            let Some(last) = members.last() else { break };
            place = last.place;
            let contacts: Vec<_> = members.iter().map(|member| member.contact).collect();
            let states: BTreeMap<_, _> = store.states(&contacts).await?.into_iter().collect();
            for member in &members {
                run.members += 1;
                let state = states.get(&member.contact).and_then(|state| serde_json::from_str(state.as_deref()?).ok());
                let state: State = state.unwrap_or_default();
                let Some(request) = offer.request(name, member.contact.0, &member.tags, now) else { continue };
                let made = made_marketing(&state.contact, &request.template);
                let verdict = knowledge.would_leave(&state, &request, made, now);
                if let Some(why) = verdict.forbids(request.not_after) {
                    *run.never.entry(why.condition.name()).or_default() += 1;
                    continue;
                }
                let free = match verdict {
                    Verdict::Never { .. } => continue,
                    Verdict::NotBefore { at, why } => {
                        last_opens = last_opens.max(at);
                        *run.later.entry(why.condition.name()).or_default() += 1;
                        false
                    }
                    Verdict::Now => {
                        run.now += 1;
                        true
                    }
                    Verdict::OnlyTemplate { .. } => {
                        (run.now, run.as_template) = (run.now + 1, run.as_template + 1);
                        false
                    }
                };
                if !free {
                    let marketing = made || knowledge.outreach.is_marketing_to_meta(request.kind, &request.template);
                    run.cost += knowledge.prices.of_template(state.contact.country, marketing);
                }
                *run.variants.entry(request.template).or_default() += 1;
            }
        }
        run.held = self.held_of(offer).await?;
        let later = run.later.values().sum::<u64>();
        run.would_get = run.now + later;
        let all = run.would_get;
        let by_budget = |most: Option<u32>, seconds: u64| {
            // What is over after the first hour or day waits for the next.
            most.map_or(0, |most| (all.div_ceil(u64::from(most.max(1))).saturating_sub(1)) * seconds)
        };
        let own = by_budget(per_hour, 3_600).max(by_budget(per_day, 86_400));
        // Who waits is taken to get it as a template.
        let at_limits = self.takes(run.would_get, run.as_template + later, now).await?;
        let waits = u64::try_from((last_opens.0 - now.0) / 1_000).unwrap_or(0);
        run.about_seconds = at_limits.max(own).max(waits);
        Ok(run)
    }

    /// How long so many messages take at the throughput of the slowest number and the portfolio's limit.
    async fn takes(&self, messages: u64, templates: u64, now: Timestamp) -> Result<u64, StoreError> {
        let numbers = self.store().numbers(now).await?;
        let slowest = numbers.iter().map(|number| self.pace_of(number, now)).min();
        let per_second = u64::from(slowest.unwrap_or(self.settings().whatsapp.messages_per_second).max(1));
        let until_told = self.shelf().knowledge().limits.portfolio_until_told;
        let by_throughput = messages.div_ceil(per_second);
        let Some(most) = self.store().portfolio().await?.unwrap_or(Some(until_told)) else { return Ok(by_throughput) };
        let used: i64 = numbers.iter().map(|number| number.reached).sum();
        let today = u64::from(most).saturating_sub(used.max(0) as u64);
        let days = templates.saturating_sub(today).div_ceil(u64::from(most.max(1)));
        Ok(by_throughput.max(days * 86_400))
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
