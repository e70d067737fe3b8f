//! Sums of money: currencies, ranges, bounds, and what is no money.

use std::collections::{BTreeMap, HashMap, HashSet};

use rust_decimal::Decimal;
use serde::Deserialize;

use super::Hints;
use super::dictionary::{LANGUAGES, read};
use super::folding::{Folded, fold_word, is_spaceless, is_word};
use super::language::Languages;
use super::matcher::Langs;
use super::numbers::{self, Number};
use crate::domain::{Amount, Country, Currency, Problem, SourceFile, Span};

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
    fn longest_before(&self, chars: &[char], end: usize) -> Option<(&T, usize)> {
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
enum Bound {
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
struct Sign {
    words: Vec<String>,
    #[serde(default)]
    code: Option<Currency>,
    #[serde(default)]
    by_country: BTreeMap<Country, Currency>,
    #[serde(default)]
    by_language: BTreeMap<String, Currency>,
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
    signs: Vec<Sign>,
    sign_words: WordTable<usize>,
    codes: WordTable<Currency>,
    countries: BTreeMap<Country, Currency>,
    before: WordTable<Bound>,
    after: WordTable<Bound>,
    range: WordTable<()>,
    range_start: WordTable<()>,
    not_after: WordTable<()>,
    not_before: WordTable<()>,
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
    fn of_country(&self, country: Option<Country>) -> Option<Currency> {
        self.countries.get(&country?).copied()
    }
}

/// What named the currency of a number.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    Not,
    Known(Currency),
    /// Named, but several countries call theirs so.
    Shared,
}

/// One sum with what stands around it.
struct Sum {
    low: Number,
    high: Option<Number>,
    start: usize,
    end: usize,
    named: Named,
    bound: Option<Bound>,
}

/// A sum, and how sure it is that it is one.
pub(super) struct Found {
    pub(super) amount: Amount,
    pub(super) start: usize,
    pub(super) end: usize,
    /// A currency, a bound or a multiplier stands with it; without them only the context can tell.
    pub(super) certain: bool,
}

/// All sums of a text, in order.
pub(super) fn find(words: &MoneyWords, folded: &Folded, lang: Option<&str>, hints: &Hints<'_>) -> Vec<Found> {
    let chars = &folded.chars;
    let numbers = numbers::find(chars, words);
    let mut found = Vec::new();
    let mut index = 0;
    while index < numbers.len() {
        let low = numbers[index];
        index += 1;
        let mut sum = Sum { low, high: None, start: low.start, end: low.end, named: Named::Not, bound: None };
        if let Some(high) = numbers.get(index).filter(|high| is_range(words, chars, &low, high)) {
            sum.high = Some(*high);
            sum.end = high.end;
            index += 1;
        }
        surround(words, chars, &mut sum, lang, hints);
        if is_no_money(words, chars, &sum) || is_small_talk(&sum) {
            continue;
        }
        found.push(make(words, folded, &sum, hints));
    }
    found
}

/// "one" and "two" are sums only with a currency or in a range.
fn is_small_talk(sum: &Sum) -> bool {
    let Number { in_words, scaled, value, .. } = sum.low;
    in_words && !scaled && value < Decimal::TEN && sum.named == Named::Not && sum.high.is_none()
}

fn skip_spaces(chars: &[char], mut at: usize) -> usize {
    while chars.get(at) == Some(&' ') {
        at += 1;
    }
    at
}

fn back_over_spaces(chars: &[char], mut at: usize) -> usize {
    while at > 0 && chars[at - 1] == ' ' {
        at -= 1;
    }
    at
}

/// Whether nothing but a range word, and a currency sign, stands between two numbers.
fn is_range(words: &MoneyWords, chars: &[char], low: &Number, high: &Number) -> bool {
    let mut at = skip_spaces(chars, low.end);
    if let Some((_, behind)) = words.sign_words.longest(chars, at) {
        at = skip_spaces(chars, behind);
    }
    let Some((_, behind)) = words.range.longest(chars, at) else { return false };
    let spoken = chars[at].is_alphabetic() && !is_spaceless(chars[at]);
    // 5/10 is a date or a share; mille/millecinque a range.
    if chars[at] == '/' && !(low.in_words || low.scaled) {
        return false;
    }
    let mut at = skip_spaces(chars, behind);
    if let Some((_, behind)) = words.sign_words.longest(chars, at) {
        at = skip_spaces(chars, behind);
    }
    // "and" joins two things as often as a range: then the range must have begun with a word.
    let begun = || {
        let before = back_over_spaces(chars, low.start);
        let before =
            words.sign_words.longest_before(chars, before).map_or(before, |(_, start)| back_over_spaces(chars, start));
        words.range_start.longest_before(chars, before).is_some()
    };
    let rises = high.value > low.value || high.scaled && !low.scaled;
    at == high.start && rises && (!spoken || begun() || low.digits > 1 || low.in_words || low.scaled)
}

/// Takes in the currency and the bound on both sides.
fn surround(words: &MoneyWords, chars: &[char], sum: &mut Sum, lang: Option<&str>, hints: &Hints<'_>) {
    for _ in 0..2 {
        let at = skip_spaces(chars, sum.end);
        if sum.named == Named::Not {
            if let Some((currency, behind)) = currency_at(words, chars, at, lang, hints) {
                (sum.named, sum.end) = (currency, behind);
                continue;
            }
            let before = back_over_spaces(chars, sum.start);
            if let Some((currency, start)) = currency_before(words, chars, before, lang, hints) {
                (sum.named, sum.start) = (currency, start);
            }
        }
    }
    let before = back_over_spaces(chars, sum.start);
    if let Some((bound, start)) = words.before.longest_before(chars, before) {
        (sum.bound, sum.start) = (Some(*bound), start);
    } else if sum.high.is_some()
        && let Some((_, start)) = words.range_start.longest_before(chars, before)
    {
        sum.start = start;
    }
    let after = skip_spaces(chars, sum.end);
    if let Some((bound, end)) = words.after.longest(chars, after)
        && sum.bound.is_none()
    {
        (sum.bound, sum.end) = (Some(*bound), end);
    }
}

fn currency_at(
    words: &MoneyWords,
    chars: &[char],
    at: usize,
    lang: Option<&str>,
    hints: &Hints<'_>,
) -> Option<(Named, usize)> {
    if let Some((code, end)) = words.codes.longest(chars, at) {
        return Some((Named::Known(*code), end));
    }
    let (sign, end) = words.sign_words.longest(chars, at)?;
    Some((settle(words, &words.signs[*sign], lang, hints), end))
}

fn currency_before(
    words: &MoneyWords,
    chars: &[char],
    end: usize,
    lang: Option<&str>,
    hints: &Hints<'_>,
) -> Option<(Named, usize)> {
    if let Some((code, start)) = words.codes.longest_before(chars, end) {
        return Some((Named::Known(*code), start));
    }
    let (sign, start) = words.sign_words.longest_before(chars, end)?;
    Some((settle(words, &words.signs[*sign], lang, hints), start))
}

/// A sign that several countries share is settled by the customer's country, then by the message's language.
fn settle(words: &MoneyWords, sign: &Sign, lang: Option<&str>, hints: &Hints<'_>) -> Named {
    let by_country = hints.country.and_then(|country| sign.by_country.get(&country)).copied();
    let own = words.of_country(hints.country);
    let shares = |currency: &Currency| sign.by_country.values().any(|other| other == currency);
    let by_language = || lang.and_then(|lang| sign.by_language.get(lang)).copied();
    match sign.code.or(by_country).or(own.filter(shares)).or_else(by_language) {
        Some(currency) => Named::Known(currency),
        None => Named::Shared,
    }
}

/// Models, capacities, sizes, dates, times, phone and order numbers, quantities, percentages.
fn is_no_money(words: &MoneyWords, chars: &[char], sum: &Sum) -> bool {
    let named = sum.named != Named::Not;
    let Number { start, end, digits, .. } = sum.low;
    let touches_before =
        start > 0 && (is_word(chars[start - 1]) && chars[start - 1].is_alphabetic() || chars[start - 1] == '#');
    let last = sum.high.map_or(end, |high| high.end);
    let touches_after = chars.get(last).is_some_and(|c| is_word(*c) && c.is_alphabetic());
    let glued = (touches_before || touches_after) && !named && !sum.low.in_words;
    // A clock, a date, a fraction, a telephone number.
    let next = |offset: usize| chars.get(last + offset).copied();
    let clock = matches!(next(0), Some(':' | '/')) && next(1).is_some_and(|c| c.is_ascii_digit())
        || start > 1 && matches!(chars[start - 1], ':' | '/' | '.' | '-' | '+') && chars[start - 2].is_ascii_digit();
    let plus = start > 0 && chars[start - 1] == '+';
    let unit = words.not_after.longest(chars, skip_spaces(chars, sum.end.max(last))).is_some();
    let label = words.not_before.longest_before(chars, back_over_spaces(chars, start)).is_some();
    glued || clock || (plus && !named) || (digits > 7 && !named) || (unit && !named) || (label && !named)
}

fn make(words: &MoneyWords, folded: &Folded, sum: &Sum, hints: &Hints<'_>) -> Found {
    let (mut low, high) = (sum.low.value, sum.high.map(|high| high.value));
    if let (Some(high), Some(top)) = (high, sum.high)
        && top.scaled
        && !sum.low.scaled
        && low < Decimal::ONE_THOUSAND
        && high >= Decimal::ONE_THOUSAND
    {
        // 2-3万, 5-8k: the multiplier is meant for both.
        let factor = scale_of(high);
        if low * factor < high {
            low *= factor;
        }
    }
    let (min, max) = match (sum.bound, high) {
        (_, Some(high)) => (Some(low), Some(high)),
        (Some(Bound::AtMost), None) => (None, Some(low)),
        (Some(Bound::AtLeast), None) => (Some(low), None),
        (Some(Bound::About) | None, None) => (Some(low), Some(low)),
    };
    let (currency, inferred) = match sum.named {
        Named::Known(currency) => (Some(currency), false),
        Named::Shared => (None, false),
        Named::Not => {
            let own = words.of_country(hints.country);
            (own, own.is_some())
        }
    };
    let start = if sum.named == Named::Not { sum.low.start } else { sum.start.max(currency_start(words, folded, sum)) };
    let end = sum.high.map_or(sum.low.end, |high| high.end).max(currency_end(words, folded, sum));
    let span = Span { start: folded.origin(start), end: folded.origin_end(end) };
    let amount = Amount {
        min,
        max,
        currency,
        span,
        about: sum.bound == Some(Bound::About),
        currency_inferred: inferred,
        negated: false,
    };
    let certain =
        sum.named != Named::Not || sum.bound.is_some() || sum.low.scaled || sum.high.is_some_and(|high| high.scaled);
    Found { amount, start, end, certain }
}

/// The power of ten that a multiplied number most likely carries.
fn scale_of(value: Decimal) -> Decimal {
    let ten_thousand = Decimal::from(10_000);
    if value >= ten_thousand && (value % ten_thousand).is_zero() && value < Decimal::from(100_000) {
        return ten_thousand;
    }
    if value >= Decimal::ONE_HUNDRED * ten_thousand { Decimal::from(1_000_000) } else { Decimal::ONE_THOUSAND }
}

/// The span holds the sum and its currency, not the words that bound it.
fn currency_start(words: &MoneyWords, folded: &Folded, sum: &Sum) -> usize {
    let before = back_over_spaces(&folded.chars, sum.low.start);
    let sign = words.sign_words.longest_before(&folded.chars, before).map(|(_, start)| start);
    let code = words.codes.longest_before(&folded.chars, before).map(|(_, start)| start);
    code.or(sign).unwrap_or(sum.low.start)
}

fn currency_end(words: &MoneyWords, folded: &Folded, sum: &Sum) -> usize {
    let last = sum.high.map_or(sum.low.end, |high| high.end);
    let at = skip_spaces(&folded.chars, last);
    let sign = words.sign_words.longest(&folded.chars, at).map(|(_, end)| end);
    let code = words.codes.longest(&folded.chars, at).map(|(_, end)| end);
    code.or(sign).unwrap_or(last)
}
