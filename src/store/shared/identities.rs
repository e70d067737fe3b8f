//! Names and whose they are: numbers and user ids, as they stand in the table of identities.

use std::collections::HashMap;

use sqlx::Row;

use super::{Connection, json};
use crate::domain::{ContactId, ContactRef};
use crate::store::NewEvent;

/// How a name stands in the table of identities.
pub(super) fn stored(name: &ContactRef) -> String {
    match name {
        ContactRef::Phone(phone) => format!("p:{}", phone.digits()),
        ContactRef::User(user) => format!("u:{}", user.0),
    }
}

/// Whether a name is a user id.
pub(super) fn is_user(name: &str) -> bool {
    name.starts_with("u:")
}

/// Who a name belongs to while a group is being written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Known(i64),
    /// The how manieth new contact of this group.
    New(usize),
}

pub(super) fn settle(mut who: Who, slots: &[Option<Who>]) -> Who {
    while let Who::New(slot) = who {
        match slots[slot] {
            Some(other) => who = other,
            None => break,
        }
    }
    who
}

/// Whose name it is.
pub(in crate::store) async fn contact_of(
    connection: &mut Connection,
    name: &ContactRef,
) -> Result<Option<ContactId>, sqlx::Error> {
    let select = "select contact_id from identities where name = $1";
    let found = sqlx::query_scalar(select).bind(stored(name)).fetch_optional(connection).await?;
    Ok(found.map(ContactId))
}

/// Contacts that events name by our own number: a status of a message of ours. Another installation's numbers are not ours. Who was
/// erased is there, and nobody.
pub(super) async fn existing(
    connection: &mut Connection,
    events: &[&NewEvent],
) -> Result<HashMap<i64, Option<i64>>, sqlx::Error> {
    let mut known: HashMap<i64, Option<i64>> =
        events.iter().filter_map(|event| event.contact).map(|contact| (contact.0, Some(contact.0))).collect();
    if known.is_empty() {
        return Ok(known);
    }
    // Nearly all are there and themselves: only the others are told of.
    let select = concat!(
        "select r.id, c.id, case when l.merged_into is null then l.id end from (select cast(value->>0 as bigint) as id from ",
        rows!("$1"),
        ") as r left join contacts c on c.id = r.id left join contacts l on l.id = c.merged_into ",
        "where c.id is null or c.merged_into is not null"
    );
    let numbers: Vec<[i64; 1]> = known.keys().map(|number| [*number]).collect();
    for row in sqlx::query(select).bind(json(&numbers)).fetch_all(&mut *connection).await? {
        let (number, there): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        match there {
            Some(_) => known.insert(number, row.try_get(2)?),
            None => known.remove(&number),
        };
    }
    Ok(known)
}

/// Whose these names are, and since when those are left that their owner has left.
pub(super) async fn owners(
    connection: &mut Connection,
    names: &[[String; 1]],
) -> Result<(HashMap<String, Who>, HashMap<String, i64>), sqlx::Error> {
    if names.is_empty() {
        return Ok(Default::default());
    }
    let select = concat!(
        "select name, contact_id, left_at from identities where name in (select value->>0 from ",
        rows!("$1"),
        ")"
    );
    let rows = sqlx::query_as(select).bind(json(&names)).fetch_all(&mut *connection).await?;
    let rows: Vec<(String, i64, Option<i64>)> = rows;
    let left = rows.iter().filter_map(|(name, _, left)| Some((name.clone(), (*left)?))).collect();
    Ok((rows.into_iter().map(|(name, contact, _)| (name, Who::Known(contact))).collect(), left))
}

pub(super) async fn create(
    connection: &mut Connection,
    events: &[&NewEvent],
    slots: &[Option<Who>],
) -> Result<Vec<i64>, sqlx::Error> {
    let wanted = slots.iter().filter(|slot| slot.is_none()).count();
    if wanted == 0 {
        return Ok(vec![0; slots.len()]);
    }
    let created_at = events.first().map_or(0, |event| event.received.0);
    let rows = vec![[created_at]; wanted];
    let insert = concat!(
        "insert into contacts (created_at) select cast(value->>0 as bigint) from ",
        rows!("$1"),
        " returning id"
    );
    let mut numbers: Vec<i64> = sqlx::query_scalar(insert).bind(json(&rows)).fetch_all(&mut *connection).await?;
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    Ok(slots.iter().map(|slot| if slot.is_none() { numbers.pop().unwrap_or(0) } else { 0 }).collect())
}

pub(super) async fn learn(connection: &mut Connection, names: &[(String, i64)]) -> Result<(), sqlx::Error> {
    if names.is_empty() {
        return Ok(());
    }
    let insert = concat!(
        "insert into identities (name, contact_id) select value->>0, cast(value->>1 as bigint) from ",
        rows!("$1"),
        " where true on conflict (name) do nothing"
    );
    sqlx::query(insert).bind(json(&names)).execute(&mut *connection).await?;
    Ok(())
}
