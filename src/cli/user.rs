//! `hotline user`: people who may sign in.

use clap::Subcommand;

use super::{Ended, Stop, runtime};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::store::{Role, Store, StoreError};
use crate::web::access;

/// Creates and removes people who may sign in to the console, and makes links for them.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  hotline user add ana --name \"Ana Silva\" --role agent\n  hotline user link ana\n  hotline user remove ana\n  hotline user list --json"
)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

fn role(name: &str) -> Result<Role, &'static str> {
    Role::from_name(name).ok_or("a role is admin or agent")
}

fn login(typed: &str) -> Result<String, &'static str> {
    access::login(typed).ok_or("a sign-in name has letters, digits and . - _ @, 40 at most")
}

#[derive(Subcommand)]
enum Action {
    /// Create somebody and print a link that signs them in once.
    #[command(
        after_help = "Examples:\n  hotline user add ana --name \"Ana Silva\" --role admin\n  hotline user add ben"
    )]
    Add {
        /// Sign-in name.
        #[arg(value_parser = login)]
        login: String,
        /// Name that others see.
        #[arg(long)]
        name: Option<String>,
        /// admin or agent.
        #[arg(long, default_value = "agent", value_parser = role)]
        role: Role,
    },
    /// Print a new link that signs somebody in once, within 24 hours.
    #[command(after_help = "Example:\n  hotline user link ana")]
    Link {
        /// Sign-in name.
        #[arg(value_parser = login)]
        login: String,
    },
    /// Let somebody sign in no more: their password, links and sessions end at once, and whom they were in charge of waits for
    /// somebody else.
    Remove {
        /// Sign-in name.
        #[arg(value_parser = login)]
        login: String,
    },
    /// List everybody.
    List {
        /// One JSON array, for programs.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    runtime()?.block_on(act(arguments.action, settings))
}

async fn act(action: Action, settings: Settings) -> Result<Ended, Stop> {
    let failed = |error: StoreError| Stop::new("the database refused it", error);
    // Beside a running server where there is one; where there is no database yet, the first person may come before the first start.
    let store = match Store::open_beside(&settings.database.url).await {
        Err(StoreError::Missing(_)) if matches!(action, Action::Add { .. }) => {
            Store::open(&settings.database.url).await
        }
        opened => opened,
    };
    let store = store.map_err(failed)?;
    let now = Timestamp::from(chrono::Utc::now());
    match action {
        Action::Add { login, name, role } => {
            let name = name.unwrap_or_else(|| login.clone());
            if !store.add_user(&login, &name, role, now).await.map_err(failed)? {
                return Err(Stop(format!(
                    "somebody is called `{login}` already; for a new link: hotline user link {login}"
                )));
            }
            println!("{}", link(&store, &login, &settings, now).await?);
        }
        Action::Link { login } => println!("{}", link(&store, &login, &settings, now).await?),
        Action::Remove { login } => {
            let Some(left) = store.remove_user(&login, now).await.map_err(failed)? else {
                return Err(Stop(match store.user(&login).await.map_err(failed)? {
                    Some(_) => {
                        format!("`{login}` is the last admin; make another first: hotline user add NAME --role admin")
                    }
                    None => nobody(&login),
                }));
            };
            println!("{login} cannot sign in any more");
            if left > 0 {
                println!("{left} of their conversations wait for somebody else");
            }
        }
        Action::List { json } => {
            let users = store.users().await.map_err(failed)?;
            if json {
                println!("{}", serde_json::json!(users));
            } else {
                users.iter().for_each(|user| println!("{}\t{}\t{}", user.login, user.role.name(), user.name));
            }
        }
    }
    Ok(Ended::Done)
}

async fn link(store: &Store, login: &str, settings: &Settings, now: Timestamp) -> Result<String, Stop> {
    let link = access::new_link(store, login, &settings.public_url(), now).await;
    link.map_err(|error| Stop::new("cannot make a link", error))?.ok_or_else(|| Stop(nobody(login)))
}

fn nobody(login: &str) -> String {
    format!("nobody is called `{login}`; see `hotline user list`")
}
