//! Visits: where a click comes from by a local file, and what a shop's own pages tell with the visitor's consent.

use std::net::SocketAddr;
use std::time::Duration;

use axum::response::Html;
use fantoccini::Locator;
use hotline::whatsapp::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::app::{App, binary, client, customer, free_address, http, sandbox};
use crate::browser::{browser, driver};
use crate::crm::{Api, TOKEN};
use crate::db::{Database, eventually};
use crate::law::{self, rows};
use crate::mmdb::{Network, written};

const PHONE: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36";

async fn bodies(database: &Database, kind: &str) -> Vec<Value> {
    let query = format!("select body from journal where kind = '{kind}' order by journal.seq");
    rows(database, &query).await.iter().map(|row| serde_json::from_str(&row[0]).unwrap()).collect()
}

async fn holds(database: &Database, tag: &str) {
    eventually(tag, async || law::states(database).await.first()?.facts.holds(tag).then_some(())).await;
}

/// Until the answer was read and all that happened is folded: a state that is behind its journal is no other law.
async fn all_is_folded(database: &Database, sandbox: &Sandbox) {
    eventually("all is folded, the statuses of the answer too", async || {
        sandbox.phone(&customer(1).number[1..]).pop().filter(|answer| answer["status"] == "read")?;
        let unread = rows(database, "select cast(count(*) as text) from unread").await;
        (unread[0][0] == "0" && bodies(database, "status").await.len() == 3).then_some(())
    })
    .await;
}

/// A link to an address, for the first customer, who has written before.
async fn link_to(address: SocketAddr, url: &str) -> String {
    let link = json!({ "contact": customer(1).number, "kind": "article", "url": url });
    let made = Api::new(address).post("/links", link).await.1;
    made["url"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_tells_the_city_by_a_local_file_before_the_address_is_cut() {
    let hong_kong = (22.3, 114.17);
    let networks = [
        Network { address: "203.0.113.0", bits: 24, country: "HK", city: Some("Hong Kong"), at: hong_kong },
        Network { address: "192.0.2.0", bits: 24, country: "HK", city: None, at: hong_kong },
        Network { address: "2001:db8:77::", bits: 48, country: "HK", city: Some("Hong Kong"), at: hong_kong },
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("places.mmdb");
    std::fs::write(&file, written(&networks)).unwrap();
    for database in Database::each().await {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let settings = [TOKEN, ("HOTLINE_GEOIP__DATABASE", file.to_str().unwrap())];
        let app = App::start(address, graph, &database, &settings).await;
        one_who_wrote(&sandbox).await;
        let link = link_to(address, "https://shop.example/read").await;
        let phone = client().user_agent(PHONE).redirect(reqwest::redirect::Policy::none()).build().unwrap();
        for from in ["198.51.100.1", "192.0.2.7", "203.0.113.77", "2001:db8:77::9"] {
            let opened = phone.get(&link).header("x-forwarded-for", from).send().await.unwrap();
            assert_eq!(
                opened.headers()["location"],
                "https://shop.example/read",
                "no token where no page tells of visits"
            );
        }
        holds(&database, "region/city/hong-kong").await;
        let clicks =
            eventually("four clicks", async || Some(bodies(&database, "click").await).filter(|all| all.len() == 4))
                .await;
        // They are written side by side, so their order says nothing.
        let told = |ip: &str| {
            let click = clicks.iter().find(|click| click["ip"] == ip).unwrap_or_else(|| panic!("{ip}: {clicks:?}"));
            ["country", "latitude", "longitude"].map(|field| click[field].clone())
        };
        let hong_kong = [json!("HK"), json!(22.3), json!(114.17)];
        assert_eq!(told("198.51.100.0"), [Value::Null, Value::Null, Value::Null]);
        assert_eq!(told("192.0.2.0"), [json!("HK"), Value::Null, Value::Null], "its city is not known");
        assert_eq!(told("203.0.113.0"), hong_kong);
        assert_eq!(told("2001:db8:77::"), hong_kong);
        all_is_folded(&database, &sandbox).await;
        assert!(app.terminate().await.success());
        law::holds_in(&database).await;
    }
}

#[test]
fn a_file_that_tells_no_places_is_a_plain_mistake_at_start_and_in_the_doctors_eyes() {
    let folder = tempfile::tempdir().unwrap();
    let (broken, missing) = (folder.path().join("broken.mmdb"), folder.path().join("missing.mmdb"));
    std::fs::write(&broken, "no places here").unwrap();
    for file in [&broken, &missing] {
        let run = |command: &str| {
            let mut hotline = binary();
            hotline.arg(command).env("HOTLINE_LISTEN", free_address().to_string());
            hotline.env("HOTLINE_DATABASE__URL", format!("sqlite:{}", folder.path().join("test.db").display()));
            hotline.env("HOTLINE_GEOIP__DATABASE", file).output().unwrap()
        };
        let served = run("serve");
        let said = String::from_utf8_lossy(&served.stderr).into_owned();
        assert!(!served.status.success() && said.contains("geoip.database") && said.contains(".mmdb"), "{said}");
        let seen = run("doctor");
        let said = String::from_utf8_lossy(&seen.stdout).into_owned();
        assert!(seen.status.code() == Some(1) && said.contains("fix  places of addresses"), "{said}");
    }
}

/// The visitor stays on a page for longer than the second from which on it counts as a view.
async fn stay() {
    tokio::time::sleep(Duration::from_millis(1_200)).await;
}

/// The first customer writes and is answered: a contact that links can be made for.
async fn one_who_wrote(sandbox: &Sandbox) {
    sandbox.verify().await.unwrap();
    sandbox.write(&customer(1), "hello");
    eventually("it is answered", async || {
        sandbox.phone(&customer(1).number[1..]).into_iter().find(|message| message["mine"] != true)
    })
    .await;
}

/// A shop of its own with two pages that ask before they tell.
async fn shop(hotline: SocketAddr) -> SocketAddr {
    let page = move |what: &str| {
        format!(
            "<!doctype html><title>Shop</title><script src=\"http://{hotline}/t.js\" {what} defer></script>\
             <button id=agree onclick=\"hotline.consent(true)\">Agree</button>\
             <button id=cart onclick=\"hotline.cart({{action: 'add', product: 'Nova S7 Pro', category: 'electronics/phone', \
             amount: 449, currency: 'USD'}})\">Add</button>"
        )
    };
    let phone = page(
        "data-product=\"Nova S7 Pro\" data-category=\"electronics/phone\" data-price=\"449\" data-currency=\"USD\"",
    );
    let other = page("data-consent=\"granted\"");
    // A browser that stores nothing says so by an error.
    let blocked = "<script>Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError') } }); \
                   window.wrong = []; addEventListener('error', (error) => wrong.push(error.message))</script>";
    let blocked = format!("{blocked}{other}");
    let router = axum::Router::new()
        .route("/phone", axum::routing::get(async || Html(phone)))
        .route("/blocked", axum::routing::get(async || Html(blocked)))
        .route("/about", axum::routing::get(async || Html(other)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shops_page_tells_of_views_and_the_cart_once_the_visitor_agreed() {
    let port = free_address().port();
    let Some(_driver) = driver(port) else { return };
    let database = Database::sqlite();
    let address = free_address();
    let shop = shop(address).await;
    let (sandbox, graph) = sandbox(address, 80).await;
    let origin = format!("http://{shop}");
    let settings = [
        TOKEN,
        ("HOTLINE_VISITS__ORIGINS", origin.as_str()),
        ("HOTLINE_VISITS__SECRET", "more than sixteen characters"),
    ];
    let app = App::start(address, graph, &database, &settings).await;
    one_who_wrote(&sandbox).await;
    let link = link_to(address, &format!("{origin}/phone?from=chat")).await;
    let blocked = link_to(address, &format!("{origin}/blocked")).await;
    let profile = tempfile::tempdir().unwrap();
    let visitor = browser(port, profile.path(), 800).await;
    let click = async |css: &str| visitor.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
    let stored = "return sessionStorage.length";

    // Without consent nothing is stored and nothing told.
    visitor.goto(&link).await.unwrap();
    let at = visitor.current_url().await.unwrap();
    assert!(at.query().unwrap().starts_with("from=chat&ht="), "{at}");
    click("#cart").await;
    stay().await;
    assert_eq!(visitor.execute(stored, vec![]).await.unwrap(), json!(0));
    visitor.goto("about:blank").await.unwrap();

    visitor.goto(&blocked).await.unwrap();
    for consents in ["return hotline.consent(true)", "return hotline.consent(false)", "return hotline.page({})"] {
        visitor.execute(consents, vec![]).await.unwrap();
    }
    assert_eq!(visitor.execute("return wrong", vec![]).await.unwrap(), json!([]));
    visitor.goto("about:blank").await.unwrap();

    visitor.goto(&link).await.unwrap();
    click("#agree").await;
    assert_eq!(visitor.current_url().await.unwrap().query(), Some("from=chat"), "the token is out of sight");
    click("#cart").await;
    holds(&database, "stage/cart-unpaid").await;
    stay().await;
    // Another page of the visit; its consent stands in the page.
    visitor.goto(&format!("{origin}/about")).await.unwrap();
    stay().await;
    visitor.goto("about:blank").await.unwrap();
    let pages =
        eventually("two views", async || Some(bodies(&database, "page").await).filter(|all| all.len() == 2)).await;
    let (phone, about) = (&pages[0], &pages[1]);
    assert_eq!(
        [&phone["page"], &phone["product"], &phone["category"]],
        ["product", "Nova S7 Pro", "electronics/phone"]
    );
    assert!(phone["seconds"].as_i64() >= Some(1) && phone["price"].as_f64() == Some(449.0), "{phone}");
    assert_eq!(about["page"], "other");
    assert!(about["visit_seconds"].as_i64() > phone["visit_seconds"].as_i64(), "{about}");
    assert_eq!(bodies(&database, "cart").await.len(), 1);

    // Who goes back to the chat for a moment looks at the same view when they return: it is told again with all its seconds.
    visitor.goto(&link).await.unwrap();
    click("#agree").await;
    stay().await;
    for hidden in [true, false] {
        let script = format!(
            "Object.defineProperty(document, 'hidden', {{ get: () => {hidden}, configurable: true }}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        );
        visitor.execute(&script, vec![]).await.unwrap();
    }
    stay().await;
    visitor.execute("delete document.hidden", vec![]).await.unwrap();
    visitor.goto("about:blank").await.unwrap();
    let pages =
        eventually("it is told twice", async || Some(bodies(&database, "page").await).filter(|all| all.len() == 4))
            .await;
    let seconds = |page: &Value| ["seconds", "visit_seconds"].map(|field| page[field].as_i64().unwrap());
    let ([first, so_far], [second, in_all]) = (seconds(&pages[2]), seconds(&pages[3]));
    assert!(first >= 1 && second > first && second == in_all && first == so_far, "{pages:?}");
    visitor.close().await.unwrap();

    only_what_may_be_told_is_taken(address, &origin, &link).await;
    all_is_folded(&database, &sandbox).await;
    assert!(app.terminate().await.success());
    law::holds_in(&database).await;
}

async fn only_what_may_be_told_is_taken(address: SocketAddr, origin: &str, link: &str) {
    let phone = client().user_agent(PHONE).redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let opened = phone.get(link).send().await.unwrap();
    let token = opened.headers()["location"].to_str().unwrap().rsplit("ht=").next().unwrap().to_owned();
    let program = phone.get(link).header("user-agent", "WhatsApp/2.23").send().await.unwrap();
    assert!(!program.headers()["location"].to_str().unwrap().contains("ht="), "a preview is nobody's visit");
    let post = async |origin: &str, body: Value| {
        let request = http().post(format!("http://{address}/t")).header("origin", origin).body(body.to_string());
        request.send().await.unwrap()
    };
    let view =
        |token: &str, id: &str| json!({ "token": token, "id": id, "event": "page", "page": "other", "seconds": 3 });
    let taken = post(origin, view(&token, "1")).await;
    assert_eq!(
        (taken.status().as_u16(), taken.headers()["access-control-allow-origin"].to_str().unwrap()),
        (204, origin)
    );
    assert_eq!(post(origin, view(&token, "zero\0")).await.status(), 204, "what PostgreSQL cannot keep is left out");
    assert_eq!(post("https://evil.example", view(&token, "2")).await.status(), 403);
    assert_eq!(post(origin, view("made-up", "3")).await.status(), 401);
    let with = |field: &str, value: Value| {
        let mut body = view(&token, "4");
        body[field] = value;
        body
    };
    for wrong in [with("event", json!("order")), with("seconds", json!(-1)), with("page", json!("bank"))] {
        assert_eq!(post(origin, wrong.clone()).await.status(), 422, "{wrong}");
    }
    assert_eq!(post(origin, with("product", json!("x".repeat(4_000)))).await.status(), 413);
    // All at once: a slow machine would leave time for more between them.
    let many = (0..70).map(|n| post(origin, view(&token, &format!("many-{n}"))));
    let answers = futures_util::future::join_all(many).await;
    assert!(answers.iter().any(|answer| answer.status() == 429), "{:?}", answers.last());
}
