//! One simulated customer: what they do by themselves, and how they take what they are sent.

use std::sync::Arc;

use chrono::{TimeZone, Timelike};
use chrono_tz::Tz;
use rand::Rng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rust_decimal::Decimal;

use super::population::{Population, Profile};
use crate::domain::{
    AgentAction, AgentEvent, CartEvent, CaseEvent, ClickEvent, Duration, EventBody, InboundMessage, MessageKind,
    MessageNumber, OptAction, OptEvent, OptScope, OrderEvent, OrderLine, OrderState, Outgoing, PageEvent, Product,
    Shop, StatusEvent, StatusKind, Timestamp,
};
use crate::engine::fold::state::State;
use crate::outreach::Departure;

/// The one number that the simulated shop sends from.
pub(super) const CHANNEL: &str = "1";

/// More follow-ups than any cap counts.
const DEPARTURES: usize = 48;

/// Something that a customer, or somebody for them, does at its moment.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Visit,
    AskAgain,
    Look,
    Cart,
    Order,
    Advance { order: u32, state: OrderState },
    Complain,
    Receive(Received),
    Read { number: i64 },
    Click,
    Stop,
    StopMarketing,
    Block { template: Option<Arc<str>> },
    Fails { number: i64, code: i64 },
    Agent(AgentAction),
}

/// A message on their phone.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) number: i64,
    pub(super) kind: MessageKind,
    pub(super) template: Option<Arc<str>>,
}

/// What an act comes to.
#[derive(Default)]
pub(super) struct Turn {
    /// What the shop hears of it.
    pub(super) events: Vec<EventBody>,
    /// What they do next, and after how long.
    pub(super) next: Vec<(Duration, Act)>,
}

pub(super) struct Customer<'a> {
    pub(super) profile: Profile<'a>,
    pub(super) state: State,
    /// When the state's next timer was put on the calendar.
    pub(super) wake: Option<Timestamp>,
    pub(super) stopped: bool,
    pub(super) blocked: bool,
    /// When Meta last told that they get no more marketing for now.
    pub(super) capped: Option<Timestamp>,
    /// What became of their follow-ups.
    pub(super) departures: Vec<Departure>,
    random: SmallRng,
    zone: Tz,
    points: f64,
    points_at: Timestamp,
    /// Index of the product that they think of.
    product: usize,
    orders: u32,
}

impl<'a> Customer<'a> {
    pub(super) fn new(profile: Profile<'a>, state: State, zone: Tz, random: SmallRng) -> Self {
        Self {
            profile,
            state,
            wake: None,
            stopped: false,
            blocked: false,
            capped: None,
            departures: Vec::new(),
            random,
            zone,
            points: 0.0,
            points_at: Timestamp(0),
            product: 0,
            orders: 0,
        }
    }

    /// A follow-up waits for them. What is long over leaves the list.
    pub(super) fn awaits(&mut self, message: &Outgoing) {
        let excess = (self.departures.len() + 1).saturating_sub(DEPARTURES);
        self.departures.drain(..excess);
        let rule = message.rule.as_deref().unwrap_or_default().into();
        self.departures.push(Departure { number: message.number, left: None, kind: message.kind, rule });
    }

    /// A follow-up has left, or reached nobody after all.
    pub(super) fn departed(&mut self, number: i64, left: Option<Timestamp>) {
        self.departures.iter_mut().filter(|other| other.number == number).for_each(|other| other.left = left);
    }

    /// When they come by themselves after that moment: some day, near their best hour.
    pub(super) fn next_visit(&mut self, now: Timestamp) -> Timestamp {
        let mean = 30.0 * 24.0 / self.profile.habit.visits.max(0.01);
        let hours = -mean * (1.0 - self.random.random::<f64>()).ln();
        let about = now + Duration::seconds((hours * 3_600.0) as i64);
        self.near_best_hour(about).max(now + Duration::minutes(30))
    }

    fn near_best_hour(&mut self, about: Timestamp) -> Timestamp {
        let local = about.utc().with_timezone(&self.zone);
        let hour = self.profile.best_hour + self.random.random_range(-2.0..2.0);
        let seconds = (hour.clamp(8.0, 21.9) * 3_600.0) as u32;
        let moment = local.date_naive().and_hms_opt(seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let moment = moment.and_then(|moment| self.zone.from_local_datetime(&moment).earliest());
        moment.map_or(about, |moment| Timestamp::from(moment.with_timezone(&chrono::Utc)))
    }

    fn is_asleep(&self, now: Timestamp) -> bool {
        let hour = now.utc().with_timezone(&self.zone).hour();
        !(8..22).contains(&hour)
    }

    /// A time of about that many seconds, from a third of it to three times as much.
    fn about(&mut self, seconds: i64) -> Duration {
        Duration::millis((seconds as f64 * 1_000.0 * 3.0_f64.powf(self.random.random_range(-1.0..1.0))) as i64)
    }

    fn chance(&mut self, share: f64) -> bool {
        self.random.random_bool(share.clamp(0.0, 1.0))
    }

    pub(super) fn act(&mut self, act: Act, population: &Population, shop: &Shop, now: Timestamp) -> Turn {
        let visit = population.visit;
        let mut turn = Turn::default();
        match act {
            Act::Visit => self.visit(&mut turn, population, shop),
            Act::AskAgain => self.say(&mut turn, population, |words| &words.more, shop),
            Act::Look => self.look(&mut turn, shop),
            Act::Cart => turn.events.extend(self.cart(shop)),
            Act::Order => self.order(&mut turn, population, shop),
            Act::Advance { order, state } => turn.events.push(advanced(self.order_name(order), state)),
            Act::Complain => {
                self.say(&mut turn, population, |words| &words.complaint, shop);
                let case = |action: &str| {
                    EventBody::Case(CaseEvent {
                        case: format!("C-{}", self.order_name(self.orders)),
                        kind: "complaint".into(),
                        action: action.into(),
                    })
                };
                turn.events.push(case("opened"));
            }
            Act::Receive(received) => self.receive(&mut turn, received, population, now),
            Act::Read { number } => turn.events.push(self.status(number, StatusKind::Read, None)),
            Act::Click => {
                turn.events.extend(self.click(shop));
                if self.chance(visit.returns / visit.click.max(0.01)) {
                    turn.next.push((self.about(300), Act::Visit));
                }
            }
            Act::Stop => {
                self.stopped = true;
                self.say(&mut turn, population, |words| &words.stop, shop);
            }
            Act::StopMarketing => {
                self.stopped = true;
                turn.events.push(EventBody::Opt(OptEvent::new(OptAction::Out, OptScope::Marketing)));
            }
            Act::Block { .. } => self.blocked = true,
            Act::Fails { number, code } => {
                turn.events.push(self.status(number, StatusKind::Failed, Some(code)));
            }
            Act::Agent(action) => turn.events.push(EventBody::Agent(AgentEvent {
                text: (action == AgentAction::Reply).then(|| "I have looked into it.".to_owned()),
                ..AgentEvent::new("ana", action)
            })),
        }
        turn
    }

    fn visit(&mut self, turn: &mut Turn, population: &Population, shop: &Shop) {
        let visit = population.visit;
        // Who has blocked us or wants silence does not come back by themselves within the time that is looked at.
        if self.blocked || self.stopped {
            return;
        }
        self.product = self.random.random_range(0..shop.products.len().max(1));
        self.say(turn, population, |words| &words.asks, shop);
        let mut after = self.about(60);
        let mut then = |customer: &mut Self, chance: f64, act: Act| {
            if customer.chance(chance) {
                turn.next.push((after, act));
                after = after + customer.about(90);
                return true;
            }
            false
        };
        then(self, visit.looks, Act::Look);
        then(self, visit.asks_again, Act::AskAgain);
        let buys = self.profile.habit.buys;
        if !then(self, buys, Act::Order) {
            then(self, visit.cart, Act::Cart);
        }
    }

    fn say(
        &mut self,
        turn: &mut Turn,
        population: &Population,
        of: fn(&super::population::Words) -> &Vec<String>,
        shop: &Shop,
    ) {
        let Some(words) = population.words(&self.profile) else { return };
        let said = of(words).choose(&mut self.random).cloned().unwrap_or_default();
        let product = shop.products.get(self.product).map(|product| product.name.as_str()).unwrap_or_default();
        turn.events.push(EventBody::Message(InboundMessage {
            text: Some(said.replace("{product}", product)),
            channel: Some(CHANNEL.into()),
            wa_id: Some(self.profile.digits()),
            ..InboundMessage::default()
        }));
    }

    fn look(&mut self, turn: &mut Turn, shop: &Shop) {
        turn.events.extend(self.click(shop));
        let seconds = self.about(60).0 / 1_000;
        if let Some(product) = self.wanted(shop) {
            turn.events.push(EventBody::Page(PageEvent {
                page: "product".into(),
                product: Some(product.name.clone()),
                category: Some(product.key.clone()),
                price: Some(product.price),
                currency: Some(shop.currency),
                seconds,
                visit_seconds: Some(seconds),
            }));
        }
    }

    fn click(&self, shop: &Shop) -> Option<EventBody> {
        let product = self.wanted(shop)?;
        Some(EventBody::Click(ClickEvent {
            link: "product".into(),
            product: Some(product.name.clone()),
            category: Some(product.key.clone()),
            price: Some(product.price),
            currency: Some(shop.currency),
            ..ClickEvent::default()
        }))
    }

    fn cart(&self, shop: &Shop) -> Option<EventBody> {
        let product = self.wanted(shop)?;
        Some(EventBody::Cart(CartEvent {
            action: "add".into(),
            product: Some(product.name.clone()),
            category: Some(product.key.clone()),
            amount: Some(product.price),
            currency: Some(shop.currency),
        }))
    }

    fn order(&mut self, turn: &mut Turn, population: &Population, shop: &Shop) {
        self.orders += 1;
        let number = self.orders;
        let Some(product) = self.wanted(shop) else { return };
        let line = OrderLine {
            product: product.name.clone(),
            category: product.key.clone(),
            brand: product.brand.clone(),
            price: product.price,
            quantity: Some(Decimal::ONE),
        };
        let (total, currency): (Decimal, _) = (product.price, shop.currency);
        turn.events.push(EventBody::Order(OrderEvent {
            order: self.order_name(number),
            state: OrderState::Placed,
            total: Some(total),
            currency: Some(currency),
            lines: vec![line],
            coupon: None,
            tracking: None,
            eta: None,
        }));
        if !self.chance(population.visit.pays) {
            return;
        }
        let mut at = self.about(300);
        for (state, seconds) in [
            (OrderState::Paid, 86_400),
            (OrderState::Shipped, 3 * 86_400),
            (OrderState::Delivered, 86_400),
            (OrderState::Completed, 0),
        ] {
            turn.next.push((at, Act::Advance { order: number, state }));
            at = at + self.about(seconds);
        }
        if self.chance(population.visit.complains) {
            turn.next.push((at, Act::Complain));
        }
    }

    /// A message reaches the phone: what they think of it, and what they do.
    fn receive(&mut self, turn: &mut Turn, received: Received, population: &Population, now: Timestamp) {
        let Received { number, kind, template } = received;
        let (asleep, temper) = (self.is_asleep(now), &population.temper);
        turn.events.push(self.status(number, StatusKind::Delivered, None));
        if kind == MessageKind::Reply {
            if self.profile.tells_reads {
                turn.next.push((self.about(20), Act::Read { number }));
            }
            return;
        }
        let points = temper.points(kind, asleep, self.stopped);
        self.points = temper.faded(self.points, now - self.points_at) + points;
        self.points_at = now;
        let anger = (self.points / self.profile.patience).powi(2);
        let read = match asleep || self.chance(0.4) {
            true => (self.near_best_hour(now + Duration::hours(8)) - now).max(Duration::minutes(5)),
            false => self.about(600),
        };
        if self.profile.tells_reads && self.chance(0.85 / (1.0 + anger)) {
            turn.next.push((read, Act::Read { number }));
        }
        match () {
            () if self.chance(temper.blocks * anger) => turn.next.push((read, Act::Block { template })),
            () if self.chance(temper.stops * anger) => {
                let act = if self.chance(0.5) { Act::Stop } else { Act::StopMarketing };
                turn.next.push((read, act));
            }
            () if self.chance(population.visit.click / (1.0 + anger)) => {
                turn.next.push((read + self.about(20), Act::Click));
            }
            () => {}
        }
    }

    fn status(&self, number: i64, status: StatusKind, error: Option<i64>) -> EventBody {
        let message = MessageNumber { contact: self.state.contact.id, number }.to_string();
        EventBody::Status(StatusEvent { message, status, error, wamid: None })
    }

    fn wanted<'s>(&self, shop: &'s Shop) -> Option<&'s Product> {
        shop.products.get(self.product)
    }

    fn order_name(&self, order: u32) -> String {
        format!("{}-{order}", self.state.contact.id)
    }
}

fn advanced(order: String, state: OrderState) -> EventBody {
    EventBody::Order(OrderEvent {
        order,
        state,
        total: None,
        currency: None,
        lines: Vec::new(),
        coupon: None,
        tracking: (state == OrderState::Shipped).then(|| "T-1".into()),
        eta: None,
    })
}
