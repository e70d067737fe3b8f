//! Whether the database takes writes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::writer::Job;
use super::{Store, StoreError};

/// New events that could not be written so lately say that nothing can be, whatever a smaller write comes to: a disk that is full may
/// have room for that.
const LATELY: Duration = Duration::from_secs(5);

/// When new events could not be written last, unless some were since.
#[derive(Debug, Default)]
pub(super) struct Pulse(Mutex<Option<Instant>>);

impl Pulse {
    /// New events were written, or could not be.
    pub(super) fn note<T>(&self, written: &Result<T, StoreError>) {
        let refused = matches!(written, Err(StoreError::Unavailable(_)));
        if refused || written.is_ok() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = refused.then(Instant::now);
        }
    }

    fn refused_lately(&self) -> bool {
        let refused = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.is_some_and(|at| at.elapsed() < LATELY)
    }
}

impl Store {
    /// Whether events can be written now: something small is, and committed.
    ///
    /// # Errors
    /// It cannot.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.inner.appender.run(Job::Beat).await?;
        if self.inner.pulse.refused_lately() { Err(StoreError::Failed) } else { Ok(()) }
    }
}
