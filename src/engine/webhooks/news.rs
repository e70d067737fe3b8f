//! What happened, as receivers are told it: read behind the place up to which one was told, and filled in with who and what it is about.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::domain::{ContactId, Event, EventBody, MessageNumber, StatusEvent, StatusKind, Timestamp};
use crate::engine::records;
use crate::store::{HandoffRow, LedgerLine, LedgerMove, Marks, SentRow, Store, StoreError, Stretch, Trail, WebhookRow};
use crate::webhooks::{Kind, Source};

/// News of one round.
const ROUND: i64 = 100;
/// So far the journal is looked through at once where hardly anything of it is to be told.
const REACH: i64 = 5_000;

/// One piece of news.
#[derive(Clone, Debug)]
pub(super) struct News {
    pub(super) source: Source,
    /// Its number there.
    pub(super) place: i64,
    pub(super) kind: Kind,
    /// Whose: news of one contact are told one after the other.
    pub(super) contact: ContactId,
    at: Timestamp,
    data: Value,
}

impl News {
    #[cfg(test)]
    pub(super) fn sample(source: Source, place: i64) -> Self {
        let (kind, contact) = (Kind::MessageReceived, ContactId(place));
        Self { source, place, kind, contact, at: Timestamp::default(), data: Value::Null }
    }

    /// Its name among all that one receiver is told, however often it is tried.
    pub(super) fn name(&self) -> String {
        format!("{}{}", self.source.letter(), self.place)
    }

    /// The body of the webhook.
    pub(super) fn body(&self) -> String {
        json!({ "type": self.kind, "timestamp": self.at.rfc3339(), "data": self.data }).to_string()
    }
}

/// The place that a name tells, if it is in that list.
pub(super) fn place_in(source: Source, name: &str) -> Option<i64> {
    name.strip_prefix(source.letter())?.parse().ok()
}

/// What is to be told next.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// In the order in which it is told.
    pub(super) news: Vec<News>,
    /// Up to where it was looked.
    pub(super) reached: Marks,
}

/// What happened, before it is known who and what it is about.
enum Raw {
    Heard(Box<Event>),
    Status(StatusEvent),
    Tags(Vec<LedgerLine>),
    Trail(Trail),
}

struct Found {
    source: Source,
    place: i64,
    kind: Kind,
    contact: ContactId,
    at: Timestamp,
    raw: Raw,
}

/// The next news for a receiver, up to what is settled.
pub(super) async fn next(store: &Store, row: &WebhookRow, settled: Marks) -> Result<Batch, StoreError> {
    let (marks, mut reached) = (row.progress.marks, row.progress.marks);
    // What was told already ahead of the place fills no round.
    let most = ROUND + row.progress.ahead.len() as i64;
    let mut found = Vec::new();
    for source in Source::ALL.into_iter().filter(|source| row.kinds.iter().any(|kind| kind.sources().contains(source)))
    {
        let (after, until) = (marks.of(source), settled.of(source).min(marks.of(source) + REACH));
        if until <= after {
            continue;
        }
        let stretch = Stretch { after, until, most };
        let (rows, last) = match source {
            Source::Journal => from_journal(store, stretch, &row.kinds).await?,
            Source::Ledger => from_ledger(store, stretch).await?,
            Source::Trail => from_trail(store, stretch).await?,
        };
        reached.set(source, last.unwrap_or(until));
        // Each list is told in its own order; clocks may differ.
        let mut latest = Timestamp::default();
        found.extend(rows.into_iter().map(|row| {
            latest = latest.max(row.at);
            (latest, row)
        }));
    }
    let told = |found: &Found| row.progress.ahead.contains(&format!("{}{}", found.source.letter(), found.place));
    found.retain(|(_, found)| row.kinds.contains(&found.kind) && !told(found));
    // Stable: what happens at one moment is told in the order of the lists.
    found.sort_by_key(|(at, _)| *at);
    let news = filled(store, found.into_iter().map(|(_, found)| found).collect()).await?;
    Ok(Batch { news, reached })
}

/// Rows of a stretch, and the last one's number where there may be more.
type Rows = (Vec<Found>, Option<i64>);

async fn from_journal(store: &Store, stretch: Stretch, kinds: &[Kind]) -> Result<Rows, StoreError> {
    let mut wanted = Vec::new();
    if kinds.contains(&Kind::MessageReceived) {
        wanted.extend(["message", "location"]);
    }
    if kinds.contains(&Kind::MessageSent) {
        wanted.push("sent");
    }
    if kinds.iter().any(|kind| *kind != Kind::MessageReceived && kind.sources().contains(&Source::Journal)) {
        wanted.push("status");
    }
    let rows = store.journal_news(stretch, &wanted).await?;
    let last = rows.last().filter(|_| rows.len() as i64 == stretch.most).map(|(_, event)| event.seq);
    let found = |(contact, event): (ContactId, Event)| {
        let kind = match &event.body {
            // What was taken from an exported chat is no news.
            body if body.is_past() => return None,
            EventBody::Sent(_) => Kind::MessageSent,
            EventBody::Status(status) => match status.status {
                StatusKind::Sent => Kind::MessageSent,
                StatusKind::Delivered => Kind::MessageDelivered,
                StatusKind::Read => Kind::MessageRead,
                StatusKind::Failed => Kind::MessageFailed,
            },
            _ => Kind::MessageReceived,
        };
        let (source, place, at) = (Source::Journal, event.seq, event.received);
        let raw = match event.body {
            EventBody::Status(status) => Raw::Status(status),
            _ => Raw::Heard(Box::new(event)),
        };
        Some(Found { source, place, kind, contact, at, raw })
    };
    Ok((rows.into_iter().filter_map(found).collect(), last))
}

async fn from_ledger(store: &Store, stretch: Stretch) -> Result<Rows, StoreError> {
    let rows = store.ledger_news(stretch).await?;
    let last = rows.last().filter(|_| rows.len() as i64 == stretch.most).map(|(id, ..)| *id);
    let found = |(place, contact, mut lines): (i64, ContactId, Vec<LedgerLine>)| {
        // An alert is raised, and held by nobody.
        lines.retain(|line| line.change != LedgerMove::Raised);
        let at = lines.last()?.at;
        Some(Found { source: Source::Ledger, place, kind: Kind::TagsChanged, contact, at, raw: Raw::Tags(lines) })
    };
    Ok((rows.into_iter().filter_map(found).collect(), last))
}

async fn from_trail(store: &Store, stretch: Stretch) -> Result<Rows, StoreError> {
    let rows = store.trail_news(stretch).await?;
    let last = rows.last().filter(|_| rows.len() as i64 == stretch.most).map(|(id, _)| *id);
    let found = |(place, trail): (i64, Trail)| {
        let Trail { at, kind, contact, .. } = trail;
        Found { source: Source::Trail, place, kind, contact, at, raw: Raw::Trail(trail) }
    };
    Ok((rows.into_iter().map(found).collect(), last))
}

/// What news are about, looked up for all of them at once.
struct Subjects {
    /// By number: who they are by now, and what is told of them.
    contacts: HashMap<i64, (i64, Value)>,
    sent: Vec<SentRow>,
    hand_offs: Vec<HandoffRow>,
}

impl Subjects {
    async fn read(store: &Store, found: &[Found]) -> Result<Self, StoreError> {
        let contacts: BTreeSet<i64> = found.iter().map(|found| found.contact.0).collect();
        let (mut numbers, mut wamids, mut hand_offs) = (Vec::new(), Vec::new(), Vec::new());
        for found in found {
            match &found.raw {
                Raw::Status(status) => match status.message.parse::<MessageNumber>() {
                    Ok(number) => numbers.push((number.contact.0, number.number)),
                    Err(()) => wamids.push(status.message.as_str()),
                },
                Raw::Trail(trail) => match trail.kind {
                    Kind::MessageFailed => numbers.push((trail.contact.0, trail.subject)),
                    Kind::HandOffOpened | Kind::HandOffTaken | Kind::HandOffClosed => hand_offs.push(trail.subject),
                    _ => {}
                },
                Raw::Heard(_) | Raw::Tags(_) => {}
            }
        }
        let living = store.living(&contacts.into_iter().collect::<Vec<_>>()).await?;
        let who = |(id, living, summary): (i64, i64, String)| (id, (living, records::who(living, &summary)));
        let mut sent = if numbers.is_empty() { Vec::new() } else { store.sent_of(&numbers).await? };
        if !wamids.is_empty() {
            sent.extend(store.sent_as(&wamids).await?);
        }
        let hand_offs = if hand_offs.is_empty() { Vec::new() } else { store.handoffs_of(&hand_offs).await? };
        Ok(Self { contacts: living.into_iter().map(who).collect(), sent, hand_offs })
    }

    /// A message of ours by its own id or the provider's.
    fn message(&self, id: &str) -> Option<&SentRow> {
        let number: Option<MessageNumber> = id.parse().ok();
        self.sent.iter().find(|row| match number {
            Some(number) => (row.contact, row.number) == (number.contact, number.number),
            None => row.wamid.as_deref() == Some(id),
        })
    }
}

async fn filled(store: &Store, found: Vec<Found>) -> Result<Vec<News>, StoreError> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let subjects = Subjects::read(store, &found).await?;
    let fill = |found: Found| {
        let nobody = || (found.contact.0, json!({ "id": found.contact }));
        let (contact, who) = subjects.contacts.get(&found.contact.0).cloned().unwrap_or_else(nobody);
        let data = records::joined(json!({ "contact": named(who, &found.raw) }), data(&found, &subjects));
        let Found { source, place, kind, at, .. } = found;
        News { source, place, kind, contact: ContactId(contact), at, data }
    };
    Ok(found.into_iter().map(fill).collect())
}

/// Of whom nothing was folded yet, their own message says who they are.
fn named(mut who: Value, raw: &Raw) -> Value {
    let Raw::Heard(event) = raw else { return who };
    let message = match &event.body {
        EventBody::Message(message) => Some(message),
        EventBody::Location(location) => location.message.as_deref(),
        _ => None,
    };
    for (field, said) in message.into_iter().flat_map(|message| {
        [("phone", message.wa_id.as_ref().map(|digits| format!("+{digits}"))), ("name", message.name.clone())]
    }) {
        if who[field].is_null() {
            who[field] = json!(said);
        }
    }
    who
}

fn data(found: &Found, subjects: &Subjects) -> Value {
    match &found.raw {
        Raw::Heard(event) => json!({ "message": records::heard(event) }),
        Raw::Status(status) => {
            let known = subjects.message(&status.message).map(records::sent);
            // As it was when Meta told it: the row may be further by now.
            let told =
                json!({ "id": status.message, "direction": "out", "status": status.status, "wamid": status.wamid });
            let mut message = records::joined(known.unwrap_or(Value::Null), told);
            message["reason"] = json!(status.error.map(crate::whatsapp::errors::explain));
            json!({ "message": message })
        }
        Raw::Tags(lines) => {
            let change = |line: &LedgerLine| {
                json!({
                    "tag": line.tag, "change": line.change, "at": line.at.rfc3339(), "by": line.evidence.by,
                    "recomputed": line.recomputed,
                })
            };
            json!({ "changes": lines.iter().map(change).collect::<Vec<_>>() })
        }
        Raw::Trail(trail) => match trail.kind {
            Kind::MessageFailed => {
                let id = MessageNumber { contact: trail.contact, number: trail.subject }.to_string();
                json!({ "message": subjects.message(&id).map_or_else(|| json!({ "id": id }), records::sent) })
            }
            Kind::OptedOut | Kind::OptedIn => {
                json!({ "of": if trail.subject == 1 { "everything" } else { "marketing" } })
            }
            _ => {
                let row = subjects.hand_offs.iter().find(|row| row.id == trail.subject);
                json!({ "hand_off": row.map_or_else(|| json!({ "id": trail.subject }), records::hand_off) })
            }
        },
    }
}
