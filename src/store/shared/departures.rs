//! What became of follow-ups after they were decided: when they left, and which reached nobody.

use std::collections::HashMap;

use sqlx::Row;

use super::{Connection, json};
use crate::domain::{ContactId, Duration, Outgoing, Timestamp};
use crate::outreach::Departure;
use crate::store::NOT_KNOWN_WHETHER_SENT;

/// No cap looks further back.
const LOOKED_AT: Duration = Duration::days(100);

/// The follow-ups of these contacts, without what persons sent: those that left, when they did, and those that wait or reached nobody.
pub(super) async fn of(
    connection: &mut Connection,
    contacts: impl Iterator<Item = ContactId>,
    now: Timestamp,
) -> Result<HashMap<ContactId, Vec<Departure>>, sqlx::Error> {
    let contacts: Vec<[i64; 1]> = contacts.map(|contact| [contact.0]).collect();
    let mut found: HashMap<ContactId, Vec<Departure>> = HashMap::new();
    if contacts.is_empty() {
        return Ok(found);
    }
    let select = concat!(
        "select contact_id, number, message, case when rank < 9 or error = $2 then sending_since end from outbox ",
        "where priority = 1 and sender = 'bot' and created_at > $3 and contact_id in (select cast(value->>0 as bigint) from ",
        rows!("$1"),
        ")"
    );
    let query = sqlx::query(select).bind(json(&contacts)).bind(NOT_KNOWN_WHETHER_SENT).bind((now - LOOKED_AT).0);
    for row in query.fetch_all(connection).await? {
        let message: Outgoing =
            serde_json::from_str(row.try_get(2)?).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let left: Option<i64> = row.try_get(3)?;
        let rule = message.rule.as_deref().unwrap_or_default().into();
        let departure = Departure { number: row.try_get(1)?, left: left.map(Timestamp), kind: message.kind, rule };
        found.entry(ContactId(row.try_get(0)?)).or_default().push(departure);
    }
    Ok(found)
}

/// Follow-ups that reached nobody and whose contacts were not told: rank 9 is the end of a message, 10 that there is
/// nothing more to tell of it.
pub(in crate::store) async fn unsent(
    connection: &mut Connection,
    most: i64,
) -> Result<Vec<(ContactId, i64)>, sqlx::Error> {
    let select = "select contact_id, number from outbox where priority = 1 and rank = 9 and sender = 'bot' order by contact_id, number limit $1";
    let read = |row: &_| Ok((ContactId(Row::try_get(row, 0)?), Row::try_get(row, 1)?));
    sqlx::query(select).bind(most).fetch_all(connection).await?.iter().map(read).collect()
}

/// These were told.
pub(in crate::store) async fn told(connection: &mut Connection, rows: &[(ContactId, i64)]) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = rows.iter().map(|(contact, number)| (contact.0, *number)).collect();
    let update = concat!(
        "update outbox set rank = 10 where rank = 9 and (contact_id, number) in (select cast(value->>0 as bigint), ",
        "cast(value->>1 as bigint) from ",
        rows!("$1"),
        ")"
    );
    super::folding::run(connection, update, &rows).await
}
