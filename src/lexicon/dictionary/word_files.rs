//! Files of words as they are written, before anybody knows what else stands in the others. Parsing them is a large part of a
//! start, so another thread does it, ahead of the one that takes them in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::files::read;
use hotline_domain::{Problem, SourceFile};

/// Files that are parsed and not taken in at most.
const AHEAD: usize = 2;

/// A word of a dictionary: text, or a table with its switches.
#[derive(Clone, Debug)]
pub(crate) struct Word<'f> {
    text: Cow<'f, str>,
    /// No slips are forgiven and no forms made: what is near it is another word.
    exact: bool,
}

impl Word<'_> {
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.exact
    }
}

impl<'de: 'f, 'f> Deserialize<'de> for Word<'f> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

/// `{ word = "case", exact = true }`
#[derive(Deserialize)]
struct Switched<'f> {
    #[serde(borrow)]
    word: Cow<'f, str>,
    #[serde(default)]
    exact: bool,
}

impl<'f> Visitor<'f> for WordVisitor {
    type Value = Word<'f>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a word in quotes, or { word = \"…\", exact = true }")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'f str) -> Result<Word<'f>, E> {
        Ok(Word { text: Cow::Borrowed(text), exact: false })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Word<'f>, E> {
        Ok(Word { text: Cow::Owned(text.to_owned()), exact: false })
    }

    fn visit_map<A: MapAccess<'f>>(self, map: A) -> Result<Word<'f>, A::Error> {
        let Switched { word, exact } = Switched::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Word { text: word, exact })
    }
}

/// Words by language, or by cue.
pub(crate) type Words<'f> = BTreeMap<String, Vec<Spanned<Word<'f>>>>;

/// `descriptions.toml`, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DescriptionFile<'f> {
    /// Kinds of words that say nothing where they are denied.
    pub(crate) affirmed: Vec<String>,
    /// Groups of products of which the same is said.
    pub(crate) things: BTreeMap<String, Vec<String>>,
    /// Properties, and what says them together.
    pub(crate) rules: BTreeMap<String, Vec<Spanned<String>>>,
    /// Wishes of requests.toml, and what says them together.
    #[serde(default)]
    pub(crate) requests: BTreeMap<String, Vec<Spanned<String>>>,
    /// Those of them that tell of a trouble.
    #[serde(default)]
    pub(crate) reports: Vec<String>,
    /// Kinds of words, and the words of each language.
    #[serde(borrow)]
    pub(crate) words: BTreeMap<String, Words<'f>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntentFile<'f> {
    #[serde(borrow)]
    pub(crate) words: Words<'f>,
    /// Other intents, or a budget, that explain it away: who wants no more offers asks for none.
    #[serde(default)]
    pub(crate) unless: Vec<Spanned<String>>,
    /// Cues that a question is about: one with such a word no budget explains away.
    #[serde(default)]
    pub(crate) asked: Vec<String>,
    /// Cues that make the intent together.
    #[serde(default)]
    pub(crate) cues: Vec<Spanned<String>>,
    /// Cues that only look like it together.
    #[serde(default)]
    pub(crate) not_cues: Vec<Spanned<String>>,
    /// Cues of other matters: a phrase beside them says something else…
    #[serde(default)]
    pub(crate) others: Vec<String>,
    /// …where none of these is nearer.
    #[serde(default)]
    pub(crate) own: Vec<String>,
    /// Words for "or": between two things they make a question this intent.
    #[serde(default, borrow)]
    pub(crate) or: Words<'f>,
    #[serde(default, borrow)]
    pub(crate) not: Words<'f>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BrandTable<'f> {
    #[serde(default, borrow)]
    pub(crate) words: Vec<Spanned<Word<'f>>>,
    #[serde(default)]
    pub(crate) needs_company: Vec<String>,
    #[serde(default)]
    pub(crate) implies: Option<String>,
    #[serde(default)]
    pub(crate) level: Option<u8>,
    #[serde(default, borrow)]
    pub(crate) model: Vec<ModelTable<'f>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelTable<'f> {
    #[serde(borrow)]
    pub(crate) words: Vec<Spanned<Word<'f>>>,
    pub(crate) implies: String,
    #[serde(default)]
    pub(crate) level: Option<u8>,
}

/// What a file of words holds, by the folder that it stands in, with the name of the file where that says something.
pub(crate) enum WordFile<'f> {
    Attributes(BTreeMap<String, Words<'f>>),
    Requests(BTreeMap<String, Words<'f>>),
    NoThings(Words<'f>),
    Descriptions(DescriptionFile<'f>),
    Products(&'f str, BTreeMap<String, Words<'f>>),
    Intent(&'f str, IntentFile<'f>),
    Brands(&'f str, BTreeMap<String, BrandTable<'f>>),
    Cues(&'f str, Words<'f>),
}

/// Reads a file, if it is one of words.
fn parse(file: &SourceFile) -> Option<Result<WordFile<'_>, Problem>> {
    let (folder, name) = file.path.split_once('/').unwrap_or(("", &file.path));
    let name = name.trim_end_matches(".toml");
    Some(match (folder, name) {
        ("", "attributes") => read(file).map(WordFile::Attributes),
        ("", "requests") => read(file).map(WordFile::Requests),
        ("", "descriptions") => read(file).map(WordFile::Descriptions),
        ("", "no_things") => read(file).map(WordFile::NoThings),
        ("products", category) => read(file).map(|words| WordFile::Products(category, words)),
        ("intents", intent) => read(file).map(|words| WordFile::Intent(intent, words)),
        ("brands", category) => read(file).map(|words| WordFile::Brands(category, words)),
        ("cues", language) => read(file).map(|words| WordFile::Cues(language, words)),
        _ => return None,
    })
}

/// Reads all files of words in their order, a little ahead of whoever takes them in.
pub(crate) fn parse_all<'f>(
    files: &'f [SourceFile],
    mut take: impl FnMut(&'f SourceFile, Result<WordFile<'f>, Problem>),
) {
    std::thread::scope(|scope| {
        let (ready, parsed) = sync_channel(AHEAD);
        scope.spawn(move || {
            for (file, words) in files.iter().filter_map(|file| Some((file, parse(file)?))) {
                // Nobody takes them any more when that went wrong.
                if ready.send((file, words)).is_err() {
                    return;
                }
            }
        });
        parsed.iter().for_each(|(file, words)| take(file, words));
    });
}
