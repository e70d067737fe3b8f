//! May we send, when, and how fast: the plan, the gate and the pacer of everything that nobody asked for.
//!
//! The ledger (`ledger.rs`) is the part of a contact's state that remembers. The gate (`gate.rs`) says of one message whether it may
//! go (`verdict.rs`), for which reason not (`condition.rs`), from the figures of the shop (`policy.rs`) and from what holds for
//! many (`shared.rs`). When it is welcome (`moment.rs`) say the tables of hours (`slots.rs`) and the customer's own habits
//! (`habits.rs`). What is to come stands in the ledger and is planned by all of them (`planning.rs`).

mod campaign;
mod condition;
mod fitting;
mod gate;
mod habits;
mod hours;
mod ledger;
mod limits;
mod listed;
mod moment;
pub mod pacer;
mod planning;
mod policy;
mod prices;
mod shared;
mod slots;
mod templates;
#[cfg(test)]
mod tests;
mod verdict;

use std::fmt;

use chrono_tz::Tz;

use crate::domain::{Colour, Contact, FollowUpRequest, Timestamp};

pub use campaign::{Group, Offer};
pub use condition::Condition;
pub use fitting::fit;
pub use gate::{gate, gate_of_answer};
pub use ledger::{Departure, Ledger};
pub use limits::{KeptBack, Limits, Outcomes};
pub use listed::{Above, Asks, Listed};
pub use moment::stable;
pub use policy::Policy;
pub use prices::Prices;
pub use shared::{Held, Shared};
pub use templates::{Book, Choice, InLanguage, Needed, Sent, Standing};
pub use verdict::{Reason, Verdict};

/// A follow-up that waits for its moment.
pub type Planned = FollowUpRequest;

/// What is looked at of a contact beside the ledger.
pub struct View<'a> {
    /// Window, consent, country.
    pub contact: &'a Contact,
    /// Where their day is counted: their own zone, or the shop's.
    pub zone: Tz,
    /// The follow-up colour, and when it falls by itself.
    pub colour: Option<(Colour, Option<Timestamp>)>,
    /// No person is in charge or asked for.
    pub bot_may_speak: bool,
    /// A complaint is open.
    pub has_complaint: bool,
    /// Whether a tag holds; a name may end in `*`.
    pub holds: &'a dyn Fn(&str) -> bool,
    /// The figures.
    pub policy: &'a Policy,
}

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
