//! `hotline check`: mistakes in dictionaries, rules, replies and the shop's file, with place and advice.

use super::{Ended, KeywordsArgument, Stop};
use crate::config::Settings;
use crate::domain::Severity;
use crate::engine::knowledge::{Folders, compile};

/// Looks for mistakes in the files that an admin edits.
#[derive(clap::Args, Default)]
#[command(after_help = "Examples:\n  hotline check\n  hotline check --keywords my-keywords --json\n\n\
                        Exit status: 0 nothing wrong, 1 errors found, 2 wrong use. Warnings do not fail.")]
pub struct Arguments {
    #[command(flatten)]
    keywords: KeywordsArgument,
    /// Folder of templates [default: the ones built in]
    #[arg(long, value_name = "DIR")]
    templates: Option<std::path::PathBuf>,
    /// One JSON array of problems, for programs.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    let folders = Folders {
        keywords: arguments.keywords.keywords.or_else(|| settings.keywords.dir.clone()),
        templates: arguments.templates.or_else(|| settings.templates.dir.clone()),
    };
    let sources = folders.read().map_err(|error| Stop(error.to_string()))?;
    let (_, problems) = compile(&sources, &settings);
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
    }
    Ok(if errors == 0 { Ended::Done } else { Ended::Faults })
}
