//! What goes into the store and what comes out of it.

use serde::{Deserialize, Serialize};

use crate::domain::{
    Address, ContactId, ContactRef, Duration, Event, EventBody, Evidence, Link, Outgoing, Sender, StatusEvent,
    Timestamp,
};
use crate::feeds::Seen;

/// Keys of events that were taken from exported chats begin like this; others are live.
pub const IMPORTED: &str = "import:";

/// An event on its way into the journal.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Counts once; `None` makes it unique.
    pub key: Option<String>,
    /// Whose it is, where that is known already.
    pub contact: Option<ContactId>,
    /// Names of its one contact; looked up, and created where they are new. Empty and no contact: shop-wide.
    pub contacts: Vec<ContactRef>,
    /// When it happened.
    pub at: Timestamp,
    /// When it reached us.
    pub received: Timestamp,
    /// Not folded before this, so that what belongs together is folded together.
    pub due: Timestamp,
    /// What happened.
    pub body: EventBody,
}

impl NewEvent {
    /// The key of what a program tells of with an id of its own.
    pub fn of_program(id: &str) -> String {
        format!("api:{id}")
    }

    /// The key of a person's deed that a program asks for with an id of its own: each deed on each contact has ids of its own.
    pub fn of_deed(deed: &str, contact: ContactId, id: &str) -> String {
        format!("api:{deed}:{contact}:{id}")
    }

    /// Something that happens now to a contact that we know.
    pub fn known(contact: ContactId, key: Option<String>, now: Timestamp, body: EventBody) -> Self {
        Self { key, contact: Some(contact), contacts: Vec::new(), at: now, received: now, due: now, body }
    }
}

/// What a feed tells of a product.
#[derive(Clone, Debug)]
pub struct ProductUpdate {
    /// Which feed.
    pub feed: &'static str,
    /// The feed's own id of the delivery: each news in it counts once.
    pub key: String,
    /// The product was so then.
    pub at: Timestamp,
    /// Came in then.
    pub received: Timestamp,
    /// The platform says that it was not there before.
    pub is_new: bool,
    /// How it is.
    pub seen: Seen,
}

/// What became of a new event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its number in the journal; of a duplicate, 0.
    pub seq: i64,
    /// Whose it is.
    pub contact: Option<ContactId>,
    /// It was here before: nothing was written.
    pub duplicate: bool,
}

/// A contact to fold.
#[derive(Debug, Default)]
pub struct ClaimedContact {
    /// Who.
    pub id: ContactId,
    /// State as the engine packs it; `None` before the first fold, and where it has to be made anew from the journal.
    pub state: Option<Vec<u8>>,
    /// How many contacts became this one: goes back with what is folded.
    pub merges: i64,
    /// Without a state: what was folded before. What followed from it has been done.
    pub history: Vec<Event>,
    /// Without a state: the highest number of a message that was ever decided for them.
    pub messages: i64,
    /// What lists show of it, as it was.
    pub summary: Option<String>,
    /// Names, for the first fold.
    pub names: Vec<ContactRef>,
    /// Unread events in order.
    pub events: Vec<Event>,
    /// Messages of theirs wait in the outbox or are under way, it may be from another node: what is decided now leaves behind them.
    pub waits: bool,
}

/// All that happened to a contact, folded or not.
#[derive(Debug)]
pub struct History {
    /// Who.
    pub contact: ContactId,
    /// Names.
    pub names: Vec<ContactRef>,
    /// Events in order.
    pub events: Vec<Event>,
}

/// Contacts to fold, locked until [`crate::store::Store::commit`] or until this is dropped.
#[derive(Debug)]
pub struct Claim {
    /// What to fold.
    pub contacts: Vec<ClaimedContact>,
    /// If there is nothing now: when there will be, with no new event.
    pub next_due: Option<Timestamp>,
    pub(super) hold: super::Hold,
}

/// A message decided by a fold, with where it goes.
#[derive(Clone, Debug)]
pub struct NewOutgoing {
    /// Our phone number id.
    pub channel: String,
    /// To whom.
    pub address: Address,
    /// Replies go before follow-ups.
    pub follow_up: bool,
    /// It leaves as soon as the fold is committed, and is marked `sending` by that very commit; `None` leaves it to the
    /// sender to take it when there is room.
    pub sending_since: Option<Timestamp>,
    /// What.
    pub message: Outgoing,
}

impl NewOutgoing {
    /// Whether the bot wrote it.
    pub fn from_bot(&self) -> bool {
        self.message.sender == Sender::Bot
    }

    /// The row that it becomes when it leaves at once.
    pub fn row(&self, contact: ContactId) -> OutboxRow {
        OutboxRow {
            contact,
            message: self.message.clone(),
            address: self.address.clone(),
            channel: self.channel.clone(),
            attempts: 1,
            follow_up: self.follow_up,
        }
    }
}

/// A tracked link on its way into the database.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The end of its address; cannot be guessed.
    pub code: String,
    /// For whom.
    pub contact: ContactId,
    /// The number of the message that it stands in, if it is one of ours.
    pub message: Option<i64>,
    /// Since when.
    pub at: Timestamp,
    /// Where it leads.
    pub link: Link,
}

/// A tracked link that somebody opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLink {
    /// The end of its address.
    pub code: String,
    /// For whom it was made.
    pub contact: ContactId,
    /// Where it leads.
    pub link: Link,
}

/// What Meta said of one of our messages.
#[derive(Clone, Debug)]
pub struct OutboxStatus {
    /// When, by Meta's clock.
    pub at: Timestamp,
    /// What.
    pub status: StatusEvent,
    /// Where it failed for a reason that passes: how long a reply waits after each of its attempts before it is sent again.
    pub again: Vec<Duration>,
}

/// What lists show of a contact.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// JSON that only the engine writes and the console reads.
    pub json: String,
    /// Time of the last message either way.
    pub last_at: Option<Timestamp>,
    /// Time of the customer's last message.
    pub last_inbound_at: Option<Timestamp>,
    /// Rank of the colour, -1 for none.
    pub colour: i64,
    /// Rank of the heat, -1 for none.
    pub heat: i64,
    /// none, open, accepted.
    pub handoff: &'static str,
    /// Until when a person must have answered.
    pub promise_due: Option<Timestamp>,
    /// Who is in charge.
    pub agent: Option<String>,
    /// Until when it is put aside.
    pub snoozed_until: Option<Timestamp>,
}

/// What happens to a contact's row of the table of hand-offs.
#[derive(Clone, Debug)]
pub enum HandoffChange {
    /// A person is asked for.
    Opened {
        /// Stable name of the reason.
        reason: String,
        /// Why, as JSON of [`crate::domain::Evidence`].
        evidence: String,
        /// Until when somebody answers.
        promise_due: Option<Timestamp>,
    },
    /// The promise on the clock became another one.
    Promised {
        /// The reason that now counts.
        reason: String,
        /// Until when somebody answers.
        promise_due: Option<Timestamp>,
    },
    /// Nobody came for so long that the bot answers again. It stays open.
    GivenUp,
    /// Somebody took it.
    Accepted {
        /// Who.
        agent: String,
    },
    /// Who took it put it back: it is open as before.
    PutBack,
    /// Handed back or ended.
    Closed,
    /// Two contacts have become one, and each may have had one open: one stays, before all the one that somebody took.
    Joined,
}

/// What happened to a tag, as the ledger says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LedgerMove {
    /// Not held before.
    Set,
    /// Taken away by a rule, an exclusive group or a person.
    Removed,
    /// Its lifetime ended.
    Expired,
    /// An alert, which nobody holds.
    Raised,
}

/// A line of the tag ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// Which tag.
    pub tag: String,
    /// What happened to it.
    pub change: LedgerMove,
    /// When, by the fold's clock.
    pub at: Timestamp,
    /// Why.
    pub evidence: Evidence,
    /// Nothing happened then: the rules were edited, and everybody's tags made anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recomputed: bool,
}

/// All that the fold of one contact decided.
#[derive(Debug, Default)]
pub struct Folded {
    /// Whose.
    pub contact: ContactId,
    /// New state as the engine packs it; `None` leaves it as it is.
    pub state: Option<Vec<u8>>,
    /// As it was claimed. If another contact became this one since, the state is made anew.
    pub merges: i64,
    /// The stored state cannot be read: it is forgotten, and made anew from the journal with the next claim.
    pub unreadable: bool,
    /// What it was made anew with, after an edit of rules.
    pub recomputed: Option<String>,
    /// It could not be made anew and stays what it is; nothing else of this is written.
    pub kept: bool,
    /// What it was folded with: dictionaries, rules and the like, as one fingerprint.
    pub folded_with: Option<String>,
    /// Something of the past came after what followed it: it is to be made anew, with this.
    pub stale: Option<String>,
    /// Next moment to look.
    pub wake_at: Option<Timestamp>,
    /// Events that were folded.
    pub seqs: Vec<i64>,
    /// Events that were judged later than they came, because a timer had fired already.
    pub rejudged: Vec<(i64, Timestamp)>,
    /// Messages of the customer among them.
    pub inbound: i64,
    /// For lists.
    pub summary: Summary,
    /// For segments.
    pub indexed: super::Indexed,
    /// What changed, with its reason.
    pub ledger: Vec<LedgerLine>,
    /// For the table of hand-offs.
    pub handoffs: Vec<(Timestamp, HandoffChange)>,
    /// For the outbox.
    pub outgoing: Vec<NewOutgoing>,
    /// Tracked links that its messages carry.
    pub links: Vec<NewLink>,
    /// The bot's queued messages are cancelled, for this reason.
    pub cancel_queued: Option<String>,
    /// What Meta said of our messages.
    pub statuses: Vec<OutboxStatus>,
    /// They came to want no messages, or to want them again.
    pub consent: Option<super::Consent>,
    /// What campaigns wanted to send, and the gate does not let go at all.
    pub refused: Vec<Refused>,
    /// Unread events stay so until then: the fold failed.
    pub postponed: Option<Timestamp>,
}

impl Folded {
    /// The fold failed: nothing changes, and the contact is left alone for a while.
    pub fn postponed(contact: ContactId, seqs: Vec<i64>, until: Timestamp) -> Self {
        Self { contact, seqs, postponed: Some(until), ..Self::default() }
    }
}

/// Why a recipient of a campaign gets nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which campaign.
    pub campaign: String,
    /// The gate's reason, by its name.
    pub reason: &'static str,
    /// The same in words.
    pub says: String,
}

/// A message that was marked `sending` and must be sent now.
#[derive(Clone, Debug)]
pub struct OutboxRow {
    /// To whom.
    pub contact: ContactId,
    /// Which.
    pub message: Outgoing,
    /// Where.
    pub address: Address,
    /// Our phone number id.
    pub channel: String,
    /// The how manieth attempt this is, from 1.
    pub attempts: i64,
    /// Follow-ups are never sent twice.
    pub follow_up: bool,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// Meta took it.
    Accepted {
        /// Provider's id.
        wamid: String,
    },
    /// Not taken; to be tried again then.
    RetryAt(Timestamp, String),
    /// Not even called, or refused for what holds for all: to be taken again then, and no attempt.
    PutBack(Timestamp, String),
    /// Meta refused it for good, with this code, which is told to the contact as well: it may say something of them.
    Refused {
        /// Meta's code.
        code: i64,
        /// In words.
        said: String,
    },
    /// Not taken, and never will be.
    Failed(String),
    /// May have been taken: stays `sending` until a status tells, or until it is settled.
    Uncertain(String),
}

/// How the call for one message ended.
#[derive(Clone, Debug)]
pub struct SendResult {
    /// To whom.
    pub contact: ContactId,
    /// Which.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// How.
    pub outcome: SendOutcome,
}
