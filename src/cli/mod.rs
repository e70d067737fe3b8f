//! The command line: arguments in, exit status out. Each command is a file of this folder.

mod backtest;
mod backup;
mod check;
mod connections;
mod coverage;
mod doctor;
mod erase;
mod export;
mod extract;
mod import;
mod replay;
mod report;
mod sandbox;
mod serve;
mod simulate;
mod templates;
mod user;
mod webhooks;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Settings;
use crate::domain::{ContactId, ContactRef, Problem, Severity};
use crate::engine::fold::Knowledge;
use crate::engine::knowledge::{Folders, compile};
use crate::store::{Store, StoreError};

/// A WhatsApp agent for shops: answers, tags, hands over, follows up.
#[derive(Parser)]
#[command(name = "hotline", version, about, after_help = "With no command, hotline does `serve`.")]
struct Arguments {
    /// Settings file; without it, hotline.toml in the working folder if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything: webhook, answers, console.
    Serve(serve::Arguments),
    /// Run a Graph API that behaves like Meta's, to test any WhatsApp bot against.
    Sandbox(sandbox::Arguments),
    /// Read messages: JSON lines in, one JSON line of what was understood for each out.
    Extract(extract::Arguments),
    /// Fold timelines through dictionaries and rules and check what they expect.
    Replay(replay::Arguments),
    /// Look for mistakes in dictionaries, rules, replies and the shop's file.
    Check(check::Arguments),
    /// Show what other dictionaries or rules would have made of what happened.
    Backtest(backtest::Arguments),
    /// Tell why a contact holds a tag, or what is missing.
    Why(why::Arguments),
    /// List every entry of the catalogue with what carries it out.
    Coverage(coverage::Arguments),
    /// Live through weeks of a shop on a virtual clock, beside a sender that knows no gate.
    Simulate(simulate::Arguments),
    /// Write contacts with their tags as CSV.
    Export(export::Arguments),
    /// Print figures over all contacts, and how far the jobs are that count them.
    Report(report::Arguments),
    /// Take chats that WhatsApp exported as the past of a customer.
    Import(import::Arguments),
    /// List Meta's templates, judge those that are sent, and have the shop's own approved.
    Templates(templates::Arguments),
    /// Create people who may sign in, and links for them.
    User(user::Arguments),
    /// List, add, try and remove the programs that are told by webhooks what happens.
    Webhooks(webhooks::Arguments),
    /// Forget a customer who wishes so.
    Erase(erase::Arguments),
    /// Copy the database into a new file, also beside a running server.
    Backup(backup::Arguments),
    /// Check settings, database, token and webhook, and say what to do.
    Doctor(doctor::Arguments),
}

/// How a command ended. 2, wrong use, is clap's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Done.
    Done,
    /// Looked, and found faults.
    Faults,
}

/// A command that could not be carried out, in words for the person who typed it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Stop(pub String);

impl Stop {
    /// What was tried, and why it failed.
    pub fn new(tried: &str, why: impl std::fmt::Display) -> Self {
        Self(format!("{tried}: {why}"))
    }

    /// What was tried, why it failed, and the cause that lies under it.
    pub fn caused(tried: &str, error: &dyn std::error::Error) -> Self {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Self(format!("{tried}: {error}{cause}"))
    }

    /// The database does not answer a question.
    pub fn unread(error: StoreError) -> Self {
        Self::caused("cannot read the database", &error)
    }

    /// Every mistake in what an admin wrote.
    pub fn mistakes(problems: &[Problem]) -> Self {
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
        let said: Vec<_> = errors.map(ToString::to_string).collect();
        Self(format!("the dictionaries, rules or replies have mistakes:\n{}", said.join("\n")))
    }
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // A server lives on when somebody who read from it has gone; a command has nobody left to speak to. Those that call somebody say so
    // once they have: who hangs up on them must not end them.
    use Command::{Doctor, Sandbox, Serve, Templates, Webhooks};
    if !matches!(arguments.command, None | Some(Serve(_) | Sandbox(_) | Doctor(_) | Templates(_) | Webhooks(_))) {
        sigpipe::reset();
    }
    match run(arguments) {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Faults) => ExitCode::from(1),
        Err(stop) => {
            eprintln!("hotline: {stop}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<Ended, Stop> {
    let config = arguments.config;
    let settings = || Settings::load(config.as_deref()).map_err(|error| Stop(error.to_string()));
    match arguments.command.unwrap_or_else(|| Command::Serve(serve::Arguments::default())) {
        Command::Serve(arguments) => serve::run(arguments, settings()?),
        Command::Sandbox(arguments) => sandbox::run(arguments),
        Command::Extract(arguments) => extract::run(arguments, &settings()?),
        Command::Replay(arguments) => replay::run(arguments, &settings()?),
        Command::Check(arguments) => check::run(arguments, settings()?),
        Command::Backtest(arguments) => backtest::run(arguments, settings()?),
        Command::Why(arguments) => why::run(arguments, settings()?),
        Command::Coverage(arguments) => coverage::run(arguments, &settings()?),
        Command::Simulate(arguments) => simulate::run(arguments, &settings()?),
        Command::Export(arguments) => export::run(arguments, settings()?),
        Command::Report(arguments) => report::run(arguments, settings()?),
        Command::Import(arguments) => import::run(arguments, settings()?),
        Command::Templates(arguments) => templates::run(arguments, settings()?),
        Command::User(arguments) => user::run(arguments, settings()?),
        Command::Webhooks(arguments) => webhooks::run(arguments, settings()?),
        Command::Erase(arguments) => erase::run(arguments, settings()?),
        Command::Backup(arguments) => backup::run(arguments, settings()?),
        Command::Doctor(arguments) => doctor::run(arguments, settings()?),
    }
}

/// `--keywords DIR`, shared by the commands that read dictionaries.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct KeywordsArgument {
    /// Folder of dictionaries and rules [default: that of the settings, else the ones built in]
    #[arg(long, value_name = "DIR")]
    keywords: Option<PathBuf>,
}

impl KeywordsArgument {
    /// The folder that was named here, else that of the settings; empty there is as good as unset.
    pub fn dir(&self, settings: &Settings) -> Option<PathBuf> {
        let of_settings = || settings.keywords.dir.clone().filter(|dir| !dir.as_os_str().is_empty());
        self.keywords.clone().or_else(of_settings)
    }

    /// The settings, with the folder that was named in place of theirs.
    pub fn over(&self, mut settings: Settings) -> Settings {
        settings.keywords.dir = self.dir(&settings);
        settings
    }

    /// The folders to read: this one, and the reply templates that are built in.
    pub fn folders(&self, settings: &Settings) -> Folders {
        Folders { keywords: self.dir(settings), templates: None }
    }
}

/// Everything that the folders hold, understood.
///
/// # Errors
/// A folder that cannot be read, or every mistake in it.
pub fn knowledge(folders: &Folders, settings: &Settings) -> Result<Knowledge, Stop> {
    let sources = folders.read().map_err(|error| Stop(error.to_string()))?;
    let (knowledge, problems) = compile(&sources, settings);
    knowledge.ok_or_else(|| Stop::mistakes(&problems))
}

/// The contact that is meant by a number in the console, +85251234567 or bsuid:US.9001.
///
/// # Errors
/// It is none of these; the database does not answer.
pub async fn contact_named(store: &Store, named: &str) -> Result<Option<ContactId>, Stop> {
    if let Some(number) = named.parse::<i64>().ok().filter(|_| !named.starts_with('+')) {
        return Ok(Some(ContactId(number)));
    }
    let name: ContactRef = named.parse().map_err(Stop)?;
    store.contact_of(&name).await.map_err(Stop::unread)
}

/// Runs what serves, and ends with it: a message that takes long to read holds up no stop. It is read again after the next start.
///
/// # Errors
/// The system refuses threads, or what serves ends with one.
pub fn run_serving<T>(serving: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    let runtime = runtime()?;
    let ended = runtime.block_on(serving);
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    ended
}

/// A runtime for the commands that serve or talk to a database.
///
/// # Errors
/// The system refuses threads.
pub fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::new("cannot start worker threads", error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    #[test]
    fn what_does_not_end_holds_up_no_stop() {
        let (told, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let serving = async {
                let _endless = tokio::task::spawn_blocking(|| {
                    loop {
                        std::thread::park();
                    }
                });
                Ok(())
            };
            told.send(run_serving(serving).is_ok()).unwrap();
        });
        assert_eq!(ended.recv_timeout(std::time::Duration::from_secs(30)), Ok(true));
    }
}
