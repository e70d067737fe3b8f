//! What a campaign would do: the gate is asked for every member of its segment, and the limits for how long it takes. Nothing is
//! written or sent.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

use super::Engine;
use super::fold::Knowledge;
use super::segments::{Wanted, page};
use super::state::State;
use crate::domain::{Contact, Duration, FollowUpRequest, Timestamp};
use crate::outreach::{Condition, Held, Offer, Shared, Verdict};
use crate::store::{HoldRow, NumberRow, Place, StoreError};
use crate::whatsapp::signals::Subject;

/// Members that are asked for at a time.
const PAGE: i64 = 500;
/// Nobody plans further ahead.
const MOST_DAYS: u64 = 400;
/// Why somebody would get it later whom nothing holds back.
pub const BEST_HOURS: &str = "best-hours";

/// What a campaign would do now. Nothing is written or sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DryRun {
    /// In the segment.
    pub members: u64,
    /// Would get it, now or later.
    pub would_get: u64,
    /// Would get it now.
    pub now: u64,
    /// Those of them who would get it as a template, and count for the portfolio.
    pub as_template: u64,
    /// Would get it later, by the gate's reason; `best-hours` where marketing waits for the hours in which it is welcome.
    pub later: BTreeMap<&'static str, u64>,
    /// Would not get it, by the gate's reason: ever, or as long as it is worth sending.
    pub never: BTreeMap<&'static str, u64>,
    /// What holds it back just now, in words: the account, numbers, and templates that cannot be sent in any language.
    pub held: Vec<String>,
    /// By variant, of those who would get it now or later.
    pub variants: BTreeMap<String, u64>,
    /// About how long it takes until the last may get it, at the present limits and its own budget, if nothing else is sent.
    pub about_seconds: u64,
    /// What the templates cost at most, by `prices.toml`.
    pub cost: Decimal,
    /// Of the cost.
    pub currency: String,
}

/// A dry run in progress.
struct Asking<'a> {
    knowledge: &'a Knowledge,
    offer: &'a Offer,
    name: &'a str,
    now: Timestamp,
    held: &'a [HoldRow],
    /// Whether Meta has made marketing of the template that a contact would get.
    made_marketing: &'a (dyn Fn(&Contact, &str) -> bool + Sync),
    /// The number of those who never wrote to one of ours.
    first: &'a str,
    run: DryRun,
    /// When the last of those may get it who may not now.
    last_opens: Timestamp,
}

impl Asking<'_> {
    fn ask(&mut self, contact: i64, tags: &[String], state: &State) {
        let Some(mut request) = self.offer.request(self.name, contact, tags, self.now) else { return };
        request.category = request.product.as_deref().and_then(|product| self.knowledge.shop.key_of(product));
        let mut shared = self.shared(state.contact.channel.as_deref().unwrap_or(self.first), &request);
        shared.marketing = (self.made_marketing)(&state.contact, &request.template);
        let verdict = self.knowledge.would_leave(state, &request, &shared, self.now);
        let moment = self.knowledge.would_plan(state, &request, self.now);
        if let Some(why) = verdict.forbids(request.not_after) {
            *self.run.never.entry(why.condition.name()).or_default() += 1;
            return;
        }
        let as_template = match verdict {
            Verdict::Never { .. } => return,
            Verdict::NotBefore { at, why } => {
                self.later(why.condition.name(), at.max(moment.unwrap_or(at)));
                true
            }
            Verdict::Now | Verdict::OnlyTemplate { .. } => {
                let as_template = matches!(verdict, Verdict::OnlyTemplate { .. });
                match moment.filter(|moment| *moment > self.now) {
                    Some(moment) => self.later(BEST_HOURS, moment),
                    None => {
                        self.run.now += 1;
                        self.run.as_template += u64::from(as_template);
                    }
                }
                as_template
            }
        };
        if as_template {
            let of_ours = || self.knowledge.outreach.is_marketing_to_meta(request.kind, &request.template);
            let marketing = shared.marketing || of_ours();
            self.run.cost += self.knowledge.prices.of_template(state.contact.country, marketing);
        }
        *self.run.variants.entry(request.template).or_default() += 1;
    }

    fn later(&mut self, why: &'static str, at: Timestamp) {
        self.last_opens = self.last_opens.max(at);
        *self.run.later.entry(why).or_default() += 1;
    }

    /// What holds a message back whatever its customer says.
    fn shared(&self, channel: &str, request: &FollowUpRequest) -> Shared {
        let held = |what: &Subject| {
            let row = self.held.iter().find(|row| row.what == what.key())?;
            // Where nobody knows when it ends it is asked again soon.
            Some(Held { until: row.until.unwrap_or(self.now + Duration::hours(1)), why: row.why.clone() })
        };
        Shared {
            account: held(&Subject::Account),
            number: held(&Subject::Number(channel.to_owned())),
            template: held(&Subject::Template(request.template.clone())),
            ..Shared::default()
        }
    }
}

/// How fast messages leave: by throughput, by the customers that templates may reach a day, and by the campaign's own budget.
struct Flow {
    per_second: u64,
    /// Customers that templates may reach on this and each following day.
    days: Vec<u64>,
    /// Which limit lets the fewest of them go today.
    narrowest: Condition,
    per_hour: Option<u32>,
    per_day: Option<u32>,
}

impl Flow {
    /// How many messages leave within a time, of which all or none are templates.
    fn within(&self, time: Duration) -> u64 {
        let periods = |length: Duration| u64::try_from(time.0.max(0)).unwrap_or(0).div_ceil(length.0 as u64);
        let of = |most: Option<u32>, periods: u64| most.map_or(u64::MAX, |most| u64::from(most) * periods);
        of(self.per_hour, periods(Duration::hours(1))).min(of(self.per_day, periods(Duration::days(1))))
    }

    /// Tells of what the gate lets go what the limits let go: now, on a later day, or not in the time in which it is worth sending.
    fn apportion(&self, run: &mut DryRun, lasts: Duration) {
        let full = run.as_template.saturating_sub(self.days.first().copied().unwrap_or(u64::MAX));
        if full > 0 {
            (run.now, run.as_template) = (run.now - full, run.as_template - full);
            *run.later.entry(self.narrowest.name()).or_default() += full;
        }
        // Who waits is taken to get it as a template.
        let later = run.later.values().sum::<u64>();
        let (all, templates) = (run.now + later, run.as_template + later);
        let over = templates.saturating_sub(self.templates_within(lasts)).max(all.saturating_sub(self.within(lasts)));
        run.would_get = all - over;
        run.about_seconds = self.seconds(run.would_get, templates - over.min(templates));
        if over == 0 {
            return;
        }
        *run.never.entry(Condition::TooLate.name()).or_default() += over;
        // Those who would come last are left out.
        let mut left = over;
        for count in run.later.values_mut() {
            let out = left.min(*count);
            (*count, left) = (*count - out, left - out);
        }
        run.later.retain(|_, count| *count > 0);
        run.now -= left;
        run.as_template = run.as_template.min(run.now);
    }

    /// How many customers templates reach within a time.
    fn templates_within(&self, time: Duration) -> u64 {
        let days = u64::try_from(time.0.max(0)).unwrap_or(0).div_ceil(Duration::days(1).0 as u64);
        self.days.iter().take(days as usize).fold(0, |all: u64, day| all.saturating_add(*day))
    }

    /// Seconds until so many have left, so many of them as templates.
    fn seconds(&self, messages: u64, templates: u64) -> u64 {
        // What is over after the first hour or day waits for the next.
        let waits = |most: Option<u32>, seconds: u64| {
            most.map_or(0, |most| messages.div_ceil(u64::from(most.max(1))).saturating_sub(1) * seconds)
        };
        let mut left = templates;
        let days = self.days.iter().take_while(|day| {
            left = left.saturating_sub(**day);
            left > 0
        });
        let by_limits = days.count() as u64 * 86_400;
        let by_budget = waits(self.per_hour, 3_600).max(waits(self.per_day, 86_400));
        messages.div_ceil(self.per_second.max(1)).max(by_limits).max(by_budget)
    }
}

impl Engine {
    /// What a campaign would do if it started now: the gate is asked for every member of the segment.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn dry_run(
        &self,
        name: &str,
        wanted: &Wanted,
        offer: &Offer,
        (per_hour, per_day): (Option<u32>, Option<u32>),
    ) -> Result<DryRun, StoreError> {
        let (store, knowledge, now) = (self.store(), self.shelf().knowledge(), self.now());
        let (held, first) = (self.held().await?, self.channels().first().cloned().unwrap_or_default());
        let run = DryRun { currency: knowledge.prices.currency.code().to_owned(), ..DryRun::default() };
        let made_marketing = self.made_marketing(offer).await?;
        let (knowledge, held, first, made_marketing) = (&knowledge, &held, &first, &made_marketing);
        let mut asking = Asking { knowledge, offer, name, now, held, made_marketing, first, run, last_opens: now };
        let mut place = Place::default();
        loop {
            let members = page(store, knowledge, wanted, place, PAGE).await?;
            let Some(last) = members.last() else { break };
            place = last.place;
            let contacts: Vec<_> = members.iter().map(|member| member.contact).collect();
            let states: BTreeMap<_, _> = store.states(&contacts).await?.into_iter().collect();
            for member in &members {
                asking.run.members += 1;
                let state = states.get(&member.contact).and_then(|state| serde_json::from_str(state.as_deref()?).ok());
                asking.ask(member.contact.0, &member.tags, &state.unwrap_or_default());
            }
        }
        let waits = u64::try_from((asking.last_opens.0 - now.0) / 1_000).unwrap_or(0);
        let mut run = asking.run;
        let is_of_all = |row: &&HoldRow| !row.what.starts_with("template:");
        run.held = super::limits::in_words(&held.iter().filter(is_of_all).cloned().collect::<Vec<_>>());
        run.held.extend(self.held_of(offer).await?);
        let flow = self.flow(per_hour, per_day, now).await?;
        flow.apportion(&mut run, offer.lasting().unwrap_or_default());
        run.about_seconds = run.about_seconds.max(waits);
        Ok(run)
    }

    /// How fast messages leave at the throughput of the slowest number, the portfolio's limit and the warm-up of new numbers.
    async fn flow(&self, per_hour: Option<u32>, per_day: Option<u32>, now: Timestamp) -> Result<Flow, StoreError> {
        let (numbers, limits) = (self.store().numbers(now).await?, self.shelf().knowledge().limits.clone());
        let slowest = numbers.iter().map(|number| self.pace_of(number, now)).min();
        let per_second = u64::from(slowest.unwrap_or(self.settings().whatsapp.messages_per_second));
        let tier = self.store().portfolio().await?.unwrap_or(Some(limits.portfolio_until_told));
        let used = |number: &NumberRow, day: u64| if day == 0 { number.reached.max(0) as u64 } else { 0 };
        let by_warm_up = |day: u64| {
            let at = now + Duration::days(day as i64);
            let room = |number: &NumberRow| {
                let most = limits.warm_up(number.since, tier, at);
                most.map_or(u64::MAX, |most| u64::from(most).saturating_sub(used(number, day)))
            };
            numbers.iter().map(room).reduce(u64::saturating_add).unwrap_or(u64::MAX)
        };
        let by_portfolio = |day: u64| {
            let reached = numbers.iter().map(|number| used(number, day)).sum();
            tier.map_or(u64::MAX, |most| u64::from(most).saturating_sub(reached))
        };
        let days = (0..MOST_DAYS).map(|day| by_warm_up(day).min(by_portfolio(day))).collect();
        let narrowest = if by_warm_up(0) < by_portfolio(0) { Condition::WarmUp } else { Condition::PortfolioFull };
        Ok(Flow { per_second, days, narrowest, per_hour, per_day })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_waits_for_the_next_hour_or_day() {
        let flow = |per_hour, per_day| Flow {
            per_second: 80,
            days: vec![50, 100, 200, 1_000],
            narrowest: Condition::WarmUp,
            per_hour,
            per_day,
        };
        assert_eq!(flow(None, None).seconds(160, 0), 2);
        assert_eq!(flow(None, None).seconds(120, 50), 2, "as many as today's customers");
        assert_eq!(flow(None, None).seconds(120, 120), 86_400, "a number that warms up");
        assert_eq!(flow(None, None).seconds(400, 400), 3 * 86_400);
        assert_eq!(flow(Some(4), None).seconds(10, 0), 7_200);
        assert_eq!(
            (flow(Some(4), Some(10)).within(Duration::hours(6)), flow(None, None).within(Duration::hours(6))),
            (10, u64::MAX)
        );
        assert_eq!(flow(None, None).templates_within(Duration::days(2)), 150);
    }

    #[test]
    fn what_the_gate_lets_go_is_told_as_the_limits_let_it_go() {
        let flow =
            Flow { per_second: 80, days: vec![50, 60], narrowest: Condition::WarmUp, per_hour: None, per_day: None };
        let told = |lasts: i64| {
            let mut run = DryRun { members: 130, now: 130, as_template: 120, ..DryRun::default() };
            flow.apportion(&mut run, Duration::days(lasts));
            let sum = |told: &BTreeMap<_, u64>| told.values().sum::<u64>();
            assert_eq!((run.would_get, run.members), (run.now + sum(&run.later), run.would_get + sum(&run.never)));
            (run.now, run.as_template, run.later.get("warm-up").copied(), run.never.get("too-late").copied())
        };
        assert_eq!(told(2), (60, 50, Some(60), Some(10)), "50 today, 60 tomorrow, and 10 in no time");
        assert_eq!(told(1), (60, 50, None, Some(70)));
    }
}
