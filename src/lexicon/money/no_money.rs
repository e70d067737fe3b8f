//! Numbers that are no money: models, capacities, sizes, dates, times, phone and order numbers, quantities, percentages.

use rust_decimal::Decimal;

use super::file::Bound;
use super::marks::Marks;
use super::tokens::Tokens;
use super::{Named, Sum};
use crate::numbers::Number;
use crate::search::folding::is_word;

/// A bare number of so many digits is a code, unless it is round: 25000000.
const CODE: usize = 8;
/// …and behind letters and a hyphen from so many on.
const LEAST_CODE: usize = 4;
/// A telephone has so many digits.
const LEAST_PHONE: usize = 6;
/// Of two numbers with one unit each is at most so many times the other.
const MOST_APART: u32 = 4;

/// Whether something else than money explains the number.
pub(crate) fn is_no_money(tokens: &Tokens<'_>, sum: &Sum, numbers: &[Number]) -> bool {
    let broken = sum.low.broken || sum.high.is_some_and(|high| high.broken);
    if broken || sum.low.value.is_zero() && sum.high.is_none() {
        return true;
    }
    if sum.named != Named::Not {
        return false;
    }
    is_glued(tokens, sum)
        || is_clock_or_date(tokens, sum)
        || is_of_a_calendar(tokens, sum)
        || is_phone(tokens, sum, numbers)
        || is_code(sum)
        || is_measured(tokens, sum)
        || is_measured_with_next(tokens, sum, numbers)
        || is_measured_with_last(tokens, sum, numbers)
        || is_labelled(tokens, &sum.low)
}

/// Between a unit and a number that it is meant for too stand at most so many characters.
const OR_REACH: usize = 20;
/// No day, month or year has so many digits.
const LEAST_DIVIDED: usize = 5;

/// A letter touches it: s24, 5x, #12.
fn is_glued(tokens: &Tokens<'_>, sum: &Sum) -> bool {
    if sum.low.in_words() {
        return false;
    }
    let (chars, start) = (tokens.chars, sum.low.start);
    let before = start.checked_sub(1).map(|at| chars[at]);
    // "@150rb" tells a price for one piece; in an address something stands before the sign.
    let each = before == Some('@') && start.checked_sub(2).is_none_or(|at| chars[at] == ' ');
    let touches_before = before.is_some_and(|c| is_word(c) || matches!(c, '#' | '+' | '_' | '@')) && !each;
    let touches_after = chars.get(sum.last_end()).is_some_and(|c| is_word(*c) || matches!(c, '_' | '⁄' | '@'));
    // DE-90217 numbers an order.
    let code = before == Some('-') && sum.low.digits >= LEAST_CODE && !sum.low.grouped;
    let code = code && start.checked_sub(2).is_some_and(|at| chars[at].is_alphabetic());
    code || touches_before && tokens.marked_before(start, Marks::PREFIX).is_none()
        || touches_after && tokens.skip_suffix(sum.last_end()) == sum.last_end() && sum.outer_end == sum.last_end()
}

/// 10:30, 24/7, 16:9, 3x4, 1-2-2024.
fn is_clock_or_date(tokens: &Tokens<'_>, sum: &Sum) -> bool {
    if sum.low.in_words() {
        return false;
    }
    let (chars, end) = (tokens.chars, sum.last_end());
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let marks = |c: char| matches!(c, ':' | '/' | '.' | '-' | '*' | '×');
    // 24000/6 divides a sum.
    let divided = sum.low.digits >= LEAST_DIVIDED && chars.get(end) == Some(&'/');
    let after = chars.get(end).is_some_and(|c| marks(*c)) && digit(end + 1) && !divided;
    let start = sum.low.start;
    let before = start > 1 && marks(chars[start - 1]) && digit(start - 2);
    after || before
}

/// A day or year behind its month, "ab 14.12.", "since 2015", "the 2023 or 2024 one".
fn is_of_a_calendar(tokens: &Tokens<'_>, sum: &Sum) -> bool {
    let low = &sum.low;
    if low.in_words() || low.grouped || low.scaled() {
        return false;
    }
    if is_recent_year(low) && sum.high.as_ref().is_none_or(is_recent_year) {
        let before = tokens.back_over_spaces(sum.outer_start);
        let told = |mark| tokens.marked_before(before, mark).is_some();
        return !(told(Marks::PRICE) || told(Marks::PRICE_AT) || told(Marks::BUDGET));
    }
    if sum.high.is_some() {
        return false;
    }
    let year = low.digits == 4 && low.value >= Decimal::from(1900) && low.value < Decimal::from(2100);
    let month = tokens.marked_before(tokens.back_over_spaces(low.start), Marks::MONTH).is_some();
    month && (year || low.value <= Decimal::from(31) && low.value.fract().is_zero()) || is_day_and_month(tokens, low)
}

/// 2001 to 2039, but for what is as round as sums are.
fn is_recent_year(number: &Number) -> bool {
    // Arithmetic last: most numbers have not four digits.
    number.digits == 4
        && !number.grouped
        && !number.scaled()
        && number.value > Decimal::from(2000)
        && number.value < Decimal::from(2040)
        && number.value.fract().is_zero()
        && !(number.value % Decimal::TEN).is_zero()
}

/// 14.12. with a point on either side of its month.
fn is_day_and_month(tokens: &Tokens<'_>, number: &Number) -> bool {
    let written = &tokens.chars[number.start..number.end];
    // Where a comma parts the cents, a point alone tells it: "vom 14.11".
    let told = tokens.words.ways.decimal_mark == Some(',') || tokens.chars.get(number.end) == Some(&'.');
    let Some(point) = written.iter().position(|c| *c == '.').filter(|_| told) else { return false };
    let figure = |digits: &[char]| digits.iter().map_while(|c| c.to_digit(10)).fold(0, |all, digit| all * 10 + digit);
    let (day, month) = (figure(&written[..point]), figure(&written[point + 1..]));
    (1..=31).contains(&day) && (1..=12).contains(&month) && written.len() - point == 3
}

/// Runs of digits that belong together: +852 5123 4567, (11) 98765-4321.
fn is_phone(tokens: &Tokens<'_>, sum: &Sum, numbers: &[Number]) -> bool {
    let chars = tokens.chars;
    let joined = |low: &Number, high: &Number| {
        let between = &chars[low.end.min(high.start)..high.start];
        let marks = between.iter().all(|c| matches!(c, ' ' | '-' | '.' | '(' | ')')) && between != ['.', ' '];
        marks && !between.is_empty() && between.len() <= 2 && !low.in_words() && !high.in_words()
    };
    let place = numbers.partition_point(|number| number.start < sum.low.start);
    let end = place + usize::from(sum.high.is_some());
    let (mut first, mut last) = (place, end);
    while first > 0 && place - first < 4 && joined(&numbers[first - 1], &numbers[first]) {
        first -= 1;
    }
    while last + 1 < numbers.len() && last - end < 4 && joined(&numbers[last], &numbers[last + 1]) {
        last += 1;
    }
    let run = &numbers[first..=last.min(numbers.len() - 1)];
    let digits: usize = run.iter().map(|number| number.digits).sum();
    let long = run.iter().all(|number| number.digits >= 2 && !number.scaled());
    // 1999-2500 are prices.
    let nines = |number: &Number| number.value % Decimal::ONE_HUNDRED == Decimal::from(99);
    let odd = || run.iter().any(|number| !(number.value % Decimal::TEN).is_zero() && !nines(number));
    let neighbours = sum.high.is_none() && run.len() > 1 || run.len() > 2;
    // 1.250-1.999 and "1250 to 1999" are none.
    let touch = || sum.high.is_some_and(|high| joined(&sum.low, &high) && !high.grouped);
    long && digits >= 7 && (neighbours || digits >= 8 && touch() && odd())
}

/// Many digits that are not round.
fn is_code(sum: &Sum) -> bool {
    let round = || (sum.low.value % Decimal::ONE_THOUSAND).is_zero();
    sum.low.digits >= CODE && !sum.low.grouped && !round()
}

/// A unit of measure, or what is counted, stands behind: 5 kg, 2 pieces, over 20 people.
fn is_measured(tokens: &Tokens<'_>, sum: &Sum) -> bool {
    let unit_at = |at: usize| {
        let at = tokens.skip_spaces(tokens.skip_suffix(at));
        let at = if tokens.chars.get(at) == Some(&'-') { at + 1 } else { at };
        // "150 bar auf die Hand": cash is no pressure.
        let pays = tokens.longest(at, |word| word.after.filter(|bound| *bound == Bound::Exactly));
        // 2500的平板: a tablet, and no square metres.
        let other = |unit: usize| tokens.at(at).any(|(word, end)| word.is(Marks::TRAP) && end > unit);
        // "45 l'unité": an article, and no litres.
        let article = |unit: usize| tokens.chars.get(unit) == Some(&'\'');
        let unit = tokens.marked(at, Marks::NOT_AFTER).filter(|unit| !other(*unit) && !article(*unit));
        unit.is_some_and(|unit| pays.is_none_or(|(_, pays)| pays <= unit))
    };
    // "500 ke andar kursi": behind a limit stands what is bought, unless so few may be counted.
    let limited = sum.bound == Some(Bound::AtMost) && sum.outer_end > sum.last_end();
    let limited = limited && sum.low.value >= Decimal::ONE_HUNDRED;
    // What may be a multiplier may be a unit, and then it has been taken for the former.
    unit_at(sum.last_end()) || !limited && unit_at(sum.outer_end)
}

/// "Is it 5000 or 6000 mAh?": the unit is meant for both.
fn is_measured_with_next(tokens: &Tokens<'_>, sum: &Sum, numbers: &[Number]) -> bool {
    let Some(end) = tokens.marked(tokens.skip_spaces(sum.last_end()), Marks::EITHER) else { return false };
    let start = tokens.skip_spaces(end);
    let next = numbers.binary_search_by_key(&start, |number| number.start).map(|place| &numbers[place]);
    let most = Decimal::from(MOST_APART);
    let alike = |next: &Number| sum.low.value <= next.value * most && next.value <= sum.low.value * most;
    let unit = |next: &Number| tokens.marked(tokens.skip_spaces(next.end), Marks::NOT_AFTER).is_some();
    next.is_ok_and(|next| alike(next) && unit(next))
}

/// "The 50 ml or that of 100?": the unit is meant for both.
fn is_measured_with_last(tokens: &Tokens<'_>, sum: &Sum, numbers: &[Number]) -> bool {
    let place = numbers.partition_point(|number| number.start < sum.low.start);
    let Some(last) = place.checked_sub(1).map(|last| &numbers[last]) else { return false };
    let most = Decimal::from(MOST_APART);
    let alike = sum.low.value <= last.value * most && last.value <= sum.low.value * most;
    let plain = sum.bound.is_none() && sum.high.is_none() && !sum.low.scaled() && !last.scaled();
    let unit = || tokens.marked(tokens.skip_spaces(last.end), Marks::NOT_AFTER);
    plain
        && alike
        && unit().is_some_and(|end| {
            let or = (end..sum.low.start.min(end + OR_REACH)).any(|at| tokens.marked(at, Marks::EITHER).is_some());
            or && sum.low.start - end <= OR_REACH
        })
}

/// A label stands before it: order no: 5678, size 42. No label numbers millions, nor thousands in words: "hp 2 jutaan" is a phone
/// for two of them.
pub(crate) fn is_labelled(tokens: &Tokens<'_>, low: &Number) -> bool {
    let thousands_in_words = low.in_words() && low.scaled() && low.value >= Decimal::ONE_THOUSAND;
    let mut at = tokens.back_over_spaces(low.start);
    // "Размер до 7 тысяч": the label is that of the number before it.
    let limited = || low.scaled() && tokens.before(at, |word| word.before).is_some();
    if !low.weak && (low.last_factor > Decimal::ONE_THOUSAND || thousands_in_words || limited()) {
        return false;
    }
    for _ in 0..3 {
        // "Chip in 40" is no size, whatever "in" is.
        if tokens.marked_before(at, Marks::PRICE).is_some() {
            return false;
        }
        // 起码 is a bound, though 码 is a size.
        let bounds = |label: usize| tokens.before(at, |word| word.before).is_some_and(|(_, start)| start < label);
        // "450 no 4500", "no 1000, con 800": nº folds to the same.
        let denies = |label: usize| {
            let before = tokens.back_over_spaces(label).checked_sub(1).map(|at| tokens.chars[at]);
            tokens.chars[label..at] == ['n', 'o'] && before.is_none_or(|c| c.is_ascii_digit())
        };
        // "31 размер до 4000": the label is that of the number before it.
        let behind = |label: usize| {
            let digit =
                tokens.back_over_spaces(label).checked_sub(1).is_some_and(|at| tokens.chars[at].is_ascii_digit());
            digit && low.value >= Decimal::ONE_THOUSAND && tokens.marked(label, Marks::NOT_AFTER).is_some()
        };
        // "Wait no 700": so does the end of a correction.
        let corrects = |label: usize| tokens.marked_before(at, Marks::CORRECTION).is_some_and(|start| start < label);
        let long = || tokens.marked_before(at, Marks::LONG_BEFORE).filter(|_| low.digits >= LEAST_PHONE);
        if let Some(label) = tokens.marked_before(at, Marks::NOT_BEFORE).or_else(long)
            && !bounds(label)
            && !denies(label)
            && !behind(label)
            && !corrects(label)
        {
            return true;
        }
        let Some(start) = tokens.marked_before(at, Marks::FILLER) else { return false };
        at = tokens.back_over_spaces(start);
    }
    false
}

/// 1.2w, and no 65w of a charger.
pub(crate) fn is_myriad(chars: &[char], number: &Number) -> bool {
    chars[number.end - 1] == 'w' && number.coefficient < Decimal::TEN
}

/// 4k and 8k are screens as often as sums.
pub(crate) fn is_resolution(chars: &[char], number: &Number) -> bool {
    let letter = number.digits == 1 && number.end == number.start + 2 && chars[number.end - 1] == 'k';
    letter && [Decimal::from(4), Decimal::from(8)].contains(&number.coefficient)
}
