//! PostgreSQL 15 or later: the same product on several nodes.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use sqlx::Connection as _;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use sqlx::query::Query;
use tokio_util::task::AbortOnDropHandle;

use self::queries::batch::{Parameter, Statement};
use super::{ClaimedContact, StoreError};

pub(super) type Database = sqlx::Postgres;
pub(super) type Connection = sqlx::PgConnection;
/// What the writers connect to.
pub(super) type Source = Postgres;

/// Connections that are shared: by what is folded, by the tasks in the background, by pages and programs.
const POOL: u32 = 8;
/// Connections that a node has at most: beside the shared ones two that write, one on which it hears the other nodes, and one for each
/// lock that one node at a time holds: for its numbers, for jobs, for events of the whole shop, and for what other programs are told.
pub const OF_A_NODE: u32 = POOL + 7;
/// Connections that it needs: two more are for a command beside it, such as `hotline doctor`.
pub const CONNECTIONS: u32 = OF_A_NODE + 2;
/// How long a shared connection that nobody uses stays open.
const IDLE: StdDuration = StdDuration::from_secs(10);
/// How often, and how long apart, it is tried to connect once shared connections were given back: the server takes a moment.
const TRIES: u32 = 10;
const PAUSE: StdDuration = StdDuration::from_millis(30);

pub(super) const BEGIN: &str = "begin";
/// One appender at a time, over all nodes: so the journal's numbers stand in the order in which they became visible, and a
/// contact's events are folded in the order in which a replay reads them. Held for one group commit.
pub(super) const LOCK_APPENDING: Option<&str> = Some("select pg_advisory_xact_lock(4710001)");

/// One counter of the portfolio's customers at a time, over all numbers and nodes. Held while follow-ups are marked.
pub(super) const LOCK_PORTFOLIO: Option<&str> = Some("select pg_advisory_xact_lock(4710003)");
/// Who packs what was said and who erases some of it take turns, over all nodes.
pub(super) const LOCK_SAID: Option<&str> = Some("select pg_advisory_xact_lock(4710005)");
/// One node at a time brings the tables up to date. It may take minutes, and the others wait for it.
const LOCK_TABLES: [&str; 3] = ["set lock_timeout = 0", "select pg_advisory_lock(4710004)", "reset lock_timeout"];
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

/// A sum of broken figures as a whole number, around what is added up: as much of it as there is room for.
pub(super) const ROUNDED_SUM: [&str; 2] =
    ["cast(greatest(least(round(coalesce(sum(", "), 0)), 9.2e18), -9.2e18) as bigint)"];

/// A node that is gone without a word, or stands still, must not hold up the others: a transaction in which nothing happens for so
/// many milliseconds is undone.
const SILENCE: &str = "3000";
/// Between a claim and its commit nothing happens while contacts are folded, and a long history takes its time.
pub(super) const WHILE_FOLDING: &str = "set local idle_in_transaction_session_timeout = 30000";
/// Afterwards the transaction writes rows that others write too.
pub(super) const WHILE_WRITING: &str = "set local idle_in_transaction_session_timeout = 3000";

/// Counts the rows of the tables that every message goes through. What their columns hold matters little: few rows are looked at.
const ANALYZE: &str = "set local default_statistics_target = 1; \
    analyze contacts (id), identities (contact_id), journal (contact_id), unread (contact_id), outbox (contact_id), \
    held_tags (contact_id), profiles (contact_id), searched (contact_id), stale (contact_id), tag_ledger (contact_id), links (contact_id)";
/// When it is counted for the first time how large they are, from the start on; then after twice as long each time…
const FIRST_ANALYSIS: StdDuration = StdDuration::from_secs(1);
/// …until PostgreSQL does it by itself, which it begins within a minute.
const LAST_ANALYSIS: StdDuration = StdDuration::from_secs(64);

/// How long a statement waits for a lock that somebody else holds, in milliseconds: Meta, which waits for the answer, is told
/// to come again.
const LOCK_TIMEOUT: &str = "2000";

/// A JSON parameter as rows with `key` (position) and `value`.
macro_rules! rows {
    ($parameter:literal) => {
        concat!("jsonb_array_elements(", $parameter, "::jsonb) with ordinality as r(value, key)")
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
/// A sum of amounts as a whole number: as much of it as there is room for.
macro_rules! sum_of {
    ($amounts:literal) => {
        concat!(
            "cast(greatest(least(coalesce(sum(cast(",
            $amounts,
            " as numeric)), 0), 9223372036854775807), -9223372036854775808) as bigint)"
        )
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
#[derive(Clone)]
pub(super) struct Postgres {
    pub(super) options: PgConnectOptions,
    pub(super) pool: PgPool,
    _analysis: Arc<AbortOnDropHandle<()>>,
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
        prepare(&options, beside).await?;
        let pool = PgPoolOptions::new()
            .max_connections(POOL)
            .idle_timeout(IDLE)
            .acquire_timeout(StdDuration::from_secs(5))
            .connect_lazy_with(options.clone());
        let analysis = Arc::new(AbortOnDropHandle::new(tokio::spawn(analyze(pool.clone()))));
        Ok(Self { options, pool, _analysis: analysis })
    }
}

/// Counts again and again how large the tables of a new database are. A statement is planned once and kept, and on empty tables as a walk
/// through all rows: what was counted anew is planned anew.
async fn analyze(pool: PgPool) {
    let few = "select reltuples < 10000 from pg_class where oid = 'contacts'::regclass";
    let mut pause = FIRST_ANALYSIS;
    let is_new = sqlx::query_scalar(few).fetch_one(&pool).await;
    while matches!(is_new, Ok(true)) && pause <= LAST_ANALYSIS {
        tokio::time::sleep(pause).await;
        pause *= 2;
        // In one transaction, as texts of several statements are.
        if let Err(error) = sqlx::raw_sql(ANALYZE).execute(&pool).await {
            tracing::debug!(%error, "the tables cannot be counted just now; PostgreSQL does so by itself later");
        }
    }
}

/// Brings the tables up to date; beside nodes that may run it only looks whether they are.
async fn prepare(options: &PgConnectOptions, beside: bool) -> Result<(), StoreError> {
    let migrator = sqlx::migrate!("migrations/postgres");
    let mut connection = Connection::connect_with(options).await?;
    match beside {
        true => queries::versions::check(&mut connection, &migrator).await?,
        false => {
            for statement in LOCK_TABLES {
                sqlx::query(statement).execute(&mut connection).await?;
            }
            migrator.run(&mut connection).await.map_err(StoreError::Migration)?;
            while queries::searching::fill(&mut connection).await? {}
        }
    }
    connection.close().await?;
    Ok(())
}

/// Nothing to wait for: who writes locks rows.
pub(super) async fn turn(_: &Source) {}

/// Carries statements out in their order; those for no rows are left out.
pub(super) async fn carry_out(connection: &mut Connection, statements: Vec<Statement>) -> Result<(), sqlx::Error> {
    for statement in statements.into_iter().filter(|statement| !statement.is_idle) {
        query(statement).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The same; the rows that each of them gave.
pub(super) async fn fetch_each(
    connection: &mut Connection,
    statements: Vec<Statement>,
) -> Result<Vec<Vec<PgRow>>, sqlx::Error> {
    let mut found = Vec::with_capacity(statements.len());
    for statement in statements {
        found.push(query(statement).fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

fn query(statement: Statement) -> Query<'static, Database, PgArguments> {
    statement.parameters.into_iter().fold(sqlx::query(statement.text), |query, parameter| match parameter {
        Parameter::Text(text) => query.bind(text),
        Parameter::Number(number) => query.bind(number),
    })
}

/// A connection for what must not stand still. Where the server has none left, this node gives back those of its shared ones that
/// nobody uses just now.
pub(super) async fn connect(source: &Source) -> Result<Connection, sqlx::Error> {
    let mut tries = 0;
    loop {
        match Connection::connect_with(&source.options).await {
            Err(error) if is_full(&error) && tries < TRIES => {
                tries += 1;
                while let Some(idle) = source.pool.try_acquire() {
                    // It is gone either way.
                    let _closed = idle.close().await;
                }
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// Whether the server has no connection left: for everybody, for this database or for this role (SQLSTATE 53300).
fn is_full(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(said) if said.code().as_deref() == Some("53300"))
}

/// Notes of claimed contacts whether replies to them wait or are under way.
pub(super) async fn note_waiting(
    connection: &mut Connection,
    contacts: &mut [ClaimedContact],
) -> Result<(), sqlx::Error> {
    if contacts.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = contacts.iter().map(|contact| contact.id.0).collect();
    let select = "select distinct contact_id from outbox where state in ('queued', 'sending') and priority = 0 \
                  and contact_id = any($1)";
    let waiting: Vec<i64> = sqlx::query_scalar(select).bind(ids).fetch_all(connection).await?;
    for contact in contacts {
        contact.waits = waiting.contains(&contact.id.0);
    }
    Ok(())
}

/// The number in front of which nothing is unread, now and later: numbers become visible in their order, over all nodes
/// ([`LOCK_APPENDING`]).
pub(super) async fn first_unread(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    let select = "select least(min(seq), (select coalesce(max(seq), 0) + 1 from journal)) from unread";
    sqlx::query_scalar(select).fetch_one(connection).await
}
