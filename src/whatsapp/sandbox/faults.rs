//! What goes wrong on purpose (section 9, point 3).

use serde::{Deserialize, Deserializer, Serialize, de};

/// What goes wrong on purpose. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Every answer waits so many milliseconds.
    pub latency_ms: u64,
    /// Share of calls answered 503 with HTML, nothing accepted.
    #[serde(deserialize_with = "share")]
    pub unavailable: f64,
    /// Share of calls that are accepted, and the connection dropped before the answer.
    #[serde(deserialize_with = "share")]
    pub lost_answers: f64,
    /// The status `sent` is told before the call is answered.
    pub status_before_answer: bool,
    /// Share of messages whose `read` is told without `delivered`.
    #[serde(deserialize_with = "share")]
    pub read_without_delivered: f64,
    /// Share of webhooks that are never delivered.
    #[serde(deserialize_with = "share")]
    pub drop: f64,
    /// Every webhook waits so many milliseconds.
    pub delay_ms: u64,
    /// Share of webhooks delivered twice.
    #[serde(deserialize_with = "share")]
    pub duplicates: f64,
    /// Share of webhooks held back behind the next ones.
    #[serde(deserialize_with = "share")]
    pub reorder: f64,
    /// So many messages and statuses are told in one webhook, if they come close together; 0 is one, Meta's own most is 1,000.
    #[serde(deserialize_with = "batch")]
    pub batch: usize,
    /// The next calls are refused with this code.
    pub next_code: Option<i64>,
    /// How many of them.
    pub next_codes: u32,
    /// The number is `RESTRICTED`, and its health says that nothing may be sent.
    pub restricted: bool,
    /// The number's health says that it may send only in part.
    pub limited: bool,
    /// So many per cent of the calls that Meta allows are used, as the header of each answer tells; nothing is refused for it.
    pub usage: u32,
}

/// Whether something happens this time that happens in this share of cases.
pub(super) fn happens(share: f64) -> bool {
    rand::random_bool(share.clamp(0.0, 1.0))
}

fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let share = f64::deserialize(deserializer)?;
    let known = (0.0..=1.0).contains(&share).then_some(share);
    known.ok_or_else(|| de::Error::custom(format!("a share is from 0 to 1, not {share}")))
}

fn batch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let batch = usize::deserialize(deserializer)?;
    let known = (batch <= 1_000).then_some(batch);
    known.ok_or_else(|| de::Error::custom(format!("a webhook tells of 1,000 updates at most, not of {batch}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_is_unknown_or_no_share_is_refused() {
        for (text, is_known) in [
            (r#"{"unavailable": 1}"#, true),
            (r#"{"drop": 0.5, "batch": 1000, "status_before_answer": true}"#, true),
            (r#"{"unavailable": 5}"#, false),
            (r#"{"duplicates": -1}"#, false),
            (r#"{"batch": 1001}"#, false),
            (r#"{"nope": 1}"#, false),
        ] {
            assert_eq!(serde_json::from_str::<Faults>(text).is_ok(), is_known, "{text}");
        }
    }
}
