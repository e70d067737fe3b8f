//! The walk over the words and digits of one number: what may come next, and where the number ends.

use rust_decimal::Decimal;

use super::digits::Digits;
use super::{Number, is_money_at};
use crate::money::marks::{Lead, Marks, Word};
use crate::money::tokens::Tokens;
use crate::search::folding::is_spaceless;

/// Million, written shorter than a word: jt, млн.
const SHORT_MILLION: usize = 4;
const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// How far a number is read.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Reach {
    Whole,
    /// To the first comma.
    Comma,
    /// What may stand behind a decimal point: no multipliers.
    Decimals,
    /// To the word at a place.
    Before(usize),
}

#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) value: Decimal,
    /// What comes next must be smaller.
    pub(crate) slot: Decimal,
    pub(crate) start: usize,
    /// Where the number would end without it.
    pub(crate) end_before: usize,
    pub(crate) joint: bool,
    /// Touches what stands before it.
    pub(crate) touches: bool,
    pub(crate) digits: bool,
}

pub(crate) struct Reader<'t> {
    pub(crate) tokens: &'t Tokens<'t>,
    pub(crate) parts: Vec<Part>,
    pub(crate) end: usize,
    pub(crate) number: Number,
    pub(crate) added_to_next: Option<Decimal>,
    /// A zero was spoken behind the last multiplier: 三千零五 is 3005.
    pub(crate) zero: bool,
    pub(crate) reach: Reach,
    /// How many decimals were spoken.
    pub(crate) decimals: u32,
}

/// Where the next word of a number stands.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) at: usize,
    pub(crate) joint: bool,
    pub(crate) touches: bool,
    /// Behind a decimal point.
    pub(crate) decimal: bool,
}

impl Place {
    pub(crate) const fn plain(at: usize) -> Self {
        Self { at, joint: false, touches: false, decimal: false }
    }
}

pub(crate) fn read(tokens: &Tokens<'_>, start: usize) -> Option<Number> {
    read_to(tokens, start, Reach::Whole)
}

pub(crate) fn read_to(tokens: &Tokens<'_>, start: usize, reach: Reach) -> Option<Number> {
    let number = Number {
        value: Decimal::ZERO,
        start,
        end: start,
        coefficient: Decimal::ZERO,
        factor: Decimal::ONE,
        last_factor: Decimal::ONE,
        words: 0,
        digits: 0,
        weak: false,
        rough: false,
        inverted: false,
        open: None,
        lead: Lead::None,
        grouped: false,
        cents: false,
        one_mark: None,
        broken: false,
    };
    let (parts, added_to_next, zero, decimals) = (Vec::new(), None, false, 0);
    let mut reader = Reader { tokens, parts, end: start, number, added_to_next, zero, reach, decimals };
    let mut place = Place::plain(start);
    while reader.take(place) {
        match reader.next() {
            Some(next) if !matches!(reach, Reach::Before(end) if next.at >= end) => place = next,
            _ => break,
        }
    }
    reader.finish()
}

impl Reader<'_> {
    /// The number word at a place, and its end; with what it is worth there.
    fn word_at(&self, at: usize) -> Option<(Word, usize)> {
        // 30 m2 are no millions.
        let measures = |(word, _): &(&Word, usize)| word.is_number() || word.is(Marks::NOT_AFTER);
        let (word, end) = self.tokens.at(at).find(measures).filter(|(word, _)| word.is_number())?;
        let mut word = *word;
        // "ميت جنيه" is a hundred, and ميت alone means dead.
        if word.is(Marks::BEFORE_MONEY) && self.parts.is_empty() && !is_money_at(self.tokens, end) {
            // ألفا is two thousand before its noun, and a thousand elsewhere.
            word.multiplier?;
            word.unit = None;
        }
        Some((word, end))
    }

    /// Whether a number word says something else than a part of this number.
    fn is_of_another(&self, word: &Word, place: Place, end: usize) -> bool {
        // "3 bin altı": below three thousand, and not 3006; but "3 bin altı yüz".
        let bounds = word.after.is_some() && word.unit.is_some_and(|unit| unit >= Decimal::ONE);
        if bounds && self.number.words > 0 && self.is_round() && !self.goes_on(end) {
            return true;
        }
        // "1.5k satu", "5 bin bir koltuk", "15mila due volte": behind digits and their multiplier a small number counts things, and behind
        // a letter any.
        let few = word.unit.is_some_and(|unit| unit >= Decimal::ONE && unit < Decimal::TEN);
        let counts = few && !place.joint && !place.touches && self.number.digits > 0 && self.is_round();
        if word.multiplier.is_none() && (counts && !self.goes_on(end) || self.letter_apart(place)) {
            return true;
        }
        // "The 45k one" is a thing.
        if word.is(Marks::PRONOUN) && !place.joint && self.is_round() && !self.goes_on(end) {
            return true;
        }
        // "1 USD 23 cents", "cinquante cents": coins, and no hundreds, unless a currency follows: "2 cents euros".
        if word.minor.is_some() && self.counts_coins() && !is_money_at(self.tokens, end) {
            return true;
        }
        // 三万一台: for each, and no 31,000.
        word.unit == Some(Decimal::ONE) && self.is_round() && !self.zero && self.tokens.counts_one(place.at, end)
    }

    /// Whether a number word behind the first begins a range, or a longer word that is no number: "75 ribu dua duanya" is said of both.
    fn is_caught(&self, word: &Word, place: Place, end: usize) -> bool {
        // 5万能拿下吗: behind digits it multiplies, whatever follows.
        let multiplies = place.touches && word.multiplier.is_some() && self.tokens.chars[place.at - 1].is_ascii_digit();
        let is_trap = |(word, behind): (&Word, usize)| {
            word.is(Marks::TRAP) && behind > end && !multiplies && !self.tokens.counts_on(place.at, behind)
        };
        word.lead == Lead::Range || self.tokens.at(place.at).any(is_trap)
    }

    /// Takes in what stands at a place; whether the number goes on behind it.
    fn take(&mut self, place: Place) -> bool {
        if place.decimal {
            return self.decimal(place.at);
        }
        if let Some(digits) = self.tokens.digits_at(place.at) {
            return self.digits(place, *digits);
        }
        let Some((word, end)) = self.word_at(place.at) else { return false };
        let first = self.parts.is_empty() && self.added_to_next.is_none();
        if self.is_of_another(&word, place, end) || !first && self.is_caught(&word, place, end) {
            return false;
        }
        let place = Place { joint: place.joint || word.lead == Lead::Joint, ..place };
        if let Some(more) = word.added_to_next {
            if !first {
                return false;
            }
            (self.added_to_next, self.end, self.number.lead) = (Some(more), end, word.lead);
            self.number.words += 1;
            return true;
        }
        let multiplies = word.multiplier.filter(|_| self.reach != Reach::Decimals && (!first || word.unit.is_none()));
        let taken = match (multiplies, word.unit) {
            (Some(factor), unit) => {
                self.multiply(place, factor, &word, end) || unit.is_some_and(|unit| self.add(place, unit))
            }
            (None, Some(unit)) => self.add(place, unit),
            (None, None) => false,
        };
        if taken {
            self.number.words += 1;
            self.number.rough |= word.is(Marks::ROUGH);
            self.end = end;
            if first {
                self.number.lead = word.lead;
            }
        }
        taken
    }

    /// Whether it comes to hundreds or thousands so far.
    fn is_round(&self) -> bool {
        self.parts.last().is_some_and(|last| last.slot >= Decimal::ONE_HUNDRED)
    }

    /// Whether what stands at a place belongs to the number: money, or what multiplies.
    fn goes_on(&self, end: usize) -> bool {
        is_money_at(self.tokens, end) || self.multiplier_at(end).is_some()
    }

    /// Whether so many are no hundreds: nobody says so behind digits, or from twenty on.
    fn counts_coins(&self) -> bool {
        let digits = self.number.digits > 0 && self.number.words == 0;
        let below = self.parts.iter().rev().map(|part| part.value).take_while(|value| *value < Decimal::ONE_HUNDRED);
        digits || below.sum::<Decimal>() >= Decimal::from(20)
    }

    fn digits(&mut self, place: Place, digits: Digits) -> bool {
        if let Some(last) = self.parts.last().copied() {
            // Of bare digits only those of the next rank belong to it: 2 mil 500, and not 5 mil 2.
            let touching = place.touches && is_spaceless(self.tokens.chars[place.at - 1]);
            let next_rank = digits.value * Decimal::TEN >= last.slot;
            let scaled = self.multiplier_at(digits.end).is_some();
            let words = self.tokens.words;
            let one = digits.count == 1 && place.touches && last.slot >= Decimal::ONE_HUNDRED;
            let hundreds =
                words.ways.million_takes_thousands && last.slot == MILLION && digits.count == 3 && !digits.grouped;
            let fits = digits.value < last.slot && !last.digits && (next_rank || touching || scaled || one || hundreds);
            if !fits || digits.broken || !scaled && self.is_measured(digits.end) || self.letter_apart(place) {
                return false;
            }
        }
        if self.parts.is_empty() {
            self.number.digits = digits.count;
            (self.number.grouped, self.number.one_mark) = (digits.grouped, digits.one_mark);
            self.number.cents = digits.cents;
            self.number.broken = digits.broken;
        }
        let value = if self.is_fraction(&digits) { digits.value / Decimal::ONE_THOUSAND } else { digits.value };
        let value = value + self.added_to_next.take().unwrap_or_default();
        self.push(place, value, Decimal::ZERO, true);
        self.end = digits.end;
        true
    }

    /// Whether the three digits behind a mark are a fraction of millions: 3,299jt, and not the 1,200 million of a country.
    fn is_fraction(&self, digits: &Digits) -> bool {
        let Some(mark) = digits.one_mark.filter(|_| !(digits.value % Decimal::ONE_THOUSAND).is_zero()) else {
            return false;
        };
        let at = self.tokens.skip_spaces(digits.end);
        let million = self.tokens.longest(at, |word| word.multiplier.filter(|factor| *factor >= MILLION));
        let short = |end: usize| end - at <= SHORT_MILLION;
        million.is_some_and(|(_, end)| short(end) || self.tokens.words.ways.decimal_mark == Some(mark))
    }

    /// "One point five", "drei Komma vierzehn", 三点一四, "4 koma 5".
    fn decimal(&mut self, at: usize) -> bool {
        let of_digits = self.parts.last().is_some_and(|last| last.digits);
        let alike = |number: &Number| number.in_words() || of_digits && number.words == 0 && !number.grouped;
        let small = |number: &Number| alike(number) && number.value < Decimal::ONE_HUNDRED;
        let number = read_to(self.tokens, at, Reach::Decimals).filter(small);
        let (Some(number), Some(last)) = (number.filter(|n| n.value.fract().is_zero()), self.parts.last_mut()) else {
            return false;
        };
        self.decimals += match number.digits {
            0 if number.value < Decimal::TEN => 1,
            0 => 2,
            digits => digits as u32,
        };
        last.value += number.value * Decimal::new(1, self.decimals);
        (last.slot, self.end) = (Decimal::ZERO, number.end);
        self.number.words += number.words;
        true
    }

    /// "2k500" is one number, "2k 500" two.
    fn letter_apart(&self, place: Place) -> bool {
        let chars = self.tokens.chars;
        let single = self.end >= 2 && chars[self.end - 1].is_ascii_alphabetic() && chars[self.end - 2].is_ascii_digit();
        single && !place.touches
    }

    /// Whether a unit of measure or another letter stands behind: then the digits are a number of their own.
    fn is_measured(&self, end: usize) -> bool {
        let at = self.tokens.skip_spaces(end);
        let letter = self.tokens.chars.get(end).is_some_and(|c| c.is_alphabetic() && !is_spaceless(*c));
        !is_money_at(self.tokens, end) && (letter || self.tokens.marked(at, Marks::NOT_AFTER).is_some())
    }

    fn multiplier_at(&self, at: usize) -> Option<Decimal> {
        self.tokens.longest(self.tokens.skip_spaces(at), |word| word.multiplier).map(|(factor, _)| factor)
    }

    /// Where the number may go on: over a space, a hyphen or an "and".
    fn next(&self) -> Option<Place> {
        let at = self.over_gap(self.end);
        let is_number =
            |at: usize| self.tokens.digits_at(at).is_some() || self.tokens.at(at).any(|(word, _)| word.is_number());
        if self.is_apart(at) {
            return None;
        }
        if is_number(at) {
            let decimal = self.decimals > 0 && self.tokens.longest(at, |word| word.multiplier).is_none();
            return Some(Place { touches: at == self.end, decimal, ..Place::plain(at) });
        }
        let behind_mark = || Some(Place::plain(self.over_comma()?));
        let behind_point = || Some(Place { decimal: true, ..Place::plain(self.over_point(at)?) });
        if self.reach == Reach::Whole
            && let Some(place) = behind_mark().or_else(behind_point)
        {
            return Some(place);
        }
        let behind = self.tokens.marked(at, Marks::JOINT)?;
        let next = self.over_gap(behind);
        let spaced = at > self.end || next == behind;
        (spaced && is_number(next)).then_some(Place { joint: true, ..Place::plain(next) })
    }

    /// Scripts without spaces put none into a number, but between digits and their multiplier: 3 万.
    fn is_apart(&self, at: usize) -> bool {
        let spaceless = |at: usize| self.tokens.chars.get(at).is_some_and(|c| is_spaceless(*c));
        let multiplies = || self.tokens.longest(at, |word| word.multiplier).is_some();
        let digits = self.tokens.chars[self.end - 1].is_ascii_digit();
        at > self.end && (spaceless(at) || spaceless(self.end - 1)) && !(digits && multiplies())
    }

    /// "One thousand, two hundred": over a comma between the thousands and what is below them.
    fn over_comma(&self) -> Option<usize> {
        let last = self.parts.last().filter(|last| !last.digits && last.slot >= Decimal::ONE_THOUSAND)?;
        let at = self.end + 2;
        let comma = matches!(self.tokens.chars.get(self.end..at), Some([',', ' ']));
        let next = comma.then(|| read_to(self.tokens, at, Reach::Comma)).flatten()?;
        let below = next.in_words() && next.value >= Decimal::ONE_HUNDRED && next.value < last.slot;
        below.then_some(at)
    }

    /// Over a decimal point that is spoken.
    fn over_point(&self, at: usize) -> Option<usize> {
        let whole = self.decimals == 0 && self.parts.last().is_some_and(|last| last.value.fract().is_zero());
        let point = whole.then(|| self.tokens.marked(at, Marks::POINT)).flatten()?;
        let next = self.tokens.skip_spaces(point);
        let apart = next > point && self.tokens.chars.get(next).is_some_and(|c| is_spaceless(*c));
        (!apart).then_some(next)
    }

    fn over_gap(&self, end: usize) -> usize {
        let chars = self.tokens.chars;
        let letter = end > 0 && chars[end - 1].is_alphabetic();
        if self.tokens.words.ways.hyphenated && letter && chars.get(end) == Some(&'-') {
            return end + 1;
        }
        let at = self.tokens.skip_spaces(end);
        // More than two spaces separate.
        if at - end > 2 { end } else { at }
    }
}
