//! Tracked links: their codes, what messages carry, and the clicks.

use std::net::IpAddr;
use std::time::Duration as StdDuration;

use rand::Rng;
use rand::distr::Alphanumeric;

use crate::domain::{ContactId, EventBody, Link, Outgoing, Timestamp};
use crate::engine::Engine;
use crate::store::{NewEvent, NewLink, StoreError, StoredLink};

/// Letters and digits of a code: 71 bits, so that nobody finds one by trying.
const CODE: usize = 12;
/// Clicks that wait for the disk; with more, who opens a link waits too.
pub(crate) const WAITING: usize = 4_096;
/// How long a click is tried to be written while the database does not answer.
const TRIES: u32 = 40;

fn code() -> String {
    rand::rng().sample_iter(Alphanumeric).take(CODE).map(char::from).collect()
}

/// Gives each link of a message its code, and puts its address where its mark stands.
pub(crate) fn assign(message: &mut Outgoing, contact: ContactId, public_url: &str, now: Timestamp) -> Vec<NewLink> {
    let links = std::mem::take(&mut message.links);
    let Some(words) = message.content.body_mut() else { return Vec::new() };
    let mut made = Vec::with_capacity(links.len());
    for (index, link) in links.into_iter().enumerate() {
        let mark = Link::mark(index);
        if words.contains(mark) {
            let code = code();
            *words = words.replace(mark, &address(public_url, &code));
            made.push(NewLink { code, contact, message: Some(message.number), at: now, link });
        }
    }
    made
}

pub(crate) fn address(public_url: &str, code: &str) -> String {
    format!("{public_url}/l/{code}")
}

impl Engine {
    /// Makes a tracked link, for a message that a person or another program sends. Returns its address.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn make_link(&self, contact: ContactId, link: Link) -> Result<String, StoreError> {
        let made = NewLink { code: code(), contact, message: None, at: self.now(), link };
        let address = address(&self.settings().public_url(), &made.code);
        self.store().add_tracked_links(&[made]).await?;
        Ok(address)
    }

    /// Whether words carry a tracked link of ours.
    pub fn carries_link(&self, words: &str) -> bool {
        words.contains(&address(&self.settings().public_url(), ""))
    }

    /// Records that a link was opened. Who opened it does not wait for the disk: the page is what they want. The task is one
    /// of those that a stop waits for, so a click is lost only where the power goes within the few milliseconds of a commit.
    pub async fn opened(&self, opened: StoredLink, from: Option<IpAddr>) {
        let Ok(place) = self.inner.clicks.clone().acquire_owned().await else { return };
        let mut click = opened.link.click();
        if let Some((geoip, address)) = self.inner.geoip.as_ref().zip(from) {
            geoip.locate(address, &mut click);
        }
        click.ip = from.and_then(|address| self.settings().privacy.kept(address)).map(|address| address.to_string());
        // It counts once, also where it is written again since nothing was heard of the first time.
        let key = Some(format!("click:{:032x}", rand::random::<u128>()));
        let event = NewEvent::known(opened.contact, key, self.now(), EventBody::Click(click));
        let engine = self.clone();
        self.inner.tasks.spawn(async move {
            engine.write_click(event, &opened.code).await;
            drop(place);
        });
    }

    async fn write_click(&self, event: NewEvent, code: &str) {
        for _ in 0..TRIES {
            // First, as often as it takes: it counts once, the event each time.
            let noted = self.store().link_opened(code, event.at).await;
            let written = match noted {
                Ok(()) => self.store().append(vec![event.clone()]).await.map(|_| ()),
                Err(error) => Err(error),
            };
            match written {
                Ok(()) => {
                    metrics::counter!("hotline_events_received_total", "kind" => "click").increment(1);
                    return;
                }
                Err(StoreError::Unavailable(_)) => tokio::time::sleep(StdDuration::from_millis(500)).await,
                Err(_) => break,
            }
        }
        tracing::error!("a click could not be written and is lost");
        metrics::counter!("hotline_clicks_lost_total").increment(1);
    }
}
