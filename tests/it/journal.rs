//! The promises of the journal, under the worst: the binary killed again and again in the middle of its work.

use std::collections::HashMap;
use std::time::Duration;

use crate::app::{App, customer, free_address, http, post, sandbox, text_webhook};
use crate::db::{Database, eventually};
use crate::law::{self, rows};
use crate::store::{NOW, message};

const CUSTOMERS: u64 = 200;
const MESSAGES: usize = 2_000;

#[tokio::test(flavor = "multi_thread")]
async fn killed_three_times_nothing_acknowledged_is_lost_folded_twice_or_answered_twice() {
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 1_000).await;
        let more = [
            ("HOTLINE_REPLIES__SETTLE_AFTER", "12s"),
            ("HOTLINE_WHATSAPP__TIMEOUT", "6s"),
            ("HOTLINE_WHATSAPP__MARK_READ", "false"),
        ];
        let mut app = App::start(address, graph, &database, &more).await;
        sandbox.verify().await.unwrap();
        (0..CUSTOMERS).for_each(|n| sandbox.wrote(&customer(n)));
        let sender = tokio::spawn(send_all(address));
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(rand::random_range(300..900))).await;
            app.kill();
            app = App::start(address, graph, &database, &more).await;
        }
        sender.await.unwrap();
        eventually("everything is folded and sent", async || settled(&database).await.then_some(())).await;
        check_journal(&database).await;
        check_answers(&database, &sandbox).await;
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}

/// Each message is sent until it is acknowledged, some of them again afterwards; a customer's messages in order.
async fn send_all(address: std::net::SocketAddr) {
    let lanes = (0..CUSTOMERS).map(|n| async move {
        let http = http();
        for index in 0..MESSAGES / CUSTOMERS as usize {
            let signed = text_webhook(&[(n, format!("wamid.{n}.{index}"), "how much is the air purifier?")]);
            while post(&http, address, &signed).await != Some(200) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            if (n as usize + index).is_multiple_of(5) {
                post(&http, address, &signed).await;
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    });
    futures_util::future::join_all(lanes).await;
}

async fn settled(database: &Database) -> bool {
    let open = "select cast((select count(*) from unread) + (select count(*) from outbox where state in ('queued', 'sending')) as text)";
    rows(database, open).await[0][0] == "0"
}

async fn check_journal(database: &Database) {
    let messages =
        rows(database, "select cast(contact_id as text), key from journal where kind = 'message' order by seq").await;
    assert_eq!(messages.len(), MESSAGES, "{}: each message once", database.kind);
    let mut last: HashMap<&str, usize> = HashMap::new();
    for row in &messages {
        let index: usize = row[1].rsplit('.').next().unwrap().parse().unwrap();
        let expected = last.get(row[0].as_str()).map_or(0, |last| last + 1);
        assert_eq!(index, expected, "{}: order of contact {}", database.kind, row[0]);
        last.insert(&row[0], index);
    }
    // The state counts its interactions itself: what was folded twice would show in the message numbers, which only grow.
    let twice = "select cast(count(*) as text) from (select contact_id, number from outbox group by contact_id, number having count(*) > 1) as twice";
    assert_eq!(rows(database, twice).await[0][0], "0", "{}", database.kind);
}

/// What Meta accepted is what the outbox holds: no message number arrived twice at a phone.
async fn check_answers(database: &Database, sandbox: &hotline::whatsapp::sandbox::Sandbox) {
    for n in 0..CUSTOMERS {
        let number = customer(n).number;
        let shown = sandbox.phone(number.trim_start_matches('+'));
        let mut ids: Vec<String> =
            shown.iter().filter_map(|shown| shown["biz_opaque_callback_data"].as_str().map(str::to_owned)).collect();
        let count = ids.len();
        assert!(count > 0, "{}: customer {n} got no answer", database.kind);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{}: customer {n} got one answer twice", database.kind);
    }
}

/// A node that stands still in the middle of a fold keeps its own contacts from the others, and nobody else's.
#[tokio::test]
async fn a_node_that_stands_still_holds_up_its_own_contacts_alone() {
    let Some(database) = Database::postgres().await else { return };
    let (one, two) = (database.store().await, database.store().await);
    let events = (0..30).map(|n| message(&format!("m{n}"), &[format!("+852{:08}", 51_000_000 + n).as_str()], "hi"));
    one.append(events.collect()).await.unwrap();
    let still = one.claim(NOW, 20).await.unwrap();
    assert_eq!(still.contacts.len(), 20);
    let claimed = two.claim(NOW, 20).await.unwrap();
    assert_eq!(claimed.contacts.len(), 10, "the next ones, and not the same twenty");
    assert!(claimed.contacts.iter().all(|contact| still.contacts.iter().all(|other| other.id != contact.id)));
    // All that is due is being folded: nothing tells when that will be over.
    assert_eq!((two.claim(NOW, 20).await.unwrap().next_due, one.claim(NOW, 20).await.unwrap().next_due), (None, None));
    drop(still);
    let free = async || Some(two.claim(NOW, 50).await.unwrap()).filter(|claim| claim.contacts.len() == 20);
    eventually("the others are free again", free).await;
}
