//! What is asked of parts and figures of the things that they see: the screen, how wide it is. The words stand in `keywords/parts.toml`.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::context;
use serde::Deserialize;

use super::answer::Reply;
use super::hearing::Heard;
use super::is_small_talk;
use super::phrases::Phrases;
use super::pointing::{Cue, stands_in};
use super::shown::figures;
use crate::domain::{Intent, Problem, Product, SourceFile};

const FILE: &str = "parts.toml";
const ADVICE: &str = "Write [screen] with words = [\"screen\"] and told = [\"inch\"].";
/// "And how is the camera of this one?"
const MOST_WORDS: usize = 9;
/// Letters of as short a message where words have no spaces.
const MOST_LETTERS: usize = 24;
/// Things that are told of one beside the other.
const MOST_TOLD: usize = 4;

/// Parts and figures of things.
pub(super) struct Parts {
    parts: Vec<Part>,
    /// How each is asked for, by its place.
    asked: Phrases<usize>,
}

/// One of them: how it is asked for, and what a product's text tells it with.
#[derive(Deserialize)]
pub(super) struct Part {
    words: Vec<String>,
    told: Vec<String>,
}

impl Part {
    /// Whether a text in small letters tells of it.
    fn is_told(&self, text: &str) -> bool {
        self.told.iter().chain(&self.words).any(|word| stands_in(text, word))
    }

    /// Whether a name in small letters has a figure of it: "140x200".
    fn is_in_name(&self, name: &str) -> bool {
        let figures = figures(name);
        let mut units =
            figures.iter().map(|figure| figure.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
        units.any(|unit| self.told.iter().any(|told| told == unit))
    }
}

impl Parts {
    /// Reads `parts.toml` among the files; a folder that is older than it has none.
    pub(super) fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        match Self::read_file(files.iter().find(|file| file.path == FILE)) {
            Ok(parts) => (Some(parts), Vec::new()),
            Err(problem) => (None, vec![problem]),
        }
    }

    fn read_file(file: Option<&SourceFile>) -> Result<Self, Problem> {
        let written = file.map(|file| file.toml::<BTreeMap<String, Part>>(ADVICE)).transpose()?;
        let parts: Vec<Part> = written.unwrap_or_default().into_values().collect();
        let of = |(place, part): (usize, &Part)| part.words.clone().into_iter().map(move |word| (word, place));
        let text = file.map_or("", |file| &file.text);
        let asked = Phrases::of(parts.iter().enumerate().flat_map(of));
        let asked = asked.map_err(|error| Problem::at(FILE, text, 0, error, ADVICE))?;
        Ok(Self { parts, asked })
    }

    /// Words in small letters with nothing in the places of those that ask for a part, if there are any.
    pub(super) fn beside(&self, words: &str) -> Option<String> {
        let asked: Vec<_> = self.asked.in_words(words).map(|(start, end, _)| start..end).collect();
        let is_asked = |at: usize| asked.iter().any(|place| place.contains(&at));
        let rest = words.char_indices().map(|(at, letter)| if is_asked(at) { ' ' } else { letter }).collect();
        (!asked.is_empty()).then_some(rest)
    }

    /// Those that are named in words in small letters.
    fn named(&self, words: &str) -> Vec<&Part> {
        let places: BTreeSet<usize> = self.asked.in_words(words).flat_map(|(_, _, places)| places).copied().collect();
        places.into_iter().filter_map(|place| self.parts.get(place)).collect()
    }
}

impl<'a> Reply<'a> {
    /// Whether its text tells of the part that they ask about, and it is not known for what they call good of it: "a long battery".
    pub(super) fn tells_part_of(&self, product: &Product, heard: &Heard) -> bool {
        let text = self.summary(product).to_lowercase();
        let lacks_all = heard.named_needs.iter().all(|need| !product.attributes.contains(need));
        lacks_all && self.dialogue.parts.named(&heard.words).iter().any(|part| part.is_told(&text))
    }

    /// "And the screen?", of what they see, is answered where a text tells of it; else it is not known here. Whether that is asked.
    pub(super) fn of_a_part(&mut self, heard: &Heard) -> bool {
        let asks =
            |want: &Intent| is_small_talk(*want) || matches!(want, Intent::ProductInquiry | Intent::Availability);
        let shown = self.shown();
        // "How is the battery?", of what is not known for a long one, asks what there is to tell of it.
        let is_lacked = |one: &Product| {
            heard.named_needs.iter().all(|need| !one.attributes.contains(need)) && self.asks_something(heard)
        };
        let of_part = heard.named_needs.is_empty() || matches!(shown.as_slice(), [one] if is_lacked(one));
        let is_plain = heard.choice.is_none() && heard.media.is_none() && of_part;
        if !is_plain
            || self.memory.trouble
            || shown.is_empty()
            || !heard.wants.iter().all(asks)
            || !is_short(&heard.words)
        {
            return false;
        }
        let dialogue = self.dialogue;
        let parts = dialogue.parts.named(&heard.words);
        if parts.is_empty() || self.says(Cue::Takes, heard) && !self.asks_something(heard) {
            return false;
        }
        let tells = |product: &Product| {
            let text = self.summary(product).to_lowercase();
            let name = product.name.to_lowercase();
            !text.is_empty() && parts.iter().any(|part| part.is_told(&text) || part.is_in_name(&name))
        };
        if !heard.named_needs.is_empty() && !shown.iter().copied().any(tells) {
            return false;
        }
        // Of sizes that things are had in more is said elsewhere.
        if !shown.iter().copied().any(tells) && self.names_variant(heard) {
            return false;
        }
        match shown.as_slice() {
            [one] if tells(one) => {
                let needs = vec![self.summary(one).to_owned()];
                self.say("has_it", context! { product => &one.name, needs, yes => false });
                self.offer(&format!("buy:{}", one.sku), "button_buy");
            }
            [_, _, ..] if shown.len() <= MOST_TOLD && shown.iter().copied().any(tells) => {
                self.side_by_side(shown);
                self.memory.lost = 0;
                return true;
            }
            [_, _, ..] if !heard.part => self.say("again", context! {}),
            _ => self.say("no_fact", context! {}),
        }
        self.offer("person", "button_person");
        self.memory.lost = 0;
        true
    }
}

fn is_short(words: &str) -> bool {
    let is_dense = |letter: char| ('\u{2e80}'..='\u{9fff}').contains(&letter);
    words.split_whitespace().count() <= MOST_WORDS
        && (!words.contains(is_dense) || words.chars().count() <= MOST_LETTERS)
}
