//! Words of kinds that a shop added which are never heard where they stand in longer words, or in other forms, of kinds that were there
//! before: “Bücherregal” and “Regale” of storage, for a shop that lists “Regal” as a kind of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::files::LANGUAGES;
use super::{self as dictionary, Entry};
use crate::search::matcher::{Found, Hit};
use crate::search::scan::Scan;
use crate::{Hints, Lexicon, Weights};
use hotline_domain::{Problem, SourceFile};

/// Examples that a warning names.
const EXAMPLES: usize = 8;
/// So many letters at its beginning no word loses in its forms.
const STEM: usize = 3;

/// Warnings about words of other kinds, and phrases that name nothing, which take the place of words of these kinds. None where the
/// dictionaries have errors.
pub fn hidden(files: &[SourceFile], kinds: &BTreeSet<String>) -> Vec<Problem> {
    if kinds.is_empty() {
        return Vec::new();
    }
    let (Some((lexicon, _)), _) = dictionary::compile(files, Weights::default()) else { return Vec::new() };
    let entries = dictionary::entries(files);
    let of_kinds = |entry: &&Entry| entry.kind == "product" && kinds.contains(&entry.key);
    let stems: BTreeSet<String> =
        entries.iter().filter(of_kinds).map(|entry| entry.folded.chars().take(STEM).collect()).collect();
    // Few words are looked at: most hold none of theirs.
    let others = entries.iter().filter(|entry| matches!(entry.kind, "product" | "no thing") && !of_kinds(entry));
    let others = others.filter(|entry| stems.iter().any(|stem| entry.folded.contains(stem.as_str())));
    let mut hiding: BTreeMap<(String, &str), Vec<&Entry>> = BTreeMap::new();
    for entry in others {
        if let Some(kind) = hides(&lexicon, entry, kinds) {
            hiding.entry((kind, entry.concept.as_str())).or_default().push(entry);
        }
    }
    hiding.into_iter().filter_map(|((kind, _), entries)| warning(files, &kind, &entries)).collect()
}

/// The kind that a message of an entry's word alone would ask for, if the entry were not there.
fn hides(lexicon: &Lexicon, entry: &Entry, kinds: &BTreeSet<String>) -> Option<String> {
    let lang = (0..LANGUAGES.len()).find(|at| entry.langs.has(*at)).map(|at| LANGUAGES[at]);
    let hints = Hints { lang, ..Hints::default() };
    let heard = lexicon.read(&entry.word, &hints).products;
    // Also within phrases that name nothing: those hide as well.
    let scan = Scan::new(lexicon, &entry.word, &hints);
    let is_its_own = |hit: &&Hit<'_>| !matches!(hit.found, Found::Slip) && scan.foreign(lexicon, hit).is_none();
    let stands = scan.hits.iter().filter(is_its_own).map(|hit| hit.meaning.kind_and_key());
    let mut keys = stands.filter(|(name, _)| *name == "product").map(|(_, key)| key);
    // A “Kühlschrank” is rightly none of the shop's “Schränke”: what hides is a neighbour, or a phrase that names nothing.
    let is_near = |key: &str| entry.kind != "product" || category(&entry.key) == category(key);
    keys.find(|key| kinds.contains(key) && is_near(key) && heard.iter().all(|product| *product.key != **key))
}

fn category(key: &str) -> Option<&str> {
    key.split('/').next()
}

fn warning(files: &[SourceFile], kind: &str, entries: &[&Entry]) -> Option<Problem> {
    let first = entries.iter().min_by_key(|entry| (&entry.file, entry.place))?;
    let text = &files.iter().find(|file| file.path == first.file)?.text;
    let words: Vec<String> = entries.iter().take(EXAMPLES).map(|entry| format!("`{}`", entry.word)).collect();
    let more = match entries.len().saturating_sub(EXAMPLES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("{}{more} under `{}` hide words of `{kind}`", words.join(", "), first.concept);
    let advice = format!(
        "Messages with them do not ask for `{kind}`. Move those that mean it to its list, and leave the others."
    );
    Some(Problem::at(&first.file, text, first.place, message, advice).warning())
}
