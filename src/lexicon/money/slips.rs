//! Slips of the fingers in words about money: "two hundrd dollars", "500 dollasr", "5 jutaa".
//!
//! A number with one word missing is another number, so these are put right too, but only beside what makes sums: a word that
//! nobody knows and that stands alone may be anything. Only what fingers do counts: a letter left out or typed twice, and two that
//! changed places; in longer number words any letter.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::file::{MoneyFile, Numbers};
use crate::dictionary::files::Lookup;
use crate::dictionary::meanings::Langs;
use crate::search::folding::{Folded, fingerprint, is_word};
use crate::search::language::Languages;
use crate::search::typos::{Limits, Name, Phrase, Typos};

/// Words of fewer letters must stand between two numbers, or between one and its currency: "deux mlle cinq cents".
const LEAST_BESIDE_ONE: usize = 5;
/// In numbers of so many letters any one of them may be another or one too many.
const LONG: usize = 7;

/// Units below so many are written to the multiplier behind them: dreihundert, quindicimila.
const MOST_GLUED: Decimal = Decimal::ONE_HUNDRED;

/// What words about money are, one bit each.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kinds(u8);

impl Kinds {
    const NUMBER: Self = Self(1);
    /// The name of a currency or of its coins, or a sign.
    const NAME: Self = Self(1 << 1);
    /// Either.
    const SUM: Self = Self(Self::NUMBER.0 | Self::NAME.0);
    const BOUND: Self = Self(1 << 2);
    /// "And" within a number.
    const JOINT: Self = Self(1 << 3);

    fn has(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }
}

/// What is known of a word.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Known {
    kinds: Kinds,
    /// In whose files it stands.
    langs: Langs,
    /// A number for what it says, the same for words that say the same.
    says: u32,
}

/// Words about money, by what is left of them with a letter taken out.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct MoneySlips {
    typos: Typos,
    /// By fingerprint.
    words: Lookup<u64, Known>,
}

/// A word or phrase of the files.
struct Said<'f> {
    text: Cow<'f, str>,
    known: Known,
}

impl MoneySlips {
    /// The words of the common file and of those of the languages.
    pub(crate) fn new(limits: &Limits, languages: &Languages, common: &MoneyFile, own: &[Option<MoneyFile>]) -> Self {
        let mut words: Lookup<u64, Known> = Lookup::default();
        let own = own.iter().enumerate().filter_map(|(index, file)| Some((Langs::one(index), file.as_ref()?)));
        let all: Vec<Said<'_>> = std::iter::once((Langs::ALL, common)).chain(own).flat_map(said_by).collect();
        let mut learn = |word: &str, known: Known| {
            let told = words.entry(fingerprint(word.chars())).or_insert(Known { says: known.says, ..Known::default() });
            (told.kinds.0, told.langs) = (told.kinds.0 | known.kinds.0, told.langs.with(known.langs));
        };
        for Said { text, known } in &all {
            match text.chars().all(is_word) || text.chars().count() == 1 {
                true => learn(text, *known),
                // A phrase tells of its longer words only what they are a slip of.
                false => text
                    .split(|c| !is_word(c))
                    .filter(|word| word.chars().count() >= LEAST_BESIDE_ONE)
                    .for_each(|word| learn(word, *known)),
            }
        }
        for code in &common.currencies {
            learn(&code.code().to_lowercase(), Known { kinds: Kinds::NAME, ..Known::default() });
        }
        let slips = all.iter().filter(|said| said.known.kinds != Kinds::JOINT);
        let phrases = slips.map(|said| Phrase { text: &said.text, forgives: true, name: Name::default() });
        Self { typos: Typos::new(&limits.of_money(), languages, phrases), words }
    }

    /// The letters that an unknown word should have been: the one of `folded.runs` with that number. Words of `languages` come first.
    pub(crate) fn meant(&self, folded: &Folded, run: usize, languages: Langs) -> Option<Vec<char>> {
        let near = Near::of(run, |at| self.kinds_at(folded, at));
        if !near.any().has(Kinds::SUM) {
            return None;
        }
        let typed = &folded.chars[folded.runs[run].clone()];
        let mut meant: Vec<(Vec<char>, Known)> = Vec::new();
        for word in self.typos.near_words(typed) {
            let known = self.words.get(&fingerprint(word.iter().copied())).copied().unwrap_or_default();
            let number = known.kinds.has(Kinds::NUMBER);
            let of_fingers = || number && word.len() >= LONG || is_of_fingers(typed, &word, number);
            if near.fits(typed, &word, known.kinds) && of_fingers() {
                meant.push((word, known));
            }
        }
        if meant.iter().any(|(_, known)| known.langs.0 & languages.0 != 0) {
            meant.retain(|(_, known)| known.langs.0 & languages.0 != 0);
        }
        let mut meant = meant.into_iter();
        let (word, known) = meant.next()?;
        meant.all(|(_, other)| other.says == known.says).then_some(word)
    }

    /// What stands there: digits are a number.
    fn kinds_at(&self, folded: &Folded, run: usize) -> Kinds {
        let Some(letters) = folded.runs.get(run).map(|run| &folded.chars[run.clone()]) else { return Kinds(0) };
        let known = || self.words.get(&fingerprint(letters.iter().copied())).copied().unwrap_or_default().kinds;
        match letters {
            [first, ..] if first.is_ascii_digit() => Kinds::NUMBER,
            // A single letter may be anything, but an "and".
            [letter] if letter.is_alphabetic() => Kinds(known().0 & Kinds::JOINT.0),
            _ => known(),
        }
    }
}

/// What stands beside a word, and what stands one further.
struct Near {
    before: Kinds,
    behind: Kinds,
    further: Kinds,
}

impl Near {
    fn of(run: usize, kinds_at: impl Fn(usize) -> Kinds) -> Self {
        let back = |steps: usize| run.checked_sub(steps).map_or(Kinds(0), &kinds_at);
        let over = |near: Kinds, further: Kinds| if near.has(Kinds::JOINT) { further } else { near };
        let (two_back, two_on) = (back(2), kinds_at(run + 2));
        let (before, behind) = (over(back(1), two_back), over(kinds_at(run + 1), two_on));
        Self { before, behind, further: Kinds(two_back.0 | two_on.0) }
    }

    fn any(&self) -> Kinds {
        Kinds(self.before.0 | self.behind.0 | self.further.0)
    }

    /// Whether a slip of a word of those kinds is believed there.
    fn fits(&self, typed: &[char], word: &[char], kinds: Kinds) -> bool {
        let beside = self.before.has(Kinds::SUM) || self.behind.has(Kinds::SUM);
        if typed.len() < LEAST_BESIDE_ONE && !lost_vowel(typed, word) {
            return kinds.has(Kinds::NUMBER) && self.before.has(Kinds::NUMBER) && self.behind.has(Kinds::SUM);
        }
        kinds.has(Kinds::NUMBER) && beside
            || typed.len() >= LEAST_BESIDE_ONE && kinds.has(Kinds::NAME) && self.before.has(Kinds::NUMBER)
            || typed.len() >= LEAST_BESIDE_ONE && kinds.has(Kinds::BOUND)
    }
}

/// Whether a vowel was left out between two letters, as in "ffty": what is left is hardly a word.
fn lost_vowel(typed: &[char], word: &[char]) -> bool {
    let same = typed.iter().zip(word).take_while(|(one, other)| one == other).count();
    let lost = |at: usize| matches!(word.get(at), Some('a' | 'e' | 'i' | 'o' | 'u')) && word[at + 1..] == typed[at..];
    same + 1 < word.len() && lost(same)
}

/// Whether one letter was left out or typed twice, or two changed places. In Arabic that makes another word of the
/// root, which a number seldom has.
fn is_of_fingers(typed: &[char], word: &[char], number: bool) -> bool {
    let longer = typed.len() > word.len();
    let doubled = || {
        let again = |at: &usize| typed[*at] == typed[at - 1];
        let left = |at: usize| typed[..at].iter().chain(&typed[at + 1..]).eq(word);
        (1..typed.len()).filter(again).any(left)
    };
    let swapped = || {
        let same = typed.iter().zip(word).filter(|(one, other)| one == other).count();
        let both = typed.len() == word.len() && same + 2 == word.len() && word.iter().all(|c| typed.contains(c));
        both && (number || !word.iter().any(|c| matches!(c, '\u{620}'..='\u{64a}')))
    };
    match word.len() {
        LEAST_BESIDE_ONE.. => typed.len() < word.len() || longer && doubled() || swapped(),
        _ => longer && doubled(),
    }
}

/// All numbers, names of money and bounds of a file.
fn said_by<'f>((langs, file): (Langs, &'f MoneyFile)) -> Vec<Said<'f>> {
    let mut all = Vec::new();
    let mut say = |text: Cow<'f, str>, kinds: Kinds, says: &str| {
        all.push(Said { text, known: Known { kinds, langs, says: fingerprint(says.chars()) as u32 } });
    };
    for (value, words) in file.units.iter().chain(&file.multipliers).chain(&file.added_to_next) {
        words.iter().for_each(|word| say(word.into(), Kinds::NUMBER, &value.normalize().to_string()));
    }
    for (bound, words) in file.before.iter().chain(&file.after) {
        words.iter().for_each(|word| say(word.into(), Kinds::BOUND, &format!("{bound:?}")));
    }
    file.joints.iter().for_each(|word| say(word.into(), Kinds::JOINT, "and"));
    for sign in &file.sign {
        let says = format!("{:?}{:?}", sign.code, sign.shared);
        sign.words.iter().chain(&sign.local).for_each(|word| say(word.into(), Kinds::NAME, &says));
        let coins = sign.minor.values().flatten();
        coins.for_each(|word| say(word.into(), Kinds::NAME, &format!("{says} coin")));
    }
    if file.glued {
        glued(file, |word, value| say(word.into(), Kinds::NUMBER, &value.normalize().to_string()));
    }
    all
}

/// Numbers of two words that are written as one: a unit with its multiplier, and what makes teens: dreihundert, duemila, onyedi.
fn glued(file: &MoneyFile, mut say: impl FnMut(String, Decimal)) {
    let is_plain = |word: &&String| word.chars().all(is_word);
    let pairs = |numbers: &'_ Numbers, wanted: &dyn Fn(Decimal) -> bool| {
        let wanted = numbers.iter().filter(|(value, _)| wanted(**value) && value.fract().is_zero());
        wanted
            .flat_map(|(value, words)| words.iter().filter(is_plain).map(move |word| (*value, word.clone())))
            .collect()
    };
    let small = |value: Decimal| value > Decimal::ZERO && value < MOST_GLUED;
    let mut units: Vec<(Decimal, String)> = pairs(&file.units, &small);
    // Turkish multiplies with its ten.
    units.extend(pairs(&file.multipliers, &small));
    let factors: Vec<(Decimal, String)> =
        pairs(&file.multipliers, &|value| value >= MOST_GLUED && value <= Decimal::ONE_THOUSAND);
    for (unit, first) in &units {
        for (factor, second) in factors.iter().filter(|(_, word)| word.chars().count() > 1) {
            say(format!("{first}{second}"), unit * factor);
        }
        let is_ten = *unit >= Decimal::TEN && (unit % Decimal::TEN).is_zero() && !file.units_before_tens;
        for (more, second) in units.iter().filter(|(more, _)| is_ten && *more < Decimal::TEN) {
            say(format!("{first}{second}"), unit + more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_short_words_only_a_vowel_may_be_missing() {
        let lost = |typed: &str, word: &str| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            lost_vowel(&letters(typed), &letters(word))
        };
        assert!(lost("ffty", "fifty") && lost("cnco", "cinco") && !lost("cinc", "cinco"));
        assert!(!lost("mile", "mille") && !lost("tree", "three") && !lost("fifty", "fifty"));
    }

    #[test]
    fn fingers_leave_letters_out_double_them_and_swap_them() {
        let slip = |typed: &str, word: &str| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            is_of_fingers(&letters(typed), &letters(word), false)
        };
        for (typed, word) in [("hundrd", "hundred"), ("seventeeen", "seventeen"), ("euors", "euros"), ("jutaa", "juta")]
        {
            assert!(slip(typed, word), "{typed}");
        }
        assert!(!slip("وانزل", "ونازل") && is_of_fingers(&['خ', 'م', 'و', 'س', 'ن'], &['خ', 'م', 'س', 'و', 'ن'], true));
        for (typed, word) in [("royal", "riyal"), ("centro", "cento"), ("juts", "juta"), ("jta", "juta")] {
            assert!(!slip(typed, word), "{typed}");
        }
    }
}
