//! The language of a message: by script, by the little words of each language, by the customer's earlier messages.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::dictionary::read;
use super::folding::{Folded, fold_word, is_spaceless, is_word};
use crate::domain::{Language, Problem, SourceFile};

/// Little words that tell languages apart, from `languages.toml`.
pub(super) struct Languages {
    names: Vec<String>,
    words: HashMap<String, Vec<usize>>,
    traditional: Vec<char>,
    simplified: Vec<char>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguagesFile {
    /// Characters that only the traditional script has, and only the simplified.
    traditional: String,
    simplified: String,
    words: BTreeMap<String, Vec<String>>,
}

impl Languages {
    pub(super) fn parse(file: &SourceFile) -> Result<Self, Problem> {
        let written: LanguagesFile = read(file)?;
        let mut words: HashMap<String, Vec<usize>> = HashMap::new();
        let mut names = Vec::new();
        for (index, (name, list)) in written.words.into_iter().enumerate() {
            names.push(name);
            for word in list {
                words.entry(fold_word(&word)).or_default().push(index);
            }
        }
        let (traditional, simplified) = (written.traditional.chars().collect(), written.simplified.chars().collect());
        Ok(Self { names, words, traditional, simplified })
    }

    /// The language of a message, or `None` where it shows none and none is known.
    pub(super) fn detect(&self, folded: &Folded, hint: Option<&str>) -> Option<Language> {
        let hint = hint.map(|tag| Language(tag.to_owned()));
        let letters = folded.chars.iter().filter(|c| c.is_alphabetic());
        let (mut chinese, mut cyrillic, mut other) = (0, 0, 0);
        for c in letters {
            match c {
                c if is_spaceless(*c) => chinese += 1,
                '\u{400}'..='\u{52f}' => cyrillic += 1,
                _ => other += 1,
            }
        }
        // A Chinese character says as much as a word.
        if chinese > 0 && chinese * 3 >= other + cyrillic {
            return Some(self.chinese(folded, hint));
        }
        if cyrillic > other {
            return Some(Language("ru".into()));
        }
        self.by_words(folded, hint.as_ref()).or_else(|| self.by_statistics(folded, other)).or(hint)
    }

    fn chinese(&self, folded: &Folded, hint: Option<Language>) -> Language {
        let count = |set: &[char]| folded.chars.iter().filter(|c| set.contains(c)).count();
        let (traditional, simplified) = (count(&self.traditional), count(&self.simplified));
        if traditional == simplified
            && let Some(hint) = hint.filter(|hint| hint.tag().starts_with("zh"))
        {
            return hint;
        }
        Language(if traditional > simplified { "zh-Hant" } else { "zh-Hans" }.into())
    }

    fn by_words(&self, folded: &Folded, hint: Option<&Language>) -> Option<Language> {
        let mut votes = vec![0_u32; self.names.len()];
        for word in folded.text.split(|c: char| !is_word(c) && c != '\'').filter(|word| !word.is_empty()) {
            for index in self.words.get(word).into_iter().flatten() {
                votes[*index] += 2;
            }
        }
        if let Some(index) = hint.and_then(|hint| self.names.iter().position(|name| name == hint.tag()))
            && votes[index] > 0
        {
            votes[index] += 1;
        }
        let best = *votes.iter().max()?;
        let winners: Vec<usize> = (0..votes.len()).filter(|index| votes[*index] == best).collect();
        (best > 0 && winners.len() == 1).then(|| Language(self.names[winners[0]].clone()))
    }

    /// For longer texts in which no little word stands.
    fn by_statistics(&self, folded: &Folded, letters: usize) -> Option<Language> {
        if letters < 24 {
            return None;
        }
        let info = whatlang::detect(&folded.text).filter(whatlang::Info::is_reliable)?;
        let tag = match info.lang() {
            whatlang::Lang::Eng => "en",
            whatlang::Lang::Ita => "it",
            whatlang::Lang::Por => "pt",
            whatlang::Lang::Spa => "es",
            whatlang::Lang::Deu => "de",
            whatlang::Lang::Fra => "fr",
            whatlang::Lang::Tur => "tr",
            whatlang::Lang::Ind => "id",
            _ => return None,
        };
        Some(Language(tag.into()))
    }
}
