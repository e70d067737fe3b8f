//! Which numbers of a message are sums.

use rust_decimal::Decimal;

use super::figures::{is_capacity, is_screen, is_year, may_be_hour};
use super::pairs::{corrected, haggled, pointed, sure_together, wished};
use super::{
    Apart, LEAST_AT, MOST_APART, MOST_APART_INSIDE, Sure, is_counting, is_exact, is_of_model, may_be_size, may_be_sums,
    value,
};
use crate::dictionary::meanings::Meaning;
use crate::money::file::NumbersOf;
use crate::money::{Found, Sums};
use crate::reading::Reader;
use crate::search::matcher::Hit;
use hotline_domain::{Intent, Reading};

impl Reader<'_> {
    /// Which numbers are sums. A bare one is where another of the same size is: "79 on Monday, and now 99".
    pub(super) fn sure(&self, hits: &[Hit<'_>], sums: &Sums, answers: bool, reading: &Reading) -> Vec<Sure> {
        let mut sure = self.told_sure(hits, sums, answers, reading);
        if !answers {
            self.weigh_numbers(hits, sums, reading, &mut sure);
        }
        self.sure_of_totals(sums, &mut sure, |sum| self.is_explained(sum, hits, sums, reading));
        sure
    }

    /// Whether something else than money explains a number.
    pub(crate) fn is_explained(&self, sum: &Found, hits: &[Hit<'_>], sums: &Sums, reading: &Reading) -> bool {
        let numbers = self.lexicon.money.numbers_of();
        let sized = reading.wants(Intent::ReturnRefund)
            || reading.products.iter().any(|product| NumbersOf::lists(&numbers.sizes, &product.key));
        let counts = !self.is_told(sum, &sums.budget) && is_counting(sum, hits);
        let other = counts
            || self.is_of_things(sum, hits)
            || self.is_memory(sum)
            || is_screen(sum, reading, numbers)
            || reading.wants(Intent::Store) && may_be_hour(sum);
        is_of_model(sum, reading) || other || sized && may_be_size(sum)
    }

    /// Which numbers words and figures tell to be sums, before all that stands around them is weighed.
    pub(crate) fn told_sure(&self, hits: &[Hit<'_>], sums: &Sums, answers: bool, reading: &Reading) -> Vec<Sure> {
        let explained = |sum: &Found| self.is_explained(sum, hits, sums, reading);
        let itself = |sum: &Found| {
            let (says, elsewhere) = (self.nearest(&sums.budget, sum), self.nearest(&sums.elsewhere, sum));
            let says = says.filter(|_| sum.certain || !self.is_before_budget(sum, sums));
            let told = self.is_sum(sum, self.stands_apart(sum), says, elsewhere, answers, reading);
            (told || self.is_incredible(sum, reading) || self.is_per_thing(sum, hits, sums)) && !explained(sum)
        };
        let mut sure: Vec<Sure> =
            sums.found.iter().map(|sum| if itself(sum) { Sure::Itself } else { Sure::No }).collect();
        let told = |sum: &Found| self.nearest(&sums.budget, sum).is_none() && !sum.amount.about;
        let plain = |(sum, sure): &(&Found, &Sure)| **sure == Sure::Itself && is_exact(sum) && told(sum);
        // In order: in a text of nothing but sums each would be held against all others.
        let mut plain: Vec<Decimal> = sums.found.iter().zip(&sure).filter(plain).map(|(sum, _)| value(sum)).collect();
        plain.sort_unstable();
        for (sum, sure) in sums.found.iter().zip(&mut sure).filter(|(_, sure)| **sure == Sure::No) {
            if !plain.is_empty() && self.is_beside(sum, &plain) && !explained(sum) {
                *sure = Sure::Beside;
            }
        }
        let in_words = |sum: &Found| !self.folded.chars[sum.start].is_ascii_digit();
        wished(&sums.found, &mut sure, |sum| in_words(sum) || explained(sum));
        pointed(&sums.found, &mut sure, explained);
        if reading.wants(Intent::Discount) {
            haggled(&sums.found, &mut sure, explained);
        }
        if may_be_sums(reading) {
            corrected(&sums.found, &mut sure, explained);
        }
        self.sure_of_shares(sums, &mut sure, explained);
        sure_together(&sums.found, &mut sure);
        sure
    }

    /// "200 per chair", "sandalye başı 2000": a word for one of many stands between a number and a product.
    fn is_per_thing(&self, sum: &Found, hits: &[Hit<'_>], sums: &Sums) -> bool {
        if sums.per.is_empty() || !sum.plausible || sum.weak || value(sum) < Decimal::TEN {
            return false;
        }
        let beside = |from: usize, to: usize| from <= to && self.folded.chars[from..to].iter().all(|c| *c == ' ');
        let thing = |of: &dyn Fn(&Hit<'_>) -> bool| {
            hits.iter().any(|hit| matches!(hit.meaning, Meaning::Product(_)) && of(hit))
        };
        sums.per.iter().any(|(start, end)| {
            let behind = || beside(sum.end, *start) && thing(&|hit| beside(*end, hit.start));
            let before = || beside(*end, sum.start) && thing(&|hit| beside(hit.end, *start));
            behind() || before()
        })
    }

    /// "The 128gb one or the 256": of what another memory of the message is told.
    fn is_memory(&self, sum: &Found) -> bool {
        let unit = |at: &[char]| at[0].is_ascii_digit() && at[1..] == ['g', 'b'];
        !sum.certain && is_capacity(sum.written) && self.folded.chars.windows(3).any(unit)
    }

    /// Whether a bare number is of the size of one of some sums, which stand in order; less like it where its clause goes on behind it.
    fn is_beside(&self, bare: &Found, sums: &[Decimal]) -> bool {
        let value = value(bare);
        let may_be = bare.plausible && !bare.weak && !is_year(value) && !is_capacity(value);
        if !may_be || value < Decimal::from(LEAST_AT) {
            return false;
        }
        let ends = !matches!(self.stands_apart(bare), Apart::No);
        let most = Decimal::from(if ends { MOST_APART } else { MOST_APART_INSIDE });
        let nearest = sums.partition_point(|sum| *sum * most < value);
        sums.get(nearest).is_some_and(|sum| *sum <= value * most)
    }
}
