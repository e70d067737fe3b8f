//! What customers answer in a word or two, and what they ask of the bot itself. The words stand in `keywords/short_answers.toml`.

use std::collections::BTreeMap;

use daachorse::{CharwiseDoubleArrayAhoCorasick, CharwiseDoubleArrayAhoCorasickBuilder, MatchKind};
use serde::Deserialize;

use super::phrases::Phrases;
use super::pointing::{is_whole, places, stands_in};
use super::words::is_question;
use crate::domain::{Language, Problem, SourceFile};

const FILE: &str = "short_answers.toml";
const ADVICE: &str = "Write [yes], [no], [noted], [polite] or [what_are_you] and lines such as en = [\"sure\"], [person_or_bot] \
                      and lines such as en = { person = [\"human\"], or = [\"or\"], bot = [\"bot\"] }, or [speak] after \
                      speak_not = [\"not\"] and, by the language that is asked for, lines such as es = [\"speak spanish\"].";

/// "I do not really speak German" asks for anything else: as many words before it may deny it.
const DENIED_WITHIN: usize = 2;
/// Letters between the person and the bot of which one is asked for.
const BETWEEN: usize = 24;

/// What one of the words says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Yes,
    No,
    Noted,
    Polite,
    WhatAreYou,
}

/// What a message that holds nothing else says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShortAnswer {
    Yes,
    No,
    /// All right, I see, thumbs up.
    Noted,
}

type Words<Meaning> = CharwiseDoubleArrayAhoCorasick<Meaning>;

/// The words, compiled.
pub(super) struct ShortAnswers {
    /// Of each word, which of the first four it may be: "ya" is a yes here and a courtesy there. Bits by [`bit`].
    words: Words<u32>,
    /// By language, in small letters.
    yes: BTreeMap<String, Vec<String>>,
    person_or_bot: Vec<PersonOrBot>,
    /// Its words for a person, by the place of the language.
    persons: Phrases<usize>,
    speak: Words<u32>,
    /// Words before it that deny a language.
    denied: Vec<String>,
    languages: Vec<Language>,
}

/// "A person or a bot?", in either order: the words of a language for each.
#[derive(Deserialize)]
struct PersonOrBot {
    person: Vec<String>,
    or: Vec<String>,
    bot: Vec<String>,
}

/// The file, as it is written.
#[derive(Deserialize)]
struct Written {
    /// By the language that is asked for.
    speak: BTreeMap<String, Vec<String>>,
    /// What denies one of them.
    speak_not: Vec<String>,
    /// By the language in which it is asked.
    person_or_bot: BTreeMap<String, PersonOrBot>,
    #[serde(flatten)]
    words: BTreeMap<Word, BTreeMap<String, Vec<String>>>,
}

fn bit(word: Word) -> u32 {
    1 << word as u32
}

impl ShortAnswers {
    /// Reads `short_answers.toml` among the files.
    pub(super) fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        match Self::read_file(files) {
            Ok(answers) => (Some(answers), Vec::new()),
            Err(problem) => (None, vec![problem]),
        }
    }

    fn read_file(files: &[SourceFile]) -> Result<Self, Problem> {
        let file = SourceFile::required(files, FILE, "what customers answer in a word or two")?;
        let written: Written = file.toml(ADVICE)?;
        let small = |(language, words): (&String, &Vec<String>)| {
            (language.clone(), words.iter().map(|word| word.to_lowercase()).collect())
        };
        let yes = written.words.get(&Word::Yes).into_iter().flatten().map(small).collect();
        let mut words: BTreeMap<String, u32> = BTreeMap::new();
        for (meaning, languages) in &written.words {
            for word in languages.values().flatten() {
                *words.entry(word.to_lowercase()).or_default() |= bit(*meaning);
            }
        }
        let mut speak = BTreeMap::new();
        for (index, list) in (0..).zip(written.speak.values()) {
            speak.extend(list.iter().map(|words| (words.to_lowercase(), index)));
        }
        let automaton = |words: BTreeMap<String, u32>| {
            let builder = CharwiseDoubleArrayAhoCorasickBuilder::new().match_kind(MatchKind::LeftmostLongest);
            let built = builder.build_with_values(words);
            built.map_err(|error| Problem::at(FILE, &file.text, 0, error.to_string(), ADVICE))
        };
        let languages = written.speak.into_keys().map(Language).collect();
        let person_or_bot: Vec<PersonOrBot> = written.person_or_bot.into_values().collect();
        let of = |(place, of): (usize, &PersonOrBot)| of.person.clone().into_iter().map(move |word| (word, place));
        let persons = Phrases::of(person_or_bot.iter().enumerate().flat_map(of));
        let persons = persons.map_err(|error| Problem::at(FILE, &file.text, 0, error, ADVICE))?;
        let denied = written.speak_not;
        Ok(Self { words: automaton(words)?, yes, person_or_bot, persons, speak: automaton(speak)?, denied, languages })
    }

    /// What words in small letters say where they say nothing else; a picture of a smile says that all is well.
    pub(super) fn read(&self, words: &str) -> Option<ShortAnswer> {
        let mut said = Vec::new();
        let mut rest: String = words.to_owned();
        for hit in self.words.leftmost_find_iter(words).filter(|hit| is_whole(words, hit.start(), hit.end())) {
            said.push(hit.value() & !bit(Word::WhatAreYou));
            rest.replace_range(hit.start()..hit.end(), &" ".repeat(hit.end() - hit.start()));
        }
        if rest.chars().any(|c| c.is_alphanumeric() || is_question(c)) {
            return None;
        }
        // What may be a courtesy is one where something else is said beside it.
        let says = |meaning: Word, alone: bool| {
            let is_it = |word: &u32| word & bit(meaning) != 0 && (alone || word & bit(Word::Polite) == 0);
            said.iter().any(is_it)
        };
        let found = [false, true].into_iter().find_map(|alone| {
            let order = [(Word::No, ShortAnswer::No), (Word::Yes, ShortAnswer::Yes), (Word::Noted, ShortAnswer::Noted)];
            order.into_iter().find(|(word, _)| says(*word, alone)).map(|(_, answer)| answer)
        });
        found.or_else(|| (said.is_empty() && rest.chars().any(is_picture)).then_some(ShortAnswer::Noted))
    }

    /// Whether words in small letters say all right and no more, also where the same word is a yes to a question.
    pub(super) fn is_noted(&self, words: &str) -> bool {
        matches!(self.read(words), Some(ShortAnswer::Yes | ShortAnswer::Noted))
    }

    /// Whether words in small letters begin with a yes of that language and ask nothing. A single letter says yes only alone.
    pub(super) fn begins_with_yes(&self, words: &str, language: &str) -> bool {
        let words = words.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        let begins = |yes: &String| {
            yes.chars().nth(1).is_some() && words.starts_with(yes.as_str()) && is_whole(words, 0, yes.len())
        };
        !words.contains(is_question) && self.yes.get(language).into_iter().flatten().any(begins)
    }

    /// What is left of words in small letters beside a question of who or what answers, or of which language is spoken.
    pub(super) fn beside_questions_of_us(&self, words: &str) -> Option<String> {
        let asked = |hit: &daachorse::Match<u32>| hit.value() & bit(Word::WhatAreYou) != 0;
        let of_us = self.words.leftmost_find_iter(words).filter(asked).map(|hit| (hit.start(), hit.end()));
        let of_language = self.speak.leftmost_find_iter(words).map(|hit| (hit.start(), hit.end()));
        let found = of_us.chain(of_language).chain(self.person_or_bot(words));
        let mut rest = words.to_owned();
        let mut any = false;
        for (start, end) in found.filter(|(start, end)| is_whole(words, *start, *end)) {
            rest.replace_range(start..end, &" ".repeat(end - start));
            any = true;
        }
        any.then_some(rest)
    }

    /// Whether words in small letters ask who or what answers.
    pub(super) fn asks_what_we_are(&self, words: &str) -> bool {
        let asked = |hit: &daachorse::Match<u32>| hit.value() & bit(Word::WhatAreYou) != 0;
        let mut hits = self.words.leftmost_find_iter(words).filter(asked);
        hits.any(|hit| is_whole(words, hit.start(), hit.end())) || self.person_or_bot(words).is_some()
    }

    /// Where words in small letters ask whether a person or a bot answers.
    fn person_or_bot(&self, words: &str) -> Option<(usize, usize)> {
        // Most messages name nobody.
        let persons = self.persons.in_words(words);
        let mut named = persons.flat_map(|(start, end, places)| places.iter().map(move |place| ((start, end), *place)));
        named.find_map(|(person, place)| {
            let of = self.person_or_bot.get(place)?;
            let bots = of.bot.iter().flat_map(|word| places(words, word));
            let mut asked = bots.map(|bot| (person.min(bot), person.max(bot))).filter(|(one, other)| {
                let between = words.get(one.1..other.0).filter(|between| between.chars().count() <= BETWEEN);
                between.is_some_and(|between| of.or.iter().any(|or| stands_in(between, or)))
            });
            asked.next().map(|(one, other)| (one.0, other.1))
        })
    }

    /// The language that words in small letters ask to be answered in.
    pub(super) fn language_asked_for(&self, words: &str) -> Option<&Language> {
        let mut hits = self.speak.leftmost_find_iter(words);
        let denied = |hit: &daachorse::Match<u32>| {
            let mut before = words[..hit.start()].split_whitespace().rev().take(DENIED_WITHIN);
            before.any(|word| self.denied.iter().any(|denial| denial == word))
        };
        let hit = hits.find(|hit| is_whole(words, hit.start(), hit.end()) && !denied(hit))?;
        self.languages.get(hit.value() as usize)
    }
}

/// Whether it is one of the small pictures that people write: symbols, and what lies beyond the letters of all scripts.
fn is_picture(letter: char) -> bool {
    matches!(letter, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn a_short_answer_holds_nothing_else() {
        let text = "speak_not = [\"don't\"]\n[yes]\nen = [\"yes\", \"sure\"]\nid = [\"ya\"]\n[no]\nen = [\"no\"]\n[noted]\nen = [\"ok\"]\n\
                    [polite]\nen = [\"please\"]\nid = [\"ya\"]\n[what_are_you]\nen = [\"are you a bot\"]\n\
                    [person_or_bot]\nen = { person = [\"human\"], or = [\"or\"], bot = [\"bot\"] }\n\
                    [speak]\nes = [\"speak spanish\"]\n";
        let file = SourceFile { path: FILE.into(), text: text.into() };
        let (answers, problems) = ShortAnswers::compile(&[file]);
        assert_eq!(problems, []);
        let answers = answers.unwrap();
        let read = |words| answers.read(words);
        assert_eq!(read(" yes, please!"), Some(ShortAnswer::Yes));
        assert_eq!(read("ok, no"), Some(ShortAnswer::No));
        assert_eq!(read("ya"), Some(ShortAnswer::Yes));
        assert_eq!(read("ok ya"), Some(ShortAnswer::Noted));
        assert_eq!(read("👍🏽"), Some(ShortAnswer::Noted));
        for words in ["ok?", "please", "ok tents", "yesterday", "", "...", "??"] {
            assert_eq!(read(words), None, "{words}");
        }
        assert!(answers.begins_with_yes(" sure, look for one", "en") && !answers.begins_with_yes("for sure", "en"));
        for (words, language) in [("sure, look for one?", "en"), ("sure, look for one", "id"), ("surely not", "en")] {
            assert!(!answers.begins_with_yes(words, language), "{words}");
        }
        assert_eq!(answers.beside_questions_of_us("hey, are you a bot?").unwrap().trim_end_matches([' ', '?']), "hey,");
        let beside = answers.beside_questions_of_us("a human or a bot?").unwrap();
        assert_eq!(beside.split_whitespace().collect::<Vec<_>>(), ["a", "?"]);
        assert!(!answers.asks_what_we_are("a human, no bot") && !answers.asks_what_we_are("a human ordering a bot"));
        assert_eq!(answers.language_asked_for("can you speak spanish").unwrap().tag(), "es");
        assert_eq!(answers.language_asked_for("a spanish book"), None);
        assert_eq!(answers.language_asked_for("i don't speak spanish"), None);
    }
}
