//! `hotline simulate`: what would become of a shop's follow-ups, and of one that sends without a gate.

use std::path::PathBuf;

use super::{Ended, KeywordsArgument, Stop};
use crate::config::Settings;
use crate::domain::{Severity, Timestamp};
use crate::engine::knowledge::compile;
use crate::simulate::{self, Plan, Population, chart};

/// The first day, unless the world ends: a Monday.
const START: Timestamp = Timestamp(1_796_601_600_000);
/// Meta's tiers of customers in 24 hours.
const TIERS: [u32; 4] = [250, 2_000, 10_000, 100_000];

/// Lives through weeks of a shop on a virtual clock, with all rules on, and beside it with a sender that knows no gate.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  hotline simulate\n  hotline simulate --contacts 100000 --days 30 --seed 7 --json\n  \
                        hotline simulate --days 14 --chart two-weeks.svg --keywords my-keywords\n\n\
                        The same seed gives the same report. Customers come from simulation.toml among the keywords. 100,000 contacts \
                        over 30 days take minutes and some gigabytes of memory."
)]
pub struct Arguments {
    /// Days to live through
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,
    /// Customers of the shop
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    contacts: u32,
    /// What chance is made of
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Different customers that templates may reach in 24 hours [default: Meta's tier that holds a fifth of the contacts]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    portfolio: Option<u32>,
    /// Messages a second of the one number; Meta's slowest are 20
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u32).range(5..=1_000))]
    messages_per_second: u32,
    /// Marketing templates that Meta delivers to one customer in a week
    #[arg(long, default_value_t = 3)]
    marketing_cap: u32,
    #[command(flatten)]
    keywords: KeywordsArgument,
    /// Draw the report as SVG
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
    /// One JSON object, for programs
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments, settings: &Settings) -> Result<Ended, Stop> {
    let sources = arguments.keywords.folders(settings).read().map_err(|error| Stop(error.to_string()))?;
    // The shop's settings stand at their defaults: the outcome depends on nothing but the files and the arguments.
    let (knowledge, problems) = compile(&sources, &Settings::defaults());
    let Some(knowledge) = knowledge else {
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
        let said: Vec<_> = errors.map(ToString::to_string).collect();
        return Err(Stop(format!("the dictionaries or rules have mistakes:\n{}", said.join("\n"))));
    };
    let population = Population::compile(&sources.keywords).map_err(|problem| Stop(problem.to_string()))?;
    let tier = TIERS.into_iter().find(|tier| *tier >= arguments.contacts / 5);
    let plan = Plan {
        start: START,
        days: arguments.days,
        contacts: arguments.contacts as usize,
        seed: arguments.seed,
        messages_per_second: arguments.messages_per_second,
        portfolio: arguments.portfolio.or(tier),
        marketing_cap: Some(arguments.marketing_cap),
    };
    let progress = |who: &'static str, day: u32| eprintln!("{who}: day {day} of {} has passed", plan.days);
    let report = simulate::run(&knowledge, &population, &plan, &progress);
    if let Some(path) = &arguments.chart {
        let cannot = |error| Stop(format!("cannot write {}: {error}", path.display()));
        std::fs::write(path, chart::svg(&report)).map_err(cannot)?;
    }
    if arguments.json {
        let json = serde_json::to_string(&report).map_err(|error| Stop::new("cannot write JSON", error))?;
        println!("{json}");
    } else {
        print!("{report}");
    }
    Ok(Ended::Done)
}
