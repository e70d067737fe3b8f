//! Which numbers of a message are sums, and which of them the customer can spend.

use rust_decimal::Decimal;

use super::Hints;
use super::matcher::{Hit, Meaning};
use super::money::Found;
use super::money_words::WordTable;
use super::reading::Reader;
use crate::domain::{Amount, Budget, Intent, Reading};

/// A bare number below this is no sum, unless we asked for one.
const LEAST_BARE: u32 = 50;
/// A bare number below this is no sum beside a word of budget: "I have 3 kids".
const LEAST_BESIDE_BUDGET: u32 = 10;
/// A word that explains a sum stands at most this many characters away.
const NEAR: usize = 24;

impl Reader<'_> {
    pub(super) fn amounts(&self, hits: &[Hit<'_>], sums: Vec<Found>, hints: &Hints<'_>, reading: &mut Reading) {
        let (budget_word, elsewhere) = (self.places(&self.money.budget), self.places(&self.money.not_budget));
        let alone = self.folded.chars.iter().filter(|c| c.is_alphabetic()).count() <= 6;
        let mut budget: Option<(u8, Budget)> = None;
        for sum in sums {
            let in_model = reading.brands.iter().any(|brand| {
                brand.implies.is_some()
                    && brand.span.start <= sum.amount.span.start
                    && sum.amount.span.end <= brand.span.end
            });
            let near_budget = budget_word.iter().any(|(start, end)| near(*start, *end, sum.start, sum.end));
            let value = sum.amount.max.or(sum.amount.min).unwrap_or(Decimal::ZERO);
            let bare_is_sum = near_budget && value >= Decimal::from(LEAST_BESIDE_BUDGET) || hints.asked_budget && alone;
            let bare_with_product =
                !reading.products.is_empty() && value >= Decimal::from(LEAST_BARE) && !is_year(value);
            // "200 t-shirts" are so many, and no sum.
            let counts = !sum.certain
                && hits.iter().any(|hit| {
                    matches!(hit.meaning, Meaning::Product(_)) && hit.start >= sum.end && hit.start <= sum.end + 1
                });
            if in_model || counts || !(sum.certain || bare_is_sum || bare_with_product) {
                continue;
            }
            let rank = self.budget_rank(&sum, near_budget, &elsewhere, hints, hits, reading);
            if let Some(rank) = rank
                && budget.as_ref().is_none_or(|(best, _)| rank > *best)
            {
                budget = Some((rank, as_budget(&sum.amount)));
            }
            reading.amounts.push(sum.amount);
        }
        reading.budget = budget.map(|(_, budget)| budget);
    }

    /// How surely a sum is what the customer can spend; `None` if something else explains it.
    fn budget_rank(
        &self,
        sum: &Found,
        near_budget: bool,
        elsewhere: &[(usize, usize)],
        hints: &Hints<'_>,
        hits: &[Hit<'_>],
        reading: &Reading,
    ) -> Option<u8> {
        let quoted = elsewhere.iter().any(|(start, end)| near(*start, *end, sum.start, sum.end));
        let bounded = sum.amount.min != sum.amount.max;
        let complains = [Intent::Complaint, Intent::ReturnRefund, Intent::OrderStatus, Intent::Warranty];
        match () {
            () if near_budget => Some(3),
            () if quoted => None,
            () if hints.asked_budget => Some(2),
            // "Is delivery free over $50?"
            () if reading.wants(Intent::Shipping) && reading.products.is_empty() => None,
            () if complains.iter().any(|intent| reading.wants(*intent)) => None,
            // "Is it $50?" asks for a price; "under $50?" sets a limit.
            () if !bounded && reading.wants(Intent::Price) => None,
            () if bounded => Some(2),
            () if !reading.products.is_empty()
                || hits.iter().any(|hit| matches!(hit.meaning, Meaning::Brand { .. })) =>
            {
                Some(1)
            }
            () if reading.intents.is_empty() || reading.wants(Intent::Buy) || reading.wants(Intent::ProductInquiry) => {
                Some(1)
            }
            () => None,
        }
    }

    fn places(&self, table: &WordTable<()>) -> Vec<(usize, usize)> {
        let chars = &self.folded.chars;
        (0..chars.len()).filter_map(|at| table.longest_word(chars, at).map(|(_, end)| (at, end))).collect()
    }
}

fn near(start: usize, end: usize, sum_start: usize, sum_end: usize) -> bool {
    let apart = if end <= sum_start { sum_start - end } else { start.saturating_sub(sum_end) };
    apart <= NEAR
}

fn is_year(value: Decimal) -> bool {
    (Decimal::from(1990)..=Decimal::from(2035)).contains(&value) && value.fract().is_zero()
}

fn as_budget(amount: &Amount) -> Budget {
    Budget {
        min: amount.min,
        max: amount.max,
        currency: amount.currency,
        about: amount.about,
        currency_inferred: amount.currency_inferred,
    }
}
