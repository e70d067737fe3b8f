//! What goes wrong on purpose in the sandbox, and how customers stand to the number.

use hotline::whatsapp::sandbox::Faults;
use serde_json::{Value, json};

use crate::app::{customer, http, template};
use crate::db::eventually;
use crate::sandbox_webhooks::{Bot, whole};

fn text(to: &str) -> Value {
    whole(json!({ "to": to, "type": "text", "text": { "body": "hello" } }))
}

async fn control(bot: &Bot, what: &str, body: &Value) -> u16 {
    let base = bot.graph.trim_end_matches("/v26.0");
    http().post(format!("{base}/control/{what}")).json(body).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_control_does_not_know_it_refuses() {
    let bot = Bot::start(|_| {}).await;
    bot.sandbox.add_template(&template("news", "en_US", "It is here."));
    for (what, body, status) in [
        ("faults", json!({ "unavailable": 0.5, "batch": 10 }), 204),
        ("faults", json!({ "unavailable": 5 }), 422),
        ("faults", json!({ "nope": 1 }), 422),
        ("templates", json!({ "name": "news", "status": "NONSENSE" }), 422),
        ("templates", json!({ "name": "news", "quality": "PINK" }), 422),
        ("templates", json!({ "name": "news", "category": "UTILITY", "status": "PAUSED", "quality": "RED" }), 204),
        ("templates", json!({ "name": "none", "status": "PAUSED" }), 404),
        ("customers", json!({ "to": "+85251234567", "blocked": true }), 204),
        ("customers", json!({ "recipient": "HK.9", "has_whatsapp": false }), 204),
        ("customers", json!({ "to": "nobody" }), 422),
        ("customers", json!({ "to": "+85251234567", "nope": 1 }), 422),
    ] {
        assert_eq!(control(&bot, what, &body).await, status, "{what} {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_blocked_us_or_left_whatsapp_gets_nothing() {
    let bot = Bot::start(|_| {}).await;
    let (ada, bea) = (customer(1), customer(2));
    bot.sandbox.write(&ada, "hi");
    bot.sandbox.write(&bea, "hi");
    assert_eq!(control(&bot, "customers", &json!({ "to": ada.number, "has_whatsapp": false })).await, 204);
    assert_eq!(control(&bot, "customers", &json!({ "to": bea.number, "blocked": true })).await, 204);
    let id = bot.send(text(&ada.number)).await;
    let told = bot.status(&id, "failed").await["statuses"][0]["errors"][0].clone();
    assert_eq!((&told["code"], &told["title"]), (&json!(131_026), &json!("Message undeliverable")));
    let unheard = bot.send(text(&bea.number)).await;
    bot.status(&unheard, "sent").await;
    assert_eq!(control(&bot, "customers", &json!({ "to": bea.number, "blocked": false })).await, 204);
    let heard = bot.send(text(&bea.number)).await;
    bot.status(&heard, "read").await;
    let told = bot.statuses(&unheard);
    assert_eq!(told, ["sent"], "a block is told of by nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_that_come_together_are_told_in_one_webhook() {
    let bot = Bot::start(|_| {}).await;
    bot.sandbox.set_faults(Faults { batch: 40, ..Faults::default() });
    (0..100).for_each(|n| drop(bot.sandbox.write(&customer(n), "hi")));
    let told = || {
        bot.changes()
            .iter()
            .map(|told| told["change"]["value"]["messages"].as_array().map_or(0, Vec::len))
            .sum::<usize>()
    };
    eventually("all are told of", async || (told() == 100).then_some(())).await;
    let sizes = bot.changes();
    let sizes: Vec<_> =
        sizes.iter().map(|told| told["change"]["value"]["contacts"].as_array().unwrap().len()).collect();
    assert!(bot.bodies() < 50 && sizes.iter().all(|size| *size <= 40), "{sizes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_may_be_missing_early_or_late() {
    let bot = Bot::start(|_| {}).await;
    let ada = customer(1);
    bot.sandbox.write(&ada, "hi");
    bot.sandbox.set_faults(Faults { read_without_delivered: 1.0, ..Faults::default() });
    let id = bot.send(text(&ada.number)).await;
    let read = bot.status(&id, "read").await;
    assert!(read["statuses"][0]["pricing"].is_object(), "the price comes with what comes first: {read}");
    assert_eq!(bot.statuses(&id), ["sent", "read"]);
    bot.sandbox.set_faults(Faults { status_before_answer: true, ..Faults::default() });
    let id = bot.send(text(&ada.number)).await;
    assert!(bot.statuses(&id).contains(&"sent".to_owned()), "told before the call was answered");
    // Once the phone shows a message as read, all its webhooks are on their way, or not. Those of a later one that arrive in
    // between show that what is missing is no matter of speed.
    let missing = async |faults: Faults| {
        bot.sandbox.set_faults(faults);
        let id = bot.send(text(&ada.number)).await;
        let shown = async || {
            let phone = bot.sandbox.phone("85260000001");
            phone.iter().any(|shown| shown["id"] == *id && shown["status"] == "read").then_some(())
        };
        eventually("the customer has read it", shown).await;
        bot.sandbox.set_faults(Faults::default());
        let later = bot.send(text(&ada.number)).await;
        bot.status(&later, "read").await;
        assert!(bot.statuses(&id).is_empty(), "it is told of already");
        id
    };
    missing(Faults { drop: 1.0, ..Faults::default() }).await;
    let id = missing(Faults { delay_ms: 8_000, ..Faults::default() }).await;
    bot.status(&id, "read").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_customers_block_is_paused_and_the_number_is_flagged() {
    let bot = Bot::start(|settings| settings.rules.messages_per_second = 1_000).await;
    bot.sandbox.add_template(&template("news", "en_US", "It is here."));
    let news = |n: u64| {
        let template = json!({ "name": "news", "language": { "code": "en_US" } });
        whole(json!({ "to": customer(n).number, "type": "template", "template": template }))
    };
    for n in 0..200 {
        bot.send(news(n)).await;
    }
    for n in 0..10 {
        assert_eq!(control(&bot, "customers", &json!({ "to": customer(n).number, "blocked": true })).await, 204);
    }
    bot.told("/event", "FLAGGED").await;
    let paused = bot.told("/event", "PAUSED").await["change"].clone();
    assert_eq!(
        (&paused["field"], &paused["value"]["message_template_name"], &paused["value"]["other_info"]["title"]),
        (&json!("message_template_status_update"), &json!("news"), &json!("FIRST_PAUSE"))
    );
    let (_, refused) = bot.call("messages", &news(300)).await;
    assert_eq!(refused["error"]["code"], 132_015, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_for_another_identity_is_not_delivered() {
    let bot = Bot::start(|_| {}).await;
    bot.sandbox.write(&customer(1), "hi");
    let mut message = text(&customer(1).number);
    message["recipient_identity_key_hash"] = json!("Zm9vYmFyYmF6PQ==");
    let id = bot.send(message).await;
    assert_eq!(bot.status(&id, "failed").await["statuses"][0]["errors"][0]["code"], 137_000);
}
