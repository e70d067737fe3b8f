//! The form of `money.toml` and `money/LANGUAGE.toml`: the words that sums are written with.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::files::read;
use super::folding::fold_word;
use hotline_domain::{Country, Currency, Problem, SourceFile};

/// How a sum is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bound {
    AtMost,
    AtLeast,
    About,
    /// Says in spite of a word in it that there is no bound: "down from 80".
    Exactly,
}

/// A name that several countries have for their money.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Shared {
    pub(super) by_country: BTreeMap<Country, Currency>,
    /// What it means to customers of all other countries.
    pub(super) abroad: Option<Currency>,
}

/// What a currency is called: one that is the same everywhere, or a name that countries share.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sign {
    pub(super) words: Vec<String>,
    /// Slang and other words that stand for money in this language only, and only behind a number.
    pub(super) local: Vec<String>,
    /// Its small coins, by what part of it they are.
    pub(super) minor: BTreeMap<Decimal, Vec<String>>,
    pub(super) code: Option<Currency>,
    /// One of `[shared]` in `money.toml`; beside a code it tells which countries have another.
    pub(super) shared: Option<String>,
    /// A letter or two that are a sign only for customers of these countries, and only before a number: R500.
    pub(super) only_in: Vec<Country>,
    /// A letter that counts from so much on, or with two digits behind it: 60e and 9e90, and not the 7e of a row.
    pub(super) least: Option<Decimal>,
    /// Letters that are a word too, "500$ can": they count only where their clause ends, or in capitals.
    pub(super) ends: bool,
    /// Where the customer's country does not tell.
    pub(super) by_language: BTreeMap<String, Currency>,
}

impl Sign {
    fn named(code: Currency, words: Vec<String>) -> Self {
        Self { words, code: Some(code), ..Self::default() }
    }
}

/// Words that point at a thing by its price.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Pointed {
    /// Right before the sum: "celui à".
    pub(super) before: Vec<String>,
    /// Right behind it: "olanı".
    pub(super) after: Vec<String>,
    /// On both sides of it: from "the" to "one".
    pub(super) from: Vec<String>,
    pub(super) to: Vec<String>,
}

/// Numbers and the words for them.
pub(super) type Numbers = BTreeMap<Decimal, Vec<String>>;

/// `money.toml`, for all languages, and `money/LANGUAGE.toml`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MoneyFile {
    pub(super) currencies: Vec<Currency>,
    /// Codes that are words too: they count behind a number, where they are the customer's own money or stand in capitals; where no
    /// country is known, behind three digits or more.
    pub(super) word_codes: Vec<Currency>,
    /// Currencies whose three digits behind a point are a fraction.
    pub(super) three_decimals: Vec<Currency>,
    /// Currencies in which a bare number below so many leaves its thousands unsaid.
    pub(super) unsaid_thousands: BTreeMap<Currency, u32>,
    /// The same for products that cost thousands: "ноутбук, бюджет 150". Currencies, and keys of the products.
    pub(super) dear_thousands: BTreeMap<Currency, u32>,
    pub(super) dear: Vec<String>,
    /// Characters that may stand behind a price in Chinese, and are no word for a piece: 三千一的, 三千一行吗.
    pub(super) particles: String,
    pub(super) sign: Vec<Sign>,
    /// What currencies are called, where no more is to say of them.
    pub(super) names: BTreeMap<Currency, Vec<String>>,
    pub(super) shared: BTreeMap<String, Shared>,
    pub(super) countries: BTreeMap<Country, Currency>,
    pub(super) before: BTreeMap<Bound, Vec<String>>,
    pub(super) after: BTreeMap<Bound, Vec<String>>,
    pub(super) range: Vec<String>,
    pub(super) range_start: Vec<String>,
    /// The same, where an "and" joins the ends of the range; Chinese says it behind them.
    pub(super) between: Vec<String>,
    /// That "and", where it joins the ends of a range only if "between" stands behind them: 500和800之间.
    pub(super) between_and: Vec<String>,
    /// In the clause before a sum that ends in a question mark they ask whether that is the price: "is the tablet 250?".
    pub(super) asked_before: Vec<String>,
    /// The same, right behind a sum: "250吗？", "250 mi?".
    pub(super) asked_after: Vec<String>,
    /// Between an offer and the price: "90 instead of 110".
    pub(super) instead: Vec<String>,
    /// What may stand between a word that bounds or labels a number and the number.
    pub(super) fillers: Vec<String>,
    pub(super) not_money_after: Vec<String>,
    pub(super) not_money_before: Vec<String>,
    /// The same before numbers as long as those of telephones.
    pub(super) long_before: Vec<String>,
    /// Names of months: behind them stands a day or a year.
    pub(super) months: Vec<String>,
    /// Phrases with a number word or the name of a currency in them that speak of neither.
    pub(super) traps: Vec<String>,
    pub(super) budget: Vec<String>,
    pub(super) not_budget: Vec<String>,
    /// In the clause of a sum with a lower bound they make it the limit: "over 80 is too much".
    pub(super) refused: Vec<String>,
    /// The same, and of a sum with an upper bound they make it the least: "don't show me anything under 100".
    pub(super) unwanted: Vec<String>,
    /// Between two sums of which one is asked for: "is it 12 or 15?".
    pub(super) either: Vec<String>,
    /// Between two sums: the second is meant, "no wait, 300".
    pub(super) corrections: Vec<String>,
    /// With a word of budget and "now" they tell that another sum can be spent by now: "my budget was 500, now it's 300".
    pub(super) was: Vec<String>,
    pub(super) now: Vec<String>,
    /// Words of a lower bound that make it a limit where the clause goes on with a "not": "more than 300 I won't".
    pub(super) more_than: Vec<String>,
    /// Near the higher of two sums: so much can be spent on a condition, "80, maybe 100 if it is really good".
    pub(super) if_good: Vec<String>,
    /// Near the second of two sums: both can be spent together, "grandma gives 200 and I add 100".
    pub(super) adds: Vec<String>,
    /// Behind a sum, where the clause ends with it: half of so much can be spent.
    pub(super) half: Vec<String>,
    /// Words around a sum that point at a thing by its price: "the 450 one".
    pub(super) pointed: Pointed,
    /// Right before or behind a number they make it a price: "last price 380", "150 boleh".
    pub(super) price: Vec<String>,
    /// Little words that make it a price where it ends its clause: "and those for 70?".
    pub(super) price_at: Vec<String>,
    /// Number words that are said of money alone: a tenner, косарь.
    pub(super) notes: Vec<String>,
    pub(super) multipliers: Numbers,
    /// Number words that say "about" by themselves: una cinquantina, 2 jutaan.
    pub(super) rough: Vec<String>,
    /// Words for one that stand for a thing behind so many hundreds or thousands: "the 45k one".
    pub(super) pronouns: Vec<String>,
    /// Multipliers that are as often something else: `m`, `w`.
    pub(super) weak: Vec<String>,
    /// Letters that multiply only beside money: $5B, "бюджет 2М".
    pub(super) signed: Vec<String>,
    /// Letters that do so beside a bound too, for customers of `cued_in` alone: the L of "under 2L" in India.
    pub(super) cued: Vec<String>,
    pub(super) cued_in: Vec<Country>,
    /// Multipliers that are none for customers of `elsewhere_in`: in Peru a luca is no thousand.
    pub(super) elsewhere: Vec<String>,
    pub(super) elsewhere_in: Vec<Country>,
    /// Number words that count only where a currency follows.
    pub(super) before_money: Vec<String>,
    /// Multipliers that are a number by themselves: mil, mille, тысяча.
    pub(super) alone: Vec<String>,
    /// Multipliers that stand before their number too: тысяч 40.
    pub(super) inverted: Vec<String>,
    pub(super) units: Numbers,
    /// What is added to the unit behind it: साढ़े तीन.
    pub(super) added_to_next: Numbers,
    pub(super) joints: Vec<String>,
    /// Said between a number and its decimals: point, Komma, koma.
    pub(super) points: Vec<String>,
    /// Between a sum and what it may be more or less: 1500 ± 200.
    pub(super) spreads: Vec<String>,
    /// A letter that joins two words of a number by standing before the second.
    pub(super) joint_prefix: Option<String>,
    /// A letter before the second number of a range.
    pub(super) range_prefix: Option<String>,
    /// Letters that may touch a number from before: for, with, the.
    pub(super) number_prefixes: Vec<String>,
    /// Endings that may touch a number or its currency from behind.
    pub(super) number_suffixes: Vec<String>,
    /// A single digit at the end is of the next lower rank, as always in Chinese: millecinque.
    pub(super) tail_is_next_rank: bool,
    /// Hundreds behind a million are hundreds of thousands: un millón doscientos, 1jt 450.
    pub(super) million_takes_thousands: bool,
    /// Sixty and eighty take up to nineteen.
    pub(super) counts_by_twenties: bool,
    /// Five and twenty.
    pub(super) units_before_tens: bool,
    /// Hundreds may go without saying: two fifty.
    pub(super) hundreds_unsaid: bool,
    /// An "and" joins a price and its cents: costa 18 e 50.
    pub(super) cents_behind_and: bool,
    /// Cents may follow without an "and": fünf fünfzig.
    pub(super) cents_follow: bool,
    /// Thousands may go without saying before hundreds: две пятьсот, dois e quinhentos.
    pub(super) thousands_unsaid: bool,
    /// Hundreds are of one to nine: behind "yüz elli" another "yüz" begins a number of its own.
    pub(super) hundreds_of_ones: bool,
    /// Words of one number are written as one: dreihundert.
    pub(super) glued: bool,
    /// A hyphen joins words of one number: twenty-five.
    pub(super) hyphenated: bool,
    /// What stands before a fraction, where the language has one mark for it.
    pub(super) decimal_mark: Option<char>,
}

impl MoneyFile {
    /// Reads a file; its words are folded, as the text is in which they are looked for.
    pub(super) fn parse(file: &SourceFile) -> Result<Self, Problem> {
        let mut written: Self = read(file)?;
        let names = std::mem::take(&mut written.names).into_iter();
        written.sign.extend(names.map(|(code, words)| Sign::named(code, words)));
        written.words().for_each(|word| *word = fold_word(word));
        Ok(written)
    }

    fn words(&mut self) -> impl Iterator<Item = &mut String> {
        let lists = [
            &mut self.range,
            &mut self.range_start,
            &mut self.between,
            &mut self.between_and,
            &mut self.asked_before,
            &mut self.asked_after,
            &mut self.instead,
            &mut self.fillers,
            &mut self.not_money_after,
            &mut self.not_money_before,
            &mut self.long_before,
            &mut self.months,
            &mut self.traps,
            &mut self.budget,
            &mut self.not_budget,
            &mut self.corrections,
            &mut self.either,
            &mut self.was,
            &mut self.now,
            &mut self.if_good,
            &mut self.more_than,
            &mut self.adds,
            &mut self.half,
            &mut self.pointed.before,
            &mut self.pointed.after,
            &mut self.pointed.from,
            &mut self.pointed.to,
            &mut self.refused,
            &mut self.unwanted,
            &mut self.weak,
            &mut self.signed,
            &mut self.cued,
            &mut self.elsewhere,
            &mut self.before_money,
            &mut self.alone,
            &mut self.inverted,
            &mut self.joints,
            &mut self.points,
            &mut self.spreads,
            &mut self.number_prefixes,
            &mut self.number_suffixes,
            &mut self.price,
            &mut self.price_at,
            &mut self.notes,
        ];
        let bounds = self.before.values_mut().chain(self.after.values_mut());
        let numbers = [&mut self.multipliers, &mut self.units, &mut self.added_to_next];
        let numbers = numbers.into_iter().flat_map(BTreeMap::values_mut);
        let signs = self
            .sign
            .iter_mut()
            .flat_map(|sign| [&mut sign.words, &mut sign.local].into_iter().chain(sign.minor.values_mut()));
        let prefixes = self.joint_prefix.iter_mut().chain(&mut self.range_prefix);
        lists.into_iter().chain(bounds).chain(numbers).chain(signs).flatten().chain(prefixes)
    }
}
