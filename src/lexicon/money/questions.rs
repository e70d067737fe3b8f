//! Prices that are asked for: "is the tablet 250?", "500 or 600?".

use super::marks::Marks;
use super::{Finder, Named, Sum};
use crate::search::folding::is_spaceless;

/// What asks whether a sum is the price stands at most so many characters before it.
const ASKED: usize = 40;
/// …and the question mark behind it: "why is it 250 now?".
const ASKED_BEHIND: usize = 16;
/// "So 250 for the sofa, right?": the comma stands so many characters behind the sum at most.
const CONFIRMED: usize = 24;
/// "From 3000 or from 5000?": between an "or" and its second sum stand at most so many characters.
const OR_REACH: usize = 8;

impl Finder<'_> {
    /// "Is the tablet 250?", 平板是250吗, "tablet 250 mi?".
    pub(crate) fn is_asked(&self, sum: &Sum) -> bool {
        let (tokens, chars) = (self.tokens, self.tokens.chars);
        let at = tokens.skip_spaces(tokens.skip_suffix(sum.outer_end));
        // "250rb ya" without the mark may be an offer; 250吗 asks in any case.
        let ends = |end: usize| {
            let next = tokens.skip_spaces(end);
            let closed = is_spaceless(chars[at]) && !chars.get(next).is_some_and(|c| c.is_alphanumeric());
            closed || self.asks_at(next) || tokens.marked(next, Marks::EITHER).is_some()
        };
        if tokens.marked(at, Marks::ASKED_AFTER).is_some_and(ends) {
            return true;
        }
        if self.is_confirmed(at) {
            return true;
        }
        if !tokens.has(Marks::ASKED_BEFORE) {
            return false;
        }
        // The point of "350 руб.?" ends no sentence.
        let mut behind = chars[at.min(chars.len())..].iter().take(ASKED_BEHIND).skip_while(|c| **c == '.');
        let question = behind.find(|c| !c.is_alphabetic() && **c != ' ') == Some(&'?');
        let clause =
            chars[..sum.outer_start].iter().rev().take(ASKED).take_while(|c| c.is_alphanumeric() || **c == ' ');
        let from = sum.outer_start - clause.count();
        question && (from..sum.outer_start).any(|at| tokens.marked(at, Marks::ASKED_BEFORE).is_some())
    }

    /// Whether a question mark stands there, or behind the point of "350 руб.?".
    pub(crate) fn asks_at(&self, at: usize) -> bool {
        self.tokens.chars.get(at..).unwrap_or_default().iter().find(|c| **c != '.') == Some(&'?')
    }

    /// "So 250 for the sofa, right?": what ends the question that the sum is in, behind a comma.
    fn is_confirmed(&self, at: usize) -> bool {
        let (tokens, chars) = (self.tokens, self.tokens.chars);
        if !tokens.has(Marks::ASKED_AFTER) {
            return false;
        }
        let rest = chars[at.min(chars.len())..].iter().take(CONFIRMED).take_while(|c| c.is_alphabetic() || **c == ' ');
        let comma = at + rest.count();
        let asked =
            || tokens.marked(tokens.skip_spaces(comma + 1), Marks::ASKED_AFTER).map(|end| tokens.skip_spaces(end));
        chars.get(comma) == Some(&',') && asked().is_some_and(|end| chars.get(end) == Some(&'?'))
    }

    /// Gives two sums of which one is asked for the currency and the bound of one of them.
    pub(crate) fn choices(&self, sums: &mut [Sum]) {
        for at in 1..sums.len() {
            let (before, behind) = sums.split_at_mut(at);
            let (Some(first), Some(second)) = (before.last_mut(), behind.first_mut()) else { continue };
            let tokens = self.tokens;
            second.asked |= first.asked && self.follows_or(second);
            let or = tokens.marked(tokens.skip_spaces(first.outer_end), Marks::EITHER);
            let next = |end: usize| (end..second.low.start).len() <= OR_REACH && second.low.start >= end;
            let asked = self.asks_at(tokens.skip_spaces(second.outer_end));
            let asked = asked || self.is_one_of_several(first.start);
            if !or.is_some_and(next) || !asked {
                continue;
            }
            (first.asked, second.asked) = (true, true);
            match (first.named, second.named) {
                (Named::Not, named) => first.named = named,
                (named, Named::Not) => second.named = named,
                _ => {}
            }
            if second.bound.is_none() && first.high.is_none() && second.high.is_none() {
                second.bound = first.bound;
            }
        }
    }

    /// "500 ka hai ya 600 ka?": right behind an "or".
    fn follows_or(&self, sum: &Sum) -> bool {
        self.tokens.marked_before(self.tokens.back_over_spaces(sum.outer_start), Marks::EITHER).is_some()
    }
}
