//! What the sandbox remembers: customers, what their phones show, limits, faults, counters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::broadcast;

use super::limits::Bucket;
use super::{Faults, SandboxSettings};
use crate::domain::{Contact, Timestamp};

/// Messages that a phone keeps.
const KEPT: usize = 200;

/// Somebody with a phone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Customer {
    /// Digits, with or without plus.
    pub number: String,
    /// Profile name.
    pub name: String,
}

impl Customer {
    /// Digits alone.
    pub(super) fn wa_id(&self) -> String {
        self.number.chars().filter(char::is_ascii_digit).collect()
    }
}

/// What a customer sends.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Words.
    Text(String),
    /// A tap on a reply button.
    Button {
        /// Its id.
        id: String,
        /// Its title.
        title: String,
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
    /// Words that come from an ad.
    FromAd {
        /// The words.
        text: String,
        /// The ad's headline.
        headline: String,
    },
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

#[derive(Default)]
struct Phone {
    shown: Vec<Value>,
    last_inbound: Option<Timestamp>,
    pair: Option<Bucket>,
    marketing_stopped: bool,
}

/// See [`super::Sandbox`].
pub(super) struct Inner {
    pub(super) settings: SandboxSettings,
    pub(super) http: reqwest::Client,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    phones: Mutex<HashMap<String, Phone>>,
    number: Mutex<Option<Bucket>>,
    faults: Mutex<Faults>,
    counters: Mutex<Counters>,
    /// The endpoint answered the handshake.
    pub(super) verified: std::sync::atomic::AtomicBool,
    /// Tells phones in the browser whose screen changed.
    pub(super) changes: broadcast::Sender<String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    pub(super) fn new(settings: SandboxSettings, clock: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        Self {
            settings,
            http: reqwest::Client::new(),
            clock,
            phones: Mutex::default(),
            number: Mutex::default(),
            faults: Mutex::default(),
            counters: Mutex::default(),
            verified: false.into(),
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

    /// Whether the number has room this second.
    pub(super) fn number_has_room(&self, now: Timestamp) -> bool {
        let rate = f64::from(self.settings.messages_per_second);
        lock(&self.number).get_or_insert_with(|| Bucket::new(rate, rate, now)).take(now)
    }

    /// Whether this customer may get another message now.
    pub(super) fn pair_has_room(&self, number: &str, now: Timestamp) -> bool {
        let mut phones = lock(&self.phones);
        phones.entry(number.to_owned()).or_default().pair.get_or_insert_with(|| Bucket::pair(now)).take(now)
    }

    /// Whether the 24-hour window of this customer is open.
    pub(super) fn window_is_open(&self, number: &str, now: Timestamp) -> bool {
        let phones = lock(&self.phones);
        let last = phones.get(number).and_then(|phone| phone.last_inbound);
        last.is_some_and(|last| now - last <= Contact::SERVICE_WINDOW)
    }

    pub(super) fn wrote(&self, number: &str, now: Timestamp) {
        lock(&self.phones).entry(number.to_owned()).or_default().last_inbound = Some(now);
    }

    pub(super) fn set_marketing_stopped(&self, number: &str, stopped: bool) {
        lock(&self.phones).entry(number.to_owned()).or_default().marketing_stopped = stopped;
    }

    pub(super) fn marketing_stopped(&self, number: &str) -> bool {
        lock(&self.phones).get(number).is_some_and(|phone| phone.marketing_stopped)
    }

    /// Puts something on a phone's screen.
    pub(super) fn show(&self, number: &str, shown: Value) {
        let mut phones = lock(&self.phones);
        let phone = phones.entry(number.to_owned()).or_default();
        phone.shown.push(shown);
        let excess = phone.shown.len().saturating_sub(KEPT);
        phone.shown.drain(..excess);
        drop(phones);
        self.changed(number);
    }

    /// Changes what a phone shows of one message.
    pub(super) fn set_status(&self, number: &str, id: &str, status: &str) {
        let mut phones = lock(&self.phones);
        if let Some(phone) = phones.get_mut(number) {
            for shown in phone.shown.iter_mut().filter(|shown| shown["id"] == id) {
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

    pub(super) fn phone(&self, number: &str) -> Vec<Value> {
        lock(&self.phones).get(number).map(|phone| phone.shown.clone()).unwrap_or_default()
    }
}
