//! What nodes on one PostgreSQL tell each other, so that none has to wait for its next look: whose page changed, and that something
//! is queued in the outbox. It is told after the commit and on a connection of its own, so that no commit waits for it; what gets lost
//! is found by looking, as before.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Backend, Store, StoreError};
use crate::domain::ContactId;

/// The channel of PostgreSQL, and the name by which nodes find each other among its sessions.
const CHANNEL: &str = "hotline_nodes";
/// From one notice to the next at least: many changes share one.
const GATHER: StdDuration = StdDuration::from_millis(10);
/// How often a node looks whether there are others. A node by itself tells nothing.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// Contacts of one notice: PostgreSQL takes less than 8,000 bytes, and a contact's number has 19 figures at most.
const AT_ONCE: usize = 350;

/// What this node has to tell the others.
#[derive(Default)]
pub(super) struct Notices {
    pending: Mutex<Pending>,
    /// Something is pending.
    some: Notify,
    /// Other nodes listen.
    others: AtomicBool,
}

#[derive(Default)]
struct Pending {
    outbox: bool,
    contacts: BTreeSet<i64>,
}

/// What goes over the wire.
#[derive(Serialize, Deserialize)]
struct Notice {
    /// Who tells it: nobody heeds what they said themselves.
    node: u64,
    outbox: bool,
    contacts: Vec<i64>,
}

impl Notices {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, note: impl FnOnce(&mut Pending)) {
        if self.others.load(Ordering::Acquire) {
            note(&mut self.pending());
            self.some.notify_one();
        }
    }

    /// Waits until there is something to tell, and not before that moment.
    async fn until_some(&self, from: Instant) {
        loop {
            let told = self.some.notified();
            let is_empty = {
                let pending = self.pending();
                !pending.outbox && pending.contacts.is_empty()
            };
            if !is_empty {
                return tokio::time::sleep_until(from).await;
            }
            told.await;
        }
    }

    /// What is to be told now, in as many notices as it takes.
    fn take(&self, node: u64) -> Vec<Notice> {
        let Pending { outbox, contacts } = std::mem::take(&mut *self.pending());
        let contacts: Vec<i64> = contacts.into_iter().collect();
        let mut notices: Vec<_> =
            contacts.chunks(AT_ONCE).map(|some| Notice { node, outbox, contacts: some.to_vec() }).collect();
        if notices.is_empty() && outbox {
            notices.push(Notice { node, outbox, contacts: Vec::new() });
        }
        notices
    }
}

impl Store {
    /// Tells the other nodes that a contact's page changed.
    pub fn tell_changed(&self, contact: ContactId) {
        self.inner.notices.tell(|pending| pending.contacts.extend([contact.0]));
    }

    /// Something may be queued in the outbox: whoever sends for the number looks, here or on another node.
    pub(super) fn hint_outbox(&self) {
        self.inner.outbox.notify_waiters();
        self.inner.notices.tell(|pending| pending.outbox = true);
    }

    /// Tells the other nodes and hears them, until the connection is lost; `changed` is called with each contact whose page another
    /// node changed. On SQLite, where there are none, for ever.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn exchange(&self, changed: impl Fn(ContactId)) -> Result<(), StoreError> {
        let Backend::Postgres(postgres) = &self.inner.backend else { return std::future::pending().await };
        let exchanged = self.exchange_on(postgres.options.clone().application_name(CHANNEL), changed).await;
        // Until somebody listens again nothing gathers.
        self.inner.notices.others.store(false, Ordering::Release);
        exchanged
    }

    async fn exchange_on(
        &self,
        options: sqlx::postgres::PgConnectOptions,
        changed: impl Fn(ContactId),
    ) -> Result<(), StoreError> {
        let alone = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let mut listener = PgListener::connect_with(&alone.connect_with(options).await?).await?;
        listener.ignore_pool_close_event(true);
        listener.listen(CHANNEL).await?;
        let (node, notices) = (rand::random::<u64>(), &self.inner.notices);
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut from = Instant::now();
        loop {
            tokio::select! {
                heard = listener.try_recv() => match heard? {
                    Some(heard) => self.heed(heard.payload(), node, &changed),
                    None => return Ok(()),
                },
                () = notices.until_some(from) => {
                    for notice in notices.take(node) {
                        let told = serde_json::to_string(&notice).unwrap_or_default();
                        let tell = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(told);
                        tell.execute(&mut listener).await?;
                    }
                    from = Instant::now() + GATHER;
                }
                _ = look.tick() => {
                    let count = "select count(*) from pg_stat_activity where application_name = $1 \
                                 and datname = current_database()";
                    let nodes: i64 = sqlx::query_scalar(count).bind(CHANNEL).fetch_one(&mut listener).await?;
                    notices.others.store(nodes > 1, Ordering::Release);
                }
            }
        }
    }

    fn heed(&self, told: &str, node: u64, changed: impl Fn(ContactId)) {
        let Ok(notice) = serde_json::from_str::<Notice>(told) else { return };
        if notice.node == node {
            return;
        }
        if notice.outbox {
            self.inner.outbox.notify_waiters();
        }
        notice.contacts.into_iter().for_each(|contact| changed(ContactId(contact)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_fits_whatever_it_tells() {
        let notices = Notices::default();
        notices.tell(|pending| pending.outbox = true);
        assert!(notices.take(0).is_empty(), "a node by itself tells nothing");
        notices.others.store(true, Ordering::Release);
        for contact in 0..1_000 {
            notices.tell(|pending| pending.contacts.extend([i64::MAX - contact]));
        }
        let told = notices.take(u64::MAX);
        assert_eq!(told.iter().map(|notice| notice.contacts.len()).sum::<usize>(), 1_000);
        assert!(told.iter().all(|notice| serde_json::to_string(notice).is_ok_and(|told| told.len() < 8_000)));
        assert!(notices.take(0).is_empty(), "once");
    }
}
