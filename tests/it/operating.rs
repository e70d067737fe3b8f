//! The binary as its operators meet it: what it refuses to start with, how it stops, and commands that read what is no text.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use hotline::whatsapp::signature;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{App, Running, SECRET, binary, free_address, http, post, sandbox, serving, text_webhook};
use crate::crm::TOKEN;
use crate::db::{Database, eventually};
use crate::recompute::copy_keywords;

fn hotline() -> Command {
    let mut command = binary();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_shop_whose_secrets_are_missing_does_not_start_as_a_sandbox() {
    let database = Database::sqlite();
    for (name, value) in
        [("HOTLINE_WHATSAPP__VERIFY_TOKEN", "word"), ("HOTLINE_PUBLIC_URL", "https://hotline.example.com")]
    {
        let started = hotline()
            .arg("serve")
            .envs([("HOTLINE_DATABASE__URL", database.url.clone()), ("HOTLINE_LISTEN", free_address().to_string())])
            .env(name, value)
            .output()
            .unwrap();
        let said = String::from_utf8(started.stderr).unwrap();
        assert!(started.status.code() == Some(2) && said.contains("whatsapp.app_secret are missing"), "{said}");
        assert!(started.stdout.is_empty(), "no link is printed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_does_not_hold_up_the_stop() {
    let database = Database::sqlite();
    let Running { app, address, .. } = Running::start(&database, &[]).await;
    let mut half = tokio::net::TcpStream::connect(address).await.unwrap();
    half.write_all(b"POST /webhook/whatsapp HTTP/1.1\r\nhost: shop\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    assert!(app.terminate().await.success());
}

/// Whoever reads what a server says may go: it works on, and ends when it is told to.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_to_which_nobody_listens_works_and_stops_like_any_other() {
    let database = Database::sqlite();
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 80).await;
    // Copied keywords are looked at for changes, which are told of; the shop of the demo is told of at the start.
    let keywords = tempfile::tempdir().unwrap();
    copy_keywords(keywords.path());
    let mut command = serving(address, graph, &database);
    command.env("HOTLINE_KEYWORDS__DIR", keywords.path()).env(TOKEN.0, TOKEN.1);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    let ready = format!("http://{address}/readyz");
    eventually("it is ready", async || reqwest::get(&ready).await.ok().filter(|answer| answer.status() == 200)).await;
    let shop = keywords.path().join("shop.toml");
    let text = std::fs::read_to_string(&shop).unwrap();
    // The second change is taken up by the task that told of the first.
    for price in [1, 2] {
        let before = loaded(address).await;
        std::fs::write(&shop, format!("{text}\n[[product]]\nsku = \"X-1\"\nname = \"X\"\nkey = \"electronics/phone\"\nprice = {price}\nstock = 1\n")).unwrap();
        eventually("the change is in force", async || (loaded(address).await > before).then_some(())).await;
    }
    let post = async |path: &str, body: &'static str| {
        let request = http().post(format!("http://{address}/api/v1/{path}")).bearer_auth(TOKEN.1);
        let answer = request.body(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    };
    post("tags", r#"{"label": "Campaign-None"}"#).await;
    post("tags/tidy", r#"{"what": "archive", "tags": ["campaign/none"]}"#).await;
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert!(eventually("it has stopped", async || child.try_wait().unwrap()).await.success());
}

/// How often changed files came into force.
async fn loaded(address: std::net::SocketAddr) -> f64 {
    let metrics = reqwest::get(format!("http://{address}/metrics")).await.unwrap().text().await.unwrap();
    let line = metrics.lines().find(|line| line.starts_with("hotline_keywords_loaded_total"));
    line.and_then(|line| line.split(' ').next_back()?.parse().ok()).unwrap_or_default()
}

/// 360dialog signs nothing: webhooks are known by the header that was set there.
#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_360dialog_are_known_by_a_token_in_a_header() {
    let database = Database::sqlite();
    let address = free_address();
    let (_sandbox, graph) = sandbox(address, 80).await;
    let (old, new) = ("the token that was before", "the-token-of-the-webhook");
    let tokens = format!("{},{new}", old.replace(' ', "-"));
    let settings = [("HOTLINE_WHATSAPP__AUTH", "d360"), ("HOTLINE_WHATSAPP__WEBHOOK_TOKEN", tokens.as_str())];
    let app = App::start(address, graph, &database, &settings).await;
    let (signed, body) = text_webhook(&[(1, "wamid.1".into(), "hello")]);
    assert_eq!(signed, signature::sign(&SECRET.into(), &body));
    let post = async |header: &str, value: &str| {
        let request = http().post(format!("http://{address}/webhook/whatsapp")).header(header, value);
        request.body(body.clone()).send().await.unwrap().status().as_u16()
    };
    for (header, value) in [
        ("x-hub-signature-256", signed.as_str()),
        ("authorization", "Bearer "),
        ("authorization", "Bearer the-token-of-the-webhoo"),
        ("authorization", new),
    ] {
        assert_eq!(post(header, value).await, 401, "{header}: {value}");
    }
    for token in tokens.split(',') {
        assert_eq!(post("authorization", &format!("Bearer {token}")).await, 200);
    }
    assert!(app.terminate().await.success());
}

/// The beginning of a webhook whose body is still to come; what is answered to it.
async fn begun(address: std::net::SocketAddr, signature: &str, bytes: usize) -> tokio::net::TcpStream {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /webhook/whatsapp HTTP/1.1\r\nhost: shop\r\nx-hub-signature-256: {signature}\r\n\
         expect: 100-continue\r\ncontent-length: {bytes}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn answer(stream: &mut tokio::net::TcpStream) -> String {
    let mut answer = [0; 12];
    tokio::time::timeout(std::time::Duration::from_secs(20), stream.read_exact(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_no_secret_fills_no_memory() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
    // No body is taken in for what cannot be a signature.
    for wrong in ["", "sha256=", "sha256=00", "sha1=0000000000000000000000000000000000000000"] {
        assert_eq!(answer(&mut begun(address, wrong, 3_000_000).await).await, "HTTP/1.1 401", "{wrong}");
    }
    let guessed = format!("sha256={}", "00".repeat(32));
    let mut open = Vec::new();
    for _ in 0..32 {
        let mut stream = begun(address, &guessed, 3_000_000).await;
        assert_eq!(answer(&mut stream).await, "HTTP/1.1 100");
        open.push(stream);
    }
    assert_eq!(answer(&mut begun(address, &guessed, 3_000_000).await).await, "HTTP/1.1 503");
    // What has few messages gets through all the same.
    let signed = text_webhook(&[(1, "wamid.1".into(), "hello")]);
    assert_eq!(post(&http(), address, &signed).await, Some(200));
    drop(open);
    eventually("there is room again", async || {
        (answer(&mut begun(address, &guessed, 3_000_000).await).await == "HTTP/1.1 100").then_some(())
    })
    .await;
}

/// Whoever sends next to nothing of a large body keeps no webhook of Meta out.
#[tokio::test(flavor = "multi_thread")]
async fn who_sends_slowly_loses_the_place() {
    let database = Database::sqlite();
    let Running { app: _app, address, .. } = Running::start(&database, &[]).await;
    let guessed = format!("sha256={}", "00".repeat(32));
    let mut open = Vec::new();
    for _ in 0..32 {
        let mut stream = begun(address, &guessed, 3_000_000).await;
        assert_eq!(answer(&mut stream).await, "HTTP/1.1 100");
        stream.write_all(b"{").await.unwrap();
        open.push(stream);
    }
    let words = "hello ".repeat(200);
    let many: Vec<_> = (0..100).map(|n| (n, format!("wamid.large{n}"), words.as_str())).collect();
    let signed = text_webhook(&many);
    assert!(signed.1.len() > 64 << 10, "it is a large one");
    eventually("it is taken", async || (post(&http(), address, &signed).await == Some(200)).then_some(())).await;
    let mut told = String::new();
    open[0].read_to_string(&mut told).await.unwrap();
    assert!(told.contains("HTTP/1.1 408"), "{told}");
}

/// What `hotline check` says of a shop of one's own.
fn checked(shop: &str, language: &str, currency: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    copy_keywords(folder.path());
    std::fs::write(folder.path().join("shop.toml"), shop).unwrap();
    let settings = [("HOTLINE_SHOP__LANGUAGE", language), ("HOTLINE_SHOP__CURRENCY", currency)];
    let done = hotline().arg("check").arg("--keywords").arg(folder.path()).envs(settings).output().unwrap();
    String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap()
}

#[test]
fn a_shop_of_ones_own_is_told_what_its_bot_could_not_speak_of() {
    let tent = "sku = \"T1\"\nname = \"Dome\"\nkey = \"outdoor/tent\"\nprice = 99\nstock = 3\n";
    let bread =
        tent.replace("outdoor/tent", "bakery/bread").replace("stock = 3", "stock = 3\nattributes = [\"fresh\"]");
    let said = checked(&format!("name = \"Pan\"\nshipping = \"Free.\"\n[[product]]\n{tent}"), "es", "EUR");
    assert!(said.contains("0 errors, 0 warnings"), "one text may be for all languages: {said}");
    let said = checked(&format!("name = \"Pan\"\n[[product]]\n{bread}"), "es", "CUP");
    for told in ["the kind `bakery/bread`", "the property `fresh`", "bakery, bakery/bread, fresh", "CUP has no rate"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(said.contains("0 errors, 4 warnings"), "{said}");
    let hours = "days = [\"mon\"]\nfrom = \"09:00\"\nto = \"18:00\"\nshipping = \"Free.\"";
    let said = checked(&format!("name = \"Pan\"\n[[hours]]\n{hours}\n"), "es", "EUR");
    assert!(said.contains("unknown field `shipping`") && said.contains("above the first line in brackets"), "{said}");
    let said = checked(&format!("name = \"Pan\"\n[[product]]\n{tent}colour = \"red\"\n"), "es", "EUR");
    assert!(said.contains("unknown field `colour`"), "{said}");
}

/// What the shop wrote stands alone, not among the thousands that ship.
#[test]
fn check_tells_of_the_shops_own_words_and_of_the_others_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    copy_keywords(folder.path());
    let path = folder.path().join("products/home.toml");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("[shelf]\nen = [\"zq\"]\n\n{whole}")).unwrap();
    let check = |more: &[&str]| {
        let done = hotline().args(["check", "--words", "--keywords"]).arg(folder.path()).args(more).output().unwrap();
        String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap()
    };
    let said = check(&[]);
    assert!(said.contains("products/home.toml:2:7: warning: `zq` under `shelf` is very short"), "{said}");
    assert!(said.contains("of words that ship: --all") && !said.contains("`bt` under `bluetooth`"), "{said}");
    let said = check(&["--all"]);
    assert!(said.contains("`zq` under `shelf`") && said.contains("`bt` under `bluetooth`"), "{said}");
}

#[test]
fn words_that_hide_those_of_a_kind_of_ones_own_are_told() {
    let folder = tempfile::tempdir().unwrap();
    copy_keywords(folder.path());
    let append = |file: &str, text: &str| {
        let path = folder.path().join(file);
        let whole = std::fs::read_to_string(&path).unwrap() + text;
        std::fs::write(path, whole).unwrap();
    };
    append("products/home.toml", "\n[shelf]\nde = [\"Wandbord\", \"Regal\"]\n");
    append("products/food.toml", "\n[cake]\nen = [\"cake\"]\n");
    let check = || {
        let done = hotline().arg("check").arg("--keywords").arg(folder.path()).output().unwrap();
        String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap()
    };
    // Nothing of it is sold.
    assert!(!check().contains("hide words"), "{}", check());
    let product = |number: u8, key: &str| {
        format!("[[product]]\nsku = \"K-{number}\"\nname = \"Steg {number}\"\nkey = \"{key}\"\nprice = 9\nstock = 3\n")
    };
    let shop = format!("name = \"Haus\"\n{}{}", product(1, "home/shelf"), product(2, "food/cake"));
    std::fs::write(folder.path().join("shop.toml"), shop).unwrap();
    let said = check();
    for told in ["under `storage` hide words of `home/shelf`", "under `no_things` hide words of `food/cake`"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(said.contains("`bücherregal`") || said.contains("`regale`"), "{said}");
}

#[test]
fn dictionaries_stand_where_the_settings_say_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    copy_keywords(&folder.path().join("own"));
    let food = folder.path().join("own/products/food.toml");
    std::fs::write(&food, std::fs::read_to_string(&food).unwrap() + "\n[cake]\nen = [\"cake\"]\n").unwrap();
    std::fs::write(folder.path().join("hotline.toml"), "[keywords]\ndir = \"own\"\n").unwrap();
    let message = r#"{"at":"2026-03-02T10:00:00Z","contact":"+12125550100","event":"message","text":"a cake please"}"#;
    let expected = r#"{"at":"2026-03-02T10:00:05Z","contact":"+12125550100","expect":{"tags":["category/food/cake"]}}"#;
    std::fs::write(folder.path().join("chat.jsonl"), format!("{message}\n{expected}\n")).unwrap();
    let run = |arguments: &[&str]| {
        let mut child = hotline().args(arguments).current_dir(folder.path()).spawn().unwrap();
        // Most read none of it.
        let _unread = child.stdin.take().unwrap().write_all(b"{\"id\":\"1\",\"text\":\"a cake please\"}\n");
        let done = child.wait_with_output().unwrap();
        String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap()
    };
    for (arguments, told) in [
        (&["extract"][..], "food/cake"),
        (&["replay", "chat.jsonl"][..], "1 passed, 0 failed"),
        (&["why", "+12125550100", "category/food/cake", "--file", "chat.jsonl"][..], "is held since"),
    ] {
        let said = run(arguments);
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
}

#[test]
fn a_line_that_is_no_text_and_an_empty_one_have_their_answers_too() {
    // Left empty, a folder is not named.
    let mut child = hotline().arg("extract").env("HOTLINE_KEYWORDS__DIR", "").spawn().unwrap();
    let lines =
        b"{\"id\":\"a\",\"text\":\"phone\"}\r\n{\"id\":\"b\",\"text\":\"\xff\"}\n\n{\"id\":\"c\",\"text\":\"laptop\"}";
    child.stdin.take().unwrap().write_all(lines).unwrap();
    let done = child.wait_with_output().unwrap();
    let answers: Vec<Value> =
        String::from_utf8(done.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((done.status.code(), answers.len()), (Some(1), 4), "{}", String::from_utf8_lossy(&done.stderr));
    let key = |answer: &Value| answer["products"][0]["key"].clone();
    assert_eq!((&answers[0]["id"], key(&answers[0])), (&"a".into(), "electronics/phone".into()));
    assert_eq!((&answers[3]["id"], key(&answers[3])), (&"c".into(), "electronics/laptop".into()));
    assert!(answers[1]["error"].is_string() && answers[2]["error"].is_string(), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_tells_the_port_that_it_got_and_ends_when_it_is_told_to() {
    let credentials = ["--app-secret", "s3cret", "--verify-token", "word", "--token", "t0ken"];
    let mut child = hotline()
        .args(["sandbox", "--listen", "127.0.0.1:0", "--webhook", "http://127.0.0.1:9/webhook"])
        .args(credentials)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let phones = line.split_whitespace().find(|word| word.ends_with("/sandbox")).unwrap();
    assert_eq!(http().get(phones).send().await.unwrap().status(), 200, "{line}");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    let ended = eventually("the sandbox has stopped", async || child.try_wait().unwrap()).await;
    assert_eq!(ended.code(), Some(0));
}
