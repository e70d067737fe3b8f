//! `hotline import`: WhatsApp's own exported chats become a customer's past.

use std::path::PathBuf;

use chrono_tz::Tz;

use super::{Ended, KeywordsArgument, Stop, runtime};
use crate::config::Settings;
use crate::domain::{ContactRef, Timestamp};
use crate::engine::intake::import::{Found, NotImported, Wanted, check_dates, read, write};
use crate::engine::knowledge::Folders;
use crate::store::{Store, StoreError};
use crate::whatsapp::chat_export::{DateOrder, Words};

/// Takes a chat that WhatsApp exported (`_chat.txt`) as the past of a customer: tags come from it, at its own times, and nothing
/// is sent for it. The same file twice counts once; what Hotline had itself is left out.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hotline import _chat.txt --contact +85251234567 --agent-name 'Nova Shop'\n  \
                        hotline import chat.txt --contact +85251234567 --timezone Asia/Hong_Kong --dates dmy --dry-run\n\n\
                        Works beside a running server. In WhatsApp: open the chat, More, Export chat, Without media.")]
pub struct Arguments {
    /// Exported chats with this customer
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The customer: +85251234567 or bsuid:US.9001
    #[arg(long, value_name = "CONTACT")]
    contact: ContactRef,
    /// Name under which the shop writes in the chat; several times for several people
    #[arg(long, value_name = "NAME")]
    agent_name: Vec<String>,
    /// Time zone of the phone that exported it [default: the shop's]
    #[arg(long, value_name = "ZONE")]
    timezone: Option<Tz>,
    /// How dates are written: dmy, mdy or ymd [default: found by looking at all of them]
    #[arg(long, value_name = "ORDER", value_parser = |name: &str| DateOrder::from_name(name).ok_or("it is one of dmy, mdy, ymd"))]
    dates: Option<DateOrder>,
    /// Only say what would be taken
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    keywords: KeywordsArgument,
    /// A line of JSON for each file, for programs
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    let settings = arguments.keywords.over(settings);
    let words = words(&Folders::of(&settings))?;
    let wanted = Wanted {
        contact: arguments.contact.clone(),
        agents: arguments.agent_name.clone(),
        zone: arguments.timezone.unwrap_or(settings.shop.timezone),
        dates: arguments.dates,
    };
    let now = Timestamp::from(chrono::Utc::now());
    let mut read_all = Vec::new();
    // All files are looked at before anything is written.
    for path in &arguments.files {
        let name = path.display().to_string();
        let text = std::fs::read(path).map_err(|error| Stop(format!("cannot read {name}: {error}")))?;
        let text =
            String::from_utf8(text).map_err(|_| Stop(format!("{name} is no text in UTF-8; export the chat anew")))?;
        let (events, found) = read(&text, &words, &wanted, now).map_err(|error| Stop(format!("{name}: {error}")))?;
        read_all.push((name, events, found));
    }
    let faulty =
        read_all.iter().any(|(_, events, found)| events.is_empty() || arguments.dry_run && found.ahead.is_some());
    let ended = if faulty { Ended::Faults } else { Ended::Done };
    if arguments.dry_run {
        read_all.iter().try_for_each(|(name, _, found)| tell(name, found, &arguments))?;
        return Ok(ended);
    }
    runtime()?.block_on(async {
        let failed = |error: StoreError| Stop::caused("cannot write the database", &error);
        let store = Store::open_beside(&settings.database.url).await.map_err(failed)?;
        for (name, _, found) in &read_all {
            check_dates(&store, &wanted.contact, found).await.map_err(|error| match error {
                NotImported::Store(error) => failed(error),
                wrong => Stop(format!("{name}: {wrong}")),
            })?;
        }
        for (name, events, mut found) in read_all {
            write(&store, &wanted.contact, events, &mut found).await.map_err(failed)?;
            tell(&name, &found, &arguments)?;
        }
        Ok(ended)
    })
}

fn words(folders: &Folders) -> Result<Words, Stop> {
    const NAME: &str = "chat_exports.toml";
    let sources = folders.read().map_err(|error| Stop(error.to_string()))?;
    if !sources.garbled.is_empty() {
        return Err(Stop::mistakes(&sources.garbled));
    }
    let file = sources.keywords.iter().find(|file| file.path == NAME);
    let file = file.ok_or_else(|| {
        Stop(format!("{NAME} is missing in the folder of keywords; copy the one that ships with Hotline"))
    })?;
    Words::parse(file).map_err(|problem| Stop(problem.to_string()))
}

fn tell(name: &str, found: &Found, arguments: &Arguments) -> Result<(), Stop> {
    if arguments.json {
        let mut value = serde_json::to_value(found).map_err(|error| Stop::new("cannot write", error))?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("file".into(), name.into());
        }
        println!("{value}");
        return Ok(());
    }
    if let (Some(from), Some(to)) = (found.from, found.to) {
        let (customer, agents) = (&found.customer, found.agents.join("”, “"));
        println!("{name}: {} messages of “{customer}” and {} of the shop (“{agents}”)", found.theirs, found.ours);
        println!("  from {from} to {to}, dates are {}", found.dates);
    } else {
        println!("{name}: no line of it could be read as a message; dates are read as {}", found.dates);
    }
    let left = found.left_out;
    for (count, why) in [
        (left.system, "notices of WhatsApp, missed calls and messages that were taken back: left out"),
        (left.before_first, "lines in front of the first message: left out"),
        (left.no_date, "lines with a date that there is not: left out"),
        (found.live, "messages from the first one on that Hotline had itself: left out"),
        (found.known, "messages that were imported before: they count once"),
    ] {
        if count > 0 {
            println!("  {count} {why}");
        }
    }
    if let (true, Some(line)) = (arguments.dry_run, found.ahead) {
        println!("  {}", NotImported::Ahead(line));
    }
    match arguments.dry_run {
        true => println!("  nothing was written"),
        false => println!("  {} messages imported", found.new),
    }
    Ok(())
}
