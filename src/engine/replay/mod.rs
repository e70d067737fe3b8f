//! A world of its own for one timeline: contacts, folded with the timeline as the clock. Nothing is sent or stored.

pub mod backtest;
pub(crate) mod campaigns;
pub(crate) mod expected;
pub(crate) mod jobs;
pub(crate) mod quality;
pub mod timeline;
pub(crate) mod wakes;
pub(crate) mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::domain::{
    AgentAction, AgentEvent, Consequence, ContactId, ContactRef, Event, EventBody, MessageKind, TagChange, TagMove,
    Timestamp,
};
use crate::engine::fold::Knowledge;
use crate::engine::fold::state::{Effect, State};
use campaigns::Campaigns;
use expected::Called;
use jobs::Known;
use quality::Quality;
use timeline::{Expectation, Line, What};
use wakes::Wakes;
use watch::Watch;

/// Alerts that there are without any rule.
const KNOWN: [&str; 7] =
    ["red-share", "grey-share", "tag-count", "tag-use", "tag-accuracy", "sla-breach", quality::ALERT];

/// What came of a whole timeline.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Lines whose expectation held.
    pub passed: usize,
    /// Lines whose expectation failed.
    pub failures: Vec<Failure>,
}

/// One line whose expectation does not hold.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// From 1.
    pub line: usize,
    /// One sentence for each thing that differs, with the evidence.
    pub differences: Vec<String>,
}

pub(super) struct Player {
    pub(super) state: State,
    /// Lines of the whole shop that reached them.
    reached: BTreeSet<i64>,
    /// What happened to their orders: jobs count it.
    orders: Vec<Event>,
    /// Evidence of the last change of each tag.
    pub(super) ledger: BTreeMap<String, TagChange>,
    pub(super) sent: Vec<MessageKind>,
}

/// What was decided for whom.
pub type Record = Vec<(ContactRef, Effect)>;

/// What is noted of all that is decided.
#[derive(Default)]
struct Told {
    alerts: BTreeSet<String>,
    quality: Quality,
    trace: Option<Vec<String>>,
    /// All that was decided, kept where somebody looks at it afterwards.
    record: Option<Record>,
}

/// The contacts of one timeline and what happened to them.
pub struct World<'a> {
    knowledge: &'a Knowledge,
    players: BTreeMap<ContactRef, Player>,
    wakes: Wakes,
    seen: BTreeSet<String>,
    told: Told,
    /// Only where the timeline expects something of it.
    watch: Option<Watch>,
    /// What reached those whom it concerned, and may still be told to others.
    wide: Vec<Event>,
    /// When jobs over all contacts are due next; none before anything happened.
    next_jobs: Option<Timestamp>,
    campaigns: Campaigns,
    /// What the shop calls its products, as far as the timeline tells.
    called: Called,
}

impl<'a> World<'a> {
    /// An empty world; with `trace`, every change is written down.
    pub fn new(knowledge: &'a Knowledge, trace: bool) -> Self {
        let told = Told { trace: trace.then(Vec::new), ..Told::default() };
        let (players, seen, wide, campaigns) = (BTreeMap::new(), BTreeSet::new(), Vec::new(), Campaigns::default());
        let (wakes, called) = (Wakes::default(), Called::default());
        Self { knowledge, players, wakes, seen, told, watch: None, wide, next_jobs: None, campaigns, called }
    }

    /// An empty world that keeps all that is decided in it.
    pub fn recorded(knowledge: &'a Knowledge) -> Self {
        let told = Told { record: Some(Vec::new()), ..Told::default() };
        Self { told, ..Self::new(knowledge, false) }
    }

    /// All that was decided, in order.
    pub fn take_record(&mut self) -> Record {
        self.told.record.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Lets the time pass until that moment.
    pub fn pass(&mut self, until: Timestamp) {
        self.advance_all(until);
    }

    /// Plays all lines and says which expectations failed.
    pub fn play(&mut self, lines: &[Line]) -> Outcome {
        let mut outcome = Outcome::default();
        if lines.iter().any(Line::looks_at_alerts) {
            self.watch.get_or_insert_default();
        }
        for line in lines {
            match &line.what {
                What::Event { id, body } => self.event(line, id.as_deref(), body),
                What::Expect(expectation) => {
                    self.advance_all(line.at);
                    let differences = self.compare(line, expectation);
                    if differences.is_empty() {
                        outcome.passed += 1;
                    } else {
                        outcome.failures.push(Failure { line: line.number, differences });
                    }
                }
            }
        }
        outcome
    }

    /// What was written down, in order.
    pub fn take_trace(&mut self) -> Vec<String> {
        self.told.trace.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The state of a contact, for tests that look closer.
    pub fn state(&self, contact: &ContactRef) -> Option<&State> {
        self.players.get(contact).map(|player| &player.state)
    }

    fn event(&mut self, line: &Line, id: Option<&str>, body: &EventBody) {
        if id.is_some_and(|id| !self.seen.insert(id.to_owned())) {
            return;
        }
        self.next_jobs.get_or_insert_with(|| jobs::next(line.received, self.knowledge));
        self.called.note(body);
        self.advance_all(line.received - crate::domain::Duration::millis(1));
        let Some(contact) = &line.contact else { return self.hand_on(line, body) };
        let knowledge = self.knowledge;
        if !self.players.contains_key(contact) {
            self.players.insert(contact.clone(), self.newcomer(contact));
        }
        let Some(player) = self.players.get_mut(contact) else { return };
        let event = Event { seq: line.number as i64, at: line.at, received: line.received, body: body.clone() };
        let effects = knowledge.fold(&mut player.state, &event);
        self.wakes.set(contact, knowledge.next_wake(&player.state));
        self.told.quality.note(&player.state, &event.body, event.received, &knowledge.limits);
        note(contact, player, effects, &mut self.told);
        if matches!(event.body, EventBody::Order(_)) {
            player.orders.push(event);
        }
    }

    fn newcomer(&self, contact: &ContactRef) -> Player {
        let next_id = ContactId(self.players.len() as i64 + 1);
        let state = State::new(next_id, std::slice::from_ref(contact), &self.knowledge.places);
        Player { state, reached: BTreeSet::new(), orders: Vec::new(), ledger: BTreeMap::new(), sent: Vec::new() }
    }

    /// An event of the whole shop reaches those whom it concerns.
    fn hand_on(&mut self, line: &Line, body: &EventBody) {
        if let EventBody::Campaign(campaign) = body {
            self.campaigns.note(campaign, (line.at, line.received), self.knowledge);
            self.watch.iter_mut().for_each(|watch| watch.campaign(campaign, line.at));
        }
        let Knowledge { audiences, places, .. } = self.knowledge;
        let tags = audiences.of(body, places);
        let event = Event { seq: line.number as i64, at: line.at, received: line.received, body: body.clone() };
        let earlier = audiences.earlier(body).map(|length| line.received - length);
        self.wide.retain(|event| event.body.kind() != body.kind() || Some(event.received) >= earlier);
        let same = |other: &&Event| other.body.kind() == body.kind() && audiences.of(&other.body, places) == tags;
        let events: Vec<&Event> = self.wide.iter().filter(same).chain([&event]).collect();
        for (contact, player) in &mut self.players {
            if !tags.iter().any(|tag| player.state.facts.holds_like(tag)) {
                continue;
            }
            for event in &events {
                if player.reached.insert(event.seq) {
                    let event = Event { received: line.received, ..(*event).clone() };
                    let effects = self.knowledge.fold(&mut player.state, &event);
                    note(contact, player, effects, &mut self.told);
                }
            }
            self.wakes.set(contact, self.knowledge.next_wake(&player.state));
        }
        if earlier.is_some() {
            self.wide.push(event);
        }
    }

    /// Fires what is due up to that moment, and does the jobs over all contacts that are due on the way.
    fn advance_all(&mut self, until: Timestamp) {
        loop {
            let merge = self.campaigns.next().filter(|due| *due <= until);
            let jobs = self.next_jobs.filter(|due| *due + jobs::DELAY <= until);
            match (merge, jobs) {
                (Some(merge), jobs) if jobs.is_none_or(|jobs| merge < jobs + jobs::DELAY) => {
                    self.advance_days(merge);
                    self.merge(merge);
                }
                (_, Some(due)) => {
                    self.advance_days(due);
                    self.jobs(due);
                    self.next_jobs = Some(jobs::next(due, self.knowledge));
                }
                (_, None) => break,
            }
        }
        self.advance_days(until);
    }

    /// Makes the tags of campaigns one that have been over for long, as far as people gave them.
    fn merge(&mut self, due: Timestamp) {
        let knowledge = self.knowledge;
        let into = knowledge.governance.tags.campaign_into.clone();
        let tags: Vec<String> =
            self.campaigns.take(due).into_iter().filter(|tag| *tag != into && !knowledge.rulebook.gives(tag)).collect();
        for (contact, player) in &mut self.players {
            let held: Vec<_> =
                tags.iter().filter(|tag| player.state.facts.holds(tag)).map(|tag| (tag, false)).collect();
            let gets = (!held.is_empty() && !player.state.facts.holds(&into)).then_some((&into, true));
            for (tag, set) in held.into_iter().chain(gets) {
                let action = if set { AgentAction::TagAdd } else { AgentAction::TagRemove };
                let body =
                    EventBody::Agent(AgentEvent { tag: Some(tag.clone()), ..AgentEvent::new("hotline", action) });
                let effects = knowledge.fold(&mut player.state, &Event { seq: 0, at: due, received: due, body });
                note(contact, player, effects, &mut self.told);
            }
            self.wakes.set(contact, knowledge.next_wake(&player.state));
        }
    }

    /// Keeps what alerts compare from day to day.
    fn advance_days(&mut self, until: Timestamp) {
        let knowledge = self.knowledge;
        while let Some((day, over)) = self.watch.as_mut().and_then(|watch| watch.next_day_over(until, knowledge)) {
            self.advance_players(over - crate::domain::Duration::millis(1));
            let Self { players, watch, .. } = self;
            watch.iter_mut().for_each(|watch| watch.keep(day, players.values().map(|player| &player.state)));
        }
        self.advance_players(until);
    }

    /// Tells every contact what the jobs that are due count of it.
    fn jobs(&mut self, due: Timestamp) {
        let known = |player: &'_ Player| jobs::regions_of(&player.state.facts);
        let known: Vec<_> =
            self.players.values().map(|player| Known { orders: &player.orders, regions: known(player) }).collect();
        let told = jobs::count(self.knowledge, due, &known);
        for ((contact, player), bodies) in self.players.iter_mut().zip(told) {
            for body in bodies {
                let event = Event { seq: 0, at: due, received: due + jobs::DELAY, body };
                let effects = self.knowledge.fold(&mut player.state, &event);
                note(contact, player, effects, &mut self.told);
                self.wakes.set(contact, self.knowledge.next_wake(&player.state));
            }
        }
    }

    /// Contact by contact, each in its own order of time.
    fn advance_players(&mut self, until: Timestamp) {
        for contact in self.wakes.until(until) {
            let Some(player) = self.players.get_mut(&contact) else { continue };
            let effects = self.knowledge.advance(&mut player.state, until);
            note(&contact, player, effects, &mut self.told);
            self.wakes.set(&contact, self.knowledge.next_wake(&player.state));
        }
    }

    fn compare(&mut self, line: &Line, expectation: &Expectation) -> Vec<String> {
        let mut differences = Vec::new();
        self.compare_alerts(line.at, expectation, &mut differences);
        let Some(contact) = &line.contact else { return differences };
        match self.players.get_mut(contact) {
            Some(player) => expected::compare(player, expectation, &self.called, &mut differences),
            None => {
                // Nobody holds anything before the first event.
                let nobody = &mut self.newcomer(contact);
                expected::compare(nobody, expectation, &self.called, &mut differences);
                if !differences.is_empty() {
                    differences.insert(0, format!("nothing is known of {contact}: no event of theirs came before"));
                }
            }
        }
        differences
    }

    /// Alerts that rules raised once, and those over all contacts that stand now.
    fn compare_alerts(&self, at: Timestamp, expectation: &Expectation, differences: &mut Vec<String>) {
        let states = self.players.values().map(|player| &player.state);
        let standing = self.watch.as_ref().map(|watch| watch.standing(self.knowledge, at, states)).unwrap_or_default();
        let standing: Vec<_> = standing.into_iter().chain(self.told.quality.alert(at)).collect();
        let what = |name: &String| {
            let found = standing.iter().find(|alert| alert.name == *name).map(|alert| alert.what.as_str());
            found.or_else(|| self.told.alerts.contains(name).then_some("a rule raised it"))
        };
        for alert in expectation.alerts.iter().flatten().filter(|alert| what(alert).is_none()) {
            differences.push(format!("expected alert {alert}, it does not stand"));
        }
        let is_known = |name: &String| KNOWN.contains(&name.as_str()) || self.knowledge.rulebook.raises(name);
        for alert in expectation.not_alerts.iter().flatten() {
            // One that there is not can never stand.
            if !is_known(alert) {
                differences
                    .push(format!("there is no alert {alert}: they are {}, and those of rules", KNOWN.join(", ")));
            }
            if let Some(what) = what(alert) {
                differences.push(format!("expected no alert {alert}, but it stands: {what}"));
            }
        }
    }
}

fn note(contact: &ContactRef, player: &mut Player, effects: Vec<Effect>, told: &mut Told) {
    let Told { alerts, quality, trace, record } = told;
    for effect in effects {
        if let Effect::Send(message) = &effect
            && let Err(why) = quality.lets_go(&player.state, message)
        {
            let kind = message.kind.name();
            trace.iter_mut().for_each(|trace| trace.push(format!("{} {contact} holds {kind}: {why}", message.at)));
            continue;
        }
        if let Some(record) = record.as_mut() {
            record.push((contact.clone(), effect.clone()));
        }
        if let (Some(trace), Some(said)) = (trace.as_mut(), tell(contact, &effect)) {
            trace.push(said);
        }
        match effect {
            Effect::Decided(_, Consequence::Tag(change)) => {
                player.ledger.insert(change.tag.to_string(), change);
            }
            Effect::Decided(_, Consequence::Alert { name, .. }) => {
                alerts.insert(name);
            }
            Effect::Send(message) => player.sent.push(message.kind),
            _ => {}
        }
    }
}

/// One line of the trace; `None` for what changes nothing that a reader cares for.
fn tell(contact: &ContactRef, effect: &Effect) -> Option<String> {
    let name = |name: Option<&'static str>| name.unwrap_or("none");
    Some(match effect {
        Effect::Decided(at, Consequence::Tag(change)) => {
            let verb = match change.change {
                TagMove::Set => "+",
                TagMove::Removed => "-",
                TagMove::Expired => "- (expired)",
            };
            format!("{at} {contact} {verb} {} {}", change.tag, because(&change.evidence))
        }
        Effect::Decided(at, Consequence::Colour { from, to, evidence }) => {
            format!(
                "{at} {contact} colour {} -> {} {}",
                name(from.map(|from| from.name())),
                to.name(),
                because(evidence)
            )
        }
        Effect::Decided(at, Consequence::Heat { from, to, evidence }) => {
            let (from, to) = (name(from.map(|from| from.name())), name(to.map(|to| to.name())));
            format!("{at} {contact} heat {from} -> {to} {}", because(evidence))
        }
        Effect::Decided(at, Consequence::Stage { from, to, evidence }) => {
            format!("{at} {contact} stage {} -> {} {}", from.name(), to.name(), because(evidence))
        }
        Effect::Decided(at, Consequence::Handoff(request)) => {
            let (reason, promise) = (&request.reason, request.promise);
            format!("{at} {contact} asks for a person: {reason}, within {promise} {}", because(&request.evidence))
        }
        Effect::Decided(at, Consequence::FollowUp(request)) => {
            let kind = request.kind.name();
            format!(
                "{at} {contact} plans {kind} {} between {} and {} [{}]",
                request.template, request.not_before, request.not_after, request.rule
            )
        }
        Effect::Decided(at, Consequence::CancelFollowUps { rule, .. }) => format!("{at} {contact} unplans [{rule}]"),
        Effect::Decided(at, Consequence::Alert { name, evidence }) => {
            format!("{at} {contact} alert {name} {}", because(evidence))
        }
        Effect::Desk(at, moved) => format!("{at} {contact} hand-off: {moved}"),
        Effect::Send(message) => {
            let rule = message.rule.as_deref().unwrap_or("answer");
            format!("{} {contact} sends {} {} [{rule}]", message.at, message.number, message.kind.name())
        }
        Effect::Refused(at, refusal) => format!("{at} {contact} not sent: {refusal}"),
        Effect::CancelQueued { .. } | Effect::Status(..) | Effect::Heard { .. } => return None,
    })
}

pub(super) fn because(evidence: &crate::domain::Evidence) -> String {
    let mut text = format!("[{}", evidence.by);
    if !evidence.version.is_empty() {
        let _infallible = write!(text, "@{}", evidence.version);
    }
    // What jobs tell stands in no line.
    if evidence.events.iter().any(|seq| *seq > 0) {
        let lines: Vec<_> = evidence.events.iter().map(i64::to_string).collect();
        let _infallible = write!(text, "; lines {}", lines.join(", "));
    }
    if !evidence.figure.is_empty() {
        let _infallible = write!(text, "; {}", evidence.figure);
    }
    text.push(']');
    text
}
