//! Two contacts become one while other things go on: nothing is left with the one that is no more.

use hotline::domain::{ContactId, EventBody, ProfileEvent};
use hotline::store::{Folded, HandoffChange, NewEvent, Store, StoreError};

use crate::db::{Database, eventually};
use crate::law::rows;
use crate::store::{NOW, fold_all, message};

const PHONE: &str = "+85251234567";
const USER: &str = "bsuid:HK.1";

/// Somebody by phone, and a newer contact by user id; both were folded.
async fn two(store: &Store) -> (ContactId, ContactId) {
    let older = store.append(vec![message("1", &[PHONE], "hi")]).await.unwrap()[0].contact.unwrap();
    let newer = store.append(vec![message("2", &[USER], "hi")]).await.unwrap()[0].contact.unwrap();
    fold_all(store, |_| vec![]).await;
    (older, newer)
}

#[tokio::test]
async fn what_comes_together_with_the_proof_goes_to_who_lives_on() {
    for database in Database::each().await {
        let store = database.store().await;
        let (older, newer) = two(&store).await;
        let third = store.append(vec![message("3", &["bsuid:HK.3"], "hi")]).await.unwrap()[0].contact.unwrap();
        let field = |value: &str| EventBody::Profile(ProfileEvent { field: "city".into(), value: value.into() });
        let group = vec![
            NewEvent::known(newer, Some("a".into()), NOW, field("before")),
            message("4", &[PHONE, USER], "both are mine"),
            NewEvent::known(newer, Some("b".into()), NOW, field("behind")),
            // And the newer of the two is a third one, too.
            message("5", &[USER, "bsuid:HK.3"], "this as well"),
            NewEvent::known(third, Some("c".into()), NOW, field("third")),
        ];
        let appended = store.append(group).await.unwrap();
        assert!(appended.iter().all(|event| event.contact == Some(older)), "{}: {appended:?}", database.kind);
        let mut claim = store.claim(NOW, 100).await.unwrap();
        let contacts = std::mem::take(&mut claim.contacts);
        assert_eq!((contacts.len(), contacts[0].id), (1, older), "{}", database.kind);
        assert_eq!((contacts[0].events.len(), contacts[0].history.len()), (6, 2), "{}: nothing is lost", database.kind);
        assert_eq!(contacts[0].names.len(), 3, "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_becomes_another_while_being_folded_is_folded_as_that_other() {
    for database in Database::each().await {
        let store = database.store().await;
        let (older, newer) = two(&store).await;
        store.append(vec![message("3", &[USER], "I want a person")]).await.unwrap();
        let mut claim = store.claim(NOW, 100).await.unwrap();
        let contacts = std::mem::take(&mut claim.contacts);
        assert_eq!(contacts[0].id, newer);
        let opened = HandoffChange::Opened { reason: "asked".into(), evidence: "{}".into(), promise_due: None };
        let mut folded = Folded {
            contact: newer,
            state: Some(b"{}".into()),
            seqs: contacts[0].events.iter().map(|event| event.seq).collect(),
            handoffs: vec![(NOW, opened)],
            ..Folded::default()
        };
        (folded.summary.json, folded.summary.handoff) = ("{}".into(), "open");
        // On PostgreSQL it waits until they are folded.
        let merging = tokio::spawn({
            let store = store.clone();
            async move { store.append(vec![message("4", &[PHONE, USER], "both are mine")]).await }
        });
        if database.kind == "sqlite" {
            assert_eq!(merging.await.unwrap().unwrap()[0].contact, Some(older));
            let committed = store.commit(claim, vec![folded]).await;
            assert!(matches!(committed, Err(StoreError::Overtaken)), "{committed:?}");
        } else {
            eventually("it waits", async || {
                let waiting = "select cast(count(*) as text) from pg_stat_activity where wait_event_type = 'Lock' \
                               and datname = current_database()";
                (rows(&database, waiting).await[0][0] != "0").then_some(())
            })
            .await;
            store.commit(claim, vec![folded]).await.unwrap();
            assert_eq!(merging.await.unwrap().unwrap()[0].contact, Some(older));
        }
        fold_all(&store, |_| vec![]).await;
        let left = "select cast(count(*) as text) from contacts c where merged_into is not null and (wake_at is not null \
                    or exists (select 1 from handoffs h where h.contact_id = c.id) \
                    or exists (select 1 from unread u where u.contact_id = c.id))";
        assert_eq!(rows(&database, left).await[0][0], "0", "{}: nothing stays with who is no more", database.kind);
        assert_eq!(rows(&database, "select cast(count(*) as text) from unread").await[0][0], "0", "{}", database.kind);
    }
}
