//! Folding: one form for what people write in many ways, with a map back to the text as it came in.

use std::ops::Range;
use std::sync::LazyLock;

use hotline_domain::Span;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// So many letters and spaces go to a run, or more, where a script has spaces.
const LETTERS_OF_A_RUN: usize = 3;

/// The characters of a folded text, and for each of them where it stood.
#[derive(Default)]
pub(crate) struct Folded {
    pub(crate) chars: Vec<char>,
    /// Position of each character in the original, in characters, and behind the last the original's length. Empty where each stands
    /// where it stood.
    origin: Vec<u32>,
    /// How often the last character stood in a row.
    run: u32,
    /// Where words of three capitals begin in the original: CAD.
    capitals: Vec<u32>,
    /// Whether any of the characters is a digit, and whether one is a question mark.
    pub(crate) has_digits: bool,
    pub(crate) asks: bool,
    /// Where words may stand: letters that stand in one word, and what is no letter, or of a script without spaces, alone. Without
    /// spaces.
    pub(crate) runs: Vec<Range<usize>>,
}

impl Folded {
    /// Folds a text: compatibility forms, lower case, no accents, no invisible characters, one kind of space and quote.
    pub(crate) fn new(original: &str) -> Self {
        let length = original.len();
        // All are looked at: that takes less than to ask after each whether to go on.
        let stretched = || original.as_bytes().windows(3).fold(false, |any, three| any | is_stretched(three));
        let spaced = original.contains("  ");
        if original.is_ascii() && !spaced && !stretched() {
            return Self::of_ascii(original);
        }
        let mut folded = Self {
            chars: Vec::with_capacity(length),
            origin: Vec::with_capacity(length + 1),
            run: 0,
            capitals: capitals(original),
            ..Self::default()
        };
        let mut count = 0;
        for (index, c) in original.chars().enumerate() {
            count = index as u32 + 1;
            if c.is_ascii() {
                folded.push(plain_ascii(c), index as u32);
            } else {
                folded.push_wide(c, index as u32);
            }
        }
        folded.origin.push(count);
        folded.close_up();
        folded.look_over();
        folded
    }

    /// Two spaces between two words are a slip of the thumb for one. Between numbers they part what is no one number.
    fn close_up(&mut self) {
        let chars = std::mem::take(&mut self.chars);
        let is_slip = |at: usize| {
            let Some([before, ' ', ' ', behind]) = at.checked_sub(1).and_then(|from| chars.get(from..at + 3)) else {
                return false;
            };
            (before.is_alphabetic() || *before == ',') && behind.is_alphabetic()
        };
        let slips: Vec<usize> = (0..chars.len()).filter(|at| chars[*at] == ' ' && is_slip(*at)).collect();
        if slips.is_empty() {
            self.chars = chars;
            return;
        }
        let mut next = slips.into_iter().peekable();
        let origin = std::mem::take(&mut self.origin);
        let left = origin.into_iter().enumerate().filter(|(at, _)| next.next_if_eq(at).is_none());
        let (places, origin): (Vec<usize>, Vec<u32>) = left.unzip();
        self.chars = places.into_iter().filter_map(|at| chars.get(at).copied()).collect();
        self.origin = origin;
    }

    /// Of letters that all stay in their places.
    fn of_ascii(original: &str) -> Self {
        let chars: Vec<char> = original.bytes().map(|c| plain_ascii(c.into())).collect();
        let mut folded = Self { chars, capitals: capitals(original), ..Self::default() };
        folded.look_over();
        folded
    }

    /// Notes what stands in the text, once all characters are there.
    fn look_over(&mut self) {
        self.runs = runs(&self.chars);
        // All are looked at: that takes less than to ask after each whether to go on.
        self.has_digits = self.chars.iter().fold(false, |any, c| any | c.is_ascii_digit());
        self.asks = self.chars.iter().fold(false, |any, c| any | (*c == '?'));
    }

    #[inline]
    fn push(&mut self, c: char, at: u32) {
        if self.stretches(c) {
            // pleeease, helloooo: one letter, which reaches to the last of them.
            if let Some(origin) = self.origin.last_mut() {
                *origin = at;
            }
            return;
        }
        self.chars.push(c);
        self.origin.push(at);
    }

    /// Whether this letter is the third or later of the same; of the first two, one is taken back.
    #[inline]
    fn stretches(&mut self, c: char) -> bool {
        let same = self.chars.last() == Some(&c) && c.is_alphabetic();
        self.run = if same { self.run + 1 } else { 1 };
        if self.run == 3 {
            self.chars.pop();
            self.origin.pop();
        }
        self.run >= 3
    }

    fn push_wide(&mut self, c: char, at: u32) {
        match KINDS.get(c as usize) {
            Some(Kind { folded: Some(folded), .. }) => self.push(*folded, at),
            None if is_ideograph(c) => self.push(c, at),
            _ => self.push_any(c, at),
        }
    }

    fn push_any(&mut self, c: char, at: u32) {
        if is_invisible(c) {
            return;
        }
        // 2½ is no 21 of something.
        if is_fraction(c) && self.chars.last().is_some_and(char::is_ascii_digit) {
            self.push(' ', at);
        }
        for part in std::iter::once(c).nfkd().flat_map(char::to_lowercase) {
            match part {
                part if is_accent(part) => {}
                part if part.is_whitespace() => self.push(' ', at),
                '’' | '‘' | 'ʼ' | '`' => self.push('\'', at),
                '–' | '—' | '−' | '‐' | '‑' => self.push('-', at),
                '～' | '〜' => self.push('~', at),
                part => match spelt_out(part) {
                    Some(letters) => letters.chars().for_each(|letter| self.push(letter, at)),
                    None => self.push(plain(part), at),
                },
            }
        }
    }

    /// The original position of the folded character at `index`; one past the last is the end.
    pub(crate) fn origin(&self, index: usize) -> u32 {
        let index = index.min(self.chars.len());
        self.origin.get(index).copied().unwrap_or(index as u32)
    }

    /// One past the original position of the folded character before `end`.
    pub(crate) fn origin_end(&self, end: usize) -> u32 {
        if end == 0 { 0 } else { self.origin(end - 1) + 1 }
    }

    /// Where folded characters stood.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        Span { start: self.origin(start), end: self.origin_end(end) }
    }

    /// Whether the word at a place was written in three capitals, as codes are, in a text that is not all capitals or has no other
    /// word.
    pub(crate) fn is_code(&self, start: usize) -> bool {
        self.capitals.binary_search(&self.origin(start)).is_ok()
    }

    /// The same text with words replaced: places (in order, not overlapping) and letters. The letters stand where those did
    /// that they replace.
    pub(crate) fn replaced(&self, words: impl Iterator<Item = (usize, usize, Vec<char>)>) -> Self {
        let mut folded = Self { capitals: self.capitals.clone(), ..Self::default() };
        let mut at = 0;
        for (start, end, letters) in words {
            folded.append((at..start).map(|index| (self.chars[index], self.origin(index))));
            let last = letters.len().saturating_sub(1);
            let origin = |index: usize| self.origin(if index == last { end - 1 } else { (start + index).min(end - 1) });
            folded.append(letters.iter().enumerate().map(|(index, c)| (*c, origin(index))));
            at = end;
        }
        folded.append((at..self.chars.len()).map(|index| (self.chars[index], self.origin(index))));
        folded.origin.push(self.origin(self.chars.len()));
        folded.look_over();
        folded
    }

    fn append(&mut self, letters: impl Iterator<Item = (char, u32)>) {
        for (c, origin) in letters {
            self.chars.push(c);
            self.origin.push(origin);
        }
    }

    /// Part of the folded text, from character to character.
    pub(crate) fn slice(&self, start: usize, end: usize) -> String {
        self.chars[start..end].iter().collect()
    }
}

/// See [`Folded::runs`].
fn runs(chars: &[char]) -> Vec<Range<usize>> {
    let mut runs = Vec::with_capacity(chars.len() / LETTERS_OF_A_RUN + 1);
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let start = at;
        at += 1;
        if is_word(*c) {
            while chars.get(at).is_some_and(|c| is_word(*c)) {
                at += 1;
            }
        } else if *c == ' ' {
            continue;
        }
        runs.push(start..at);
    }
    runs
}

/// Where the letters end that stand in one word with this one. What is none, or of a script without spaces, stands alone.
pub(crate) fn end_of_run(chars: &[char], start: usize) -> usize {
    start + chars[start..].iter().take_while(|c| is_word(**c)).count().max(1)
}

/// Where words of three capitals begin; nowhere where more than one word is written, and all in capitals.
fn capitals(original: &str) -> Vec<u32> {
    let mut places = Vec::new();
    // Most messages have no three capitals in a row. All are looked at: that takes less than to ask after each whether to go on.
    let capital = |three: &[u8]| three.iter().fold(true, |all, letter| all & letter.is_ascii_uppercase());
    if !original.as_bytes().windows(3).fold(false, |any, three| any | capital(three)) {
        return places;
    }
    let (mut length, mut capitals, mut small, mut words) = (0, 0, false, 0);
    for (index, c) in original.chars().chain([' ']).enumerate() {
        if c.is_alphabetic() {
            length += 1;
            capitals += u32::from(c.is_ascii_uppercase());
            // Arabic and Chinese have no capitals, so a code stands out among them.
            small |= !c.is_uppercase();
        } else {
            if length == 3 && capitals == 3 {
                places.push(index as u32 - 3);
            }
            words += u32::from(length > 0);
            (length, capitals) = (0, 0);
        }
    }
    if small || words == 1 { places } else { Vec::new() }
}

/// Whether three letters are the same, whatever their case.
fn is_stretched(three: &[u8]) -> bool {
    let [a, b, c] = [three[0], three[1], three[2]].map(|letter| letter | 0x20);
    (a == b) & (b == c) & a.is_ascii_lowercase()
}

fn plain_ascii(c: char) -> char {
    match c {
        // The end of a line ends a clause.
        '\n' | '\r' => '\n',
        c if c.is_ascii_whitespace() => ' ',
        c => c.to_ascii_lowercase(),
    }
}

/// Accents of the scripts that can do without them: Latin, Cyrillic and Greek ones, Arabic vowel signs and hamzas, the dot
/// under Devanagari letters. Vowel signs of other scripts are part of the word.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{640}' | '\u{93c}')
}

/// One letter for those that people use for each other, and ASCII for the digits and marks of other scripts.
fn plain(c: char) -> char {
    match c {
        'ı' => 'i',
        'ø' => 'o',
        'ł' => 'l',
        'đ' => 'd',
        'ٱ' => 'ا',
        'ى' | 'ی' => 'ي',
        'ة' => 'ه',
        'ک' => 'ك',
        '\u{901}' => '\u{902}',
        '〇' => '零',
        '٫' => '.',
        '٬' | '،' => ',',
        '؟' => '?',
        '؛' => ';',
        '।' => '.',
        '٪' => '%',
        c => decimal_digit(c).unwrap_or(c),
    }
}

/// The zero of every script that has decimal digits of its own, in order: Unicode's category Nd without what NFKD takes apart.
const ZEROS: [u32; 61] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20,
    0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450,
    0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x11f50, 0x16a60, 0x16ac0,
    0x16b50, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950,
];

/// The digit that a character of any script stands for.
fn decimal_digit(c: char) -> Option<char> {
    let zero = ZEROS.into_iter().find(|zero| (*zero..zero + 10).contains(&(c as u32)))?;
    char::from_digit(c as u32 - zero, 10)
}

/// A half or quarters in one character.
fn is_fraction(c: char) -> bool {
    matches!(c, '¼'..='¾')
}

/// Letters that stand for two.
fn spelt_out(c: char) -> Option<&'static str> {
    match c {
        'ß' => Some("ss"),
        'æ' => Some("ae"),
        'œ' => Some("oe"),
        _ => None,
    }
}

/// Zero-width and directional characters, which say nothing to a reader, and the key around a digit: 5️⃣.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{feff}' | '\u{ad}' | '\u{fe00}'..='\u{fe0f}' | '\u{20e3}')
}

/// A word of a dictionary in the form that texts are folded to.
pub(crate) fn fold_word(word: &str) -> String {
    let word = word.trim();
    // Most are plain, and there are hundreds of thousands of them.
    fold_plain(word).unwrap_or_else(|| {
        let mut text = String::with_capacity(word.len());
        for c in Folded::new(word).chars {
            if c != ' ' || !text.ends_with(' ') {
                text.push(c);
            }
        }
        text
    })
}

/// A word of which every character is folded to one, and none stands three times in a row.
fn fold_plain(word: &str) -> Option<String> {
    if word.is_ascii() {
        let folded = word.to_ascii_lowercase();
        let stretched = |three: &[u8]| three[0] == three[1] && three[1] == three[2];
        let apart = |two: &[u8]| two == b"  ";
        let plain = !folded.as_bytes().windows(3).any(stretched) && !folded.as_bytes().windows(2).any(apart);
        return plain.then_some(folded);
    }
    let mut text = String::with_capacity(word.len());
    let (mut last, mut run) = ('\0', 0);
    for c in word.chars() {
        let c = match c {
            c if c.is_ascii() => c.to_ascii_lowercase(),
            c if is_ideograph(c) => c,
            c => KINDS.get(c as usize)?.folded?,
        };
        run = if c == last { run + 1 } else { 1 };
        if run == 3 {
            return None;
        }
        if c != ' ' || last != ' ' {
            text.push(c);
        }
        last = c;
    }
    Some(text)
}

/// Whether a script writes words without spaces between them.
pub(crate) fn is_spaceless(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '\u{e00}'..='\u{e7f}')
}

/// Chinese characters stay as they are.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

/// What is known of a character.
#[derive(Clone, Copy)]
struct Kind {
    /// A word goes on at it.
    word: bool,
    /// The one character that it is folded to, if it is one.
    folded: Option<char>,
}

/// Characters below this are looked up: the scripts of all languages but Chinese.
const LOOKED_UP: usize = 0x1000;

/// Looking through the tables of Unicode again and again took half of the time of a reading.
static KINDS: LazyLock<[Kind; LOOKED_UP]> = LazyLock::new(|| {
    std::array::from_fn(|code| {
        let c = char::from_u32(code as u32).unwrap_or('\0');
        let mut folded = Folded::default();
        folded.push_any(c, 0);
        let mut parts = folded.chars.into_iter();
        let first = parts.next();
        Kind { word: goes_on(c), folded: first.filter(|_| parts.next().is_none()) }
    })
});

/// Which plain characters are letters or digits.
static ASCII_WORDS: [bool; 128] = {
    let (mut words, mut code) = ([false; 128], 0);
    while code < words.len() {
        words[code] = (code as u8).is_ascii_alphanumeric();
        code += 1;
    }
    words
};

fn goes_on(c: char) -> bool {
    (c.is_alphanumeric() || is_combining_mark(c)) && !is_spaceless(c)
}

/// Whether a word goes on at this character.
#[inline]
pub(crate) fn is_word(c: char) -> bool {
    match ASCII_WORDS.get(c as usize) {
        Some(word) => *word,
        None => is_wide_word(c),
    }
}

/// The same for letters and digits that are not plain ones.
fn is_wide_word(c: char) -> bool {
    match KINDS.get(c as usize) {
        Some(kind) => kind.word,
        None => !is_spaceless(c) && goes_on(c),
    }
}

/// A number for a word (FNV-1a, 64 bits).
pub(crate) fn fingerprint(letters: impl Iterator<Item = char>) -> u64 {
    letters.fold(0xcbf2_9ce4_8422_2325, |hash, c| (hash ^ u64::from(u32::from(c))).wrapping_mul(0x100_0000_01b3))
}

/// Fingerprints are hashes already.
#[derive(Clone, Default)]
pub(crate) struct Straight(u64);

impl std::hash::BuildHasher for Straight {
    type Hasher = Self;
    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl std::hash::Hasher for Straight {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash ^ (hash >> 29);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_folds_alike_and_every_character_knows_where_it_stood() {
        assert_eq!(fold_word("Fône ＢＬＵＥＴＯＯＴＨ"), "fone bluetooth");
        assert_eq!(fold_word("ёлка"), fold_word("елка"));
        assert_eq!(fold_word("أَسْعَارُ ٢٬٥٠٠"), fold_word("اسعار 2,500"));
        assert_eq!(fold_word("पाँच हज़ार ५०"), fold_word("पांच हजार 50"));
        assert_eq!(fold_word("İstanbul straße œuf"), "istanbul strasse oeuf");
        assert_eq!(fold_word("pleeease helloooo book"), "please hello book");
        let stretched = Folded::new("phoneee?");
        assert_eq!((stretched.slice(0, 6).as_str(), stretched.origin_end(5)), ("phone?", 7));
        assert_eq!(fold_word("2½ ½"), "2 1⁄2 1⁄2");
        let spaced = Folded::new("two  words, 5  6   7 a   b");
        assert_eq!((spaced.slice(0, 9).as_str(), spaced.origin(4)), ("two words", 5));
        assert_eq!(spaced.slice(9, spaced.chars.len()), ", 5  6   7 a   b");
        let folded = Folded::new("a\u{200b}é５ﬁ");
        assert_eq!(folded.slice(0, folded.chars.len()), "ae5fi");
        assert_eq!((0..5).map(|index| folded.origin(index)).collect::<Vec<_>>(), [0, 2, 3, 4, 4]);
        assert_eq!(folded.origin_end(5), 5);
    }
}
