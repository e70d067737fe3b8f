//! Words found by walking their letters from where a word may begin: one walk finds all that begin there.

use crawdad::MpTrie;

/// A set of words, each with a number of its own.
pub(super) struct Trie {
    /// `None` without words.
    walked: Option<MpTrie>,
    /// All words in a row, and where each ends.
    texts: String,
    ends: Vec<u32>,
}

impl Trie {
    /// Words sorted and each once, none of them empty; a word's number is its place.
    ///
    /// # Errors
    /// The words break these rules, or are more than can be counted.
    pub(super) fn new<'w>(words: impl Iterator<Item = &'w str>) -> Result<Self, String> {
        let (mut texts, mut ends) = (String::new(), Vec::new());
        for word in words {
            texts.push_str(word);
            ends.push(texts.len() as u32);
        }
        let mut trie = Self { walked: None, texts, ends };
        if !trie.ends.is_empty() {
            let words = (0..trie.ends.len() as u32).map(|word| (trie.word(word), word));
            trie.walked = Some(MpTrie::from_records(words).map_err(|error| error.to_string())?);
        }
        Ok(trie)
    }

    /// The word with that number.
    pub(super) fn word(&self, word: u32) -> &str {
        let start = (word as usize).checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start as usize..self.ends[word as usize] as usize]
    }

    /// Every word that begins at `start`, shorter ones first: where it ends, and its number.
    pub(super) fn walk<'t>(&'t self, chars: &'t [char], start: usize) -> impl Iterator<Item = (usize, u32)> + 't {
        let rest = chars.get(start..).unwrap_or_default();
        let walk = self.walked.iter().flat_map(|trie| trie.common_prefix_search(rest.iter().copied()));
        walk.map(move |(word, length)| (start + length, word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trie(words: &[&'static str]) -> Trie {
        Trie::new(words.iter().copied()).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    #[test]
    fn a_walk_finds_every_word_that_begins_there() {
        let mut words = ["to", "up to", "up", "€", "万", "upper"];
        words.sort_unstable();
        let known = trie(&words);
        let text: Vec<char> = "up to €5万".chars().collect();
        let found = |start| known.walk(&text, start).map(|(end, word)| (end, known.word(word))).collect::<Vec<_>>();
        assert_eq!((found(0), found(3)), (vec![(2, "up"), (5, "up to")], vec![(5, "to")]));
        assert_eq!((found(6), found(8)), (vec![(7, "€")], vec![(9, "万")]));
        assert_eq!((found(1), found(9)), (vec![], vec![]));
        assert!(trie(&[]).walk(&text, 0).next().is_none());
        assert!(trie(&["up"]).walk(&text, 0).next().is_some(), "a single word");
    }
}
