//! Which numbers of a message are sums, and which of them the customer can spend.

pub(crate) mod denials;
pub(crate) mod figures;
pub(crate) mod not_budget;
pub(crate) mod pairs;
pub(crate) mod shares;
pub(crate) mod sure;

use rust_decimal::Decimal;

use crate::Hints;
use crate::dictionary::meanings::Meaning;
use crate::money::file::NumbersOf;
use crate::money::{Found, Priced, Sums};
use crate::reading::Reader;
use crate::search::matcher::Hit;
use denials::turned;
use figures::{is_capacity, is_price_tag, is_round, is_told_as_money, is_year};
use hotline_domain::{Amount, Budget, Intent, Mention, Reading, Span};
use not_budget::NotBudget;
use pairs::{bargained, stretched, take_back};

/// A bare number below this is no sum, unless we asked for one.
const LEAST_BARE: u32 = 50;
/// A bare number below this is no sum beside a word of budget: "I have 3 kids".
const LEAST_BESIDE_BUDGET: u32 = 10;
/// A word that explains a sum stands at most this many characters away…
pub(crate) const NEAR: usize = 24;
/// …and a word that quotes a price, where nothing but it tells that the number is one.
const QUOTED: usize = 10;
/// …and the end of a clause between them counts for so many.
const BORDER: usize = 12;
/// Behind a word such as "for", smaller numbers may count people or hours.
pub(crate) const LEAST_AT: u32 = 20;
/// Numbers that end as prices do are some between these.
const LEAST_TAGGED: u32 = 99;
const MOST_TAGGED: u32 = 100_000;
/// Prices named beside each other are at most so many times one another.
const MOST_APART: u32 = 4;
const MOST_APART_INSIDE: u32 = 2;
/// The end of what is said of a sum stands so many characters behind it at most.
const PROTEST: usize = 32;
/// A message of so many letters beside its sum is no bare answer.
const ANSWER: usize = 24;
/// What messages with numbers of orders and houses are about.
const NUMBERED: [Intent; 4] = [Intent::OrderStatus, Intent::Location, Intent::Store, Intent::Human];

/// The rank of what words beside it say that it can be spent.
pub(crate) const TOLD: u8 = 3;

/// …and of what is offered in place of another shop's price: no words around it speak against that.
pub(crate) const OFFERED: u8 = 4;

/// How far the nearest of the words stands from a sum, if it is near.
type Distance = Option<usize>;

/// Words that stand no further from a sum than this are about it.
const BESIDE: usize = 2;

/// Whether a number is a sum of money.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Sure {
    No,
    /// Because of another one in the message, or of all that stands around it.
    Beside,
    Itself,
}

/// How a sum stands in its clause.
#[derive(Clone, Copy)]
enum Apart {
    /// It fills it.
    Both,
    /// It ends it.
    Behind,
    No,
}

/// What a number of a message is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// No sum of money.
    NoSum,
    /// A sum that something else explains.
    Not(NotBudget),
    /// What the customer can spend; the surer, the higher.
    Budget(u8),
}

impl Reader<'_> {
    /// Adds the sums and the budget to a reading that has its products, brands and intents. Returns what each number is.
    pub(crate) fn amounts(
        &self,
        hits: &[Hit<'_>],
        sums: &Sums,
        hints: &Hints<'_>,
        reading: &mut Reading,
    ) -> Vec<(Found, Verdict)> {
        let judged = self.judge(hits, sums, hints, reading);
        let mut budget: Option<(u8, &Found)> = None;
        for (sum, verdict) in &judged {
            if let Verdict::Budget(rank) = verdict
                && budget.is_none_or(|(best, other)| {
                    *rank > best || sum.corrects || *rank == TOLD && self.is_meant(other, sum, &sums.budget)
                })
            {
                budget = Some((*rank, sum));
            }
            if *verdict != Verdict::NoSum {
                reading.amounts.push(sum.amount.clone());
            }
        }
        self.join_widened(&judged, sums, &mut reading.amounts);
        let of = |sum: &Found| stretched(&judged, &sum.amount).unwrap_or_else(|| as_budget(&sum.amount));
        reading.budget = self.shared_out(&judged, sums, reading).or_else(|| budget.map(|(_, sum)| of(sum)));
        judged
    }

    fn judge(&self, hits: &[Hit<'_>], sums: &Sums, hints: &Hints<'_>, reading: &Reading) -> Vec<(Found, Verdict)> {
        let mut judged = self.told(hits, sums, hints, reading);
        if !hints.asked_budget {
            self.weigh_budgets(sums, reading, &mut judged);
        }
        judged
    }

    /// What each number is, by words and figures, before all that stands around it is weighed.
    pub(crate) fn told(
        &self,
        hits: &[Hit<'_>],
        sums: &Sums,
        hints: &Hints<'_>,
        reading: &Reading,
    ) -> Vec<(Found, Verdict)> {
        let answers = hints.asked_budget && self.letters_beside(&sums.found) <= ANSWER;
        let sure = self.sure(hits, sums, answers, reading);
        // "Can't you go down to 80?" denies nothing.
        let haggles = reading.wants(Intent::Discount);
        let verdict = |(sum, sure): (&Found, Sure)| {
            // "I will not pay more than 300" is a limit from above.
            let least = sum.amount.max.is_none();
            let over = sum.over && !reading.wants(Intent::Shipping);
            let refused = least && (self.is_refused(sum, &sums.refused) || over && self.is_denied_behind(sum));
            let above = refused || least && (self.is_denied_before(sum) || self.is_denied(sum, &sums.budget));
            let below = sum.amount.min.is_none() && self.is_refused(sum, &sums.unwanted);
            let amount = if above || below { turned(&sum.amount) } else { sum.amount.clone() };
            let sum = Found { amount, ..sum.clone() };
            // Who refuses to spend more, or less, tells what can be spent.
            let says = if refused || below { Some(0) } else { self.nearest(&sums.budget, &sum) };
            let elsewhere = self.nearest(&sums.elsewhere, &sum).filter(|_| !self.is_limit_behind(&sum, sums));
            let verdict = match sure {
                Sure::No => Verdict::NoSum,
                Sure::Itself if sum.points => Verdict::Not(NotBudget::Pointed),
                Sure::Itself if sum.renews => Verdict::Budget(TOLD),
                Sure::Itself if is_exact(&sum) && !haggles && self.is_denied_itself(&sum, &sums.budget) => {
                    Verdict::Not(NotBudget::Denied)
                }
                // "It was 79, and now 99?"
                Sure::Beside => match says {
                    Some(says) if elsewhere.is_none_or(|elsewhere| says < elsewhere) => Verdict::Budget(2),
                    _ => Verdict::Not(NotBudget::Beside),
                },
                Sure::Itself if sum.of_several && is_exact(&sum) => Verdict::Not(NotBudget::OneOfSeveral),
                Sure::Itself if is_exact(&sum) && self.only_leads(&sum, reading) => Verdict::Not(NotBudget::Untold),
                Sure::Itself if self.is_asked_back(&sum, reading, hints) && says.is_none() => {
                    Verdict::Not(NotBudget::AskedBack)
                }
                Sure::Itself => {
                    // "Not more than 400, delivery included" asks for no fee.
                    let apart = !self.folded.asks || self.is_apart_from(Intent::Shipping, &sum, reading);
                    let rank = budget_rank(&sum, says, elsewhere, hints, hits, reading, apart);
                    rank.map_or_else(Verdict::Not, Verdict::Budget)
                }
            };
            (sum, verdict)
        };
        let mut judged: Vec<(Found, Verdict)> = sums.found.iter().zip(sure).map(verdict).collect();
        take_back(&mut judged);
        let settled = [Intent::Complaint, Intent::ReturnRefund];
        if !settled.iter().any(|intent| reading.wants(*intent)) {
            let compares = reading.wants(Intent::Compare);
            bargained(&mut judged, |price, offer| match compares {
                true => self.is_asked_for_less(price, offer, reading).then_some(OFFERED),
                false => haggles.then_some(TOLD),
            });
        }
        self.fallen(&mut judged, sums);
        judged
    }

    /// "Is delivery free? Max 200": a question about something else is over where the sum begins.
    fn is_apart_from(&self, intent: Intent, sum: &Found, reading: &Reading) -> bool {
        let Some(span) = place_of(intent, reading) else { return false };
        let before = (0..sum.start).rev().take_while(|at| self.folded.origin(*at) >= span.end);
        before.into_iter().any(|at| matches!(self.folded.chars[at], '?' | '.' | '!' | '。' | '؟'))
    }

    /// "The Rugged is 329, but my budget is 300": of two that the same words may speak of, the one that they lead to, unless
    /// words of its own stand at the other.
    fn is_meant(&self, one: &Found, other: &Found, budget: &[(usize, usize)]) -> bool {
        let leads = |(start, end): &(usize, usize)| *start >= one.end && *end <= other.start;
        let own = |(_, end): &(usize, usize)| *end <= one.start && one.start - end <= NEAR;
        let (Some(from_one), Some(from_other)) = (self.nearest(budget, one), self.nearest(budget, other)) else {
            return false;
        };
        budget.iter().any(leads) && !budget.iter().any(own) && from_one > BESIDE && from_other < from_one
    }

    /// "Budget 500 phone": the word of budget stands right before the number.
    fn is_told(&self, sum: &Found, budget: &[(usize, usize)]) -> bool {
        let chars = &self.folded.chars;
        let gap =
            |end: usize| chars.get(end..sum.start).is_some_and(|gap| gap.iter().all(|c| matches!(c, ' ' | ':' | '=')));
        budget.iter().any(|(_, end)| gap(*end))
    }

    /// "35 €?" alone asks whether that is the price, and "4 grand for a treadmill??" cannot believe it.
    fn is_asked_back(&self, sum: &Found, reading: &Reading, hints: &Hints<'_>) -> bool {
        if is_exact(sum) && !hints.asked_budget && (sum.asked || self.is_protest(sum)) {
            return true;
        }
        let behind = self.folded.chars[sum.end..].iter().find(|c| **c != ' ');
        let alone = reading.products.is_empty() && reading.brands.is_empty();
        alone
            && is_exact(sum)
            && !hints.asked_budget
            && behind == Some(&'?')
            && matches!(self.stands_apart(sum), Apart::Both)
    }

    /// Whether the clause of a sum ends with more than one question mark, or with both kinds of marks.
    pub(crate) fn is_protest(&self, sum: &Found) -> bool {
        let chars = &self.folded.chars[sum.end..];
        let is_end = |c: char| matches!(c, '?' | '!' | '.' | ';' | '\n' | '。');
        if !self.folded.asks {
            return false;
        }
        let Some(end) = chars.iter().take(PROTEST).position(|c| is_end(*c)) else { return false };
        let marks = || chars[end..].iter().take_while(|c| matches!(c, '?' | '!'));
        marks().count() > 1 && marks().any(|c| *c == '?')
    }

    /// "800 for a hat??": of a bare number the protest says that it is a price.
    fn is_incredible(&self, sum: &Found, reading: &Reading) -> bool {
        let value = value(sum);
        let plain = sum.plausible && !sum.weak && is_exact(sum) && is_round(value) && !is_year(value);
        let numbered = NUMBERED.iter().any(|intent| reading.wants(*intent));
        // "Where is 8000??" asks for an order.
        let goes_on = matches!(self.stands_apart(sum), Apart::No);
        plain && goes_on && !numbered && self.is_protest(sum)
    }

    /// How much the message says beside its sums.
    fn letters_beside(&self, sums: &[Found]) -> usize {
        let letters =
            |range: std::ops::Range<usize>| self.folded.chars[range].iter().filter(|c| c.is_alphabetic()).count();
        let of_sums = sums.iter().map(|sum| letters(sum.start..sum.end)).sum::<usize>();
        // Sums may overlap.
        letters(0..self.folded.chars.len()).saturating_sub(of_sums)
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

    /// How far the nearest of the words stands, if it is near; clauses keep words apart.
    pub(crate) fn nearest(&self, words: &[(usize, usize)], sum: &Found) -> Distance {
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

    /// Whether a number is a sum of money at all.
    fn is_sum(
        &self,
        sum: &Found,
        apart: Apart,
        says: Distance,
        elsewhere: Distance,
        answers: bool,
        reading: &Reading,
    ) -> bool {
        let few = sum.written < Decimal::from(LEAST_BESIDE_BUDGET);
        // "The black one": after our question too, a number as small as that has to stand for itself.
        if sum.certain || answers && (!few || matches!(apart, Apart::Both)) {
            return true;
        }
        let value = value(sum);
        // "The 128 one was 30 cheaper": of a phone.
        let memory = is_capacity(sum.written) && is_about(reading, &self.lexicon.money.numbers_of().memories);
        // "They offered it cheaper, 2200": alone in its clause it may stand further off.
        let alone = matches!(apart, Apart::Both) && is_round(value);
        let quoted = elsewhere.is_some_and(|apart| apart <= QUOTED || alone) && !sum.weak && !few;
        let beside_budget =
            (says.is_some() || quoted) && !memory && value >= Decimal::from(LEAST_BESIDE_BUDGET) && sum.plausible;
        // A bare number beside a product is a model or a size, unless it stands by itself or is as round as budgets are.
        let likely = match apart {
            Apart::Both => true,
            Apart::Behind => is_round(value),
            Apart::No => false,
        };
        let with_product = is_about_things(reading)
            && likely
            && value >= Decimal::from(LEAST_BARE)
            && sum.plausible
            && !sum.weak
            && !is_year(value)
            && !memory;
        let ends = !matches!(apart, Apart::No) && value >= Decimal::from(LEAST_AT) && !is_capacity(sum.written);
        let priced = match sum.priced {
            Priced::Not => false,
            Priced::Lightly => ends,
            Priced::Leading => ends || value >= Decimal::from(LEAST_BARE) && !is_capacity(sum.written),
            Priced::Anew => may_be_sums(reading) && is_round(value),
            Priced::Surely => value >= Decimal::from(LEAST_BESIDE_BUDGET),
        };
        let priced = priced && sum.plausible && !sum.weak && !is_year(value);
        let tagged = may_be_sums(reading) && is_tagged(sum, value) && sum.plausible && !sum.weak && !is_year(value);
        beside_budget || with_product || priced || tagged
    }
}

/// Where a message says what its customer wants.
fn place_of(intent: Intent, reading: &Reading) -> Option<Span> {
    let place = reading.intents.iter().position(|other| *other == intent)?;
    reading.intent_spans.get(place).copied()
}

fn is_about_things(reading: &Reading) -> bool {
    !reading.products.is_empty() || !reading.brands.is_empty()
}

/// Without a product, numbers may be those of an order or a house as well.
pub(crate) fn may_be_sums(reading: &Reading) -> bool {
    is_about_things(reading) || !NUMBERED.iter().any(|intent| reading.wants(*intent))
}

/// Whether a number is a model's.
fn is_of_model(sum: &Found, reading: &Reading) -> bool {
    reading.brands.iter().any(|brand| {
        brand.implies.is_some() && brand.span.start <= sum.amount.span.start && sum.amount.span.end <= brand.span.end
    })
}

/// Whether a number counts what stands behind it: "200 t-shirts", "more than 45 office chairs".
fn is_counting(sum: &Found, hits: &[Hit<'_>]) -> bool {
    let behind = |hit: &Hit<'_>| hit.start >= sum.end && hit.start <= sum.end + 1;
    let named = sum.amount.currency.is_some() && !sum.amount.currency_inferred;
    let more_than = sum.amount.max.is_none() && !named && value(sum) < Decimal::ONE_THOUSAND;
    (more_than || !sum.certain) && hits.iter().any(|hit| matches!(hit.meaning, Meaning::Product(_)) && behind(hit))
}

/// How surely a sum is what the customer can spend.
///
/// # Errors
/// What else explains it.
fn budget_rank(
    sum: &Found,
    says: Distance,
    elsewhere: Distance,
    hints: &Hints<'_>,
    hits: &[Hit<'_>],
    reading: &Reading,
    told_apart: bool,
) -> Result<u8, NotBudget> {
    let bounded = !is_exact(sum);
    let capped = bounded && sum.amount.max.is_some();
    let limits = capped && sum.amount.min.is_none();
    let complains = [Intent::Complaint, Intent::ReturnRefund, Intent::OrderStatus, Intent::Warranty];
    let product =
        || !reading.products.is_empty() || hits.iter().any(|hit| matches!(hit.meaning, Meaning::Brand { .. }));
    // Who greets or tells where they are has not said what a sum is.
    let says_nothing = |intent: &Intent| matches!(intent, Intent::Greeting | Intent::Thanks | Intent::Location);
    let wishes = [Intent::Buy, Intent::ProductInquiry];
    let open = || reading.intents.iter().all(says_nothing) || wishes.iter().any(|one| reading.wants(*one));
    let compares = || [Intent::Compare, Intent::Payment].iter().any(|one| reading.wants(*one));
    match (says, elsewhere) {
        (Some(says), elsewhere) if elsewhere.is_none_or(|elsewhere| says < elsewhere) => Ok(TOLD),
        // A limit beside a product is its budget, "up to 30 a month" too…
        (_, Some(_)) if limits && product() && !reading.wants(Intent::Compare) => Ok(2),
        // …and a range, unless the other reason stands right beside it.
        (_, Some(apart)) if !(capped && product() && apart > QUOTED) => Err(NotBudget::Elsewhere),
        // "3000, at most 3200": the limit is the answer.
        _ if hints.asked_budget => Ok(if bounded { 2 } else { 1 }),
        _ if !bounded && is_price_tag(value(sum)) => Err(NotBudget::PriceTag),
        // "Is delivery free over $50?"
        _ if reading.wants(Intent::Shipping) && !product() && !(limits && told_apart) => Err(NotBudget::Shipping),
        // "Mine broke, I need another, 200 to 300."
        // …and "1200 at most, but with a guarantee" does.
        _ if !(capped && product() || limits && !reading.wants(Intent::Complaint))
            && complains.iter().any(|intent| reading.wants(*intent)) =>
        {
            Err(NotBudget::Complains)
        }
        // "Is it $50?" asks for a price; "under $50?" sets a limit.
        _ if !bounded && reading.wants(Intent::Price) => Err(NotBudget::AsksPrice),
        // "This one for 3,400 or that for 2,999?", "do I pay the 250 by card?"; "about 250" is a budget all the same.
        _ if !bounded && !sum.amount.about && compares() => Err(NotBudget::Compares),
        _ if bounded => Ok(2),
        // "Ada tak yang RM200?"
        _ if product() || open() || reading.wants(Intent::Availability) && is_told_as_money(sum) => Ok(1),
        _ => Err(NotBudget::Untold),
    }
}

/// Where a clause ends.
pub(crate) fn is_border(c: char) -> bool {
    matches!(c, ',' | '.' | ';' | '!' | '?' | '\n' | '。' | '、')
}

/// 299, 3499: what ends so is a price more often than anything else.
fn is_tagged(sum: &Found, value: Decimal) -> bool {
    let nine = value % Decimal::TEN == Decimal::from(9);
    is_exact(sum) && nine && (LEAST_TAGGED..MOST_TAGGED).contains(&value.normalize().try_into().unwrap_or(0))
}

pub(crate) fn is_exact(sum: &Found) -> bool {
    sum.amount.min == sum.amount.max
}

/// Of shoes or clothes, when nothing names a currency.
fn may_be_size(sum: &Found) -> bool {
    let value = value(sum);
    !sum.certain && value >= Decimal::from(30) && value <= Decimal::from(60)
}

pub(crate) fn value(sum: &Found) -> Decimal {
    sum.amount.max.or(sum.amount.min).unwrap_or(Decimal::ZERO)
}

/// Whether a message names one of these things, or a brand that stands for one.
fn is_about(reading: &Reading, things: &[String]) -> bool {
    let brand = |mention: &Mention| mention.implies.as_ref().is_some_and(|product| NumbersOf::lists(things, product));
    let product = |mention: &Mention| NumbersOf::lists(things, &mention.key);
    reading.products.iter().any(product) || reading.brands.iter().any(brand)
}

pub(crate) fn as_budget(amount: &Amount) -> Budget {
    Budget {
        min: amount.min,
        max: amount.max,
        currency: amount.currency,
        about: amount.about,
        currency_inferred: amount.currency_inferred,
    }
}
