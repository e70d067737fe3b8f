//! The job `customers`: every quarter each customer hears where they stand among the others (SPEND-5, SPEND-26).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::distribute::told;
use super::{Run, Step};
use crate::domain::ContactId;
use crate::engine::Engine;
use crate::statistics::{Cuts, cut_place};
use crate::store::{Bought, StoreError};

/// Customers that are told in one step.
const PAGE: i64 = 500;

/// Where the job goes on: the lines are drawn once, so that all are measured by the same.
#[derive(Serialize, Deserialize)]
struct Progress {
    /// None where there are too few to compare.
    cuts: Option<Cuts>,
    after: i64,
    done: i64,
    total: i64,
}

/// Draws the lines, then tells page by page.
pub(super) async fn step(engine: &Engine, run: &Run) -> Result<Step, StoreError> {
    let knowledge = engine.shelf().knowledge();
    let parameters = &knowledge.statistics.customers;
    let until = run.period.until;
    let bought = Bought {
        from: until - parameters.window,
        until,
        rates: &knowledge.shop.rates,
        currency: knowledge.shop.currency,
    };
    let Ok(mut progress) = serde_json::from_value::<Progress>(run.progress.clone()) else {
        let total = engine.store().count_buyers(&bought).await?;
        if total < parameters.least {
            tracing::debug!(customers = total, least = parameters.least, "too few customers to compare them");
            let progress = Progress { cuts: None, after: 0, done: 0, total };
            return Ok(Step::More { progress: json!(progress), done: 0, total });
        }
        let mut cuts = <[Vec<i64>; 4]>::default();
        for (cut, (figure, shares)) in cuts.iter_mut().zip(Cuts::wanted(parameters)) {
            let places: Vec<i64> = shares.iter().filter_map(|share| cut_place(*share, total)).collect();
            *cut = engine.store().figures_at(&bought, figure, &places).await?;
        }
        let progress = Progress { cuts: Some(Cuts::new(cuts)), after: 0, done: 0, total };
        return Ok(Step::More { progress: json!(progress), done: 0, total });
    };
    // Who was among them the last time and is not any more must hear of it too.
    let reach = run.before.unwrap_or(until) - parameters.window;
    let page = engine.store().buyers(&bought, reach, progress.after, PAGE).await?;
    let Some((last, _)) = page.last() else { return Ok(Step::Done { done: progress.done }) };
    (progress.after, progress.done) = (*last, progress.done + page.len() as i64);
    let now = engine.now();
    let tell = |(contact, purchases): &(i64, _)| {
        let figures = match &progress.cuts {
            Some(cuts) => cuts.figures(purchases, parameters),
            None => Cuts::none(purchases),
        };
        told("customers", &run.period, ContactId(*contact), figures, now)
    };
    engine.store().append(page.iter().map(tell).collect()).await?;
    let (done, total) = (progress.done, progress.total);
    Ok(Step::More { progress: json!(progress), done, total })
}
