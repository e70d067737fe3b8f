//! Exported chats become events of the past: what the customer and the shop said, at its own time. Nothing is sent for them.

use chrono_tz::Tz;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::{ContactRef, Duration, EventBody, InboundMessage, MessageKind, Phone, SentEvent, Timestamp};
use crate::rulebook::maybe_rfc3339;
use crate::store::{NewEvent, Store, StoreError};
use crate::whatsapp::chat_export::{self, Chat, ChatError, DateOrder, LeftOut, Said, Words};

/// Keys of imported events begin like this: what does not is live.
pub use crate::store::IMPORTED;
/// A message may lie so far ahead of the clock: the phone's zone may be another one than was said.
const AHEAD: Duration = Duration::days(1);
/// Events that are written together.
const TOGETHER: usize = 500;

/// What is wanted of a file.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whose chat it is.
    pub contact: ContactRef,
    /// Names under which the shop writes in it; empty where they are to be found.
    pub agents: Vec<String>,
    /// The phone's time zone.
    pub zone: Tz,
    /// How its dates are written; `None` where that is to be found.
    pub dates: Option<DateOrder>,
}

/// What was found in a file, and what became of it.
#[derive(Debug, Default, Serialize)]
pub struct Found {
    /// Messages of the customer.
    pub theirs: usize,
    /// Messages of the shop.
    pub ours: usize,
    /// The customer's name in the chat.
    pub customer: String,
    /// The shop's names.
    pub agents: Vec<String>,
    /// How dates are written in it.
    pub dates: String,
    /// The first message…
    #[serde(serialize_with = "maybe_rfc3339")]
    pub from: Option<Timestamp>,
    /// …and the last.
    #[serde(serialize_with = "maybe_rfc3339")]
    pub to: Option<Timestamp>,
    /// Lines that were left out.
    pub left_out: LeftOut,
    /// The first line with a message of days to come.
    pub ahead: Option<usize>,
    /// Messages from the first one on that Hotline had itself.
    pub live: usize,
    /// Messages that were imported before.
    pub known: usize,
    /// Messages that are new.
    pub new: usize,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotImported {
    /// It cannot be read.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// Who is the shop?
    #[error("the chat is between {0}: say which of them is the shop with --agent-name")]
    WhoIsWho(String),
    /// More than one customer.
    #[error(
        "beside the shop there are {0} in it: only a chat with one customer can be taken, name all who write for the shop with --agent-name"
    )]
    Group(String),
    /// Dates of days to come: the customer would stay within the service window until then.
    #[error("line {0} lies in the future: are the dates read in the right order? Say it with --dates dmy, mdy or ymd")]
    Ahead(usize),
    /// A name that nobody has.
    #[error("nobody is called `{name}` in it; there are {people}")]
    Nobody {
        /// The name that was given.
        name: String,
        /// Those that there are.
        people: String,
    },
    /// The database.
    #[error("the database does not answer")]
    Store(#[from] StoreError),
}

/// Reads a file: its messages as events, and what was found.
///
/// # Errors
/// It is no chat, or it does not tell who is who.
pub fn read(text: &str, words: &Words, wanted: &Wanted, now: Timestamp) -> Result<(Vec<NewEvent>, Found), NotImported> {
    let (chat, order) = chat_export::read(text, words, wanted.dates, wanted.zone)?;
    let customer = customer(&chat, wanted)?;
    let mut found = Found {
        customer: customer.clone(),
        dates: order.to_string(),
        left_out: chat.left_out,
        from: chat.said.iter().map(|said| said.at).min(),
        to: chat.said.iter().map(|said| said.at).max(),
        ahead: chat.said.iter().find(|said| said.at > now + AHEAD).map(|said| said.line),
        ..Found::default()
    };
    found.agents = chat.people().iter().map(|(who, _)| (*who).to_owned()).filter(|who| *who != customer).collect();
    let mut events: Vec<NewEvent> = Vec::with_capacity(chat.said.len());
    let mut keys = std::collections::HashMap::new();
    for said in chat.said {
        let theirs = said.who == customer;
        *(if theirs { &mut found.theirs } else { &mut found.ours }) += 1;
        // The same words twice in a minute are two messages; the same file twice is one.
        let line = fingerprint(&wanted.contact, theirs, &said);
        let times = keys.entry(line.clone()).or_insert(0);
        *times += 1;
        let key = format!("{IMPORTED}{line}-{times}");
        events.push(event(key, said, theirs, wanted, now));
    }
    // Phones write in the order of arrival; the journal of the past is in the order of time.
    events.sort_by_key(|event| event.at);
    Ok((events, found))
}

/// Which of the names is the customer.
fn customer(chat: &Chat, wanted: &Wanted) -> Result<String, NotImported> {
    let people = chat.people();
    if people.is_empty() {
        return Ok(String::new());
    }
    let list = |names: &[&str]| names.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
    let all: Vec<&str> = people.iter().map(|(who, _)| *who).collect();
    if let Some(name) = wanted.agents.iter().find(|name| !all.contains(&name.as_str())) {
        return Err(NotImported::Nobody { name: name.clone(), people: list(&all) });
    }
    let others: Vec<&str> = all.iter().copied().filter(|who| !wanted.agents.iter().any(|agent| agent == who)).collect();
    // Who is in no address book is called by the number.
    let is_number = |who: &&str| {
        let ContactRef::Phone(phone) = &wanted.contact else { return false };
        clean(who).parse::<Phone>().is_ok_and(|number| number == *phone)
    };
    match others.as_slice() {
        [] => Ok(String::new()),
        [one] if !wanted.agents.is_empty() || is_number(one) => Ok((*one).to_owned()),
        _ => match others.iter().find(|who| is_number(who)) {
            Some(who) if wanted.agents.is_empty() && others.len() <= 2 => Ok((*who).to_owned()),
            _ if wanted.agents.is_empty() => Err(NotImported::WhoIsWho(list(&others))),
            _ => Err(NotImported::Group(list(&others))),
        },
    }
}

fn clean(who: &str) -> String {
    who.chars().map(|c| if c.is_whitespace() || c == '\u{2011}' { ' ' } else { c }).collect()
}

fn fingerprint(contact: &ContactRef, theirs: bool, said: &Said) -> String {
    let mut digest = Sha256::new();
    let media = said.media.as_deref().unwrap_or_default();
    let side = if theirs { "them" } else { "us" };
    digest.update(format!("{contact}\0{side}\0{}\0{}\0{media}", said.at.0, said.text));
    hex::encode(&digest.finalize()[..12])
}

fn event(key: String, said: Said, theirs: bool, wanted: &Wanted, now: Timestamp) -> NewEvent {
    let text = Some(said.text).filter(|text| !text.is_empty());
    let body = match theirs {
        true => {
            let (text, caption) = if said.media.is_some() { (None, text) } else { (text, None) };
            let name = Some(said.who).filter(|who| clean(who).parse::<Phone>().is_err());
            EventBody::Message(InboundMessage {
                text,
                caption,
                media: said.media,
                name,
                past: true,
                ..InboundMessage::default()
            })
        }
        false => EventBody::Sent(SentEvent {
            message: key.clone(),
            kind: MessageKind::Reply,
            product: None,
            category: None,
            campaign: None,
            link: false,
            by: format!("agent:{}", said.who),
            text,
            past: true,
        }),
    };
    NewEvent {
        key: Some(key),
        contact: None,
        contacts: vec![wanted.contact.clone()],
        at: said.at,
        received: said.at,
        due: now,
        body,
    }
}

/// Whether messages of days to come would be written; what is left out because Hotline had the chat itself by then does no harm.
///
/// # Errors
/// The first line of that kind, or the database does not answer.
pub async fn check_dates(store: &Store, contact: &ContactRef, found: &Found) -> Result<(), NotImported> {
    let Some(line) = found.ahead else { return Ok(()) };
    let live = match store.contact_of(contact).await? {
        Some(known) => store.first_live(known).await?,
        None => None,
    };
    live.map(|_| ()).ok_or(NotImported::Ahead(line))
}

/// Writes events of the past that are older than what Hotline had itself.
///
/// # Errors
/// The database does not answer; what was written already counts once when it is tried again.
pub async fn write(
    store: &Store,
    contact: &ContactRef,
    mut events: Vec<NewEvent>,
    found: &mut Found,
) -> Result<(), StoreError> {
    if let Some(known) = store.contact_of(contact).await?
        && let Some(first) = store.first_live(known).await?
    {
        let all = events.len();
        events.retain(|event| event.at < first);
        found.live = all - events.len();
    }
    // Where they come late the contact's fold has itself made anew.
    let mut events = events.into_iter();
    loop {
        let some: Vec<NewEvent> = events.by_ref().take(TOGETHER).collect();
        if some.is_empty() {
            return Ok(());
        }
        for appended in store.append(some).await? {
            *(if appended.duplicate { &mut found.known } else { &mut found.new }) += 1;
        }
    }
}
