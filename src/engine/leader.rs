//! Work that one node at a time does for all: telling other programs, jobs, events of the whole shop.

use std::time::Duration;

use super::Engine;
use crate::store::{Leadership, StoreError};

/// This node's part in a work of that kind.
pub(super) struct Leader {
    /// The name under which nodes agree who does it.
    lock: [String; 1],
    leadership: Leadership,
}

impl Leader {
    /// Another node takes over when the one that works was not heard of for `silence`.
    pub(super) fn new(engine: &Engine, lock: &str, silence: Duration) -> Self {
        Self { lock: [lock.to_owned()], leadership: engine.store().leadership(silence) }
    }

    /// Whether it is this node's turn, until it is asked again.
    pub(super) async fn leads(&mut self) -> Result<bool, StoreError> {
        Ok(self.leadership.renew(&self.lock).await?.contains(&self.lock[0]))
    }
}
