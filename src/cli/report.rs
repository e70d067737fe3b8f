//! `hotline report`: figures over all contacts, also beside a running server.

use std::fmt::Write;

use chrono::NaiveDate;

use super::{Ended, KeywordsArgument, Stop, knowledge, runtime};
use crate::config::Settings;
use crate::domain::{Duration, Every, Timestamp, midnight};
use crate::engine::fold::Knowledge;
use crate::engine::knowledge::Folders;
use crate::engine::{jobs, reports};
use crate::statistics::{Figure, Report, Span};
use crate::store::Store;

/// A month of 30 days, where nothing else is asked for.
const SPAN: Duration = Duration::days(30);

/// Figures over all contacts. Without a name, lists the reports and how far the jobs are.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hotline report\n  hotline report customers\n  \
                        hotline report customers --since 2026-04-01 --until 2026-07-01 --json\n  \
                        hotline report tags --week\n  hotline report tags --quarter")]
pub struct Arguments {
    /// Which report
    name: Option<String>,
    /// From this day on, in the shop's time zone [default: 30 days before the end]
    #[arg(long, value_name = "DAY")]
    since: Option<NaiveDate>,
    /// Before this day [default: until now]
    #[arg(long, value_name = "DAY")]
    until: Option<NaiveDate>,
    /// The last week that is over, in place of --since and --until
    #[arg(long, conflicts_with_all = ["since", "until", "quarter"])]
    week: bool,
    /// The last quarter that is over
    #[arg(long, conflicts_with_all = ["since", "until"])]
    quarter: bool,
    /// One that was kept, such as 2026-Q3 or 2026-07
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["since", "until", "week", "quarter"], requires = "name")]
    period: Option<String>,
    /// One JSON object, for programs
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    keywords: KeywordsArgument,
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    let settings = arguments.keywords.over(settings);
    runtime()?.block_on(report(&arguments, &settings))
}

async fn report(arguments: &Arguments, settings: &Settings) -> Result<Ended, Stop> {
    let knowledge = knowledge(&Folders::of(settings), settings)?;
    let kind = match &arguments.name {
        Some(name) => Some(reports::named(name).ok_or_else(|| {
            let known: Vec<_> = all().map(|kind| kind.name).collect();
            Stop(format!("there is no report `{name}`; there are: {}", known.join(", ")))
        })?),
        None => None,
    };
    let store = Store::open_beside(&settings.database.url).await.map_err(Stop::unread)?;
    let now = Timestamp::from(chrono::Utc::now());
    let zone = knowledge.shop.zone;
    let text = match kind {
        Some(kind) => {
            let report = match &arguments.period {
                Some(period) => kept(&store, kind.name, period).await?,
                None => {
                    let span = span(arguments, zone, now);
                    if span.from >= span.until {
                        return Err(Stop("--since must be before --until".into()));
                    }
                    let input = reports::ReportInput { store: &store, knowledge: &knowledge, span, now };
                    reports::make(kind, input).await.map_err(Stop::unread)?
                }
            };
            if arguments.json { json(&report)? } else { shown(&report, &knowledge) }
        }
        None => {
            let jobs = jobs::told(&store, zone, now).await.map_err(Stop::unread)?;
            if arguments.json { json(&listed(&jobs))? } else { list(&jobs) }
        }
    };
    print!("{text}");
    Ok(Ended::Done)
}

fn span(arguments: &Arguments, zone: chrono_tz::Tz, now: Timestamp) -> Span {
    let every = match (arguments.week, arguments.quarter) {
        (true, _) => Some(Every::Week),
        (_, true) => Some(Every::Quarter),
        _ => None,
    };
    if let Some(period) = every.map(|every| every.last_ended(now, zone)) {
        return Span { from: period.from, until: period.until };
    }
    let until = arguments.until.map_or(now, |day| midnight(day, zone));
    Span { from: arguments.since.map_or(until - SPAN, |day| midnight(day, zone)), until }
}

async fn kept(store: &Store, name: &str, period: &str) -> Result<Report, Stop> {
    if let Some(report) = store.kept_report(name, period).await.map_err(Stop::unread)? {
        return Ok(report);
    }
    let kept = store.kept_reports().await.map_err(Stop::unread)?;
    let of_name: Vec<_> = kept.iter().filter(|(kept, _)| kept == name).map(|(_, period)| period.as_str()).collect();
    let there = match (of_name.is_empty(), kept.is_empty()) {
        (false, _) => format!("kept are: {}", of_name.join(", ")),
        (true, false) => {
            let others: Vec<_> = kept.iter().map(|(name, period)| format!("{name} {period}")).collect();
            format!("of it none is kept. Kept are: {}", others.join(", "))
        }
        (true, true) => {
            let names: Vec<_> = reports::REPORTS.iter().map(|kind| kind.name).collect();
            format!("none is kept yet: when a month or quarter is over, these are: {}", names.join(", "))
        }
    };
    Err(Stop(format!("no report `{name}` of {period} is kept; {there}")))
}

fn json(value: &impl serde::Serialize) -> Result<String, Stop> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Stop::new("cannot write JSON", error))?;
    Ok(text + "\n")
}

fn all() -> impl Iterator<Item = &'static reports::Kind> {
    reports::REPORTS.iter().chain([&reports::METRICS])
}

fn listed(jobs: &[jobs::Told]) -> serde_json::Value {
    let reports: Vec<_> = all().map(|kind| serde_json::json!({ "name": kind.name, "about": kind.about })).collect();
    serde_json::json!({ "reports": reports, "jobs": jobs })
}

fn list(jobs: &[jobs::Told]) -> String {
    let mut text = String::from("Reports:\n");
    for kind in all() {
        let _infallible = writeln!(text, "  {:14} {}", kind.name, kind.about);
    }
    text.push_str("\nJobs:\n");
    for job in jobs {
        let (period, next) = (job.period.as_deref().unwrap_or("-"), &job.next);
        let every = format!("{:?}", job.every).to_lowercase();
        let _infallible = writeln!(
            text,
            "  {:18} every {every:8} {:8} {period:11} {} of {}, next {next}",
            job.name, job.state, job.done, job.total
        );
        if let Some(error) = &job.error {
            let _infallible = writeln!(text, "  {:18} {error}", "");
        }
    }
    text
}

/// A table for people.
fn shown(report: &Report, knowledge: &Knowledge) -> String {
    let day = |text: &str| Timestamp::parse_rfc3339(text).map(|at| at.date_in(knowledge.shop.zone)).unwrap_or_default();
    let mut text = format!("{}: {}\n{} to {}\n\n", report.name, report.about, day(&report.from), day(&report.until));
    let what = |figure: &Figure| match figure.of.is_empty() {
        true => figure.name.clone(),
        false => format!("{}, {}", figure.name, figure.of),
    };
    let wide = report.figures.iter().map(|figure| what(figure).chars().count()).max().unwrap_or(0);
    for figure in &report.figures {
        let value = figure.value.map_or_else(|| "?".to_owned(), |value| format!("{value} {}", figure.unit));
        let mut line = format!("{:9} {:wide$} {:>14}", figure.entry, what(figure), value.trim_end());
        if figure.cases > 0 {
            let _infallible = write!(line, "  of {}", figure.cases);
        }
        if let Some(aim) = figure.aim {
            let verdict = match figure.good {
                Some(true) => "good",
                Some(false) => "NOT MET",
                None => "unknown",
            };
            let _infallible = write!(line, "  ({aim}: {verdict})");
        }
        if !figure.note.is_empty() {
            let _infallible = write!(line, "  {}", figure.note);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
