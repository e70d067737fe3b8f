//! The words that sums are written with, made ready for messages of each language.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::file::{MoneyFile, NumbersOf, Shared, Sign};
use super::marks::Word;
use super::selection::{WordOf, gather};
use super::slips::MoneySlips;
use super::tokens::Stands;
use crate::Hints;
use crate::dictionary::files::{LANGUAGES, Lookup, LookupSet};
use crate::dictionary::meanings::Langs;
use crate::search::folding::is_word;
use crate::search::language::Languages;
use crate::search::trie::Trie;
use crate::search::typos::Limits;
use hotline_domain::{Country, Currency, Problem, SourceFile};

/// Everything that the scanner of sums knows, for messages of each language.
#[derive(Serialize, Deserialize)]
pub(crate) struct Money {
    known: AllWords,
    /// In the order of [`LANGUAGES`].
    ways: Vec<Ways>,
}

/// What other parts of the dictionaries learn from the files about money.
pub(crate) struct Vocabulary {
    /// Words about money, and the languages in whose files they stand: they tell the language of a message too.
    pub(crate) words: Lookup<String, Langs>,
    /// Words of phrases about money, which are no slips of others either: dua belas.
    pub(crate) parts: LookupSet<String>,
    /// Slips of them.
    pub(crate) slips: MoneySlips,
}

impl Money {
    /// Reads the files about money. `None` if one of them has a mistake.
    pub(crate) fn compile(
        files: &[SourceFile],
        languages: &Languages,
        limits: Option<&Limits>,
        problems: &mut Vec<Problem>,
    ) -> Option<(Self, Vocabulary)> {
        let mut common = None;
        let mut own: Vec<Option<MoneyFile>> = vec![None; LANGUAGES.len()];
        for file in files {
            let language = file.path.strip_prefix("money/").and_then(|name| name.strip_suffix(".toml"));
            if file.path != "money.toml" && language.is_none() {
                continue;
            }
            let written = match MoneyFile::parse(file) {
                Ok(written) => written,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            match language.map(|language| LANGUAGES.iter().position(|known| *known == language)) {
                None => common = Some(written),
                Some(Some(index)) => own[index] = Some(written),
                Some(None) => {
                    let advice = format!("Languages are: {}.", LANGUAGES.join(", "));
                    let message = "the name of this file is no language".to_owned();
                    problems.push(Problem::at(&file.path, &file.text, 0, message, advice));
                }
            }
        }
        let Some(common) = common else {
            let advice = "Copy it from the ones that ship.";
            problems.push(Problem::at("money.toml", "", 0, "money.toml is missing", advice));
            return None;
        };
        let mut names =
            own.iter().flatten().chain([&common]).flat_map(|file| &file.sign).filter_map(|sign| sign.shared.as_ref());
        if let Some(unknown) = names.find(|name| !common.shared.contains_key(*name)) {
            let message = format!("no countries share the name `{unknown}`");
            let advice = "Add [shared.NAME] with by_country to money.toml, or give the sign a code.";
            problems.push(Problem::at("money.toml", "", 0, message, advice));
            return None;
        }
        let known = AllWords::new(&common, &own, languages);
        let known = known.map_err(|message| problems.push(Problem::at("money.toml", "", 0, message, ""))).ok()?;
        let ways = own.iter().map(|own| own.as_ref().map(Ways::of).unwrap_or_default()).collect();
        let slips = limits.map(|limits| MoneySlips::new(limits, languages, &common, &own)).unwrap_or_default();
        Some((Self { known, ways }, vocabulary(&own, slips)))
    }

    /// What bare numbers beside some things are.
    pub(crate) fn numbers_of(&self) -> &NumbersOf {
        &self.known.numbers_of
    }

    /// The words for messages of that language; where it is not known, the English ones.
    pub(crate) fn of(&self, language: Option<usize>) -> MoneyWords<'_> {
        let language = language.unwrap_or(0);
        MoneyWords { known: &self.known, ways: &self.ways[language], language, strange: Strange::default() }
    }

    /// The same, with an eye for the words of the `known` languages, and for the numbers of `others`.
    pub(crate) fn with_eye(&self, language: Option<usize>, known: Langs, others: Langs) -> MoneyWords<'_> {
        let words = self.of(language);
        let own = Langs::one(words.language).0;
        let (known, others) = (Langs(known.0 & !own), Langs(others.0 & !own));
        let all = known.with(others).list().filter(|language| *language < LANGUAGES.len());
        let hint = all.fold(0, |hint, language| hint | hint_of(language));
        MoneyWords { strange: Strange { known, others, hint, ways: &self.ways }, ..words }
    }
}

/// Single words with their languages, and the words of phrases.
fn vocabulary(own: &[Option<MoneyFile>], slips: MoneySlips) -> Vocabulary {
    let mut all = Vocabulary { words: Lookup::default(), parts: LookupSet::default(), slips };
    for (index, file) in own.iter().enumerate().filter_map(|(index, file)| Some((index, file.as_ref()?))) {
        let numbers = file.units.values().chain(file.multipliers.values()).flatten();
        let bounds = file.before.values().chain(file.after.values()).flatten();
        let signs =
            file.sign.iter().flat_map(|sign| sign.words.iter().chain(&sign.local).chain(sign.minor.values().flatten()));
        for word in numbers.chain(bounds).chain(&file.budget).chain(signs) {
            if word.chars().count() >= 3 && word.chars().all(is_word) {
                let langs = all.words.entry(word.clone()).or_insert(Langs(0));
                *langs = langs.with(Langs::one(index));
            } else {
                all.parts.extend(word.split(|c| !is_word(c)).map(str::to_owned));
            }
        }
        let others = file.corrections.iter().chain(&file.not_budget).chain(&file.price);
        let others = others.chain(&file.not_money_after).chain(&file.not_money_before).chain(&file.months);
        let others = others.chain(&file.traps).chain(&file.range).chain(&file.either).chain(&file.joints);
        all.parts.extend(others.flat_map(|phrase| phrase.split(|c| !is_word(c))).map(str::to_owned));
    }
    all
}

/// The bit of a language in the hints of the trie, which some share: most words stand for nothing in a message's language, and are
/// passed over without being looked up.
fn hint_of(language: usize) -> u8 {
    1 << (language % 8)
}

/// The languages of which a word is an everyday one, in which it is a number, and in which it tells something of a sum.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct SaidIn {
    everyday: Langs,
    number: Langs,
    telling: Langs,
}

/// What the scanner of sums knows for messages of all languages.
#[derive(Serialize, Deserialize)]
pub(crate) struct AllWords {
    trie: Trie,
    /// What each word stands for in messages of each language, by the number that the trie gives: places in `roles`, one on; 0 is
    /// nothing.
    places: Vec<[u16; LANGUAGES.len()]>,
    /// In which languages it says something.
    said: Vec<SaidIn>,
    roles: Vec<Word>,
    pub(crate) signs: Vec<KnownSign>,
    countries: BTreeMap<Country, Currency>,
    shared: BTreeMap<String, Shared>,
    pub(crate) three_decimals: Vec<Currency>,
    pub(crate) millions_of_cents: Vec<Currency>,
    /// See [`MoneyFile`].
    pub(crate) unsaid_thousands: BTreeMap<Currency, u32>,
    pub(crate) dear_thousands: BTreeMap<Currency, u32>,
    pub(crate) dear: Vec<String>,
    pub(crate) numbers_of: NumbersOf,
    pub(crate) particles: String,
}

impl AllWords {
    fn new(common: &MoneyFile, own: &[Option<MoneyFile>], languages: &Languages) -> Result<Self, String> {
        let said = gather(common, own);
        let words = said.chunk_by(|one, other| one.word == other.word);
        let (mut places, mut said_in, mut roles) = (Vec::new(), Vec::new(), Vec::new());
        let mut numbers: Lookup<Word, u16> = Lookup::default();
        for said in words.clone() {
            let (word, mut alike) = (WordOf::new(said, languages), [None; WordOf::ALIKE]);
            let mut said = SaidIn { everyday: word.everyday, ..SaidIn::default() };
            places.push(std::array::from_fn(|target| {
                let number = || {
                    word.in_language(target).map_or(0, |word| {
                        *numbers.entry(word).or_insert_with(|| {
                            roles.push(word);
                            roles.len() as u16
                        })
                    })
                };
                *alike[word.alike(target)].get_or_insert_with(number)
            }));
            let words = places.last().into_iter().flatten().enumerate();
            for (language, number) in words.filter(|(_, number)| **number > 0) {
                let (word, language): (&Word, Langs) = (&roles[usize::from(*number) - 1], Langs::one(language));
                said.number = if word.is_number() { said.number.with(language) } else { said.number };
                said.telling =
                    if word.says_more_than(None, false) { said.telling.with(language) } else { said.telling };
            }
            said_in.push(said);
        }
        if roles.len() > usize::from(u16::MAX) {
            return Err("words about money stand for too many different things".into());
        }
        let hint = |places: &[u16; LANGUAGES.len()]| {
            let said = (0..LANGUAGES.len()).filter(|target| places[*target] > 0);
            said.fold(0, |hint, target| hint | hint_of(target))
        };
        let known = words.zip(0..).zip(&places);
        let known: Vec<_> = known.map(|((said, number), places)| (&*said[0].word, number, hint(places))).collect();
        let signs = std::iter::once(common).chain(own.iter().flatten()).flat_map(|file| &file.sign);
        Ok(Self {
            trie: Trie::new(&known)?,
            places,
            said: said_in,
            roles,
            signs: signs.map(KnownSign::of).collect(),
            countries: common.countries.clone(),
            shared: common.shared.clone(),
            three_decimals: common.three_decimals.clone(),
            millions_of_cents: common.millions_of_cents.clone(),
            unsaid_thousands: common.unsaid_thousands.clone(),
            dear_thousands: common.dear_thousands.clone(),
            dear: common.dear.clone(),
            numbers_of: common.numbers_of.clone(),
            particles: common.particles.clone(),
        })
    }
}

/// What is left to know of a [`Sign`] once its words are in a table.
#[derive(Serialize, Deserialize)]
pub(crate) struct KnownSign {
    pub(crate) code: Option<Currency>,
    shared: Option<String>,
    pub(crate) only_in: Vec<Country>,
    #[serde(with = "rust_decimal::serde::str_option")]
    pub(crate) least: Option<Decimal>,
    pub(crate) ends: bool,
    by_language: BTreeMap<String, Currency>,
}

impl KnownSign {
    fn of(sign: &Sign) -> Self {
        let Sign { code, least, ends, .. } = *sign;
        let (shared, only_in) = (sign.shared.clone(), sign.only_in.clone());
        Self { code, shared, only_in, least, ends, by_language: sign.by_language.clone() }
    }
}

/// How numbers and sums are made of words in one language: see [`MoneyFile`].
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Ways {
    pub(crate) tail_is_next_rank: bool,
    pub(crate) million_takes_thousands: bool,
    pub(crate) counts_by_twenties: bool,
    pub(crate) units_before_tens: bool,
    pub(crate) hundreds_unsaid: bool,
    pub(crate) cents_behind_and: bool,
    pub(crate) cents_follow: bool,
    pub(crate) thousands_unsaid: bool,
    pub(crate) hundreds_of_ones: bool,
    pub(crate) hyphenated: bool,
    pub(crate) decimal_mark: Option<char>,
    pub(crate) cued_in: Vec<Country>,
    pub(crate) elsewhere_in: Vec<Country>,
}

impl Ways {
    fn of(file: &MoneyFile) -> Self {
        Self {
            tail_is_next_rank: file.tail_is_next_rank,
            million_takes_thousands: file.million_takes_thousands,
            counts_by_twenties: file.counts_by_twenties,
            units_before_tens: file.units_before_tens,
            hundreds_unsaid: file.hundreds_unsaid,
            cents_behind_and: file.cents_behind_and,
            cents_follow: file.cents_follow,
            thousands_unsaid: file.thousands_unsaid,
            hundreds_of_ones: file.hundreds_of_ones,
            hyphenated: file.hyphenated,
            decimal_mark: file.decimal_mark,
            cued_in: file.cued_in.clone(),
            elsewhere_in: file.elsewhere_in.clone(),
        }
    }
}

/// Everything that the scanner of sums knows for messages of one language.
#[derive(Clone, Copy)]
pub(crate) struct MoneyWords<'m> {
    known: &'m AllWords,
    pub(crate) ways: &'m Ways,
    language: usize,
    strange: Strange<'m>,
}

/// It is noted whether words of other languages stand in a message.
#[derive(Clone, Copy, Default)]
struct Strange<'m> {
    /// Those of which all words about money are looked for.
    known: Langs,
    /// Those of which numbers are.
    others: Langs,
    /// The bits of all of them, see [`hint_of`].
    hint: u8,
    /// How numbers are made in each language.
    ways: &'m [Ways],
}

impl<'m> std::ops::Deref for MoneyWords<'m> {
    type Target = AllWords;
    fn deref(&self) -> &AllWords {
        self.known
    }
}

impl<'m> MoneyWords<'m> {
    /// Every word that begins at `start` and stands for something in messages of the language, shorter ones first: where it ends,
    /// and its number for [`Self::word`].
    pub(crate) fn walk<'t>(&'t self, chars: &'t [char], start: usize) -> impl Iterator<Item = (usize, u32)> + 't {
        let number = |word: u32| self.known.places[word as usize][self.language];
        let language = hint_of(self.language);
        let walk = self.known.trie.walk(chars, start).filter(move |met| met.hint & language != 0);
        walk.filter_map(move |met| Some((met.end, u32::from(number(met.word).checked_sub(1)?))))
    }

    /// The same with the words of the languages that are looked out for. A word has its number for [`Self::own`] and
    /// [`Self::strange`].
    pub(crate) fn walk_all<'t>(&'t self, chars: &'t [char], start: usize) -> impl Iterator<Item = (usize, u32)> + 't {
        let hint = hint_of(self.language) | self.strange.hint;
        let walk = self.known.trie.walk(chars, start).filter(move |met| met.hint & hint != 0);
        walk.map(|met| (met.end, met.word))
    }

    /// The number for [`Self::word`] of a word that [`Self::walk_all`] met, if it stands for something in the language.
    pub(crate) fn own(&self, met: u32) -> Option<u32> {
        u32::from(self.known.places[met as usize][self.language]).checked_sub(1)
    }

    /// The languages that are looked out for in which a word that [`Self::walk_all`] met says more of a sum than in this one. An
    /// everyday word of this one says nothing else, unless it stands where it cannot.
    pub(crate) fn strange(&self, met: u32, place: Stands) -> Langs {
        let (met, Strange { known, others, .. }) = (met as usize, self.strange);
        let said = &self.known.said[met];
        let may_be = Langs(said.telling.0 & known.0 | said.number.0 & others.0);
        let everyday = said.everyday.has(self.language);
        if may_be == Langs(0) || everyday && place == Stands::Anywhere {
            return Langs(0);
        }
        let numbers = &self.known.places[met];
        let word = |number: u16| number.checked_sub(1).map(|number| &self.known.roles[usize::from(number)]);
        let own = word(numbers[self.language]);
        let counts = |language: &usize| {
            let Some(other) = word(numbers[*language]) else { return false };
            let multiplies = || other.multiplier.is_some() && known.has(*language);
            let stands = !everyday || place != Stands::BehindDigit || multiplies();
            numbers[*language] != numbers[self.language] && stands && other.says_more_than(own, !known.has(*language))
        };
        may_be.list().filter(counts).fold(Langs(0), |all, language| all.with(Langs::one(language)))
    }

    /// The same words for messages of a language that was looked out for.
    pub(crate) fn of_other(&self, language: usize) -> Self {
        let ways = self.strange.ways.get(language).unwrap_or(self.ways);
        Self { ways, language, strange: Strange::default(), ..*self }
    }

    /// What a word stands for.
    pub(crate) fn word(&self, number: u32) -> &'m Word {
        &self.known.roles[number as usize]
    }

    /// The currency that is spoken of where none is named.
    pub(crate) fn of_country(&self, country: Option<Country>) -> Option<Currency> {
        self.countries.get(&country?).copied()
    }

    /// A sign that several countries share is settled by the customer's country, then by the message's language.
    pub(crate) fn settle(&self, sign: u16, lang: Option<&str>, hints: &Hints<'_>) -> Option<Currency> {
        let sign = &self.signs[usize::from(sign)];
        let shared = sign.shared.as_ref().and_then(|name| self.shared.get(name));
        let own = shared.and_then(|shared| shared.by_country.get(&hints.country?).copied());
        let abroad = || shared.and_then(|shared| hints.country.and(shared.abroad));
        let by_language = || lang.and_then(|lang| sign.by_language.get(lang)).copied();
        own.or(sign.code).or_else(abroad).or_else(by_language)
    }
}
