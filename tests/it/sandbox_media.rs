//! Files of the sandbox: what a bot uploads, and what customers send it.

use hotline::whatsapp::sandbox::Said;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::app::{NUMBER, customer, http};
use crate::sandbox_webhooks::{Bot, whole};

/// A form of several parts: names, and values; the file has a type of its own.
fn form(parts: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in parts {
        body.extend(format!("--cut\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    if let Some((mime, bytes)) = file {
        let head = "content-disposition: form-data; name=\"file\"; filename=\"a\"";
        body.extend(format!("--cut\r\n{head}\r\ncontent-type: {mime}\r\n\r\n").bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--cut--\r\n");
    body
}

async fn upload(bot: &Bot, body: Vec<u8>) -> Value {
    let request = http().post(format!("{}/{NUMBER}/media", bot.graph)).bearer_auth("token");
    let request = request.header(CONTENT_TYPE, "multipart/form-data; boundary=cut").body(body);
    request.send().await.unwrap().json().await.unwrap()
}

async fn ask(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.bearer_auth("token").send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

const PRODUCT: [(&str, &str); 1] = [("messaging_product", "whatsapp")];

#[tokio::test(flavor = "multi_thread")]
async fn an_uploaded_file_is_looked_up_fetched_sent_and_deleted() {
    let bot = Bot::start(|_| {}).await;
    let ada = customer(1);
    bot.sandbox.write(&ada, "hi");
    let bytes = vec![7_u8; 3 << 20];
    let id = upload(&bot, form(&PRODUCT, Some(("image/png", &bytes)))).await["id"].as_str().unwrap().to_owned();
    let at = format!("{}/{id}", bot.graph);
    let (_, shown) = ask(http().get(format!("{at}?phone_number_id={NUMBER}"))).await;
    assert_eq!(
        (&shown["id"], &shown["mime_type"], &shown["file_size"]),
        (&json!(id), &json!("image/png"), &json!(3 << 20))
    );
    let url = shown["url"].as_str().unwrap();
    let file = http().get(url).bearer_auth("token").send().await.unwrap();
    assert_eq!(file.headers()[CONTENT_TYPE], "image/png");
    assert_eq!(file.bytes().await.unwrap(), bytes);
    assert_eq!(http().get(url).send().await.unwrap().status(), 401, "without a token");
    let later = url.replace("&ext=1", "&ext=2");
    assert_eq!(http().get(later).bearer_auth("token").send().await.unwrap().status(), 404, "an address of one's own");
    let message = |kind: &str, id: &str| whole(json!({ "to": ada.number, "type": kind, kind: { "id": id } }));
    assert_eq!(bot.call("messages", &message("image", &id)).await.0, 200);
    for (kind, id, code) in [("video", id.as_str(), 131_053), ("image", "1", 131_009)] {
        assert_eq!(bot.call("messages", &message(kind, id)).await.1["error"]["code"], code, "{kind} {id}");
    }
    let mut number = message("image", "1");
    number["image"]["id"] = json!(12_345);
    assert_eq!(bot.call("messages", &number).await.1["error"]["code"], 131_009, "a number instead of a text");
    assert_eq!(ask(http().get(format!("{at}?phone_number_id=1"))).await.1["error"]["error_subcode"], 33);
    assert_eq!(ask(http().delete(&at)).await, (200, json!({ "success": true })));
    for request in [http().get(&at), http().delete(&at)] {
        let (status, answer) = ask(request).await;
        assert_eq!(
            (status, &answer["error"]["code"], &answer["error"]["error_subcode"]),
            (400, &json!(100), &json!(33))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_meta_does_not_take_has_its_code() {
    let bot = Bot::start(|_| {}).await;
    let large = vec![0; (5 << 20) + 1];
    for (parts, file, code) in [
        (&[][..], Some(("image/png", &b"x"[..])), 100),
        (&PRODUCT, None, 100),
        (&PRODUCT, Some(("application/zip", b"x")), 131_053),
        (&PRODUCT, Some(("image/png", b"")), 131_053),
        (&PRODUCT, Some(("image/png", &large)), 131_053),
        (&PRODUCT, Some(("audio/ogg; codecs=opus", b"x")), 0),
        (&[PRODUCT[0], ("type", "application/pdf")], Some(("application/octet-stream", b"x")), 0),
    ] {
        let answer = upload(&bot, form(parts, file)).await;
        assert_eq!(
            answer["error"]["code"].as_i64().unwrap_or(0),
            code,
            "{parts:?} {:?} {answer}",
            file.map(|file| file.0)
        );
    }
    let (status, answer) = bot.call("media", &json!({})).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(100)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_a_customer_is_there_to_fetch() {
    let bot = Bot::start(|_| {}).await;
    let id = bot.sandbox.say(&customer(1), &Said::Image { caption: "broken".into() });
    let told = bot.told("/messages/0/id", &id).await["change"]["value"]["messages"][0]["image"].clone();
    assert_eq!((&told["caption"], &told["mime_type"]), (&json!("broken"), &json!("image/jpeg")));
    assert_eq!(told["sha256"].as_str().unwrap().len(), 44, "base64 of 32 bytes: {told}");
    let (status, shown) = ask(http().get(format!("{}/{}", bot.graph, told["id"].as_str().unwrap()))).await;
    assert_eq!((status, shown["sha256"].as_str().unwrap().len()), (200, 64), "{shown}");
    for url in [&told["url"], &shown["url"]] {
        let file = http().get(url.as_str().unwrap()).bearer_auth("token").send().await.unwrap();
        assert!(file.bytes().await.unwrap().starts_with(&[0xff, 0xd8]), "{url}");
    }
}
