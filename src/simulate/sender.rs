//! The two ways of sending that are compared: ours, and a loop that sends whatever is due.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use governor::clock::FakeRelativeClock;

use super::customer::CHANNEL;
use crate::domain::{ContactId, Content, Duration, MessageKind, Outgoing, Timestamp};
use crate::outreach::pacer::{Pace, Pacer};
use crate::outreach::{Condition, Held, Shared, Verdict};
use crate::whatsapp::graph::{PORTFOLIO_WINDOW, Reached};

/// Kept beyond Meta's 24 hours: Meta counts from its own clock, a little after ours.
const PORTFOLIO_MARGIN: Duration = Duration::minutes(1);

/// A message that waits for its turn, with the index of its contact.
pub(super) struct Waiting {
    pub(super) contact: usize,
    pub(super) message: Outgoing,
    /// Where it stands among those with the same latest time; kept when it has to wait again.
    place: u64,
}

impl Waiting {
    pub(super) fn new(contact: usize, message: Outgoing) -> Self {
        Self { contact, message, place: 0 }
    }

    fn is_reply(&self) -> bool {
        self.message.kind == MessageKind::Reply
    }

    /// A template outside the service window counts for the portfolio.
    fn needs_room(&self) -> bool {
        matches!(self.message.content, Content::Template(_))
    }
}

/// A follow-up that the gate had let go, and that is not sent after all.
pub(super) struct Dropped {
    pub(super) waiting: Waiting,
    pub(super) why: Condition,
    /// Its time passed before it could go.
    pub(super) late: bool,
}

/// What the sender does next.
pub(super) enum Next {
    /// This message leaves now.
    Leaves(Box<Waiting>),
    /// Nothing can leave before that moment.
    Wait(Timestamp),
    /// Nothing waits that could leave.
    Nothing,
}

/// Sends as the running system does: replies first, follow-ups in the order of their latest times, within Meta's limits.
pub(super) struct Sender {
    clock: FakeRelativeClock,
    now: Timestamp,
    pacer: Pacer<FakeRelativeClock>,
    replies: VecDeque<Waiting>,
    follow_ups: BinaryHeap<Reverse<Due>>,
    /// What is put off, by the moment at which it is looked at again.
    later: BTreeMap<(Timestamp, u64), Waiting>,
    /// Templates to customers that the portfolio has no room for now.
    no_room: BinaryHeap<Reverse<Due>>,
    reached: Reached<usize>,
    portfolio: Option<u32>,
    paused: BTreeMap<String, Option<Timestamp>>,
    /// Until when nothing unasked goes out, for the number's quality.
    rests_until: Option<Timestamp>,
    count: u64,
    /// What was dropped since it was asked for last.
    pub(super) dropped: Vec<Dropped>,
}

/// A follow-up in the order in which it leaves: the one whose latest time comes first.
struct Due(Waiting);

impl Due {
    fn order(&self) -> (Timestamp, u64) {
        (self.0.message.expires, self.0.place)
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl Sender {
    pub(super) fn new(messages_per_second: u32, portfolio: Option<u32>, start: Timestamp) -> Self {
        let clock = FakeRelativeClock::default();
        Self {
            pacer: Pacer::with_clock(messages_per_second, clock.clone()),
            clock,
            now: start,
            replies: VecDeque::new(),
            follow_ups: BinaryHeap::new(),
            later: BTreeMap::new(),
            no_room: BinaryHeap::new(),
            reached: Reached::new(PORTFOLIO_WINDOW + PORTFOLIO_MARGIN),
            portfolio,
            paused: BTreeMap::new(),
            rests_until: None,
            count: 0,
            dropped: Vec::new(),
        }
    }

    pub(super) fn queue(&mut self, mut waiting: Waiting) {
        if waiting.place == 0 {
            self.count += 1;
            waiting.place = self.count;
        }
        match waiting.is_reply() {
            true => self.replies.push_back(waiting),
            false => self.follow_ups.push(Reverse(Due(waiting))),
        }
    }

    /// A person takes over: what the bot still had to say to this customer is taken back. Returns the numbers of the follow-ups
    /// among it.
    pub(super) fn cancel(&mut self, contact: usize) -> Vec<i64> {
        let mut cancelled = Vec::new();
        let mut kept = |waiting: &Waiting| {
            let theirs = waiting.contact == contact;
            cancelled.extend((theirs && !waiting.is_reply()).then_some(waiting.message.number));
            !theirs
        };
        self.replies.retain(&mut kept);
        self.later.retain(|_, waiting| kept(waiting));
        self.no_room.retain(|Reverse(due)| kept(&due.0));
        // The heap is large and this is frequent: what a person's presence forbids is dropped when its turn comes.
        cancelled
    }

    /// Meta lets a template rest until then, or for good.
    pub(super) fn pause(&mut self, template: String, until: Option<Timestamp>) {
        self.paused.insert(template, until);
    }

    /// The number rests for its quality until then; `None` is no longer.
    pub(super) fn rest(&mut self, until: Option<Timestamp>) {
        self.rests_until = until;
    }

    /// Meta told that a message failed: it does not count for the portfolio.
    pub(super) fn failed(&mut self, contact: usize) {
        self.reached.remove(&contact);
    }

    /// How many follow-ups wait only for Meta's limits.
    pub(super) fn backlog(&self) -> usize {
        self.follow_ups.len() + self.no_room.len()
    }

    /// The next message that leaves at that moment. `ask` is the gate, asked once more with what is held for many.
    pub(super) fn next(&mut self, now: Timestamp, ask: impl Fn(&Waiting, &Shared) -> Verdict) -> Next {
        self.clock.advance((now - self.now).to_std());
        self.now = now;
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now) {
            let waiting = entry.remove();
            self.queue(waiting);
        }
        loop {
            if self.has_room(now) {
                self.follow_ups.extend(self.no_room.pop());
            }
            let Some(waiting) = self.replies.pop_front().or_else(|| self.follow_ups.pop().map(|Reverse(due)| due.0))
            else {
                return self.idle();
            };
            if let Some(next) = self.asked(waiting, now, &ask).and_then(|waiting| self.pace(waiting, now)) {
                return next;
            }
        }
    }

    /// Asks the gate; gives the message back if it may leave.
    fn asked(
        &mut self,
        waiting: Waiting,
        now: Timestamp,
        ask: impl Fn(&Waiting, &Shared) -> Verdict,
    ) -> Option<Waiting> {
        if waiting.is_reply() {
            return (now <= waiting.message.expires).then_some(waiting);
        }
        let shared = self.shared(&waiting, now);
        match ask(&waiting, &shared) {
            Verdict::Now => Some(waiting),
            Verdict::OnlyTemplate { .. } if waiting.needs_room() => Some(waiting),
            Verdict::OnlyTemplate { why, .. } | Verdict::Never { why } => {
                let late = why.condition == Condition::TooLate;
                self.dropped.push(Dropped { waiting, why: why.condition, late });
                None
            }
            Verdict::NotBefore { why, .. } if why.condition == Condition::PortfolioFull => {
                self.no_room.push(Reverse(Due(waiting)));
                None
            }
            Verdict::NotBefore { at, why } if at > waiting.message.expires => {
                self.dropped.push(Dropped { waiting, why: why.condition, late: true });
                None
            }
            Verdict::NotBefore { at, .. } => {
                self.later.insert((at, waiting.place), waiting);
                None
            }
        }
    }

    /// What is held for many, seen from this message.
    fn shared(&mut self, waiting: &Waiting, now: Timestamp) -> Shared {
        let mut shared = Shared::default();
        let rests = self.rests_until.filter(|until| now < *until);
        shared.number = rests.map(|until| Held { until, why: "the number's quality fell".into() });
        let Content::Template(template) = &waiting.message.content else { return shared };
        if let Some(until) = self.paused.get(&template.name) {
            // Disabled for good: nobody knows when a person has made another one.
            let until = until.unwrap_or(now + Duration::days(1));
            shared.template = (now < until).then(|| Held { until, why: "Meta has paused it".into() });
        }
        if !self.has_room(now) && !self.reached.contains(&waiting.contact, now) {
            let until = self.reached.next_leaves().unwrap_or(now);
            shared.portfolio = Some(Held { until, why: "the customers of 24 hours are used up".into() });
        }
        shared
    }

    fn has_room(&mut self, now: Timestamp) -> bool {
        self.portfolio.is_none_or(|most| self.reached.count(now) < most as usize)
    }

    fn pace(&mut self, waiting: Waiting, now: Timestamp) -> Option<Next> {
        match self.pacer.ready(CHANNEL, ContactId(waiting.contact as i64)) {
            Pace::Go => {
                if waiting.needs_room() {
                    self.reached.add(waiting.contact, now);
                }
                Some(Next::Leaves(Box::new(waiting)))
            }
            Pace::NumberWaits(wait) => {
                // It keeps its place in the order.
                match waiting.is_reply() {
                    true => self.replies.push_front(waiting),
                    false => self.queue(waiting),
                }
                Some(Next::Wait(now + after(wait)))
            }
            Pace::PairWaits(wait) => {
                self.later.insert((now + after(wait), waiting.place), waiting);
                None
            }
        }
    }

    fn idle(&mut self) -> Next {
        let later = self.later.first_key_value().map(|((at, _), _)| *at);
        let room = self.reached.next_leaves().filter(|_| !self.no_room.is_empty());
        match later.into_iter().chain(room).min() {
            Some(at) => Next::Wait(at.max(self.now + Duration::millis(1))),
            None => Next::Nothing,
        }
    }
}

/// A wait of the pacer in whole milliseconds, rounded up.
fn after(wait: std::time::Duration) -> Duration {
    Duration::millis(wait.as_micros().div_ceil(1_000) as i64)
}

/// Sends whatever is due in a loop, twice as fast as the number may; what was refused for that goes to the end of the queue.
pub(super) struct Loop {
    queue: VecDeque<Waiting>,
    per_second: u32,
    busy_until: Timestamp,
}

impl Loop {
    pub(super) fn new(messages_per_second: u32) -> Self {
        Self {
            queue: VecDeque::new(),
            per_second: messages_per_second.saturating_mul(2).max(1),
            busy_until: Timestamp(0),
        }
    }

    pub(super) fn queue(&mut self, waiting: Waiting) {
        self.queue.push_back(waiting);
    }

    pub(super) fn next(&mut self, now: Timestamp) -> Next {
        if self.queue.is_empty() {
            return Next::Nothing;
        }
        if now < self.busy_until {
            return Next::Wait(self.busy_until);
        }
        match self.queue.pop_front() {
            Some(waiting) => {
                let pause = Duration::millis((1_000 / i64::from(self.per_second)).max(1));
                self.busy_until = self.busy_until.max(now) + pause;
                Next::Leaves(Box::new(waiting))
            }
            None => Next::Nothing,
        }
    }
}
