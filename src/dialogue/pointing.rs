//! What customers say of what they were just shown: "the second one", "something cheaper". The words stand in
//! `keywords/pointing.toml`.

use std::collections::BTreeMap;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};
use serde::Deserialize;

use crate::domain::{Problem, SourceFile};

const FILE: &str = "pointing.toml";

/// One thing that they say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Pointing {
    First,
    Second,
    Third,
    Last,
    /// It is too dear, or should cost less.
    Cheaper,
    Cheapest,
}

/// The words, compiled.
pub(super) struct Pointings {
    words: CharwiseDoubleArrayAhoCorasick<Pointing>,
}

impl Pointings {
    /// Reads `pointing.toml` among the files.
    pub(super) fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let Some(file) = files.iter().find(|file| file.path == FILE) else {
            let message = format!("{FILE} is missing: it holds what customers say of what they were shown");
            return (None, vec![Problem::at(FILE, "", 0, message, "Copy it from the ones that ship with Hotline.")]);
        };
        let wrong = |place, message: &str| {
            let advice = "Write [first], [second], [third], [last], [cheaper] or [cheapest], and lines such as en = [\"first one\"].";
            (None, vec![Problem::at(FILE, &file.text, place, message, advice)])
        };
        type Written = BTreeMap<Pointing, BTreeMap<String, Vec<String>>>;
        let written: Written = match toml::from_str(&file.text) {
            Ok(written) => written,
            Err(error) => return wrong(error.span().map_or(0, |span| span.start), error.message()),
        };
        // Neighbouring languages share words.
        let mut words = BTreeMap::new();
        for (meaning, languages) in &written {
            words.extend(languages.values().flatten().map(|word| (word.to_lowercase(), *meaning)));
        }
        let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest);
        match automaton.build_with_values(words) {
            Ok(words) => (Some(Self { words }), Vec::new()),
            Err(error) => wrong(0, &error.to_string()),
        }
    }

    /// What words in small letters say, each thing once. A bare number is a place in the list.
    pub(super) fn read(&self, words: &str) -> Vec<Pointing> {
        match words.trim().trim_end_matches(['.', ')', '!']) {
            "1" => return vec![Pointing::First],
            "2" => return vec![Pointing::Second],
            "3" => return vec![Pointing::Third],
            _ => {}
        }
        let mut found = Vec::new();
        for hit in self.words.leftmost_find_iter(words) {
            let meaning = hit.value();
            let (before, after) = (words[..hit.start()].chars().next_back(), words[hit.end()..].chars().next());
            let whole = |inside: Option<char>, outside: Option<char>| {
                !inside.is_some_and(goes_on) || !outside.is_some_and(goes_on)
            };
            let hit = &words[hit.start()..hit.end()];
            if whole(hit.chars().next(), before) && whole(hit.chars().next_back(), after) && !found.contains(&meaning) {
                found.push(meaning);
            }
        }
        found
    }
}

/// Whether a letter goes on into the next one as one word. Chinese is written without spaces.
fn goes_on(letter: char) -> bool {
    letter.is_alphanumeric() && !('\u{2e80}'..='\u{9fff}').contains(&letter)
}
