//! Sends what the outbox holds: at the pace that Meta allows, replies first, never twice.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::{Duration as StdDuration, Instant};

use futures_util::future::select_all;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::task::AbortOnDropHandle;

use super::lanes::{Lane, Leaving};
use super::limits::may_leave;
use super::queues::Queues;
use super::refusals::judge;
use crate::domain::{Content, Duration, EventBody, MessageNumber, Outgoing, Timestamp};
use crate::engine::Engine;
use crate::engine::fold::state::State;
use crate::engine::processing::processor::Heard;
use crate::engine::templates::{in_its_words, in_language, is_marketing};
use crate::outreach::Departure;
use crate::outreach::pacer::Pace;
use crate::store::{
    Leave, NOT_KNOWN_WHETHER_SENT, NewEvent, OutboxRow, SendOutcome, SendResult, StoreError, Taken, Unasked,
};
use crate::whatsapp::errors::MOST_ATTEMPTS;

/// Calls of one number under way at once: at 1,000 messages a second, each may take a quarter of a second. Where those of one number hang
/// the others go on.
const CALLS_AT_ONCE: usize = 256;
/// A safety net under the hints.
const LOOK_EVERY: StdDuration = StdDuration::from_millis(500);
/// Where many follow-ups are due and none may leave, nobody looks again for so many times as long as looking took: it costs a
/// twentieth of a processor at most, however many they are.
const RESTS_AFTER_LOOK: u32 = 20;
/// But not longer than this.
const LONGEST_REST: StdDuration = StdDuration::from_secs(5);
/// How often a node makes sure that it still sends for its numbers.
const RENEW_EVERY: StdDuration = StdDuration::from_secs(1);
/// How long a node may go on sending for its numbers after it last made sure of that.
const LEASE: StdDuration = StdDuration::from_secs(2);
/// When it is not heard of for so long another node begins. Longer than the lease: the silent one has stopped by itself by then.
const SILENCE: StdDuration = StdDuration::from_secs(3);
/// Marks of reading under way at once; when more are wanted they are left out, since they only please.
const MARKS_AT_ONCE: usize = 8;
/// Outcomes that share one commit at most.
const OUTCOMES: usize = 512;
/// Why what is not called while Meta takes nothing is put back.
const PAUSED: &str = "Meta takes nothing from us just now";
/// A follow-up over which the gate failed is left alone for so long.
const AFTER_FAILURE: Duration = Duration::minutes(5);
/// Contacts that are told in one commit of messages that did not reach them.
const TOLD_AT_ONCE: i64 = 500;

/// What the sender shares with the calls that it starts.
#[derive(Clone)]
struct Caller {
    engine: Engine,
    calls: Arc<Semaphore>,
    queues: Arc<Queues>,
    outcomes: mpsc::Sender<(SendResult, Leaving)>,
}

/// Sends for all our numbers until told to stop, then finishes what is under way.
pub(crate) async fn run(engine: Engine) {
    let (outcomes, waiting) = mpsc::channel(CALLS_AT_ONCE * 2);
    let mut tasks = JoinSet::new();
    tasks.spawn(record(engine.clone(), waiting));
    let queues = Arc::<Queues>::default();
    for lane in engine.lanes().iter() {
        let calls = Arc::new(Semaphore::new(CALLS_AT_ONCE));
        let caller = Caller { engine: engine.clone(), calls, queues: queues.clone(), outcomes: outcomes.clone() };
        tasks.spawn(caller.keep_pace(lane.clone()));
    }
    drop(outcomes);
    // Goes on until the last call is over: nobody else begins before.
    let leading = AbortOnDropHandle::new(tokio::spawn(lead(engine.clone())));
    let stop = engine.stopping();
    while !stop.is_cancelled() {
        if leading.is_finished() {
            return fall(leading.await);
        }
        if let Some(ended) = tasks.try_join_next() {
            fall(ended);
        }
        // Subscribed before looking, so that a hint between the two is not lost.
        let hint = engine.store().outbox_hint();
        let sent = round(&engine).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot take messages from the outbox; trying again");
            0
        });
        if sent == 0 {
            tokio::select! {
                () = stop.cancelled() => break,
                () = hint => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }
    // The last of them ends when the last call has told its outcome.
    while tasks.join_next().await.is_some() {}
    drop(leading);
}

/// When a part of the sender fails the whole begins anew: without it nothing would be sent, or nothing written down.
fn fall(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        resume_unwind(error.into_panic());
    }
}

/// Learns again and again for which numbers this node sends.
async fn lead(engine: Engine) {
    let mut leadership = engine.store().leadership(SILENCE);
    let mut every = tokio::time::interval(RENEW_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let until = Instant::now() + LEASE;
        let led = match tokio::time::timeout(LEASE, leadership.renew(engine.channels())).await {
            Ok(Ok(led)) => led.clone(),
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot tell which numbers this node sends for; it sends for none");
                BTreeSet::new()
            }
            Err(_) => {
                tracing::warn!(
                    "the database does not tell in time which numbers this node sends for; it sends for none"
                );
                BTreeSet::new()
            }
        };
        for lane in engine.lanes().iter() {
            if lane.lead(led.contains(&lane.channel).then_some(until)) {
                engine.pacer().begin(&lane.channel);
            }
        }
    }
}

/// Takes a few messages out of the outbox and puts them into the lanes of their numbers. Returns how many.
async fn round(engine: &Engine) -> Result<usize, StoreError> {
    // A number that waits for its second does not hold up the others, nor one whose calls hang. What Meta takes nothing of waits where it is.
    let now = engine.now();
    let going: Vec<_> = engine.lanes().led().filter(|lane| !lane.pauses(now)).collect();
    let mut open: Vec<_> = going.iter().copied().filter(|lane| lane.room() >= lane.half()).collect();
    if open.is_empty() {
        let room = going.into_iter().map(|lane| Box::pin(async move { lane.until(lane.half()).await.map(|()| lane) }));
        let waits: Vec<_> = room.collect();
        if waits.is_empty() {
            return Ok(0);
        }
        let (Some(lane), ..) = select_all(waits).await else { return Ok(0) };
        open.push(lane);
    }
    let looked: Vec<_> = open.iter().map(|lane| (lane, lane.waiting(), lane.room())).collect();
    let rooms = looked.iter().map(|(lane, _, room)| (lane.channel.clone(), *room as i64)).collect();
    let resting = open.iter().filter(|lane| lane.rests()).map(|lane| lane.channel.clone()).collect();
    let begun = Instant::now();
    let Taken { rows, blocked } = engine.store().take_due(rooms, engine.now(), unasked(engine, resting)).await?;
    for lane in open.iter().filter(|lane| blocked.contains(&lane.channel)) {
        lane.rest((begun.elapsed() * RESTS_AFTER_LOOK).min(LONGEST_REST));
    }
    let is_emptied = |lane: &Lane, room| rows.iter().filter(|row| row.channel == lane.channel).count() < room;
    let emptied: Vec<_> = looked.into_iter().filter(|(lane, _, room)| is_emptied(lane, *room)).collect();
    let count = rows.len();
    let mut refused = Vec::new();
    for row in rows {
        if let Some(lane) = engine.lanes().of(&row.channel) {
            refused.extend(lane.put(engine.lanes().leaving(row)).await);
        }
    }
    // Only now: what is decided meanwhile must not stand in the lane before what was taken here.
    emptied.into_iter().for_each(|(lane, waiting, _)| lane.emptied(waiting));
    put_back(engine, refused).await;
    Ok(count)
}

/// The system stopped while these were taken from the outbox, and no lane takes them any more: whoever sends next finds them there.
async fn put_back(engine: &Engine, refused: Vec<Leaving>) {
    let now = engine.now();
    let result = |Leaving { row, .. }: &Leaving| {
        let outcome = SendOutcome::PutBack(now, "the system stopped before it could leave".into());
        SendResult { contact: row.contact, number: row.message.number, at: now, outcome }
    };
    let results: Vec<_> = refused.iter().map(result).collect();
    if !results.is_empty() {
        write_down(engine, results).await;
    }
}

/// What decides of follow-ups: the figures, and the gate as it is in force now.
fn unasked(engine: &Engine, resting: Vec<String>) -> Unasked {
    let (knowledge, now) = (engine.shelf().knowledge(), engine.now());
    let (limits, book) = (knowledge.limits.clone(), engine.book());
    let gate = move |state: Option<&[u8]>, message: &Outgoing, departures: &[Departure]| {
        let ask = || {
            let marketing = is_marketing(message, book.as_deref(), &knowledge);
            let leave = may_leave(&knowledge, state, (message, departures), marketing, now);
            let contact = || State::unpacked(state?).ok().map(|state| state.contact);
            let leave = in_its_words(leave, message, contact, book.as_deref(), &knowledge, now);
            in_language(leave, message, book.as_deref(), &knowledge, now)
        };
        // It is asked within a transaction that others share.
        catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|_| {
            tracing::error!(rule = ?message.rule, "the gate failed over a follow-up; it is asked again later");
            metrics::counter!("hotline_task_panics_total", "task" => "gate").increment(1);
            Leave::NotBefore(now + AFTER_FAILURE, "whether it may leave could not be told".into())
        })
    };
    Unasked { limits, gate: Arc::new(gate), resting }
}

impl Caller {
    /// Sends what stands in a lane, one after the other, until the system stops and the lane is empty.
    async fn keep_pace(self, lane: Arc<Lane>) {
        let mut turns = lane.turns.lock().await;
        let stop = self.engine.stopping();
        loop {
            let leaving = tokio::select! {
                leaving = turns.recv() => leaving,
                () = stop.cancelled(), if !turns.is_closed() => {
                    turns.close();
                    continue;
                }
            };
            let Some(leaving) = leaving else { return };
            self.pace_and_start(&lane, leaving).await;
        }
    }

    async fn pace_and_start(&self, lane: &Arc<Lane>, leaving: Leaving) {
        // First of all: while calls hang it takes minutes, and what is looked at below would be old.
        let Ok(permit) = self.calls.clone().acquire_owned().await else { return };
        if let Err(put_back) = self.turn(lane, &leaving.row).await {
            return self.tell(leaving, self.engine.now(), put_back).await;
        }
        let (caller, lane) = (self.clone(), lane.clone());
        let (before, over) = self.queues.join(leaving.row.contact, self.engine.now());
        tokio::spawn(async move {
            before.cancelled().await;
            // It may have taken its time.
            let outcome = match caller.may_still(&lane, &leaving.row).and_then(|()| caller.may_call(&lane)) {
                Ok(()) => caller.call(&lane, &leaving.row).await,
                Err(put_back) => put_back,
            };
            caller.tell(leaving, caller.engine.now(), outcome).await;
            drop((permit, over));
        });
    }

    fn may_still(&self, lane: &Lane, row: &OutboxRow) -> Result<(), SendOutcome> {
        let now = self.engine.now();
        let put_back = |why: &str| Err(SendOutcome::PutBack(now, why.into()));
        if !lane.is_led() {
            // Whoever sends for the number now takes it from the outbox.
            return put_back("another node sends for this number");
        }
        if row.message.expires <= now {
            return put_back("too late to be of use");
        }
        if lane.pauses(now) {
            return Err(SendOutcome::PutBack(lane.paused_until(), PAUSED.into()));
        }
        if let Some(until) = self.queues.held(row, now) {
            return Err(SendOutcome::PutBack(until, "an earlier message to this customer is sent first".into()));
        }
        Ok(())
    }

    /// Whether Meta takes something of this number; where it is not known, one call finds out for the others.
    fn may_call(&self, lane: &Lane) -> Result<(), SendOutcome> {
        lane.find_out(self.engine.now()).map_or(Ok(()), |until| Err(SendOutcome::PutBack(until, PAUSED.into())))
    }

    /// Waits until a message may leave, or tells why it goes back into the outbox.
    async fn turn(&self, lane: &Lane, row: &OutboxRow) -> Result<(), SendOutcome> {
        loop {
            self.may_still(lane, row)?;
            let now = self.engine.now();
            match self.engine.pacer().ready(&lane.channel, row.contact) {
                Pace::Go => return Ok(()),
                Pace::NumberWaits(wait) => tokio::time::sleep(wait).await,
                Pace::PairWaits(wait) => {
                    let at = now + Duration::millis(wait.as_millis() as i64 + 1);
                    return Err(SendOutcome::PutBack(at, "one customer may get one message in 6 s".into()));
                }
            }
        }
    }

    async fn call(&self, lane: &Lane, row: &OutboxRow) -> SendOutcome {
        let (engine, channel) = (&self.engine, lane.channel.as_str());
        let message = MessageNumber { contact: row.contact, number: row.message.number };
        let callback = message.callback(engine.store().tag());
        let (started, began) = (Instant::now(), engine.now());
        let sent = engine.client().send(channel, &row.address, &row.message.content, None, &callback).await;
        metrics::histogram!("hotline_send_seconds").record(started.elapsed().as_secs_f64());
        match sent {
            Ok(accepted) => {
                lane.go_on(began);
                metrics::counter!("hotline_messages_accepted_total", "kind" => row.message.kind.name()).increment(1);
                SendOutcome::Accepted { wamid: accepted.wamid }
            }
            Err(error) => {
                let code = error.code.map_or_else(|| "none".to_owned(), |code| code.to_string());
                metrics::counter!("hotline_send_errors_total", "code" => code).increment(1);
                if let Some(code) = error.code {
                    engine.take_pause((lane, began), code, error.retry_after);
                    let template = match &row.message.content {
                        Content::Template(template) => Some((template.name.as_str(), template.language.as_str())),
                        _ => None,
                    };
                    engine.heed_error(code, channel, template).await;
                }
                judge(&error, row, engine.now())
            }
        }
    }

    async fn tell(&self, leaving: Leaving, at: Timestamp, outcome: SendOutcome) {
        self.queues.note(&leaving.row, &outcome, at);
        let (contact, number) = (leaving.row.contact, leaving.row.message.number);
        // The recorder lives until the last caller is gone.
        let _recorder = self.outcomes.send((SendResult { contact, number, at, outcome }, leaving)).await;
    }
}

/// Writes outcomes, many in one commit. One that cannot be written leaves its message `sending`: the settler sees to it.
async fn record(engine: Engine, mut waiting: mpsc::Receiver<(SendResult, Leaving)>) {
    let mut ended = Vec::new();
    while waiting.recv_many(&mut ended, OUTCOMES).await > 0 {
        let (batch, under_way): (Vec<_>, Vec<_>) = ended.drain(..).unzip();
        let contacts: Vec<_> = batch.iter().map(|result| result.contact).collect();
        write_down(&engine, batch).await;
        drop(under_way);
        contacts.into_iter().for_each(|contact| engine.changed(contact));
    }
}

async fn write_down(engine: &Engine, batch: Vec<SendResult>) {
    let mut pause = StdDuration::from_millis(100);
    loop {
        match engine.store().record(batch.clone()).await {
            Ok(()) => return,
            // One of them cannot be stored as it is, and must not keep the others waiting.
            Err(error @ StoreError::Refused(_)) => match batch.as_slice() {
                [result] => return tracing::error!(%error, contact = %result.contact, "an outcome cannot be written"),
                _ => {
                    for result in batch {
                        Box::pin(write_down(engine, vec![result])).await;
                    }
                    return;
                }
            },
            Err(error) => tracing::warn!(%error, "the outcome of calls could not be written; trying again"),
        }
        if engine.stopping().is_cancelled() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(StdDuration::from_secs(5));
    }
}

/// Settles what a crash or a lost answer left `sending`: if no status of Meta's told by then, a reply is sent again and a
/// follow-up is not. Also gives up what became too late.
pub(crate) async fn settle(engine: Engine) {
    let stop = engine.stopping();
    let mut every = tokio::time::interval(StdDuration::from_secs(1));
    // While nobody was here, Meta could tell nothing: it tells it again when somebody is, and is waited for from then on.
    let began = engine.now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => {}
        }
        if let Err(error) = settle_once(&engine, began).await {
            tracing::warn!(%error, "cannot settle messages just now; trying again");
        }
    }
}

/// Tells contacts of messages that did not reach them, so that these count for no cap. Where it is written down twice, by two nodes
/// or after a crash, it counts once.
async fn tell_unsent(engine: &Engine) -> Result<(), StoreError> {
    let rows = engine.store().unsent(TOLD_AT_ONCE).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let now = engine.now();
    let told = rows.iter().map(|(contact, number)| {
        let key = format!("unsent:{contact}:{number}");
        NewEvent::known(*contact, Some(key), now, EventBody::Unsent { number: *number })
    });
    engine.store().append(told.collect()).await?;
    engine.store().unsent_told(&rows).await
}

async fn settle_once(engine: &Engine, began: Timestamp) -> Result<(), StoreError> {
    let now = engine.now();
    while engine.store().expire(now).await? && !engine.stopping().is_cancelled() {}
    tell_unsent(engine).await?;
    let since = now - engine.settings().replies.settle_after;
    let mut rows = if since < began { Vec::new() } else { engine.store().stuck(since).await? };
    rows.retain(|row| engine.lanes().may_settle(row));
    if rows.is_empty() {
        return Ok(());
    }
    let results = rows
        .iter()
        .map(|row| {
            let wanted = !row.follow_up && row.message.expires > now && row.attempts < MOST_ATTEMPTS;
            let said = NOT_KNOWN_WHETHER_SENT.to_owned();
            let outcome = if wanted { SendOutcome::RetryAt(now, said) } else { SendOutcome::Failed(said) };
            SendResult { contact: row.contact, number: row.message.number, at: now, outcome }
        })
        .collect();
    metrics::counter!("hotline_messages_settled_total").increment(rows.len() as u64);
    engine.store().record(results).await
}

impl Engine {
    /// Marks messages as read, with the typing sign where an answer is being made, as far as there is room for it.
    pub(crate) fn mark_read(&self, heard: impl Iterator<Item = Heard>) {
        if !self.settings().whatsapp.mark_read {
            return;
        }
        for Heard { wamid, channel, typing } in heard {
            if self.lanes().of(&channel).is_some_and(|lane| lane.pauses(self.now())) {
                continue;
            }
            let Ok(permit) = self.marks().clone().try_acquire_owned() else {
                metrics::counter!("hotline_read_marks_left_out_total").increment(1);
                continue;
            };
            let client = self.client().clone();
            tokio::spawn(async move {
                // Nothing is lost when it fails: it is a courtesy.
                let _courtesy = client.mark_read(&channel, &wamid, typing).await;
                drop(permit);
            });
        }
    }
}

/// Room for marks of reading.
pub(crate) fn marks() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MARKS_AT_ONCE))
}
