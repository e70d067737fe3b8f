//! What programs talk to: health, metrics, and events in.

pub mod events;
pub mod health;
pub mod problem;
