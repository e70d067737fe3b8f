//! PostgreSQL 15 or later: the same product on several nodes.

use std::time::Duration as StdDuration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::StoreError;

pub(super) type Database = sqlx::Postgres;
pub(super) type Connection = sqlx::PgConnection;

pub(super) const BEGIN: &str = "begin";
/// One appender at a time, over all nodes: so the journal's numbers stand in the order in which they became visible, and a
/// contact's events are folded in the order in which a replay reads them. Held for one group commit.
pub(super) const LOCK_APPENDING: Option<&str> = Some("select pg_advisory_xact_lock(4710001)");

/// One counter of the portfolio's customers at a time, over all numbers and nodes. Held while follow-ups are marked.
pub(super) const LOCK_PORTFOLIO: Option<&str> = Some("select pg_advisory_xact_lock(4710003)");
/// The transactions that are writing lists of which other programs are told: each holds its lock from before it takes a number until it
/// is over.
pub(super) const WRITERS: Option<&str> = Some(
    "select distinct virtualtransaction from pg_locks where locktype = 'relation' and mode = 'RowExclusiveLock' and granted \
     and database = (select oid from pg_database where datname = current_database()) \
     and relation in ('tag_ledger'::regclass, 'webhook_trail'::regclass)",
);
/// Whether there is the table of migrations.
pub(super) const HAS_VERSIONS: &str = "select count(*) from pg_tables where tablename = '_sqlx_migrations' \
    and schemaname = any(current_schemas(false))";

/// A node that is gone without a word, or stands still, must not hold up the others: a transaction in which nothing happens for so
/// many milliseconds is undone.
const SILENCE: &str = "3000";
/// Between a claim and its commit nothing happens while contacts are folded, and a long history takes its time.
pub(super) const WHILE_FOLDING: &str = "set local idle_in_transaction_session_timeout = 30000";
/// Afterwards the transaction writes rows that others write too.
pub(super) const WHILE_WRITING: &str = "set local idle_in_transaction_session_timeout = 3000";

/// How long a statement waits for a lock that somebody else holds, in milliseconds: Meta, which waits for the answer, is told
/// to come again.
const LOCK_TIMEOUT: &str = "2000";

/// A JSON parameter as rows with `key` (position) and `value`.
macro_rules! rows {
    ($parameter:literal) => {
        concat!("jsonb_array_elements(", $parameter, "::jsonb) with ordinality as r(value, key)")
    };
}
/// Bytes that were written in hexadecimal figures.
macro_rules! bytes {
    ($text:literal) => {
        concat!("decode(", $text, ", 'hex')")
    };
}
macro_rules! skip_locked {
    () => {
        // Not from being named by other rows: a new name of theirs must not wait for a fold.
        " for no key update skip locked"
    };
    ($table:literal) => {
        concat!(" for no key update of ", $table, " skip locked")
    };
}
macro_rules! lock_rows {
    () => {
        " for no key update"
    };
}

#[path = "shared/mod.rs"]
pub(super) mod queries;

/// The database: where it is and how it is reached.
pub(super) struct Postgres {
    pub(super) options: PgConnectOptions,
    pub(super) pool: PgPool,
}

/// Its name and host, where they can be told.
pub(super) fn place_of(url: &str) -> Option<String> {
    let options: PgConnectOptions = url.parse().ok()?;
    let host = match options.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    Some(options.get_database().map_or_else(|| format!("on {host}"), |name| format!("{name} on {host}")))
}

impl Postgres {
    /// Brings the tables up to date; beside nodes that may run it only looks whether they are.
    pub(super) async fn open(url: &str, beside: bool) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse().map_err(|error| {
            StoreError::Address(format!("the address of the PostgreSQL database is wrong: {error}"))
        })?;
        let options =
            options.options([("lock_timeout", LOCK_TIMEOUT), ("idle_in_transaction_session_timeout", SILENCE)]);
        let pool = PgPoolOptions::new()
            .max_connections(12)
            .acquire_timeout(StdDuration::from_secs(5))
            .connect_with(options.clone())
            .await?;
        let migrator = sqlx::migrate!("migrations/postgres");
        match beside {
            true => queries::versions::check(&mut *pool.acquire().await?, &migrator).await?,
            false => {
                migrator.run(&pool).await.map_err(StoreError::Migration)?;
                while queries::searching::fill(&mut *pool.acquire().await?).await? {}
            }
        }
        Ok(Self { options, pool })
    }
}
