//! The form of `money.toml` and `money/LANGUAGE.toml`: the words that sums are written with.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::dictionary::files::read;
use crate::search::folding::fold_word;
use hotline_domain::{Country, Currency, Problem, SourceFile};

/// How a sum is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtMost,
    AtLeast,
    About,
    /// Says in spite of a word in it that there is no bound: "down from 80".
    Exactly,
}

/// A name that several countries have for their money.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Shared {
    pub(crate) by_country: BTreeMap<Country, Currency>,
    /// What it means to customers of all other countries.
    pub(crate) abroad: Option<Currency>,
}

/// What a currency is called: one that is the same everywhere, or a name that countries share.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sign {
    pub(crate) words: Vec<String>,
    /// Slang and other words that stand for money in this language only, and only behind a number.
    pub(crate) local: Vec<String>,
    /// Its small coins, by what part of it they are.
    pub(crate) minor: BTreeMap<Decimal, Vec<String>>,
    pub(crate) code: Option<Currency>,
    /// One of `[shared]` in `money.toml`; beside a code it tells which countries have another.
    pub(crate) shared: Option<String>,
    /// A letter or two that are a sign only for customers of these countries, and only before a number: R500.
    pub(crate) only_in: Vec<Country>,
    /// A letter that counts from so much on, or with two digits behind it: 60e and 9e90, and not the 7e of a row.
    pub(crate) least: Option<Decimal>,
    /// Letters that are a word too, "500$ can": they count only where their clause ends, or in capitals.
    pub(crate) ends: bool,
    /// Where the customer's country does not tell.
    pub(crate) by_language: BTreeMap<String, Currency>,
}

impl Sign {
    fn named(code: Currency, words: Vec<String>) -> Self {
        Self { words, code: Some(code), ..Self::default() }
    }
}

/// Words that point at a thing by its price.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Pointed {
    /// Right before the sum: "celui à".
    pub(crate) before: Vec<String>,
    /// Right behind it: "olanı".
    pub(crate) after: Vec<String>,
    /// On both sides of it: from "the" to "one".
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
}

/// Numbers and the words for them.
pub(crate) type Numbers = BTreeMap<Decimal, Vec<String>>;

/// What bare numbers beside some things are: categories, or keys of products.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NumbersOf {
    /// Things that come in sizes which look like prices.
    pub(crate) sizes: Vec<String>,
    /// Things that come with memories which look like prices.
    pub(crate) memories: Vec<String>,
    /// Things whose inches go without saying: "the 50 tv", and from how many to how many these are.
    pub(crate) inches: Vec<String>,
    pub(crate) least_inches: u32,
    pub(crate) most_inches: u32,
}

impl NumbersOf {
    /// Whether a product is among those listed, by itself or with its category.
    pub(crate) fn lists(list: &[String], key: &str) -> bool {
        list.iter().any(|of| key.strip_prefix(of.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

/// `money.toml`, for all languages, and `money/LANGUAGE.toml`.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MoneyFile {
    pub(crate) currencies: Vec<Currency>,
    /// Codes that are words too: they count behind a number, where they are the customer's own money or stand in capitals; where no
    /// country is known, behind three digits or more.
    pub(crate) word_codes: Vec<Currency>,
    /// Currencies whose three digits behind a point are a fraction.
    pub(crate) three_decimals: Vec<Currency>,
    /// Currencies of which millions are said in cents: three millions in Algiers are 30,000.
    pub(crate) millions_of_cents: Vec<Currency>,
    /// Currencies in which a bare number below so many leaves its thousands unsaid.
    pub(crate) unsaid_thousands: BTreeMap<Currency, u32>,
    /// The same for products that cost thousands: "ноутбук, бюджет 150". Currencies, and keys of the products.
    pub(crate) dear_thousands: BTreeMap<Currency, u32>,
    pub(crate) dear: Vec<String>,
    /// What bare numbers beside some things are, which is no money.
    pub(crate) numbers_of: NumbersOf,
    /// Characters that may stand behind a price in Chinese, and are no word for a piece: 三千一的, 三千一行吗.
    pub(crate) particles: String,
    pub(crate) sign: Vec<Sign>,
    /// What currencies are called, where no more is to say of them.
    pub(crate) names: BTreeMap<Currency, Vec<String>>,
    pub(crate) shared: BTreeMap<String, Shared>,
    pub(crate) countries: BTreeMap<Country, Currency>,
    pub(crate) before: BTreeMap<Bound, Vec<String>>,
    pub(crate) after: BTreeMap<Bound, Vec<String>>,
    pub(crate) range: Vec<String>,
    pub(crate) range_start: Vec<String>,
    /// The same, where an "and" joins the ends of the range; Chinese says it behind them.
    pub(crate) between: Vec<String>,
    /// That "and", where it joins the ends of a range only if "between" stands behind them: 500和800之间.
    pub(crate) between_and: Vec<String>,
    /// In the clause before a sum that ends in a question mark they ask whether that is the price: "is the tablet 250?".
    pub(crate) asked_before: Vec<String>,
    /// The same, right behind a sum: "250吗？", "250 mi?".
    pub(crate) asked_after: Vec<String>,
    /// Between an offer and the price: "90 instead of 110".
    pub(crate) instead: Vec<String>,
    /// What may stand between a word that bounds or labels a number and the number.
    pub(crate) fillers: Vec<String>,
    pub(crate) not_money_after: Vec<String>,
    pub(crate) not_money_before: Vec<String>,
    /// The same before numbers as long as those of telephones.
    pub(crate) long_before: Vec<String>,
    /// Names of months: behind them stands a day or a year.
    pub(crate) months: Vec<String>,
    /// Phrases with a number word or the name of a currency in them that speak of neither.
    pub(crate) traps: Vec<String>,
    pub(crate) budget: Vec<String>,
    pub(crate) not_budget: Vec<String>,
    /// In the clause before a sum, with other words between: it is the most, "my limit for the weekend is 200".
    pub(crate) limits: Vec<String>,
    /// In the clause of a sum with a lower bound they make it the limit: "over 80 is too much".
    pub(crate) refused: Vec<String>,
    /// The same, and of a sum with an upper bound they make it the least: "don't show me anything under 100".
    pub(crate) unwanted: Vec<String>,
    /// Between two sums of which one is asked for: "is it 12 or 15?".
    pub(crate) either: Vec<String>,
    /// Between two sums: the second is meant, "no wait, 300".
    pub(crate) corrections: Vec<String>,
    /// With a word of budget and "now" they tell that another sum can be spent by now: "my budget was 500, now it's 300".
    pub(crate) was: Vec<String>,
    pub(crate) now: Vec<String>,
    /// Words of a lower bound that make it a limit where the clause goes on with a "not": "more than 300 I won't".
    pub(crate) more_than: Vec<String>,
    /// Near the higher of two sums: so much can be spent on a condition, "80, maybe 100 if it is really good".
    pub(crate) if_good: Vec<String>,
    /// Near the second of two sums: both can be spent together, "grandma gives 200 and I add 100".
    pub(crate) adds: Vec<String>,
    /// Between a sum and a product, in either order: so much is for one of it.
    pub(crate) per: Vec<String>,
    /// Behind a sum, where the clause ends with it: half of so much can be spent.
    pub(crate) half: Vec<String>,
    /// Words around a sum that point at a thing by its price: "the 450 one".
    pub(crate) pointed: Pointed,
    /// Right before or behind a number they make it a price: "last price 380", "150 boleh".
    pub(crate) price: Vec<String>,
    /// Little words that make it a price where it ends its clause: "and those for 70?".
    pub(crate) price_at: Vec<String>,
    /// Number words that are said of money alone: a tenner, косарь.
    pub(crate) notes: Vec<String>,
    pub(crate) multipliers: Numbers,
    /// Number words that say "about" by themselves: una cinquantina, 2 jutaan.
    pub(crate) rough: Vec<String>,
    /// Words for one that stand for a thing behind so many hundreds or thousands: "the 45k one".
    pub(crate) pronouns: Vec<String>,
    /// Multipliers that are as often something else: `m`, `w`.
    pub(crate) weak: Vec<String>,
    /// Letters that multiply only beside money: $5B, "бюджет 2М".
    pub(crate) signed: Vec<String>,
    /// Letters that do so beside a bound too, for customers of `cued_in` alone: the L of "under 2L" in India.
    pub(crate) cued: Vec<String>,
    pub(crate) cued_in: Vec<Country>,
    /// Multipliers that are none for customers of `elsewhere_in`: in Peru a luca is no thousand.
    pub(crate) elsewhere: Vec<String>,
    pub(crate) elsewhere_in: Vec<Country>,
    /// Number words that count only where a currency follows.
    pub(crate) before_money: Vec<String>,
    /// Multipliers that are a number by themselves: mil, mille, тысяча.
    pub(crate) alone: Vec<String>,
    /// Multipliers that stand before their number too: тысяч 40.
    pub(crate) inverted: Vec<String>,
    pub(crate) units: Numbers,
    /// What is added to the unit behind it: साढ़े तीन.
    pub(crate) added_to_next: Numbers,
    pub(crate) joints: Vec<String>,
    /// Said between a number and its decimals: point, Komma, koma.
    pub(crate) points: Vec<String>,
    /// Between a sum and what it may be more or less: 1500 ± 200.
    pub(crate) spreads: Vec<String>,
    /// A letter that joins two words of a number by standing before the second.
    pub(crate) joint_prefix: Option<String>,
    /// A letter before the second number of a range.
    pub(crate) range_prefix: Option<String>,
    /// Letters that may touch a number from before: for, with, the.
    pub(crate) number_prefixes: Vec<String>,
    /// Endings that may touch a number or its currency from behind.
    pub(crate) number_suffixes: Vec<String>,
    /// A single digit at the end is of the next lower rank, as always in Chinese: millecinque.
    pub(crate) tail_is_next_rank: bool,
    /// Hundreds behind a million are hundreds of thousands: un millón doscientos, 1jt 450.
    pub(crate) million_takes_thousands: bool,
    /// Sixty and eighty take up to nineteen.
    pub(crate) counts_by_twenties: bool,
    /// Five and twenty.
    pub(crate) units_before_tens: bool,
    /// Hundreds may go without saying: two fifty.
    pub(crate) hundreds_unsaid: bool,
    /// An "and" joins a price and its cents: costa 18 e 50.
    pub(crate) cents_behind_and: bool,
    /// Cents may follow without an "and": fünf fünfzig.
    pub(crate) cents_follow: bool,
    /// Thousands may go without saying before hundreds: две пятьсот, dois e quinhentos.
    pub(crate) thousands_unsaid: bool,
    /// Hundreds are of one to nine: behind "yüz elli" another "yüz" begins a number of its own.
    pub(crate) hundreds_of_ones: bool,
    /// Words of one number are written as one: dreihundert.
    pub(crate) glued: bool,
    /// A hyphen joins words of one number: twenty-five.
    pub(crate) hyphenated: bool,
    /// What stands before a fraction, where the language has one mark for it.
    pub(crate) decimal_mark: Option<char>,
}

impl MoneyFile {
    /// Reads a file; its words are folded, as the text is in which they are looked for.
    pub(crate) fn parse(file: &SourceFile) -> Result<Self, Problem> {
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
            &mut self.per,
            &mut self.half,
            &mut self.pointed.before,
            &mut self.pointed.after,
            &mut self.pointed.from,
            &mut self.pointed.to,
            &mut self.limits,
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
