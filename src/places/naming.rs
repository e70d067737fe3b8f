//! Names of places in an answer and in a whole address. `places/wording.toml` tells what stands around a name there.

use super::Places;
use super::gazetteer::{City, Found, folded};
use super::learning::{Told, of_city, of_division};
use crate::domain::{Country, PlaceEvidence};

/// Names of places have at most so many words, or characters where those have no spaces.
pub(super) const WORDS: usize = 5;
/// So many figures are a postcode wherever they stand; fewer, in a country where postcodes are shorter, begin or end their part.
pub(super) const POSTCODE: usize = 4;
/// Quarters of a city have numbers of at most so many figures: "Dublin 2", "Paris 15e".
const QUARTER: usize = 2;
const BRACKETS: [char; 4] = ['(', ')', '（', '）'];

impl Places {
    /// A city, a district of it or a division in an answer such as "Taipei, Wenshan District", or in a whole address.
    pub(super) fn named(&self, text: &str, own: Option<Country>) -> Option<Told> {
        // In brackets stands a division as well, or what is part of the name: "Napoli (NA)", "Frankfurt (Oder)".
        let ways = [parts(text, &[]), parts(text, &BRACKETS)];
        let told = |city| {
            let district = ways.iter().flatten().find_map(|part| self.district_in(city, part));
            of_city(Found { city, district }, PlaceEvidence::Profile)
        };
        if let Some(country) = self.country_in(&ways[1], own) {
            let city = ways.iter().find_map(|parts| self.city_in_parts(text, parts, country));
            let division = || Some(of_division(country, self.division_in_parts(text, &ways[1], country)?));
            let in_it = city.map(told).or_else(division);
            return in_it.or_else(|| Some(self.of_country(country, PlaceEvidence::Profile)));
        }
        // "Richmond, VIC 3121" is in Victoria, whatever Richmonds there are elsewhere.
        let at_home = own.and_then(|country| {
            let city = ways.iter().find_map(|parts| self.city_in_parts(text, parts, country));
            city.map(told).or_else(|| Some(of_division(country, self.division_in_parts(text, &ways[1], country)?)))
        });
        let mut named = std::iter::once(text).chain(ways.iter().flatten().copied());
        let city = at_home.or_else(|| named.find_map(|part| self.gazetteer.called(part, own)).map(told));
        city.or_else(|| Some(self.of_country(self.countries.called(text)?, PlaceEvidence::Profile)))
    }

    /// The city of a country that an answer or one of its parts is called as, else one in a part, where it stands behind the street.
    fn city_in_parts(&self, text: &str, parts: &[&str], country: Country) -> Option<&City> {
        let mut named = std::iter::once(text).chain(parts.iter().copied());
        let mut behind = parts.iter().enumerate().rev();
        let mut quarters = parts.iter().skip(usize::from(parts.len() > 1)).rev();
        let city = named.find_map(|part| self.gazetteer.called_in(part, country));
        let city = city.or_else(|| behind.find_map(|(place, part)| self.city_in(part, place == 0, country)));
        city.or_else(|| quarters.find_map(|part| self.city_of_quarter(part, country)))
    }

    /// The division of a country that an answer or one of its parts is called as, else one in a part.
    fn division_in_parts(&self, text: &str, parts: &[&str], country: Country) -> Option<&str> {
        let mut named = std::iter::once(text).chain(parts.iter().copied());
        let mut behind = parts.iter().enumerate().rev();
        let division = named.find_map(|part| self.division_named(part, country));
        division.or_else(|| behind.find_map(|(place, part)| self.division_in(part, place == 0, country)))
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
            // 서울시 강남구 테헤란로 123: a word that ends as cities do is one wherever it stands.
            let is_city = |word: &&str| self.wording.cities.iter().any(|sign| word.ends_with(sign));
            let city = part.split_whitespace().filter(is_city).find_map(|word| self.gazetteer.called_in(word, country));
            return city
                .or_else(|| self.in_words(part, is_first, country, |run| self.gazetteer.called_in(run, country)));
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

    /// The city of a quarter that has a number: "Dublin 2".
    fn city_of_quarter(&self, part: &str, country: Country) -> Option<&City> {
        let (name, number) = part.rsplit_once(' ')?;
        let figures = number.chars().take_while(|c| c.is_numeric()).count();
        let is_number = (1..=QUARTER).contains(&figures) && number.chars().skip(figures).all(char::is_alphabetic);
        is_number.then(|| self.gazetteer.called_in(name, country)).flatten()
    }

    /// The district of a city that a part of an address is, or holds where it has no spaces.
    fn district_in<'c>(&self, city: &'c City, part: &str) -> Option<&'c str> {
        let name = folded(part);
        let short = self.wording.districts.iter().find_map(|word| name.strip_suffix(word.as_str())).map(str::trim_end);
        let whole = city.district_called(&name).or_else(|| city.district_called(short?));
        whole.or_else(|| {
            let runs = is_spaceless(part).then(|| characters(part))?;
            runs.iter().find_map(|run| city.district_called(&folded(run)))
        })
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
        let postcode = self.gazetteer.postcode(country).unwrap_or(POSTCODE);
        beside_postcode(part, is_first, postcode).iter().find_map(|(words, is_free)| {
            runs(words.len()).find_map(|run| {
                let is_alone = || is_around(&words[..run.start]) && is_around(&words[run.end..]);
                let stands = *is_free || is_alone();
                find(&words[run].join(" ")).filter(|_| stands)
            })
        })
    }
}

/// The parts of an address, in the order in which they are written: between commas and the like, and these brackets.
fn parts<'t>(text: &'t str, brackets: &[char]) -> Vec<&'t str> {
    let is_between = |c: char| ",，、،/;؛\n".contains(c) || brackets.contains(&c);
    let parts = text.split(is_between).flat_map(|part| part.split(" - "));
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The words of a part of an address in which a place may stand, and whether other words may stand around it: those behind its
/// postcode, else those before it; all where there are no figures.
fn beside_postcode(part: &str, is_first: bool, postcode: usize) -> Vec<(Vec<&str>, bool)> {
    // Names are compared without hyphens, and "Cuiabá-MT" and "Mumbai-400053" have them in place of spaces.
    let words = part.split(|c: char| c.is_whitespace() || ".-–".contains(c)).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    let has_figures = |word: &str| word.contains(char::is_numeric);
    if !words.iter().any(|word| has_figures(word)) {
        return vec![(words, !is_first)];
    }
    let is_postcode = |run: &[&str], is_outermost: bool| {
        let figures = run.iter().flat_map(|word| word.chars()).filter(|c| c.is_numeric()).count();
        let are_enough = figures >= POSTCODE || figures >= postcode && is_outermost;
        has_figures(run[0]) && (are_enough || run[0].starts_with(char::is_alphabetic))
    };
    let stretches: Vec<&[&str]> = words.chunk_by(|a, b| has_figures(a) == has_figures(b)).collect();
    let is_outermost = |place: usize| place == 0 || place + 1 == stretches.len();
    let all = stretches.iter().enumerate().rev();
    let postcodes = all.filter(|(place, stretch)| is_postcode(stretch, is_outermost(*place)));
    let beside = |(place, _): (usize, &&[&str])| {
        let stretch = stretches.get(place + 1).or_else(|| stretches.get(place.checked_sub(1)?))?;
        // "1600 Houston Street" begins with the number of a house.
        Some((stretch.to_vec(), !is_first || place > 0))
    };
    postcodes.filter_map(beside).collect()
}

/// Runs of words, the longest first.
pub(super) fn runs(words: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let lengths = (1..=WORDS.min(words)).rev();
    lengths.flat_map(move |length| (0..=words - length).map(move |start| start..start + length))
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
pub(super) fn is_spaceless(text: &str) -> bool {
    text.contains(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'))
}
