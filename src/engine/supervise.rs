//! Tasks that must not die: each has a name, is started again after a panic, and stops when told.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest wait before a task that keeps failing is started again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs `work` for as long as the system runs. If it panics it is logged, counted and started again, after a pause that
/// doubles up to half a minute; if it returns, it is done.
pub fn supervise<F, W>(name: &'static str, stop: CancellationToken, mut work: W) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
    W: FnMut() -> F + Send + 'static,
{
    tokio::spawn(async move {
        let mut pause = Duration::from_millis(100);
        loop {
            match tokio::spawn(work()).await {
                Ok(()) => return,
                Err(error) if error.is_panic() => {
                    tracing::error!(task = name, "a task failed and is started again");
                    metrics::counter!("hotline_task_panics_total", "task" => name).increment(1);
                }
                Err(_) => return,
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
    })
}
