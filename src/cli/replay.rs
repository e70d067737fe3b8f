//! `hotline replay`: folds timelines and checks what they expect.

use std::io::Write;
use std::path::PathBuf;

use super::{Ended, KeywordsArgument, Stop, knowledge};
use crate::config::Settings;
use crate::engine::replay::World;
use crate::engine::replay::timeline;

/// Folds timelines through dictionaries and rules, with the timeline as the clock.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hotline replay tests/scenarios/heat/*.jsonl\n  \
                        hotline replay --trace --keywords my-keywords chat.jsonl\n\n\
                        Nothing is sent or stored. Exit status: 0 all expectations hold, 1 some do not, 2 wrong use, or a file that \
                        cannot be read (the others are played all the same).")]
pub struct Arguments {
    /// Timelines, each a world of its own.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    keywords: KeywordsArgument,
    /// Print every change of tag, colour and hand-off and every planned and sent message.
    #[arg(long)]
    trace: bool,
    /// One JSON object with the failures, for programs.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments, settings: &Settings) -> Result<Ended, Stop> {
    // But for where the dictionaries stand, the settings stay at their defaults: the outcome depends on nothing but the files.
    let knowledge = knowledge(&arguments.keywords.folders(settings), &Settings::defaults())?;
    let mut out = std::io::stdout().lock();
    let failed_to_write = |error| Stop::new("cannot write the outcome", error);
    let (mut passed, mut failures, mut unreadable) = (0, Vec::new(), Vec::new());
    for path in &arguments.files {
        let name = path.display();
        let lines = match timeline::read(path) {
            Ok(lines) => lines,
            Err(error) => {
                unreadable.push(error);
                continue;
            }
        };
        let mut world = World::new(&knowledge, arguments.trace);
        let outcome = world.play(&lines);
        for line in world.take_trace() {
            writeln!(out, "{line}").map_err(failed_to_write)?;
        }
        passed += outcome.passed;
        for failure in outcome.failures {
            if !arguments.json {
                for difference in &failure.differences {
                    writeln!(out, "{name}:{}: {difference}", failure.line).map_err(failed_to_write)?;
                }
            }
            failures.push(serde_json::json!({
                "file": name.to_string(), "line": failure.line, "differences": failure.differences,
            }));
        }
    }
    let failed = failures.len();
    if arguments.json {
        let report = serde_json::json!({ "passed": passed, "failed": failed, "failures": failures });
        writeln!(out, "{report}").map_err(failed_to_write)?;
    } else {
        writeln!(out, "{passed} passed, {failed} failed").map_err(failed_to_write)?;
    }
    // One file that cannot be read keeps nobody from hearing of the others.
    if !unreadable.is_empty() {
        return Err(Stop(unreadable.join("\n")));
    }
    Ok(if failed == 0 { Ended::Done } else { Ended::Faults })
}
