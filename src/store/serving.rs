//! Which of our numbers somebody sends for.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::Timestamp;

/// Why a message failed whose customer wrote to a number that we send for no more.
pub const NUMBER_GONE: &str = "the number that the customer wrote to is not ours any more: until they write to the new one only a template reaches them";

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// This node sends for a number.
    pub async fn serve_number(&self, channel: &str, now: Timestamp) -> Result<(), StoreError> {
        change!(self, serving::serve(channel, now));
        Ok(())
    }

    /// Numbers for which a node said since that moment that it sends for them.
    pub async fn served_numbers(&self, since: Timestamp) -> Result<Vec<String>, StoreError> {
        Ok(query!(self, serving::served(since)))
    }

    /// Numbers for which something waits in the outbox.
    pub async fn wanted_numbers(&self) -> Result<Vec<String>, StoreError> {
        Ok(query!(self, serving::wanted()))
    }

    /// Has some hundreds of what waits for a number go by another one: templates; what else waits has failed. How many go, and how
    /// many do not.
    pub async fn redirect(&self, from: &str, to: &str, now: Timestamp) -> Result<(u64, u64), StoreError> {
        let done = change!(self, serving::redirect(from, to, now));
        self.hint_outbox();
        Ok(done)
    }

    /// Writes down what became of a number, for the page of outreach.
    pub async fn tell_of_number(&self, channel: &str, said: &str, now: Timestamp) -> Result<(), StoreError> {
        change!(self, serving::tell(channel, said, now));
        Ok(())
    }
}
