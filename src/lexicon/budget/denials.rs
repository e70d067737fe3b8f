//! What a message denies, refuses or does not want of a sum.

use super::{NEAR, is_border};
use crate::money::Found;
use crate::reading::Reader;
use hotline_domain::Amount;

/// So many words may stand between what denies and the sum that is not spent.
const FEW_WORDS: usize = 7;

impl Reader<'_> {
    /// "We do not really want to spend more than 300": a word of budget stands between what denies and the sum, or a few words
    /// that ask nothing: "can't really justify more than 500".
    pub(crate) fn is_denied(&self, sum: &Found, budget: &[(usize, usize)]) -> bool {
        let chars = &self.folded.chars;
        let Some(denied) = self.negated.last_before(chars, sum.start) else { return false };
        let from = budget.partition_point(|(start, _)| *start < denied);
        let words = chars[denied..sum.start].iter().filter(|c| **c == ' ').count();
        let asks = || chars[sum.end..].iter().find(|c| is_border(**c)) == Some(&'?');
        budget.get(from).is_some_and(|(_, end)| *end <= sum.start) || words <= FEW_WORDS && !asks()
    }

    /// "My budget isn't 5000", "I can't spend 5000": a negator denies the sum itself, or the word of budget before it.
    pub(crate) fn is_denied_itself(&self, sum: &Found, budget: &[(usize, usize)]) -> bool {
        let chars = &self.folded.chars;
        let Some(denied) = self.negated.last_before(chars, sum.start) else { return false };
        let beside = |from: usize, to: usize| from <= to && chars[from..to].iter().all(|c| *c == ' ');
        beside(denied, sum.start) || budget.iter().any(|(start, end)| beside(denied, *start) && beside(*end, sum.start))
    }

    /// "Más de 1500 no le meto", "mehr als 250 zahlt mein chef nicht": the clause goes on with what is not done.
    pub(crate) fn is_denied_behind(&self, sum: &Found) -> bool {
        let end = self.negated.first_behind(&self.folded.chars, sum.end);
        end.is_some_and(|end| end - sum.end <= NEAR)
    }

    /// Whether a negator reaches the sum that is no part of what bounds it, as in "100 liranın altında olmasın".
    pub(crate) fn is_denied_before(&self, sum: &Found) -> bool {
        let ends = |at: usize| self.negated.has(at - 1) && !self.negated.has(at) && self.folded.chars[at - 1] == ' ';
        self.is_negated(sum.start) && !(sum.start + 1..sum.end).any(ends)
    }

    /// "Over 80 is too much for me": the clause says that so much is not spent.
    pub(crate) fn is_refused(&self, sum: &Found, refused: &[(usize, usize)]) -> bool {
        refused.iter().any(|(start, end)| {
            let between = if *end <= sum.start { *end..sum.start } else { sum.end..(*start).max(sum.end) };
            let chars = &self.folded.chars[between];
            // 不要低于100: what is a part of the bound has told already.
            let inside = sum.start <= *start && *end <= sum.end;
            !inside && chars.len() <= NEAR && !chars.iter().any(|c| is_border(*c))
        })
    }
}

/// An "at least" that was negated is a limit, and "don't show me anything under 100" the other way round.
pub(crate) fn turned(amount: &Amount) -> Amount {
    Amount { min: amount.max, max: amount.min, ..amount.clone() }
}
