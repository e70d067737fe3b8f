//! Numbers as people write them: digits, words, and mixtures of both.
//!
//! A number is built from parts that get smaller: a multiplier takes all smaller parts before it ("two hundred thousand"),
//! and what comes next must fit below the last part ("two thousand" + "five hundred"). What does not fit begins a number
//! of its own, so that "between two hundred and three hundred" are two.

pub(crate) mod digits;
pub(crate) mod parts;
pub(crate) mod reader;

use rust_decimal::Decimal;

use crate::money::marks::{Lead, Marks, Word};
use crate::money::tokens::Tokens;
use crate::search::folding::is_spaceless;
use reader::{Reach, read, read_to};

/// A number in the text, in folded characters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) value: Decimal,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// What stands before the multipliers, and what they make of it: 2 and 100,000 in "two hundred thousand".
    pub(crate) coefficient: Decimal,
    pub(crate) factor: Decimal,
    /// The last multiplier: 1,000.
    pub(crate) last_factor: Decimal,
    /// Of how many words; none if it is digits alone.
    pub(crate) words: usize,
    /// How many digits; none if it is words alone.
    pub(crate) digits: usize,
    /// Its multiplier may be something else.
    pub(crate) weak: bool,
    /// One of its words says "about".
    pub(crate) rough: bool,
    /// Its multiplier stands in front: тысяч сорок.
    pub(crate) inverted: bool,
    pub(crate) open: Option<Open>,
    pub(crate) lead: Lead,
    pub(crate) grouped: bool,
    pub(crate) cents: bool,
    pub(crate) one_mark: Option<char>,
    pub(crate) broken: bool,
}

/// A single digit at the end of a Chinese number, whose rank another number may tell: 十五六万, 一百七八十.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Open {
    /// What stands before the digit, and below which rank there is room for it.
    pub(crate) base: Decimal,
    pub(crate) slot: Decimal,
    pub(crate) digit: Decimal,
}

impl Number {
    pub(crate) fn scaled(&self) -> bool {
        // A whole factor is told without the long way round.
        if self.factor.scale() == 0 { self.factor.mantissa() > 1 } else { self.factor > Decimal::ONE }
    }

    pub(crate) fn in_words(&self) -> bool {
        self.digits == 0
    }

    /// "Two thirty" is a time of day as often.
    pub(crate) fn leaves_hundreds(&self) -> bool {
        let odd = !(self.coefficient % Decimal::ONE_HUNDRED).is_zero();
        self.in_words() && !self.scaled() && self.coefficient > Decimal::ONE_HUNDRED && odd
    }
}

/// All numbers of a text, in order.
pub(crate) fn find(tokens: &Tokens<'_>) -> Vec<Number> {
    let starts = tokens.starts();
    let mut numbers: Vec<Number> = Vec::with_capacity(starts.len());
    for start in starts {
        if numbers.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let number = inverted(tokens, start).or_else(|| read(tokens, start).map(|number| low_end(tokens, number)));
        numbers.extend(number.filter(|number| !is_trapped(tokens, number)));
    }
    if numbers.iter().any(|number| tokens.goes_on(number.end)) {
        leave_out_torn(tokens, &mut numbers);
    }
    numbers
}

/// Leaves out what is torn from one word, "seven|ten": a word of numbers that do not become one is none of them. Neighbours may
/// stand so: "ikiüç".
fn leave_out_torn(tokens: &Tokens<'_>, numbers: &mut Vec<Number>) {
    let follows = |one: &Number, next: &Number| one.end == next.start && tokens.goes_on(one.end);
    let neighbours = |one: &Number, next: &Number| next.coefficient == one.value + Decimal::ONE;
    let tears = |pair: &[Number]| follows(&pair[0], &pair[1]) && !neighbours(&pair[0], &pair[1]);
    let mut torn = vec![false; numbers.len()];
    for (at, _) in numbers.windows(2).enumerate().filter(|(_, pair)| tears(pair)) {
        (torn[at], torn[at + 1]) = (true, true);
    }
    let mut torn = torn.into_iter();
    numbers.retain(|_| !torn.next().unwrap_or(false));
}

/// "Between five hundred and two thousand": unless another end follows, the last "and" that can part the number is the range's.
fn low_end(tokens: &Tokens<'_>, number: Number) -> Number {
    let front = tokens.back_over_spaces(number.start);
    if tokens.marked_before(front, Marks::BETWEEN).is_none() || is_joined_behind(tokens, number.end) {
        return number;
    }
    let is_joined = |at: &usize| {
        let lead = tokens.at(*at).any(|(word, _)| word.lead == Lead::Joint);
        lead || tokens.marked_before(tokens.back_over_spaces(*at), Marks::JOINT).is_some()
    };
    let inside = tokens.starts().into_iter().filter(|at| (number.start + 1..number.end).contains(at)).filter(is_joined);
    let low_before = |at| {
        let high = read(tokens, at).filter(|high| high.end == number.end)?;
        read_to(tokens, number.start, Reach::Before(at)).filter(|low| low.value < high.value)
    };
    inside.rev().find_map(low_before).unwrap_or(number)
}

/// Whether an "and" with another number stands behind a number, or behind its currency.
fn is_joined_behind(tokens: &Tokens<'_>, end: usize) -> bool {
    let at = tokens.skip_spaces(end);
    let at = tokens.longest(at, money).map_or(at, |(_, end)| tokens.skip_spaces(end));
    let joined = |at: usize| tokens.at(at).any(|(word, _)| word.lead == Lead::Joint);
    joined(at) || tokens.marked(at, Marks::JOINT).is_some_and(|end| read(tokens, tokens.skip_spaces(end)).is_some())
}

/// Whether a phrase with this number in it speaks of no number. What is a unit too gives way to money behind it, "cent" of "pour
/// cent euros", and any to money that it is written to: 五一 of 三块五一双 is no first of May.
fn is_trapped(tokens: &Tokens<'_>, number: &Number) -> bool {
    let paid = || number.in_words() && is_money_at(tokens, number.end) && !is_of_next(tokens, number.end);
    let spaceless = is_spaceless(tokens.chars[number.start]);
    let coins = || spaceless && tokens.before(number.start, money).is_some();
    // 二百五元, whatever else 二百五 is; but not 几百元.
    let from_before = number.start > 0 && tokens.is_trapped(number.start - 1, number.end);
    let large = spaceless && !from_before && number.value >= Decimal::ONE_HUNDRED;
    tokens.traps(number.start, number.end).any(|trap| !(coins() || (large || trap.is(Marks::NOT_AFTER)) && paid()))
}

/// Whether the currency that stands there is that of the number behind it: "15 por cento R$ 300".
fn is_of_next(tokens: &Tokens<'_>, end: usize) -> bool {
    let behind = tokens.longest(tokens.skip_spaces(end), money).map(|(_, end)| tokens.skip_spaces(end));
    behind.is_some_and(|at| tokens.digits_at(at).is_some_and(|digits| digits.count > 2))
}

/// Whether a word is the name of a currency.
fn money(word: &Word) -> Option<()> {
    (word.sign.is_some() || word.code.is_some()).then_some(())
}

/// Whether the name of a currency stands behind.
pub(crate) fn is_money_at(tokens: &Tokens<'_>, end: usize) -> bool {
    tokens.longest(tokens.skip_spaces(end), money).is_some()
}

/// A multiplier with its number behind, as Russian says "about": тысяч 40, тысячи три.
fn inverted(tokens: &Tokens<'_>, start: usize) -> Option<Number> {
    let role = |word: &Word| word.multiplier.filter(|_| word.is(Marks::INVERTED));
    let (factor, end) = tokens.longest(start, role)?;
    // "From a thousand to fifteen hundred" begins with a number of its own.
    if tokens.marked_before(tokens.back_over_spaces(start), Marks::RANGE_START).is_some() {
        return None;
    }
    let at = tokens.skip_spaces(end);
    // "Thousand up to 15", "thousand for 3": what bounds the number may stand between.
    let between = tokens.longest(at, |word| word.before).map(|(_, end)| end).or(tokens.marked(at, Marks::FILLER));
    let (at, start) = match between.filter(|_| tokens.digits_at(at).is_none()) {
        Some(end) => (tokens.skip_spaces(end), tokens.skip_spaces(end)),
        None => (at, start),
    };
    let number = (at > end).then(|| read(tokens, at)).flatten()?;
    let fits = !number.scaled() && number.value < Decimal::ONE_THOUSAND && number.value >= Decimal::ONE;
    let (coefficient, words) = (number.value, number.words + 1);
    let value = number.value * factor;
    let inverted = true;
    fits.then_some(Number { value, start, coefficient, factor, last_factor: factor, words, inverted, ..number })
}
