//! Numbers as people write them: digits, words, and mixtures of both.
//!
//! A number is built from parts that get smaller: a multiplier takes all smaller parts before it ("two hundred thousand"),
//! and what comes next must fit below the last part ("two thousand" + "five hundred"). What does not fit begins a number
//! of its own, so that "between two hundred and three hundred" are two.

use rust_decimal::Decimal;

use super::digits::Digits;
use super::folding::is_spaceless;
use super::money_tokens::Tokens;
use super::money_words::{Lead, Marks, Word};

const HALF: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
/// What is larger than this is no sum.
const MOST: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

/// A number in the text, in folded characters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: Decimal,
    pub(super) start: usize,
    pub(super) end: usize,
    /// What stands before the multipliers, and what they make of it: 2 and 100,000 in "two hundred thousand".
    pub(super) coefficient: Decimal,
    pub(super) factor: Decimal,
    /// The last multiplier: 1,000.
    pub(super) last_factor: Decimal,
    /// Of how many words; none if it is digits alone.
    pub(super) words: usize,
    /// How many digits; none if it is words alone.
    pub(super) digits: usize,
    /// Its multiplier may be something else.
    pub(super) weak: bool,
    pub(super) lead: Lead,
    pub(super) grouped: bool,
    pub(super) cents: bool,
    pub(super) one_point: bool,
    pub(super) broken: bool,
}

impl Number {
    pub(super) fn scaled(&self) -> bool {
        self.factor > Decimal::ONE
    }

    pub(super) fn in_words(&self) -> bool {
        self.digits == 0
    }
}

/// All numbers of a text, in order.
pub(super) fn find(tokens: &Tokens<'_>) -> Vec<Number> {
    let mut numbers: Vec<Number> = Vec::new();
    for start in tokens.starts() {
        if numbers.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let number = inverted(tokens, start).or_else(|| read(tokens, start));
        numbers.extend(number.filter(|number| !tokens.is_trapped(number.start, number.end)));
    }
    numbers
}

/// A multiplier with its number behind, as Russian says "about": тысяч 40.
fn inverted(tokens: &Tokens<'_>, start: usize) -> Option<Number> {
    let role = |word: &Word| word.multiplier.filter(|_| word.is(Marks::INVERTED));
    let (factor, end) = tokens.longest(start, role)?;
    let at = tokens.skip_spaces(end);
    // "Thousand up to 15", "thousand for 3": what bounds the number may stand between.
    let between = tokens.longest(at, |word| word.before).map(|(_, end)| end).or(tokens.marked(at, Marks::FILLER));
    let (at, start) = match between.filter(|_| tokens.digits_at(at).is_none()) {
        Some(end) => (tokens.skip_spaces(end), tokens.skip_spaces(end)),
        None => (at, start),
    };
    let number = (at > end).then(|| read(tokens, at)).flatten()?;
    let fits = !number.scaled() && number.value < Decimal::ONE_THOUSAND && number.digits > 0;
    let coefficient = number.value;
    fits.then(|| Number { value: number.value * factor, start, coefficient, factor, last_factor: factor, ..number })
}

#[derive(Clone, Copy)]
struct Part {
    value: Decimal,
    /// What comes next must be smaller.
    slot: Decimal,
    start: usize,
    /// Where the number would end without it.
    end_before: usize,
    joint: bool,
    /// Touches what stands before it.
    touches: bool,
    digits: bool,
}

struct Reader<'t> {
    tokens: &'t Tokens<'t>,
    parts: Vec<Part>,
    end: usize,
    number: Number,
    added_to_next: Option<Decimal>,
    /// A zero was spoken behind the last multiplier: 三千零五 is 3005.
    zero: bool,
}

/// Where the next word of a number stands.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    joint: bool,
    touches: bool,
}

fn read(tokens: &Tokens<'_>, start: usize) -> Option<Number> {
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
        lead: Lead::None,
        grouped: false,
        cents: false,
        one_point: false,
        broken: false,
    };
    let mut reader = Reader { tokens, parts: Vec::new(), end: start, number, added_to_next: None, zero: false };
    let mut place = Place { at: start, joint: false, touches: false };
    while reader.take(place) {
        match reader.next() {
            Some(next) => place = next,
            None => break,
        }
    }
    reader.finish()
}

/// The power of ten below which there is room: 2000 takes 500, and 15 takes nothing.
fn room_below(value: Decimal) -> Decimal {
    let mut slot = Decimal::ONE;
    if value <= Decimal::TEN || !value.fract().is_zero() {
        return slot;
    }
    while (value % (slot * Decimal::TEN)).is_zero() && slot < value {
        slot *= Decimal::TEN;
    }
    slot
}

impl Reader<'_> {
    /// Takes in what stands at a place; whether the number goes on behind it.
    fn take(&mut self, place: Place) -> bool {
        if let Some(digits) = self.tokens.digits_at(place.at) {
            return self.digits(place, *digits);
        }
        // 30 m2 are no millions.
        let measures = |(word, _): &(&Word, usize)| word.is_number() || word.is(Marks::NOT_AFTER);
        let Some((word, end)) = self.tokens.at(place.at).find(measures).filter(|(word, _)| word.is_number()) else {
            return false;
        };
        let word = *word;
        // "3 bin altı": below three thousand, and not 3006.
        if word.after.is_some() && self.number.digits > 0 && self.number.words > 0 {
            return false;
        }
        // "1 USD 23 cents": behind digits these are coins, and no hundreds.
        if word.minor.is_some() && self.number.digits > 0 && self.number.words == 0 {
            return false;
        }
        let first = self.parts.is_empty() && self.added_to_next.is_none();
        if !first && word.lead == Lead::Range {
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
        let multiplies = word.multiplier.filter(|_| !first || word.unit.is_none());
        let taken = match (multiplies, word.unit) {
            (Some(factor), unit) => {
                self.multiply(place, factor, &word, end) || unit.is_some_and(|unit| self.add(place, unit))
            }
            (None, Some(unit)) => self.add(place, unit),
            (None, None) => false,
        };
        if taken {
            self.number.words += 1;
            self.end = end;
            if first {
                self.number.lead = word.lead;
            }
        }
        taken
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
                words.million_takes_thousands && last.slot == MILLION && digits.count == 3 && !digits.grouped;
            let fits = digits.value < last.slot && !last.digits && (next_rank || touching || scaled || one || hundreds);
            if !fits || digits.broken || !scaled && self.is_measured(digits.end) || self.letter_apart(place) {
                return false;
            }
        }
        if self.parts.is_empty() {
            self.number.digits = digits.count;
            (self.number.grouped, self.number.one_point) = (digits.grouped, digits.one_point);
            self.number.cents = digits.cents;
            self.number.broken = digits.broken;
        }
        let million = digits.one_mark && self.multiplier_at(digits.end).is_some_and(|factor| factor >= MILLION);
        let value = if million { digits.value / Decimal::ONE_THOUSAND } else { digits.value };
        let value = value + self.added_to_next.take().unwrap_or_default();
        self.push(place, value, Decimal::ZERO, true);
        self.end = digits.end;
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
        let named = |word: &Word| (word.sign.is_some() || word.code.is_some()).then_some(());
        let letter = self.tokens.chars.get(end).is_some_and(|c| c.is_alphabetic() && !is_spaceless(*c));
        let money = self.tokens.longest(at, named).is_some();
        !money && (letter || self.tokens.marked(at, Marks::NOT_AFTER).is_some())
    }

    fn multiplier_at(&self, at: usize) -> Option<Decimal> {
        self.tokens.longest(self.tokens.skip_spaces(at), |word| word.multiplier).map(|(factor, _)| factor)
    }

    fn push(&mut self, place: Place, value: Decimal, slot: Decimal, digits: bool) {
        let part = Part {
            value,
            slot,
            start: place.at,
            end_before: self.end,
            joint: place.joint,
            touches: place.touches,
            digits,
        };
        self.parts.push(part);
    }

    fn add(&mut self, place: Place, unit: Decimal) -> bool {
        let value = unit + self.added_to_next.unwrap_or_default();
        let words = self.tokens.words;
        let mut slot = room_below(value);
        if words.counts_by_twenties && (value == Decimal::from(60) || value == Decimal::from(80)) {
            slot = Decimal::from(20);
        }
        let Some(last) = self.parts.last_mut() else {
            self.added_to_next = None;
            self.push(place, value, slot, false);
            return true;
        };
        if value.is_zero() {
            self.zero = true;
            return last.slot > Decimal::TEN;
        }
        if value == HALF {
            if last.slot >= Decimal::ONE_HUNDRED {
                let half = last.slot * HALF;
                self.push(place, half, Decimal::ZERO, false);
            } else if last.value.fract().is_zero() && last.slot != HALF {
                (last.value, last.slot) = (last.value + HALF, HALF);
            } else {
                return false;
            }
            return true;
        }
        // A thousand or one and a half is a range, and no 1001.5.
        if !value.fract().is_zero() {
            return false;
        }
        let tens = value >= Decimal::from(20) && value < Decimal::ONE_HUNDRED && slot >= Decimal::TEN;
        if words.units_before_tens && place.joint && tens && last.value < Decimal::TEN && !last.digits {
            (last.value, last.slot) = (last.value + value, Decimal::ONE);
            return true;
        }
        let fits = value < last.slot;
        if fits {
            self.push(place, value, slot, false);
        }
        fits
    }

    fn multiply(&mut self, place: Place, factor: Decimal, word: &Word, end: usize) -> bool {
        if !self.may_multiply(place, end) {
            return false;
        }
        let smaller = self.parts.iter().rev().take_while(|part| part.value < factor || part.digits).count();
        let from = self.parts.len() - smaller;
        let group: Decimal = self.parts[from..].iter().map(|part| part.value).sum();
        let before = from.checked_sub(1).map(|place| self.parts[place].slot);
        if smaller == 0 {
            let more = self.added_to_next.take();
            if before.is_none() && more.is_none() && !word.is(Marks::ALONE) || before.is_some_and(|slot| factor >= slot)
            {
                return false;
            }
            self.push(place, factor * (Decimal::ONE + more.unwrap_or_default()), factor, false);
        } else {
            // The parts were not meant to be one: "two thousand and three hundred thousand" are two numbers.
            let value = (group * factor).min(MOST);
            if before.is_some_and(|slot| value >= slot) {
                self.split(from);
                return false;
            }
            if from == 0 && smaller == 1 && self.number.factor > Decimal::ONE {
                self.number.factor *= factor;
            } else if from == 0 {
                (self.number.coefficient, self.number.factor) = (group, factor);
            }
            let first = self.parts[from];
            self.parts.truncate(from);
            self.parts.push(Part { value, slot: factor, digits: false, ..first });
        }
        self.number.last_factor = factor;
        self.number.weak = word.is(Marks::WEAK) && self.parts.len() == 1 && self.number.words == 0;
        self.zero = false;
        true
    }

    /// One letter must touch the digits: "5 k" may be anything.
    fn may_multiply(&self, place: Place, end: usize) -> bool {
        let chars = self.tokens.chars;
        let single = end - place.at == 1 && !is_spaceless(chars[place.at]);
        let touches = place.at > 0 && chars[place.at - 1].is_ascii_digit();
        !single || touches
    }

    /// Ends the number before the last "and" of the parts from there on, or before all of them.
    fn split(&mut self, from: usize) {
        let joint = self.parts[from..].iter().rposition(|part| part.joint).map_or(from, |place| from + place);
        self.end = self.parts[joint].end_before;
        self.parts.truncate(joint);
    }

    /// Where the number may go on: over a space, a hyphen or an "and".
    fn next(&self) -> Option<Place> {
        let at = self.over_gap(self.end);
        let is_number =
            |at: usize| self.tokens.digits_at(at).is_some() || self.tokens.at(at).any(|(word, _)| word.is_number());
        if is_number(at) {
            return Some(Place { at, joint: false, touches: at == self.end });
        }
        let behind = self.tokens.marked(at, Marks::JOINT)?;
        let next = self.over_gap(behind);
        let spaced = at > self.end || next == behind;
        (spaced && is_number(next)).then_some(Place { at: next, joint: true, touches: false })
    }

    fn over_gap(&self, end: usize) -> usize {
        let chars = self.tokens.chars;
        let letter = end > 0 && chars[end - 1].is_alphabetic();
        if self.tokens.words.hyphenated && letter && chars.get(end) == Some(&'-') {
            return end + 1;
        }
        let at = self.tokens.skip_spaces(end);
        // More than two spaces separate.
        if at - end > 2 { end } else { at }
    }

    fn finish(mut self) -> Option<Number> {
        let first = self.parts.first()?;
        if first.start > self.number.start && self.added_to_next.is_some() {
            return None;
        }
        let mut number = self.number;
        if number.factor == Decimal::ONE {
            number.coefficient = first.value;
        }
        self.tail();
        number.value = self.parts.iter().map(|part| part.value).sum::<Decimal>().min(MOST);
        number.end = self.end;
        Some(number)
    }

    /// 三千五, 3万5, millecinque: five of the next lower rank.
    fn tail(&mut self) {
        let [.., before, last] = &mut self.parts[..] else { return };
        let one = last.value < Decimal::TEN && last.value >= Decimal::ONE && last.value.fract().is_zero();
        let chinese = is_spaceless(self.tokens.chars[last.start - 1]) || last.digits;
        let counts = last.touches && !last.joint && !self.zero && (chinese || self.tokens.words.tail_is_next_rank);
        if one && counts && before.slot >= Decimal::ONE_HUNDRED {
            last.value = last.value * before.slot / Decimal::TEN;
        }
        let hundreds = last.value >= Decimal::ONE_HUNDRED && last.value < Decimal::ONE_THOUSAND;
        if hundreds && before.slot == MILLION && self.tokens.words.million_takes_thousands {
            last.value *= Decimal::ONE_THOUSAND;
        }
    }
}
