//! The heart: `fold(state, event, knowledge) -> effects`, a pure function.
//!
//! The live system, a replay, a backtest and the tests all run this code. Its clock is the event's `received`; timers
//! fire at the moment that they were due, before the event behind them. So the state that live processing reached is the
//! state that a replay of the journal reaches, whatever the machine's clock said in between.

pub(crate) mod about;
pub mod state;
pub(crate) mod unasked;

use std::sync::OnceLock;

use crate::dialogue::{Dialogue, Known};
use crate::domain::{
    AgentAction, AgentEvent, Colour, Consequence, Contact, ContactRef, Content, Crawlers, Duration, Event, EventBody,
    Evidence, HandoffRequest, InboundMessage, Intent, Language, Link, MessageKind, OptAction, OptScope, Outgoing,
    Reading, Sender, Shop, Timestamp, UserId, Whereabouts,
};
use crate::handoff::{self, DeskMove};
use crate::lexicon::{Hints, Lexicon};
use crate::outreach;
use crate::rulebook::{Occurrence, Rulebook};
use crate::store::SeenRule;
use state::{Effect, State};

/// Everything that a fold knows beside the contact: dictionaries, rules, replies, the shop. Immutable; a changed file
/// makes a new one.
pub struct Knowledge {
    /// Of the dictionaries and rules: tags are made anew when it changes.
    pub fingerprint: String,
    /// Reads messages: see [`Self::lexicon`].
    pub(super) lexicon: OnceLock<Lexicon>,
    /// Decides tags.
    pub rulebook: Rulebook,
    /// What its files, and those of limits, say beside rules: a change of it is written down like one of a rule.
    pub(super) tables: Vec<SeenRule>,
    /// Chooses words.
    pub dialogue: Dialogue,
    /// Facts and products.
    pub shop: Shop,
    /// Lists of contacts that ship.
    pub lists: Vec<crate::segments::lists::List>,
    /// What tags are called and drawn in.
    pub tag_names: crate::governance::TagNames,
    /// When an alert stands, and how tags are kept in order.
    pub governance: crate::governance::Figures,
    /// When a promise is kept, and when the bot takes over again.
    pub desk_policy: handoff::Policy,
    /// What may be sent unasked.
    pub outreach: outreach::Policy,
    /// What may be sent to many at once. Looked at when a message leaves, not by folds.
    pub limits: std::sync::Arc<outreach::Limits>,
    /// What Meta charges.
    pub prices: crate::outreach::Prices,
    /// Countries, cities and what they mean.
    pub places: crate::places::Places,
    /// What statistics over all contacts are counted by. Looked at by jobs, not by folds.
    pub statistics: crate::statistics::Parameters,
    /// Whom events of the whole shop concern. Looked at when they are handed on, not by folds.
    pub audiences: crate::engine::knowledge::audience::Audiences,
    /// Who opens a link and is no customer. Looked at when a link is opened, not by folds.
    pub crawlers: Crawlers,
    /// An answer that waited longer than this is dropped.
    pub reply_max_age: Duration,
}

/// A fold in progress: the state, and what was decided so far.
pub(super) struct Folding<'a> {
    pub(super) knowledge: &'a Knowledge,
    pub(super) state: &'a mut State,
    pub(super) effects: Vec<Effect>,
    consequences: Vec<Consequence>,
}

impl Knowledge {
    /// What reads messages. After a start it comes later than all the rest: who asks sooner waits.
    pub fn lexicon(&self) -> &Lexicon {
        self.lexicon.wait()
    }

    /// Folds one event: first the timers that were due before it, each at its own moment, then the event itself.
    pub fn fold(&self, state: &mut State, event: &Event) -> Vec<Effect> {
        if event.body.is_past() && !state.takes_past(event.received) {
            return Vec::new();
        }
        let mut folding = Folding::new(self, state);
        let now = event.received.max(folding.state.clock);
        folding.fire_timers(now - Duration::millis(1));
        folding.state.clock = now;
        folding.state.imported = event.body.is_past();
        folding.take_in(event, now);
        folding.effects
    }

    /// Fires the timers that are due up to and including `until`.
    pub fn advance(&self, state: &mut State, until: Timestamp) -> Vec<Effect> {
        let mut folding = Folding::new(self, state);
        folding.fire_timers(until);
        folding.effects
    }

    /// The earliest moment at which anything about this contact would change with no new event.
    pub fn next_wake(&self, state: &State) -> Option<Timestamp> {
        self.earliest(state, self.rulebook.next_wake(&state.facts))
    }

    /// The same, where it is known when the rules wake.
    fn earliest(&self, state: &State, rules: Option<Timestamp>) -> Option<Timestamp> {
        [
            rules,
            state.desk.next_wake(&self.desk_policy),
            self.dialogue.next_wake(&state.memory),
            state.ledger.next_wake(),
            state.contact.place.as_ref().map(Whereabouts::refresh_due),
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

impl<'a> Folding<'a> {
    fn new(knowledge: &'a Knowledge, state: &'a mut State) -> Self {
        Self { knowledge, state, effects: Vec::new(), consequences: Vec::new() }
    }

    fn fire_timers(&mut self, until: Timestamp) {
        // A room whose timer does not move on when it fires would hold the fold for ever: it is left alone instead.
        let mut last: Option<(Timestamp, u32)> = None;
        loop {
            let rules = self.knowledge.rulebook.next_wake(&self.state.facts);
            let Some(due) = self.knowledge.earliest(self.state, rules).filter(|due| *due <= until) else { break };
            let at = due.max(self.state.clock);
            let rounds = last.filter(|(moment, _)| *moment == due).map_or(0, |(_, rounds)| rounds + 1);
            if rounds > 8 {
                break;
            }
            last = Some((due, rounds));
            self.fire(due, rules.is_some_and(|wake| wake <= due), at);
            // What is still to come stands behind this timer, also in a replay, where a timer fires behind the events of
            // its own moment.
            self.state.clock = at + Duration::millis(1);
        }
    }

    fn fire(&mut self, due: Timestamp, by_rules: bool, now: Timestamp) {
        let knowledge = self.knowledge;
        if by_rules {
            self.rules(Occurrence::Clock, now);
        }
        if self.state.desk.next_wake(&knowledge.desk_policy).is_some_and(|wake| wake <= due) {
            let moved = self.state.desk.wake(&knowledge.desk_policy, now);
            self.desk_moved(moved, now);
        }
        if knowledge.dialogue.next_wake(&self.state.memory).is_some_and(|wake| wake <= due) {
            self.answer(now);
        }
        if self.state.ledger.next_wake().is_some_and(|wake| wake <= due) {
            self.follow_up(now);
        }
        if self.state.contact.place.as_ref().is_some_and(|place| place.refresh_due() <= due)
            && let Some(sighting) = knowledge.places.refresh(&mut self.state.contact, now)
        {
            self.rules(Occurrence::Seen(&sighting), now);
        }
    }

    fn take_in(&mut self, event: &Event, now: Timestamp) {
        self.state.contact.first_seen.get_or_insert(event.at);
        let mut reading = self.read(event);
        self.learn(event, reading.as_ref());
        if let Some(reading) = &mut reading {
            reading.is_plain |= reading.lang == self.state.contact.language;
            reading.is_plain &= !self.knowledge.dialogue.is_own_tap(event);
        }
        let sighting = self.knowledge.places.learn(&mut self.state.contact, event, reading.as_ref());
        let is_counted = self.state.facts.is_counted(event);
        let told = self.read_note(event).or_else(|| self.with_own_names(event, reading.as_ref()?));
        self.rules(Occurrence::Event { event, reading: told.as_ref().or(reading.as_ref()) }, now);
        if let Some(sighting) = &sighting {
            self.rules(Occurrence::Seen(sighting), now);
            self.aim_anew(sighting.moved_away, now);
        }
        if self.state.imported {
            return;
        }
        match &event.body {
            EventBody::Agent(agent) => self.agent(agent, event.at, now),
            EventBody::Sent(sent) if sent.by.starts_with("agent:") => {
                // A person answered on the shop's phone: from here on it is theirs.
                let taken = AgentEvent::new(sent.by.trim_start_matches("agent:"), AgentAction::Take);
                self.agent(&taken, event.at, now);
            }
            EventBody::Status(status) => self.effects.push(Effect::Status(event.at, status.clone())),
            EventBody::Campaign(campaign) if campaign.action == "cancel" => {
                self.state.ledger.cancel(&campaign.rule(), None)
            }
            EventBody::Campaign(campaign) => {
                if let Some(mut request) = campaign.request() {
                    request.category =
                        request.product.as_deref().and_then(|product| self.knowledge.shop.key_of(product));
                    self.plan(&request, now);
                }
            }
            _ => {}
        }
        self.take_note(event, reading.as_ref(), is_counted, now);
        if matches!(event.body, EventBody::Message(_)) {
            self.state.desk.touch(now);
        }
        self.hear(event, reading.as_ref(), now);
    }

    /// Reads the words of a message that is meant for us.
    fn read(&self, event: &Event) -> Option<Reading> {
        let EventBody::Message(message) = &event.body else { return None };
        let (knowledge, State { contact, memory, .. }) = (self.knowledge, &*self.state);
        let mut reading = knowledge.dialogue.read(knowledge.lexicon(), contact, memory, message.words());
        let meant = knowledge.dialogue.meant_by(memory, message, &knowledge.shop);
        about::complete(&mut reading, message, &meant, &knowledge.shop);
        if let Some(headline) = message.headline().filter(|_| meant.is_empty()) {
            let hints = Hints { lang: contact.language.as_ref().map(Language::tag), ..Hints::default() };
            about::complete_by_ad(&mut reading, &knowledge.lexicon().read(headline, &hints));
        }
        Some(reading)
    }

    /// What was read, with the products that are named as the shop calls them, if any are. The dialogue looks for those itself.
    fn with_own_names(&self, event: &Event, reading: &Reading) -> Option<Reading> {
        let EventBody::Message(message) = &event.body else { return None };
        let Knowledge { dialogue, shop, .. } = self.knowledge;
        let named = dialogue.named_in(&self.state.memory, message.words(), reading, shop);
        if named.is_empty() {
            return None;
        }
        let mut reading = reading.clone();
        about::name_own(&mut reading, &named);
        Some(reading)
    }

    /// Reads what a person of the shop noted: it says something of the customer, and is no word of theirs.
    fn read_note(&self, event: &Event) -> Option<Reading> {
        let EventBody::Agent(agent) = &event.body else { return None };
        let text = agent.text.as_deref().filter(|_| agent.action == AgentAction::Note)?;
        Some(self.knowledge.lexicon().read(text, &Hints::default()))
    }

    /// What an event tells of the contact itself: address, name, language, window, consent.
    fn learn(&mut self, event: &Event, reading: Option<&Reading>) {
        let contact = &mut self.state.contact;
        match &event.body {
            EventBody::Message(message) => {
                learn_from_message(contact, message, event.at);
                if let Some(reading) = reading {
                    self.knowledge.dialogue.learn_language(contact, event, reading);
                    if reading.wants(Intent::OptOut) {
                        if !contact.wanted_in_after(event.at) {
                            if !contact.opted_out {
                                contact.opted_out_at = Some(event.at);
                            }
                            contact.opted_out = true;
                        }
                        contact.last_out = contact.last_out.max(Some(event.at));
                    } else if reading.wants(Intent::OptIn) && !contact.wanted_out_after(event.at) {
                        contact.opted_out = false;
                        contact.last_in = contact.last_in.max(Some(event.at));
                    }
                }
            }
            EventBody::Location(location) => {
                if let Some(message) = &location.message {
                    learn_from_message(contact, message, event.at);
                }
            }
            // What they agreed to before they had enough is over, also where it is told after that.
            EventBody::Opt(opt) if opt.action == OptAction::In && contact.wanted_out_after(event.at) => {}
            EventBody::Opt(opt) if opt.action == OptAction::In => {
                (contact.marketing_out, contact.opted_in) = (false, true);
                contact.last_agreed = contact.last_agreed.max(Some(event.at));
                // A stop of everything is not lifted by a yes to marketing alone: that is the smaller word, and forms and address
                // books repeat it by themselves. Their own word lifts it, or a yes to everything.
                if opt.scope == OptScope::All {
                    contact.opted_out = false;
                    contact.last_in = contact.last_in.max(Some(event.at));
                }
            }
            EventBody::Opt(opt) => {
                let of_marketing = !contact.agreed_after(event.at);
                let of_all = opt.scope == OptScope::All && !contact.wanted_in_after(event.at);
                if (of_marketing || of_all) && !contact.is_opted_out() {
                    contact.opted_out_at = Some(event.at);
                }
                if of_marketing {
                    (contact.marketing_out, contact.opted_in) = (true, false);
                }
                contact.opted_out |= of_all;
                contact.last_out = contact.last_out.max(Some(event.at));
            }
            // 131050: this user stopped marketing messages from us (section 6).
            EventBody::Status(status) if status.error == Some(131_050) => {
                contact.marketing_out |= !contact.agreed_after(event.at);
                contact.last_out = contact.last_out.max(Some(event.at));
            }
            EventBody::Profile(profile) if profile.field == "name" => contact.name = Some(profile.value.clone()),
            EventBody::Identity { now } => rename(contact, now, event.at),
            _ => {}
        }
    }

    pub(super) fn rules(&mut self, what: Occurrence<'_>, now: Timestamp) {
        let knowledge = self.knowledge;
        let Folding { state, consequences, .. } = self;
        knowledge.rulebook.step(&mut state.facts, &state.contact, what, now, consequences);
        let mut decided = std::mem::take(&mut self.consequences);
        if self.state.imported {
            decided.retain(|consequence| !consequence.reaches_people());
        }
        let mut handed_off = false;
        for consequence in &decided {
            match consequence {
                Consequence::Handoff(request) => {
                    let moved = self.state.desk.open(request, &knowledge.shop, now);
                    handed_off |= self.desk_moved(moved, now);
                }
                Consequence::FollowUp(request) => self.plan(request, now),
                Consequence::CancelFollowUps { rule, order } => self.state.ledger.cancel(rule, order.as_ref()),
                _ => {}
            }
        }
        self.effects.extend(decided.into_iter().map(|consequence| Effect::Decided(now, consequence)));
        self.hurry(now);
        if handed_off {
            self.rules(Occurrence::HandedOff, now);
        }
    }

    /// While a person is asked for, the shortest promise of the tags held is on the clock.
    fn hurry(&mut self, now: Timestamp) {
        let State { desk, facts, .. } = &*self.state;
        let Some(reason) = desk.reason().filter(|_| desk.promise().is_some()) else { return };
        let knowledge = self.knowledge;
        let Some((promise, tag)) = knowledge.rulebook.promise(facts, reason) else { return };
        // The reason stays: it is what the customer waits for, only sooner.
        let evidence = Evidence { by: tag.to_owned(), ..Evidence::default() };
        let request = HandoffRequest { reason: reason.to_owned(), promise, evidence };
        let moved = self.state.desk.hurry(&request, &knowledge.shop, now);
        self.desk_moved(moved, now);
    }

    fn agent(&mut self, event: &AgentEvent, at: Timestamp, now: Timestamp) {
        let moved = self.state.desk.act(event, at, &self.knowledge.shop, now);
        if self.desk_moved(moved, now) {
            self.rules(Occurrence::HandedOff, now);
        }
        if event.action != AgentAction::Reply {
            return;
        }
        let content = match (&event.template, &event.text) {
            (Some(template), _) => Content::Template(template.clone()),
            (None, Some(text)) => Content::Text { body: text.clone() },
            (None, None) => return,
        };
        let mut message = self.outgoing(MessageKind::Reply, content, now);
        message.sender = Sender::Agent(event.agent.clone());
        message.link = event.link;
        self.send(message, now);
    }

    /// A person is in charge from this transaction on: what the bot still had to say is taken back. Whether it is so.
    fn desk_moved(&mut self, moved: Option<DeskMove>, now: Timestamp) -> bool {
        let Some(moved) = moved else { return false };
        let silences = moved.silences_bot();
        if silences {
            self.effects.push(Effect::CancelQueued { reason: "a person takes over".into() });
        }
        match &moved {
            moved if moved.tells_customer() => self.knowledge.dialogue.person_asked_for(&mut self.state.memory, now),
            DeskMove::Accepted { .. } => self.knowledge.dialogue.person_in_charge(&mut self.state.memory),
            _ => {}
        }
        self.effects.push(Effect::Desk(now, moved));
        silences
    }

    fn hear(&mut self, event: &Event, reading: Option<&Reading>, now: Timestamp) {
        let Folding { knowledge, state, effects, .. } = self;
        knowledge.dialogue.look(&mut state.memory, event, &knowledge.shop);
        // A stop that is told late, and that they took back since, is not confirmed.
        let is_over = reading.is_some_and(|reading| reading.wants(Intent::OptOut));
        if !is_over || !state.contact.wanted_in_after(event.at) {
            knowledge.dialogue.hear(&mut state.memory, event, reading, now);
        }
        let message = match &event.body {
            EventBody::Message(message) => Some(message),
            EventBody::Location(location) => location.message.as_deref(),
            _ => None,
        };
        if let Some(InboundMessage { wamid: Some(wamid), channel: Some(channel), silent: false, .. }) = message {
            effects.push(Effect::Heard { wamid: wamid.clone(), channel: channel.clone() });
        }
    }

    fn answer(&mut self, now: Timestamp) {
        let standing = self.state.desk.speaker();
        let knowledge = self.knowledge;
        let State { memory, contact, facts, .. } = &mut *self.state;
        let shop = &knowledge.shop;
        let weighs = ["demo/*", "case/complaint-open", "case/urgent", "status/repair-pending"];
        let known = Known {
            offer: shop.offer(now, |tag| facts.holds(tag)),
            delivery: knowledge.places.delivery(contact).filter(|_| facts.holds_like("ship/*")),
            may_be_asked: facts.colour() != Some(Colour::Red) && !weighs.iter().any(|tag| facts.holds_like(tag)),
        };
        let Some(answer) = knowledge.dialogue.answer(memory, contact, known, shop, standing, now) else { return };
        // Words of our own reach nobody whose service window is closed (131047): a hand-off may open without a word of theirs.
        if !contact.window_is_open(now) {
            return;
        }
        let mut message = self.outgoing(MessageKind::Reply, answer.content, now);
        message.answers = answer.answers;
        carry(&mut message, answer.links);
        self.send(message, now);
        if let Some(request) = answer.handoff {
            let moved = self.state.desk.open(&request, &knowledge.shop, now);
            // The answer itself has just said that a person comes: it must not be taken back with the rest.
            if let Some(moved) = moved {
                self.effects.push(Effect::Desk(now, moved));
                self.rules(Occurrence::HandedOff, now);
            }
        }
    }

    pub(super) fn outgoing(&mut self, kind: MessageKind, content: Content, now: Timestamp) -> Outgoing {
        self.state.messages += 1;
        Outgoing {
            number: self.state.messages,
            ..Outgoing::of_bot(kind, content, now, now + self.knowledge.reply_max_age)
        }
    }

    pub(super) fn send(&mut self, message: Outgoing, now: Timestamp) {
        self.note_reply(&message);
        let (knowledge, contact) = (self.knowledge, self.state.contact.id);
        knowledge.dialogue.note_sent(&mut self.state.memory, contact, &message, &knowledge.shop);
        self.effects.push(Effect::Send(message.clone()));
        self.rules(Occurrence::Sent(&message), now);
    }
}

/// Gives a message its links. Those whose mark fell away with the words around it are none.
pub(super) fn carry(message: &mut Outgoing, links: Vec<Link>) {
    let Some(words) = message.content.body_mut() else { return };
    message.link = (0..links.len()).any(|index| words.contains(Link::mark(index)));
    message.links = if message.link { links } else { Vec::new() };
}

fn learn_from_message(contact: &mut Contact, message: &InboundMessage, at: Timestamp) {
    if message.silent {
        return;
    }
    if let Some(name) = message.name.as_ref().filter(|name| !name.trim().is_empty()) {
        contact.name = Some(name.clone());
    }
    contact.last_inbound = contact.last_inbound.max(Some(at));
    if contact.renamed_at.is_some_and(|renamed| at < renamed) {
        // It comes late: answers to the former number reach nobody, or somebody else.
        return;
    }
    if message.wa_id.is_some() {
        contact.address.wa_id.clone_from(&message.wa_id);
    }
    if let Some(user) = &message.user_id {
        contact.address.user_id = Some(UserId(user.clone()));
    }
    if message.channel.is_some() {
        contact.channel.clone_from(&message.channel);
    }
}

/// The number or user id changed: what is not told any more is not theirs any more.
fn rename(contact: &mut Contact, now: &[ContactRef], at: Timestamp) {
    if contact.renamed_at.is_some_and(|renamed| at < renamed) {
        return;
    }
    contact.renamed_at = Some(at);
    let address = &mut contact.address;
    for name in now {
        match name {
            ContactRef::Phone(phone) => address.wa_id = Some(phone.digits().to_owned()),
            ContactRef::User(user) => address.user_id = Some(user.clone()),
        }
    }
    if !now.iter().any(|name| matches!(name, ContactRef::Phone(_))) {
        address.wa_id = None;
    }
}
