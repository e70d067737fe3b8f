//! Campaigns and what became of their messages.

use super::{Backend, Place, Store, StoreError, postgres, sqlite};
use crate::domain::{ContactId, MessageNumber, Timestamp};

/// Recipients who responded that one search finds at most.
pub const MOST_RESPONSES: usize = 500;

/// A campaign as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct CampaignRow {
    pub name: String,
    /// In the language of segments.
    pub segment: String,
    /// What it sends, as JSON.
    pub offer: String,
    pub state: CampaignState,
    pub per_hour: Option<i64>,
    pub per_day: Option<i64>,
    pub made_by: String,
    pub made_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub recipients: i64,
    /// How far recipients were told.
    pub place: Place,
}

/// Where a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignState {
    /// Made, and nobody was told.
    Draft,
    /// Recipients are being told.
    Starting,
    /// All recipients were told; their messages go out.
    Running,
    /// Nothing goes out until it is resumed.
    Paused,
    /// What it sends is worth nothing any more.
    Finished,
    /// Nothing more goes out.
    Cancelled,
}

impl CampaignState {
    const ALL: [Self; 6] = [Self::Draft, Self::Starting, Self::Running, Self::Paused, Self::Finished, Self::Cancelled];

    /// The name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What became of the messages of one variant.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct VariantRow {
    pub template: String,
    pub waiting: i64,
    pub sent: i64,
    pub delivered: i64,
    pub read: i64,
    pub failed: i64,
    /// Customers who wrote something else than that they want no more, opened the message's own link, made an order, or wanted no
    /// more within three days of it.
    pub replied: i64,
    pub clicked: i64,
    pub ordered: i64,
    pub opted_out: i64,
}

/// What became of so many recipients of a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecipientsRow {
    /// `left`, `waiting`, `not_sent`, `refused` or `planned`.
    pub stand: String,
    /// Of those that were refused: the gate's reason, by its name and in words.
    pub reason: String,
    /// In words.
    pub says: String,
    /// How many.
    pub count: i64,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Makes a campaign; false if one is called so already.
    pub async fn add_campaign(&self, campaign: &CampaignRow) -> Result<bool, StoreError> {
        Ok(change!(self, campaigns::add(campaign)))
    }

    /// All campaigns, the newest first.
    pub async fn all_campaigns(&self) -> Result<Vec<CampaignRow>, StoreError> {
        Ok(query!(self, campaigns::all()))
    }

    /// Moves a campaign on, if it stands in one of these states; false if it does not.
    pub async fn move_campaign(
        &self,
        name: &str,
        from: &[CampaignState],
        to: CampaignState,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let moved = change!(self, campaigns::set_state(name, from, to, now));
        self.inner.outbox.notify_waiters();
        Ok(moved)
    }

    /// These are recipients of a campaign. Each counts once, whoever says it how often.
    pub async fn name_recipients(&self, name: &str, contacts: &[ContactId]) -> Result<(), StoreError> {
        change!(self, recipients::name(name, contacts));
        Ok(())
    }

    /// Recipients were told up to that place of the segment.
    pub async fn told_recipients(&self, name: &str, place: Place) -> Result<(), StoreError> {
        change!(self, campaigns::told(name, place));
        Ok(())
    }

    /// Campaigns that let nothing out now: paused, or their budget is spent.
    pub async fn closed_campaigns(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        Ok(query!(self, campaigns::closed(now)))
    }

    /// Messages of a campaign that failed for one of these reasons wait again, as long as they are of use; how many.
    pub async fn retry_campaign(&self, name: &str, reasons: &[String], now: Timestamp) -> Result<u64, StoreError> {
        let again = change!(self, campaigns::retry(name, reasons, now));
        self.inner.outbox.notify_waiters();
        Ok(again)
    }

    /// Up to where everything in the journal is folded.
    pub async fn folded_to(&self) -> Result<i64, StoreError> {
        Ok(query!(self, campaigns::folded_to()))
    }

    /// Recipients who wrote, clicked or ordered soon after a campaign's message, and whose journal does not say so yet; at most
    /// [`MOST_RESPONSES`]. With a place of the journal only those who did something behind it.
    pub async fn campaign_responses(&self, name: &str, since: Option<i64>) -> Result<Vec<ContactId>, StoreError> {
        Ok(query!(self, campaigns::responses(name, since)))
    }

    /// What became of a campaign's messages, by variant.
    pub async fn campaign_outcome(&self, name: &str) -> Result<Vec<VariantRow>, StoreError> {
        Ok(query!(self, campaigns::outcome(name)))
    }

    /// What became of a campaign's recipients: each stands in one row.
    pub async fn campaign_recipients(&self, name: &str) -> Result<Vec<RecipientsRow>, StoreError> {
        Ok(query!(self, recipients::account(name)))
    }

    /// The first recipients for whom a campaign's message is planned.
    pub async fn campaign_plans(&self, name: &str, most: i64) -> Result<Vec<ContactId>, StoreError> {
        Ok(query!(self, recipients::planned(name, most)))
    }

    /// Recipients with the cancelled campaigns of which their journals do not say so yet.
    pub async fn plans_to_drop(&self) -> Result<Vec<(String, ContactId)>, StoreError> {
        Ok(query!(self, recipients::to_drop()))
    }

    /// A campaign's messages that wait.
    pub async fn campaign_waiting(&self, name: &str) -> Result<Vec<MessageNumber>, StoreError> {
        Ok(query!(self, campaigns::waiting(name)))
    }

    /// Drops messages of a cancelled campaign that still wait.
    pub async fn drop_waiting(&self, messages: &[MessageNumber], now: Timestamp) -> Result<(), StoreError> {
        change!(self, campaigns::drop_waiting(messages, now));
        Ok(())
    }

    /// Recipients for whom nothing was decided yet, and whom the gate did not refuse.
    pub async fn undecided_recipients(&self, name: &str) -> Result<Vec<ContactId>, StoreError> {
        Ok(query!(self, recipients::undecided(name)))
    }

    /// These recipients of a cancelled campaign get nothing any more, and their journals are to say so.
    pub async fn cancel_recipients(&self, name: &str, contacts: &[ContactId]) -> Result<(), StoreError> {
        change!(self, recipients::cancel(name, contacts));
        Ok(())
    }

    /// Their journals say so.
    pub async fn plans_dropped(&self, rows: &[(String, ContactId)]) -> Result<(), StoreError> {
        change!(self, recipients::dropped(rows));
        Ok(())
    }

    /// Why messages of a campaign were not sent or did not arrive: reason and how many, the most frequent first.
    pub async fn campaign_failures(&self, name: &str) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(query!(self, campaigns::failures(name)))
    }

    /// The states of these contacts, as the fold wrote them.
    pub async fn states(&self, contacts: &[ContactId]) -> Result<Vec<(ContactId, Option<Vec<u8>>)>, StoreError> {
        Ok(query!(self, campaigns::states(contacts)))
    }
}
