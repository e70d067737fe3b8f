//! What a search finds in a text, while it goes on. Of phrases with a gap most parts stand without the other one: they say nothing,
//! and there are so many of them that they are left out where they are met.

use super::matcher::{Hit, Kept, sort};
use super::meanings::{Kind, Langs};

/// Room for the hits of most messages, and for the first parts of phrases in them.
const USUAL_HITS: usize = 16;
const USUAL_FIRSTS: usize = 32;

/// A property that may turn out to be the first part of a compound.
pub(super) struct Front {
    pub(super) sense: Kept,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What was found in a text.
pub(super) struct Matches<'a> {
    pub(super) hits: Vec<Hit<'a>>,
    /// Where parts of phrases begin that were left out, as their other part is missing, and in messages of which languages they count.
    pub(super) halves: Vec<(usize, Langs)>,
}

/// Phrases with a gap, one bit for all that are alike in their last bits: it may be wrong about what it holds, never about what it
/// does not.
struct Phrases([u64; Self::BITS / 64]);

impl Phrases {
    const BITS: usize = 1024;
    const ALL: Self = Self([u64::MAX; Self::BITS / 64]);

    fn add(&mut self, phrase: u32) {
        let bit = phrase as usize % Self::BITS;
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    fn may_hold(&self, phrase: u32) -> bool {
        let bit = phrase as usize % Self::BITS;
        self.0[bit / 64] & 1 << (bit % 64) != 0
    }
}

/// What was found in a text so far.
pub(super) struct Search<'a> {
    pub(super) hits: Vec<Hit<'a>>,
    pub(super) fronts: Vec<Front>,
    halves: Vec<(usize, Langs)>,
    /// First parts of phrases with a gap, with the numbers of the phrases.
    firsts: Vec<(u32, Hit<'a>)>,
    /// Of which phrases a first part was found, and of which a second.
    begun: Phrases,
    ended: Phrases,
}

impl Default for Search<'_> {
    fn default() -> Self {
        let none = || Phrases([0; Phrases::BITS / 64]);
        Self {
            hits: Vec::with_capacity(USUAL_HITS),
            fronts: Vec::new(),
            halves: Vec::with_capacity(USUAL_HITS),
            firsts: Vec::with_capacity(USUAL_FIRSTS),
            begun: none(),
            ended: none(),
        }
    }
}

impl<'a> Search<'a> {
    /// A search that leaves nothing out.
    pub(super) fn of_all() -> Self {
        Self { begun: Phrases::ALL, ended: Phrases::ALL, ..Self::default() }
    }

    /// Whether the first part of a phrase may stand in the text.
    pub(super) fn has_begun(&self, phrase: u32) -> bool {
        self.begun.may_hold(phrase)
    }

    /// Takes in a hit. If it is a part of a phrase with a gap, that has this number.
    pub(super) fn add(&mut self, hit: Hit<'a>, phrase: u32) {
        match hit.kind {
            Kind::GapStart => {
                self.begun.add(phrase);
                self.firsts.push((phrase, hit));
                return;
            }
            Kind::GapEnd => self.ended.add(phrase),
            _ => {}
        }
        self.hits.push(hit);
    }

    /// Takes in that a part of a phrase begins at a place, of which nothing else is kept.
    pub(super) fn leave_out(&mut self, start: usize, counts_in: Langs) {
        match self.halves.last_mut().filter(|(last, _)| *last == start) {
            Some((_, langs)) => *langs = langs.with(counts_in),
            None => self.halves.push((start, counts_in)),
        }
    }

    /// All in order, without first parts of phrases whose second part is missing.
    pub(super) fn finish(mut self) -> Matches<'a> {
        for (phrase, hit) in std::mem::take(&mut self.firsts) {
            match self.ended.may_hold(phrase) {
                true => self.hits.push(hit),
                false => self.leave_out(hit.start, hit.counts_in),
            }
        }
        sort(&mut self.hits);
        Matches { hits: self.hits, halves: self.halves }
    }
}

#[cfg(test)]
mod tests {
    use super::super::matcher::Found;
    use super::super::meanings::Meaning;
    use super::*;

    #[test]
    fn a_part_of_a_phrase_stays_only_beside_its_other_part() {
        let (word, langs) = (Meaning::NoThing, Langs::one(1));
        let hit = |kind, start| {
            let (meaning, found) = (&word, Found::Listed);
            Hit { kind, meaning, langs, counts_in: langs, start, end: start + 2, found, word: 0 }
        };
        let mut search = Search::default();
        search.add(hit(Kind::Product, 4), 0);
        search.add(hit(Kind::GapStart, 0), 7);
        search.add(hit(Kind::GapStart, 2), 8);
        assert!(search.has_begun(7) && search.has_begun(8) && !search.has_begun(9));
        search.add(hit(Kind::GapEnd, 6), 7);
        search.leave_out(9, Langs::one(2));
        search.leave_out(9, Langs::one(3));
        let found = search.finish();
        let kinds: Vec<_> = found.hits.iter().map(|hit| (hit.start, hit.kind)).collect();
        assert_eq!(kinds, [(0, Kind::GapStart), (4, Kind::Product), (6, Kind::GapEnd)]);
        assert_eq!(found.halves, [(9, Langs::one(2).with(Langs::one(3))), (2, langs)]);
        assert!(Search::of_all().has_begun(9));
    }
}
