//! Numbers as people write them: digits with every grouping, words, and mixtures.

use rust_decimal::Decimal;

use super::folding::{is_spaceless, is_word};
use super::money_words::MoneyWords;

/// Longest word that is taken apart into number words: zweihundertfünfundzwanzigtausend.
const LONGEST_GLUED: usize = 48;

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
        match number_at(chars, index, words) {
            Some(number) => {
                index = number.end;
                numbers.push(number);
            }
            None => index += 1,
        }
    }
    numbers
}

fn number_at(chars: &[char], index: usize, words: &MoneyWords) -> Option<Number> {
    if chars[index].is_ascii_digit() {
        digits(chars, index).map(|number| scale(chars, number, words))
    } else if starts_word(chars, index) {
        inverted(chars, index, words).or_else(|| in_words(chars, index, words))
    } else {
        None
    }
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

/// A multiplier behind the digits, and what follows it: `15k`, `1.5 mil`, `3万5`, `5 тысяч 200`, `2 mil e quinhentos`.
fn scale(chars: &[char], mut number: Number, words: &MoneyWords) -> Number {
    let Some((mut last, mut end)) = multiplier(chars, number.end, words) else { return number };
    number.value *= last;
    // Ten thousand of thousands: 2 ribu juta, 3 hundred thousand.
    while let Some((factor, behind)) = multiplier(chars, end, words) {
        number.value *= factor;
        (last, end) = (last * factor, behind);
    }
    (number.end, number.scaled) = (end, true);
    // 3万5: five of the next lower rank.
    if let Some(digit) = chars.get(end).and_then(|c| c.to_digit(10))
        && is_spaceless(chars[end - 1])
        && !chars.get(end + 1).is_some_and(|c| c.is_ascii_digit() || multiplier(chars, end + 1, words).is_some())
    {
        number.value += Decimal::from(digit) * last / Decimal::TEN;
        number.end = end + 1;
        return number;
    }
    let next = skip_joint(chars, end, words);
    if let Some(rest) = chars.get(next).and_then(|_| number_at(chars, next, words))
        && rest.value < last
    {
        let half = rest.value == Decimal::new(5, 1);
        // Of bare digits only those of the next rank belong to it: 2 mil 500, and not 5 mil 2.
        let belongs =
            half || rest.scaled || rest.in_words || rest.value * Decimal::TEN >= last && !rest.value.is_zero();
        if belongs {
            number.value += if half { rest.value * last } else { rest.value };
            number.end = rest.end;
        }
    }
    number
}

fn multiplier(chars: &[char], at: usize, words: &MoneyWords) -> Option<(Decimal, usize)> {
    let skipped = if matches!(chars.get(at), Some(' ' | '-')) { at + 1 } else { at };
    let (factor, end) = words.multipliers.longest(chars, skipped)?;
    // One letter must touch the digits: "5 k" may be anything.
    let single = end - skipped == 1 && !is_spaceless(chars[skipped]);
    (skipped == at || !single).then_some((*factor, end))
}

/// A multiplier with its digits behind, as Russian says "about": тысяч 40.
fn inverted(chars: &[char], start: usize, words: &MoneyWords) -> Option<Number> {
    let ((), end) = words.inverted.longest_word(chars, start)?;
    let (factor, _) = words.multipliers.longest_word(chars, start)?;
    let at = end + usize::from(chars.get(end) == Some(&' '));
    let number = chars.get(at).filter(|c| c.is_ascii_digit()).and_then(|_| digits(chars, at))?;
    let fits = number.value < Decimal::ONE_THOUSAND;
    fits.then(|| Number { value: number.value * factor, start, scaled: true, ..number })
}

/// A number that grows word by word.
#[derive(Default)]
struct Spoken {
    /// Thousands and more.
    total: Decimal,
    /// Hundreds and tens.
    group: Decimal,
    /// What the next multiplier takes.
    pending: Decimal,
    last_factor: Decimal,
    words: usize,
    scaled: bool,
    /// A zero was spoken behind the last multiplier: 三千零五 is 3005.
    zero: bool,
}

impl Spoken {
    fn multiply(&mut self, factor: Decimal) {
        if factor >= Decimal::ONE_THOUSAND {
            let all = self.group + self.pending;
            let part = if all.is_zero() { Decimal::ONE } else { all };
            // Ten thousand times a hundred million: what stands before belongs to it too.
            if self.total > Decimal::ZERO && factor > self.last_factor && self.last_factor >= Decimal::ONE_THOUSAND {
                self.total = (self.total + if all.is_zero() { Decimal::ZERO } else { all }) * factor;
            } else {
                self.total += part * factor;
            }
            self.group = Decimal::ZERO;
        } else {
            let part = if self.pending.is_zero() { Decimal::ONE } else { self.pending };
            self.group += part * factor;
        }
        self.pending = Decimal::ZERO;
        self.last_factor = factor;
        self.scaled = true;
        self.zero = false;
        self.words += 1;
    }

    fn add(&mut self, value: Decimal) {
        self.pending += value;
        self.zero |= value.is_zero();
        self.words += 1;
    }

    /// The number. `tail`: a digit at its end is of the next lower rank.
    fn value(&self, tail_counts: bool) -> Decimal {
        let half = self.pending == Decimal::new(5, 1);
        // 三千五: five of the next lower rank; a million and a half.
        let tail = half && self.last_factor > Decimal::ZERO
            || tail_counts
                && !self.zero
                && self.last_factor >= Decimal::ONE_HUNDRED
                && self.pending > Decimal::ZERO
                && self.pending < Decimal::TEN;
        let rank = if half { self.last_factor } else { self.last_factor / Decimal::TEN };
        self.total + self.group + if tail { self.pending * rank } else { self.pending }
    }
}

/// Numbers in words: "five hundred", "две тысячи", "三千五", "duemila", "mil e quinhentos", "zweitausendfünfhundert".
fn in_words(chars: &[char], start: usize, words: &MoneyWords) -> Option<Number> {
    let mut spoken = Spoken::default();
    let (mut index, mut end) = (start, start);
    while let Some(behind) = next_word(chars, index, words, &mut spoken) {
        end = behind;
        index = skip_joint(chars, behind, words);
        // A space between two characters of one number is rare; digits end it.
        if index >= chars.len() {
            break;
        }
    }
    if spoken.words == 0 {
        return None;
    }
    let value = spoken.value(words.tail_is_next_rank || is_spaceless(chars[end - 1]));
    Some(Number { value, start, end, scaled: spoken.scaled, in_words: true, digits: 0 })
}

/// Takes in the number word at `index`; where it ends.
fn next_word(chars: &[char], index: usize, words: &MoneyWords, spoken: &mut Spoken) -> Option<usize> {
    let multiplier = words.multipliers.longest_word(chars, index);
    let unit = words.units.longest_word(chars, index);
    match (multiplier, unit) {
        (Some((factor, end)), unit) if unit.is_none_or(|(_, other)| end >= other) => {
            if spoken.words == 0 && !words.alone.contains(factor) {
                return None;
            }
            spoken.multiply(*factor);
            Some(end)
        }
        (_, Some((value, end))) => {
            // "seven eight" counts, and is no number.
            let clashes = !spoken.pending.is_zero()
                && *value < Decimal::TEN
                && *value >= Decimal::ONE
                && spoken.pending < Decimal::TEN
                && spoken.pending >= Decimal::ONE;
            if clashes && !spoken.scaled {
                return None;
            }
            spoken.add(*value);
            Some(end)
        }
        _ => glued(chars, index, words, spoken),
    }
}

/// A word that is made of number words: duemilacinquecento, zweiundzwanzig, ikibinbeşyüz.
fn glued(chars: &[char], index: usize, words: &MoneyWords, spoken: &mut Spoken) -> Option<usize> {
    if !starts_word(chars, index) || is_spaceless(chars[index]) {
        return None;
    }
    let length = chars[index..].iter().take_while(|c| is_word(**c)).count();
    if !(5..=LONGEST_GLUED).contains(&length) {
        return None;
    }
    let word = &chars[index..index + length];
    let mut parts = Vec::new();
    take_apart(word, words, &mut parts).then(|| {
        for part in parts {
            match part {
                Part::Factor(factor) => spoken.multiply(factor),
                Part::Value(value) => spoken.add(value),
            }
        }
        index + length
    })
}

#[derive(Clone, Copy)]
enum Part {
    Factor(Decimal),
    Value(Decimal),
}

/// Longest parts first, going back where the rest cannot be taken apart.
fn take_apart(rest: &[char], words: &MoneyWords, parts: &mut Vec<Part>) -> bool {
    if rest.is_empty() {
        return parts.len() > 1;
    }
    let mut found: Vec<(usize, Option<Part>)> = Vec::new();
    found.extend(words.multipliers.prefixes(rest).map(|(factor, length)| (length, Some(Part::Factor(*factor)))));
    found.extend(words.units.prefixes(rest).map(|(value, length)| (length, Some(Part::Value(*value)))));
    if !parts.is_empty() {
        found.extend(words.joints.prefixes(rest).map(|((), length)| (length, None)));
    }
    found.retain(|(length, part)| *length >= 2 || part.is_none() && *length < rest.len());
    found.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    for (length, part) in found {
        let before = parts.len();
        parts.extend(part);
        if take_apart(&rest[length..], words, parts) {
            return true;
        }
        parts.truncate(before);
    }
    false
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
        Some((_, behind)) if at > index || is_spaceless(chars[at]) => {
            let next = after_space(behind);
            let goes_on = words.units.longest_word(chars, next).is_some()
                || words.multipliers.longest_word(chars, next).is_some();
            if goes_on { next } else { index }
        }
        _ => at,
    }
}
