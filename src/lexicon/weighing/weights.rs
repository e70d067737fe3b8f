//! Weights that were learned from labelled messages (`learning.rs`), and how features of a text are found among them.

use std::borrow::Cow;

use crate::dictionary::listing::Listing;
use crate::dictionary::meanings::Meaning;
use crate::search::folding;
use hotline_domain::Intent;

/// How many questions a table answers at most: a row is so many bytes at most.
const MOST_COLUMNS: usize = 24;
/// A weight of 1 as it is kept.
pub(crate) const UNIT: f32 = 25.0;

/// A table of weights: a row for each feature, a column for each question.
pub(crate) struct Shape {
    pub(crate) columns: usize,
    /// Bytes of a row.
    row: usize,
    /// Features share so many rows by their hashes, a power of two.
    pub(crate) rows: usize,
}

/// What the words of a message say of each intent. Of the features in the corpus about one in two meets another; twice as many rows tell no
/// more, and take longer to fetch.
pub(crate) const INTENTS: Shape = Shape { columns: Intent::ALL.len(), row: MOST_COLUMNS, rows: 1 << 17 };
/// What stands around a bare number says whether it is a sum of money.
pub(crate) const NUMBERS: Shape = Shape { columns: 1, row: 1, rows: 1 << 16 };
/// What stands around a sum says whether the customer can spend it.
pub(crate) const BUDGETS: Shape = Shape { columns: 1, row: 1, rows: 1 << 16 };
/// Bytes of all tables.
const TABLES: usize = INTENTS.size() + NUMBERS.size() + BUDGETS.size();

impl Shape {
    /// What no feature weighs, for each question.
    const fn constants(&self) -> usize {
        self.columns * 4
    }

    /// Bytes that tell of each row whether a feature of the corpus stands there, a bit each. What never stood there says nothing, and
    /// most pairs of words never did: these bytes are near, where the rows have to be fetched.
    const fn known(&self) -> usize {
        self.rows / 8
    }

    const fn size(&self) -> usize {
        self.constants() + self.known() + self.rows * self.row
    }

    /// The row of a feature.
    pub(crate) fn place(&self, feature: u32) -> usize {
        feature as usize & (self.rows - 1)
    }
}

/// All that was learned.
#[derive(Clone, Default)]
pub struct Weights {
    /// The tables of intents, of numbers and of budgets, and the phrases that may be wrong, each a number of four bytes, in order.
    bytes: Cow<'static, [u8]>,
}

impl Weights {
    /// What [`super::Explainer::learn`] came to, as it was kept; other bytes weigh nothing.
    pub fn from_bytes(bytes: &'static [u8]) -> Self {
        let phrases = bytes.len().checked_sub(TABLES);
        let whole = phrases.is_some_and(|phrases| phrases.is_multiple_of(4));
        Self { bytes: Cow::Borrowed(if whole { bytes } else { &[] }) }
    }

    /// As they are kept in a file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn new(tables: [Vec<u8>; 3], doubtful: impl Iterator<Item = Phrase>) -> Self {
        let mut phrases: Vec<u32> = doubtful.map(|phrase| phrase.print).collect();
        phrases.sort_unstable();
        phrases.dedup();
        let phrases = phrases.into_iter().flat_map(u32::to_le_bytes);
        Self { bytes: tables.into_iter().flatten().chain(phrases).collect() }
    }

    /// `None` where nothing was learned.
    pub(crate) fn intents(&self) -> Option<Table<'_>> {
        Some(Table { shape: &INTENTS, bytes: self.bytes.get(..INTENTS.size())? })
    }

    pub(crate) fn numbers(&self) -> Option<Table<'_>> {
        Some(Table { shape: &NUMBERS, bytes: self.bytes.get(INTENTS.size()..)?.get(..NUMBERS.size())? })
    }

    pub(crate) fn budgets(&self) -> Option<Table<'_>> {
        let before = INTENTS.size() + NUMBERS.size();
        Some(Table { shape: &BUDGETS, bytes: self.bytes.get(before..)?.get(..BUDGETS.size())? })
    }

    /// Of phrases that say an intent, the words of those that are sure, in order: they proved it, or were not there when this was learned,
    /// so that a shop added them, and knows why.
    pub(crate) fn sure(&self, phrases: impl Iterator<Item = Phrase>) -> Vec<u32> {
        let Some(doubtful) = self.bytes.get(TABLES..) else { return Vec::new() };
        let doubtful = doubtful.as_chunks::<4>().0;
        let is_sure =
            |phrase: &Phrase| doubtful.binary_search_by_key(&phrase.print, |bytes| u32::from_le_bytes(*bytes)).is_err();
        let mut words: Vec<u32> = phrases.filter(is_sure).map(|phrase| phrase.word).collect();
        words.sort_unstable();
        words
    }
}

/// One table among the weights.
#[derive(Clone, Copy)]
pub(crate) struct Table<'w> {
    shape: &'static Shape,
    bytes: &'w [u8],
}

/// What features weigh for each question: above 0 is likelier than not, and 1 as sure as the corpus is.
pub(crate) type Sums = [f32; MOST_COLUMNS];

impl Table<'_> {
    /// As it is kept: what no feature weighs, and the rows that are known, in order.
    pub(crate) fn bytes(shape: &Shape, constants: &[f32], rows: impl Iterator<Item = (usize, Vec<i8>)>) -> Vec<u8> {
        let mut bytes: Vec<u8> = constants.iter().flat_map(|weight| weight.to_le_bytes()).collect();
        bytes.resize(shape.size(), 0);
        for (row, weights) in rows {
            bytes[shape.constants() + row / 8] |= 1 << (row % 8);
            let at = shape.constants() + shape.known() + row * shape.row;
            bytes[at..].iter_mut().zip(weights).for_each(|(byte, weight)| *byte = weight as u8);
        }
        bytes
    }

    /// Whether a feature stood in what was learned from.
    pub(crate) fn knows(&self, feature: u32) -> bool {
        let row = self.shape.place(feature);
        self.bytes[self.shape.constants() + row / 8] & 1 << (row % 8) != 0
    }

    fn row(&self, row: usize) -> &[u8] {
        let at = self.shape.constants() + self.shape.known() + row * self.shape.row;
        &self.bytes[at..at + self.shape.row]
    }

    /// Asks for rows before any is looked at: they lie far apart, and are waited for together.
    fn fetch(&self, rows: &[u32]) {
        let ends = |row: &u32| match self.row(*row as usize) {
            [first, .., last] => first ^ last,
            row => row.iter().sum(),
        };
        std::hint::black_box(rows.iter().fold(0, |all, row| all ^ ends(row)));
    }

    fn constant(&self, column: usize) -> f32 {
        let at = column * 4;
        self.bytes[at..].first_chunk().map_or(0.0, |bytes| f32::from_le_bytes(*bytes))
    }

    /// What a feature weighs for a question, as it is kept.
    pub(crate) fn weight(&self, feature: u32, column: usize) -> i8 {
        self.row(self.shape.place(feature))[column] as i8
    }

    /// What features weigh together; each counts once, and those that are known count alike.
    pub(crate) fn weigh(&self, mut features: Vec<u32>) -> Sums {
        features.iter_mut().for_each(|feature| *feature = self.shape.place(*feature) as u32);
        features.retain(|row| self.knows(*row));
        self.fetch(&features);
        features.sort_unstable();
        features.dedup();
        let mut sums = [0_i32; MOST_COLUMNS];
        for row in &features {
            sums.iter_mut().zip(self.row(*row as usize)).for_each(|(sum, weight)| *sum += i32::from(*weight as i8));
        }
        let each = 1.0 / (UNIT * (features.len().max(1) as f32).sqrt());
        let mut weighed = sums.map(|sum| sum as f32 * each);
        for (column, weighed) in weighed[..self.shape.columns].iter_mut().enumerate() {
            *weighed += self.constant(column);
        }
        weighed
    }
}

/// A feature: what it is of, and numbers for what it says.
pub(crate) fn feature(of: u8, says: &[u64]) -> u32 {
    // The steps of SplitMix64, so that every bit counts.
    let mixed = says.iter().fold(u64::from(of), |mixed, says| {
        let next = (mixed ^ says).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (next ^ next >> 31).wrapping_mul(0x94d0_49bb_1331_11eb)
    });
    (mixed >> 32) as u32
}

/// A phrase that says an intent, or the second part of one.
pub(crate) struct Phrase {
    pub(crate) intent: Intent,
    /// The number of its word in the listing.
    pub(crate) word: u32,
    /// A number for its letters and what it says, the same in other listings.
    print: u32,
}

/// All phrases that say an intent.
pub(crate) fn phrases(listing: &Listing) -> impl Iterator<Item = Phrase> {
    let said = listing.senses().iter().filter_map(|sense| Some((sense, says(&sense.meaning)?)));
    said.map(|(sense, intent)| {
        let print = folding::fingerprint(listing.word(sense.word).chars().chain(intent.key().chars()));
        Phrase { intent, word: sense.word, print: (print ^ print >> 32) as u32 }
    })
}

/// The intent that a phrase says, or its second part.
pub(crate) fn says(meaning: &Meaning) -> Option<Intent> {
    match meaning {
        Meaning::Intent(intent)
        | Meaning::GapEnd { intent, against: false, .. }
        | Meaning::BesideNumber { intent, against: false, .. }
        | Meaning::ClauseEnd { intent, against: false, .. } => Some(*intent),
        _ => None,
    }
}
