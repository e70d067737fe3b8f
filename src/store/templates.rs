//! Meta's templates as they are known.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::Timestamp;
use crate::outreach::{Book, Listed};

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Meta's templates, as far as they are known.
    pub async fn templates(&self) -> Result<Book, StoreError> {
        let listed = query!(self, limits::figure("templates listed")).is_some();
        Ok(Book::new(listed, query!(self, templates::all())))
    }

    /// Changes whenever a template does, and when the list is read first: who keeps a copy looks at it.
    pub async fn templates_revision(&self) -> Result<(i64, bool), StoreError> {
        let listed = query!(self, limits::figure("templates listed")).is_some();
        Ok((query!(self, limits::figure("templates revision")).unwrap_or_default(), listed))
    }

    /// Keeps what Meta tells of a template; the history tells what changed.
    pub async fn set_template(&self, template: &Listed, now: Timestamp) -> Result<(), StoreError> {
        change!(self, templates::put(std::slice::from_ref(template), now));
        Ok(())
    }

    /// Keeps Meta's whole list; what does not stand there any more is forgotten.
    pub async fn set_templates(&self, all: &[Listed], now: Timestamp) -> Result<(), StoreError> {
        change!(self, templates::put(all, now));
        change!(self, templates::keep_only(all, now));
        // Last: what was not read to its end is no list.
        change!(self, limits::set_figure("templates listed", now.0));
        Ok(())
    }

    /// Follow-ups with that template which were put off for this reason are asked for again.
    pub async fn ask_again(&self, template: &str, why: &str, now: Timestamp) -> Result<(), StoreError> {
        change!(self, templates::ask_again(template, why, now));
        self.inner.outbox.notify_waiters();
        Ok(())
    }

    /// When Meta's list was read last.
    pub async fn templates_listed_at(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(query!(self, limits::figure("templates listed")).map(Timestamp))
    }
}
