//! The desk by itself: what nobody comes for, what is put aside, what is put back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]
use super::*;
use crate::domain::{Language, SourceFile};

#[test]
fn where_nobody_comes_the_bot_answers_again_and_the_case_stays_open() {
    let file = SourceFile { path: "shop.toml".into(), text: include_str!("../../keywords/shop.toml").into() };
    let (shop, problems) = Shop::parse(&file, "USD".parse().unwrap(), chrono_tz::UTC, Language::english(), None);
    assert_eq!(problems, []);
    let shop = shop.unwrap();
    let policy = Policy { hand_back_after: Duration::hours(12) };
    let ask = |reason: &str, minutes| HandoffRequest {
        reason: reason.into(),
        promise: Duration::minutes(minutes),
        evidence: Evidence::default(),
    };
    let mut now = Timestamp::parse_rfc3339("2026-03-02T10:00:00Z").unwrap();
    let mut desk = Desk::default();
    desk.open(&ask("red", 120), &shop, now);
    let mut last_due = now;
    for step in 1..=LADDER {
        assert_ne!(desk.speaker(), Standing::Bot);
        now = desk.next_wake(&policy).unwrap();
        let Some(DeskMove::Missed { step: missed, due }) = desk.wake(&policy, now) else { panic!("{desk:?}") };
        assert_eq!(missed, step);
        last_due = due;
    }
    assert_ne!(desk.speaker(), Standing::Bot);
    assert_eq!(desk.next_wake(&policy), Some(last_due + policy.hand_back_after));
    now = last_due + policy.hand_back_after;
    assert_eq!(desk.wake(&policy, now), Some(DeskMove::GivenUp));
    assert_eq!((desk.speaker(), desk.standing().name(), desk.next_wake(&policy)), (Standing::Bot, "open", None));
    // What is known of the customer hurries nobody any more; what is asked for anew does.
    assert_eq!(desk.hurry(&ask("red", 5), &shop, now), None);
    let opened = desk.open(&ask("human", 5), &shop, now).unwrap();
    assert!(opened.silences_bot() && opened.tells_customer());
    assert_eq!(desk.speaker(), Standing::Waiting { due: shop.next_open(now) + Duration::minutes(5), missed: false });
    assert_eq!((desk.reason(), desk.other_reasons()), (Some("human"), &["red".to_owned()][..]));
    // Whoever comes is in charge, also after it was given up.
    while desk.next_wake(&policy).is_some_and(|wake| desk.wake(&policy, wake).is_some()) {}
    assert_eq!(desk.speaker(), Standing::Bot);
    desk.act(&AgentEvent::new("ana", AgentAction::Take), now, &shop, now);
    assert_eq!(desk.speaker(), Standing::Person);
}

#[test]
fn what_is_put_aside_comes_back_and_no_promise_waits_for_it() {
    let policy = Policy { hand_back_after: Duration::hours(12) };
    let file = SourceFile { path: "shop.toml".into(), text: include_str!("../../keywords/shop.toml").into() };
    let (shop, _) = Shop::parse(&file, "USD".parse().unwrap(), chrono_tz::UTC, Language::english(), None);
    let shop = shop.unwrap();
    let now = Timestamp::parse_rfc3339("2026-03-02T10:00:00Z").unwrap();
    let aside = |agent: &str, until| AgentEvent { until, ..AgentEvent::new(agent, AgentAction::Snooze) };
    let back = now + Duration::hours(20);
    let later = Some(back);
    let mut desk = Desk::default();
    desk.act(&aside("ana", later), now, &shop, now);
    assert_eq!(desk.snoozed(), None, "the bot's is not put aside");
    let evidence = Evidence::default();
    let asked = HandoffRequest { reason: "human".into(), promise: Duration::minutes(5), evidence };
    desk.open(&asked, &shop, now);
    desk.act(&aside("ana", later), now, &shop, now);
    let due = desk.due().unwrap();
    assert_eq!((desk.snoozed(), desk.next_wake(&policy)), (later, Some(due + STEP)));
    assert!(matches!(desk.wake(&policy, due + STEP), Some(DeskMove::Missed { step: 1, .. })));
    desk.act(&AgentEvent::new("ana", AgentAction::Take), now, &shop, now);
    assert_eq!(desk.snoozed(), None, "whoever takes it is there");
    desk.act(&aside("ben", later), now, &shop, now);
    assert_eq!(desk.snoozed(), None, "it is hers");
    desk.act(&aside("ana", later), now, &shop, now);
    assert_eq!(desk.next_wake(&policy), later, "it is not handed back meanwhile");
    assert_eq!((desk.wake(&policy, back), desk.snoozed()), (None, None));
    assert_eq!(desk.next_wake(&policy), later.map(|at| at + policy.hand_back_after));
    desk.act(&aside("ana", later), now, &shop, now);
    desk.touch(now);
    assert_eq!(desk.snoozed(), None, "the customer wrote");
    desk.act(&aside("ana", later), now, &shop, now);
    desk.act(&aside("ana", None), now, &shop, now);
    assert_eq!(desk.snoozed(), None, "she is there again");
}

#[test]
fn what_was_taken_and_is_put_back_is_as_it_was() {
    let file = SourceFile { path: "shop.toml".into(), text: include_str!("../../keywords/shop.toml").into() };
    let (shop, _) = Shop::parse(&file, "USD".parse().unwrap(), chrono_tz::UTC, Language::english(), None);
    let shop = shop.unwrap();
    let now = Timestamp::parse_rfc3339("2026-03-02T10:00:00Z").unwrap();
    let does =
        |agent: &str, action, seen: &str| AgentEvent { seen: Some(seen.into()), ..AgentEvent::new(agent, action) };
    let mut desk = Desk::default();
    desk.act(&does("ana", AgentAction::Take, ""), now, &shop, now);
    assert!(matches!(
        desk.act(&does("ana", AgentAction::PutBack, ""), now, &shop, now),
        Some(DeskMove::HandedBack { .. })
    ));
    assert_eq!(desk, Desk::default(), "it was the bot's");
    let promise = Duration::minutes(5);
    desk.open(&HandoffRequest { reason: "human".into(), promise, evidence: Evidence::default() }, &shop, now);
    let open = desk.clone();
    desk.act(&does("ana", AgentAction::Take, ""), now, &shop, now);
    assert_eq!(desk.act(&does("ben", AgentAction::PutBack, ""), now, &shop, now), None, "it is hers");
    desk.act(&does("ana", AgentAction::PutBack, ""), now, &shop, now);
    assert_eq!(desk, open);
    desk.act(&does("ana", AgentAction::Take, ""), now, &shop, now);
    desk.act(&does("ben", AgentAction::Take, "ana"), now, &shop, now);
    desk.act(&does("ben", AgentAction::PutBack, "ana"), now, &shop, now);
    assert_eq!(desk.agent(), Some("ana"));
}
