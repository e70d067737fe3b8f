//! Words with one slip: a letter too many, too few, another one, or two that changed places.
//!
//! An index of every word of the dictionaries with one letter left out (the symmetric deletions of SymSpell) finds the words
//! that are near; how near is then looked at. A word that nobody knows and that is near one word only is put right, and the
//! text is searched again, so that slips inside phrases are forgiven like those of names.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::folding::{Folded, Straight, fingerprint, fold_word, is_word};
use super::language::Languages;
use super::matcher::Hit;
use crate::dictionary::files::{LookupSet, read};
use crate::dictionary::meanings::{Langs, Meaning};
use crate::money::slips::MoneySlips;
use hotline_domain::{Problem, SourceFile};

/// Longer ones are no words.
const MOST_LETTERS: usize = 24;
/// A single word of talk needs more letters than a name to be forgiven.
const LEAST_LETTERS_OF_TALK: usize = 6;

/// `typos.toml`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Shorter words must be written right.
    shortest: usize,
    /// From here on any letter may be wrong.
    any_slip: usize,
    /// Rows of keys.
    keyboards: Vec<String>,
    /// Letters that are taken for each other.
    alike: Vec<String>,
    /// What turns a word round that it stands in: "ilgileniyorum" is "I am interested", "ilgilenmiyorum" is not.
    turning: BTreeMap<String, Vec<String>>,
    /// Words that are right as they are.
    common: BTreeMap<String, Vec<String>>,
}

impl Limits {
    pub(crate) fn parse(file: &SourceFile) -> Result<Self, Problem> {
        read(file)
    }

    /// The limits for words about money, of which those with a letter less are looked at too.
    pub(crate) fn of_money(&self) -> Self {
        Self { shortest: self.shortest.saturating_sub(1), ..self.clone() }
    }

    fn turning(&self) -> Vec<Vec<Letter>> {
        self.turning.values().flatten().map(|part| fold_word(part).chars().map(letter).collect()).collect()
    }

    /// Pairs of letters that are hit or taken for each other.
    fn near(&self) -> LookupSet<(Letter, Letter)> {
        let mut near = LookupSet::default();
        let rows = self.keyboards.iter().map(|row| fold_word(row).chars().map(letter).collect::<Vec<_>>());
        for row in rows {
            near.extend(row.windows(2).flat_map(|pair| [(pair[0], pair[1]), (pair[1], pair[0])]));
        }
        for group in &self.alike {
            let group: Vec<Letter> = fold_word(group).chars().map(letter).collect();
            near.extend(group.iter().flat_map(|a| group.iter().map(|b| (*a, *b))));
        }
        near
    }
}

/// A word or phrase of the dictionaries.
pub(crate) struct Phrase<'a> {
    pub(crate) text: &'a str,
    /// Slips of its words are known.
    pub(crate) forgives: bool,
    pub(crate) name: Name,
}

/// What a word names: a number for the product or property, 0 for talk; and in how many languages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Name {
    pub(crate) languages: u32,
    pub(crate) of: u32,
}

/// Words of the dictionaries by what is left of them with one letter taken out.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Typos {
    shortest: usize,
    any_slip: usize,
    near: LookupSet<(Letter, Letter)>,
    /// What turns a word round.
    turning: Vec<Vec<Letter>>,
    /// All words in a row, and where each ends.
    letters: Vec<Letter>,
    ends: Vec<u32>,
    /// What each word names by itself.
    names: Vec<Name>,
    /// Of what is left of words, by the beginnings of its fingerprints: the end of each fingerprint, and which word it is.
    prints: Vec<u16>,
    words: Vec<u32>,
    /// Where those with each beginning stand.
    begin: Vec<u32>,
    /// Words that are right as they are.
    known: HashSet<u64, Straight>,
}

/// Bits of a fingerprint that find its place; the others are kept there.
const BEGIN_BITS: u32 = 16;

/// A letter of a script whose words are typed letter by letter: see [`is_typed`].
type Letter = u16;

fn letter(c: char) -> Letter {
    u32::from(c) as Letter
}

/// A word of the phrases, while they are looked through.
struct Seen<'a> {
    word: &'a str,
    /// It is of a length and of letters that slips happen in.
    fits: bool,
    /// It stands in a phrase whose slips are not known.
    exact: bool,
    name: Name,
}

/// Where the fingerprints with each beginning are to stand, and behind the last where all end.
fn begin(deletions: &[(u32, u32)]) -> Vec<u32> {
    let mut begin = vec![0; (1 << BEGIN_BITS) + 1];
    for (print, _) in deletions {
        begin[(print >> (32 - BEGIN_BITS)) as usize + 1] += 1;
    }
    for place in 1..begin.len() {
        begin[place] += begin[place - 1];
    }
    begin
}

impl Typos {
    /// Takes in the words of all phrases. Slips of words for which `forgives` says no are not known.
    pub(crate) fn new<'a>(limits: &Limits, languages: &Languages, phrases: impl Iterator<Item = Phrase<'a>>) -> Self {
        let mut typos = Self {
            shortest: limits.shortest,
            any_slip: limits.any_slip,
            near: limits.near(),
            turning: limits.turning(),
            ..Self::default()
        };
        typos.known.extend(languages.everyday_prints());
        let common = limits.common.values().flatten();
        typos.known.extend(common.map(|word| fingerprint(fold_word(word).chars())));
        let mut seen: HashMap<u64, Seen<'_>, Straight> = HashMap::default();
        for Phrase { text, forgives, name } in phrases {
            for word in text.split(|c: char| !is_word(c)) {
                let seen = seen.entry(fingerprint(word.chars())).or_insert_with(|| Seen {
                    word,
                    fits: (limits.shortest..=MOST_LETTERS).contains(&word.chars().count())
                        && word.chars().all(is_typed),
                    exact: false,
                    name: Name::default(),
                });
                seen.exact |= !forgives;
                if forgives && word == text {
                    seen.name = name.max(seen.name);
                }
            }
        }
        typos.known.extend(seen.keys());
        let mut words: Vec<Seen<'_>> = seen.into_values().filter(|seen| seen.fits && !seen.exact).collect();
        // In order, so that of equals the same one wins in every run.
        words.sort_unstable_by_key(|seen| seen.word);
        let mut deletions = Vec::with_capacity(words.iter().map(|seen| seen.word.len() + 1).sum());
        for Seen { word, name, .. } in words {
            typos.add(word, name, &mut deletions);
        }
        typos.letters.shrink_to_fit();
        typos.index(&deletions);
        typos
    }

    /// Puts fingerprints with the same beginning together; those of one beginning stand in the order of their words.
    fn index(&mut self, deletions: &[(u32, u32)]) {
        self.begin = begin(deletions);
        (self.prints, self.words) = (vec![0; deletions.len()], vec![0; deletions.len()]);
        let mut next = self.begin.clone();
        for (print, word) in deletions {
            let place = &mut next[(print >> (32 - BEGIN_BITS)) as usize];
            (self.prints[*place as usize], self.words[*place as usize]) = (*print as u16, *word);
            *place += 1;
        }
    }

    /// Takes in a word; a fingerprint of what is left without each of its letters goes to `deletions`, with the word's place.
    fn add(&mut self, word: &str, name: Name, deletions: &mut Vec<(u32, u32)>) {
        let place = self.ends.len() as u32;
        let from = self.letters.len();
        self.letters.extend(word.chars().map(letter));
        self.ends.push(self.letters.len() as u32);
        self.names.push(name);
        let letters = &self.letters[from..];
        deletions.extend(without_each(letters).map(|print| (print, place)));
    }

    fn word(&self, place: u32) -> &[Letter] {
        let start = if place == 0 { 0 } else { self.ends[place as usize - 1] as usize };
        &self.letters[start..self.ends[place as usize] as usize]
    }

    /// Words that nobody knows and no hit covers, but that are one slip away from a word of the dictionaries, or beside a number from
    /// a word about money, of the customer's languages first. Hits stand in order of their start.
    pub(crate) fn put_right(&self, folded: &Folded, hits: &[Hit<'_>], money: (&MoneySlips, Langs)) -> Vec<Slip> {
        let mut slips = Vec::new();
        if self.ends.is_empty() {
            return slips;
        }
        let (mut next, mut covered) = (0, 0);
        // A letter is missing in words about money too, that may be as short.
        let may_be_slip =
            |(_, run): &(usize, &Range<usize>)| (self.shortest..=MOST_LETTERS + 1).contains(&(run.len() + 1));
        for (index, run) in folded.runs.iter().enumerate().filter(may_be_slip) {
            while let Some(hit) = hits.get(next).filter(|hit| hit.start <= run.start) {
                covered = covered.max(hit.end);
                next += 1;
            }
            let word = &folded.chars[run.clone()];
            if covered >= run.end || !self.is_strange(word) {
                continue;
            }
            let of_money = money.0.meant(folded, index, money.1);
            let other = || (run.len() >= self.shortest).then(|| self.right_word(word)).flatten();
            let (start, end, of_money, letters) = match of_money {
                Some(letters) => (run.start, run.end, true, Some(letters)),
                None => (run.start, run.end, false, other()),
            };
            slips.extend(letters.map(|letters| Slip { start, end, letters, of_money }));
        }
        slips
    }

    /// Takes in words of other tables: they are right as they are.
    pub(crate) fn know<'w>(&mut self, words: impl Iterator<Item = &'w String>) {
        self.known.extend(words.map(|word| fingerprint(word.chars())));
    }

    /// Whether nobody knows a word.
    fn is_strange(&self, word: &[char]) -> bool {
        word.iter().all(|c| is_typed(*c)) && !self.known.contains(&fingerprint(word.iter().copied()))
    }

    /// The letters that an unknown word should have been.
    fn right_word(&self, word: &[char]) -> Option<Vec<char>> {
        self.meant(word).map(|place| self.letters_of(place))
    }

    /// All words that an unknown one can be a slip of.
    pub(crate) fn near_words(&self, word: &[char]) -> Vec<Vec<char>> {
        self.near(word).into_iter().map(|place| self.letters_of(place)).collect()
    }

    fn letters_of(&self, place: u32) -> Vec<char> {
        self.word(place).iter().filter_map(|letter| char::from_u32((*letter).into())).collect()
    }

    /// The only word that this one can be a slip of, or any of several that name the same.
    fn meant(&self, word: &[char]) -> Option<u32> {
        let mut found = None;
        for place in self.near(word) {
            match found {
                Some(other) if !self.name_the_same(other, place) => return None,
                // What more languages say is the word, and the other a common slip of it.
                Some(other) if self.names[other as usize] >= self.names[place as usize] => {}
                _ => found = Some(place),
            }
        }
        found
    }

    /// The places of all words that this one can be a slip of.
    fn near(&self, word: &[char]) -> Vec<u32> {
        let mut near: Vec<u32> = Vec::new();
        if self.begin.is_empty() || word.len() > MOST_LETTERS {
            return near;
        }
        let word: Vec<Letter> = word.iter().copied().map(letter).collect();
        let bucket = |print: u32| {
            let begin = (print >> (32 - BEGIN_BITS)) as usize;
            self.begin[begin] as usize..self.begin[begin + 1] as usize
        };
        let alike: Vec<(u32, Range<usize>)> = without_each(&word).map(|print| (print, bucket(print))).collect();
        // All are asked for before any is looked at.
        let first = |bucket: &Range<usize>| self.prints.get(bucket.start).copied().unwrap_or(0);
        std::hint::black_box(alike.iter().fold(0, |all, (_, bucket)| all ^ first(bucket)));
        for (print, bucket) in alike {
            let alike = self.prints[bucket.clone()].iter().zip(&self.words[bucket]);
            for (_, place) in alike.filter(|(end, _)| **end == print as u16) {
                let other = self.word(*place);
                if !near.contains(place) && self.is_slip(&word, other) && !self.turns_round(&word, other) {
                    near.push(*place);
                }
            }
        }
        near
    }

    /// Whether one of both denies what the other says.
    fn turns_round(&self, typed: &[Letter], word: &[Letter]) -> bool {
        let has = |letters: &[Letter], part: &Vec<Letter>| letters.windows(part.len()).any(|some| some == part);
        self.turning.iter().any(|part| has(typed, part) != has(word, part))
    }

    fn name_the_same(&self, one: u32, other: u32) -> bool {
        let name = self.names[one as usize].of;
        name != 0 && name == self.names[other as usize].of
    }

    /// Whether one slip turns a word into what was typed. Another last letter is another form of the word, and no slip;
    /// the first letter is seldom wrong. In a short word only what fingers do counts.
    fn is_slip(&self, typed: &[Letter], word: &[Letter]) -> bool {
        let same = typed.iter().zip(word).take_while(|(a, b)| a == b).count();
        let (rest, other) = (&typed[same..], &word[same..]);
        let long = word.len() >= self.any_slip;
        let doubles = |letters: &[Letter], at: usize| at > 0 && letters[at] == letters[at - 1];
        match (rest, other) {
            ([a, rest @ ..], [b, other @ ..]) if rest.len() == other.len() => {
                let swapped = rest.first() == Some(b) && other.first() == Some(a) && rest[1..] == other[1..];
                let replaced = rest == other && !rest.is_empty() && same > 0 && (long || self.near.contains(&(*a, *b)));
                swapped || replaced
            }
            // One too many.
            ([a, rest @ ..], other) if rest == other => {
                let beside = same > 0 && self.near.contains(&(*a, typed[same - 1]));
                doubles(typed, same) || same > 0 && !other.is_empty() && (long || beside)
            }
            // One too few.
            (rest, [_, other @ ..]) if rest == other => {
                doubles(word, same) || same > 0 && !rest.is_empty() && word.len() > self.shortest
            }
            _ => false,
        }
    }
}

/// A word with a slip, and what it should have been.
pub(crate) struct Slip {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// What should stand there.
    pub(crate) letters: Vec<char>,
    /// It stands beside a number, and is believed.
    pub(crate) of_money: bool,
}

/// Whether a hit over a word that was put right is good enough to believe in the slip.
pub(crate) fn is_worthy(hit: &Hit<'_>, slip: usize) -> bool {
    match hit.meaning {
        Meaning::Product(_) | Meaning::Attribute(_) => true,
        Meaning::Brand { needs_company, .. } => !needs_company,
        _ => hit.end - hit.start > slip || slip >= LEAST_LETTERS_OF_TALK,
    }
}

/// Scripts whose words are typed letter by letter.
fn is_typed(c: char) -> bool {
    c.is_ascii_lowercase() || matches!(c, '\u{430}'..='\u{44f}' | '\u{620}'..='\u{64a}' | '\u{900}'..='\u{963}')
}

/// Numbers for what is left of a word without each of its letters in turn, and for all of it: of what stands before the letter and
/// behind it, so that no letter is looked at again for each of them.
fn without_each(word: &[Letter]) -> impl Iterator<Item = u32> {
    const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
    let length = word.len();
    // Of the letters from each place on, and the powers that letters before them are taken times.
    let (mut behind, mut powers) = ([0_u64; MOST_LETTERS + 1], [1_u64; MOST_LETTERS + 1]);
    for at in (0..length).rev() {
        let power = powers[length - 1 - at];
        behind[at] = u64::from(word[at]).wrapping_mul(power).wrapping_add(behind[at + 1]);
        powers[length - at] = power.wrapping_mul(BASE);
    }
    let mut before = 0_u64;
    (0..=length).map(move |out| {
        let Some(letter) = word.get(out) else { return print(before) };
        let left = before.wrapping_mul(powers[length - 1 - out]).wrapping_add(behind[out + 1]);
        before = before.wrapping_mul(BASE).wrapping_add((*letter).into());
        print(left)
    })
}

/// The upper bits hang on all letters, once they are stirred.
fn print(hash: u64) -> u32 {
    ((hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_near_and_another_form_of_a_word_is_not() {
        let limits = Limits {
            shortest: 5,
            any_slip: 7,
            keyboards: vec!["qwertyuiop".into(), "asdfghjkl".into()],
            alike: vec!["sz".into()],
            turning: BTreeMap::from([("tr".into(), vec!["mıyor".into()])]),
            common: BTreeMap::new(),
        };
        let typos =
            Typos { near: limits.near(), turning: limits.turning(), shortest: 5, any_slip: 7, ..Typos::default() };
        let letters = |word: &str| word.chars().map(letter).collect::<Vec<_>>();
        let slip = |a: &str, b: &str| typos.is_slip(&letters(a), &letters(b));
        for near in ["smartphne", "smartpphone", "smartphobe", "smratphone", "smartphome"] {
            assert!(slip(near, "smartphone"), "{near}");
        }
        for near in ["laptoop", "lsptop", "latop", "lapyop", "lpatop"] {
            assert!(slip(near, "laptop"), "{near}");
        }
        for (typed, word) in [("charged", "charger"), ("smrtphne", "smartphone"), ("smartphones", "smartphone")] {
            assert!(!slip(typed, word), "{typed}");
        }
        assert!(!slip("lapxop", "laptop"));
        let turned = |a: &str, b: &str| typos.turns_round(&letters(a), &letters(b));
        assert!(slip("ilgileniyorum", "ilgilenmiyorum") && turned("ilgileniyorum", "ilgilenmiyorum"));
        assert!(slip("gelmiyorr", "gelmiyor") && !turned("gelmiyorr", "gelmiyor"));
    }
}
