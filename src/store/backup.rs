//! A copy of a SQLite database as it was at one moment, made beside the server that goes on writing to it.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
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
    let mut half = Half::begin(&part)?;
    copy(options, &part).await?;
    half.file.sync_all().map_err(wrong)?;
    if to.exists() {
        return Err(is_there());
    }
    std::fs::rename(&part, to).map_err(wrong)?;
    half.is_whole = true;
    half.file.metadata().map(|metadata| metadata.len()).map_err(wrong)
}

/// A copy that is being written, and this process's alone. What is half a copy helps nobody: unless it becomes whole it is removed.
struct Half<'a> {
    part: &'a Path,
    file: File,
    is_whole: bool,
}

impl<'a> Half<'a> {
    /// Takes over what a process left that was ended; of two that write into one file the second is told.
    fn begin(part: &'a Path) -> Result<Self, StoreError> {
        let wrong = |error: std::io::Error| StoreError::Address(format!("cannot write {}: {error}", part.display()));
        // It holds what customers wrote.
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(part).map_err(wrong)?;
        let is_same = |there: Metadata, file: Metadata| (there.dev(), there.ino()) == (file.dev(), file.ino());
        let is_locked = file.try_lock().is_ok();
        // Until it was locked another one may have made a whole copy of it, and a link leads to what is no copy.
        let there = std::fs::symlink_metadata(part).and_then(|there| Ok(is_same(there, file.metadata()?)));
        if !is_locked || !there.unwrap_or(false) {
            return Err(StoreError::Address(format!(
                "another one writes {}: wait for it, or remove it",
                part.display()
            )));
        }
        file.set_permissions(Permissions::from_mode(0o600)).and_then(|()| file.set_len(0)).map_err(wrong)?;
        // SQLite would follow it.
        let _gone = std::fs::remove_file(journal(part));
        Ok(Self { part, file, is_whole: false })
    }
}

impl Drop for Half<'_> {
    fn drop(&mut self) {
        if !self.is_whole {
            let _gone = std::fs::remove_file(self.part);
            let _gone = std::fs::remove_file(journal(self.part));
        }
    }
}

/// Where SQLite writes down how to undo what it writes.
fn journal(part: &Path) -> PathBuf {
    let mut name = part.as_os_str().to_owned();
    name.push("-journal");
    name.into()
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
