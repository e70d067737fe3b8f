//! What holds messages back for many customers at once, on both databases.

use std::sync::Arc;

use hotline::domain::{Content, Duration, SourceFile, TemplateRef, Timestamp};
use hotline::outreach::Limits;
use hotline::store::{HoldRow, Leave, NewOutgoing, OutboxRow, SendOutcome, SendResult, Store, Unasked};

use crate::db::Database;
use crate::store::{NOW, fold_all, message, reply};

/// The shipped figures, and a gate that lets everybody go.
pub fn open_gate() -> Unasked {
    let text = include_str!("../../keywords/limits.toml").to_owned();
    let limits = Limits::compile(&[SourceFile { path: "limits.toml".into(), text }]).0.unwrap();
    Unasked { limits: Arc::new(limits), gate: Arc::new(|_, _, _| Leave::Now), resting: Vec::new() }
}

pub fn template(number: i64, channel: &str) -> NewOutgoing {
    let mut outgoing = reply(number);
    (outgoing.follow_up, outgoing.channel) = (true, channel.to_owned());
    outgoing.message.expires = NOW + Duration::days(30);
    let named = TemplateRef { name: "offer".into(), language: "en_US".into(), ..TemplateRef::default() };
    outgoing.message.content = Content::Template(Box::new(named));
    outgoing
}

async fn contacts(store: &Store, count: usize) {
    let events = (0..count).map(|n| message(&format!("m{n}"), &[format!("+852{:08}", 51_000_000 + n).as_str()], "hi"));
    store.append(events.collect()).await.unwrap();
}

async fn take(store: &Store, channel: &str, now: Timestamp) -> Vec<OutboxRow> {
    store.take_due(vec![(channel.into(), 100)], now, open_gate()).await.unwrap().rows
}

#[tokio::test]
async fn the_portfolio_counts_different_customers_of_all_numbers_and_nodes_in_any_24_hours() {
    for database in Database::each().await {
        let store = database.store().await;
        contacts(&store, 12).await;
        fold_all(&store, |contact| vec![template(1, if contact % 2 == 0 { "1" } else { "2" })]).await;
        store.set_portfolio(Some(5), NOW).await.unwrap();
        // Two nodes at once, each with a number of its own; SQLite has one node.
        let other = if database.kind == "postgres" { database.store().await } else { store.clone() };
        let (one, two) = tokio::join!(take(&store, "1", NOW), take(&other, "2", NOW));
        assert_eq!(one.len() + two.len(), 5, "{}", database.kind);
        // Due, and none of them may leave: the sender is told, so that it need not look again and again.
        let rooms = vec![("1".to_owned(), 100)];
        let full = store.take_due(rooms.clone(), NOW + Duration::hours(23), open_gate()).await.unwrap();
        assert_eq!((full.rows.len(), full.blocked), (0, vec!["1".to_owned()]), "{}", database.kind);
        // One that failed reached nobody: there is room for another.
        let failed = one.first().or(two.first()).unwrap();
        let outcome = SendOutcome::Failed("131026".into());
        let result = SendResult { contact: failed.contact, number: 1, at: NOW, outcome };
        store.record(vec![result]).await.unwrap();
        let failures = store.unasked_failures(NOW - Duration::days(7)).await.unwrap();
        let why: Vec<_> = failures.iter().map(|row| (row.reason.as_str(), row.count, row.since)).collect();
        assert_eq!(why, [("131026", 1, NOW)], "{}", database.kind);
        let hour = NOW + Duration::hours(1);
        let again = [take(&store, "1", hour).await, take(&other, "2", hour).await].concat();
        assert_eq!(again.len(), 1, "{}", database.kind);
        // A restart forgets nothing; a day and a minute after the first there is room for as many again.
        drop((store, other));
        let store = database.store().await;
        let next = NOW + Duration::hours(24) + Duration::seconds(30);
        assert!(take(&store, "1", next).await.is_empty() && take(&store, "2", next).await.is_empty());
        let next = NOW + Duration::hours(24) + Duration::minutes(2);
        let resting = Unasked { resting: vec!["1".into()], ..open_gate() };
        let none = store.take_due(rooms, next, resting).await.unwrap();
        assert_eq!((none.rows.len(), none.blocked.len()), (0, 0), "{}: nobody looks", database.kind);
        let rest = [take(&store, "1", next).await, take(&store, "2", next).await].concat();
        assert_eq!(rest.len(), 4, "{}", database.kind);
    }
}

#[tokio::test]
async fn what_is_held_waits_while_replies_go_and_grows_back_after_its_rest() {
    for database in Database::each().await {
        let store = database.store().await;
        store.set_portfolio(None, NOW).await.unwrap();
        contacts(&store, 120).await;
        fold_all(
            &store,
            |contact| if contact == 1 { vec![template(1, "1"), reply(2)] } else { vec![template(1, "1")] },
        )
        .await;
        let hold = |what: &str| HoldRow {
            what: what.into(),
            since: NOW,
            until: None,
            why: "quality RED".into(),
            source: "meta".into(),
        };
        assert!(store.hold(&hold("number:1")).await.unwrap());
        assert!(!store.hold(&hold("number:1")).await.unwrap(), "told once");
        // The newest reason is the one that a person reads.
        assert!(store.hold(&HoldRow { why: "quality YELLOW".into(), ..hold("number:1") }).await.unwrap());
        assert_eq!(store.holds().await.unwrap()[0].why, "quality YELLOW", "{}", database.kind);
        assert!(store.hold(&hold("number:1")).await.unwrap());
        // A person's stop is another hold: what Meta holds for a while does not shorten it, and what Meta lifts does not end it.
        let (mut ana, mut short) = (hold("number:1"), hold("number:1"));
        (ana.source, ana.why) = ("ana".into(), "ana stopped it".into());
        (short.until, short.why) = (Some(NOW + Duration::minutes(15)), "the token was refused".into());
        assert!(store.hold(&ana).await.unwrap());
        store.hold(&short).await.unwrap();
        assert!(store.holds().await.unwrap().iter().all(|row| row.until.is_none()), "{}", database.kind);
        assert!(store.lift("number:1", Some("meta"), "Meta: GREEN", NOW).await.unwrap());
        let taken = take(&store, "1", NOW).await;
        assert_eq!(taken.iter().map(|row| row.message.number).collect::<Vec<_>>(), [2], "{}: the reply", database.kind);
        assert!(store.lift("number:1", None, "ana let it go on", NOW).await.unwrap());
        // Fifty in the first hour, two hundred in the second.
        assert_eq!(take(&store, "1", NOW).await.len(), 50, "{}", database.kind);
        assert_eq!(store.numbers(NOW).await.unwrap()[0].sent_in_hour, 50, "{}", database.kind);
        assert!(take(&store, "1", NOW + Duration::minutes(30)).await.is_empty());
        // A person who stops for a moment and goes on changes nothing of it: what left before it does not count again either.
        let mut moment = hold("number:1");
        (moment.source, moment.since) = ("ana".into(), NOW + Duration::minutes(31));
        assert!(store.hold(&moment).await.unwrap());
        assert!(store.lift("number:1", None, "ana let it go on", NOW + Duration::minutes(32)).await.unwrap());
        assert_eq!(store.numbers(NOW).await.unwrap()[0].resumed_at, Some(NOW), "{}", database.kind);
        // A template that rests holds only itself.
        assert!(store.hold(&hold("template:offer")).await.unwrap());
        let later = NOW + Duration::minutes(90);
        assert!(take(&store, "1", later).await.is_empty(), "{}", database.kind);
        assert!(store.lift("template:offer", Some("meta"), "Meta: APPROVED", later).await.unwrap());
        assert_eq!(take(&store, "1", later).await.len(), 70, "{}", database.kind);
        let said: Vec<_> = store.outreach_history(9).await.unwrap().into_iter().map(|row| row.said).collect();
        assert!(
            said.contains(&"held: quality RED".to_owned()) && said.contains(&"goes on: ana let it go on".to_owned())
        );
    }
}

#[tokio::test]
async fn a_follow_up_is_asked_for_once_more_when_it_leaves() {
    for database in Database::each().await {
        let store = database.store().await;
        store.set_portfolio(None, NOW).await.unwrap();
        contacts(&store, 3).await;
        fold_all(&store, |_| vec![template(1, "1")]).await;
        let later = NOW + Duration::hours(1);
        let gate: hotline::store::Gate = Arc::new(move |state, message, _| match (state, message.number) {
            (None, _) => Leave::Never("no state".into()),
            (Some(_), 1) => Leave::NotBefore(later, "quiet hours".into()),
            _ => Leave::Now,
        });
        let unasked = Unasked { gate, ..open_gate() };
        assert!(
            store.take_due(vec![("1".into(), 9)], NOW, unasked).await.unwrap().rows.is_empty(),
            "{}",
            database.kind
        );
        let waiting = store.waiting(9).await.unwrap();
        assert!(waiting.iter().all(|row| row.due == later && row.why.as_deref() == Some("quiet hours")), "{waiting:?}");
        assert_eq!(waiting.len(), 3);
        let never =
            Unasked { gate: Arc::new(|_, _, _| Leave::Never("the customer wants no messages".into())), ..open_gate() };
        assert!(store.take_due(vec![("1".into(), 9)], later, never).await.unwrap().rows.is_empty());
        assert!(store.waiting(9).await.unwrap().is_empty(), "{}: not wanted any more", database.kind);
    }
}

/// Two that were held for days leave together at most as the gate says: it sees which left, and when.
#[tokio::test]
async fn the_gate_sees_what_left_and_what_reached_nobody() {
    for database in Database::each().await {
        let store = database.store().await;
        store.set_portfolio(None, NOW).await.unwrap();
        contacts(&store, 1).await;
        fold_all(&store, |_| vec![template(1, "1"), template(2, "1"), template(3, "1")]).await;
        let gate: hotline::store::Gate = Arc::new(|_, message, departures| {
            assert_eq!(departures.len(), 3, "{departures:?}");
            match departures.iter().any(|other| other.number != message.number && other.left.is_some()) {
                true if message.number == 3 => Leave::Never("too much".into()),
                true => Leave::NotBefore(NOW + Duration::days(2), "a day's messages".into()),
                false => Leave::Now,
            }
        });
        let day = NOW + Duration::days(1);
        let left = store.take_due(vec![("1".into(), 9)], day, Unasked { gate, ..open_gate() }).await.unwrap().rows;
        assert_eq!(left.len(), 1, "{}: {left:?}", database.kind);
        let contact = left[0].contact;
        // The one that was dropped is told of, once.
        assert_eq!(store.unsent(9).await.unwrap(), [(contact, 3)], "{}", database.kind);
        store.unsent_told(&[(contact, 3)]).await.unwrap();
        assert_eq!(store.unsent(9).await.unwrap(), []);
        // Of one that may have been sent nobody knows that it was not.
        let lost = SendOutcome::Failed(hotline::store::NOT_KNOWN_WHETHER_SENT.into());
        let number = left[0].message.number;
        store.record(vec![SendResult { contact, number, at: day, outcome: lost }]).await.unwrap();
        assert_eq!(store.unsent(9).await.unwrap(), []);
        let gate: hotline::store::Gate = Arc::new(move |_, _, departures| {
            let left: Vec<_> = departures.iter().filter_map(|other| other.left).collect();
            assert_eq!(left, [day]);
            Leave::Now
        });
        let later = NOW + Duration::days(3);
        assert_eq!(
            store.take_due(vec![("1".into(), 9)], later, Unasked { gate, ..open_gate() }).await.unwrap().rows.len(),
            1
        );
    }
}

/// What failed before a rest led to it; what fails after it is judged at once.
#[tokio::test]
async fn the_breaker_looks_at_what_left_since_the_last_rest() {
    for database in Database::each().await {
        let store = database.store().await;
        store.set_portfolio(None, NOW).await.unwrap();
        contacts(&store, 6).await;
        fold_all(&store, |_| vec![template(1, "1")]).await;
        let failing = async |at: Timestamp, most: i64| {
            let rows = store.take_due(vec![("1".into(), most)], at, open_gate()).await.unwrap().rows;
            let failed = |row: OutboxRow| SendResult {
                contact: row.contact,
                number: 1,
                at,
                outcome: SendOutcome::Failed("131026".into()),
            };
            store.record(rows.into_iter().map(failed).collect()).await.unwrap();
        };
        let failed = async |now: Timestamp| {
            let rows = store.outcomes(now - Duration::days(1), now).await.unwrap();
            rows.iter().map(|row| row.outcomes.failed).sum::<u64>()
        };
        let minute = |count: i64| NOW + Duration::minutes(count);
        failing(NOW, 2).await;
        assert_eq!(failed(minute(1)).await, 2, "{}", database.kind);
        let what = |what: &str| HoldRow {
            what: what.into(),
            since: minute(1),
            until: None,
            why: "too much fails".into(),
            source: "breaker".into(),
        };
        for (held, lifted) in [("number:1", 2), ("template:offer", 5)] {
            store.hold(&what(held)).await.unwrap();
            assert!(store.lift(held, None, "ana let it go on", minute(lifted)).await.unwrap());
            assert_eq!(failed(minute(lifted)).await, 0, "{} {held}", database.kind);
            failing(minute(lifted + 1), 2).await;
            assert_eq!(failed(minute(lifted + 2)).await, 2, "{} {held}", database.kind);
        }
    }
}

/// Message after message that Meta keeps from its customer makes a row; one that failed for another reason ends it, and a rest does.
#[tokio::test]
async fn a_row_of_messages_that_meta_kept_back_is_seen() {
    for database in Database::each().await {
        let store = database.store().await;
        store.set_portfolio(None, NOW).await.unwrap();
        contacts(&store, 10).await;
        fold_all(&store, |_| vec![template(1, "1")]).await;
        let minute = |count: i64| NOW + Duration::minutes(count);
        let failing = async |at: Timestamp, most: i64, code: &str| {
            let rows = store.take_due(vec![("1".into(), most)], at, open_gate()).await.unwrap().rows;
            let outcome = |row: OutboxRow| SendResult {
                contact: row.contact,
                number: 1,
                at,
                outcome: SendOutcome::Failed(code.into()),
            };
            store.record(rows.into_iter().map(outcome).collect()).await.unwrap();
        };
        let figures = open_gate().limits.kept_back.clone();
        let latest = async |now: Timestamp| store.kept_back("1", now - Duration::days(1), &figures, now).await.unwrap();
        failing(NOW, 1, "131026").await;
        failing(minute(1), 7, "131049").await;
        let before = latest(minute(2)).await;
        assert_eq!(before, [[true; 7].as_slice(), &[false]].concat(), "{}", database.kind);
        assert_eq!(figures.judge(before), None);
        failing(minute(3), 1, "131048").await;
        assert!(figures.judge(latest(minute(4)).await).is_some(), "{}", database.kind);
        // One that left a while ago, and of which Meta has told nothing, ends the row.
        let row = take(&store, "1", minute(5)).await.remove(0);
        let outcome = SendOutcome::Accepted { wamid: "wamid.1".into() };
        store.record(vec![SendResult { contact: row.contact, number: 1, at: minute(5), outcome }]).await.unwrap();
        assert!(figures.judge(latest(minute(10)).await).is_some(), "{}", database.kind);
        assert_eq!(figures.judge(latest(minute(11)).await), None, "{}", database.kind);
        let what = HoldRow {
            what: "number:1".into(),
            since: minute(12),
            until: None,
            why: "too much is kept back".into(),
            source: "breaker".into(),
        };
        store.hold(&what).await.unwrap();
        assert!(store.lift("number:1", None, "ana let it go on", minute(13)).await.unwrap());
        assert_eq!(latest(minute(14)).await, [false; 0], "{}", database.kind);
    }
}

/// What waits for somebody leaves also when they turn out to be somebody else: who lives on is asked, and hears of no other message.
#[tokio::test]
async fn what_waits_for_who_has_become_another_contact_is_asked_of_that_one() {
    for database in Database::each().await {
        let store = database.store().await;
        contacts(&store, 2).await;
        // Both have a message of the same number.
        fold_all(&store, |_| vec![template(1, "1")]).await;
        let both = ["+85251000000", "+85251000001"];
        let older = store.append(vec![message("both", &both, "both are mine")]).await.unwrap()[0].contact.unwrap();
        fold_all(&store, |_| vec![]).await;
        let asked = Arc::new(std::sync::Mutex::new(Vec::new()));
        let gate = {
            let asked = asked.clone();
            move |state: Option<&[u8]>, message: &hotline::domain::Outgoing, others: &[hotline::outreach::Departure]| {
                let mut numbers: Vec<_> = others.iter().map(|other| other.number).collect();
                numbers.sort_unstable();
                asked.lock().unwrap().push((state.is_some(), message.number, numbers));
                Leave::Now
            }
        };
        let unasked = Unasked { gate: Arc::new(gate), ..open_gate() };
        let rows = store.take_due(vec![("1".into(), 100)], NOW, unasked).await.unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.message.number).collect::<Vec<_>>(), [1, 1], "{}", database.kind);
        let asked = asked.lock().unwrap().clone();
        assert!(asked.iter().all(|(known, number, others)| *known && others.len() == 2 && others.contains(number)));
        assert_ne!(asked[0].1, asked[1].1, "{}: each is told from the other", database.kind);
        assert!(asked.iter().any(|(_, number, _)| *number == 1), "{}", database.kind);
        for row in &rows {
            let outcome = SendOutcome::Failed("131026".into());
            store.record(vec![SendResult { contact: row.contact, number: 1, at: NOW, outcome }]).await.unwrap();
        }
        assert_eq!(store.unsent(9).await.unwrap(), [(older, 1)], "{}: of its own message alone", database.kind);
    }
}
