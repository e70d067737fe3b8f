//! The law of the fold: the state that live processing reached is the state that a replay of the journal reaches.

use std::sync::LazyLock;

use hotline::config::Settings;
use hotline::domain::{
    AgentAction, AgentEvent, Consequence, ContactId, ContactRef, Duration, Event, EventBody, InboundMessage,
    StatusEvent, StatusKind, TagChange, TemplateRef, Timestamp, in_order,
};
use hotline::engine::fold::Knowledge;
use hotline::engine::fold::state::{Effect, State};
use hotline::engine::knowledge::{Folders, compile};
use proptest::prelude::*;

use crate::db::Database;
pub use crate::db::rows;

const START: Timestamp = Timestamp(1_772_000_000_000);

/// Settings and files as they ship, read once.
pub fn knowledge() -> &'static Knowledge {
    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
        let (knowledge, problems) = compile(&Folders::default().read().unwrap(), &Settings::defaults());
        knowledge.unwrap_or_else(|| panic!("{problems:?}"))
    });
    &KNOWLEDGE
}

/// Something that happens, and how much later than the last thing.
#[derive(Clone, Debug)]
struct Step {
    gap: i64,
    body: EventBody,
    /// Live processing looks at the contact this long after: timers may fire before the next event is seen.
    looked_after: i64,
}

fn body() -> impl Strategy<Value = EventBody> {
    let words = prop::sample::select(vec![
        "hi",
        "how much is the phone?",
        "budget $500, waterproof please",
        "compare the two laptops",
        "which one do you recommend?",
        "I want to talk to a person",
        "сколько стоит ноутбук?",
        "预算三千，想买耳机",
        "STOP",
        "thanks",
    ]);
    let quoted = prop::option::weighted(0.2, prop::sample::select(vec!["wamid.1", "wamid.2", "hl:1:1"]));
    let page = prop::option::weighted(0.1, prop::sample::select(vec!["P-122", "P-123"]));
    let message = (words, quoted, page).prop_map(|(words, quoted, page)| {
        let (text, reply_to) = (Some(words.to_owned()), quoted.map(str::to_owned));
        let product = page.map(str::to_owned);
        EventBody::Message(InboundMessage { text, reply_to, product, ..InboundMessage::default() })
    });
    let click = prop::sample::select(vec!["product", "quote", "ad"]).prop_map(|link| {
        let click =
            serde_json::json!({ "event": "click", "link": link, "category": "electronics/phone", "quote": "Q1" });
        serde_json::from_value(click).unwrap()
    });
    let status = (prop::sample::select(vec![StatusKind::Sent, StatusKind::Delivered, StatusKind::Read]), 1..3)
        .prop_map(|(status, number)| {
            let (message, wamid) = (format!("hl:1:{number}"), Some(format!("wamid.{number}")));
            EventBody::Status(StatusEvent { message, status, error: None, wamid })
        });
    let action = prop::sample::select(vec![
        AgentAction::Take,
        AgentAction::Release,
        AgentAction::Reply,
        AgentAction::Won,
        AgentAction::Lost,
        AgentAction::Leave,
    ]);
    let agent = (action, prop::bool::ANY).prop_map(|(action, by_template)| {
        let is_reply = action == AgentAction::Reply;
        let text = (is_reply && !by_template).then(|| "one moment".to_owned());
        let template = TemplateRef { name: "order_update".into(), body: vec!["Ada".into()], ..TemplateRef::default() };
        let template = (is_reply && by_template).then(|| Box::new(template));
        EventBody::Agent(AgentEvent { text, template, ..AgentEvent::new("ana", action) })
    });
    let place = prop::sample::select(vec![
        r#"{"event":"location","latitude":31.2,"longitude":121.33}"#,
        r#"{"event":"location","latitude":61.2,"longitude":-149.85}"#,
        r#"{"event":"profile","field":"city","value":"Kuching"}"#,
    ])
    .prop_map(|json| serde_json::from_str(json).unwrap());
    prop_oneof![6 => message, 2 => click, 2 => status, 1 => agent, 1 => place]
}

fn step() -> impl Strategy<Value = Step> {
    // From the same moment to months apart: every timer has its turn.
    let gap =
        prop_oneof![Just(0), 1..50_000_i64, 60_000..8_000_000_i64, 80_000_000..700_000_000_i64, Just(9_000_000_000)];
    let looked_after = prop_oneof![Just(0), 0..20_i64, 0..3_000_i64];
    (gap, body(), looked_after).prop_map(|(gap, body, looked_after)| Step { gap, body, looked_after })
}

fn changes(effects: Vec<Effect>, into: &mut Vec<TagChange>) {
    into.extend(effects.into_iter().filter_map(|effect| match effect {
        Effect::Decided(_, Consequence::Tag(change)) => Some(change),
        _ => None,
    }));
}

fn new_state(knowledge: &Knowledge) -> State {
    State::new(ContactId(1), &["+85251234567".parse::<ContactRef>().unwrap()], &knowledge.places)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn a_replay_reaches_the_state_that_live_processing_reached(steps in prop::collection::vec(step(), 1..14)) {
        let knowledge = knowledge();
        let (mut live, mut live_tags) = (new_state(knowledge), Vec::new());
        let (mut journal, mut now) = (Vec::new(), START);
        for (seq, step) in (1..).zip(&steps) {
            now = Timestamp(now.0 + step.gap);
            // While nothing came, live processing fired what was due, each time at the moment of its wake.
            while let Some(wake) = knowledge.next_wake(&live).filter(|wake| *wake < now) {
                changes(knowledge.advance(&mut live, wake), &mut live_tags);
            }
            let mut event = Event { seq, at: now, received: now, body: step.body.clone() };
            changes(knowledge.fold(&mut live, &event), &mut live_tags);
            event.received = event.received.max(live.clock);
            journal.push(event);
            // The state travels through the database between two claims.
            live = serde_json::from_str(&serde_json::to_string(&live).unwrap()).unwrap();
            let looked = now + Duration::millis(step.looked_after);
            changes(knowledge.advance(&mut live, looked), &mut live_tags);
            now = now.max(live.clock);
        }
        let (mut replayed, mut replayed_tags) = (new_state(knowledge), Vec::new());
        for event in &journal {
            changes(knowledge.fold(&mut replayed, event), &mut replayed_tags);
        }
        changes(knowledge.advance(&mut replayed, live.clock - Duration::millis(1)), &mut replayed_tags);
        prop_assert_eq!(&live, &replayed);
        prop_assert_eq!(live_tags, replayed_tags);
    }
}

/// Replays what the journal of a running system holds and compares it with the states that it stored.
pub async fn holds_in(database: &Database) {
    for (contact, stored, mut replayed, merged) in replayed(database).await {
        if merged {
            // Of two that became one, each had messages of its own: numbers go on behind the highest.
            replayed.messages = stored.messages;
        }
        assert_eq!(stored, replayed, "{}: contact {contact}", database.kind);
    }
}

/// The same of tags and of what is known of the contact alone, where the past came late: what was said and promised is what it was.
pub async fn facts_hold_in(database: &Database) {
    for (contact, stored, replayed, _) in replayed(database).await {
        assert_eq!((stored.facts, stored.contact), (replayed.facts, replayed.contact), "{}: {contact}", database.kind);
    }
}

/// Each contact with its stored state, the one that a replay reaches, and whether others became it.
async fn replayed(database: &Database) -> Vec<(i64, State, State, bool)> {
    let knowledge = knowledge();
    let select = "select cast(id as text), state, cast(merges as text) from contacts where merged_into is null order by contacts.id";
    let states = rows(database, select).await;
    assert!(!states.is_empty());
    let mut all = Vec::new();
    for row in states {
        let id: i64 = row[0].parse().unwrap();
        let stored = State::unpacked(&hex::decode(&row[1]).unwrap()).unwrap();
        let names = rows(database, &format!("select name from identities where contact_id = {id} order by name")).await;
        let names: Vec<ContactRef> =
            names.iter().map(|name| name[0].replace("p:", "+").replace("u:", "bsuid:").parse().unwrap()).collect();
        let mut replayed = State::new(ContactId(id), &names, &knowledge.places);
        // What came in the moment before the server ended stands in the journal, and is folded when it starts again.
        let journal = format!(
            "select cast(seq as text), cast(at as text), cast(received as text), body from journal \
             where contact_id = {id} and seq not in (select seq from unread) order by journal.seq"
        );
        let events: Vec<Event> = rows(database, &journal)
            .await
            .iter()
            .map(|event| {
                let [seq, at, received] = [0, 1, 2].map(|column| event[column].parse::<i64>().unwrap());
                let body = serde_json::from_str(&event[3]).unwrap();
                Event { seq, at: Timestamp(at), received: Timestamp(received), body }
            })
            .collect();
        for event in in_order(&events) {
            knowledge.fold(&mut replayed, event);
        }
        knowledge.advance(&mut replayed, stored.clock - Duration::millis(1));
        all.push((id, stored, replayed, row[2] != "0"));
    }
    all
}

/// The stored states of all who are somebody, in their order, as far as they can be read.
pub async fn states(database: &Database) -> Vec<State> {
    let select = "select state from contacts where merged_into is null and state is not null order by contacts.id";
    rows(database, select).await.iter().filter_map(|row| State::unpacked(&hex::decode(&row[0]).unwrap()).ok()).collect()
}
