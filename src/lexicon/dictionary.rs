//! Dictionary files: reading, checking, compiling.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::Lexicon;
use super::folding::fold_word;
use super::language::Languages;
use super::matcher::{Matcher, Meaning};
use super::money::MoneyWords;
use crate::domain::{Intent, Problem, Severity, SourceFile};

/// Between the two parts of a phrase with a gap.
const GAP: char = '…';

/// A word of a dictionary: text, or a table with its switches.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Word {
    Plain(String),
    Switched {
        word: String,
        /// No tolerance for typos; every word is matched exactly so far.
        #[serde(default, rename = "exact")]
        _exact: bool,
    },
}

impl Word {
    fn text(&self) -> &str {
        match self {
            Self::Plain(word) | Self::Switched { word, .. } => word,
        }
    }
}

/// Words by language.
type Words = BTreeMap<String, Vec<Spanned<Word>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IntentFile {
    words: Words,
    #[serde(default)]
    not: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BrandTable {
    #[serde(default)]
    words: Vec<Spanned<Word>>,
    #[serde(default)]
    needs_company: Vec<String>,
    #[serde(default)]
    implies: Option<String>,
    #[serde(default)]
    level: Option<u8>,
    #[serde(default)]
    model: Vec<ModelTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelTable {
    words: Vec<Spanned<Word>>,
    implies: String,
    #[serde(default)]
    level: Option<u8>,
}

/// Negators by language, and what they reach.
#[derive(Clone, Debug, Default)]
pub(super) struct Negation {
    /// Words that negate what follows.
    pub(super) before: Vec<String>,
    /// Words that end a negator's reach.
    pub(super) until: Vec<String>,
    /// Intents that a negator takes back.
    pub(super) intents: Vec<Intent>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NegationFile {
    before: BTreeMap<String, Vec<String>>,
    until: BTreeMap<String, Vec<String>>,
    intents: Vec<String>,
}

/// Languages that dictionaries may have.
const LANGUAGES: [&str; 15] =
    ["en", "zh-Hans", "zh-Hant", "ru", "it", "pt", "es", "id", "ms", "hi", "hi-Latn", "ar", "de", "fr", "tr"];

#[derive(Default)]
struct Builder {
    words: HashMap<String, Vec<Meaning>>,
    /// Which concept a word stood under first, for warnings.
    owner: HashMap<String, String>,
    gaps: u32,
    problems: Vec<Problem>,
}

/// Compiles all dictionaries.
pub(super) fn compile(files: &[SourceFile]) -> (Option<Lexicon>, Vec<Problem>) {
    let mut builder = Builder::default();
    let (mut negation, mut money, mut languages) = (None, None, None);
    for file in files {
        match file.path.as_str() {
            "attributes.toml" => builder.concepts(file, |name| Meaning::Attribute(name.into())),
            "negation.toml" => negation = builder.negation(file),
            "money.toml" => money = keep(&mut builder.problems, MoneyWords::parse(file)),
            "languages.toml" => languages = keep(&mut builder.problems, Languages::parse(file)),
            path => match path.split_once('/') {
                Some(("products", name)) => {
                    let category = name.trim_end_matches(".toml").to_owned();
                    builder.concepts(file, |name| Meaning::Product(format!("{category}/{name}").into()));
                }
                Some(("intents", name)) => builder.intent(file, name.trim_end_matches(".toml")),
                Some(("brands", _)) => builder.brands(file),
                _ => {}
            },
        }
    }
    for (found, name) in [
        (negation.is_some(), "negation.toml"),
        (money.is_some(), "money.toml"),
        (languages.is_some(), "languages.toml"),
    ] {
        if !found && !builder.problems.iter().any(|problem| problem.file == name) {
            let advice = "Copy it from the ones that ship with Hotline.";
            builder.problems.push(Problem::at(name, "", 0, format!("{name} is missing"), advice));
        }
    }
    let mut problems = builder.problems;
    let matcher = match Matcher::new(builder.words) {
        Ok(matcher) => Some(matcher),
        Err(error) => {
            problems.push(Problem::at("products", "", 0, error, ""));
            None
        }
    };
    let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
    let lexicon = match (failed, matcher, money, negation, languages) {
        (false, Some(matcher), Some(money), Some(negation), Some(languages)) => {
            Some(Lexicon { matcher, money, negation, languages })
        }
        _ => None,
    };
    (lexicon, problems)
}

fn keep<T>(problems: &mut Vec<Problem>, parsed: Result<T, Problem>) -> Option<T> {
    parsed.map_err(|problem| problems.push(problem)).ok()
}

/// Reads a TOML file, or tells where it is wrong.
pub(super) fn read<T: serde::de::DeserializeOwned>(file: &SourceFile) -> Result<T, Problem> {
    toml::from_str(&file.text).map_err(|error| {
        let place = error.span().map_or(0, |span| span.start);
        let advice = "Words stand in quotes between [ and ], with commas: en = [\"phone\", \"smartphone\"].";
        Problem::at(&file.path, &file.text, place, error.message().to_owned(), advice)
    })
}

impl Builder {
    fn parsed<T: serde::de::DeserializeOwned>(&mut self, file: &SourceFile) -> Option<T> {
        keep(&mut self.problems, read(file))
    }

    fn concepts(&mut self, file: &SourceFile, meaning: impl Fn(&str) -> Meaning) {
        let Some(concepts) = self.parsed::<BTreeMap<String, Words>>(file) else { return };
        for (name, words) in concepts {
            let meaning = meaning(&name);
            self.languages(file, &words);
            for word in words.values().flatten() {
                self.add(file, word, &name, meaning.clone());
            }
        }
    }

    fn languages(&mut self, file: &SourceFile, words: &Words) {
        for language in words.keys().filter(|language| !LANGUAGES.contains(&language.as_str())) {
            let place = file.text.find(&format!("\n{language} ")).map_or(0, |place| place + 1);
            let advice = format!("Languages are: {}.", LANGUAGES.join(", "));
            let message = format!("`{language}` is no language that dictionaries have");
            self.problems.push(Problem::at(&file.path, &file.text, place, message, advice));
        }
    }

    fn intent(&mut self, file: &SourceFile, name: &str) {
        let Some(intent) = Intent::from_key(name) else {
            let known: Vec<_> = Intent::ALL.iter().map(|intent| intent.key()).collect();
            let message = format!("there is no intent `{name}`");
            let advice = format!("The file's name is the intent's: {}.", known.join(", "));
            self.problems.push(Problem::at(&file.path, &file.text, 0, message, advice));
            return;
        };
        let Some(IntentFile { words, not }) = self.parsed::<IntentFile>(file) else { return };
        self.languages(file, &words);
        self.languages(file, &not);
        for word in words.values().flatten() {
            self.phrase(file, word, intent, false);
        }
        for word in not.values().flatten() {
            self.phrase(file, word, intent, true);
        }
    }

    fn phrase(&mut self, file: &SourceFile, word: &Spanned<Word>, intent: Intent, against: bool) {
        let (place, name) = (word.span().start, intent.key());
        match word.get_ref().text().split_once(GAP) {
            Some((start, end)) => {
                let phrase = self.gaps;
                self.gaps += 1;
                self.insert(file, place, start, name, Meaning::GapStart(phrase));
                self.insert(file, place, end, name, Meaning::GapEnd { phrase, intent, against });
            }
            None if against => self.add(file, word, name, Meaning::NotIntent(intent)),
            None => self.add(file, word, name, Meaning::Intent(intent)),
        }
    }

    fn brands(&mut self, file: &SourceFile) {
        let Some(brands) = self.parsed::<BTreeMap<String, BrandTable>>(file) else { return };
        for (name, brand) in brands {
            let key: Arc<str> = name.as_str().into();
            for word in &brand.words {
                let needs_company = brand.needs_company.iter().any(|other| other == word.get_ref().text());
                let implies = brand.implies.as_deref().map(Into::into);
                let meaning = Meaning::Brand { key: key.clone(), implies, level: brand.level, needs_company };
                self.add(file, word, &name, meaning);
            }
            for model in &brand.model {
                let level = model.level.or(brand.level);
                for word in &model.words {
                    let implies = Some(model.implies.as_str().into());
                    let needs_company = brand.needs_company.iter().any(|other| other == word.get_ref().text());
                    self.add(file, word, &name, Meaning::Brand { key: key.clone(), implies, level, needs_company });
                }
            }
        }
    }

    fn negation(&mut self, file: &SourceFile) -> Option<Negation> {
        let written: NegationFile = self.parsed(file)?;
        let all =
            |lists: BTreeMap<String, Vec<String>>| lists.into_values().flatten().map(|word| fold_word(&word)).collect();
        let intents = written.intents.iter().filter_map(|key| Intent::from_key(key)).collect();
        Some(Negation { before: all(written.before), until: all(written.until), intents })
    }

    fn add(&mut self, file: &SourceFile, word: &Spanned<Word>, concept: &str, meaning: Meaning) {
        self.insert(file, word.span().start, word.get_ref().text(), concept, meaning);
    }

    fn insert(&mut self, file: &SourceFile, place: usize, word: &str, concept: &str, meaning: Meaning) {
        let folded = fold_word(word);
        if folded.is_empty() {
            let message = format!("an empty word under `{concept}`");
            self.problems.push(Problem::at(&file.path, &file.text, place, message, "Remove it, or write the word."));
            return;
        }
        if matches!(meaning, Meaning::Product(_) | Meaning::Attribute(_)) {
            let concept = format!("{} of {}", concept, file.path);
            match self.owner.get(&folded) {
                Some(other) if *other != concept => {
                    let message = format!("`{word}` stands under `{concept}` and under `{other}`");
                    let advice = "A message with it earns both. Keep it where it fits best.";
                    self.problems.push(Problem::at(&file.path, &file.text, place, message, advice).warning());
                }
                _ => {
                    self.owner.insert(folded.clone(), concept);
                }
            }
        }
        self.words.entry(folded).or_default().push(meaning);
    }
}
