//! What the shop says again and again.

use super::Connection;
use crate::domain::Timestamp;
use crate::store::CannedReply;

/// All of it by name, at most so many.
pub(in crate::store) async fn all(connection: &mut Connection, limit: i64) -> Result<Vec<CannedReply>, sqlx::Error> {
    let select = "select id, name, language, text, changed_by, changed_at from canned_replies \
                  order by lower(name), language limit $1";
    let rows: Vec<(i64, String, String, String, String, i64)> =
        sqlx::query_as(select).bind(limit).fetch_all(connection).await?;
    let read = |(id, name, language, text, changed_by, at)| CannedReply {
        id,
        name,
        language,
        text,
        changed_by,
        changed_at: Timestamp(at),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Adds one, or changes the one of that number; false where another has its name in its language, where there are as many as there
/// may be, or where it is gone.
pub(in crate::store) async fn keep(
    connection: &mut Connection,
    reply: &CannedReply,
    most: i64,
) -> Result<bool, sqlx::Error> {
    let add = "insert into canned_replies (name, language, text, changed_by, changed_at) \
               select $2, $3, $4, $5, $6 where $1 = 0 and (select count(*) from canned_replies) < $7 \
               on conflict (name, language) do nothing";
    let change = "update canned_replies set name = $2, language = $3, text = $4, changed_by = $5, changed_at = $6 \
                  where id = $1 and $7 > 0 and not exists (select 1 from canned_replies other \
                  where other.name = $2 and other.language = $3 and other.id <> $1)";
    let query = sqlx::query(if reply.id == 0 { add } else { change });
    let query = query.bind(reply.id).bind(&reply.name).bind(&reply.language).bind(&reply.text);
    let query = query.bind(&reply.changed_by).bind(reply.changed_at.0).bind(most);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// Forgets one.
pub(in crate::store) async fn forget(connection: &mut Connection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("delete from canned_replies where id = $1").bind(id).execute(connection).await.map(drop)
}
