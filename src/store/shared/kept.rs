//! Bodies that were signed and not understood.

use sha2::{Digest as _, Sha256};
use sqlx::Row;

use super::Connection;
use crate::domain::{Duration, Timestamp};
use crate::store::KeptRow;

/// They are kept for so long…
const KEPT: Duration = Duration::days(30);
/// …and so many of them at most.
const MOST: i64 = 10_000;

/// Keeps a body. The same one that comes again is kept once.
pub(in crate::store) async fn keep(
    connection: &mut Connection,
    received: Timestamp,
    reason: &str,
    body: &[u8],
) -> Result<(), sqlx::Error> {
    let insert = "insert into kept_bodies (received, reason, body, digest) values ($1, $2, $3, $4) on conflict (digest) do nothing";
    let digest = hex::encode(Sha256::digest(body));
    let query = sqlx::query(insert).bind(received.0).bind(reason).bind(body).bind(digest);
    query.execute(&mut *connection).await?;
    let forget = "delete from kept_bodies where id <= (select id from kept_bodies order by id desc limit 1 offset $1)";
    sqlx::query(forget).bind(MOST).execute(connection).await.map(|_| ())
}

/// Forgets the bodies that were kept for long enough; how many.
pub(in crate::store) async fn sweep(connection: &mut Connection, now: Timestamp) -> Result<u64, sqlx::Error> {
    let delete = "delete from kept_bodies where received < $1";
    Ok(sqlx::query(delete).bind((now - KEPT).0).execute(connection).await?.rows_affected())
}

/// How many bodies and events nobody understood.
pub(in crate::store) const COUNT_KEPT: &str =
    "select (select count(*) from kept_bodies) + (select count(*) from journal where kind = 'unknown')";
/// The newest of them first.
pub(in crate::store) const SELECT_KEPT: &str = "select received, reason, size from \
    (select received, reason, length(body) as size from kept_bodies \
    union all select received, body, length(body) from journal where kind = 'unknown') as kept \
    order by received desc limit 100";

/// Bodies and events that nobody understood, the newest first, and how many there are.
pub(in crate::store) async fn kept(connection: &mut Connection) -> Result<(i64, Vec<KeptRow>), sqlx::Error> {
    let total: i64 = sqlx::query_scalar(COUNT_KEPT).fetch_one(&mut *connection).await?;
    let rows = sqlx::query(SELECT_KEPT).fetch_all(connection).await?;
    let read = |row: &_| {
        let size: i64 = Row::try_get::<i64, _>(row, 2).or_else(|_| Row::try_get::<i32, _>(row, 2).map(i64::from))?;
        Ok(KeptRow { received: Timestamp(Row::try_get(row, 0)?), reason: Row::try_get(row, 1)?, size })
    };
    Ok((total, rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?))
}
