//! The pacer: a number's messages a second, and one message in 6 s for one customer with a burst of 45 (section 5.3).

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::domain::ContactId;

/// One message in this time to one customer, in the long run.
const PAIR_PERIOD: Duration = Duration::from_secs(6);
/// Messages that one customer may get at once, borrowed from the time to come.
const PAIR_BURST: NonZeroU32 = NonZeroU32::new(45).expect("45 is not 0");
/// Messages after which customers with full quota are forgotten: rarely, since all are looked at.
const FORGET_EVERY: u32 = 1 << 14;

type Middleware<C> = NoOpMiddleware<<C as Clock>::Instant>;
type Pairs<C> = RateLimiter<(String, ContactId), DefaultKeyedStateStore<(String, ContactId)>, C, Middleware<C>>;

/// Whether a message may leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Now.
    Go,
    /// The number has sent its share: all its messages wait.
    NumberWaits(Duration),
    /// This customer has got theirs: others go on.
    PairWaits(Duration),
}

/// Keeps every number and every pair of number and customer within Meta's limits. In memory: one process sends for a number.
pub struct Pacer<C: Clock = DefaultClock> {
    /// Messages a second of a number of which nothing else is known.
    per_second: u32,
    numbers: RwLock<HashMap<String, Number<C>>>,
    pairs: Pairs<C>,
    asked: AtomicU32,
    clock: C,
}

/// One of our numbers at its own pace.
struct Number<C: Clock> {
    per_second: u32,
    limiter: RateLimiter<NotKeyed, InMemoryState, C, Middleware<C>>,
}

impl<C: Clock> Number<C> {
    /// It has spent all that it may send at once: what went out a moment ago, from another process or at another pace, counts for
    /// Meta all the same.
    fn new(per_second: u32, clock: C) -> Self {
        // Calls take their time on the way, some more than others, and may reach Meta closer together than they left: an
        // eighth of the burst is kept back for that.
        let burst = per_second.saturating_sub((per_second / 8).max(1));
        let [rate, burst] = [per_second, burst].map(|count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        let limiter = RateLimiter::direct_with_clock(Quota::per_second(rate).allow_burst(burst), clock);
        let _spent = limiter.check_n(burst);
        Self { per_second, limiter }
    }
}

impl Pacer {
    /// By the clock on the wall. `messages_per_second` is the pace of a number of which nothing else is known.
    pub fn new(messages_per_second: u32) -> Self {
        Self::with_clock(messages_per_second, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Pacer<C> {
    /// By a clock of one's own.
    pub fn with_clock(messages_per_second: u32, clock: C) -> Self {
        let pair = Quota::with_period(PAIR_PERIOD).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
        Self {
            per_second: messages_per_second,
            numbers: RwLock::default(),
            pairs: RateLimiter::dashmap_with_clock(pair.allow_burst(PAIR_BURST), clock.clone()),
            asked: AtomicU32::new(0),
            clock,
        }
    }

    /// Messages a second of a number.
    pub fn per_second(&self, channel: &str) -> u32 {
        let numbers = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        numbers.get(channel).map_or(self.per_second, |number| number.per_second)
    }

    /// From now on that number sends so many messages a second.
    pub fn set_per_second(&self, channel: &str, per_second: u32) {
        if self.per_second(channel) != per_second {
            self.renew(channel, per_second);
        }
    }

    /// This process begins to send for a number.
    pub fn begin(&self, channel: &str) {
        self.renew(channel, self.per_second(channel));
    }

    fn renew(&self, channel: &str, per_second: u32) {
        let number = Number::new(per_second, self.clock.clone());
        self.numbers.write().unwrap_or_else(PoisonError::into_inner).insert(channel.to_owned(), number);
    }

    /// How long a number has to wait for its next message; `None` spends one.
    fn wait_of(&self, channel: &str) -> Option<Duration> {
        let numbers = self.numbers.read().unwrap_or_else(PoisonError::into_inner);
        let Some(number) = numbers.get(channel) else {
            drop(numbers);
            self.begin(channel);
            return self.wait_of(channel);
        };
        number.limiter.check().err().map(|not_yet| not_yet.wait_time_from(self.clock.now()))
    }

    /// Asks for one message; `Go` spends it.
    pub fn ready(&self, channel: &str, contact: ContactId) -> Pace {
        if let Some(wait) = self.wait_of(channel) {
            return Pace::NumberWaits(wait);
        }
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.pairs.retain_recent();
        }
        match self.pairs.check_key(&(channel.to_owned(), contact)) {
            Ok(()) => Pace::Go,
            Err(not_yet) => Pace::PairWaits(not_yet.wait_time_from(self.clock.now())),
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn went(pacer: &Pacer<FakeRelativeClock>, channel: &str, asked: i64) -> usize {
        (0..asked).filter(|contact| pacer.ready(channel, ContactId(*contact)) == Pace::Go).count()
    }

    #[test]
    fn a_customer_gets_a_burst_of_45_and_then_waits_while_others_go_on() {
        let clock = FakeRelativeClock::default();
        let pacer = Pacer::with_clock(1_000, clock.clone());
        pacer.begin("1");
        clock.advance(Duration::from_secs(1));
        for _ in 0..45 {
            assert_eq!(pacer.ready("1", ContactId(1)), Pace::Go);
        }
        assert!(matches!(pacer.ready("1", ContactId(1)), Pace::PairWaits(wait) if wait <= PAIR_PERIOD));
        assert_eq!(pacer.ready("1", ContactId(2)), Pace::Go);
    }

    #[test]
    fn a_number_begins_with_nothing_saved_up_and_sends_its_second_and_no_more() {
        let clock = FakeRelativeClock::default();
        let pacer = Pacer::with_clock(80, clock.clone());
        pacer.begin("1");
        assert_eq!(went(&pacer, "1", 100), 0, "another process may have sent a full second for it just now");
        clock.advance(Duration::from_millis(500));
        assert_eq!(went(&pacer, "1", 100), 40);
        clock.advance(Duration::from_secs(10));
        assert_eq!(went(&pacer, "1", 100), 70, "an eighth is kept back");
    }

    #[test]
    fn a_pace_changes_while_it_sends_and_is_each_number_s_own() {
        let clock = FakeRelativeClock::default();
        let pacer = Pacer::with_clock(80, clock.clone());
        pacer.set_per_second("1", 1_000);
        pacer.begin("2");
        clock.advance(Duration::from_millis(500));
        assert_eq!((went(&pacer, "1", 2_000), went(&pacer, "2", 2_000)), (500, 40));
        pacer.set_per_second("1", 40);
        clock.advance(Duration::from_millis(500));
        assert_eq!(went(&pacer, "1", 2_000), 20);
        assert_eq!((pacer.per_second("1"), pacer.per_second("2")), (40, 80));
    }
}
