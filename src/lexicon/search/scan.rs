//! What stands in a text: every word of the dictionaries in any of its forms, slips put right, and the language.

use super::folding::Folded;
use super::language::Clues;
use super::matcher::{self, Found, Hit};
use super::typos::{self, Slip};
use crate::dictionary::files::ENGLISH;
use crate::dictionary::meanings::Kind;
use crate::money::mixed;
use crate::{Hints, Lexicon};

/// A text that was searched.
pub(crate) struct Scan<'l> {
    pub(crate) folded: Folded,
    pub(crate) hits: Vec<Hit<'l>>,
    /// Every part of a phrase is among the hits, also where the other one is missing.
    complete: bool,
    /// The language of the text, and the one of the customer's country, as places in `LANGUAGES`.
    pub(crate) lang: Option<usize>,
    pub(crate) country: Option<usize>,
    /// See [`hotline_domain::Reading::is_plain`].
    pub(crate) is_plain: bool,
}

/// Why a word that stands in a text does not count there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// It counts only in messages of other languages.
    OtherLanguage,
    /// It is an everyday word here, and no form of the listed one.
    Everyday,
    /// Slips of words of other languages are not believed.
    SlipOfOther,
}

impl<'l> Scan<'l> {
    pub(crate) fn new(lexicon: &'l Lexicon, text: &str, hints: &Hints<'_>) -> Self {
        let folded = Folded::new(text);
        let hits = lexicon.matcher.find(&folded);
        Self::of(lexicon, text, (folded, hits, false), hints)
    }

    /// The same with every part of a phrase, also where the others are missing.
    pub(crate) fn with_halves(lexicon: &'l Lexicon, text: &str, hints: &Hints<'_>) -> Self {
        let folded = Folded::new(text);
        let hits = lexicon.matcher.find_all(&folded);
        Self::of(lexicon, text, (folded, hits, true), hints)
    }

    fn of(lexicon: &'l Lexicon, text: &str, found: Matched<'l>, hints: &Hints<'_>) -> Self {
        let money = (&lexicon.money_slips, mixed::known(lexicon, hints));
        let slips = lexicon.typos.put_right(&found.0, &found.1, money);
        let (folded, hits, complete) = if slips.is_empty() { found } else { forgive(lexicon, found, slips) };
        let country = lexicon.languages.of_country(hints.country);
        let clues = Clues { text, hits: &hits, earlier: hints.lang, country };
        let lang = lexicon.languages.detect(&folded, &clues);
        let is_plain = lang.is_some_and(|lang| lexicon.languages.is_plain(&folded, &clues, lang));
        Self { folded, hits, complete, lang, country, is_plain }
    }

    /// Leaves the hits that count in the text's language, and of those that name things the ones outside of phrases that name none.
    pub(crate) fn settle(&mut self, lexicon: &Lexicon) {
        let Self { folded, hits, lang, country, .. } = self;
        if let Some(lang) = lang.or(*country) {
            hits.retain(|hit| foreign(lexicon, folded, hit, lang).is_none());
        }
        let phrases: Vec<Hit<'_>> = hits.iter().filter(|hit| hit.kind == Kind::NoThing).cloned().collect();
        if !phrases.is_empty() {
            hits.retain(|hit| !hit.kind.is_name() || !phrases.iter().any(|phrase| phrase.is_around(hit)));
        }
    }

    /// Whether a part of a phrase begins at a place, whose other part may be missing.
    pub(crate) fn has_part_at(&self, lexicon: &Lexicon, start: usize) -> bool {
        let is_part = |hit: &Hit<'_>| hit.start == start && matches!(hit.kind, Kind::GapStart | Kind::GapEnd);
        let counts = |hit: &Hit<'_>| is_part(hit) && self.foreign(lexicon, hit).is_none();
        !self.complete && lexicon.matcher.find_all(&self.folded).iter().any(counts)
    }

    /// The phrase around a hit that names nothing.
    pub(crate) fn no_thing(&self, hit: &Hit<'_>) -> Option<&Hit<'l>> {
        self.hits.iter().find(|phrase| phrase.kind == Kind::NoThing && phrase.is_around(hit))
    }

    /// Why a hit does not count; `None` if it does.
    pub(crate) fn foreign(&self, lexicon: &Lexicon, hit: &Hit<'_>) -> Option<Foreign> {
        foreign(lexicon, &self.folded, hit, self.lang.or(self.country)?)
    }
}

fn foreign(lexicon: &Lexicon, folded: &Folded, hit: &Hit<'_>, lang: usize) -> Option<Foreign> {
    let letters = || folded.chars[hit.start..hit.end].iter().copied();
    let everyday = || lexicon.languages.everyday_letters(letters()).has(lang);
    match hit.found {
        _ if !hit.counts_in.has(lang) => Some(Foreign::OtherLanguage),
        Found::Form if everyday() => Some(Foreign::Everyday),
        Found::Slip if !hit.langs.has(lang) && !hit.langs.has(ENGLISH) => Some(Foreign::SlipOfOther),
        _ => None,
    }
}

/// A text with what was found in it, and whether that is complete: see [`Scan`].
type Matched<'l> = (Folded, Vec<Hit<'l>>, bool);

/// Searches the text again with its slips put right. Only those are believed that lead to something.
fn forgive<'l>(lexicon: &'l Lexicon, found: Matched<'l>, mut slips: Vec<Slip>) -> Matched<'l> {
    for round in 0..2 {
        let righted = found.0.replaced(slips.iter().map(|slip| (slip.start, slip.end, slip.letters.clone())));
        // A part of a phrase makes a slip worth believing, whatever else stands in the text.
        let mut hits = lexicon.matcher.find_all(&righted);
        let believed = believed(&slips, &mut hits);
        if round > 0 || believed.iter().all(|believed| *believed) {
            matcher::sort(&mut hits);
            return (righted, hits, true);
        }
        let mut believed = believed.into_iter();
        slips.retain(|_| believed.next().unwrap_or(false));
        if slips.is_empty() {
            break;
        }
    }
    found
}

/// Which slips a hit stands over that is good enough; such hits are marked.
fn believed(slips: &[Slip], hits: &mut [Hit<'_>]) -> Vec<bool> {
    let mut longer = 0_isize;
    let places: Vec<(usize, usize)> = slips
        .iter()
        .map(|slip| {
            let (start, length) = (slip.start.saturating_add_signed(longer), slip.letters.len());
            longer += length as isize - (slip.end - slip.start) as isize;
            (start, start + length)
        })
        .collect();
    let mut believed: Vec<bool> = slips.iter().map(|slip| slip.of_money).collect();
    for hit in hits {
        let first = places.partition_point(|(_, end)| *end <= hit.start);
        for (index, (start, end)) in
            places.iter().enumerate().skip(first).take_while(|(_, (start, _))| *start < hit.end)
        {
            hit.found = matcher::Found::Slip;
            believed[index] |= typos::is_worthy(hit, end - start);
        }
    }
    believed
}
