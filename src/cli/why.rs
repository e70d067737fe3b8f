//! `hotline why`: why a contact holds a tag, or what is missing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Ended, KeywordsArgument, Stop, contact_named, knowledge, runtime};
use crate::config::Settings;
use crate::domain::{ContactRef, Event, Timestamp};
use crate::engine::fold::Knowledge;
use crate::engine::knowledge::Folders;
use crate::engine::replay::World;
use crate::engine::replay::timeline::{self, What};
use crate::engine::tags::Faces;
use crate::engine::tags::why::{Why, marked, of_contact, of_timeline, told};
use crate::rulebook::Candidate;
use crate::store::{LedgerMove, Store};

/// Tells why a contact holds a tag, or what is missing: of every rule that could set it, which conditions hold and by how much
/// the others fail.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  hotline why +85251234567 heat/high\n  hotline why 17 interest/high/earbuds-waterproof --json\n  \
                        hotline why +85251234567 color/red --file chat.jsonl --keywords my-keywords\n\n\
                        Colours, heat and stages are tags: color/red, heat/high, stage/considering. What the console calls a tag is\n\
                        understood as well: Heat-High. Looks only, also beside a running \
                        server. Exit status: 0 the tags are held, 1 one of them is not, 2 wrong use."
)]
pub struct Arguments {
    /// The contact: +85251234567, bsuid:US.9001, or its number in the console
    contact: String,
    /// The tag, or several: its key, or what the console calls it
    #[arg(required = true, value_name = "TAG")]
    tags: Vec<String>,
    /// Ask of the end of a timeline instead of the database
    #[arg(long, value_name = "TIMELINE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    keywords: KeywordsArgument,
    /// A line of JSON for each tag, for programs
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    let settings = arguments.keywords.over(settings);
    let answers = match &arguments.file {
        // As with `replay`: the outcome depends on nothing but the files.
        Some(file) => {
            let knowledge = knowledge(&arguments.keywords.folders(&settings), &Settings::defaults())?;
            in_timeline(file, &arguments, &Arc::new(knowledge))?
        }
        None => {
            let knowledge = knowledge(&Folders::of(&settings), &settings)?;
            runtime()?.block_on(in_database(&arguments, &settings, &Arc::new(knowledge)))?
        }
    };
    for (index, why) in answers.iter().enumerate() {
        match arguments.json {
            true => println!("{}", serde_json::to_string(why).map_err(|error| Stop::new("cannot write", error))?),
            false if index == 0 => print!("{}", text(why)),
            false => print!("\n{}", text(why)),
        }
    }
    let all_held = answers.iter().all(|why| why.explanation.held.is_some());
    Ok(if all_held { Ended::Done } else { Ended::Faults })
}

async fn in_database(arguments: &Arguments, settings: &Settings, knowledge: &Arc<Knowledge>) -> Result<Vec<Why>, Stop> {
    let store = Store::open_beside(&settings.database.url).await.map_err(Stop::unread)?;
    let nobody = || Stop(format!("nobody is known as {}, or nothing of them was folded yet", arguments.contact));
    let contact = contact_named(&store, &arguments.contact).await?.ok_or_else(nobody)?;
    let now = Timestamp::from(chrono::Utc::now());
    let faces = Faces::read(&store, knowledge.clone()).await.map_err(Stop::unread)?;
    let known = store.tag_names().await.map_err(Stop::unread)?;
    let mut answers = Vec::new();
    for tag in &arguments.tags {
        let why =
            of_contact(&store, knowledge, contact, &faces.called(tag, &known), now).await.map_err(Stop::unread)?;
        answers.push(why.ok_or_else(nobody)?);
    }
    Ok(answers)
}

fn in_timeline(file: &Path, arguments: &Arguments, knowledge: &Arc<Knowledge>) -> Result<Vec<Why>, Stop> {
    let name: ContactRef = arguments.contact.parse().map_err(Stop)?;
    let (shown, lines) = (file.display(), timeline::read(file).map_err(Stop)?);
    let mut world = World::recorded(knowledge);
    let _expectations = world.play(&lines);
    let end = lines.last().map(|line| line.received.max(line.at)).unwrap_or_default();
    world.pass(end);
    let mut ledger: Vec<_> = world
        .take_record()
        .into_iter()
        .filter(|(contact, _)| *contact == name)
        .filter_map(|(_, effect)| told(effect))
        .collect();
    ledger.reverse();
    let events: Vec<Event> = lines
        .iter()
        .filter_map(|line| match &line.what {
            What::Event { body, .. } => {
                let (seq, body) = (line.number as i64, (**body).clone());
                Some(Event { seq, at: line.at, received: line.received, body })
            }
            What::Expect(_) => None,
        })
        .collect();
    let state = world.state(&name).ok_or_else(|| Stop(format!("{shown} holds no event of {name}")))?;
    let faces = Faces::shipped(knowledge.clone());
    let known: Vec<String> = state.facts.tags().map(|(tag, _)| tag.to_string()).collect();
    let tags = arguments.tags.iter().map(|tag| faces.called(tag, &known));
    Ok(tags.map(|tag| of_timeline(knowledge, state, &ledger, &events, &tag, end)).collect())
}

/// The answer for people.
fn text(why: &Why) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let explanation = &why.explanation;
    match &explanation.held {
        Some(held) => {
            let until = held.until.map_or_else(|| "with no end set".to_owned(), |until| format!("until {until}"));
            line(format!("{} is held since {}, {until}, by {}.", explanation.tag, held.since, held.by));
        }
        None => line(format!("{} is not held at {}.", explanation.tag, explanation.now)),
    }
    if explanation.rules.is_empty() && explanation.notes.is_empty() {
        line("No rule sets a tag like this; a person may.".into());
    }
    for rule in &explanation.rules {
        line(String::new());
        line(head(rule));
        line(format!("  {}", rule.why));
        for condition in &rule.conditions {
            line(format!("  {condition}"));
            condition
                .events
                .iter()
                .filter_map(|seq| of_event(why, *seq, None))
                .for_each(|told| line(format!("            {told}")));
        }
    }
    if !explanation.notes.is_empty() {
        line(String::new());
        explanation.notes.iter().for_each(|note| line(note.clone()));
    }
    if !why.history.is_empty() {
        line(String::new());
        line("History, the newest first:".into());
    }
    for past in &why.history {
        let change = match past.change {
            LedgerMove::Set => "set",
            LedgerMove::Removed => "removed",
            LedgerMove::Expired => "ended",
            LedgerMove::Raised => "raised",
        };
        let version = if past.version.is_empty() { String::new() } else { format!("@{}", past.version) };
        let figure = if past.figure.is_empty() { String::new() } else { format!(": {}", past.figure) };
        line(format!("  {} {change} by {}{version}{figure}", past.at, past.by));
        let last = past.events.last();
        for seq in &past.events {
            let spans = (Some(seq) == last).then_some(past);
            of_event(why, *seq, spans.map(|past| past.spans.as_slice()))
                .iter()
                .for_each(|told| line(format!("      {told}")));
        }
    }
    out
}

fn head(rule: &Candidate) -> String {
    let version = &rule.version;
    let missing = match rule.missing() {
        0 => String::new(),
        1 => ", 1 condition missing".into(),
        some => format!(", {some} conditions missing"),
    };
    format!("Rule {}@{version} ({}), lives {}{missing}", rule.rule, rule.catalogue.join(", "), rule.lives)
}

/// An event in a line; the words of a message with what counted in brackets.
fn of_event(why: &Why, seq: i64, spans: Option<&[crate::domain::Span]>) -> Option<String> {
    let seen = why.events.get(&seq)?;
    let at = seen.at.map(|at| at.to_string()).unwrap_or_default();
    Some(match &seen.text {
        Some(text) => format!("event {seq}, {at}: “{}”", marked(&text.replace('\n', " "), spans.unwrap_or_default())),
        None => format!("event {seq}, {at}: {}", seen.kind),
    })
}
