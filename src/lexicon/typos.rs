//! Names of products and properties with one slip: a letter too many, too few, another one, or two that changed places.
//!
//! An index of every name with one letter left out (the symmetric deletions of SymSpell) finds the names that are near; how
//! near is then looked at. Only long words, and only where everything near means the same.

use std::collections::{HashMap, HashSet};

use super::folding::{Folded, is_word};
use super::matcher::{Hit, Meaning, Sense};

/// Shorter words are too near to other words.
const LEAST_LETTERS: usize = 7;
/// Longer ones are no words.
const MOST_LETTERS: usize = 24;

/// Names by what is left of them with one letter taken out.
#[derive(Default)]
pub(super) struct Typos {
    names: Vec<(Vec<char>, Sense)>,
    by_deletion: HashMap<u64, Vec<u32>>,
    /// Words that are right as they are.
    known: HashSet<u64>,
}

impl Typos {
    /// Takes in all words of the dictionary. Of those that are exact no slips are known; `everyday` are words that are no
    /// slips of names.
    pub(super) fn new<'a>(
        words: &HashMap<String, Vec<Sense>>,
        is_exact: impl Fn(&str) -> bool,
        everyday: impl Iterator<Item = &'a String>,
    ) -> Self {
        let mut typos = Self::default();
        typos.known.extend(everyday.map(|word| fingerprint(word.chars())));
        for (word, senses) in words {
            typos.known.extend(word.split(' ').map(|word| fingerprint(word.chars())));
            let letters: Vec<char> = word.chars().collect();
            let named =
                senses.iter().filter(|sense| matches!(sense.meaning, Meaning::Product(_) | Meaning::Attribute(_)));
            let fits = (LEAST_LETTERS..=MOST_LETTERS).contains(&letters.len()) && letters.iter().all(|c| is_letter(*c));
            for sense in named.filter(|_| fits && !is_exact(word)) {
                let place = typos.names.len() as u32;
                typos.names.push((letters.clone(), sense.clone()));
                for deletion in deletions(&letters) {
                    typos.by_deletion.entry(deletion).or_default().push(place);
                }
            }
        }
        typos
    }

    /// Adds the names that unknown words of the text most likely mean.
    pub(super) fn find<'a>(&'a self, folded: &Folded, hits: &mut Vec<Hit<'a>>) {
        let chars = &folded.chars;
        let mut start = 0;
        while start < chars.len() {
            let length = chars[start..].iter().take_while(|c| is_word(**c)).count();
            let word = &chars[start..start + length];
            if (LEAST_LETTERS - 1..=MOST_LETTERS).contains(&length) && word.iter().all(|c| is_letter(*c)) {
                hits.extend(self.near(word).map(|sense| Hit {
                    meaning: &sense.meaning,
                    langs: sense.langs,
                    counts_in: sense.counts_in,
                    start,
                    end: start + length,
                }));
            }
            start += length.max(1);
        }
        hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    }

    fn near(&self, word: &[char]) -> Option<&Sense> {
        if self.known.contains(&fingerprint(word.iter().copied())) {
            return None;
        }
        let mut found: Option<&Sense> = None;
        for deletion in deletions(word) {
            for place in self.by_deletion.get(&deletion).into_iter().flatten() {
                let (name, sense) = &self.names[*place as usize];
                if !is_one_slip(word, name) {
                    continue;
                }
                match found {
                    Some(other) if other.meaning != sense.meaning => return None,
                    _ => found = Some(sense),
                }
            }
        }
        found
    }
}

/// Scripts whose words are typed letter by letter.
fn is_letter(c: char) -> bool {
    c.is_ascii_lowercase() || ('\u{430}'..='\u{44f}').contains(&c)
}

/// The word whole and with each of its letters left out.
fn deletions(word: &[char]) -> impl Iterator<Item = u64> + '_ {
    (0..=word.len()).map(|out| fingerprint(word.iter().enumerate().filter(move |(at, _)| *at != out).map(|(_, c)| *c)))
}

/// A number for a word (FNV-1a). What is found by it is compared letter by letter.
fn fingerprint(letters: impl Iterator<Item = char>) -> u64 {
    letters.fold(0xcbf2_9ce4_8422_2325, |hash, c| (hash ^ u64::from(u32::from(c))).wrapping_mul(0x100_0000_01b3))
}

/// Whether one edit turns the one into the other. Another last letter in Latin is another form ("charged"), and no slip.
fn is_one_slip(word: &[char], name: &[char]) -> bool {
    let same_start = word.iter().zip(name).take_while(|(a, b)| a == b).count();
    let (rest, other) = (&word[same_start..], &name[same_start..]);
    let same_end = |a: &[char], b: &[char]| a == b;
    match rest.len() as isize - other.len() as isize {
        0 if rest.is_empty() => true,
        0 if rest.len() == 1 => !rest[0].is_ascii(),
        0 => same_end(&rest[1..], &other[1..]) || rest[0] == other[1] && rest[1] == other[0] && rest[2..] == other[2..],
        1 => same_end(&rest[1..], other),
        -1 => same_end(rest, &other[1..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_near_and_another_form_of_a_word_is_not() {
        let slip = |a: &str, b: &str| is_one_slip(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        for near in ["smartphne", "smartpphone", "smartphobe", "smratphone", "smartphones"] {
            assert!(slip(near, "smartphone"), "{near}");
        }
        assert!(!slip("charged", "charger"));
        assert!(!slip("smrtphne", "smartphone"));
    }
}
