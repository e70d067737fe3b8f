//! Names of places where people write them: in an answer, in a whole address, in a sentence and its cases. `places/wording.toml`
//! tells what stands around a name and how names change.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::Places;
use super::gazetteer::{City, Found, folded};
use super::learning::{Told, of_city, of_division};
use crate::domain::{Contact, Country, Language, PlaceEvidence};

/// Names of places have at most so many words, or characters where those have no spaces.
const WORDS: usize = 4;
/// So many figures in a row are a postcode and no number of a house.
const POSTCODE: usize = 4;

/// `places/wording.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wording {
    /// Words that may stand beside the name of a city in an answer: “г.”, “city”.
    around: HashSet<String>,
    /// What follows the name of a city in scripts without spaces: 市.
    cities: Vec<String>,
    /// What follows a name there that is not the city's, but a street's or a province's: 路, 省.
    apart: Vec<String>,
    #[serde(flatten)]
    languages: BTreeMap<String, Cases>,
}

/// How names stand in a sentence of a language.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// Words of fewer letters are only found as they are listed.
    shortest: usize,
    /// What stands behind an apostrophe is an ending.
    #[serde(default)]
    apostrophe: bool,
    /// How a word may begin in a sentence, and how the name begins instead.
    #[serde(default)]
    fronts: BTreeMap<String, Vec<String>>,
    /// How a word may end in a sentence, and how the name ends instead.
    #[serde(default)]
    endings: BTreeMap<String, Vec<String>>,
}

impl Wording {
    /// In the form in which names are compared.
    pub(super) fn folded(mut self) -> Self {
        let fold = |written: BTreeMap<String, Vec<String>>| {
            let all = |names: Vec<String>| names.iter().map(|name| folded(name)).collect();
            written.into_iter().map(|(said, names)| (folded(&said), all(names))).collect()
        };
        self.around = self.around.iter().map(|word| folded(word)).collect();
        for cases in self.languages.values_mut() {
            cases.fronts = fold(std::mem::take(&mut cases.fronts));
            cases.endings = fold(std::mem::take(&mut cases.endings));
        }
        self
    }
}

impl Places {
    /// A city, a district of it or a division in an answer such as "Taipei, Wenshan District", or in a whole address.
    pub(super) fn named(&self, text: &str, own: Option<Country>) -> Option<Told> {
        let parts = parts(text);
        let named = std::iter::once(text).chain(parts.iter().copied());
        let city = named.clone().find_map(|part| self.gazetteer.called(part, own));
        // In an address the city stands behind the street.
        let in_address = || {
            let country = own?;
            let mut behind = parts.iter().enumerate().rev();
            behind.find_map(|(place, part)| self.city_in(part, place == 0, country))
        };
        if let Some(city) = city.or_else(in_address) {
            let district = parts.iter().find_map(|part| district_in(city, part));
            return Some(of_city(Found { city, district }, PlaceEvidence::Profile));
        }
        let country = own?;
        let exact = named.clone().find_map(|part| self.division_named(part, country));
        let division = exact.or_else(|| {
            let mut behind = parts.iter().enumerate().rev();
            behind.find_map(|(place, part)| self.division_in(part, place == 0, country))
        });
        division.map(|division| of_division(country, division))
    }

    /// The division of a country that an answer names, by its letters too.
    pub(super) fn division_named(&self, text: &str, country: Country) -> Option<&str> {
        let found =
            self.gazetteer.division_called(text, country).or_else(|| self.gazetteer.division_coded(text, country));
        found.or_else(|| {
            let runs = is_spaceless(text).then(|| characters(text))?;
            runs.iter().find_map(|run| self.gazetteer.division_called(run, country))
        })
    }

    /// The city of a country in a part of an address.
    fn city_in(&self, part: &str, is_first: bool, country: Country) -> Option<&City> {
        if !is_spaceless(part) {
            return self.in_words(part, is_first, country, |run| self.gazetteer.called_in(run, country));
        }
        // 吉林省长春市: what is called a city is it, else what is neither a street nor a province.
        let follows = |end: usize, signs: &[String]| {
            let rest: String = part.chars().skip(end).collect();
            signs.iter().any(|sign| rest.starts_with(sign.as_str()))
        };
        let cities: Vec<(&City, usize)> = places_of_characters(part)
            .filter_map(|(run, end)| Some((self.gazetteer.called_in(&run, country)?, end)))
            .collect();
        let is_city = cities.iter().find(|(_, end)| follows(*end, &self.wording.cities));
        let found = is_city.or_else(|| cities.iter().find(|(_, end)| !follows(*end, &self.wording.apart)));
        found.map(|(city, _)| *city)
    }

    /// The division of a country in a part of an address.
    fn division_in(&self, part: &str, is_first: bool, country: Country) -> Option<&str> {
        self.in_words(part, is_first, country, |run| self.division_named(run, country))
    }

    /// What is found by a run of words in a part of an address, the longest first: beside the postcode, or alone but for words that
    /// say what it is. A street may be called after any city.
    fn in_words<T>(&self, part: &str, is_first: bool, country: Country, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let is_around = |words: &[&str]| {
            words.iter().all(|word| self.wording.around.contains(&folded(word)))
                || self.division_named(&words.join(" "), country).is_some()
        };
        beside_postcode(part, is_first).iter().find_map(|(words, is_free)| {
            runs(words.len()).find_map(|run| {
                let stands = *is_free || is_around(&words[..run.start]) && is_around(&words[run.end..]);
                find(&words[run].join(" ")).filter(|_| stands)
            })
        })
    }

    /// A city or a division of the contact's own country in the words of a message about where they are or where to send.
    pub(super) fn said(&self, text: &str, contact: &Contact) -> Option<Told> {
        let country = contact.country?;
        let language = contact.language.as_ref().map(Language::tag);
        let found = |name: &String| {
            if let Some(city) = self.gazetteer.called_in(name, country) {
                return Some(of_city(Found { city, district: None }, PlaceEvidence::Said));
            }
            let division = self.gazetteer.division_called(name, country)?;
            Some(Told { by: PlaceEvidence::Said, ..of_division(country, division) })
        };
        if language.is_some_and(|language| language.starts_with("zh")) {
            return characters(text).iter().find_map(found);
        }
        let words = words(text);
        let mut as_listed = runs(words.len()).map(|run| words[run].join(" "));
        let in_cases = || {
            let cases = self.wording.languages.get(language?)?;
            let bases: Vec<Vec<String>> = words.iter().map(|word| self.bases(word, cases)).collect();
            runs(bases.len()).flat_map(|run| together(&bases[run])).find_map(|name| found(&name))
        };
        as_listed.find_map(|name| found(&name)).or_else(in_cases)
    }

    /// The words of names that a word of a sentence may be a form of: “москва” of “Москве”.
    fn bases(&self, word: &str, cases: &Cases) -> Vec<String> {
        let said = folded(word);
        let mut bases = Vec::new();
        if cases.apostrophe {
            bases.extend(word.split_once(['\'', '’']).map(|(name, _)| folded(name)));
        }
        let is_long = |base: &String| base.chars().count() >= cases.shortest;
        for (ending, names) in &cases.endings {
            let Some(stem) = said.strip_suffix(ending.as_str()) else { continue };
            bases.extend(names.iter().map(|name| format!("{stem}{name}")).filter(is_long));
        }
        for (front, names) in &cases.fronts {
            let Some(rest) = said.strip_prefix(front.as_str()) else { continue };
            bases.extend(names.iter().map(|name| format!("{name}{rest}")).filter(is_long));
        }
        bases.push(said);
        bases.retain(|base| self.gazetteer.is_word(base));
        bases
    }
}

/// The parts of an address, in the order in which they are written.
fn parts(text: &str) -> Vec<&str> {
    let parts = text.split([',', '，', '、', '/', ';', '\n']).flat_map(|part| part.split(" - "));
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The district of a city that a part of an address is, or holds where it has no spaces.
fn district_in<'c>(city: &'c City, part: &str) -> Option<&'c str> {
    city.district_called(part).or_else(|| {
        let runs = is_spaceless(part).then(|| characters(part))?;
        runs.iter().find_map(|run| city.district_called(run))
    })
}

/// The words of a part of an address in which a place may stand, and whether other words may stand around it: those behind its
/// postcode, else those before it; all where there are no figures.
fn beside_postcode(part: &str, is_first: bool) -> Vec<(Vec<&str>, bool)> {
    let words = part.split(|c: char| c.is_whitespace() || c == '.').filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let has_figures = |word: &str| word.contains(char::is_numeric);
    if !words.iter().any(|word| has_figures(word)) {
        return vec![(words, !is_first)];
    }
    let is_postcode = |run: &[&str]| {
        let figures = run.iter().flat_map(|word| word.chars()).filter(|c| c.is_numeric()).count();
        has_figures(run[0]) && (figures >= POSTCODE || run[0].starts_with(char::is_alphabetic))
    };
    let stretches: Vec<&[&str]> = words.chunk_by(|a, b| has_figures(a) == has_figures(b)).collect();
    let postcodes = stretches.iter().enumerate().rev().filter(|(_, stretch)| is_postcode(stretch));
    let beside = |(place, _): (usize, &&[&str])| {
        let stretch = stretches.get(place + 1).or_else(|| stretches.get(place.checked_sub(1)?))?;
        // "1600 Houston Street" begins with the number of a house.
        Some((stretch.to_vec(), !is_first || place > 0))
    };
    postcodes.filter_map(beside).collect()
}

/// Runs of words, the longest first.
fn runs(words: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let lengths = (1..=WORDS.min(words)).rev();
    lengths.flat_map(move |length| (0..=words - length).map(move |start| start..start + length))
}

/// The words of a sentence.
fn words(text: &str) -> Vec<&str> {
    let between = |c: char| !c.is_alphanumeric() && c != '\'' && c != '’' && !is_mark(c);
    text.split(between).filter(|word| !word.is_empty()).collect()
}

/// All ways to put one word of each list behind the other.
fn together(words: &[Vec<String>]) -> Vec<String> {
    words.iter().fold(vec![String::new()], |begun, next| {
        let go_on = |name: &String| {
            next.iter().map(|word| format!("{name} {word}").trim_start().to_owned()).collect::<Vec<_>>()
        };
        begun.iter().flat_map(go_on).collect()
    })
}

/// Runs of characters, the longest first: names in Chinese have two to four.
fn characters(words: &str) -> Vec<String> {
    let characters: Vec<char> = words.chars().collect();
    let runs = (2..=WORDS).rev().flat_map(|length| characters.windows(length));
    runs.map(|run| run.iter().collect()).collect()
}

/// Runs of characters with the place behind each, in the order of their start, the longest first.
fn places_of_characters(part: &str) -> impl Iterator<Item = (String, usize)> {
    let all: Vec<char> = part.chars().collect();
    let starts = 0..all.len();
    starts.flat_map(move |start| {
        let longest = WORDS.min(all.len() - start);
        let runs: Vec<(String, usize)> =
            (2..=longest).rev().map(|length| (all[start..start + length].iter().collect(), start + length)).collect();
        runs
    })
}

/// Whether names stand in a text without spaces: Chinese and Japanese.
fn is_spaceless(text: &str) -> bool {
    text.contains(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'))
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}
