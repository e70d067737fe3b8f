//! Whether anything can be written.

use super::Connection;

/// Writes one row in its place. Where another node is just doing so, that is enough: nobody waits for it.
const BEAT: &str = concat!("update pulse set beats = beats + 1 where id in (select id from pulse", skip_locked!(), ")");

/// Writes something small.
pub(in crate::store) async fn beat(connection: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::query(BEAT).execute(connection).await.map(|_| ())
}
