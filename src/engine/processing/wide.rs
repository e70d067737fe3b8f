//! Events of the whole shop, such as the weather of a city, reach the contacts that they concern.
//!
//! Each one gets the event into their own journal, in steps of a few hundred, so that messages flow beside it. So a fold
//! still reads nothing but the contact's own events: what live processing reaches is what a replay of the journal reaches,
//! also when tags or tables change later. Where it goes on stands in the database; an event that a step wrote before a crash
//! has the same key the next time, and counts once.

use std::time::Duration as StdDuration;

use super::giving_way;
use crate::domain::{ContactId, Event};
use crate::engine::Engine;
use crate::engine::knowledge::audience::Audiences;
use crate::engine::leader::Leader;
use crate::engine::supervise::rested;
use crate::store::{NewEvent, StoreError};

/// How often it is looked whether there is something.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// Another node takes over when the one that hands events on was not heard of for so long: a large shop takes its time.
const SILENCE: StdDuration = StdDuration::from_secs(600);
/// Between two steps, so that it takes at most about half of the database's time.
const PAUSE: StdDuration = StdDuration::from_millis(5);
/// After a step that failed.
const AFTER_FAILURE: StdDuration = StdDuration::from_secs(10);
/// Contacts of one step.
const STEP: i64 = 500;
/// The name under which nodes agree who does it.
const LOCK: &str = "wide";

/// Works until told to stop.
pub(crate) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut leader = Leader::new(&engine, LOCK, SILENCE);
    while !stop.is_cancelled() {
        let worked = match leader.leads().await {
            Ok(true) => step(&engine).await,
            other => other.map(|_| LOOK_EVERY),
        };
        let pause = match worked {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "an event of the whole shop could not be handed on; trying again");
                AFTER_FAILURE
            }
        };
        if !rested(&stop, pause).await {
            return;
        }
    }
}

/// Hands the first event that waits to the next contacts; how long to wait until the next step.
async fn step(engine: &Engine) -> Result<StdDuration, StoreError> {
    let store = engine.store();
    let Some(event) = store.next_wide(&Audiences::KINDS).await? else { return Ok(LOOK_EVERY) };
    if engine.is_behind().await? {
        return Ok(giving_way::PAUSE);
    }
    let knowledge = engine.shelf().knowledge();
    let tags = knowledge.audiences.of(&event.event.body, &knowledge.places);
    let holders = store.concerned(&tags, event.after, STEP).await?;
    let is_last = (holders.len() as i64) < STEP;
    let last = holders.last().map(|(contact, _)| *contact);
    let earlier = earlier(&event.event, &tags, engine).await?;
    let mut told = Vec::with_capacity(holders.len());
    for (contact, since) in holders {
        // Who held the tag before has them; whoever gets one again has it once.
        let missed = earlier.first().is_some_and(|first| since >= first.at);
        let missed = earlier.iter().filter(|_| missed).map(|earlier| to_contact(earlier, contact, engine));
        told.extend(missed.chain([to_contact(&event.event, contact, engine)]));
    }
    store.append(told).await?;
    match last.filter(|_| !is_last) {
        Some(contact) => store.wide_reached(event.event.seq, contact).await?,
        None => store.wide_done(event.event.seq).await?,
    }
    Ok(PAUSE)
}

/// What came before an event, is of its kind and concerns the same, as far as it still counts for those whom it concerns only since.
async fn earlier(event: &Event, tags: &[String], engine: &Engine) -> Result<Vec<Event>, StoreError> {
    let knowledge = engine.shelf().knowledge();
    let Some(length) = knowledge.audiences.earlier(&event.body) else { return Ok(Vec::new()) };
    let mut before = engine.store().wide_before(event.body.kind(), event.seq, event.received - length).await?;
    before.retain(|other| knowledge.audiences.of(&other.body, &knowledge.places) == tags);
    Ok(before)
}

/// The event in a contact's own journal. It happened when it happened, whenever it reaches them.
fn to_contact(event: &Event, contact: ContactId, engine: &Engine) -> NewEvent {
    let now = engine.now();
    NewEvent {
        key: Some(format!("wide:{}:{contact}", event.seq)),
        contact: Some(contact),
        contacts: Vec::new(),
        at: event.at,
        received: now.max(event.received),
        due: now,
        body: event.body.clone(),
    }
}
