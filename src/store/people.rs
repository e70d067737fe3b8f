//! What the console, its people and the web need of the store.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{
    Backend, HandoffRow, HandoffsAsked, InboxRow, KeptRow, LedgerLine, NewLink, Role, SentPlace, SentRow, Session,
    Store, StoreError, StoredLink, User, View, postgres, sqlite,
};
use crate::domain::{ContactId, ContactRef, Event, MessageNumber, Timestamp};

/// From so many on, who wrote is counted once in a while: every open console asks at every change.
const MANY: i64 = 10_000;
const A_WHILE: Duration = Duration::from_secs(2);

/// How many contacts wrote, and with how many of them the bot speaks, where they are many; and when they were counted.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<Option<(Instant, (i64, i64))>>);

impl Crowd {
    fn counted(&self) -> Option<(i64, i64)> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.filter(|(at, _)| at.elapsed() < A_WHILE).map(|(_, counts)| counts)
    }

    fn note(&self, counts: (i64, i64)) -> (i64, i64) {
        let kept = (counts.0 >= MANY).then(|| (Instant::now(), counts));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        counts
    }
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Rows of a view, the most urgent or the newest first: somebody's, of whose replies those count since then that reached nobody.
    pub async fn inbox(&self, view: View, whose: (&str, Timestamp), limit: i64) -> Result<Vec<InboxRow>, StoreError> {
        Ok(query!(self, console::inbox(view, whose, limit)))
    }

    /// Contacts with these words in their name, number or last message, the newest first.
    pub async fn find_contacts(&self, words: &str, limit: i64) -> Result<Vec<InboxRow>, StoreError> {
        Ok(query!(self, searching::find(words, limit)))
    }

    /// What a user was writing to a contact, by the box that it stands in.
    pub async fn drafts(&self, user: i64, contact: ContactId) -> Result<Vec<(String, String)>, StoreError> {
        Ok(query!(self, console::drafts(user, contact)))
    }

    /// Keeps what a user is writing, or forgets it when it is nothing.
    pub async fn keep_draft(
        &self,
        user: i64,
        contact: ContactId,
        kind: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        change!(self, console::keep_draft(user, contact, kind, text, now));
        Ok(())
    }

    /// Whose conversations somebody left a draft in.
    pub async fn drafted(&self, user: i64) -> Result<Vec<i64>, StoreError> {
        Ok(query!(self, console::drafted(user)))
    }

    /// Replies decided since then that reached nobody, unless another went to the same contact later: the newest first.
    pub async fn failed_replies(&self, since: Timestamp, limit: i64) -> Result<Vec<SentRow>, StoreError> {
        Ok(query!(self, console::failed_replies(since, limit)))
    }

    /// A reply that failed waits again; whether it is so (see the query).
    pub async fn try_again(&self, of: MessageNumber, now: Timestamp) -> Result<bool, StoreError> {
        let waits = change!(self, outbox::try_again(of, now));
        self.inner.outbox.notify_waiters();
        Ok(waits)
    }

    /// One contact's row and its state as the engine packs it.
    pub async fn contact(&self, contact: ContactId) -> Result<Option<(InboxRow, Option<Vec<u8>>)>, StoreError> {
        Ok(query!(self, console::contact(contact)))
    }

    /// Whether something was told under that key.
    pub async fn is_known(&self, key: &str) -> Result<bool, StoreError> {
        Ok(query!(self, appending::is_known(key)))
    }

    /// Whether an event waits to be folded.
    pub async fn is_unread(&self, seq: i64) -> Result<bool, StoreError> {
        Ok(query!(self, appending::is_unread(seq)))
    }

    /// The summaries of these contacts, as far as they are there.
    pub async fn summaries(&self, contacts: &[i64]) -> Result<Vec<(i64, String)>, StoreError> {
        Ok(query!(self, console::summaries(contacts)))
    }

    /// How many contacts a view has: hot, mine, unassigned, snoozed, all, bot. Replies decided since then count that reached nobody.
    pub async fn counts(&self, agent: &str, since: Timestamp) -> Result<[i64; 6], StoreError> {
        let [hot, mine, unassigned, snoozed] = query!(self, console::counts(agent, since));
        let (all, bot) = match self.inner.crowd.counted() {
            Some(counted) => counted,
            None => self.inner.crowd.note(query!(self, console::wrote())),
        };
        Ok([hot, mine, unassigned, snoozed, all, bot])
    }

    /// How many contacts wait for a person.
    pub async fn wanted_persons(&self) -> Result<i64, StoreError> {
        Ok(query!(self, console::wanted_persons()))
    }

    /// Who waits for a person, and with a count which of an agent's own customers have written that many messages which are unread.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn callers(&self, agent: &str, limit: i64) -> Result<Vec<(i64, Option<i64>)>, StoreError> {
        Ok(query!(self, console::callers(agent, limit)))
    }

    /// What a thread shows of the journal, oldest first.
    pub async fn thread(&self, contact: ContactId, limit: i64) -> Result<Vec<Event>, StoreError> {
        Ok(query!(self, console::thread(contact, limit)))
    }

    /// What a contact said, and what was said to them in our name elsewhere, up to before an event; the newest first.
    pub async fn heard(&self, contact: ContactId, before: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
        Ok(query!(self, console::heard(contact, before, limit)))
    }

    /// Our messages to a contact, oldest first.
    pub async fn sent(&self, contact: ContactId, limit: i64) -> Result<Vec<SentRow>, StoreError> {
        let mut sent = self.sent_before(contact, SentPlace::FIRST, limit).await?;
        sent.reverse();
        Ok(sent)
    }

    /// Our messages to a contact up to before one of them, the newest first.
    pub async fn sent_before(
        &self,
        contact: ContactId,
        before: SentPlace,
        limit: i64,
    ) -> Result<Vec<SentRow>, StoreError> {
        Ok(query!(self, console::sent(contact, before, limit)))
    }

    /// Times that a person was asked for, the newest first.
    pub async fn handoffs(&self, asked: &HandoffsAsked<'_>) -> Result<Vec<HandoffRow>, StoreError> {
        Ok(query!(self, handoffs::all(asked)))
    }

    /// When nobody had come to a contact for so long that the bot answered again, the newest first.
    pub async fn given_up(&self, contact: ContactId, limit: i64) -> Result<Vec<Timestamp>, StoreError> {
        Ok(query!(self, handoffs::given_up(contact, limit)).into_iter().map(Timestamp).collect())
    }

    /// The newest changes of a contact's tags.
    pub async fn ledger(&self, contact: ContactId, limit: i64) -> Result<Vec<LedgerLine>, StoreError> {
        Ok(query!(self, console::ledger(contact, limit)))
    }

    /// The newest changes of one of a contact's tags.
    pub async fn ledger_of(&self, contact: ContactId, tag: &str, limit: i64) -> Result<Vec<LedgerLine>, StoreError> {
        Ok(query!(self, console::ledger_of(contact, tag, limit)))
    }

    /// Events of a contact by their numbers.
    pub async fn events(&self, contact: ContactId, seqs: &[i64]) -> Result<Vec<Event>, StoreError> {
        Ok(query!(self, console::events(contact, seqs)))
    }

    /// When the first of a contact's events happened that was not imported.
    pub async fn first_live(&self, contact: ContactId) -> Result<Option<Timestamp>, StoreError> {
        Ok(query!(self, console::first_live(contact)))
    }

    /// What was kept because nobody understood it, and how much of it there is.
    pub async fn kept(&self) -> Result<(i64, Vec<KeptRow>), StoreError> {
        Ok(query!(self, kept::kept()))
    }

    /// Forgets what was kept for longer than a month; how much.
    pub async fn sweep_kept(&self, now: Timestamp) -> Result<u64, StoreError> {
        Ok(change!(self, kept::sweep(now)))
    }

    /// Forgets a contact, and those who had become it. False if there is none.
    pub async fn erase(&self, contact: ContactId, now: Timestamp) -> Result<bool, StoreError> {
        let erased = change!(self, erasing::erase(contact, now));
        if let Backend::Sqlite(sqlite) = &self.inner.backend {
            match sqlite.empty_log().await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!("the write-ahead log is read just now: it holds who was erased for a while")
                }
                Err(error) => tracing::warn!(%error, "the write-ahead log holds who was erased for a while"),
            }
        }
        Ok(erased)
    }

    /// The contact was looked at.
    pub async fn mark_seen(&self, contact: ContactId) -> Result<(), StoreError> {
        change!(self, console::mark_seen(contact));
        Ok(())
    }

    /// A tracked link by its code.
    pub async fn link(&self, code: &str) -> Result<Option<StoredLink>, StoreError> {
        Ok(query!(self, links::by_code(code)))
    }

    /// A tracked link was opened: the first time counts.
    pub async fn link_opened(&self, code: &str, at: Timestamp) -> Result<(), StoreError> {
        change!(self, links::opened(code, at));
        Ok(())
    }

    /// Keeps tracked links.
    pub async fn add_tracked_links(&self, links: &[NewLink]) -> Result<(), StoreError> {
        change!(self, links::add(&links.iter().collect::<Vec<_>>()));
        Ok(())
    }

    /// Whose name it is.
    pub async fn contact_of(&self, name: &ContactRef) -> Result<Option<ContactId>, StoreError> {
        Ok(query!(self, identities::contact_of(name)))
    }

    /// Creates somebody, or takes back who was removed. False if the sign-in name is taken.
    pub async fn add_user(&self, login: &str, name: &str, role: Role, now: Timestamp) -> Result<bool, StoreError> {
        Ok(change!(self, users::add(login, name, role, now)))
    }

    /// Everybody who may sign in.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        Ok(query!(self, users::all()))
    }

    /// Somebody by sign-in name.
    pub async fn user(&self, login: &str) -> Result<Option<User>, StoreError> {
        Ok(query!(self, users::by_login(login)))
    }

    /// Removes somebody; whom they were in charge of waits for somebody else. How many these are; `None` where nobody is called so,
    /// and for the last admin.
    pub async fn remove_user(&self, login: &str, now: Timestamp) -> Result<Option<usize>, StoreError> {
        let left = change!(self, users::remove(login, now));
        self.inner.work.notify_waiters();
        Ok(left)
    }

    /// What everybody is called who may sign in, or once might, by sign-in name.
    pub async fn user_names(&self) -> Result<HashMap<String, String>, StoreError> {
        Ok(query!(self, users::names()).into_iter().collect())
    }

    /// Of how many contacts each is in charge, by sign-in name.
    pub async fn in_charge(&self) -> Result<HashMap<String, i64>, StoreError> {
        Ok(query!(self, users::in_charge()).into_iter().collect())
    }

    /// Sets a password's hash, and ends every session of theirs but this one.
    pub async fn set_password(&self, user: i64, hash: &str, session: &str) -> Result<(), StoreError> {
        change!(self, users::set_password(user, hash, session));
        Ok(())
    }

    /// Sets whether a single key does something in somebody's console.
    pub async fn set_single_keys(&self, user: i64, on: bool) -> Result<(), StoreError> {
        change!(self, users::set_single_keys(user, on));
        Ok(())
    }

    /// Keeps a link that signs in once.
    pub async fn add_link(&self, hash: &str, user: i64, now: Timestamp, expires: Timestamp) -> Result<(), StoreError> {
        change!(self, users::add_link(hash, user, now, expires));
        Ok(())
    }

    /// Uses a link up: whose it was, once.
    pub async fn use_link(&self, hash: &str, now: Timestamp) -> Result<Option<i64>, StoreError> {
        Ok(change!(self, users::use_link(hash, now)))
    }

    /// Begins a session.
    pub async fn add_session(
        &self,
        hash: &str,
        user: i64,
        csrf: &str,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        change!(self, users::add_session(hash, user, csrf, now, expires));
        Ok(())
    }

    /// A session by its token's hash, if it is not over.
    pub async fn session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(query!(self, users::session(hash, now)))
    }

    /// A session was used.
    pub async fn use_session(&self, hash: &str, now: Timestamp) -> Result<(), StoreError> {
        change!(self, users::use_session(hash, now));
        Ok(())
    }

    /// Ends a session.
    pub async fn end_session(&self, hash: &str) -> Result<(), StoreError> {
        change!(self, users::end_session(hash));
        Ok(())
    }
}
