//! A copy of a SQLite database as it was at one moment, made beside the server that goes on writing to it.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::{StoreError, is_postgres, sqlite};

/// Where a copy is written until it is whole and checked.
pub fn unfinished(to: &Path) -> PathBuf {
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// Copies the database that the address names into a new file, which only its owner may read, and checks the copy. A server may run
/// beside it. How many bytes it has.
///
/// # Errors
/// PostgreSQL, which has a command of its own; no such database; a file that is there; a disk that is full.
pub async fn back_up(url: &str, to: &Path) -> Result<u64, StoreError> {
    if is_postgres(url) {
        let said = "for PostgreSQL use its own command: pg_dump --format=custom --file=FILE DATABASE";
        return Err(StoreError::Address(said.into()));
    }
    let options = sqlite::options(url).ok_or_else(sqlite::no_address)?;
    if !options.get_filename().exists() {
        return Err(StoreError::Address(format!("there is no database {}", options.get_filename().display())));
    }
    let is_there = || StoreError::Address(format!("{} is there: name a new file", to.display()));
    if to.exists() {
        return Err(is_there());
    }
    let part = unfinished(to);
    let wrong = |error: std::io::Error| StoreError::Address(format!("cannot write {}: {error}", part.display()));
    // It holds what customers wrote. Of two that write into one file the second finds it there.
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(wrong)?;
    let copied = copy(options, &part).await;
    let kept = async {
        copied?;
        file.sync_all().map_err(wrong)?;
        if to.exists() {
            return Err(is_there());
        }
        std::fs::rename(&part, to).map_err(wrong)?;
        file.metadata().map(|metadata| metadata.len()).map_err(wrong)
    };
    let kept = kept.await;
    if kept.is_err() {
        // What is half a copy helps nobody.
        let _gone = std::fs::remove_file(&part);
    }
    kept
}

async fn copy(from: SqliteConnectOptions, to: &Path) -> Result<(), StoreError> {
    let mut connection = from.read_only(true).connect().await?;
    sqlx::query("vacuum into $1").bind(to.to_string_lossy().into_owned()).execute(&mut connection).await?;
    connection.close().await?;
    let mut copied = SqliteConnectOptions::new().filename(to).read_only(true).connect().await?;
    let said: String = sqlx::query_scalar("pragma quick_check(1)").fetch_one(&mut copied).await?;
    copied.close().await?;
    match said.as_str() {
        "ok" => Ok(()),
        _ => Err(StoreError::Address(format!("the copy is not in order, and was removed: {said}"))),
    }
}
