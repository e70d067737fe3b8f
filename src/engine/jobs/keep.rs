//! The jobs that make reports when a month or a quarter is over, and keep them for comparing. One report is a step.

use serde_json::json;

use super::{Run, Step};
use crate::domain::Every;
use crate::engine::Engine;
use crate::engine::reports::{Kind, REPORTS, ReportInput, make};
use crate::statistics::Span;
use crate::store::StoreError;

/// Makes the next of the reports that are made this often.
pub(super) async fn step(engine: &Engine, run: &Run, every: Every) -> Result<Step, StoreError> {
    let kinds: Vec<&Kind> = REPORTS.iter().filter(|kind| kind.every == every).collect();
    let done = run.progress.as_u64().unwrap_or(0) as usize;
    let Some(kind) = kinds.get(done) else { return Ok(Step::Done { done: done as i64 }) };
    let knowledge = engine.shelf().knowledge();
    let span = Span { from: run.period.from, until: run.period.until };
    let report =
        make(kind, ReportInput { store: engine.store(), knowledge: &knowledge, span, now: engine.now() }).await?;
    engine.store().keep_report(&run.period.label, &report, engine.now()).await?;
    Ok(Step::More { progress: json!(done + 1), done: done as i64 + 1, total: kinds.len() as i64 })
}
