//! Numbers that change hands: whoever leaves one goes on under another, and the next who comes with it is somebody else.

use std::collections::{HashMap, HashSet};

use super::appending::{Who, stored};
use super::{Connection, json};
use crate::domain::{ContactRef, EventBody};
use crate::store::NewEvent;

/// Whose a number is from now on, and since when its owner has left it.
pub(super) const MOVE: &str = concat!(
    "update identities set contact_id = r.contact, left_at = r.at from (select value->>0 as name, ",
    "cast(value->>1 as bigint) as contact, cast(value->>2 as bigint) as at from ",
    rows!("$1"),
    ") as r where identities.name = r.name"
);

/// The numbers that change hands while a group is being written.
pub(super) struct Moves {
    /// Numbers that their owner has left.
    pub(super) left: HashSet<String>,
    /// Keys of changes of number that were told before: they change nothing twice.
    pub(super) delivered: HashSet<String>,
    /// What is to be written: since when a number is left, or that it is not.
    pub(super) changed: HashMap<String, Option<i64>>,
}

impl Moves {
    /// The names that tell whose an event is. A change of number that is delivered once more tells of its present names alone: the
    /// former ones may be somebody else's by now.
    pub(super) fn names(&self, event: &NewEvent) -> Vec<String> {
        let is_again = event.key.as_ref().is_some_and(|key| self.delivered.contains(key));
        match &event.body {
            EventBody::Identity { now } if is_again => now.iter().map(stored).collect(),
            _ => event.contacts.iter().map(stored).collect(),
        }
    }

    /// Which of these names come with the user id of somebody else than of who left them.
    pub(super) fn taken(&self, names: &[String], owner: impl Fn(&str) -> Option<Who>) -> Vec<String> {
        let is_theirs = |left: &str| {
            let mut users = names.iter().filter(|name| name.starts_with(USER)).peekable();
            users.peek().is_none() || users.any(|user| owner(user) == owner(left))
        };
        names.iter().filter(|name| self.left.contains(*name) && !is_theirs(name)).cloned().collect()
    }

    /// Takes in what an event says of numbers: who writes from one has it, and a change of number leaves the former one.
    pub(super) fn note(&mut self, event: &NewEvent, names: &[String]) {
        let mut leaves = HashSet::new();
        if let EventBody::Identity { now } = &event.body {
            let is_left = |name: &&ContactRef| matches!(name, ContactRef::Phone(_)) && !now.contains(name);
            leaves.extend(event.contacts.iter().filter(is_left).map(stored).filter(|name| names.contains(name)));
        }
        let has_user = names.iter().any(|name| name.starts_with(USER));
        for name in names {
            if leaves.contains(name) {
                self.left.insert(name.clone());
                self.changed.insert(name.clone(), Some(event.received.0));
            } else if has_user && self.left.remove(name) {
                self.changed.insert(name.clone(), None);
            }
        }
    }
}

/// How names begin that are user ids.
const USER: &str = "u:";

/// Of the changes of number among these events, the keys of those that are in the journal already.
pub(super) async fn told_before(
    connection: &mut Connection,
    events: &[&NewEvent],
) -> Result<HashSet<String>, sqlx::Error> {
    let changes = events.iter().filter(|event| matches!(event.body, EventBody::Identity { .. }));
    let keys: Vec<[&String; 1]> = changes.filter_map(|event| Some([event.key.as_ref()?])).collect();
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let select = concat!("select key from journal where key in (select value->>0 from ", rows!("$1"), ")");
    let known: Vec<String> = sqlx::query_scalar(select).bind(json(&keys)).fetch_all(connection).await?;
    Ok(known.into_iter().collect())
}
