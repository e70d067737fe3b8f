//! Events of the whole shop, such as the weather of a city, reach the contacts that they concern.
//!
//! Each one gets the event into their own journal, in steps of a few hundred, so that messages flow beside it. So a fold
//! still reads nothing but the contact's own events: what live processing reaches is what a replay of the journal reaches,
//! also when tags or tables change later. Where it goes on stands in the database; an event that a step wrote before a crash
//! has the same key the next time, and counts once.

use std::time::Duration as StdDuration;

use super::Engine;
use super::audience::Audiences;
use crate::domain::ContactId;
use crate::store::{NewEvent, StoreError, WideEvent};

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
pub(super) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut leadership = engine.store().leadership(SILENCE);
    let lock = [LOCK.to_owned()];
    while !stop.is_cancelled() {
        let led = leadership.renew(&lock).await.map(|led| led.contains(LOCK));
        let worked = match led {
            Ok(true) => step(&engine).await,
            other => other,
        };
        let pause = match worked {
            Ok(true) => PAUSE,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "an event of the whole shop could not be handed on; trying again");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Hands the first event that waits to the next contacts. False if there is none.
async fn step(engine: &Engine) -> Result<bool, StoreError> {
    let store = engine.store();
    let Some(event) = store.next_wide(&Audiences::KINDS).await? else { return Ok(false) };
    let knowledge = engine.shelf().knowledge();
    let tags = knowledge.audiences.of(&event.event.body, &knowledge.places);
    let holders = store.concerned(&tags, event.after, STEP).await?;
    let is_last = (holders.len() as i64) < STEP;
    let last = holders.last().copied();
    let told = holders.into_iter().map(|contact| to_contact(&event, contact, engine)).collect();
    store.append(told).await?;
    match last.filter(|_| !is_last) {
        Some(contact) => store.wide_reached(event.event.seq, contact).await?,
        None => store.wide_done(event.event.seq).await?,
    }
    Ok(true)
}

/// The event in a contact's own journal. It happened when it happened, whenever it reaches them.
fn to_contact(event: &WideEvent, contact: ContactId, engine: &Engine) -> NewEvent {
    let now = engine.now();
    NewEvent {
        key: Some(format!("wide:{}:{contact}", event.event.seq)),
        contact: Some(contact),
        contacts: Vec::new(),
        at: event.event.at,
        received: now.max(event.event.received),
        due: now,
        body: event.event.body.clone(),
    }
}
