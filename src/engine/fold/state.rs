//! What is known of one contact: the fold's state, each room's part of it, stored as JSON with the contact.

use serde::{Deserialize, Serialize};

use crate::dialogue::Memory;
use crate::domain::{Address, Consequence, Contact, ContactId, ContactRef, Outgoing, StatusEvent, Timestamp};
use crate::handoff::{Desk, DeskMove};
use crate::outreach::{Ledger, Refusal};
use crate::places::{Places, country_of};
use crate::rulebook::Facts;

/// The whole state of one contact. Folding an event needs nothing else of the past.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Who they are.
    pub contact: Contact,
    /// The rules' counters, the tags held, colour, heat and stage.
    pub facts: Facts,
    /// What was talked about.
    pub memory: Memory,
    /// Whether a person is in charge.
    pub desk: Desk,
    /// What is planned and what was sent unasked.
    pub ledger: Ledger,
    /// Messages that were ever decided for them: the number of the last one.
    pub messages: i64,
    /// All that is known of them comes from exported chats: nothing is sent and nobody is asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
    /// The fold's clock: the moment of the last event, or just behind the last timer. It never goes back.
    pub clock: Timestamp,
}

impl State {
    /// Whether something of the past is in its place: nothing live was folded yet, nor what came after it.
    pub fn takes_past(&self, at: Timestamp) -> bool {
        self.clock == Timestamp::default() || (self.imported && at >= self.clock)
    }

    /// A contact of whom nothing is known but its names.
    pub fn new(id: ContactId, names: &[ContactRef], places: &Places) -> Self {
        let country = names.iter().find_map(country_of);
        let mut address = Address::default();
        for name in names {
            match name {
                ContactRef::Phone(phone) => address.wa_id = Some(phone.digits().to_owned()),
                ContactRef::User(user) => address.user_id = Some(user.clone()),
            }
        }
        let zone = country.and_then(|country| places.zone_of(&address, country));
        Self { contact: Contact { id, address, country, zone, ..Contact::default() }, ..Self::default() }
    }
}

/// One thing that a fold decided beside the state: what the store writes and the live system does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A rule's decision, at the moment of the fold's clock. The state has taken it in already.
    Decided(Timestamp, Consequence),
    /// The hand-off opened, was taken, was missed, ended.
    Desk(Timestamp, DeskMove),
    /// A message is to go out.
    Send(Outgoing),
    /// The bot's messages that are still queued must not go out any more.
    CancelQueued {
        /// Why, for the thread.
        reason: String,
    },
    /// A proactive message was not sent, or was put off.
    Refused(Timestamp, Refusal),
    /// How far one of our messages got.
    Status(Timestamp, StatusEvent),
    /// A message was heard: mark it as read.
    Heard {
        /// Provider's id of it.
        wamid: String,
        /// Our phone number id that it came to.
        channel: String,
    },
}
