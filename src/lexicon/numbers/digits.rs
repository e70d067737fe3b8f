//! Digits with every national grouping.

use rust_decimal::Decimal;

/// More digits than this are no number that anybody means.
const MOST_DIGITS: usize = 15;
/// Two round numbers with a space between them are a range and no thousands up to so much apart, where they are no fifties.
const MOST_BETWEEN_TENS: u32 = 50;

/// Words that are said twice have so many letters.
const LEAST_DOUBLED: usize = 4;

/// Digits as they stand in a text, with groups and a fraction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Digits {
    pub(crate) value: Decimal,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// How many digits.
    pub(crate) count: usize,
    /// Written in groups: 1.500.
    pub(crate) grouped: bool,
    /// Two decimals, as prices have them, and no time of day: 39,90.
    pub(crate) cents: bool,
    /// The mark, where there is one with three digits behind it: a fraction in a few currencies (1.250 KWD) and before
    /// millions (3,299jt).
    pub(crate) one_mark: Option<char>,
    /// No number: a date, a version, an address, a code with a zero in front, or far too long.
    pub(crate) broken: bool,
}

/// The groups of one number, while they are read.
#[derive(Default)]
struct Groups {
    /// The mark before each group but the first, and how many digits the group has.
    later: Vec<(char, usize)>,
    first: usize,
    all: u64,
    count: usize,
    starts_with_zero: bool,
}

/// Reads the digits that begin at `start`: `1,500.00`, `1.500,00`, `1 500`, `1'500`, `1,50,000`. A space does not join
/// what a unit of measure follows: "15 256gb".
pub(crate) fn digits(chars: &[char], start: usize, unit_at: &dyn Fn(usize) -> bool) -> Digits {
    let mut groups = Groups { starts_with_zero: chars[start] == '0', ..Groups::default() };
    groups.first = groups.take(chars, start);
    let mut end = start + groups.first;
    while let Some(mark) = chars.get(end).copied() {
        let size = chars[end + 1..].iter().take(4).take_while(|c| c.is_ascii_digit()).count();
        let joins = match mark {
            '.' | ',' => size > 0,
            ' ' | '\'' => {
                let behind = end + 4;
                let alike = groups.later.iter().all(|(other, _)| *other == mark);
                let unit = mark == ' ' && (unit_at(behind) || chars.get(behind) == Some(&' ') && unit_at(behind + 1));
                let alone = mark == ' ' && size == 3 && groups.first >= 2 && groups.later.is_empty();
                let two = alone && are_two(chars, start, groups.first) || mark == ' ' && doubles_word(chars, start);
                size == 3 && groups.first <= 3 && !groups.starts_with_zero && alike && !unit && !two
            }
            _ => false,
        };
        if !joins {
            break;
        }
        let size = groups.take(chars, end + 1);
        groups.later.push((mark, size));
        end += 1 + size;
    }
    let mut found = groups.read();
    (found.start, found.end) = (start, end);
    found
}

/// ".99" behind a space or a sign: a fraction that leaves out its zero.
pub(crate) fn fraction(chars: &[char], start: usize) -> Option<Digits> {
    let behind = chars.get(start + 1..)?;
    let count = behind.iter().take(4).take_while(|c| c.is_ascii_digit()).count();
    // The point of "B/.500" is the sign's.
    let joined = |c: &char| c.is_alphanumeric() || matches!(c, '.' | ',' | '/');
    let free = start == 0 || !joined(&chars[start - 1]);
    let ends = !behind.get(count).is_some_and(|c| matches!(c, '.' | ','));
    let all = behind[..count].iter().filter_map(|c| c.to_digit(10)).fold(0, |all, digit| all * 10 + i64::from(digit));
    let value = Decimal::new(all, count as u32);
    let end = start + 1 + count;
    let digits = Digits { value, start, end, count, cents: count == 2, ..Digits::default() };
    (chars[start] == '.' && (1..=3).contains(&count) && free && ends).then_some(digits)
}

/// What parts the digits of a fraction that is one character, once that is folded: ½.
const FRACTION: char = '\u{2044}';

/// Adds the half or the quarters that stand behind a whole number, or makes a fraction of the digits before the stroke: "2½", "½",
/// and "2 1/2", "1/2" where something `multiplies` them, as else that may be a date or a share.
pub(crate) fn add_fraction(chars: &[char], found: &mut Digits, multiplies: &dyn Fn(usize) -> bool) {
    let part_at = |start: usize| {
        let digit = |at: usize| chars.get(at).and_then(|c| c.to_digit(10));
        let (part, whole) = (digit(start)?, digit(start + 2)?);
        let proper = part > 0 && part < whole && matches!(whole, 2 | 4) && digit(start + 3).is_none();
        let stroke = chars[start + 1];
        let told = stroke == FRACTION || stroke == '/' && multiplies(start + 3);
        (proper && told).then(|| Decimal::new(i64::from(part * 100 / whole), 2))
    };
    let plain = !found.broken && !found.grouped && found.value.scale() == 0;
    if found.count == 1
        && let Some(part) = part_at(found.start)
    {
        *found = Digits { value: part, end: found.start + 3, ..*found };
    } else if plain
        && chars.get(found.end) == Some(&' ')
        && let Some(part) = part_at(found.end + 1)
    {
        *found = Digits { value: found.value + part, end: found.end + 4, one_mark: None, ..*found };
    }
}

impl Groups {
    /// Takes in a run of digits; its length.
    fn take(&mut self, chars: &[char], start: usize) -> usize {
        let mut size = 0;
        for digit in chars[start..].iter().map_while(|c| c.to_digit(10)) {
            size += 1;
            self.count += 1;
            if self.count <= MOST_DIGITS {
                self.all = self.all * 10 + u64::from(digit);
            }
        }
        size
    }

    fn read(&self) -> Digits {
        let fraction = self.fraction();
        let broken = self.count > MOST_DIGITS
            || fraction.is_none()
            || self.starts_with_zero && self.first > 1
            || self.starts_with_zero && fraction == Some(0) && self.count > 1;
        let decimals = fraction.unwrap_or(0).min(MOST_DIGITS);
        Digits {
            value: Decimal::new(self.all as i64, decimals as u32),
            start: 0,
            end: 0,
            count: self.count,
            cents: !broken && decimals == 2 && !self.is_time(),
            grouped: self.later.len() > usize::from(decimals > 0),
            one_mark: match self.later[..] {
                [(mark @ ('.' | ','), 3)] => Some(mark),
                _ => None,
            },
            broken,
        }
    }

    /// 18.30 may be half past six.
    fn is_time(&self) -> bool {
        let (whole, part) = (self.all / 100, self.all % 100);
        let clock = whole < 24 && part < 60 && part % 5 == 0;
        // 11.11 is a day of sales.
        let day = whole == part && whole <= 12;
        matches!(self.later[..], [('.', 2)]) && (clock || day)
    }

    /// How many digits stand behind the decimal mark; `None` where the groups are those of no number.
    fn fraction(&self) -> Option<usize> {
        let (mark, behind) = match self.later.last() {
            None => return Some(0),
            Some(last) => *last,
        };
        let before = &self.later[..self.later.len() - 1];
        if before.is_empty() && matches!(mark, '.' | ',') {
            // 1.500 and 1,500 are fifteen hundred; 0.500 and 12.5 are not.
            let group = behind == 3 && self.first <= 3 && !self.starts_with_zero;
            return Some(if group { 0 } else { behind });
        }
        if before.iter().all(|(other, _)| *other == mark) {
            return are_groups(self.first, &self.later).then_some(0);
        }
        let alike = before.iter().all(|(other, _)| *other == before[0].0);
        // 1'800.000: millions have a mark of their own.
        let decimals = if before[0].0 == '\'' && behind == 3 { 0 } else { behind };
        (alike && matches!(mark, '.' | ',') && are_groups(self.first, before)).then_some(decimals)
    }
}

/// "400 500", "100 120" and "80 120" are two round numbers, the second the larger, and no 400,500. The first has `size` digits.
fn are_two(chars: &[char], start: usize, size: usize) -> bool {
    let number = |from: usize, size: usize| {
        chars[from..from + size].iter().filter_map(|c| c.to_digit(10)).fold(0, |n, digit| n * 10 + digit)
    };
    let behind = start + size + 1;
    let (first, second) = (number(start, size), number(behind, 3));
    let goes_on = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let more = chars.get(behind + 3).is_some_and(|c| matches!(c, '.' | ',' | '\'' | ' ')) && goes_on(behind + 4);
    let round = |step: u32| first % step == 0 && second % step == 0;
    let near = round(50) && second <= 2 * first || round(10) && second <= first + MOST_BETWEEN_TENS;
    // "500 500 wale": so much for each.
    (first < second && near || first == second && round(10)) && !more && !goes_on(behind + 3)
}

/// "Kira2 600rb": the figure says a word twice, as Malay writes it. What names money before a number is shorter: R8 499.
fn doubles_word(chars: &[char], start: usize) -> bool {
    let letters = chars[..start].iter().rev().take(LEAST_DOUBLED).take_while(|c| c.is_ascii_alphabetic()).count();
    chars[start] == '2' && letters == LEAST_DOUBLED
}

/// Threes, or pairs before the last three, as in India.
fn are_groups(first: usize, later: &[(char, usize)]) -> bool {
    let threes = later.iter().all(|(_, size)| *size == 3);
    let Some(((_, last), pairs)) = later.split_last() else { return true };
    let indian = *last == 3 && first <= 2 && pairs.iter().all(|(mark, size)| *mark == ',' && *size == 2);
    first <= 3 && (threes || indian)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, bool) {
        let chars: Vec<char> = text.chars().collect();
        let found = digits(&chars, 0, &|place| chars.get(place) == Some(&'g'));
        (found.value.normalize().to_string(), found.broken)
    }

    #[test]
    fn every_grouping_is_read() {
        for (text, value) in [
            ("1,500.00", "1500"),
            ("1.500,00", "1500"),
            ("1 500,5", "1500.5"),
            ("1'500", "1500"),
            ("1'500.50", "1500.5"),
            ("1'800.000", "1800000"),
            ("1,50,000", "150000"),
            ("12,34,56,789", "123456789"),
            ("2.000.000", "2000000"),
            ("0,5", "0.5"),
            ("12.99", "12.99"),
            ("0.500", "0.5"),
            ("15 256gb", "15"),
            ("5000", "5000"),
            ("99", "99"),
        ] {
            assert_eq!(read(text), (value.to_owned(), false), "{text}");
        }
    }

    #[test]
    fn a_figure_that_doubles_a_word_is_no_group_of_a_number() {
        let read = |text: &str, start: usize| {
            let chars: Vec<char> = text.chars().collect();
            digits(&chars, start, &|_| false).value.to_string()
        };
        assert_eq!(read("kira2 600rb", 4), "2");
        assert_eq!(read("zar2 600", 3), "2600");
        assert_eq!(read("harga 2 600", 6), "2600");
    }

    #[test]
    fn halves_and_quarters_are_a_part_of_their_number() {
        let read = |text: &str| {
            let chars: Vec<char> = text.chars().collect();
            let mut found = digits(&chars, 0, &|_| false);
            add_fraction(&chars, &mut found, &|place| chars.get(place) == Some(&' '));
            (found.value.normalize().to_string(), found.end)
        };
        for (text, value, end) in [
            ("2 1⁄2 lakh", "2.5", 5),
            ("3⁄4", "0.75", 3),
            ("2 1/2 million", "2.5", 5),
            ("1/4 million", "0.25", 3),
            ("10 1⁄2", "10.5", 6),
            ("2 1/2", "2", 1),
            ("1/2", "1", 1),
            ("2/1 x", "2", 1),
            ("1/20 x", "1", 1),
            ("1/3 x", "1", 1),
        ] {
            assert_eq!(read(text), (value.to_owned(), end), "{text}");
        }
    }

    #[test]
    fn dates_versions_and_codes_are_no_numbers() {
        for text in ["12.05.2024", "192.168.0.1", "007", "1.2.3", "10,20,30", &"9".repeat(1000)] {
            assert!(read(text).1, "{text}");
        }
    }
}
