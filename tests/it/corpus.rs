//! Messages as customers write them, with what must be read in them: tests/corpus. The figures of each language may rise
//! and must not fall.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hotline::lexicon::Hints;
use serde_json::Value;

use crate::law::knowledge;

/// What is measured, in the order of the table in the README.
const FIGURES: [&str; 5] = ["budget", "amounts", "products", "attributes", "intents"];

/// In per cent, to one decimal.
type Figures = BTreeMap<String, f64>;

/// True and false finds, and what was missed.
#[derive(Default)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Score {
    fn add(&mut self, wanted: &BTreeSet<String>, found: &BTreeSet<String>) {
        self.right += wanted.intersection(found).count();
        self.wrong += found.difference(wanted).count();
        self.missed += wanted.difference(found).count();
    }

    /// F1; with nothing to find and nothing found it is whole.
    fn f1(&self) -> f64 {
        let all = 2 * self.right + self.wrong + self.missed;
        if all == 0 { 100.0 } else { percent(2 * self.right, all) }
    }
}

fn percent(part: usize, all: usize) -> f64 {
    (part as f64 * 1000.0 / all as f64).round() / 10.0
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten().filter(|item| item["negated"] != true)
}

fn keys(list: &Value) -> BTreeSet<String> {
    items(list).filter_map(|item| item.as_str().or_else(|| item["key"].as_str()).map(str::to_owned)).collect()
}

/// A sum by what counts: bounds and currency. 5 and 5.0 are the same.
fn sum(sum: &Value) -> String {
    format!("{:?} {:?} {}", sum["min"].as_f64(), sum["max"].as_f64(), sum["currency"])
}

fn folder(half: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus")).join(half)
}

/// The folders, and in how many languages each has messages.
const HALVES: [(&str, usize); 10] = [
    ("dev", 14),
    ("everyday", 14),
    ("plain", 14),
    ("typed", 14),
    ("varied", 8),
    ("sums", 14),
    ("rounds", 14),
    ("talks", 5),
    ("strangers", 14),
    ("test", 14),
];

fn measure(half: &str, count_of_languages: usize) -> BTreeMap<String, Figures> {
    let knowledge = knowledge();
    let mut languages = BTreeMap::new();
    for entry in std::fs::read_dir(folder(half)).unwrap() {
        let path = entry.unwrap().path();
        let (mut scores, mut budgets, mut count) = (<[Score; 4]>::default(), 0, 0);
        let mut labels = BTreeSet::new();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let country = case["country"].as_str().and_then(|country| country.parse().ok());
            let hints = Hints { lang: None, country, asked_budget: case["context"] == "asked_budget" };
            let reading =
                serde_json::to_value(knowledge.lexicon().read(case["text"].as_str().unwrap(), &hints)).unwrap();
            let sums = |value: &Value| items(value).map(sum).collect();
            scores[0].add(&sums(&case["amounts"]), &sums(&reading["amounts"]));
            for (score, field) in scores[1..].iter_mut().zip(["products", "attributes", "intents"]) {
                score.add(&keys(&case[field]), &keys(&reading[field]));
            }
            budgets += usize::from(sum(&case["budget"]) == sum(&reading["budget"]));
            count += 1;
            labels.extend(FIGURES.into_iter().filter(|figure| case.get(figure).is_some()));
        }
        let figures = std::iter::once(percent(budgets, count)).chain(scores.iter().map(Score::f1));
        // Most folders hold messages of one kind, and labels for what they are about alone.
        let figures = FIGURES.into_iter().zip(figures).filter(|(figure, _)| labels.contains(figure));
        let language = path.file_stem().unwrap().to_str().unwrap().to_owned();
        languages.insert(language, figures.map(|(figure, value)| (figure.to_owned(), value)).collect());
    }
    assert_eq!(languages.len(), count_of_languages, "{half}: one file for each language");
    languages
}

#[test]
fn the_corpus_is_read_as_well_as_it_was() {
    let measured: BTreeMap<String, _> = std::thread::scope(|scope| {
        let measured = HALVES.map(|(half, count)| (half.to_owned(), scope.spawn(move || measure(half, count))));
        measured.into_iter().map(|(half, thread)| (half, thread.join().unwrap())).collect()
    });
    let file = folder("figures.toml");
    if std::env::var_os("HOTLINE_TEST_WRITE_FIGURES").is_some() {
        let head = "# Figures that were reached, in per cent: budget exact, and F1 of the rest. None may fall.\n\n";
        std::fs::write(&file, format!("{head}{}", toml::to_string(&measured).unwrap())).unwrap();
    }
    let reached: BTreeMap<String, BTreeMap<String, Figures>> =
        toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let mut fallen = Vec::new();
    for (half, languages) in &reached {
        for (language, figures) in languages {
            for (name, least) in figures {
                let now = measured[half][language][name];
                if now < *least {
                    fallen.push(format!("{half} {language}: {name} {now}, was {least}"));
                }
            }
        }
    }
    assert!(fallen.is_empty(), "{}", fallen.join("\n"));
}
