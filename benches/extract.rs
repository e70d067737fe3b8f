//! Reading messages: `cargo bench --bench extract`. For growing dictionaries, the full extraction beside a bare automaton over
//! the same words and the same messages, in the same run; what compiling takes; memory. As a test (`cargo test --benches`), a
//! little of it once.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may stop")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use daachorse::CharwiseDoubleArrayAhoCorasick;
use hotline::domain::SourceFile;
use hotline::engine::knowledge::{Folders, weights};
use hotline::lexicon::{Hints, Lexicon};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: hotline_allocator::Allocator = hotline_allocator::Allocator;

/// Languages of the words that are made up, and the syllables of each.
const SYLLABLES: [(&str, &[&str]); 6] = [
    ("en", &["ba", "ron", "ti", "clo", "mer", "sp", "ick", "ow", "nal", "tre", "gu", "der"]),
    ("es", &["ca", "lo", "mi", "ra", "ten", "do", "sue", "bra", "ci", "nar", "po", "lla"]),
    ("de", &["sch", "reib", "tum", "ge", "lan", "kel", "woh", "ner", "ster", "bach", "un", "zie"]),
    ("id", &["ka", "lu", "ban", "tem", "pat", "se", "ri", "nga", "mu", "ko", "pe", "dok"]),
    ("ru", &["ко", "ра", "бль", "ти", "мо", "стн", "ла", "ве", "го", "пре", "ни", "душ"]),
    ("zh-Hans", &["天", "地", "手", "工", "木", "石", "光", "云", "海", "山", "星", "火"]),
];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn made_up(count: usize) -> Vec<(&'static str, String)> {
    let mut dice = Dice(7);
    let word = |index: usize| {
        let (language, syllables) = SYLLABLES[index % SYLLABLES.len()];
        let mut word = String::new();
        let long = 3 + dice.below(3);
        for at in 0..long {
            if at == 3 && language != "zh-Hans" {
                word.push(' ');
            }
            word.push_str(syllables[dice.below(syllables.len())]);
            word.push_str(syllables[dice.below(syllables.len())]);
        }
        (language, word)
    };
    (0..count).map(word).collect()
}

/// The shipped files without their words, and a file of words that are made up.
fn files(words: &[(&str, String)]) -> Vec<SourceFile> {
    let mut text = String::new();
    for (index, chunk) in words.chunks(60).enumerate() {
        writeln!(text, "[thing{index}]").unwrap();
        for (language, _) in SYLLABLES {
            let own = chunk.iter().filter(|(other, _)| *other == language).map(|(_, word)| format!("{word:?}"));
            writeln!(text, "{language} = [{}]", own.collect::<Vec<_>>().join(", ")).unwrap();
        }
    }
    let mut files = shipped();
    files.retain(|file| !["products/", "intents/", "brands/"].iter().any(|start| file.path.starts_with(start)));
    files.retain(|file| file.path != "attributes.toml");
    files.push(SourceFile { path: "products/things.toml".into(), text });
    files
}

fn shipped() -> Vec<SourceFile> {
    Folders::default().read().unwrap().keywords
}

/// Texts of the corpus, all languages mixed.
fn messages() -> Vec<String> {
    let mut messages = Vec::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/dev")).unwrap() {
        for line in std::fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            messages.push(line["text"].as_str().unwrap().to_owned());
        }
    }
    messages
}

/// Whether anything is to be measured, or only run.
fn measures() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Messages a second over all messages again and again.
fn rate(messages: &[String], mut each: impl FnMut(&str)) -> f64 {
    let (start, mut count) = (Instant::now(), 0_usize);
    let long = if measures() { Duration::from_secs(2) } else { Duration::ZERO };
    while count == 0 || start.elapsed() < long {
        messages.iter().for_each(|message| each(message));
        count += messages.len();
    }
    count as f64 / start.elapsed().as_secs_f64()
}

/// Resident memory in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn report(name: &str, files: &[SourceFile], words: &[String], messages: &[String]) {
    // The first compilation leaves room that the second one uses again: what the second adds is what stays.
    let first = Lexicon::compile(files, weights()).0.unwrap();
    let (before, start) = (resident(), Instant::now());
    let lexicon = Lexicon::compile(files, weights()).0.unwrap();
    let compiling = start.elapsed();
    let memory = resident().saturating_sub(before);
    drop(first);
    let bytes: usize = messages.iter().map(String::len).sum();
    let average = bytes as f64 / messages.len() as f64;
    let hints = Hints { country: "HK".parse().ok(), ..Hints::default() };
    let full = rate(messages, |message| {
        black_box(lexicon.read(black_box(message), &hints));
    });
    let automaton = (!words.is_empty()).then(|| CharwiseDoubleArrayAhoCorasick::<u32>::new(words).unwrap());
    let bare = automaton.map_or(0.0, |automaton| {
        rate(messages, |message| {
            black_box(automaton.find_overlapping_iter(black_box(message)).count());
        })
    });
    println!(
        "{name:>16} {:>9} words  compiled in {:>6.0} ms  {:>5.1} MB  extraction {:>9.0}/s {:>6.1} MB/s  automaton {:>9.0}/s {:>6.1} MB/s",
        lexicon.size(),
        compiling.as_secs_f64() * 1000.0,
        memory as f64 / 1e6,
        full,
        full * average / 1e6,
        bare,
        bare * average / 1e6,
    );
}

fn main() {
    let messages = messages();
    report("shipped", &shipped(), &[], &messages);
    let sizes: &[usize] = if measures() { &[1_000, 10_000, 100_000] } else { &[1_000] };
    for &count in sizes {
        let words = made_up(count);
        let mut texts: Vec<String> = words.iter().map(|(_, word)| word.clone()).collect();
        texts.sort();
        texts.dedup();
        report(&format!("{count} made up"), &files(&words), &texts, &messages);
    }
}
