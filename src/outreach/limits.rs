//! What holds messages back for many customers at once: the figures of `keywords/limits.toml`, and the breaker's judgement.

use serde::Deserialize;

use crate::domain::{Duration, Problem, SourceFile, Timestamp, duration};

/// The figures. The file explains each.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in keywords/limits.toml")]
pub struct Limits {
    pub portfolio_until_told: u32,
    pub throughput: Throughput,
    pub warm_up: WarmUp,
    pub breaker: Breaker,
    pub kept_back: KeptBack,
    pub resume: Resume,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throughput {
    pub standard: u32,
    pub high: u32,
    pub business_app: u32,
    pub slowed: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    pub per_day: Vec<u32>,
    pub proved: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breaker {
    #[serde(deserialize_with = "duration")]
    pub within: Duration,
    pub least: u64,
    pub failed: f64,
    pub opted_out: f64,
    pub arrived_at_least: f64,
    pub read_at_least: f64,
    #[serde(deserialize_with = "duration")]
    pub rests: Duration,
    #[serde(deserialize_with = "duration")]
    pub yellow_rests: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "explained in keywords/limits.toml")]
pub struct KeptBack {
    pub in_a_row: usize,
    pub errors: Vec<i64>,
    #[serde(deserialize_with = "duration")]
    pub told_within: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    pub per_hour: Vec<u32>,
}

/// What became of messages that nobody asked for, of a number or of one of its templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// They left.
    pub sent: u64,
    /// They failed, at once or later.
    pub failed: u64,
    /// Their customers want nothing more by now. Nothing leaves to those who wanted nothing before.
    pub opted_out: u64,
    /// They left long enough ago to have arrived and been read.
    pub left: u64,
    /// Those of them that arrived: what a customer blocked stays where it is.
    pub arrived: u64,
    /// Those of them that were read.
    pub read: u64,
}

impl Outcomes {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            failed: self.failed + other.failed,
            opted_out: self.opted_out + other.opted_out,
            left: self.left + other.left,
            arrived: self.arrived + other.arrived,
            read: self.read + other.read,
        }
    }
}

impl Limits {
    /// Reads `limits.toml` among the files.
    pub fn compile(files: &[SourceFile]) -> (Option<Self>, Vec<Problem>) {
        let file = SourceFile::required(files, "limits.toml", "what may be sent to many at once");
        match file.and_then(|file| file.toml("")) {
            Ok(limits) => (Some(limits), Vec::new()),
            Err(problem) => (None, vec![problem]),
        }
    }

    /// How many customers templates of a number may reach in 24 hours by its age, if that is less than Meta's own limit.
    pub fn warm_up(&self, known_since: Timestamp, tier: Option<u32>, now: Timestamp) -> Option<u32> {
        let day = (now - known_since).0.max(0) / Duration::days(1).0;
        let proved = tier.is_none_or(|tier| tier > self.warm_up.proved);
        self.warm_up.per_day.get(day as usize).copied().filter(|_| !proved)
    }

    /// How many unasked messages may go within this hour after a rest, if it grows back still.
    pub fn after_rest(&self, resumed: Timestamp, now: Timestamp) -> Option<u32> {
        let hour = (now - resumed).0.max(0) / Duration::hours(1).0;
        self.resume.per_hour.get(hour as usize).copied()
    }
}

impl Throughput {
    /// Messages a second of a number by the name of its throughput; `otherwise` where Meta told none. While it is slowed, Meta has
    /// just said that it was too much.
    pub fn pace(&self, told: &str, otherwise: u32, is_slowed: bool) -> u32 {
        let per_second = match told {
            "STANDARD" => self.standard,
            "HIGH" => self.high,
            "BUSINESS_APP" => self.business_app,
            _ => otherwise,
        };
        match is_slowed {
            true => ((f64::from(per_second) * self.slowed) as u32).max(1),
            false => per_second,
        }
    }
}

impl KeptBack {
    /// Why a number has to rest, if it has to: `latest` tells of its latest unasked messages, the newest first, whether Meta kept
    /// each from its customer.
    pub fn judge(&self, latest: impl IntoIterator<Item = bool>) -> Option<String> {
        let row = latest.into_iter().take(self.in_a_row).take_while(|kept| *kept).count();
        (row >= self.in_a_row).then(|| format!("Meta kept the last {row} messages from their customers"))
    }
}

impl Breaker {
    /// Why a number or a template has to rest, if it has to.
    pub fn judge(&self, outcomes: Outcomes) -> Option<String> {
        let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        let Outcomes { sent, failed, opted_out, left, arrived, read } = outcomes;
        if sent >= self.least && share(failed, sent) > self.failed {
            return Some(format!("{} of {sent} messages failed", percent(share(failed, sent))));
        }
        if sent >= self.least && share(opted_out, sent) > self.opted_out {
            return Some(format!("{} of {sent} customers want nothing more", percent(share(opted_out, sent))));
        }
        if left >= self.least && share(arrived, left) < self.arrived_at_least {
            return Some(format!("only {} of {left} messages arrived", percent(share(arrived, left))));
        }
        // Where nobody's phone tells what was read, nothing can be said.
        if arrived >= self.least && read > 0 && share(read, arrived) < self.read_at_least {
            return Some(format!("only {} of {arrived} messages were read", percent(share(read, arrived))));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use super::*;

    fn limits() -> Limits {
        let text = include_str!("../../keywords/limits.toml").to_owned();
        Limits::compile(&[SourceFile { path: "limits.toml".into(), text }]).0.unwrap()
    }

    #[test]
    fn a_new_number_begins_slowly_unless_meta_trusts_it_already() {
        let (limits, born) = (limits(), Timestamp(0));
        assert_eq!(limits.warm_up(born, Some(250), Timestamp(0)), Some(50));
        assert_eq!(limits.warm_up(born, Some(2_000), Timestamp(0) + Duration::days(2)), Some(200));
        assert_eq!(limits.warm_up(born, Some(2_000), Timestamp(0) + Duration::days(6)), None);
        assert_eq!(limits.warm_up(born, Some(10_000), Timestamp(0)), None);
        assert_eq!(limits.warm_up(born, None, Timestamp(0)), None);
    }

    #[test]
    fn a_number_s_pace_is_what_meta_tells_and_half_of_it_after_it_was_too_much() {
        let throughput = limits().throughput;
        let pace = |told, is_slowed| throughput.pace(told, 60, is_slowed);
        assert_eq!([pace("STANDARD", false), pace("HIGH", false), pace("BUSINESS_APP", false)], [80, 1_000, 20]);
        assert_eq!([pace("", false), pace("NOT_APPLICABLE", true), pace("HIGH", true)], [60, 30, 500]);
    }

    #[test]
    fn a_number_rests_when_meta_keeps_message_after_message_from_its_customers() {
        let kept_back = limits().kept_back;
        let row = |kept: usize, left: usize| std::iter::repeat_n(true, kept).chain(std::iter::repeat_n(false, left));
        assert_eq!(kept_back.judge(row(7, 0)), None);
        assert_eq!(kept_back.judge(row(7, 1).chain(row(20, 0))), None, "one that left ends the row");
        assert_eq!(kept_back.judge(row(8, 30)).unwrap(), "Meta kept the last 8 messages from their customers");
    }

    #[test]
    fn after_a_rest_it_grows_back_by_the_hour() {
        let limits = limits();
        let at = |minutes| limits.after_rest(Timestamp(0), Timestamp(0) + Duration::minutes(minutes));
        assert_eq!([at(0), at(59), at(60), at(179), at(180)], [Some(50), Some(50), Some(200), Some(1_000), None]);
    }

    #[test]
    fn the_breaker_opens_on_failures_and_opt_outs_and_when_nothing_arrives_or_is_read_any_more() {
        let breaker = limits().breaker;
        let judge = |outcomes| breaker.judge(outcomes);
        let failed = |sent, failed| judge(Outcomes { sent, failed, ..Outcomes::default() });
        assert_eq!(failed(49, 49), None, "too few to say anything");
        assert_eq!(failed(100, 25), None);
        assert_eq!(failed(100, 26).unwrap(), "26 % of 100 messages failed");
        let read = |arrived, read| judge(Outcomes { sent: 200, left: 200, arrived, read, ..Outcomes::default() });
        assert_eq!(read(200, 19).unwrap(), "only 10 % of 200 messages were read");
        assert_eq!(read(200, 20), None);
        assert_eq!(read(200, 0), None, "no receipts at all: nothing is known");
        assert_eq!(read(99, 50).unwrap(), "only 50 % of 200 messages arrived");
        assert_eq!(read(100, 50), None);
        let opted_out = |opted_out| judge(Outcomes { sent: 100, opted_out, ..Outcomes::default() });
        assert_eq!(opted_out(6).unwrap(), "6 % of 100 customers want nothing more");
        assert_eq!(opted_out(5), None);
    }
}
