//! Numbers that change hands: whoever leaves one goes on under another, and the next who comes with it is somebody else.

use std::collections::{HashMap, HashSet};

use super::batch::Batch;
use super::erasing::erased_key;
use super::identities::{Who, is_user, stored};
use crate::domain::EventBody;
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
    /// Numbers that their owner has left, and when.
    pub(super) left: HashMap<String, i64>,
    /// Keys of events that were told before.
    pub(super) told: HashSet<String>,
    /// What is to be written: since when a number is left, or that it is not.
    pub(super) changed: HashMap<String, Option<i64>>,
}

impl Moves {
    /// Whether an event tells whose its names are. What was told before tells nothing twice: the names may be somebody else's by now. A
    /// status is of a message, and of whoever it was sent to.
    pub(super) fn is_told_by(&mut self, event: &NewEvent) -> bool {
        let is_new = event.key.as_ref().is_none_or(|key| self.told.insert(key.clone()));
        is_new && !matches!(event.body, EventBody::Status(_))
    }

    /// Which of these names their owner has left, and are somebody else's now: the others tell of another one.
    pub(super) fn taken(&self, event: &NewEvent, names: &[String], owner: impl Fn(&str) -> Option<Who>) -> Vec<String> {
        let others = telling(event, names);
        let is_theirs = |left: &str| others.is_empty() || others.iter().any(|name| owner(name) == owner(left));
        names.iter().filter(|name| self.left.contains_key(*name) && !is_theirs(name)).cloned().collect()
    }

    /// Takes in what an event says of numbers: who writes from one has it, and a change of number leaves the former one.
    pub(super) fn note(&mut self, event: &NewEvent, names: &[String], taken: &[String]) {
        let at = event.at.0;
        let is_change = matches!(event.body, EventBody::Identity { .. });
        let now = names_now(event);
        let is_written = matches!(event.body, EventBody::Message(_) | EventBody::Location(_));
        let has_user = names.iter().any(|name| is_user(name));
        for name in names.iter().filter(|name| !is_user(name)) {
            if is_change && !now.contains(name) {
                self.left.insert(name.clone(), at);
                self.changed.insert(name.clone(), Some(at));
                continue;
            }
            let Some(left) = self.left.get(name).copied() else { continue };
            let has_it = match is_change {
                true => at >= left,
                // What its former owner wrote last may come late.
                false => is_written && has_user && (at > left || at == left && taken.contains(name)),
            };
            if has_it {
                self.left.remove(name);
                self.changed.insert(name.clone(), None);
            }
        }
    }
}

/// The names by which an event tells whose the others are: of a change of number the former ones, else the user ids.
fn telling<'a>(event: &NewEvent, names: &'a [String]) -> Vec<&'a String> {
    let now = names_now(event);
    let former: Vec<_> = names.iter().filter(|name| !now.is_empty() && !now.contains(name)).collect();
    if former.is_empty() { names.iter().filter(|name| is_user(name)).collect() } else { former }
}

/// What a change of number tells of as the present ones.
fn names_now(event: &NewEvent) -> Vec<String> {
    match &event.body {
        EventBody::Identity { now } => now.iter().map(stored).collect(),
        _ => Vec::new(),
    }
}

/// Asks for the keys of these events that are in the journal already, of those that tell whose names are; also as keys of somebody who
/// was erased.
pub(super) fn ask_told_before(batch: &mut Batch, events: &[&NewEvent]) {
    let telling =
        events.iter().filter(|event| !event.contacts.is_empty() && !matches!(event.body, EventBody::Status(_)));
    let keys = telling.filter_map(|event| event.key.as_ref());
    let keys: Vec<[String; 1]> = keys.flat_map(|key| [[key.clone()], [erased_key(key)]]).collect();
    let select = concat!("select key from journal where key in (select value->>0 from ", rows!("$1"), ")");
    batch.rows(select, &keys);
}
