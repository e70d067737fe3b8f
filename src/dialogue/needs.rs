//! Properties and brands that they wish for, and those that they do not want.

use super::memory::Memory;
use crate::domain::{Mention, Product, Reading};

/// Brands and properties that are remembered as not wanted.
const MOST_REFUSED: usize = 4;

/// What it is bought for, and nothing that a product must have: any can be a present, or be ordered by the dozen.
pub(super) const OCCASIONS: [&str; 2] = [GIFT, "bulk"];
const GIFT: &str = "gift";

impl Memory {
    /// Takes up the properties that a message names. What they needed before and now deny is open again; else it is refused.
    pub(super) fn take_in_needs(
        &mut self,
        (reading, words): (&Reading, &str),
        is_wrapping: bool,
        denies: impl Fn(&str) -> bool,
    ) {
        let is_denied = |need: &Mention| {
            let letters = words.chars().skip(need.span.start as usize);
            need.negated || denies(&letters.take((need.span.end - need.span.start) as usize).collect::<String>())
        };
        for need in &reading.attributes {
            if OCCASIONS.contains(&&*need.key) {
                self.understood |= !need.negated;
                self.gift |= &*need.key == GIFT && !is_wrapping && !need.negated && self.product().is_none();
                continue;
            }
            self.understood = true;
            let needed = self.needs.iter().any(|other| **other == *need.key);
            if needed && is_denied(need) {
                self.needs.retain(|other| **other != *need.key);
            } else if need.negated {
                self.refuse(&need.key);
            } else {
                self.named_needs.push(need.key.to_string());
            }
        }
    }

    /// Remembers properties that they wish for.
    pub(super) fn need(&mut self, needs: &[String]) {
        self.refused.retain(|other| !needs.contains(other));
        for need in needs {
            if !self.needs.contains(need) {
                self.needs.push(need.clone());
            }
        }
    }

    /// Remembers a brand or a property that they do not want.
    pub(super) fn refuse(&mut self, what: &str) {
        self.brands.retain(|other| other != what);
        self.refused.retain(|other| other != what);
        self.refused.push(what.to_owned());
        let excess = self.refused.len().saturating_sub(MOST_REFUSED);
        self.refused.drain(..excess);
    }

    /// Whether it is of a brand, or has a property, that they do not want.
    pub(super) fn refuses(&self, product: &Product) -> bool {
        product.brand.iter().chain(&product.attributes).any(|what| self.refused.contains(what))
    }

    pub(super) fn take_in_brands(&mut self, reading: &Reading, trouble: bool) {
        for brand in &reading.brands {
            self.brands.retain(|other| **other != *brand.key);
            if brand.negated {
                self.refuse(&brand.key);
            } else {
                self.refused.retain(|other| **other != *brand.key);
                self.brands.push(brand.key.to_string());
                (self.understood, self.refined) = (true, true);
                self.wished |= !trouble;
            }
        }
    }
}
