//! What became of follow-ups after they were decided: when they left, and which reached nobody.

use std::collections::HashMap;

use sqlx::Row;

use super::{Connection, json, run};
use crate::domain::{ContactId, Duration, Outgoing, Timestamp};
use crate::outreach::Departure;
use crate::store::NOT_KNOWN_WHETHER_SENT;

/// No cap looks further back.
const LOOKED_AT: Duration = Duration::days(100);

/// More messages than anybody gets.
const MOST_MESSAGES: i64 = 1_000_000;

/// Under which number a message counts for a contact. One that was decided for somebody who has become them since keeps the number
/// that it had there, which may be that of one of their own too: for them it counts under a number that none of their own has.
pub(super) fn number_for(living: ContactId, decided_for: ContactId, number: i64) -> i64 {
    if living == decided_for { number } else { -(decided_for.0 * MOST_MESSAGES + number) }
}

/// The follow-ups of these contacts, and of those who have become them, without what persons sent: those that left, when they did, and those that wait or reached
/// nobody.
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
    macro_rules! these {
        () => {
            concat!("(select cast(value->>0 as bigint) from ", rows!("$1"), ")")
        };
    }
    let select = concat!(
        "select w.living, o.contact_id, o.number, o.message, case when o.rank < 9 or o.error = $2 then o.sending_since end from ",
        "(select id, id as living from contacts where id in ",
        these!(),
        " union all select id, merged_into from contacts where merged_into is not null and merged_into in ",
        these!(),
        ") as w join outbox o on o.contact_id = w.id where o.priority = 1 and o.sender = 'bot' and o.created_at > $3"
    );
    let query = sqlx::query(select).bind(json(&contacts)).bind(NOT_KNOWN_WHETHER_SENT).bind((now - LOOKED_AT).0);
    for row in query.fetch_all(connection).await? {
        let message: Outgoing =
            serde_json::from_str(row.try_get(3)?).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let left: Option<i64> = row.try_get(4)?;
        let rule = message.rule.as_deref().unwrap_or_default().into();
        let living = ContactId(row.try_get(0)?);
        let number = number_for(living, ContactId(row.try_get(1)?), row.try_get(2)?);
        let departure = Departure { number, left: left.map(Timestamp), kind: message.kind, rule };
        found.entry(living).or_default().push(departure);
    }
    Ok(found)
}

/// Follow-ups that reached nobody and whose contacts were not told: rank 9 is the end of a message, 10 that there is
/// nothing more to tell of it. Who has become another contact is told nothing: there the number may be that of another message.
pub(in crate::store) async fn unsent(
    connection: &mut Connection,
    most: i64,
) -> Result<Vec<(ContactId, i64)>, sqlx::Error> {
    let select = "select o.contact_id, o.number from outbox o join contacts c on c.id = o.contact_id \
                  where o.priority = 1 and o.rank = 9 and o.sender = 'bot' and c.merged_into is null order by o.contact_id, o.number limit $1";
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
    run(connection, update, &rows).await
}
