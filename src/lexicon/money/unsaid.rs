//! Thousands that are left unsaid: "45k is too much, do 38", "1.2 lakh, can stretch to 1.3", "до 25" for a phone in Moscow.

use rust_decimal::Decimal;

use super::file::Bound;
use super::marks::Marks;
use super::words::AllWords;
use super::{Finder, Found, Named, Priced, Sum, Sums};
use crate::budget::figures::is_capacity;
use crate::numbers::Number;
use hotline_domain::Reading;

/// What is said in full stands at most so many characters away…
const REACH: usize = 96;
/// …and right beside it where so few are meant that they may count things.
const BESIDE: usize = 4;
const MAY_COUNT: u32 = 10;
/// Both are at most so many times one another.
const MOST_APART: u32 = 2;
/// Fewer are things as often as thousands.
const LEAST_THOUSANDS: u32 = 5;
/// So much is said in thousands.
const SAID_IN_THOUSANDS: u32 = 10_000;
/// A word that tells what a number is stands at most so many characters away.
const TOLD: usize = 10;
const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

impl Finder<'_> {
    /// Gives a bare sum the multiplier of another one, where both are of one size with it.
    pub(crate) fn carry_over(&self, sums: &mut [Sum]) {
        for at in 0..sums.len() {
            let sum = &sums[at];
            if !is_bare(sum) || sum.named != Named::Not {
                continue;
            }
            let (before, behind) = (sums[..at].last(), sums.get(at + 1));
            let fits = |full: &&Sum| self.is_meant_so(sum, full);
            let factor = before.into_iter().chain(behind).find(fits).and_then(|full| factor(full, sum));
            let factor = factor.or_else(|| total_factor(sums, at));
            if let Some(factor) = factor {
                scale(&mut sums[at], factor);
            }
        }
    }

    /// Whether a bare sum is meant in what another one is said in.
    fn is_meant_so(&self, bare: &Sum, full: &Sum) -> bool {
        let Some(factor) = factor(full, bare) else { return false };
        let apart =
            bare.outer_start.saturating_sub(full.outer_end).max(full.outer_start.saturating_sub(bare.outer_end));
        let (one, other) = (bare.low.value, full.last().value / factor);
        let most = Decimal::from(MOST_APART);
        let alike = one <= other * most && other <= one * most;
        let limits = bare.bound == Some(Bound::AtMost);
        let may_count = one < Decimal::from(MAY_COUNT) && one.fract().is_zero();
        let adds = || (bare.outer_start.saturating_sub(TOLD)..bare.outer_start).any(|at| self.adds_at(at));
        let told = match may_count {
            true => limits && apart <= BESIDE || adds(),
            false => limits || self.priced(bare) != Priced::Not || self.is_told(bare),
        };
        alike && told && apart <= REACH
    }

    fn adds_at(&self, at: usize) -> bool {
        self.tokens.at(at).any(|(word, _)| word.is(Marks::ADDS))
    }

    /// Whether a word right beside a number tells what can be spent, or what is asked elsewhere.
    fn is_told(&self, sum: &Sum) -> bool {
        let tokens = self.tokens;
        let told = [Marks::BUDGET, Marks::NOT_BUDGET, Marks::IF_GOOD, Marks::ADDS, Marks::NOW];
        let mark = |at: usize| tokens.at(at).any(|(word, _)| told.iter().any(|mark| word.is(*mark)));
        let near = sum.outer_start.saturating_sub(TOLD)..(sum.outer_end + TOLD).min(tokens.chars.len());
        near.into_iter().any(mark)
    }
}

impl Sum {
    /// The higher number of a range, or its only one.
    fn last(&self) -> &Number {
        self.high.as_ref().unwrap_or(&self.low)
    }
}

/// Whether nothing multiplies the numbers of a sum.
fn is_bare(sum: &Sum) -> bool {
    let bare = |number: &Number| !number.scaled() && !number.grouped && number.value < Decimal::ONE_THOUSAND;
    bare(&sum.low) && sum.high.as_ref().is_none_or(bare)
}

/// What a sum is said in, that may be meant for a bare one too: thousands, millions, and between words hundreds.
fn factor(full: &Sum, bare: &Sum) -> Option<Decimal> {
    let number = full.last();
    if number.scaled() {
        let words = number.in_words() && bare.low.in_words();
        return Some(number.factor).filter(|factor| *factor >= Decimal::ONE_THOUSAND || words);
    }
    (number.value >= Decimal::from(SAID_IN_THOUSANDS)).then_some(Decimal::ONE_THOUSAND)
}

/// "8 тысяч, я добавлю 4, выходит 12": what two in thousands come to.
fn total_factor(sums: &[Sum], at: usize) -> Option<Decimal> {
    let [.., first, second] = &sums[..at] else { return None };
    let both = first.low.coefficient + second.low.coefficient == sums[at].low.value;
    let factor = Some(second.low.factor).filter(|factor| *factor >= Decimal::ONE_THOUSAND);
    factor.filter(|factor| both && first.low.factor == *factor)
}

fn scale(sum: &mut Sum, factor: Decimal) {
    for number in std::iter::once(&mut sum.low).chain(&mut sum.high) {
        number.coefficient = number.value;
        number.value *= factor;
        (number.factor, number.last_factor) = (factor, factor);
    }
}

/// Whether a number counts things as often as thousands.
fn counts(number: &Number) -> bool {
    number.in_words() || number.value < Decimal::from(LEAST_THOUSANDS)
}

/// What is left unsaid of a sum, `told` to be a budget, in a currency of which nobody means so little: "500" for half a million,
/// and where sums run into millions "1,8" too.
pub(crate) fn by_currency(sum: &Sum, told: bool, below: Decimal) -> Decimal {
    let numbers = || [Some(&sum.low), sum.high.as_ref()].into_iter().flatten();
    let bare = |number: &Number| !number.scaled() && !number.grouped;
    let whole = |number: &Number| number.value.fract().is_zero();
    match () {
        () if !numbers().all(bare) => Decimal::ONE,
        // Where small sums are meant too, only a limit or a word of budget says that this is one at all: "до 25", "бюджет 25", and no
        // "возьму два". Hundreds are sums in any case.
        () if below < Decimal::ONE_THOUSAND
            && numbers().any(|number| number.value < Decimal::ONE_HUNDRED)
            && sum.bound.is_none()
            && (!told || counts(&sum.low)) =>
        {
            Decimal::ONE
        }
        () if numbers().all(|number| whole(number) && number.value < below) => Decimal::ONE_THOUSAND,
        () if below >= Decimal::ONE_THOUSAND
            && numbers().all(|number| number.value < Decimal::ONE_HUNDRED)
            && !numbers().all(whole) =>
        {
            MILLION
        }
        () => Decimal::ONE,
    }
}

/// "Ноутбук, бюджет 150", "айфон за 90": the sums of a message about things that cost thousands.
pub(crate) fn by_product(sums: &mut Sums, reading: &Reading, words: &AllWords) {
    let is_dear = |key: &str| words.dear.iter().any(|dear| dear == key);
    let products = || reading.products.iter().any(|product| is_dear(&product.key));
    let implied = || reading.brands.iter().filter_map(|brand| brand.implies.as_deref()).any(is_dear);
    if sums.found.is_empty() || words.dear_thousands.is_empty() || !products() && !implied() {
        return;
    }
    let is_few = |sum: &Found| {
        let currency = sum.amount.currency.filter(|_| sum.amount.currency_inferred);
        let below = currency.and_then(|currency| words.dear_thousands.get(&currency));
        let few = |value: &Decimal| below.is_some_and(|below| *value < Decimal::from(*below));
        let odd = is_capacity(sum.written) || sum.written < Decimal::from(LEAST_THOUSANDS);
        let bounds = || [sum.amount.min, sum.amount.max];
        sum.bare && !odd && sum.written.fract().is_zero() && bounds().iter().flatten().all(few)
    };
    let near = |sum: &Found| sums.budget.iter().any(|(_, end)| *end <= sum.start && sum.start - end <= TOLD);
    let limits = |sum: &Found| sum.amount.min.is_none() && sum.certain;
    let told: Vec<Decimal> = sums
        .found
        .iter()
        .filter(|sum| is_few(sum) && (limits(sum) || sum.priced != Priced::Not || near(sum)))
        .map(|sum| sum.written)
        .collect();
    let most = Decimal::from(MOST_APART);
    let meant = |sum: &Found| told.iter().any(|told| *told <= sum.written * most && sum.written <= *told * most);
    let meant: Vec<bool> = sums.found.iter().map(|sum| is_few(sum) && meant(sum)).collect();
    for (sum, _) in sums.found.iter_mut().zip(meant).filter(|(_, meant)| *meant) {
        for bound in [&mut sum.amount.min, &mut sum.amount.max].into_iter().flatten() {
            *bound *= Decimal::ONE_THOUSAND;
        }
    }
}
