//! Every word of the dictionaries with what it stands for: gathered file by file, then put in order once. There are hundreds of
//! thousands of them and whoever starts the product waits, so their letters stand in one row and none is looked up while they come.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::files::ENGLISH;
use super::meanings::{Langs, Meaning, Sense};
use crate::search::folding::fingerprint;
use crate::search::language::Languages;
use crate::search::typos::{Name, Phrase};
use hotline_domain::{Problem, SourceFile};

/// Latin words up to this length count only in messages of their own language.
const SHORT_WORD: usize = 3;
/// Names of things from this length on are told from words of other languages.
const LONG_NAME: usize = 6;

/// A word takes about so many bytes in its file.
const BYTES_OF_A_WORD: usize = 18;

/// So many bytes of a text are kept where it is compared.
const HEAD: usize = 16;

/// Where a text stands among others in a row.
#[derive(Clone, Copy)]
pub(crate) struct Stretch {
    /// Its first bytes, with zeros behind a shorter text. They decide nearly every comparison: sixteen, where a letter of Hindi takes
    /// three.
    head: [u64; 2],
    pub(crate) start: u32,
    length: u32,
}

impl Stretch {
    pub(crate) fn new(text: &str, start: usize) -> Self {
        let mut head = [0; HEAD];
        let first = text.len().min(head.len());
        head[..first].copy_from_slice(&text.as_bytes()[..first]);
        let head = u128::from_be_bytes(head);
        Self { head: [(head >> 64) as u64, head as u64], start: start as u32, length: text.len() as u32 }
    }

    pub(crate) fn text<'t>(&self, all: &'t str) -> &'t str {
        &all[self.start as usize..(self.start + self.length) as usize]
    }

    /// The order of their texts.
    pub(crate) fn order(&self, other: &Self, all: &str) -> Ordering {
        // What is no longer than its head is a beginning of what begins alike.
        let short = self.length.min(other.length) as usize <= HEAD;
        self.head.cmp(&other.head).then_with(|| match short {
            true => self.length.cmp(&other.length),
            false => self.text(all).cmp(other.text(all)),
        })
    }

    pub(crate) fn is_alike(&self, other: &Self, all: &str) -> bool {
        self.order(other, all).is_eq()
    }
}

/// One listing of a word.
struct Written<'f> {
    stretch: Stretch,
    langs: Langs,
    exact: bool,
    meaning: Arc<Meaning>,
    file: &'f SourceFile,
    place: u32,
}

/// Words as they come.
#[derive(Default)]
pub(crate) struct Gathered<'f> {
    all: String,
    written: Vec<Written<'f>>,
}

impl<'f> Gathered<'f> {
    /// With room for the words of files of so many bytes. Room that is not used costs nothing.
    pub(crate) fn of_bytes(bytes: usize) -> Self {
        Self { all: String::with_capacity(bytes), written: Vec::with_capacity(bytes / BYTES_OF_A_WORD) }
    }

    /// Takes in a word, folded; it stands in a file at a byte offset. `exact` words take no forms, and none of their slips is forgiven.
    pub(crate) fn add(
        &mut self,
        (file, place): (&'f SourceFile, usize),
        word: &str,
        langs: Langs,
        exact: bool,
        meaning: Meaning,
    ) {
        let stretch = Stretch::new(word, self.all.len());
        self.all.push_str(word);
        // Words that mean the same follow each other: they share it.
        let last = self.written.last().filter(|last| *last.meaning == meaning);
        let meaning = last.map_or_else(|| Arc::new(meaning), |last| last.meaning.clone());
        self.written.push(Written { stretch, langs, exact, meaning, file, place: place as u32 });
    }

    /// Puts them in order, and tells of words that stand for two things.
    pub(crate) fn settle(mut self, languages: &Languages, problems: &mut Vec<Problem>) -> Listing {
        let all = &self.all;
        // Equal words in the order in which they came.
        sort_on_two_threads(&mut self.written, |a, b| {
            a.stretch.order(&b.stretch, all).then(a.stretch.start.cmp(&b.stretch.start))
        });
        let mut listing = Listing { words: Vec::with_capacity(self.written.len()), ..Listing::default() };
        listing.senses.reserve(self.written.len());
        for listed in self.written.chunk_by(|a, b| a.stretch.is_alike(&b.stretch, &self.all)) {
            let first = listing.senses.len();
            let word = listed[0].stretch;
            for written in listed {
                take_in(&mut listing.senses, (first, listing.words.len() as u32), written, problems);
            }
            settle_languages(word.text(&self.all), &mut listing.senses[first..], languages);
            let exact = listed.iter().any(|written| written.exact);
            listing.words.push(ListedWord { word, first: first as u32, exact });
        }
        listing.all = self.all;
        listing
    }
}

/// Sorts in place; `order` calls no two of them equal.
pub(crate) fn sort_on_two_threads<T: Send>(list: &mut [T], order: impl Fn(&T, &T) -> Ordering + Sync) {
    let Some(half) = (list.len() / 2).checked_sub(1) else { return };
    let (low, _, high) = list.select_nth_unstable_by(half, &order);
    std::thread::scope(|scope| {
        scope.spawn(|| high.sort_unstable_by(&order));
        low.sort_unstable_by(&order);
    });
}

/// Adds what a listing says to the senses of its word, which begin at `first`.
fn take_in(senses: &mut Vec<Sense>, (first, word): (usize, u32), written: &Written<'_>, problems: &mut Vec<Problem>) {
    let (meaning, langs) = (&written.meaning, written.langs);
    // A gaming laptop is a laptop and for gaming, and may say both; it is no two products.
    let is_other = |other: &&Sense| {
        let same_kind = std::mem::discriminant(&*other.meaning) == std::mem::discriminant(&**meaning);
        same_kind && other.langs.0 & langs.0 != 0 && other.meaning != *meaning
    };
    if let Some(name) = meaning.name()
        && let Some(other) = senses[first..].iter().find(is_other).and_then(|other| other.meaning.name())
    {
        let (file, place) = (written.file, written.place as usize);
        let word = quoted(&file.text[place..]);
        let message = format!("`{word}` stands under `{name}` and under `{other}`");
        let advice = "A message with it earns both. Keep it where it fits best.";
        problems.push(Problem::at(&file.path, &file.text, place, message, advice).warning());
    }
    // A word may be the second part of hundreds of phrases, which are not looked through for each of them.
    let many = matches!(**meaning, Meaning::GapEnd { .. });
    match senses[first..].iter_mut().find(|sense| !many && sense.meaning == *meaning) {
        Some(sense) => sense.langs = sense.langs.with(langs),
        None => senses.push(Sense { meaning: meaning.clone(), langs, counts_in: Langs::ALL, word }),
    }
}

/// The first text in quotes, of either kind.
fn quoted(text: &str) -> &str {
    let quote = text.find(['"', '\'']).map_or('"', |at| char::from(text.as_bytes()[at]));
    text.split(quote).nth(1).unwrap_or_default()
}

/// A word that is an everyday word of another language, or stands for something else there, counts only in messages of
/// its own: "the" is tea in French, "tee" is tea in German.
fn settle_languages(word: &str, senses: &mut [Sense], languages: &Languages) {
    let elsewhere = languages.everyday(word);
    let latin = word.chars().any(|c| c.is_ascii_alphabetic());
    let length = word.chars().count();
    let things = senses.iter().filter(|sense| matches!(*sense.meaning, Meaning::Product(_))).count();
    for sense in senses.iter_mut().filter(|sense| sense.langs != Langs::ALL) {
        let other_thing = things > 1 && matches!(*sense.meaning, Meaning::Product(_));
        // English is mixed into every language; of others a long name is, a single word of talk is not.
        let own = match *sense.meaning {
            // Little words: what they say in another language is another thing.
            Meaning::Cue { .. } | Meaning::Touch(_) => {
                sense.counts_in = sense.langs;
                continue;
            }
            Meaning::Product(_) | Meaning::Attribute(_) => length < LONG_NAME,
            _ => !word.contains(' '),
        };
        let own = latin && (length <= SHORT_WORD || own && !sense.langs.has(ENGLISH));
        if own || other_thing || elsewhere.0 & !sense.langs.0 != 0 {
            sense.counts_in = sense.langs;
        } else if is_name(sense) && latin && !sense.langs.has(ENGLISH) {
            // "sofa noch" is said of pets in Hindi; in German it is a sofa, and a little word.
            let said = word.split(' ').map(|part| languages.everyday(part)).filter(|said| said.0 & sense.langs.0 == 0);
            let said = said.fold(0, |all, said| all | said.0) & !Langs::one(ENGLISH).0;
            sense.counts_in.0 &= !said;
        }
    }
}

fn is_name(sense: &Sense) -> bool {
    matches!(*sense.meaning, Meaning::Product(_) | Meaning::Attribute(_))
}

struct ListedWord {
    word: Stretch,
    /// The place of its first sense.
    first: u32,
    exact: bool,
}

/// All words in order, each once.
#[derive(Default)]
pub(crate) struct Listing {
    all: String,
    words: Vec<ListedWord>,
    /// What each word stands for, side by side; a word may mean several things.
    senses: Vec<Sense>,
}

/// A word with what it stands for.
pub(crate) struct Listed<'l> {
    pub(crate) word: &'l str,
    pub(crate) senses: &'l [Sense],
    /// The place of the first of them.
    pub(crate) first: u32,
    pub(crate) exact: bool,
}

impl Listing {
    pub(crate) fn size(&self) -> usize {
        self.words.len()
    }

    /// The word of a number: see [`Sense::word`].
    pub(crate) fn word(&self, number: u32) -> &str {
        self.words[number as usize].word.text(&self.all)
    }

    /// What all words stand for, in their order.
    pub(crate) fn senses(&self) -> &[Sense] {
        &self.senses
    }

    /// The words of a range of places.
    pub(crate) fn words(&self, range: Range<usize>) -> impl Iterator<Item = Listed<'_>> {
        range.filter_map(|place| {
            let ListedWord { word, first, exact } = self.words.get(place)?;
            let end = self.words.get(place + 1).map_or(self.senses.len(), |next| next.first as usize);
            let senses = &self.senses[*first as usize..end];
            Some(Listed { word: word.text(&self.all), senses, first: *first, exact: *exact })
        })
    }

    /// Every word and phrase, for those who look for slips.
    pub(crate) fn phrases(&self) -> impl Iterator<Item = Phrase<'_>> {
        self.words(0..self.size()).map(|listed| Phrase {
            text: listed.word,
            forgives: !listed.exact,
            // Of longer phrases nobody asks.
            name: if listed.word.contains(' ') { Name::default() } else { name(listed.senses) },
        })
    }
}

/// The product or property that a word names.
fn name(senses: &[Sense]) -> Name {
    let named = senses.iter().find_map(|sense| Some((sense.meaning.name()?, sense.langs)));
    named.map_or(Name::default(), |(name, langs)| Name {
        of: fingerprint(name.chars()) as u32,
        languages: langs.0.count_ones(),
    })
}
