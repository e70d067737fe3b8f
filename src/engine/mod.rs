//! The running system: intake, processing, wakes, sending, supervision, shutdown.

pub mod place;
