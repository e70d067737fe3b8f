//! What two sums come to together: a price that was and is, a wish and what a good thing may cost, shares that are put together; and
//! half of one.

use rust_decimal::Decimal;

use super::not_budget::NotBudget;
use super::{NEAR, Sure, Verdict, as_budget, is_border, is_exact, value};
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

    /// What two sums, or half of one, come to that can be spent.
    pub(crate) fn shared_out(&self, judged: &[(Found, Verdict)], sums: &Sums, reading: &Reading) -> Option<Budget> {
        if TROUBLES.iter().any(|intent| reading.wants(*intent)) {
            return None;
        }
        let known: Vec<&(Found, Verdict)> = judged.iter().filter(|(_, verdict)| *verdict != Verdict::NoSum).collect();
        let free = |(_, verdict): &(Found, Verdict)| *verdict != Verdict::Not(NotBudget::Elsewhere);
        for pair in known.windows(2) {
            let [first, second] = pair else { continue };
            if self.is_widened(&first.0, &second.0, sums) && free(first) && free(second) {
                return Some(Budget { max: second.0.amount.max, ..as_budget(&first.0.amount) });
            }
            if self.is_put_together(&first.0, &second.0, sums) && free(first) {
                let all = value(&first.0) + value(&second.0);
                let range = self.says_of(&sums.if_good, &first.0, &second.0);
                let least = if range { first.0.amount.min } else { Some(all) };
                return Some(Budget { min: least, max: Some(all), ..as_budget(&first.0.amount) });
            }
        }
        known.iter().find_map(|(sum, _)| self.is_halved(sum, sums).then(|| half(sum)))
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
