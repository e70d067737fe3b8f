//! Every word of the dictionary that stands in a folded text, in any of its forms.

use std::ops::Range;
use std::sync::Arc;

use super::endings::{self, Endings, Token};
use super::files::LANGUAGES;
use super::folding::{Folded, is_word};
use super::listing::{Listed, Listing, Stretch, sort_on_two_threads};
use super::phrases::Around;
use super::trie::Trie;
use hotline_domain::Intent;

/// Behind a hit a word goes on for at most so many letters.
const LONGEST_REST: usize = 24;
/// "iphone15pro": the longest that is written to a brand's name.
const LONGEST_NUMBER: usize = 8;
/// Room for the hits of most messages.
const USUAL_HITS: usize = 16;

/// A word is found by about so many texts.
const FORMS_OF_A_WORD: usize = 3;

/// What a word stands for. Keys are shared: a match copies no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Product(Arc<str>),
    Attribute(Arc<str>),
    /// A wish of its own beside what is sold: delivery at the weekend, an invoice.
    Request(Arc<str>),
    /// A phrase in which no word names anything that is sold: "of course".
    NoThing,
    /// Brand, what it implies, budget level, whether it needs company.
    Brand {
        key: Arc<str>,
        /// The category whose brands it stands among.
        category: Arc<str>,
        implies: Option<Arc<str>>,
        level: Option<u8>,
        needs_company: bool,
    },
    Intent(Intent),
    /// What looks like this intent but is not.
    NotIntent(Intent),
    /// First part of a phrase with a gap; the second is found by the phrase's number.
    GapStart(u32),
    GapEnd {
        phrase: u32,
        intent: Intent,
        /// The phrase only looks like the intent.
        against: bool,
        /// What stands around and between: "for # i take it".
        around: Around,
    },
    /// A phrase with a number beside it: "order #", "can you do #".
    BesideNumber {
        intent: Intent,
        /// The phrase only looks like the intent.
        against: bool,
        around: Around,
    },
    /// A phrase that counts only where its clause ends with it: "don't want .", which is no "don't want leather".
    ClauseEnd {
        intent: Intent,
        /// The phrase only looks like the intent.
        against: bool,
        /// The clause begins with it too.
        alone: bool,
    },
    /// An "or" between two things makes a question this intent.
    Or(Intent),
    /// A word that says something together with others.
    Cue {
        number: u8,
        name: Arc<str>,
    },
}

impl Meaning {
    /// A cue, or one side of a phrase with a gap or a number: alone it says nothing.
    pub(super) fn is_half(&self) -> bool {
        matches!(
            self,
            Self::GapStart { .. } | Self::GapEnd { .. } | Self::BesideNumber { .. } | Self::Or(_) | Self::Cue { .. }
        )
    }

    /// The key of the product or property that a word names.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Product(key) | Self::Attribute(key) => Some(key),
            _ => None,
        }
    }
}

/// A set of languages, one bit for each in the order of `dictionary::LANGUAGES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Langs(pub(super) u16);

impl Langs {
    pub(super) const ALL: Self = Self(u16::MAX);

    pub(super) fn one(index: usize) -> Self {
        Self(1 << index)
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn has(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }

    pub(super) fn list(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let next = (left != 0).then_some(left.trailing_zeros() as usize);
            left &= left.wrapping_sub(1);
            next
        })
    }
}

/// What a word stands for in some languages.
#[derive(Clone, Debug)]
pub(super) struct Sense {
    pub(super) meaning: Arc<Meaning>,
    /// Languages in whose lists it stands.
    pub(super) langs: Langs,
    /// Languages of messages in which it counts: all, unless the word is an everyday one in another language.
    pub(super) counts_in: Langs,
}

/// How a word was found. Of two ways to find as long a word, the surer one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Found {
    /// As it is listed.
    Listed,
    /// In a form that its language makes of it.
    Form,
    /// With a slip.
    Slip,
}

/// A word that was found: what it means, and where it stands in folded characters.
#[derive(Clone, Debug)]
pub(super) struct Hit<'a> {
    pub(super) meaning: &'a Meaning,
    pub(super) langs: Langs,
    pub(super) counts_in: Langs,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) found: Found,
    /// See [`Matcher::word`].
    pub(super) word: u32,
}

impl Hit<'_> {
    /// Whether another word is a part of this longer one.
    pub(super) fn is_around(&self, other: &Hit<'_>) -> bool {
        self.start <= other.start && other.end <= self.end && other.end - other.start < self.end - self.start
    }
}

/// Words in the order that deciding needs: by start, longer ones first, surer ones first.
pub(super) fn sort(hits: &mut [Hit<'_>]) {
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), hit.found));
}

/// One thing that a pattern may be: a sense of a word, in a class of forms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Choice {
    sense: u32,
    class: u16,
}

/// Texts to be found, while they are gathered, in one place: most are beginnings of listed words.
#[derive(Default)]
struct Texts {
    all: String,
    list: Vec<Made>,
    /// Where the word stands that forms are made of.
    word: usize,
}

/// One text with one thing that it may be.
struct Made {
    text: Stretch,
    choice: Choice,
}

impl Texts {
    fn begin(&mut self, word: &str) {
        self.word = self.all.len();
        self.all.push_str(word);
    }

    fn add(&mut self, text: &str, choice: Choice) {
        let start = match self.all[self.word..].starts_with(text) {
            true => self.word,
            false => {
                let start = self.all.len();
                self.all.push_str(text);
                start
            }
        };
        self.list.push(Made { text: Stretch::new(text, start), choice });
    }

    /// Takes in the texts of others, and puts all in order.
    fn sort_with(&mut self, mut others: Self) {
        let start = self.all.len() as u32;
        self.all.push_str(&others.all);
        others.list.iter_mut().for_each(|made| made.text.start += start);
        self.list.append(&mut others.list);
        drop(others);
        let all = &self.all;
        sort_on_two_threads(&mut self.list, |a, b| a.text.order(&b.text, all).then_with(|| a.choice.cmp(&b.choice)));
    }
}

/// A property that may turn out to be the first part of a compound.
struct Front<'a> {
    sense: &'a Sense,
    word: u32,
    start: usize,
    end: usize,
}

/// All words of the dictionaries, or what all forms of a word have in common.
pub(super) struct Matcher {
    patterns: Trie,
    /// Those that may stand behind something in one word, and which pattern each is.
    inner: (Trie, Vec<u32>),
    choices: Vec<Choice>,
    /// Where the choices of each pattern end.
    ends: Vec<u32>,
    /// What each word stands for, side by side; a word may mean several things.
    senses: Vec<Sense>,
    /// The pattern that is the listed word of each sense.
    listed: Vec<u32>,
    /// How many words are listed.
    size: usize,
    endings: Endings,
}

impl Matcher {
    /// # Errors
    /// The words are more than can be counted.
    pub(super) fn new(listing: &Listing, endings: Endings) -> Result<Self, String> {
        let half = listing.size() / 2;
        let found = std::thread::scope(|scope| {
            let beside = scope.spawn(|| texts(listing, half..listing.size(), &endings));
            let mut found = texts(listing, 0..half, &endings);
            found.sort_with(beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            found
        });
        let (senses, size) = (listing.senses().to_vec(), listing.size());
        let made = found.list.chunk_by(|a, b| a.text.is_alike(&b.text, &found.all));
        let patterns = Trie::new(made.clone().map(|made| made[0].text.text(&found.all)))?;
        let mut listed = vec![0; senses.len()];
        let (mut inner, mut inner_numbers) = (Vec::new(), Vec::new());
        let (mut choices, mut ends) = (Vec::with_capacity(found.list.len()), Vec::new());
        for (number, made) in made.enumerate() {
            for made in made {
                choices.push(made.choice);
                if made.choice.class == endings::LISTED {
                    listed[made.choice.sense as usize] = number as u32;
                }
            }
            ends.push(choices.len() as u32);
            if made.iter().any(|made| endings.takes_front(made.choice.class)) {
                inner.push(made[0].text.text(&found.all));
                inner_numbers.push(number as u32);
            }
        }
        ends.shrink_to_fit();
        inner_numbers.shrink_to_fit();
        let inner = (Trie::new(inner.into_iter())?, inner_numbers);
        Ok(Self { patterns, inner, choices, ends, senses, listed, size, endings })
    }

    pub(super) fn knows_product(&self, key: &str) -> bool {
        self.senses.iter().any(|sense| matches!(&*sense.meaning, Meaning::Product(product) if **product == *key))
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The listed word of a hit.
    pub(super) fn word(&self, word: u32) -> &str {
        self.patterns.word(word)
    }

    /// Every word of the dictionary that stands in the text as a word of its own or in one of its forms, in order.
    pub(super) fn find<'a>(&'a self, folded: &Folded) -> Vec<Hit<'a>> {
        let chars = &folded.chars;
        let (inner, numbers) = &self.inner;
        let mut hits = Vec::with_capacity(USUAL_HITS);
        // What stands in front of a word begins before it: it is known when the word is looked at.
        let mut fronts = Vec::new();
        for start in 0..chars.len() {
            let mut look = |end, pattern| {
                if let Some(token) = self.token(chars, start, end) {
                    self.take(pattern, &token, start, &mut hits, &mut fronts);
                }
            };
            if is_joined(chars, start) {
                inner.walk(chars, start).for_each(|(end, place)| look(end, numbers[place as usize]));
            } else {
                self.patterns.walk(chars, start).for_each(|(end, pattern)| look(end, pattern));
            }
        }
        sort(&mut hits);
        hits
    }

    /// The whole word around a hit. `None` if what is around it is too long to be anything.
    fn token<'t>(&self, chars: &'t [char], start: usize, end: usize) -> Option<Token<'t>> {
        let longest = self.endings.longest_front();
        let (mut first, mut last) = (start, end);
        while is_joined(chars, first) {
            first -= 1;
            if start - first > longest {
                return None;
            }
        }
        while is_joined(chars, last) {
            last += 1;
            if last - end > LONGEST_REST {
                return None;
            }
        }
        Some(Token { front: &chars[first..start], word: &chars[start..end], rest: &chars[end..last] })
    }

    /// Takes what fits of the choices of a pattern. Choices of one sense stand side by side.
    fn take<'a>(
        &'a self,
        pattern: u32,
        token: &Token<'_>,
        start: usize,
        hits: &mut Vec<Hit<'a>>,
        fronts: &mut Vec<Front<'a>>,
    ) {
        let (begins, end) = (start - token.front.len(), start + token.word.len());
        let first = (pattern as usize).checked_sub(1).map_or(0, |before| self.ends[before]);
        let choices = &self.choices[first as usize..self.ends[pattern as usize] as usize];
        for of_sense in choices.chunk_by(|a, b| a.sense == b.sense) {
            let place = of_sense[0].sense as usize;
            let (sense, word) = (&self.senses[place], self.listed[place]);
            if let Some((langs, found)) = self.fitting(sense, of_sense, token) {
                let (meaning, counts_in) = (&*sense.meaning, sense.counts_in);
                if !token.front.is_empty() {
                    // "lederjacke" is a jacket, and of leather.
                    let joined = |front: &&Front<'a>| {
                        front.start == begins
                            && front.end <= start
                            && self.endings.is_joint(&token.front[front.end - begins..])
                    };
                    hits.extend(fronts.iter().filter(joined).map(|front| Hit {
                        meaning: &front.sense.meaning,
                        langs: front.sense.langs,
                        counts_in: front.sense.counts_in,
                        start: begins,
                        end: front.end,
                        found,
                        word: front.word,
                    }));
                }
                hits.push(Hit { meaning, langs, counts_in, start: begins, end: end + token.rest.len(), found, word });
            } else if token.front.is_empty()
                && matches!(*sense.meaning, Meaning::Attribute(_))
                && of_sense.iter().any(|choice| self.endings.makes_compounds(choice.class))
            {
                fronts.push(Front { sense, word, start, end });
            }
        }
    }

    /// In which languages and how a sense is found by its choices, if it is.
    fn fitting(&self, sense: &Sense, choices: &[Choice], token: &Token<'_>) -> Option<(Langs, Found)> {
        let is_product = matches!(*sense.meaning, Meaning::Product(_));
        let mut forms = Langs(0);
        for choice in choices {
            match self.endings.fits(choice.class, is_product, token) {
                Some(_) if choice.class == endings::LISTED => return Some((sense.langs, Found::Listed)),
                Some(_) if sense.langs == Langs::ALL => return Some((sense.langs, Found::Form)),
                Some(language) => forms = forms.with(Langs::one(language)),
                None => {}
            }
        }
        match forms {
            Langs(0) => is_numbered(&sense.meaning, token).then_some((sense.langs, Found::Listed)),
            forms => Some((forms, Found::Form)),
        }
    }
}

/// "iphone15", "galaxy24ultra": a model's number is written to its name.
fn is_numbered(meaning: &Meaning, token: &Token<'_>) -> bool {
    matches!(meaning, Meaning::Brand { .. })
        && token.front.is_empty()
        && token.word.len() > 2
        && (1..=LONGEST_NUMBER).contains(&token.rest.len())
        && token.rest[0].is_ascii_digit()
}

/// Whether a word goes on over this place. Scripts without spaces have no such borders.
fn is_joined(chars: &[char], at: usize) -> bool {
    at > 0 && at < chars.len() && is_word(chars[at - 1]) && is_word(chars[at])
}

/// Every text that some words are found by.
fn texts(listing: &Listing, range: Range<usize>, endings: &Endings) -> Texts {
    let mut found = Texts { list: Vec::with_capacity(range.len() * FORMS_OF_A_WORD), ..Texts::default() };
    for Listed { word, senses, first, exact } in listing.words(range) {
        found.begin(word);
        for (place, sense) in (first..).zip(senses) {
            if !exact {
                forms(endings, word, sense, |pattern, class| found.add(pattern, Choice { sense: place, class }));
            }
            found.add(word, Choice { sense: place, class: endings::LISTED });
        }
    }
    found
}

/// Every form of a word in a sense: what is found of it, and the class of what follows.
fn forms(endings: &Endings, word: &str, sense: &Sense, mut add: impl FnMut(&str, u16)) {
    if sense.langs == Langs::ALL {
        for language in (0..LANGUAGES.len()).filter(|language| endings.suits(word, *language)) {
            endings.forms(word, &sense.meaning, language).for_each(|(pattern, class)| add(pattern, class));
        }
        return;
    }
    let is_name = matches!(*sense.meaning, Meaning::Product(_) | Meaning::Attribute(_));
    for language in sense.langs.list().filter(|language| *language < LANGUAGES.len()) {
        endings.forms(word, &sense.meaning, language).for_each(|(pattern, class)| add(pattern, class));
        if is_name && word.contains(' ') {
            let (variants, made) = endings.variants(word, language);
            for variant in &variants {
                add(variant, made);
                endings.forms(variant, &sense.meaning, language).for_each(|(pattern, class)| add(pattern, class));
            }
        }
    }
}
