//! SQLite: one file, one writing connection, a pool of readers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration as StdDuration;

use futures_util::TryStreamExt as _;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Arguments as _, Either, Executor as _};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::task::AbortOnDropHandle;

use self::queries::batch::{Parameter, Statement};
use super::StoreError;

pub(super) type Database = sqlx::Sqlite;
pub(super) type Connection = sqlx::SqliteConnection;
/// What the writer connects to, and what it takes turns by.
pub(super) type Source = (SqliteConnectOptions, Turns);
/// Our writing connections come one after the other, in the order in which they ask. SQLite's own lock is looked at now and then by
/// who waits, so whoever writes all the time keeps the others out until their patience ends, and a webhook is answered with 503.
pub(super) type Turns = Arc<Mutex<()>>;

/// Takes the one write lock at once: a transaction that reads first and writes later would fail under load.
pub(super) const BEGIN: &str = "begin immediate";
/// Nothing to take: the single writer is the lock.
pub(super) const LOCK_APPENDING: Option<&str> = None;
/// The single writer counts.
pub(super) const LOCK_PORTFOLIO: Option<&str> = None;
/// The single writer packs, and erases.
pub(super) const LOCK_SAID: Option<&str> = None;
/// Whether there is the table of migrations.
pub(super) const HAS_VERSIONS: &str = "select count(*) from sqlite_master where name = '_sqlx_migrations'";
/// The single writer commits in the order of its numbers.
pub(super) const WRITERS: Option<&str> = None;
/// A sum of broken figures as a whole number, around what is added up: as much of it as there is room for.
pub(super) const ROUNDED_SUM: [&str; 2] = ["cast(round(coalesce(sum(", "), 0)) as integer)"];
/// How long a statement waits for a lock that another program holds on the file.
const BUSY: StdDuration = StdDuration::from_millis(1_000);

/// What the writing connection keeps of the file in memory, in KB below zero: the pages that every commit goes through.
const WRITER_CACHE: &str = "-8000";
/// What each other connection keeps: all that they read often lies in the memory of the system as well.
const READER_CACHE: &str = "-1000";

/// While the log is copied into the file the disk is busy, and a commit waits for it: rather a little often than much at once. At a
/// thousand messages a second a copy takes 5 ms so, and 10 to 30 ms every half second.
const CHECKPOINT_EVERY: StdDuration = StdDuration::from_millis(100);
/// How long a copy waits for who reads or writes: it comes again soon.
const COPY_PATIENCE: StdDuration = StdDuration::from_millis(50);
/// How often it is tried to empty the log: for some five seconds.
const EMPTYING: u32 = 50;
/// Pages of 4 KB that the write-ahead log may hold: 128 MB.
const LONGEST_LOG: i64 = 32_000;

/// A JSON parameter as rows with `key` (position) and `value`. The binary form spares reading each row again for each column.
macro_rules! rows {
    ($parameter:literal) => {
        concat!("jsonb_each(", $parameter, ") as r")
    };
}
macro_rules! skip_locked {
    ($($table:literal)?) => {
        ""
    };
}
/// A sum of amounts as a whole number: as much of it as there is room for.
macro_rules! sum_of {
    ($amounts:literal) => {
        // As a double, which has room for every sum; what it holds exactly is more than any shop takes.
        concat!("cast(total(", $amounts, ") as integer)")
    };
}
macro_rules! lock_rows {
    () => {
        ""
    };
}

#[path = "shared/mod.rs"]
pub(super) mod queries;

/// The database: where it is and how it is reached.
pub(super) struct Sqlite {
    options: SqliteConnectOptions,
    pub(super) readers: SqlitePool,
    /// One connection for the small changes of the console.
    people: SqlitePool,
    turns: Turns,
    _checkpoints: AbortOnDropHandle<()>,
    /// One process owns the file: two would fold the same contact twice. A command beside it owns nothing, and folds nothing.
    _owner: Option<std::fs::File>,
}

/// Several connections share a file; none shares what another keeps in memory.
pub(super) fn options(url: &str) -> Option<SqliteConnectOptions> {
    let options: SqliteConnectOptions = url.starts_with("sqlite:").then(|| url.parse().ok()).flatten()?;
    (!options.get_filename().as_os_str().is_empty() && !url.contains(":memory:")).then_some(options)
}

/// The file, where it can be told.
pub(super) fn place_of(url: &str) -> Option<String> {
    Some(options(url)?.get_filename().display().to_string())
}

/// An address of no database. It is not repeated: it may be another database's, password and all.
pub(super) fn no_address() -> StoreError {
    StoreError::Address("its address is none such as sqlite:hotline.db or postgres://USER@HOST/DATABASE".into())
}

/// Without its folder it cannot be made, either.
fn missing(path: &Path) -> StoreError {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        Some(folder) => StoreError::Address(format!("there is no folder {} for the database", folder.display())),
        None => StoreError::Missing(path.display().to_string()),
    }
}

impl Sqlite {
    pub(super) async fn open(url: &str, beside: bool) -> Result<Self, StoreError> {
        let options = options(url).ok_or_else(no_address)?;
        let path = options.get_filename().to_path_buf();
        if beside && !path.exists() {
            return Err(missing(&path));
        }
        let owner = match own(&path) {
            Ok(owner) => Some(owner),
            Err(_) if beside => None,
            Err(error) => return Err(error),
        };
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit that was acknowledged survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .row_buffer_size(1_024)
            .pragma("cache_size", WRITER_CACHE)
            // The checks of JSON are for other programs: what we write is JSON, and reading it once more costs much.
            .pragma("ignore_check_constraints", "on")
            // Who was erased is in the file no more: what is deleted or written anew is overwritten, also what an earlier state said.
            .pragma("secure_delete", "on")
            // The log is copied into the file beside the writer, see `checkpoint`.
            .pragma("wal_autocheckpoint", "0");
        prepare(&options, beside).await?;
        let others = options.clone().pragma("cache_size", READER_CACHE);
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(StdDuration::from_secs(5))
            .connect_lazy_with(others.clone().read_only(true));
        // The server writes again and again, and whoever writes beside it needs patience. Within the server the writer waits meanwhile.
        let patience = if beside { BUSY * 5 } else { BUSY };
        let people =
            SqlitePoolOptions::new().max_connections(1).connect_lazy_with(others.clone().busy_timeout(patience));
        let turns = Turns::default();
        let checkpoints = AbortOnDropHandle::new(tokio::spawn(checkpoint(others, turns.clone())));
        Ok(Self { options, readers, people, turns, _checkpoints: checkpoints, _owner: owner })
    }

    /// What the writer connects to.
    pub(super) fn source(&self) -> Source {
        (self.options.clone(), self.turns.clone())
    }

    /// Empties the write-ahead log, in which what was deleted stands until it is written over. Somebody who reads for long may be in
    /// the way; false then.
    pub(super) async fn empty_log(&self) -> Result<bool, sqlx::Error> {
        use sqlx::Connection as _;
        let options = self.options.clone().pragma("cache_size", READER_CACHE).busy_timeout(COPY_PATIENCE);
        let mut connection = Connection::connect_with(&options).await?;
        for _ in 0..EMPTYING {
            let empty = "pragma wal_checkpoint(truncate)";
            let (busy, _, _): (i64, i64, i64) = sqlx::query_as(empty).fetch_one(&mut connection).await?;
            if busy == 0 {
                connection.close().await?;
                return Ok(true);
            }
            tokio::time::sleep(CHECKPOINT_EVERY).await;
        }
        Ok(false)
    }

    /// The connection for small changes, as soon as nobody of this program writes. Nobody does while both are held.
    pub(super) async fn for_a_change(
        &self,
    ) -> Result<(PoolConnection<sqlx::Sqlite>, OwnedMutexGuard<()>), sqlx::Error> {
        Ok((self.people.acquire().await?, self.turns.clone().lock_owned().await))
    }
}

/// A connection for the writer. What a statement would have to take back should it fail half-way is kept in memory: it is a few
/// hundred pages, and in a file each of them is written once more.
pub(super) async fn connect((options, _): &Source) -> Result<Connection, sqlx::Error> {
    <Connection as sqlx::Connection>::connect_with(&options.clone().pragma("temp_store", "memory")).await
}

/// Carries statements out in their order, in one go: each way to the thread that has the file costs as much as a small statement. Of
/// those that come together again and again the database has them ready.
pub(super) async fn carry_out(connection: &mut Connection, statements: Vec<Statement>) -> Result<(), sqlx::Error> {
    in_one(statements)?.execute(connection).await.map(drop)
}

/// The same; the rows that each of them gave.
pub(super) async fn fetch_each(
    connection: &mut Connection,
    statements: Vec<Statement>,
) -> Result<Vec<Vec<SqliteRow>>, sqlx::Error> {
    let mut found = vec![Vec::new()];
    // Behind the rows of each statement it is told that it is over.
    let mut told = connection.fetch_many(in_one(statements)?);
    while let Some(told) = told.try_next().await? {
        match (told, found.last_mut()) {
            (Either::Right(row), Some(rows)) => rows.push(row),
            _ => found.push(Vec::new()),
        }
    }
    Ok(found)
}

/// Statements as one text.
fn in_one(statements: Vec<Statement>) -> Result<Query<'static, Database, SqliteArguments>, sqlx::Error> {
    let (mut text, mut arguments) = (String::new(), SqliteArguments::default());
    for statement in statements {
        number_from(&mut text, statement.text, arguments.len());
        for parameter in statement.parameters {
            let added = match parameter {
                Parameter::Text(text) => arguments.add(text),
                Parameter::Number(number) => arguments.add(number),
            };
            added.map_err(sqlx::Error::Encode)?;
        }
    }
    Ok(sqlx::query_with(sqlx::AssertSqlSafe(text), arguments))
}

/// Writes a statement behind others, its parameters numbered behind theirs.
fn number_from(text: &mut String, statement: &str, first: usize) {
    let mut parts = statement.split('$');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let number: usize = part[..digits].parse().unwrap_or_default();
        text.push_str(&format!("${}{}", number + first, &part[digits..]));
    }
    text.push_str(";\n");
}

/// The writer's turn, until what this gives is dropped.
pub(super) async fn turn((_, turns): &Source) -> OwnedMutexGuard<()> {
    turns.clone().lock_owned().await
}

/// Brings the tables up to date; beside a server that may own them it only looks whether they are.
async fn prepare(options: &SqliteConnectOptions, beside: bool) -> Result<(), StoreError> {
    use sqlx::Connection as _;
    let migrator = sqlx::migrate!("migrations/sqlite");
    let mut connection = Connection::connect_with(options).await?;
    match beside {
        true => queries::versions::check(&mut connection, &migrator).await?,
        false => {
            migrator.run(&mut connection).await.map_err(StoreError::Migration)?;
            while queries::searching::fill(&mut connection).await? {}
        }
    }
    connection.close().await?;
    Ok(())
}

/// Copies the write-ahead log into the file, again and again, on a connection of its own: the writer would otherwise pause
/// for it in the middle of a group commit, and with it everybody who waits for a 200.
async fn checkpoint(options: SqliteConnectOptions, turns: Turns) {
    let options = options.busy_timeout(COPY_PATIENCE);
    let mut connection = None;
    loop {
        tokio::time::sleep(CHECKPOINT_EVERY).await;
        if let Err(error) = checkpoint_once(&options, &turns, LONGEST_LOG, &mut connection).await {
            tracing::warn!(%error, "the write-ahead log could not be copied into the database just now; trying again");
            connection = None;
        }
    }
}

async fn checkpoint_once(
    options: &SqliteConnectOptions,
    turns: &Turns,
    longest: i64,
    connection: &mut Option<Connection>,
) -> Result<(), sqlx::Error> {
    use sqlx::Connection as _;
    let open = match connection {
        Some(open) => open,
        None => connection.insert(Connection::connect_with(options).await?),
    };
    if copy_log(open).await? > longest {
        // While writing never comes to rest the log only grows. Once all of it is copied whoever writes next begins it anew: so the
        // writer waits while the little is copied that was written meanwhile.
        let _turn = turns.lock().await;
        copy_log(open).await?;
    }
    Ok(())
}

/// Copies what is in the write-ahead log; how many pages it has.
async fn copy_log(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    let copy = sqlx::query_as("pragma wal_checkpoint(passive)");
    let (_, pages, _): (i64, i64, i64) = copy.fetch_one(connection).await?;
    Ok(pages)
}

fn own(database: &Path) -> Result<std::fs::File, StoreError> {
    let mut name = database.as_os_str().to_owned();
    name.push("-lock");
    let path = PathBuf::from(name);
    let wrong = |error: std::io::Error| StoreError::Address(format!("cannot write {}: {error}", path.display()));
    let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(wrong)?;
    file.try_lock().map_err(|_| StoreError::InUse(database.display().to_string()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use sqlx::{Connection as _, Row};

    use super::queries::{console, governance, kept, limits, numbers, outbox, recipients};
    use super::*;
    use crate::domain::Timestamp;
    use crate::store::{Backend, Store, View};

    #[tokio::test]
    async fn statements_that_go_together_have_their_own_parameters_and_are_one_change() {
        let mut connection = Connection::connect("sqlite::memory:").await.unwrap();
        sqlx::query("create table told (place integer, text text unique)").execute(&mut connection).await.unwrap();
        let statement = |text, parameters: Vec<Parameter>| Statement { text, parameters, is_idle: false };
        let insert = "insert into told (text, place) values ($2, $1)";
        let told = |place: i64, text: &str| statement(insert, vec![place.into(), text.into()]);
        let delete = statement("delete from told where text = $1", vec!["a".into()]);
        carry_out(&mut connection, vec![told(1, "a"), told(2, "b"), delete, told(3, "a")]).await.unwrap();
        let read = "select place, text from told order by place";
        let rows: Vec<(i64, String)> = sqlx::query_as(read).fetch_all(&mut connection).await.unwrap();
        assert_eq!(rows, [(2, "b".to_owned()), (3, "a".to_owned())]);
        // What one of them does not take is told, and none behind it is carried out.
        let refused = carry_out(&mut connection, vec![told(4, "c"), told(5, "c"), told(6, "d")]).await;
        assert!(refused.unwrap_err().as_database_error().unwrap().is_unique_violation());
        let rows: Vec<(i64, String)> = sqlx::query_as(read).fetch_all(&mut connection).await.unwrap();
        assert_eq!(rows.last().unwrap().0, 4);
        // Each has its own rows, or none.
        let below =
            |place: i64| statement("select place from told where place < $1 order by place", vec![place.into()]);
        let found = fetch_each(&mut connection, vec![below(2), told(5, "e"), below(9)]).await.unwrap();
        let places = |rows: &Vec<SqliteRow>| rows.iter().map(|row| row.get(0)).collect::<Vec<i64>>();
        let found: Vec<_> = found.iter().map(places).collect();
        assert_eq!(found[..3], [vec![], vec![], vec![2, 3, 4, 5]]);
    }

    #[tokio::test]
    async fn the_writer_waits_for_a_small_change_longer_than_for_another_program() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", folder.path().join("shop.db").display())).await.unwrap();
        let Backend::Sqlite(database) = &store.inner.backend else { unreachable!() };
        let (mut connection, turn) = database.for_a_change().await.unwrap();
        sqlx::query(BEGIN).execute(&mut *connection).await.unwrap();
        let change = async {
            tokio::time::sleep(BUSY * 3 / 2).await;
            sqlx::query("commit").execute(&mut *connection).await.unwrap();
            drop(turn);
        };
        let (written, ()) = tokio::join!(store.ping(), change);
        written.unwrap();
    }

    #[tokio::test]
    async fn a_log_that_grew_too_long_is_begun_anew_while_somebody_writes_all_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.db");
        let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
        let Backend::Sqlite(database) = &store.inner.backend else { unreachable!() };
        let options = database.options.clone().busy_timeout(COPY_PATIENCE);
        let writing = async {
            for number in 0..300 {
                store.keep_body(Timestamp(number), "it is not understood", &number.to_le_bytes()).await.unwrap();
            }
        };
        let copying = async {
            let mut connection = None;
            loop {
                checkpoint_once(&options, &database.turns, 20, &mut connection).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = writing => {}
            () = copying => {}
        }
        // Each of them is three pages at least.
        let pages = std::fs::metadata(file.with_extension("db-wal")).unwrap().len() / 4_096;
        assert!(pages < 450, "{pages}");
    }

    #[tokio::test]
    async fn what_is_asked_all_the_time_walks_through_no_whole_table() {
        let mut connection = Connection::connect("sqlite::memory:").await.unwrap();
        sqlx::migrate!("migrations/sqlite").run(&mut connection).await.unwrap();
        let views =
            [View::Hot, View::Mine, View::Unassigned, View::Snoozed, View::All, View::Bot].map(console::select_view);
        let others = [
            console::COUNT_VIEWS,
            console::COUNT_WROTE,
            console::SELECT_CALLERS,
            console::FAILED_REPLIES,
            kept::COUNT_KEPT,
            kept::SELECT_KEPT,
            governance::LATE_HANDOFFS,
            outbox::EXPIRE,
            outbox::SELECT_FAILURES,
            limits::COUNT_SENT,
            numbers::SELECT_OUTCOMES,
            recipients::SELECT_UNDECIDED,
            recipients::SELECT_ACCOUNT,
            recipients::SELECT_PLANNED,
        ];
        // Indexes of a few rows, as their own conditions say.
        let few = ["contacts_handoff", "journal_unknown"];
        for asked in views.into_iter().chain(others) {
            let explain = sqlx::AssertSqlSafe(format!("explain query plan {asked}"));
            for step in sqlx::query(explain).fetch_all(&mut connection).await.unwrap() {
                let step: String = step.get(3);
                // All that waits may be many too. A walk along an index is one as well, unless few stand in it.
                let tables = ["contacts", "handoffs", "journal", "outbox", "c", "o", "m"];
                let scanned =
                    step.strip_prefix("SCAN ").map(|scanned| scanned.split_once(' ').unwrap_or((scanned, "")));
                let walks = scanned.is_some_and(|(table, how)| {
                    tables.contains(&table) && !few.iter().any(|index| how.ends_with(&format!("INDEX {index}")))
                });
                // Nor through many for each of many.
                let walks = walks || step.starts_with("CORRELATED") && asked.contains("campaign_recipients");
                assert!(!walks, "{step}: {asked}");
            }
        }
    }
}
