//! Messages as customers write them, with what must be read in them: tests/corpus/LANGUAGE.jsonl. The figures of each
//! language may rise and must not fall.

use std::collections::BTreeSet;
use std::path::Path;

use hotline::lexicon::Hints;
use serde_json::Value;

use crate::law::knowledge;

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

    /// F1 in per cent; with nothing to find and nothing found it is whole.
    fn f1(&self) -> usize {
        let all = 2 * self.right + self.wrong + self.missed;
        (200 * self.right).checked_div(all).unwrap_or(100)
    }
}

fn keys(list: &Value) -> BTreeSet<String> {
    let items = list.as_array().into_iter().flatten().filter(|item| item["negated"] != true);
    items.filter_map(|item| item.as_str().or_else(|| item["key"].as_str()).map(str::to_owned)).collect()
}

#[test]
fn the_corpus_is_read_as_well_as_it_was() {
    let knowledge = knowledge();
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus"));
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 14, "one file for each language");
    let mut fallen = Vec::new();
    for path in files {
        let language = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let (mut scores, mut budgets, mut count) = (<[Score; 3]>::default(), 0, 0);
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let country = case["country"].as_str().and_then(|country| country.parse().ok());
            let hints = Hints { lang: None, country, asked_budget: false };
            let reading = knowledge.lexicon.read(case["text"].as_str().unwrap(), &hints);
            let reading = serde_json::to_value(reading).unwrap();
            for (score, field) in scores.iter_mut().zip(["products", "attributes", "intents"]) {
                score.add(&keys(&case[field]), &keys(&reading[field]));
            }
            let same = |field: &str| case["budget"][field] == reading["budget"][field];
            budgets += usize::from(["min", "max", "currency"].iter().all(|field| same(field)));
            count += 1;
        }
        let [products, attributes, intents] = scores.map(|score| score.f1());
        let figures = [budgets * 100 / count, products, attributes, intents];
        println!(
            "{language:8} budget {} products {} attributes {} intents {}",
            figures[0], products, attributes, intents
        );
        if figures.iter().zip([97, 95, 92, 90]).any(|(figure, least)| *figure < least) {
            fallen.push(format!("{language}: budget, products, attributes, intents {figures:?}"));
        }
    }
    assert!(fallen.is_empty(), "{}", fallen.join("\n"));
}
