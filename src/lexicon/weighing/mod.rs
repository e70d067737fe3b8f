//! What all words of a message say of each intent together. Phrases tell what a customer wants by a few words, and are wrong where
//! the others tell of another matter: "vorrei restituire le scarpe, numero sbagliato" stops no messages. So each word, pair of words
//! and cue has a weight for each intent (`weights.rs`). An intent that a phrase found goes where the others weigh against it, and one
//! that no phrase found is taken in where they weigh for it.

pub(crate) mod budgets;
pub(crate) mod learning;
pub(crate) mod numbers;
pub(crate) mod weights;

use crate::Lexicon;
use crate::dictionary::meanings::{Kind, Meaning};
use crate::search::folding::{self, Folded};
use crate::search::matcher::Hit;
use crate::search::scan::Scan;
use hotline_domain::{Intent, Language, Reading, Span};
use weights::{Sums, Table, feature, says};

/// Endings are left off: so many letters of a word count in pairs.
const STEM: usize = 5;
/// Of a longer message the beginning is weighed: so many words, and cues.
const MOST_WORDS: usize = 60;

/// A message of fewer words and signs tells nothing that no phrase says: "hm".
const TOO_FEW_WORDS: usize = 3;
/// The figures below were chosen where the totals of `tests/corpus/test`, and of a fifth of `tests/corpus/strangers` with the others learned
/// from, were good together, and what proved itself before stays read. A little more or less of each makes little difference.
///
/// Where words weigh less than this, a phrase is not believed…
const LEAST: f32 = -0.4;
/// …but for these, which would be worse to miss, less than this…
const MUST_NOT_BE_MISSED: [Intent; 2] = [Intent::Human, Intent::OptOut];
const LEAST_OF_THOSE: f32 = -1.0;
/// …and where they weigh more than this, none is needed…
const ENOUGH: f32 = 0.3;
/// …but for these: who is to be told nothing more, or again, or wants a person, says so in as many words, and a question in any others is
/// about what is shown.
const NEEDS_ITS_WORDS: [Intent; 4] = [Intent::OptIn, Intent::OptOut, Intent::Human, Intent::ProductInquiry];

/// What a message weighs.
pub(crate) struct Weighed<'w> {
    table: Table<'w>,
    of_words: Vec<(u32, usize, usize)>,
    /// In the order of [`Intent::ALL`].
    sums: Sums,
}

impl<'w> Weighed<'w> {
    /// `None` where nothing was learned.
    pub(crate) fn new(lexicon: &'w Lexicon, scan: &Scan<'_>, reading: &Reading) -> Option<Self> {
        let table = lexicon.weights.intents()?;
        let Features { all, of_words } = Features::with_what_is_said(scan, reading);
        Some(Self { table, of_words, sums: table.weigh(all) })
    }

    /// Whether the words weigh so much against an intent that a phrase for it is not believed.
    pub(crate) fn doubts(&self, intent: Intent) -> bool {
        let least = if MUST_NOT_BE_MISSED.contains(&intent) { LEAST_OF_THOSE } else { LEAST };
        self.sum(intent) < least
    }

    /// Whether they weigh so much for it that none is needed.
    pub(crate) fn suffices(&self, intent: Intent) -> bool {
        self.sum(intent) > ENOUGH && !NEEDS_ITS_WORDS.contains(&intent)
    }

    pub(crate) fn sum(&self, intent: Intent) -> f32 {
        self.sums[intent as usize]
    }

    /// The word that weighs most for an intent, alone and beside its neighbours: from where to where it stands.
    fn evidence(&self, intent: Intent) -> Option<(usize, usize)> {
        let weight = |feature: u32| i32::from(self.table.weight(feature, intent as usize));
        let of_word = |start: usize| self.of_words.iter().filter(move |word| word.1 == start);
        let all = |start: usize| of_word(start).map(|word| weight(word.0)).sum::<i32>();
        let words = self.of_words.iter().map(|(_, start, end)| (*start, *end));
        // A single letter tells a person nothing.
        words.max_by_key(|(start, end)| (end - start > 1, all(*start), std::cmp::Reverse((*start, *end))))
    }
}

impl Lexicon {
    /// Takes back what the words of the whole message weigh against, and takes in what they weigh for, but for what they only look like.
    pub(crate) fn heed_words(&self, scan: &Scan<'_>, unlike: &[Intent], reading: &mut Reading) {
        let Some(weighed) = Weighed::new(self, scan, reading) else { return };
        let is_short = scan.folded.runs.len() < TOO_FEW_WORDS;
        let is_sure = |intent| is_short && MUST_NOT_BE_MISSED.contains(&intent);
        let stays =
            |intent: Intent, span: Span| !weighed.doubts(intent) || is_sure(intent) || self.is_sure(scan, intent, span);
        let both = reading.intents.iter().copied().zip(reading.intent_spans.iter().copied());
        let mut intents: Vec<_> = both.filter(|(intent, span)| stays(*intent, *span)).collect();
        // A phrase that says it and is negated, or explained by something else, has these words too.
        let is_about = |hit: &Hit<'_>, intent| matches!(hit.meaning, Meaning::Intent(said) | Meaning::NotIntent(said) if *said == intent);
        let is_said = |intent: Intent| scan.hits.iter().any(|hit| is_about(hit, intent));
        let missing = Intent::ALL.iter().filter(|intent| weighed.suffices(**intent) && !reading.wants(**intent));
        let says_enough = reading.lang.is_some() && !is_short;
        let missing = missing.filter(|intent| says_enough && !is_said(**intent) && !unlike.contains(intent));
        let found = missing.filter_map(|intent| Some((*intent, weighed.evidence(*intent)?)));
        intents.extend(found.map(|(intent, (start, end))| (intent, scan.folded.span(start, end))));
        intents.sort_by_key(|(intent, _)| *intent);
        (reading.intents, reading.intent_spans) = intents.into_iter().unzip();
    }

    /// Whether a phrase says an intent that proved right with strangers, or that a shop added, or that is listed for a whole message and
    /// is all of this one: no other word could weigh against it.
    fn is_sure(&self, scan: &Scan<'_>, intent: Intent, span: Span) -> bool {
        let is_added = |hit: &Hit<'_>| self.sure_phrases.binary_search(&hit.word).is_ok();
        let chars = &scan.folded.chars;
        let is_all = |hit: &Hit<'_>| {
            let mut beside = chars[..hit.start].iter().chain(&chars[hit.end..]);
            matches!(hit.meaning, Meaning::ClauseEnd { alone: true, .. })
                && !beside.any(|letter| letter.is_alphanumeric())
        };
        let mut inside = scan.hits.iter().filter(|hit| span.covers(scan.folded.span(hit.start, hit.end)));
        inside.any(|hit| says(hit.meaning) == Some(intent) && (is_added(hit) || is_all(hit)))
    }
}

/// What is weighed in a message.
#[derive(Default)]
pub(crate) struct Features {
    pub(crate) all: Vec<u32>,
    /// Those of single words and of pairs, with the places of the words in folded characters.
    of_words: Vec<(u32, usize, usize)>,
}

/// What a feature is of: equal words at other places are others.
enum Of {
    Word,
    Stem,
    Pair,
    First,
    Last,
    Count,
    Language,
    Cue,
    Cues,
    Said,
}

impl Features {
    /// Those of the words, and what phrases and cues say of intents.
    pub(crate) fn with_what_is_said(scan: &Scan<'_>, reading: &Reading) -> Self {
        let mut features = Self::of(scan, reading);
        features.all.extend(reading.intents.iter().map(|intent| feature(Of::Said as u8, &[*intent as u64])));
        features
    }

    /// Those of the words alone.
    pub(crate) fn of(scan: &Scan<'_>, reading: &Reading) -> Self {
        let mut features = Self::default();
        features.words(&scan.folded);
        features.cues(&scan.hits);
        features.counts(reading);
        features.all.extend(features.of_words.iter().map(|(feature, ..)| *feature));
        features
    }

    fn words(&mut self, folded: &Folded) {
        let runs = &folded.runs[..folded.runs.len().min(MOST_WORDS)];
        self.of_words.reserve(runs.len() * 3);
        self.all.reserve(runs.len() * 3 + 24);
        let mut last = None;
        for run in runs {
            let letters = &folded.chars[run.clone()];
            let stem = stem(letters);
            self.of_words.push((word(letters), run.start, run.end));
            if letters.len() > STEM {
                self.of_words.push((feature(Of::Stem as u8, &[stem]), run.start, run.end));
            }
            if let Some((before, start)) = last {
                self.of_words.push((feature(Of::Pair as u8, &[before, stem]), start, run.end));
            }
            last = Some((stem, run.start));
        }
        for (run, of) in [(runs.first(), Of::First), (runs.last(), Of::Last)] {
            let stem = run.map(|run| stem(&folded.chars[run.clone()]));
            let feature = stem.map(|stem| feature(of as u8, &[stem]));
            self.all.extend(feature);
        }
    }

    fn cues(&mut self, hits: &[Hit<'_>]) {
        let mut last = None;
        for hit in hits.iter().filter(|hit| hit.kind == Kind::Cue).take(MOST_WORDS) {
            let Meaning::Cue { name, .. } = hit.meaning else { continue };
            let cue = folding::fingerprint(name.chars());
            if last == Some(cue) {
                continue;
            }
            self.all.push(feature(Of::Cue as u8, &[cue]));
            self.all.extend(last.map(|last| feature(Of::Cues as u8, &[last, cue])));
            last = Some(cue);
        }
    }

    /// How much of each kind was read, and how long the message is.
    fn counts(&mut self, reading: &Reading) {
        let counts = [
            reading.products.len().min(2),
            reading.brands.len().min(2),
            reading.attributes.len().min(2),
            reading.amounts.len().min(3),
            reading.budget.is_some().into(),
            (self.of_words.len() / 10).min(6),
        ];
        let counts = counts.into_iter().enumerate();
        self.all.extend(counts.map(|(kind, count)| feature(Of::Count as u8, &[kind as u64, count as u64])));
        let lang = reading.lang.as_ref().map_or("", Language::tag);
        self.all.push(feature(Of::Language as u8, &[folding::fingerprint(lang.chars())]));
    }
}

/// The feature of a word by itself.
fn word(letters: &[char]) -> u32 {
    feature(Of::Word as u8, &[print(letters)])
}

/// A number for a word; all numbers in digits are one.
fn print(letters: &[char]) -> u64 {
    let plain = letters.iter().map(|c| if c.is_ascii_digit() { '0' } else { *c });
    let mut last = '\0';
    let shortened = plain.filter(|c| !(std::mem::replace(&mut last, *c) == '0' && *c == '0'));
    folding::fingerprint(shortened)
}

fn stem(letters: &[char]) -> u64 {
    print(&letters[..letters.len().min(STEM)])
}
