//! One call of a receiver: signed, in time, without following anywhere, and not into the private network.

use std::error::Error;
use std::net::SocketAddr;
use std::time::{Duration as StdDuration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;

use crate::config::Webhooks;
use crate::domain::{Duration, Timestamp};
use crate::store::WebhookRow;
use crate::webhooks::{Places, address, private, sign};

/// So much of an answer is read, for the connection's sake: nothing of it is kept.
const MOST_OF_ANSWER: usize = 16 * 1024;

/// Calls receivers. Cheap to clone.
#[derive(Clone)]
pub(super) struct Poster {
    http: reqwest::Client,
    places: Places,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// It took how long, in milliseconds.
    pub millis: i64,
    /// What was answered, if anything was.
    pub status: Option<u16>,
    /// Why it was not taken; `None` is a success.
    pub error: Option<String>,
    /// How long the receiver wants to be left alone.
    pub retry_after: Option<Duration>,
}

impl Called {
    /// The receiver took it.
    pub fn is_taken(&self) -> bool {
        self.error.is_none()
    }

    /// The receiver wants nothing more, ever.
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

impl Poster {
    /// Prepares calls as the settings say.
    pub(super) fn new(settings: &Webhooks) -> Result<Self, String> {
        crate::whatsapp::client::install_tls();
        let http = reqwest::Client::builder()
            .user_agent(concat!("hotline/", env!("CARGO_PKG_VERSION")))
            .timeout(settings.timeout.to_std())
            .connect_timeout(StdDuration::from_secs(5))
            .redirect(Policy::none())
            // Another would look the name up, and go where no webhook goes.
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(Guarded(settings.places())))
            .build()
            .map_err(|error| format!("webhooks cannot be prepared: {error}"))?;
        Ok(Self { http, places: settings.places() })
    }

    /// Calls a receiver with one piece of news.
    pub(super) async fn call(&self, row: &WebhookRow, id: &str, body: String, now: Timestamp) -> Called {
        let begun = Instant::now();
        let called = self.answer(row, id, body, now).await;
        let millis = begun.elapsed().as_millis() as i64;
        let (status, retry_after, error) = match called {
            Ok((status, _)) if (200..300).contains(&status) => (Some(status), None, None),
            Ok((status, wait)) => (Some(status), wait, Some(meaning(status))),
            Err(error) => (None, None, Some(error)),
        };
        Called { millis, status, error, retry_after }
    }

    async fn answer(
        &self,
        row: &WebhookRow,
        id: &str,
        body: String,
        now: Timestamp,
    ) -> Result<(u16, Option<Duration>), String> {
        // The settings may have become stricter since it was made known.
        let url = address(&row.url, self.places)?;
        let at = now.0 / 1_000;
        let old = row.old_secret.as_ref().filter(|(_, until)| *until > now).map(|(old, _)| old);
        let signature = sign(std::iter::once(&row.secret).chain(old), id, at, &body);
        let request = self.http.post(url).header(CONTENT_TYPE, "application/json");
        let request =
            request.header("webhook-id", id).header("webhook-timestamp", at).header("webhook-signature", signature);
        let mut response = request.body(body).send().await.map_err(|error| said(&error))?;
        let status = response.status().as_u16();
        let wait = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.trim().parse().ok());
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > MOST_OF_ANSWER {
                break;
            }
        }
        Ok((status, wait.map(|seconds: u32| Duration::seconds(seconds.into()))))
    }
}

/// What an answer that is no success means.
fn meaning(status: u16) -> String {
    match status {
        300..400 => format!("it answered {status}: redirects are not followed, give the address that it leads to"),
        410 => "it answered 410: it wants nothing more".into(),
        429 => "it answered 429: it was too much".into(),
        _ => format!("it answered {status}"),
    }
}

/// Why there was no answer, without the address.
fn said(error: &reqwest::Error) -> String {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(of) = cause {
        if let Some(barred) = of.downcast_ref::<Barred>() {
            return barred.0.clone();
        }
        cause = of.source();
    }
    match () {
        () if error.is_timeout() => "it did not answer in time".into(),
        () if error.is_connect() => {
            "it cannot be reached: no such name, no connection, or no certificate that is valid".into()
        }
        () => "the connection broke".into(),
    }
}

/// A name that stands for nothing but addresses where no webhook goes.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Barred(String);

/// Looks names up and keeps only addresses where webhooks may go: what is called is what was looked at.
struct Guarded(Places);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let places = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let open: Vec<SocketAddr> = found.iter().copied().filter(|address| places.has(address.ip())).collect();
            if open.is_empty() && !found.is_empty() {
                return Err(Barred(private(name.as_str())).into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}
