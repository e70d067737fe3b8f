//! What an installation needs that stands in no setting: room at the server, and clocks that agree.

use super::{Backend, CONNECTIONS, Store, StoreError, postgres, sqlite};
use crate::domain::{Duration, Timestamp};

/// How far the clocks of nodes may be apart before it is told.
pub const CLOCKS_APART: Duration = Duration::seconds(10);
/// Events that are looked at: what many nodes wrote last.
const NEWEST: i64 = 1_000;

impl Store {
    /// How many connections PostgreSQL lets this role have to this database, where that is less than a node needs.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn too_few_connections(&self) -> Result<Option<i64>, StoreError> {
        let Backend::Postgres(postgres) = &self.inner.backend else { return Ok(None) };
        let select = "select least(current_setting('max_connections')::bigint \
                      - current_setting('superuser_reserved_connections')::bigint, \
                      (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user), \
                      (select nullif(datconnlimit, -1) from pg_database where datname = current_database()))";
        let most: i64 = sqlx::query_scalar(select).fetch_one(&postgres.pool).await?;
        Ok(Some(most).filter(|most| *most < i64::from(CONNECTIONS)))
    }

    /// How far the clock was ahead of now by which something was written lately, where that is too far: that of another node, or of this
    /// one before it was set right.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn clock_ahead(&self, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        let newest = query!(self, appending::newest_received(NEWEST));
        Ok(newest.map(|newest| newest - now).filter(|ahead| *ahead > CLOCKS_APART))
    }
}
