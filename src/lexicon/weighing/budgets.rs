//! Whether a sum is what the customer can spend, by all that stands around it, as `numbers.rs` tells whether a number is a sum at all.

use super::numbers::Of;
use super::weights::feature;
use crate::budget::not_budget::NotBudget;
use crate::budget::{OFFERED, Verdict};
use crate::money::{Found, Sums};
use crate::reading::Reader;
use hotline_domain::Reading;

/// Chosen as those of `numbers.rs` were. Where all weighs less than this, what made a sum the budget is not believed…
const LEAST: f32 = -0.35;
/// …and where it weighs more than this, nothing else is needed.
const ENOUGH: f32 = 0.35;
/// What the customer says not to be the budget is none, whatever it weighs.
const REFUSED: [NotBudget; 3] = [NotBudget::Denied, NotBudget::TakenBack, NotBudget::Pointed];
/// The rank of a budget that nothing but this tells: below all others.
pub(crate) const WEIGHED: u8 = 0;

impl Reader<'_> {
    /// Puts right which sums can be spent.
    pub(crate) fn weigh_budgets(&self, sums: &Sums, reading: &Reading, judged: &mut [(Found, Verdict)]) {
        let Some(table) = self.lexicon.weights.budgets() else { return };
        let weighed: Vec<f32> = (0..judged.len())
            .map(|place| {
                let (sum, verdict) = &judged[place];
                if *verdict == Verdict::NoSum {
                    return 0.0;
                }
                let mut features = self.features(sum, &sums.found, reading);
                features.extend(verdicts(judged, place));
                features.extend(self.words_anywhere());
                table.weigh(features)[0]
            })
            .collect();
        // Who corrects a sum means it: "打错了，是450不是4500".
        let corrected = judged.iter().any(|(sum, _)| sum.taken_back);
        let budgets = judged.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Budget(_))).count();
        // "A hair dryer for 69.90 at most" sets a limit, whatever things are told of hair dryers elsewhere.
        let wishes = reading.intents.is_empty() && !reading.products.is_empty();
        let is_limit = |sum: &Found| wishes && sum.amount.min.is_none() && sum.amount.max.is_some();
        for ((sum, verdict), weighed) in judged.iter_mut().zip(weighed) {
            let doubted = weighed < LEAST && !is_limit(sum);
            match verdict {
                // Two may be one: "I thought of 2000, but 2300 is possible".
                Verdict::Budget(rank) if *rank < OFFERED && budgets == 1 && !corrected && doubted => {
                    *verdict = Verdict::Not(NotBudget::Weighed);
                }
                Verdict::Not(why) if budgets == 0 && weighed > ENOUGH && !REFUSED.contains(why) => {
                    *verdict = Verdict::Budget(WEIGHED);
                }
                _ => {}
            }
        }
    }
}

/// What is weighed of how a sum was judged, and how the others of the message were.
pub(crate) fn verdicts(judged: &[(Found, Verdict)], place: usize) -> impl Iterator<Item = u32> {
    let number = |verdict: &Verdict| match verdict {
        Verdict::NoSum => 0,
        Verdict::Not(why) => 1 + *why as u64,
        Verdict::Budget(rank) => 100 + u64::from(*rank),
    };
    let own = judged.get(place).map_or(0, |(_, verdict)| number(verdict));
    let best =
        judged.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, (_, other))| number(other)).max();
    let best = best.unwrap_or(u64::MAX);
    let certain = judged.get(place).is_some_and(|(sum, _)| sum.certain);
    let all: [&[u64]; 4] = [&[0, own], &[1, best], &[2, own, best], &[3, own, certain.into()]];
    all.map(|says| feature(Of::Verdict as u8, says)).into_iter()
}
