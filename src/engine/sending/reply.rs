//! Whether somebody may write to a contact now, from the console or by a program.

use super::numbers::seen_by;
use crate::domain::ContactId;
use crate::engine::Engine;
use crate::engine::fold::state::State;
use crate::store::StoreError;

/// Why a person's reply is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NoReply {
    /// There is no such contact.
    #[error("there is no such contact")]
    Unknown,
    /// The bot speaks with them, or they wait for a person.
    #[error("nobody has taken this conversation")]
    NotTaken,
    /// Somebody else is in charge.
    #[error("this conversation is {0}'s")]
    Others(String),
    /// WhatsApp takes nothing but templates now.
    #[error(
        "the service window is closed: the customer's last message is more than 24 hours old, or went to a number that is not yours any more, and WhatsApp takes templates only"
    )]
    Closed,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// A reply is taken only where it will be sent: whoever writes is in charge, and the service window is open. Returns what is known
    /// of the contact.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn may_reply(&self, contact: ContactId, login: &str) -> Result<State, NoReply> {
        let state = self.in_charge(contact, login).await?;
        if state.contact.window_is_open(self.now()) { Ok(state) } else { Err(NoReply::Closed) }
    }

    /// What is known of a contact that somebody is in charge of.
    pub(crate) async fn in_charge(&self, contact: ContactId, login: &str) -> Result<State, NoReply> {
        let (row, state) = self.store().contact(contact).await?.ok_or(NoReply::Unknown)?;
        match row.agent {
            Some(agent) if row.handoff == "accepted" && agent != login => Err(NoReply::Others(agent)),
            Some(_) if row.handoff == "accepted" => {
                let mut state = State::known(state.as_deref());
                seen_by(&self.numbers_sent_for().await?, &mut state.contact);
                Ok(state)
            }
            _ => Err(NoReply::NotTaken),
        }
    }
}
