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
/// Million, written shorter than a word: jt, млн.
const SHORT_MILLION: usize = 4;
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
    /// Its multiplier stands in front: тысяч сорок.
    pub(super) inverted: bool,
    pub(super) open: Option<Open>,
    pub(super) lead: Lead,
    pub(super) grouped: bool,
    pub(super) cents: bool,
    pub(super) one_mark: Option<char>,
    pub(super) broken: bool,
}

/// A single digit at the end of a Chinese number, whose rank another number may tell: 十五六万, 一百七八十.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Open {
    /// What stands before the digit, and below which rank there is room for it.
    pub(super) base: Decimal,
    pub(super) slot: Decimal,
    pub(super) digit: Decimal,
}

impl Number {
    pub(super) fn scaled(&self) -> bool {
        self.factor > Decimal::ONE
    }

    pub(super) fn in_words(&self) -> bool {
        self.digits == 0
    }

    /// "Two thirty" is a time of day as often.
    pub(super) fn leaves_hundreds(&self) -> bool {
        let odd = !(self.coefficient % Decimal::ONE_HUNDRED).is_zero();
        self.in_words() && !self.scaled() && self.coefficient > Decimal::ONE_HUNDRED && odd
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
        numbers.extend(number.filter(|number| !is_trapped(tokens, number)));
    }
    numbers
}

/// Whether a phrase with this number in it speaks of no number. What is a unit too gives way to money behind it: "cent" of "pour
/// cent euros".
fn is_trapped(tokens: &Tokens<'_>, number: &Number) -> bool {
    let paid = || number.in_words() && is_money_at(tokens, number.end);
    tokens.traps(number.start, number.end).any(|trap| !(trap.is(Marks::NOT_AFTER) && paid()))
}

/// Whether the name of a currency stands behind.
fn is_money_at(tokens: &Tokens<'_>, end: usize) -> bool {
    let named = |word: &Word| (word.sign.is_some() || word.code.is_some()).then_some(());
    tokens.longest(tokens.skip_spaces(end), named).is_some()
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

/// How far a number is read.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    Whole,
    /// To the first comma.
    Comma,
    /// What may stand behind a decimal point: no multipliers.
    Decimals,
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
    reach: Reach,
    /// How many decimals were spoken.
    decimals: u32,
}

/// Where the next word of a number stands.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    joint: bool,
    touches: bool,
    /// Behind a decimal point.
    decimal: bool,
}

impl Place {
    const fn plain(at: usize) -> Self {
        Self { at, joint: false, touches: false, decimal: false }
    }
}

fn read(tokens: &Tokens<'_>, start: usize) -> Option<Number> {
    read_to(tokens, start, Reach::Whole)
}

fn read_to(tokens: &Tokens<'_>, start: usize, reach: Reach) -> Option<Number> {
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
        if place.decimal {
            return self.decimal(place.at);
        }
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
        // "1 USD 23 cents", "cinquante cents": coins, and no hundreds, unless a currency follows: "2 cents euros".
        if word.minor.is_some() && self.counts_coins() && !is_money_at(self.tokens, end) {
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
            self.end = end;
            if first {
                self.number.lead = word.lead;
            }
        }
        taken
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
                words.million_takes_thousands && last.slot == MILLION && digits.count == 3 && !digits.grouped;
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
        million.is_some_and(|(_, end)| short(end) || self.tokens.words.decimal_mark == Some(mark))
    }

    /// "One point five", "drei Komma vierzehn", 三点一四.
    fn decimal(&mut self, at: usize) -> bool {
        let small = |number: &Number| number.in_words() && number.value < Decimal::ONE_HUNDRED;
        let number = read_to(self.tokens, at, Reach::Decimals).filter(small);
        let (Some(number), Some(last)) = (number.filter(|n| n.value.fract().is_zero()), self.parts.last_mut()) else {
            return false;
        };
        self.decimals += if number.value < Decimal::TEN { 1 } else { 2 };
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
        let joined = words.units_before_tens && place.joint;
        let hundreds = words.hundreds_unsaid && !place.joint && alone && last.value >= Decimal::ONE;
        (last.value, last.slot) = match (joined, hundreds) {
            (true, _) => (last.value + value, Decimal::ONE),
            (false, true) => (last.value * Decimal::ONE_HUNDRED + value, slot),
            (false, false) => return false,
        };
        true
    }

    fn multiply(&mut self, place: Place, factor: Decimal, word: &Word, end: usize) -> bool {
        // 三点五十 is ten to four.
        if !self.may_multiply(place, end) || self.decimals > 0 && factor < Decimal::ONE_THOUSAND {
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

    /// One letter must touch the digits, or a sign of money: "5 k" may be anything, and "5 k€" is a sum.
    fn may_multiply(&self, place: Place, end: usize) -> bool {
        let chars = self.tokens.chars;
        let single = end - place.at == 1 && !is_spaceless(chars[place.at]);
        let touches = place.at > 0 && chars[place.at - 1].is_ascii_digit();
        let sign = chars.get(end).is_some_and(|c| !c.is_alphanumeric() && *c != ' ');
        !single || touches || sign && is_money_at(self.tokens, end)
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
        number.open = self.open();
        self.tail();
        number.value = self.parts.iter().map(|part| part.value).sum::<Decimal>().min(MOST);
        number.end = self.end;
        Some(number)
    }

    fn open(&self) -> Option<Open> {
        let (last, before) = self.parts.split_last()?;
        let written = last.touches && !last.joint && !last.digits && is_spaceless(self.tokens.chars[last.start - 1]);
        let one = last.value < Decimal::TEN && last.value >= Decimal::ONE && last.value.fract().is_zero();
        let base = before.iter().map(|part| part.value).sum();
        let open = Open { base, slot: before.last()?.slot, digit: last.value };
        (written && one && !self.zero).then_some(open)
    }

    /// 三千五, 3万5, millecinque, mille e due: five, or two, of the next lower rank.
    fn tail(&mut self) {
        let two = self.parts.len() == 2;
        let [.., before, last] = &mut self.parts[..] else { return };
        let one = last.value < Decimal::TEN && last.value >= Decimal::ONE && last.value.fract().is_zero();
        let spaceless = is_spaceless(self.tokens.chars[last.start - 1]) || last.digits;
        let chinese = spaceless && last.touches && !last.joint && before.slot >= Decimal::ONE_HUNDRED;
        // Centocinque and milleuno are what they say.
        let spoken = self.tokens.words.tail_is_next_rank && two && (last.touches || last.joint);
        let counts = chinese || spoken && before.slot >= Decimal::ONE_THOUSAND && last.value > Decimal::ONE;
        if one && counts && !self.zero {
            last.value = last.value * before.slot / Decimal::TEN;
        }
        let hundreds = last.value >= Decimal::ONE_HUNDRED && last.value < Decimal::ONE_THOUSAND;
        if hundreds && before.slot == MILLION && self.tokens.words.million_takes_thousands {
            last.value *= Decimal::ONE_THOUSAND;
        }
    }
}
