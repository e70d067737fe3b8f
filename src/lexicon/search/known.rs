//! Letters and words that are known of languages.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::folding::{Straight, fingerprint};
use crate::dictionary::listing::Listing;
use crate::dictionary::meanings::Langs;

/// A set of letters: one bit for each, up to the last.
#[derive(Serialize, Deserialize)]
pub(crate) struct Letters(Vec<u64>);

impl Letters {
    const BITS: usize = u64::BITS as usize;

    pub(crate) fn of(letters: &str) -> Self {
        let last = letters.chars().max().map_or(0, |last| last as usize);
        let mut bits = vec![0; last / Self::BITS + 1];
        letters.chars().for_each(|c| bits[c as usize / Self::BITS] |= 1 << (c as usize % Self::BITS));
        Self(bits)
    }

    pub(crate) fn has(&self, c: char) -> bool {
        self.0.get(c as usize / Self::BITS).is_some_and(|bits| bits >> (c as usize % Self::BITS) & 1 != 0)
    }
}

/// The Latin words that listings are made of, by fingerprint, with the languages whose listings have them: "down", of "down jacket".
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct KnownWords {
    /// In order: few are looked for, and a table for them takes three times the memory.
    prints: Box<[u64]>,
    /// Of each.
    langs: Box<[Langs]>,
}

impl KnownWords {
    pub(crate) fn of(listing: &Listing) -> Self {
        let mut known: HashMap<u64, Langs, Straight> = HashMap::default();
        for listed in listing.words(0..listing.size()).filter(|listed| listed.word.is_ascii()) {
            // Brands and the like stand in all languages, and are words of none.
            let own = listed.senses.iter().map(|sense| sense.langs).filter(|langs| *langs != Langs::ALL);
            let langs = own.fold(Langs(0), Langs::with);
            for word in listed.word.split(' ').filter(|_| langs != Langs(0)) {
                let all = known.entry(fingerprint(word.chars())).or_insert(Langs(0));
                *all = all.with(langs);
            }
        }
        let mut known: Vec<(u64, Langs)> = known.into_iter().collect();
        known.sort_unstable_by_key(|(print, _)| *print);
        let (prints, langs): (Vec<_>, Vec<_>) = known.into_iter().unzip();
        Self { prints: prints.into(), langs: langs.into() }
    }

    fn of_word(&self, word: &[char]) -> Langs {
        let place = self.prints.binary_search(&fingerprint(word.iter().copied()));
        place.ok().and_then(|place| self.langs.get(place)).copied().unwrap_or_default()
    }

    /// The languages that have a word, or what it is without the s of many.
    pub(crate) fn langs(&self, word: &[char]) -> Langs {
        match word {
            [one @ .., 's'] if one.len() > 1 => self.of_word(word).with(self.of_word(one)),
            _ => self.of_word(word),
        }
    }
}

/// The letters of a text that are no plain ones: each begins with a byte of its own kind.
pub(crate) fn wide_letters(text: &str) -> impl Iterator<Item = char> {
    let text = if text.is_ascii() { "" } else { text };
    let begins = text.bytes().enumerate().filter(|(_, byte)| *byte >= 0xc0);
    begins.filter_map(|(at, _)| text.get(at..)?.chars().next())
}
