//! One round of telling: what stands behind the place up to which a receiver was told, each contact's news one after the other, several
//! contacts at once; and where the receiver stands afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration as StdDuration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;

use super::news::{Batch, News, next, place_in};
use super::post::{Called, Poster};
use crate::domain::{ContactId, Duration, Timestamp};
use crate::engine::Engine;
use crate::store::{AttemptRow, Marks, Progress, StoreError, WebhookRow};
use crate::webhooks::{Source, policy};

/// Batches of one round: then it is looked whether people changed anything.
const BATCHES: usize = 10;
/// How soon it is tried again to write down what was told.
const AGAIN: StdDuration = StdDuration::from_millis(500);
/// Contacts whose news one receiver is told at once.
const AT_ONCE: usize = 8;
/// When so many calls failed and none was taken, the receiver is not called on in this round.
const ENOUGH: usize = 2;
/// Places that were passed without anything to tell are written down when there are so many: to look through them again costs little.
const PASSED: i64 = 1_000;

/// The id under which a receiver is told something.
fn id(row: &WebhookRow, news: &News) -> String {
    format!("msg_{}_{}", row.id, news.name())
}

/// Tells a receiver what it was not told yet, up to what is settled, and writes down how far it got; on and on, as long as it takes all of
/// it and there is more.
pub(super) async fn tell(
    engine: &Engine,
    poster: &Poster,
    mut row: WebhookRow,
    settled: Marks,
) -> Result<(), StoreError> {
    for _ in 0..BATCHES {
        let batch = next(engine.store(), &row, settled).await?;
        if batch.news.is_empty() && !is_far(row.progress.marks, batch.reached) {
            return Ok(());
        }
        let round = Round { engine, poster, row: &row, failed: AtomicUsize::new(0), taken: AtomicBool::new(false) };
        let calls = round.call_all(&batch).await;
        let (progress, stopped) = judge(&row, &batch, &calls, engine.now());
        let attempts: Vec<AttemptRow> = calls.iter().map(|(news, called)| round.attempt(news, called)).collect();
        // What was told and cannot be written down is not told again and again: it is written down as soon as that is possible.
        let there = loop {
            match engine.store().told_webhook(&row, &progress, stopped.as_deref(), &attempts).await {
                Err(StoreError::Unavailable(_)) if !engine.stopping().is_cancelled() => tokio::time::sleep(AGAIN).await,
                written => break written?,
            }
        };
        if let Some(why) = stopped.as_ref().filter(|_| there) {
            tracing::warn!(webhook = row.id, why, "a program is told no more");
        }
        if !there || stopped.is_some() || progress.failing.is_some() || engine.stopping().is_cancelled() {
            return Ok(());
        }
        row.progress = progress;
    }
    Ok(())
}

fn is_far(from: Marks, to: Marks) -> bool {
    Source::ALL.into_iter().any(|source| to.of(source) - from.of(source) >= PASSED)
}

struct Round<'a> {
    engine: &'a Engine,
    poster: &'a Poster,
    row: &'a WebhookRow,
    /// Calls that failed in this round, and whether any was taken.
    failed: AtomicUsize,
    taken: AtomicBool,
}

/// What was called with, and how it ended.
type Calls<'n> = Vec<(&'n News, Called)>;

impl Round<'_> {
    async fn call_all<'n>(&self, batch: &'n Batch) -> Calls<'n> {
        let mut queues: BTreeMap<ContactId, Vec<&News>> = BTreeMap::new();
        for news in &batch.news {
            queues.entry(news.contact).or_default().push(news);
        }
        // Whoever was to be told first goes first.
        let mut queues: Vec<Vec<&News>> = queues.into_values().collect();
        queues.sort_by_key(|queue| batch.news.iter().position(|news| std::ptr::eq(news, queue[0])));
        let mut queues = queues.into_iter();
        let mut calls = Vec::new();
        // A receiver that failed is tried with one contact, then with another: so it shows whether it is the receiver or the news.
        while self.row.progress.attempts > 0 && !self.taken.load(Ordering::Relaxed) && self.goes_on() {
            match queues.next() {
                Some(queue) => calls.extend(self.call_in_order(queue).await),
                None => break,
            }
        }
        let mut rest: Vec<BoxFuture<'_, Calls<'n>>> = Vec::new();
        for queue in queues {
            rest.push(Box::pin(self.call_in_order(queue)));
        }
        let rest: Vec<_> = futures_util::stream::iter(rest).buffer_unordered(AT_ONCE).collect().await;
        calls.extend(rest.into_iter().flatten());
        calls
    }

    /// Whether the receiver is called on: not when nothing but failures came back, nor when the system stops.
    fn goes_on(&self) -> bool {
        let enough = self.failed.load(Ordering::Relaxed) >= ENOUGH && !self.taken.load(Ordering::Relaxed);
        !enough && !self.engine.stopping().is_cancelled()
    }

    /// One contact's news, up to the first that is not taken.
    async fn call_in_order<'n>(&self, queue: Vec<&'n News>) -> Calls<'n> {
        let mut calls = Vec::new();
        for news in queue {
            if !self.goes_on() {
                break;
            }
            let called = self.poster.call(self.row, &id(self.row, news), news.body(), self.engine.now()).await;
            let (taken, gone) = (called.is_taken(), called.is_gone());
            note(&called);
            calls.push((news, called));
            match taken {
                true => self.taken.store(true, Ordering::Relaxed),
                false => {
                    self.failed.fetch_add(if gone { ENOUGH } else { 1 }, Ordering::Relaxed);
                    break;
                }
            }
        }
        calls
    }

    fn attempt(&self, news: &News, called: &Called) -> AttemptRow {
        let progress = &self.row.progress;
        let again = progress.failing.as_deref() == Some(&*news.name());
        AttemptRow {
            id: 0,
            event: id(self.row, news),
            kind: news.kind.name().to_owned(),
            at: self.engine.now(),
            attempt: if again { progress.attempts + 1 } else { 1 },
            status: called.status.map(i64::from),
            error: called.error.clone(),
            millis: called.millis,
        }
    }
}

/// For `/metrics`.
pub(super) fn note(called: &Called) {
    let outcome = if called.is_taken() { "delivered" } else { "failed" };
    metrics::counter!("hotline_webhook_deliveries_total", "outcome" => outcome).increment(1);
    metrics::histogram!("hotline_webhook_seconds").record(called.millis as f64 / 1_000.0);
}

/// Where a receiver stands after a round; and why it is told no more, where its last chance is gone.
fn judge(row: &WebhookRow, batch: &Batch, calls: &Calls<'_>, now: Timestamp) -> (Progress, Option<String>) {
    let before = &row.progress;
    let mut told: BTreeSet<String> =
        calls.iter().filter(|(_, called)| called.is_taken()).map(|(news, _)| news.name()).collect();
    let is_alive = !told.is_empty();
    let failure = |news: &&News| calls.iter().find(|(called, how)| called.name() == news.name() && !how.is_taken());
    let failed = batch.news.iter().find_map(|news| failure(&news));
    let mut after =
        Progress { delivered_at: if is_alive { Some(now) } else { before.delivered_at }, ..Progress::default() };
    let gone = calls.iter().any(|(_, called)| called.is_gone());
    let mut stopped = gone.then(|| "it answered 410: it wants nothing more".to_owned());
    if let Some((news, called)) = failed {
        let name = news.name();
        let again = before.failing.as_ref() == Some(&name);
        let attempts = if again { before.attempts + 1 } else { 1 };
        let since = before.failing_since.filter(|_| again).unwrap_or(now);
        let wait = policy().wait(attempts);
        if is_alive && (wait.is_none() || now - since >= policy().give_up_after) {
            tracing::warn!(
                webhook = row.id,
                event = id(row, news),
                "a program takes what is of others, but not this: it is given up"
            );
            metrics::counter!("hotline_webhook_deliveries_total", "outcome" => "given_up").increment(1);
            told.insert(name);
        } else {
            if wait.is_none() {
                stopped = Some(format!(
                    "it failed {attempts} times since {}: {}",
                    since.rfc3339(),
                    called.error.as_deref().unwrap_or_default()
                ));
            }
            let wait = wait.map_or(Duration::ZERO, |wait| wait + Duration::millis(rand::random_range(0..=wait.0 / 10)));
            let asked = called.retry_after.map_or(Duration::ZERO, |wait| policy().asked(wait));
            (after.failing, after.failing_since, after.attempts) = (Some(name), Some(since), attempts);
            after.next_at = now + wait.max(asked);
        }
    }
    after.marks = batch.reached;
    for news in batch.news.iter().filter(|news| !told.contains(&news.name())) {
        after.marks.set(news.source, after.marks.of(news.source).min(news.place - 1));
    }
    let is_ahead = |name: &&String| {
        Source::ALL.into_iter().any(|source| place_in(source, name).is_some_and(|place| place > after.marks.of(source)))
    };
    after.ahead = before.ahead.iter().chain(&told).filter(is_ahead).cloned().collect();
    (after, stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn called(status: u16) -> Called {
        let error = (status != 200).then(|| format!("it answered {status}"));
        Called { millis: 1, status: Some(status), error, retry_after: None }
    }

    /// Judges a round with news of the journal 11, 12, 13 and of the trail 5, each answered so.
    fn judged(before: Progress, answers: [Option<u16>; 4], now: Timestamp) -> (Progress, Option<String>) {
        let places = [(Source::Journal, 11), (Source::Trail, 5), (Source::Journal, 12), (Source::Journal, 13)];
        let news = places.map(|(source, place)| News::sample(source, place)).into();
        let batch = Batch { news, reached: Marks { journal: 20, ledger: 7, trail: 5 } };
        let told = batch.news.iter().zip(answers).filter_map(|(news, status)| Some((news, called(status?)))).collect();
        let row = WebhookRow {
            id: "w".into(),
            url: String::new(),
            kinds: Vec::new(),
            secret: "".into(),
            old_secret: None,
            enabled: true,
            stopped: None,
            made_at: NOW,
            progress: before,
        };
        judge(&row, &batch, &told, now)
    }

    fn marks(journal: i64, trail: i64) -> Marks {
        Marks { journal, ledger: 7, trail }
    }

    #[test]
    fn the_place_moves_up_to_what_was_not_taken_and_what_was_taken_behind_it_is_remembered() {
        let (after, _) = judged(Progress::default(), [Some(200); 4], NOW);
        assert_eq!((after.marks, after.ahead.len(), after.failing.as_deref()), (marks(20, 5), 0, None));
        let before = Progress { ahead: vec!["j9".into(), "j14".into()], ..Progress::default() };
        let (after, stopped) = judged(before, [Some(200), None, Some(500), Some(200)], NOW);
        assert_eq!((after.marks, stopped), (marks(11, 4), None));
        assert_eq!((after.ahead, after.failing.as_deref()), (vec!["j14".into(), "j13".into()], Some("j12")));
        assert!(after.attempts == 1 && after.next_at > NOW && after.delivered_at == Some(NOW));
    }

    #[test]
    fn a_receiver_that_is_gone_is_tried_ever_later_and_then_disabled_and_what_it_alone_refuses_is_given_up() {
        let (mut at, mut before, mut tries) = (NOW, Progress::default(), 0);
        let (waited, why) = loop {
            let (after, stopped) = judged(before, [Some(503), None, None, None], at);
            tries += 1;
            assert_eq!((after.marks, after.attempts), (marks(10, 4), tries));
            match stopped {
                Some(why) => break (at - NOW, why),
                None => (at, before) = (after.next_at, after),
            }
        };
        assert!(waited > Duration::days(3) && waited < Duration::days(4) && why.contains("503"), "{waited}: {why}");

        let poison = |since| Progress {
            failing: Some("j11".into()),
            failing_since: Some(since),
            attempts: 3,
            ..Progress::default()
        };
        let answers = [Some(500), Some(200), Some(200), Some(200)];
        let (after, _) = judged(poison(NOW - Duration::minutes(29)), answers, NOW);
        assert_eq!((after.attempts, after.failing.as_deref()), (4, Some("j11")));
        let (after, stopped) = judged(poison(NOW - Duration::minutes(31)), answers, NOW);
        assert_eq!((after.marks, after.failing, after.ahead.len(), stopped), (marks(20, 5), None, 0, None));
        let (after, stopped) = judged(Progress::default(), [Some(200), Some(410), None, None], NOW);
        assert_eq!((after.marks, stopped.is_some_and(|why| why.contains("410"))), (marks(11, 4), true));
        // Something else fails now: its time begins anew.
        let (after, _) = judged(poison(NOW - Duration::days(2)), [Some(200), Some(500), None, None], NOW);
        assert_eq!((after.attempts, after.failing_since), (1, Some(NOW)));
    }
}
