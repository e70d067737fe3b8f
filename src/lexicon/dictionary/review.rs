//! A second look at the dictionaries, for whoever edits them: words that are too short or too common, languages that are
//! missing, and with a corpus of messages what is never hit and what takes the place of something else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::files::LANGUAGES;
use super::listing::Listing;
use super::meanings::Langs;
use super::{self as dictionary, Entry};
use crate::search::folding::{Folded, is_spaceless, is_word};
use crate::search::matcher::Hit;
use crate::search::scan::Scan;
use crate::{Hints, Lexicon, Weights};
use hotline_domain::{Problem, SourceFile};

/// Words of so many letters or fewer stand for many things.
const SHORT: usize = 2;
/// A word that stands in more than one of so many messages says little.
const COMMON_IN: usize = 25;
/// Examples that a warning names.
const EXAMPLES: usize = 12;
/// Less often than this nobody needs to hear that a word takes another's place.
const LEAST_TAKEN: usize = 3;

/// Warnings about the words of the dictionaries; with messages, about what they hit. None where the dictionaries have errors.
pub fn review(files: &[SourceFile], messages: &[String]) -> Vec<Problem> {
    let (Some((lexicon, listing)), _) = dictionary::compile(files, Weights::default()) else { return Vec::new() };
    let entries = dictionary::entries(files);
    let usage = Usage::of(&lexicon, &listing, messages);
    let review = Review { lexicon: &lexicon, files, messages: messages.len(), usage };
    let mut problems = review.missing_languages(&entries);
    problems.extend(entries.iter().filter_map(|entry| review.unsafe_word(entry)));
    problems.extend(review.under_two_intents(&entries));
    if !messages.is_empty() {
        problems.extend(review.never_hit(&entries));
        problems.extend(review.taking_places(&entries));
    }
    problems.sort();
    problems
}

/// What the messages hit.
#[derive(Default)]
struct Usage {
    /// In how many messages each word of a text stands.
    tokens: HashMap<String, usize>,
    /// Listed words by kind, concept and text.
    hit: HashSet<(&'static str, String, String)>,
    /// How often a longer word took the place of a shorter one: (text, concept) of each.
    taken: BTreeMap<[(String, String); 2], usize>,
}

impl Usage {
    fn of(lexicon: &Lexicon, listing: &Listing, messages: &[String]) -> Self {
        let mut usage = Self::default();
        for message in messages {
            let mut scan = Scan::with_halves(lexicon, message, &Hints::default());
            scan.settle(lexicon);
            usage.count_tokens(&scan.folded);
            for hit in &scan.hits {
                let (kind, key) = hit.meaning.kind_and_key();
                usage.hit.insert((kind, key, listing.word(hit.word).to_owned()));
            }
            usage.count_taken(listing, &scan.hits);
        }
        usage
    }

    fn count_tokens(&mut self, folded: &Folded) {
        let text = folded.slice(0, folded.chars.len());
        let tokens: BTreeSet<&str> = text.split(|c: char| !is_word(c)).filter(|token| !token.is_empty()).collect();
        for token in tokens {
            *self.tokens.entry(token.to_owned()).or_default() += 1;
        }
    }

    /// Hits stand in order of their start, longer ones first.
    fn count_taken(&mut self, listing: &Listing, hits: &[Hit<'_>]) {
        for (index, long) in hits.iter().enumerate() {
            let inside = hits[index + 1..].iter().take_while(|short| short.start < long.end);
            for short in inside.filter(|short| short.end <= long.end && short.end - short.start < long.end - long.start)
            {
                let (a, b) = (long.meaning.kind_and_key(), short.meaning.kind_and_key());
                if a.0 == b.0 && a.1 != b.1 && matches!(a.0, "product" | "attribute" | "brand") {
                    let text = |hit: &Hit<'_>| listing.word(hit.word).to_owned();
                    *self.taken.entry([(text(long), a.1), (text(short), b.1)]).or_default() += 1;
                }
            }
        }
    }
}

struct Review<'a> {
    lexicon: &'a Lexicon,
    files: &'a [SourceFile],
    messages: usize,
    usage: Usage,
}

impl Review<'_> {
    fn warn(&self, entry: &Entry, message: String, advice: &str) -> Problem {
        let text = self.files.iter().find(|file| file.path == entry.file).map_or("", |file| &file.text);
        Problem::at(&entry.file, text, entry.place, message, advice).warning()
    }

    fn missing_languages(&self, entries: &[Entry]) -> Vec<Problem> {
        let mut concepts: BTreeMap<(&str, &str), (&Entry, Langs)> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.langs != Langs::ALL && entry.kind != "no intent") {
            let concept = concepts.entry((&entry.file, &entry.concept)).or_insert((entry, Langs(0)));
            concept.1 = concept.1.with(entry.langs);
            if entry.place < concept.0.place {
                concept.0 = entry;
            }
        }
        let lacking = concepts.into_iter().filter_map(|((_, name), (first, langs))| {
            let missing: Vec<&str> =
                (0..LANGUAGES.len()).filter(|at| !langs.has(*at)).map(|at| LANGUAGES[at]).collect();
            let message = format!("`{name}` has no words in {}", missing.join(", "));
            let advice = "Customers who write in these languages are not understood; add a list for each.";
            (!missing.is_empty()).then(|| self.warn(first, message, advice))
        });
        lacking.collect()
    }

    /// A word that says too little to stand for something.
    fn unsafe_word(&self, entry: &Entry) -> Option<Problem> {
        let name = matches!(entry.kind, "product" | "attribute" | "brand") && !entry.needs_company;
        let word = entry.folded.as_str();
        let single = word.chars().all(is_word);
        let short = name && single && word.chars().count() <= SHORT && !word.chars().any(is_spaceless);
        let everyday = self.lexicon.languages.everyday(word);
        let own = entry.langs != Langs::ALL && everyday.0 & entry.langs.0 != 0 && name;
        let count = self.usage.tokens.get(word).copied().unwrap_or(0);
        let often = name && count * COMMON_IN > self.messages && count >= LEAST_TAKEN;
        let how = match () {
            () if short => "is very short",
            () if own => "is an everyday word of its language (languages.toml)",
            () if often => "is very common",
            () => return None,
        };
        let seen = match self.messages {
            0 => String::new(),
            all => format!("; it stands in {count} of {all} messages"),
        };
        let message = format!("`{}` under `{}` {how}{seen}", entry.word, entry.concept);
        let advice = match entry.kind {
            "brand" => "Put it under needs_company, or remove it, if messages without the brand have it.",
            _ => "Keep it if it hardly means anything else; else write a longer phrase.",
        };
        Some(self.warn(entry, message, advice))
    }

    fn under_two_intents(&self, entries: &[Entry]) -> Vec<Problem> {
        let mut owners: HashMap<&str, &Entry> = HashMap::new();
        let mut problems = Vec::new();
        for entry in entries.iter().filter(|entry| entry.kind == "intent") {
            match owners.get(entry.folded.as_str()) {
                Some(other) if other.concept != entry.concept && other.langs.0 & entry.langs.0 != 0 => {
                    let message =
                        format!("`{}` stands under `{}` and under `{}`", entry.word, entry.concept, other.concept);
                    problems.push(self.warn(
                        entry,
                        message,
                        "A message with it wants both. Keep it where it fits best.",
                    ));
                }
                _ => {
                    owners.insert(&entry.folded, entry);
                }
            }
        }
        problems
    }

    /// One warning for each file: a list of thousands helps nobody.
    fn never_hit(&self, entries: &[Entry]) -> Vec<Problem> {
        let mut of_file: BTreeMap<&str, (usize, Vec<&Entry>)> = BTreeMap::new();
        for entry in entries {
            let (all, idle) = of_file.entry(&entry.file).or_default();
            *all += 1;
            let key = (entry.kind, entry.key.clone(), entry.folded.clone());
            if !self.usage.hit.contains(&key) {
                idle.push(entry);
            }
        }
        let warnings = of_file.into_values().filter_map(|(all, idle)| {
            let first = idle.first()?;
            let words: Vec<String> = idle.iter().take(EXAMPLES).map(|entry| format!("`{}`", entry.word)).collect();
            let more = if idle.len() > EXAMPLES { ", …" } else { "" };
            let message = format!(
                "{} of {all} words are hit by none of {} messages: {}{more}",
                idle.len(),
                self.messages,
                words.join(", ")
            );
            Some(self.warn(first, message, "They do no harm; look at them for mistakes in writing."))
        });
        warnings.collect()
    }

    fn taking_places(&self, entries: &[Entry]) -> Vec<Problem> {
        let taken = self.usage.taken.iter().filter(|(_, count)| **count >= LEAST_TAKEN);
        let warnings = taken.filter_map(|([(long, key), (short, other)], count)| {
            let entry = entries.iter().find(|entry| entry.folded == *long && entry.key == *key)?;
            let message = format!("`{long}` ({key}) takes the place of `{short}` ({other}) in {count} messages");
            Some(self.warn(
                entry,
                message,
                "The longer word counts alone. Remove it if those messages mean the shorter.",
            ))
        });
        warnings.collect()
    }
}
