//! What bounds a sum: words on both sides of it, and two sums that bound one range.

use rust_decimal::Decimal;

use super::file::Bound;
use super::marks::{Marks, Word};
use super::{Finder, Named, Sum};
use crate::search::folding::is_spaceless;

/// "At least 300, at most 500": so many characters may stand between the two.
const BETWEEN_BOUNDS: usize = 8;
/// "90 a night for two max": so many characters may stand between a sum and the limit that ends its clause.
const TRAILING_BOUND: usize = 24;
/// A limit of so many words more than one may have others behind it: "that's my ceiling for a kitchen".
const LEAST_SPACES: usize = 2;
/// "My limit for the weekend is 200": so many between what tells the limit and the sum.
const LIMIT_REACH: usize = 44;

impl Finder<'_> {
    /// Takes in the words that bound the sum, on both sides.
    pub(crate) fn bounds(&self, sum: &mut Sum, behind: usize) {
        let tokens = self.tokens;
        for _ in 0..3 {
            let before = self.back_over_fillers(sum.outer_start);
            if let Some((bound, start)) =
                tokens.before(before, |word| word.before).filter(|(_, start)| *start >= behind)
            {
                // "Between" may mean "about" too, where no range follows.
                let between = || tokens.marked_before(before, Marks::RANGE_START) == Some(start);
                if sum.high.is_none() || bound != Bound::AtLeast && !between() {
                    bind(sum, bound);
                }
                sum.outer_start = start;
            } else {
                break;
            }
        }
        let before = tokens.back_over_spaces(sum.outer_start);
        if sum.high.is_some()
            && let Some(start) = tokens.marked_before(before, Marks::RANGE_START)
        {
            sum.outer_start = start;
        }
        for _ in 0..2 {
            let at = tokens.skip_spaces(self.over_each(tokens.skip_suffix(sum.outer_end)));
            let after = |at: usize| tokens.longest(at, |word| word.after);
            // 1500 liradan az: so is the currency.
            let named = || after(tokens.skip_spaces(sum.last_end())).filter(|(_, end)| *end > sum.outer_end);
            // 500'e kadar: the ending is part of the bound.
            // 1500 per night se kam: what it is for stands between.
            let each = || {
                after(tokens.skip_spaces(tokens.marked(at, Marks::PRICE)?)).filter(|(bound, _)| *bound != Bound::About)
            };
            let told = after(sum.outer_end).or_else(|| after(at)).or_else(named).or_else(each);
            let Some((bound, end)) = told else { break };
            if self.goes_on(sum.outer_end, end) {
                break;
            }
            if sum.high.is_none() || tokens.marked_before(end, Marks::RANGE_START).is_none() {
                bind(sum, bound);
            }
            sum.outer_end = end;
        }
        if sum.bound.is_none()
            && sum.high.is_none()
            && let Some(end) = self.trailing_limit(sum.outer_end)
        {
            bind(sum, Bound::AtMost);
            sum.outer_end = end;
        }
        let plain = matches!(sum.bound, None | Some(Bound::About)) && sum.high.is_none();
        if plain && (self.is_limited_next(sum.outer_end) || self.is_limited_before(sum.outer_start, behind)) {
            bind(sum, Bound::AtMost);
        }
    }

    /// "Seven thousand, not more", "200 for the sofa. More I won't give.": the clause behind that of a sum begins with a limit that is
    /// of no other sum. A word or two have to fill that clause.
    fn is_limited_next(&self, from: usize) -> bool {
        let (tokens, chars) = (self.tokens, self.tokens.chars);
        let at = tokens.skip_spaces(tokens.skip_suffix(from));
        let spaceless =
            at > from && at > 0 && is_spaceless(chars[from - 1]) && chars.get(at).is_some_and(|c| is_spaceless(*c));
        let beside = spaceless || chars.get(at).is_some_and(|c| is_end(*c) || *c == '-');
        let clause = chars[at..].iter().take(TRAILING_BOUND).take_while(|c| !is_end(**c)).count();
        let end = if beside { at } else { at + clause };
        let parted = beside || chars.get(end).is_some_and(|c| is_end(*c)) && !self.tells_budget(at..end);
        let first = self.numbers.partition_point(|number| number.start < from);
        let is_of_other = |before: usize| self.numbers.get(first).is_some_and(|number| number.start < before);
        if !parted || is_of_other(end) {
            return false;
        }
        let mut at = end;
        while chars.get(at).is_some_and(|c| !c.is_alphanumeric()) {
            at += 1;
        }
        let limit = |at: usize| tokens.longest(at, |word| word.after.filter(|bound| *bound == Bound::AtMost));
        let joined = || tokens.marked(at, Marks::JOINT).and_then(|end| limit(tokens.skip_spaces(end)));
        let Some((_, end)) = limit(at).or_else(joined) else { return false };
        let next = tokens.skip_spaces(end);
        let ends = !chars.get(next).is_some_and(|c| c.is_alphanumeric());
        let spaces = chars[at..end].iter().filter(|c| **c == ' ').count();
        let phrase = spaceless || spaces >= LEAST_SPACES;
        let fills = ends && (beside || spaces > 0);
        let rest = chars[next..].iter().take(LIMIT_REACH).take_while(|c| !is_end(**c)).count();
        let near = if beside { BETWEEN_BOUNDS } else { rest.max(BETWEEN_BOUNDS) };
        (fills || phrase) && !is_of_other(next + near) && self.name_at(next).is_none()
    }

    /// "I have 200 left, no more": so much is there, and no limit.
    fn tells_budget(&self, mut clause: std::ops::Range<usize>) -> bool {
        clause.any(|at| self.tokens.at(at).any(|(word, _)| word.is(Marks::BUDGET)))
    }

    /// "My limit for the weekend is 200", "spending limit per kid: 75".
    fn is_limited_before(&self, start: usize, behind: usize) -> bool {
        let tokens = self.tokens;
        if !tokens.has(Marks::LIMIT) {
            return false;
        }
        let at = tokens.back_over_spaces(start);
        let at = self.name_before(at).map_or(at, |name| tokens.back_over_spaces(name.start));
        let told = at > 0 && tokens.chars[at - 1] == ':' || tokens.marked_before(at, Marks::FILLER).is_some();
        let clause = tokens.chars[behind.min(at)..at].iter().rev().take(LIMIT_REACH);
        let from =
            at - clause.take_while(|c| !matches!(c, ',' | '.' | ';' | '!' | '?' | '\n') && !c.is_ascii_digit()).count();
        told && (from..at).any(|place| tokens.marked(place, Marks::LIMIT).is_some())
    }

    /// Whether what ends there bounds nothing here, as more is added: "$20 + shipping" is no least, 五块六到六块 a range, and of
    /// "at least 150 max 200" the limit is that of the second.
    fn goes_on(&self, from: usize, end: usize) -> bool {
        let (chars, tokens) = (self.tokens.chars, self.tokens);
        let apart = chars[from] == ' ' && chars.get(end) == Some(&' ');
        let adds = chars[end - 1] == '+' && (apart || chars.get(end).is_some_and(|c| c.is_alphanumeric()));
        let next = || self.numbers.binary_search_by_key(&tokens.skip_spaces(end), |number| number.start);
        let joins = tokens.marked_before(end, Marks::RANGE).is_some();
        adds || joins && next().is_ok() || self.binds_next(from, end)
    }

    /// Whether a word that bounds what stands behind it reaches over this place: "at least $300 max $500", "al menos 300 € no más de
    /// 500 €".
    fn binds_next(&self, from: usize, end: usize) -> bool {
        let tokens = self.tokens;
        let bound = |at: usize| {
            let bound = tokens.longest(at, |word| word.before).filter(|(bound, _)| *bound != Bound::About)?;
            Some(bound.1).filter(|behind| *behind >= end)
        };
        let number = |behind: usize| {
            let at = tokens.skip_spaces(behind);
            let sign = tokens.longest(at, |word| (word.code.is_some() || word.sign.is_some()).then_some(()));
            let at = sign.map_or(at, |(_, end)| tokens.skip_spaces(end));
            let place = self.numbers.binary_search_by_key(&at, |number| number.start).ok()?;
            // "300 at most for both": so few are no sum.
            (self.numbers[place].value >= Decimal::TEN).then_some(())
        };
        (from..end).any(|at| bound(at).is_some_and(|behind| number(behind).is_some()))
    }

    /// "90 a night max": a limit, such as may stand on either side of its sum, that ends the clause; where it ends.
    fn trailing_limit(&self, from: usize) -> Option<usize> {
        let chars = self.tokens.chars;
        // "Ein Zelt für höchstens € 250": the limit is that of the sum behind it.
        let ends = |at: usize| !chars.get(at).is_some_and(|c| c.is_alphanumeric()) && self.name_at(at).is_none();
        let limit = |at: usize| {
            let both =
                |word: &Word| word.before.zip(word.after).filter(|bounds| *bounds == (Bound::AtMost, Bound::AtMost));
            self.tokens.longest(at, both).map(|(_, end)| end)
        };
        let reach = chars[from..].iter().take(TRAILING_BOUND);
        let clause =
            reach.take_while(|c| !matches!(c, ',' | '.' | ';' | '!' | '?' | '\n') && !c.is_ascii_digit()).count();
        let end = (from..from + clause).find_map(limit)?;
        let number = self.numbers.iter().any(|number| (from..end).contains(&number.start));
        (ends(self.tokens.skip_spaces(end)) && !number).then_some(end)
    }

    /// 90€/night max: what the price is for.
    fn over_each(&self, end: usize) -> usize {
        let chars = self.tokens.chars;
        if chars.get(end) != Some(&'/') {
            return end;
        }
        let word = chars[end + 1..].iter().take(12).take_while(|c| c.is_alphabetic()).count();
        if word > 0 { end + 1 + word } else { end }
    }

    /// "Max is 500", "up to the 500".
    fn back_over_fillers(&self, start: usize) -> usize {
        let tokens = self.tokens;
        let plain = tokens.back_over_spaces(start);
        let mut at = plain;
        for _ in 0..2 {
            let Some(start) = tokens.marked_before(at, Marks::FILLER) else { break };
            if tokens.before(at, |word| word.before).is_some() {
                break;
            }
            at = tokens.back_over_spaces(start);
        }
        if tokens.before(at, |word| word.before).is_some() { at } else { plain }
    }

    /// "At least 300 but at most 500" is one range.
    pub(crate) fn merge_bounds(&self, sums: &mut Vec<Sum>) {
        let mut at = 1;
        while at < sums.len() {
            let (low, high) = (&sums[at - 1], &sums[at]);
            let bounded = low.bound == Some(Bound::AtLeast) && high.bound == Some(Bound::AtMost);
            let near = high.outer_start.saturating_sub(low.outer_end) <= BETWEEN_BOUNDS;
            let alike = low.named == Named::Not || high.named == Named::Not || low.named == high.named;
            let bounded = bounded || self.ranges_with_coins(low, high);
            if bounded && near && alike && low.high.is_none() && high.high.is_none() && low.low.value < high.low.value {
                let high = sums.remove(at);
                let low = &mut sums[at - 1];
                low.high = Some(high.low);
                low.named = if low.named == Named::Not { high.named } else { low.named };
                (low.end, low.outer_end) = (high.end, high.outer_end);
            }
            at += 1;
        }
    }

    /// 五元六角-五元七毛八分: a range between two sums that have coins.
    fn ranges_with_coins(&self, low: &Sum, high: &Sum) -> bool {
        let tokens = self.tokens;
        let at = tokens.skip_spaces(low.outer_end);
        let is_range = |end: &usize| {
            tokens.marked_before(*end, Marks::JOINT).is_none() && !self.is_choice(*end, &low.low, &high.low)
        };
        let between = tokens.marked(at, Marks::RANGE).filter(is_range);
        let unbound = low.bound.is_none_or(|bound| bound == Bound::About) && low.named != Named::Not;
        // The word between may bound the second sum too: 到.
        unbound
            && match high.bound {
                None => between.is_some_and(|end| tokens.skip_spaces(end) == high.outer_start),
                Some(bound) => bound == Bound::AtMost && between.is_some() && at == high.outer_start,
            }
    }
}

/// A bound on top of those already found: limits count more than "about".
pub(crate) fn bind(sum: &mut Sum, bound: Bound) {
    if bound == Bound::Exactly {
        return;
    }
    sum.about |= bound == Bound::About;
    if bound != Bound::About || sum.bound.is_none() {
        sum.bound = Some(bound);
    }
}

/// Where a clause ends behind a sum.
fn is_end(c: char) -> bool {
    matches!(c, ',' | '.' | ';' | '!' | '\n' | '。')
}
