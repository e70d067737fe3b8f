//! The half of the gate that one contact does not know: what holds messages back for many at once.
//!
//! A fold knows one contact, so it asks the gate with nothing held ([`Shared::default`]). Where a message is marked as sending, the
//! database sees to these itself, since only it counts exactly over all nodes; the simulation, and the pages that tell why a message
//! waits, ask here.

use super::{Condition, Reason};
use crate::domain::Timestamp;

/// Something holds a message back for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// When to ask again. Where nobody knows when it ends, a moment that is not far away.
    pub until: Timestamp,
    /// What happened, in words: "quality fell to RED at 14:05".
    pub why: String,
}

/// What holds one message back, seen from its number, template, campaign and customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// The account may send nothing unasked: restricted, or a person stopped it.
    pub account: Option<Held>,
    /// The breaker of its number: quality, rates of failures and blocks, Meta's own limits.
    pub number: Option<Held>,
    /// Its template is paused, disabled or not approved. Asked only where it must go as a template.
    pub template: Option<Held>,
    /// The portfolio's customers in 24 hours are used up, and this one is not among them. Asked only where it must go as a
    /// template.
    pub portfolio: Option<Held>,
    /// The number is new and has sent what it may at this age. Asked only where it must go as a template.
    pub warm_up: Option<Held>,
    /// Its campaign has spent what it may for now.
    pub budget: Option<Held>,
    /// Meta has made marketing of its template, whatever it is to us.
    pub marketing: bool,
}

impl Shared {
    /// What holds it back, each with the moment to ask again; some of it only what must go as a template.
    pub fn holds(&self, as_template: bool) -> impl Iterator<Item = (Timestamp, Reason)> {
        let all = [
            (Condition::AccountHeld, &self.account, true),
            (Condition::NumberHeld, &self.number, true),
            (Condition::TemplateHeld, &self.template, as_template),
            (Condition::PortfolioFull, &self.portfolio, as_template),
            (Condition::WarmUp, &self.warm_up, as_template),
            (Condition::BudgetSpent, &self.budget, true),
        ];
        all.into_iter().filter_map(|(condition, held, counts)| {
            let held = held.as_ref().filter(|_| counts)?;
            Some((held.until, Reason { condition, detail: Some(held.why.clone()) }))
        })
    }
}
