//! `hotline erase`: forgets a customer who wishes so.

use serde_json::json;

use super::{Ended, Stop, contact_named, runtime};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::store::Store;

/// Forgets a customer: what they and we said, their names and numbers, tags, orders, notes and links. It cannot be taken back. Who
/// writes again is somebody new.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  hotline erase +85251234567\n  hotline erase 17 --yes\n\n\
                        Without --yes it only says who is meant. Also beside a running server. Exit status: 0 erased, 1 nothing was \
                        erased, 2 wrong use.")]
pub struct Arguments {
    /// The contact: +85251234567, bsuid:US.9001, or its number in the console
    contact: String,
    /// Do it
    #[arg(long)]
    yes: bool,
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    runtime()?.block_on(erase(&arguments, &settings))
}

async fn erase(arguments: &Arguments, settings: &Settings) -> Result<Ended, Stop> {
    let store = Store::open_beside(&settings.database.url).await.map_err(Stop::unread)?;
    let found = match contact_named(&store, &arguments.contact).await? {
        Some(contact) => store.contact(contact).await.map_err(Stop::unread)?,
        None => None,
    };
    let Some((row, _)) = found else { return Err(Stop(format!("nobody is known as {}", arguments.contact))) };
    let contact = row.contact;
    if !arguments.yes {
        println!("Contact {contact} would be erased, and nothing brings it back. Add --yes to do it.");
        return Ok(Ended::Faults);
    }
    let now = Timestamp::from(chrono::Utc::now());
    let failed = |error| Stop::caused("the contact was not erased", &error);
    if !store.erase(contact, now).await.map_err(failed)? {
        return Err(Stop(format!("contact {contact} was erased by somebody else")));
    }
    let logged = store.log_change(now, "command", "contact-erased", &contact.to_string(), &json!({})).await;
    logged.map_err(|error| Stop::caused("it is erased, and could not be written into the log", &error))?;
    println!("Contact {contact} is erased.");
    Ok(Ended::Done)
}
