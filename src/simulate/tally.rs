//! What is counted while the world turns, and what is said of it at the end.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::Plan;
use super::sender::Dropped;
use crate::domain::{Duration, MessageKind, Outgoing, Timestamp};
use crate::outreach::{Condition, Verdict};
use crate::whatsapp::errors;
use crate::whatsapp::graph::News;
use crate::whatsapp::quality::Quality;

/// What one sender did in its world.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Messages that Meta took, by kind.
    pub sent: BTreeMap<&'static str, u64>,
    /// Follow-ups that were never sent, by the gate's reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// How often one was put off, by the gate's reason.
    pub put_off: BTreeMap<&'static str, u64>,
    /// Errors of the Graph API, by code.
    pub api_errors: BTreeMap<i64, u64>,
    /// Those of them that a careful sender would not have had.
    pub api_errors_caused: BTreeMap<i64, u64>,
    /// Share of what Meta allowed that was used while messages waited for nothing else; 1 when none ever waited.
    pub allowed_rate_used: f64,
    /// Minutes in which messages waited for nothing but Meta's limits.
    pub backlog_minutes: u64,
    /// The longest of the times from when such messages waited until none did any more.
    pub minutes_to_drain: u64,
    /// How many of them still waited at the end.
    pub left_waiting: u64,
    /// Customers who blocked us.
    pub blocks: u64,
    /// Customers who asked for silence.
    pub opt_outs: u64,
    /// Of the rules' messages that the gate let go, the share that was there before its latest time.
    pub promises_kept: f64,
    /// How often a template was paused by Meta.
    pub template_pauses: u64,
    /// The worst quality that Meta gave the number.
    pub worst_quality: &'static str,
    /// Messages that nobody asked for, by the hour since the start.
    #[serde(skip)]
    pub unasked_by_hour: Vec<u64>,
    /// Blocks by the day since the start.
    #[serde(skip)]
    pub blocks_by_day: Vec<u64>,
    #[serde(skip)]
    counting: Counting,
}

/// Figures on the way to others.
#[derive(Clone, Debug, Default, PartialEq)]
struct Counting {
    start: Timestamp,
    per_minute: u64,
    kept: u64,
    broken: u64,
    worst: Quality,
    accepted: u64,
    portfolio: Option<u32>,
    /// Sum of the shares of each minute with a backlog.
    used: f64,
    last: Minute,
}

/// How things stood a minute ago.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Minute {
    backlog: u64,
    accepted: u64,
    /// For how many minutes there has been a backlog.
    waits: u64,
}

impl Tally {
    pub(super) fn new(plan: &Plan) -> Self {
        let counting = Counting {
            start: plan.start,
            per_minute: u64::from(plan.messages_per_second) * 60,
            portfolio: plan.portfolio,
            ..Counting::default()
        };
        Self {
            unasked_by_hour: vec![0; plan.days as usize * 24],
            blocks_by_day: vec![0; plan.days as usize],
            counting,
            ..Self::default()
        }
    }

    pub(super) fn refused(&mut self, verdict: &Verdict) {
        let (counts, why) = match verdict {
            Verdict::Never { why } => (&mut self.refused, why),
            Verdict::NotBefore { why, .. } => (&mut self.put_off, why),
            Verdict::Now | Verdict::OnlyTemplate { .. } => return,
        };
        *counts.entry(why.condition.name()).or_default() += 1;
    }

    /// A message that the gate had let go, and that was not sent after all.
    pub(super) fn dropped(&mut self, dropped: &Dropped) {
        *self.refused.entry(dropped.why.name()).or_default() += 1;
        self.counting.broken += u64::from(dropped.late && is_promise(&dropped.waiting.message));
    }

    pub(super) fn accepted(&mut self, message: &Outgoing, now: Timestamp) {
        *self.sent.entry(message.kind.name()).or_default() += 1;
        self.counting.accepted += 1;
        if message.kind == MessageKind::Reply {
            return;
        }
        let hour = (now - self.counting.start).0 / Duration::hours(1).0;
        if let Some(count) = self.unasked_by_hour.get_mut(hour as usize) {
            *count += 1;
        }
        if is_promise(message) {
            let in_time = now <= message.expires;
            self.counting.kept += u64::from(in_time);
            self.counting.broken += u64::from(!in_time);
        }
    }

    pub(super) fn error(&mut self, code: i64, caused: bool) {
        *self.api_errors.entry(code).or_default() += 1;
        if caused {
            *self.api_errors_caused.entry(code).or_default() += 1;
        }
    }

    pub(super) fn blocked(&mut self, now: Timestamp) {
        self.blocks += 1;
        let day = (now - self.counting.start).0 / Duration::days(1).0;
        if let Some(count) = self.blocks_by_day.get_mut(day as usize) {
            *count += 1;
        }
    }

    pub(super) fn news(&mut self, news: &News) {
        match news {
            News::TemplatePaused { .. } => self.template_pauses += 1,
            News::Quality(quality) => self.counting.worst = self.counting.worst.max(*quality),
        }
    }

    /// A minute has passed. Where messages waited all through it for nothing but Meta, the limit that bound them was either the
    /// number's throughput or the portfolio's customers in 24 hours: how much of it was used?
    pub(super) fn minute(&mut self, backlog: usize, room: Option<u32>) {
        let counting = &mut self.counting;
        let waits = if backlog > 0 { counting.last.waits + 1 } else { 0 };
        let now = Minute { backlog: backlog as u64, accepted: counting.accepted, waits };
        let last = std::mem::replace(&mut counting.last, now);
        self.minutes_to_drain = self.minutes_to_drain.max(waits);
        if last.backlog == 0 || now.backlog == 0 {
            return;
        }
        self.backlog_minutes += 1;
        let used = match (room, counting.portfolio) {
            (Some(room), Some(most)) if u64::from(room) < counting.per_minute => {
                1.0 - f64::from(room) / f64::from(most)
            }
            _ => (counting.accepted - last.accepted) as f64 / counting.per_minute as f64,
        };
        counting.used += used.min(1.0);
    }

    /// Works out the shares.
    pub(super) fn finished(mut self) -> Self {
        let share = |part: u64, whole: u64| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        let counting = &self.counting;
        self.allowed_rate_used =
            if self.backlog_minutes == 0 { 1.0 } else { counting.used / self.backlog_minutes as f64 };
        self.left_waiting = counting.last.backlog;
        self.promises_kept = share(counting.kept, counting.kept + counting.broken);
        self.worst_quality = counting.worst.name();
        self
    }

    /// Messages that nobody asked for.
    pub fn unasked(&self) -> u64 {
        self.sent.iter().filter(|(kind, _)| **kind != MessageKind::Reply.name()).map(|(_, count)| count).sum()
    }
}

fn is_promise(message: &Outgoing) -> bool {
    message.rule.as_ref().is_some_and(|rule| !rule.starts_with("campaign:"))
}

/// Both senders beside each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Days that were lived through.
    pub days: u32,
    /// Customers.
    pub contacts: usize,
    /// What chance was made of.
    pub seed: u64,
    /// Different customers that templates may reach in 24 hours.
    pub portfolio: Option<u32>,
    /// Ours.
    #[serde(flatten)]
    pub ours: Tally,
    /// All at once, no gate.
    pub naive: Tally,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ours, naive, .. } = self;
        writeln!(f, "{} days, {} contacts, seed {}\n", self.days, self.contacts, self.seed)?;
        writeln!(f, "{:<44}{:>12}{:>12}", "", "Hotline", "naive")?;
        for kind in ours.sent.keys().chain(naive.sent.keys()).collect::<std::collections::BTreeSet<_>>() {
            row(f, &format!("sent: {kind}"), ours.sent.get(kind), naive.sent.get(kind))?;
        }
        let codes = ours.api_errors.keys().chain(naive.api_errors.keys()).collect::<std::collections::BTreeSet<_>>();
        for code in codes {
            row(
                f,
                &format!("error {}", errors::explain(*code)),
                ours.api_errors.get(code),
                naive.api_errors.get(code),
            )?;
        }
        let caused = |tally: &Tally| tally.api_errors_caused.values().sum::<u64>();
        row(f, "errors caused by the sender", Some(&caused(ours)), Some(&caused(naive)))?;
        row(f, "customers who blocked the shop", Some(&ours.blocks), Some(&naive.blocks))?;
        row(f, "customers who asked for silence", Some(&ours.opt_outs), Some(&naive.opt_outs))?;
        row(f, "templates paused by Meta", Some(&ours.template_pauses), Some(&naive.template_pauses))?;
        writeln!(f, "{:<44}{:>12}{:>12}", "worst quality of the number", ours.worst_quality, naive.worst_quality)?;
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        let waited = format!("allowed rate used, {} minutes of backlog", ours.backlog_minutes);
        writeln!(f, "{:<44}{:>12}", waited, percent(ours.allowed_rate_used))?;
        let drained = format!("{} h {:02} min", ours.minutes_to_drain / 60, ours.minutes_to_drain % 60);
        writeln!(f, "{:<44}{drained:>12}", "longest time until a backlog was drained")?;
        row(f, "follow-ups still in a backlog at the end", Some(&ours.left_waiting), None)?;
        let (kept, naive_kept) = (percent(ours.promises_kept), percent(naive.promises_kept));
        writeln!(f, "{:<44}{kept:>12}{naive_kept:>12}", "promises kept")?;
        for (title, counts) in [("\nnot sent, because", &ours.refused), ("\nput off, because", &ours.put_off)] {
            writeln!(f, "{title}")?;
            for (reason, count) in counts {
                let said = Condition::ALL.iter().find(|condition| condition.name() == *reason);
                writeln!(f, "{count:>10}  {}", said.map_or_else(|| (*reason).to_owned(), ToString::to_string))?;
            }
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, ours: Option<&u64>, naive: Option<&u64>) -> fmt::Result {
    let name: String = name.chars().take(43).collect();
    writeln!(f, "{name:<44}{:>12}{:>12}", ours.unwrap_or(&0), naive.unwrap_or(&0))
}
