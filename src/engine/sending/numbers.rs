//! Which of our numbers somebody sends for, over all nodes, and what becomes of messages to customers who wrote to one that nobody
//! sends for any more: the shop has another number now.

use std::collections::BTreeSet;
use std::time::{Duration as StdDuration, Instant};

use super::holds::is_minded_here;
use crate::domain::{Contact, Duration, Timestamp};
use crate::engine::Engine;
use crate::engine::supervise::rested;
use crate::store::StoreError;

/// How often it is looked whether it is time.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// How often a node says for which numbers it sends.
const SAY_EVERY: Duration = Duration::minutes(1);
/// A number of which no node said so for this long is nobody's: a restart takes less.
const SAID_WITHIN: Duration = Duration::minutes(10);

/// Works until told to stop.
pub(crate) async fn run(engine: Engine) {
    let stop = engine.stopping();
    let mut said = None;
    loop {
        if let Err(error) = look(&engine, &mut said).await {
            tracing::warn!(%error, "numbers cannot be looked after just now; trying again");
        }
        if !rested(&stop, LOOK_EVERY).await {
            return;
        }
    }
}

impl Engine {
    /// Makes our numbers known to every node before a webhook comes: what is written to a number that none knows is somebody else's.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn make_numbers_known(&self) -> Result<(), StoreError> {
        for channel in self.channels() {
            self.store().serve_number(channel, self.now()).await?;
        }
        Ok(())
    }
}

async fn look(engine: &Engine, said: &mut Option<Timestamp>) -> Result<(), StoreError> {
    let now = engine.now();
    let led: Vec<_> = engine.lanes().led().map(|lane| lane.channel.clone()).collect();
    if led.is_empty() || said.is_some_and(|said| now - said < SAY_EVERY) {
        return Ok(());
    }
    for channel in &led {
        engine.store().serve_number(channel, now).await?;
    }
    if is_minded_here(engine) {
        redirect_all(engine).await?;
    }
    *said = Some(now);
    Ok(())
}

/// What waits for numbers that nobody sends for goes by the first of ours.
async fn redirect_all(engine: &Engine) -> Result<(), StoreError> {
    let (store, sent_for) = (engine.store(), engine.numbers_sent_for().await?);
    let Some(to) = engine.channels().first() else { return Ok(()) };
    for channel in store.wanted_numbers().await?.into_iter().filter(|channel| !sent_for.contains(channel)) {
        let (mut gone, mut failed) = (0, 0);
        loop {
            let begun = Instant::now();
            let (go, fail) = store.redirect(&channel, to, engine.now()).await?;
            (gone, failed) = (gone + go, failed + fail);
            if go + fail == 0 || engine.stopping().is_cancelled() {
                break;
            }
            // Others write in between for longer than a step took.
            tokio::time::sleep(begun.elapsed() * 2).await;
        }
        let said = format!(
            "nobody sends for it: {gone} messages by template go by {to}, {failed} in words have failed, since only a template \
             reaches who has not written to {to}"
        );
        tracing::warn!(number = channel, "{said}");
        store.tell_of_number(&channel, &said, engine.now()).await?;
    }
    Ok(())
}

impl Engine {
    /// Our numbers that this node or another one sends for.
    pub(crate) async fn numbers_sent_for(&self) -> Result<BTreeSet<String>, StoreError> {
        let others = self.store().served_numbers(self.now() - SAID_WITHIN).await?;
        Ok(self.channels().iter().cloned().chain(others).collect())
    }
}

/// The contact as the numbers that somebody sends for see it. A service window is between a customer and one of our numbers
/// (whatsapp-cloud-api, section 5.1): who wrote to another one has written to none of these.
pub(crate) fn seen_by(numbers: &BTreeSet<String>, contact: &mut Contact) {
    if contact.channel.as_ref().is_some_and(|channel| !numbers.contains(channel)) {
        (contact.channel, contact.last_inbound) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_window_is_open_with_the_number_that_the_customer_wrote_to_and_with_no_other() {
        let numbers = BTreeSet::from(["new".to_owned()]);
        let now = Timestamp(1_790_000_000_000);
        for (channel, is_open) in [("new", true), ("old", false)] {
            let mut contact = Contact { channel: Some(channel.into()), last_inbound: Some(now), ..Contact::default() };
            seen_by(&numbers, &mut contact);
            assert_eq!((contact.window_is_open(now), contact.channel.is_some()), (is_open, is_open));
        }
    }
}
