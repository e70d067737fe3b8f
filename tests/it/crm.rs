//! What a shop's own program reads of contacts, messages and hand-offs, and does in a person's name: on both databases.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Running, customer, http, post, text_webhook};
use crate::db::{Database, eventually};
use crate::desk::{Person, two_write};

/// The API of a running binary, with its token.
pub struct Api {
    http: reqwest::Client,
    base: String,
}

/// The token of the tests.
pub const TOKEN: (&str, &str) = ("HOTLINE_API__TOKEN", "t0ken");

impl Api {
    pub fn new(address: std::net::SocketAddr) -> Self {
        Self { http: http(), base: format!("http://{address}/api/v1") }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(TOKEN.1);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Tells what happened: one event or several.
    pub async fn tell(&self, events: Value) -> Value {
        let (status, told) = self.post("/events", events).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{told}");
        told
    }
}

/// One field of every row of a list.
fn each(list: &Value, field: &str) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|row| row[field].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_listed_by_what_was_heard_last_and_found_by_what_is_known_of_them() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[TOKEN]).await;
        sandbox.verify().await.unwrap();
        let ids = two_write(&sandbox, address, &database, ["Budget $500 phone, waterproof please", "hello"]).await;
        let [first, second] = [0, 1].map(|index| ids[index].parse::<i64>().unwrap());
        let api = Api::new(address);
        // Statuses of the answers come in too: what is said here is the last of all.
        let answered = async |id: i64| {
            let told = api.get(&format!("/contacts/{id}/messages")).await;
            each(&told["messages"], "status").contains(&json!("read")).then_some(told)
        };
        eventually("the second's answer was read", async || answered(second).await).await;
        let told = eventually("the first's answer was read", async || answered(first).await).await;
        let again = text_webhook(&[(1, "wamid.again".into(), "and blue if you have it")]);
        sandbox.wrote(&customer(1));
        assert_eq!(post(&http(), address, &again).await, Some(200));
        let newest = async || {
            let list = api.get("/contacts?limit=1").await;
            (list["contacts"][0]["id"] == first).then_some(list)
        };
        let list = eventually("who wrote last is the first", newest).await;
        let next = list["next"].as_str().unwrap();
        let rest = api.get(&format!("/contacts?limit=1&cursor={next}")).await;
        assert_eq!((&rest["contacts"][0]["id"], &rest["next"]), (&json!(second), &Value::Null), "{}", database.kind);

        for (asked, found) in [
            ("phone=%2B85260000001", vec![first]),
            ("phone=+852+6000+0002", vec![second]),
            ("phone=85260000003", vec![]),
            ("email=nobody@example.com", vec![]),
            ("tag=category/electronics/*", vec![first]),
            ("tag=budget/*&phone=85260000002", vec![]),
            ("updated_since=2020-01-01T00:00:00Z&tag=budget/*", vec![first]),
            ("updated_since=2120-01-01T00:00:00Z", vec![]),
        ] {
            let list = api.get(&format!("/contacts?{asked}")).await;
            assert_eq!(each(&list["contacts"], "id"), found, "{}: {asked}", database.kind);
        }
        let one = api.get(&format!("/contacts/{first}")).await;
        let colour = one["colour"].as_str().unwrap();
        let same = api.get(&format!("/contacts?colour={colour}&phone=85260000001")).await;
        assert_eq!(each(&same["contacts"], "id"), [json!(first)]);
        assert_eq!((&one["phone"], &one["country"]), (&json!("+85260000001"), &json!("hk")), "{one}");
        assert_eq!((one["budget"]["max"].as_f64(), &one["budget"]["currency"]), (Some(500.0), &json!("HKD")), "{one}");
        assert_eq!((&one["service_window"]["open"], &one["hand_off"]), (&json!(true), &Value::Null));
        let tags = one["tags"].as_array().unwrap();
        let held = |name: &str| tags.iter().find(|tag| tag["tag"].as_str().unwrap().starts_with(name));
        assert!(held("budget/").is_some_and(|tag| tag["since"].is_string() && tag["by"].is_string()), "{one}");

        let directions = each(&told["messages"], "direction");
        assert_eq!((&directions[directions.len() - 1], &directions[0]), (&json!("in"), &json!("out")), "{told}");
        assert_eq!(told["messages"][directions.len() - 1]["text"], "Budget $500 phone, waterproof please");

        for (path, status, said) in [
            ("/contacts?limit=0", 422, "1 to 1000"),
            ("/contacts?cursor=x", 422, "as it came in `next`"),
            ("/contacts?colour=mauve", 422, "light-green"),
            ("/contacts?phone=abc", 422, "country code"),
            ("/contacts?updated_since=yesterday", 422, "2026-04-01T00:00:00Z"),
            ("/contacts?telephone=1", 400, "unknown field `telephone`"),
            ("/contacts?limit=many", 400, "limit: invalid digit"),
            ("/contacts/ada", 400, "`ada` stands in the address where it has a number"),
            ("/contacts/4711", 404, "/api/v1/contacts?phone="),
            ("/contacts/4711/messages", 404, "There is no contact 4711"),
            ("/hand-offs?state=lost", 422, "open, taken or closed"),
        ] {
            let (answered, problem) = api.call(Method::GET, path, None).await;
            assert_eq!(answered.as_u16(), status, "{path}: {problem}");
            assert!(problem["detail"].as_str().unwrap().contains(said), "{path}: {problem}");
        }
        for path in ["/contacts", "/contacts/1", "/contacts/1/messages", "/hand-offs"] {
            let answer = http().get(format!("http://{address}/api/v1{path}")).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_takes_over_writes_and_hands_back_under_the_rules_of_the_console() {
    for database in Database::each().await {
        let Running { app: _app, sandbox, address } = Running::start(&database, &[TOKEN]).await;
        sandbox.verify().await.unwrap();
        let ids = two_write(&sandbox, address, &database, ["I want to talk to a person", "hello"]).await;
        let id = ids[0].parse::<i64>().unwrap();
        let _ana = Person::sign_in(&database, address, "ana", "agent").await;
        let _ben = Person::sign_in(&database, address, "ben", "agent").await;
        let api = Api::new(address);
        let contact = |action: &str| format!("/contacts/{id}/{action}");
        let reply = json!({ "agent": "ana", "text": "Hello, this is Ana.", "id": "crm-1" });

        let open = api.get("/hand-offs?state=open").await;
        let waits = &open["hand_offs"][0];
        assert_eq!((&waits["contact"]["id"], &waits["agent"]), (&json!(id), &Value::Null), "{open}");
        assert!(waits["promise_due"].is_string() && waits["contact"]["phone"] == "+85260000001", "{open}");
        let (status, problem) = api.post(&contact("messages"), reply.clone()).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(problem["detail"].as_str().unwrap().contains("nobody has taken"), "{problem}");
        let (status, problem) = api.post(&contact("take"), json!({ "agent": "eva" })).await;
        assert_eq!((status, problem["title"].is_string()), (StatusCode::UNPROCESSABLE_ENTITY, true), "{problem}");

        // The id of the reply below: each address has ids of its own.
        assert_eq!(api.post(&contact("take"), json!({ "agent": "ana", "id": "crm-1" })).await.0, StatusCode::ACCEPTED);
        assert_eq!(api.get("/hand-offs?agent=ana").await["hand_offs"][0]["state"], "taken", "at once");
        let (status, problem) = api.post(&contact("messages"), json!({ "agent": "ben", "text": "Hi" })).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(problem["detail"].as_str().unwrap().contains("ana's"), "{problem}");
        let (status, problem) =
            api.post(&contact("messages"), json!({ "agent": "ana", "text": "x".repeat(5_000) })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        for wanted in ["accepted", "duplicate"] {
            let (status, done) = api.post(&contact("messages"), reply.clone()).await;
            assert_eq!((status, &done["status"]), (StatusCode::ACCEPTED, &json!(wanted)));
        }
        let delivered = async || {
            let list = api.get(&contact("messages")).await;
            let hers: Vec<Value> =
                list["messages"].as_array().unwrap().iter().filter(|row| row["sender"] == "ana").cloned().collect();
            hers.iter().all(|row| row["status"] == "read").then_some(hers).filter(|hers| !hers.is_empty())
        };
        let hers = eventually("her message is read", delivered).await;
        assert_eq!(each(&json!(hers), "text"), ["Hello, this is Ana."], "{}: once", database.kind);

        let back = json!({ "agent": "ana", "outcome": "won", "id": "b1" });
        assert_eq!(api.post(&contact("hand-back"), back.clone()).await.1["status"], "accepted");
        assert!(api.get("/hand-offs?state=closed").await["hand_offs"][0]["closed"].is_string(), "it is over at once");
        assert!(api.get(&format!("/contacts/{id}")).await["hand_off"].is_null(), "the bot speaks");
        let again = json!({ "agent": "ana" });
        assert_eq!(api.post(&contact("hand-back"), again).await.0, StatusCode::CONFLICT);
        // Whoever did not see the answers and asks once more is told that it is done.
        for (action, body) in [("hand-back", back), ("messages", reply)] {
            let (status, done) = api.post(&contact(action), body).await;
            assert_eq!((status, &done["status"]), (StatusCode::ACCEPTED, &json!("duplicate")), "{action}: {done}");
        }
    }
}
