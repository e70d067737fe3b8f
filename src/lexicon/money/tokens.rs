//! One pass over a message for everything that sums are made of: digits, and all words about money.

use std::ops::Range;

use rust_decimal::Decimal;

use super::marks::{Marks, Word};
use super::words::MoneyWords;
use crate::dictionary::meanings::Langs;
use crate::numbers::digits::{Digits, add_fraction, digits, fraction};
use crate::search::folding::{Folded, is_spaceless, is_word};
use hotline_domain::Country;

/// Longest word that is taken apart into number words: zweihundertfünfundzwanzigtausend.
const LONGEST_GLUED: usize = 64;
/// A word that begins with a digit has so many letters: 3andi, and no 5k.
const LEAST_LETTERS: usize = 3;
/// Longest word or phrase about money, in characters.
const LONGEST_WORD: usize = 40;

/// A word about money, in folded characters, and what it is marked as.
#[derive(Clone, Copy)]
struct Token {
    start: u32,
    end: u32,
    word: u32,
    marks: Marks,
}

/// Where in the list the first word stands that begins at a place, and the first one that ends there.
#[derive(Clone, Copy)]
struct Edge {
    begins: u32,
    ends: u32,
}

impl Edge {
    const NOTHING: u32 = u32::MAX;
    const NONE: Self = Self { begins: Self::NOTHING, ends: Self::NOTHING };
}

/// What was found in a message, to be looked up by place.
pub(crate) struct Tokens<'a> {
    pub(crate) chars: &'a [char],
    pub(crate) words: MoneyWords<'a>,
    /// Where the customer is.
    country: Option<Country>,
    /// By start; of those that start together, longer ones first.
    list: Vec<Token>,
    digits: Vec<Digits>,
    /// For each place which words begin and end there, and what any of them is marked as: most that is looked for is not there.
    edges: Vec<Edge>,
    marks: Marks,
    /// The languages that were looked out for, of which a word stands there that this one does not know so.
    strange: Langs,
    /// Whether money is named anywhere.
    named: bool,
}

/// What of other languages stands in a text.
#[derive(Clone, Copy, Default)]
pub(crate) struct Elsewhere {
    /// The languages that were looked out for, of which words about money stand there.
    pub(crate) languages: Langs,
    /// Whether money is named, in whatever language.
    pub(crate) named: bool,
}

/// Room for the words about money in most messages that speak of it.
const USUAL_WORDS: usize = 32;

/// How a word stands in a text, that may be an everyday one of its language.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Stands {
    Anywhere,
    /// "5 bin": it may multiply.
    BehindDigit,
    /// "300 a 500", or it is only the beginning of a word: it is no everyday one.
    AsNoOther,
}

fn is_unit(word: &Word) -> bool {
    word.is(Marks::NOT_AFTER) && word.sign.is_none()
}

/// A letter of a script that puts spaces between its words.
fn is_letter(c: char) -> bool {
    is_word(c) && !c.is_ascii_digit()
}

impl<'a> Tokens<'a> {
    /// `None` where no number stands. With it what of other languages stands there.
    pub(crate) fn scan(
        words: MoneyWords<'a>,
        folded: &'a Folded,
        country: Option<Country>,
    ) -> (Option<Self>, Elsewhere) {
        let (chars, list) = (&folded.chars[..], Vec::with_capacity(USUAL_WORDS));
        let (digits, edges) = (Vec::new(), Vec::new());
        let (marks, strange) = (Marks::default(), Langs::default());
        let mut tokens = Self { chars, words, country, list, digits, edges, marks, strange, named: false };
        let any = tokens.walk(folded);
        let elsewhere = Elsewhere { languages: tokens.strange, named: tokens.named };
        if !any {
            return (None, elsewhere);
        }
        tokens.index();
        (Some(tokens), elsewhere)
    }

    /// Notes all digits and words; whether one of them is a number.
    fn walk(&mut self, folded: &Folded) -> bool {
        let (chars, tokens) = (self.chars, self);
        let (mut at, mut any) = (0, false);
        for run in &folded.runs {
            at = at.max(run.start);
            while at < run.end {
                let c = chars[at];
                // 3endi, "I have": a word, whatever it begins with.
                if c.is_ascii_digit()
                    && let Some(end) = tokens.spelt_with_digit(at)
                {
                    at = end;
                    continue;
                }
                let found = match c {
                    '.' => fraction(chars, at),
                    c => c.is_ascii_digit().then(|| tokens.figures(at)),
                };
                if let Some(found) = found {
                    at = found.end;
                    tokens.digits.push(found);
                    any = true;
                    continue;
                }
                any |= tokens.words_at(at);
                // Inside of a word none begins, but behind digits.
                at = match folded.has_digits {
                    true => at + chars[at..run.end].iter().take_while(|c| !c.is_ascii_digit()).count(),
                    false => run.end,
                };
            }
        }
        any
    }

    /// The digits at a place, with the fraction that stands behind them: 2½, and "2 1/2" of thousands.
    fn figures(&self, at: usize) -> Digits {
        let mut found = digits(self.chars, at, &|place| self.unit_at(place));
        let large = |word: u32| self.words.word(word).multiplier.is_some_and(|factor| factor >= Decimal::ONE_THOUSAND);
        let multiplies = |place: usize| {
            let place = self.skip_spaces(place);
            self.words.walk(self.chars, place).any(|(end, word)| large(word) && !self.goes_on(end))
        };
        add_fraction(self.chars, &mut found, &multiplies);
        found
    }

    /// Notes where words begin and end.
    fn index(&mut self) {
        self.edges.resize(self.chars.len() + 1, Edge::NONE);
        for (token, at) in self.list.iter().zip(0..) {
            let (start, end) = (token.start as usize, token.end as usize);
            let begins = &mut self.edges[start].begins;
            *begins = at.min(*begins);
            if end - start <= LONGEST_WORD {
                let ends = &mut self.edges[end].ends;
                *ends = at.min(*ends);
            }
            self.marks.add(token.marks);
        }
    }

    fn edge(&self, at: usize) -> Edge {
        self.edges.get(at).copied().unwrap_or(Edge::NONE)
    }

    /// Whether the customer is in one of some countries.
    pub(crate) fn is_in(&self, countries: &[Country]) -> bool {
        self.country.is_some_and(|country| countries.contains(&country))
    }

    /// The words that begin here, longer ones first.
    fn beginning(&self, at: usize) -> impl Iterator<Item = &Token> {
        let here = self.list.get(self.edge(at).begins as usize..).unwrap_or_default();
        here.iter().take_while(move |token| token.start as usize == at)
    }

    /// The words that end here, longer ones first.
    fn ending_at(&self, end: usize) -> impl Iterator<Item = &Token> {
        let near = self.list.get(self.edge(end).ends as usize..).unwrap_or_default();
        let near = near.iter().take_while(move |token| (token.start as usize) < end);
        near.filter(move |token| token.end as usize == end)
    }

    /// Notes the words that begin here; whether one of them is a number.
    fn words_at(&mut self, start: usize) -> bool {
        let (first, words) = (self.list.len(), self.words);
        let (mut number, mut beginning) = (false, false);
        for (end, met) in words.walk_all(self.chars, start) {
            let goes_on = self.goes_on(end);
            let strange = words.strange(met, self.stands(start, end));
            if strange.0 & !self.strange.0 != 0 {
                self.note(start, strange, goes_on);
            }
            let Some(word) = words.own(met) else { continue };
            let role = words.word(word);
            let is_number = role.is_number();
            if goes_on {
                beginning |= is_number;
                continue;
            }
            number |= is_number;
            self.named |= role.sign.is_some() || role.code.is_some();
            self.list.push(Token { start: start as u32, end: end as u32, word, marks: role.marks });
        }
        self.list[first..].reverse();
        number || beginning && self.glued(start)
    }

    /// "300 a 500" is no English, though "a" is.
    fn stands(&self, start: usize, end: usize) -> Stands {
        let digit = |at: Option<usize>| at.and_then(|at| self.chars.get(at)).is_some_and(char::is_ascii_digit);
        match digit(start.checked_sub(2)) {
            _ if self.goes_on(end) => Stands::AsNoOther,
            true if digit(Some(end + 1)) => Stands::AsNoOther,
            true => Stands::BehindDigit,
            false => Stands::Anywhere,
        }
    }

    /// Notes languages of which a word begins here; where it goes on, those that make it of number words.
    fn note(&mut self, start: usize, strange: Langs, goes_on: bool) {
        let is_glued = |language: &usize| !goes_on || self.parts_of(&self.words.of_other(*language), start).is_some();
        let found = strange.list().filter(is_glued).fold(Langs::default(), |all, one| all.with(Langs::one(one)));
        self.strange = self.strange.with(found);
    }

    /// Notes a word about money that begins with a digit for a letter that others have not; where it ends.
    fn spelt_with_digit(&mut self, start: usize) -> Option<usize> {
        let free = start == 0 || !is_word(self.chars[start - 1]);
        let letters = self.letters(start + 1);
        if !free || letters < LEAST_LETTERS {
            return None;
        }
        let whole = |(end, _): &(usize, u32)| *end > start + letters && !self.goes_on(*end);
        let (end, word) = self.words.walk(self.chars, start).filter(whole).last()?;
        let marks = self.words.word(word).marks;
        self.list.push(Token { start: start as u32, end: end as u32, word, marks });
        Some(end)
    }

    /// How many letters follow each other from a place on.
    fn letters(&self, start: usize) -> usize {
        self.chars[start..].iter().take_while(|c| is_letter(**c)).count()
    }

    /// Whether a word goes on at this place, or a number: no 少50 stands in 至少500.
    pub(crate) fn goes_on(&self, end: usize) -> bool {
        let (last, next) = (self.chars[end - 1], self.chars.get(end));
        let digits = || last.is_ascii_digit() && next.is_some_and(char::is_ascii_digit);
        is_letter(last) && next.is_some_and(|c| is_letter(*c)) || digits()
    }

    /// A word that is made of number words: duemilacinquecento, zweiundzwanzig, ikibinbeşyüz.
    fn glued(&mut self, start: usize) -> bool {
        let parts = self.parts_of(&self.words, start);
        let apart = parts.is_some();
        self.list.extend(parts.into_iter().flatten());
        apart
    }

    /// The number words of a language that the word which begins here is made of.
    fn parts_of(&self, words: &MoneyWords<'_>, start: usize) -> Option<Vec<Token>> {
        let length = self.letters(start);
        if length > LONGEST_GLUED || is_spaceless(self.chars[start]) {
            return None;
        }
        let mut parts = Vec::new();
        let mut steps = 256;
        self.take_apart(words, start..start + length, &mut parts, &mut steps).then_some(parts)
    }

    /// Longest parts first, going back where the rest cannot be taken apart.
    fn take_apart(
        &self,
        words: &MoneyWords<'_>,
        Range { start, end }: Range<usize>,
        parts: &mut Vec<Token>,
        steps: &mut u32,
    ) -> bool {
        if start == end {
            return parts.len() > 1;
        }
        *steps = steps.saturating_sub(1);
        if *steps == 0 {
            return false;
        }
        let found: Vec<(usize, u32)> = words.walk(self.chars, start).collect();
        for (behind, word) in found.into_iter().rev() {
            let role = words.word(word);
            let joins = !parts.is_empty() && role.is(Marks::JOINT) && behind < end;
            // Treintaydos: of single letters only those that join.
            let letter = behind - start < 2 && !joins;
            if behind > end || letter || !(role.is_number() || joins) {
                continue;
            }
            let before = parts.len();
            parts.push(Token { start: start as u32, end: behind as u32, word, marks: role.marks });
            if self.take_apart(words, behind..end, parts, steps) {
                return true;
            }
            parts.truncate(before);
        }
        false
    }

    /// Whether a unit of measure stands here, that is no sign of money anywhere: 50 000 Ft.
    fn unit_at(&self, place: usize) -> bool {
        let mut words = self.words.walk(self.chars, place);
        words.any(|(end, word)| is_unit(self.words.word(word)) && !self.goes_on(end))
    }

    pub(crate) fn digits_at(&self, at: usize) -> Option<&Digits> {
        let place = self.digits.binary_search_by_key(&at, |digits| digits.start).ok()?;
        self.digits.get(place)
    }

    /// All words that begin here, longer ones first, with their ends.
    pub(crate) fn at(&self, at: usize) -> impl Iterator<Item = (&Word, usize)> {
        self.beginning(at).map(|token| (self.words.word(token.word), token.end as usize))
    }

    /// The longest word of a role that begins here, and its end.
    pub(crate) fn longest<T>(&self, at: usize, role: impl Fn(&Word) -> Option<T>) -> Option<(T, usize)> {
        self.at(at).find_map(|(word, end)| Some((role(word)?, end)))
    }

    /// The longest word of a role that ends here, and its start.
    pub(crate) fn before<T>(&self, end: usize, role: impl Fn(&Word) -> Option<T>) -> Option<(T, usize)> {
        self.ending_at(end).find_map(|token| Some((role(self.words.word(token.word))?, token.start as usize)))
    }

    /// Whether a word with that mark stands anywhere: most marks are nowhere.
    pub(crate) fn has(&self, mark: Marks) -> bool {
        self.marks.has(mark)
    }

    /// Whether a word with that mark begins here; its end.
    pub(crate) fn marked(&self, at: usize, mark: Marks) -> Option<usize> {
        if !self.has(mark) {
            return None;
        }
        self.beginning(at).find(|token| token.marks.has(mark)).map(|token| token.end as usize)
    }

    /// Whether a word with that mark ends here; its start.
    pub(crate) fn marked_before(&self, end: usize, mark: Marks) -> Option<usize> {
        if !self.has(mark) {
            return None;
        }
        self.ending_at(end).find(|token| token.marks.has(mark)).map(|token| token.start as usize)
    }

    /// Where words with that mark stand, in order.
    pub(crate) fn places(&self, mark: Marks) -> Vec<(usize, usize)> {
        if !self.has(mark) {
            return Vec::new();
        }
        let marked = self.list.iter().filter(|token| token.marks.has(mark));
        marked.map(|token| (token.start as usize, token.end as usize)).collect()
    }

    /// Where words stand that bound a sum, in order.
    pub(crate) fn bounds(&self) -> Vec<(usize, usize)> {
        let is_bound = |word: &Word| word.before.is_some() || word.after.is_some();
        let bounds = self.list.iter().filter(|token| is_bound(self.words.word(token.word)));
        bounds.map(|token| (token.start as usize, token.end as usize)).collect()
    }

    /// All places where a number may begin, in order.
    pub(crate) fn starts(&self) -> Vec<usize> {
        let numbers = self.list.iter().filter(|token| self.words.word(token.word).is_number());
        let mut starts: Vec<usize> = numbers.map(|token| token.start as usize).collect();
        starts.extend(self.digits.iter().map(|digits| digits.start));
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    pub(crate) fn skip_spaces(&self, mut at: usize) -> usize {
        while self.chars.get(at) == Some(&' ') {
            at += 1;
        }
        at
    }

    pub(crate) fn back_over_spaces(&self, mut at: usize) -> usize {
        while at > 0 && self.chars[at - 1] == ' ' {
            at -= 1;
        }
        at
    }

    /// Over the endings that touch a number or its currency: 5-ти, 500'e, TL'ye.
    pub(crate) fn skip_suffix(&self, at: usize) -> usize {
        self.ending(at, Marks::SUFFIX).unwrap_or(at)
    }

    /// Whether a word with that mark begins here, which no digit follows: "12.-19. July" has no price in it.
    pub(crate) fn ending(&self, at: usize, mark: Marks) -> Option<usize> {
        self.marked(at, mark).filter(|end| !self.chars.get(*end).is_some_and(char::is_ascii_digit))
    }

    /// Whether a phrase around it says that this is no number and no money.
    pub(crate) fn is_trapped(&self, start: usize, end: usize) -> bool {
        self.traps(start, end).next().is_some()
    }

    /// Whether nothing but number words of a script without spaces stands between two places: 万一 of 两万一千 is no "in case".
    pub(crate) fn counts_on(&self, start: usize, end: usize) -> bool {
        let number = |at: usize| is_spaceless(self.chars[at]) && self.at(at).any(|(word, _)| word.is_number());
        let goes_on =
            start.checked_sub(1).map(|at| self.chars[at]).is_some_and(|c| is_spaceless(c) || c.is_ascii_digit());
        goes_on && (start..end).all(number)
    }

    /// Whether a one between two places counts what stands behind it, as Chinese does without a space: 一台, 一把.
    pub(crate) fn counts_one(&self, start: usize, end: usize) -> bool {
        let goes_on =
            |word: &Word| word.is_number() || word.after.is_some() || word.sign.is_some() || word.minor.is_some();
        let behind = self.chars.get(end).filter(|c| is_spaceless(**c) && !self.words.particles.contains(**c));
        let written = is_spaceless(self.chars[start]) && behind.is_some();
        written && !self.at(end).any(|(word, _)| goes_on(word) || word.is(Marks::RANGE) || word.is(Marks::JOINT))
    }

    /// Phrases around a place that speak of no number and of no money.
    pub(crate) fn traps(&self, start: usize, end: usize) -> impl Iterator<Item = &Word> {
        let from = start.saturating_sub(LONGEST_WORD);
        let first = match self.has(Marks::TRAP) {
            true => self.list.partition_point(|token| (token.start as usize) < from),
            false => self.list.len(),
        };
        let near = self.list[first..].iter().take_while(move |token| token.start as usize <= start);
        let traps = near.filter(move |token| token.end as usize >= end && token.marks.has(Marks::TRAP));
        traps.map(|token| self.words.word(token.word))
    }
}
