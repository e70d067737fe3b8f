//! What the console shows and who signs in to it.

use serde::Serialize;

use crate::domain::{ContactId, Outgoing, Timestamp};

/// What somebody may do in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Conversations, users, settings.
    Admin,
    /// Conversations.
    Agent,
}

impl Role {
    /// The name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Admin, Self::Agent].into_iter().find(|role| role.name() == name)
    }
}

/// Somebody who may sign in.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    /// Our number.
    pub id: i64,
    /// Sign-in name.
    pub login: String,
    /// Name that others see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id hash; `None` where only links sign in.
    #[serde(skip)]
    pub password_hash: Option<String>,
    /// Whether a single key does something in their console.
    #[serde(skip)]
    pub single_keys: bool,
}

/// A session that was found.
#[derive(Clone, Debug)]
pub struct Session {
    /// Hash of its token: the name that it has in the database.
    pub token_hash: String,
    /// Who.
    pub user: User,
    /// Token of every form.
    pub csrf: String,
    /// Ends then, however much it is used.
    pub expires_at: Timestamp,
    /// Was used last.
    pub used_at: Timestamp,
}

/// A row of the inbox.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table of contacts")]
pub struct InboxRow {
    pub contact: ContactId,
    pub summary: String,
    pub last_inbound_at: Option<Timestamp>,
    pub unread: i64,
    pub colour: i64,
    pub heat: i64,
    pub handoff: String,
    pub promise_due: Option<Timestamp>,
    pub agent: Option<String>,
}

impl InboxRow {
    /// The sign-in name of who is in charge.
    pub fn in_charge(&self) -> Option<&str> {
        self.agent.as_deref().filter(|_| self.handoff == "accepted")
    }
}

/// Which contacts a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// A person is asked for; the nearest promise first.
    Hot,
    /// Those that somebody is in charge of, and has not put aside.
    Mine,
    /// A person is needed, and nobody is in charge: one is asked for, or what the bot answered reached nobody.
    Unassigned,
    /// Somebody put it aside; the one that comes back first in front.
    Snoozed,
    /// Everybody who ever wrote.
    All,
    /// The bot is in charge.
    Bot,
}

/// A message of ours as the thread shows it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the outbox")]
pub struct SentRow {
    /// Whom it was decided for: of a contact that became another one, still the first.
    pub contact: ContactId,
    pub number: i64,
    pub sender: String,
    pub state: String,
    pub error: Option<String>,
    pub wamid: Option<String>,
    pub message: Outgoing,
}

/// Where a list of our messages goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "of the last message that was listed")]
pub struct SentPlace {
    pub at: Timestamp,
    pub number: i64,
    pub contact: ContactId,
}

impl SentPlace {
    /// In front of the newest.
    pub const FIRST: Self = Self { at: Timestamp(i64::MAX), number: i64::MAX, contact: ContactId(i64::MAX) };
}

/// A time that a person was asked for.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table of hand-offs")]
pub struct HandoffRow {
    pub id: i64,
    pub contact: ContactId,
    /// open, accepted, closed.
    pub state: String,
    pub reason: String,
    pub opened_at: Timestamp,
    pub promise_due: Option<Timestamp>,
    pub agent: Option<String>,
    pub accepted_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
}

/// Which hand-offs are asked for, the newest first.
#[derive(Clone, Copy, Debug)]
pub struct HandoffsAsked<'a> {
    /// Those before this one.
    pub before: i64,
    /// Only of this state.
    pub state: Option<&'a str>,
    /// Only of this contact.
    pub contact: Option<ContactId>,
    /// Only those that somebody of this sign-in name took.
    pub agent: Option<&'a str>,
    /// At most so many.
    pub limit: i64,
}

/// A body that was not understood, or an event of no kind that we know.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct KeptRow {
    pub received: Timestamp,
    pub reason: String,
    pub size: i64,
}
