//! What the journal promises, on both databases from one body.

use hotline::domain::{
    Address, Content, Duration, EventBody, InboundMessage, MessageKind, Outgoing, StatusEvent, StatusKind, Timestamp,
};
use hotline::store::{
    Folded, NewEvent, NewOutgoing, OutboxStatus, Role, SendOutcome, SendResult, Store, StoreError, Unasked, place_of,
};

use crate::db::{Database, eventually};
use crate::law::rows;
use crate::limits::open_gate;

pub const NOW: Timestamp = Timestamp(1_790_000_000_000);

pub fn message(key: &str, names: &[&str], text: &str) -> NewEvent {
    let body = EventBody::Message(InboundMessage { text: Some(text.into()), ..InboundMessage::default() });
    NewEvent {
        key: Some(key.into()),
        contact: None,
        contacts: names.iter().map(|name| name.parse().unwrap()).collect(),
        at: NOW,
        received: NOW,
        due: NOW,
        body,
    }
}

pub fn reply(number: i64) -> NewOutgoing {
    let message = Outgoing {
        number,
        ..Outgoing::of_bot(
            MessageKind::Reply,
            Content::Text { body: format!("answer {number}") },
            NOW,
            Timestamp(NOW.0 + 600_000),
        )
    };
    NewOutgoing { channel: "1".into(), address: Address::default(), follow_up: false, sending_since: None, message }
}

pub async fn fold_all(store: &Store, outgoing: impl Fn(i64) -> Vec<NewOutgoing>) -> Vec<i64> {
    let mut claim = store.claim(NOW, 1000).await.unwrap();
    let contacts = std::mem::take(&mut claim.contacts);
    let seqs = contacts.iter().flat_map(|contact| contact.events.iter().map(|event| event.seq)).collect();
    let folded = contacts
        .into_iter()
        .map(|contact| Folded {
            contact: contact.id,
            state: Some(b"{}".into()),
            seqs: contact.events.iter().map(|event| event.seq).collect(),
            outgoing: outgoing(contact.id.0),
            ..empty()
        })
        .collect();
    store.commit(claim, folded).await.unwrap();
    seqs
}

pub fn empty() -> Folded {
    let mut folded = Folded::default();
    folded.summary.json = "{}".into();
    folded.summary.handoff = "none";
    folded
}

pub fn told(at: Timestamp, status: StatusEvent, again: &[i64]) -> OutboxStatus {
    OutboxStatus { at, status, again: again.iter().map(|wait| Duration::seconds(*wait)).collect() }
}

#[tokio::test]
async fn an_event_counts_once_however_often_it_is_delivered() {
    for database in Database::each().await {
        let store = database.store().await;
        let twice = vec![message("a", &["+85251234567"], "hi"), message("a", &["+85251234567"], "hi")];
        let appended = store.append(twice).await.unwrap();
        assert_eq!(
            appended.iter().map(|event| event.duplicate).collect::<Vec<_>>(),
            [false, true],
            "{}",
            database.kind
        );
        let again = store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap();
        assert!(again[0].duplicate);
        let many = (0..50).map(|_| store.append(vec![message("b", &["+85251234567"], "hi")]));
        let many = futures_util::future::join_all(many).await;
        let new = many.into_iter().filter(|appended| !appended.as_ref().unwrap()[0].duplicate).count();
        assert_eq!(new, 1, "{}", database.kind);
        assert_eq!(fold_all(&store, |_| vec![]).await.len(), 2, "{}", database.kind);
    }
}

#[tokio::test]
async fn a_contact_is_found_by_any_of_its_names_and_two_that_turn_out_to_be_one_become_one() {
    for database in Database::each().await {
        let store = database.store().await;
        let who =
            async |key: &str, names: &[&str]| store.append(vec![message(key, names, "x")]).await.unwrap()[0].contact;
        let by_phone = who("1", &["+5511987654321"]).await;
        assert!(by_phone.is_some());
        assert_eq!(who("2", &["+551187654321", "bsuid:BR.1"]).await, by_phone, "{}", database.kind);
        assert_eq!(who("3", &["bsuid:BR.1"]).await, by_phone);
        let other = who("4", &["bsuid:BR.2"]).await;
        assert_ne!(other, by_phone);
        assert_eq!(who("5", &["bsuid:BR.2", "+5511987654321"]).await, by_phone, "the older contact stays");
        assert_eq!(who("6", &["bsuid:BR.2"]).await, by_phone);
        let in_one_group = store
            .append(vec![message("7", &["bsuid:IT.1"], "x"), message("8", &["+393331234567", "bsuid:IT.1"], "x")])
            .await
            .unwrap();
        assert_eq!(in_one_group[0].contact, in_one_group[1].contact, "{}", database.kind);
    }
}

#[tokio::test]
async fn a_contact_is_folded_by_one_at_a_time_and_its_events_stand_in_order() {
    for database in Database::each().await {
        let store = database.store().await;
        for number in 0..20 {
            store.append(vec![message(&format!("m{number}"), &["+85251234567"], "x")]).await.unwrap();
        }
        let first = store.claim(NOW, 100).await.unwrap();
        let seqs: Vec<i64> = first.contacts[0].events.iter().map(|event| event.seq).collect();
        assert!(seqs.is_sorted() && seqs.len() == 20, "{}", database.kind);
        assert!(store.claim(NOW, 10).await.unwrap().contacts.is_empty(), "{}: claimed twice", database.kind);
        drop(first);
        // Dropped without a commit: nothing happened, and it can be claimed again.
        let again = crate::db::eventually("the contact is free again", async || {
            Some(store.claim(NOW, 100).await.unwrap()).filter(|claim| !claim.contacts.is_empty())
        });
        assert_eq!(again.await.contacts[0].events.len(), 20, "{}", database.kind);
    }
}

#[tokio::test]
async fn what_a_fold_decides_is_committed_with_the_fact_that_it_was_folded_or_not_at_all() {
    for database in Database::each().await {
        let store = database.store().await;
        store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap();
        let mut claim = store.claim(NOW, 10).await.unwrap();
        let contact = claim.contacts.remove(0);
        let seqs = contact.events.iter().map(|event| event.seq).collect();
        // The same message number twice cannot be stored: the whole fold must not happen.
        let outgoing = vec![reply(1), reply(1)];
        let folded = Folded { contact: contact.id, state: Some(b"{}".into()), seqs, outgoing, ..empty() };
        assert!(matches!(store.commit(claim, vec![folded]).await, Err(StoreError::Refused(_))), "{}", database.kind);
        assert!(
            store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows.is_empty(),
            "{}",
            database.kind
        );
        assert_eq!(fold_all(&store, |_| vec![reply(1)]).await.len(), 1, "{}: still unread", database.kind);
        assert_eq!(store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows.len(), 1);
    }
}

#[tokio::test]
async fn a_message_is_taken_once_replies_first_and_not_after_it_expired() {
    for database in Database::each().await {
        let store = database.store().await;
        store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap();
        let follow_up = NewOutgoing { follow_up: true, ..reply(1) };
        let mut expired = reply(3);
        expired.message.expires = NOW;
        fold_all(&store, |_| vec![follow_up.clone(), reply(2), expired.clone()]).await;
        let taken = store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows;
        assert_eq!(taken.iter().map(|row| row.message.number).collect::<Vec<_>>(), [2, 1], "{}", database.kind);
        assert!(
            store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows.is_empty(),
            "{}: taken twice",
            database.kind
        );
        let later = Timestamp(NOW.0 + 60_000);
        assert_eq!(store.stuck(later).await.unwrap().len(), 2, "{}", database.kind);
        let result = |number, outcome| SendResult { contact: taken[0].contact, number, at: later, outcome };
        let accepted = SendOutcome::Accepted { wamid: "wamid.1".into() };
        store.record(vec![result(1, SendOutcome::RetryAt(later, "130429".into())), result(2, accepted)]).await.unwrap();
        let again = store.take_due(vec![("1".into(), 10)], later, open_gate()).await.unwrap().rows;
        assert_eq!((again.len(), again[0].message.number, again[0].attempts), (1, 1, 2), "{}", database.kind);
        // Who only waited for a turn has not tried.
        let waited = SendOutcome::PutBack(later, "one customer may get one message in 6 s".into());
        store.record(vec![result(1, waited)]).await.unwrap();
        let again = store.take_due(vec![("1".into(), 10)], later, open_gate()).await.unwrap().rows;
        assert_eq!((again.len(), again[0].attempts), (1, 2), "{}", database.kind);
    }
}

#[tokio::test]
async fn what_the_bot_was_saying_when_a_person_took_over_is_not_sent_once_more() {
    for database in Database::each().await {
        let store = database.store().await;
        store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap();
        fold_all(&store, |_| vec![reply(1)]).await;
        let taken = store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows;
        store.append(vec![message("b", &["+85251234567"], "a person, please")]).await.unwrap();
        let mut claim = store.claim(NOW, 10).await.unwrap();
        let contact = std::mem::take(&mut claim.contacts).remove(0);
        let seqs = contact.events.iter().map(|event| event.seq).collect();
        let cancel_queued = Some("a person takes over".into());
        let folded = Folded { contact: contact.id, seqs, cancel_queued, outgoing: vec![reply(2)], ..empty() };
        store.commit(claim, vec![folded]).await.unwrap();
        // Nobody knows what became of the call.
        let outcome = SendOutcome::RetryAt(NOW, "it is not known whether it was sent".into());
        store.record(vec![SendResult { contact: taken[0].contact, number: 1, at: NOW, outcome }]).await.unwrap();
        let again = store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows;
        let numbers: Vec<i64> = again.iter().map(|row| row.message.number).collect();
        assert_eq!(numbers, [2], "{}: only that a person comes is said", database.kind);
        store.expire(NOW).await.unwrap();
        let why = rows(&database, "select error from outbox where state = 'expired'").await;
        assert_eq!(why, [["a person took over"]], "{}", database.kind);
    }
}

#[tokio::test]
async fn a_fault_while_a_group_is_written_changes_nothing_and_the_next_group_is_written() {
    for database in Database::each().await {
        let store = database.store().await;
        store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap();
        fold_all(&store, |_| vec![NewOutgoing { follow_up: true, ..reply(1) }]).await;
        let fails = Unasked { gate: std::sync::Arc::new(|_, _, _| panic!("a fault of ours")), ..open_gate() };
        let taken = store.take_due(vec![("1".into(), 10)], NOW, fails).await;
        assert!(matches!(taken, Err(StoreError::Failed)), "{}: {taken:?}", database.kind);
        store.append(vec![message("b", &["+85251234567"], "still there?")]).await.unwrap();
        let taken = store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap();
        assert_eq!(taken.rows.len(), 1, "{}", database.kind);
    }
}

#[tokio::test]
async fn a_status_only_goes_forward_and_may_overtake_the_answer_of_the_call() {
    for database in Database::each().await {
        let store = database.store().await;
        store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap();
        fold_all(&store, |_| vec![reply(1)]).await;
        let taken = store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows;
        let contact = taken[0].contact;
        let read = StatusEvent {
            message: format!("hl:{contact}:1"),
            status: StatusKind::Read,
            error: None,
            wamid: Some("wamid.1".into()),
        };
        let ever = Timestamp(i64::MAX);
        assert_eq!(store.stuck(ever).await.unwrap().len(), 1, "{}", database.kind);
        store.append(vec![NewEvent::known(contact, None, NOW, EventBody::Status(read.clone()))]).await.unwrap();
        assert!(store.stuck(ever).await.unwrap().is_empty(), "{}: what it says is only to be folded", database.kind);
        let claim = store.claim(NOW, 10).await.unwrap();
        let statuses =
            vec![told(NOW, StatusEvent { status: StatusKind::Sent, ..read.clone() }, &[]), told(NOW, read, &[])];
        let seqs = claim.contacts[0].events.iter().map(|event| event.seq).collect();
        store.commit(claim, vec![Folded { contact, seqs, statuses, ..empty() }]).await.unwrap();
        let accepted = SendOutcome::Accepted { wamid: "wamid.1".into() };
        store.record(vec![SendResult { contact, number: 1, at: NOW, outcome: accepted }]).await.unwrap();
        // Given up as unknown, and told of after all.
        let unknown = SendOutcome::Failed(hotline::store::NOT_KNOWN_WHETHER_SENT.into());
        store.append(vec![message("b", &["+85251234567"], "hi")]).await.unwrap();
        fold_all(&store, |_| vec![reply(2)]).await;
        let row = store.take_due(vec![("1".into(), 10)], NOW, open_gate()).await.unwrap().rows;
        assert_eq!(row[0].message.number, 2);
        store.record(vec![SendResult { contact, number: 2, at: NOW, outcome: unknown }]).await.unwrap();
        let delivered = StatusEvent {
            message: format!("hl:{contact}:2"),
            status: StatusKind::Delivered,
            error: None,
            wamid: Some("wamid.2".into()),
        };
        store.append(vec![NewEvent::known(contact, None, NOW, EventBody::Status(delivered.clone()))]).await.unwrap();
        let claim = store.claim(NOW, 10).await.unwrap();
        let seqs = claim.contacts[0].events.iter().map(|event| event.seq).collect();
        let statuses = vec![told(NOW, delivered, &[])];
        store.commit(claim, vec![Folded { contact, seqs, statuses, ..empty() }]).await.unwrap();
        let told = rows(&database, "select state, coalesce(error, '') from outbox where number = 2").await;
        assert_eq!(told, [["delivered", ""]], "{}", database.kind);
        // Settled by the status: a crash now would not send it again.
        assert!(store.stuck(ever).await.unwrap().is_empty(), "{}", database.kind);
    }
}

#[tokio::test]
async fn a_locked_database_refuses_and_recovers_without_a_restart() {
    let database = Database::sqlite();
    let store = database.store().await;
    let file = database.url.trim_start_matches("sqlite:").to_owned();
    use sqlx::{Connection, Executor};
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite:{file}")).await.unwrap();
    other.execute("begin immediate").await.unwrap();
    let refused = store.append(vec![message("a", &["+85251234567"], "hi")]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    other.execute("rollback").await.unwrap();
    assert!(!store.append(vec![message("a", &["+85251234567"], "hi")]).await.unwrap()[0].duplicate);
}

#[tokio::test]
async fn one_node_at_a_time_sends_for_a_number_and_another_takes_over_when_it_is_gone() {
    let Some(database) = Database::postgres().await else { return };
    let (one, other) = (database.store().await, database.store().await);
    let numbers = ["880000000000001".to_owned(), "880000000000002".to_owned()];
    let silence = std::time::Duration::from_secs(2);
    let mut first = one.leadership(silence);
    assert_eq!(first.renew(&numbers).await.unwrap().len(), 2);
    let mut second = other.leadership(silence);
    assert!(second.renew(&numbers).await.unwrap().is_empty());
    assert_eq!(first.renew(&numbers).await.unwrap().len(), 2, "it keeps what it leads");
    // It is not heard of any more.
    eventually("the other node leads", async || (second.renew(&numbers).await.unwrap().len() == 2).then_some(())).await;
    assert!(first.renew(&numbers).await.is_err(), "its connection was ended");
    assert!(first.renew(&numbers).await.unwrap().is_empty());
    drop(second);
    eventually("it leads again", async || (first.renew(&numbers).await.unwrap().len() == 2).then_some(())).await;
}

#[tokio::test]
async fn a_second_process_cannot_open_the_same_sqlite_file() {
    let database = Database::sqlite();
    let _store = database.store().await;
    let second = Store::open(&database.url).await.err().unwrap();
    assert!(second.to_string().contains("in use by another hotline"), "{second}");
}

#[tokio::test]
async fn of_an_address_nothing_is_told_but_the_place() {
    let told = [
        ("postgres://ada:secret@db.example/shop?password=secret", "the database shop on db.example:5432"),
        ("postgres://db.example:99/shop?user=ada&password=secret@x", "the database shop on db.example:99"),
        ("postgresql://ada:secret@%2Frun%2Fpg/shop", "the database shop on /run/pg"),
        ("postgres://ada:sec/ret@db.example/shop", "the database"),
        ("postgress://ada:secret@db.example/shop", "the database"),
        ("sqlite:/var/shop.db?mode=rwc", "the database /var/shop.db"),
        ("sqlite:shop.db?password=secret", "the database"),
    ];
    for (url, place) in told {
        assert_eq!(place_of(url), place);
    }
    for wrong in [told[4].0, told[6].0, "sqlite:", "sqlite::memory:"] {
        let error = Store::open(wrong).await.err().unwrap().to_string();
        assert!(error.contains("is none such as sqlite:hotline.db") && !error.contains("secret"), "{error}");
    }
}

/// Nodes may be running on them.
#[tokio::test]
async fn whoever_looks_at_tables_of_another_version_leaves_them_as_they_are() {
    for database in Database::each_empty().await {
        if database.kind == "sqlite" {
            std::fs::write(database.url.trim_start_matches("sqlite:"), "").unwrap();
        }
        let beside = async || {
            let opened = Store::open_beside(&database.url).await;
            opened.err().map(|error| error.to_string()).unwrap_or_default()
        };
        let told = beside().await;
        assert!(told.contains("the database is empty"), "{}: {told}", database.kind);
        drop(database.store().await);
        assert_eq!(beside().await, "", "{}", database.kind);
        let last = "update _sqlx_migrations set version = 9999 where version = (select max(version) from _sqlx_migrations) \
                    returning description";
        rows(&database, last).await;
        let told = beside().await;
        assert!(told.contains("of a newer hotline"), "{}: {told}", database.kind);
        rows(&database, "delete from _sqlx_migrations where version = 9999 returning description").await;
        let told = beside().await;
        assert!(told.contains("start `hotline serve` of this version"), "{}: {told}", database.kind);
    }
}

#[tokio::test]
async fn both_databases_have_the_same_tables_and_columns() {
    let Some(postgres) = Database::postgres().await else { return };
    let sqlite = Database::sqlite();
    let (_one, _other) = (sqlite.store().await, postgres.store().await);
    let mut connection = sqlx::SqliteConnection::connect(&sqlite.url).await.unwrap();
    use sqlx::Connection;
    let columns = "select m.name || '.' || c.name from sqlite_master m join pragma_table_info(m.name) c \
                   where m.type = 'table' and m.name not like 'sqlite%' and m.name not like '_sqlx%' order by 1";
    let ours: Vec<String> = sqlx::query_scalar(columns).fetch_all(&mut connection).await.unwrap();
    let mut connection = sqlx::PgConnection::connect(&postgres.url).await.unwrap();
    let columns = "select table_name || '.' || column_name from information_schema.columns \
                   where table_schema = 'public' and table_name not like '\\_sqlx%' order by 1";
    let mut theirs: Vec<String> = sqlx::query_scalar(columns).fetch_all(&mut connection).await.unwrap();
    theirs.sort();
    assert_eq!(ours, theirs);
    assert!(ours.len() > 50);
}

/// A change that reads before it writes takes the lock first: else it fails as often as somebody else wrote in between.
#[tokio::test(flavor = "multi_thread")]
async fn what_meta_tells_of_templates_is_kept_while_webhooks_come_fast() {
    for database in Database::each().await {
        let store = database.store().await;
        let writing = tokio_util::sync::CancellationToken::new();
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (store, writing) = (store.clone(), writing.clone());
                tokio::spawn(async move {
                    for n in (0..).take_while(|_| !writing.is_cancelled()) {
                        store.append(vec![message(&format!("{writer}:{n}"), &["+85251234567"], "x")]).await.unwrap();
                    }
                })
            })
            .collect();
        let offer = |status: &str| hotline::outreach::Listed {
            name: "offer".into(),
            language: "it".into(),
            status: status.into(),
            ..hotline::outreach::Listed::default()
        };
        for status in ["APPROVED", "PAUSED"].into_iter().cycle().take(30) {
            let kept = store.set_template(&offer(status), NOW).await;
            assert!(kept.is_ok(), "{}: {}", database.kind, kept.unwrap_err());
            store.set_templates(&[offer(status)], NOW).await.unwrap();
        }
        writing.cancel();
        for writer in writers {
            writer.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_whose_time_is_over_are_forgotten_and_a_session_knows_when_it_was_used() {
    for database in Database::each().await {
        let store = database.store().await;
        assert!(store.add_user("ana", "Ana", Role::Admin, Timestamp(0)).await.unwrap());
        let ana = store.user("ana").await.unwrap().unwrap().id;
        store.add_link("old", ana, Timestamp(0), Timestamp(10)).await.unwrap();
        store.add_link("new", ana, Timestamp(10), Timestamp(20)).await.unwrap();
        let links = rows(&database, "select token_hash from sign_in_links").await;
        assert_eq!(links, [["new"]], "{}", database.kind);
        store.add_session("s", ana, "csrf", Timestamp(0), Timestamp(100)).await.unwrap();
        store.use_session("s", Timestamp(50)).await.unwrap();
        assert_eq!(
            store.session("s", Timestamp(60)).await.unwrap().unwrap().used_at,
            Timestamp(50),
            "{}",
            database.kind
        );
    }
}

/// A state is made anew while the queue is longer than a claim: what stands in the journal behind that claim was folded all the same.
#[tokio::test]
async fn who_is_made_anew_while_many_events_wait_keeps_all_that_was_folded() {
    for database in Database::each().await {
        let store = database.store().await;
        let mut waiting = message("first", &["+85251000001"], "hi");
        waiting.due = NOW + hotline::domain::Duration::hours(1);
        store.append(vec![waiting, message("second", &["+85251000002"], "hi")]).await.unwrap();
        assert_eq!(fold_all(&store, |_| vec![reply(7)]).await.len(), 1, "{}: the other is not due", database.kind);
        let forget = "update contacts set state = null, wake_at = 0 where state is not null returning state";
        assert_eq!(rows(&database, forget).await.len(), 1);
        let claim = store.claim(NOW + hotline::domain::Duration::hours(2), 1).await.unwrap();
        let known: Vec<_> = claim
            .contacts
            .iter()
            .map(|contact| (contact.events.len(), contact.history.len(), contact.messages))
            .collect();
        assert_eq!(known, [(1, 0, 0), (0, 1, 7)], "{}", database.kind);
    }
}

/// A whole campaign may become worthless at the same moment: who waits to write does not wait for all of it.
#[tokio::test]
async fn many_messages_that_expire_together_are_given_up_in_steps() {
    for database in Database::each().await {
        let store = database.store().await;
        let events =
            (0..501).map(|n| message(&format!("m{n}"), &[format!("+852{:08}", 51_000_000 + n).as_str()], "hi"));
        store.append(events.collect()).await.unwrap();
        fold_all(&store, |_| vec![reply(1)]).await;
        let expired = async || {
            let count = "select cast(count(*) as text) from outbox where state = 'expired'";
            rows(&database, count).await[0][0].parse::<i64>().unwrap()
        };
        let later = NOW + hotline::domain::Duration::hours(1);
        assert!(!store.expire(NOW).await.unwrap() && expired().await == 0, "{}", database.kind);
        assert!(store.expire(later).await.unwrap() && expired().await == 500, "{}", database.kind);
        assert!(!store.expire(later).await.unwrap() && expired().await == 501, "{}", database.kind);
    }
}

#[tokio::test]
async fn a_body_that_nobody_understood_is_kept_once_and_for_a_month() {
    for database in Database::each().await {
        let store = database.store().await;
        let days = hotline::domain::Duration::days;
        for (day, body) in [(0, "one"), (1, "one"), (20, "two")] {
            store.keep_body(NOW + days(day), "no JSON", body.as_bytes()).await.unwrap();
        }
        let kept = async || store.kept().await.unwrap().1.into_iter().map(|row| row.received).collect::<Vec<_>>();
        assert_eq!(kept().await, [NOW + days(20), NOW], "{}", database.kind);
        assert_eq!(store.sweep_kept(NOW + days(31)).await.unwrap(), 1, "{}", database.kind);
        assert_eq!(kept().await, [NOW + days(20)], "{}", database.kind);
    }
}
