//! `hotline coverage`: every entry of the catalogue, with what carries it out and what shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Ended, KeywordsArgument, Stop};
use crate::config::Settings;
use crate::domain::SourceFile;
use crate::engine::knowledge::compile;

/// Where the repository has them.
const SCENARIOS: &str = "tests/scenarios";

/// Lists the entries of the catalogue with the rules, places and scenarios that carry them out.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hotline coverage\n  hotline coverage --missing\n  \
                        hotline coverage --json | jq '.[] | select(.rules == [])'\n\n\
                        Exit status: 0 every entry is carried out, 1 some are not yet, 2 wrong use.")]
pub struct Arguments {
    #[command(flatten)]
    keywords: KeywordsArgument,
    /// Folder of timelines; a timeline shows the entries that its comments name.
    /// Default: tests/scenarios, where it is there.
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Only entries that nothing carries out.
    #[arg(long)]
    missing: bool,
    /// One JSON array with a row for each entry, for programs.
    #[arg(long)]
    json: bool,
}

/// `catalogue.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    sections: BTreeMap<String, usize>,
    places: BTreeMap<String, String>,
}

/// One entry.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    rules: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    scenarios: BTreeSet<String>,
}

impl Row {
    fn place_in_the_catalogue(&self) -> (String, usize) {
        let (section, number) = self.id.rsplit_once('-').unwrap_or((&self.id, ""));
        (section.to_owned(), number.parse().unwrap_or_default())
    }

    fn is_carried_out(&self) -> bool {
        !self.rules.is_empty() || self.place.is_some()
    }
}

pub fn run(arguments: Arguments, settings: &Settings) -> Result<Ended, Stop> {
    let sources = arguments.keywords.folders(settings).read().map_err(|error| Stop(error.to_string()))?;
    let (knowledge, problems) = compile(&sources, &Settings::defaults());
    let Some(knowledge) = knowledge else {
        return Err(Stop::mistakes(&problems));
    };
    let mut rows = rows(&sources.keywords)?;
    for (rule, entries) in knowledge.rulebook.catalogued() {
        for entry in entries {
            let Some(row) = rows.get_mut(entry) else {
                return Err(Stop(format!("rule `{rule}` names {entry}, which the catalogue does not have")));
            };
            row.rules.insert(rule.to_owned());
        }
    }
    let scenarios = arguments.scenarios.as_deref().unwrap_or(Path::new(SCENARIOS));
    if scenarios.is_dir() {
        shown(scenarios, &mut rows).map_err(|error| Stop::new("cannot read the scenarios", error))?;
    } else {
        let missing = format!("there is no folder {}", scenarios.display());
        if arguments.scenarios.is_some() {
            return Err(Stop(missing));
        }
        eprintln!("hotline: {missing}: no scenario is shown");
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by_key(Row::place_in_the_catalogue);
    let (all, done) = (rows.len(), rows.iter().filter(|row| row.is_carried_out()).count());
    rows.retain(|row| !arguments.missing || !row.is_carried_out());
    if arguments.json {
        let json = serde_json::to_string_pretty(&rows).map_err(|error| Stop::new("cannot write JSON", error))?;
        println!("{json}");
    } else {
        rows.iter().for_each(print);
        println!("{done} of {all} entries are carried out");
    }
    Ok(if done == all { Ended::Done } else { Ended::Faults })
}

fn print(row: &Row) {
    let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let how = match (&row.place, row.rules.is_empty()) {
        (Some(place), true) => place.clone(),
        (Some(place), false) => format!("{}; {place}", list(&row.rules)),
        (None, false) => list(&row.rules),
        (None, true) => "not yet".into(),
    };
    let scenarios = match row.scenarios.len() {
        0 => String::new(),
        1 => format!("  ({})", list(&row.scenarios)),
        count => format!("  ({count} scenarios)"),
    };
    println!("{:10} {how}{scenarios}", row.id);
}

/// Every entry of the catalogue, by its place in it.
type Rows = BTreeMap<String, Row>;

fn rows(files: &[SourceFile]) -> Result<Rows, Stop> {
    let file = files.iter().find(|file| file.path == "catalogue.toml");
    let file = file.ok_or_else(|| Stop("catalogue.toml is missing among the dictionaries".into()))?;
    let catalogue: Catalogue =
        toml::from_str(&file.text).map_err(|error| Stop::new("catalogue.toml cannot be read", error))?;
    let ids =
        catalogue.sections.iter().flat_map(|(section, count)| (1..=*count).map(move |n| format!("{section}-{n}")));
    let empty = |id: String| Row { id, rules: BTreeSet::new(), place: None, scenarios: BTreeSet::new() };
    let mut rows: Rows = ids.map(|id| (id.clone(), empty(id))).collect();
    for (id, place) in catalogue.places {
        let row = rows.get_mut(&id);
        row.ok_or_else(|| Stop(format!("catalogue.toml: [places] names {id}, which no section has")))?.place =
            Some(place);
    }
    Ok(rows)
}

/// Notes which timelines name which entries in their comments.
fn shown(folder: &Path, rows: &mut Rows) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            shown(&path, rows)?;
            continue;
        }
        for line in std::fs::read_to_string(&path)?.lines().filter(|line| line.contains("\"comment\"")) {
            for id in line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
                if let Some(row) = rows.get_mut(id) {
                    row.scenarios.insert(path.display().to_string());
                }
            }
        }
    }
    Ok(())
}
