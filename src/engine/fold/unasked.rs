//! What a fold does about messages that nobody asked for: plans them, learns when they are welcome, and lets them go.

use super::state::{Effect, State};
use super::{Folding, Knowledge, carry};
use crate::domain::{Contact, Event, FollowUpRequest, MessageKind, Outgoing, Reading, Standing, Timestamp};
use crate::handoff::Desk;
use crate::outreach::{Departure, Planned, Refusal, Shared, Verdict, View};
use crate::rulebook::{Facts, Occurrence};

impl Knowledge {
    /// Asks the gate once more for a message that was decided, now that it is about to leave: `departures` are the
    /// contact's other messages as the outbox has them, `shared` is what holds for many.
    pub fn may_leave(
        &self,
        state: &State,
        (message, departures): (&Outgoing, &[Departure]),
        shared: &Shared,
        now: Timestamp,
    ) -> Verdict {
        let planned = FollowUpRequest::behind(message);
        if message.is_by_person() {
            return self.would_answer(state, &planned, shared, now);
        }
        let State { contact, facts, desk, ledger, .. } = state;
        let again = |view: &View<'_>| ledger.ask_again((&planned, message.number), departures, view, shared, now);
        self.look(contact, facts, desk, again)
    }

    /// What the gate says now of a template that a person sends.
    pub fn would_answer(&self, state: &State, planned: &FollowUpRequest, shared: &Shared, now: Timestamp) -> Verdict {
        let State { contact, facts, desk, ledger, .. } = state;
        self.look(contact, facts, desk, |view| crate::outreach::gate_of_answer(ledger, view, planned, shared, now))
    }

    /// What the gate says now of everything that is planned for a contact.
    pub fn planned<'a>(&self, state: &'a State, now: Timestamp) -> Vec<(&'a Planned, Verdict)> {
        let State { contact, facts, desk, ledger, .. } = state;
        let ask = |view: &View<'_>, planned| crate::outreach::gate(ledger, view, planned, &Shared::default(), now);
        self.look(contact, facts, desk, |view| ledger.planned().map(|planned| (planned, ask(view, planned))).collect())
    }

    /// What the gate would say now of a message that is not planned yet; `shared` is what holds for many.
    pub fn would_leave(&self, state: &State, request: &FollowUpRequest, shared: &Shared, now: Timestamp) -> Verdict {
        let State { contact, facts, desk, ledger, .. } = state;
        self.look(contact, facts, desk, |view| crate::outreach::gate(ledger, view, request, shared, now))
    }

    /// For which moment it would be planned, if it may go in its time at all.
    pub fn would_plan(&self, state: &State, request: &FollowUpRequest, now: Timestamp) -> Option<Timestamp> {
        let State { contact, facts, desk, ledger, .. } = state;
        self.look(contact, facts, desk, |view| ledger.moment(request, view, now))
    }

    /// Whether there is such a product: one of the shop's by its name, number or key, or one of the dictionaries by its key.
    pub fn knows_product(&self, product: &str) -> bool {
        let is_known =
            |key: String| self.shop.products.iter().any(|sold| sold.key == key) || self.lexicon().knows_product(&key);
        self.shop.key_of(product).is_some_and(is_known)
    }

    /// Shows the gate what it needs of a contact.
    fn look<R>(&self, contact: &Contact, facts: &Facts, desk: &Desk, then: impl FnOnce(&View<'_>) -> R) -> R {
        then(&View {
            contact,
            zone: contact.zone.unwrap_or(self.shop.zone),
            colour: facts.colour().map(|colour| (colour, facts.colour_until())),
            bot_may_speak: desk.standing() == Standing::Bot,
            has_complaint: facts.has_open_case("complaint"),
            holds: &|tag| facts.holds_like(tag),
            policy: &self.outreach,
        })
    }
}

impl Folding<'_> {
    pub(crate) fn plan(&mut self, request: &FollowUpRequest, now: Timestamp) {
        let State { contact, facts, desk, ledger, .. } = &mut *self.state;
        let refused = self.knowledge.look(contact, facts, desk, |view| ledger.plan(request, view, now));
        if let Some(verdict) = refused {
            self.effects.push(Effect::Refused(now, Refusal { planned: request.clone(), verdict }));
        }
    }

    /// What was planned before it was known where they are goes by the hours of that place, and for who `moved` by its seasons.
    pub(crate) fn aim_anew(&mut self, moved: bool, now: Timestamp) {
        let State { contact, facts, desk, ledger, .. } = &mut *self.state;
        if moved {
            ledger.wait_anew(now, |rule| self.knowledge.rulebook.window_of(rule, contact, now));
        }
        self.knowledge.look(contact, facts, desk, |view| ledger.aim_anew(view, now));
    }

    /// What an event means for the gate, and what it shows of the hours in which the customer reads and writes.
    /// `is_counted` are events that add nothing to what is counted.
    pub(crate) fn take_note(&mut self, event: &Event, reading: Option<&Reading>, is_counted: bool, now: Timestamp) {
        let products = reading.map(Reading::product_keys).unwrap_or_default();
        let topic = products.first().and_then(|key| key.split('/').next());
        let State { contact, facts, desk, ledger, .. } = &mut *self.state;
        let moves = self.knowledge.look(contact, facts, desk, |view| ledger.observe(event, (topic, is_counted), view));
        for habit in &moves {
            self.rules(Occurrence::Habit { habit, event }, now);
        }
    }

    /// A planned follow-up is due: the gate decides now, not when it was planned.
    pub(crate) fn follow_up(&mut self, now: Timestamp) {
        let knowledge = self.knowledge;
        let State { contact, facts, desk, ledger, .. } = &mut *self.state;
        let Some((planned, verdict)) = knowledge.look(contact, facts, desk, |view| ledger.due(view, now)) else {
            return;
        };
        let only_template = match verdict {
            Verdict::Now => false,
            Verdict::OnlyTemplate { .. } => true,
            Verdict::NotBefore { .. } | Verdict::Never { .. } => {
                return self.effects.push(Effect::Refused(now, Refusal { planned, verdict }));
            }
        };
        let (content, links) = knowledge.dialogue.follow_up(&planned, contact, &knowledge.shop, only_template);
        let mut message = self.outgoing(planned.kind, content, now);
        carry(&mut message, links);
        planned.mark(&mut message);
        self.state.ledger.sent(&message, &knowledge.outreach);
        self.send(message, now);
    }

    /// An answer was decided: it does not count as sent unasked, but it can be read, or not.
    pub(crate) fn note_reply(&mut self, message: &Outgoing) {
        if message.kind == MessageKind::Reply {
            self.state.ledger.sent(message, &self.knowledge.outreach);
        }
    }
}
