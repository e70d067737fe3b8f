//! The sample of contacts whose tags a person looks at, of a week or a quarter.

use crate::domain::{ContactId, Every, Period, Timestamp};
use crate::engine::fold::Knowledge;
use crate::governance::Sampler;
use crate::store::{Store, StoreError};

/// Contacts that are read at once.
const PAGE: i64 = 5_000;

/// The period under way in the shop's time zone: its label is what a sample is drawn by.
pub fn under_way(every: Every, knowledge: &Knowledge, now: Timestamp) -> Period {
    let zone = knowledge.shop.zone;
    every.last_ended(every.next_end(now, zone), zone)
}

/// Draws it. Who came after the period began is not in it, so that it stays the same.
///
/// # Errors
/// The database does not answer.
pub async fn draw(store: &Store, knowledge: &Knowledge, period: &Period) -> Result<Vec<ContactId>, StoreError> {
    let count = store.contacts_before(period.from).await?;
    let mut sampler = Sampler::new(&period.label, knowledge.governance.report.sample, count);
    let mut after = ContactId(0);
    loop {
        let page = store.contact_ids(period.from, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(sampler.drawn()) };
        after = *last;
        page.into_iter().for_each(|contact| sampler.offer(contact));
    }
}
