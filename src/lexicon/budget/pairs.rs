//! What two sums of one message say of each other: a limit behind a wish, an offer behind a price, a correction.

use rust_decimal::Decimal;

use super::figures::is_round;
use super::not_budget::NotBudget;
use super::{NEAR, Sure, Verdict, as_budget, is_border, is_exact, place_of, value};
use crate::dictionary::meanings::Meaning;
use crate::money::{Found, Sums};
use crate::reading::Reader;
use hotline_domain::{Amount, Budget, Intent, Reading};

/// A limit is at most so many times what is wished for.
const MOST_STRETCHED: u32 = 3;
/// What is offered for a thing is a part of its price, and not too small a one.
const MOST_BARGAINED: u32 = 2;
/// A limit that is taken back for a higher one is at most so many times it.
const MOST_STRETCHED_LIMIT: Decimal = Decimal::from_parts(13, 0, 0, false, 1);
/// …and the limit behind a bare number that is wished for.
const MOST_STRETCHED_WISH: Decimal = Decimal::from_parts(15, 0, 0, false, 1);
/// Smaller bare numbers count things.
const LEAST_WISHED: u32 = 50;

/// Where one sum takes the place of another, or stands instead of it, both are sums or neither.
pub(crate) fn sure_together(sums: &[Found], sure: &mut [Sure]) {
    for at in 1..sums.len() {
        // What is taken back by the one behind it has nothing to do with the one before it.
        let contrasted = sums[at].taken_back && !sums.get(at + 1).is_some_and(|next| next.corrects);
        let together = sums[at].corrects || contrasted || sums[at - 1].instead;
        if together && [sure[at - 1], sure[at]].contains(&Sure::Itself) {
            (sure[at - 1], sure[at]) = (Sure::Itself, Sure::Itself);
        }
    }
}

/// "2000, but I can go up to 2300": a bare number right before a limit that is little higher is what is wished for.
pub(crate) fn wished(sums: &[Found], sure: &mut [Sure], explained: impl Fn(&Found) -> bool) {
    for at in 1..sums.len() {
        let (wish, limit) = (&sums[at - 1], &sums[at]);
        let (low, high) = (value(wish), value(limit));
        let between = limit.start.saturating_sub(wish.end);
        let limits = sure[at] == Sure::Itself && limit.amount.min.is_none() && (1..=NEAR).contains(&between);
        let rises = low < high && high <= low * MOST_STRETCHED_WISH;
        let round = low >= Decimal::from(LEAST_WISHED) && (low % Decimal::TEN).is_zero();
        let plain = wish.plausible && !wish.weak && is_exact(wish);
        if sure[at - 1] != Sure::Itself && limits && rises && round && plain && !explained(wish) {
            sure[at - 1] = Sure::Itself;
        }
    }
}

/// "Not 500, 300 for the chair": two round numbers of which the one corrects the other.
pub(crate) fn corrected(sums: &[Found], sure: &mut [Sure], explained: impl Fn(&Found) -> bool) {
    let round = |sum: &Found| sum.plausible && !sum.weak && is_exact(sum) && is_round(value(sum)) && !explained(sum);
    for at in 1..sums.len() {
        if sums[at].corrects && round(&sums[at - 1]) && round(&sums[at]) {
            (sure[at - 1], sure[at]) = (Sure::Itself, Sure::Itself);
        }
    }
}

/// "The 690 one or the 840 one?": two things that are told by their prices.
pub(crate) fn pointed(sums: &[Found], sure: &mut [Sure], explained: impl Fn(&Found) -> bool) {
    // Smaller ones are as often inches or litres.
    let rounded = |value: Decimal| value >= Decimal::ONE_HUNDRED && (value % Decimal::from(5)).is_zero();
    let fits = |sum: &Found| is_exact(sum) && rounded(value(sum)) && sum.plausible && !sum.weak && !explained(sum);
    for at in 1..sums.len() {
        let (one, other) = (&sums[at - 1], &sums[at]);
        let alike = value(one).max(value(other)) <= value(one).min(value(other)) * Decimal::from(MOST_BARGAINED);
        let near = other.start.saturating_sub(one.end) <= if one.points { 2 * NEAR } else { NEAR / 2 };
        if other.points && near && alike && fits(one) && fits(other) {
            (sure[at - 1], sure[at]) = (Sure::Itself, Sure::Itself);
        }
    }
}

/// "250 can't you lower it? I have 200": who bargains names the price first, and the offer that they can pay says that it is one.
pub(crate) fn haggled(sums: &[Found], sure: &mut [Sure], explained: impl Fn(&Found) -> bool) {
    for at in 1..sums.len() {
        let (price, offer) = (&sums[at - 1], &sums[at]);
        let (high, low) = (value(price), value(offer));
        let near = offer.start.saturating_sub(price.end) <= 2 * NEAR;
        let lower = low < high && high <= low * Decimal::from(MOST_BARGAINED);
        let plain = price.plausible && !price.weak && is_exact(price) && high >= Decimal::from(LEAST_WISHED);
        if sure[at - 1] != Sure::Itself && sure[at] == Sure::Itself && near && lower && plain && !explained(price) {
            sure[at - 1] = Sure::Itself;
        }
    }
}

/// What a sum that is taken back would have been, the one in its place is.
pub(crate) fn take_back(judged: &mut [(Found, Verdict)]) {
    for at in 0..judged.len() {
        let Verdict::Budget(rank) = judged[at].1 else { continue };
        if !judged[at].0.taken_back {
            continue;
        }
        let by_next = judged.get(at + 1).is_some_and(|(next, _)| next.corrects);
        // What it was contrasted with may have turned out to be no sum: then nothing stands in its place.
        let instead = if by_next { Some(at + 1) } else { at.checked_sub(1) };
        let Some(instead) = instead else { continue };
        judged[at].1 = Verdict::Not(NotBudget::TakenBack);
        judged[instead].1 = match judged[instead].1 {
            Verdict::Budget(own) => Verdict::Budget(rank.max(own)),
            _ => Verdict::Budget(rank),
        };
    }
}

/// "1,450 you say, settle it at 1,200", "90 instead of 110": who bargains names the price first and then what they would pay, unless
/// the words between them say that it is the other way round. How surely the second is offered for the first tells `offered`.
pub(crate) fn bargained(judged: &mut [(Found, Verdict)], offered: impl Fn(&Found, &Found) -> Option<u8>) {
    for at in 1..judged.len() {
        let [first, second] = &mut judged[at - 1..=at] else { continue };
        let ((price, asked), (offer, given)) =
            if first.0.instead && value(&first.0) < value(&second.0) { (second, first) } else { (first, second) };
        let sums = *asked != Verdict::NoSum && *given != Verdict::NoSum;
        let alike = is_exact(price) && is_exact(offer) && price.amount.currency == offer.amount.currency;
        let (high, low) = (value(price), value(offer));
        let lower = sums && alike && low < high && low * Decimal::from(MOST_BARGAINED) >= high;
        if let Some(rank) = lower.then(|| offered(price, offer)).flatten() {
            (*asked, *given) = (Verdict::Not(NotBudget::Elsewhere), Verdict::Budget(rank));
        }
    }
}

/// "Around 350, 400 at most", "600-700, 750 at most": from the one to the other, where they are named together. "Up to 2000, but I
/// can go up to 2300": to the second.
pub(crate) fn stretched(judged: &[(Found, Verdict)], budget: &Amount) -> Option<Budget> {
    // "200 für ein Zelt, maximal 250": an article is no sum between the two.
    let sums = || judged.iter().filter(|(_, verdict)| *verdict != Verdict::NoSum);
    sums().zip(sums().skip(1)).find_map(|pair| {
        let ((wish, Verdict::Budget(_)), (limit, Verdict::Budget(_))) = pair else { return None };
        let named = [&wish.amount, &limit.amount].contains(&budget);
        let together = limit.start.saturating_sub(wish.end) <= NEAR && wish.amount.currency == limit.amount.currency;
        let wished = wish.amount.max.filter(|_| limit.amount.min.is_none());
        let apart = if wish.amount.min.is_some() { Decimal::from(MOST_STRETCHED) } else { MOST_STRETCHED_LIMIT };
        let Some(most) = limit.amount.max else {
            return (named && together).then(|| both_bounds(&wish.amount, &limit.amount)).flatten();
        };
        let rises = wished.is_some_and(|wished| wished < most && most <= wished * apart);
        (named && together && rises).then(|| Budget { min: wish.amount.min, ..as_budget(&limit.amount) })
    })
}

/// "Nothing above 600 nor under 300".
fn both_bounds(first: &Amount, second: &Amount) -> Option<Budget> {
    let (most, least) = (first.max?, second.min?);
    (first.min.is_none() && least < most).then(|| Budget { min: Some(least), ..as_budget(first) })
}

/// The cues of another shop, and of what is asked of this one.
const OTHER_SHOP: &str = "other_shop";
const ACCEPT: &str = "accept";

impl Reader<'_> {
    /// "I've a 20 voucher, and the total must stay below 80": the word that tells another reason stands before the sum before, and is
    /// that one's.
    pub(crate) fn is_limit_behind(&self, sum: &Found, sums: &Sums) -> bool {
        let before = sums.found.partition_point(|other| other.end <= sum.start);
        let Some(other) = before.checked_sub(1).map(|place| &sums.found[place]) else { return false };
        let own = |(start, end): &(usize, usize)| *end > other.end && *start <= sum.end + NEAR;
        let of_other = |(_, end): &(usize, usize)| *end <= other.start;
        let limits = sum.amount.min.is_none() && other.plausible && is_exact(other);
        limits && sums.elsewhere.iter().any(of_other) && !sums.elsewhere.iter().any(own)
    }

    /// "Bei Saturn 549, macht ihr 500?": behind the price of another shop it is asked whether this one will take less, and no other
    /// is named for that.
    pub(crate) fn is_asked_for_less(&self, price: &Found, offer: &Found, reading: &Reading) -> bool {
        let until = offer.end + NEAR;
        let parted = |place: usize| place > offer.end && (offer.end..place).any(|at| is_border(self.folded.chars[at]));
        let cue = |wanted: &str, places: std::ops::Range<usize>| {
            let known = |meaning: &Meaning| matches!(meaning, Meaning::Cue { name, .. } if **name == *wanted);
            let beside = |start: usize| places.contains(&start) && !parted(start);
            self.scan.hits.iter().any(|hit| known(hit.meaning) && beside(hit.start))
        };
        let elsewhere = cue(OTHER_SHOP, price.start.saturating_sub(2 * NEAR)..price.start);
        let lowers = place_of(Intent::Discount, reading).is_some_and(|span| {
            let behind = span.start >= price.amount.span.end;
            // A phrase behind the next clause is about what follows.
            let at = self.folded.chars.len().min(until);
            behind && (price.end..at).any(|at| self.folded.origin(at) == span.start && !parted(at))
        });
        elsewhere && (lowers || cue(ACCEPT, price.end..until)) && !cue(OTHER_SHOP, price.end..until)
    }

    /// "75011 Paris, budget 300 €": a bare number of an earlier clause than the word of budget, which has its own sum.
    pub(crate) fn is_before_budget(&self, sum: &Found, sums: &Sums) -> bool {
        let named = |other: &Found| other.amount.currency.is_some() && !other.amount.currency_inferred;
        let parted = |start: usize| self.folded.chars[sum.end..start].iter().any(|c| is_border(*c));
        let own = |(start, end): &(usize, usize)| {
            let near = *end <= sum.start && sum.start - end <= NEAR;
            near || *start >= sum.end && *start <= sum.end + NEAR && !parted(*start)
        };
        let later = |other: &Found| named(other) && self.nearest(&sums.budget, other).is_some();
        sums.found.iter().filter(|other| other.start >= sum.end).any(later) && !sums.budget.iter().any(own)
    }
}
