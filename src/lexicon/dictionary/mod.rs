//! Dictionary files: reading, checking, compiling.

pub(crate) mod endings;
pub(crate) mod files;
pub(crate) mod hidden;
pub(crate) mod listing;
pub(crate) mod meanings;
pub(crate) mod phrases;
pub(crate) mod review;
pub(crate) mod texts;
pub(crate) mod word_files;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;
use toml::Spanned;

use crate::Lexicon;
use crate::cues::{self, Cues, Other};
use crate::descriptions::Descriptions;
use crate::money::words::Money;
use crate::negation::Negation;
use crate::quantities::Quantities;
use crate::search::folding::fold_word;
use crate::search::language::Languages;
use crate::search::matcher::Matcher;
use crate::search::typos::{Limits, Typos};
use crate::weighing::weights::{self, Weights};
use endings::Endings;
use files::{LANGUAGES, Lookup, read};
use hotline_domain::{Intent, Problem, Severity, SourceFile};
use listing::{Gathered, Listing};
use meanings::{Langs, Meaning};
use phrases::Written;
use word_files::{BrandTable, DescriptionFile, IntentFile, Word, WordFile, Words, parse_all};

#[derive(Default)]
struct Builder<'f> {
    words: Gathered<'f>,
    /// First parts of phrases with a gap, folded, and their languages, with their numbers.
    beginnings: Lookup<(String, u16), u32>,
    /// The names of all cues, in the order of their numbers.
    cues: Vec<String>,
    /// Intents, and what explains them away.
    unless: Vec<(Intent, Other)>,
    /// Which of them a question may be about, whatever the budget: file, intent, cues.
    asked: Vec<(&'f SourceFile, Intent, Vec<String>)>,
    /// Which of them keep phrases of an intent apart: file, intent, those of other matters, its own.
    matters: Vec<(&'f SourceFile, Intent, Vec<String>, Vec<String>)>,
    /// Which of them make an intent: file, byte offset, intent, as it is written.
    rules: Vec<(&'f SourceFile, usize, Intent, String, bool)>,
    /// What words say a property together.
    descriptions: Descriptions,
    problems: Vec<Problem>,
    /// Every entry with its place, where somebody wants to look at them.
    entries: Option<Vec<Entry>>,
}

/// A word as it stands in a file, or a part of it where it has a gap.
pub(crate) struct Entry {
    pub(crate) file: String,
    /// Byte offset in the file.
    pub(crate) place: usize,
    pub(crate) word: String,
    pub(crate) folded: String,
    /// Name of the table or file that it stands under.
    pub(crate) concept: String,
    /// See [`Meaning::kind_and_key`].
    pub(crate) kind: &'static str,
    pub(crate) key: String,
    pub(crate) langs: Langs,
    pub(crate) needs_company: bool,
}

/// Every entry of the dictionaries, for those who look at them one by one.
pub(crate) fn entries(files: &[SourceFile]) -> Vec<Entry> {
    let mut builder = Builder { entries: Some(Vec::new()), ..Builder::default() };
    builder.read_words(files);
    builder.entries.unwrap_or_default()
}

/// Whether anything is read from a file.
fn is_dictionary(file: &SourceFile) -> bool {
    match file.path.split_once('/') {
        None => TABLES.contains(&&*file.path),
        Some((folder, _)) => FOLDERS.contains(&folder),
    }
}

/// Files and folders that dictionaries are in.
const TABLES: [&str; 11] = [
    "attributes.toml",
    "cues.toml",
    "descriptions.toml",
    "endings.toml",
    "languages.toml",
    "money.toml",
    "negation.toml",
    "no_things.toml",
    "quantities.toml",
    "requests.toml",
    "typos.toml",
];
const FOLDERS: [&str; 5] = ["brands", "cues", "intents", "money", "products"];

/// See [`Lexicon::print`].
pub(crate) fn print(files: &[SourceFile]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    files.iter().filter(|file| is_dictionary(file)).for_each(|file| (&file.path, &file.text).hash(&mut hasher));
    hasher.finish()
}

/// Compiles all dictionaries, the large parts side by side: whoever starts the product waits for it, and what a thread
/// needed in between is given back when it ends.
pub(crate) fn compile(files: &[SourceFile], weights: Weights) -> (Option<(Lexicon, Listing)>, Vec<Problem>) {
    let mut builder = Builder::default();
    let languages = builder.required(files, "languages.toml", Languages::parse);
    let negation = builder.required(files, "negation.toml", Negation::parse);
    let quantities = builder.optional(files, "quantities.toml", Quantities::parse).unwrap_or_default();
    let limits = builder.optional(files, "typos.toml", Limits::parse);
    let endings = builder.optional(files, "endings.toml", Endings::parse).unwrap_or_else(Endings::none);
    let Some(mut languages) = languages else {
        builder.read_words(files);
        return (None, builder.problems);
    };
    let mut listed = None;
    let (cues, matcher, typos, money) = std::thread::scope(|scope| {
        let (known, limits) = (&languages, limits.as_ref());
        let money = scope.spawn(move || {
            let mut problems = Vec::new();
            (Money::compile(files, known, limits, &mut problems), problems)
        });
        builder.read_words(files);
        let cues = builder.rules();
        let listing = std::mem::take(&mut builder.words).settle(known, &mut builder.problems);
        let listing = &*listed.insert(listing);
        let typos = scope.spawn(move || limits.map(|limits| Typos::new(limits, known, listing.phrases())));
        let matcher = Matcher::new(listing, endings);
        (cues, matcher, typos.join(), money.join())
    });
    let mut typos = typos.ok().flatten().unwrap_or_default();
    let descriptions = std::mem::take(&mut builder.descriptions);
    let failed = |file: &str, what: &str| Problem::at(file, "", 0, format!("it cannot be compiled: {what}"), "");
    let (money, problems) = money.unwrap_or_else(|_| (None, vec![failed("money.toml", "reading sums failed")]));
    let matcher = keep(&mut builder.problems, matcher.map_err(|error| failed("products", &error)));
    builder.problems.extend(problems);
    if let Some(listing) = &listed {
        languages.know(listing);
    }
    if let Some((_, vocabulary)) = &money {
        languages.learn(&vocabulary.words);
        typos.know(vocabulary.words.keys().chain(&vocabulary.parts));
    }
    let failed = builder.problems.iter().any(|problem| problem.severity == Severity::Error);
    let compiled = match (failed, matcher, money, negation, listed) {
        (false, Some(matcher), Some((money, vocabulary)), Some(negation), Some(listing)) => {
            let sure_phrases = weights.sure(weights::phrases(&listing));
            let lexicon = Lexicon {
                matcher,
                cues,
                descriptions,
                money,
                negation,
                languages,
                typos,
                money_slips: vocabulary.slips,
                quantities,
                weights,
                sure_phrases,
            };
            Some((lexicon, listing))
        }
        _ => None,
    };
    (compiled, builder.problems)
}

fn keep<T>(problems: &mut Vec<Problem>, parsed: Result<T, Problem>) -> Option<T> {
    parsed.map_err(|problem| problems.push(problem)).ok()
}

impl<'f> Builder<'f> {
    /// What a file says that there is once, if it is there and right.
    fn optional<T>(
        &mut self,
        files: &[SourceFile],
        path: &str,
        parse: impl Fn(&SourceFile) -> Result<T, Problem>,
    ) -> Option<T> {
        let file = files.iter().find(|file| file.path == path)?;
        keep(&mut self.problems, parse(file))
    }

    fn required<T>(
        &mut self,
        files: &[SourceFile],
        path: &str,
        parse: impl Fn(&SourceFile) -> Result<T, Problem>,
    ) -> Option<T> {
        if !files.iter().any(|file| file.path == path) {
            let advice = "Copy it from the ones that ship with Hotline.";
            self.problems.push(Problem::at(path, "", 0, format!("{path} is missing"), advice));
        }
        self.optional(files, path, parse)
    }

    fn read_words(&mut self, files: &'f [SourceFile]) {
        self.names_of_cues(files);
        self.words = Gathered::of_bytes(files.iter().map(|file| file.text.len()).sum());
        parse_all(files, |file, words| match words {
            Ok(words) => self.words_of(file, words),
            Err(problem) => self.problems.push(problem),
        });
    }

    fn words_of(&mut self, file: &'f SourceFile, words: WordFile<'f>) {
        match words {
            WordFile::Attributes(concepts) => self.concepts(file, concepts, |name| Meaning::Attribute(name.into())),
            WordFile::Requests(concepts) => self.concepts(file, concepts, |name| Meaning::Request(name.into())),
            WordFile::NoThings(words) => {
                for (langs, word) in self.by_language(file, &words) {
                    self.insert(file, word, word.get_ref().text(), "no_things", langs, Meaning::NoThing);
                }
            }
            WordFile::Descriptions(written) => self.described(file, &written),
            WordFile::Products(category, concepts) => {
                self.concepts(file, concepts, |name| Meaning::Product(format!("{category}/{name}").into()));
            }
            WordFile::Intent(intent, words) => self.intent(file, intent, words),
            WordFile::Brands(category, brands) => self.brands(file, category, brands),
            WordFile::Cues(language, words) => self.cues(file, language, words),
        }
    }

    fn concepts(
        &mut self,
        file: &'f SourceFile,
        concepts: BTreeMap<String, Words<'_>>,
        meaning: impl Fn(&str) -> Meaning,
    ) {
        for (name, words) in concepts {
            let meaning = meaning(&name);
            for (langs, word) in self.by_language(file, &words) {
                self.insert(file, word, word.get_ref().text(), &name, langs, meaning.clone());
            }
        }
    }

    /// `descriptions.toml`: words that say a property together.
    fn described(&mut self, file: &'f SourceFile, written: &DescriptionFile<'_>) {
        match Descriptions::new(written) {
            Ok(descriptions) => self.descriptions = descriptions,
            Err((place, message, advice)) => {
                self.problems.push(Problem::at(&file.path, &file.text, place, message, advice));
                return;
            }
        }
        for ((name, words), number) in written.words.iter().zip(0..) {
            for (langs, word) in self.by_language(file, words) {
                self.insert(file, word, word.get_ref().text(), name, langs, Meaning::Touch(number));
            }
        }
    }

    /// `cues.toml`: every cue, and what its words say.
    fn names_of_cues(&mut self, files: &[SourceFile]) {
        let Some(file) = files.iter().find(|file| file.path == "cues.toml") else { return };
        let Some(cues) = keep(&mut self.problems, read::<BTreeMap<String, String>>(file)) else { return };
        if cues.len() > cues::MOST_CUES {
            let message = format!("{} cues, and no more than {} can be told apart", cues.len(), cues::MOST_CUES);
            let problem = Problem::at(&file.path, &file.text, 0, message, "Put two that are alike together.");
            return self.problems.push(problem);
        }
        self.cues = cues.into_keys().collect();
    }

    /// `cues/LANGUAGE.toml`: the words of each cue in a language.
    fn cues(&mut self, file: &'f SourceFile, language: &str, words: Words<'_>) {
        let Some(index) = LANGUAGES.iter().position(|known| *known == language) else {
            let message = format!("`{language}` is no language that dictionaries have");
            let advice = format!("The file's name is the language's: {}.", LANGUAGES.join(", "));
            return self.problems.push(Problem::at(&file.path, &file.text, 0, message, advice));
        };
        for (name, words) in words {
            let Some(number) = self.cues.iter().position(|known| *known == name) else {
                let place = file.text.find(&name).unwrap_or(0);
                let advice = "cues.toml lists all cues. Write one of them, or add it there.";
                self.problems.push(Problem::at(&file.path, &file.text, place, format!("`{name}` is no cue"), advice));
                continue;
            };
            let meaning = Meaning::Cue { number: number as u8, name: name.as_str().into() };
            for word in &words {
                self.insert(file, word, word.get_ref().text(), &name, Langs::one(index), meaning.clone());
            }
        }
    }

    /// The rules over cues, once all cues are known.
    fn rules(&mut self) -> Cues {
        let mut cues = Cues::new(&self.cues, std::mem::take(&mut self.unless));
        for (file, place, intent, written, against) in std::mem::take(&mut self.rules) {
            if let Err(unknown) = cues.add(intent, &written, against, &self.cues) {
                let message = format!("`{unknown}` in `{written}` is no cue");
                let advice = format!("Cues are ?, thing, sum, number, {}.", self.cues.join(", "));
                self.problems.push(Problem::at(&file.path, &file.text, place, message, advice));
            }
        }
        let mut unknown: Vec<(&SourceFile, String)> = Vec::new();
        for (file, intent, others, own) in std::mem::take(&mut self.matters) {
            unknown.extend(cues.add_matter(intent, &others, &own, &self.cues).err().map(|cue| (file, cue)));
        }
        for (file, intent, asked) in std::mem::take(&mut self.asked) {
            unknown.extend(cues.add_asked(intent, &asked, &self.cues).err().map(|cue| (file, cue)));
        }
        for (file, unknown) in unknown {
            let place = file.text.find(&format!("\"{unknown}\"")).unwrap_or_default();
            let advice = format!("Cues are thing, sum, number, {}.", self.cues.join(", "));
            let message = format!("`{unknown}` is no cue");
            self.problems.push(Problem::at(&file.path, &file.text, place, message, advice));
        }
        cues
    }

    /// The words of a table with the language of each. A language that is none is told.
    fn by_language<'w>(&mut self, file: &SourceFile, words: &'w Words<'w>) -> Vec<(Langs, &'w Spanned<Word<'w>>)> {
        let mut list = Vec::new();
        for (language, words) in words {
            match LANGUAGES.iter().position(|known| known == language) {
                Some(index) => list.extend(words.iter().map(|word| (Langs::one(index), word))),
                None => {
                    let place = file.text.find(&format!("\n{language} ")).map_or(0, |place| place + 1);
                    let advice = format!("Languages are: {}.", LANGUAGES.join(", "));
                    let message = format!("`{language}` is no language that dictionaries have");
                    self.problems.push(Problem::at(&file.path, &file.text, place, message, advice));
                }
            }
        }
        list
    }

    fn intent(&mut self, file: &'f SourceFile, name: &str, written: IntentFile<'_>) {
        let Some(intent) = Intent::from_key(name) else {
            let known: Vec<_> = Intent::ALL.iter().map(|intent| intent.key()).collect();
            let message = format!("there is no intent `{name}`");
            let advice = format!("The file's name is the intent's: {}.", known.join(", "));
            self.problems.push(Problem::at(&file.path, &file.text, 0, message, advice));
            return;
        };
        let IntentFile { words, unless, asked, cues, not_cues, others, own, or, not } = written;
        if !asked.is_empty() {
            self.asked.push((file, intent, asked));
        }
        if !others.is_empty() {
            self.matters.push((file, intent, others, own));
        }
        for other in unless {
            match Other::from_key(other.get_ref()) {
                Some(other) => self.unless.push((intent, other)),
                None => {
                    let message = format!("there is no intent `{}`", other.get_ref());
                    let advice = "Name the files beside this one, without .toml, or write budget.";
                    self.problems.push(Problem::at(&file.path, &file.text, other.span().start, message, advice));
                }
            }
        }
        for (rules, against) in [(cues, false), (not_cues, true)] {
            let rules = rules.into_iter();
            self.rules.extend(rules.map(|rule| (file, rule.span().start, intent, rule.into_inner(), against)));
        }
        for (langs, word) in self.by_language(file, &words) {
            self.phrase(file, word, langs, intent, false);
        }
        for (langs, word) in self.by_language(file, &or) {
            self.insert(file, word, word.get_ref().text(), intent.key(), langs, Meaning::Or(intent));
        }
        for (langs, word) in self.by_language(file, &not) {
            self.phrase(file, word, langs, intent, true);
        }
    }

    fn phrase(&mut self, file: &'f SourceFile, word: &Spanned<Word<'_>>, langs: Langs, intent: Intent, against: bool) {
        let (name, text) = (intent.key(), word.get_ref().text());
        let written = match phrases::parse(text) {
            Ok(written) => written,
            Err(advice) => {
                let message = format!("`{text}` cannot be looked for");
                let problem = Problem::at(&file.path, &file.text, word.span().start, message, advice);
                return self.problems.push(problem);
            }
        };
        let mut insert = |words: &str, meaning| self.insert(file, word, words, name, langs, meaning);
        match written {
            Written::Words(words) if against => insert(words, Meaning::NotIntent(intent)),
            Written::Words(words) => insert(words, Meaning::Intent(intent)),
            Written::ClauseEnd { words, alone } => insert(words, Meaning::ClauseEnd { intent, against, alone }),
            Written::Beside { words, around } => insert(words, Meaning::BesideNumber { intent, against, around }),
            Written::Parts { first, second, around } => {
                let next = self.beginnings.len() as u32;
                let number = *self.beginnings.entry((fold_word(first), langs.0)).or_insert(next);
                let ends = Meaning::GapEnd { first: number, intent, against, around };
                self.insert(file, word, first, name, langs, Meaning::GapStart(number));
                self.insert(file, word, second, name, langs, ends);
            }
        }
    }

    fn brands(&mut self, file: &'f SourceFile, category: &str, brands: BTreeMap<String, BrandTable<'_>>) {
        let category: Arc<str> = category.into();
        for (name, brand) in brands {
            let key: Arc<str> = name.as_str().into();
            for word in &brand.words {
                let needs_company = brand.needs_company.iter().any(|other| other == word.get_ref().text());
                let implies = brand.implies.as_deref().map(Into::into);
                let meaning = Meaning::Brand {
                    key: key.clone(),
                    category: category.clone(),
                    implies,
                    level: brand.level,
                    needs_company,
                };
                self.add(file, word, &name, meaning);
            }
            for model in &brand.model {
                let level = model.level.or(brand.level);
                for word in &model.words {
                    let implies = Some(model.implies.as_str().into());
                    let needs_company = brand.needs_company.iter().any(|other| other == word.get_ref().text());
                    self.add(
                        file,
                        word,
                        &name,
                        Meaning::Brand { key: key.clone(), category: category.clone(), implies, level, needs_company },
                    );
                }
            }
        }
    }

    /// Brands are called alike everywhere.
    fn add(&mut self, file: &'f SourceFile, word: &Spanned<Word<'_>>, concept: &str, meaning: Meaning) {
        self.insert(file, word, word.get_ref().text(), concept, Langs::ALL, meaning);
    }

    /// Takes in a text for a concept: an entry, or a part of one.
    fn insert(
        &mut self,
        file: &'f SourceFile,
        entry: &Spanned<Word<'_>>,
        word: &str,
        concept: &str,
        langs: Langs,
        meaning: Meaning,
    ) {
        let (place, folded) = (entry.span().start, fold_word(word));
        if folded.is_empty() {
            let message = format!("an empty word under `{concept}`");
            self.problems.push(Problem::at(&file.path, &file.text, place, message, "Remove it, or write the word."));
            return;
        }
        if let Some(entries) = &mut self.entries {
            let (kind, key) = meaning.kind_and_key();
            entries.push(Entry {
                file: file.path.clone(),
                place,
                word: word.to_owned(),
                folded: folded.clone(),
                concept: concept.to_owned(),
                kind,
                key,
                langs,
                needs_company: matches!(meaning, Meaning::Brand { needs_company: true, .. }),
            });
        }
        self.words.add((file, place), &folded, langs, entry.get_ref().is_exact(), meaning);
    }
}
