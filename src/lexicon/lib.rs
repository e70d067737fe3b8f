//! Text to mentions: what a chat message says of products, properties, brands, money and intent.
//!
//! Dictionaries are read (`word_files.rs`, `money_file.rs`), put in order (`listing.rs`) and compiled (`dictionary.rs`) once.
//! A text is folded once, with a map back to where each character stood (`folding.rs`); every word of the whole
//! dictionary is found in one pass (`matcher.rs`, `meanings.rs`, `search.rs`, `trie.rs`), in the forms that its language makes of it (`texts.rs`,
//! `endings.rs`), and slips are put right (`typos.rs`, `money_slips.rs`); what was found, and little words, tell the language (`language.rs`,
//! `known.rs`); sums of money are read with the words of that language (`money_words.rs`, `money_marks.rs`), which one walk finds (`money_tokens.rs`) before numbers
//! (`numbers.rs`, `number_reader.rs`, `number_parts.rs`) and sums (`money.rs`, `money_ranges.rs`, `money_bounds.rs`, `money_coins.rs`,
//! `money_corrections.rs`, `unsaid.rs`, `no_money.rs`, `weighing_numbers.rs`) are made of them, with those of the customer's other languages where
//! words of them stand there (`mixed.rs`); what is negated (`negation.rs`), what the customer wants (`intents.rs`, `cues.rs`) and what all
//! words together say of that (`weighing.rs`, `weights.rs`, `learning.rs`), what is described (`descriptions.rs`), how many
//! (`quantities.rs`), tags (`reading.rs`) and the budget (`budget.rs`, `budget_pairs.rs`, `budget_shares.rs`,
//! `budget_denials.rs`, `not_budget.rs`) are decided over what was found.

mod budget;
mod budget_denials;
mod budget_figures;
mod budget_pairs;
mod budget_shares;
mod cues;
mod descriptions;
mod dictionary;
mod digits;
mod endings;
mod explain;
mod files;
mod folding;
mod intents;
mod known;
mod language;
mod learning;
mod listing;
mod matcher;
mod meanings;
mod mixed;
mod money;
mod money_bounds;
mod money_coins;
mod money_corrections;
mod money_file;
mod money_marks;
mod money_names;
mod money_questions;
mod money_ranges;
mod money_selection;
mod money_slips;
mod money_tokens;
mod money_words;
mod negation;
mod no_money;
mod not_budget;
mod number_parts;
mod number_reader;
mod numbers;
mod phrases;
mod quantities;
mod reading;
mod review;
mod scan;
mod search;
mod texts;
mod trie;
mod typos;
mod unsaid;
mod weighing;
mod weighing_numbers;
mod weights;
mod word_files;

pub use explain::{Candidate, Explainer};
pub use learning::Example;
pub use review::review;
pub use weights::Weights;

use hotline_domain::{Country, Problem, Reading, SourceFile};
use serde::{Deserialize, Serialize};

/// All dictionaries, compiled. Immutable; shared between threads.
#[derive(Serialize, Deserialize)]
pub struct Lexicon {
    matcher: matcher::Matcher,
    cues: cues::Cues,
    descriptions: descriptions::Descriptions,
    money: money_words::Money,
    negation: negation::Negation,
    languages: language::Languages,
    typos: typos::Typos,
    money_slips: money_slips::MoneySlips,
    quantities: quantities::Quantities,
    /// They are kept beside the dictionaries, of which a shop has its own.
    #[serde(skip)]
    weights: Weights,
    /// Words of phrases that a shop added, in order.
    added_phrases: Vec<u32>,
}

/// What is known beside the text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// The customer's language so far, BCP 47.
    pub lang: Option<&'a str>,
    /// The customer's country.
    pub country: Option<Country>,
    /// We asked for the budget last: a bare number is one.
    pub asked_budget: bool,
}

impl Lexicon {
    /// Compiles the dictionaries among the files. `None` if any of them has an error. The weights are those of the dictionaries that ship.
    pub fn compile(files: &[SourceFile], weights: Weights) -> (Option<Self>, Vec<Problem>) {
        let (compiled, problems) = dictionary::compile(files, weights);
        (compiled.map(|(lexicon, _)| lexicon), problems)
    }

    /// A number for the dictionaries among the files: another one when any of them changes.
    pub fn print(files: &[SourceFile]) -> u64 {
        dictionary::print(files)
    }

    /// All of it as bytes, so that a program need not compile again at each start what it ships with.
    ///
    /// # Errors
    /// There is too little memory for them.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_stdvec(self)
    }

    /// What [`Self::to_bytes`] of the same version of this code gave, with the weights that were learned with it.
    ///
    /// # Errors
    /// The bytes are others.
    pub fn from_bytes(bytes: &[u8], weights: Weights) -> Result<Self, postcard::Error> {
        Ok(Self { weights, ..postcard::from_bytes(bytes)? })
    }

    /// What was learned with it.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Reads one message. The same text with the same hints always gives the same reading.
    pub fn read(&self, text: &str, hints: &Hints<'_>) -> Reading {
        reading::read(self, text, hints)
    }

    /// Whether a product of that key is in the dictionaries: `electronics/phone`.
    pub fn knows_product(&self, key: &str) -> bool {
        self.matcher.knows_product(key)
    }

    /// Whether a property of that key is in the dictionaries: `waterproof`.
    pub fn knows_attribute(&self, key: &str) -> bool {
        self.matcher.knows_attribute(key)
    }

    /// How many words and phrases the dictionaries hold.
    pub fn size(&self) -> usize {
        self.matcher.size()
    }
}
