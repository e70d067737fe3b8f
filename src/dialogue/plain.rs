//! Letters as names are looked for: customers leave accents out where the shop writes them, and the other way round.

use unicode_normalization::UnicodeNormalization;

/// Words in [`plain`] letters, with where each of their bytes stood.
pub(super) struct Plain {
    text: String,
    /// Where each byte stood; behind the last the length. Empty where each stands where it stood.
    places: Vec<usize>,
}

impl Plain {
    pub(super) fn of(words: &str) -> Self {
        if words.is_ascii() {
            return Self { text: words.to_owned(), places: Vec::new() };
        }
        let (mut text, mut places) = (String::with_capacity(words.len()), Vec::with_capacity(words.len() + 1));
        for (place, letter) in words.char_indices() {
            for plain in letters(letter) {
                text.push(plain);
                places.resize(text.len(), place);
            }
        }
        places.push(words.len());
        Self { text, places }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where in the words a place in their plain letters stood.
    pub(super) fn stood_at(&self, place: usize) -> usize {
        self.places.get(place).copied().unwrap_or(place)
    }
}

/// Small letters without accents; the signs of vowels stay where words are written with them.
pub(super) fn plain(words: &str) -> String {
    if words.is_ascii() {
        return words.to_ascii_lowercase();
    }
    words.to_lowercase().chars().flat_map(letters).collect()
}

fn letters(letter: char) -> impl Iterator<Item = char> {
    let parts = std::iter::once(letter).nfd();
    parts.filter(|part| !is_accent(*part)).map(|part| if part == 'ı' { 'i' } else { part })
}

fn is_accent(part: char) -> bool {
    matches!(part, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{655}' | '\u{670}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_go_and_places_are_those_of_the_words() {
        for (words, expected) in [
            ("Ácido Hialurônico", "acido hialuronico"),
            ("İnci Akü", "inci aku"),
            ("ışıl", "isil"),
            ("أرز", "ارز"),
            ("हिन्दी", "हिन्दी"),
            ("Nova S5", "nova s5"),
        ] {
            assert_eq!(plain(words), expected);
        }
        let words = "o sérum ácido";
        let found = Plain::of(words);
        let start = found.text().find("acido").unwrap_or_default();
        assert_eq!(&words[found.stood_at(start)..found.stood_at(start + 5)], "ácido");
        assert_eq!(Plain::of("serum").stood_at(5), 5);
    }
}
