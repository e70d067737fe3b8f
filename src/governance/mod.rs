//! Keeping the house in order: what is watched over all contacts, and the set of tags.
//!
//! All of it is judged here from counts that others bring (`alerts.rs`), by the figures of `governance.toml` (`figures.rs`).

mod alerts;
mod figures;

pub use alerts::{Alert, Mix, OWN, Seen, standing};
pub use figures::Figures;
