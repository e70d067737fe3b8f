//! Words found by walking their letters from where a word may begin: one walk finds all that begin there.

/// No word ends here.
const NOTHING: u32 = u32::MAX;

/// A set of words, each with a number of its own.
pub(super) struct Trie {
    nodes: Vec<Node>,
    /// The steps from each node, side by side and sorted by letter.
    steps: Vec<(char, u32)>,
    /// The first step of the letters that most words begin with; 0 is no step.
    first: [u32; 128],
}

#[derive(Clone, Copy)]
struct Node {
    steps: u32,
    count: u32,
    word: u32,
}

impl Trie {
    /// Words sorted and each once; a word's number is its place.
    pub(super) fn new(words: &[Vec<char>]) -> Self {
        let mut trie = Self { nodes: Vec::new(), steps: Vec::new(), first: [0; 128] };
        trie.nodes.push(Node { steps: 0, count: 0, word: NOTHING });
        // Node, the words below it, and how many letters are behind.
        let mut open = vec![(0_usize, 0..words.len(), 0_usize)];
        while let Some((node, mut range, depth)) = open.pop() {
            if range.start < range.end && words[range.start].len() == depth {
                trie.nodes[node].word = range.start as u32;
                range.start += 1;
            }
            trie.nodes[node].steps = trie.steps.len() as u32;
            while range.start < range.end {
                let letter = words[range.start][depth];
                let same = words[range.clone()].iter().take_while(|word| word[depth] == letter).count();
                let child = trie.nodes.len();
                trie.nodes.push(Node { steps: 0, count: 0, word: NOTHING });
                trie.steps.push((letter, child as u32));
                trie.nodes[node].count += 1;
                open.push((child, range.start..range.start + same, depth + 1));
                range.start += same;
            }
        }
        for (letter, child) in trie.steps_of(0).to_vec() {
            if let Some(first) = trie.first.get_mut(letter as usize) {
                *first = child;
            }
        }
        trie
    }

    fn steps_of(&self, node: u32) -> &[(char, u32)] {
        let Node { steps, count, .. } = self.nodes[node as usize];
        &self.steps[steps as usize..(steps + count) as usize]
    }

    fn step(&self, node: u32, letter: char) -> Option<u32> {
        if node == 0
            && let Some(first) = self.first.get(letter as usize)
        {
            return (*first != 0).then_some(*first);
        }
        let steps = self.steps_of(node);
        let place = steps.binary_search_by_key(&letter, |(letter, _)| *letter).ok()?;
        Some(steps[place].1)
    }

    /// Every word that begins at `start`, shorter ones first: where it ends, and its number.
    pub(super) fn walk<'t>(&'t self, chars: &'t [char], start: usize) -> impl Iterator<Item = (usize, u32)> + 't {
        let (mut node, mut at) = (0, start);
        std::iter::from_fn(move || {
            loop {
                node = self.step(node, *chars.get(at)?)?;
                at += 1;
                let word = self.nodes[node as usize].word;
                if word != NOTHING {
                    return Some((at, word));
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_finds_every_word_that_begins_there() {
        let mut words: Vec<Vec<char>> = ["to", "up to", "up", "€", "万"].map(|word| word.chars().collect()).to_vec();
        words.sort();
        let trie = Trie::new(&words);
        let text: Vec<char> = "up to €5万".chars().collect();
        let found = |start| trie.walk(&text, start).map(|(end, _)| end).collect::<Vec<_>>();
        assert_eq!((found(0), found(3), found(6), found(8)), (vec![2, 5], vec![5], vec![7], vec![9]));
        assert_eq!(found(1), Vec::<usize>::new());
    }
}
