//! Rebuilds when a migration is added: `sqlx::migrate!` reads the folders at compile time. Tells which code makes tags, compiles the
//! dictionaries that ship, and learns from the messages in `tests/corpus` what words say of intents.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hotline_domain::{Intent, SourceFile, stable_hash};
use hotline_lexicon::{Example, Explainer, Hints, Lexicon, Weights};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};

/// Where the code is that makes tags of what happened: when it changes, they are made anew.
const MAKES_TAGS: [&str; 7] =
    ["src/domain", "src/lexicon", "src/rulebook", "src/places", "src/dialogue", "src/handoff", "src/engine/fold"];

/// Messages with what must be read in them.
const CORPUS: &str = "tests/corpus";
/// The folder of those that reading is measured by: from these nothing is learned.
const MEASURED_BY: &str = "tests/corpus/test";
/// The folder of those that no phrase of an intent was written for.
const STRANGE: &str = "tests/corpus/strangers";

fn main() {
    for folder in ["migrations", "keywords", "templates"].iter().chain(&MAKES_TAGS) {
        println!("cargo:rerun-if-changed={folder}");
    }
    // Not the figures that were reached, and what is measured by.
    for folder in labelled().iter().filter_map(|file| file.parent()).collect::<BTreeSet<_>>() {
        println!("cargo:rerun-if-changed={}", folder.display());
    }
    let (dictionaries, messages) = (dictionaries(), messages());
    // Cargo hands it to what it runs too: a name that begins with HOTLINE would be a setting.
    println!("cargo:rustc-env=CODE_OF_TAGS={:016x}", print_of(code(), &messages));
    println!("cargo:rustc-env=PLACES_OF_TAGS={}", MAKES_TAGS.join(" "));
    println!("cargo:rustc-env=PRINT_OF_DICTIONARIES={:016x}", Lexicon::print(&dictionaries));
    let (lexicon, weights) = compiled(&dictionaries, &messages);
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo tells it"));
    for (name, bytes) in [("dictionaries.bin", lexicon), ("weights.bin", weights)] {
        std::fs::write(folder.join(name), bytes).expect("the folder for what is built can be written to");
    }
}

/// The dictionaries, and what was learned with them, as bytes. None where anything is to be said of them: then the program compiles
/// them itself, and tells.
fn compiled(files: &[SourceFile], messages: &[(PathBuf, String)]) -> (Vec<u8>, Vec<u8>) {
    match Explainer::compile(files, Weights::default()) {
        (Some(mut explainer), problems) if problems.is_empty() => {
            let labelled: Vec<(bool, Labelled)> = messages.iter().flat_map(in_file).collect();
            explainer.learn(labelled.iter().map(|(is_strange, message)| message.example(*is_strange)));
            let lexicon = explainer.lexicon();
            (lexicon.to_bytes().unwrap_or_default(), lexicon.weights().as_bytes().to_owned())
        }
        _ => (Vec::new(), Vec::new()),
    }
}

/// A message of the corpus with what is learned from.
#[derive(Deserialize)]
struct Labelled {
    text: String,
    country: Option<String>,
    context: Option<String>,
    intents: Option<Vec<String>>,
    amounts: Option<Vec<Bounds>>,
    /// There and empty where nothing can be spent.
    #[serde(default, deserialize_with = "told")]
    budget: Option<Option<Bounds>>,
}

/// For serde: what is told to be nothing is told.
fn told<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Bounds>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct Bounds {
    min: Option<serde_json::Number>,
    max: Option<serde_json::Number>,
}

impl Bounds {
    fn list(&self) -> impl Iterator<Item = Decimal> {
        let bounds = [&self.min, &self.max].into_iter().flatten().map(ToString::to_string);
        bounds.filter_map(|bound| Decimal::from_scientific(&bound).or(bound.parse()).ok())
    }
}

/// The messages of a file, and whether they are strange to the phrases of the dictionaries.
fn in_file((file, text): &(PathBuf, String)) -> impl Iterator<Item = (bool, Labelled)> {
    let is_strange = file.starts_with(STRANGE);
    text.lines().filter_map(move |line| Some((is_strange, serde_json::from_str(line).ok()?)))
}

impl Labelled {
    fn example(&self, is_strange: bool) -> Example<'_> {
        let country = self.country.as_deref().and_then(|country| country.parse().ok());
        let hints = Hints { lang: None, country, asked_budget: self.context.as_deref() == Some("asked_budget") };
        let is_of = |keys: &[String], intent: &Intent| keys.iter().any(|key| key == intent.key());
        let intents = |keys: &Vec<String>| Intent::ALL.iter().filter(|intent| is_of(keys, intent)).copied().collect();
        let bounds = |sums: &[Bounds]| sums.iter().flat_map(Bounds::list).collect();
        Example {
            text: &self.text,
            hints,
            is_strange,
            intents: self.intents.as_ref().map(intents),
            sums: self.amounts.as_deref().map(bounds),
            budget: self.budget.as_ref().map(|budget| budget.iter().flat_map(Bounds::list).collect()),
        }
    }
}

/// The files of messages that may be learned from.
fn labelled() -> Vec<PathBuf> {
    let mut files = Vec::new();
    list(Path::new(CORPUS), "jsonl", &mut files);
    files.retain(|file| !file.starts_with(MEASURED_BY));
    files.sort();
    files
}

/// Those files with their messages, a line each.
fn messages() -> Vec<(PathBuf, String)> {
    labelled().into_iter().filter_map(|file| Some((file.clone(), std::fs::read_to_string(file).ok()?))).collect()
}

/// The files in `keywords/`, in the order in which the program reads them.
fn dictionaries() -> Vec<SourceFile> {
    let (folder, mut paths) = (Path::new("keywords"), Vec::new());
    list(folder, "toml", &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        let path = path.strip_prefix(folder).ok()?.to_string_lossy().replace('\\', "/");
        Some(SourceFile { path, text })
    };
    paths.into_iter().filter_map(read).collect()
}

/// The lines of the code that makes tags; comments, blank lines and tests do not count.
fn code() -> String {
    let mut files = Vec::new();
    MAKES_TAGS.iter().for_each(|place| list(Path::new(place), "rs", &mut files));
    files.retain(|file| {
        !file.components().any(|part| ["tests", "tests.rs"].map(AsRef::as_ref).contains(&part.as_os_str()))
    });
    files.sort();
    let mut code = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        lines.for_each(|line| code.extend([line, "\n"]));
    }
    code
}

/// Another number for other code or other messages.
fn print_of(code: String, messages: &[(PathBuf, String)]) -> u64 {
    stable_hash(code.bytes().chain(messages.iter().flat_map(|(_, text)| text.bytes())))
}

fn list(place: &Path, wanted: &str, into: &mut Vec<PathBuf>) {
    if let Ok(entries) = std::fs::read_dir(place) {
        entries.flatten().for_each(|entry| list(&entry.path(), wanted, into));
    } else if place.extension().is_some_and(|ending| ending == wanted) {
        into.push(place.to_owned());
    }
}
