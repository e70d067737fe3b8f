//! `places/countries.toml`: countries by name, in an answer, at the end of an address, and in a sentence that says where somebody is.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use serde::Deserialize;

use super::Places;
use super::gazetteer::{Found, folded};
use super::learning::{Told, of_city};
use super::naming::{WORDS, runs};
use super::sentences::{Named, Sentence, Ways};
use super::wording::Habits;
use crate::domain::{Country, PlaceEvidence};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    directions: Habits,
    names: BTreeMap<Country, Vec<String>>,
}

#[derive(Debug, Default)]
pub(super) struct Countries {
    /// What stands beside a country that somebody is in.
    directions: Habits,
    /// By what they are called, folded.
    called: HashMap<String, Country>,
    words: HashSet<String>,
}

impl From<Written> for Countries {
    fn from(written: Written) -> Self {
        let names = written.names.into_iter();
        let called: HashMap<String, Country> =
            names.flat_map(|(country, names)| names.into_iter().map(move |name| (folded(&name), country))).collect();
        let words = called.keys().flat_map(|name| name.split(' ')).map(str::to_owned).collect();
        Self { directions: written.directions.folded(), called, words }
    }
}

impl Countries {
    pub(super) fn called(&self, name: &str) -> Option<Country> {
        self.called.get(&folded(name)).copied()
    }

    /// What stands beside a country that somebody is in, or a city of one.
    pub(super) fn directions(&self) -> &Habits {
        &self.directions
    }

    /// Whether a folded word is one of some name.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }
}

impl Places {
    /// The country that a form's field names, by its letters too.
    pub(super) fn country_told(&self, value: &str) -> Option<Told> {
        let coded =
            || value.trim().to_uppercase().parse::<Country>().ok().filter(|country| self.zones.contains_key(country));
        let country = self.countries.called(value).or_else(coded)?;
        Some(self.of_country(country, PlaceEvidence::Profile))
    }

    /// The country that a part of an address names: "10115 Berlin, Germany". What is a division of the own one is that.
    pub(super) fn country_in(&self, parts: &[&str], own: Option<Country>) -> Option<Country> {
        let is_own = |part: &str| own.is_some_and(|own| self.division_named(part, own).is_some());
        let mut parts = parts.iter().rev().filter(|part| parts.len() > 1 && !is_own(part));
        parts.find_map(|part| self.countries.called(part))
    }

    /// The country, or the city of it, that a sentence says somebody is in, where it is not the own one.
    pub(super) fn said_abroad(&self, sentences: &[Sentence<'_>], ways: &Ways<'_>, own: Country) -> Option<Told> {
        let found = sentences.iter().find_map(|sentence| Some((sentence, self.country_said(sentence, ways, own)?)));
        let (sentence, country) = found?;
        let named = self.named_in(sentence, ways, country);
        Some(match named.iter().copied().find(|named| matches!(named, Named::City(_))) {
            Some(Named::City(city)) => of_city(Found { city, district: None }, PlaceEvidence::Said),
            _ => self.of_country(country, PlaceEvidence::Said),
        })
    }

    fn country_said(&self, sentence: &Sentence<'_>, ways: &Ways<'_>, own: Country) -> Option<Country> {
        let mut taken: Vec<Range<usize>> = Vec::new();
        for run in runs(sentence.words.len()).filter(|run| sentence.is_name(run)) {
            if taken.iter().any(|other| other.start < run.end && run.start < other.end) {
                continue;
            }
            let mut names = vec![folded(&sentence.joined(&run))];
            names
                .extend(ways.cases.map(|cases| self.bases_of(&sentence.words[run.clone()], cases)).unwrap_or_default());
            let Some(country) = names.iter().find_map(|name| self.countries.called(name)) else { continue };
            let is_own = names.iter().any(|name| self.place_called(name, own).is_some());
            let is_behind_city = || {
                let starts = run.start.saturating_sub(WORDS)..run.start;
                starts
                    .map(|start| start..run.start)
                    .any(|before| self.gazetteer.called_in(&sentence.joined(&before), country).is_some())
            };
            if !is_own
                && country != own
                && !sentence.is_of_another(&run, &ways.persons)
                && (sentence.is_directed(&run, &[&self.countries.directions]) || is_behind_city())
            {
                return Some(country);
            }
            taken.push(run);
        }
        None
    }
}
