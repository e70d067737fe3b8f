//! How often something may happen with one key: an address, a name, a link, a visitor.

use std::hash::Hash;
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Keys that are remembered; beyond, those that were silent for a minute are forgotten.
const MOST_KEYS: usize = 10_000;

/// So many times a minute for each key.
pub(super) struct Pace<K: Clone + Eq + Hash>(DefaultKeyedRateLimiter<K>);

impl<K: Clone + Eq + Hash> Pace<K> {
    pub(super) fn per_minute(most: NonZeroU32) -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(most)))
    }

    /// Whether one more is let through; then it counts.
    pub(super) fn lets(&self, key: &K) -> bool {
        if self.0.len() > MOST_KEYS {
            self.0.retain_recent();
        }
        self.0.check_key(key).is_ok()
    }
}
