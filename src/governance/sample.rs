//! A sample of contacts whose tags a person looks at: drawn by chance, and the same for everybody who draws it.

use std::collections::BinaryHeap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sha2::{Digest, Sha256};

use crate::domain::ContactId;

/// Draws while contacts pass by; holds no more than the sample.
#[derive(Debug)]
pub struct Sampler {
    seed: String,
    size: usize,
    /// Those with the smallest lots, the largest of them on top.
    drawn: BinaryHeap<(u64, ContactId)>,
}

impl Sampler {
    /// A share of so many contacts, rounded up. The same seed (a week, a quarter) draws the same.
    pub fn new(seed: &str, share: Decimal, contacts: i64) -> Self {
        let size = (share * Decimal::from(contacts)).ceil().to_usize().unwrap_or_default();
        Self { seed: seed.into(), size, drawn: BinaryHeap::new() }
    }

    /// One more contact, in whatever order.
    pub fn offer(&mut self, contact: ContactId) {
        self.drawn.push((self.lot(contact), contact));
        if self.drawn.len() > self.size {
            self.drawn.pop();
        }
    }

    fn lot(&self, contact: ContactId) -> u64 {
        let digest = Sha256::digest(format!("{}:{}", self.seed, contact.0));
        digest.iter().take(8).fold(0, |lot, byte| lot << 8 | u64::from(*byte))
    }

    /// The sample, by number.
    pub fn drawn(self) -> Vec<ContactId> {
        let mut drawn: Vec<ContactId> = self.drawn.into_iter().map(|(_, contact)| contact).collect();
        drawn.sort_unstable();
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(seed: &str, contacts: i64, order: impl Iterator<Item = i64>) -> Vec<ContactId> {
        let mut sampler = Sampler::new(seed, Decimal::new(5, 2), contacts);
        order.for_each(|contact| sampler.offer(ContactId(contact)));
        sampler.drawn()
    }

    /// F-24.
    #[test]
    fn of_two_thousand_a_hundred_are_drawn_the_same_for_everybody() {
        let sample = draw("2026-W31", 2_000, 1..=2_000);
        assert_eq!(sample.len(), 100);
        assert_eq!(sample, draw("2026-W31", 2_000, (1..=2_000).rev()), "in whatever order they come");
        let next = draw("2026-W32", 2_000, 1..=2_000);
        let again = next.iter().filter(|contact| sample.contains(contact)).count();
        assert!(again < 20, "{again} of 100 were drawn in both weeks");
        // Spread over all: about 25 of each quarter.
        for quarter in 0..4 {
            let of_it = sample.iter().filter(|contact| (contact.0 - 1) / 500 == quarter).count();
            assert!((10..=40).contains(&of_it), "{of_it} of quarter {quarter}");
        }
        assert_eq!(draw("2026-W31", 1, 1..=1).len(), 1, "rounded up");
        assert!(draw("2026-W31", 0, 1..1).is_empty());
    }
}
