//! Which words about money count in messages of one language, and all that each of them stands for there.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::file::{Bound, MoneyFile, Numbers};
use super::marks::{Coin, Lead, Marks, Word};
use crate::dictionary::files::{ENGLISH, LANGUAGES};
use crate::dictionary::meanings::Langs;
use crate::search::language::Languages;
use hotline_domain::Currency;

/// A name of a currency in another language's file counts everywhere from this many letters on.
const LONG_NAME: usize = 4;
/// An English word is mixed into other languages from this many letters on.
const LONG_WORD: usize = 4;

/// One thing that one file says of a word.
pub(crate) struct Said<'a> {
    pub(crate) word: Cow<'a, str>,
    /// The language of the file; the common one has none.
    owner: Option<usize>,
    counts: Counts,
    says: Says,
}

/// In messages of which other languages something counts. In those of its own language it always does, and what the common file says
/// counts in all.
#[derive(Clone, Copy)]
enum Counts {
    Everywhere,
    /// Of Latin words only the English ones are mixed into other languages.
    AsWord,
    /// Names of currencies are known to everybody, and short ones where their letters are not mistaken: 100元, 500 руб.
    AsName,
    AtHome,
}

/// Where a word keeps a value.
type Role = fn(&mut Word) -> &mut Option<Decimal>;

enum Says {
    Number(Role, Decimal),
    /// A number with a prefix in one word; alone it may be one that says nothing.
    Attached(Role, Decimal, Lead, bool),
    Before(Bound),
    After(Bound),
    Is(Marks),
    Sign(u16),
    Local(u16),
    /// A small coin: of which sign, and what part of it.
    Minor(u16, Decimal),
    Code(Currency),
}

impl Says {
    /// What came first is the language's own, and stays.
    fn tell(&self, word: &mut Word) {
        match *self {
            Self::Number(role, value) => {
                role(word).get_or_insert(value);
            }
            Self::Attached(role, value, lead, alone) if !word.is_number() => {
                (*role(word), word.lead) = (Some(value), lead);
                if alone {
                    word.marks.add(Marks::ALONE);
                }
            }
            Self::Attached(..) => {}
            Self::Before(bound) => {
                word.before.get_or_insert(bound);
            }
            Self::After(bound) => {
                word.after.get_or_insert(bound);
            }
            Self::Is(mark) => word.marks.add(mark),
            Self::Sign(sign) => {
                word.sign.get_or_insert(sign);
            }
            Self::Local(sign) => {
                word.sign.get_or_insert(sign);
                word.marks.add(Marks::LOCAL);
            }
            Self::Minor(sign, part) => {
                word.minor.get_or_insert(Coin { of: sign, part });
            }
            Self::Code(code) => word.code = Some(code),
        }
    }
}

/// All that the files say, words in order. What they say of one word stands in the order of the files.
pub(crate) fn gather<'a>(common: &'a MoneyFile, own: &'a [Option<MoneyFile>]) -> Vec<Said<'a>> {
    let (mut said, mut signs) = (Vec::new(), 0);
    let own = own.iter().enumerate().filter_map(|(index, file)| Some((Some(index), file.as_ref()?)));
    for (owner, file) in std::iter::once((None, common)).chain(own) {
        said_by(file, signs, |word, counts, says| said.push(Said { word, owner, counts, says }));
        signs += file.sign.len() as u16;
    }
    // What is equal stays in its order.
    said.sort_by(|one, other| one.word.cmp(&other.word));
    said
}

/// All that one file says; `first` is the number of its first sign.
fn said_by<'a>(file: &'a MoneyFile, first: u16, mut say: impl FnMut(Cow<'a, str>, Counts, Says)) {
    let mut each = |words: &'a [String], counts, says: &dyn Fn() -> Says| {
        let words = words.iter().filter(|word| !word.is_empty());
        words.for_each(|word| say(Cow::Borrowed(word), counts, says()));
    };
    for (list, role) in numbers(file) {
        list.iter().for_each(|(value, words)| each(words, Counts::AsWord, &|| Says::Number(role, *value)));
    }
    file.before.iter().for_each(|(bound, words)| each(words, Counts::AsWord, &|| Says::Before(*bound)));
    file.after.iter().for_each(|(bound, words)| each(words, Counts::AsWord, &|| Says::After(*bound)));
    for (words, mark) in marks(file) {
        each(words, Counts::AsWord, &|| Says::Is(mark));
    }
    for (number, sign) in (first..).zip(&file.sign) {
        each(&sign.words, Counts::AsName, &|| Says::Sign(number));
        sign.minor.iter().for_each(|(part, words)| each(words, Counts::AsName, &|| Says::Minor(number, *part)));
        each(&sign.local, Counts::AtHome, &|| Says::Local(number));
    }
    attached(file, |word, says| say(Cow::Owned(word), Counts::Everywhere, says));
    for code in &file.currencies {
        let word = || Cow::Owned(code.code().to_lowercase());
        say(word(), Counts::Everywhere, Says::Code(*code));
        if file.word_codes.contains(code) {
            say(word(), Counts::Everywhere, Says::Is(Marks::WORD_CODE));
        }
    }
}

fn marks(file: &MoneyFile) -> [(&Vec<String>, Marks); 50] {
    [
        (&file.alone, Marks::ALONE),
        (&file.rough, Marks::ROUGH),
        (&file.pronouns, Marks::PRONOUN),
        (&file.weak, Marks::WEAK),
        (&file.signed, Marks::SIGNED),
        (&file.cued, Marks::CUED),
        (&file.before_money, Marks::BEFORE_MONEY),
        (&file.elsewhere, Marks::ELSEWHERE),
        (&file.long_before, Marks::LONG_BEFORE),
        (&file.inverted, Marks::INVERTED),
        (&file.joints, Marks::JOINT),
        (&file.range, Marks::RANGE),
        (&file.range_start, Marks::RANGE_START),
        (&file.between, Marks::RANGE_START),
        (&file.between, Marks::BETWEEN),
        (&file.between_and, Marks::BETWEEN_AND),
        (&file.asked_before, Marks::ASKED_BEFORE),
        (&file.asked_after, Marks::ASKED_AFTER),
        (&file.instead, Marks::INSTEAD),
        (&file.fillers, Marks::FILLER),
        (&file.not_money_after, Marks::NOT_AFTER),
        (&file.not_money_before, Marks::NOT_BEFORE),
        (&file.months, Marks::MONTH),
        (&file.traps, Marks::TRAP),
        (&file.budget, Marks::BUDGET),
        (&file.not_budget, Marks::NOT_BUDGET),
        (&file.corrections, Marks::CORRECTION),
        (&file.either, Marks::EITHER),
        (&file.was, Marks::WAS),
        (&file.now, Marks::NOW),
        (&file.if_good, Marks::IF_GOOD),
        (&file.more_than, Marks::MORE),
        (&file.adds, Marks::ADDS),
        (&file.per, Marks::PER),
        (&file.half, Marks::HALF),
        (&file.pointed.before, Marks::POINTED_BEFORE),
        (&file.pointed.after, Marks::POINTED_AFTER),
        (&file.pointed.from, Marks::POINTED_FROM),
        (&file.pointed.to, Marks::POINTED_TO),
        (&file.limits, Marks::LIMIT),
        (&file.refused, Marks::REFUSED),
        (&file.unwanted, Marks::REFUSED),
        (&file.unwanted, Marks::UNWANTED),
        (&file.number_prefixes, Marks::PREFIX),
        (&file.number_suffixes, Marks::SUFFIX),
        (&file.price, Marks::PRICE),
        (&file.price_at, Marks::PRICE_AT),
        (&file.notes, Marks::NOTE),
        (&file.points, Marks::POINT),
        (&file.spreads, Marks::SPREAD),
    ]
}

/// The numbers of a file, and where words keep them.
fn numbers(file: &MoneyFile) -> [(&Numbers, Role); 3] {
    [
        (&file.multipliers, |word| &mut word.multiplier),
        (&file.units, |word| &mut word.unit),
        (&file.added_to_next, |word| &mut word.added_to_next),
    ]
}

/// Numbers with a prefix in one word.
fn attached(file: &MoneyFile, mut say: impl FnMut(String, Says)) {
    let prefixes = [(&file.joint_prefix, Lead::Joint), (&file.range_prefix, Lead::Range)];
    let prefixes = prefixes.into_iter().filter_map(|(prefix, lead)| Some((prefix.as_ref()?, lead)));
    let plain = file.number_prefixes.iter().map(|prefix| (prefix, Lead::None));
    // The first that is given for a prefix counts, so those with a meaning stand before the plain ones.
    for (prefix, lead) in prefixes.chain(plain) {
        for (list, role) in numbers(file) {
            for (value, number) in list.iter().flat_map(|(value, words)| words.iter().map(move |word| (value, word))) {
                let word = format!("{prefix}{number}");
                // بالمائة, "per cent", is no hundred.
                if !file.not_money_after.contains(&word) {
                    say(word, Says::Attached(role, *value, lead, file.alone.contains(number)));
                }
            }
        }
    }
}

/// A word, and all that is said of it.
pub(crate) struct WordOf<'a> {
    said: &'a [Said<'a>],
    /// The languages of which it is an everyday word.
    pub(crate) everyday: Langs,
    latin: bool,
    length: usize,
}

impl<'a> WordOf<'a> {
    /// Of all that is said of one word, which is something.
    pub(crate) fn new(said: &'a [Said<'a>], languages: &Languages) -> Self {
        let word = &*said[0].word;
        let latin = word.chars().any(|c| c.is_ascii_alphabetic());
        Self { said, everyday: languages.everyday(word), latin, length: word.chars().count() }
    }

    /// Languages in whose messages it stands for the same have the same number, below [`WordOf::ALIKE`].
    pub(crate) fn alike(&self, target: usize) -> usize {
        match self.said.iter().any(|said| said.owner == Some(target)) {
            true => target,
            false => LANGUAGES.len() + usize::from(self.everyday.has(target)),
        }
    }

    /// See [`Self::alike`].
    pub(crate) const ALIKE: usize = LANGUAGES.len() + 2;

    /// What it stands for in messages of a language, if anything counts there.
    pub(crate) fn in_language(&self, target: usize) -> Option<Word> {
        let is_own = |said: &&Said<'_>| said.owner == Some(target);
        let others = self.said.iter().filter(|said| !is_own(said) && self.counts(said, target));
        let mut told = self.said.iter().filter(is_own).chain(others).peekable();
        told.peek()?;
        let mut word = Word::default();
        told.for_each(|said| said.says.tell(&mut word));
        Some(word)
    }

    /// Whether what another file than the language's own says counts in its messages.
    fn counts(&self, said: &Said<'_>, target: usize) -> bool {
        let Some(owner) = said.owner else { return true };
        let is_strange = !self.everyday.has(target);
        match said.counts {
            Counts::Everywhere => true,
            Counts::AsWord => is_strange && (!self.latin || owner == ENGLISH && self.length >= LONG_WORD),
            Counts::AsName => is_strange && (!self.latin || self.length >= LONG_NAME),
            Counts::AtHome => false,
        }
    }
}
