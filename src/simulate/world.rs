//! A shop, its customers and Meta on one virtual clock: what happens next is always the earliest thing on the calendar.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::Plan;
use super::customer::{Act, Customer, Received};
use super::population::Population;
use super::sender::{Loop, Next, Sender, Waiting};
use super::tally::Tally;
use crate::domain::{
    AgentAction, CampaignEvent, Consequence, ContactId, ContactRef, Content, Duration, Event, EventBody,
    FollowUpRequest, MessageKind, OptAction, OptEvent, OptScope, Outgoing, Sending, Timestamp,
};
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::{Effect, State};
use crate::handoff::DeskMove;
use crate::outreach::Shared;
use crate::whatsapp::graph::{Fate, Graph, Named, News, Rules};
use crate::whatsapp::quality::Quality;

/// How long a call takes on its way to Meta, in milliseconds.
const WAY: std::ops::Range<i64> = 20..120;
/// How long a webhook takes, in milliseconds.
const WEBHOOK: std::ops::Range<i64> = 300..3_000;
/// After this time Meta's word on a stop, a cap or a pause has reached every node: whoever sends all the same is at fault.
const TOLD: Duration = Duration::seconds(10);
/// Repeated within this time, 131049 is the sender's fault (section 5.4).
const CAP_RESTS: Duration = Duration::hours(24);

/// Which sender the shop uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Gate, plan, pacer.
    Ours,
    /// All at once, no gate.
    Naive,
}

enum What {
    Act(Act),
    Wake,
    Look,
    Call(Box<Waiting>),
    /// Without a gate: what a rule planned goes out at its first moment.
    Naive(Box<FollowUpRequest>),
    /// The contact is told that a follow-up of this number reached nobody.
    Unsent(i64),
    Campaign(u32),
    Minute,
}

struct Entry {
    at: Timestamp,
    count: u64,
    contact: usize,
    what: What,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.count).cmp(&(other.at, other.count))
    }
}

/// The world of one sender.
pub(super) struct World<'a> {
    knowledge: &'a Knowledge,
    population: &'a Population,
    plan: &'a Plan,
    strategy: Strategy,
    customers: Vec<Customer<'a>>,
    calendar: BinaryHeap<Reverse<Entry>>,
    count: u64,
    sender: Sender,
    naive: Loop,
    /// The sender's next look is on the calendar for this moment.
    looks: Option<Timestamp>,
    graph: Graph<usize>,
    random: SmallRng,
    tally: Tally,
}

impl<'a> World<'a> {
    pub(super) fn new(
        knowledge: &'a Knowledge,
        population: &'a Population,
        plan: &'a Plan,
        strategy: Strategy,
    ) -> Self {
        let rules = Rules {
            messages_per_second: plan.messages_per_second,
            portfolio: plan.portfolio,
            marketing_cap: plan.marketing_cap,
        };
        let mut world = Self {
            knowledge,
            population,
            plan,
            strategy,
            customers: Vec::with_capacity(plan.contacts),
            calendar: BinaryHeap::new(),
            count: 0,
            sender: Sender::new(plan.messages_per_second, plan.portfolio, plan.start),
            naive: Loop::new(plan.messages_per_second),
            looks: None,
            graph: Graph::new(rules),
            random: SmallRng::seed_from_u64(plan.seed),
            tally: Tally::new(plan),
        };
        (0..plan.contacts).for_each(|index| world.settle(index));
        let campaigns = plan.days.div_ceil(7).max(1);
        for week in 0..campaigns {
            let at = plan.start + Duration::days(i64::from(week) * 7) + Duration::hours(9);
            world.enter(at, 0, What::Campaign(week));
        }
        world.enter(plan.start, 0, What::Minute);
        world
    }

    /// A customer moves in: known to the shop for one to three months, and agreed to hear from it.
    fn settle(&mut self, index: usize) {
        let mut random =
            SmallRng::seed_from_u64(self.plan.seed ^ (index as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let profile = self.population.draw(index, &mut random);
        let names: Vec<ContactRef> = profile.digits().parse().map(ContactRef::Phone).into_iter().collect();
        let state = State::new(ContactId(index as i64 + 1), &names, &self.knowledge.places);
        let zone = state.contact.zone.unwrap_or(self.knowledge.shop.zone);
        let known_since = self.plan.start - Duration::minutes(random.random_range(30 * 1_440..90 * 1_440));
        if profile.country().code() == "US" {
            self.graph.set_no_marketing(&index);
        }
        self.customers.push(Customer::new(profile, state, zone, random));
        let agreed = EventBody::Opt(OptEvent::new(OptAction::In, OptScope::All));
        self.fold(index, agreed, known_since);
        let visit = self.customers[index].next_visit(self.plan.start);
        self.enter(visit, index, What::Act(Act::Visit));
    }

    fn enter(&mut self, at: Timestamp, contact: usize, what: What) {
        if at < self.plan.end() {
            self.count += 1;
            self.calendar.push(Reverse(Entry { at, count: self.count, contact, what }));
        }
    }

    /// Lives through all of it. `progress` hears of each day that has passed.
    pub(super) fn run(mut self, progress: &dyn Fn(u32)) -> Tally {
        let mut day = 0;
        while let Some(Reverse(Entry { at, contact, what, .. })) = self.calendar.pop() {
            let passed = ((at - self.plan.start).0 / Duration::days(1).0).max(0) as u32;
            if passed > day {
                day = passed;
                progress(day);
            }
            // What was due before the start belongs to the past: only timers stand there.
            match what {
                What::Act(act) => self.act(contact, act, at),
                What::Wake => self.wake(contact, at),
                What::Look => self.look(at),
                What::Call(waiting) => self.call(*waiting, at),
                What::Naive(request) => self.naive(contact, &request, at),
                What::Unsent(number) => self.fold(contact, EventBody::Unsent { number }, at),
                What::Campaign(week) => self.campaign(week, at),
                What::Minute => {
                    let room = self.graph.room(at);
                    self.tally.minute(self.sender.backlog(), room);
                    self.enter(at + Duration::minutes(1), 0, What::Minute);
                }
            }
        }
        self.tally
    }

    fn act(&mut self, contact: usize, act: Act, now: Timestamp) {
        match &act {
            Act::Stop => self.tally.opt_outs += 1,
            Act::StopMarketing => {
                self.tally.opt_outs += 1;
                self.graph.set_marketing_stopped(&contact, true, now);
            }
            Act::Block { template } => {
                self.tally.blocked(now);
                self.graph.block(&contact, template.as_deref(), now);
                self.hear_meta(now);
            }
            Act::Fails { number, .. } => {
                self.sender.failed(contact);
                self.unsent(contact, *number, now);
                self.look_at(now);
            }
            _ => {}
        }
        let (population, shop) = (self.population, &self.knowledge.shop);
        let Some(customer) = self.customers.get_mut(contact) else { return };
        // WhatsApp lets a person write only while the window is open.
        let open = customer.state.contact.window_is_open(now);
        if matches!(act, Act::Agent(AgentAction::Reply)) && !open {
            return;
        }
        let visit = matches!(act, Act::Visit);
        let turn = customer.act(act, population, shop, now);
        let again = visit.then(|| customer.next_visit(now));
        for body in turn.events {
            if matches!(body, EventBody::Message(_)) {
                self.graph.wrote(&contact, now);
            }
            self.fold(contact, body, now);
        }
        for (after, act) in turn.next {
            self.enter(now + after, contact, What::Act(act));
        }
        if let Some(again) = again {
            self.enter(again, contact, What::Act(Act::Visit));
        }
    }

    fn fold(&mut self, contact: usize, body: EventBody, now: Timestamp) {
        let Some(customer) = self.customers.get_mut(contact) else { return };
        self.count += 1;
        let event = Event { seq: self.count as i64, at: now, received: now, body };
        let effects = self.knowledge.fold(&mut customer.state, &event);
        self.take(contact, effects, now);
    }

    fn wake(&mut self, contact: usize, now: Timestamp) {
        let Some(customer) = self.customers.get_mut(contact) else { return };
        // An earlier timer took its place; that one put the next on the calendar.
        if customer.wake != Some(now) {
            return;
        }
        customer.wake = None;
        let effects = self.knowledge.advance(&mut customer.state, now);
        self.take(contact, effects, now);
    }

    /// Carries out what a fold decided.
    fn take(&mut self, contact: usize, effects: Vec<Effect>, now: Timestamp) {
        for effect in effects {
            match effect {
                Effect::Send(message) if message.kind == MessageKind::Reply || self.strategy == Strategy::Ours => {
                    if message.kind != MessageKind::Reply
                        && let Some(customer) = self.customers.get_mut(contact)
                    {
                        customer.awaits(&message);
                    }
                    self.sender.queue(Waiting::new(contact, message));
                    self.look_at(now);
                }
                Effect::Decided(_, Consequence::FollowUp(request)) if self.strategy == Strategy::Naive => {
                    self.enter(request.not_before.max(now), contact, What::Naive(Box::new(request)));
                }
                Effect::Refused(_, refusal) if self.strategy == Strategy::Ours => {
                    self.tally.refused(&refusal.verdict);
                }
                Effect::CancelQueued { .. } => {
                    let cancelled = self.sender.cancel(contact);
                    cancelled.into_iter().for_each(|number| self.unsent(contact, number, now));
                }
                Effect::Desk(_, DeskMove::Opened { .. }) => self.call_agent(contact, now),
                _ => {}
            }
        }
        let Some(customer) = self.customers.get_mut(contact) else { return };
        let due = self.knowledge.next_wake(&customer.state).map(|due| due.max(now));
        if due != customer.wake {
            customer.wake = due;
            if let Some(due) = due {
                self.enter(due, contact, What::Wake);
            }
        }
    }

    /// Somebody of the shop sees to the customer once it is open.
    fn call_agent(&mut self, contact: usize, now: Timestamp) {
        let open = self.knowledge.shop.next_open(now);
        let takes = open + Duration::minutes(self.random.random_range(2..20));
        let answers = takes + Duration::minutes(self.random.random_range(1..10));
        let leaves = answers + Duration::minutes(self.random.random_range(5..60));
        for (at, action) in [(takes, AgentAction::Take), (answers, AgentAction::Reply), (leaves, AgentAction::Release)]
        {
            self.enter(at, contact, What::Act(Act::Agent(action)));
        }
    }

    /// Everybody gets this week's offer, if the sender lets it.
    fn campaign(&mut self, week: u32, now: Timestamp) {
        let offer = Sending {
            kind: MessageKind::Promotion,
            template: "weekly_offer".into(),
            product: None,
            not_before: now,
            not_after: now + Duration::days(6),
        };
        let campaign = CampaignEvent {
            campaign: format!("week-{week}"),
            action: "recipient".into(),
            tags: Vec::new(),
            offer: Some(offer),
        };
        for contact in 0..self.customers.len() {
            if self.strategy == Strategy::Naive
                && let Some(request) = campaign.request()
            {
                self.enter(now, contact, What::Naive(Box::new(request)));
            }
            self.fold(contact, EventBody::Campaign(campaign.clone()), now);
        }
    }

    /// Puts a look of the sender on the calendar, unless an earlier one stands there.
    fn look_at(&mut self, at: Timestamp) {
        if self.looks.is_none_or(|looks| looks > at) {
            self.looks = Some(at);
            self.enter(at, 0, What::Look);
        }
    }

    fn look(&mut self, now: Timestamp) {
        if self.looks.is_some_and(|looks| looks <= now) {
            self.looks = None;
        }
        let mut wait = None;
        loop {
            let (customers, knowledge) = (&self.customers, self.knowledge);
            let ask = |waiting: &Waiting, shared: &Shared| {
                let Customer { state, departures, .. } = &customers[waiting.contact];
                knowledge.may_leave(state, (&waiting.message, departures), shared, now)
            };
            match self.sender.next(now, ask) {
                Next::Leaves(waiting) => self.leave(waiting, now),
                Next::Wait(at) => {
                    wait = Some(at);
                    break;
                }
                Next::Nothing => break,
            }
        }
        for dropped in std::mem::take(&mut self.sender.dropped) {
            self.tally.dropped(&dropped);
            self.unsent(dropped.waiting.contact, dropped.waiting.message.number, now);
        }
        loop {
            match self.naive.next(now) {
                Next::Leaves(waiting) => self.leave(waiting, now),
                Next::Wait(at) => {
                    wait = Some(wait.map_or(at, |wait: Timestamp| wait.min(at)));
                    break;
                }
                Next::Nothing => break,
            }
        }
        if let Some(at) = wait {
            self.look_at(at);
        }
    }

    /// A follow-up reached nobody: its contact is told with the next look, and no cap counts it any more.
    fn unsent(&mut self, contact: usize, number: i64, now: Timestamp) {
        let Some(customer) = self.customers.get_mut(contact) else { return };
        if self.strategy == Strategy::Ours && customer.departures.iter().any(|departure| departure.number == number) {
            customer.departed(number, None);
            self.enter(now + Duration::seconds(1), contact, What::Unsent(number));
        }
    }

    fn leave(&mut self, waiting: Box<Waiting>, now: Timestamp) {
        if let Some(customer) = self.customers.get_mut(waiting.contact) {
            customer.departed(waiting.message.number, Some(now));
        }
        let way = Duration::millis(self.random.random_range(WAY));
        self.enter(now + way, waiting.contact, What::Call(waiting));
    }

    /// Without a gate: the message is made and goes into the loop, whatever the customer thinks of it.
    fn naive(&mut self, contact: usize, request: &FollowUpRequest, now: Timestamp) {
        let Some(customer) = self.customers.get_mut(contact) else { return };
        let knowledge = self.knowledge;
        let (content, _) = knowledge.dialogue.follow_up(request, &customer.state.contact, &knowledge.shop, true);
        let mut message = Outgoing::of_bot(request.kind, content, now, request.not_after);
        request.mark(&mut message);
        self.naive.queue(Waiting::new(contact, message));
        self.look_at(now);
    }

    /// The call has reached Meta.
    fn call(&mut self, waiting: Waiting, now: Timestamp) {
        let Waiting { contact, message, .. } = &waiting;
        let (contact, policy) = (*contact, &self.knowledge.outreach);
        let template = match &message.content {
            Content::Template(template) => Some(template.name.clone()),
            _ => None,
        };
        let marketing = policy.is_marketing_to_meta(message.kind, message.template.as_deref().unwrap_or_default());
        let named = template.as_deref().map(|name| Named { name, marketing });
        let judged = self.graph.call(&contact, named, now);
        self.hear_meta(now);
        let (number, kind) = (message.number, message.kind);
        match judged {
            Ok(fate) => {
                if !matches!(fate, Fate::Fails(_)) {
                    self.tally.accepted(message, now);
                }
                let way = Duration::millis(self.random.random_range(WEBHOOK));
                let act = match fate {
                    Fate::Arrives => Act::Receive(Received { number, kind, template: template.map(Arc::from) }),
                    Fate::Unheard => return,
                    Fate::Fails(code) => {
                        let caused = self.is_our_fault(contact, code, now);
                        self.tally.error(code, caused);
                        Act::Fails { number, code }
                    }
                };
                self.enter(now + way, contact, What::Act(act));
            }
            Err(code) => {
                self.tally.error(code, true);
                if self.strategy == Strategy::Naive && code == 130_429 && kind != MessageKind::Reply {
                    self.naive.queue(waiting);
                    self.look_at(now);
                }
            }
        }
    }

    /// Whether a careful sender would have known better.
    fn is_our_fault(&mut self, contact: usize, code: i64, now: Timestamp) -> bool {
        let Some(customer) = self.customers.get_mut(contact) else { return true };
        match code {
            131_049 => {
                let repeated = customer.capped.is_some_and(|at| now - at < CAP_RESTS);
                customer.capped = Some(now);
                repeated || customer.profile.country().code() == "US"
            }
            131_050 => self.graph.marketing_stopped(&contact).is_none_or(|at| now - at > TOLD),
            _ => true,
        }
    }

    /// Takes up what Meta tells of templates and quality.
    fn hear_meta(&mut self, now: Timestamp) {
        for news in self.graph.take_news() {
            self.tally.news(&news);
            match (news, self.strategy) {
                (_, Strategy::Naive) => {}
                (News::TemplatePaused { name, until }, Strategy::Ours) => self.sender.pause(name, until),
                // It is red until Meta says otherwise: asked for again day by day.
                (News::Quality(Quality::Red), Strategy::Ours) => self.sender.rest(Some(now + Duration::days(1))),
                (News::Quality(Quality::Yellow), Strategy::Ours) => {
                    self.sender.rest(Some(now + self.knowledge.limits.breaker.yellow_rests));
                }
                (News::Quality(Quality::Green), Strategy::Ours) => self.sender.rest(None),
            }
        }
    }
}
