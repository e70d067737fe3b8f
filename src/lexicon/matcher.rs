//! One pass over the folded text for every word of the dictionary.

use std::collections::HashMap;
use std::sync::Arc;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use super::folding::{Folded, is_spaceless, is_word};
use crate::domain::Intent;

/// What a word stands for. Keys are shared: a match copies no text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    Product(Arc<str>),
    Attribute(Arc<str>),
    /// Brand, what it implies, budget level, whether it needs company.
    Brand {
        key: Arc<str>,
        /// The category whose brands it stands among.
        category: Arc<str>,
        implies: Option<Arc<str>>,
        level: Option<u8>,
        needs_company: bool,
    },
    Intent(Intent),
    /// What looks like this intent but is not.
    NotIntent(Intent),
    /// First part of a phrase with a gap; the second is found by the phrase's number.
    GapStart(u32),
    GapEnd {
        phrase: u32,
        intent: Intent,
        /// The phrase only looks like the intent.
        against: bool,
    },
}

/// A set of languages, one bit for each in the order of `dictionary::LANGUAGES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Langs(pub(super) u16);

impl Langs {
    pub(super) const ALL: Self = Self(u16::MAX);

    pub(super) fn one(index: usize) -> Self {
        Self(1 << index)
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn has(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }

    pub(super) fn list(self) -> impl Iterator<Item = usize> {
        (0..16).filter(move |index| self.has(*index))
    }
}

/// What a word stands for in some languages.
#[derive(Clone, Debug)]
pub(super) struct Sense {
    pub(super) meaning: Meaning,
    /// Languages in whose lists it stands.
    pub(super) langs: Langs,
    /// Languages of messages in which it counts: all, unless the word is an everyday one in another language.
    pub(super) counts_in: Langs,
}

/// A word that was found: what it means, and where it stands in folded characters.
#[derive(Clone, Debug)]
pub(super) struct Hit<'a> {
    pub(super) meaning: &'a Meaning,
    pub(super) langs: Langs,
    pub(super) counts_in: Langs,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The automaton over all words.
pub(super) struct Matcher {
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    /// What each word stands for, side by side; a word may mean several things.
    senses: Vec<Sense>,
    /// Where the senses of a word stand.
    ranges: Vec<(u32, u32)>,
}

impl Matcher {
    /// Builds the automaton. Words are folded already; their order does not matter.
    pub(super) fn new(words: HashMap<String, Vec<Sense>>) -> Result<Self, String> {
        let mut sorted: Vec<(String, Vec<Sense>)> = words.into_iter().filter(|(word, _)| !word.is_empty()).collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let (mut senses, mut ranges, mut patterns) = (Vec::new(), Vec::new(), Vec::new());
        for (word, means) in sorted {
            let start = senses.len() as u32;
            senses.extend(means);
            patterns.push((word, ranges.len() as u32));
            ranges.push((start, senses.len() as u32));
        }
        let automaton = match patterns.is_empty() {
            true => None,
            false => Some(
                CharwiseDoubleArrayAhoCorasickBuilder::new()
                    .build_with_values(patterns)
                    .map_err(|error| format!("the dictionaries cannot be compiled: {error}"))?,
            ),
        };
        Ok(Self { automaton, senses, ranges })
    }

    pub(super) fn size(&self) -> usize {
        self.ranges.len()
    }

    /// Every word of the dictionary that stands in the text as a word of its own, in order.
    pub(super) fn find<'a>(&'a self, folded: &Folded) -> Vec<Hit<'a>> {
        let mut hits = Vec::new();
        let Some(automaton) = &self.automaton else { return hits };
        for found in automaton.find_overlapping_iter(&folded.text) {
            let (start, end) = (folded.char_at_byte(found.start()), folded.char_at_byte(found.end()));
            if !stands_alone(&folded.chars, start, end) {
                continue;
            }
            let (first, last) = self.ranges[found.value() as usize];
            let senses = &self.senses[first as usize..last as usize];
            hits.extend(senses.iter().map(|Sense { meaning, langs, counts_in }| Hit {
                meaning,
                langs: *langs,
                counts_in: *counts_in,
                start,
                end,
            }));
        }
        hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
        hits
    }
}

/// No match inside another word; scripts without spaces have no such borders.
fn stands_alone(chars: &[char], start: usize, end: usize) -> bool {
    let joined = |left: usize, right: usize| {
        let (a, b) = (chars[left], chars[right]);
        // Between letters and digits a word may end: "15k" is one word, "5g手机" two.
        is_word(a) && is_word(b) && !is_spaceless(a) && !is_spaceless(b)
    };
    (start == 0 || !joined(start - 1, start)) && (end >= chars.len() || !joined(end - 1, end))
}
