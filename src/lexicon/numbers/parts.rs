//! The parts of one number: what is added to them, what multiplies them, and what they come to.

use rust_decimal::Decimal;

use super::reader::{Part, Place, Reader};
use super::{Number, Open, is_money_at};
use crate::money::marks::{Marks, Word};
use crate::search::folding::is_spaceless;

const HALF: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);
/// Words of budget as long as this are no little words, as "at" is.
const LONG_LABEL: usize = 5;
/// What is larger than this is no sum.
const MOST: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

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

fn is_figure(value: Decimal) -> bool {
    value < Decimal::TEN && value >= Decimal::ONE && value.fract().is_zero()
}

/// Whether a figure is written right behind hundreds or more, as Chinese does: the five of 三千五.
fn is_next_rank(chars: &[char], before: &Part, last: &Part) -> bool {
    let spaceless = is_spaceless(chars[last.start - 1]) || last.digits;
    is_figure(last.value) && spaceless && last.touches && !last.joint && before.slot >= Decimal::ONE_HUNDRED
}

impl Reader<'_> {
    pub(crate) fn push(&mut self, place: Place, value: Decimal, slot: Decimal, digits: bool) {
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

    pub(crate) fn add(&mut self, place: Place, unit: Decimal) -> bool {
        let value = unit + self.added_to_next.unwrap_or_default();
        let words = self.tokens.words;
        let mut slot = room_below(value);
        if words.ways.counts_by_twenties && (value == Decimal::from(60) || value == Decimal::from(80)) {
            slot = Decimal::from(20);
        }
        let Some(last) = self.parts.last().copied() else {
            self.added_to_next = None;
            self.push(place, value, slot, false);
            return true;
        };
        if value.is_zero() {
            self.zero = true;
            return last.slot > Decimal::TEN;
        }
        if value == HALF {
            return self.half(place, last);
        }
        if self.takes_tens(place, value, slot) {
            return true;
        }
        if self.takes_hundreds(place, value, slot) {
            return true;
        }
        // A thousand or one and a half is a range, and no 1001.5.
        let fits = value < last.slot && value.fract().is_zero();
        if fits {
            self.push(place, value, slot, false);
        }
        fits
    }

    /// Half of the rank before it, or one half more: 两万半, two and a half.
    fn half(&mut self, place: Place, last: Part) -> bool {
        if last.slot >= Decimal::ONE_HUNDRED {
            self.push(place, last.slot * HALF, Decimal::ZERO, false);
            return true;
        }
        let whole = last.value.fract().is_zero() && last.slot != HALF;
        if whole && let Some(last) = self.parts.last_mut() {
            (last.value, last.slot) = (last.value + HALF, HALF);
        }
        whole
    }

    /// Tens behind a unit: fünfundzwanzig, and "two fifty" of hundreds that go without saying.
    fn takes_tens(&mut self, place: Place, value: Decimal, slot: Decimal) -> bool {
        let (words, alone) = (self.tokens.words, self.parts.len() == 1);
        let tens = value >= Decimal::from(20) && value < Decimal::ONE_HUNDRED && slot >= Decimal::TEN;
        let Some(last) = self.parts.last_mut().filter(|last| tens && last.value < Decimal::TEN && !last.digits) else {
            return false;
        };
        let joined = words.ways.units_before_tens && place.joint;
        let hundreds = words.ways.hundreds_unsaid && !place.joint && alone && last.value >= Decimal::ONE;
        (last.value, last.slot) = match (joined, hundreds) {
            (true, _) => (last.value + value, Decimal::ONE),
            (false, true) => (last.value * Decimal::ONE_HUNDRED + value, slot),
            (false, false) => return false,
        };
        true
    }

    /// Hundreds behind thousands that go without saying: две пятьсот, dois e quinhentos.
    fn takes_hundreds(&mut self, place: Place, value: Decimal, slot: Decimal) -> bool {
        let hundreds = value >= Decimal::ONE_HUNDRED && value < Decimal::ONE_THOUSAND;
        let first = self.parts.last().filter(|last| self.parts.len() == 1 && !last.digits);
        let few = first.is_some_and(|first| first.value >= Decimal::TWO && first.value < Decimal::ONE_HUNDRED);
        if !(self.tokens.words.ways.thousands_unsaid && hundreds && few) {
            return false;
        }
        if let Some(first) = self.parts.last_mut() {
            (first.value, first.slot) = (first.value * Decimal::ONE_THOUSAND, Decimal::ONE_THOUSAND);
        }
        self.push(place, value, slot, false);
        true
    }

    pub(crate) fn multiply(&mut self, place: Place, factor: Decimal, word: &Word, end: usize) -> bool {
        // 三点五十 is ten to four.
        if !self.may_multiply(place, word, end) || self.decimals > 0 && factor < Decimal::ONE_THOUSAND {
            return false;
        }
        // 百二萬, 三百五万: two, or five, of the next lower rank, which all are multiplied.
        let (chars, zero) = (self.tokens.chars, self.zero);
        if let [.., before, last] = &mut self.parts[..]
            && before.value < factor
            && !zero
            && is_next_rank(chars, before, last)
        {
            last.value = last.value * before.slot / Decimal::TEN;
        }
        let smaller = self.parts.iter().rev().take_while(|part| part.value < factor || part.digits).count();
        let from = self.parts.len() - smaller;
        let group: Decimal = self.parts[from..].iter().map(|part| part.value).sum();
        let before = from.checked_sub(1).map(|place| self.parts[place].slot);
        if factor == Decimal::ONE_HUNDRED && self.tokens.words.ways.hundreds_of_ones && group >= Decimal::TEN {
            // "İki yüz elli üç yüz": from 250 to 300.
            if self.parts.len() > 1 && self.parts.last().is_some_and(|last| last.value < Decimal::TEN) {
                self.split(self.parts.len() - 1);
            }
            return false;
        }
        // "Fifty and hundred", "thirty and two hundred" are two numbers, but not "fifty and two thousand".
        if smaller > 0 && place.joint && word.is(Marks::ALONE) {
            return false;
        }
        if factor == Decimal::ONE_HUNDRED && self.parts[from..].iter().skip(1).any(|part| part.joint) {
            self.split(from);
            return false;
        }
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
                self.part_from(from, word);
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

    /// Where two numbers stand side by side: "bin iki yüz | bin üç yüz", "bin beş yüz | iki bin", else before all of the second.
    fn part_from(&mut self, from: usize, word: &Word) {
        let last = self.parts.len() - 1;
        let spaced = !is_spaceless(self.tokens.chars[self.parts[last].start]);
        let joined = self.parts[from..].iter().any(|part| part.joint);
        match self.parts[last].value < Decimal::TEN {
            _ if !spaced || joined => self.split(from),
            true => self.split(last),
            false if word.is(Marks::ALONE) && self.parts[last].value >= Decimal::ONE_HUNDRED => {}
            false => self.split(from),
        }
    }

    /// One letter must touch the digits, or stand beside money: "5 k" may be anything, and "5 k€" and "budget 5 k" are sums.
    fn may_multiply(&self, place: Place, word: &Word, end: usize) -> bool {
        let chars = self.tokens.chars;
        if word.is(Marks::CUED) {
            return self.tokens.is_in(&self.tokens.words.ways.cued_in)
                && (self.is_of_money(end) || self.is_bounded(end));
        }
        if word.is(Marks::ELSEWHERE) && self.tokens.is_in(&self.tokens.words.ways.elsewhere_in) {
            return false;
        }
        if word.is(Marks::SIGNED) {
            return self.is_of_money(end);
        }
        let single = end - place.at == 1 && !is_spaceless(chars[place.at]);
        let touches = place.at > 0 && chars[place.at - 1].is_ascii_digit();
        let sign = chars.get(end).is_some_and(|c| !c.is_alphanumeric() && *c != ' ');
        let beside = || match word.is(Marks::WEAK) {
            true => self.is_named(end),
            false => self.is_of_money(end) || self.is_bounded(end),
        };
        !single || touches || sign && is_money_at(self.tokens, end) || self.parts.len() == 1 && beside()
    }

    /// Whether the number, which ends there, stands beside a currency; one that another number follows is that one's.
    fn is_named(&self, end: usize) -> bool {
        let (tokens, at) = (self.tokens, self.tokens.skip_spaces(end));
        let money = |word: &Word| (word.sign.is_some() || word.code.is_some()).then_some(());
        let start = tokens.back_over_spaces(self.number.start);
        let own = |end: usize| tokens.digits_at(tokens.skip_spaces(end)).is_none();
        // "Budget 300 dollars 50mm lens": the dollars are those of the number before.
        let last = |at: usize| tokens.back_over_spaces(at).checked_sub(1).map(|at| tokens.chars[at]);
        let free = |at: usize| !last(at).is_some_and(|c| c.is_ascii_digit());
        tokens.before(start, money).is_some_and(|(_, at)| free(at))
            || tokens.longest(at, money).is_some_and(|(_, end)| own(end))
    }

    /// The same, or behind a word of budget that is no little word.
    fn is_of_money(&self, end: usize) -> bool {
        let told = self.over_fillers(Marks::BUDGET);
        let label = self.tokens.marked_before(told, Marks::BUDGET);
        self.is_named(end) || label.is_some_and(|start| told - start >= LONG_LABEL)
    }

    /// Whether a word bounds the number, which ends there, or says behind it that it is a budget.
    fn is_bounded(&self, end: usize) -> bool {
        let (tokens, at) = (self.tokens, self.tokens.skip_spaces(end));
        let start = tokens.back_over_spaces(self.number.start);
        tokens.before(start, |word| word.before).is_some()
            || tokens.longest(at, |word| word.after).is_some()
            || tokens.marked(at, Marks::BUDGET).is_some_and(|end| end - at >= LONG_LABEL)
    }

    /// Back from the number over what may stand between it and a word that labels it.
    fn over_fillers(&self, label: Marks) -> usize {
        let tokens = self.tokens;
        let mut at = tokens.back_over_spaces(self.number.start);
        for _ in 0..2 {
            let filler = tokens.marked_before(at, Marks::FILLER).filter(|_| tokens.marked_before(at, label).is_none());
            let Some(start) = filler else { break };
            at = tokens.back_over_spaces(start);
        }
        at
    }

    /// Ends the number before the last "and" of the parts from there on, or before all of them.
    fn split(&mut self, from: usize) {
        let joint = self.parts[from..].iter().rposition(|part| part.joint).map_or(from, |place| from + place);
        self.end = self.parts[joint].end_before;
        self.parts.truncate(joint);
    }

    pub(crate) fn finish(mut self) -> Option<Number> {
        let first = self.parts.first()?;
        if first.start > self.number.start && self.added_to_next.is_some() {
            return None;
        }
        let mut number = self.number;
        if number.factor == Decimal::ONE {
            number.coefficient = first.value;
        }
        number.open = self.open();
        self.tail();
        number.value = self.parts.iter().map(|part| part.value).sum::<Decimal>().min(MOST);
        number.end = self.end;
        Some(number)
    }

    fn open(&self) -> Option<Open> {
        let (last, before) = self.parts.split_last()?;
        let written = last.touches && !last.joint && !last.digits && is_spaceless(self.tokens.chars[last.start - 1]);
        let one = is_figure(last.value);
        let base = before.iter().map(|part| part.value).sum();
        let open = Open { base, slot: before.last()?.slot, digit: last.value };
        (written && one && !self.zero).then_some(open)
    }

    /// 三千五, 3万5, millecinque, mille e due: five, or two, of the next lower rank.
    fn tail(&mut self) {
        let (two, chars) = (self.parts.len() == 2, self.tokens.chars);
        let [.., before, last] = &mut self.parts[..] else { return };
        let one = is_figure(last.value);
        let chinese = is_next_rank(chars, before, last);
        // Centocinque and milleuno are what they say.
        let counts_things = || self.tokens.marked(self.tokens.skip_spaces(self.end), Marks::NOT_AFTER).is_some();
        let words = self.tokens.words;
        // Where an "and" joins cents, it joins these too: mille e due, but not mille et deux.
        let joins = !last.joint || words.ways.cents_behind_and;
        let spoken = words.ways.tail_is_next_rank && two && joins && !last.digits && !counts_things();
        // "Deux mille cinq euros" are 2005, and "mille cinq" and "due milioni cinque" leave the rank of the five unsaid.
        let several = before.value > before.slot && before.slot < MILLION;
        let spoken = spoken && !(several && is_money_at(self.tokens, self.end));
        let counts = chinese || spoken && before.slot >= Decimal::ONE_THOUSAND && last.value > Decimal::ONE;
        if one && counts && !self.zero {
            last.value = last.value * before.slot / Decimal::TEN;
        }
        let hundreds = last.value >= Decimal::ONE_HUNDRED && last.value < Decimal::ONE_THOUSAND;
        if hundreds && before.slot == MILLION && self.tokens.words.ways.million_takes_thousands {
            last.value *= Decimal::ONE_THOUSAND;
        }
    }
}
