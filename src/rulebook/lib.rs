//! The room `rulebook` as a package: what is written in it names the rooms as all others do.

use hotline_domain as domain;

#[path = "mod.rs"]
mod rulebook;

pub use rulebook::*;
