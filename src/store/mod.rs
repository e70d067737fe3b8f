//! The only room that knows tables. One store, two databases: SQLite, embedded, and PostgreSQL, for several nodes.
//!
//! Each query is written once, in `shared/`, and compiled for both databases by `sqlite.rs` and `postgres.rs`. Batches are
//! one statement each: rows travel as one JSON parameter, since a round trip costs more than a row.
//!
//! Writing is batched: callers queue, a writer takes all that wait and commits them together (promise 6 of the journal).
//! On SQLite one writer does everything, so that appending, folding and sending share one sync of the disk. On PostgreSQL
//! appending has a writer of its own, since it holds a lock that keeps the journal's numbers in the order of commits, and
//! a claim's commit runs in the transaction that locked its contacts.

mod desk;
#[macro_use]
mod dispatch;

mod backup;
mod campaigns;
mod canned;
mod claims;
mod error;
mod feeds;
mod governance;
mod indexed;
mod installation;
mod jobs;
mod leading;
mod limits;
mod notices;
mod operating;
mod people;
#[expect(clippy::duplicate_mod, reason = "the queries are compiled once for each database")]
mod postgres;
mod pulse;
mod recompute;
mod said;
mod segments;
mod serving;
mod sqlite;
mod tags;
mod templates;
mod tidying;
mod types;
mod webhooks;
mod wide;
mod writer;

use std::sync::Arc;

use sqlx::Executor;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use crate::domain::Timestamp;
pub use backup::{back_up, unfinished};
pub use campaigns::*;
pub use canned::CannedReply;
pub(crate) use claims::Hold;
use claims::InFlight;
pub use desk::*;
use error::Overtaken;
pub use error::StoreError;
pub use governance::AlertRow;
pub use indexed::*;
pub use installation::Departed;
pub use jobs::{AdSpend, Bought, JobRow, JobState, TagRevenue};
pub use leading::Leadership;
pub use limits::*;
use notices::Notices;
pub use operating::CLOCKS_APART;
use people::Crowd;
use postgres::Postgres;
pub use postgres::{CONNECTIONS, OF_A_NODE};
use pulse::Pulse;
pub use said::{Packed, SaidRow, Unpacked, folded, looked_for, words_of};
pub use segments::{Asked, Member, Newest, Place, SavedSegment};
pub use serving::NUMBER_GONE;
use sqlite::Sqlite;
pub use tags::{HeldRow, LogRow, RuleChange, SeenRule, TagRow, TagUse, UseRow, Verdict, VerdictRow};
pub use tidying::{OrdersTagged, Tidied};
pub use types::*;
pub use webhooks::*;
pub use wide::WideEvent;
use writer::{Claimed, Done, Job, Writer};

/// The database, with its tables up to date. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    backend: Backend,
    /// See [`Store::tag`].
    tag: String,
    /// New events.
    appender: Writer,
    /// Everything else that is written outside a claim's own transaction.
    writer: Writer,
    in_flight: Arc<InFlight>,
    /// Something may be unread, or a wake came nearer.
    work: Arc<Notify>,
    /// Something may be queued in the outbox.
    outbox: Arc<Notify>,
    /// What the other nodes are to be told.
    notices: Notices,
    pulse: Pulse,
    crowd: Crowd,
}

enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres:") || url.starts_with("postgresql:")
}

/// Where the database is that the address names, for messages: the file, or its name and host. Nothing else of the address is told,
/// which may carry a password anywhere.
pub fn place_of(url: &str) -> String {
    let place = if is_postgres(url) { postgres::place_of(url) } else { sqlite::place_of(url) };
    place.map_or_else(|| "the database".into(), |place| format!("the database {place}"))
}

/// A group commit is a dozen short statements: among all other tasks each would wait for its turn, and with it everybody
/// who waits for a 200. Where nobody speaks over a network, `enable` leaves that out: it makes each wake-up dearer.
fn on_own_thread(
    name: &str,
    enable: fn(&mut Builder) -> &mut Builder,
    work: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StoreError> {
    let impossible = |error: std::io::Error| StoreError::Address(format!("cannot start a thread: {error}"));
    let runtime = enable(&mut Builder::new_current_thread()).build().map_err(impossible)?;
    let named = std::thread::Builder::new().name(format!("store-{name}"));
    named.spawn(move || runtime.block_on(work)).map_err(impossible)?;
    Ok(())
}

impl Store {
    /// Opens the database that the address names, creates it where it is a new file, and brings its tables up to date.
    ///
    /// # Errors
    /// A wrong address, a file that another process owns, a database that does not answer, a failed migration.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_as(url, false).await
    }

    /// Opens a database that is there, also beside the server that owns it: to look, and for the small changes of people. Who
    /// opens it so must not claim. Tables of another version are left as they are: nodes may be running on them.
    ///
    /// # Errors
    /// A wrong address, no such file, a database that does not answer, tables of another version.
    pub async fn open_beside(url: &str) -> Result<Self, StoreError> {
        Self::open_as(url, true).await
    }

    async fn open_as(url: &str, beside: bool) -> Result<Self, StoreError> {
        let (appender, appends) = Writer::new();
        let (backend, writer) = if is_postgres(url) {
            let postgres = Postgres::open(url, beside).await?;
            let (writer, jobs) = Writer::new();
            on_own_thread("append", Builder::enable_all, postgres::queries::group::serve(postgres.clone(), appends))?;
            on_own_thread("write", Builder::enable_all, postgres::queries::group::serve(postgres.clone(), jobs))?;
            (Backend::Postgres(postgres), writer)
        } else {
            let sqlite = Sqlite::open(url, beside).await?;
            on_own_thread("write", Builder::enable_time, sqlite::queries::group::serve(sqlite.source(), appends))?;
            (Backend::Sqlite(sqlite), appender.clone())
        };
        if matches!(backend, Backend::Postgres(_)) && !beside {
            for writer in [&appender, &writer] {
                // It connects before anybody else takes what the server has left; where it cannot, it does with what is written first.
                let _later = writer.run(Job::Record(Vec::new())).await;
            }
        }
        let tag = backend.tag().await?;
        let (in_flight, work, outbox, notices) = (Arc::default(), Arc::default(), Arc::default(), Notices::default());
        let (pulse, crowd) = (Pulse::default(), Crowd::default());
        let inner = Inner { backend, tag, appender, writer, in_flight, work, outbox, notices, pulse, crowd };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes events durable. Returns after the commit, one result for each event, in order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when nothing was written and it may be tried again.
    pub async fn append(&self, events: Vec<NewEvent>) -> Result<Vec<Appended>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let written = self.inner.appender.run(Job::Append(events)).await;
        self.inner.pulse.note(&written);
        match written? {
            Done::Appended(appended) => {
                self.inner.work.notify_waiters();
                Ok(appended)
            }
            _ => Err(StoreError::Closed),
        }
    }

    /// Contacts that are to be folded now, with at most about `limit` events, the oldest first; what a contact has beyond
    /// them comes with a later claim. No other caller, on any node, gets one of them until
    /// the claim is committed or dropped.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn claim(&self, now: Timestamp, limit: usize) -> Result<Claim, StoreError> {
        let limit = limit as i64;
        let in_flight = &self.inner.in_flight;
        let _turn = in_flight.turn.lock().await;
        let busy = in_flight.list();
        let (Claimed { contacts, next_due }, transaction) = match &self.inner.backend {
            // The writer has the pages at hand that it wrote last.
            Backend::Sqlite(_) => match self.inner.writer.run(Job::Claim { now, limit, busy }).await? {
                Done::Claimed(claimed) => (claimed, None),
                _ => return Err(StoreError::Closed),
            },
            Backend::Postgres(postgres) => {
                let mut transaction = postgres.pool.begin().await?;
                let first = match in_flight.first_unread() {
                    Some(first) => first,
                    None => in_flight.note_first(postgres::first_unread(&mut transaction).await?),
                };
                let mut claimed =
                    postgres::queries::claiming::claim(&mut transaction, now, limit, (&busy, first)).await?;
                postgres::note_waiting(&mut transaction, &mut claimed.contacts).await?;
                (claimed, Some(transaction))
            }
        };
        let held = || in_flight.hold(contacts.iter().map(|contact| contact.id.0).collect());
        let hold = match transaction {
            _ if contacts.is_empty() => Hold::Nothing,
            Some(transaction) => Hold::locked(transaction, held()).await?,
            None => Hold::Noted(held()),
        };
        Ok(Claim { contacts, next_due, hold })
    }

    /// Whether more than so many events are due and not folded.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_behind(&self, now: Timestamp, by: usize) -> Result<bool, StoreError> {
        Ok(query!(self, claiming::is_behind(now, by as i64)))
    }

    /// Writes all that the folds of a claim decided, in one transaction with the fact that they were folded.
    ///
    /// # Errors
    /// Nothing was written; the contacts will be claimed again.
    pub async fn commit(&self, claim: Claim, folded: Vec<Folded>) -> Result<(), StoreError> {
        let mut outgoing = folded.iter().flat_map(|folded| &folded.outgoing);
        let sends = outgoing.any(|outgoing| outgoing.sending_since.is_none());
        match claim.hold {
            Hold::Locked(mut transaction, held) => {
                transaction.execute(postgres::WHILE_WRITING).await?;
                postgres::queries::folding::commit(&mut transaction, &folded).await?;
                transaction.commit().await?;
                drop(held);
            }
            Hold::Noted(held) => {
                self.inner.writer.run(Job::Commit(folded)).await?;
                drop(held);
            }
            Hold::Nothing => {}
        }
        if sends {
            self.hint_outbox();
        }
        // A wake may have come nearer, and the contacts are free again.
        self.inner.work.notify_waiters();
        Ok(())
    }

    /// Marks the next messages of these numbers as `sending`, in a committed transaction, and returns them: of each number
    /// as many as there is room for, replies first, the oldest first; then follow-ups, as far as nothing holds them back.
    ///
    /// # Errors
    /// The database does not answer; nothing was marked.
    pub async fn take_due(
        &self,
        rooms: Vec<(String, i64)>,
        now: Timestamp,
        unasked: Unasked,
    ) -> Result<Taken, StoreError> {
        let job = Job::Take { rooms, now, unasked };
        match self.inner.writer.run(job).await? {
            Done::Taken(taken) => Ok(taken),
            _ => Err(StoreError::Closed),
        }
    }

    /// Writes how calls ended.
    ///
    /// # Errors
    /// The database does not answer: the messages stay `sending` and are settled later.
    pub async fn record(&self, results: Vec<SendResult>) -> Result<(), StoreError> {
        let is_queued = |outcome: &SendOutcome| matches!(outcome, SendOutcome::RetryAt(..) | SendOutcome::PutBack(..));
        let again = results.iter().any(|result| is_queued(&result.outcome));
        let told = results.iter().any(|result| matches!(result.outcome, SendOutcome::Refused { .. }));
        // What goes into the journal as well is written where the journal is.
        let writer = if told { &self.inner.appender } else { &self.inner.writer };
        writer.run(Job::Record(results)).await?;
        if again {
            self.hint_outbox();
        }
        if told {
            self.inner.work.notify_waiters();
        }
        Ok(())
    }

    /// Gives up messages that became worthless while they waited, a few hundred of them. True if there may be more.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn expire(&self, now: Timestamp) -> Result<bool, StoreError> {
        match self.inner.writer.run(Job::Expire(now)).await? {
            Done::Expired { may_be_more } => Ok(may_be_more),
            _ => Err(StoreError::Closed),
        }
    }

    /// Messages that were marked `sending` before that moment and of which nothing was heard since.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn stuck(&self, before: Timestamp) -> Result<Vec<OutboxRow>, StoreError> {
        Ok(match &self.inner.backend {
            Backend::Sqlite(sqlite) => {
                sqlite::queries::outbox::stuck(&mut *sqlite.readers.acquire().await?, before).await?
            }
            Backend::Postgres(postgres) => {
                postgres::queries::outbox::stuck(&mut *postgres.pool.acquire().await?, before).await?
            }
        })
    }

    /// Keeps a body that was signed but not understood: once, however often it comes, and the newest ten thousand.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn keep_body(&self, received: Timestamp, reason: &str, body: &[u8]) -> Result<(), StoreError> {
        let job = Job::Keep { received, reason: reason.to_owned(), body: body.to_vec() };
        self.inner.writer.run(job).await.map(|_| ())
    }

    /// Resolves when something may be unread. A hint: what was there before is not told of.
    pub fn work_hint(&self) -> OwnedNotified {
        self.inner.work.clone().notified_owned()
    }

    /// Resolves when something may be queued in the outbox. A hint.
    pub fn outbox_hint(&self) -> OwnedNotified {
        self.inner.outbox.clone().notified_owned()
    }
}
