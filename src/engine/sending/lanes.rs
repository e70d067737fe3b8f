//! One lane for each of our numbers: what stands in it is marked `sending` and leaves at the number's pace.
//!
//! A reply goes straight from its fold's commit into the lane while there is room and nothing older waits in the outbox;
//! everything else waits there until the sender takes it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, OwnedPermit};

use crate::domain::{ContactId, Duration as Span, Timestamp};
use crate::store::OutboxRow;

/// Messages that stand in a lane at most.
const MOST: usize = 128;

/// The lanes of all our numbers.
pub(crate) struct Lanes {
    lanes: Vec<Arc<Lane>>,
    under_way: Keys,
}

/// Messages by contact and number, each with how often it is under way: one that is put back may be taken again before it is over
/// with the first time.
type Keys = Arc<Lock<HashMap<(ContactId, i64), usize>>>;

/// A message from its place in a lane until it is written how its call ended: while this lives, the settler leaves it alone. A call
/// that takes longer than the settler waits may still arrive, and must not be made a second time beside it.
pub(crate) struct Leaving {
    pub(crate) row: OutboxRow,
    keys: Keys,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut times) = keys.entry((self.row.contact, self.row.message.number)) {
            *times.get_mut() -= 1;
            if *times.get() == 0 {
                times.remove();
            }
        }
    }
}

/// The messages of one number that wait for their turn.
pub(crate) struct Lane {
    pub(crate) channel: String,
    queue: mpsc::Sender<Leaving>,
    /// Taken out by the one task that keeps the lane's pace; the next one finds it here if that task fails.
    pub(crate) turns: Mutex<mpsc::Receiver<Leaving>>,
    /// Messages that may stand in it at the number's present pace.
    length: AtomicUsize,
    /// Until when the number sends slower, in Unix milliseconds.
    slowed_until: AtomicI64,
    /// This node sends for the number until then: it stops by itself if it cannot make sure of it any more.
    led_until: RwLock<Option<Instant>>,
    /// Until when nobody looks for follow-ups: many were due, and none of them may leave.
    rests_until: RwLock<Option<Instant>>,
    /// Grows with each message that is left to the outbox; 0 when nothing waits there.
    waiting: AtomicU64,
    /// Until when nothing is called, in Unix milliseconds, since Meta takes nothing; 0 while it does, as far as is known.
    paused_until: AtomicI64,
    /// When it was told so last.
    paused_at: AtomicI64,
}

/// So long the others wait for the call that finds out whether Meta takes something again.
const FINDS_OUT: Span = Span::seconds(5);

impl Lanes {
    pub(crate) fn new(channels: &[String], messages_per_second: u32) -> Self {
        let lane = |channel: &String| {
            let (queue, turns) = mpsc::channel(MOST);
            let lane = Lane {
                channel: channel.clone(),
                queue,
                turns: Mutex::new(turns),
                length: AtomicUsize::new(0),
                slowed_until: AtomicI64::new(0),
                led_until: RwLock::default(),
                rests_until: RwLock::default(),
                waiting: AtomicU64::new(1),
                paused_until: AtomicI64::new(0),
                paused_at: AtomicI64::new(0),
            };
            lane.keep(messages_per_second, None);
            Arc::new(lane)
        };
        Self { lanes: channels.iter().map(lane).collect(), under_way: Keys::default() }
    }

    /// A message that is marked `sending` by this node.
    pub(crate) fn leaving(&self, row: OutboxRow) -> Leaving {
        let mut keys = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        *keys.entry((row.contact, row.message.number)).or_default() += 1;
        Leaving { row, keys: self.under_way.clone() }
    }

    /// Whether the settler may judge a message that has been `sending` for long: not one that is still under way here, and not one of
    /// a number that another node sends for, which knows what is under way there.
    pub(crate) fn may_settle(&self, row: &OutboxRow) -> bool {
        let keys = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        !keys.contains_key(&(row.contact, row.message.number)) && self.of(&row.channel).is_none_or(|lane| lane.is_led())
    }

    pub(crate) fn of(&self, channel: &str) -> Option<&Arc<Lane>> {
        self.lanes.iter().find(|lane| lane.channel == channel)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Lane>> {
        self.lanes.iter()
    }

    /// Those that this node sends for.
    pub(crate) fn led(&self) -> impl Iterator<Item = &Arc<Lane>> {
        self.lanes.iter().filter(|lane| lane.is_led())
    }
}

impl Lane {
    /// Until when this node sends for the number, if it does; true if it begins to.
    pub(crate) fn lead(&self, until: Option<Instant>) -> bool {
        let begins = until.is_some() && !self.is_led();
        *self.led_until.write().unwrap_or_else(PoisonError::into_inner) = until;
        begins
    }

    /// Whether this node sends for the number.
    pub(crate) fn is_led(&self) -> bool {
        let until = *self.led_until.read().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// Nobody looks for follow-ups for that long.
    pub(crate) fn rest(&self, time: Duration) {
        *self.rests_until.write().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + time);
    }

    /// Whether nobody looks for follow-ups now.
    pub(crate) fn rests(&self) -> bool {
        let until = *self.rests_until.read().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// At this pace a tenth of a second's worth may stand in it: a reply that comes now does not wait behind more than that.
    pub(crate) fn keep(&self, messages_per_second: u32, slowed_until: Option<Timestamp>) {
        self.length.store((messages_per_second as usize / 10).clamp(8, MOST), Ordering::Release);
        self.slowed_until.store(slowed_until.unwrap_or_default().0, Ordering::Release);
    }

    /// Until when the number sends slower, as far as this node knows.
    pub(crate) fn slowed_until(&self) -> Timestamp {
        Timestamp(self.slowed_until.load(Ordering::Acquire))
    }

    /// Meta takes nothing for so long; true if it is news.
    pub(crate) fn pause(&self, until: Timestamp, now: Timestamp) -> bool {
        self.paused_at.fetch_max(now.0, Ordering::AcqRel);
        self.paused_until.fetch_max(until.0, Ordering::AcqRel) <= now.0
    }

    /// Whether nothing is called now.
    pub(crate) fn pauses(&self, now: Timestamp) -> bool {
        self.paused_until() > now
    }

    pub(crate) fn paused_until(&self) -> Timestamp {
        Timestamp(self.paused_until.load(Ordering::Acquire))
    }

    /// Until when a message waits that is about to be called, if it does. After a pause the first one does not: it finds out for the
    /// others, which wait a little longer.
    pub(crate) fn find_out(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.paused_until();
        if until > now {
            return Some(until);
        }
        let next = now + FINDS_OUT;
        let (found, paused) = (Ordering::AcqRel, until != Timestamp(0));
        (paused && self.paused_until.compare_exchange(until.0, next.0, found, Ordering::Acquire).is_err())
            .then_some(next)
    }

    /// Meta takes what this number sends, as a call tells that began then. One that was under way already when Meta took nothing any more
    /// says nothing against that.
    pub(crate) fn go_on(&self, began: Timestamp) {
        if began.0 > self.paused_at.load(Ordering::Acquire) {
            self.paused_until.store(0, Ordering::Release);
        }
    }

    fn length(&self) -> usize {
        self.length.load(Ordering::Acquire)
    }

    /// A place for a message that leaves as soon as it is committed; `None` where it has to wait in the outbox.
    pub(crate) fn place(&self, now: Timestamp) -> Option<OwnedPermit<Leaving>> {
        let direct = self.is_led() && !self.pauses(now) && self.waiting.load(Ordering::Acquire) == 0;
        let free = direct && self.room() > 0;
        let place = if free { self.queue.clone().try_reserve_owned().ok() } else { None };
        if place.is_none() {
            self.waiting.fetch_add(1, Ordering::AcqRel);
        }
        place
    }

    /// How many messages there is room for.
    pub(crate) fn room(&self) -> usize {
        (self.length() + self.queue.capacity()).saturating_sub(MOST)
    }

    /// At this much room it is worth a look into the outbox.
    pub(crate) fn half(&self) -> usize {
        self.length().div_ceil(2)
    }

    /// Waits for that much room. `None` when the lane is closed.
    pub(crate) async fn until(&self, room: usize) -> Option<()> {
        self.queue.reserve_many((MOST + room).saturating_sub(self.length()).min(MOST)).await.ok().map(|_| ())
    }

    /// Puts in what was taken from the outbox. A lane that was closed meanwhile gives it back.
    pub(crate) async fn put(&self, leaving: Leaving) -> Option<Leaving> {
        self.queue.send(leaving).await.err().map(|refused| refused.0)
    }

    /// To be called before looking into the outbox; goes to [`Self::emptied`].
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Acquire)
    }

    /// The outbox held less than there was room for, and nothing was left to it since `waiting` was asked.
    pub(crate) fn emptied(&self, waiting: u64) {
        let _more_came = self.waiting.compare_exchange(waiting, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;
    use crate::domain::{Address, Content, MessageKind, Outgoing};

    #[test]
    fn after_a_pause_one_call_finds_out_for_the_others() {
        let (lanes, now) = (Lanes::new(&["1".into()], 80), Timestamp(1_790_000_000_000));
        let lane = lanes.of("1").unwrap();
        assert_eq!(lane.find_out(now), None);
        let minute = now + Span::minutes(1);
        assert!(lane.pause(minute, now) && !lane.pause(minute, now), "told once");
        assert!(lane.pauses(now) && !lane.pauses(minute));
        assert_eq!(lane.find_out(now), Some(minute));
        assert_eq!((lane.find_out(minute), lane.find_out(minute)), (None, Some(minute + FINDS_OUT)));
        assert_eq!(lane.find_out(minute + FINDS_OUT), None, "nobody told how the first one ended");
        lane.go_on(now);
        assert!(lane.find_out(minute + FINDS_OUT).is_some(), "that call was under way before");
        lane.go_on(minute);
        assert_eq!((lane.find_out(minute), lane.find_out(minute)), (None, None));
    }

    #[test]
    fn what_is_taken_again_before_the_first_time_is_over_is_under_way_until_the_last() {
        let lanes = Lanes::new(&[], 80);
        let content = Content::Text { body: "hi".into() };
        let message = Outgoing::of_bot(MessageKind::Reply, content, Timestamp(0), Timestamp(1));
        let (contact, address) = (ContactId(1), Address::default());
        let row = OutboxRow { contact, channel: "1".into(), address, message, attempts: 1, follow_up: false };
        let (first, second) = (lanes.leaving(row.clone()), lanes.leaving(row.clone()));
        drop(first);
        assert!(!lanes.may_settle(&row), "it is in hand a second time");
        drop(second);
        assert!(lanes.may_settle(&row));
    }
}
