//! The error policy: what each code of the Graph API means and what the sender does about it, as data (section 6).

use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::{Duration, duration_if_any, durations, embedded};

/// What to do about an error. `errors.toml` explains each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "explained at the top of errors.toml")]
pub enum Action {
    Fix,
    Retry,
    Pair,
    RecipientStop,
    MarketingStop,
    Window,
    LanguageGone,
    TemplatePause,
    NumberPause,
    AccountPause,
}

/// One code, or a range of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Policy {
    from: i64,
    #[serde(default)]
    to: Option<i64>,
    #[serde(default)]
    http: Option<u16>,
    /// What to do.
    pub action: Action,
    #[serde(default, deserialize_with = "durations")]
    waits: Vec<Duration>,
    /// How long what it pauses rests, unless Meta or a person lifts it before; `None` until then.
    #[serde(default, deserialize_with = "duration_if_any")]
    pub rests: Option<Duration>,
    /// How long the number sends slower, if this says that it was too much.
    #[serde(default, deserialize_with = "duration_if_any")]
    pub slows: Option<Duration>,
    /// How long nothing at all is called after it: neither for this message nor for any other, from the number or from all of them.
    #[serde(default, deserialize_with = "duration_if_any")]
    pub pauses: Option<Duration>,
    /// What happened, in words for people.
    pub meaning: String,
}

impl Policy {
    /// How long a message waits that was refused for what holds for all of the number or the account, and is not used up by it; `None`
    /// where it was refused for a reason of its own.
    pub fn all_wait(&self) -> Option<Duration> {
        let is_of_all = matches!(self.action, Action::NumberPause | Action::AccountPause);
        self.pauses.or(is_of_all.then_some(WHILE_MENDED))
    }
}

#[derive(Deserialize)]
struct Table {
    code: Vec<Policy>,
}

static TABLE: LazyLock<Vec<Policy>> =
    LazyLock::new(|| embedded::<Table>("errors.toml", include_str!("errors.toml")).code);

/// Attempts after which a message is given up (section 6, general policy).
pub const MOST_ATTEMPTS: i64 = 5;
/// How long a message waits that a whole account or number cannot send now: a person has to mend it first.
const WHILE_MENDED: Duration = Duration::minutes(1);
/// A refusal that tells no code is treated as this one (section 6, general policy): the service is not available.
pub const UNAVAILABLE: i64 = 131_016;
/// Until every node knows that a template is gone in a language, and so in which other one it leaves.
const WHILE_TOLD: Duration = Duration::seconds(2);

/// The policy of a code; of one that we do not know, `None`: treated like a service that is not available.
pub fn policy(code: i64) -> Option<&'static Policy> {
    TABLE.iter().find(|policy| (policy.from..=policy.to.unwrap_or(policy.from)).contains(&code))
}

/// How long to wait before a message is sent again after its `attempt`th failure, from 1; `None` is not at all.
pub fn wait(code: Option<i64>, attempt: i64) -> Option<Duration> {
    let attempt = attempt.max(1);
    // It never reached Meta, or tells a code that nobody knows: as 131016, but from a second on.
    let unknown = Some(Duration::seconds(1 << (attempt - 1).min(6)));
    let Some(policy) = code.and_then(policy) else { return unknown };
    match policy.action {
        Action::Retry => policy.waits.get(attempt as usize - 1).copied(),
        Action::Pair => Some(Duration::seconds(4_i64.pow((attempt - 1).min(4) as u32))),
        Action::AccountPause | Action::NumberPause => Some(WHILE_MENDED),
        Action::LanguageGone => Some(WHILE_TOLD),
        Action::Fix | Action::RecipientStop | Action::MarketingStop | Action::Window | Action::TemplatePause => None,
    }
}

/// How long to wait before a message is sent again after each attempt that a status says has failed: for an error of a moment or of one
/// customer. What else is wrong, nothing is sent again by a status, which comes when the message is out of hand.
pub fn waits(code: i64) -> Vec<Duration> {
    match policy(code).map(|policy| policy.action) {
        Some(Action::Retry | Action::Pair) => {
            (1..MOST_ATTEMPTS).map_while(|attempt| wait(Some(code), attempt)).collect()
        }
        _ => Vec::new(),
    }
}

/// The HTTP status that Meta's page prints for a code (section 6). Nothing of ours follows from it: others print 429 for some.
pub fn http_status(code: i64) -> u16 {
    policy(code).and_then(|policy| policy.http).unwrap_or(400)
}

/// What happened, in words for people, with the code to look up.
pub fn explain(code: i64) -> String {
    match policy(code) {
        Some(policy) => format!("{} ({code})", policy.meaning),
        None => format!("Meta's error {code}"),
    }
}

/// What is written down of a message that failed for a reason which passes: the code, as a status tells it, and the words for it.
pub fn that_pass() -> Vec<String> {
    let passes = |policy: &&Policy| {
        use Action::{AccountPause, LanguageGone, NumberPause, Pair, Retry};
        matches!(policy.action, Retry | Pair | LanguageGone | AccountPause | NumberPause)
    };
    let codes = TABLE.iter().filter(passes).flat_map(|policy| policy.from..=policy.to.unwrap_or(policy.from));
    codes.flat_map(|code| [code.to_string(), explain(code)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_readable_and_in_order() {
        assert!(TABLE.len() > 40);
        let mut last = -1;
        for policy in TABLE.iter() {
            assert!(policy.from > last, "{} stands out of order", policy.from);
            last = policy.to.unwrap_or(policy.from);
            assert_eq!(policy.action == Action::Retry, !policy.waits.is_empty(), "{}", policy.from);
        }
    }

    #[test]
    fn statuses_are_those_of_metas_page() {
        let cases = [
            (401, vec![0, 190]),
            (403, vec![10, 200, 250, 299, 368, 130_497, 131_005, 131_031]),
            (404, vec![132_001]),
            (500, vec![3, 131_000, 131_016, 131_045, 131_057, 133_000, 134_102]),
            (503, vec![2, 133_004]),
            (400, vec![1, 4, 33, 100, 80_007, 130_429, 131_008, 131_047, 131_056, 132_000, 133_010, 134_101, 999_999]),
        ];
        for (status, codes) in cases {
            codes.into_iter().for_each(|code| assert_eq!(http_status(code), status, "{code}"));
        }
    }

    #[test]
    fn waits_follow_the_policy() {
        assert_eq!(wait(Some(131_056), 3), Some(Duration::seconds(16)));
        assert_eq!(wait(Some(131_000), 1), Some(Duration::seconds(10)));
        assert_eq!(wait(Some(131_000), 4), None);
        assert_eq!(wait(Some(131_047), 1), None);
        assert_eq!(wait(None, 3), Some(Duration::seconds(4)));
        assert_eq!(waits(131_053), [10, 60].map(Duration::seconds));
        assert_eq!(waits(131_056), [1, 4, 16, 64].map(Duration::seconds));
        assert!([131_026, 131_049, 190, 999_999].into_iter().all(|code| waits(code).is_empty()));
        // Sent again they would be refused again.
        for code in [131_041, 131_200, 138_018, 139_004, 139_103, 139_200, 147_005, 2_388_023] {
            assert_eq!(wait(Some(code), 1), None, "{code}");
        }
    }
}
