//! The currency beside a number: a sign, a code or a name on either side of it, and which of several counts.

use rust_decimal::Decimal;

use super::bounds::bind;
use super::marks::{Marks, Word};
use super::{Finder, Named, Sum};
use crate::numbers::digits::Digits;
use crate::search::folding::is_spaceless;
use hotline_domain::Country;

/// Longer local words are no abbreviations.
const ABBREVIATION: usize = 3;
/// Shorter ones behind a hyphen may be anything: "5-le 10".
const LEAST_HYPHENED: usize = 3;

/// A currency beside a number.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    pub(crate) named: Named,
    pub(crate) sign: Option<u16>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Finder<'_> {
    /// The currency that begins at a place.
    pub(crate) fn name_at(&self, at: usize) -> Option<Name> {
        let named = |(word, end): (&Word, usize)| {
            let anywhere = word.sign.is_some_and(|sign| self.only_in(sign).is_empty() && self.is_whole(sign, at, end));
            (word.code.is_some() || anywhere).then_some((*word, end))
        };
        // "50 000 Ft" in Budapest are forints, but a single letter behind a number is a sign of money only where its clause ends, and
        // where it is no unit: "500 L".
        let unit = || self.tokens.marked(at, Marks::NOT_AFTER).is_some();
        let own = |word: &Word| word.sign.is_some_and(|sign| self.is_here(sign)).then_some(*word);
        let own = || self.tokens.longest(at, own).filter(|(_, end)| end - at > 1 || self.ends_clause(*end) && !unit());
        let (word, end) = self.tokens.at(at).find_map(named).or_else(own)?;
        // "15 s/d 18" is a range, and no "s/" of soles; a million dollar question asks for no dollars.
        if self.tokens.marked(at, Marks::RANGE).is_some_and(|range| range > end) || self.tokens.is_trapped(at, end) {
            return None;
        }
        Some(Name { named: self.settle(&word), sign: word.sign, start: at, end })
    }

    /// Whether nothing of its clause stands behind a place.
    fn ends_clause(&self, end: usize) -> bool {
        let behind = self.tokens.chars.get(self.tokens.skip_spaces(end));
        behind.is_none_or(|c| !c.is_alphabetic() && !matches!(c, '\'' | '-' | '/'))
    }

    /// Of letters that are a word too, whether they are the sign: "500 $ can" at the end of a clause, or "500 $ CAN".
    fn is_whole(&self, sign: u16, start: usize, end: usize) -> bool {
        let code = || (start..end).any(|at| self.folded.is_code(at));
        !self.tokens.words.signs[usize::from(sign)].ends || self.ends_clause(end) && !self.asks_behind(end) || code()
    }

    /// "100$ can?" asks whether so much will do.
    fn asks_behind(&self, end: usize) -> bool {
        self.asks_at(self.tokens.skip_spaces(end))
    }

    /// The currency that ends at a place.
    pub(crate) fn name_before(&self, end: usize) -> Option<Name> {
        let named = |word: &Word| {
            let here = word.sign.is_some_and(|sign| self.only_in(sign).is_empty() || self.is_here(sign));
            (word.code.is_some() || here).then_some(*word)
        };
        let (word, start) = self.tokens.before(end, named)?;
        if self.tokens.is_trapped(start, end) {
            return None;
        }
        // "SR 50" in Riyadh: an abbreviation of the customer's own money.
        let own = || self.tokens.words.of_country(self.hints.country).map(Named::Known) == Some(self.settle(&word));
        let short = end - start <= ABBREVIATION && !is_spaceless(self.tokens.chars[start]);
        let local = word.is(Marks::LOCAL) && !(short && own());
        let is_word = || word.is(Marks::WORD_CODE) && word.sign.is_none() && !self.folded.is_code(start);
        let only_behind = local || is_word();
        (!only_behind).then(|| Name { named: self.settle(&word), sign: word.sign, start, end })
    }

    /// Whether a sign that few countries write so is one in the customer's.
    fn is_here(&self, sign: u16) -> bool {
        self.hints.country.is_some_and(|country| self.only_in(sign).contains(&country))
    }

    fn only_in(&self, sign: u16) -> &[Country] {
        &self.tokens.words.signs[usize::from(sign)].only_in
    }

    fn settle(&self, word: &Word) -> Named {
        let of_sign = || word.sign.and_then(|sign| self.tokens.words.settle(sign, self.lang, self.hints));
        word.code.or_else(of_sign).map_or(Named::Shared, Named::Known)
    }

    /// Takes in the currency on either side, and between the numbers of a range.
    pub(crate) fn currency(&self, sum: &mut Sum, behind: usize) {
        let tokens = self.tokens;
        let mut at = tokens.skip_spaces(tokens.skip_suffix(sum.end));
        // 三千多块: what bounds the sum may stand before its currency.
        if let Some((bound, end)) = tokens.longest(at, |word| word.after)
            && self.name_at(end).is_some()
        {
            bind(sum, bound);
            at = end;
        }
        if self.is_hyphened(at) {
            at += 1;
        }
        let after = self.name_at(at).filter(|name| self.may_follow(sum, name)).map(|name| self.told_again(sum, name));
        let before = self.name_before(tokens.back_over_spaces(sum.start)).filter(|name| name.start >= behind);
        let before = before.map(|name| self.told_before(name, behind));
        // "$ 500 $ 300": each has its own.
        let digit_behind = |name: &Name| tokens.digits_at(tokens.skip_spaces(name.end)).is_some();
        let after = after.filter(|name| before.is_none() || !digit_behind(name));
        let after = after.filter(|name| !self.is_of_next(sum, name));
        let between = sum.high.and_then(|_| {
            let at = tokens.skip_spaces(tokens.skip_suffix(sum.low.end));
            self.name_at(at).or_else(|| self.name_before(tokens.back_over_spaces(sum.high?.start)))
        });
        let known = |name: &Option<Name>| name.filter(|name| matches!(name.named, Named::Known(_)));
        // Of "$500 CAD" the code tells more, and the sign that one country has more than that of many.
        let exact = |name: &Option<Name>| known(name).filter(|name| self.is_exact(name));
        let best = exact(&after).or(exact(&before)).or(exact(&between));
        let best = best.or(known(&after)).or(known(&before)).or(known(&between)).or(after).or(before).or(between);
        if let Some(best) = best {
            sum.named = best.named;
        }
        sum.start = before.map_or(sum.start, |name| name.start);
        sum.end = after.map_or(sum.end, |name| name.end);
        (sum.outer_start, sum.outer_end) = (sum.start, sum.end);
    }

    /// "A 100-euro voucher", "100-रुपये": a hyphen joins the currency to the number before it.
    fn is_hyphened(&self, at: usize) -> bool {
        let chars = self.tokens.chars;
        let name = || self.name_at(at + 1).filter(|name| name.end - name.start >= LEAST_HYPHENED);
        let is_word = |name: Name| chars[name.start].is_alphabetic() && self.tokens.digits_at(name.end).is_none();
        chars.get(at) == Some(&'-') && at > 0 && chars[at - 1] != ' ' && name().is_some_and(is_word)
    }

    /// "2 $25 gift cards": a sign that touches the number behind it is that one's, where cents are not written so.
    fn is_of_next(&self, sum: &Sum, name: &Name) -> bool {
        let tokens = self.tokens;
        let touches = name.start > sum.end && tokens.digits_at(name.end).is_some();
        let touches = touches && !tokens.words.ways.cents_follow && !tokens.chars[name.end - 1].is_alphabetic();
        // "Os dois R$ 300": of a number in words, where those are no cents.
        let whole = |digits: &Digits| digits.count > 2 && self.name_at(tokens.skip_spaces(digits.end)).is_none();
        let behind = || tokens.digits_at(tokens.skip_spaces(name.end)).is_some_and(whole);
        touches || sum.low.in_words() && !sum.low.scaled() && sum.high.is_none() && behind()
    }

    /// "SGD $100": a second name right before the first says which it is.
    fn told_before(&self, name: Name, behind: usize) -> Name {
        let second = self.name_before(self.tokens.back_over_spaces(name.start)).filter(|second| second.start >= behind);
        let follows = |second: &Name| self.tokens.digits_at(self.tokens.back_over_spaces(second.start)).is_none();
        match second.filter(|second| !self.is_exact(&name) && self.is_exact(second) && follows(second)) {
            Some(second) => Name { end: name.end, ..second },
            None => name,
        }
    }

    /// 100蚊美金: a second name right behind the first says which it is.
    fn told_again(&self, sum: &Sum, name: Name) -> Name {
        let second = self.name_at(self.tokens.skip_spaces(name.end));
        let second = second.filter(|second| self.is_exact(second) && self.may_follow(sum, second));
        let starts_next = |end: usize| self.tokens.digits_at(self.tokens.skip_spaces(end)).is_some();
        second.filter(|second| !starts_next(second.end)).map_or(name, |second| Name { start: name.start, ..second })
    }

    fn is_exact(&self, name: &Name) -> bool {
        name.sign.is_none_or(|sign| self.tokens.words.signs[usize::from(sign)].code.is_some())
    }

    /// A code that is a word too counts in its own country, in capitals, or behind three digits where no country is known.
    fn may_follow(&self, sum: &Sum, name: &Name) -> bool {
        let least = name.sign.and_then(|sign| self.tokens.words.signs[usize::from(sign)].least);
        let cents = || self.tokens.digits_at(name.end).is_some_and(|digits| digits.count == 2);
        if least.is_some_and(|least| sum.low.value < least && !cents()) {
            return false;
        }
        let code = |word: &Word| (word.is(Marks::WORD_CODE) && word.sign.is_none()).then_some(word.code);
        let Some((Some(code), _)) = self.tokens.longest(name.start, code) else { return true };
        match self.tokens.words.of_country(self.hints.country) {
            Some(own) if own == code => true,
            _ if self.folded.is_code(name.start) => true,
            Some(_) => false,
            None => sum.low.value >= Decimal::ONE_HUNDRED,
        }
    }
}
