//! The words that sums are written with, for messages of each language: `money.toml` and `money/LANGUAGE.toml`.

use std::collections::{BTreeMap, HashMap, HashSet};

use rust_decimal::Decimal;
use serde::Deserialize;

use super::files::{LANGUAGES, read};
use super::folding::{fold_word, is_word};
use super::language::Languages;
use super::matcher::Langs;
use crate::domain::{Country, Currency, Problem, SourceFile};

/// Words with something attached, found by the longest that stands at a place.
#[derive(Clone, Debug)]
pub(super) struct WordTable<T> {
    by_first: HashMap<char, Vec<(Vec<char>, T)>>,
}

impl<T> Default for WordTable<T> {
    fn default() -> Self {
        Self { by_first: HashMap::new() }
    }
}

impl<T> WordTable<T> {
    fn new(entries: impl IntoIterator<Item = (String, T)>) -> Self {
        let mut by_first: HashMap<char, Vec<(Vec<char>, T)>> = HashMap::new();
        let mut seen = HashSet::new();
        for (word, value) in entries {
            let chars: Vec<char> = fold_word(&word).chars().collect();
            let Some(first) = chars.first().copied() else { continue };
            // What stands first is the language's own and wins.
            if seen.insert(chars.clone()) {
                by_first.entry(first).or_default().push((chars, value));
            }
        }
        for words in by_first.values_mut() {
            words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        }
        Self { by_first }
    }

    /// The longest word that begins at `at` and does not go on behind.
    pub(super) fn longest(&self, chars: &[char], at: usize) -> Option<(&T, usize)> {
        let words = self.by_first.get(chars.get(at)?)?;
        let fits = words.iter().find(|(word, _)| {
            let end = at + word.len();
            chars.get(at..end).is_some_and(|part| part == word.as_slice())
                && !(is_word(chars[end - 1]) && chars[end - 1].is_alphabetic() && goes_on(chars, end))
        });
        fits.map(|(word, value)| (value, at + word.len()))
    }

    /// Every word that `rest` begins with, whatever follows, with its length.
    pub(super) fn prefixes<'t>(&'t self, rest: &'t [char]) -> impl Iterator<Item = (&'t T, usize)> {
        let words = rest.first().and_then(|first| self.by_first.get(first)).into_iter().flatten();
        words.filter(|(word, _)| rest.starts_with(word)).map(|(word, value)| (value, word.len()))
    }

    /// As [`Self::longest`], where a word may begin.
    pub(super) fn longest_word(&self, chars: &[char], at: usize) -> Option<(&T, usize)> {
        let inside = at > 0 && chars.get(at).is_some_and(|c| is_word(*c)) && is_word(chars[at - 1]);
        if inside { None } else { self.longest(chars, at) }
    }

    /// The longest word that ends at `end` and begins as a word.
    pub(super) fn longest_before(&self, chars: &[char], end: usize) -> Option<(&T, usize)> {
        (end.saturating_sub(24)..end).find_map(|start| {
            let (value, behind) = self.longest_word(chars, start)?;
            (behind == end).then_some((value, start))
        })
    }
}

fn goes_on(chars: &[char], end: usize) -> bool {
    chars.get(end).is_some_and(|c| is_word(*c) && c.is_alphabetic())
}

/// How a sum is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    AtMost,
    AtLeast,
    About,
}

impl Bound {
    fn named(name: &str) -> Option<Self> {
        match name {
            "at_most" => Some(Self::AtMost),
            "at_least" => Some(Self::AtLeast),
            "about" => Some(Self::About),
            _ => None,
        }
    }
}

/// A currency by country and by language, or the same everywhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sign {
    words: Vec<String>,
    #[serde(default)]
    pub(super) code: Option<Currency>,
    #[serde(default)]
    pub(super) by_country: BTreeMap<Country, Currency>,
    #[serde(default)]
    pub(super) by_language: BTreeMap<String, Currency>,
}

/// `money.toml`, for all languages, and `money/LANGUAGE.toml`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MoneyFile {
    currencies: Vec<Currency>,
    sign: Vec<Sign>,
    countries: BTreeMap<Country, Currency>,
    before: BTreeMap<String, Vec<String>>,
    after: BTreeMap<String, Vec<String>>,
    range: Vec<String>,
    range_start: Vec<String>,
    not_money_after: Vec<String>,
    not_money_before: Vec<String>,
    budget: Vec<String>,
    not_budget: Vec<String>,
    multipliers: BTreeMap<String, Vec<String>>,
    units: BTreeMap<String, Vec<String>>,
    joints: Vec<String>,
    /// A letter that joins two words of a number by standing before the second.
    joint_prefix: Option<String>,
    /// A single digit at the end is of the next lower rank, as always in Chinese: millecinque.
    tail_is_next_rank: bool,
    /// Multipliers that stand before digits too: тысяч 40.
    inverted: Vec<String>,
    alone: Vec<String>,
}

/// Everything that the scanner of sums knows, for messages of each language.
pub(super) struct Money {
    by_language: Vec<MoneyWords>,
    /// Words about money, and the languages in whose files they stand: they tell the language of a message too.
    pub(super) vocabulary: HashMap<String, Langs>,
}

impl Money {
    /// Reads the files about money. `None` if one of them has a mistake.
    pub(super) fn compile(files: &[SourceFile], languages: &Languages, problems: &mut Vec<Problem>) -> Option<Self> {
        let mut common = None;
        let mut own: Vec<Option<MoneyFile>> = vec![None; LANGUAGES.len()];
        for file in files {
            let language = file.path.strip_prefix("money/").and_then(|name| name.strip_suffix(".toml"));
            if file.path != "money.toml" && language.is_none() {
                continue;
            }
            let written = read::<MoneyFile>(file).and_then(|written| written.check(file).map(|()| written));
            let written = match written {
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
            problems.push(Problem::at(
                "money.toml",
                "",
                0,
                "money.toml is missing",
                "Copy it from the ones that ship.",
            ));
            return None;
        };
        let words = |target| MoneyWords::new(&Selection { common: &common, own: &own, languages, target });
        Some(Self { by_language: (0..LANGUAGES.len()).map(words).collect(), vocabulary: vocabulary(&own) })
    }

    /// The words for messages of that language; where it is not known, the English ones.
    pub(super) fn of(&self, language: Option<usize>) -> &MoneyWords {
        &self.by_language[language.unwrap_or(0)]
    }
}

fn vocabulary(own: &[Option<MoneyFile>]) -> HashMap<String, Langs> {
    let mut vocabulary: HashMap<String, Langs> = HashMap::new();
    for (index, file) in own.iter().enumerate().filter_map(|(index, file)| Some((index, file.as_ref()?))) {
        let numbers = file.units.values().chain(file.multipliers.values()).flatten();
        let bounds = file.before.values().chain(file.after.values()).flatten();
        let signs = file.sign.iter().flat_map(|sign| &sign.words);
        for word in numbers.chain(bounds).chain(&file.budget).chain(signs) {
            let word = fold_word(word);
            if word.chars().count() >= 3 && word.chars().all(is_word) {
                let langs = vocabulary.entry(word).or_insert(Langs(0));
                *langs = langs.with(Langs::one(index));
            }
        }
    }
    vocabulary
}

impl MoneyFile {
    fn check(&self, file: &SourceFile) -> Result<(), Problem> {
        let mut numbers = self.multipliers.keys().chain(self.units.keys()).chain(&self.alone);
        if let Some(text) = numbers.find(|text| text.parse::<Decimal>().is_err()) {
            let place = file.text.find(text.as_str()).unwrap_or(0);
            let message = format!("`{text}` is no number");
            return Err(Problem::at(&file.path, &file.text, place, message, "Write 1000 or \"0.5\"."));
        }
        for bound in self.before.keys().chain(self.after.keys()) {
            if Bound::named(bound).is_none() {
                let place = file.text.find(bound.as_str()).unwrap_or(0);
                let message = format!("there is no bound `{bound}`");
                return Err(Problem::at(&file.path, &file.text, place, message, "It is at_most, at_least or about."));
            }
        }
        Ok(())
    }
}

/// Which words count in messages of one language: its own, the common ones, English ones, and those of other scripts.
struct Selection<'a> {
    common: &'a MoneyFile,
    own: &'a [Option<MoneyFile>],
    languages: &'a Languages,
    target: usize,
}

impl<'a> Selection<'a> {
    /// The files in order of precedence, with the language of each.
    fn files(&self) -> impl Iterator<Item = (Option<usize>, &'a MoneyFile)> {
        let target = self.target;
        let own = self.own[target].as_ref().map(|file| (Some(target), file));
        let others = self.own.iter().enumerate().filter(move |(index, _)| *index != target);
        let others = others.filter_map(|(index, file)| Some((Some(index), file.as_ref()?)));
        own.into_iter().chain([(None, self.common)]).chain(others)
    }

    fn counts(&self, owner: Option<usize>, word: &str) -> bool {
        let Some(owner) = owner.filter(|owner| *owner != self.target) else { return true };
        let folded = fold_word(word);
        let latin = folded.chars().any(|c| c.is_ascii_alphabetic());
        let elsewhere = self.languages.everyday(&folded).has(self.target);
        // Of Latin words only the English ones are mixed into other languages.
        !elsewhere && (!latin || LANGUAGES[owner] == "en" && folded.chars().count() > 3)
    }

    fn list<T: Clone>(&self, of: impl Fn(&'a MoneyFile) -> Vec<(&'a String, T)>) -> WordTable<T> {
        let mut entries = Vec::new();
        for (owner, file) in self.files() {
            let counting = of(file).into_iter().filter(|(word, _)| self.counts(owner, word));
            entries.extend(counting.map(|(word, value)| (word.clone(), value)));
        }
        WordTable::new(entries)
    }

    fn plain(&self, of: impl Fn(&'a MoneyFile) -> &'a Vec<String>) -> WordTable<()> {
        self.list(|file| of(file).iter().map(|word| (word, ())).collect())
    }

    fn bounds(&self, of: impl Fn(&'a MoneyFile) -> &'a BTreeMap<String, Vec<String>>) -> WordTable<Bound> {
        self.list(|file| {
            let lists = of(file).iter().filter_map(|(name, words)| Some((Bound::named(name)?, words)));
            lists.flat_map(|(bound, words)| words.iter().map(move |word| (word, bound))).collect()
        })
    }

    fn numbers(&self, of: impl Fn(&'a MoneyFile) -> &'a BTreeMap<String, Vec<String>>) -> WordTable<Decimal> {
        let mut entries = Vec::new();
        for (owner, file) in self.files() {
            for (value, words) in of(file).iter().filter_map(|(value, words)| Some((value.parse().ok()?, words))) {
                for word in words.iter().filter(|word| self.counts(owner, word)) {
                    entries.push((word.clone(), value));
                    if let Some(prefix) = &file.joint_prefix {
                        entries.push((format!("{prefix}{word}"), value));
                    }
                }
            }
        }
        WordTable::new(entries)
    }
}

/// Everything that the scanner of sums knows for messages of one language.
pub(super) struct MoneyWords {
    pub(super) signs: Vec<Sign>,
    pub(super) sign_words: WordTable<usize>,
    pub(super) codes: WordTable<Currency>,
    countries: BTreeMap<Country, Currency>,
    pub(super) before: WordTable<Bound>,
    pub(super) after: WordTable<Bound>,
    pub(super) range: WordTable<()>,
    pub(super) range_start: WordTable<()>,
    pub(super) not_after: WordTable<()>,
    pub(super) not_before: WordTable<()>,
    pub(super) budget: WordTable<()>,
    pub(super) not_budget: WordTable<()>,
    pub(super) multipliers: WordTable<Decimal>,
    /// Units, tens, and hundreds that are words of their own: they add up.
    pub(super) units: WordTable<Decimal>,
    pub(super) joints: WordTable<()>,
    /// Multipliers that are a number by themselves: mil, mille, тысяча.
    pub(super) alone: Vec<Decimal>,
    pub(super) tail_is_next_rank: bool,
    /// Multipliers that stand before their digits too.
    pub(super) inverted: WordTable<()>,
}

impl MoneyWords {
    fn new(selection: &Selection<'_>) -> Self {
        // Names of currencies are known to everybody; the language's own meaning comes first.
        let signs: Vec<Sign> = selection.files().flat_map(|(_, file)| file.sign.iter().cloned()).collect();
        let entries = signs.iter().enumerate();
        let sign_words =
            WordTable::new(entries.flat_map(|(index, sign)| sign.words.iter().map(move |word| (word.clone(), index))));
        let common = selection.common;
        let alone = selection.files().take(2).flat_map(|(_, file)| &file.alone);
        Self {
            sign_words,
            codes: WordTable::new(common.currencies.iter().map(|code| (code.code().to_owned(), *code))),
            countries: common.countries.clone(),
            before: selection.bounds(|file| &file.before),
            after: selection.bounds(|file| &file.after),
            range: selection.plain(|file| &file.range),
            range_start: selection.plain(|file| &file.range_start),
            not_after: selection.plain(|file| &file.not_money_after),
            not_before: selection.plain(|file| &file.not_money_before),
            budget: selection.plain(|file| &file.budget),
            not_budget: selection.plain(|file| &file.not_budget),
            multipliers: selection.numbers(|file| &file.multipliers),
            units: selection.numbers(|file| &file.units),
            joints: selection.plain(|file| &file.joints),
            alone: alone.filter_map(|text| text.parse().ok()).collect(),
            tail_is_next_rank: selection.own[selection.target].as_ref().is_some_and(|file| file.tail_is_next_rank),
            inverted: selection.plain(|file| &file.inverted),
            signs,
        }
    }

    /// The currency that is spoken of where none is named.
    pub(super) fn of_country(&self, country: Option<Country>) -> Option<Currency> {
        self.countries.get(&country?).copied()
    }
}
