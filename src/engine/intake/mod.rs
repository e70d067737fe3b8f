//! From a webhook's body to committed events. A webhook is answered 200 only after this returned `Ok`.

pub(crate) mod belonging;
pub(crate) mod feeds;
pub mod geoip;
pub mod import;
pub(crate) mod links;
pub(crate) mod visits;

use axum::body::Bytes;

use crate::domain::{Duration, EventBody, MessageNumber, StatusKind};
use crate::engine::Engine;
use crate::store::{NewEvent, StoreError};
use crate::whatsapp::webhook::{self, Arrival};

/// Messages wait this long before they are claimed, so that several sent at once are folded and answered together.
const GATHER: Duration = Duration::millis(10);

/// Statuses wait this long: `sent`, `delivered` and `read` often follow on one another's heels, and one fold takes all three.
const GATHER_STATUSES: Duration = Duration::millis(250);

/// What became of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events written.
    pub new: usize,
    /// Events that were here before.
    pub duplicates: usize,
    /// The body was not understood; it is kept.
    pub kept: bool,
}

/// The body could not be made durable: Meta must deliver it again.
#[derive(Debug, thiserror::Error)]
#[error("the event could not be stored")]
pub struct NotTaken(#[from] StoreError);

impl Engine {
    /// Makes the events of a signed body durable.
    ///
    /// # Errors
    /// The database cannot take them now.
    pub async fn receive(&self, body: Bytes) -> Result<Taken, NotTaken> {
        let received = self.now();
        let mut arrivals = match webhook::parse(&body, received) {
            Ok(arrivals) => arrivals,
            Err(malformed) => {
                self.store().keep_body(received, &malformed.to_string(), &body).await?;
                metrics::counter!("hotline_bodies_kept_total").increment(1);
                return Ok(Taken { kept: true, ..Taken::default() });
            }
        };
        self.sort_out(&mut arrivals).await?;
        if arrivals.is_empty() {
            return Ok(Taken::default());
        }
        for arrival in &arrivals {
            metrics::counter!("hotline_events_received_total", "kind" => arrival.body.kind()).increment(1);
        }
        let events = arrivals.into_iter().map(|arrival| new_event(arrival, received)).collect();
        let appended = self.store().append(events).await?;
        let duplicates = appended.iter().filter(|event| event.duplicate).count();
        metrics::counter!("hotline_events_duplicate_total").increment(duplicates as u64);
        Ok(Taken { new: appended.len() - duplicates, duplicates, kept: false })
    }
}

fn new_event(arrival: Arrival, received: crate::domain::Timestamp) -> NewEvent {
    let due = match &arrival.body {
        EventBody::Message(_) => received + GATHER,
        EventBody::Status(status) if status.status != StatusKind::Failed => received + GATHER_STATUSES,
        _ => received,
    };
    NewEvent {
        contact: our_contact(&arrival.body),
        key: Some(arrival.key),
        contacts: arrival.contacts,
        at: arrival.at,
        received,
        due,
        body: arrival.body,
    }
}

/// A status of a message of ours says by itself whose it is.
fn our_contact(body: &EventBody) -> Option<crate::domain::ContactId> {
    let EventBody::Status(status) = body else { return None };
    status.message.parse::<MessageNumber>().ok().map(|number| number.contact)
}
