//! The job that makes the tags of campaigns one, when they have been over for long (GOV-5). It is a line of the log, and can be
//! taken back like what a person tidied.

use super::Step;
use crate::engine::Engine;
use crate::engine::tags::tidy::{Order, proposals};
use crate::store::{LogRow, StoreError};

/// All of it at once: it goes through contacts a page at a time by itself.
pub(super) async fn step(engine: &Engine) -> Result<Step, StoreError> {
    let (tags, knowledge) = (engine.tag_figures().await?, engine.shelf().knowledge());
    let proposed = proposals(engine.store(), &knowledge, &tags, engine.now()).await?;
    let mut done = 0;
    for proposal in proposed.into_iter().filter(|proposal| proposal.catalogue.contains(&"GOV-5")) {
        let order = Order { what: proposal.what, tags: proposal.tags, into: proposal.into };
        done += engine.tidy_by_itself(LogRow::BY_ITSELF, order).await?;
    }
    Ok(Step::Done { done: done as i64 })
}
