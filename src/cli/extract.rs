//! `hotline extract`: what the lexicon reads in messages, JSON line by JSON line.

use std::collections::BTreeMap;
use std::io::{BufRead, Read, Write};

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::{Ended, KeywordsArgument, Stop};
use crate::config::Settings;
use crate::domain::{InboundMessage, Problem, Reading, mended};
use crate::engine::knowledge::{dictionaries, weights};
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

/// Bytes that a line may have: more than any text that is read takes, also where every character is escaped. What comes behind them is
/// passed over, however long it is.
const LONGEST_LINE: u64 = 4 << 20;

/// What some editors begin a file with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

pub fn run(arguments: Arguments, settings: &Settings) -> Result<Ended, Stop> {
    let sources = arguments.keywords.folders(settings).read().map_err(|error| Stop(error.to_string()))?;
    if !sources.garbled.is_empty() {
        return Err(Stop::mistakes(&sources.garbled));
    }
    fn compiled<T>((compiled, problems): (Option<T>, Vec<Problem>)) -> Result<T, Stop> {
        compiled.ok_or_else(|| Stop::mistakes(&problems))
    }
    let reader = match arguments.explain {
        true => Reader::Telling(compiled(Explainer::compile(&sources.keywords, weights()))?),
        false => Reader::Quiet(compiled(dictionaries(&sources.keywords))?),
    };
    let (mut input, mut out) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut ended = Ended::Done;
    let mut line = Vec::new();
    // Bytes, not text: one that is no text spoils its own line only, and each line has its answer, an empty one too.
    while read_line(&mut input, &mut line).map_err(|error| Stop::new("cannot read standard input", error))? {
        let answer = answer(&reader, &line);
        if answer.contains_key("error") {
            ended = Ended::Faults;
        }
        let answer = serde_json::to_string(&answer).map_err(|error| Stop::new("cannot write the outcome", error))?;
        let written = writeln!(out, "{answer}").and_then(|()| out.flush());
        written.map_err(|error| Stop::new("cannot write the outcome", error))?;
    }
    Ok(ended)
}

/// Reads the next line, or of one that is too long its beginning; false at the end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    // One byte more tells that it is longer.
    let read = input.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', line)?;
    if line.len() as u64 > LONGEST_LINE && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
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

/// What is told of a line, by its names. Values are kept as they were written: an id of many digits would become another one.
type Answer = BTreeMap<String, Box<RawValue>>;

fn answer(reader: &Reader, line: &[u8]) -> Answer {
    let mut id = None;
    let told = told(reader, line, &mut id).unwrap_or_else(|error| BTreeMap::from([("error".into(), error.into())]));
    let mut answer: Answer =
        told.into_iter().filter_map(|(name, value)| Some((name, to_raw_value(&value).ok()?))).collect();
    answer.insert("id".into(), id.unwrap_or_else(|| RawValue::NULL.to_owned()));
    answer
}

/// What is read in a line; its id as soon as that is known, whatever is wrong with the rest.
fn told(reader: &Reader, line: &[u8], id: &mut Option<Box<RawValue>>) -> Result<BTreeMap<String, Value>, String> {
    if line.len() as u64 > LONGEST_LINE {
        return Err(format!("the line is longer than {LONGEST_LINE} bytes"));
    }
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line).trim_ascii();
    if line.is_empty() {
        return Err("not a valid line of input: it is empty".into());
    }
    let (whole, line) = (std::str::from_utf8(line).map(drop), String::from_utf8_lossy(line));
    let line = mended(line.as_bytes());
    let mut fields: BTreeMap<String, Box<RawValue>> =
        serde_json::from_slice(&line).map_err(|error| format!("not a valid line of input: {error}"))?;
    *id = fields.remove("id");
    whole.map_err(|error| format!("not a valid line of input: {error}"))?;
    let text = fields.get("text").ok_or("not a valid line of input: `text` is missing")?;
    let text: String = serde_json::from_str(text.get()).map_err(|_| "not a valid line of input: `text` is no text")?;
    if text.chars().count() > InboundMessage::MOST_READ {
        return Err(format!("the text is longer than {} characters", InboundMessage::MOST_READ));
    }
    // They are hints: without one that can be used the message is read as without any.
    let hint = |name: &str| fields.get(name).and_then(|hint| serde_json::from_str::<String>(hint.get()).ok());
    let lang = hint("lang").filter(|lang| !lang.is_empty());
    let country = hint("country").and_then(|country| country.parse().ok());
    let asked_budget = hint("context").as_deref() == Some("asked_budget");
    let (reading, candidates) = reader.read(&text, &Hints { lang: lang.as_deref(), country, asked_budget });
    let mut told: BTreeMap<String, Value> =
        serde_json::to_value(reading).and_then(serde_json::from_value).map_err(|error| error.to_string())?;
    if let Some(candidates) = candidates {
        told.insert("explain".into(), serde_json::to_value(candidates).unwrap_or_default());
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    fn said(line: &[u8]) -> String {
        use std::sync::OnceLock;
        static READER: OnceLock<Reader> = OnceLock::new();
        let reader = READER.get_or_init(|| {
            let sources = crate::engine::knowledge::Folders::default().read().unwrap();
            Reader::Quiet(dictionaries(&sources.keywords).0.unwrap())
        });
        serde_json::to_string(&answer(reader, line)).unwrap()
    }

    #[test]
    fn a_message_is_read_whatever_surrounds_its_text() {
        for line in [
            &b"\xef\xbb\xbf{\"id\":\"a\",\"text\":\"phone\"}\n"[..],
            br#"{"id":"a","text":"phone \ud83d"}"#,
            br#"{"id":"a","text":"phone","country":"HKG","lang":7,"context":{}}"#,
            br#"{"id":"a","text":"phone","country":"","lang":""}"#,
        ] {
            let said = said(line);
            assert!(said.contains("electronics/phone") && said.contains(r#""id":"a""#), "{said}");
        }
    }

    #[test]
    fn the_id_comes_back_as_it_was_written_also_where_the_line_is_wrong() {
        let long = b"{\"id\":12345678901234567890123,\"text\":\"\"}";
        assert!(said(long).contains("\"id\":12345678901234567890123"), "{}", said(long));
        for line in [&br#"{"id":"a","text":5}"#[..], br#"{"id":"a"}"#, b"{\"id\":\"a\",\"text\":\"\xff\"}"] {
            let said = said(line);
            assert!(said.contains(r#""id":"a""#) && said.contains("error"), "{said}");
        }
        for line in [&b"[\"a\", \"phone\"]"[..], b"null", b"{"] {
            assert!(said(line).contains("not a valid line of input"), "{}", said(line));
        }
    }

    #[test]
    fn of_an_endless_line_a_little_is_kept_and_the_next_one_is_read() {
        let endless = std::io::Read::chain(std::io::repeat(b'x').take(3 * LONGEST_LINE), &b"\nnext"[..]);
        let (mut input, mut line) = (std::io::BufReader::new(endless), Vec::new());
        assert!(read_line(&mut input, &mut line).unwrap());
        assert!(line.len() as u64 == LONGEST_LINE + 1 && said(&line).contains("longer than"), "{}", line.len());
        assert!(read_line(&mut input, &mut line).unwrap() && line == b"next");
        assert!(!read_line(&mut input, &mut line).unwrap());
    }
}
