//! `hotline extract`: what the lexicon reads in messages, JSON line by JSON line.

use std::io::{BufRead, Write};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ended, KeywordsArgument, Stop};
use crate::domain::{Country, Problem, Reading};
use crate::engine::knowledge::dictionaries;
use crate::lexicon::{Candidate, Explainer, Hints, Lexicon};

/// Reads JSON lines on standard input and writes, for each, one JSON line of what was understood.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  echo '{\"id\":\"m1\",\"text\":\"Budget $5000 phone\",\"country\":\"HK\"}' | hotline extract\n\n\
                        With --explain each line has a list \"explain\" of candidates in text order:\n  \
                        text, span      as it stands in the message, and where\n  \
                        listed          the word of the dictionary that it is\n  \
                        kind, key       product, attribute, brand, intent, no intent (looks like it but is not),\n                  \
                        a phrase with a gap, a sum, or a number that is none; and what it stands for\n  \
                        languages       in whose lists it stands; none for brands\n  \
                        found           listed, form (an ending or prefix of its language) or slip\n  \
                        won, why        whether it is in the reading (a sum: whether it is the budget), and why\n\n\
                        Exit status: 0 all lines read, 1 some were no valid input (their line says why), 2 wrong use."
)]
pub struct Arguments {
    #[command(flatten)]
    keywords: KeywordsArgument,
    /// Tell why: under "explain", every word of the dictionaries that stands in the message.
    #[arg(long)]
    explain: bool,
}

/// One line of input. Longer texts than the API's limit are refused.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    text: String,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    country: Option<String>,
    #[serde(default)]
    context: Option<String>,
}

/// Longest text that is read, in characters.
const LONGEST: usize = 65_536;

pub fn run(arguments: Arguments) -> Result<Ended, Stop> {
    let sources = arguments.keywords.folders().read().map_err(|error| Stop(error.to_string()))?;
    fn compiled<T>((compiled, problems): (Option<T>, Vec<Problem>)) -> Result<T, Stop> {
        compiled.ok_or_else(|| Stop::mistakes(&problems))
    }
    let reader = match arguments.explain {
        true => Reader::Telling(compiled(Explainer::compile(&sources.keywords))?),
        false => Reader::Quiet(compiled(dictionaries(&sources.keywords))?),
    };
    let (mut input, mut out) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut ended = Ended::Done;
    let mut line = Vec::new();
    // Bytes, not text: one that is no text spoils its own line only, and each line has its answer, an empty one too.
    while input.read_until(b'\n', &mut line).map_err(|error| Stop::new("cannot read standard input", error))? > 0 {
        let answer = answer(&reader, line.trim_ascii());
        line.clear();
        if answer.get("error").is_some() {
            ended = Ended::Faults;
        }
        let written = writeln!(out, "{answer}").and_then(|()| out.flush());
        written.map_err(|error| Stop::new("cannot write the outcome", error))?;
    }
    Ok(ended)
}

/// What reads: with reasons, or without.
enum Reader {
    Telling(Explainer),
    Quiet(Lexicon),
}

impl Reader {
    fn read(&self, text: &str, hints: &Hints<'_>) -> (Reading, Option<Vec<Candidate>>) {
        match self {
            Self::Telling(explainer) => {
                let (reading, candidates) = explainer.explain(text, hints);
                (reading, Some(candidates))
            }
            Self::Quiet(lexicon) => (lexicon.read(text, hints), None),
        }
    }
}

fn answer(reader: &Reader, line: &[u8]) -> Value {
    if line.is_empty() {
        return json!({ "id": null, "error": "not a valid line of input: it is empty" });
    }
    let line: Line = match serde_json::from_slice(line) {
        Ok(line) => line,
        Err(error) => return json!({ "id": null, "error": format!("not a valid line of input: {error}") }),
    };
    if line.text.chars().count() > LONGEST {
        return json!({ "id": line.id, "error": format!("the text is longer than {LONGEST} characters") });
    }
    let country = match line.country.as_deref().map(str::parse::<Country>).transpose() {
        Ok(country) => country,
        Err(error) => return json!({ "id": line.id, "error": format!("country: {error}") }),
    };
    let asked_budget = line.context.as_deref() == Some("asked_budget");
    let hints = Hints { lang: line.lang.as_deref(), country, asked_budget };
    let (reading, candidates) = reader.read(&line.text, &hints);
    let mut answer = serde_json::to_value(reading).unwrap_or_default();
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("id".into(), line.id);
        if let Some(candidates) = candidates {
            fields.insert("explain".into(), serde_json::to_value(candidates).unwrap_or_default());
        }
    }
    answer
}
