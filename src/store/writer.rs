//! The queue in front of a group commit.

use tokio::sync::{mpsc, oneshot};

use super::{Appended, ClaimedContact, Folded, NewEvent, ProductUpdate, SendResult, StoreError, Taken, Unasked};
use crate::domain::Timestamp;

/// How many callers may wait; more than that are held back at the door.
const QUEUE: usize = 8_192;

/// One thing to write.
pub(super) enum Job {
    Append(Vec<NewEvent>),
    Product(ProductUpdate),
    Commit(Vec<Folded>),
    Record(Vec<SendResult>),
    /// On SQLite; on PostgreSQL a claim has a transaction of its own, which locks.
    Claim {
        now: Timestamp,
        limit: i64,
        busy: Vec<[i64; 1]>,
    },
    Take {
        rooms: Vec<(String, i64)>,
        now: Timestamp,
        unasked: Unasked,
    },
    Expire(Timestamp),
    /// Something small, to see whether anything can be written.
    Beat,
    Keep {
        received: Timestamp,
        reason: String,
        body: Vec<u8>,
    },
}

impl Job {
    /// Meta waits for it, or a customer, or somebody who asks whether we can write.
    pub(super) fn is_urgent(&self) -> bool {
        match self {
            Self::Append(_) | Self::Product(_) | Self::Keep { .. } | Self::Claim { .. } | Self::Beat => true,
            Self::Record(results) => results.is_empty(),
            Self::Commit(_) | Self::Take { .. } | Self::Expire(_) => false,
        }
    }

    pub(super) fn events(&self) -> &[NewEvent] {
        if let Self::Append(events) = self { events } else { &[] }
    }

    pub(super) fn results(&self) -> &[SendResult] {
        if let Self::Record(results) = self { results } else { &[] }
    }
}

/// What came of it.
pub(super) enum Done {
    Written,
    Appended(Vec<Appended>),
    Taken(Taken),
    Claimed(Claimed),
    Expired { may_be_more: bool },
}

/// Contacts to fold; if there are none, when there will be.
pub(super) struct Claimed {
    pub(super) contacts: Vec<ClaimedContact>,
    pub(super) next_due: Option<Timestamp>,
}

/// A job and who waits for it.
pub(super) struct Queued {
    pub(super) job: Job,
    answer: oneshot::Sender<Result<Done, StoreError>>,
}

impl Queued {
    pub(super) fn answer(self, outcome: Result<Done, StoreError>) {
        // A caller that went away is told nothing; what was committed stays committed.
        let _gone = self.answer.send(outcome);
    }
}

/// Where callers queue.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Queued>);

impl Writer {
    pub(super) fn new() -> (Self, mpsc::Receiver<Queued>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), receiver)
    }

    /// Waits until the job is committed.
    pub(super) async fn run(&self, job: Job) -> Result<Done, StoreError> {
        let (answer, outcome) = oneshot::channel();
        self.0.send(Queued { job, answer }).await.map_err(|_| StoreError::Closed)?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }
}
