//! Statistics over all contacts: pure algorithms. What they count is read by the store in small pieces, when they run is the
//! engine's affair, and their parameters stand in `keywords/statistics.toml`.

mod customers;
mod parameters;
mod report;
mod shares;

pub use customers::{Cuts, Purchases, Standing};
pub use parameters::{Customers, Parameters};
pub use report::{Aim, Figure, Report, Span};
pub use shares::{cut_place, points};
