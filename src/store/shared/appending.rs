//! New events into the journal: whose they are, once each, in order.

use std::collections::{HashMap, HashSet};

use sqlx::Row;
use uuid::Uuid;

use super::Connection;
use super::batch::Batch;
use super::erasing::erased_key;
use super::identities::{
    Numbered, Owners, Who, ask_numbered, ask_owners, create, is_user, learn, numbered, settle, stored,
};
use super::moving::{MOVE, Moves, ask_told_before};
use crate::domain::{ContactId, EventBody, Timestamp};
use crate::store::{Appended, NewEvent};

/// Writes a group of events with a constant number of statements, whatever its size.
pub(in crate::store) async fn append(
    connection: &mut Connection,
    events: &[&NewEvent],
) -> Result<Vec<Appended>, sqlx::Error> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    if let Some(lock) = super::LOCK_APPENDING {
        sqlx::query(lock).execute(&mut *connection).await?;
    }
    let known = look_up(connection, events).await?;
    let newest = known.newest;
    let Resolved { contacts, merges, erased, fresh, moved } = resolve(connection, events, known).await?;
    let key = |(event, erased): (&&NewEvent, &bool)| {
        let key = event.key.clone().unwrap_or_else(|| format!("own:{}", Uuid::now_v7()));
        if *erased { erased_key(&key) } else { key }
    };
    let keys: Vec<String> = events.iter().zip(&erased).map(key).collect();
    let mut batch = Batch::default();
    insert(&mut batch, events, &keys, (&contacts, &erased))?;
    leave_unread(&mut batch, events, &keys, newest);
    learn(&mut batch, &fresh);
    batch.rows(MOVE, &moved);
    let mut written: HashMap<String, i64> = HashMap::with_capacity(events.len());
    for row in batch.fetch(connection).await?.rows() {
        written.insert(row.try_get(1)?, row.try_get(0)?);
    }
    let mut appended = Vec::with_capacity(events.len());
    for (key, contact) in keys.iter().zip(contacts) {
        // The first of a key was written; a second one in the same group finds it gone.
        let seq = written.remove(key.as_str());
        let contact = contact.map(ContactId);
        appended.push(Appended { seq: seq.unwrap_or(0), contact, duplicate: seq.is_none() });
    }
    // Behind all that this group has for either of two: what came for the one that ends goes with it.
    let ended = merge_all(connection, merges).await?;
    for contact in appended.iter_mut().filter_map(|appended| appended.contact.as_mut()) {
        contact.0 = living(contact.0, &ended);
    }
    Ok(appended)
}

/// Kind and body of an event of somebody who was erased, or of whom nothing is known.
const ERASED: (&str, &str) = ("erased", "{}");

/// Whether an event of that key is there.
pub(in crate::store) async fn is_known(connection: &mut Connection, key: &str) -> Result<bool, sqlx::Error> {
    let found: Option<i64> =
        sqlx::query_scalar("select seq from journal where key = $1").bind(key).fetch_optional(connection).await?;
    Ok(found.is_some())
}

/// When the latest of so many events came that were written last, by the clock of whoever wrote it.
pub(in crate::store) async fn newest_received(
    connection: &mut Connection,
    events: i64,
) -> Result<Option<Timestamp>, sqlx::Error> {
    let select = "select max(received) from (select received from journal order by seq desc limit $1) as newest";
    let newest: Option<i64> = sqlx::query_scalar(select).bind(events).fetch_one(connection).await?;
    Ok(newest.map(Timestamp))
}

/// Whether an event waits to be folded.
pub(in crate::store) async fn is_unread(connection: &mut Connection, seq: i64) -> Result<bool, sqlx::Error> {
    let found: Option<i64> =
        sqlx::query_scalar("select seq from unread where seq = $1").bind(seq).fetch_optional(connection).await?;
    Ok(found.is_some())
}

fn insert(
    batch: &mut Batch,
    events: &[&NewEvent],
    keys: &[String],
    (contacts, erased): (&[Option<i64>], &[bool]),
) -> Result<(), sqlx::Error> {
    let mut rows = Vec::with_capacity(events.len());
    for (((event, key), contact), erased) in events.iter().zip(keys).zip(contacts).zip(erased) {
        let (kind, body) = match erased {
            true => (ERASED.0, ERASED.1.to_owned()),
            false => {
                let body = serde_json::to_string(&event.body).map_err(|error| sqlx::Error::Encode(error.into()))?;
                (event.body.kind(), body)
            }
        };
        rows.push((contact, key, event.at.0, event.received.0, kind, body));
    }
    let insert = concat!(
        "insert into journal (contact_id, key, at, received, kind, body) ",
        "select cast(value->>0 as bigint), value->>1, cast(value->>2 as bigint), cast(value->>3 as bigint), ",
        "value->>4, value->>5 from ",
        rows!("$1"),
        " where true order by r.key on conflict (key) do nothing returning seq, key"
    );
    batch.rows(insert, &rows);
    Ok(())
}

/// Of these events, those that were written behind `newest` and are somebody's wait to be folded.
fn leave_unread(batch: &mut Batch, events: &[&NewEvent], keys: &[String], newest: i64) {
    let due: Vec<_> = keys.iter().zip(events).map(|(key, event)| (key, event.due.0)).collect();
    let insert = concat!(
        "insert into unread (seq, contact_id, due_at) select j.seq, j.contact_id, min(r.due) from (select value->>0 as key, ",
        "cast(value->>1 as bigint) as due from ",
        rows!("$1"),
        ") as r join journal j on j.key = r.key where j.seq > $2 and j.contact_id is not null ",
        "group by j.seq, j.contact_id order by j.seq"
    );
    batch.rows_and(insert, &due, [newest.into()]);
}

/// What is known of those of whom a group of events tells.
struct Known {
    numbered: Numbered,
    owners: Owners,
    /// Keys of events that were told before.
    told: HashSet<String>,
    /// The last event of the journal.
    newest: i64,
}

async fn look_up(connection: &mut Connection, events: &[&NewEvent]) -> Result<Known, sqlx::Error> {
    let mut batch = Batch::default();
    ask_numbered(&mut batch, events);
    ask_owners(&mut batch, events.iter().filter(|event| event.contact.is_none()));
    ask_told_before(&mut batch, events);
    batch.always("select coalesce(max(seq), 0) from journal", []);
    let mut found = batch.fetch(connection).await?;
    let numbered = numbered(events, found.rows())?;
    let mut owners = Owners::of(found.rows())?;
    let told = found.rows().iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let newest = found.rows().first().map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
    // Another installation's numbers name nobody here; the names may.
    let is_foreign = |event: &&&NewEvent| event.contact.is_some_and(|contact| !numbered.contains_key(&contact.0));
    let foreign: Vec<&NewEvent> = events.iter().filter(is_foreign).copied().collect();
    if !foreign.is_empty() {
        let mut batch = Batch::default();
        ask_owners(&mut batch, foreign.iter());
        owners.extend(Owners::of(batch.fetch(connection).await?.rows())?);
    }
    Ok(Known { numbered, owners, told, newest })
}

/// Two contacts that are one person.
type Pair = (i64, i64);

/// Whose events are, who turned out to be one person, and who is new.
struct Resolved {
    contacts: Vec<Option<i64>>,
    merges: Vec<Pair>,
    /// Of each event, whether it names somebody who was erased, or is the status of a message to somebody who is not known.
    erased: Vec<bool>,
    /// Names that nobody had, and whose they are now.
    fresh: Vec<(String, i64)>,
    /// Names that changed hands: whose they are, and since when their owner has left them.
    moved: Vec<(String, i64, Option<i64>)>,
}

/// What is known of names while a group is being written.
struct Naming {
    /// Contacts that events name by our own number; who was erased is there, and nobody.
    known: HashMap<i64, Option<i64>>,
    owners: HashMap<String, Who>,
    moves: Moves,
    /// The new contacts of this group; of each, who it turned out to be, if it was somebody after all.
    slots: Vec<Option<Who>>,
    merges: Vec<Pair>,
}

impl Naming {
    fn owner(&self, name: &str) -> Option<Who> {
        self.owners.get(name).map(|who| settle(*who, &self.slots))
    }

    /// Whose an event is.
    fn whose(&mut self, event: &NewEvent) -> Option<Who> {
        if let Some(told) = event.contact.and_then(|contact| self.known.get(&contact.0)) {
            return told.map(Who::Known);
        }
        let names: Vec<String> = event.contacts.iter().map(stored).collect();
        if names.is_empty() || !self.moves.is_told_by(event) {
            // A user id stays with its owner.
            let (users, phones): (Vec<_>, Vec<_>) = names.iter().partition(|name| is_user(name));
            return users.into_iter().chain(phones).find_map(|name| self.owner(name));
        }
        let taken = self.moves.taken(event, &names, |name| self.owner(name));
        let who = self.one_of(names.iter().filter(|name| !taken.contains(name)));
        self.moves.note(event, &names, &taken);
        for name in names {
            // One that somebody left goes to who has it by now, and not to who had it.
            if !(taken.contains(&name) && self.moves.left.contains_key(&name)) {
                self.owners.insert(name, who);
            }
        }
        Some(who)
    }

    /// The one person whose these names are: the others who have some of them turned out to be the same. Somebody new where nobody has
    /// any.
    fn one_of<'a>(&mut self, names: impl Iterator<Item = &'a String>) -> Who {
        let mut found: Vec<Who> = names.filter_map(|name| self.owner(name)).collect();
        found.sort_by_key(|who| match who {
            Who::Known(id) => (0, *id),
            Who::New(slot) => (1, *slot as i64),
        });
        found.dedup();
        let who = found.first().copied().unwrap_or_else(|| {
            self.slots.push(None);
            Who::New(self.slots.len() - 1)
        });
        for other in found.into_iter().skip(1) {
            match (who, other) {
                (Who::Known(one), Who::Known(other)) => self.merges.push((one, other)),
                (_, Who::New(slot)) => self.slots[slot] = Some(who),
                (Who::New(_), Who::Known(_)) => {}
            }
        }
        who
    }
}

/// The contact of each event: by any of its names, created where all are new; and who turned out to be one person, since an event
/// carries names of both.
async fn resolve(connection: &mut Connection, events: &[&NewEvent], known: Known) -> Result<Resolved, sqlx::Error> {
    let Known { numbered: known, owners: Owners { by_name: owners, left }, told, .. } = known;
    // What is told once more of who was erased makes nobody of them.
    let is_told_of_erased =
        |event: &&NewEvent| event.key.as_ref().is_some_and(|key| !told.is_empty() && told.contains(&erased_key(key)));
    let told_of_erased: Vec<bool> = events.iter().map(is_told_of_erased).collect();
    let before: Vec<String> = owners.keys().cloned().collect();
    let moves = Moves { left, told, changed: HashMap::new() };
    let mut naming = Naming { known, owners, moves, slots: Vec::new(), merges: Vec::new() };
    let whose = events.iter().zip(&told_of_erased);
    let whose: Vec<_> = whose.map(|(event, erased)| if *erased { None } else { naming.whose(event) }).collect();
    let Naming { known, owners, moves, slots, merges } = naming;
    let created = create(connection, events, &slots).await?;
    let number = |who: Who| match settle(who, &slots) {
        Who::Known(id) => id,
        Who::New(slot) => created[slot],
    };
    let mut fresh: Vec<(String, i64)> = owners.iter().map(|(name, who)| (name.clone(), number(*who))).collect();
    fresh.retain(|(name, _)| !before.contains(name));
    let moved = moves.changed.iter();
    let moved = moved.filter_map(|(name, left)| Some((name.clone(), number(*owners.get(name)?), *left))).collect();
    let contacts: Vec<_> = whose.into_iter().map(|who| who.map(number)).collect();
    let is_of_nobody = |((event, contact), told_of_erased): ((&&NewEvent, &Option<i64>), &bool)| {
        let is_erased = event.contact.is_some_and(|contact| known.get(&contact.0) == Some(&None));
        let is_status = matches!(event.body, EventBody::Status(_)) && !event.contacts.is_empty();
        contact.is_none() && (is_erased || is_status || *told_of_erased)
    };
    let erased = events.iter().zip(&contacts).zip(&told_of_erased).map(is_of_nobody).collect();
    Ok(Resolved { contacts, merges, erased, fresh, moved })
}

/// Makes one of each pair; who ended, and as whom they live on.
async fn merge_all(connection: &mut Connection, pairs: Vec<Pair>) -> Result<HashMap<i64, i64>, sqlx::Error> {
    let mut ended = HashMap::new();
    for (one, other) in pairs {
        // One of them may have ended already in this group.
        let (one, other) = (living(one, &ended), living(other, &ended));
        if one != other {
            merge(connection, one.min(other), one.max(other)).await?;
            ended.insert(one.max(other), one.min(other));
        }
    }
    Ok(ended)
}

fn living(mut contact: i64, ended: &HashMap<i64, i64>) -> i64 {
    while let Some(older) = ended.get(&contact) {
        contact = *older;
    }
    contact
}

/// Two contacts turned out to be one person: the older keeps living, with the names, the journal and the history of both.
/// Its state is made anew from the joint journal when it is folded next. Messages keep the number under which they were sent,
/// since Meta's statuses carry it.
async fn merge(connection: &mut Connection, older: i64, newer: i64) -> Result<(), sqlx::Error> {
    for statement in [
        // First of all: whoever folds one of them is waited for here, and keeps nothing else waiting.
        "update contacts set merged_into = $1, wake_at = null, state = null where id = $2 or merged_into = $2",
        "update contacts set merges = merges + 1, state = null where id = $1 and $2 <> $1",
        "delete from searched where contact_id = $2 and $1 <> $2",
        "update journal set contact_id = $1 where contact_id = $2",
        "update unread set contact_id = $1 where contact_id = $2",
        "update identities set contact_id = $1 where contact_id = $2",
        "update tag_ledger set contact_id = $1 where contact_id = $2",
        "update handoffs set contact_id = $1 where contact_id = $2",
        "update tag_verdicts set contact_id = $1 where contact_id = $2 and (tag, since, judge) not in \
         (select tag, since, judge from tag_verdicts where contact_id = $1)",
        "update drafts set contact_id = $1 where contact_id = $2 and (user_id, kind) not in \
         (select user_id, kind from drafts where contact_id = $1)",
        "delete from stale where contact_id = $2 and $1 <> $2",
        // Made anew with the state.
        "delete from held_tags where contact_id = $2 and $1 <> $2",
        "delete from profiles where contact_id = $2 and $1 <> $2",
        "delete from orders where contact_id = $2 and $1 <> $2",
        "delete from bought where contact_id = $2 and $1 <> $2",
        // One of the two may have been told of a campaign, or both: then the second counts, and gets nothing of its own.
        "update campaign_recipients set contact_id = $1 where contact_id = $2 and campaign not in \
         (select campaign from campaign_recipients where contact_id = $1)",
        "update campaign_recipients set refused = 'same-person', said = 'the same person as another recipient' \
         where contact_id = $2 and $1 <> $2",
    ] {
        sqlx::query(statement).bind(older).bind(newer).execute(&mut *connection).await?;
    }
    Ok(())
}
