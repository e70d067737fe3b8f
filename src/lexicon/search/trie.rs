//! Words found by walking their letters from where a word may begin: one walk finds all that begin there.
//!
//! A walk waits for memory more than for anything else, so what it may need next lies together: all letters that may follow stand
//! side by side, what may follow the first of them comes right behind, and letters that only one word goes on with are kept as text.
//! Many walks go side by side, a letter each at a time: what they need next is fetched together, and waited for once.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A word, what to find it by again, and a hint that costs nothing to look at: see [`Met`].
pub(crate) type Known<'w> = (&'w str, u32, u8);

/// A set of words.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Trie {
    /// Where the words with each first letter stand among `nodes`: for the upper bits of a letter, which page tells; one on, since
    /// most have none.
    pages: Vec<u16>,
    roots: Vec<u32>,
    nodes: Vec<Node>,
    /// Tails one behind the other, each in one piece: the two halves of its word, how long it is, and its letters in UTF-16, which
    /// takes least for most scripts.
    tails: Vec<u16>,
}

/// So many letters share a page.
const PAGE: usize = 256;
/// What stands in front of the letters of a tail.
const TAIL_HEAD: usize = 3;
/// Longer tails, in bytes, are none: their length is kept in two bytes.
const LONGEST_TAIL: usize = u16::MAX as usize;
/// Behind so many letters every walk comes by.
const OFTEN: usize = 2;
/// No node.
const NONE: u32 = u32::MAX;

/// One letter that may come next, or the end of a word, which stands before all letters. Those that may stand at one place follow
/// each other, those that most words go on with first.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Node {
    /// From the lowest bit on: the letter (21 bits), whether it is the last at its place, what follows (2 bits), and 8 bits for the
    /// hint of a word, or else for what the next letters have in their last three bits: most walks end where these tell.
    packed: u32,
    /// By what follows: the first node behind it, the word, or the tail.
    below: u32,
}

/// What follows a letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    Letters = 0,
    /// A word ends with it, and no other goes on.
    Nothing = 1,
    /// The tail of the only word that goes on.
    Tail = 2,
}

const LETTER_BITS: u32 = 21;
/// In the place of a letter: a word ends here. It is none.
const END: u32 = (1 << LETTER_BITS) - 1;
const LAST: u32 = 1 << LETTER_BITS;
const FOLLOWS_SHIFT: u32 = LETTER_BITS + 1;
const HINT_SHIFT: u32 = FOLLOWS_SHIFT + 2;

impl Node {
    fn new(letter: u32, follows: Follows, hint: u8, below: u32) -> Self {
        Self { packed: letter | (follows as u32) << FOLLOWS_SHIFT | u32::from(hint) << HINT_SHIFT, below }
    }

    fn letter(self) -> u32 {
        self.packed & END
    }

    fn is_last(self) -> bool {
        self.packed & LAST != 0
    }

    fn follows(self) -> Follows {
        match self.packed >> FOLLOWS_SHIFT & 3 {
            0 => Follows::Letters,
            1 => Follows::Nothing,
            _ => Follows::Tail,
        }
    }

    fn hint(self) -> u8 {
        (self.packed >> HINT_SHIFT) as u8
    }
}

/// One bit for the last three of a letter.
fn one_of_eight(letter: u32) -> u8 {
    1 << (letter % 8)
}

/// A word that was met on a walk.
#[derive(Clone, Copy)]
pub(crate) struct Met {
    /// Where it ends.
    pub(crate) end: usize,
    /// What it is found by again.
    pub(crate) word: u32,
    /// What whoever built the set wants to know of it before looking anything up.
    pub(crate) hint: u8,
}

impl Trie {
    /// Words sorted and each once.
    ///
    /// # Errors
    /// One of them is empty, or they are more than can be counted.
    pub(crate) fn new(words: &[Known<'_>]) -> Result<Self, String> {
        debug_assert!(words.is_sorted_by(|(one, ..), (next, ..)| one < next), "sorted, and each once");
        if words.first().is_some_and(|(text, ..)| text.is_empty()) {
            return Err("a word is empty".into());
        }
        let mut trie = Self::default();
        let mut to_do = ToDo::default();
        trie.add(words, 0..words.len(), 0, &mut to_do);
        for at in 0..trie.nodes.len() {
            trie.add_root(at as u32);
        }
        // Every walk comes by the places behind the first letters: they stand together, and stay at hand.
        for _ in 0..OFTEN {
            for place in std::mem::take(&mut to_do.left) {
                trie.add_behind(words, place, &mut to_do);
            }
        }
        to_do.left.reverse();
        // Of the others, what may follow the first letter of a place comes right behind that place: the last in is the first out.
        while let Some(place) = to_do.left.pop() {
            let later = to_do.left.len();
            trie.add_behind(words, place, &mut to_do);
            to_do.left[later..].reverse();
        }
        if trie.nodes.len().max(trie.tails.len()) >= NONE as usize {
            return Err("the words are more than can be counted".into());
        }
        trie.nodes.shrink_to_fit();
        trie.tails.shrink_to_fit();
        Ok(trie)
    }

    fn add_behind(&mut self, all: &[Known<'_>], Left { parent, words, depth }: Left, to_do: &mut ToDo) {
        let first = self.nodes.len();
        self.nodes[parent as usize].below = first as u32;
        self.add(all, words, depth, to_do);
        let next = self.nodes[first..].iter().fold(0, |all, node| all | one_of_eight(node.letter()));
        // Where a word ends, it is met whatever comes next.
        let next = if self.nodes[first].letter() == END { u8::MAX } else { next };
        self.nodes[parent as usize].packed |= u32::from(next) << HINT_SHIFT;
    }

    /// Adds what words of a range, which begin alike, have behind so many bytes.
    fn add(&mut self, words: &[Known<'_>], mut range: Range<usize>, depth: usize, to_do: &mut ToDo) {
        let ToDo { left, groups } = to_do;
        let (first, alone) = (self.nodes.len(), range.len() == 1);
        if let Some((_, word, hint)) = words[range.clone()].first().filter(|(text, ..)| text.len() == depth) {
            self.nodes.push(Node::new(END, Follows::Nothing, *hint, *word));
            range.start += 1;
        }
        for alike in words[range.clone()].chunk_by(|a, b| letter_at(a, depth) == letter_at(b, depth)) {
            groups.push(range.start..range.start + alike.len());
            range.start += alike.len();
        }
        // What most words go on with is looked at first.
        groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
        for group in groups.drain(..) {
            let alike = &words[group.clone()];
            let letter = letter_at(&alike[0], depth);
            let deeper = depth + letter.map_or(0, char::len_utf8);
            let parent = self.nodes.len() as u32;
            let node = match alike {
                [(text, word, hint)] if text.len() == deeper => (Follows::Nothing, *hint, *word),
                // Not before the second letter that it has for itself: the first one tells whether there is any use in fetching it.
                [(text, word, hint)] if alone && text.len() - deeper <= LONGEST_TAIL => {
                    (Follows::Tail, *hint, self.add_tail(&text[deeper..], *word))
                }
                _ => {
                    left.push(Left { parent, words: group, depth: deeper });
                    (Follows::Letters, 0, NONE)
                }
            };
            self.nodes.push(Node::new(letter.map_or(END, u32::from), node.0, node.1, node.2));
        }
        if let Some(last) = self.nodes[first..].last_mut() {
            last.packed |= LAST;
        }
    }

    fn add_tail(&mut self, letters: &str, word: u32) -> u32 {
        let start = self.tails.len();
        self.tails.extend([word as u16, (word >> 16) as u16, 0]);
        self.tails.extend(letters.encode_utf16());
        self.tails[start + 2] = (self.tails.len() - start - TAIL_HEAD) as u16;
        start as u32
    }

    /// Notes where the words stand that begin with the letter of a node.
    fn add_root(&mut self, node: u32) {
        let letter = self.nodes[node as usize].letter() as usize;
        let page = letter / PAGE;
        if self.pages.len() <= page {
            self.pages.resize(page + 1, 0);
        }
        if self.pages[page] == 0 {
            self.roots.resize(self.roots.len() + PAGE, NONE);
            self.pages[page] = (self.roots.len() / PAGE) as u16;
        }
        self.roots[(usize::from(self.pages[page]) - 1) * PAGE + letter % PAGE] = node;
    }

    /// Every word that begins at `start`, shorter ones first.
    #[inline]
    pub(crate) fn walk<'t>(&'t self, chars: &'t [char], start: usize) -> Walk<'t> {
        let place = chars.get(start).and_then(|letter| self.root(u32::from(*letter)));
        Walk { trie: self, chars, at: start, place: place.unwrap_or(NONE) }
    }

    /// Every word that begins at any of some places, with the number of its place. Those of one place come shorter ones first, among
    /// those of others.
    pub(crate) fn walk_from(
        &self,
        chars: &[char],
        starts: impl Iterator<Item = usize>,
        mut met: impl FnMut(usize, Met),
    ) {
        let walks = starts.enumerate().map(|(number, start)| (number as u32, self.walk(chars, start)));
        let walks = walks.filter(|(_, walk)| walk.place != NONE);
        let mut walks: Vec<Apart> =
            walks.map(|(number, Walk { at, place, .. })| Apart { number, at: at as u32, place }).collect();
        let mut tails: Vec<(u32, usize, Node)> = Vec::new();
        while !walks.is_empty() {
            // All are asked for before any is looked at.
            std::hint::black_box(walks.iter().fold(0, |all, walk| all ^ self.nodes[walk.place as usize].packed));
            let mut left = 0;
            for at in 0..walks.len() {
                let Apart { number, at: from, place } = walks[at];
                let mut walk = Walk { trie: self, chars, at: from as usize, place };
                match walk.step() {
                    Step::Met(word) => met(number as usize, word),
                    Step::Tail(node) => tails.push((number, walk.at, node)),
                    Step::GoesOn | Step::Ends => {}
                }
                if walk.place != NONE {
                    walks[left] = Apart { number, at: walk.at as u32, place: walk.place };
                    left += 1;
                }
            }
            walks.truncate(left);
        }
        // A tail is the last that a walk comes to.
        std::hint::black_box(tails.iter().fold(0, |all, (.., node)| all ^ self.tails[node.below as usize]));
        for (number, at, node) in tails {
            self.tail(node, chars, at).into_iter().for_each(|word| met(number as usize, word));
        }
    }

    /// The word that a tail behind a node belongs to, if the text goes on with its letters.
    fn tail(&self, node: Node, chars: &[char], at: usize) -> Option<Met> {
        tail(&self.tails[node.below as usize..], node.hint(), chars, at)
    }

    #[inline]
    fn root(&self, letter: u32) -> Option<u32> {
        let page = self.pages.get(letter as usize / PAGE)?;
        self.roots.get(usize::from(page.checked_sub(1)?) * PAGE + letter as usize % PAGE).copied()
    }
}

fn letter_at(word: &Known<'_>, depth: usize) -> Option<char> {
    word.0[depth..].chars().next()
}

/// Words that begin alike, while the trie is built.
struct Left {
    /// The node that they stand behind.
    parent: u32,
    words: Range<usize>,
    /// In how many bytes they are alike.
    depth: usize,
}

/// What is left to do while the trie is built.
#[derive(Default)]
struct ToDo {
    left: Vec<Left>,
    /// Room for the words of one place, by the letter that they go on with.
    groups: Vec<Range<usize>>,
}

/// The words that begin at a place, while they are looked for.
pub(crate) struct Walk<'t> {
    trie: &'t Trie,
    chars: &'t [char],
    /// The next letter.
    at: usize,
    /// The first node of what it may be.
    place: u32,
}

/// What a walk comes to with a letter.
enum Step {
    Met(Met),
    /// The word of the tail behind a node may follow.
    Tail(Node),
    GoesOn,
    Ends,
}

/// One of many walks: the number of where it began, its next letter, and the first node of what that may be.
#[derive(Clone, Copy)]
struct Apart {
    number: u32,
    at: u32,
    place: u32,
}

impl Iterator for Walk<'_> {
    type Item = Met;

    #[inline]
    fn next(&mut self) -> Option<Met> {
        loop {
            match self.step() {
                Step::Met(met) => return Some(met),
                Step::Tail(node) => return self.trie.tail(node, self.chars, self.at),
                Step::GoesOn => {}
                Step::Ends => return None,
            }
        }
    }
}

impl Walk<'_> {
    /// Goes on by a letter, or tells of the word that ends before it.
    #[inline(always)]
    fn step(&mut self) -> Step {
        let nodes = &self.trie.nodes[..];
        let (mut place, at) = (self.place as usize, self.at);
        self.place = NONE;
        // No node has the place of none.
        let Some(mut node) = nodes.get(place).copied() else { return Step::Ends };
        if node.letter() == END {
            self.place = if node.is_last() { NONE } else { place as u32 + 1 };
            return Step::Met(Met { end: at, word: node.below, hint: node.hint() });
        }
        let Some(letter) = self.chars.get(at).map(|letter| u32::from(*letter)) else { return Step::Ends };
        while node.letter() != letter {
            place += 1;
            match nodes.get(place) {
                Some(next) if !node.is_last() => node = *next,
                _ => return Step::Ends,
            }
        }
        let at = at + 1;
        match node.follows() {
            Follows::Letters if self.may_go_on(node, at) => {
                (self.at, self.place) = (at, node.below);
                Step::GoesOn
            }
            Follows::Letters => Step::Ends,
            Follows::Nothing => Step::Met(Met { end: at, word: node.below, hint: node.hint() }),
            Follows::Tail => {
                self.at = at;
                Step::Tail(node)
            }
        }
    }

    /// Whether the letter at a place may be one of those that follow, which need not be fetched if not.
    fn may_go_on(&self, node: Node, at: usize) -> bool {
        node.hint() == u8::MAX
            || self.chars.get(at).is_some_and(|letter| node.hint() & one_of_eight(u32::from(*letter)) != 0)
    }
}

/// The word that a tail belongs to, if the text goes on with its letters. It is not handed the walk, which then need not lie in memory.
fn tail(tail: &[u16], hint: u8, chars: &[char], at: usize) -> Option<Met> {
    let [low, high, length, letters @ ..] = tail else { return None };
    let (mut behind, mut units) = (chars[at..].iter(), letters[..usize::from(*length)].iter());
    while units.len() > 0 {
        let mut letter = [0; 2];
        let letter = behind.next()?.encode_utf16(&mut letter);
        if letter.iter().any(|unit| units.next() != Some(unit)) {
            return None;
        }
    }
    let word = u32::from(*low) | u32::from(*high) << 16;
    Some(Met { end: chars.len() - behind.len(), word, hint })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trie(words: &[&'static str]) -> Trie {
        let known: Vec<Known<'_>> = words.iter().zip(0..).map(|(word, number)| (*word, number, number as u8)).collect();
        Trie::new(&known).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    #[test]
    fn a_walk_finds_every_word_that_begins_there() {
        let mut words = ["to", "up to", "up", "€", "万", "upper"];
        words.sort_unstable();
        let known = trie(&words);
        let text: Vec<char> = "up to €5万".chars().collect();
        let found = |start| known.walk(&text, start).map(|met| (met.end, words[met.word as usize])).collect::<Vec<_>>();
        assert_eq!((found(0), found(3)), (vec![(2, "up"), (5, "up to")], vec![(5, "to")]));
        assert_eq!((found(6), found(8)), (vec![(7, "€")], vec![(9, "万")]));
        assert_eq!((found(1), found(9)), (vec![], vec![]));
        assert!(trie(&[]).walk(&text, 0).next().is_none());
        assert!(trie(&["up"]).walk(&text, 0).next().is_some(), "a single word");
        assert!(known.walk(&text, 0).all(|met| met.hint == met.word as u8));
        assert!(Trie::new(&[("", 0, 0)]).is_err());
    }

    #[test]
    fn walks_side_by_side_find_what_each_finds_alone() {
        let mut words = ["to", "up to", "up", "€", "万", "upper", "upper limit", "too"];
        words.sort_unstable();
        let known = trie(&words);
        let text: Vec<char> = "up to €5万 upper limit too".chars().collect();
        let mut together = Vec::new();
        known.walk_from(&text, 0..text.len() + 1, |number, met| together.push((number, met.end, met.word, met.hint)));
        together.sort_by_key(|(number, ..)| *number);
        let alone = |start| known.walk(&text, start).map(move |met| (start, met.end, met.word, met.hint));
        assert_eq!(together, (0..=text.len()).flat_map(alone).collect::<Vec<_>>());
        assert!(together.len() > 8);
    }

    #[test]
    fn of_a_large_set_every_word_is_found_and_nothing_else() {
        let mut words: Vec<String> = (0..20_000).map(|number| format!("{number}")).collect();
        words.extend(["α", "я", "яблоко", "中", "\u{1f600}", "\u{ffff}"].map(str::to_owned));
        words.sort_unstable();
        let known: Vec<Known<'_>> = words.iter().zip(0..).map(|(word, number)| (word.as_str(), number, 0)).collect();
        let known = Trie::new(&known).unwrap_or_else(|error| panic!("{error}"));
        let found = |text: &str| {
            let chars: Vec<char> = text.chars().collect();
            known.walk(&chars, 0).map(|met| words[met.word as usize].clone()).collect::<Vec<_>>()
        };
        words.iter().for_each(|word| assert_eq!(found(word).last(), Some(word)));
        assert_eq!(found("яблоко"), ["я", "яблоко"]);
        assert!(found("x").is_empty() && found("").is_empty() && found("一").is_empty());
    }

    /// Characters that no text should have are letters like others.
    #[test]
    fn no_text_breaks_a_walk() {
        let known = trie(&["ab", "abc", "abd", "b"]);
        for text in ["a\u{ffff}", "ab\u{ffff}", "abc\u{10ffff}", "\0", "\u{10ffff}", "a", "ab", "abe"] {
            let chars: Vec<char> = text.chars().collect();
            let expected = ["ab", "abc", "abd", "b"].into_iter().filter(|word| text.starts_with(word)).count();
            assert_eq!(known.walk(&chars, 0).count(), expected, "{text:?}");
        }
    }
}
