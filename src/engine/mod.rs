//! The running system: intake, processing, wakes, sending, supervision, shutdown.
//!
//! ```text
//! web ──receive──▶ intake ──append──▶ journal ──hint──▶ processor ──commit──▶ outbox ──hint──▶ sender ──▶ Graph API
//! ```
//!
//! Every arrow that crosses a process has a row on each side of it, so that a crash between two loses nothing.

mod alerts;
pub mod campaigns;
pub mod fold;
pub mod intake;
pub mod jobs;
pub mod knowledge;
mod leader;
pub mod processing;
pub mod records;
pub mod replay;
pub mod reports;
mod said;
pub mod segments;
pub mod sending;
mod supervise;
pub mod tags;
pub mod templates;
pub mod webhooks;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration as StdDuration;

use arc_swap::ArcSwapOption;
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Settings;
use crate::domain::{AgentEvent, ContactId, EventBody, MessageNumber, OptAction, OptEvent, OptScope, Timestamp};
use crate::outreach::Book;
use crate::outreach::pacer::Pacer;
use crate::store::{Appended, NewEvent, Store, StoreError};
use crate::whatsapp::client::Client;

use campaigns::cancelled;
pub use intake::feeds::Platform;
use intake::geoip::Geoip;
use intake::links;
pub use intake::{NotTaken, Taken};
use knowledge::Shelf;
use knowledge::changes;
use processing::{processor, recompute, wide};
use sending::lanes::Lanes;
pub use sending::reply::NoReply;
use sending::{limits, numbers, sender};
use supervise::{rested, supervise};

/// Where the running system takes the time from. Tests pass their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock on the wall.
pub fn wall_clock() -> Clock {
    Arc::new(|| Timestamp::from(chrono::Utc::now()))
}

/// A program that asks for something in a person's name waits so long at most until it is done.
const FOLDED_WITHIN: StdDuration = StdDuration::from_secs(3);

/// How many claims are worked on at once: one waits for the disk while the other computes.
const PROCESSORS: usize = 2;
/// How long after its connection was lost a node listens to the others again.
const HEAR_AGAIN: StdDuration = StdDuration::from_secs(1);
/// Open consoles that fall this far behind are told to fetch afresh.
const LIVE_BACKLOG: usize = 1024;

/// Something changed that an open console may be showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Grows with every change of this process; the id of the server-sent event.
    pub id: u64,
    /// Whose page is to be fetched again.
    pub contact: ContactId,
}

/// The running system. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Arc<Settings>,
    store: Store,
    shelf: Arc<Shelf>,
    client: Client,
    pacer: Pacer,
    lanes: Lanes,
    /// Room for marks of reading.
    marks: Arc<Semaphore>,
    /// Numbers that are not ours, of which the log has told.
    others: Mutex<BTreeSet<String>>,
    /// Room for clicks that are not written yet.
    clicks: Arc<Semaphore>,
    clock: Clock,
    geoip: Option<Geoip>,
    /// Meta's templates, once they were looked up.
    book: ArcSwapOption<Book>,
    /// Our phone number ids; the sender works for these.
    channels: Vec<String>,
    changes: broadcast::Sender<Change>,
    change_count: std::sync::atomic::AtomicU64,
    /// Stop taking new work.
    soft: CancellationToken,
    tasks: TaskTracker,
}

/// What the running system is made of.
pub struct Parts {
    /// Settings, checked.
    pub settings: Arc<Settings>,
    /// The database, migrated.
    pub store: Store,
    /// Dictionaries, rules, replies, the shop. The dictionaries may come later.
    pub shelf: Arc<Shelf>,
    /// The Graph API.
    pub client: Client,
    /// Our phone number ids.
    pub channels: Vec<String>,
    /// The time.
    pub clock: Clock,
    /// Where addresses are.
    pub geoip: Option<Geoip>,
}

impl Engine {
    /// Takes in what comes, and works on nothing before [`Self::start`].
    pub fn new(parts: Parts) -> Self {
        let (changes, _) = broadcast::channel(LIVE_BACKLOG);
        Self {
            inner: Arc::new(Inner {
                pacer: Pacer::new(parts.settings.whatsapp.messages_per_second),
                lanes: Lanes::new(&parts.channels, parts.settings.whatsapp.messages_per_second),
                marks: sender::marks(),
                others: Mutex::default(),
                clicks: Arc::new(Semaphore::new(links::WAITING)),
                settings: parts.settings,
                store: parts.store,
                shelf: parts.shelf,
                client: parts.client,
                channels: parts.channels,
                clock: parts.clock,
                geoip: parts.geoip,
                book: ArcSwapOption::empty(),
                changes,
                change_count: std::sync::atomic::AtomicU64::new(0),
                soft: CancellationToken::new(),
                tasks: TaskTracker::new(),
            }),
        }
    }

    /// Starts every task of the running system.
    pub fn start(&self) {
        for _ in 0..PROCESSORS {
            self.spawn("processor", processor::run);
        }
        self.spawn("sender", sender::run);
        self.spawn("settler", sender::settle);
        self.spawn("recompute", recompute::run);
        self.spawn("limits", limits::run);
        self.spawn("limits-ask", limits::ask);
        self.spawn("numbers", numbers::run);
        self.spawn("nodes", hear_nodes);
        self.spawn("clocks", compare_clocks);
        self.spawn("templates", templates::run);
        self.spawn("campaigns", campaigns::run);
        self.spawn("cancelled", cancelled::run);
        self.spawn("alerts", alerts::run);
        self.spawn("jobs", jobs::run);
        self.spawn("changes", changes::run);
        self.spawn("wide", wide::run);
        self.spawn("webhooks", webhooks::run);
        self.spawn("said", said::run);
        self.spawn("keywords", |engine| async move { engine.shelf().watch(engine.stopping()).await });
    }

    fn spawn<F>(&self, name: &'static str, work: impl Fn(Engine) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let engine = self.clone();
        self.inner.tasks.spawn(supervise(name, self.stopping(), move || work(engine.clone())));
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Dictionaries, rules, replies, the shop.
    pub fn shelf(&self) -> &Arc<Shelf> {
        &self.inner.shelf
    }

    /// Settings.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.inner.settings
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.inner.clock)()
    }

    /// Cancelled when the system is to stop: streams end, nothing new is claimed.
    pub fn stopping(&self) -> CancellationToken {
        self.inner.soft.clone()
    }

    /// What changes from now on, for open consoles.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.changes.subscribe()
    }

    fn channels(&self) -> &[String] {
        &self.inner.channels
    }

    fn pacer(&self) -> &Pacer {
        &self.inner.pacer
    }

    fn lanes(&self) -> &Lanes {
        &self.inner.lanes
    }

    /// The Graph API.
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    fn book(&self) -> Option<Arc<Book>> {
        self.inner.book.load_full()
    }

    fn marks(&self) -> &Arc<Semaphore> {
        &self.inner.marks
    }

    /// Open consoles fetch again what they show of a contact.
    pub fn changed(&self, contact: ContactId) {
        self.changed_anywhere(contact);
        self.store().tell_changed(contact);
    }

    /// Tells the consoles that are open at this node.
    fn changed_anywhere(&self, contact: ContactId) {
        let id = self.inner.change_count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        // Nobody listening is no fault.
        let _nobody = self.inner.changes.send(Change { id, contact });
    }

    /// Records what a person did. It is folded at once; the console's fragments follow by a change.
    ///
    /// `key` makes it count once: the same form sent twice does it once.
    ///
    /// # Errors
    /// The database cannot take it now.
    pub async fn act(
        &self,
        contact: ContactId,
        mut event: AgentEvent,
        key: Option<String>,
    ) -> Result<Appended, StoreError> {
        let now = self.now();
        let behind_button = event.template.as_ref().and_then(|template| template.supply.link.as_deref());
        event.link |= event.text.as_deref().into_iter().chain(behind_button).any(|words| self.carries_link(words));
        let event = NewEvent::known(contact, key, now, EventBody::Agent(event));
        self.append_one(event).await
    }

    /// Waits until what a person did is folded, so that what they do next finds it done; not for ever.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn folded(&self, appended: Appended) -> Result<(), StoreError> {
        let end = tokio::time::Instant::now() + FOLDED_WITHIN;
        // Subscribed before looking, so that a change between the two is not missed.
        let mut changes = self.changes();
        while self.store().is_unread(appended.seq).await? {
            let theirs = async {
                while let Ok(change) = changes.recv().await {
                    if Some(change.contact) == appended.contact {
                        break;
                    }
                }
            };
            if tokio::time::timeout_at(end, theirs).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// A reply that failed is sent again, as if it had been written now; one that waits or has left meanwhile is not.
    ///
    /// # Errors
    /// The database cannot take it now.
    pub async fn try_again(&self, of: MessageNumber) -> Result<(), StoreError> {
        if self.store().try_again(of, self.now()).await? {
            self.changed(of.contact);
        }
        Ok(())
    }

    /// A person records what a customer told them: to be written to again, or no more; and how they said so. `key` as with
    /// [`Self::act`].
    ///
    /// # Errors
    /// The database cannot take it now.
    pub async fn opt(
        &self,
        contact: ContactId,
        action: OptAction,
        by: &str,
        note: String,
        key: Option<String>,
    ) -> Result<Appended, StoreError> {
        let (by, note) = (Some(by.to_owned()), Some(note));
        let body = EventBody::Opt(OptEvent { by, note, ..OptEvent::new(action, OptScope::All) });
        self.append_one(NewEvent::known(contact, key, self.now(), body)).await
    }

    async fn append_one(&self, event: NewEvent) -> Result<Appended, StoreError> {
        self.store().append(vec![event]).await?.pop().ok_or(StoreError::Closed)
    }

    /// Stops: nothing new is claimed, what is in hand is finished. True if all ended within `patience`.
    pub async fn stop(&self, patience: StdDuration) -> bool {
        self.inner.soft.cancel();
        self.inner.tasks.close();
        tokio::time::timeout(patience, self.inner.tasks.wait()).await.is_ok()
    }
}

/// Tells once where clocks do not agree.
async fn compare_clocks(engine: Engine) {
    if let Ok(Some(ahead)) = engine.store().clock_ahead(engine.now()).await {
        let seconds = ahead.to_std().as_secs();
        tracing::warn!(
            seconds,
            "something was written by a clock that is ahead of this machine's: set the clocks of all by NTP"
        );
    }
}

/// Hears what other nodes changed, and begins anew when the connection is lost.
async fn hear_nodes(engine: Engine) {
    let stop = engine.stopping();
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            heard = engine.store().exchange(|contact| engine.changed_anywhere(contact)) => {
                if let Err(error) = heard {
                    tracing::warn!(%error, "cannot hear the other nodes; trying again");
                }
            }
        }
        if !rested(&stop, HEAR_AGAIN).await {
            return;
        }
    }
}
