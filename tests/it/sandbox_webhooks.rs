//! What a bot of anybody's gets from the sandbox: the shapes of webhooks, as Meta's are.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::routing::get;
use hotline::engine::wall_clock;
use hotline::whatsapp::sandbox::{ACCOUNT, Customer, FileKind, Said, Sandbox, SandboxSettings, TemplateChange};
use serde_json::{Value, json};

use crate::app::{NUMBER, customer, http, sandbox_settings, serve, template};
use crate::db::eventually;

/// A bot that writes down what it is told, and a sandbox that tells it.
pub struct Bot {
    pub sandbox: Sandbox,
    pub graph: String,
    address: SocketAddr,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Bot {
    pub async fn start(change: impl FnOnce(&mut SandboxSettings)) -> Self {
        let told: Arc<Mutex<Vec<Value>>> = Arc::default();
        let challenge = async |Query(asked): Query<HashMap<String, String>>| asked["hub.challenge"].clone();
        let keep = async |State(told): State<Arc<Mutex<Vec<Value>>>>, body: Bytes| {
            told.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
        };
        let router = axum::Router::new().route("/webhook/whatsapp", get(challenge).post(keep));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router.with_state(told.clone())).into_future());
        let mut settings = sandbox_settings(address, 80);
        change(&mut settings);
        let (sandbox, graph) = serve(settings, wall_clock()).await;
        sandbox.verify().await.unwrap();
        Self { sandbox, graph: format!("http://{graph}/v26.0"), address, told }
    }

    /// Where it is told.
    fn webhook(&self) -> String {
        format!("http://{}/webhook/whatsapp", self.address)
    }

    /// Posts to the number.
    pub async fn call(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = http().post(format!("{}/{NUMBER}/{path}", self.graph)).bearer_auth("token").json(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Sends a message, and returns its id.
    pub async fn send(&self, body: Value) -> String {
        let (status, answer) = self.call("messages", &whole(body)).await;
        assert_eq!(status, 200, "{answer}");
        answer["messages"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Every change that was told so far, with its entry's time.
    pub fn changes(&self) -> Vec<Value> {
        let told = self.told.lock().unwrap();
        let entries = told.iter().flat_map(|body| body["entry"].as_array().unwrap());
        let changes = entries.flat_map(|entry| {
            let with_time = |change: &Value| json!({ "change": change, "time": entry["time"], "account": entry["id"] });
            entry["changes"].as_array().unwrap().iter().map(with_time)
        });
        changes.collect()
    }

    /// The bodies that were posted.
    pub fn bodies(&self) -> usize {
        self.told.lock().unwrap().len()
    }

    /// Waits for a change whose value has this at that place.
    pub async fn told(&self, pointer: &str, expected: &str) -> Value {
        let find = || {
            self.changes().into_iter().find(|told| told["change"]["value"].pointer(pointer) == Some(&json!(expected)))
        };
        eventually(&format!("{pointer} is {expected}"), async || find()).await
    }

    /// The statuses of a message, in the order in which they came.
    pub fn statuses(&self, id: &str) -> Vec<String> {
        let changes = self.changes();
        let told = changes.iter().map(|told| &told["change"]["value"]["statuses"][0]).filter(|told| told["id"] == id);
        told.map(|told| told["status"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits for a message's status; the whole value.
    pub async fn status(&self, id: &str, status: &str) -> Value {
        let is_it = |told: &Value| {
            let told = &told["change"]["value"]["statuses"][0];
            told["id"] == id && told["status"] == status
        };
        let find = || self.changes().into_iter().find(is_it);
        eventually(&format!("{id} is {status}"), async || find()).await["change"]["value"].clone()
    }
}

/// With what every call needs.
pub fn whole(mut body: Value) -> Value {
    body["messaging_product"] = "whatsapp".into();
    body
}

fn text(to: &str) -> Value {
    json!({ "to": to, "type": "text", "text": { "body": "hello" } })
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_names_its_sender_by_number_and_user_id_as_far_as_each_is_shown() {
    let bot = Bot::start(|_| {}).await;
    let ada = customer(1);
    let id = bot.sandbox.write(&ada, "hi");
    let told = bot.told("/messages/0/id", &id).await["change"]["value"].clone();
    let user = told["contacts"][0]["user_id"].as_str().unwrap().to_owned();
    assert!(user.starts_with("HK."), "{user}");
    assert_eq!(
        told["contacts"],
        json!([{ "profile": { "name": "Customer 1" }, "wa_id": "85260000001", "user_id": user }])
    );
    assert_eq!(
        (&told["messages"][0]["from"], &told["messages"][0]["from_user_id"]),
        (&json!("85260000001"), &json!(user))
    );
    let hidden = Customer { number: String::new(), user_id: Some(user.clone()), username: Some("@ada".into()), ..ada };
    let id = bot.sandbox.write(&hidden, "me again");
    let told = bot.told("/messages/0/id", &id).await["change"]["value"].clone();
    assert_eq!(keys(&told["contacts"][0]), ["profile", "user_id"]);
    assert_eq!(told["contacts"][0]["profile"]["username"], "@ada");
    assert_eq!(keys(&told["messages"][0]), ["from_user_id", "id", "text", "timestamp", "type"]);
    bot.sandbox.prefer(&hidden, false);
    let told = bot.told("/user_preferences/0/value", "stop").await["change"]["value"]["user_preferences"][0].clone();
    assert_eq!((&told["user_id"], &told["wa_id"]), (&json!(user), &Value::Null));
    assert_eq!(told["detail"], "User requested to stop marketing messages");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_names_the_message_that_offered_it() {
    let bot = Bot::start(|_| {}).await;
    let ada = customer(1);
    bot.sandbox.write(&ada, "hi");
    let buttons = json!([{ "type": "reply", "reply": { "id": "yes", "title": "Yes" } }]);
    let rows = json!([{ "title": "All", "rows": [{ "id": "s5", "title": "S5", "description": "Blue" }, { "id": "s6", "title": "S6" }] }]);
    let interactive = |kind: &str, action: Value| {
        let interactive = json!({ "type": kind, "body": { "text": "Which?" }, "action": action });
        json!({ "to": ada.number, "type": "interactive", "interactive": interactive })
    };
    let button = bot.send(interactive("button", json!({ "buttons": buttons }))).await;
    let list = bot.send(interactive("list", json!({ "button": "Choose", "sections": rows }))).await;
    for (said, offered_in, reply) in [
        (Said::Button { id: "yes".into(), title: "Yes".into() }, Some(&button), json!({ "id": "yes", "title": "Yes" })),
        (
            Said::Row { id: "s5".into(), title: "S5".into() },
            Some(&list),
            json!({ "id": "s5", "title": "S5", "description": "Blue" }),
        ),
        (Said::Row { id: "s6".into(), title: "S6".into() }, Some(&list), json!({ "id": "s6", "title": "S6" })),
        (Said::Button { id: "no".into(), title: "No".into() }, None, json!({ "id": "no", "title": "No" })),
    ] {
        let id = bot.sandbox.say(&ada, &said);
        let told = bot.told("/messages/0/id", &id).await["change"]["value"]["messages"][0].clone();
        let context = offered_in.map(|id| json!({ "from": "13125550100", "id": id })).unwrap_or_default();
        assert_eq!(told["context"], context, "{said:?}");
        let kind = told["interactive"]["type"].as_str().unwrap();
        assert_eq!(told["interactive"][kind], reply);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quick_reply_under_a_template_tells_what_the_call_gave_it() {
    let bot = Bot::start(|_| {}).await;
    let ada = customer(1);
    bot.sandbox.add_template_call(
        &json!({ "name": "offer", "language": "en_US", "category": "UTILITY", "components": [
        { "type": "BODY", "text": "Still interested?" },
        { "type": "BUTTONS", "buttons": [
            { "type": "QUICK_REPLY", "text": "Yes" }, { "type": "QUICK_REPLY", "text": "Stop" },
            { "type": "URL", "text": "Look", "url": "https://x.example/a" },
        ] },
    ] }),
    );
    let payload = json!([{ "type": "payload", "payload": "OUT" }]);
    let pressed = json!({ "type": "button", "sub_type": "quick_reply", "index": "1", "parameters": payload });
    let send = async |components: Value| {
        let template = json!({ "name": "offer", "language": { "code": "en_US" }, "components": components });
        bot.send(json!({ "to": ada.number, "type": "template", "template": template })).await
    };
    let (first, second) = (send(json!([pressed])).await, send(json!([])).await);
    let shown = bot.sandbox.phone("85260000001");
    let looks = json!({ "type": "URL", "text": "Look", "url": "https://x.example/a" });
    assert_eq!(shown[0]["template"]["buttons"][2], looks, "{shown:?}");
    let tapped =
        |text: &str, message: Option<&String>| Said::QuickReply { text: text.into(), message: message.cloned() };
    for (said, under, button) in [
        (tapped("Stop", Some(&first)), Some(&first), json!({ "payload": "OUT", "text": "Stop" })),
        (tapped("Stop", None), Some(&second), json!({ "payload": "Stop", "text": "Stop" })),
        (tapped("Yes", Some(&first)), Some(&first), json!({ "payload": "Yes", "text": "Yes" })),
        (tapped("No", None), None, json!({ "payload": "No", "text": "No" })),
    ] {
        let id = bot.sandbox.say(&ada, &said);
        let told = bot.told("/messages/0/id", &id).await["change"]["value"]["messages"][0].clone();
        let context = under.map(|id| json!({ "from": "13125550100", "id": id })).unwrap_or_default();
        assert_eq!(
            (&told["type"], &told["button"], &told["context"]),
            (&json!("button"), &button, &context),
            "{said:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_is_set_as_at_meta() {
    let bot = Bot::start(|_| {}).await;
    let elsewhere = Bot::start(|_| {}).await;
    let apps = async |method: reqwest::Method, body: Value| {
        let request = http().request(method, format!("{}/{ACCOUNT}/subscribed_apps", bot.graph)).bearer_auth("token");
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        answer.json::<Value>().await.unwrap()
    };
    let done = json!({ "success": true });
    let count = async || apps(reqwest::Method::GET, Value::Null).await["data"].as_array().unwrap().len();
    assert_eq!(count().await, 1);
    assert_eq!(apps(reqwest::Method::DELETE, Value::Null).await, done);
    assert_eq!(count().await, 0);
    let unheard = bot.sandbox.write(&customer(1), "is anybody there?");
    assert_eq!(apps(reqwest::Method::POST, Value::Null).await, done);
    let heard = bot.sandbox.write(&customer(1), "and now?");
    bot.told("/messages/0/id", &heard).await;
    let change = |token: &str| json!({ "override_callback_uri": elsewhere.webhook(), "verify_token": token });
    let nowhere = json!({ "override_callback_uri": "http://127.0.0.1:1/", "verify_token": "word" });
    assert_eq!(apps(reqwest::Method::POST, nowhere).await["error"]["code"], 100, "it does not answer the handshake");
    assert_eq!(apps(reqwest::Method::POST, change("word")).await, done);
    let there = bot.sandbox.write(&customer(1), "over here");
    elsewhere.told("/messages/0/id", &there).await;
    let changes = bot.changes();
    let told_of = |id: &str| changes.iter().any(|change| change.to_string().contains(id));
    assert!(!told_of(&unheard) && !told_of(&there), "{changes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_name_the_recipient_and_what_failed() {
    let bot = Bot::start(|_| {}).await;
    let ada = customer(1);
    bot.sandbox.write(&ada, "hi");
    let id = bot.send(text(&ada.number)).await;
    for status in ["sent", "delivered", "read"] {
        let value = bot.status(&id, status).await;
        let (told, card) = (&value["statuses"][0], &value["contacts"][0]);
        assert_eq!((&told["recipient_id"], &card["wa_id"]), (&json!("85260000001"), &json!("85260000001")), "{status}");
        assert!(told["recipient_user_id"] == card["user_id"] && card["user_id"].is_string(), "{value}");
        assert_eq!(told["pricing"].is_object(), status != "read", "{status}");
    }
    let id = bot.send(text("+85260000002")).await;
    let value = bot.status(&id, "failed").await;
    let told = &value["statuses"][0];
    assert_eq!(keys(told), ["errors", "id", "recipient_id", "status", "timestamp"]);
    let error = &told["errors"][0];
    assert_eq!(
        (&error["title"], &error["message"]),
        (&json!("Re-engagement message"), &json!("Re-engagement message"))
    );
    assert!(
        error["error_data"]["details"].is_string() && error["href"].as_str().unwrap().starts_with("https://"),
        "{error}"
    );
    assert!(value["contacts"].is_null(), "{value}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_template_is_told_with_its_time_and_reason() {
    let bot = Bot::start(|_| {}).await;
    bot.sandbox.add_template(&template("offer", "en_US", "Hi {{1}}, it is here."));
    let change = |status: &str| TemplateChange {
        name: "offer".into(),
        status: Some(status.into()),
        ..TemplateChange::default()
    };
    for (status, pointer, expected) in [
        ("PAUSED", "/other_info/title", "FIRST_PAUSE"),
        ("APPROVED", "/other_info/title", "UNPAUSE"),
        ("PAUSED", "/other_info/title", "SECOND_PAUSE"),
        ("DISABLED", "/event", "DISABLED"),
    ] {
        bot.sandbox.change_template(&change(status));
        let told = bot.told(pointer, expected).await;
        let value = &told["change"]["value"];
        assert!(told["time"].as_i64().is_some_and(|time| time > 1_700_000_000) && told["account"] == ACCOUNT, "{told}");
        assert_eq!((&value["event"], &value["message_template_language"]), (&json!(status), &json!("en-US")));
        assert_eq!(value["other_info"]["description"].is_string(), status != "DISABLED", "{value}");
        assert_eq!(value["disable_info"]["disable_date"].is_i64(), status == "DISABLED", "{value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_written_to_by_user_id_is_another_one_than_the_digits_in_it() {
    let bot = Bot::start(|_| {}).await;
    let ada = customer(1);
    let id = bot.sandbox.write(&ada, "hi");
    let user = bot.told("/messages/0/id", &id).await["change"]["value"]["contacts"][0]["user_id"].clone();
    let by_user = |user: &Value| whole(json!({ "recipient": user, "type": "text", "text": { "body": "hello" } }));
    let (status, answer) = bot.call("messages", &by_user(&user)).await;
    assert_eq!((status, &answer["contacts"]), (200, &json!([{ "input": user, "user_id": user }])));
    let value = bot.status(answer["messages"][0]["id"].as_str().unwrap(), "delivered").await;
    assert_eq!(value["statuses"][0]["recipient_id"], "85260000001", "the number is shown");
    for stranger in ["HK.85260000001", "US.13125550100"] {
        let (status, answer) = bot.call("messages", &by_user(&json!(stranger))).await;
        assert_eq!((status, &answer["contacts"][0]["user_id"]), (200, &json!(stranger)));
        let value = bot.status(answer["messages"][0]["id"].as_str().unwrap(), "failed").await;
        assert_eq!(keys(&value["statuses"][0]), ["errors", "id", "recipient_user_id", "status", "timestamp"]);
        assert_eq!(value["statuses"][0]["errors"][0]["code"], 131_047, "{stranger} never wrote");
    }
    for (named, code) in [
        (json!({ "recipient": "garbage" }), 131_009),
        (json!({ "to": "85251" }), 0),
        (json!({ "to": "my friend" }), 131_009),
        (json!({}), 131_008),
        (json!({ "to": "+13125550100" }), 131_021),
    ] {
        let mut call = whole(json!({ "type": "text", "text": { "body": "hello" } }));
        call.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        let (_, answer) = bot.call("messages", &call).await;
        assert_eq!(answer["error"]["code"].as_i64().unwrap_or(0), code, "{named}");
    }
    let code = json!({ "name": "code", "language": "en_US", "category": "AUTHENTICATION",
        "components": [{ "type": "BODY", "text": "Your code is in the button." }] });
    bot.sandbox.add_template_call(&code);
    let call = json!({ "recipient": user, "type": "template", "template": { "name": "code", "language": { "code": "en_US" } } });
    assert_eq!(bot.call("messages", &whole(call)).await.1["error"]["code"], 131_062);
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_tell_the_price_of_a_message() {
    let bot = Bot::start(|settings| settings.free_service_messages = 1).await;
    let ada = customer(1);
    bot.sandbox.write(&ada, "hi");
    bot.sandbox.add_template(&template("news", "en_US", "It is here."));
    let news = json!({ "name": "news", "language": { "code": "en_US" } });
    for (message, pricing) in [
        (text(&ada.number), ["free_customer_service", "service"]),
        (text(&ada.number), ["regular", "service"]),
        (json!({ "to": ada.number, "type": "template", "template": news }), ["regular", "utility"]),
    ] {
        let id = bot.send(message).await;
        let told = bot.status(&id, "delivered").await["statuses"][0].clone();
        let [kind, category] = pricing;
        let expected =
            json!({ "billable": kind == "regular", "pricing_model": "PMP", "type": kind, "category": category });
        assert_eq!((&told["pricing"], &told["conversation"]), (&expected, &Value::Null));
    }
    let from_ad = Said::FromAd { text: "hi".into(), headline: "Offer".into() };
    bot.sandbox.say(&ada, &from_ad);
    let id = bot.send(text(&ada.number)).await;
    let told = bot.status(&id, "sent").await["statuses"][0].clone();
    assert_eq!(
        (&told["pricing"]["type"], &told["conversation"]["origin"]["type"]),
        (&json!("free_entry_point"), &json!("referral_conversion"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_the_united_states_get_no_marketing_templates() {
    let bot = Bot::start(|_| {}).await;
    let offer = json!({ "name": "offer", "language": "en_US", "category": "MARKETING",
        "components": [{ "type": "BODY", "text": "Look at this." }] });
    bot.sandbox.add_template_call(&offer);
    bot.sandbox.add_template(&template("news", "en_US", "It is here."));
    let call = |named: Value, name: &str| {
        let mut call = json!({ "type": "template", "template": { "name": name, "language": { "code": "en_US" } } });
        call.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        call
    };
    for (named, name, status) in [
        (json!({ "to": "+12125560033" }), "offer", "failed"),
        (json!({ "recipient": "US.9001" }), "offer", "failed"),
        (json!({ "to": "+12125560033" }), "news", "delivered"),
        (json!({ "to": "+85251234567" }), "offer", "delivered"),
    ] {
        let id = bot.send(call(named.clone(), name)).await;
        let told = bot.status(&id, status).await["statuses"][0].clone();
        assert_eq!(
            told["errors"][0]["code"],
            if status == "failed" { json!(131_049) } else { Value::Null },
            "{named} {name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_of_ours_is_told_as_sent_and_never_as_read() {
    let bot = Bot::start(|_| {}).await;
    let heard = bot.sandbox.write(&customer(1), "hi");
    let to = customer(1).number;
    let reaction = json!({ "message_id": heard, "emoji": "👍" });
    let id = bot.send(json!({ "to": to, "type": "reaction", "reaction": reaction })).await;
    bot.status(&id, "sent").await;
    // What left after it has been read by now.
    let later = bot.send(text(&to)).await;
    bot.status(&later, "read").await;
    assert_eq!(bot.statuses(&id), ["sent"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_say_all_that_meta_tells_of() {
    let bot = Bot::start(|_| {}).await;
    let ada = customer(1);
    let told = async |said: Said| {
        let id = bot.sandbox.say(&ada, &said);
        bot.told("/messages/0/id", &id).await["change"]["value"].clone()
    };
    told(Said::Text("hi".into())).await;
    let sent = bot.send(text(&ada.number)).await;
    let file = |kind| Said::File { kind, data: "aGk=".into(), mime: None, caption: String::new(), filename: None };
    for (kind, name) in [(FileKind::Audio, "audio"), (FileKind::Document, "document"), (FileKind::Sticker, "sticker")] {
        let value = told(file(kind)).await;
        let message = &value["messages"][0];
        let url = message[name]["url"].as_str().unwrap();
        let bytes = http().get(url).bearer_auth("token").send().await.unwrap().bytes().await.unwrap();
        assert_eq!((&message["type"], &bytes[..]), (&json!(name), &b"hi"[..]));
    }
    let reaction = told(Said::Reaction { message: sent.clone(), emoji: String::new() }).await;
    assert_eq!(reaction["messages"][0]["reaction"], json!({ "message_id": sent }), "it was taken away");
    let card = told(Said::Contact { name: "Bo".into(), number: "+85251234568".into() }).await;
    assert_eq!(card["messages"][0]["contacts"][0]["phones"][0]["wa_id"], "85251234568");
    let poll = told(Said::Unsupported { kind: "poll_creation".into() }).await;
    assert_eq!(poll["messages"][0]["errors"][0]["code"], 131_051);
    let welcome = told(Said::RequestWelcome).await;
    assert_eq!(keys(&welcome["messages"][0]), ["from", "from_user_id", "id", "timestamp", "type"]);
    let moved = told(Said::ChangedNumber { number: "+85260000099".into() }).await;
    let system = &moved["messages"][0]["system"];
    assert_eq!(
        (&system["wa_id"], &system["previous_user_id"]),
        (&json!("85260000099"), &card["contacts"][0]["user_id"])
    );
    assert!(moved["contacts"].is_null() && moved["messages"][0]["from"] == "85260000001", "{moved}");
    // Who has the number next is somebody else.
    bot.send(text("+85260000099")).await;
    let next = told(Said::Text("hello".into())).await;
    assert!(next["contacts"][0]["wa_id"] == "85260000001", "{next}");
}
