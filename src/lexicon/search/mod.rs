//! What a search finds in a text, while it goes on. Of phrases with a gap most parts stand without the other one: they say nothing,
//! and there are so many of them that they are left out where they are met.

pub(crate) mod folding;
pub(crate) mod heads;
pub(crate) mod known;
pub(crate) mod language;
pub(crate) mod matcher;
pub(crate) mod names;
pub(crate) mod scan;
pub(crate) mod trie;
pub(crate) mod typos;

use crate::dictionary::meanings::{Kind, Meaning};
use matcher::{Hit, Kept, sort};

/// Room for the hits of most messages: less than a kilobyte, which is given out at once.
const USUAL_HITS: usize = 24;

/// A property that may turn out to be the first part of a compound.
pub(crate) struct Front {
    pub(crate) sense: Kept,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// First parts of phrases with a gap, one bit for all that are alike in their last bits: it may be wrong about what it holds, never
/// about what it does not.
struct Beginnings {
    bits: [u64; Self::BITS / 64],
    /// The same of the last six bits: most is told by this one number.
    few: u64,
}

impl Beginnings {
    const BITS: usize = 1024;
    const NONE: Self = Self { bits: [0; Self::BITS / 64], few: 0 };
    const ALL: Self = Self { bits: [u64::MAX; Self::BITS / 64], few: u64::MAX };

    fn add(&mut self, number: u32) {
        let bit = number as usize % Self::BITS;
        self.bits[bit / 64] |= 1 << (bit % 64);
        self.few |= 1 << (bit % 64);
    }

    #[inline]
    fn may_hold(&self, number: u32) -> bool {
        let bit = number as usize % Self::BITS;
        self.bits[bit / 64] >> (bit % 64) & 1 != 0
    }
}

/// What was found in a text so far.
pub(crate) struct Search<'a> {
    /// In the order of their starts.
    pub(crate) hits: Vec<Hit<'a>>,
    pub(crate) fronts: Vec<Front>,
    /// Which first parts of phrases were found, and of which a second part was.
    begun: Beginnings,
    ended: Beginnings,
}

impl<'a> Search<'a> {
    /// A search that leaves out parts of phrases of which the other part is missing.
    pub(crate) fn of_whole_phrases() -> Self {
        let (begun, ended) = (Beginnings::NONE, Beginnings::NONE);
        Self { hits: Vec::with_capacity(USUAL_HITS), fronts: Vec::new(), begun, ended }
    }

    /// A search that leaves nothing out.
    pub(crate) fn of_all() -> Self {
        Self { begun: Beginnings::ALL, ended: Beginnings::ALL, ..Self::of_whole_phrases() }
    }

    /// Whether the first part of a phrase may stand in the text.
    #[inline]
    pub(crate) fn has_begun(&self, first: u32) -> bool {
        self.begun.may_hold(first)
    }

    /// The last six bits of all first parts that may stand in the text, one bit for each number that they may be.
    #[inline]
    pub(crate) fn glance(&self) -> u64 {
        self.begun.few
    }

    /// Takes in a hit.
    pub(crate) fn add(&mut self, hit: Hit<'a>) {
        self.hits.push(hit);
    }

    /// Takes in the first part of phrases.
    pub(crate) fn add_first(&mut self, number: u32, hit: Hit<'a>) {
        self.begun.add(number);
        self.hits.push(hit);
    }

    /// Takes in the second part of a phrase, by the number of the first.
    pub(crate) fn add_second(&mut self, first: u32, hit: Hit<'a>) {
        self.ended.add(first);
        self.hits.push(hit);
    }

    /// All in order, without first parts of phrases whose second part is missing.
    pub(crate) fn finish(mut self) -> Vec<Hit<'a>> {
        let ended = &self.ended;
        self.hits.retain(|hit| match (hit.kind, hit.meaning) {
            (Kind::GapStart, Meaning::GapStart(number)) => ended.may_hold(*number),
            _ => true,
        });
        let begin_alike = |one: &Hit<'_>, next: &Hit<'_>| one.start == next.start;
        self.hits.chunk_by_mut(begin_alike).for_each(sort);
        self.hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::meanings::Langs;
    use crate::search::matcher::Found;

    #[test]
    fn a_part_of_a_phrase_stays_only_beside_its_other_part() {
        let (word, begins, langs) = (Meaning::NoThing, [7, 8].map(Meaning::GapStart), Langs::one(1));
        let hit = |kind, meaning, start| {
            let found = Found::Listed;
            Hit { kind, meaning, langs, counts_in: langs, start, end: start + 2, found, word: 0 }
        };
        let mut search = Search::of_whole_phrases();
        search.add_first(7, hit(Kind::GapStart, &begins[0], 0));
        search.add_first(8, hit(Kind::GapStart, &begins[1], 2));
        assert!(search.has_begun(7) && search.has_begun(8) && !search.has_begun(9));
        search.add(hit(Kind::Product, &word, 4));
        search.add_second(7, hit(Kind::GapEnd, &word, 6));
        let kinds: Vec<_> = search.finish().iter().map(|hit| (hit.start, hit.kind)).collect();
        assert_eq!(kinds, [(0, Kind::GapStart), (4, Kind::Product), (6, Kind::GapEnd)]);
        assert!(Search::of_all().has_begun(9));
    }
}
