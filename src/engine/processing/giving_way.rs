//! Whoever writes into the journals of many gives way to customers: events are folded in the order in which they came, and behind
//! those of a whole campaign a question would wait for as long as folding all of them takes.

use std::time::Duration as StdDuration;

use super::processor;
use crate::engine::Engine;
use crate::store::StoreError;

/// How long to wait until it is looked again: about as long as a claim takes.
pub(crate) const PAUSE: StdDuration = StdDuration::from_millis(50);

impl Engine {
    /// Whether more waits to be folded than one claim takes.
    pub(crate) async fn is_behind(&self) -> Result<bool, StoreError> {
        self.store().is_behind(self.now(), processor::CLAIM).await
    }

    /// To be called before each page of events: waits until nothing more waits to be folded than one claim takes, or until the system
    /// stops.
    pub(crate) async fn give_way(&self) -> Result<(), StoreError> {
        while self.is_behind().await? && !self.stopping().is_cancelled() {
            metrics::counter!("hotline_gave_way_total").increment(1);
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
