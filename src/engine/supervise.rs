//! Tasks that must not die: each has a name, is started again after a panic, and stops when told.

use std::future::Future;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// First wait before a task that failed is started again.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest wait before a task that keeps failing is started again. One that ran for longer than this does not keep failing.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Runs `work` for as long as the system runs. If it panics it is logged, counted and started again, after a pause that
/// doubles up to half a minute where it fails again soon; if it returns, it is done.
pub fn supervise<F, W>(name: &'static str, stop: CancellationToken, mut work: W) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
    W: FnMut() -> F + Send + 'static,
{
    tokio::spawn(async move {
        let mut pause = None;
        loop {
            let began = Instant::now();
            match tokio::spawn(work()).await {
                Ok(()) => return,
                Err(error) if error.is_panic() => {
                    tracing::error!(task = name, "a task failed and is started again");
                    metrics::counter!("hotline_task_panics_total", "task" => name).increment(1);
                }
                Err(_) => return,
            }
            let wait = pause_after(pause, began.elapsed());
            pause = Some(wait);
            if !rested(&stop, wait).await {
                return;
            }
        }
    })
}

/// Waits between two looks of a task; false where the system stops meanwhile.
pub(super) async fn rested(stop: &CancellationToken, pause: Duration) -> bool {
    stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some()
}

/// What other work came to that a task waited for. A panic in it is one of that task, which is logged, counted and started again after
/// a pause; `None` where the system stops.
pub(super) fn outcome<T>(done: Result<T, JoinError>) -> Option<T> {
    match done {
        Ok(outcome) => Some(outcome),
        Err(error) => error.try_into_panic().ok().map(|panic| std::panic::resume_unwind(panic)),
    }
}

/// How long to wait after a failure, by the wait before it and by how long the task ran in between.
fn pause_after(before: Option<Duration>, ran: Duration) -> Duration {
    match before {
        Some(before) if ran <= LONGEST_PAUSE => (before * 2).min(LONGEST_PAUSE),
        _ => FIRST_PAUSE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_again_soon_waits_longer_and_who_ran_well_does_not() {
        let mut pause = None;
        for (ran, wanted) in [(0, 100), (0, 200), (0, 400), (30_000, 800), (0, 1_600), (31_000, 100), (0, 200)] {
            pause = Some(pause_after(pause, Duration::from_millis(ran)));
            assert_eq!(pause, Some(Duration::from_millis(wanted)));
        }
        assert_eq!(pause_after(Some(LONGEST_PAUSE), Duration::ZERO), LONGEST_PAUSE);
    }

    #[tokio::test]
    #[should_panic(expected = "on a thread of its own")]
    async fn a_panic_of_other_work_is_one_of_the_task_that_waits_for_it() {
        assert_eq!(outcome(tokio::task::spawn_blocking(|| 7).await), Some(7));
        let _none: Option<()> = outcome(tokio::task::spawn_blocking(|| panic!("on a thread of its own")).await);
    }
}
