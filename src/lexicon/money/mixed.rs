//! Sums in messages that mix languages: English around the words for money of home, "hi, 5 Tausend Euro please".
//!
//! A text is read with the words of its language. Where words about money stand in it that say more in another language of the
//! customer's, it is read with those too, and of each number the reading counts that takes in more of what stands around it.

use rust_decimal::Decimal;

use super::marks::{Marks, Word};
use super::words::MoneyWords;
use super::{Found, Sums};
use crate::dictionary::files::{ENGLISH, LANGUAGES};
use crate::dictionary::meanings::Langs;
use crate::search::folding::{Folded, is_word};
use crate::search::language::Languages;
use crate::search::matcher::Hit;
use crate::search::scan::Scan;
use crate::{Hints, Lexicon};

/// A bare number in words that is smaller is more likely something else.
const LEAST_IN_WORDS: u32 = 10;

/// All sums of a text; `find` reads them with the words of one language.
pub(crate) fn sums(
    lexicon: &Lexicon,
    scan: &Scan<'_>,
    hints: &Hints<'_>,
    names: &[&Hit<'_>],
    find: impl Fn(MoneyWords<'_>, Option<usize>) -> Sums,
) -> Sums {
    let (hint, known) = (hints.lang.and_then(index_of), known(lexicon, hints));
    // "5jt" alone tells no language, but whoever writes from Jakarta means five million.
    let own = scan.lang.or(scan.country);
    let mut sums = find(lexicon.money.with_eye(own, known, Langs::default()), scan.lang);
    let add = |sums: &mut Sums, other: usize| {
        let second = find(lexicon.money.of(Some(other)), Some(other));
        let trusted = known.has(other);
        Mixed { folded: &scan.folded, languages: &lexicon.languages, lang: scan.lang, other, trusted, names }
            .merge(sums, second);
    };
    // The language that the customer wrote in before comes last, and has the last word.
    let strange = sums.other_words.languages;
    let of_hint = strange.list().filter(|other| hint == Some(*other));
    strange.list().filter(|other| hint != Some(*other)).chain(of_hint).for_each(|other| add(&mut sums, other));
    // Of languages that nobody knows the customer to speak, only what is no sum in the others: "six francs" in Zürich.
    let complete = known != Langs::default() && sums.found.iter().any(|sum| sum.certain);
    if sums.other_words.named && !complete {
        let numbers = find(lexicon.money.with_eye(own, Langs::default(), Langs(!known.0)), scan.lang);
        numbers.other_words.languages.list().for_each(|other| add(&mut sums, other));
    }
    sums
}

/// The languages that the customer is known to speak: the one of the messages before, and the one of the country.
pub(crate) fn known(lexicon: &Lexicon, hints: &Hints<'_>) -> Langs {
    let known = [lexicon.languages.of_country(hints.country), hints.lang.and_then(index_of)];
    known.into_iter().flatten().fold(Langs::default(), |all, one| all.with(Langs::one(one)))
}

/// Marks of words that make another sum of a number, or none.
const TELLING: [Marks; 6] =
    [Marks::RANGE, Marks::RANGE_START, Marks::BUDGET, Marks::NOT_AFTER, Marks::NOT_BEFORE, Marks::JOINT];

impl Word {
    /// Whether it tells something of a sum that it does not tell in another language, if it is known there.
    pub(crate) fn says_more_than(&self, other: Option<&Self>, numbers_only: bool) -> bool {
        let numbers = |word: &Self| (word.unit, word.multiplier, word.added_to_next);
        let number = self.is_number() && other.is_none_or(|other| numbers(other) != numbers(self));
        let names = |word: &Self| word.sign.is_some() || word.code.is_some() || word.minor.is_some();
        let bounds = |word: &Self| (word.before, word.after);
        let bound = || bounds(self) != (None, None) && other.is_none_or(|other| bounds(other) != bounds(self));
        let mark = |mark: &Marks| self.is(*mark) && !other.is_some_and(|other| other.is(*mark));
        let marked = || TELLING.iter().any(mark);
        number || !numbers_only && (names(self) && !other.is_some_and(names) || bound() || marked())
    }
}

/// The place of a language by its BCP 47 tag.
fn index_of(tag: &str) -> Option<usize> {
    let place = |name: &str| LANGUAGES.iter().position(|known| *known == name);
    place(tag).or_else(|| place(tag.split('-').next()?))
}

/// Two readings of one text that become one.
struct Mixed<'a> {
    folded: &'a Folded,
    languages: &'a Languages,
    /// The language of the text, and the one of the second reading.
    lang: Option<usize>,
    other: usize,
    /// It is the customer's, by the messages before or by the country.
    trusted: bool,
    names: &'a [&'a Hit<'a>],
}

type Place = (usize, usize);

impl Mixed<'_> {
    fn merge(&self, first: &mut Sums, second: Sums) {
        let Sums { found, explained, .. } = second;
        let ours = std::mem::take(&mut first.found);
        for (ours, theirs) in side_by_side(ours, found) {
            let taken = self.taken(&ours, &theirs, &first.explained);
            // "300 an item" has no years in it.
            let unit_is_own = |sum: &Found| {
                let behind = self.folded.chars[sum.end..].iter().take_while(|c| **c == ' ').count();
                self.is_own_at(sum.end + behind, sum.end + behind)
            };
            let explains = |sum: &Found| self.trusted && overlapping(&explained, sum).is_some() && !unit_is_own(sum);
            let keeps = |sum: &Found| sum.certain || !explains(sum);
            match taken {
                true => first.found.extend(theirs),
                false => first.found.extend(ours.into_iter().filter(keeps)),
            }
        }
        if !self.trusted {
            return;
        }
        for (words, more) in [
            (&mut first.budget, second.budget),
            (&mut first.elsewhere, second.elsewhere),
            (&mut first.refused, second.refused),
            (&mut first.unwanted, second.unwanted),
            (&mut first.was, second.was),
            (&mut first.now, second.now),
            (&mut first.if_good, second.if_good),
            (&mut first.adds, second.adds),
            (&mut first.half, second.half),
            (&mut first.per, second.per),
        ] {
            words.extend(more.into_iter().filter(|place| !self.is_own(*place, true)));
            words.sort_unstable();
            words.dedup();
        }
    }

    /// Whether the second reading of some numbers counts.
    fn taken(&self, ours: &[Found], theirs: &[Found], explained: &[Place]) -> bool {
        let (Some(first), Some(last)) = (theirs.first(), theirs.last()) else { return false };
        if theirs.iter().any(|sum| self.is_of_things(sum)) {
            return false;
        }
        let Some(behind) = ours.last().map(|sum| sum.end) else {
            return theirs.iter().all(|sum| self.is_believed(sum, explained));
        };
        // "On 500": a little word of the text's own language is no number of another.
        let before = ours.first().is_some_and(|sum| first.start < sum.start && self.is_own_at(first.start, sum.start));
        if before || last.end > behind && self.is_own_before(last.end, behind) {
            return false;
        }
        let cover = |sums: &[Found]| sums.iter().map(|sum| sum.end - sum.start).sum::<usize>();
        let values = |sums: &[Found]| sums.iter().map(|sum| (sum.amount.min, sum.amount.max)).collect::<Vec<_>>();
        match cover(theirs).cmp(&cover(ours)) {
            std::cmp::Ordering::Greater => self.trusted || theirs.iter().all(|sum| sum.named),
            // "5 mil" of a customer in Mexico.
            std::cmp::Ordering::Equal => {
                self.trusted && theirs.iter().all(|sum| sum.certain) && values(ours) != values(theirs)
            }
            std::cmp::Ordering::Less => false,
        }
    }

    /// Whether what the second reading alone takes for a sum is one.
    fn is_believed(&self, sum: &Found, explained: &[Place]) -> bool {
        let around = overlapping(explained, sum);
        // "5jt" is no word in English, and "18 yrs" none in Spanish.
        let longer = !sum.bare && around.is_none_or(|(_, end)| end < sum.end);
        if !self.trusted || around.is_some() && !longer {
            return sum.named && !self.is_own_at(sum.start, sum.end);
        }
        let in_words = !self.folded.chars[sum.start].is_ascii_digit();
        let large = sum.written >= Decimal::from(LEAST_IN_WORDS);
        (sum.certain || in_words && large && sum.plausible) && !self.is_own_at(sum.start, sum.end)
    }

    /// Whether the name of a thing stands in a sum: "storage bin 500". "5 bin lira" name their money.
    fn is_of_things(&self, sum: &Found) -> bool {
        let begins = |name: &Hit<'_>| name.start <= sum.start || !sum.named;
        let first = self.names.partition_point(|name| name.end <= sum.start);
        let within = self.names[first..].iter().take_while(|name| name.start < sum.end);
        within.into_iter().any(|name| begins(name))
    }

    /// Whether a word is an everyday one of the text's language. It may be the other one's, too, where the customer is known to speak
    /// that, in a phrase or where the text looks like one of a neighbour; alone it is English: "40 so".
    fn is_own(&self, (start, end): Place, alone: bool) -> bool {
        let Some(lang) = self.lang else { return false };
        let everyday = self.languages.everyday_letters(self.folded.chars[start..end].iter().copied());
        let english = alone && lang == ENGLISH;
        everyday.has(lang) && !(self.trusted && !english && everyday.has(self.other))
    }

    /// The same of the word that begins at a place, and may go on to another.
    fn is_own_at(&self, start: usize, to: usize) -> bool {
        let chars = &self.folded.chars;
        let end = start + chars[start..].iter().take_while(|c| is_word(**c)).count();
        let alone = end >= to || chars[end..to].iter().all(|c| *c == ' ');
        end > start && self.is_own((start, end), alone)
    }

    /// The same of the word that ends at a place.
    fn is_own_before(&self, end: usize, from: usize) -> bool {
        let chars = &self.folded.chars;
        let start = end - chars[..end].iter().rev().take_while(|c| is_word(**c)).count();
        let alone = start <= from || chars[from..start].iter().all(|c| *c == ' ');
        end > start && self.is_own((start, end), alone)
    }
}

/// The first of some places that a sum overlaps. They stand in order.
fn overlapping(places: &[Place], sum: &Found) -> Option<Place> {
    let first = places.partition_point(|(_, end)| *end <= sum.start);
    places.get(first).copied().filter(|(start, _)| *start < sum.end)
}

/// What two readings say of the same places of a text, in order.
fn side_by_side(ours: Vec<Found>, theirs: Vec<Found>) -> Vec<(Vec<Found>, Vec<Found>)> {
    let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
    let mut all = Vec::new();
    while let Some(start) = ours.peek().into_iter().chain(theirs.peek()).map(|sum| sum.start).min() {
        let (mut place, mut end) = ((Vec::new(), Vec::new()), start + 1);
        loop {
            let one = ours.next_if(|sum| sum.start < end);
            let other = theirs.next_if(|sum| sum.start < end);
            if one.is_none() && other.is_none() {
                break;
            }
            end = one.iter().chain(&other).map(|sum| sum.end).max().map_or(end, |last| last.max(end));
            place.0.extend(one);
            place.1.extend(other);
        }
        all.push(place);
    }
    all
}
