//! The job `regions`: every quarter contacts hear what is known of where they live (REG-32 to 34, 38).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::distribute::told;
use super::{Run, Step};
use crate::domain::ContactId;
use crate::engine::Engine;
use crate::statistics::regions::{self, Judged};
use crate::store::{Bought, StoreError};

/// Contacts that are told in one step.
const PAGE: i64 = 500;

#[derive(Serialize, Deserialize)]
struct Progress {
    judged: Vec<Judged>,
    after: i64,
    done: i64,
    total: i64,
}

/// Judges the regions, then tells page by page.
pub(super) async fn step(engine: &Engine, run: &Run) -> Result<Step, StoreError> {
    let knowledge = engine.shelf().knowledge();
    let parameters = &knowledge.statistics.regions;
    let Ok(mut progress) = serde_json::from_value::<Progress>(run.progress.clone()) else {
        let (until, window) = (run.period.until, parameters.window);
        let shop = &knowledge.shop;
        let bought = Bought { from: until - window, until, rates: &shop.rates, currency: shop.currency };
        let known = engine.store().regions(&bought, until - window - window).await?;
        let total = known.iter().filter(|region| !region.name.contains('/')).map(|region| region.contacts).sum();
        let judged = regions::judge(known, &knowledge.statistics.people, parameters);
        if !judged.iter().any(Judged::says_something) {
            return Ok(Step::Done { done: 0 });
        }
        let progress = Progress { judged, after: 0, done: 0, total };
        return Ok(Step::More { progress: json!(progress), done: 0, total });
    };
    let page = engine.store().contacts_of_regions(progress.after, PAGE).await?;
    let Some((last, _)) = page.last() else { return Ok(Step::Done { done: progress.done }) };
    (progress.after, progress.done) = (*last, progress.done + page.len() as i64);
    let now = engine.now();
    let tell = |(contact, names): &(i64, Vec<String>)| {
        let figures = regions::told(&progress.judged, names)?;
        Some(told("regions", &run.period, ContactId(*contact), figures, now))
    };
    engine.store().append(page.iter().filter_map(tell).collect()).await?;
    let (done, total) = (progress.done, progress.total);
    Ok(Step::More { progress: json!(progress), done, total })
}
