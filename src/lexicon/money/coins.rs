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

/// Coins that may follow what was read of a sum.
struct Coins {
    /// What they are a part of: of one whole at first, then of the coins before them.
    rank: Decimal,
    /// By how much they are smaller than elsewhere.
    finer: Decimal,
    /// How many numbers they took.
    taken: usize,
}

impl Finder<'_> {
    /// "5 dollars 50", "12元5角", "5 euros and 20 cents", "50 cents"; how many more numbers that took.
    pub(crate) fn small_coins(&self, sum: &mut Sum, index: usize) -> usize {
        let rank = match sum.named {
            Named::Not => match self.coins_alone(sum) {
                Some(rank) => rank,
                None => return 0,
            },
            _ => Decimal::ONE,
        };
        let mut coins = Coins { rank, finer: self.thousandths(sum.named), taken: 0 };
        while let Some(next) = self.numbers.get(index + coins.taken) {
            let Some((part, end)) = self.coins_behind(sum, &mut coins, next) else { break };
            sum.low.value += part;
            (sum.end, sum.outer_end) = (end, end);
            coins.taken += 1;
        }
        coins.taken
    }

    /// "50 cents", "a dollar and 50 cents": what part of one these coins are, if the number is one of coins.
    fn coins_alone(&self, sum: &mut Sum) -> Option<Decimal> {
        let tokens = self.tokens;
        let at = tokens.skip_spaces(sum.low.end);
        // "43c" is coins behind a sum alone.
        let is_letter =
            |end: usize| end == at + 1 && tokens.chars[at].is_alphabetic() && !is_spaceless(tokens.chars[at]);
        // 20000毫安 is a capacity and no 毫 of money, 25分 are points unless they stand behind a sum.
        let is_unit = |end: usize| tokens.marked(at, Marks::NOT_AFTER).is_some_and(|unit| unit >= end);
        let coin = tokens.longest(at, |word: &Word| word.minor);
        let small = sum.low.factor < Decimal::ONE_THOUSAND;
        let (Coin { of: sign, part }, end) = coin.filter(|(_, end)| small && !is_letter(*end) && !is_unit(*end))?;
        sum.named = tokens.words.settle(sign, self.lang, self.hints).map_or(Named::Shared, Named::Known);
        let rank = part / self.thousandths(sum.named);
        sum.low.value *= rank;
        (sum.end, sum.outer_end) = (end, end);
        if let Some(start) = self.one_before_coins(sum) {
            sum.low.value += Decimal::ONE;
            (sum.start, sum.outer_start) = (start, start);
        }
        Some(rank)
    }

    /// What the next number adds to a sum as its coins, and where these end.
    fn coins_behind(&self, sum: &Sum, coins: &mut Coins, next: &Number) -> Option<(Decimal, usize)> {
        let tokens = self.tokens;
        let at = tokens.skip_spaces(sum.end);
        let touches = next.start == sum.end;
        let coin = self.coin_after(sum, next);
        // "Two dollars, fifty cents".
        let comma = || (coin.is_some() && tokens.chars.get(at) == Some(&',')).then_some(at + 1);
        let joint = tokens.marked(at, Marks::JOINT).filter(|_| at != next.start).or_else(comma);
        let at = joint.map_or(at, |end| tokens.skip_spaces(end));
        let ends_with_currency = sum.end > sum.low.end;
        let is_first = coins.taken == 0 && coins.rank == Decimal::ONE;
        let has_cents = !sum.low.value.fract().is_zero() && is_first;
        let sign_in_front = sum.start < sum.low.start && joint.is_some();
        if at != next.start || !(ends_with_currency || sign_in_front) || has_cents {
            return None;
        }
        let joins = touches || joint.is_some() || next.lead == Lead::Joint;
        // "Und ein halber", "وربع".
        let fraction = next.value > Decimal::ZERO && next.value < Decimal::ONE && joins && next.in_words();
        let part = match coin.map(|(coin, _)| coin.part / coins.finer) {
            Some(part) if part < coins.rank && next.value * part < coins.rank => {
                coins.rank = part;
                next.value * part
            }
            None if fraction => next.value,
            // 三块零四: no dimes.
            None if touches && next.value.is_zero() && next.in_words() => {
                coins.rank /= Decimal::TEN;
                next.value
            }
            None if touches && self.is_next_rank(next) => {
                coins.rank /= Decimal::TEN;
                next.value * coins.rank
            }
            None if is_first && self.is_bare(next) && next.value >= Decimal::TEN => next.value / Decimal::ONE_HUNDRED,
            _ => return None,
        };
        Some((part, coin.map_or(next.end, |(_, end)| end)))
    }

    /// The coins that a number behind a sum is told in, where they are of the sum's currency.
    fn coin_after(&self, sum: &Sum, number: &Number) -> Option<(Coin, usize)> {
        let tokens = self.tokens;
        let at = tokens.skip_spaces(number.end);
        tokens.longest(at, |word: &Word| word.minor).filter(|(coin, end)| {
            let of = tokens.words.settle(coin.of, self.lang, self.hints).map_or(Named::Shared, Named::Known);
            // "20 ringgit and 43c": short for the coins of any.
            let short = self.thousandths(sum.named) == Decimal::ONE && is_cent(coin.part);
            let short = short && end - at <= SHORT_COIN;
            of == sum.named || of == Named::Shared || sum.named == Named::Shared || short
        })
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
