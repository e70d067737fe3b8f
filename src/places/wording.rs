//! `places/wording.toml`: what stands around names of places, which of them are words of everyday, and how names change in a sentence.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::gazetteer::folded;
use crate::domain::Language;

/// English words stand in sentences of all languages.
const EVERYWHERE: &str = "en";

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wording {
    /// Words that may stand beside the name of a city in an answer: “г.”, “city”.
    pub(super) around: HashSet<String>,
    /// What ends the name of a city, or follows it in scripts without spaces: 市.
    pub(super) cities: Vec<String>,
    /// What follows a name that is not the city's, but a street's or a province's: 路, 省, “road”.
    pub(super) apart: Vec<String>,
    /// What stands before the name of a street: “via”.
    pub(super) streets: HashSet<String>,
    /// What follows the name of a district: “Dist.”.
    pub(super) districts: Vec<String>,
    /// Longer words and names of things that hold the name of a place: 中山装, “savon de Marseille”.
    pub(super) longer: HashSet<String>,
    #[serde(flatten)]
    languages: BTreeMap<String, Habits>,
}

/// How names stand in sentences of a language.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Habits {
    /// Words before a place that one lives in or sends to: “to”, “moro em”.
    before: HashSet<String>,
    /// Words behind such a place: “mein”.
    after: HashSet<String>,
    everyday: Everyday,
    /// Words of fewer letters are only found as they are listed.
    pub(super) shortest: usize,
    /// What stands behind an apostrophe is an ending.
    pub(super) apostrophe: bool,
    /// How a word may begin in a sentence, and how the name begins instead.
    pub(super) fronts: BTreeMap<String, Vec<String>>,
    /// How a word may end in a sentence, and how the name ends instead.
    pub(super) endings: BTreeMap<String, Vec<String>>,
}

/// Words of everyday that are names of places too, as they are written in that other sense, by what shows that the place is meant.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Everyday {
    /// A word before or after it.
    direction: HashSet<String>,
    /// A capital inside the sentence.
    capital: HashSet<String>,
    either: HashSet<String>,
}

/// What shows that a word of everyday is meant as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Direction,
    Capital,
    Either,
}

impl Wording {
    /// In the form in which names are compared.
    pub(super) fn folded(mut self) -> Self {
        for words in [&mut self.around, &mut self.longer, &mut self.streets] {
            fold_words(words);
        }
        for words in [&mut self.apart, &mut self.districts] {
            *words = words.iter().map(|word| folded(word)).collect();
        }
        self.languages = self.languages.into_iter().map(|(name, habits)| (name, habits.folded())).collect();
        self
    }

    /// The cases of a contact's language, where it has some.
    pub(super) fn cases(&self, language: Option<&Language>) -> Option<&Habits> {
        let habits = self.languages.get(main_part(language?))?;
        (habits.apostrophe || !habits.fronts.is_empty() || !habits.endings.is_empty()).then_some(habits)
    }

    /// The habits of a contact's language and then of English; of all languages while theirs is not known.
    pub(super) fn habits(&self, language: Option<&Language>) -> Vec<&Habits> {
        let Some(known) = language.map(main_part) else { return self.languages.values().collect() };
        let others = Some(EVERYWHERE).filter(|everywhere| *everywhere != known);
        std::iter::once(known).chain(others).filter_map(|name| self.languages.get(name)).collect()
    }
}

fn fold_words(words: &mut HashSet<String>) {
    *words = words.iter().map(|word| folded(word)).collect();
}

/// A language without its script and country.
fn main_part(language: &Language) -> &str {
    language.tag().split('-').next().unwrap_or_default()
}

impl Habits {
    /// In the form in which names are compared.
    pub(super) fn folded(mut self) -> Self {
        let fold = |written: BTreeMap<String, Vec<String>>| {
            let all = |names: Vec<String>| names.iter().map(|name| folded(name)).collect();
            written.into_iter().map(|(said, names)| (folded(&said), all(names))).collect()
        };
        fold_words(&mut self.before);
        fold_words(&mut self.after);
        self.fronts = fold(self.fronts);
        self.endings = fold(self.endings);
        self
    }

    pub(super) fn is_before(&self, words: &str) -> bool {
        self.before.contains(words)
    }

    pub(super) fn is_after(&self, word: &str) -> bool {
        self.after.contains(word)
    }

    /// What has to show that this is a name, if it is a word of everyday, too. With the accents that it is written with: “para” is
    /// one, “Pará” is none.
    pub(super) fn everyday(&self, written: &str) -> Option<Shown> {
        let Everyday { direction, capital, either } = &self.everyday;
        let lists = [(direction, Shown::Direction), (capital, Shown::Capital), (either, Shown::Either)];
        lists.into_iter().find(|(words, _)| words.contains(written)).map(|(_, shown)| shown)
    }
}
