//! `hotline check`: mistakes in dictionaries, rules, replies and the shop's file, with place and advice.

use std::collections::HashSet;

use super::{Ended, KeywordsArgument, Stop};
use crate::config::Settings;
use crate::domain::{Problem, Severity, SourceFile};
use crate::engine::knowledge::{Folders, are_built_in, compile, own_kinds};
use crate::lexicon::{hidden, review};

/// Looks for mistakes in the files that an admin edits.
#[derive(clap::Args, Default)]
#[command(after_help = "Examples:\n  hotline check\n  hotline check --keywords my-keywords --json\n  \
                        hotline check --words --corpus chats.jsonl\n  \
                        hotline check --words --all\n\n\
                        Exit status: 0 nothing wrong, 1 errors found, 2 wrong use. Warnings do not fail.")]
pub struct Arguments {
    #[command(flatten)]
    keywords: KeywordsArgument,
    /// Folder of templates [default: the ones built in]
    #[arg(long, value_name = "DIR")]
    templates: Option<std::path::PathBuf>,
    /// Look at every word of the dictionaries: too short, too common, missing languages. Of those that ship it is told with --all.
    #[arg(long)]
    words: bool,
    /// With --words or --corpus: also tell of words that ship, not only of the shop's own.
    #[arg(long)]
    all: bool,
    /// Messages to try the words on: JSON lines with a "text", or plain lines. Tells how often unsafe words occur, which words
    /// nothing hits, and which take the place of others.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    corpus: Vec<std::path::PathBuf>,
    /// One JSON array of problems, for programs.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    let folders = Folders {
        keywords: arguments.keywords.dir(&settings),
        templates: arguments.templates.or_else(|| settings.templates.dir.clone()),
    };
    let sources = folders.read().map_err(|error| Stop(error.to_string()))?;
    let (knowledge, mut problems) = compile(&sources, &settings);
    let mut of_shipped = 0;
    if knowledge.is_some() && (arguments.words || !arguments.corpus.is_empty()) {
        let messages = messages(&arguments.corpus)?;
        let mut found = review(&sources.keywords, &messages);
        if !arguments.all {
            of_shipped = leave_shipped(&mut found, &sources.keywords, &messages)?;
        }
        problems.extend(found);
        problems.sort();
        problems.dedup();
    }
    if let Some(knowledge) = &knowledge {
        problems.extend(hidden(&sources.keywords, &own_kinds(&sources.keywords, &knowledge.shop)));
        problems.sort();
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    if arguments.json {
        let json = serde_json::to_string_pretty(&problems).map_err(|error| Stop::new("cannot write JSON", error))?;
        println!("{json}");
    } else {
        for problem in &problems {
            println!("{problem}");
        }
        let files = sources.keywords.len() + sources.replies.len();
        println!("{files} files checked: {errors} errors, {} warnings", problems.len() - errors);
        if of_shipped > 0 {
            println!("{of_shipped} more warnings are of words that ship: --all tells them");
        }
    }
    Ok(if errors == 0 { Ended::Done } else { Ended::Faults })
}

/// Leaves out what is told of the dictionaries that ship as well: among thousands of such words nobody would see their own. How many.
fn leave_shipped(found: &mut Vec<Problem>, files: &[SourceFile], messages: &[String]) -> Result<usize, Stop> {
    let all = found.len();
    if are_built_in(files) {
        found.clear();
        return Ok(all);
    }
    let shipped = Folders::default().read().map_err(|error| Stop(error.to_string()))?;
    // By what is said: the lines are others in a file with words of one's own.
    let known: HashSet<_> =
        review(&shipped.keywords, messages).into_iter().map(|problem| (problem.file, problem.message)).collect();
    found.retain(|problem| !known.contains(&(problem.file.clone(), problem.message.clone())));
    Ok(all - found.len())
}

/// The texts of all lines.
fn messages(files: &[std::path::PathBuf]) -> Result<Vec<String>, Stop> {
    let mut messages = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Stop::new(&format!("cannot read {}", path.display()), error))?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        messages.extend(lines.map(|line| match serde_json::from_str::<serde_json::Value>(line) {
            Ok(value) => value["text"].as_str().unwrap_or_default().to_owned(),
            Err(_) => line.to_owned(),
        }));
    }
    Ok(messages)
}
