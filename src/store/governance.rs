//! What is counted over all contacts, and the alerts that stand.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::Timestamp;
use crate::governance::{Alert, Mix};

/// An alert with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRow {
    /// What it tells.
    pub alert: Alert,
    /// When it began.
    pub since: Timestamp,
    /// When it ended; `None` while it stands.
    pub until: Option<Timestamp>,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// How many contacts that have not opted out have which colour.
    pub async fn colour_mix(&self) -> Result<Mix, StoreError> {
        Ok(query!(self, governance::colour_mix()))
    }

    /// Keeps the colours of a day, in place of what was kept of it before.
    pub async fn keep_colour_day(&self, day: &str, mix: &Mix) -> Result<(), StoreError> {
        change!(self, governance::keep_colour_day(day, mix));
        Ok(())
    }

    /// The colours of each known day from `first` until before `end`, in order. Days are written 2026-07-29.
    pub async fn colour_days(&self, first: &str, end: &str) -> Result<Vec<(String, Mix)>, StoreError> {
        Ok(query!(self, governance::colour_days(first, end)))
    }

    /// How many customers wait for a person beyond what they were promised.
    pub async fn late_handoffs(&self, now: Timestamp) -> Result<i64, StoreError> {
        Ok(query!(self, governance::late_handoffs(now)))
    }

    /// Every tag that anybody holds.
    pub async fn tag_names(&self) -> Result<Vec<String>, StoreError> {
        Ok(query!(self, governance::tag_names()))
    }

    /// Of the alerts with these names exactly those stand from now on; returns those that began. Whoever sees something
    /// that somebody should look at raises an alert of a name of its own with this, and ends it with none.
    pub async fn set_alerts(
        &self,
        names: &[&str],
        standing: &[Alert],
        now: Timestamp,
    ) -> Result<Vec<Alert>, StoreError> {
        let known = self.alerts(now).await?;
        let same = |alert: &Alert| known.iter().any(|row| row.until.is_none() && row.alert == *alert);
        let ended = known.iter().any(|row| {
            row.until.is_none()
                && names.contains(&row.alert.name.as_str())
                && !standing.iter().any(|alert| alert.name == row.alert.name)
        });
        if !ended && standing.iter().all(same) {
            return Ok(Vec::new());
        }
        Ok(change!(self, governance::set_alerts(names, standing, now)))
    }

    /// Alerts that stand, and those that ended since that moment, the newest first.
    pub async fn alerts(&self, ended_since: Timestamp) -> Result<Vec<AlertRow>, StoreError> {
        Ok(query!(self, governance::alerts(ended_since)))
    }
}
