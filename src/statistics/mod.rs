//! Statistics over all contacts: pure algorithms. What they count is read by the store in small pieces, when they run is the
//! engine's affair, and their parameters stand in `keywords/statistics.toml`.

mod basket;
mod breaks;
mod channels;
mod colours;
mod customers;
pub mod history;
mod parameters;
pub mod regions;
mod report;
mod sending;
mod service;
mod shares;
mod trade;
mod wrong;

pub use basket::{Association, Pair, associations};
pub use breaks::{Bins, Break, breaks};
pub use channels::Channels;
pub use colours::Colours;
pub use customers::{Cuts, Purchases, Standing};
pub use history::{History, Tally};
pub use parameters::Parameters;
pub use report::{Aim, Figure, Report, Span};
pub use sending::Sending;
pub use service::Service;
pub use shares::{cut_place, points};
pub use trade::Trade;
pub use wrong::Wrong;
