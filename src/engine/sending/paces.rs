//! How fast each of our numbers sends: as fast as Meta tells, and slower for a while after Meta said that it was too much.
//!
//! What is known stands in the database. Every node takes it up from there, so that whichever sends for a number knows its pace.

use crate::domain::{Duration, Timestamp};
use crate::engine::Engine;
use crate::store::{NumberRow, StoreError};

impl Engine {
    /// Takes up the paces of our numbers.
    pub(crate) async fn take_up_paces(&self) -> Result<(), StoreError> {
        let now = self.now();
        for row in self.store().paces().await? {
            let Some(lane) = self.lanes().of(&row.channel) else { continue };
            let per_second = self.pace(&row.throughput, row.slowed_until, now);
            self.pacer().set_per_second(&row.channel, per_second);
            lane.keep(per_second, row.slowed_until);
            let labels = [("number", row.channel)];
            metrics::gauge!("hotline_messages_per_second", &labels).set(f64::from(per_second));
        }
        Ok(())
    }

    /// Messages a second of a number.
    pub(crate) fn pace_of(&self, number: &NumberRow, now: Timestamp) -> u32 {
        self.pace(&number.told.throughput, number.slowed_until, now)
    }

    fn pace(&self, throughput: &str, slowed_until: Option<Timestamp>, now: Timestamp) -> u32 {
        let figures = self.shelf().knowledge().limits.throughput;
        let otherwise = self.settings().whatsapp.messages_per_second;
        figures.pace(throughput, otherwise, slowed_until.is_some_and(|until| until > now))
    }

    /// Meta said that a number sent too much. Each of the calls under way may be told so: what is slowed is slowed again only when
    /// half of that time is over.
    pub(crate) async fn slow_down(&self, channel: &str, rests: Duration, why: &str) {
        let Some(lane) = self.lanes().of(channel) else { return };
        let now = self.now();
        let until = now + rests;
        if lane.slowed_until() > now + Duration(rests.0 / 2) {
            return;
        }
        lane.keep(self.pacer().per_second(channel), Some(until));
        tracing::warn!(number = %channel, "sending slower: {why}");
        let slowed = async {
            self.store().slow_number(channel, until, why, now).await?;
            self.take_up_paces().await
        };
        if let Err(error) = slowed.await {
            tracing::warn!(%error, "that a number sends slower could not be written");
        }
    }
}
