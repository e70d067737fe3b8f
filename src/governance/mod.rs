//! Keeping the house in order: what is watched over all contacts, and the set of tags.
//!
//! All of it is judged here from counts that others bring, by the figures of `governance.toml` (`figures.rs`): which alerts stand
//! (`alerts.rs`), what a tag may be called and is drawn in (`names.rs`, `tags.toml`), and what could be merged, archived or deleted
//! (`tidy.rs`); and whose tags a person looks at (`sample.rs`).

mod alerts;
mod figures;
mod names;
mod sample;
mod tidy;

pub use alerts::{Alert, Mix, OWN, Seen, standing};
pub use figures::{Action, Figures};
pub use names::{BadLabel, Labels, TagNames, key_of};
pub use sample::Sampler;
pub use tidy::{CampaignTags, Overlap, Proposal, TagFigures, Tidy, accuracy_left, is_like, proposals};
