//! Which version of the program the tables are of.

use sqlx::migrate::Migrator;

use super::{Connection, HAS_VERSIONS};
use crate::store::StoreError;

/// Whether the tables are those of this program.
///
/// # Errors
/// They are of another version, or there are none.
pub(in crate::store) async fn check(connection: &mut Connection, migrator: &Migrator) -> Result<(), StoreError> {
    let tables: i64 = sqlx::query_scalar(HAS_VERSIONS).fetch_one(&mut *connection).await?;
    if tables == 0 {
        return Err(StoreError::Empty);
    }
    let select = "select version from _sqlx_migrations where success";
    let there: Vec<i64> = sqlx::query_scalar(select).fetch_all(connection).await?;
    if there.iter().any(|version| !migrator.version_exists(*version)) {
        return Err(StoreError::NewerTables);
    }
    match migrator.iter().all(|migration| there.contains(&migration.version)) {
        true => Ok(()),
        false => Err(StoreError::OlderTables),
    }
}
