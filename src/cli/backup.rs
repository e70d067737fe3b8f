//! `hotline backup`: copies the database of a running server.

use std::path::PathBuf;
use std::time::Duration;

use super::{Ended, Stop, connections, runtime};
use crate::config::Settings;
use crate::store;

/// How often it is told how far the copy is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// Copies the SQLite database into a new file and checks the copy; for PostgreSQL use pg_dump.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  hotline backup /backups/hotline-$(date +%F).db\n\n\
                        Also beside a running server, which goes on. The copy is of one moment. To go back to it: stop the server, put it \
                        in the place of the database, remove the files beside that which end in -wal and -shm, and start. \
                        Exit status: 0 copied and checked, 2 not copied.")]
pub struct Arguments {
    /// The copy; a file that is there is left as it is
    file: PathBuf,
}

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    runtime()?.block_on(back_up(&arguments, &settings))
}

async fn back_up(arguments: &Arguments, settings: &Settings) -> Result<Ended, Stop> {
    let (file, url) = (&arguments.file, &settings.database.url);
    let part = store::unfinished(file);
    let copying = store::back_up(url, file);
    let stopped = connections::signal();
    tokio::pin!(copying, stopped);
    let mut every = tokio::time::interval(TELL_EVERY);
    every.tick().await;
    let copied = loop {
        tokio::select! {
            // Before there is half a copy, which goes when it is told to stop.
            biased;
            () = &mut stopped => return Err(Stop::new("the database was not copied", "it was told to stop")),
            copied = &mut copying => break copied,
            _ = every.tick() => {
                let bytes = std::fs::metadata(&part).map_or(0, |part| part.len());
                eprintln!("{} so far", megabytes(bytes));
            }
        }
    };
    let bytes = copied.map_err(|error| Stop::caused("the database was not copied", &error))?;
    println!("{} is copied to {} and checked: {}.", store::place_of(url), file.display(), megabytes(bytes));
    Ok(Ended::Done)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
