//! What other programs are told by webhooks, by the scheme of Standard Webhooks: the kinds of news, the signature, where a webhook may
//! go, and when it is tried again.

mod policy;
mod signature;

use serde::{Deserialize, Serialize};

pub(crate) use policy::private;
pub use policy::{Places, address, policy};
pub use signature::{new_secret, sign};

/// A kind of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each says of itself what it is about")]
pub enum Kind {
    #[serde(rename = "message.received")]
    MessageReceived,
    #[serde(rename = "message.sent")]
    MessageSent,
    #[serde(rename = "message.delivered")]
    MessageDelivered,
    #[serde(rename = "message.read")]
    MessageRead,
    #[serde(rename = "message.failed")]
    MessageFailed,
    #[serde(rename = "tags.changed")]
    TagsChanged,
    #[serde(rename = "hand_off.opened")]
    HandOffOpened,
    #[serde(rename = "hand_off.taken")]
    HandOffTaken,
    #[serde(rename = "hand_off.closed")]
    HandOffClosed,
    #[serde(rename = "contact.opted_out")]
    OptedOut,
    #[serde(rename = "contact.opted_in")]
    OptedIn,
}

/// Where news stand, each with numbers that grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// What came in, and Meta's statuses.
    Journal,
    /// Changes of tags.
    Ledger,
    /// What changes rows in place.
    Trail,
}

impl Source {
    /// All of them, in the order in which what happens at one moment is told.
    pub const ALL: [Self; 3] = [Self::Journal, Self::Ledger, Self::Trail];

    /// Its letter in the ids of news.
    pub fn letter(self) -> char {
        match self {
            Self::Journal => 'j',
            Self::Ledger => 'l',
            Self::Trail => 't',
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::MessageReceived,
        Self::MessageSent,
        Self::MessageDelivered,
        Self::MessageRead,
        Self::MessageFailed,
        Self::TagsChanged,
        Self::HandOffOpened,
        Self::HandOffTaken,
        Self::HandOffClosed,
        Self::OptedOut,
        Self::OptedIn,
    ];

    /// Its name, which is the `type` of the webhook.
    pub fn name(self) -> &'static str {
        match self {
            Self::MessageReceived => "message.received",
            Self::MessageSent => "message.sent",
            Self::MessageDelivered => "message.delivered",
            Self::MessageRead => "message.read",
            Self::MessageFailed => "message.failed",
            Self::TagsChanged => "tags.changed",
            Self::HandOffOpened => "hand_off.opened",
            Self::HandOffTaken => "hand_off.taken",
            Self::HandOffClosed => "hand_off.closed",
            Self::OptedOut => "contact.opted_out",
            Self::OptedIn => "contact.opted_in",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What it is about, for people.
    pub fn about(self) -> &'static str {
        match self {
            Self::MessageReceived => "A customer wrote",
            Self::MessageSent => "A message of ours left Meta, or somebody wrote on the shop's phone",
            Self::MessageDelivered => "A message of ours is on the customer's phone",
            Self::MessageRead => "A message of ours was read",
            Self::MessageFailed => "A message of ours did not reach the customer, with the reason",
            Self::TagsChanged => "Tags were set, removed or expired; colour, heat and stage are tags",
            Self::HandOffOpened => "A person is asked for",
            Self::HandOffTaken => "Somebody took a conversation over",
            Self::HandOffClosed => "A conversation was handed back or ended",
            Self::OptedOut => "A contact wants no messages, or no marketing, any more",
            Self::OptedIn => "A contact who wanted none may be written to again",
        }
    }

    /// Where it stands.
    pub fn sources(self) -> &'static [Source] {
        match self {
            Self::MessageReceived | Self::MessageSent | Self::MessageDelivered | Self::MessageRead => {
                &[Source::Journal]
            }
            // Told by Meta, or refused before it left.
            Self::MessageFailed => &[Source::Journal, Source::Trail],
            Self::TagsChanged => &[Source::Ledger],
            Self::HandOffOpened | Self::HandOffTaken | Self::HandOffClosed | Self::OptedOut | Self::OptedIn => {
                &[Source::Trail]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(serde_json::json!(kind), kind.name());
        }
    }
}
