//! Whatever happens in whatever order, no message goes out unasked that must not.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::Timelike;
use hotline::domain::{ContactId, ContactRef, Event, EventBody, MessageKind, Outgoing, Timestamp};
use hotline::engine::fold::state::{Effect, State};
use proptest::prelude::*;
use serde_json::{Value, json};

const START: Timestamp = Timestamp(1_772_000_000_000);
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Things that plan messages, forbid them, or allow them again.
fn happening() -> impl Strategy<Value = Value> {
    let plans = prop::sample::select(vec![
        json!({ "event": "click", "link": "ad" }),
        json!({ "event": "click", "link": "product", "product": "Nova S5", "category": "electronics/phone" }),
        json!({ "event": "cart", "action": "add", "product": "Nova S5", "category": "electronics/phone" }),
        json!({ "event": "message", "text": "how much is the phone?" }),
        json!({ "event": "message", "text": "hello" }),
        json!({ "event": "status", "message": "hl:1:1", "status": "read" }),
    ]);
    let orders = (0..4_u32, prop::sample::select(vec!["placed", "paid", "completed"])).prop_map(|(number, state)| {
        json!({ "event": "order", "order": format!("A-{number}"), "state": state, "total": 300, "currency": "USD",
                "lines": [{ "product": "Nova S5", "category": "electronics/phone", "price": 300 }] })
    });
    let forbids = prop::sample::select(vec![
        json!({ "event": "message", "text": "STOP" }),
        json!({ "event": "opt", "action": "out", "scope": "marketing" }),
        json!({ "event": "opt", "action": "out", "scope": "all" }),
        json!({ "event": "opt", "action": "in", "scope": "all" }),
        json!({ "event": "case", "case": "C", "kind": "complaint", "action": "opened" }),
        json!({ "event": "case", "case": "C", "kind": "complaint", "action": "resolved" }),
        json!({ "event": "agent", "agent": "ana", "action": "take" }),
        json!({ "event": "agent", "agent": "ana", "action": "release" }),
        json!({ "event": "agent", "agent": "ana", "action": "lost" }),
        json!({ "event": "agent", "agent": "ana", "action": "colour", "colour": "orange" }),
        json!({ "event": "agent", "agent": "ana", "action": "tag_add", "tag": "offer/scarcity" }),
        json!({ "event": "sent", "message": "m", "kind": "promotion", "by": "campaign:spring" }),
        json!({ "event": "status", "message": "m", "status": "failed", "error": 131_050 }),
        json!({ "event": "status", "message": "m", "status": "failed", "error": 131_026 }),
    ]);
    prop_oneof![6 => plans, 3 => orders, 2 => forbids]
}

/// What was seen from outside: enough to judge each message without asking the gate.
#[derive(Default)]
struct Witness {
    opted_out: bool,
    complaint: bool,
    pushes: Vec<Timestamp>,
    unasked: Vec<Timestamp>,
}

fn is_push(kind: MessageKind) -> bool {
    use MessageKind::{CaseStudy, Product, Promotion, Tutorial};
    matches!(kind, Promotion | Product | CaseStudy | Tutorial)
}

impl Witness {
    fn saw(&mut self, event: &Event, state: &State) {
        match &event.body {
            EventBody::Case(case) => self.complaint = case.action == "opened",
            EventBody::Sent(sent) => {
                self.pushes.push(event.at);
                assert!(is_push(sent.kind));
                self.unasked.push(event.at);
            }
            _ => {}
        }
        self.opted_out = state.contact.opted_out;
    }

    fn judge(&mut self, message: &Outgoing, state: &State) {
        let (at, zone) = (message.at, state.contact.zone.expect("the number tells it"));
        let local = |at: Timestamp| at.utc().with_timezone(&zone);
        assert!(!self.opted_out && !state.contact.opted_out, "opted out: {message:?}");
        assert!((8..22).contains(&local(at).hour()), "asleep at {at}: {message:?}");
        assert!(message.at <= message.expires, "late: {message:?}");
        assert!(!state.facts.holds("color/grey"), "grey: {message:?}");
        assert_eq!(state.desk.standing().name(), "none", "a person is in charge: {message:?}");
        let today = local(at).date_naive();
        assert!(self.unasked.iter().all(|other| local(*other).date_naive() != today), "twice on {today}: {message:?}");
        let within = |list: &[Timestamp], days: i64| list.iter().filter(|other| at.0 - other.0 <= days * DAY).count();
        assert!(within(&self.unasked, 7) < 3, "a fourth within a week: {message:?}");
        let free_form = !matches!(message.content, hotline::domain::Content::Template(_));
        let window = state.contact.last_inbound.is_some_and(|last| at.0 - last.0 < DAY);
        assert!(!free_form || window, "not as a template outside the window: {message:?}");
        if is_push(message.kind) {
            assert!(!state.contact.marketing_out && !self.complaint, "no marketing: {message:?}");
            assert!(!state.facts.holds("offer/scarcity") || within(&self.pushes, 30) < 3, "a fourth push: {message:?}");
            assert!(!state.facts.holds("color/light-green") || within(&self.pushes, 30) == 0, "green: {message:?}");
            assert!(
                message.kind != MessageKind::Promotion || !state.facts.holds("color/yellow"),
                "yellow: {message:?}"
            );
            self.pushes.push(at);
        }
        self.unasked.push(at);
    }
}

/// Messages of all runs: a test of nothing would pass.
static SENT: AtomicUsize = AtomicUsize::new(0);

#[test]
fn no_order_of_events_gets_a_forbidden_message_out() {
    orders_of_events();
    let sent = SENT.load(Ordering::Relaxed);
    assert!(sent > 100, "only {sent} messages were judged");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    fn orders_of_events(
        steps in prop::collection::vec((prop_oneof![0..HOUR, HOUR..2 * DAY, 2 * DAY..20 * DAY], happening()), 1..60)
    ) {
        let knowledge = crate::law::knowledge();
        let mut state = State::new(ContactId(1), &["+85251234567".parse::<ContactRef>().unwrap()], &knowledge.places);
        let (mut witness, mut at, mut sent) = (Witness::default(), START, 0);
        for (seq, (gap, body)) in steps.into_iter().enumerate() {
            at = Timestamp(at.0 + gap);
            let event = Event { seq: seq as i64, at, received: at, body: serde_json::from_value(body).unwrap() };
            // One timer at a time, so that each message is judged by what held when it was decided.
            while let Some(due) = knowledge.next_wake(&state).filter(|due| *due < at) {
                let moment = due.max(state.clock);
                for effect in knowledge.advance(&mut state, moment) {
                    if let Effect::Send(message) = effect && message.kind != MessageKind::Reply {
                        witness.judge(&message, &state);
                        sent += 1;
                    }
                }
            }
            let effects = knowledge.fold(&mut state, &event);
            let unasked = |effect: &&Effect| matches!(effect, Effect::Send(message) if message.kind != MessageKind::Reply);
            prop_assert_eq!(effects.iter().find(unasked), None);
            witness.saw(&event, &state);
        }
        SENT.fetch_add(sent, Ordering::Relaxed);
    }
}
