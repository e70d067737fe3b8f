//! Words found by walking their letters from where a word may begin: one walk finds all that begin there.

use crawdad::MpTrie;

/// A large set is built in so many parts: building one takes several times the memory that it has in the end.
const PARTS: usize = 8;
/// From so many words on a set is large.
const LARGE: usize = 20_000;

/// A set of words, each with a number.
pub(super) struct Trie {
    /// The words in order, cut between first letters: a walk needs one part. Each with the first letter of its first word.
    parts: Vec<(char, MpTrie)>,
}

impl Trie {
    /// Words sorted and each once, none of them empty, with their numbers.
    ///
    /// # Errors
    /// The words break these rules, or are more than can be counted.
    pub(super) fn new<'w>(words: impl Iterator<Item = (&'w str, u32)>) -> Result<Self, String> {
        let words: Vec<_> = words.collect();
        let cuts = cuts(&words);
        let (now, beside) = cuts.split_at(cuts.len() / 2);
        std::thread::scope(|scope| {
            let beside = scope.spawn(|| build(beside));
            let mut parts = build(now)?;
            parts.extend(beside.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            Ok(Self { parts })
        })
    }

    /// Every word that begins at `start`, shorter ones first: where it ends, and its number.
    pub(super) fn walk<'t>(&'t self, chars: &'t [char], start: usize) -> impl Iterator<Item = (usize, u32)> + 't {
        let rest = chars.get(start..).unwrap_or_default();
        let part = rest.first().and_then(|first| self.parts.iter().rev().find(|(letter, _)| letter <= first));
        let walk = part.into_iter().flat_map(|(_, part)| part.common_prefix_search(rest.iter().copied()));
        walk.map(move |(word, length)| (start + length, word))
    }
}

/// A word, and its number.
type Numbered<'w> = (&'w str, u32);

fn first_letter(word: &Numbered<'_>) -> char {
    word.0.chars().next().unwrap_or_default()
}

/// Which words make each part.
fn cuts<'c, 'w>(words: &'c [Numbered<'w>]) -> Vec<&'c [Numbered<'w>]> {
    let (count, mut cuts) = (words.len(), Vec::new());
    let size = if count < LARGE { count } else { count.div_ceil(PARTS) };
    let mut start = 0;
    while start < count {
        let mut end = (start + size).min(count);
        while end < count && first_letter(&words[end]) == first_letter(&words[end - 1]) {
            end += 1;
        }
        cuts.push(&words[start..end]);
        start = end;
    }
    cuts
}

fn build(cuts: &[&[Numbered<'_>]]) -> Result<Vec<(char, MpTrie)>, String> {
    let built = cuts.iter().map(|words| {
        let part = MpTrie::from_records(words.iter().copied()).map_err(|error| error.to_string())?;
        // Built, it has room for twice as much; written and read again, for what it holds.
        let (part, _) = MpTrie::deserialize_from_slice(&part.serialize_to_vec());
        Ok((first_letter(&words[0]), part))
    });
    built.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trie(words: &[&'static str]) -> Trie {
        Trie::new(words.iter().copied().zip(0..)).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    #[test]
    fn a_walk_finds_every_word_that_begins_there() {
        let mut words = ["to", "up to", "up", "€", "万", "upper"];
        words.sort_unstable();
        let known = trie(&words);
        let text: Vec<char> = "up to €5万".chars().collect();
        let found = |start| known.walk(&text, start).map(|(end, word)| (end, words[word as usize])).collect::<Vec<_>>();
        assert_eq!((found(0), found(3)), (vec![(2, "up"), (5, "up to")], vec![(5, "to")]));
        assert_eq!((found(6), found(8)), (vec![(7, "€")], vec![(9, "万")]));
        assert_eq!((found(1), found(9)), (vec![], vec![]));
        assert!(trie(&[]).walk(&text, 0).next().is_none());
        assert!(trie(&["up"]).walk(&text, 0).next().is_some(), "a single word");
    }

    #[test]
    fn a_large_set_is_cut_between_letters_and_walked_as_one() {
        let mut words: Vec<String> = (0..LARGE).map(|number| format!("{number}")).collect();
        words.extend(["α", "я", "яблоко", "中"].map(str::to_owned));
        words.sort_unstable();
        let known = Trie::new(words.iter().map(String::as_str).zip(0..)).unwrap_or_else(|error| panic!("{error}"));
        assert!(known.parts.len() > 1);
        let found = |text: &str| {
            let chars: Vec<char> = text.chars().collect();
            known.walk(&chars, 0).map(|(_, word)| words[word as usize].clone()).collect::<Vec<_>>()
        };
        words.iter().for_each(|word| assert_eq!(found(word).last(), Some(word)));
        assert_eq!(found("яблоко"), ["я", "яблоко"]);
        assert!(found("x").is_empty() && found("").is_empty() && found("一").is_empty());
    }
}
