//! Sums of money in a text: numbers with their currencies and coins, and what makes a bare one a sum.

pub(crate) mod bounds;
pub(crate) mod coins;
pub(crate) mod corrections;
pub(crate) mod file;
pub(crate) mod marks;
pub(crate) mod mixed;
pub(crate) mod names;
pub(crate) mod no_money;
pub(crate) mod questions;
pub(crate) mod ranges;
pub(crate) mod selection;
pub(crate) mod slips;
pub(crate) mod tokens;
pub(crate) mod unsaid;
pub(crate) mod words;

use rust_decimal::Decimal;

use crate::Hints;
use crate::budget::is_border;
use crate::negation::Reach;
use crate::numbers::{self, Number};
use crate::search::folding::Folded;
use crate::search::matcher::Hit;
use file::Bound;
use hotline_domain::{Amount, Currency, Span};
use marks::Marks;
use no_money::{is_myriad, is_no_money, is_resolution};
use ranges::shared;
use tokens::{Elsewhere, Tokens};
use words::MoneyWords;

/// A bare number below this is no sum for a bound alone: "max 2".
const LEAST_BOUNDED: u32 = 10;
/// With two decimals, smaller numbers may measure something: 1.92 m.
const LEAST_WITH_CENTS: u32 = 4;

const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// No phrase about money is longer.
const LONGEST_PHRASE: usize = 48;

/// What named the currency of a number.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Named {
    Not,
    Known(Currency),
    /// Named, but several countries call theirs so.
    Shared,
}

/// One sum with what stands around it.
pub(crate) struct Sum {
    pub(crate) low: Number,
    pub(crate) high: Option<Number>,
    pub(crate) named: Named,
    pub(crate) bound: Option<Bound>,
    pub(crate) about: bool,
    /// It takes the place of the one before it.
    pub(crate) corrects: bool,
    /// Another one takes its place.
    pub(crate) taken_back: bool,
    /// Another one is added to it, or it to another.
    pub(crate) added: bool,
    /// The other one tells that it is a sum: "450, not 4500", "my budget was 500, now 300".
    pub(crate) told: bool,
    /// It is what can be spent by now.
    pub(crate) renews: bool,
    /// Whether it is the price, or which of two is, is asked: "is it 12 or 15?".
    pub(crate) asked: bool,
    /// Where the numbers and their currency stand…
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// …and the words that bound them too.
    pub(crate) outer_start: usize,
    pub(crate) outer_end: usize,
}

impl Sum {
    /// Where its last number ends.
    pub(crate) fn last_end(&self) -> usize {
        self.high.map_or(self.low.end, |high| high.end)
    }
}

/// A sum, and how sure it is that it is one.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) amount: Amount,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// A currency, a bound or a multiplier stands with it; without them only the context can tell.
    pub(crate) certain: bool,
    /// It may be a sum where the context says so: no slip of the tongue such as "one" or "5m".
    pub(crate) plausible: bool,
    /// Its number as it is written, without what is left unsaid.
    pub(crate) written: Decimal,
    /// Its multiplier may be something else: 65w, a 4k screen.
    pub(crate) weak: bool,
    pub(crate) priced: Priced,
    /// It takes the place of the one before it.
    pub(crate) corrects: bool,
    /// Another one takes its place.
    pub(crate) taken_back: bool,
    /// It is what can be spent by now, and the one before it was.
    pub(crate) renews: bool,
    /// It points at a thing: "the 450 one".
    pub(crate) points: bool,
    /// One of several payments: "3 x 500".
    pub(crate) of_several: bool,
    /// The words right beside it ask whether it is the price.
    pub(crate) asked: bool,
    /// "Instead of" stands between it and the next one.
    pub(crate) instead: bool,
    /// A plus stands between it and another one.
    pub(crate) added: bool,
    /// "More than" stands before it.
    pub(crate) over: bool,
    /// Nothing bounds, names or multiplies it: it is as it is written.
    pub(crate) bare: bool,
    /// Its currency is named.
    pub(crate) named: bool,
}

/// Whether a word beside a number makes it a price.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Priced {
    Not,
    /// A little word, which counts where the number ends its clause…
    Lightly,
    /// …or where the clause begins with the two: "for 180 I'd take it".
    Leading,
    /// A correction with which the message begins: "actually 400 for the chair".
    Anew,
    Surely,
}

/// What a message says about money.
#[derive(Default)]
pub(crate) struct Sums {
    /// All sums, in order.
    pub(crate) found: Vec<Found>,
    /// Where words stand that tell what can be spent…
    pub(crate) budget: Vec<(usize, usize)>,
    /// …those that tell another reason for a sum…
    pub(crate) elsewhere: Vec<(usize, usize)>,
    /// …those that refuse to spend so much…
    pub(crate) refused: Vec<(usize, usize)>,
    /// …and of them those that want nothing of what a bound names.
    pub(crate) unwanted: Vec<(usize, usize)>,
    /// Words that tell what a price was before, and what it is now.
    pub(crate) was: Vec<(usize, usize)>,
    pub(crate) now: Vec<(usize, usize)>,
    /// Words on what condition more can be spent, that put one sum to another, and for half of one.
    pub(crate) if_good: Vec<(usize, usize)>,
    pub(crate) adds: Vec<(usize, usize)>,
    pub(crate) half: Vec<(usize, usize)>,
    /// "Per", between a sum and what it is for.
    pub(crate) per: Vec<(usize, usize)>,
    /// Numbers that something else explains.
    pub(crate) explained: Vec<(usize, usize)>,
    pub(crate) other_words: Elsewhere,
}

impl Sums {
    /// Without words that are a part of a longer name: the charge of "fast charge" is none.
    pub(crate) fn outside(mut self, names: &[&Hit<'_>]) -> Self {
        let is_part = |(start, end): (usize, usize)| {
            let around =
                |name: &&Hit<'_>| name.start <= start && end <= name.end && end - start < name.end - name.start;
            names.iter().any(around)
        };
        self.budget.retain(|place| !is_part(*place));
        self.elsewhere.retain(|place| !is_part(*place));
        self
    }
}

/// Reads all sums of a text.
pub(crate) fn find(
    words: MoneyWords<'_>,
    folded: &Folded,
    lang: Option<&str>,
    hints: &Hints<'_>,
    negated: &Reach,
) -> Sums {
    let (tokens, other_words) = Tokens::scan(words, folded, hints.country);
    let Some(tokens) = tokens else { return Sums { other_words, ..Sums::default() } };
    let numbers = numbers::find(&tokens);
    let finder = Finder { tokens: &tokens, folded, lang, hints, numbers: &numbers, negated };
    let (mut sums, explained) = finder.sums();
    finder.merge_bounds(&mut sums);
    finder.choices(&mut sums);
    finder.additions(&mut sums);
    finder.corrections(&mut sums);
    finder.carry_over(&mut sums);
    let (budget, elsewhere) = (tokens.places(Marks::BUDGET), tokens.places(Marks::NOT_BUDGET));
    // "En adelante" and "cheaper than" bound a sum, whatever their words say alone.
    let bounds = tokens.bounds();
    let elsewhere = outside(&elsewhere, &bounds);
    Sums {
        found: sums.iter().map(|sum| finder.make(sum)).collect(),
        budget: outside(&budget, &elsewhere),
        elsewhere: outside(&elsewhere, &budget),
        refused: outside(&outside(&tokens.places(Marks::REFUSED), &budget), &bounds),
        unwanted: tokens.places(Marks::UNWANTED),
        was: tokens.places(Marks::WAS),
        now: tokens.places(Marks::NOW),
        if_good: tokens.places(Marks::IF_GOOD),
        adds: tokens.places(Marks::ADDS),
        half: tokens.places(Marks::HALF).into_iter().filter(|place| !is_in_number(&numbers, *place)).collect(),
        per: tokens.places(Marks::PER),
        explained,
        other_words,
    }
}

/// "Two and a half at most" halves nothing. The numbers stand in order.
fn is_in_number(numbers: &[Number], (start, _): (usize, usize)) -> bool {
    let after = numbers.partition_point(|number| number.end <= start);
    numbers.get(after).is_some_and(|number| number.start < start)
}

/// Words that are no part of a longer one that says the opposite: "pago" of "lo pago da voi". Both stand in order.
fn outside(words: &[(usize, usize)], longer: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let is_part = |(start, end): (usize, usize)| {
        let from = longer.partition_point(|(other, _)| *other + LONGEST_PHRASE < start);
        let around = longer[from..].iter().take_while(|(other, _)| *other <= start);
        around.into_iter().any(|(other, behind)| end <= *behind && end - start < behind - other)
    };
    words.iter().copied().filter(|place| !is_part(*place)).collect()
}

pub(crate) struct Finder<'a> {
    pub(crate) tokens: &'a Tokens<'a>,
    pub(crate) folded: &'a Folded,
    pub(crate) lang: Option<&'a str>,
    pub(crate) hints: &'a Hints<'a>,
    pub(crate) numbers: &'a [Number],
    /// What negators reach.
    pub(crate) negated: &'a Reach,
}

impl Finder<'_> {
    /// All that may be sums, and the places of the numbers that are none.
    fn sums(&self) -> (Vec<Sum>, Vec<(usize, usize)>) {
        let mut sums: Vec<Sum> = Vec::with_capacity(self.numbers.len());
        let mut explained = Vec::new();
        let (mut index, mut behind) = (0, 0);
        while let Some(low) = self.numbers.get(index).copied() {
            index += 1;
            let mut sum = Sum {
                low,
                high: None,
                named: Named::Not,
                bound: None,
                about: low.rough,
                corrects: false,
                taken_back: false,
                added: false,
                told: false,
                renews: false,
                asked: false,
                start: low.start,
                end: low.end,
                outer_start: low.start,
                outer_end: low.end,
            };
            if let Some(next) = self.numbers.get(index)
                && self.joins(&mut sum, next)
            {
                sum.end = next.end;
                index += 1;
            }
            self.currency(&mut sum, behind);
            if sum.high.is_none() {
                index += self.small_coins(&mut sum, index);
            }
            self.bounds(&mut sum, behind);
            if is_no_money(self.tokens, &sum, self.numbers) {
                behind = sum.low.end;
                explained.push((sum.low.start, sum.last_end()));
                continue;
            }
            sum.asked = self.is_asked(&sum);
            if sums.last().is_some_and(|last| self.falls(last, &sum)) {
                sum.bound = None;
            }
            behind = sum.outer_end;
            sums.push(sum);
        }
        (sums, explained)
    }

    /// "С 80000 до 60000", "to 80 from 100": behind a higher sum, "to" tells what it became, and behind a lower one "from" what it
    /// was; neither is a limit.
    fn falls(&self, before: &Sum, sum: &Sum) -> bool {
        let tokens = self.tokens;
        let at = tokens.skip_spaces(before.outer_end);
        let told = match sum.bound {
            Some(Bound::AtMost) if sum.low.value < before.low.value => Marks::RANGE,
            Some(Bound::AtLeast) if sum.low.value > before.low.value => Marks::RANGE_START,
            _ => return false,
        };
        let single = before.high.is_none() && sum.high.is_none();
        single && at == sum.outer_start && tokens.marked(at, told).is_some()
    }

    pub(crate) fn priced(&self, sum: &Sum) -> Priced {
        let tokens = self.tokens;
        let start = self.back_over_filler(sum.outer_start);
        let before =
            |mark| tokens.before(start, |word| (word.is(mark) && !word.is(Marks::SUFFIX)).then_some(())).is_some();
        // "49,-" ends as prices do.
        let behind = |at: usize| tokens.ending(tokens.skip_spaces(at), Marks::PRICE).is_some();
        let behind = behind(sum.outer_end) || behind(tokens.skip_suffix(sum.outer_end));
        match () {
            () if before(Marks::PRICE) || behind => Priced::Surely,
            () if before(Marks::PRICE_AT) && !sum.low.leaves_hundreds() => match self.leads(start) {
                true if start < sum.outer_start => Priced::Leading,
                _ => Priced::Lightly,
            },
            () if self.begins_anew(start) => Priced::Anew,
            () => Priced::Not,
        }
    }

    /// Whether a clause begins with the little word before a place.
    fn leads(&self, start: usize) -> bool {
        let tokens = self.tokens;
        let word = tokens.marked_before(start, Marks::PRICE_AT).map(|begin| tokens.back_over_spaces(begin));
        word.is_some_and(|at| at == 0 || is_border(tokens.chars[at - 1]))
    }

    /// Whether nothing but a correction stands before a place.
    fn begins_anew(&self, start: usize) -> bool {
        let tokens = self.tokens;
        let mut at = start;
        while let Some(begin) = tokens.marked_before(at, Marks::CORRECTION) {
            at = tokens.back_over_spaces(begin);
        }
        at < start && !tokens.chars[..at].iter().any(|c| c.is_alphanumeric())
    }

    /// "The 450 one", "celui à 450": a thing that is told by its price.
    fn is_pointed(&self, sum: &Sum) -> bool {
        let tokens = self.tokens;
        if sum.bound.is_some() || sum.high.is_some() {
            return false;
        }
        let start = tokens.back_over_spaces(sum.outer_start);
        let end = tokens.skip_spaces(tokens.skip_suffix(sum.outer_end));
        let before = |mark| tokens.marked_before(start, mark).is_some();
        let behind = |mark| tokens.marked(end, mark).is_some();
        before(Marks::POINTED_BEFORE)
            || behind(Marks::POINTED_AFTER)
            || before(Marks::POINTED_FROM) && behind(Marks::POINTED_TO)
    }

    /// Over spaces, and a word such as "the" before them.
    fn back_over_filler(&self, start: usize) -> usize {
        let tokens = self.tokens;
        let at = tokens.back_over_spaces(start);
        let priced = tokens.before(at, |word| (word.is(Marks::PRICE) || word.is(Marks::PRICE_AT)).then_some(()));
        let filler = tokens.marked_before(at, Marks::FILLER).filter(|start| tokens.chars[*start].is_alphabetic());
        match filler.filter(|_| priced.is_none()) {
            Some(start) => tokens.back_over_spaces(start),
            None => at,
        }
    }

    /// A number word that is said of money alone: a tenner.
    fn is_note(&self, number: &Number) -> bool {
        number.in_words() && self.tokens.at(number.start).any(|(word, end)| word.is(Marks::NOTE) && end <= number.end)
    }

    /// The figures of a sum, with what goes without saying.
    fn figures(&self, sum: &Sum, currency: Option<Currency>, inferred: bool) -> (Decimal, Option<Decimal>) {
        let (mut low, mut high) = (sum.low.value, None);
        if let Some(top) = &sum.high {
            let (first, second) = shared(&sum.low, top);
            (low, high) = (first, Some(second));
        }
        // 1.250 KWD is a dinar and a quarter.
        if sum.low.one_mark == Some('.')
            && currency.is_some_and(|code| self.tokens.words.three_decimals.contains(&code))
        {
            low /= Decimal::ONE_THOUSAND;
        }
        if inferred && currency.is_some_and(|code| self.tokens.words.millions_of_cents.contains(&code)) {
            let last = sum.high.unwrap_or(sum.low);
            let cents = if last.factor >= MILLION { Decimal::ONE_HUNDRED } else { Decimal::ONE };
            (low, high) = (low / cents, high.map(|high| high / cents));
        }
        let unsaid_below = currency.filter(|_| inferred).and_then(|code| self.tokens.words.unsaid_thousands.get(&code));
        if let Some(below) = unsaid_below {
            let start = self.back_over_filler(sum.outer_start);
            let told = self.tokens.marked_before(start, Marks::BUDGET).is_some();
            let factor = unsaid::by_currency(sum, told, Decimal::from(*below));
            (low, high) = (low * factor, high.map(|high| high * factor));
        }
        (low, high)
    }

    /// Whether a number looks like something else than money.
    fn is_weak(&self, sum: &Sum) -> bool {
        // "8k to 10k" are no screens.
        let ranges = sum.high.is_some_and(|high| high.scaled() && !is_resolution(self.tokens.chars, &high));
        let bounds = sum.bound.is_some_and(|bound| bound != Bound::AtLeast);
        let screen = || is_resolution(self.tokens.chars, &sum.low) && !ranges && !bounds;
        // "最多1.2w": nobody limits so few watts.
        let bounded = sum.bound.is_some() && is_myriad(self.tokens.chars, &sum.low);
        sum.low.weak && !bounded || screen()
    }

    /// Whether it is money for what stands at it, or for how it is written.
    fn tells_money(&self, sum: &Sum, low: Decimal, high: Option<Decimal>) -> bool {
        let likely = |number: &Number| {
            let scaled = number.scaled() && !number.weak && (number.digits > 0 || number.words > 1);
            let cents = number.cents && number.value >= Decimal::from(LEAST_WITH_CENTS);
            let large = (number.grouped || number.words > 1) && number.value >= Decimal::ONE_THOUSAND;
            scaled || cents || large
        };
        // "45+" is an age as often as a sum.
        let plus = sum.outer_end > 0 && self.tokens.chars[sum.outer_end - 1] == '+' && low < Decimal::ONE_HUNDRED;
        let big = low >= Decimal::from(LEAST_BOUNDED) && !plus;
        sum.bound.is_some() && big
            || sum.added
            || sum.told
            || self.is_note(&sum.low)
            || likely(&sum.low)
            || sum.high.as_ref().is_some_and(likely)
            || high.is_some_and(|high| self.is_round_range(sum, low, high))
    }

    fn make(&self, sum: &Sum) -> Found {
        let (currency, inferred) = match sum.named {
            Named::Known(currency) => (Some(currency), false),
            Named::Shared => (None, false),
            Named::Not => {
                let own = self.tokens.words.of_country(self.hints.country);
                (own, own.is_some())
            }
        };
        let (low, high) = self.figures(sum, currency, inferred);
        let (min, max) = match (sum.bound, high) {
            (_, Some(high)) => (Some(low), Some(high)),
            (Some(Bound::AtMost), None) => (None, Some(low)),
            (Some(Bound::AtLeast), None) => (Some(low), None),
            (Some(Bound::About | Bound::Exactly) | None, None) => (Some(low), Some(low)),
        };
        let amount = Amount {
            min,
            max,
            currency,
            span: Span { start: self.folded.origin(sum.start), end: self.folded.origin_end(sum.end) },
            about: sum.about && high.is_none(),
            currency_inferred: inferred,
            negated: false,
        };
        let named = sum.named != Named::Not;
        let weak = !named && self.is_weak(sum);
        let certain = named || self.tells_money(sum, low, high);
        let tiny = sum.low.in_words() && !sum.low.scaled() && low < Decimal::TEN && sum.high.is_none();
        Found {
            amount,
            start: sum.outer_start,
            end: sum.outer_end,
            certain: certain && !weak,
            plausible: named || !tiny,
            written: sum.low.value,
            weak,
            priced: self.priced(sum),
            corrects: sum.corrects,
            taken_back: sum.taken_back,
            renews: sum.renews,
            points: self.is_pointed(sum),
            of_several: self.is_one_of_several(sum.start),
            asked: sum.asked,
            instead: self.tokens.marked(self.tokens.skip_spaces(sum.outer_end), Marks::INSTEAD).is_some(),
            added: sum.added,
            over: self.tokens.marked(sum.outer_start, Marks::MORE).is_some(),
            named,
            bare: !named && !sum.low.scaled() && !sum.low.grouped && sum.high.is_none_or(|high| !high.scaled()),
        }
    }
}
