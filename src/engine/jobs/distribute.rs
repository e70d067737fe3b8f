//! Telling contacts what was counted: an event in each one's own journal, which counts once however often a step is repeated.

use std::collections::BTreeMap;

use crate::domain::{ContactId, EventBody, FiguresEvent, Period, Timestamp};
use crate::store::NewEvent;

/// The event that tells a contact its figures. It happened when the period ended, whenever it was counted.
pub fn told(
    job: &str,
    period: &Period,
    contact: ContactId,
    values: BTreeMap<String, String>,
    now: Timestamp,
) -> NewEvent {
    NewEvent {
        key: Some(format!("figures:{job}:{}:{contact}", period.label)),
        contact: Some(contact),
        contacts: Vec::new(),
        at: period.until,
        received: now.max(period.until),
        due: now,
        body: figures(job, period, values),
    }
}

/// What it says.
pub fn figures(job: &str, period: &Period, values: BTreeMap<String, String>) -> EventBody {
    EventBody::Figures(FiguresEvent { job: job.into(), period: period.label.clone(), values })
}
