//! What two sums come to together: a price that was and is, a wish and what a good thing may cost, shares that are put together; and
//! half of one.

use rust_decimal::Decimal;

use super::not_budget::NotBudget;
use super::{NEAR, Sure, Verdict, as_budget, is_border, is_counting, is_exact, value};
use crate::descriptions::TROUBLES;
use crate::money::{Found, Priced, Sums};
use crate::negation::is_end_at;
use crate::reading::Reader;
use hotline_domain::{Amount, Budget, Intent, Reading};

/// On a condition at most so many times more is spent.
const MOST_WIDENED: Decimal = Decimal::from_parts(16, 0, 0, false, 1);
/// What two give is at most so many times one another.
const MOST_APART: Decimal = Decimal::from_parts(10, 0, 0, false, 0);
/// Two sums of one thought stand at most so many characters apart.
const TOGETHER: usize = 60;
/// Smaller bare numbers count things.
const LEAST: Decimal = Decimal::from_parts(50, 0, 0, false, 0);

/// Shares that are named with what they come to are no less…
const LEAST_SHARE: Decimal = Decimal::from_parts(5, 0, 0, false, 0);
/// …and looked for among so many sums of a message.
const MOST_SHARES: usize = 8;

/// So many give at most.
const MOST_GIVERS: Decimal = Decimal::from_parts(60, 0, 0, false, 0);

type Places = [(usize, usize)];

impl Reader<'_> {
    /// Whether two sums of one sentence are near each other, exact, and of one currency.
    fn go_together(&self, first: &Found, second: &Found) -> bool {
        let between = first.end..second.start;
        let plain = |sum: &Found| is_exact(sum) && sum.plausible && !sum.weak && (sum.certain || value(sum) >= LEAST);
        plain(first)
            && plain(second)
            && first.end <= second.start
            && between.len() <= TOGETHER
            && first.amount.currency == second.amount.currency
            && !between.into_iter().any(|at| is_end_at(&self.folded.chars, at))
    }

    /// Whether one of the words stands between two sums, or behind the second in its clause.
    fn says_of(&self, words: &Places, first: &Found, second: &Found) -> bool {
        within(words, first.end, second.end + NEAR).any(|(start, end)| {
            let between = *start >= first.end && *end <= second.start;
            let behind = || *start >= second.end && start - second.end <= NEAR;
            let same = || !(second.end..*start).any(|at| is_border(self.folded.chars[at]));
            between || behind() && same()
        })
    }

    /// "80, maybe 100 if it is really good": the first is what is wished for.
    fn is_widened(&self, first: &Found, second: &Found, sums: &Sums) -> bool {
        let (low, high) = (value(first), value(second));
        low < high
            && !second.corrects
            && high <= low * MOST_WIDENED
            && self.go_together(first, second)
            && self.says_of(&sums.if_good, first, second)
    }

    /// "200, 220 if it is really good": with nothing but a comma between them the two are one range.
    pub(crate) fn join_widened(&self, judged: &[(Found, Verdict)], sums: &Sums, amounts: &mut Vec<Amount>) {
        for pair in judged.windows(2) {
            let [(first, one), (second, other)] = pair else { continue };
            let listed = *one != Verdict::NoSum && *other != Verdict::NoSum;
            let beside = self.folded.chars[first.end..second.start.max(first.end)] == [',', ' '];
            if listed && beside && self.is_widened(first, second, sums) {
                amounts.retain(|amount| *amount != second.amount);
                for amount in amounts.iter_mut().filter(|amount| **amount == first.amount) {
                    amount.max = second.amount.max;
                    amount.span.end = second.amount.span.end;
                }
            }
        }
    }

    /// "Grandma gives 200 and I add 100", "600 + 50".
    fn is_put_together(&self, first: &Found, second: &Found, sums: &Sums) -> bool {
        let (one, other) = (value(first), value(second));
        let alike = one <= other * MOST_APART && other <= one * MOST_APART;
        let adds = || first.added && second.added || self.says_of(&sums.adds, first, second);
        alike && self.go_together(first, second) && adds()
    }

    /// "My mum gives 100 and I have 150, so 250": the sum of two before it.
    fn is_total(&self, first: &Found, second: &Found, all: &Found) -> bool {
        let named = |sum: &Found| sum.amount.currency == all.amount.currency;
        let apart = all.start.saturating_sub(second.end);
        is_exact(first)
            && is_exact(second)
            && is_exact(all)
            && value(first) >= LEAST_SHARE
            && value(second) >= LEAST_SHARE
            && value(first).checked_add(value(second)) == Some(value(all))
            && [first, second, all].into_iter().all(|sum| sum.plausible && !sum.weak && named(sum))
            && first.end <= second.start
            && second.start - first.end <= TOGETHER
            && apart <= TOGETHER
    }

    /// The places of two shares and of what they come to.
    fn totals(&self, sums: &[&Found]) -> impl Iterator<Item = (usize, usize, usize)> {
        let places = sums.len().min(MOST_SHARES);
        let of = move |all: usize| (1..all).map(move |second| (second - 1, second, all));
        let fits =
            |(first, second, all): &(usize, usize, usize)| self.is_total(sums[*first], sums[*second], sums[*all]);
        (2..places).flat_map(of).filter(fits).collect::<Vec<_>>().into_iter()
    }

    /// "At 120 I expect leather": it is a sum, and nobody offers it.
    pub(crate) fn only_leads(&self, sum: &Found, reading: &Reading) -> bool {
        let behind = self.folded.chars[sum.end..].iter().find(|c| **c != ' ');
        let offers = [Intent::Discount, Intent::Buy].iter().any(|intent| reading.wants(*intent));
        sum.priced == Priced::Leading
            && reading.wants(Intent::ProductInquiry)
            && !offers
            && behind.is_some_and(|c| c.is_alphanumeric())
    }

    /// Of two sums that say something together both are sums where one is.
    pub(crate) fn sure_of_shares(&self, sums: &Sums, sure: &mut [Sure], explained: impl Fn(&Found) -> bool) {
        // "80 for a perfume, maybe 100": an article is no sum between the two.
        let large = |at: &usize| sums.found[*at].certain || value(&sums.found[*at]) >= LEAST;
        let places: Vec<usize> = (0..sums.found.len()).filter(large).collect();
        for pair in places.windows(2) {
            let (first, second) = (&sums.found[pair[0]], &sums.found[pair[1]]);
            let together = self.is_widened(first, second, sums) || self.is_put_together(first, second, sums);
            // Asked last: that takes longest.
            if together && !explained(first) && !explained(second) {
                (sure[pair[0]], sure[pair[1]]) = (Sure::Itself, Sure::Itself);
            }
        }
    }

    /// Two shares and what they come to are sums where one is, or where they are too large to count things.
    pub(crate) fn sure_of_totals(&self, sums: &Sums, sure: &mut [Sure], explained: impl Fn(&Found) -> bool) {
        let all: Vec<&Found> = sums.found.iter().collect();
        for (first, second, total) in self.totals(&all) {
            let places = [first, second, total];
            let told = places.iter().any(|place| sure[*place] != Sure::No);
            let large = [first, second].iter().all(|place| value(all[*place]) >= LEAST);
            if (told || large) && !places.iter().any(|place| explained(all[*place])) {
                places.iter().for_each(|place| sure[*place] = Sure::Itself);
            }
        }
    }

    /// What two sums, or half of one, come to that can be spent.
    pub(crate) fn shared_out(&self, judged: &[(Found, Verdict)], sums: &Sums, reading: &Reading) -> Option<Budget> {
        if TROUBLES.iter().any(|intent| reading.wants(*intent)) {
            return None;
        }
        let known: Vec<&(Found, Verdict)> = judged.iter().filter(|(_, verdict)| *verdict != Verdict::NoSum).collect();
        let all: Vec<&Found> = known.iter().map(|(sum, _)| sum).collect();
        let spent = |place: usize| matches!(known[place].1, Verdict::Budget(_));
        let quoted = |place: usize| known[place].1 == Verdict::Not(NotBudget::Elsewhere);
        let total = self
            .totals(&all)
            .find(|(first, second, all)| [*first, *second, *all].into_iter().any(spent) && !quoted(*all));
        if let Some((_, _, total)) = total {
            return Some(as_budget(&all[total].amount));
        }
        if let Some(all) = self.multiplied(judged) {
            return Some(as_budget(&all.amount));
        }
        let free = |(_, verdict): &(Found, Verdict)| *verdict != Verdict::Not(NotBudget::Elsewhere);
        for pair in known.windows(2) {
            let [first, second] = pair else { continue };
            if self.is_widened(&first.0, &second.0, sums) && free(first) && free(second) {
                return Some(Budget { max: second.0.amount.max, ..as_budget(&first.0.amount) });
            }
            if self.is_put_together(&first.0, &second.0, sums) && free(first) && free(second) {
                let all = value(&first.0) + value(&second.0);
                let range = self.says_of(&sums.if_good, &first.0, &second.0);
                let least = if range { first.0.amount.min } else { Some(all) };
                return Some(Budget { min: least, max: Some(all), ..as_budget(&first.0.amount) });
            }
        }
        known.iter().find_map(|(sum, _)| self.is_halved(sum, sums).then(|| half(sum)))
    }

    /// "14 of us, 5 each, so 70": what so many people give comes to.
    fn multiplied<'j>(&self, judged: &'j [(Found, Verdict)]) -> Option<&'j Found> {
        let known = |place: usize| judged[place].1 != Verdict::NoSum;
        let whole = |count: Decimal| count.fract().is_zero() && count >= Decimal::TWO && count <= MOST_GIVERS;
        // "3 chairs at 25, 75 in all": each may cost so much.
        let of_things = |sum: &Found| is_counting(sum, &self.scan.hits);
        let spent = |place: usize| matches!(judged[place].1, Verdict::Budget(_));
        (2..judged.len().min(MOST_SHARES)).find_map(|place| {
            let all = &judged[place].0;
            let fits = (0..place).any(|one| {
                let each = &judged[one].0;
                let is_share =
                    is_exact(each) && known(one) && value(each) >= LEAST_SHARE && (spent(one) || spent(place));
                let times = |other: usize| {
                    let count = &judged[other].0;
                    let is_count = other != one && !known(other) && whole(value(count)) && !of_things(count);
                    is_count && value(count).checked_mul(value(each)) == Some(value(all))
                };
                is_share && (0..place).any(times)
            });
            (fits && known(place) && is_exact(all)).then_some(all)
        })
    }

    /// "I won't pay 800, half of it": the clause ends with that.
    fn is_halved(&self, sum: &Found, sums: &Sums) -> bool {
        let chars = &self.folded.chars;
        let ends = |end: usize| chars[end..].iter().find(|c| **c != ' ').is_none_or(|c| matches!(c, '.' | '!' | '\n'));
        within(&sums.half, sum.end, sum.end + 2 * NEAR)
            .any(|(start, end)| ends(*end) && !(sum.end..*start).any(|at| is_end_at(chars, at)))
    }

    /// "It was 199, now 149": of two prices neither is what can be spent, unless a word of budget says so.
    pub(crate) fn fallen(&self, judged: &mut [(Found, Verdict)], sums: &Sums) {
        for at in 1..judged.len() {
            let [(first, was), (second, now)] = &mut judged[at - 1..=at] else { continue };
            let told = *was == Verdict::Not(NotBudget::Elsewhere)
                || within(&sums.was, first.start.saturating_sub(2 * NEAR), first.start).next().is_some();
            let spent = within(&sums.budget, first.start.saturating_sub(2 * NEAR), second.end + NEAR).next().is_some();
            if told
                && !spent
                && self.go_together(first, second)
                && within(&sums.now, first.end, second.start).next().is_some()
            {
                for verdict in [was, now] {
                    if matches!(verdict, Verdict::Budget(_)) {
                        *verdict = Verdict::Not(NotBudget::Elsewhere);
                    }
                }
            }
        }
    }
}

/// The words that begin between two places. They stand in order.
fn within(words: &Places, from: usize, to: usize) -> impl Iterator<Item = &(usize, usize)> {
    words[words.partition_point(|(start, _)| *start < from)..].iter().take_while(move |(start, _)| *start <= to)
}

fn half(sum: &Found) -> Budget {
    let half = value(sum) / Decimal::TWO;
    Budget { min: Some(half), max: Some(half), ..as_budget(&sum.amount) }
}
