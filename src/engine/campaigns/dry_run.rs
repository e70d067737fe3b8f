//! What a campaign would do: the gate is asked for every member of its segment, and the limits for when each message leaves. Nothing
//! is written or sent.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::Serialize;

use super::flow::{Fate, Flow, Would};
use crate::domain::{Contact, ContactId, Duration, FollowUpRequest, Timestamp};
use crate::engine::Engine;
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::State;
use crate::engine::segments::{Wanted, card, page};
use crate::engine::sending::numbers::seen_by;
use crate::outreach::{Condition, Held, Limits, Offer, Shared, Verdict};
use crate::store::{HoldRow, NumberRow, Place, StoreError};
use crate::whatsapp::signals::Subject;

/// Members that are asked for at a time.
const PAGE: i64 = 500;
/// Nobody plans further ahead.
const MOST_DAYS: u64 = 400;
/// Why somebody would get it later whom nothing holds back.
pub const BEST_HOURS: &str = "best-hours";
/// The same in words.
pub const BEST_HOURS_SAYS: &str = "in the hours in which it is welcome";
/// Members that are named of those who would get it, and of those who would not.
const NAMED: usize = 20;

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
    /// Would get it later, by the reason of the gate or the limit; `best-hours` where marketing waits for the hours in which it is
    /// welcome.
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
    /// Some of those who would get it, and some of those who would not.
    pub sample: Sample,
}

/// The first members of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Would get it.
    pub get: Vec<Named>,
    /// Would not.
    pub do_not: Vec<Named>,
}

/// A member, and what the gate says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Our own number of them.
    pub contact: i64,
    /// As they call themselves, or their number.
    pub name: Option<String>,
    /// When they would get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// In words.
    pub says: String,
}

/// What the gate lets go, beside when.
struct Candidate {
    contact: ContactId,
    /// The place of its template among those of the campaign.
    variant: usize,
    /// What it costs as a template.
    cost: Decimal,
}

/// A dry run in progress.
struct Asking<'a> {
    knowledge: &'a Knowledge,
    offer: &'a Offer,
    name: &'a str,
    now: Timestamp,
    held: &'a [HoldRow],
    /// Templates that cannot be sent, and nobody knows until when.
    unsendable: &'a BTreeSet<String>,
    /// Whether Meta has made marketing of the template that a contact would get.
    made_marketing: &'a (dyn Fn(&Contact, &str) -> bool + Sync),
    /// The number of those who never wrote to one of ours.
    first: &'a str,
    run: DryRun,
    would: Vec<Would>,
    candidates: Vec<Candidate>,
}

impl Asking<'_> {
    fn ask(&mut self, contact: ContactId, tags: &[String], state: &State) {
        self.run.members += 1;
        let Some(mut request) = self.offer.request(self.name, contact.0, tags, self.now) else { return };
        request.category = request.product.as_deref().and_then(|product| self.knowledge.shop.key_of(product));
        let mut shared = self.shared(state.contact.channel.as_deref().unwrap_or(self.first), &request);
        shared.marketing = (self.made_marketing)(&state.contact, &request.template);
        let verdict = self.knowledge.would_leave(state, &request, &shared, self.now);
        if let Some(why) = verdict.forbids(request.not_after) {
            return self.never(contact, why.condition, why.to_string());
        }
        let moment = self.knowledge.would_plan(state, &request, self.now);
        let (opens, why) = match verdict {
            Verdict::Never { .. } => return,
            Verdict::NotBefore { at, why } => (at.max(moment.unwrap_or(at)), Some(why.condition.name())),
            Verdict::Now | Verdict::OnlyTemplate { .. } => match moment.filter(|moment| *moment > self.now) {
                Some(moment) => (moment, Some(BEST_HOURS)),
                None => (self.now, None),
            },
        };
        let is_marketing =
            shared.marketing || self.knowledge.outreach.is_marketing_to_meta(request.kind, &request.template);
        self.would.push(Would {
            opens,
            why,
            words_until: self.knowledge.outreach.words_until(&state.contact),
            sendable: !self.unsendable.contains(&request.template),
        });
        self.candidates.push(Candidate {
            contact,
            variant: self.offer.names().position(|name| *name == request.template).unwrap_or(0),
            cost: self.knowledge.prices.of_template(state.contact.country, is_marketing),
        });
    }

    fn never(&mut self, contact: ContactId, condition: Condition, says: String) {
        *self.run.never.entry(condition.name()).or_default() += 1;
        if self.run.sample.do_not.len() < NAMED {
            self.run.sample.do_not.push(Named { contact: contact.0, says, ..Named::default() });
        }
    }

    /// What holds a message back whatever its customer says.
    fn shared(&self, channel: &str, request: &FollowUpRequest) -> Shared {
        let held = |what: &Subject| {
            let row = self.held.iter().find(|row| row.what == what.key())?;
            // Where nobody knows when it ends it is asked again soon.
            Some(Held { until: row.until.unwrap_or(self.now + Duration::hours(1)), why: row.why.clone() })
        };
        let template = Subject::Template(request.template.clone());
        Shared {
            account: held(&Subject::Account),
            number: held(&Subject::Number(channel.to_owned())),
            template: held(&template).filter(|_| !self.unsendable.contains(&request.template)),
            ..Shared::default()
        }
    }

    /// Tells of all that the gate lets go when the limits let it go.
    fn send(mut self, flow: &Flow) -> DryRun {
        let until = self.now + self.offer.lasting().unwrap_or_default();
        let (fates, seconds) = flow.send(&mut self.would, self.now, until);
        self.run.about_seconds = seconds;
        let (would, candidates) = (std::mem::take(&mut self.would), std::mem::take(&mut self.candidates));
        let names: Vec<&String> = self.offer.names().collect();
        for ((would, candidate), fate) in would.iter().zip(candidates).zip(fates) {
            let (at, as_template) = match fate {
                Fate::Leaves { at, as_template } => (at, as_template),
                Fate::Never(condition) => {
                    self.never(candidate.contact, condition, condition.to_string());
                    continue;
                }
            };
            let variant = names.get(candidate.variant).copied().cloned().unwrap_or_default();
            let says = self.leaves(at, would.why, as_template.then_some(variant.as_str()));
            *self.run.variants.entry(variant).or_default() += 1;
            if as_template {
                self.run.cost += candidate.cost;
            }
            if self.run.sample.get.len() < NAMED {
                let (contact, at) = (candidate.contact.0, Some(at.rfc3339()));
                self.run.sample.get.push(Named { contact, name: None, at, says });
            }
        }
        self.run
    }

    /// Counts one that leaves, and says when and how in words.
    fn leaves(&mut self, at: Timestamp, why: Option<&'static str>, template: Option<&str>) -> String {
        self.run.would_get += 1;
        let when = if at == self.now {
            self.run.now += 1;
            self.run.as_template += u64::from(template.is_some());
            "now".to_owned()
        } else {
            // Only a limit puts off what the gate lets go now.
            let why = why.unwrap_or(Condition::BudgetSpent.name());
            *self.run.later.entry(why).or_default() += 1;
            let known = Condition::ALL.into_iter().find(|condition| condition.name() == why);
            format!("later: {}", known.map_or(BEST_HOURS_SAYS, Condition::says))
        };
        match template {
            Some(template) => format!("{when}, as the template {template}"),
            None => when,
        }
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
        let numbers = self.numbers_sent_for().await?;
        let (held, first) = (self.held().await?, self.channels().first().cloned().unwrap_or_default());
        let (held_templates, made_marketing) = (self.held_of(offer).await?, self.made_marketing(offer).await?);
        let mut run = DryRun { currency: knowledge.prices.currency.code().to_owned(), ..DryRun::default() };
        let is_of_all = |row: &&HoldRow| !row.what.starts_with("template:");
        run.held = crate::engine::sending::holds::in_words(&held.iter().filter(is_of_all).cloned().collect::<Vec<_>>());
        run.held.extend(held_templates.values().cloned());
        let mut asking = Asking {
            knowledge: &knowledge,
            offer,
            name,
            now,
            held: &held,
            unsendable: &held_templates.into_keys().collect(),
            made_marketing: &made_marketing,
            first: &first,
            run,
            would: Vec::new(),
            candidates: Vec::new(),
        };
        let mut place = Place::default();
        loop {
            let members = page(store, &knowledge, wanted, place, PAGE).await?;
            let Some(last) = members.last() else { break };
            place = last.place;
            let contacts: Vec<_> = members.iter().map(|member| member.contact).collect();
            let states: BTreeMap<_, _> = store.states(&contacts).await?.into_iter().collect();
            for member in &members {
                let mut state = State::known(states.get(&member.contact).and_then(Option::as_deref));
                seen_by(&numbers, &mut state.contact);
                asking.ask(member.contact, &member.tags, &state);
            }
        }
        let flow = self.flow(per_hour, per_day, now).await?;
        let mut run = asking.send(&flow);
        for named in run.sample.get.iter_mut().chain(&mut run.sample.do_not) {
            let member = store.member(ContactId(named.contact)).await?.map(|member| card(&member, now));
            named.name = member.and_then(|card| card.name.or(card.phone));
        }
        Ok(run)
    }

    /// How fast messages leave: by the throughput of the slowest number, the portfolio's limit, the warm-up of new numbers, and how
    /// numbers grow back after a rest.
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
        let grow = |number: &&NumberRow| number.resumed_at.is_some_and(|at| limits.after_rest(at, now).is_some());
        let sent_in_hour = numbers.iter().filter(grow).map(|number| number.sent_in_hour.max(0) as u64).sum();
        let (growing, narrowest) = (growing(&numbers, &limits, now), Some(narrowest));
        Ok(Flow { per_second, days, narrowest, growing, sent_in_hour, per_hour, per_day })
    }
}

/// How many messages may leave within any hour, until when, as long as every number grows back after a rest.
fn growing(numbers: &[NumberRow], limits: &Limits, now: Timestamp) -> Vec<(Timestamp, u64)> {
    let resumed: Option<Vec<Timestamp>> = numbers.iter().map(|number| number.resumed_at).collect();
    let Some(resumed) = resumed.filter(|resumed| !resumed.is_empty()) else { return Vec::new() };
    let most = |at| resumed.iter().map(|since| limits.after_rest(*since, at).map(u64::from)).sum::<Option<u64>>();
    let (mut steps, mut at, hour) = (Vec::new(), now, Duration::hours(1));
    while let Some(allowed) = most(at) {
        let hours = resumed.iter().map(|since| *since + Duration::millis(((at - *since).0 / hour.0 + 1) * hour.0));
        at = hours.min().unwrap_or(at + hour);
        steps.push((at, allowed));
    }
    steps
}
