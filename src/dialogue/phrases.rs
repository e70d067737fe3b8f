//! Phrases that are looked for in words: however many there are, in one pass.

use std::collections::BTreeMap;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder};

use super::pointing::is_whole;

/// Phrases in small letters, and what each of them says.
pub(super) struct Phrases<Meaning> {
    /// Without phrases there is nothing to look for.
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    meanings: Vec<Vec<Meaning>>,
}

impl<Meaning> Phrases<Meaning> {
    /// Compiles them. A phrase may say several things. Errors are the automaton's own words: there are too many, or they are too long.
    pub(super) fn of(said: impl IntoIterator<Item = (String, Meaning)>) -> Result<Self, String> {
        let mut by_phrase: BTreeMap<String, Vec<Meaning>> = BTreeMap::new();
        for (phrase, meaning) in said.into_iter().filter(|(phrase, _)| !phrase.is_empty()) {
            by_phrase.entry(phrase).or_default().push(meaning);
        }
        let (phrases, meanings): (Vec<String>, Vec<Vec<Meaning>>) = by_phrase.into_iter().unzip();
        if phrases.is_empty() {
            return Ok(Self { automaton: None, meanings });
        }
        let automaton = CharwiseDoubleArrayAhoCorasickBuilder::new().build_with_values(phrases.iter().zip(0..));
        Ok(Self { automaton: Some(automaton.map_err(|error| error.to_string())?), meanings })
    }

    /// Those that stand in words in small letters as whole ones, by where they end: from where to where, in bytes, and what they say.
    pub(super) fn in_words<'p>(&'p self, words: &'p str) -> impl Iterator<Item = (usize, usize, &'p [Meaning])> {
        let hits = self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(words));
        let whole = hits.filter(move |hit| is_whole(words, hit.start(), hit.end()));
        whole.filter_map(|hit| Some((hit.start(), hit.end(), self.meanings.get(hit.value() as usize)?.as_slice())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn whole_phrases_are_found_with_all_that_they_say() {
        let said = [("so", 1), ("so what", 2), ("what", 3), ("what", 4), ("", 5)];
        let phrases = Phrases::of(said.map(|(phrase, meaning)| (phrase.to_owned(), meaning))).unwrap();
        let found: Vec<_> = phrases.in_words("also, so what?").collect();
        assert_eq!(found, [(6, 8, [1].as_slice()), (6, 13, [2].as_slice()), (9, 13, [3, 4].as_slice())]);
        assert!(Phrases::<()>::of([]).unwrap().in_words("so what").next().is_none());
    }
}
