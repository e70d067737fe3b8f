//! `hotline backtest`: what other dictionaries or rules would have made of what happened.

use std::io::IsTerminal;
use std::path::PathBuf;

use chrono::{NaiveDate, TimeZone};

use super::{Ended, Stop, knowledge, runtime};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::engine::knowledge::Folders;
use crate::engine::replay::backtest::{Difference, Example, Pair, Report, Stretch, of_database, of_timeline};
use crate::engine::replay::timeline;
use crate::engine::tags::why::marked;
use crate::store::Store;

/// Plays what happened with other dictionaries and rules and shows what would be different: tags and hand-offs gained and lost,
/// tags, colours, heat and stages at the end, with examples. Nothing is changed.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  hotline backtest --keywords my-keywords\n  hotline backtest --keywords draft --since 2026-06-01 --json\n  \
                        hotline backtest --keywords draft --file chat.jsonl\n\n\
                        Reads the database of the settings, also beside a running server, and compares with the dictionaries and rules of the \
                        settings. Prints words of customers: on your own terminal only. Exit status: 0 nothing is different, 1 something is, \
                        2 wrong use."
)]
pub struct Arguments {
    /// Folder of the dictionaries and rules to try
    #[arg(long, value_name = "DIR")]
    keywords: PathBuf,
    /// Folder to compare with [default: the one of the settings]
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// Compare from this day on, in the shop's time zone; what happened before it still counts
    #[arg(long, value_name = "YYYY-MM-DD")]
    since: Option<NaiveDate>,
    /// Timelines instead of the database, each a world of its own
    #[arg(long, value_name = "TIMELINE", num_args = 1..)]
    file: Vec<PathBuf>,
    /// One JSON object, for programs
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments, mut settings: Settings) -> Result<Ended, Stop> {
    settings.keywords.dir = arguments.against.clone().or(settings.keywords.dir);
    if !arguments.file.is_empty() {
        // As with `replay`: the outcome depends on nothing but the files.
        settings = Settings { keywords: settings.keywords, ..Settings::defaults() };
    }
    let old = knowledge(&Folders::of(&settings), &settings)?;
    let folders = Folders { keywords: Some(arguments.keywords.clone()), ..Folders::of(&settings) };
    let new =
        knowledge(&folders, &settings).map_err(|stop| Stop(format!("in {}: {stop}", arguments.keywords.display())))?;
    let pair = Pair { old: &old, new: &new };
    let since = arguments.since.and_then(|day| day.and_hms_opt(0, 0, 0)).and_then(|midnight| {
        let at = old.shop.zone.from_local_datetime(&midnight).earliest()?;
        Some(Timestamp(at.timestamp_millis()))
    });
    let since = since.unwrap_or_default();
    let reports = match arguments.file.is_empty() {
        true => vec![(None, runtime()?.block_on(database(&settings, pair, since))?)],
        false => files(&arguments.file, pair, since)?,
    };
    let same = reports.iter().all(|(_, report)| report.different == 0);
    for (file, report) in reports {
        if arguments.json {
            let mut value = serde_json::to_value(&report).map_err(|error| Stop::new("cannot write", error))?;
            if let (Some(file), Some(fields)) = (file, value.as_object_mut()) {
                fields.insert("file".into(), file.into());
            }
            println!("{value}");
        } else {
            file.iter().for_each(|file| println!("{file}:"));
            print!("{}", text(&report));
        }
    }
    Ok(if same { Ended::Done } else { Ended::Faults })
}

async fn database(settings: &Settings, pair: Pair<'_>, since: Timestamp) -> Result<Report, Stop> {
    let store = Store::open_beside(&settings.database.url).await.map_err(Stop::unread)?;
    let total = store.contact_count().await.map_err(Stop::unread)?;
    let stretch = Stretch { since, until: Timestamp::from(chrono::Utc::now()) };
    let shows = std::io::stderr().is_terminal();
    let mut told = std::time::Instant::now();
    let report = of_database(&store, pair, stretch, |done| {
        // On a terminal in place; into a file a line now and then.
        let every = if shows { 0.2 } else { 10.0 };
        if told.elapsed().as_secs_f64() >= every {
            told = std::time::Instant::now();
            if shows { eprint!("\r{done} of {total} contacts") } else { eprintln!("{done} of {total} contacts") }
        }
    });
    let report = report.await.map_err(Stop::unread)?;
    if shows {
        eprint!("\r\x1b[K");
    }
    Ok(report)
}

fn files(paths: &[PathBuf], pair: Pair<'_>, since: Timestamp) -> Result<Vec<(Option<String>, Report)>, Stop> {
    let read = |path: &PathBuf| {
        let lines = timeline::read(path).map_err(Stop)?;
        Ok((Some(path.display().to_string()), of_timeline(&lines, pair, since)))
    };
    paths.iter().map(read).collect()
}

/// The report for people.
fn text(report: &Report) -> String {
    let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (events, contacts) = (many(report.events, "event"), many(report.contacts, "contact"));
    let mut out = format!("{events} of {contacts}; something is different of {}.\n", report.different);
    differences(&mut out, "Tags", &report.tags);
    differences(&mut out, "Tags of both, held at the end", &report.held);
    differences(&mut out, "Hand-offs", &report.handoffs);
    differences(&mut out, "Follow-ups that were planned", &report.follow_ups);
    for (name, moves) in [
        ("Promise", &report.promises),
        ("Lost with both", &report.ends),
        ("Colour at the end", &report.colours),
        ("Heat at the end", &report.heats),
        ("Stage at the end", &report.stages),
    ] {
        for (change, count) in moves {
            out.push_str(&format!("{name}: {change}: {}\n", many(*count, "contact")));
        }
    }
    out
}

fn differences(out: &mut String, title: &str, all: &std::collections::BTreeMap<String, Difference>) {
    if all.is_empty() {
        return;
    }
    out.push_str(&format!("\n{title:<50} gained    lost\n"));
    // What changes most stands first.
    let mut all: Vec<_> = all.iter().collect();
    all.sort_by_key(|(_, difference)| std::cmp::Reverse(difference.gained + difference.lost));
    for (name, difference) in all {
        out.push_str(&format!("{name:<50} {:>6}  {:>6}\n", difference.gained, difference.lost));
        difference.gained_by.iter().for_each(|example| one(out, '+', example));
        difference.lost_by.iter().for_each(|example| one(out, '-', example));
    }
}

fn one(out: &mut String, sign: char, example: &Example) {
    let said = example.text.as_ref().map(|text| format!(" “{}”", marked(&text.replace('\n', " "), &example.spans)));
    let figure = if example.figure.is_empty() { String::new() } else { format!(", {}", example.figure) };
    let (contact, at, rule) = (&example.contact, example.at, &example.rule);
    out.push_str(&format!("    {sign} {contact} {at}{} [{rule}{figure}]\n", said.unwrap_or_default()));
}
