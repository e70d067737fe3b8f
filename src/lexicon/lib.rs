//! Text to mentions: what a chat message says of products, properties, brands, money and intent.
//!
//! - `dictionary`: files are read (`word_files.rs`), put in order (`listing.rs`), given their forms (`texts.rs`, `endings.rs`) and compiled once.
//! - `search`: a text is folded once, with a map back to where each character stood (`folding.rs`); every word of the whole dictionary is
//!   found in one pass (`matcher.rs`, `trie.rs`), slips are put right (`typos.rs`), and what was found, and little words, tell the language
//!   (`language.rs`, `known.rs`).
//! - `numbers` and `money`: sums are read with the words of that language (`words.rs`, `marks.rs`), which one walk finds (`tokens.rs`) before
//!   they are made of numbers, with those of the customer's other languages where words of them stand there (`mixed.rs`).
//! - `negation.rs`: what is negated; `intents.rs`, `cues.rs`: what the customer wants; `descriptions.rs`: what is described;
//!   `quantities.rs`: how many.
//! - `budget`: which of the sums can be spent.
//! - `weighing`: what all words together say of intents and of numbers, and how that is learned.
//! - `reading.rs` decides over what was found; `explain.rs` tells why.

mod budget;
mod cues;
mod descriptions;
mod dictionary;
mod explain;
mod intents;
mod money;
mod negation;
mod numbers;
mod quantities;
mod reading;
mod search;
mod weighing;

pub use dictionary::hidden::hidden;
pub use dictionary::review::review;
pub use explain::{Candidate, Explainer};
pub use weighing::learning::Example;
pub use weighing::weights::Weights;

use hotline_domain::{Country, Problem, Reading, SourceFile};
use serde::{Deserialize, Serialize};

/// All dictionaries, compiled. Immutable; shared between threads.
#[derive(Serialize, Deserialize)]
pub struct Lexicon {
    matcher: search::matcher::Matcher,
    cues: cues::Cues,
    descriptions: descriptions::Descriptions,
    money: money::words::Money,
    negation: negation::Negation,
    languages: search::language::Languages,
    typos: search::typos::Typos,
    money_slips: money::slips::MoneySlips,
    quantities: quantities::Quantities,
    /// They are kept beside the dictionaries, of which a shop has its own.
    #[serde(skip)]
    weights: Weights,
    /// Words of phrases that are believed whatever the weights say, in order.
    sure_phrases: Vec<u32>,
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
