//! Which products customers name, by name or number. A shop may sell thousands: all are looked for in one pass.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use super::pointing::is_whole;
use crate::domain::{Product, Shop};

/// Shorter names and numbers stand in too many words.
const SHORTEST: usize = 3;

/// Names and numbers of a shop's products, in small letters.
pub(super) struct Names(Option<CharwiseDoubleArrayAhoCorasick<u32>>);

/// A product that stands in words: from where to where, and which.
type Hit = (usize, usize, u32);

impl Names {
    pub(super) fn of(products: &[Product]) -> Self {
        // Of two products with one name the first is meant.
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        for (place, product) in (0..).zip(products) {
            for name in [&product.name, &product.sku].map(|name| name.to_lowercase()) {
                if name.chars().count() >= SHORTEST {
                    names.entry(name).or_insert(place);
                }
            }
        }
        // Without names there is nothing to look for.
        Self(CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(names).ok())
    }

    /// Products whose name or number stands in words in small letters, in their order; the longest name wins ("Aero 16" is not
    /// "Aero 1").
    pub(super) fn in_words<'a>(&self, words: &str, shop: &'a Shop) -> Vec<&'a Product> {
        self.found(words).into_iter().filter_map(|place| shop.products.get(place)).collect()
    }

    fn found(&self, words: &str) -> Vec<usize> {
        let Some(names) = &self.0 else { return Vec::new() };
        let all = names.find_overlapping_iter(words).map(|hit| (hit.start(), hit.end(), hit.value()));
        let mut hits: Vec<Hit> = all.filter(|(start, end, _)| is_whole(words, *start, *end)).collect();
        hits.sort_by_key(|(start, end, _)| (Reverse(end - start), *start));
        let mut kept: Vec<Hit> = Vec::new();
        for hit in hits {
            let within = |other: &Hit| hit.0 >= other.0 && hit.1 <= other.1;
            if !kept.iter().any(|other| within(other) || other.2 == hit.2) {
                kept.push(hit);
            }
        }
        kept.sort_unstable();
        kept.into_iter().map(|(_, _, place)| place as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn the_longest_name_wins_and_each_product_is_named_once() {
        let product = |(sku, name): (&str, &str)| -> Product {
            let written =
                serde_json::json!({ "sku": sku, "name": name, "key": "electronics/laptop", "price": 1, "stock": 1 });
            serde_json::from_value(written).unwrap()
        };
        let sold = [("L-1", "Aero 1"), ("L-16", "Aero 16"), ("P-5", "Nova S5"), ("TV", "TV"), ("X-9", "Nova S5")];
        let products: Vec<Product> = sold.map(product).into();
        let names = Names::of(&products);
        let found = |words| names.found(words).into_iter().map(|place| sold[place].0).collect::<Vec<_>>();
        assert_eq!(found("nova s5 or aero 16?"), ["P-5", "L-16"]);
        assert_eq!(found("aero 1 (l-1), not the x-9"), ["L-1", "X-9"]);
        assert_eq!(found("aero 160, supernova s5, tv"), [""; 0]);
        assert_eq!(found("我想买nova s5手机"), ["P-5"]);
        assert!(Names::of(&[]).found("nova s5").is_empty());
    }
}
