//! `hotline simulate`: weeks of a shop on a virtual clock. Customers, the real fold, gate and pacer, and Meta's rules as
//! [`crate::whatsapp::graph`] has them; beside it the same customers with a sender that knows no gate.
//!
//! Everything that is left to chance comes from the seed: the same plan gives the same report to the last digit.

pub mod chart;
mod customer;
mod population;
mod sender;
mod tally;
mod world;

use crate::domain::{Duration, Timestamp};
use crate::engine::fold::Knowledge;

pub use population::Population;
pub use tally::{Report, Tally};
use world::{Strategy, World};

/// What is to be simulated.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The first moment: midnight UTC.
    pub start: Timestamp,
    /// How many days are lived through.
    pub days: u32,
    /// How many customers there are.
    pub contacts: usize,
    /// What chance is made of.
    pub seed: u64,
    /// Throughput of the one number.
    pub messages_per_second: u32,
    /// Different customers that templates may reach in 24 hours; `None` is unlimited.
    pub portfolio: Option<u32>,
    /// Marketing templates that Meta delivers to one customer in a week.
    pub marketing_cap: Option<u32>,
}

impl Plan {
    fn end(&self) -> Timestamp {
        self.start + Duration::days(i64::from(self.days))
    }
}

/// Lives through the plan with both senders, each on a thread of its own. `progress` hears who has passed which day.
pub fn run(
    knowledge: &Knowledge,
    population: &Population,
    plan: &Plan,
    progress: &(dyn Fn(&'static str, u32) + Sync),
) -> Report {
    let live = |strategy, name: &'static str| {
        World::new(knowledge, population, plan, strategy).run(&|day| progress(name, day)).finished()
    };
    let (ours, naive) = std::thread::scope(|scope| {
        let naive = scope.spawn(|| live(Strategy::Naive, "naive"));
        let ours = live(Strategy::Ours, "Hotline");
        (ours, naive.join().unwrap_or_default())
    });
    let Plan { days, contacts, seed, portfolio, .. } = *plan;
    Report { days, contacts, seed, portfolio, ours, naive }
}
