//! x
pub mod place;
