//! `places/persons.toml`: whose place a sentence names. Only the customer's own is where they are.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use serde::Deserialize;

use super::gazetteer::folded;
use super::sentences::Sentence;
use crate::domain::Language;

/// Words behind a name that may still speak of who is there.
const BEHIND: usize = 3;
/// Somebody stands so many words behind "with" at most: "with my mother".
const BESIDE: usize = 2;
/// Who a sentence speaks of is told so many words, or characters, before the name at most.
const BEFORE: usize = 60;
/// Words for persons have so many characters at most where there are no spaces.
const CHARACTERS: usize = 3;

/// The whole file, by language.
pub(super) type Written = BTreeMap<String, Persons>;

/// How a language speaks of persons.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Persons {
    own: Words,
    others: Words,
    with: Words,
    and: Words,
    own_behind: Words,
}

/// Words as names are compared, and what words begin with.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Vec<String>")]
struct Words {
    whole: HashSet<String>,
    begun: Vec<String>,
}

impl From<Vec<String>> for Words {
    fn from(written: Vec<String>) -> Self {
        let mut words = Self::default();
        for word in written {
            match word.strip_suffix('*') {
                Some(start) => words.begun.push(folded(start)),
                None => drop(words.whole.insert(folded(&word))),
            }
        }
        words
    }
}

impl Words {
    fn has(&self, word: &str) -> bool {
        self.whole.contains(word) || self.begun.iter().any(|start| word.starts_with(start.as_str()))
    }
}

/// Who is spoken of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Own,
    Another,
}

/// Those of a contact's language; of all languages while theirs is not known.
pub(super) fn of_language<'a>(written: &'a Written, language: Option<&Language>) -> Vec<&'a Persons> {
    let known = language.map(|language| language.tag().split('-').next().unwrap_or_default());
    match known {
        Some(known) => written.get(known).into_iter().collect(),
        None => written.values().collect(),
    }
}

impl Sentence<'_> {
    /// Whether a place that is named here is somebody else's: "my sister lives in Leeds".
    pub(super) fn is_of_another(&self, run: &Range<usize>, persons: &[&Persons]) -> bool {
        let mut behind = self.words.iter().skip(run.end).take(BEHIND).map(|word| folded(word.text));
        if behind.any(|word| persons.iter().any(|persons| persons.own_behind.has(&word))) {
            return false;
        }
        let mut who = None;
        let mut place = self.begins(run.start);
        while place < run.start {
            let Some((found, length)) = self.person_at(place..run.start, persons) else {
                place += 1;
                continue;
            };
            // "Kakak saya" is one person, and not the customer.
            let is_possessive = found == Who::Own && place > 0 && self.follows_person(place, persons);
            let is_beside = found == Who::Another && who.is_some() && self.is_beside(place, persons);
            if !is_possessive && !is_beside {
                who = Some(found);
            }
            place += length;
        }
        who == Some(Who::Another)
    }

    /// Where the sentence begins in which a word stands.
    fn begins(&self, place: usize) -> usize {
        let is_end = |at: &usize| self.words[*at].text.contains(['。', '！', '？', '!', '?', '\n']);
        let first = place.saturating_sub(BEFORE);
        let opens =
            (first..=place).rev().find(|at| self.words.get(*at).is_some_and(|word| word.opens)).unwrap_or(first);
        (opens..place).rev().find(is_end).map_or(opens, |end| end + 1)
    }

    /// The longest words for somebody that the words of a stretch begin with, and how many they are.
    fn person_at(&self, stretch: Range<usize>, persons: &[&Persons]) -> Option<(Who, usize)> {
        let most = if self.between.is_empty() { CHARACTERS } else { 1 };
        (1..=most.min(stretch.len())).rev().find_map(|length| {
            let words = folded(&self.joined(&(stretch.start..stretch.start + length)));
            let is = |of: fn(&Persons) -> &Words| persons.iter().any(|persons| of(persons).has(&words));
            let who = if is(|persons| &persons.own) { Some(Who::Own) } else { None };
            who.or_else(|| is(|persons| &persons.others).then_some(Who::Another)).map(|who| (who, length))
        })
    }

    /// Whether somebody else stands right before a word, with nothing but a space between.
    fn follows_person(&self, place: usize, persons: &[&Persons]) -> bool {
        let (before, word) = (&self.words[place - 1], &self.words[place]);
        !self.between.is_empty()
            && before.span.end + 1 == word.span.start
            && persons.iter().any(|persons| persons.others.has(&folded(before.text)))
    }

    /// Whether somebody is only told beside another: "with my mother", "me and my wife".
    fn is_beside(&self, place: usize, persons: &[&Persons]) -> bool {
        let is = |at: usize, of: fn(&Persons) -> &Words| {
            let word = folded(self.words[at].text);
            persons.iter().any(|persons| of(persons).has(&word))
        };
        (place.saturating_sub(BESIDE)..place).any(|at| {
            let follows = |at: usize| is(at, |persons| &persons.own) || is(at, |persons| &persons.others);
            is(at, |persons| &persons.with) || is(at, |persons| &persons.and) && at.checked_sub(1).is_some_and(follows)
        })
    }
}
