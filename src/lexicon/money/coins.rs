//! Small coins: "5 dollars 50", 12元5角, "costa 18 e 50".

use rust_decimal::Decimal;

use super::marks::{Coin, Lead, Marks, Word};
use super::{Finder, Named, Sum};
use crate::numbers::Number;
use crate::search::folding::is_spaceless;

/// No longer is what is short for a cent: c, ct.
const SHORT_COIN: usize = 2;

fn is_cent(part: Decimal) -> bool {
    part == Decimal::new(1, 2)
}

impl Finder<'_> {
    /// "5 dollars 50", "12元5角", "5 euros and 20 cents", "50 cents"; how many more numbers that took.
    pub(crate) fn small_coins(&self, sum: &mut Sum, index: usize) -> usize {
        let tokens = self.tokens;
        let at = tokens.skip_spaces(sum.low.end);
        let minor = |word: &Word| word.minor;
        // What the coins behind the last one are a part of.
        let mut rank = Decimal::ONE;
        if sum.named == Named::Not {
            // "43c" is coins behind a sum alone.
            let is_letter =
                |end: usize| end == at + 1 && tokens.chars[at].is_alphabetic() && !is_spaceless(tokens.chars[at]);
            // 20000毫安 is a capacity and no 毫 of money, 25分 are points unless they stand behind a sum.
            let is_unit = |end: usize| tokens.marked(at, Marks::NOT_AFTER).is_some_and(|unit| unit >= end);
            let coin = tokens.longest(at, minor);
            let small = sum.low.factor < Decimal::ONE_THOUSAND;
            let coin = coin.filter(|(_, end)| small && !is_letter(*end) && !is_unit(*end));
            let Some((Coin { of: sign, part }, end)) = coin else { return 0 };
            sum.named = tokens.words.settle(sign, self.lang, self.hints).map_or(Named::Shared, Named::Known);
            rank = part / self.thousandths(sum.named);
            sum.low.value *= rank;
            (sum.end, sum.outer_end) = (end, end);
            if let Some(start) = self.one_before_coins(sum) {
                sum.low.value += Decimal::ONE;
                (sum.start, sum.outer_start) = (start, start);
            }
        }
        let (mut taken, finer) = (0, self.thousandths(sum.named));
        while let Some(next) = self.numbers.get(index + taken) {
            let mut at = tokens.skip_spaces(sum.end);
            let touches = next.start == sum.end;
            let joint = tokens.marked(at, Marks::JOINT).filter(|_| at != next.start);
            let coin = tokens.longest(tokens.skip_spaces(next.end), minor).filter(|(coin, end)| {
                let of = tokens.words.settle(coin.of, self.lang, self.hints).map_or(Named::Shared, Named::Known);
                // "20 ringgit and 43c": short for the coins of any.
                let short = self.thousandths(sum.named) == Decimal::ONE && is_cent(coin.part);
                let short = short && end - tokens.skip_spaces(next.end) <= SHORT_COIN;
                of == sum.named || of == Named::Shared || sum.named == Named::Shared || short
            });
            // "Two dollars, fifty cents".
            let comma = || (coin.is_some() && tokens.chars.get(at) == Some(&',')).then_some(at + 1);
            let joint = joint.or_else(comma);
            at = joint.map_or(at, |end| tokens.skip_spaces(end));
            let ends_with_currency = sum.end > sum.low.end;
            let has_cents = !sum.low.value.fract().is_zero() && taken == 0 && rank == Decimal::ONE;
            let sign_in_front = sum.start < sum.low.start && joint.is_some();
            if at != next.start || !(ends_with_currency || sign_in_front) || has_cents {
                break;
            }
            let coin = coin.map(|(coin, end)| (coin.part / finer, end));
            let bare = rank == Decimal::ONE && taken == 0 && self.is_bare(next);
            let joins = touches || joint.is_some() || next.lead == Lead::Joint;
            let half = next.value == Decimal::new(5, 1) && joins && next.in_words();
            let part = match coin {
                Some((part, _)) if part < rank && next.value * part < rank => {
                    rank = part;
                    next.value * part
                }
                None if half => next.value,
                // 三块零四: no dimes.
                None if touches && next.value.is_zero() && next.in_words() => {
                    rank /= Decimal::TEN;
                    next.value
                }
                None if touches && self.is_next_rank(next) => {
                    rank /= Decimal::TEN;
                    next.value * rank
                }
                None if bare && next.value >= Decimal::TEN => next.value / Decimal::ONE_HUNDRED,
                _ => break,
            };
            sum.low.value += part;
            sum.end = coin.map_or(next.end, |(_, end)| end);
            sum.outer_end = sum.end;
            taken += 1;
        }
        taken
    }

    /// "A dollar and 50 cents": where the one that coins follow begins.
    fn one_before_coins(&self, coins: &Sum) -> Option<usize> {
        let tokens = self.tokens;
        let joint = tokens.marked_before(tokens.back_over_spaces(coins.start), Marks::JOINT)?;
        let one = self.name_before(tokens.back_over_spaces(joint)).filter(|one| one.named == coins.named)?;
        let article = tokens.marked_before(tokens.back_over_spaces(one.start), Marks::FILLER);
        article.filter(|start| tokens.chars[*start].is_alphabetic())
    }

    /// By how much the coins of a currency are smaller than elsewhere: a dinar has a thousand fils.
    fn thousandths(&self, named: Named) -> Decimal {
        let fine = matches!(named, Named::Known(code) if self.tokens.words.three_decimals.contains(&code));
        if fine { Decimal::TEN } else { Decimal::ONE }
    }

    /// A single digit written to the currency or coin before it, as Chinese does: 五块六, 两毛五.
    fn is_next_rank(&self, number: &Number) -> bool {
        let tokens = self.tokens;
        let spaceless = number.start > 0 && is_spaceless(tokens.chars[number.start - 1]);
        let ranged = spaceless && tokens.marked(number.end, Marks::RANGE).is_some();
        // 50元一把: for each.
        let counts = number.value == Decimal::ONE && tokens.counts_one(number.start, number.end);
        number.digits.max(number.words) == 1
            && number.value < Decimal::TEN
            && !counts
            && (ranged || self.is_bare(number))
    }

    fn begins_number(&self, at: usize) -> bool {
        self.numbers.binary_search_by_key(&at, |number| number.start).is_ok()
    }

    /// A small number that nothing else claims.
    pub(crate) fn is_bare(&self, number: &Number) -> bool {
        let tokens = self.tokens;
        let at = tokens.skip_spaces(number.end);
        let claimed = tokens.marked(at, Marks::NOT_AFTER).is_some()
            || tokens.marked(at, Marks::RANGE).is_some_and(|end| self.begins_number(tokens.skip_spaces(end)))
            || self.name_at(at).is_some()
            || tokens.chars.get(number.end).is_some_and(|c| c.is_alphanumeric() && !is_spaceless(*c) || *c == '%');
        !claimed && number.value < Decimal::ONE_HUNDRED && number.value.fract().is_zero()
    }

    /// "Um conto e duzentos": slang for money is a thousand where hundreds follow; in which currency.
    pub(crate) fn says_thousands(&self, low: &Number, next: &Number) -> Option<Named> {
        let tokens = self.tokens;
        let at = tokens.skip_spaces(low.end);
        let (_, end) = tokens.longest(at, |word| word.is(Marks::LOCAL).then_some(()))?;
        let joint = tokens.marked(tokens.skip_spaces(end), Marks::JOINT)?;
        let hundreds = next.value >= Decimal::ONE_HUNDRED && next.value < Decimal::ONE_THOUSAND;
        let few = !low.scaled() && low.value < Decimal::ONE_HUNDRED;
        let joins = few && hundreds && tokens.skip_spaces(joint) == next.start && tokens.words.ways.thousands_unsaid;
        let joins = joins && !self.begins_range(low);
        joins.then(|| self.name_at(at).map(|name| name.named)).flatten()
    }

    /// "$119. 95": a space slipped in behind the mark.
    pub(crate) fn cents_apart(&self, low: &Number, cents: &Number) -> bool {
        let tokens = self.tokens;
        let two = low.digits > 0 && !low.scaled() && low.value.fract().is_zero() && cents.digits == 2;
        let between = &tokens.chars[low.end..cents.start];
        // "118, 99 TL": so many are no size and no model beside a price.
        let named = || self.name_at(tokens.skip_spaces(cents.end)).is_some() && low.value >= Decimal::ONE_HUNDRED;
        let unnamed = || self.name_before(tokens.back_over_spaces(low.start)).is_none();
        let comma = tokens.words.ways.decimal_mark == Some(',') && *between == [',', ' '];
        if two && comma && named() && unnamed() {
            return true;
        }
        let between = two && *between == ['.', ' '];
        let ends = || !tokens.chars.get(tokens.skip_spaces(cents.end)).is_some_and(|c| c.is_alphanumeric());
        let tagged = || [Decimal::from(95), Decimal::from(99)].contains(&cents.value);
        between
            && self.name_before(tokens.back_over_spaces(low.start)).is_some()
            && self.is_bare(cents)
            && (tagged() || ends())
    }

    /// "Fünf fünfzig", "trois cinquante": cents right behind, where the two are no range.
    pub(crate) fn cents_follow(&self, low: &Number, cents: &Number) -> bool {
        let words = low.in_words() && cents.in_words() && self.tokens.chars[low.end..cents.start] == [' '];
        let small = !low.scaled() && low.value >= Decimal::TWO && low.value < Decimal::ONE_HUNDRED;
        let whole = small && low.value.fract().is_zero() && cents.value >= Decimal::from(20);
        self.tokens.words.ways.cents_follow && words && whole && self.is_bare(cents) && is_wide(low, cents) && {
            let last = cents.value % Decimal::TEN;
            (last.is_zero() || last >= Decimal::from(8)) && cents.value < Decimal::ONE_HUNDRED
        }
    }

    /// 17 e 99, 25 e 90: more than any range is wide, and no time of day.
    fn ends_as_prices_do(&self, low: &Number, cents: &Number) -> bool {
        let last = cents.value % Decimal::TEN;
        let usual = cents.value >= Decimal::from(60) && (last.is_zero() || last >= Decimal::from(8));
        usual && is_wide(low, cents) && !self.begins_range(low)
    }

    /// "Costa 18 e 50": behind a word of price, "and" joins the cents.
    pub(crate) fn says_cents(&self, low: &Number, cents: &Number) -> bool {
        let tokens = self.tokens;
        let two = cents.value >= Decimal::TEN && (cents.in_words() || cents.digits == 2);
        let whole = !low.scaled() && low.value < Decimal::ONE_THOUSAND && low.value.fract().is_zero();
        if !(tokens.words.ways.cents_behind_and && two && whole && self.is_bare(cents)) {
            return false;
        }
        let joint = tokens.marked(tokens.skip_spaces(low.end), Marks::JOINT);
        let joined = joint.is_some_and(|end| tokens.skip_spaces(end) == cents.start);
        let priced = || tokens.marked_before(tokens.back_over_spaces(low.start), Marks::PRICE).is_some();
        joined && (priced() || self.ends_as_prices_do(low, cents))
    }
}

/// Too far apart to be two guesses at one price.
fn is_wide(low: &Number, high: &Number) -> bool {
    high.value < low.value || high.value > low.value * Decimal::TWO
}
