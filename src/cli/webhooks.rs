//! `hotline webhooks`: programs that are told what happens.

use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Ended, Stop, runtime};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::engine::tags::NotDone;
use crate::engine::webhooks::{self, Change};
use crate::store::{Store, WebhookRow};

/// Attempts that are shown.
const SHOWN: i64 = 50;

/// Lists the programs that are told by webhooks what happens, makes them known, tries and removes them.
#[derive(clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  hotline webhooks\n  hotline webhooks add https://crm.example.com/hotline\n  \
                  hotline webhooks add https://crm.example.com/hotline --kinds message.received,hand_off.opened\n  \
                  hotline webhooks test 5f0c1e2d3a4b5c6d\n  hotline webhooks attempts 5f0c1e2d3a4b5c6d --json\n  \
                  hotline webhooks rotate 5f0c1e2d3a4b5c6d           # the old secret signs too for a day\n  \
                  hotline webhooks enable 5f0c1e2d3a4b5c6d --skip    # forget what was not told meanwhile\n\n\
                  They are signed by the scheme of Standard Webhooks, for which there are libraries in many languages.\n\
                  Exit status: 0 done, 1 the program did not take the test, 2 wrong use."
)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// One JSON array, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Make a program known, and print its secret: it is shown this once.
    #[command(after_help = "Examples:\n  hotline webhooks add https://crm.example.com/hotline\n  \
                            hotline webhooks add https://crm.example.com/hotline --kinds message.received,tags.changed,hand_off.opened")]
    Add {
        /// Its address.
        url: String,
        /// What it is told, with commas between [default: everything].
        #[arg(long, value_delimiter = ',')]
        kinds: Option<Vec<String>>,
    },
    /// Print a new secret; the old one signs too for a day.
    Rotate {
        /// Its id.
        id: String,
    },
    /// Tell it again, from where it stopped.
    Enable {
        /// Its id.
        id: String,
        /// Only what happens from now on.
        #[arg(long)]
        skip: bool,
    },
    /// Tell it nothing until it is enabled again.
    Disable {
        /// Its id.
        id: String,
    },
    /// Call it once with a greeting, and print how that ended.
    Test {
        /// Its id.
        id: String,
        /// One JSON object, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Print the last attempts, the newest first.
    Attempts {
        /// Its id.
        id: String,
        /// One JSON array, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Forget it.
    Remove {
        /// Its id.
        id: String,
    },
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    runtime()?.block_on(act(arguments, settings))
}

fn stop(error: NotDone) -> Stop {
    match error {
        NotDone::Wrong(said) | NotDone::Unknown(said) | NotDone::Forbidden(said) => Stop(said),
        NotDone::Store(error) => Stop::caused("the database refused it", &error),
    }
}

async fn act(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    let store = Store::open_beside(&settings.database.url).await.map_err(Stop::unread)?;
    let (now, places) = (Timestamp::from(chrono::Utc::now()), &settings.webhooks);
    if !matches!(arguments.action, Some(Action::Test { .. })) {
        sigpipe::reset();
    }
    let enabled = |enabled, skip| Change { enabled: Some(enabled), skip, ..Change::default() };
    match arguments.action {
        None => list(&store.webhooks().await.map_err(Stop::unread)?, arguments.json, now),
        Some(Action::Add { url, kinds }) => {
            secret(&webhooks::add(&store, places, &url, kinds.as_deref(), now).await.map_err(stop)?);
        }
        Some(Action::Rotate { id }) => secret(&webhooks::rotate(&store, &id, now).await.map_err(stop)?),
        Some(Action::Enable { id, skip }) => {
            webhooks::change(&store, places, &id, &enabled(true, skip)).await.map_err(stop)?;
            println!("{id} is told again");
        }
        Some(Action::Disable { id }) => {
            webhooks::change(&store, places, &id, &enabled(false, false)).await.map_err(stop)?;
            println!("{id} is told nothing until it is enabled again");
        }
        Some(Action::Test { id, json }) => {
            let called = webhooks::test(&store, places, &id, now).await.map_err(stop)?;
            let told = webhooks::told(&called);
            println!("{}", if json { told.to_string() } else { ended(&told) });
            return Ok(if called.is_taken() { Ended::Done } else { Ended::Faults });
        }
        Some(Action::Attempts { id, json }) => {
            let rows = webhooks::attempts(&store, &id, i64::MAX, SHOWN).await.map_err(stop)?;
            if json {
                println!("{}", json!(rows));
            } else if rows.is_empty() {
                println!("{id} was not called yet");
            } else {
                rows.iter().for_each(|row| println!("{}", attempt(row)));
            }
        }
        Some(Action::Remove { id }) => {
            webhooks::remove(&store, &id).await.map_err(stop)?;
            println!("{id} is forgotten");
        }
    }
    Ok(Ended::Done)
}

/// How a call ended, for people.
fn ended(told: &Value) -> String {
    let millis = &told["millis"];
    match told["error"].as_str() {
        Some(error) => format!("not taken: {error} ({millis} ms)"),
        None => format!("taken: it answered {} ({millis} ms)", told["status"]),
    }
}

fn attempt(row: &Value) -> String {
    let text = |field: &str| row[field].as_str().unwrap_or_default();
    format!("{}\t{}\t{}\ttry {}\t{}", text("at"), text("kind"), text("event"), row["attempt"], ended(row))
}

/// The one time that a secret is shown.
fn secret(row: &WebhookRow) {
    println!("{}\t{}", row.id, row.secret.expose_secret());
}

fn list(rows: &[WebhookRow], as_json: bool, now: Timestamp) {
    let shown: Vec<Value> = rows.iter().map(|row| webhooks::shown(row, now)).collect();
    if as_json {
        return println!("{}", json!(shown));
    }
    if rows.is_empty() {
        println!("No program is told. `hotline webhooks add https://…` makes one known.");
    }
    for row in rows {
        let state = match (&row.stopped, row.enabled, row.progress.failing_since) {
            (Some(why), ..) => format!("disabled: {why}"),
            (None, false, _) => "disabled".into(),
            (None, true, Some(since)) => format!("failing since {}", since.rfc3339()),
            (None, true, None) => "enabled".into(),
        };
        println!("{}\t{}\t{state}", row.id, row.url);
    }
}
