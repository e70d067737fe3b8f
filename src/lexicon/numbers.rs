//! Numbers as people write them: digits with every grouping, words, and mixtures.

use rust_decimal::Decimal;

use super::folding::{is_spaceless, is_word};
use super::money::MoneyWords;

/// A number in the text, in folded characters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: Decimal,
    pub(super) start: usize,
    pub(super) end: usize,
    /// A multiplier such as `k`, `万` or `тысяч` stands in it.
    pub(super) scaled: bool,
    /// Written in words alone.
    pub(super) in_words: bool,
    /// Digits before any multiplier.
    pub(super) digits: usize,
}

/// All numbers of a text, in order.
pub(super) fn find(chars: &[char], words: &MoneyWords) -> Vec<Number> {
    let mut numbers = Vec::new();
    let mut index = 0;
    while index < chars.len() {
        let found = if chars[index].is_ascii_digit() {
            digits(chars, index).map(|number| scale(chars, number, words))
        } else if starts_word(chars, index) {
            in_words(chars, index, words)
        } else {
            None
        };
        match found {
            Some(number) => {
                index = number.end;
                numbers.push(number);
            }
            None => index += 1,
        }
    }
    numbers
}

/// Whether a word may begin here.
fn starts_word(chars: &[char], index: usize) -> bool {
    let c = chars[index];
    c.is_alphabetic() && (index == 0 || !is_word(chars[index - 1]) || is_spaceless(c))
}

/// Digits with groups and a fraction: `1,500.00`, `1.500,00`, `1 500`, `1'500`, `1,50,000`.
fn digits(chars: &[char], start: usize) -> Option<Number> {
    let mut end = start;
    let mut text = String::new();
    let mut marks: Vec<(usize, char)> = Vec::new();
    while end < chars.len() {
        let c = chars[end];
        if c.is_ascii_digit() {
            text.push(c);
            end += 1;
            continue;
        }
        let grouped = |size: usize| {
            let digits = chars[end + 1..].iter().take_while(|c| c.is_ascii_digit()).count();
            digits == size
        };
        let joins = match c {
            '.' | ',' => end + 1 < chars.len() && chars[end + 1].is_ascii_digit(),
            // A space or an apostrophe groups threes, and only after one to three digits.
            ' ' | '\'' => grouped(3) && group_before(&text, &marks) <= 3,
            _ => false,
        };
        if !joins {
            break;
        }
        marks.push((text.len(), c));
        end += 1;
    }
    if text.len() > 18 {
        return Some(Number { value: Decimal::ZERO, start, end, scaled: false, in_words: false, digits: text.len() });
    }
    let fraction_at = fraction(&text, &marks);
    let digits = text.len();
    if let Some(at) = fraction_at {
        text.insert(at, '.');
    }
    let value: Decimal = text.parse().ok()?;
    Some(Number { value, start, end, scaled: false, in_words: false, digits })
}

fn group_before(text: &str, marks: &[(usize, char)]) -> usize {
    text.len() - marks.last().map_or(0, |(at, _)| *at)
}

/// Where the fraction begins, if one of the marks is a decimal mark: the last one, unless it groups threes.
fn fraction(text: &str, marks: &[(usize, char)]) -> Option<usize> {
    let (at, mark) = *marks.last()?;
    if mark == ' ' || mark == '\'' {
        return None;
    }
    let behind = text.len() - at;
    let only_of_its_kind = marks.iter().filter(|(_, other)| *other == mark).count() == 1;
    let others = marks.iter().any(|(_, other)| *other != mark);
    match () {
        () if !only_of_its_kind => None,
        () if others => Some(at),
        // 1.500 and 1,500 are fifteen hundred; 0.500 and 12.5 are not.
        () if behind == 3 && at <= 3 && !text.starts_with('0') => None,
        () => Some(at),
    }
}

/// A multiplier behind the digits: `15k`, `1.5 mil`, `3万5`, `5 тысяч`.
fn scale(chars: &[char], mut number: Number, words: &MoneyWords) -> Number {
    while let Some((factor, end)) = multiplier(chars, number.end, words) {
        number.value *= factor;
        number.end = end;
        number.scaled = true;
        // 3万5: five of the next lower rank.
        if let Some(rest) = chars.get(end).filter(|c| c.is_ascii_digit())
            && is_spaceless(chars[end - 1])
            && !chars.get(end + 1).is_some_and(|c| c.is_ascii_digit() || multiplier(chars, end + 1, words).is_some())
        {
            let digit = Decimal::from(rest.to_digit(10).unwrap_or(0));
            number.value += digit * factor / Decimal::TEN;
            number.end = end + 1;
            break;
        }
    }
    number
}

fn multiplier(chars: &[char], at: usize, words: &MoneyWords) -> Option<(Decimal, usize)> {
    let skipped = if chars.get(at) == Some(&' ') { at + 1 } else { at };
    let (factor, end) = words.multipliers.longest(chars, skipped)?;
    // One letter must touch the digits: "5 k" may be anything.
    (skipped == at || end - skipped > 1 || is_spaceless(chars[skipped])).then_some((*factor, end))
}

/// Numbers in words: "five hundred", "две тысячи", "三千五", "duemila", "mil e quinhentos".
fn in_words(chars: &[char], start: usize, words: &MoneyWords) -> Option<Number> {
    let (mut total, mut group, mut last_factor) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    let (mut index, mut end, mut count) = (start, start, 0);
    let mut scaled = false;
    loop {
        if let Some((factor, behind)) = words.multipliers.longest_word(chars, index) {
            if count == 0 && !words.alone.contains(factor) {
                break;
            }
            let factor = *factor;
            let part = if group.is_zero() { Decimal::ONE } else { group };
            if factor >= Decimal::ONE_THOUSAND {
                total += part * factor;
                group = Decimal::ZERO;
            } else {
                // Hundreds stay in the group, that a thousand may follow.
                group = part * factor;
            }
            last_factor = factor;
            scaled = true;
            (index, end) = (behind, behind);
        } else if let Some((value, behind)) = words.units.longest_word(chars, index) {
            group += *value;
            // 三千五: five of the next lower rank, if nothing follows.
            let tail = is_spaceless(chars[index]) && last_factor >= Decimal::ONE_HUNDRED && *value < Decimal::TEN;
            if tail && words.multipliers.longest_word(chars, behind).is_none() && !chars[index..behind].contains(&'零')
            {
                group += *value * last_factor / Decimal::TEN - *value;
            }
            (index, end) = (behind, behind);
        } else {
            break;
        }
        count += 1;
        index = skip_joint(chars, index, words);
    }
    let value = total + group;
    let long_enough = count > 0 && (value >= Decimal::TEN || scaled);
    long_enough.then_some(Number { value, start, end, scaled, in_words: true, digits: 0 })
}

/// Over a space, a hyphen or an "and" between two words of one number.
fn skip_joint(chars: &[char], index: usize, words: &MoneyWords) -> usize {
    let after_space = |mut at: usize| {
        while matches!(chars.get(at), Some(' ' | '-')) {
            at += 1;
        }
        at
    };
    let at = after_space(index);
    match words.joints.longest_word(chars, at) {
        Some((_, behind)) if at > index => {
            let next = after_space(behind);
            let goes_on = words.units.longest_word(chars, next).is_some()
                || words.multipliers.longest_word(chars, next).is_some();
            if goes_on { next } else { index }
        }
        _ => at,
    }
}
