//! A Graph API that behaves like Meta's: limits, the service window, error codes, signed webhooks with retries, statuses in
//! sequence, faults on demand. Tests use it as a library, `hotline serve` puts it behind the phones at `/sandbox`, and
//! `hotline sandbox` runs it alone for any other bot.
//!
//! What is our own convention and no fact of the platform follows section 9 of the reference.

mod account;
mod api;
mod calls;
mod control;
mod deliver;
mod failures;
mod faults;
mod filled;
mod headers;
mod heard;
mod inbound;
mod media;
mod nodes;
mod number;
mod people;
mod phones;
mod pricing;
mod state;
mod statuses;
mod templates;
mod valid;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::domain::Timestamp;
use crate::whatsapp::graph::Rules;
pub use deliver::retries;
pub use faults::Faults;
pub use people::Customer;
pub use phones::phone_router;
pub use pricing::free_service_messages;
pub use state::{Counters, FileKind, Said};
pub use templates::TemplateChange;
pub use wire::ACCOUNT;

/// How the sandbox behaves.
#[derive(Clone)]
#[expect(missing_docs, reason = "the names say it; durations say their unit")]
pub struct SandboxSettings {
    /// Where bots reach the Graph API: addresses of files begin with it.
    pub graph_url: String,
    /// Where webhooks go.
    pub webhook: String,
    pub app_secret: SecretString,
    pub verify_token: SecretString,
    pub access_token: SecretString,
    pub phone_number_id: String,
    /// Limits of the number and its portfolio.
    pub rules: Rules,
    /// From acceptance to `sent`, from there to `delivered`, from there to `read`.
    pub status_delays: [Duration; 3],
    /// The waits before each further try of a webhook that was refused, as [`retries`] gives them.
    pub retries: Vec<Duration>,
    /// From when a template is made to the end of its review.
    pub review_after: Duration,
    /// Service messages of each month that cost nothing (section 3).
    pub free_service_messages: u32,
    /// 131047 in the answer of the call instead of in a status.
    pub window_error_at_once: bool,
}

/// The sandbox. Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    inner: Arc<state::Inner>,
}

impl Sandbox {
    /// A sandbox with nobody in it. `clock` is its time: tests jump with it.
    pub fn new(settings: SandboxSettings, clock: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        super::client::install_tls();
        Self { inner: Arc::new(state::Inner::new(settings, clock)) }
    }

    /// The Graph API: `/{version}/{phone-number-id}/messages`, `/{version}/{account-id}/message_templates` and what stands around them,
    /// with or without a version.
    pub fn graph_router(&self) -> axum::Router {
        api::router(self.clone())
    }

    /// Asks the webhook whether it is ours, as Meta does when its address is saved (section 1.1). Nothing is delivered
    /// before that succeeded.
    ///
    /// # Errors
    /// What the endpoint answered instead.
    pub async fn verify(&self) -> Result<(), String> {
        deliver::verify(self).await
    }

    /// A customer writes text.
    pub fn write(&self, customer: &Customer, text: &str) -> String {
        self.say(customer, &Said::Text(text.to_owned()))
    }

    /// A customer sends something. Returns the message's id.
    pub fn say(&self, customer: &Customer, said: &Said) -> String {
        inbound::message(self, customer, said)
    }

    /// The customer wrote to the number by another way than this sandbox: a load test that posts webhooks itself. Opens the
    /// service window.
    pub fn wrote(&self, customer: &Customer) {
        let person = self.inner.people().meet(customer);
        self.inner.graph().wrote(&person.key, self.inner.now());
    }

    /// What a customer and the number wrote before this sandbox began, oldest first: their own words with `true`. It stands on the
    /// phone as words, and opens the service window where their last word is recent enough.
    pub fn recall(&self, number: &str, talk: &[(Timestamp, bool, String)]) {
        for (at, mine, text) in talk {
            if *mine {
                self.inner.graph().wrote(&number.to_owned(), *at);
            }
            self.inner.recall(number, *at, *mine, text);
        }
    }

    /// The customer stops or resumes marketing messages, in WhatsApp itself.
    pub fn prefer(&self, customer: &Customer, wants_marketing: bool) {
        inbound::preference(self, customer, wants_marketing);
    }

    /// What a customer's phone shows, oldest first: JSON of each message.
    pub fn phone(&self, number: &str) -> Vec<serde_json::Value> {
        self.inner.phone(number)
    }

    /// Sets what goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.inner.set_faults(faults);
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.inner.counters()
    }
}
