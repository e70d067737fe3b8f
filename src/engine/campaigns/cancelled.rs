//! Cancelled campaigns: what waits and what is planned of them is dropped, in steps, so that nobody else has to wait to write.
//! Until then it does not leave: it is asked once more when its turn comes.

use std::collections::HashSet;
use std::time::{Duration as StdDuration, Instant};

use crate::domain::{CampaignEvent, EventBody};
use crate::engine::Engine;
use crate::engine::supervise::rested;
use crate::store::{CampaignState, NewEvent, StoreError};

/// How often it is looked whether a campaign was cancelled.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// Messages or recipients of one step.
const STEP: usize = 500;

/// Works until told to stop.
pub(crate) async fn run(engine: Engine) {
    let stop = engine.stopping();
    // After a start each is looked through once: the process may have ended in the middle.
    let mut dropped = HashSet::new();
    loop {
        if let Err(error) = look(&engine, &mut dropped).await {
            tracing::warn!(%error, "what is left of cancelled campaigns cannot be dropped just now; trying again");
        }
        if !rested(&stop, LOOK_EVERY).await {
            return;
        }
    }
}

async fn look(engine: &Engine, dropped: &mut HashSet<String>) -> Result<(), StoreError> {
    let mut campaigns = engine.store().all_campaigns().await?;
    campaigns.retain(|campaign| campaign.state == CampaignState::Cancelled && !dropped.contains(&campaign.name));
    for campaign in campaigns {
        drop_all(engine, &campaign.name).await?;
        dropped.insert(campaign.name);
    }
    tell(engine).await
}

/// Drops what waits and what is planned of a cancelled campaign.
pub(crate) async fn drop_all(engine: &Engine, name: &str) -> Result<(), StoreError> {
    let store = engine.store();
    for messages in store.campaign_waiting(name).await?.chunks(STEP) {
        let begun = Instant::now();
        store.drop_waiting(messages, engine.now()).await?;
        give_way(begun).await;
        if engine.stopping().is_cancelled() {
            return Ok(());
        }
    }
    for contacts in store.undecided_recipients(name).await?.chunks(STEP) {
        let begun = Instant::now();
        store.cancel_recipients(name, contacts).await?;
        give_way(begun).await;
        if engine.stopping().is_cancelled() {
            return Ok(());
        }
    }
    Ok(())
}

/// Between two steps others write for longer than a step took.
async fn give_way(begun: Instant) {
    tokio::time::sleep(begun.elapsed() * 2).await;
}

/// Writes into the journals of recipients that their campaign was cancelled: what is planned for them is dropped by their own fold.
async fn tell(engine: &Engine) -> Result<(), StoreError> {
    let (store, now) = (engine.store(), engine.now());
    let rows = store.plans_to_drop().await?;
    if rows.is_empty() {
        return Ok(());
    }
    engine.give_way().await?;
    let told = rows.iter().map(|(campaign, contact)| {
        let event =
            CampaignEvent { campaign: campaign.clone(), action: "cancel".into(), tags: Vec::new(), offer: None };
        let key = format!("campaign:{campaign}:cancel:{contact}");
        NewEvent::known(*contact, Some(key), now, EventBody::Campaign(event))
    });
    store.append(told.collect()).await?;
    store.plans_dropped(&rows).await
}
