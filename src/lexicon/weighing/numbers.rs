//! Whether a bare number is a sum of money, by all that stands around it. "купил за 6700" and "до 6700 кв. м" differ in no sign that a
//! list could hold; words beside it, its shape, and what the message is about tell together (`weights.rs`). What names its currency or
//! its bound is a sum anyhow.

use std::ops::Range;

use rust_decimal::Decimal;

use super::weights::feature;
use crate::budget::{Sure, may_be_sums, value};
use crate::dictionary::meanings::{Kind, Meaning};
use crate::money::{Found, Sums};
use crate::reading::Reader;
use crate::search::folding;
use crate::search::matcher::Hit;
use hotline_domain::{Language, Reading};

/// Letters of a word beside a number that count.
const STEM: usize = 5;
/// So many words on each side of it.
const WORDS: usize = 3;
/// Of a longer message the beginning is weighed: so many words.
const MOST_WORDS: usize = 40;
/// Cues further off than this are about something else.
const NEAR: usize = 14;
/// A brand so near to a number has it in its name.
const TOUCHES: u32 = 3;

/// Where all weighs less than this, what made a number a sum is not believed…
const LEAST: f32 = -0.2;
/// …and where it weighs more than this, nothing else is needed. Chosen as those of intents were (`mod.rs`); hardly anything
/// differs for 0.1 more or less.
const ENOUGH: f32 = 0.2;

/// What a feature is of. Intents are others (`mod.rs`), and have a table of their own.
pub(crate) enum Of {
    Before,
    After,
    TwoBefore,
    TwoAfter,
    Between,
    Shape,
    ShapeBefore,
    ShapeAfter,
    Digits,
    Manner,
    Language,
    Currency,
    Product,
    Category,
    Brand,
    Intent,
    Cue,
    Count,
    Told,
    Verdict,
    Anywhere,
}

impl Reader<'_> {
    /// Puts right which bare numbers are sums.
    pub(crate) fn weigh_numbers(&self, hits: &[Hit<'_>], sums: &Sums, reading: &Reading, sure: &mut [Sure]) {
        let Some(table) = self.lexicon.weights.numbers() else { return };
        let told = Told::of(self, hits, sums, reading, sure);
        for ((sum, sure), told) in sums.found.iter().zip(sure).zip(told) {
            if sum.certain
                || sum.asked
                || *sure == Sure::No && (told.is_explained || told.beside_certain || self.is_protest(sum))
            {
                continue;
            }
            let mut features = self.features(sum, &sums.found, reading);
            told.add(&mut features);
            let [weighed, ..] = table.weigh(features);
            match *sure {
                // A sum; what can be spent only where something says so.
                Sure::No if weighed > ENOUGH => *sure = Sure::Beside,
                Sure::Beside | Sure::Itself if weighed < LEAST => *sure = Sure::No,
                _ => {}
            }
        }
    }

    /// What is weighed of a number.
    pub(crate) fn features(&self, sum: &Found, sums: &[Found], reading: &Reading) -> Vec<u32> {
        let mut features = Features(Vec::with_capacity(64));
        let shape = shape(value(sum));
        self.words_around(sum, shape, &mut features);
        self.manner(sum, &mut features);
        features.what_it_is_about(sum, shape.0, reading);
        self.cues_around(sum, &mut features);
        let named = sums.iter().filter(|other| other.certain && other.start != sum.start).count();
        let counts = [sums.len().min(4), named.min(2), reading.products.len().min(2), reading.brands.len().min(2)];
        for (kind, count) in counts.into_iter().enumerate() {
            features.add(Of::Count, &[kind as u64, count as u64]);
        }
        features.0
    }

    /// The words of a whole message: what it is about tells which sums are spent.
    pub(crate) fn words_anywhere(&self) -> impl Iterator<Item = u32> {
        let runs = self.folded.runs.iter().take(MOST_WORDS);
        runs.map(|run| {
            let letters = &self.folded.chars[run.start..run.end.min(run.start + STEM)];
            let plain = letters.iter().map(|c| if c.is_ascii_digit() { '0' } else { *c });
            feature(Of::Anywhere as u8, &[folding::fingerprint(plain)])
        })
    }

    fn words_around(&self, sum: &Found, (shape, digits): (u64, u64), features: &mut Features) {
        let runs = &self.folded.runs;
        let word = |run: &Range<usize>| {
            let letters = &self.folded.chars[run.start..run.end.min(run.start + STEM)];
            folding::fingerprint(letters.iter().map(|c| if c.is_ascii_digit() { '0' } else { *c }))
        };
        let ends = runs.partition_point(|run| run.end <= sum.start);
        let begins = runs.partition_point(|run| run.start < sum.end);
        let (mut before, mut after) = ([0; WORDS], [0; WORDS]);
        before.iter_mut().zip(runs[..ends].iter().rev()).for_each(|(print, run)| *print = word(run));
        after.iter_mut().zip(&runs[begins..]).for_each(|(print, run)| *print = word(run));
        for place in 0..WORDS {
            features.add(Of::Before, &[place as u64, before[place]]);
            features.add(Of::After, &[place as u64, after[place]]);
        }
        features.add(Of::TwoBefore, &before[..2]);
        features.add(Of::TwoAfter, &after[..2]);
        features.add(Of::Between, &[before[0], after[0]]);
        features.add(Of::Shape, &[shape]);
        features.add(Of::ShapeBefore, &[shape, before[0]]);
        features.add(Of::ShapeAfter, &[shape, after[0]]);
        features.add(Of::Digits, &[0, digits, before[0]]);
        features.add(Of::Digits, &[1, digits, after[0]]);
    }

    /// How it is written, and how it was read.
    fn manner(&self, sum: &Found, features: &mut Features) {
        let nine = value(sum) % Decimal::TEN == Decimal::from(9);
        let in_words = !self.folded.chars[sum.start..sum.end].iter().any(char::is_ascii_digit);
        let amount = &sum.amount;
        let manners = [nine, in_words, sum.plausible, sum.weak, sum.bare, amount.about, sum.points];
        let others = [amount.min.is_some(), amount.max.is_some(), amount.currency_inferred, self.folded.asks];
        for (kind, holds) in manners.into_iter().chain(others).enumerate() {
            features.add(Of::Manner, &[kind as u64, holds.into()]);
        }
        features.add(Of::Manner, &[u64::MAX, sum.priced as u64]);
    }

    fn cues_around(&self, sum: &Found, features: &mut Features) {
        for hit in self.scan.hits.iter().filter(|hit| hit.kind == Kind::Cue) {
            let Meaning::Cue { name, .. } = hit.meaning else { continue };
            let leads = hit.end <= sum.start;
            let apart = if leads { sum.start - hit.end } else { hit.start.saturating_sub(sum.end) };
            if apart < NEAR {
                features.add(Of::Cue, &[folding::fingerprint(name.chars()), leads.into()]);
            }
        }
    }
}

/// What words and figures tell of a number. How far that is to be believed is learned from strangers' messages, for which hardly a
/// word of a dictionary was written.
pub(crate) struct Told {
    sure: Sure,
    is_explained: bool,
    may_be: bool,
    /// Of the message's numbers, it alone is told to be a sum.
    alone: bool,
    beside_certain: bool,
}

impl Told {
    /// Of each number.
    pub(crate) fn of(
        reader: &Reader<'_>,
        hits: &[Hit<'_>],
        sums: &Sums,
        reading: &Reading,
        sure: &[Sure],
    ) -> Vec<Self> {
        let may_be = may_be_sums(reading);
        let beside_certain = sums.found.iter().any(|sum| sum.certain);
        // "Is it 12 or 15?": one tells that the other is a sum.
        let alone = sure.iter().filter(|sure| **sure != Sure::No).count() == 1;
        let told = |(sum, sure): (&Found, &Sure)| {
            let is_explained = !sum.certain && reader.is_explained(sum, hits, sums, reading);
            Self { sure: *sure, is_explained, may_be, alone, beside_certain }
        };
        sums.found.iter().zip(sure).map(told).collect()
    }

    pub(crate) fn add(&self, features: &mut Vec<u32>) {
        let Self { sure, is_explained, may_be, alone, beside_certain } = *self;
        let all = [sure as u64, is_explained.into(), may_be.into(), alone.into(), beside_certain.into()];
        for (kind, says) in all.iter().enumerate() {
            features.push(feature(Of::Told as u8, &[kind as u64, *says]));
        }
        features.push(feature(Of::Told as u8, &all));
    }
}

/// Features as they are gathered.
struct Features(Vec<u32>);

impl Features {
    fn add(&mut self, of: Of, says: &[u64]) {
        self.0.push(feature(of as u8, says));
    }

    fn what_it_is_about(&mut self, sum: &Found, shape: u64, reading: &Reading) {
        let print = |text: &str| folding::fingerprint(text.chars());
        let language = print(reading.lang.as_ref().map_or("", Language::tag));
        let currency = sum.amount.currency.map_or(0, |currency| print(currency.code()));
        self.add(Of::Language, &[language]);
        self.add(Of::Language, &[language, shape]);
        self.add(Of::Currency, &[currency, shape]);
        for product in &reading.products {
            self.add(Of::Product, &[print(&product.key)]);
            self.add(Of::Category, &[print(product.key.split('/').next().unwrap_or_default()), shape]);
        }
        for brand in &reading.brands {
            let apart = sum.amount.span.start.abs_diff(brand.span.end);
            self.add(Of::Brand, &[(apart < TOUCHES).into()]);
        }
        for intent in &reading.intents {
            self.add(Of::Intent, &[*intent as u64]);
            self.add(Of::Intent, &[*intent as u64, shape]);
        }
    }
}

/// How a number looks: its digits, how many zeros it ends with, and whether it has parts; and its digits alone.
fn shape(value: Decimal) -> (u64, u64) {
    let whole = value.trunc().normalize().to_string();
    let digits = whole.len() as u64;
    let zeros = whole.bytes().rev().take_while(|digit| *digit == b'0').count().min(3) as u64;
    ((digits << 8) | (zeros << 1) | u64::from(!value.fract().is_zero()), digits)
}
