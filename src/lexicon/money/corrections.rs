//! Sums that are taken back: "not 20 but 25", "800, no wait, make it 1000", "that's 300, not 250".

use std::ops::Range;

use rust_decimal::Decimal;

use super::file::Bound;
use super::marks::Marks;
use super::{Finder, Named, Sum};
use crate::negation::is_end_at;
use crate::search::folding::is_spaceless;

/// A correction stands at most so many characters away from either sum…
const NEAR: usize = 24;
/// …and what says "not" so close before a sum that it says so of it.
const NEGATOR: usize = 8;
const NEGATOR_SPACELESS: usize = 3;
/// What tells that a sum is meant now stands at most so many characters behind it.
const BEHIND: usize = 8;
/// What is corrected is at most so many times what it becomes.
const MOST_APART: u32 = 20;
/// Fewer are things as often, and no price in which a zero slipped.
const LEAST_MISTYPED: u32 = 50;

/// Where words stand that tell what can be spent, what could be before, and what can be now.
struct Spent {
    budget: Vec<(usize, usize)>,
    was: Vec<(usize, usize)>,
    now: Vec<(usize, usize)>,
    /// Words that tell both: what one wanted to spend.
    wished: Vec<(usize, usize)>,
}

impl Finder<'_> {
    /// Notes which sums are taken back, and by which: they share what only one of the two names.
    pub(crate) fn corrections(&self, sums: &mut [Sum]) {
        if sums.len() < 2 {
            return;
        }
        let words = self.tokens.places(Marks::CORRECTION);
        let told = |mark| if self.tokens.has(Marks::NOW) { self.tokens.places(mark) } else { Vec::new() };
        let (budget, was) = (told(Marks::BUDGET), told(Marks::WAS));
        let mut known = budget.clone();
        known.sort_unstable();
        let wished = was.iter().copied().filter(|place| known.binary_search(place).is_ok()).collect();
        let spent = Spent { budget, was, now: told(Marks::NOW), wished };
        for at in 1..sums.len() {
            let (before, behind) = sums.split_at_mut(at);
            let (Some(first), Some(second)) = (before.last_mut(), behind.first_mut()) else { continue };
            let mistyped = !words.is_empty() && is_mistyped(first, second) && self.is_contrasted(first, second);
            let renewed = self.is_renewed(first, second, &spent);
            if renewed || !mistyped && self.is_corrected(first, second, &words) {
                (first.taken_back, second.corrects) = (true, true);
                (first.told, second.told, second.renews) = (first.told || renewed, renewed, renewed);
                share(first, second);
                if second.bound.is_none() && second.high.is_none() && first.bound != Some(Bound::AtLeast) {
                    (second.bound, second.about) = (first.bound, first.about);
                }
            } else if mistyped || self.is_contrasted(first, second) {
                second.taken_back = true;
                share(first, second);
                (first.told, second.told) = (first.told || mistyped, mistyped);
            }
        }
    }

    /// "20, no wait, 25", "not 20 but 25".
    fn is_corrected(&self, first: &Sum, second: &Sum, words: &[(usize, usize)]) -> bool {
        let told = || {
            let from = words.partition_point(|(start, _)| *start < first.outer_end);
            let near = words[from..].iter().take_while(|(start, _)| *start <= first.outer_end + NEAR);
            near.into_iter().any(|(_, end)| {
                let behind = *end..second.start;
                *end <= second.start && behind.len() <= NEAR && !self.ends_sentence(behind)
            })
        };
        let plain = first.bound.is_none() && first.high.is_none() && !self.is_negated(second);
        let denied = || plain && (self.is_negated(first) || self.is_denied_behind(first)) && self.near(first, second);
        are_alike(first, second) && (denied() || told())
    }

    /// "My budget was 500 but now it's 200": what can be spent was one sum, and is another. Words that tell both what can be spent and
    /// what was may stand behind the first sum, and those for what is behind the second: "15 bin demiştim ama 18 bin olsun".
    fn is_renewed(&self, first: &Sum, second: &Sum, spent: &Spent) -> bool {
        let goes_on = |between: Range<usize>| between.len() <= NEAR && !self.ends_sentence(between);
        let apart = |(start, end): &(usize, usize)| {
            *start >= first.end && *end <= second.start && goes_on(first.end..*start) && goes_on(*end..second.start)
        };
        let between = spent.now.iter().find(|place| apart(place)).map(|(start, _)| *start);
        let behind = |(start, _): &(usize, usize)| {
            *start >= second.outer_end
                && *start - second.outer_end <= BEHIND
                && !self.ends_sentence(second.outer_end..*start)
        };
        let wished = |until: usize| {
            let beside = |(start, end): &(usize, usize)| {
                *end <= first.start && goes_on(*end..first.start) || *start >= first.end && *end <= until
            };
            spent.wished.iter().any(beside)
        };
        let told = |now: usize| {
            let budget = spent.budget.iter().rfind(|(_, end)| *end <= first.start);
            budget.is_some_and(|(budget, named)| {
                let was = |(start, end): &(usize, usize)| *start + NEAR >= *budget && *end <= now;
                goes_on(*named..first.start) && spent.was.iter().any(was)
            })
        };
        let renewed = match between {
            Some(now) => told(now) || wished(now),
            None => goes_on(first.end..second.start) && spent.now.iter().any(behind) && wished(second.start),
        };
        // A limit that is higher than what was wished for does not take its place.
        let stretched = second.bound == Some(Bound::AtMost) && second.low.value > first.low.value;
        renewed && !stretched && are_alike(first, second)
    }

    /// "300 not 250": behind the sum that is meant.
    fn is_contrasted(&self, first: &Sum, second: &Sum) -> bool {
        let between = second.low.start.saturating_sub(first.outer_end);
        let plain = second.bound.is_none() && second.high.is_none() && !self.is_negated(first);
        plain && between <= NEGATOR && self.is_negated(second) && are_alike(first, second)
    }

    fn near(&self, first: &Sum, second: &Sum) -> bool {
        let between = first.outer_end..second.outer_start;
        between.len() <= NEAR && !self.ends_sentence(between)
    }

    fn ends_sentence(&self, mut between: Range<usize>) -> bool {
        between.any(|at| is_end_at(self.tokens.chars, at))
    }

    /// "5000 değil 3000": the negator stands right behind it.
    fn is_denied_behind(&self, sum: &Sum) -> bool {
        let space = self.tokens.skip_suffix(sum.end);
        self.tokens.chars.get(space) == Some(&' ') && self.negated.has(space) && !self.negated.has(space + 1)
    }

    fn is_negated(&self, sum: &Sum) -> bool {
        let spaceless = sum.start > 0 && is_spaceless(self.tokens.chars[sum.start - 1]);
        let most = if spaceless { NEGATOR_SPACELESS } else { NEGATOR };
        self.negated.since(sum.start, most)
    }
}

/// Of one size, or meant to be: "not 20 but 25 thousand".
fn are_alike(first: &Sum, second: &Sum) -> bool {
    let most = Decimal::from(MOST_APART);
    let near = |one: Decimal, other: Decimal| one <= other * most && other <= one * most;
    let near = near(first.low.value, second.low.value) || near(first.low.coefficient, second.low.coefficient);
    // "A laptop for 500": an article is no number.
    let is_article = |sum: &Sum| sum.low.in_words() && sum.low.value == Decimal::ONE;
    near && !is_article(first) && !is_article(second)
}

/// "I meant 450, not 4500": the zero that slipped in makes a price of both.
fn is_mistyped(first: &Sum, second: &Sum) -> bool {
    let (one, other) = (first.low.value, second.low.value);
    let least = Decimal::from(LEAST_MISTYPED);
    one.min(other) >= least && (one == other * Decimal::TEN || other == one * Decimal::TEN)
}

/// The multiplier and the currency of one are meant for both.
fn share(first: &mut Sum, second: &mut Sum) {
    scale(first, second);
    scale(second, first);
    match (first.named, second.named) {
        (Named::Not, named) => first.named = named,
        (named, Named::Not) => second.named = named,
        _ => {}
    }
}

fn scale(bare: &mut Sum, scaled: &Sum) {
    let near = bare.low.value < Decimal::ONE_THOUSAND && bare.low.value <= scaled.low.coefficient * Decimal::TEN;
    if !bare.low.scaled() && bare.high.is_none() && scaled.low.scaled() && near {
        bare.low.value *= scaled.low.factor;
        bare.low.factor = scaled.low.factor;
    }
}
