//! What a call that was not taken means for its message, and for all others.

use std::sync::Arc;

use super::lanes::Lane;
use crate::domain::{Duration, Timestamp};
use crate::engine::Engine;
use crate::store::{OutboxRow, SendOutcome};
use crate::whatsapp::client::SendError;
use crate::whatsapp::errors::{self, Action, MOST_ATTEMPTS, UNAVAILABLE};

/// What an error means for this message.
pub(crate) fn judge(error: &SendError, row: &OutboxRow, now: Timestamp) -> SendOutcome {
    let said = match error.code {
        Some(code) => errors::explain(code),
        None => error.detail.clone(),
    };
    if error.uncertain {
        return SendOutcome::Uncertain(said);
    }
    let asked = error.retry_after.unwrap_or_default();
    let at = |wait: Duration| {
        // A little apart, so that all who failed together do not come back together.
        let apart = Duration::millis(rand::random_range(0..=wait.0 / 4));
        let at = Timestamp((now + wait.max(asked)).0 + apart.0);
        // Once more before it is of no use, if Meta does not wish to be left alone for longer.
        let last = row.message.expires - Duration::seconds(2);
        if last > now + asked { at.min(last) } else { at }
    };
    if let Some(wait) = error.code.and_then(errors::policy).and_then(|policy| policy.all_wait()) {
        return SendOutcome::PutBack(at(wait), said);
    }
    // Only what Meta never heard of is tried for as long as it is of use.
    let code = error.code.or((!error.unreached).then_some(UNAVAILABLE));
    let wait = errors::wait(code, row.attempts).filter(|_| error.unreached || row.attempts < MOST_ATTEMPTS);
    match (wait, error.code) {
        (Some(wait), _) => SendOutcome::RetryAt(at(wait), said),
        (None, Some(code)) => SendOutcome::Refused { code, said },
        (None, None) => SendOutcome::Failed(said),
    }
}

impl Engine {
    /// Nothing is called for a while where Meta refused for what holds for all: of this number, or of all of them. Where it refused
    /// for another reason, it takes what others send.
    pub(crate) fn take_pause(&self, (lane, began): (&Lane, Timestamp), code: i64, asked: Option<Duration>) {
        let policy = errors::policy(code);
        let Some(pause) = policy.and_then(|policy| policy.pauses) else { return lane.go_on(began) };
        let now = self.now();
        let until = now + pause.max(asked.unwrap_or_default());
        let of_number = policy.is_some_and(|policy| policy.action == Action::NumberPause);
        let is_meant = |other: &&Arc<Lane>| !of_number || other.channel == lane.channel;
        for paused in self.lanes().iter().filter(is_meant) {
            if paused.pause(until, now) {
                tracing::warn!(number = %paused.channel, "nothing is called for a while: {}", errors::explain(code));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Address, ContactId, Content, MessageKind, Outgoing};

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn judged(code: Option<i64>, unreached: bool, attempts: i64) -> SendOutcome {
        let error = SendError { code, retry_after: None, uncertain: false, unreached, detail: "no code".into() };
        let content = Content::Text { body: "hi".into() };
        let message = Outgoing::of_bot(MessageKind::Reply, content, NOW, NOW + Duration::hours(1));
        let (contact, address) = (ContactId(1), Address::default());
        judge(&error, &OutboxRow { contact, channel: "1".into(), address, message, attempts, follow_up: false }, NOW)
    }

    #[test]
    fn what_holds_for_all_uses_up_no_message_and_what_is_of_one_does() {
        // The token, the number, the account, the card, and too many calls of the app.
        for code in [0, 3, 4, 10, 17, 33, 190, 613, 80_007, 131_005, 131_031, 131_037, 131_042, 131_048, 133_010] {
            assert!(matches!(judged(Some(code), false, 9), SendOutcome::PutBack(at, _) if at > NOW), "{code}");
        }
        assert!(matches!(judged(Some(131_016), false, 4), SendOutcome::RetryAt(..)));
        for code in [131_016, 131_026, 100] {
            assert!(matches!(judged(Some(code), false, 5), SendOutcome::Refused { code: told, .. } if told == code));
        }
    }

    #[test]
    fn a_refusal_without_a_code_is_tried_five_times_and_what_meta_never_heard_of_for_as_long_as_it_is_of_use() {
        assert!(matches!(judged(None, false, 4), SendOutcome::RetryAt(at, _) if at >= NOW + Duration::minutes(15)));
        assert_eq!(judged(None, false, 5), SendOutcome::Failed("no code".into()));
        assert!(matches!(judged(None, true, 50), SendOutcome::RetryAt(..)));
    }
}
