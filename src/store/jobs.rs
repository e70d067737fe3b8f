//! What is done once in each period of the calendar, and what was counted.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::{Currency, Rates, Timestamp};
use crate::statistics::regions::Region;
use crate::statistics::{Bins, History, Pair, Purchases, Report, Standing};

/// A job, with the period that it is at or did last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRow {
    /// Which job.
    pub name: String,
    /// What is counted: 2026-Q3, 2026-07.
    pub period: String,
    /// The period's first moment.
    pub from: Timestamp,
    /// Its end: what came later is not counted.
    pub due: Timestamp,
    /// Where the period before ended that this job did.
    pub before: Option<Timestamp>,
    /// How far it is.
    pub state: JobState,
    /// Where it goes on after a restart, as JSON of the job's own.
    pub progress: String,
    /// So much is done…
    pub done: i64,
    /// …of this.
    pub total: i64,
    /// When it was begun.
    pub started: Timestamp,
    /// When it was heard of last.
    pub updated: Timestamp,
    /// When it was done.
    pub finished: Option<Timestamp>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Begun; goes on from its progress.
    Running,
    /// Done, until its next period is over.
    Done,
}

impl JobState {
    /// The name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
        }
    }
}

/// Which purchases statistics look at.
#[derive(Clone, Copy, Debug)]
pub struct Bought<'a> {
    /// Paid for from then on…
    pub from: Timestamp,
    /// …and before then.
    pub until: Timestamp,
    /// Sums are converted…
    pub rates: &'a Rates,
    /// …into this currency.
    pub currency: Currency,
}

/// What those bring who hold a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TagRevenue {
    pub tag: String,
    /// Who bought something that counts.
    pub customers: i64,
    /// For how much, in ten-thousandths.
    pub sum: i64,
}

/// What was paid for advertising.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table")]
pub struct AdSpend {
    pub source: String,
    /// 2026-07-29.
    pub day: String,
    pub currency: Currency,
    /// In ten-thousandths.
    pub amount: i64,
}

/// All of these fail only where the database does not answer.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Store {
    /// Every job that ever began.
    pub async fn jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        Ok(query!(self, jobs::all()))
    }

    /// Writes how far a job is.
    pub async fn save_job(&self, job: &JobRow) -> Result<(), StoreError> {
        change!(self, jobs::save(job));
        Ok(())
    }

    /// How many customers bought something that counts.
    pub async fn count_buyers(&self, bought: &Bought<'_>) -> Result<i64, StoreError> {
        Ok(query!(self, statistics::count_buyers(bought)))
    }

    /// The figures of buyers at these places, when all are put in rising order.
    pub async fn figures_at(
        &self,
        bought: &Bought<'_>,
        figure: Standing,
        places: &[i64],
    ) -> Result<Vec<i64>, StoreError> {
        Ok(query!(self, statistics::figures_at(bought, figure, places)))
    }

    /// The next customers behind that one who ever bought something after `reach`, with what counts of it: nothing, where all
    /// was taken back or became too old.
    pub async fn buyers(
        &self,
        bought: &Bought<'_>,
        reach: Timestamp,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, Purchases)>, StoreError> {
        Ok(query!(self, statistics::buyers(bought, reach, after, limit)))
    }

    /// How many customers bought for more than that, and for how much together.
    pub async fn revenue_above(&self, bought: &Bought<'_>, cut: i64) -> Result<(i64, i64), StoreError> {
        Ok(query!(self, statistics::revenue_above(bought, cut)))
    }

    /// What the holders of each tag that begins like this bought.
    pub async fn revenue_by_tag(&self, bought: &Bought<'_>, start: &str) -> Result<Vec<TagRevenue>, StoreError> {
        Ok(query!(self, statistics::revenue_by_tag(bought, start)))
    }

    /// The next contacts behind that one, of those of whom something is told that happened before `until`, with
    /// what they lived through since `bought.from`.
    pub async fn histories(
        &self,
        bought: &Bought<'_>,
        until: Timestamp,
        after: i64,
        limit: i64,
    ) -> Result<Vec<(i64, History)>, StoreError> {
        Ok(query!(self, histories::page(bought, until, after, limit)))
    }

    /// Amounts of orders at these places, when all are put in rising order; how many there are, if no place is asked for.
    pub async fn amounts_at(&self, bought: &Bought<'_>, places: &[i64]) -> Result<Vec<i64>, StoreError> {
        Ok(query!(self, statistics::amounts_at(bought, places)))
    }

    /// How many orders count.
    pub async fn count_orders(&self, bought: &Bought<'_>) -> Result<i64, StoreError> {
        Ok(query!(self, statistics::count_orders(bought)))
    }

    /// How many orders lie in each bin.
    pub async fn orders_in_bins(&self, bought: &Bought<'_>, bins: Bins) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(query!(self, statistics::orders_in_bins(bought, bins)))
    }

    /// Pairs of product keys that at least so many customers bought both of.
    pub async fn pairs(&self, from: Timestamp, until: Timestamp, least: i64) -> Result<Vec<Pair>, StoreError> {
        Ok(query!(self, statistics::pairs(from, until, least)))
    }

    /// What is known of each region.
    pub async fn regions(&self, bought: &Bought<'_>, before: Timestamp) -> Result<Vec<Region>, StoreError> {
        Ok(query!(self, statistics::regions(bought, before)))
    }

    /// The next contacts behind that one with the regions whose tags they hold.
    pub async fn contacts_of_regions(&self, after: i64, limit: i64) -> Result<Vec<(i64, Vec<String>)>, StoreError> {
        Ok(query!(self, statistics::contacts_of_regions(after, limit)))
    }

    /// Purchases on each day, by their number since the beginning of 1970.
    pub async fn purchases_by_day(&self, from: Timestamp, until: Timestamp) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(query!(self, statistics::purchases_by_day(from, until)))
    }

    /// What was paid for advertising on the days from the first until before the end, by source and currency. Days are
    /// written 2026-07-29.
    pub async fn ad_spend(&self, first: &str, end: &str) -> Result<Vec<(String, String, i64)>, StoreError> {
        Ok(query!(self, statistics::ad_spend(first, end)))
    }

    /// Notes what was paid for advertising on a day, in place of what was noted before.
    pub async fn note_ad_spend(&self, spent: &[AdSpend]) -> Result<(), StoreError> {
        change!(self, statistics::note_ad_spend(spent));
        Ok(())
    }

    /// Keeps a report of a period, in place of what was kept of it before.
    pub async fn keep_report(&self, period: &str, report: &Report, now: Timestamp) -> Result<(), StoreError> {
        change!(self, jobs::keep_report(period, report, now));
        Ok(())
    }

    /// A report that was kept.
    pub async fn kept_report(&self, name: &str, period: &str) -> Result<Option<Report>, StoreError> {
        Ok(query!(self, jobs::kept_report(name, period)))
    }

    /// Which reports are kept, by name and period.
    pub async fn kept_reports(&self) -> Result<Vec<(String, String)>, StoreError> {
        Ok(query!(self, jobs::kept_reports()))
    }
}
