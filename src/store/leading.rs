//! One node at a time sends for a phone number, so that the pacer's limits hold across nodes.

use std::collections::BTreeSet;
use std::time::Duration as StdDuration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::{Backend, Postgres, Store, StoreError, postgres};

/// The class of the advisory locks; the second key is the number's.
const LOCK_CLASS: i32 = 4_710_002;
/// For which numbers this node sends. On SQLite for all: one process owns the file. On PostgreSQL for those whose lock it
/// holds, on a connection of its own: when the node dies, or is not heard of, the locks go with the connection and another node
/// takes over.
pub struct Leadership {
    database: Option<Postgres>,
    silence: StdDuration,
    connection: Option<PgConnection>,
    led: BTreeSet<String>,
}

impl Store {
    /// Leads no number yet on PostgreSQL, every number on SQLite. A node of which PostgreSQL heard nothing for as long as `silence`
    /// leads no more: its machine lost power or the network, or it stands still.
    pub fn leadership(&self, silence: StdDuration) -> Leadership {
        let database = match &self.inner.backend {
            Backend::Sqlite(_) => None,
            Backend::Postgres(postgres) => Some(postgres.clone()),
        };
        Leadership { database, silence, connection: None, led: BTreeSet::new() }
    }
}

impl Leadership {
    /// Tries to lead every one of these numbers and returns those that are led now, and are for the time of the silence from when
    /// this was called. To be called again before: it also notices that the locks were lost.
    ///
    /// # Errors
    /// The database does not answer: nothing is led.
    pub async fn renew(&mut self, channels: &[String]) -> Result<&BTreeSet<String>, StoreError> {
        match self.database.clone() {
            None => self.led = channels.iter().cloned().collect(),
            Some(database) => {
                let (connection, led) = (self.connection.take(), std::mem::take(&mut self.led));
                let (connection, led) = lock(database, self.silence, connection, led, channels).await?;
                (self.connection, self.led) = (Some(connection), led);
            }
        }
        Ok(&self.led)
    }
}

async fn lock(
    database: Postgres,
    silence: StdDuration,
    connection: Option<PgConnection>,
    mut led: BTreeSet<String>,
    channels: &[String],
) -> Result<(PgConnection, BTreeSet<String>), StoreError> {
    let mut connection = match connection {
        Some(mut connection) => {
            connection.ping().await?;
            connection
        }
        None => {
            led.clear();
            let mut connection = postgres::connect(&database).await?;
            let silence = format!("set idle_session_timeout = {}", silence.as_millis());
            connection.execute(AssertSqlSafe(silence)).await?;
            connection
        }
    };
    for channel in channels.iter().filter(|channel| !led.contains(*channel)).collect::<Vec<_>>() {
        let got: bool = sqlx::query_scalar("select pg_try_advisory_lock($1, hashtext($2))")
            .bind(LOCK_CLASS)
            .bind(channel)
            .fetch_one(&mut connection)
            .await?;
        if got {
            led.insert(channel.clone());
        }
    }
    Ok((connection, led))
}
