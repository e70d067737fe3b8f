//! Which words about money count in messages of one language, and all that each of them stands for there.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::files::{LANGUAGES, Lookup};
use super::language::Languages;
use super::money_file::{MoneyFile, Numbers, Sign};
use super::money_words::{Lead, Marks, Word};

/// A name of a currency in another language's file counts everywhere from this many letters on.
const LONG_NAME: usize = 4;

/// Messages of one language: its own words count there, the common ones, English ones, and those of other scripts.
pub(super) struct Selection<'a> {
    pub(super) common: &'a MoneyFile,
    pub(super) own: &'a [Option<MoneyFile>],
    /// Of the common file, then of each language's.
    pub(super) attached: &'a [Vec<Attached>],
    pub(super) languages: &'a Languages,
    pub(super) target: usize,
}

impl<'a> Selection<'a> {
    /// All files, with the language of each and the number of its first sign.
    fn all(&self) -> impl Iterator<Item = (Option<usize>, &'a MoneyFile, u16)> {
        let own = self.own.iter().enumerate().filter_map(|(index, file)| Some((Some(index), file.as_ref()?)));
        let mut signs = 0;
        std::iter::once((None, self.common)).chain(own).map(move |(index, file)| {
            let first = signs;
            signs += file.sign.len() as u16;
            (index, file, first)
        })
    }

    /// The files in order of precedence.
    fn files(&self) -> impl Iterator<Item = (Option<usize>, &'a MoneyFile, u16)> {
        let mut files: Vec<_> = self.all().collect();
        files.sort_by_key(|(index, ..)| (*index != Some(self.target), *index));
        files.into_iter()
    }

    /// The signs by their numbers.
    pub(super) fn signs(&self) -> Vec<Sign> {
        self.all().flat_map(|(_, file, _)| &file.sign).map(Sign::without_words).collect()
    }

    fn counts(&self, owner: Option<usize>, folded: &str) -> bool {
        let Some(owner) = owner.filter(|owner| *owner != self.target) else { return true };
        let latin = folded.chars().any(|c| c.is_ascii_alphabetic());
        // Of Latin words only the English ones are mixed into other languages.
        let mixed = !latin || LANGUAGES[owner] == "en" && folded.chars().count() > 3;
        mixed && !self.languages.everyday(folded).has(self.target)
    }

    /// Names of currencies are known to everybody, and short ones where their letters are not mistaken: 100元, 500 руб.
    fn counts_as_name(&self, owner: Option<usize>, folded: &str) -> bool {
        let abroad = owner.is_some_and(|owner| owner != self.target);
        let other_letters = !folded.chars().any(|c| c.is_ascii_alphabetic());
        let clear = other_letters || folded.chars().count() >= LONG_NAME;
        !abroad || clear && !self.languages.everyday(folded).has(self.target)
    }

    /// With room for about so many.
    pub(super) fn words(&self, about: usize) -> Lookup<Cow<'a, str>, Word> {
        let mut table = Table::default();
        table.words.reserve(about);
        for (owner, file, first) in self.files() {
            let counts = |word: &str| self.counts(owner, word);
            table.numbers(file, &self.attached[owner.map_or(0, |index| index + 1)], &counts);
            for (bounds, before) in [(&file.before, true), (&file.after, false)] {
                for (bound, words) in bounds {
                    table.each(words, &counts, |word| {
                        let role = if before { &mut word.before } else { &mut word.after };
                        role.get_or_insert(*bound);
                    });
                }
            }
            for (words, mark) in marks(file) {
                table.each(words, &counts, |word| word.marks.add(mark));
            }
            for (number, sign) in (first..).zip(&file.sign) {
                let named = |word: &str| self.counts_as_name(owner, word);
                table.each(&sign.words, &named, |word| {
                    word.sign.get_or_insert(number);
                });
                for (part, words) in &sign.minor {
                    table.each(words, &named, |word| {
                        word.minor.get_or_insert((number, *part));
                    });
                }
                if owner.is_none_or(|owner| owner == self.target) {
                    table.each(&sign.local, &counts, |word| {
                        word.sign.get_or_insert(number);
                        word.marks.add(Marks::LOCAL);
                    });
                }
            }
        }
        table.codes(self.common);
        table.words
    }
}

fn marks(file: &MoneyFile) -> [(&Vec<String>, Marks); 25] {
    [
        (&file.alone, Marks::ALONE),
        (&file.rough, Marks::ROUGH),
        (&file.pronouns, Marks::PRONOUN),
        (&file.weak, Marks::WEAK),
        (&file.inverted, Marks::INVERTED),
        (&file.joints, Marks::JOINT),
        (&file.range, Marks::RANGE),
        (&file.range_start, Marks::RANGE_START),
        (&file.fillers, Marks::FILLER),
        (&file.not_money_after, Marks::NOT_AFTER),
        (&file.not_money_before, Marks::NOT_BEFORE),
        (&file.months, Marks::MONTH),
        (&file.traps, Marks::TRAP),
        (&file.budget, Marks::BUDGET),
        (&file.not_budget, Marks::NOT_BUDGET),
        (&file.corrections, Marks::CORRECTION),
        (&file.either, Marks::EITHER),
        (&file.refused, Marks::REFUSED),
        (&file.number_prefixes, Marks::PREFIX),
        (&file.number_suffixes, Marks::SUFFIX),
        (&file.price, Marks::PRICE),
        (&file.price_at, Marks::PRICE_AT),
        (&file.notes, Marks::NOTE),
        (&file.points, Marks::POINT),
        (&file.spreads, Marks::SPREAD),
    ]
}

/// Words with all their roles, while they are gathered. What comes first is the language's own and wins.
#[derive(Default)]
struct Table<'a> {
    words: Lookup<Cow<'a, str>, Word>,
}

/// Where a word keeps a value.
type Role = fn(&mut Word) -> &mut Option<Decimal>;

/// The numbers of a file, and where words keep them.
fn numbers(file: &MoneyFile) -> [(&Numbers, Role); 3] {
    [
        (&file.multipliers, |word| &mut word.multiplier),
        (&file.units, |word| &mut word.unit),
        (&file.added_to_next, |word| &mut word.added_to_next),
    ]
}

/// A number with a prefix in one word. They are the same for messages of every language.
pub(super) struct Attached {
    word: String,
    role: Role,
    value: Decimal,
    lead: Lead,
    alone: bool,
}

pub(super) fn attached(file: &MoneyFile) -> Vec<Attached> {
    let prefixes = [(&file.joint_prefix, Lead::Joint), (&file.range_prefix, Lead::Range)];
    let prefixes = prefixes.into_iter().filter_map(|(prefix, lead)| Some((prefix.as_ref()?, lead)));
    let plain = file.number_prefixes.iter().map(|prefix| (prefix, Lead::None));
    let mut made = Vec::new();
    // The first that is given for a prefix counts, so those with a meaning stand before the plain ones.
    for (prefix, lead) in prefixes.chain(plain) {
        for (list, role) in numbers(file) {
            for (value, number) in list.iter().flat_map(|(value, words)| words.iter().map(move |word| (value, word))) {
                let word = format!("{prefix}{number}");
                // بالمائة, "per cent", is no hundred.
                if !file.not_money_after.contains(&word) {
                    made.push(Attached { word, role, value: *value, lead, alone: file.alone.contains(number) });
                }
            }
        }
    }
    made
}

impl<'a> Table<'a> {
    fn each(&mut self, words: &'a [String], counts: &dyn Fn(&str) -> bool, mut set: impl FnMut(&mut Word)) {
        for word in words.iter().filter(|word| !word.is_empty() && counts(word)) {
            set(self.words.entry(Cow::Borrowed(word)).or_default());
        }
    }

    fn numbers(&mut self, file: &'a MoneyFile, attached: &'a [Attached], counts: &dyn Fn(&str) -> bool) {
        for (list, role) in numbers(file) {
            for (value, words) in list {
                self.each(words, counts, |word| {
                    role(word).get_or_insert(*value);
                });
            }
        }
        for Attached { word, role, value, lead, alone } in attached {
            let word = self.words.entry(Cow::Borrowed(word)).or_default();
            if !word.is_number() {
                (*role(word), word.lead) = (Some(*value), *lead);
                if *alone {
                    word.marks.add(Marks::ALONE);
                }
            }
        }
    }

    fn codes(&mut self, common: &MoneyFile) {
        for code in &common.currencies {
            let word = self.words.entry(Cow::Owned(code.code().to_lowercase())).or_default();
            word.code = Some(*code);
            if common.word_codes.contains(code) {
                word.marks.add(Marks::WORD_CODE);
            }
        }
    }
}
