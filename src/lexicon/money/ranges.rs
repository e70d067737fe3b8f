//! Two numbers of one sum: ranges, and neighbours such as "two three thousand".

use rust_decimal::Decimal;

use super::file::Bound;
use super::marks::{Lead, Marks};
use super::names::Name;
use super::no_money::is_labelled;
use super::{Finder, Named, Sum};
use crate::numbers::Number;
use crate::search::folding::{is_spaceless, is_word};

/// With a stroke between them, smaller numbers are a date or a share.
const LEAST_PRICE: u32 = 35;
/// From so much on, both ends of a range are prices where they are round; "between" and "from" make smaller ones so.
const LEAST_ROUND: u32 = 50;
const LEAST_TOLD: u32 = 20;
/// Without any word behind them, two numbers are a range from so much on, in such steps.
const LEAST_PAIR: u32 = 100;
const LEAST_STEP: Decimal = Decimal::from_parts(50, 0, 0, false, 0);
/// …and without a word before them either.
const LEAST_BESIDE: u32 = 500;
/// What two sums are asked for stands at most so many characters away.
const FEE: usize = 20;
/// What stands between the parts of a Chinese list, and between two figures of one rank.
const LIST: char = '、';

impl Finder<'_> {
    /// Takes in the number behind a sum, where both are one sum.
    pub(crate) fn joins(&self, sum: &mut Sum, next: &Number) -> bool {
        let low = sum.low;
        if self.is_spread(&low, next) {
            sum.low.value = low.value - next.value;
            sum.high = Some(Number { value: low.value + next.value, start: next.start, end: next.end, ..low });
            return true;
        }
        if let Some(named) = self.says_thousands(&low, next) {
            let value = low.value * Decimal::ONE_THOUSAND + next.value;
            (sum.low, sum.named) = (Number { value, words: low.words + next.words, end: next.end, ..low }, named);
            return true;
        }
        if self.says_cents(&low, next) || self.cents_follow(&low, next) || self.cents_apart(&low, next) {
            sum.low =
                Number { value: low.value + next.value / Decimal::ONE_HUNDRED, cents: true, end: next.end, ..low };
            return true;
        }
        if let Some((first, second)) = open_pair(&low, next) {
            (sum.low, sum.high) = (first, Some(second));
            return true;
        }
        // "200-200 mila rahe hai", "500 500 wale": so much from each.
        let beside = || matches!(self.tokens.chars[low.end..next.start], ['-' | ' ']);
        if low.value == next.value && low.digits > 1 && next.digits > 1 && beside() {
            return true;
        }
        let ranges = self.is_range(&low, next) || self.is_pair(&low, next) || self.is_digit_pair(&low, next);
        if ranges {
            sum.high = Some(*next);
        }
        ranges
    }

    /// 1500 ± 200.
    fn is_spread(&self, low: &Number, by: &Number) -> bool {
        let tokens = self.tokens;
        let mut at = tokens.skip_spaces(low.end);
        if let Some(name) = self.name_at(at) {
            at = tokens.skip_spaces(name.end);
        }
        let spread = tokens.marked(at, Marks::SPREAD).is_some_and(|end| tokens.skip_spaces(end) == by.start);
        let share = || tokens.chars.get(tokens.skip_spaces(by.end)) == Some(&'%');
        spread && by.value < low.value && !share()
    }

    /// Whether nothing but a range word and currencies stand between two numbers.
    fn is_range(&self, low: &Number, high: &Number) -> bool {
        let tokens = self.tokens;
        let mut at = tokens.skip_spaces(tokens.skip_suffix(low.end));
        let name = self.name_at(at);
        if let Some(name) = &name {
            at = tokens.skip_spaces(tokens.skip_suffix(name.end));
        }
        // "4,25 $ ve 32 adet": a price, and how many.
        let counts = || tokens.marked(tokens.skip_spaces(high.end), Marks::NOT_AFTER).is_some();
        let price_and_count = name.is_some() && !self.is_named_behind(high) && counts();
        if price_and_count || self.is_told_exactly(low) || self.is_size_beside(low, high) {
            return false;
        }
        let word = self.range_word(at, low, high, name.as_ref());
        if tokens.chars.get(at) == Some(&LIST) && !are_neighbours(low, high) {
            return false;
        }
        if word.is_none() && high.lead == Lead::None || self.is_no_range(at, word, low, high) {
            return false;
        }
        let (first, second) = shared(low, high);
        let joined = word.is_none() && high.lead == Lead::Joint;
        let both = high.scaled() && low.value < high.coefficient;
        let plain = low.digits > 1 && !joined || low.in_words() || low.scaled() || both;
        let spoken = word.is_some_and(|_| tokens.chars[at].is_alphabetic() && !is_spaceless(tokens.chars[at]));
        let clear = !spoken && !joined || plain || self.begins_range(low);
        let reached = self.past_range_word(word.unwrap_or(at), low, high) == high.start;
        reached && first < second && clear && (!joined || self.begins_range(low))
    }

    /// Where the word ends that makes two numbers a range; behind the first and its currency is `at`.
    fn range_word(&self, at: usize, low: &Number, high: &Number, name: Option<&Name>) -> Option<usize> {
        let tokens = self.tokens;
        // 200'den 300'e: an ending says "from", and stands where others say "to".
        let word = tokens.marked(at, Marks::RANGE).or_else(|| tokens.marked(low.end, Marks::RANGE));
        // 300 liradan 500 liraya: so does that of a currency.
        let of_name = || name.and_then(|name| tokens.marked(name.start, Marks::RANGE).filter(|end| *end == name.end));
        word.or_else(of_name).or_else(|| self.and_of_between(at, high))
    }

    /// Whether a word between two numbers says something else of them, or the first is none of a range.
    fn is_no_range(&self, at: usize, word: Option<usize>, low: &Number, high: &Number) -> bool {
        let (first, second) = shared(low, high);
        // 5/10 is a date or a share; mille/millecinque, 250/300 and 2/300 are ranges.
        let priced = || low.in_words() || low.scaled() || are_prices(first, second) || self.is_named_behind(high);
        let is_date = self.tokens.chars.get(at) == Some(&'/') && !priced();
        // "Find me one under 250" names no range from one on.
        let is_article = low.in_words() && !low.scaled() && low.value < Decimal::TEN && !high.in_words();
        let is_other = |end: usize| self.is_choice(end, low, high) || self.joins_coins(low, high, end);
        is_date || is_article || word.is_some_and(is_other)
    }

    /// Past what may stand between a range word and the second number.
    fn past_range_word(&self, word: usize, low: &Number, high: &Number) -> usize {
        let tokens = self.tokens;
        let mut at = tokens.skip_spaces(word);
        // Between the 50 and the 70.
        if at != high.start
            && self.begins_range(low)
            && let Some(end) = tokens.marked(at, Marks::FILLER)
        {
            at = tokens.skip_spaces(end);
        }
        // From 300 to about 500.
        if at != high.start
            && let Some((_, end)) = tokens.longest(at, |word| word.before)
        {
            at = tokens.skip_spaces(end);
        }
        if at != high.start {
            let before = || self.name_before(tokens.back_over_spaces(high.start)).filter(|name| name.start == at);
            if let Some(name) = self.name_at(at).or_else(before) {
                at = tokens.skip_spaces(name.end);
            }
        }
        at
    }

    /// "Taille 42 à moins de 80 €", "numero 42 a 80 euro": a label stands before the first number, and only the second is money.
    fn is_size_beside(&self, low: &Number, high: &Number) -> bool {
        let tokens = self.tokens;
        let bound = || tokens.longest(tokens.skip_spaces(low.end), |word| word.before).is_some();
        (self.is_named_behind(high) || bound()) && is_labelled(tokens, low)
    }

    /// Where the "and" ends that joins a number to one with "between" behind it: 500和800之间.
    fn and_of_between(&self, at: usize, high: &Number) -> Option<usize> {
        let tokens = self.tokens;
        let behind = tokens.skip_spaces(high.end);
        let behind = self.name_at(behind).map_or(behind, |name| name.end);
        tokens.marked(at, Marks::BETWEEN_AND).filter(|_| tokens.marked(behind, Marks::BETWEEN).is_some())
    }

    /// Whether the name of a currency stands behind a number, or a limit.
    fn is_named_behind(&self, number: &Number) -> bool {
        let at = self.tokens.skip_spaces(self.tokens.skip_suffix(number.end));
        let limits = || self.tokens.longest(at, |word| word.after.filter(|bound| *bound == Bound::AtMost)).is_some();
        self.name_at(at).is_some() || number.value >= Decimal::TEN && limits()
    }

    /// "Is it 12 euros or 15?", "free from 3000 or from 5000?": which of two sums it is; `end` is where the "or" ends.
    pub(crate) fn is_choice(&self, end: usize, low: &Number, high: &Number) -> bool {
        let tokens = self.tokens;
        let behind = tokens.skip_spaces(high.end);
        let behind = self.name_at(behind).map_or(behind, |name| tokens.skip_spaces(name.end));
        let one_multiplier = shared(low, high).0 != low.value;
        let either = tokens.marked_before(end, Marks::EITHER).is_some();
        // "3x de 199,90 ou 500 à vista".
        if either && self.is_one_of_several(low.start) {
            return true;
        }
        let asks = self.asks_at(behind) || self.asks_for_fee(low.start, behind);
        either && !one_multiplier && asks && {
            // "From 3000 or from 5000?" begins no range, though "from" does.
            let again = tokens.longest(tokens.skip_spaces(end), |word| word.before).is_some();
            again || !self.begins_range(low)
        }
    }

    /// "Is it 12 or 15 for postage?": a word that tells another reason for a sum stands beside the two, and the clause is a question.
    fn asks_for_fee(&self, start: usize, end: usize) -> bool {
        let (tokens, chars) = (self.tokens, self.tokens.chars);
        let inside = |c: &char| c.is_alphanumeric() || *c == ' ';
        let rest = chars[end.min(chars.len())..].iter().take(FEE).take_while(|c| inside(c)).count();
        let lead = chars[..start].iter().rev().take(FEE).take_while(|c| inside(c)).count();
        let told = |mut places: std::ops::Range<usize>| {
            places.any(|at| tokens.at(at).any(|(word, _)| word.is(Marks::NOT_BUDGET)))
        };
        chars.get(end + rest) == Some(&'?') && (told(end..end + rest) || told(start - lead..start))
    }

    /// "500 + 200 shipping": two sums, where both are as large and round as prices.
    pub(crate) fn additions(&self, sums: &mut [Sum]) {
        for at in 1..sums.len() {
            let (before, behind) = sums.split_at_mut(at);
            let (Some(first), Some(second)) = (before.last_mut(), behind.first_mut()) else { continue };
            let plus = self.tokens.skip_spaces(first.end);
            let adds = self.tokens.chars.get(plus) == Some(&'+') && self.tokens.skip_spaces(plus + 1) == second.start;
            let priced = |sum: &Sum| sum.high.is_none() && is_round(sum.low.value, LEAST_ROUND);
            let named = first.named != Named::Not || second.named != Named::Not;
            if !adds || !(named || priced(first) && priced(second)) {
                continue;
            }
            if first.named == Named::Not {
                first.named = second.named;
            }
            (first.added, second.added) = (true, true);
            if first.outer_end > plus {
                (first.bound, first.outer_end) = (None, first.end);
            }
        }
    }

    /// "3 x 500", "12x de 199,90": a sum that is paid so many times.
    pub(crate) fn is_one_of_several(&self, start: usize) -> bool {
        let (tokens, chars) = (self.tokens, self.tokens.chars);
        let mut at = tokens.back_over_spaces(start);
        at = self.name_before(at).map_or(at, |name| tokens.back_over_spaces(name.start));
        at = tokens.marked_before(at, Marks::FILLER).map_or(at, |start| tokens.back_over_spaces(start));
        let times = |at: &usize| *at > 0 && matches!(chars[at - 1], 'x' | '×' | 'х' | '*');
        let Some(end) = Some(at).filter(times).map(|at| tokens.back_over_spaces(at - 1)) else { return false };
        let digits = chars[..end].iter().rev().take_while(|c| c.is_ascii_digit()).count();
        let free = end == digits || !is_word(chars[end - digits - 1]);
        (1..=2).contains(&digits) && free
    }

    /// "20 dollars and 43", "$20 and 43c": what an "and" joins to a sum are its coins; `end` is where the "and" ends.
    fn joins_coins(&self, low: &Number, high: &Number, end: usize) -> bool {
        let tokens = self.tokens;
        let is_named = self.name_at(tokens.skip_spaces(low.end)).is_some()
            || self.name_before(tokens.back_over_spaces(low.start)).is_some();
        let behind = tokens.skip_spaces(high.end);
        let coin = tokens.longest(behind, |word| word.minor).is_some();
        let bare = coin || self.is_bare(high) && high.digits.max(high.words) <= 2;
        let joint = tokens.marked_before(end, Marks::JOINT).is_some();
        is_named && joint && bare && high.value < Decimal::ONE_HUNDRED && !self.begins_range(low)
    }

    /// "Went up from 20 to 25": two sums, and no range.
    fn is_told_exactly(&self, low: &Number) -> bool {
        let before = self.tokens.back_over_spaces(low.start);
        let before = self.name_before(before).map_or(before, |name| self.tokens.back_over_spaces(name.start));
        matches!(self.tokens.before(before, |word| word.before), Some((Bound::Exactly, _)))
    }

    /// Whether "between" or "from" stands before the number: "and" joins two things as often as a range.
    pub(crate) fn begins_range(&self, low: &Number) -> bool {
        let tokens = self.tokens;
        let mut before = tokens.back_over_spaces(low.start);
        if let Some(name) = self.name_before(before) {
            before = tokens.back_over_spaces(name.start);
        }
        if tokens.marked_before(before, Marks::RANGE_START).is_none()
            && let Some(start) = tokens.marked_before(before, Marks::FILLER)
        {
            before = tokens.back_over_spaces(start);
        }
        // "Antara" alone says "about", and before two numbers "between".
        if tokens.marked_before(before, Marks::RANGE_START).is_none()
            && let Some((_, start)) = tokens.before(before, |word| word.before.filter(|bound| *bound == Bound::About))
        {
            before = tokens.back_over_spaces(start);
        }
        tokens.marked_before(before, Marks::RANGE_START).is_some() || low.lead == Lead::Range
    }

    /// Two ends that are as round as prices are, and no years; smaller and odder ones only where they are told as a range.
    pub(crate) fn is_round_range(&self, sum: &Sum, low: Decimal, high: Decimal) -> bool {
        let behind = || self.tokens.marked(sum.end, Marks::BETWEEN).is_some();
        let told = self.begins_range(&sum.low) || behind();
        let years = low >= Decimal::from(1900) && high <= Decimal::from(2100);
        let least = if told { LEAST_TOLD } else { LEAST_ROUND };
        // "Between 500 and 555", and 500-999 in any case.
        let five = |value: Decimal| value >= Decimal::ONE_HUNDRED && (value % Decimal::from(5)).is_zero();
        let nines = |value: Decimal| {
            value % Decimal::ONE_HUNDRED == Decimal::from(99) && (told || value > Decimal::ONE_HUNDRED)
        };
        let priced = |value: Decimal| is_round(value, least) || nines(value) || told && five(value);
        // "999 and 1499" are two prices.
        let joined = || {
            let front = sum.high.map_or(sum.end, |high| self.tokens.back_over_spaces(high.start));
            self.tokens.marked_before(front, Marks::JOINT).is_some()
        };
        let two = nines(low) && nines(high) && !told && joined();
        priced(low) && priced(high) && !years && !two
    }

    /// 两三千, "two three thousand", тысячи три четыре, "fifty, sixty euros": two neighbours with one multiplier or currency.
    fn is_pair(&self, low: &Number, high: &Number) -> bool {
        let between = &self.tokens.chars[low.end..high.start];
        let words = low.in_words() && high.in_words() && high.lead == Lead::None;
        // A multiplier in front is meant for both.
        let inverted = low.inverted && !high.scaled();
        // "Lima puluh, enam puluh ribu": tens and hundreds of its own.
        let tens = low.scaled() && low.factor < Decimal::ONE_THOUSAND && !inverted;
        let thousands = high.factor >= Decimal::ONE_THOUSAND;
        let from = if inverted { low.coefficient } else { low.value };
        let to = if high.scaled() && (!tens || thousands) { high.coefficient } else { high.value };
        let named = || self.name_at(self.tokens.skip_spaces(high.end)).is_some();
        let listed = matches!(between, [',', ' ']) && (thousands || named());
        let touches = listed || matches!(between, [] | [' ' | '-' | '、' | ',']);
        // सौ डेढ़ सौ, yüz yüz elli, 百幾二百.
        let hundreds =
            (listed || matches!(between, [] | [' '])) && are_hundreds(from, if inverted { to } else { high.value });
        let shared = match tens {
            true => thousands || named(),
            false => inverted || high.scaled() || matches!(between, [] | [' '] | [',', ' ']) && named(),
        };
        let near = (inverted || tens || !low.scaled()) && shared && are_near(from, to);
        words && touches && (hundreds || near)
    }

    /// "20 25k", "12 13k", "1500 2000 lira": two round numbers of one size, or one behind the other, with a multiplier, currency or bound for both.
    fn is_digit_pair(&self, low: &Number, high: &Number) -> bool {
        let tokens = self.tokens;
        let five = Decimal::from(5);
        // "6 7 bin", "7 8 dolara".
        let few = low.digits == 1 && high.digits == 1 && high.coefficient - low.value <= Decimal::TWO;
        let digits = (low.digits > 1 && high.digits > 1 || few && !is_labelled(tokens, low)) && !low.scaled();
        let next = few || high.scaled() && high.coefficient - low.value <= Decimal::TWO;
        let round = next || (low.value % five).is_zero() && (high.coefficient % five).is_zero();
        let (from, to) = (low.value, high.coefficient);
        let near = from < to && to <= from * Decimal::TWO;
        let behind = || {
            let at = tokens.skip_spaces(tokens.skip_suffix(high.end));
            high.scaled() || self.name_at(at).is_some() || tokens.longest(at, |word| word.after).is_some()
        };
        let named = || self.name_at(tokens.skip_spaces(high.end)).is_some();
        // "Headset ب 200 250", "budget 300 400": fifties, behind a word that makes a price of them.
        let fifties = || {
            [low.value, high.value].iter().all(|value| is_round(*value, LEAST_PAIR) && (value % LEAST_STEP).is_zero())
        };
        let before = || {
            let at = tokens.back_over_spaces(low.start);
            let told = [Marks::PRICE_AT, Marks::PRICE, Marks::BUDGET, Marks::PREFIX];
            told.iter().any(|mark| tokens.marked_before(at, *mark).is_some())
                || tokens.before(at, |word| word.before.filter(|bound| *bound == Bound::About)).is_some()
        };
        // "50, 70 reais".
        let beside = match &tokens.chars[low.end..high.start] {
            [' '] => match few {
                true => high.scaled() || named(),
                false => behind() || fifties() && (before() || low.value >= Decimal::from(LEAST_BESIDE)),
            },
            [',', ' '] => named(),
            _ => false,
        };
        digits && round && near && beside
    }
}

fn is_round(value: Decimal, least: u32) -> bool {
    value >= Decimal::from(least) && (value % Decimal::TEN).is_zero()
}

/// Two numbers of the size of prices, and not too far apart: 250/300.
fn are_prices(low: Decimal, high: Decimal) -> bool {
    low >= Decimal::from(LEAST_PRICE) && high > low && high <= low * Decimal::TWO
}

/// 十五六万, 一百七八十, 两千三四: the second of two guesses leaves out what both begin with, and the first its rank.
fn open_pair(low: &Number, high: &Number) -> Option<(Number, Number)> {
    let open = low.open.filter(|open| low.end == high.start && high.coefficient == open.digit + Decimal::ONE)?;
    let single = high.in_words() && high.value == high.coefficient * high.factor;
    let below = if open.slot > Decimal::TEN { open.slot / Decimal::TEN } else { Decimal::ONE };
    let (rank, factor) = match high.factor {
        factor if factor == Decimal::ONE => (below, factor),
        factor if factor < open.slot => (factor, Decimal::ONE),
        factor => (below, factor),
    };
    let number = |digit: Decimal, number: &Number| {
        let coefficient = open.base + digit * rank;
        Number { value: coefficient * factor, coefficient, factor, last_factor: factor, ..*number }
    };
    single.then(|| (number(open.digit, low), number(high.coefficient, high)))
}

/// "A hundred a hundred fifty": two round numbers, and not too far apart.
fn are_hundreds(low: Decimal, high: Decimal) -> bool {
    let round = |value: Decimal| value >= Decimal::ONE_HUNDRED && (value % Decimal::TEN).is_zero();
    round(low) && round(high) && low < high && high <= low * Decimal::TWO
}

/// Two guesses at one number: two or three, one and a half or two, ten or twelve, twenty or twenty-five.
fn are_near(low: Decimal, high: Decimal) -> bool {
    let apart = high - low;
    let whole = low.fract().is_zero() && high.fract().is_zero();
    let least = if whole { Decimal::ONE } else { Decimal::new(5, 1) };
    let most = if low < Decimal::TEN { Decimal::TWO } else { low / Decimal::TWO };
    low >= Decimal::ONE && high < Decimal::ONE_HUNDRED && apart >= least && apart <= most
}

/// Both ends of a range, where the multiplier of one is meant for both: 2-3万, 5-8k, 10k-15, 10-15.000.
pub(crate) fn shared(low: &Number, high: &Number) -> (Decimal, Decimal) {
    let (first, second) = (low.value, high.value);
    if !low.scaled() && high.scaled() && low.digits.max(low.words) > 0 {
        if first < high.coefficient {
            return (first * high.factor, second);
        }
        if first * high.last_factor < second {
            return (first * high.last_factor, second);
        }
    }
    if low.scaled() && !high.scaled() && high.value > low.coefficient && second < first {
        return (first, second * low.factor);
    }
    // "Two hundred to three hundred thousand", "lima puluh sampai enam puluh ribu".
    let hundreds = low.scaled() && low.factor < Decimal::ONE_THOUSAND && high.last_factor == Decimal::ONE_THOUSAND;
    if hundreds && first < Decimal::ONE_THOUSAND && first * high.last_factor < second {
        return (first * high.last_factor, second);
    }
    // "A thousand to one and a half".
    let thousand = !low.scaled() && low.in_words() && first == Decimal::ONE_THOUSAND;
    if thousand && !high.scaled() && high.value > Decimal::ONE && high.value < Decimal::TEN {
        return (first, second * first);
    }
    // 6-700: the first leaves its hundreds unsaid.
    let hundred = Decimal::ONE_HUNDRED;
    let near = |apart: Decimal| apart > Decimal::ZERO && apart <= Decimal::TWO;
    if low.digits == 1
        && high.digits == 3
        && !low.scaled()
        && !high.scaled()
        && (second % hundred).is_zero()
        && near(second / hundred - first)
    {
        return (first * hundred, second);
    }
    let thousands = high.grouped && !low.grouped && low.digits <= 3 && low.digits > 0 && !low.scaled();
    if thousands && first * Decimal::ONE_THOUSAND < second {
        return (first * Decimal::ONE_THOUSAND, second);
    }
    (first, second)
}

/// 2、3万, 五、六百: one figure and the next of the same rank. Others are a list.
fn are_neighbours(low: &Number, high: &Number) -> bool {
    low.value < Decimal::TEN && high.scaled() && high.coefficient == low.value + Decimal::ONE
}
