//! Which numbers of a message are sums, and which of them the customer can spend.

use rust_decimal::Decimal;

use super::Hints;
use super::matcher::{Hit, Meaning};
use super::money::{Found, Sums};
use super::reading::Reader;
use crate::domain::{Amount, Budget, Intent, Reading};

/// A bare number below this is no sum, unless we asked for one.
const LEAST_BARE: u32 = 50;
/// A bare number below this is no sum beside a word of budget: "I have 3 kids".
const LEAST_BESIDE_BUDGET: u32 = 10;
/// A word that explains a sum stands at most this many characters away…
const NEAR: usize = 24;
/// …and a word that quotes a price, where nothing but it tells that the number is one.
const QUOTED: usize = 10;
/// …and the end of a clause between them counts for so many.
const BORDER: usize = 12;
/// A message of so many letters beside its sum is no bare answer.
const ANSWER: usize = 24;

/// How far the nearest of the words stands from a sum, if it is near.
type Distance = Option<usize>;

/// How a sum stands in its clause.
#[derive(Clone, Copy)]
enum Apart {
    /// It fills it.
    Both,
    /// It ends it.
    Behind,
    No,
}

impl Reader<'_> {
    /// Adds the sums and the budget to a reading that has its products, brands and intents.
    pub(super) fn amounts(&self, hits: &[Hit<'_>], sums: Sums, hints: &Hints<'_>, reading: &mut Reading) {
        let answers = hints.asked_budget && self.letters_beside(&sums.found) <= ANSWER;
        let mut budget: Option<(u8, Budget)> = None;
        for sum in &sums.found {
            // "I will not pay more than 300" is a limit from above.
            let above = sum.amount.max.is_none() && self.is_negated(sum.start);
            let turned = above.then(|| Found { amount: limited(&sum.amount), ..sum.clone() });
            let sum = turned.as_ref().unwrap_or(sum);
            let says = self.nearest(&sums.budget, sum);
            let elsewhere = self.nearest(&sums.elsewhere, sum);
            if !is_sum(sum, self.stands_apart(sum), hits, says, elsewhere, answers, reading) {
                continue;
            }
            let rank = budget_rank(sum, says, elsewhere, hints, hits, reading);
            if let Some(rank) = rank
                && budget.as_ref().is_none_or(|(best, _)| rank > *best)
            {
                budget = Some((rank, as_budget(&sum.amount)));
            }
            reading.amounts.push(sum.amount.clone());
        }
        reading.budget = budget.map(|(_, budget)| budget);
    }

    /// How much the message says beside its sums.
    fn letters_beside(&self, sums: &[Found]) -> usize {
        let letters =
            |range: std::ops::Range<usize>| self.folded.chars[range].iter().filter(|c| c.is_alphabetic()).count();
        letters(0..self.folded.chars.len()) - sums.iter().map(|sum| letters(sum.start..sum.end)).sum::<usize>()
    }

    /// Whether a sum fills a clause, or ends one.
    fn stands_apart(&self, sum: &Found) -> Apart {
        let chars = &self.folded.chars;
        let ends =
            |c: Option<&char>| c.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '-' | '/' | '\'' | '+' | '%'));
        let behind = chars[sum.end..].iter().find(|c| **c != ' ');
        let before = chars[..sum.start].iter().rev().find(|c| **c != ' ');
        match (ends(before), ends(behind)) {
            (true, true) => Apart::Both,
            (false, true) => Apart::Behind,
            _ => Apart::No,
        }
    }

    /// How far the nearest of the words stands; clauses keep words apart.
    fn nearest(&self, words: &[(usize, usize)], sum: &Found) -> Distance {
        let from = words.partition_point(|(start, _)| start + 2 * NEAR < sum.start);
        let close = words[from..].iter().take_while(|(start, _)| *start <= sum.end + NEAR);
        let apart = close.filter_map(|(start, end)| {
            let between = if *end <= sum.start { *end..sum.start } else { sum.end..(*start).max(sum.end) };
            let chars = self.folded.chars.get(between)?;
            let borders = chars.iter().filter(|c| is_border(**c)).count();
            Some(chars.len() + borders * BORDER).filter(|apart| *apart <= NEAR)
        });
        apart.min()
    }
}

/// Whether a number is a sum of money at all.
fn is_sum(
    sum: &Found,
    apart: Apart,
    hits: &[Hit<'_>],
    says: Distance,
    elsewhere: Distance,
    answers: bool,
    reading: &Reading,
) -> bool {
    let in_model = reading.brands.iter().any(|brand| {
        brand.implies.is_some() && brand.span.start <= sum.amount.span.start && sum.amount.span.end <= brand.span.end
    });
    let value = sum.amount.max.or(sum.amount.min).unwrap_or(Decimal::ZERO);
    let quoted = elsewhere.is_some_and(|apart| apart <= QUOTED) && !sum.weak;
    let beside_budget = (says.is_some() || quoted) && value >= Decimal::from(LEAST_BESIDE_BUDGET) && sum.plausible;
    // A bare number beside a product is a model or a size, unless it stands by itself or is as round as budgets are.
    let likely = match apart {
        Apart::Both => true,
        Apart::Behind => is_round(value),
        Apart::No => false,
    };
    let product = !reading.products.is_empty() || !reading.brands.is_empty();
    let with_product =
        product && likely && value >= Decimal::from(LEAST_BARE) && sum.plausible && !sum.weak && !is_year(value);
    // "200 t-shirts" are so many, and no sum.
    let counts = !sum.certain
        && hits
            .iter()
            .any(|hit| matches!(hit.meaning, Meaning::Product(_)) && hit.start >= sum.end && hit.start <= sum.end + 1);
    !in_model && !counts && (sum.certain || beside_budget || answers || with_product)
}

/// How surely a sum is what the customer can spend; `None` if something else explains it.
fn budget_rank(
    sum: &Found,
    says: Distance,
    elsewhere: Distance,
    hints: &Hints<'_>,
    hits: &[Hit<'_>],
    reading: &Reading,
) -> Option<u8> {
    let bounded = sum.amount.min != sum.amount.max;
    let complains = [Intent::Complaint, Intent::ReturnRefund, Intent::OrderStatus, Intent::Warranty];
    let product =
        || !reading.products.is_empty() || hits.iter().any(|hit| matches!(hit.meaning, Meaning::Brand { .. }));
    let open =
        || reading.intents.is_empty() || [Intent::Buy, Intent::ProductInquiry].iter().any(|one| reading.wants(*one));
    match (says, elsewhere) {
        (Some(says), elsewhere) if elsewhere.is_none_or(|elsewhere| says <= elsewhere) => Some(3),
        (_, Some(_)) => None,
        // "3000, at most 3200": the limit is the answer.
        _ if hints.asked_budget => Some(if bounded { 2 } else { 1 }),
        // "Is delivery free over $50?"
        _ if reading.wants(Intent::Shipping) && reading.products.is_empty() => None,
        _ if complains.iter().any(|intent| reading.wants(*intent)) => None,
        // "Is it $50?" asks for a price; "under $50?" sets a limit.
        _ if !bounded && reading.wants(Intent::Price) => None,
        _ if bounded => Some(2),
        _ if product() || open() => Some(1),
        _ => None,
    }
}

/// Where a clause ends.
fn is_border(c: char) -> bool {
    matches!(c, ',' | '.' | ';' | '!' | '?' | '\n' | '。' | '、')
}

/// Budgets are: 150, 2500.
fn is_round(value: Decimal) -> bool {
    let step = if value < Decimal::ONE_THOUSAND { 50 } else { 100 };
    value >= Decimal::ONE_HUNDRED && (value % Decimal::from(step)).is_zero()
}

/// An "at least" that was negated.
fn limited(amount: &Amount) -> Amount {
    Amount { min: None, max: amount.min, ..amount.clone() }
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
