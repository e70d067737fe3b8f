//! Learning from labelled messages what features say: one linear classifier for each question, which tells apart those that are so and those that
//! are not with as wide a margin as it can (a support vector machine with squared hinge loss, solved in its dual form one example at a time:
//! Hsieh, Chang, Lin, Keerthi and Sundararajan, ICML 2008). The same messages give the same weights.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Features;
use super::budgets::verdicts;
use super::numbers::Told;
use super::weights::{self, BUDGETS, INTENTS, NUMBERS, Phrase, Shape, Table, UNIT, Weights};
use crate::budget::Verdict;
use crate::dictionary::listing::Listing;
use crate::reading::{Begun, begin, said};
use crate::search::scan::Scan;
use crate::{Hints, Lexicon};
use hotline_domain::{Intent, Reading};

/// A message and what somebody told of it.
pub struct Example<'a> {
    /// What was written.
    pub text: &'a str,
    /// What was known beside it.
    pub hints: Hints<'a>,
    /// No phrase of an intent was written with a look at it: how far phrases are to be believed is learned from it too, and so is how far
    /// what words and figures say of numbers and budgets.
    pub is_strange: bool,
    /// What the customer wants, where that was told.
    pub intents: Option<Vec<Intent>>,
    /// The bounds of all sums of money, where they were told.
    pub sums: Option<Vec<Decimal>>,
    /// Those of what can be spent, where that was told; none where nothing can.
    pub budget: Option<Vec<Decimal>>,
}

/// So many times each example is looked at; the weights hardly change behind ten.
const ROUNDS: usize = 15;
/// What an example on the wrong side costs, beside large weights.
const COST: f32 = 4.0;
/// A phrase that was right so often, and wrong in no more than one of so many, is believed whatever else is said.
const OFTEN: u32 = 10;
const MOST_WRONG: u32 = 10;
/// What stood in one example alone tells of that one, and is not kept.
const LEAST_EXAMPLES: u32 = 2;
/// What stands in every example.
const CONSTANT: f32 = 0.5;

/// The rows of an example, what each counts, and the answer to each question: 1 or -1.
struct Seen {
    rows: Vec<u32>,
    each: f32,
    answers: Vec<f32>,
}

impl Seen {
    fn new(shape: &Shape, features: &[u32], answers: impl Iterator<Item = bool>) -> Self {
        let mut rows: Vec<u32> = features.iter().map(|feature| shape.place(*feature) as u32).collect();
        rows.sort_unstable();
        rows.dedup();
        Self { rows, each: 0.0, answers: answers.map(|so| if so { 1.0 } else { -1.0 }).collect() }
    }
}

/// Learns from messages what words say of intents, and what stands around a bare number of it. Each is read with the lexicon first.
pub(crate) fn learn<'a>(lexicon: &Lexicon, listing: &Listing, examples: impl Iterator<Item = Example<'a>>) -> Weights {
    let (mut messages, mut numbers, mut budgets) = (Vec::new(), Vec::new(), Vec::new());
    let mut phrases = Phrases::default();
    for example in examples {
        let mut scan = Scan::new(lexicon, example.text, &example.hints);
        scan.settle(lexicon);
        let begun = begin(lexicon, &scan, &example.hints);
        if let Some(bounds) = &example.sums {
            numbers.extend(bare_numbers(&begun, bounds, example.is_strange));
        }
        if let Some(bounds) = &example.budget {
            budgets.extend(sums_and_budget(&begun, &example.hints, bounds, example.is_strange));
        }
        if let Some(intents) = &example.intents {
            let (reading, _) = said(begun, &example.hints);
            if example.is_strange {
                phrases.count(&scan, &reading, intents);
            }
            let answers = Intent::ALL.iter().map(|intent| intents.contains(intent));
            let features = if example.is_strange { Features::with_what_is_said } else { Features::of };
            messages.push(Seen::new(&INTENTS, &features(&scan, &reading).all, answers));
        }
    }
    let tables = [table(&INTENTS, messages), table(&NUMBERS, numbers), table(&BUDGETS, budgets)];
    Weights::new(tables, weights::phrases(listing).filter(|phrase| !phrases.is_proven(phrase)))
}

/// How often each phrase said an intent that was meant, and one that was not.
#[derive(Default)]
struct Phrases(BTreeMap<(u32, Intent), (u32, u32)>);

impl Phrases {
    fn count(&mut self, scan: &Scan<'_>, reading: &Reading, meant: &[Intent]) {
        for hit in &scan.hits {
            let Some(intent) = weights::says(hit.meaning) else { continue };
            let span = scan.folded.span(hit.start, hit.end);
            let mut said = reading.intents.iter().zip(&reading.intent_spans);
            if said.any(|(other, evidence)| *other == intent && evidence.covers(span)) {
                let (right, wrong) = self.0.entry((hit.word, intent)).or_default();
                *(if meant.contains(&intent) { right } else { wrong }) += 1;
            }
        }
    }

    /// What is nearly always right needs no other word.
    fn is_proven(&self, phrase: &Phrase) -> bool {
        let counted = self.0.get(&(phrase.word, phrase.intent));
        counted.is_some_and(|(right, wrong)| *right >= OFTEN && wrong * MOST_WRONG <= *right)
    }
}

/// The numbers of a message that nothing names, bounds or multiplies. One that is told in thousands is meant too.
fn bare_numbers(begun: &Begun<'_>, bounds: &[Decimal], is_strange: bool) -> Vec<Seen> {
    let Begun { reader, sums, reading, .. } = begun;
    let hits = &reader.scan.hits;
    let sure = reader.told_sure(hits, sums, false, reading);
    let told = Told::of(reader, hits, sums, reading, &sure);
    let bare = sums.found.iter().zip(told).filter(|(sum, _)| !sum.certain);
    let seen = bare.map(|(sum, told)| {
        let meant = [sum.amount.min, sum.amount.max, Some(sum.written * Decimal::ONE_THOUSAND)];
        let is_sum = meant.into_iter().flatten().any(|bound| bounds.contains(&bound));
        let mut features = reader.features(sum, &sums.found, reading);
        if is_strange {
            told.add(&mut features);
        }
        Seen::new(&NUMBERS, &features, std::iter::once(is_sum))
    });
    seen.collect()
}

/// The sums of a message, and which of them is the budget.
fn sums_and_budget(begun: &Begun<'_>, hints: &Hints<'_>, bounds: &[Decimal], is_strange: bool) -> Vec<Seen> {
    let Begun { reader, sums, reading, .. } = begun;
    let judged = reader.told(&reader.scan.hits, sums, hints, reading);
    let seen =
        judged.iter().enumerate().filter(|(_, (_, verdict))| *verdict != Verdict::NoSum).map(|(place, (sum, _))| {
            let meant = [sum.amount.min, sum.amount.max];
            let is_budget = meant.into_iter().flatten().any(|bound| bounds.contains(&bound));
            let mut features = reader.features(sum, &sums.found, reading);
            features.extend(reader.words_anywhere());
            if is_strange {
                features.extend(verdicts(&judged, place));
            }
            Seen::new(&BUDGETS, &features, std::iter::once(is_budget))
        });
    seen.collect()
}

/// What examples teach, as it is kept.
fn table(shape: &Shape, mut seen: Vec<Seen>) -> Vec<u8> {
    let mut examples = vec![0_u32; shape.rows];
    seen.iter().flat_map(|seen| &seen.rows).for_each(|row| examples[*row as usize] += 1);
    for seen in &mut seen {
        seen.each = 1.0 / (seen.rows.len().max(1) as f32).sqrt();
    }
    let learned = Learned::from(shape, &seen);
    let known = examples.iter().enumerate().filter(|(_, examples)| **examples >= LEAST_EXAMPLES).map(|(row, _)| row);
    let kept = |weight: &f32| (weight * UNIT).round().clamp(-127.0, 127.0) as i8;
    let rows = known.map(|row| (row, learned.row(row as u32).iter().map(kept).collect()));
    let constants: Vec<f32> = learned.constants.iter().map(|weight| weight * CONSTANT).collect();
    Table::bytes(shape, &constants, rows)
}

struct Learned {
    columns: usize,
    weights: Vec<f32>,
    /// Of what stands in every example.
    constants: Vec<f32>,
}

impl Learned {
    fn from(shape: &Shape, seen: &[Seen]) -> Self {
        let columns = shape.columns;
        let mut learned = Self { columns, weights: vec![0.0; shape.rows * columns], constants: vec![0.0; columns] };
        let mut alphas = vec![vec![0.0; columns]; seen.len()];
        let mut order: Vec<usize> = (0..seen.len()).collect();
        let mut chance = 1;
        for _ in 0..ROUNDS {
            shuffle(&mut order, &mut chance);
            for place in &order {
                learned.step(&seen[*place], &mut alphas[*place]);
            }
        }
        learned
    }

    fn row(&self, row: u32) -> &[f32] {
        &self.weights[row as usize * self.columns..][..self.columns]
    }

    fn row_mut(&mut self, row: u32) -> &mut [f32] {
        &mut self.weights[row as usize * self.columns..][..self.columns]
    }

    /// Moves the weights so far as one example asks.
    fn step(&mut self, seen: &Seen, alphas: &mut [f32]) {
        let mut moves: Vec<f32> = self.constants.iter().map(|weight| weight * CONSTANT).collect();
        for row in &seen.rows {
            moves.iter_mut().zip(self.row(*row)).for_each(|(sum, weight)| *sum += weight * seen.each);
        }
        let softness = 0.5 / COST;
        // Its features have a length of one.
        let length = 1.0 + CONSTANT * CONSTANT + softness;
        for ((sum, alpha), answer) in moves.iter_mut().zip(alphas).zip(&seen.answers) {
            let gradient = answer * *sum - 1.0 + softness * *alpha;
            let moved = (*alpha - gradient / length).max(0.0);
            *sum = (moved - *alpha) * answer;
            *alpha = moved;
        }
        if moves.iter().all(|step| *step == 0.0) {
            return;
        }
        for row in &seen.rows {
            self.row_mut(*row).iter_mut().zip(&moves).for_each(|(weight, step)| *weight += step * seen.each);
        }
        self.constants.iter_mut().zip(&moves).for_each(|(weight, step)| *weight += step * CONSTANT);
    }
}

/// Another order each time, and the same ones in every run.
fn shuffle(order: &mut [usize], chance: &mut u64) {
    for last in (1..order.len()).rev() {
        // Knuth's linear congruence of 64 bits.
        *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(last, (*chance >> 33) as usize % (last + 1));
    }
}
