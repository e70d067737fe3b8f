//! The texts that the words of the dictionaries are found by: each word as it is listed, and what all forms of it have in common.

use std::ops::Range;

use super::endings::{self, Endings};
use super::files::LANGUAGES;
use super::listing::{Listed, Listing, Stretch, sort_on_two_threads};
use super::meanings::{Kind, Langs, Meaning, Sense};

/// A word is found by about so many texts.
const FORMS_OF_A_WORD: usize = 3;

/// Texts to be found, while they are gathered, in one place: most are beginnings of listed words.
#[derive(Default)]
pub(crate) struct Texts {
    pub(crate) all: String,
    /// In order; things that one text may be stand side by side, those of one sense too.
    pub(crate) list: Vec<Made>,
    /// Where the word stands that forms are made of.
    word: usize,
}

/// One text with one thing that it may be: a sense by its place in the listing, in a class of forms.
pub(crate) struct Made {
    pub(crate) text: Stretch,
    pub(crate) sense: u32,
    pub(crate) class: u16,
    pub(crate) kind: Kind,
}

impl Texts {
    /// Every text that the words of the dictionaries are found by.
    pub(crate) fn of(listing: &Listing, endings: &Endings) -> Self {
        let half = listing.size() / 2;
        std::thread::scope(|scope| {
            let beside = scope.spawn(|| texts(listing, half..listing.size(), endings));
            let mut found = texts(listing, 0..half, endings);
            found.sort_with(beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            found
        })
    }

    fn begin(&mut self, word: &str) {
        self.word = self.all.len();
        self.all.push_str(word);
    }

    fn add(&mut self, text: &str, sense: u32, kind: Kind, class: u16) {
        let start = match self.all[self.word..].starts_with(text) {
            true => self.word,
            false => {
                let start = self.all.len();
                self.all.push_str(text);
                start
            }
        };
        self.list.push(Made { text: Stretch::new(text, start), sense, class, kind });
    }

    /// Takes in the texts of others, and puts all in order.
    fn sort_with(&mut self, mut others: Self) {
        let start = self.all.len() as u32;
        self.all.push_str(&others.all);
        others.list.iter_mut().for_each(|made| made.text.start += start);
        self.list.append(&mut others.list);
        drop(others);
        let all = &self.all;
        sort_on_two_threads(&mut self.list, |a, b| {
            a.text.order(&b.text, all).then_with(|| (a.sense, a.class).cmp(&(b.sense, b.class)))
        });
    }
}

/// Every text that some words are found by.
fn texts(listing: &Listing, range: Range<usize>, endings: &Endings) -> Texts {
    let mut found = Texts { list: Vec::with_capacity(range.len() * FORMS_OF_A_WORD), ..Texts::default() };
    for Listed { word, senses, first, exact } in listing.words(range) {
        found.begin(word);
        for (place, sense) in (first..).zip(senses) {
            let kind = Kind::of(&sense.meaning);
            if !exact {
                forms(endings, word, sense, |pattern, class| found.add(pattern, place, kind, class));
            }
            found.add(word, place, kind, endings::LISTED);
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
