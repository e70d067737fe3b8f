//! Names and whose they are: numbers and user ids, as they stand in the table of identities.

use std::collections::{BTreeSet, HashMap};

use sqlx::Row;

use super::batch::Batch;
use super::{Connection, SqlRow, json};
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

/// Contacts that events name by our own number, each as whom it lives on: a status of a message of ours. Who was erased is there, and
/// nobody.
pub(super) type Numbered = HashMap<i64, Option<i64>>;

/// Asks which of the contacts that events name by our own number are not there, or not themselves any more: nearly all are.
pub(super) fn ask_numbered(batch: &mut Batch, events: &[&NewEvent]) {
    let numbers: BTreeSet<i64> = events.iter().filter_map(|event| event.contact).map(|contact| contact.0).collect();
    let select = concat!(
        "select r.id, c.id, case when l.merged_into is null then l.id end from (select cast(value->>0 as bigint) as id from ",
        rows!("$1"),
        ") as r left join contacts c on c.id = r.id left join contacts l on l.id = c.merged_into ",
        "where c.id is null or c.merged_into is not null"
    );
    batch.rows(select, &numbers.into_iter().map(|number| [number]).collect::<Vec<_>>());
}

/// The contacts that events name by our own number, by what was found of the others. Another installation's numbers are not ours.
pub(super) fn numbered(events: &[&NewEvent], found: Vec<SqlRow>) -> Result<Numbered, sqlx::Error> {
    let mut known: Numbered =
        events.iter().filter_map(|event| event.contact).map(|contact| (contact.0, Some(contact.0))).collect();
    for row in found {
        let (number, there): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        match there {
            Some(_) => known.insert(number, row.try_get(2)?),
            None => known.remove(&number),
        };
    }
    Ok(known)
}

/// Whose names are.
#[derive(Default)]
pub(super) struct Owners {
    pub(super) by_name: HashMap<String, Who>,
    /// Since when those are left that their owner has left.
    pub(super) left: HashMap<String, i64>,
}

/// Asks whose the names of these events are.
pub(super) fn ask_owners<'a>(batch: &mut Batch, events: impl Iterator<Item = &'a &'a NewEvent>) {
    let names: Vec<[String; 1]> = events.flat_map(|event| &event.contacts).map(|name| [stored(name)]).collect();
    let select = concat!(
        "select name, contact_id, left_at from identities where name in (select value->>0 from ",
        rows!("$1"),
        ")"
    );
    batch.rows(select, &names);
}

impl Owners {
    /// By what was found of names.
    pub(super) fn of(found: Vec<SqlRow>) -> Result<Self, sqlx::Error> {
        let mut owners = Self::default();
        for row in found {
            let (name, contact): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            if let Some(left) = row.try_get(2)? {
                owners.left.insert(name.clone(), left);
            }
            owners.by_name.insert(name, Who::Known(contact));
        }
        Ok(owners)
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.by_name.extend(others.by_name);
        self.left.extend(others.left);
    }
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

/// Writes down whose names are that nobody had.
pub(super) fn learn(batch: &mut Batch, names: &[(String, i64)]) {
    let insert = concat!(
        "insert into identities (name, contact_id) select value->>0, cast(value->>1 as bigint) from ",
        rows!("$1"),
        " where true on conflict (name) do nothing"
    );
    batch.rows(insert, names);
}
