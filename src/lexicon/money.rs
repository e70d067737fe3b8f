//! Sums of money in a text: currencies, ranges, bounds, and what is no money.

use rust_decimal::Decimal;

use super::Hints;
use super::folding::{Folded, is_spaceless, is_word};
use super::money_words::{Bound, MoneyWords, Sign};
use super::numbers::{self, Number};
use crate::domain::{Amount, Currency, Span};

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
