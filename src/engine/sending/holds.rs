//! What is held back for many: account, numbers and templates; who holds it, why, and until when.

use std::time::Duration as StdDuration;

use crate::domain::Timestamp;
use crate::engine::Engine;
use crate::store::{HoldRow, StoreError};
use crate::whatsapp::signals::Subject;

/// Who holds something, beside people and Meta with its reasons.
pub(crate) const BREAKER: &str = "breaker";
/// Meta, as it stands in databases of versions that did not tell its reasons apart: any good word ends it.
const META: &str = "meta";
/// What cannot be sent as a template.
pub(crate) const TEMPLATES: &str = "templates";

/// One node at a time: the one that sends for the first of our numbers.
pub(crate) fn is_minded_here(engine: &Engine) -> bool {
    engine.channels().first().is_some_and(|first| engine.lanes().led().any(|lane| lane.channel == *first))
}

/// What is held, in words: single templates that cannot be sent stand together, since they can be many.
pub fn in_words(held: &[HoldRow]) -> Vec<String> {
    let (templates, others): (Vec<_>, Vec<_>) = held.iter().partition(|row| row.source == TEMPLATES);
    let mut said: Vec<_> = others.iter().map(|row| format!("{}: {}", row.what.replace(':', " "), row.why)).collect();
    match templates.as_slice() {
        [] => {}
        [one] => said.push(format!("{}: {}", one.what.replace(':', " "), one.why)),
        many => said.push(format!("{} templates cannot be sent, see the page Templates", many.len())),
    }
    said
}

impl Engine {
    /// What is held back now, the oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn held(&self) -> Result<Vec<HoldRow>, StoreError> {
        let (rows, now) = (self.store().holds().await?, self.now());
        Ok(rows.into_iter().filter(|row| row.until.is_none_or(|until| until > now)).collect())
    }

    /// Holds something back and tells of it.
    pub(crate) async fn hold(
        &self,
        what: &Subject,
        until: Option<Timestamp>,
        why: String,
        source: &str,
    ) -> Result<(), StoreError> {
        let row = HoldRow { what: what.key(), since: self.now(), until, why, source: source.to_owned() };
        if self.store().hold(&row).await? {
            tracing::warn!(what = %row.what, "sending is held: {}", row.why);
            metrics::counter!("hotline_holds_total", "source" => row.source).increment(1);
        }
        Ok(())
    }

    /// Lifts what a source holds, or without one what anybody does, and looks at once for what it held; true if something was held.
    pub(crate) async fn lift(&self, what: &str, source: Option<&str>, why: &str) -> Result<bool, StoreError> {
        let lifted = self.store().lift(what, source, why, self.now()).await?;
        if lifted {
            self.lanes().iter().for_each(|lane| lane.rest(StdDuration::ZERO));
        }
        Ok(lifted)
    }

    /// Lifts what Meta holds for these reasons.
    pub(crate) async fn lift_of_meta(&self, what: &Subject, sources: &[&str], why: &str) -> Result<(), StoreError> {
        for source in sources.iter().chain(&[META]) {
            self.lift(&what.key(), Some(source), why).await?;
        }
        Ok(())
    }

    /// A person of the shop lets something go on that is held.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn go_on(&self, what: &str, who: &str) -> Result<bool, StoreError> {
        self.lift(what, None, &format!("{who} let it go on")).await
    }

    /// A person of the shop stops everything that nobody asked for.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn stop_unasked(&self, who: &str) -> Result<(), StoreError> {
        let (what, since, why) = ("account".to_owned(), self.now(), format!("{who} stopped it"));
        let row = HoldRow { what, since, until: None, why, source: who.to_owned() };
        self.store().hold(&row).await.map(|_| ())
    }
}
