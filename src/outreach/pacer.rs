//! The pacer: a number's messages a second, and one message in 6 s for one customer with a burst of 45 (section 5.3).

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::domain::ContactId;

/// One message in this time to one customer, in the long run.
const PAIR_PERIOD: Duration = Duration::from_secs(6);
/// Messages that one customer may get at once, borrowed from the time to come.
const PAIR_BURST: NonZeroU32 = NonZeroU32::new(45).expect("45 is not 0");
/// Messages after which customers with full quota are forgotten: rarely, since all are looked at.
const FORGET_EVERY: u32 = 1 << 14;

type Limiter<K, C> = RateLimiter<K, DefaultKeyedStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

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

/// Keeps every number and every pair of number and customer within Meta's limits. In memory: one process sends for a
/// number, and after a restart a burst is what the limits allow anyway.
pub struct Pacer<C: Clock = DefaultClock> {
    numbers: Limiter<String, C>,
    pairs: Limiter<(String, ContactId), C>,
    asked: AtomicU32,
    clock: C,
}

impl Pacer {
    /// By the clock on the wall. `messages_per_second` is the throughput of each number.
    pub fn new(messages_per_second: u32) -> Self {
        Self::with_clock(messages_per_second, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Pacer<C> {
    /// By a clock of one's own.
    pub fn with_clock(messages_per_second: u32, clock: C) -> Self {
        let per_second = NonZeroU32::new(messages_per_second).unwrap_or(NonZeroU32::MIN);
        // Calls take their time on the way, some more than others, and may reach Meta closer together than they left: an
        // eighth of the burst is kept back for that.
        let kept_back = (messages_per_second / 8).max(1);
        let burst = NonZeroU32::new(messages_per_second.saturating_sub(kept_back)).unwrap_or(NonZeroU32::MIN);
        let pair = Quota::with_period(PAIR_PERIOD).unwrap_or(Quota::per_minute(NonZeroU32::MIN));
        Self {
            numbers: RateLimiter::dashmap_with_clock(Quota::per_second(per_second).allow_burst(burst), clock.clone()),
            pairs: RateLimiter::dashmap_with_clock(pair.allow_burst(PAIR_BURST), clock.clone()),
            asked: AtomicU32::new(0),
            clock,
        }
    }

    /// Asks for one message; `Go` spends it.
    pub fn ready(&self, channel: &str, contact: ContactId) -> Pace {
        if let Err(not_yet) = self.numbers.check_key(&channel.to_owned()) {
            return Pace::NumberWaits(not_yet.wait_time_from(self.clock.now()));
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
    use super::*;

    #[test]
    fn a_customer_gets_a_burst_of_45_and_then_waits_while_others_go_on() {
        let pacer = Pacer::new(1_000);
        for _ in 0..45 {
            assert_eq!(pacer.ready("1", ContactId(1)), Pace::Go);
        }
        assert!(matches!(pacer.ready("1", ContactId(1)), Pace::PairWaits(wait) if wait <= PAIR_PERIOD));
        assert_eq!(pacer.ready("1", ContactId(2)), Pace::Go);
    }

    #[test]
    fn a_number_waits_when_its_second_is_full() {
        let pacer = Pacer::new(10);
        let went = (0..30).filter(|contact| pacer.ready("1", ContactId(*contact)) == Pace::Go).count();
        assert!((9..=10).contains(&went), "{went}");
        assert_eq!(pacer.ready("2", ContactId(1)), Pace::Go);
    }
}
