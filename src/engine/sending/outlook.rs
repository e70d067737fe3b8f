//! What stands in the way of follow-ups now, and how much of each limit is used: for the API and the console.

use std::collections::BTreeMap;

use serde::Serialize;

use super::holds::TEMPLATES;
use crate::domain::{ContactId, Duration, Timestamp};
use crate::engine::Engine;
use crate::engine::fold::state::State;
use crate::outreach::{Held, Planned, Shared, Verdict};
use crate::store::{CampaignState, FailureRow, HoldRow, StoreError, WaitingRow};
use crate::whatsapp::errors;

/// Failures of so long are told.
pub const FAILURES_OF: Duration = Duration::days(7);
/// Where nobody knows when a hold ends, it is asked about again after this.
const ASK_AGAIN: Duration = Duration::hours(1);

/// How sending unasked stands. Instants are RFC 3339.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Outlook {
    pub at: String,
    /// Planned for a later moment: nothing is decided yet.
    pub planned: i64,
    /// Decided, and not sent yet.
    pub waiting: i64,
    /// Waiting, and put off to a later moment.
    pub put_off: i64,
    /// In the last 24 hours.
    pub sent: i64,
    /// In the last 24 hours.
    pub failed: i64,
    pub held: Vec<HeldBack>,
    pub portfolio: Portfolio,
    pub numbers: Vec<Number>,
    /// Why follow-ups of the last seven days failed, the most frequent reason first.
    pub failures: Vec<Failure>,
    /// The next ones of those that wait, the earliest first.
    pub next: Vec<Next>,
    /// The next ones of those that are planned, the earliest first.
    pub plans: Vec<Plan>,
    /// The newest first.
    pub history: Vec<Happened>,
}

/// Something that is not sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldBack {
    /// `account`, `number:ID` or `template:NAME`.
    pub what: String,
    /// In words.
    pub why: String,
    /// `meta`, `breaker`, or who of the shop.
    pub by: String,
    /// Since when.
    pub since: String,
    /// Until when; absent until Meta or a person lifts it.
    pub until: Option<String>,
}

/// Different customers in 24 hours, for all numbers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Portfolio {
    /// What Meta allows; absent is unlimited.
    pub limit: Option<u32>,
    /// Meta has told it; else it is what a new portfolio begins with.
    pub told: bool,
    /// How many were reached.
    pub used: i64,
}

/// One of our numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Number {
    /// Meta's id of it.
    pub number: String,
    /// As people write it.
    pub display: String,
    /// Meta's word.
    pub quality: String,
    /// Meta's word, such as `CONNECTED`; empty until it is told.
    pub status: String,
    /// Meta's word, `STANDARD` or `HIGH`; `BUSINESS_APP` where the app is used as well; empty until it is told.
    pub throughput: String,
    /// Messages a second.
    pub messages_per_second: u32,
    /// Until when it sends slower, since Meta said that it was too much; absent when it does not.
    pub slower_until: Option<String>,
    /// Customers that its templates reached in 24 hours.
    pub customers: i64,
    /// How many it may reach while it is new; absent when it is not.
    pub warm_up: Option<u32>,
    /// How many unasked messages may go within an hour after a rest; absent when it has grown back.
    pub this_hour: Option<u32>,
    /// Unasked messages that left within an hour.
    pub sent_in_hour: i64,
    /// When Meta told of it last.
    pub checked: Option<String>,
}

/// A follow-up that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Next {
    /// To whom: our own number of them.
    pub contact: i64,
    /// What it is for.
    pub kind: String,
    /// Its template, outside the service window.
    pub template: Option<String>,
    /// When it is looked at next.
    pub not_before: String,
    /// Dropped after this.
    pub not_after: String,
    /// Why it waits, if it was put off.
    pub why: Option<String>,
}

/// A follow-up that is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// To whom: our own number of them.
    pub contact: i64,
    /// What it is for.
    pub kind: String,
    /// Reply file and template.
    pub template: String,
    /// The rule, sequence or campaign behind it.
    pub rule: String,
    /// When it is looked at next.
    pub at: String,
    /// Dropped after this.
    pub not_after: String,
    /// What the gate would say of it now.
    pub says: String,
}

impl Plan {
    fn of(contact: ContactId, plan: &Planned, verdict: &Verdict, stopped: &Stopped) -> Self {
        Self {
            contact: contact.0,
            kind: plan.kind.name().into(),
            template: plan.template.clone(),
            rule: plan.rule.to_string(),
            at: plan.due().rfc3339(),
            not_after: plan.not_after.rfc3339(),
            says: says(plan, verdict, stopped),
        }
    }
}

/// Campaigns of which nothing goes out now, or ever.
#[derive(Clone, Debug, Default)]
pub struct Stopped {
    paused: Vec<String>,
    cancelled: Vec<String>,
}

impl Stopped {
    /// Whether a plan is wanted still: what a cancelled campaign planned is about to be dropped.
    pub fn wants(&self, plan: &Planned) -> bool {
        !plan.campaign.as_ref().is_some_and(|campaign| self.cancelled.contains(campaign))
    }
}

/// What the gate would say of a plan, in words.
pub fn says(plan: &Planned, verdict: &Verdict, stopped: &Stopped) -> String {
    let is_paused = plan.campaign.as_ref().is_some_and(|campaign| stopped.paused.contains(campaign));
    match verdict {
        Verdict::Now | Verdict::OnlyTemplate { .. } | Verdict::NotBefore { .. } if is_paused => {
            "not now: its campaign is paused".into()
        }
        Verdict::NotBefore { at, why } if *at > plan.not_after => format!("would not go in its time: {why}"),
        Verdict::Now => "nothing stands in the way now".into(),
        Verdict::OnlyTemplate { why, .. } => format!("as a template: {why}"),
        Verdict::NotBefore { why, .. } => format!("not now: {why}"),
        Verdict::Never { why } => format!("would not go: {why}"),
    }
}

/// Why follow-ups failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// In words, with Meta's code where there is one.
    pub reason: String,
    /// How many.
    pub count: i64,
    /// When the first of them left.
    pub since: String,
    /// When the last one failed.
    pub last: String,
}

/// The same reason stands as a code where a status told it, and in words where the call did.
fn failures(rows: Vec<FailureRow>) -> Vec<Failure> {
    let mut by_reason: BTreeMap<String, FailureRow> = BTreeMap::new();
    for row in rows {
        let words = match row.reason.parse() {
            Ok(code) => errors::explain(code),
            Err(_) if row.reason.is_empty() => "Meta gave no reason".into(),
            Err(_) => row.reason.clone(),
        };
        let sum = by_reason.entry(words).or_insert_with(|| FailureRow { count: 0, ..row.clone() });
        (sum.count, sum.since, sum.last) = (sum.count + row.count, sum.since.min(row.since), sum.last.max(row.last));
    }
    let told = |(reason, row): (String, FailureRow)| Failure {
        reason,
        count: row.count,
        since: row.since.rfc3339(),
        last: row.last.rfc3339(),
    };
    let mut failures: Vec<Failure> = by_reason.into_iter().map(told).collect();
    failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
    failures
}

/// A line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Happened {
    pub at: String,
    pub what: String,
    pub said: String,
}

/// What stands in the way of many.
pub(crate) struct Standing {
    held: Vec<HoldRow>,
    portfolio: Portfolio,
    numbers: Vec<Number>,
    closed: Vec<String>,
    now: Timestamp,
}

impl Standing {
    /// A follow-up that waits: why it was put off, else what holds it with others.
    fn tell(&self, row: WaitingRow) -> Next {
        let shared = || {
            let shared = self.shared(&row.channel, row.template.as_deref(), row.campaign.as_ref());
            shared.holds(row.template.is_some()).next().map(|(_, reason)| reason.to_string())
        };
        let why = row.why.clone().or_else(shared);
        Next {
            contact: row.contact.0,
            kind: row.kind,
            template: row.template,
            not_before: row.due.rfc3339(),
            not_after: row.expires.rfc3339(),
            why,
        }
    }

    /// Of what a person sends: what rules fill in too little of does not hold that; a customer whom templates reached today takes up
    /// no more room.
    pub(crate) fn of_answer(&self, channel: &str, template: &str, is_reached: bool) -> Shared {
        let mut shared = self.shared(channel, None, None);
        let key = format!("template:{template}");
        let held = self.held.iter().find(|held| held.what == key && held.source != TEMPLATES);
        shared.template = held.map(|held| self.hold(held));
        if is_reached {
            (shared.portfolio, shared.warm_up) = (None, None);
        }
        shared
    }

    fn hold(&self, held: &HoldRow) -> Held {
        Held { until: held.until.unwrap_or(self.now + ASK_AGAIN), why: held.why.clone() }
    }

    fn shared(&self, channel: &str, template: Option<&str>, campaign: Option<&String>) -> Shared {
        let until = self.now + ASK_AGAIN;
        let held = |what: &str| Some(self.hold(self.held.iter().find(|held| held.what == what)?));
        let full = |used: i64, most: Option<u32>| {
            let most = most.filter(|most| used >= i64::from(*most))?;
            Some(Held { until, why: format!("{used} of {most} customers in 24 hours") })
        };
        let number = self.numbers.iter().find(|number| number.number == channel);
        let growing = number.and_then(|number| {
            let most = number.this_hour.filter(|most| number.sent_in_hour >= i64::from(*most))?;
            let why = format!("it grows back after a rest: {} of {most} within an hour", number.sent_in_hour);
            Some(Held { until, why })
        });
        let closed = campaign.filter(|campaign| self.closed.contains(campaign));
        Shared {
            account: held("account"),
            number: held(&format!("number:{channel}")).or(growing),
            template: template.and_then(|template| held(&format!("template:{template}"))),
            portfolio: full(self.portfolio.used, self.portfolio.limit),
            warm_up: number.and_then(|number| full(number.customers, number.warm_up)),
            budget: closed.map(|campaign| Held { until, why: format!("{campaign} is paused or has sent enough") }),
            marketing: false,
        }
    }
}

impl Engine {
    /// How sending unasked stands now, with at most so many lines of what waits and what happened.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn outlook(&self, lines: i64) -> Result<Outlook, StoreError> {
        let (store, now) = (self.store(), self.now());
        let (counts, standing) = (store.unasked_counts(now).await?, self.standing().await?);
        let next = store.waiting(lines).await?.into_iter().map(|row| standing.tell(row)).collect();
        let Standing { held, portfolio, numbers, .. } = standing;
        Ok(Outlook {
            at: now.rfc3339(),
            planned: counts.planned,
            waiting: counts.waiting,
            put_off: counts.put_off,
            sent: counts.sent,
            failed: counts.failed,
            held: held
                .into_iter()
                .map(|row| HeldBack {
                    what: row.what,
                    why: row.why,
                    by: row.source,
                    since: row.since.rfc3339(),
                    until: row.until.map(Timestamp::rfc3339),
                })
                .collect(),
            portfolio,
            numbers,
            failures: failures(store.unasked_failures(now - FAILURES_OF).await?),
            next,
            plans: self.plans(lines).await?,
            history: store
                .outreach_history(lines)
                .await?
                .into_iter()
                .map(|row| Happened { at: row.at.rfc3339(), what: row.what, said: row.said })
                .collect(),
        })
    }

    /// What stands in the way of many now.
    pub(crate) async fn standing(&self) -> Result<Standing, StoreError> {
        let (store, now, knowledge) = (self.store(), self.now(), self.shelf().knowledge());
        let told = store.portfolio().await?;
        let limit = told.unwrap_or(Some(knowledge.limits.portfolio_until_told));
        let rows = store.numbers(now).await?;
        let used = rows.iter().map(|row| row.reached).sum();
        let portfolio = Portfolio { limit, told: told.is_some(), used };
        let number = |row: &crate::store::NumberRow| Number {
            number: row.channel.clone(),
            display: row.told.display.clone(),
            quality: row.told.quality.clone(),
            status: row.told.status.clone(),
            throughput: row.told.throughput.clone(),
            messages_per_second: self.pace_of(row, now),
            slower_until: row.slowed_until.filter(|until| *until > now).map(Timestamp::rfc3339),
            customers: row.reached,
            warm_up: knowledge.limits.warm_up(row.since, limit, now),
            this_hour: row.resumed_at.and_then(|resumed| knowledge.limits.after_rest(resumed, now)),
            sent_in_hour: row.sent_in_hour,
            checked: row.checked_at.map(Timestamp::rfc3339),
        };
        let numbers = rows.iter().map(number).collect();
        let (held, closed) = (self.held().await?, store.closed_campaigns(now).await?);
        Ok(Standing { held, portfolio, numbers, closed, now })
    }

    /// The next plans of all contacts, the earliest first.
    async fn plans(&self, lines: i64) -> Result<Vec<Plan>, StoreError> {
        let (now, knowledge) = (self.now(), self.shelf().knowledge());
        let (mut plans, stopped) = (Vec::new(), self.stopped_campaigns().await?);
        for (contact, state) in self.store().with_plans(lines).await? {
            // One that cannot be read is just being made anew.
            let Some(state) = state.and_then(|state| State::unpacked(&state).ok()) else { continue };
            let of = |(plan, verdict): (&Planned, Verdict)| (plan.due(), Plan::of(contact, plan, &verdict, &stopped));
            let wanted = knowledge.planned(&state, now).into_iter().filter(|(plan, _)| stopped.wants(plan));
            plans.extend(wanted.map(of));
        }
        plans.sort_by_key(|(due, _)| *due);
        plans.truncate(usize::try_from(lines).unwrap_or_default());
        Ok(plans.into_iter().map(|(_, plan)| plan).collect())
    }

    /// Campaigns of which nothing goes out now, or ever.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn stopped_campaigns(&self) -> Result<Stopped, StoreError> {
        let mut stopped = Stopped::default();
        for row in self.store().all_campaigns().await? {
            match row.state {
                CampaignState::Paused => stopped.paused.push(row.name),
                CampaignState::Cancelled => stopped.cancelled.push(row.name),
                _ => {}
            }
        }
        Ok(stopped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_whether_the_call_or_a_status_told_it() {
        let row = |reason: &str, count, at: i64| FailureRow {
            reason: reason.into(),
            count,
            since: Timestamp(at),
            last: Timestamp(at + 10_000),
        };
        let told = failures(vec![row("131026", 2, 2_000), row(&errors::explain(131_026), 3, 1_000), row("", 1, 0)]);
        let [first, last] = told.as_slice() else { panic!("two reasons: {told:?}") };
        assert!(first.reason.ends_with("(131026)") && first.reason.len() > 20, "{first:?}");
        let span = (first.since.as_str(), first.last.as_str());
        assert_eq!((first.count, span), (5, ("1970-01-01T00:00:01Z", "1970-01-01T00:00:12Z")));
        assert_eq!(last.reason, "Meta gave no reason");
    }
}
