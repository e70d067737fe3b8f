//! What the sandbox remembers: customers, what their phones show, limits, faults, counters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

use super::account::Account;
use super::heard::Heard;
use super::media::Media;
use super::people::People;
use super::pricing::Prices;
use super::templates::Templates;
use super::{Faults, SandboxSettings};
use crate::domain::{CartLine, Timestamp};
use crate::whatsapp::graph::Graph;

/// Messages that a phone keeps.
const KEPT: usize = 200;

/// What a customer sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Words.
    Text(String),
    /// Words that quote a message, as `id` names it.
    Quote {
        /// The words.
        text: String,
        /// The quoted message.
        message: String,
    },
    /// Words from the page of a product of the shop's catalogue.
    FromProduct {
        /// The words.
        text: String,
        /// The shop's number of it.
        product: String,
    },
    /// A full cart of the shop's catalogue.
    Cart {
        /// What is in it.
        items: Vec<CartLine>,
        /// Words beside it.
        #[serde(default)]
        text: String,
    },
    /// A tap on a reply button.
    Button {
        /// Its id.
        id: String,
        /// Its title.
        title: String,
    },
    /// A tap on a quick reply under a template.
    QuickReply {
        /// What is written on it.
        text: String,
        /// The id of the message that it stands under; without it, the last one that has such a button.
        #[serde(default)]
        message: Option<String>,
    },
    /// A tap on a row of a list.
    Row {
        /// Its id.
        id: String,
        /// Its title.
        title: String,
    },
    /// A position.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
    },
    /// A picture.
    Image {
        /// Words under it.
        caption: String,
    },
    /// A voice message or another file.
    File {
        /// audio, video, document or sticker.
        kind: FileKind,
        /// What it holds, in Base64; without it a few bytes stand for it.
        #[serde(default)]
        data: String,
        /// Its type, where it is not the usual one of its kind.
        #[serde(default)]
        mime: Option<String>,
        /// Words under it.
        #[serde(default)]
        caption: String,
        /// The name of a document.
        #[serde(default)]
        filename: Option<String>,
    },
    /// An emoji on a message of ours; empty, it is taken away.
    Reaction {
        /// The message, by its id.
        message: String,
        /// The emoji.
        #[serde(default)]
        emoji: String,
    },
    /// Somebody's card.
    Contact {
        /// Whose.
        name: String,
        /// Their number.
        number: String,
    },
    /// They go by another number from now on.
    ChangedNumber {
        /// The new one.
        number: String,
    },
    /// What WhatsApp does not hand on, such as `poll_creation`.
    Unsupported {
        /// Meta's name of it.
        kind: String,
    },
    /// They opened the chat for the first time, and wrote nothing.
    RequestWelcome,
    /// Words that come from an ad.
    FromAd {
        /// The words.
        text: String,
        /// The ad's headline.
        headline: String,
    },
}

/// Kinds of files beside pictures.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum FileKind {
    Audio,
    Video,
    Document,
    Sticker,
}

impl FileKind {
    /// Meta's name, and the usual type (section 2.2).
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Audio => ("audio", "audio/ogg; codecs=opus"),
            Self::Video => ("video", "video/mp4"),
            Self::Document => ("document", "application/pdf"),
            Self::Sticker => ("sticker", "image/webp"),
        }
    }
}

/// What happened so far.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counters {
    pub accepted: u64,
    pub refused: u64,
    pub read_marks: u64,
    pub delivered: u64,
    pub retried: u64,
}

/// See [`super::Sandbox`].
pub(super) struct Inner {
    pub(super) settings: SandboxSettings,
    pub(super) http: reqwest::Client,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// What each phone shows.
    phones: Mutex<HashMap<String, Vec<Value>>>,
    people: Mutex<People>,
    /// By [`super::people::Person::key`].
    graph: Mutex<Graph<String>>,
    templates: Mutex<Templates>,
    account: Mutex<Account>,
    heard: Mutex<Heard>,
    prices: Mutex<Prices>,
    media: Mutex<Media>,
    faults: Mutex<Faults>,
    counters: Mutex<Counters>,
    /// Bodies that wait to be delivered as one.
    waiting: Mutex<Vec<Value>>,
    /// Whether the endpoint answered the handshake.
    pub(super) verified: watch::Sender<bool>,
    /// Tells phones in the browser whose screen changed.
    pub(super) changes: broadcast::Sender<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    pub(super) fn new(settings: SandboxSettings, clock: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self {
            graph: Mutex::new(Graph::new(settings.rules)),
            settings,
            // An answer that points elsewhere is no 200: it is delivered again (section 1.3).
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap_or_default(),
            clock,
            phones: Mutex::default(),
            people: Mutex::default(),
            templates: Mutex::default(),
            account: Mutex::default(),
            heard: Mutex::default(),
            prices: Mutex::default(),
            media: Mutex::default(),
            faults: Mutex::default(),
            counters: Mutex::default(),
            waiting: Mutex::default(),
            verified: watch::Sender::new(false),
            changes: broadcast::channel(256).0,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(super) fn faults(&self) -> Faults {
        *lock(&self.faults)
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        *lock(&self.faults) = faults;
    }

    /// One of the codes that the next calls are to be refused with.
    pub(super) fn next_code(&self) -> Option<i64> {
        let mut faults = lock(&self.faults);
        let code = faults.next_code.filter(|_| faults.next_codes > 0)?;
        faults.next_codes -= 1;
        Some(code)
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut lock(&self.counters));
    }

    pub(super) fn counters(&self) -> Counters {
        lock(&self.counters).clone()
    }

    /// Who the number writes with.
    pub(super) fn people(&self) -> MutexGuard<'_, People> {
        lock(&self.people)
    }

    /// What Meta enforces.
    pub(super) fn graph(&self) -> MutexGuard<'_, Graph<String>> {
        lock(&self.graph)
    }

    /// The account's templates.
    pub(super) fn templates(&self) -> MutexGuard<'_, Templates> {
        lock(&self.templates)
    }

    /// How the number and its account were set up.
    pub(super) fn account(&self) -> MutexGuard<'_, Account> {
        lock(&self.account)
    }

    /// The ids of what customers wrote.
    pub(super) fn heard(&self) -> MutexGuard<'_, Heard> {
        lock(&self.heard)
    }

    /// What is charged.
    pub(super) fn prices(&self) -> MutexGuard<'_, Prices> {
        lock(&self.prices)
    }

    /// The files.
    pub(super) fn media(&self) -> MutexGuard<'_, Media> {
        lock(&self.media)
    }

    /// What waits to be delivered as one webhook.
    pub(super) fn waiting(&self) -> MutexGuard<'_, Vec<Value>> {
        lock(&self.waiting)
    }

    /// Puts something on a phone's screen.
    pub(super) fn show(&self, number: &str, shown: Value) {
        let mut phones = lock(&self.phones);
        let phone = phones.entry(number.to_owned()).or_default();
        phone.push(shown);
        let excess = phone.len().saturating_sub(KEPT);
        phone.drain(..excess);
        drop(phones);
        self.changed(number);
    }

    /// Puts words on a phone's screen that were written before.
    pub(super) fn recall(&self, number: &str, at: Timestamp, mine: bool, text: &str) {
        let shown = match mine {
            true => json!({ "mine": true, "text": text, "at": at.0 }),
            false => json!({ "type": "text", "text": { "body": text }, "at": at.0 }),
        };
        self.show(number, shown);
    }

    /// Changes what a phone shows of one message.
    pub(super) fn set_status(&self, number: &str, id: &str, status: &str) {
        let mut phones = lock(&self.phones);
        if let Some(phone) = phones.get_mut(number) {
            for shown in phone.iter_mut().filter(|shown| shown["id"] == id) {
                shown["status"] = status.into();
            }
        }
        drop(phones);
        self.changed(number);
    }

    fn changed(&self, number: &str) {
        // No browser looking is no fault.
        let _nobody = self.changes.send(number.to_owned());
    }

    /// The screen of the one who has this number or user id.
    pub(super) fn phone(&self, name: &str) -> Vec<Value> {
        let key = self.people().key(name).to_owned();
        lock(&self.phones).get(&key).cloned().unwrap_or_default()
    }
}
