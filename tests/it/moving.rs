//! Numbers change hands: whoever takes one over is nobody's second self, whatever comes late or once more.

use hotline::domain::{ContactId, EventBody, StatusEvent, StatusKind, Timestamp};
use hotline::store::{NewEvent, Store};

use crate::db::Database;
use crate::law::rows;
use crate::store::{NOW, message};

const OLD: &str = "+85251234567";
const NEW: &str = "+85251234568";
/// Who leaves the old number, and who has it afterwards.
const ADA: &str = "bsuid:HK.1";
const BOB: &str = "bsuid:HK.2";

/// An event so many seconds later.
fn later(seconds: i64, event: NewEvent) -> NewEvent {
    let at = Timestamp(NOW.0 + seconds * 1_000);
    NewEvent { at, received: at, ..event }
}

/// Somebody with these names has those from now on.
fn changes(key: &str, names: &[&str], now: &[&str]) -> NewEvent {
    let body = EventBody::Identity { now: now.iter().map(|name| name.parse().unwrap()).collect() };
    let names: Vec<&str> = names.iter().chain(now).copied().collect();
    NewEvent { body, ..message(key, &names, "") }
}

fn read(key: &str, names: &[&str]) -> NewEvent {
    let status = StatusEvent { message: format!("wamid.{key}"), status: StatusKind::Read, error: None, wamid: None };
    NewEvent { body: EventBody::Status(status), ..message(key, names, "") }
}

async fn whose(store: &Store, event: NewEvent) -> ContactId {
    store.append(vec![event]).await.unwrap()[0].contact.unwrap()
}

async fn count(database: &Database, what: &str) -> usize {
    rows(database, &format!("select cast(id as text) from contacts where {what}")).await.len()
}

#[tokio::test]
async fn what_comes_late_of_who_left_a_number_gives_nobody_the_number_of_another() {
    let late = || {
        [
            ("told once more", later(0, message("1", &[OLD, ADA], "STOP"))),
            ("the last from there", later(5, message("3", &[OLD, ADA], "one more"))),
            ("of the same second", later(10, message("4", &[OLD, ADA], "and another"))),
            ("a status", later(30, read("5", &[OLD, ADA]))),
        ]
    };
    for database in Database::each().await {
        let store = database.store().await;
        let ada = whose(&store, message("1", &[OLD, ADA], "STOP")).await;
        whose(&store, later(10, changes("2", &[OLD, ADA], &[NEW]))).await;
        for (what, event) in late() {
            assert_eq!(whose(&store, event).await, ada, "{}: {what}", database.kind);
        }
        // In the second of the change, and in one group with what comes once more.
        let group = vec![later(10, message("6", &[OLD, BOB], "hello")), later(10, changes("2", &[OLD, ADA], &[NEW]))];
        let bob = store.append(group).await.unwrap()[0].contact.unwrap();
        assert_ne!(bob, ada, "{}", database.kind);
        for (what, event) in late() {
            assert_eq!(whose(&store, event).await, ada, "{}: {what}, behind the next", database.kind);
        }
        assert_eq!(whose(&store, later(40, read("7", &[OLD, ADA]))).await, ada, "{}", database.kind);
        assert_eq!(whose(&store, later(50, message("8", &[OLD], "it is mine"))).await, bob, "{}", database.kind);
        assert_eq!(whose(&store, later(50, message("9", &[NEW], "and this mine"))).await, ada, "{}", database.kind);
        assert_eq!(count(&database, "merged_into is not null").await, 0, "{}", database.kind);
    }
}

#[tokio::test]
async fn who_comes_back_to_a_number_is_the_same_with_and_without_a_user_id() {
    for database in Database::each().await {
        let store = database.store().await;
        let ada = whose(&store, message("1", &[OLD], "STOP")).await;
        whose(&store, later(10, changes("2", &[OLD], &[NEW]))).await;
        whose(&store, later(20, changes("3", &[NEW], &[OLD]))).await;
        assert_eq!(whose(&store, later(30, message("4", &[OLD, ADA], "hi"))).await, ada, "{}", database.kind);
        // The number between may be anybody's by now.
        assert_ne!(whose(&store, later(40, message("5", &[NEW, BOB], "hi"))).await, ada, "{}", database.kind);
        assert_eq!(count(&database, "merged_into is not null").await, 0, "{}", database.kind);
    }
}

#[tokio::test]
async fn who_changes_to_a_number_that_somebody_left_does_not_become_that_one() {
    for database in Database::each().await {
        let store = database.store().await;
        let ada = whose(&store, message("1", &[OLD], "STOP")).await;
        whose(&store, later(10, changes("2", &[OLD], &[NEW]))).await;
        let bob = whose(&store, later(20, message("3", &["+85251234569"], "hi"))).await;
        assert_eq!(whose(&store, later(30, changes("4", &["+85251234569"], &[OLD]))).await, bob, "{}", database.kind);
        assert_eq!(whose(&store, later(40, message("5", &[OLD], "hi"))).await, bob, "{}", database.kind);
        assert_eq!(whose(&store, later(40, message("6", &[NEW], "hi"))).await, ada, "{}", database.kind);
        assert_eq!(count(&database, "merged_into is not null").await, 0, "{}", database.kind);
    }
}

#[tokio::test]
async fn the_status_of_a_message_to_a_stranger_makes_no_contact_and_keeps_no_number() {
    for database in Database::each().await {
        let store = database.store().await;
        let ada = whose(&store, message("1", &[OLD], "hi")).await;
        // A status tells of no further name.
        assert_eq!(whose(&store, read("2", &[OLD, ADA])).await, ada, "{}", database.kind);
        store.erase(ada, NOW).await.unwrap();
        for (key, names) in [("st:85251234567", vec![OLD, ADA]), ("st:85251234568", vec![NEW])] {
            let status = store.append(vec![read(key, &names)]).await.unwrap();
            assert_eq!((status[0].contact, status[0].duplicate), (None, false), "{}", database.kind);
        }
        assert_eq!(count(&database, "merged_into is null").await, 0, "{}", database.kind);
        assert!(rows(&database, "select name from identities").await.is_empty(), "{}", database.kind);
        let kept = rows(&database, "select key, kind, body from journal").await;
        assert!(kept.len() == 4 && !format!("{kept:?}").contains("8525123"), "{}: {kept:?}", database.kind);
    }
}
