//! What tells this database from every other one, and its messages from theirs.

use super::{Connection, json};
use crate::domain::{ContactId, MessageNumber};
use crate::store::Departed;

/// The word that goes with every message of this database.
pub(in crate::store) async fn tag(connection: &mut Connection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("select tag from installation").fetch_one(connection).await
}

/// How those of these messages left that are there.
pub(in crate::store) async fn departed(
    connection: &mut Connection,
    messages: &[MessageNumber],
) -> Result<Vec<(MessageNumber, Departed)>, sqlx::Error> {
    let asked: Vec<(i64, i64)> = messages.iter().map(|message| (message.contact.0, message.number)).collect();
    let select = concat!(
        "select contact_id, number, channel, wamid, attempts from outbox where (contact_id, number) in ",
        "(select cast(value->>0 as bigint), cast(value->>1 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let rows = sqlx::query_as(select).bind(json(&asked)).fetch_all(connection).await?;
    let read = |(contact, number, channel, wamid, attempts): (i64, i64, String, Option<String>, i64)| {
        let message = MessageNumber { contact: ContactId(contact), number };
        // Of one that Meta took without telling its id nothing is known.
        let wamid = wamid.filter(|wamid| !wamid.is_empty());
        (message, Departed { channel, wamid, tried_again: attempts > 1 })
    };
    Ok(rows.into_iter().map(read).collect())
}
