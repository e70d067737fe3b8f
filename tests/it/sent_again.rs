//! Replies that Meta took and says later that they failed, or refuses for a moment: sent again, once, and in their order.

use std::sync::atomic::{AtomicI64, Ordering};

use hotline::domain::{StatusEvent, StatusKind, Timestamp};
use hotline::store::{Folded, NewOutgoing, SendOutcome, SendResult};
use hotline::whatsapp::sandbox::{Faults, Sandbox};
use reqwest::StatusCode;
use serde_json::json;

use crate::app::{App, Running, SECRET, customer, http, post};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::desk::{Person, two_write};
use crate::law::rows;
use crate::limits::open_gate;
use crate::store::{NOW, empty, fold_all, message, reply, told};

#[tokio::test]
async fn a_reply_that_fails_later_for_a_reason_that_passes_is_sent_again_once_for_each_failure() {
    const WAITS: &[i64] = &[10, 60];
    for database in Database::each().await {
        let (store, kind) = (database.store().await, database.kind);
        store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap();
        let follow_up = NewOutgoing { follow_up: true, ..reply(3) };
        fold_all(&store, |_| vec![reply(1), reply(2), follow_up.clone()]).await;
        let take = async |at: Timestamp| {
            let rows = store.take_due(vec![("1".into(), 10)], at, open_gate()).await.unwrap().rows;
            rows.iter().map(|row| row.message.number).collect::<Vec<_>>()
        };
        let contact = store.append(vec![message("b", &["+85251234567"], "hi")]).await.unwrap()[0].contact.unwrap();
        let taken_by_meta = async |number: i64, wamid: &str| {
            let outcome = SendOutcome::Accepted { wamid: wamid.into() };
            store.record(vec![SendResult { contact, number, at: NOW, outcome }]).await.unwrap();
        };
        let key = AtomicI64::new(0);
        // By our own number and Meta's id, or by Meta's id alone.
        let hear = async |at: Timestamp, number: Option<i64>, wamid: &str, status: StatusKind, waits: &[i64]| {
            let key = format!("s{}", key.fetch_add(1, Ordering::Relaxed));
            store.append(vec![message(&key, &["+85251234567"], "hi")]).await.unwrap();
            let claim = store.claim(NOW, 10).await.unwrap();
            let seqs = claim.contacts[0].events.iter().map(|event| event.seq).collect();
            let (message, id) = match number {
                Some(number) => (format!("hl:{contact}:{number}"), Some(wamid.to_owned())),
                None => (wamid.to_owned(), None),
            };
            let error = (status == StatusKind::Failed).then_some(131_053);
            let statuses = vec![told(at, StatusEvent { message, status, error, wamid: id }, waits)];
            store.commit(claim, vec![Folded { contact, seqs, statuses, ..empty() }]).await.unwrap();
        };
        let states = async || {
            let select = "select state || ' ' || cast(attempts as text) from outbox order by number";
            rows(&database, select).await.into_iter().flatten().collect::<Vec<_>>()
        };
        assert_eq!(take(NOW).await, [1, 2, 3], "{kind}");
        for number in 1..=3 {
            taken_by_meta(number, &format!("wamid.{number}")).await;
        }
        let failed = StatusKind::Failed;
        hear(NOW, Some(1), "wamid.1", StatusKind::Sent, &[]).await;
        hear(NOW, Some(1), "wamid.1", failed, WAITS).await;
        hear(NOW, None, "wamid.2", failed, WAITS).await;
        hear(NOW, Some(3), "wamid.3", failed, WAITS).await;
        assert_eq!(
            states().await,
            ["queued 1", "queued 1", "failed 1"],
            "{kind}: what nobody asked for is not sent again"
        );
        // Told once more, or late.
        hear(NOW, Some(1), "wamid.1", failed, WAITS).await;
        hear(NOW, Some(1), "wamid.1", StatusKind::Sent, &[]).await;
        hear(NOW, None, "wamid.2", failed, WAITS).await;
        let (early, later) = (Timestamp(NOW.0 + 9_999), Timestamp(NOW.0 + 10_000));
        assert_eq!(take(early).await, [0_i64; 0], "{kind}");
        assert_eq!(take(later).await, [1, 2], "{kind}");
        hear(later, Some(1), "wamid.1", failed, WAITS).await;
        assert_eq!(states().await[..2], ["sending 2", "sending 2"], "{kind}: it was said of the first attempt");
        taken_by_meta(1, "wamid.1b").await;
        taken_by_meta(2, "wamid.2b").await;
        hear(later, Some(1), "wamid.1b", failed, WAITS).await;
        hear(later, Some(2), "wamid.2b", StatusKind::Read, &[]).await;
        hear(later, Some(2), "wamid.2b", failed, WAITS).await;
        assert_eq!(states().await[..2], ["queued 2", "read 2"], "{kind}: what was read has not failed");
        // A minute after the second failure, and after the third not any more.
        let last = Timestamp(later.0 + 60_000);
        assert_eq!(take(last).await, [1], "{kind}");
        taken_by_meta(1, "wamid.1c").await;
        hear(last, Some(1), "wamid.1c", failed, WAITS).await;
        assert_eq!(states().await[0], "failed 3", "{kind}");
        assert_eq!(take(Timestamp(NOW.0 + 590_000)).await, [0_i64; 0], "{kind}");
    }
}

#[tokio::test]
async fn a_failure_that_is_told_before_the_answer_of_the_call_or_in_its_place_sends_again_what_it_is_of() {
    const WAITS: &[i64] = &[10, 60];
    for database in Database::each().await {
        let (store, kind) = (database.store().await, database.kind);
        store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap();
        let follow_up = NewOutgoing { follow_up: true, ..reply(4) };
        fold_all(&store, |_| vec![reply(1), reply(2), reply(3), follow_up.clone()]).await;
        let take = async |at: Timestamp| {
            let rows = store.take_due(vec![("1".into(), 10)], at, open_gate()).await.unwrap().rows;
            rows.iter().map(|row| row.message.number).collect::<Vec<_>>()
        };
        let contact = store.append(vec![message("b", &["+85251234567"], "hi")]).await.unwrap()[0].contact.unwrap();
        let ended = async |number: i64, outcome: SendOutcome| {
            store.record(vec![SendResult { contact, number, at: NOW, outcome }]).await.unwrap();
        };
        let accepted = |wamid: &str| SendOutcome::Accepted { wamid: wamid.into() };
        let key = AtomicI64::new(0);
        let failed = async |number: i64, wamid: &str| {
            let key = format!("s{}", key.fetch_add(1, Ordering::Relaxed));
            store.append(vec![message(&key, &["+85251234567"], "hi")]).await.unwrap();
            let claim = store.claim(NOW, 10).await.unwrap();
            let seqs = claim.contacts[0].events.iter().map(|event| event.seq).collect();
            let (message, wamid) = (format!("hl:{contact}:{number}"), Some(wamid.to_owned()));
            let status = StatusEvent { message, status: StatusKind::Failed, error: Some(131_000), wamid };
            let statuses = vec![told(NOW, status, WAITS)];
            store.commit(claim, vec![Folded { contact, seqs, statuses, ..empty() }]).await.unwrap();
        };
        let stands = async |number: i64| {
            let select = "select state || ' ' || cast(attempts as text) from outbox order by number";
            rows(&database, select).await.remove(number as usize - 1).remove(0)
        };
        assert_eq!(take(NOW).await, [1, 2, 3, 4], "{kind}");
        // Before the answer.
        failed(1, "wamid.1").await;
        assert_eq!(stands(1).await, "sending 1", "{kind}: its call is not over");
        ended(1, accepted("wamid.1")).await;
        assert_eq!(stands(1).await, "queued 1", "{kind}");
        // In its place: whoever settles it sends it again.
        ended(2, SendOutcome::Uncertain("the answer was lost".into())).await;
        failed(2, "wamid.2").await;
        assert_eq!(stands(2).await, "sending 1", "{kind}");
        // Of an attempt whose answer was lost, while the next one is under way and arrives.
        ended(3, SendOutcome::RetryAt(NOW, "the answer was lost".into())).await;
        assert_eq!(take(NOW).await, [3], "{kind}");
        failed(3, "wamid.3").await;
        ended(3, accepted("wamid.3b")).await;
        assert_eq!(stands(3).await, "accepted 2", "{kind}: it is not sent a third time");
        failed(4, "wamid.4").await;
        assert_eq!(stands(4).await, "failed 1", "{kind}: what nobody asked for is not sent again");
        let (early, later) = (Timestamp(NOW.0 + 9_999), Timestamp(NOW.0 + 10_000));
        assert_eq!(take(early).await, [0_i64; 0], "{kind}");
        assert_eq!(take(later).await, [1], "{kind}");
        // Written down once more, and told once more: all of it is of the first attempt.
        ended(1, accepted("wamid.1")).await;
        failed(1, "wamid.1").await;
        assert_eq!(stands(1).await, "sending 2", "{kind}");
        ended(1, accepted("wamid.1b")).await;
        assert_eq!(stands(1).await, "accepted 2", "{kind}");
        let stuck = store.stuck(Timestamp(i64::MAX)).await.unwrap();
        assert_eq!(stuck.iter().map(|row| row.message.number).collect::<Vec<_>>(), [2], "{kind}");
    }
}

#[tokio::test]
async fn what_the_bot_had_said_when_a_person_took_over_is_not_sent_again_when_it_fails_later() {
    for database in Database::each().await {
        let (store, kind) = (database.store().await, database.kind);
        store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap();
        fold_all(&store, |_| vec![reply(1)]).await;
        let contact = store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows[0].contact;
        let outcome = SendOutcome::Accepted { wamid: "wamid.1".into() };
        store.record(vec![SendResult { contact, number: 1, at: NOW, outcome }]).await.unwrap();
        let status = StatusEvent {
            message: format!("hl:{contact}:1"),
            status: StatusKind::Failed,
            error: Some(131_053),
            wamid: Some("wamid.1".into()),
        };
        let taken_over = Folded { cancel_queued: Some("a person takes over".into()), ..empty() };
        let failed = Folded { statuses: vec![told(NOW, status, &[10, 60])], ..empty() };
        for (key, folded) in [("b", taken_over), ("c", failed)] {
            store.append(vec![message(key, &["+85251234567"], "hi")]).await.unwrap();
            let claim = store.claim(NOW, 10).await.unwrap();
            let seqs = claim.contacts[0].events.iter().map(|event| event.seq).collect();
            store.commit(claim, vec![Folded { contact, seqs, ..folded }]).await.unwrap();
        }
        assert_eq!(rows(&database, "select state from outbox").await, [["failed"]], "{kind}");
    }
}

/// A running shop where ana has taken the first customer over, after all that the bot had to say was read.
struct Taken {
    sandbox: Sandbox,
    address: std::net::SocketAddr,
    path: String,
    api: Api,
    _app: App,
}

impl Taken {
    async fn start(database: &Database) -> Self {
        let Running { app, sandbox, address } = Running::start(database, &[TOKEN]).await;
        sandbox.verify().await.unwrap();
        let ids = two_write(&sandbox, address, database, ["I want to talk to a person", "hello"]).await;
        let _ana = Person::sign_in(database, address, "ana", "agent").await;
        let open = "select state from outbox where state not in ('read', 'cancelled')";
        eventually("the bot's answers are read", async || rows(database, open).await.is_empty().then_some(())).await;
        let (api, path) = (Api::new(address), format!("/contacts/{}", ids[0]));
        let (status, _) = api.post(&format!("{path}/take"), json!({ "agent": "ana" })).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        Self { sandbox, address, path, api, _app: app }
    }

    async fn write(&self, text: &str) {
        let (status, done) =
            self.api.post(&format!("{}/messages", self.path), json!({ "agent": "ana", "text": text })).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{done}");
    }

    /// What the customer sees of these, in its order, with how it stands.
    fn seen(&self, texts: &[&str]) -> Vec<(String, String)> {
        let phone = self.sandbox.phone(customer(1).number.trim_start_matches('+'));
        let shown = phone.iter().filter_map(|shown| {
            let text = texts.iter().find(|text| shown.to_string().contains(**text))?;
            Some(((*text).to_owned(), shown["status"].as_str().unwrap_or_default().to_owned()))
        });
        shown.collect()
    }
}

const HERS: &str = "select state || ' ' || cast(attempts as text) from outbox where sender = 'ana' order by number";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_after_a_message_that_is_refused_for_a_moment_arrives_after_it() {
    for database in Database::each().await {
        let shop = Taken::start(&database).await;
        // Sent again after 5 s.
        shop.sandbox.set_faults(Faults { next_code: Some(2), next_codes: 1, ..Faults::default() });
        shop.write("FIRST: your number is 4711").await;
        let refused = async || (rows(&database, HERS).await == [["queued 1"]]).then_some(());
        eventually("it was refused", refused).await;
        shop.write("SECOND: please keep it").await;
        let read = async || (rows(&database, HERS).await == [["read 2"], ["read 1"]]).then_some(());
        eventually("both are read", read).await;
        let seen: Vec<_> = shop.seen(&["FIRST", "SECOND"]).into_iter().map(|(text, _)| text).collect();
        assert_eq!(seen, ["FIRST", "SECOND"], "{}", database.kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_meta_says_later_could_not_be_sent_for_a_moment_is_sent_again() {
    for database in Database::each().await {
        let shop = Taken::start(&database).await;
        shop.sandbox.set_faults(Faults { drop: 1.0, ..Faults::default() });
        shop.write("FIRST: your number is 4711").await;
        let all_dropped = async || shop.seen(&["FIRST"]).iter().any(|(_, status)| status == "read").then_some(());
        eventually("nothing is told of it any more", all_dropped).await;
        let accepted = async || (rows(&database, HERS).await == [["accepted 1"]]).then_some(());
        eventually("it was taken", accepted).await;
        shop.sandbox.set_faults(Faults::default());
        let wamid = rows(&database, "select wamid from outbox where sender = 'ana'").await[0][0].clone();
        let failed = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "990000000000001", "changes": [{
            "field": "messages", "value": { "messaging_product": "whatsapp", "metadata": { "phone_number_id": crate::app::NUMBER },
            "statuses": [{ "id": wamid, "status": "failed", "timestamp": (chrono::Utc::now().timestamp()).to_string(),
                "recipient_id": customer(1).number.trim_start_matches('+'), "errors": [{ "code": 131_056 }] }] } }] }] })
        .to_string()
        .into_bytes();
        let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &failed), failed);
        for _ in 0..2 {
            assert_eq!(post(&http(), shop.address, &signed).await, Some(200));
        }
        let read = async || (rows(&database, HERS).await == [["read 2"]]).then_some(());
        eventually("the second attempt is read", read).await;
        assert_eq!(shop.seen(&["FIRST"]).len(), 2, "{}: the sandbox had shown the first one", database.kind);
    }
}
