//! Words that nothing has read. Beside a property, or with words of looking for something, they name a thing that is not known here: who
//! asks for a leather wallet wants no leather boots.

use super::memory::Memory;
use super::needs::OCCASIONS;
use super::pointing::{Cue, Pointings, stands_in};
use crate::domain::{Intent, Language, Mention, Reading, Span};

/// What says nothing of a thing: words of these and of grammar.
const OF_TALK: [Cue; 9] =
    [Cue::Anything, Cue::Asks, Cue::Looking, Cue::Takes, Cue::It, Cue::Without, Cue::Measure, Cue::ForWhom, Cue::And];
/// "A kettle".
const FEWEST_WORDS: usize = 2;
/// "Kettle under 50 dollars".
const FEW_WORDS: usize = 4;
/// Letters of the shortest word that names a thing.
const SHORTEST: usize = 3;

impl Memory {
    /// Whether a message names a thing that nothing has read, and no kind or brand besides.
    pub(super) fn names_unread(&self, reading: &Reading, words: &str, pointings: &Pointings) -> bool {
        if !reading.products.is_empty() || !reading.brands.is_empty() || self.trouble {
            return false;
        }
        let message = Words { reading, pointings, language: reading.lang.as_ref().map_or("en", Language::tag) };
        let says = |cue| pointings.says(cue, words, Some(message.language));
        let is_plain = |intent: &Intent| matches!(intent, Intent::Price | Intent::Greeting | Intent::ProductInquiry);
        let is_open = reading.requests.is_empty() && reading.intents.iter().all(is_plain);
        // "Kettle under 50": the first word of a few, which nothing was asked for.
        if reading.budget.is_some() && reading.attributes.is_empty() {
            let few = self.asked.is_none() && self.shown.is_empty() && words.split_whitespace().count() <= FEW_WORDS;
            return is_open && few && message.of(words).next().is_some_and(|word| message.names_with_sum(word));
        }
        // A thing alone, as the first word of a talk.
        let is_alone = !self.greeted && reading.intents.is_empty() && words.split_whitespace().count() <= FEWEST_WORDS;
        let looks = is_open && (is_alone || says(Cue::Looking) || reading.wants(Intent::Price));
        match reading.attributes.is_empty() {
            true => looks && message.of(words).any(|word| message.is_unread(word)),
            false => reading.attributes.iter().any(|need| message.has_unread_beside(need, words)),
        }
    }
}

/// The words of a message and what was read of them.
struct Words<'a> {
    reading: &'a Reading,
    pointings: &'a Pointings,
    language: &'a str,
}

/// A word with the place of its first letter.
type Word<'w> = (u32, &'w str);

impl Words<'_> {
    /// In small letters, in their order.
    fn of<'w>(&self, words: &'w str) -> impl DoubleEndedIterator<Item = Word<'w>> {
        let is_inside = |letter: char| letter.is_alphanumeric() || letter == '\'' || is_mark_of_vowel(letter);
        let mut found: Vec<Word<'w>> = Vec::new();
        let mut start = None;
        for (place, (at, letter)) in (0..).zip(words.char_indices().chain([(words.len(), ' ')])) {
            match (start, is_inside(letter)) {
                (None, true) => start = Some((place, at)),
                (Some((first, from)), false) => {
                    found.push((first, &words[from..at]));
                    start = None;
                }
                _ => {}
            }
        }
        found.into_iter()
    }

    /// Whether the word beside which a property stands is one that nothing has read.
    fn has_unread_beside(&self, need: &Mention, words: &str) -> bool {
        let of_category = self.pointings.category_of(&need.key).is_some();
        if need.negated || of_category || OCCASIONS.contains(&&*need.key) {
            return false;
        }
        if self.language.starts_with("zh") {
            let behind: String = words.chars().skip(need.span.end as usize).collect();
            return self.has_unread_letters(&behind, need.span.end);
        }
        let word = match self.pointings.is_behind(self.language) {
            true => self.of(words).rev().find(|(start, _)| *start < need.span.start),
            false => self.of(words).find(|(start, _)| *start >= need.span.end),
        };
        word.is_some_and(|word| self.is_unread(word))
    }

    /// Without spaces: whether anything stands behind it but words of talk.
    fn has_unread_letters(&self, behind: &str, start: u32) -> bool {
        let behind = behind.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        let mut rest = behind.to_owned();
        for phrase in OF_TALK.iter().flat_map(|cue| self.pointings.phrases(*cue, Some(self.language))) {
            rest = rest.replace(phrase.as_str(), "");
        }
        let is_read = self.is_read(Span { start, end: start + behind.chars().count() as u32 });
        !is_read && rest.chars().any(char::is_alphabetic)
    }

    fn is_unread(&self, (start, word): Word<'_>) -> bool {
        let length = word.chars().count();
        let span = Span { start, end: start + length as u32 };
        let is_talk = || {
            let mut phrases = OF_TALK.iter().flat_map(|cue| self.pointings.phrases(*cue, Some(self.language)));
            phrases.any(|phrase| stands_in(phrase, word))
        };
        let is_little = self.pointings.is_little(word, self.language) || self.pointings.is_little(word, "en");
        length >= SHORTEST
            && word.chars().all(|letter| letter.is_alphabetic() || is_mark_of_vowel(letter))
            && !self.is_read(span)
            && !is_little
            && !is_talk()
    }

    /// Whether a word that stands before a sum is one that nothing has read, and says nothing of sums.
    fn names_with_sum(&self, (start, word): Word<'_>) -> bool {
        let is_of_money = [self.language, "en"].iter().any(|language| self.pointings.is_of_money(word, language));
        word.chars().count() > SHORTEST && !is_of_money && self.is_unread((start, word))
    }

    /// Whether something that was read stands there.
    fn is_read(&self, span: Span) -> bool {
        let reading = self.reading;
        let mentions = reading.attributes.iter().chain(&reading.requests).map(|mention| mention.span);
        let amounts = reading.amounts.iter().map(|amount| amount.span);
        let mut read = mentions.chain(amounts).chain(reading.intent_spans.iter().copied());
        read.any(|read| read.start < span.end && span.start < read.end)
    }
}

/// Signs that stand on letters, in Hindi and Arabic, are parts of words.
fn is_mark_of_vowel(letter: char) -> bool {
    matches!(letter, '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{962}'..='\u{963}' | '\u{64b}'..='\u{65f}' | '\u{200c}' | '\u{200d}')
}
