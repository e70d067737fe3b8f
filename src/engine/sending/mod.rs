//! Sending: what leaves when, at which pace, for which number, and what holds it back.

pub mod holds;
pub(crate) mod lanes;
pub mod limits;
pub(crate) mod numbers;
pub mod outlook;
pub(crate) mod paces;
pub(crate) mod queues;
pub(crate) mod refusals;
pub(crate) mod reply;
pub(crate) mod sender;
