//! How words begin, to pass over places where none does.

use serde::{Deserialize, Serialize};

/// How words begin: most places where none of them does are passed over with a glance. It may be wrong about what begins a word,
/// never about what does not.
#[derive(Serialize, Deserialize)]
pub(crate) struct Heads {
    /// One bit for each hash of the first letters.
    known: Vec<u64>,
    /// A word has fewer letters: it may be anywhere.
    short: bool,
}

/// So many letters are looked at.
const HEAD: usize = 4;
/// Hashes of so many bits: eight kilobytes for all, which stay at hand.
const HEAD_BITS: u32 = 16;

impl Default for Heads {
    fn default() -> Self {
        Self { known: vec![0; 1 << (HEAD_BITS - u64::BITS.ilog2())], short: false }
    }
}

impl Heads {
    pub(crate) fn add(&mut self, word: &str) {
        let mut letters = ['\0'; HEAD];
        let length = letters.iter_mut().zip(word.chars()).map(|(letter, c)| *letter = c).count();
        self.short |= length < HEAD;
        let (at, bit) = Self::place(&letters);
        self.known[at] |= bit;
    }

    #[inline]
    pub(crate) fn may_begin(&self, chars: &[char], start: usize) -> bool {
        let has = |letters: &[char]| {
            let (at, bit) = Self::place(letters);
            self.known[at] & bit != 0
        };
        self.short || chars.get(start..start + HEAD).is_some_and(has)
    }

    fn place(letters: &[char]) -> (usize, u64) {
        let spread = |hash: u32, c: &char| (hash ^ u32::from(*c)).wrapping_mul(0x9e37_79b1);
        let hash = letters.iter().fold(0, spread) >> (u32::BITS - HEAD_BITS);
        (hash as usize / 64, 1 << (hash % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_passes_over_places_where_no_word_begins() {
        let mut heads = Heads::default();
        let text: Vec<char> = "lederjacken".chars().collect();
        assert!((0..text.len()).all(|start| !heads.may_begin(&text, start)));
        heads.add("jacke");
        assert_eq!((0..text.len()).filter(|start| heads.may_begin(&text, *start)).collect::<Vec<_>>(), [5]);
        heads.add("hut");
        assert!(heads.may_begin(&text, 0), "a short word may be anywhere");
    }
}
