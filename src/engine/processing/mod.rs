//! Folding what happened: which contacts are claimed, what is kept of each, and when everybody is folded anew.

pub(crate) mod giving_way;
pub(crate) mod index;
pub(crate) mod packed;
pub(crate) mod processor;
pub(crate) mod recompute;
pub mod summary;
pub(crate) mod wide;
