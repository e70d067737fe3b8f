//! Token buckets for Meta's limits (section 5.3): 80 messages a second for a number, 45 and one in 6 s for a pair.

use crate::domain::Timestamp;

/// Refills at a steady rate up to its size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    size: f64,
    per_ms: f64,
    left: f64,
    at: Timestamp,
}

impl Bucket {
    pub(super) fn new(size: f64, per_second: f64, now: Timestamp) -> Self {
        Self { size, per_ms: per_second / 1_000.0, left: size, at: now }
    }

    /// The pair of a number and a customer.
    pub(super) fn pair(now: Timestamp) -> Self {
        Self::new(45.0, 1.0 / 6.0, now)
    }

    /// Takes one if there is one.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        let passed = (now - self.at).0.max(0) as f64;
        self.left = (self.left + passed * self.per_ms).min(self.size);
        self.at = now.max(self.at);
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Duration;

    #[test]
    fn a_pair_gets_45_at_once_and_then_one_in_six_seconds() {
        let start = Timestamp(0);
        let mut pair = Bucket::pair(start);
        assert_eq!((0..60).filter(|_| pair.take(start)).count(), 45);
        assert!(!pair.take(start + Duration::millis(5_900)));
        assert!(pair.take(start + Duration::seconds(6)));
    }
}
