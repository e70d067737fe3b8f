//! May we send, when, and how fast: the plan, the gate and the pacer of everything that nobody asked for.
//!
//! The ledger (`ledger.rs`) is the part of a contact's state that plans and remembers. The gate (`gate.rs`) says of one message
//! whether it may go, for which reason not (`condition.rs`), from the figures of the shop (`policy.rs`) and from what holds for
//! many (`shared.rs`). When it is welcome say the tables of hours (`slots.rs`) and the customer's own habits (`habits.rs`).

mod campaign;
mod condition;
mod fitting;
mod gate;
mod habits;
mod hours;
mod ledger;
mod limits;
pub mod pacer;
mod policy;
mod prices;
mod shared;
mod slots;
mod templates;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::domain::FollowUpRequest;

pub use campaign::{Group, Offer};
pub use condition::Condition;
pub use fitting::{Above, Asks, fit};
pub use gate::{Reason, Verdict, View, gate, gate_of_answer};
pub use ledger::{Departure, Ledger};
pub use limits::{KeptBack, Limits, Outcomes};
pub use policy::Policy;
pub use prices::Prices;
pub use shared::{Held, Shared};
pub use slots::stable;
pub use templates::{Book, Choice, InLanguage, Listed, Needed, Sent, Standing};

/// A follow-up that waits for its moment.
pub type Planned = FollowUpRequest;

/// Something that was not sent, with the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What.
    pub planned: Planned,
    /// Why, and until when.
    pub verdict: Verdict,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: {}", self.planned.kind.name(), self.planned.rule, self.verdict)
    }
}
