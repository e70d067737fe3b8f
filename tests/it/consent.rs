//! Who wants no messages, and who may say that they want some again.

use hotline::domain::Timestamp;
use hotline::engine::fold::state::State;
use hotline::store::{Role, Store};
use reqwest::header::{CONTENT_TYPE, COOKIE};
use serde_json::{Value, json};

use crate::app::{App, client, free_address, http, sandbox};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};

/// A person who says that a customer wants messages again gives a reason, in the panel and by a program. What the customer did
/// needs none.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_undone_by_the_customer_or_by_a_person_with_a_note() {
    for database in Database::each().await {
        undone(&database).await;
    }
}

async fn undone(database: &Database) {
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 1000).await;
    let _app = App::start(address, graph, database, &[TOKEN]).await;
    let (http, base) = (http(), format!("http://{address}"));
    let api = Api::new(address);
    let event = async |body: Value| api.tell(body).await["results"][0].clone();
    let who = "+85261000001";
    event(json!({ "contact": who, "event": "message", "text": "STOP" })).await;
    let store = Store::open_beside(&database.url).await.unwrap();
    let contact =
        eventually("the contact is there", async || store.contact_of(&who.parse().unwrap()).await.unwrap()).await;
    let opted_out = async |wanted: bool| {
        eventually(&format!("they are opted out: {wanted}"), async || {
            let (_, state) = store.contact(contact).await.unwrap()?;
            (State::known(Some(&state?)).contact.opted_out == wanted).then_some(())
        })
        .await;
    };
    opted_out(true).await;
    for scope in ["all", "marketing"] {
        for (field, said) in [("by", "ana"), ("note", "called us"), ("note", " ")] {
            let mut again = json!({ "contact": who, "event": "opt", "action": "in", "scope": scope });
            again[field] = json!(said);
            let told = event(again).await;
            assert_eq!(told["status"], "invalid");
            assert!(told["detail"].as_str().unwrap().contains("tell who answers for it as `by`"), "{told}");
        }
    }
    let now = Timestamp::from(chrono::Utc::now());
    store.add_user("ben", "Ben", Role::Agent, now).await.unwrap();
    let link = hotline::web::access::new_link(&store, "ben", &base, now).await.unwrap().unwrap();
    let once = client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let cookie = once.post(link).send().await.unwrap().headers()["set-cookie"].clone();
    let look = async || {
        let page = http.get(format!("{base}/inbox/all/{}", contact.0)).header(COOKIE, &cookie).send().await.unwrap();
        page.text().await.unwrap()
    };
    let page = look().await;
    assert!(page.contains("wants none") && page.contains("They want messages again"), "{page}");
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let lift = async |note: &str| {
        let form = format!("csrf={csrf}&text={note}");
        let url = format!("{base}/contact/{}/opt-in", contact.0);
        let request = once.post(url).header(COOKIE, &cookie).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(form).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, page) = lift("").await;
    assert_eq!((status, page.contains("Say how they told you.")), (422, true));
    opted_out(true).await;
    assert_eq!(lift("Asked+for+offers+on+Monday").await.0, 303);
    opted_out(false).await;
    let page = look().await;
    assert!(
        page.contains("wants messages again: Asked for offers on Monday") && !page.contains("wants none"),
        "{page}"
    );
    // With both, a program may too; with neither it tells of what the customer did, such as on a form of the shop's.
    for mut again in [json!({ "by": "checkout", "note": "order 7" }), json!({})] {
        event(json!({ "contact": who, "event": "opt", "action": "out", "scope": "all" })).await;
        opted_out(true).await;
        for (field, value) in [("contact", who), ("event", "opt"), ("action", "in"), ("scope", "all")] {
            again[field] = json!(value);
        }
        assert_eq!(event(again).await["status"], "accepted");
        opted_out(false).await;
    }
}
