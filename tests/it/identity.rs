//! Who is who: contacts that turn out to be one person, and states that are made anew from the journal.

use std::net::SocketAddr;

use hotline::engine::fold::state::State;
use serde_json::{Value, json};
use sqlx::{Connection, Executor};

use crate::app::{NUMBER, Running, SECRET, http, post};
use crate::db::{Database, eventually};
use crate::desk::Person;
use crate::law::{self, rows, states};

const PHONE: &str = "5511987654321";
const USER: &str = "BR.9001";

/// A message of somebody of whom Meta tells the phone, the user id, or both.
async fn writes(address: SocketAddr, id: &str, phone: Option<&str>, user: Option<&str>, text: &str) {
    let said = json!({ "type": "text", "text": { "body": text } });
    delivers(address, id, phone, user, said).await;
}

/// The same of a message of any kind.
async fn delivers(address: SocketAddr, id: &str, phone: Option<&str>, user: Option<&str>, said: Value) {
    let now = chrono::Utc::now().timestamp().to_string();
    let mut message = json!({ "from": phone, "from_user_id": user, "id": id, "timestamp": now });
    said.as_object().unwrap().iter().for_each(|(name, value)| message[name] = value.clone());
    let contact = json!({ "profile": { "name": "Bia" }, "wa_id": phone, "user_id": user });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "990000000000001", "changes": [{
        "field": "messages",
        "value": { "messaging_product": "whatsapp", "metadata": { "phone_number_id": NUMBER }, "contacts": [contact], "messages": [message] },
    }]}]})
    .to_string()
    .into_bytes();
    let signed = (hotline::whatsapp::signature::sign(&SECRET.into(), &body), body);
    assert_eq!(post(&http(), address, &signed).await, Some(200));
}

/// The one contact's state, when all was folded and all of that holds.
async fn when(database: &Database, what: &str, holds: impl Fn(&State) -> bool) -> State {
    eventually(what, async || {
        let unread = rows(database, "select cast(count(*) as text) from unread").await;
        let mut states = states(database).await;
        let state = states.pop().filter(|state| states.is_empty() && holds(state))?;
        (unread[0][0] == "0").then_some(state)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_turn_out_to_be_one_keep_what_both_had_said() {
    for database in Database::each().await {
        let Running { app, address, .. } = Running::start(&database, &[]).await;
        writes(address, "wamid.a1", Some(PHONE), None, "procuro um celular, até 2000 reais").await;
        writes(address, "wamid.b1", None, Some(USER), "tem à prova d'água?").await;
        eventually("both are known", async || (states(&database).await.len() == 2).then_some(())).await;
        writes(address, "wamid.c1", Some(PHONE), Some(USER), "obrigada").await;
        let state = when(&database, "they are one", |state| {
            ["budget/0-2000", "category/electronics/phone", "need/waterproof"].iter().all(|tag| state.facts.holds(tag))
        })
        .await;
        assert_eq!(state.contact.address.wa_id.as_deref(), Some(PHONE), "{}", database.kind);
        assert_eq!(state.contact.address.user_id.as_ref().map(|user| user.0.as_str()), Some(USER));
        // Messages go on behind the highest number that was ever used for them.
        let highest = rows(&database, "select cast(max(number) as text) from outbox").await;
        assert!(state.messages >= highest[0][0].parse().unwrap(), "{}", database.kind);
        // Who stood in the conversation that is no more goes on in the other.
        let merged = "select cast(id as text), cast(merged_into as text) from contacts where merged_into is not null";
        let merged = rows(&database, merged).await;
        let [gone, living] = merged[0].as_slice() else { unreachable!() };
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let (_, page) = ana.get(&format!("/inbox/all/{gone}")).await;
        assert!(page.contains(&format!("data-contact=\"{living}\"")), "{}", database.kind);
        assert!(page.contains("2000 reais") && page.contains("prova d") && page.contains("obrigada"));
        let (_, list) = ana.get(&format!("/fragment/list/all?current={gone}")).await;
        assert!(list.contains(&format!("data-current=\"{living}\"")), "{}", database.kind);
        let noted = ana.post(&format!("/contact/{gone}/note"), &[("text", "one and the same")]).await;
        assert_eq!(noted.0, 303);
        let draft = [("at", "reply"), ("text", "Olá de novo")];
        assert_eq!(ana.post(&format!("/contact/{gone}/draft"), &draft).await.0, 204);
        let notes = "select cast(contact_id as text) from journal where kind = 'agent'";
        assert_eq!(rows(&database, notes).await, [[living.as_str()]]);
        assert_eq!(rows(&database, "select cast(contact_id as text) from drafts").await, [[living.as_str()]]);
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_changes_the_number_stays_the_same_customer_and_is_heard_when_they_say_stop() {
    const NEW: &str = "5511912345678";
    for database in Database::each().await {
        let Running { app, address, .. } = Running::start(&database, &[]).await;
        writes(address, "wamid.1", Some(PHONE), None, "procuro um celular, até 2000 reais").await;
        let changed = json!({ "type": "system", "system": {
            "body": "User Bia changed from 5511987654321 to 5511912345678", "type": "user_changed_number", "wa_id": NEW,
        }});
        delivers(address, "wamid.2", Some(PHONE), None, changed).await;
        let is_renamed = |state: &State| state.contact.address.wa_id.as_deref() != Some(PHONE);
        when(&database, "the number is the new one", is_renamed).await;
        writes(address, "wamid.3", Some(NEW), None, "PARAR").await;
        let state = when(&database, "they are heard", |state| state.contact.is_opted_out()).await;
        assert!(state.facts.holds("budget/0-2000") && is_renamed(&state), "{}", database.kind);
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_a_number_that_somebody_left_is_somebody_else() {
    const NEW: &str = "5511912345678";
    for database in Database::each().await {
        let Running { app, address, .. } = Running::start(&database, &[]).await;
        writes(address, "wamid.1", Some(PHONE), Some(USER), "PARAR").await;
        when(&database, "they are out", |state| state.contact.is_opted_out()).await;
        let changed = || {
            json!({ "type": "system", "system": {
                "type": "user_changed_number", "wa_id": NEW, "user_id": "BR.9002", "previous_user_id": USER,
            }})
        };
        delivers(address, "wamid.2", Some(PHONE), None, changed()).await;
        when(&database, "the number is the new one", |state| state.contact.address.wa_id.as_deref() != Some(PHONE))
            .await;
        writes(address, "wamid.3", Some(PHONE), Some("BR.7777"), "procuro um celular").await;
        // Meta tells of the change once more.
        delivers(address, "wamid.2", Some(PHONE), None, changed()).await;
        writes(address, "wamid.4", Some(PHONE), Some("BR.7777"), "até 2000 reais").await;
        let both = eventually("there are two", async || {
            let unread = rows(&database, "select cast(count(*) as text) from unread").await;
            let both = states(&database).await;
            (unread[0][0] == "0" && both.len() == 2).then_some(both)
        })
        .await;
        let out: Vec<_> = both.iter().filter(|state| state.contact.is_opted_out()).collect();
        let [new] = both.iter().filter(|state| state.facts.holds("budget/0-2000")).collect::<Vec<_>>()[..] else {
            unreachable!("{}", database.kind)
        };
        assert!(out.len() == 1 && !new.contact.is_opted_out(), "{}", database.kind);
        let merged = rows(&database, "select cast(id as text) from contacts where merged_into is not null").await;
        assert!(merged.is_empty(), "{}", database.kind);
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_before_a_change_of_number_turns_no_answer_back_to_the_former_one() {
    const NEW: &str = "5511912345678";
    for database in Database::each().await {
        let Running { app, address, .. } = Running::start(&database, &[]).await;
        writes(address, "wamid.1", Some(PHONE), Some(USER), "olá").await;
        let changed = json!({ "type": "system", "system": {
            "type": "user_changed_number", "wa_id": NEW, "user_id": "BR.9002", "previous_user_id": USER,
        }});
        delivers(address, "wamid.2", Some(PHONE), Some(USER), changed).await;
        let is_renamed = |state: &State| state.contact.address.wa_id.as_deref() != Some(PHONE);
        when(&database, "the number is the new one", is_renamed).await;
        let earlier = (chrono::Utc::now().timestamp() - 60).to_string();
        let late =
            json!({ "timestamp": earlier, "type": "text", "text": { "body": "procuro um celular, até 2000 reais" } });
        delivers(address, "wamid.3", Some(PHONE), Some(USER), late).await;
        let state = when(&database, "it is heard", |state| state.facts.holds("budget/0-2000")).await;
        assert!(is_renamed(&state), "{}", database.kind);
        assert_eq!(state.contact.address.user_id.as_ref().map(|user| user.0.as_str()), Some("BR.9002"));
        let answered = eventually("it is answered", async || {
            let last = "select address from outbox order by number desc limit 1";
            rows(&database, last).await.pop().filter(|last| last[0].contains("BR.9002"))
        })
        .await;
        assert!(!answered[0].contains(PHONE), "{}: {answered:?}", database.kind);
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_cannot_be_read_is_made_anew_from_the_journal() {
    for database in Database::each().await {
        let Running { app, address, .. } = Running::start(&database, &[]).await;
        writes(address, "wamid.1", Some(PHONE), None, "procuro um celular, até 2000 reais").await;
        let before = when(&database, "it is folded", |state| state.facts.holds("budget/0-2000")).await;
        spoil(&database).await;
        writes(address, "wamid.2", Some(PHONE), None, "à prova d'água. qual o horário de funcionamento?").await;
        let after = when(&database, "it is made anew and the answer is there", |state| {
            state.facts.holds("need/waterproof") && state.messages > before.messages
        })
        .await;
        assert!(after.facts.holds("budget/0-2000"), "{}: what was known is known again", database.kind);
        let sent = rows(&database, "select cast(count(*) as text) from outbox").await;
        assert_eq!(sent[0][0], "2", "{}: nothing is answered a second time", database.kind);
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}

async fn spoil(database: &Database) {
    macro_rules! update {
        ($connection:ty, $bytes:literal) => {{
            let update = concat!(r#"update contacts set state = cast('{"contact": 7}' as "#, $bytes, ")");
            <$connection>::connect(&database.url).await.unwrap().execute(update).await.map(|_| ())
        }};
    }
    match database.kind {
        "sqlite" => update!(sqlx::SqliteConnection, "blob"),
        _ => update!(sqlx::PgConnection, "bytea"),
    }
    .unwrap();
}

/// Both had asked for a person: one of the two hand-offs goes on, and ends when it is handed back.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_asked_for_a_person_and_turn_out_to_be_one_one_hand_off_stays_open() {
    for database in Database::each().await {
        let Running { app, address, .. } = Running::start(&database, &[]).await;
        let open = async |wanted: usize| {
            let what = format!("{}: {wanted} hand-offs are open", database.kind);
            eventually(&what, async || {
                let unread = rows(&database, "select cast(count(*) as text) from unread").await;
                let open = "select cast(contact_id as text) from handoffs where state <> 'closed' order by id";
                let open = rows(&database, open).await;
                (unread[0][0] == "0" && open.len() == wanted).then_some(open)
            })
            .await
        };
        writes(address, "wamid.a1", Some(PHONE), None, "quero falar com um atendente").await;
        open(1).await;
        writes(address, "wamid.b1", None, Some(USER), "quero falar com um atendente").await;
        let both = open(2).await;
        writes(address, "wamid.c1", Some(PHONE), Some(USER), "sou a mesma pessoa").await;
        assert_eq!(open(1).await, [both[0].clone()]);
        let ana = Person::sign_in(&database, address, "ana", "agent").await;
        let done = ana.post(&format!("/contact/{}/take", both[0][0]), &[]).await;
        assert_eq!(done.0, 303, "{}", database.kind);
        // It is hers once that is folded.
        let taken = "select state from handoffs where state = 'accepted'";
        eventually("it is taken", async || (rows(&database, taken).await.len() == 1).then_some(())).await;
        let done = ana.post(&format!("/contact/{}/release", both[0][0]), &[]).await;
        assert_eq!(done.0, 303, "{}", database.kind);
        open(0).await;
        assert!(app.terminate().await.success());
    }
}
