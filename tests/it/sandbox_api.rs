//! The sandbox's Graph API as a bot of somebody else meets it: calls, refusals with their HTTP statuses, headers, paging.

use hotline::whatsapp::sandbox::{ACCOUNT, Faults, Sandbox, TemplateChange};
use hotline::whatsapp::templates::Draft;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{NUMBER, customer, free_address, http, sandbox, template};
use crate::db::eventually;

/// A bot that shows its token.
struct Bot {
    http: reqwest::Client,
    base: String,
}

impl Bot {
    async fn new() -> (Sandbox, Self) {
        let (sandbox, graph) = sandbox(free_address(), 1000).await;
        (sandbox, Self { http: http(), base: format!("http://{graph}") })
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth("token");
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, &Value::Null).await
    }

    /// A call to `/messages`, or the one beside it: HTTP status and code, 0 where it is accepted.
    async fn send(&self, edge: &str, more: Value) -> (u16, i64) {
        let mut body = json!({ "messaging_product": "whatsapp", "to": "+85251234567" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, told) = self.call(Method::POST, &format!("/v26.0/{NUMBER}/{edge}"), &body).await;
        (status, code(&told))
    }
}

fn code(told: &Value) -> i64 {
    told["error"]["code"].as_i64().unwrap_or_default()
}

fn offer(name: &str) -> Value {
    json!({ "type": "template", "template": { "name": name, "language": { "code": "en_US" } } })
}

#[tokio::test]
async fn refusals_have_the_code_and_the_status_that_meta_prints() {
    let (sandbox, bot) = Bot::new().await;
    let text = json!({ "text": { "body": "hi" } });
    for (code, status) in [(190, 401), (131_031, 403), (132_001, 404), (100, 400), (131_000, 500), (133_004, 503)] {
        sandbox.set_faults(Faults { next_code: Some(code), next_codes: 1, ..Faults::default() });
        assert_eq!(bot.send("messages", text.clone()).await, (status, code));
    }
    let cases = [
        (text.clone(), 0),
        (json!({ "type": "location" }), 131_008),
        (json!({ "type": "image", "image": { "link": "notaurl" } }), 131_009),
        (json!({ "type": "poll" }), 131_051),
        (json!({ "type": 5 }), 100),
        (json!({ "recipient_type": "group", "text": { "body": "hi" } }), 131_020),
        // The type says what it is: the template beside it is not looked at.
        (json!({ "type": "text", "text": { "body": "hi" }, "template": { "name": "nope" } }), 0),
        (offer("nope"), 132_001),
    ];
    for (body, wanted) in cases {
        assert_eq!(bot.send("messages", body.clone()).await.1, wanted, "{body}");
    }
}

#[tokio::test]
async fn a_refusal_has_metas_title_in_its_message_and_what_is_wrong_in_its_details() {
    let (sandbox, bot) = Bot::new().await;
    sandbox.add_template(&template("offer", "en_US", "Hi, an offer for you."));
    let refused = async |more: Value| {
        let mut body = json!({ "messaging_product": "whatsapp", "to": "+85251234567" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (_, told) = bot.call(Method::POST, &format!("/v26.0/{NUMBER}/messages"), &body).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&told["error"]["message"]), text(&told["error"]["error_data"]["details"]))
    };
    let missing = refused(json!({ "type": "location" })).await;
    assert_eq!(missing.0, "(#131008) Required parameter is missing");
    assert!(missing.1.contains("location"), "{missing:?}");
    let in_language =
        |code: &str| json!({ "type": "template", "template": { "name": "offer", "language": { "code": code } } });
    for code in ["en", "en_GB", "de", "zz", "EN_US"] {
        assert_eq!(
            refused(in_language(code)).await.0,
            "(#132001) Template name does not exist in the translation",
            "{code}"
        );
    }
    assert_eq!(refused(in_language("en_US")).await.0, "");
    sandbox.set_faults(Faults { next_code: Some(131_047), next_codes: 1, ..Faults::default() });
    let closed = refused(json!({ "text": { "body": "hi" } })).await;
    assert_eq!(closed.0, "(#131047) Re-engagement message");
    assert!(closed.1.contains("24 hours"), "{closed:?}");
}

#[tokio::test]
async fn a_template_is_made_in_a_language_by_its_code() {
    let (_sandbox, bot) = Bot::new().await;
    let parts = json!([{ "type": "BODY", "text": "Hi, an offer for you." }]);
    for (language, wanted) in
        [("english", 100), ("EN", 100), ("en_us", 100), ("", 100), ("en", 0), ("fil", 0), ("pt_BR", 0)]
    {
        let call = json!({ "name": "offer", "language": language, "category": "MARKETING", "components": parts });
        let (_, told) = bot.call(Method::POST, &format!("/v26.0/{ACCOUNT}/message_templates"), &call).await;
        assert_eq!(code(&told), wanted, "{language}: {told}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_in_the_form_of_the_graph_api() {
    let (_sandbox, bot) = Bot::new().await;
    for megabytes in [3, 20] {
        let text = "x".repeat(megabytes << 20);
        let body = json!({ "messaging_product": "whatsapp", "to": "+85251234567", "text": { "body": text } });
        let (status, told) = bot.call(Method::POST, &format!("/v26.0/{NUMBER}/messages"), &body).await;
        assert_eq!((status, code(&told)), (400, 100), "{told}");
        assert!(told["error"]["fbtrace_id"].is_string(), "{told}");
    }
}

#[tokio::test]
async fn a_number_that_is_not_registered_sends_nothing() {
    let (_sandbox, bot) = Bot::new().await;
    let text = json!({ "text": { "body": "hi" } });
    let post = async |call: &str, body: Value| {
        code(&bot.call(Method::POST, &format!("/v26.0/{NUMBER}/{call}"), &body).await.1)
    };
    let pin = |pin: &str| json!({ "messaging_product": "whatsapp", "pin": pin });
    assert_eq!(post("deregister", json!({})).await, 0);
    assert_eq!(bot.send("messages", text.clone()).await.1, 133_010);
    for (body, wanted) in
        [(json!({}), 100), (json!({ "messaging_product": "whatsapp" }), 131_008), (pin("12"), 131_009)]
    {
        assert_eq!(post("register", body.clone()).await, wanted, "{body}");
    }
    assert_eq!(post("register", pin("123456")).await, 0);
    assert_eq!(bot.send("messages", text).await.1, 0);
    assert_eq!(post("register", pin("654321")).await, 133_005, "another PIN");
}

#[tokio::test]
async fn only_what_a_customer_wrote_can_be_marked_as_read() {
    let (sandbox, bot) = Bot::new().await;
    let heard = sandbox.write(&customer(1), "hi");
    let body = json!({ "messaging_product": "whatsapp", "to": customer(1).number, "text": { "body": "hello" } });
    let (_, sent) = bot.call(Method::POST, &format!("/v26.0/{NUMBER}/messages"), &body).await;
    let cases = [
        (json!(heard), 0),
        (sent["messages"][0]["id"].clone(), 131_009),
        (json!("wamid.NOPE"), 131_009),
        (Value::Null, 131_008),
    ];
    for (id, wanted) in cases {
        let mark = json!({ "status": "read", "message_id": id });
        assert_eq!(bot.send("messages", mark).await.1, wanted, "{id}");
    }
    assert_eq!(sandbox.counters().read_marks, 1);
}

#[tokio::test]
async fn answers_have_metas_headers_and_calls_need_no_version() {
    let (_sandbox, bot) = Bot::new().await;
    for (path, version) in [(format!("/v25.0/{NUMBER}"), "v25.0"), (format!("/{NUMBER}"), "v26.0")] {
        let answer = bot.http.get(format!("{}{path}?access_token=token", bot.base)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "a token in the address is as good");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/json; charset=UTF-8");
        assert_eq!(header("facebook-api-version"), version);
        assert!(header("x-fb-trace-id").len() > 10 && header("x-business-use-case-usage").contains(NUMBER));
    }
    let wrong = bot.http.get(format!("{}/{NUMBER}?access_token=wrong", bot.base)).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_form_of_the_graph_api() {
    let (_sandbox, bot) = Bot::new().await;
    let cases = [
        (Method::GET, "/v26.0/77".to_owned(), "Unsupported get request. Object with ID '77'"),
        (Method::POST, "/v26.0/77/messages".into(), "Unsupported post request. Object with ID '77'"),
        (Method::DELETE, "/v26.0/77/message_templates".into(), "Unsupported delete request. Object with ID '77'"),
        (Method::PUT, format!("/v26.0/{NUMBER}/messages"), "Unsupported put request. Object with ID '880000000000001'"),
        (Method::POST, "/v26.0/77/no/such/call".into(), "Unsupported post request. Object with ID '77'"),
        (Method::POST, "/v26.0/77".into(), "Unsupported post request. Object with ID '77'"),
        (Method::POST, "/v26.0/77/unpause".into(), "Unsupported post request. Object with ID '77'"),
    ];
    for (method, path, words) in cases {
        let (status, told) = bot.call(method, &path, &json!({})).await;
        let error = &told["error"];
        assert_eq!((status, &error["code"], &error["error_subcode"]), (400, &json!(100), &json!(33)), "{path}: {told}");
        assert!(error["message"].as_str().unwrap().starts_with(words), "{path}: {told}");
    }
}

#[tokio::test]
async fn lists_are_paged_by_cursors_that_lead_there() {
    let (sandbox, bot) = Bot::new().await;
    for name in ["one", "two", "three"] {
        sandbox.add_template(&template(name, "en_US", &format!("Hi, this is {name}.")));
    }
    let cases = [
        ("after=abc", (400, 131_059)),
        ("after=99", (400, 131_059)),
        ("limit=abc", (400, 100)),
        ("limit=1&limit=2", (200, 0)),
        ("after=3", (200, 0)),
    ];
    for (query, wanted) in cases {
        let (status, told) = bot.get(&format!("/v26.0/{ACCOUNT}/message_templates?{query}")).await;
        assert_eq!((status, code(&told)), wanted, "{query}: {told}");
    }
    let (_, first) = bot.get(&format!("/{ACCOUNT}/message_templates?limit=2&fields=name")).await;
    let next = first["paging"]["next"].as_str().unwrap();
    let (_, rest) = bot.get(next.strip_prefix(&bot.base).unwrap()).await;
    assert_eq!(rest["data"].as_array().unwrap().len(), 1, "{next}: {rest}");
}

#[tokio::test]
async fn nodes_are_shown_by_their_id() {
    let (sandbox, bot) = Bot::new().await;
    sandbox.add_template(&template("offer", "en_US", "Hi, an offer for you."));
    let (_, list) = bot.get(&format!("/v26.0/{ACCOUNT}/message_templates?fields=id")).await;
    let id = list["data"][0]["id"].as_str().unwrap();
    let cases = [
        (format!("/{id}?fields=status"), json!({ "id": id, "status": "APPROVED" })),
        (format!("/{ACCOUNT}?fields=currency"), json!({ "id": ACCOUNT, "currency": "USD" })),
        (
            format!("/{ACCOUNT}?fields=health_status"),
            json!({ "id": ACCOUNT, "health_status": { "can_send_message": "AVAILABLE" } }),
        ),
        (format!("/{NUMBER}?fields=status"), json!({ "id": NUMBER, "status": "CONNECTED" })),
    ];
    for (path, wanted) in cases {
        assert_eq!(bot.get(&format!("/v26.0{path}")).await, (200, wanted), "{path}");
    }
    let (status, numbers) = bot.get(&format!("/v26.0/{ACCOUNT}/phone_numbers")).await;
    assert_eq!((status, &numbers["data"][0]["id"]), (200, &json!(NUMBER)), "{numbers}");
}

#[tokio::test]
async fn templates_are_edited_reviewed_again_and_unpaused() {
    let (sandbox, bot) = Bot::new().await;
    sandbox.add_template(&template("offer", "en_US", "Hi, an offer for you."));
    let (_, list) = bot.get(&format!("/v26.0/{ACCOUNT}/message_templates")).await;
    let node = format!("/v26.0/{}", list["data"][0]["id"].as_str().unwrap());
    let words = |text: &str| json!({ "components": [{ "type": "BODY", "text": text }] });
    let edit = async |body: &Value| bot.call(Method::POST, &node, body).await;
    let (status, refused) = edit(&words("{{1}} begins with a gap")).await;
    assert_eq!((status, &refused["error"]["error_subcode"]), (400, &json!(2_388_299)), "{refused}");
    assert_eq!(code(&edit(&json!({ "category": "MARKETING" })).await.1), 100, "the category of an approved one stays");
    assert_eq!(edit(&words("Hi, another offer for you.")).await, (200, json!({ "success": true })));
    assert_eq!(bot.get(&format!("{node}?fields=status")).await.1["status"], "PENDING");
    assert_eq!(code(&edit(&words("And one more.")).await.1), 100, "it is being reviewed");
    eventually("it is reviewed", async || {
        let (_, told) = bot.get(&format!("{node}?fields=status,components")).await;
        (told["status"] == "APPROVED" && told["components"][0]["text"] == "Hi, another offer for you.").then_some(())
    })
    .await;
    assert_eq!(code(&edit(&words("And one more.")).await.1), 100, "an approved one once a day");

    let unpause = async || bot.call(Method::POST, &format!("{node}/unpause"), &json!({})).await.1["success"].clone();
    assert_eq!(unpause().await, false, "it is not paused");
    let pause = TemplateChange { name: "offer".into(), status: Some("PAUSED".into()), ..TemplateChange::default() };
    sandbox.change_template(&pause);
    assert_eq!(bot.send("messages", offer("offer")).await.1, 132_015);
    assert_eq!(unpause().await, true);
    assert_eq!(bot.send("messages", offer("offer")).await.1, 0);
}

#[tokio::test]
async fn marketing_messages_takes_templates_of_marketing_alone() {
    let (sandbox, bot) = Bot::new().await;
    let marketing = Draft { category: "MARKETING", ..template("offer", "en_US", "Hi, an offer for you.") };
    [marketing, template("parcel", "en_US", "Your parcel is here.")].iter().for_each(|one| sandbox.add_template(one));
    let strict = |mut body: Value, policy: &str| {
        body["product_policy"] = policy.into();
        body
    };
    let cases = [
        (offer("offer"), 0),
        (strict(offer("offer"), "STRICT"), 0),
        (strict(offer("offer"), "zzz"), 131_009),
        (offer("parcel"), 131_055),
        (json!({ "text": { "body": "hi" } }), 131_055),
        (offer("nope"), 132_001),
    ];
    for (body, wanted) in cases {
        assert_eq!(bot.send("marketing_messages", body.clone()).await.1, wanted, "{body}");
    }
}

#[tokio::test]
async fn what_a_business_sets_of_its_number_is_shown_again() {
    let (sandbox, bot) = Bot::new().await;
    let at = |edge: &str| format!("/v26.0/{NUMBER}/{edge}");
    let whole = |more: Value| {
        let mut body = json!({ "messaging_product": "whatsapp" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let about = whole(json!({ "about": "We sell phones", "vertical": "RETAIL" }));
    assert_eq!(bot.call(Method::POST, &at("whatsapp_business_profile"), &about).await.0, 200);
    let (_, shown) = bot.get(&at("whatsapp_business_profile?fields=about")).await;
    assert_eq!(shown["data"][0], json!({ "about": "We sell phones" }));
    assert_eq!(bot.call(Method::POST, &at("username"), &json!({ "username": "phones" })).await.0, 200);
    assert_eq!(bot.get(&at("username")).await.1["username"], "phones");
    assert_eq!(bot.call(Method::DELETE, &at("username"), &Value::Null).await.0, 200);
    assert_eq!(bot.get(&at("username")).await.1, json!({}));
    let calling = json!({ "calling": { "status": "DISABLED" } });
    assert_eq!(bot.call(Method::POST, &at("settings"), &calling).await.0, 200);
    assert_eq!(bot.get(&at("settings")).await.1, calling);
    let asked = json!({ "code_method": "SMS", "language": "en" });
    assert_eq!(bot.call(Method::POST, &at("request_code"), &asked).await.0, 200);
    // Only who wrote of late can be blocked, and is not heard any more.
    let block = |number: &str| whole(json!({ "block_users": [{ "user": number }] }));
    let ada = customer(1);
    assert_eq!(code(&bot.call(Method::POST, &at("block_users"), &block(&ada.number)).await.1), 139_100);
    sandbox.write(&ada, "hi");
    let (status, told) = bot.call(Method::POST, &at("block_users"), &block(&ada.number)).await;
    assert_eq!((status, &told["block_users"]["added_users"][0]["wa_id"]), (200, &json!("85260000001")));
    let (_, list) = bot.get(&at("block_users")).await;
    assert_eq!(list["data"][0]["block_users"][0]["wa_id"], "85260000001");
    assert_eq!(bot.call(Method::DELETE, &at("block_users"), &block(&ada.number)).await.0, 200);
    assert_eq!(bot.get(&at("block_users")).await.1["data"][0]["block_users"], json!([]));
    // Nobody answers there: the address of the number's webhooks stays.
    let other =
        json!({ "webhook_configuration": { "override_callback_uri": "http://127.0.0.1:9/x", "verify_token": "hush" } });
    let (_, told) = bot.call(Method::POST, &format!("/v26.0/{NUMBER}"), &other).await;
    assert!(code(&told) == 100 && !told.to_string().contains("hush"), "{told}");
    let (_, shown) = bot.get(&format!("/v26.0/{NUMBER}?fields=webhook_configuration")).await;
    let configuration = &shown["webhook_configuration"];
    assert!(configuration["application"].is_string() && configuration["phone_number"].is_null(), "{shown}");
    for edge in ["block_users", "whatsapp_business_profile", "settings", "username"] {
        assert_eq!(bot.get(&format!("/v26.0/1/{edge}")).await.1["error"]["error_subcode"], 33, "{edge}");
    }
}
