//! Messages to one customer arrive in the order in which they were written: one call at a time, and no reply past an earlier one that
//! is soon sent again.

use std::collections::HashMap;
use std::sync::{Mutex as Lock, PoisonError};

use tokio_util::sync::{CancellationToken, DropGuard};

use crate::domain::{ContactId, Duration, Sender, Timestamp};
use crate::store::{OutboxRow, SendOutcome};

/// Customers that are remembered before it is looked who may be forgotten.
const LEAST: usize = 512;
/// A reply waits for an earlier one that is sent again within so long: a minute, as Meta wishes it of most that it could not take for a
/// moment, and what is added so that not all come back together. What has to wait longer keeps nothing else from its customer.
const LONGEST: Duration = Duration::seconds(75);

/// The queue of each customer to whom something was sent lately.
#[derive(Default)]
pub(crate) struct Queues(Lock<Customers>);

#[derive(Default)]
struct Customers {
    queues: HashMap<ContactId, Queue>,
    /// At so many it is looked who may be forgotten.
    look_at: usize,
}

struct Queue {
    /// The last call.
    last: CancellationToken,
    /// Replies that wait to be sent again: of the bot, and of people. Those of people wait for none of the bot's, which are taken back
    /// where a person takes over.
    waiting: [Option<Waiting>; 2],
}

impl Queue {
    fn empty() -> Self {
        let nobody = CancellationToken::new();
        nobody.cancel();
        Self { last: nobody, waiting: [None; 2] }
    }
}

/// A reply that waits to be sent again.
#[derive(Clone, Copy)]
struct Waiting {
    number: i64,
    until: Timestamp,
}

fn place(row: &OutboxRow) -> usize {
    usize::from(row.message.sender != Sender::Bot)
}

impl Queues {
    /// The end of the customer's call before this one, and what tells of the end of this one when it is dropped.
    pub(crate) fn join(&self, contact: ContactId, now: Timestamp) -> (CancellationToken, DropGuard) {
        let mut customers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        customers.forget(now);
        let this = CancellationToken::new();
        let queue = customers.queues.entry(contact).or_insert_with(Queue::empty);
        let before = std::mem::replace(&mut queue.last, this.clone());
        (before, this.drop_guard())
    }

    /// Until when a reply waits behind an earlier one; `None` where it need not.
    pub(crate) fn held(&self, row: &OutboxRow, now: Timestamp) -> Option<Timestamp> {
        let customers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = customers.queues.get(&row.contact)?.waiting[place(row)]?;
        let holds = !row.follow_up && waiting.number < row.message.number && waiting.until > now;
        (holds && waiting.until - now <= LONGEST).then_some(waiting.until)
    }

    /// Takes in how a message's turn ended.
    pub(crate) fn note(&self, row: &OutboxRow, outcome: &SendOutcome, now: Timestamp) {
        if row.follow_up {
            return;
        }
        let mut customers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = customers.queues.entry(row.contact).or_insert_with(Queue::empty);
        let (waiting, number) = (&mut queue.waiting[place(row)], row.message.number);
        let still = waiting.filter(|waiting| waiting.until > now);
        *waiting = match outcome {
            // The first of those that wait is the one behind which the others stand.
            SendOutcome::RetryAt(until, _) | SendOutcome::PutBack(until, _) => {
                let first = still.filter(|waiting| waiting.number < number);
                first.or(Some(Waiting { number, until: *until }))
            }
            SendOutcome::Accepted { .. }
            | SendOutcome::Failed(_)
            | SendOutcome::Refused { .. }
            | SendOutcome::Uncertain(_) => still.filter(|waiting| waiting.number != number),
        };
    }
}

impl Customers {
    fn forget(&mut self, now: Timestamp) {
        if self.queues.len() < self.look_at.max(LEAST) {
            return;
        }
        let waits = |queue: &Queue| queue.waiting.iter().flatten().any(|waiting| waiting.until > now);
        self.queues.retain(|_, queue| !queue.last.is_cancelled() || waits(queue));
        // However many wait, looking costs little for each that is sent.
        self.look_at = self.queues.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Address, Content, MessageKind, Outgoing};

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn row(contact: i64, number: i64) -> OutboxRow {
        let content = Content::Text { body: "hi".into() };
        let message = Outgoing { number, ..Outgoing::of_bot(MessageKind::Reply, content, NOW, NOW) };
        let (contact, address) = (ContactId(contact), Address::default());
        OutboxRow { contact, channel: "1".into(), address, message, attempts: 1, follow_up: false }
    }

    fn after(seconds: i64) -> Timestamp {
        NOW + Duration::seconds(seconds)
    }

    fn refused(seconds: i64) -> SendOutcome {
        SendOutcome::RetryAt(after(seconds), "131016".into())
    }

    fn told(outcomes: &[(i64, SendOutcome)]) -> Queues {
        let queues = Queues::default();
        outcomes.iter().for_each(|(number, outcome)| queues.note(&row(1, *number), outcome, NOW));
        queues
    }

    #[test]
    fn a_reply_waits_for_an_earlier_one_until_that_is_sent_again_and_nothing_else_does() {
        let queues = told(&[(5, refused(60))]);
        assert_eq!(queues.held(&row(1, 6), NOW), Some(after(60)));
        assert_eq!(queues.held(&row(1, 6), after(60)), None, "its time has come");
        assert_eq!(queues.held(&row(1, 5), NOW), None, "not for itself");
        assert_eq!(queues.held(&row(2, 6), NOW), None, "not for that of another customer");
        assert_eq!(queues.held(&OutboxRow { follow_up: true, ..row(1, 6) }, NOW), None);
        let mut by_hand = row(1, 6);
        by_hand.message.sender = Sender::Agent("ana".into());
        assert_eq!(queues.held(&by_hand, NOW), None, "a person waits for no answer of the bot");
        assert_eq!(told(&[(5, refused(300))]).held(&row(1, 6), NOW), None, "that would be too long");
    }

    #[test]
    fn the_first_that_waits_holds_the_others_until_it_has_left() {
        let put_back = SendOutcome::PutBack(after(60), "behind another".into());
        let queues = told(&[(5, refused(10)), (6, put_back)]);
        assert_eq!(queues.held(&row(1, 7), NOW), Some(after(10)));
        queues.note(&row(1, 5), &SendOutcome::Accepted { wamid: "w".into() }, after(10));
        assert_eq!(queues.held(&row(1, 6), after(10)), None);
        let accepted = SendOutcome::Accepted { wamid: "w".into() };
        let queues = told(&[(5, refused(10)), (4, accepted)]);
        assert_eq!(queues.held(&row(1, 6), NOW), Some(after(10)), "another one was under way meanwhile");
        let queues = told(&[(5, refused(10)), (5, SendOutcome::Failed("131026".into()))]);
        assert_eq!(queues.held(&row(1, 6), NOW), None, "it was given up");
    }

    #[test]
    fn who_waits_for_nothing_is_forgotten() {
        let queues = Queues::default();
        for contact in 0..5_000 {
            drop(queues.join(ContactId(contact), NOW));
            if contact < 10 {
                queues.note(&row(contact, 1), &refused(60), NOW);
            }
        }
        let kept = |queues: &Queues| queues.0.lock().unwrap_or_else(PoisonError::into_inner).queues.len();
        assert!(kept(&queues) <= LEAST, "{}", kept(&queues));
        assert_eq!(queues.held(&row(9, 2), NOW), Some(after(60)));
    }
}
