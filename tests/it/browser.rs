//! The whole story in a real browser: a customer writes on the sandbox phone, an agent sees the hot lead appear, takes it by
//! key, answers, and the customer sees the answer.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;

use crate::app::{binary, free_address};
use crate::db::{Database, eventually};

/// What the browser calls itself.
const PERSON: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";

pub struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Chromedriver, or `None` where there is none, which is said loudly.
pub fn driver(port: u16) -> Option<Killed> {
    let started =
        Command::new("chromedriver").arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if started.is_err() {
        let required = std::env::var_os("HOTLINE_TEST_REQUIRE_BROWSER").is_some();
        assert!(!required, "HOTLINE_TEST_REQUIRE_BROWSER is set, but chromedriver was not found");
        eprintln!("\n*** chromedriver is not installed: the browser test is NOT run. ***\n");
    }
    started.ok().map(Killed)
}

pub async fn browser(port: u16, profile: &std::path::Path, width: u32) -> Client {
    let arguments = [
        "--headless".to_owned(),
        "--no-sandbox".into(),
        "--disable-gpu".into(),
        "--disable-quic".into(),
        "--no-first-run".into(),
        "--disable-background-networking".into(),
        "--disable-component-update".into(),
        "--disable-sync".into(),
        format!("--window-size={width},800"),
        // Without a head it would be taken for a program by whoever counts visitors.
        format!("--user-agent={PERSON}"),
        format!("--user-data-dir={}", profile.display()),
    ];
    let options = serde_json::json!({ "goog:chromeOptions": { "args": arguments } });
    let serde_json::Value::Object(options) = options else { unreachable!() };
    hotline::whatsapp::client::install_tls();
    let address = format!("http://127.0.0.1:{port}");
    eventually("chromium starts", async || {
        ClientBuilder::new(HttpConnector::new()).capabilities(options.clone()).connect(&address).await.ok()
    })
    .await
}

/// Starts the binary in sandbox mode; returns it and its one-time link.
pub fn start(database: &Database) -> (Killed, String) {
    let mut child = binary()
        .envs([("HOTLINE_LISTEN", free_address().to_string()), ("HOTLINE_DATABASE__URL", database.url.clone())])
        .env("HOTLINE_LOG__LEVEL", "error")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let link = line.split_whitespace().find(|word| word.contains("/sign-in/")).unwrap().to_owned();
    (Killed(child), link)
}

/// What an element shows. The page replaces what changes, also between finding and reading, so this tries again.
pub async fn text(client: &Client, css: &str) -> String {
    eventually(css, async || client.find(Locator::Css(css)).await.ok()?.text().await.ok()).await
}

/// A running shop, an agent who is signed in, and a customer's phone, each in a browser of its own.
pub struct Shop {
    pub agent: Client,
    pub phone: Client,
    pub base: String,
    app: Option<Killed>,
    _driver: Killed,
    _profiles: [tempfile::TempDir; 2],
}

impl Shop {
    /// `None` where no browser is installed. `width` is the agent's.
    pub async fn open(database: &Database, width: u32) -> Option<Self> {
        let port = free_address().port();
        let driver = driver(port)?;
        let (app, link) = start(database);
        let base = link.split("/sign-in/").next()?.to_owned();
        let profiles = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let agent = browser(port, profiles[0].path(), width).await;
        let phone = browser(port, profiles[1].path(), 360).await;
        agent.goto(&link).await.unwrap();
        click(&agent, "button.main").await;
        there(&agent, ".rows").await;
        phone.goto(&format!("{base}/sandbox")).await.unwrap();
        Some(Self { agent, phone, base, app: Some(app), _driver: driver, _profiles: profiles })
    }

    /// The server is no more.
    pub fn end(&mut self) {
        self.app = None;
    }
}

pub async fn there(client: &Client, css: &str) {
    eventually(css, async || client.find(Locator::Css(css)).await.ok()).await;
}

pub async fn click(client: &Client, css: &str) {
    eventually(css, async || client.find(Locator::Css(css)).await.ok()?.click().await.ok()).await;
}

/// A key with the focus on the page itself.
pub async fn press(client: &Client, key: &str) {
    write(client, "body", key).await;
}

/// The composer may be drawn anew between finding a field and writing into it.
pub async fn write(client: &Client, css: &str, keys: &str) {
    eventually(css, async || client.find(Locator::Css(css)).await.ok()?.send_keys(keys).await.ok()).await;
}

/// Control and Enter.
pub const SEND: &str = "\u{e009}\u{e007}\u{e000}";

/// What a script in the page gives. A page that is just being left answers none; the next one does.
pub async fn run(client: &Client, script: &str) -> serde_json::Value {
    eventually(script, async || client.execute(script, vec![]).await.ok()).await
}

/// Several replies by key, one after another; none takes the other's place, and no tag gets lost meanwhile.
async fn goes_on_writing(agent: &Client) {
    let focused = "return document.activeElement.id";
    eventually("after a click on Send words go on", async || (run(agent, focused).await == "reply").then_some(()))
        .await;
    // Esc ends what an input method composes, and leaves the box only then.
    let composing = "const leave = { key: 'Escape', bubbles: true, isComposing: true }; \
                     document.activeElement.dispatchEvent(new KeyboardEvent('keydown', leave)); return document.activeElement.id";
    assert_eq!(run(agent, composing).await, "reply");
    for words in ["One is picked.", "It is blue.", "It is blue."] {
        let before = text(agent, ".messages").await.matches(words).count();
        write(agent, "#reply", &format!("{words}{SEND}")).await;
        eventually(words, async || (text(agent, ".messages").await.matches(words).count() > before).then_some(()))
            .await;
        eventually("the box is empty", async || (run(agent, "return reply.value").await == "").then_some(())).await;
    }
    run(
        agent,
        "document.querySelectorAll('.panel .tags .soft').forEach((age) => { age.textContent = 'then'; }); refresh()",
    )
    .await;
    eventually("the ages are new", async || (!text(agent, ".panel .tags").await.contains("then")).then_some(())).await;
    let lost = "const count = (page) => page.querySelectorAll('.panel .tags > li').length; \
                return fetch(location.href).then((answer) => answer.text()).then((html) => count(parse(html)) - count(document))";
    eventually("the page has lost no tag", async || (run(agent, lost).await == 0).then_some(())).await;
}

/// A reply that Meta refused is tried again by its button, and stands in the thread once.
async fn tries_again(agent: &Client, base: &str) {
    // What is still to be sent would meet the fault in its place.
    let read =
        "return [...document.querySelectorAll('.messages .ours')].every((one) => one.textContent.includes('read'))";
    eventually("all before it was read", async || (run(agent, read).await == true).then_some(())).await;
    let fault = serde_json::json!({ "next_code": 131_009, "next_codes": 1 });
    let set = crate::app::http().post(format!("{base}/sandbox/graph/control/faults")).json(&fault).send().await;
    assert!(set.unwrap().status().is_success());
    // Whoever is taken care of stands no more in Hot.
    let address = agent.current_url().await.unwrap().as_str().replace("/hot/", "/all/");
    agent.goto(&address).await.unwrap();
    write(agent, "#reply", "Is it for you?").await;
    assert!(agent.find(Locator::Css(".composer .draft")).await.unwrap().is_displayed().await.unwrap(), "it is a draft");
    eventually("the list tells of the draft", async || agent.find(Locator::Css(".rows .draft")).await.ok()).await;
    write(agent, "#reply", SEND).await;
    click(agent, ".messages .failed button").await;
    eventually("it was read", async || {
        let last = "const said = [...document.querySelectorAll('.messages .ours')].filter((one) => one.textContent.includes('Is it for you')); \
                    return said.length === 1 && said[0].textContent.includes('read') && !said[0].querySelector('button')";
        (run(agent, last).await == true).then_some(())
    })
    .await;
    eventually("there is no draft any more", async || {
        (run(agent, "return document.querySelectorAll('.draft:not([hidden])').length").await == 0).then_some(())
    })
    .await;
}

/// What stands between answers in place of the server: what was written stays in its box, and goes when it is sent again.
async fn keeps_what_a_proxy_answers(agent: &Client) {
    let bad = "window.real = window.fetch; \
               window.fetch = async () => new Response('<main>502 Bad Gateway</main>', { status: 502 })";
    run(agent, bad).await;
    write(agent, "#reply", &format!("Through a proxy.{SEND}")).await;
    eventually("it is told", async || {
        text(agent, ".composer .refused").await.contains("does not answer just now").then_some(())
    })
    .await;
    assert_eq!(run(agent, "return reply.value").await, "Through a proxy.");
    run(agent, "window.fetch = window.real").await;
    click(agent, ".write button.main").await;
    eventually("it is sent", async || text(agent, ".messages").await.contains("Through a proxy.").then_some(())).await;
    assert_eq!(text(agent, ".messages").await.matches("Through a proxy.").count(), 1);
}

/// A server that never answers is given up, what was written stays in its box, and it goes once when it is sent again.
async fn waits_for_no_answer_for_ever(agent: &Client) {
    let gone = "window.real = window.fetch; window.timeout = AbortSignal.timeout; \
                AbortSignal.timeout = (time) => timeout.call(AbortSignal, Math.min(time, 500)); \
                window.fetch = (what, how) => new Promise((_, no) => how.signal.addEventListener('abort', () => no(how.signal.reason)))";
    run(agent, gone).await;
    write(agent, "#reply", &format!("Into the void.{SEND}")).await;
    eventually("it is told", async || text(agent, ".composer .refused").await.contains("No answer").then_some(()))
        .await;
    assert_eq!(run(agent, "return reply.value").await, "Into the void.");
    run(agent, "window.fetch = window.real; AbortSignal.timeout = window.timeout").await;
    click(agent, ".write button.main").await;
    eventually("it is sent", async || text(agent, ".messages").await.contains("Into the void.").then_some(())).await;
    assert_eq!(text(agent, ".messages").await.matches("Into the void.").count(), 1);
}

/// More tabs than a browser opens connections: one listens and tells the others, and another does when that one is closed or asleep.
async fn many_tabs_hear_all(agent: &Client, phone: &Client, base: &str) {
    let inbox = format!("{base}/inbox/all");
    let first = agent.window().await.unwrap();
    let mut others = Vec::new();
    for _ in 0..7 {
        let tab: WindowHandle = agent.new_window(true).await.unwrap().handle;
        agent.switch_to_window(tab.clone()).await.unwrap();
        let opened = tokio::time::timeout(std::time::Duration::from_secs(60), agent.goto(&inbox));
        opened.await.expect("a tab that opens").unwrap();
        others.push(tab);
    }
    let hears = async |words: &str| {
        say(phone, "+12125550142", "Ada", words).await;
        eventually(words, async || text(agent, ".rows").await.contains(words).then_some(())).await;
    };
    let listens = async |wanted: bool| {
        let script = "return live?.readyState === EventSource.OPEN";
        eventually("one listens", async || (run(agent, script).await == wanted).then_some(())).await;
    };
    listens(false).await;
    hears("to all of you").await;
    run(agent, "heard = 0; watch(); watch()").await;
    listens(true).await;
    hears("are you awake?").await;
    // What is silent for too long is left for a new stream.
    run(agent, "window.silentOne = live; heard = 0; watch()").await;
    let anew = "return live !== silentOne && live.readyState === EventSource.OPEN && silentOne.readyState === EventSource.CLOSED";
    eventually("it listens anew", async || (run(agent, anew).await == true).then_some(())).await;
    // The one that listens is closed.
    for tab in others.into_iter().rev() {
        agent.switch_to_window(tab).await.unwrap();
        agent.close_window().await.unwrap();
    }
    agent.switch_to_window(first).await.unwrap();
    listens(true).await;
    hears("still there?").await;
}

/// What is under way while the thread is fetched anew is no draft afterwards.
async fn keeps_nothing_that_was_sent(agent: &Client) {
    let slow = "window.real = window.fetch; window.fetch = async (...asked) => { \
                const answer = await window.real(...asked); \
                if (String(asked[0]).endsWith('/reply')) await new Promise((done) => setTimeout(done, 500)); \
                return answer; }";
    run(agent, slow).await;
    write(agent, "#reply", &format!("On its way.{SEND}")).await;
    run(agent, "refresh(current())").await;
    eventually("it is sent", async || (run(agent, "return reply.value").await == "").then_some(())).await;
    agent.refresh().await.unwrap();
    assert!(text(agent, ".messages").await.contains("On its way."));
    assert_eq!(run(agent, "return document.getElementById('reply').value").await, "");
}

/// What arrives while nobody looks at the page is unread until somebody does.
async fn reads_nothing_while_hidden(agent: &Client, phone: &Client) {
    let hide =
        "window.away = true; Object.defineProperty(document, 'hidden', { configurable: true, get: () => window.away })";
    run(agent, hide).await;
    eventually("what was asked for is here", async || (run(agent, "return refreshing").await == false).then_some(()))
        .await;
    say(phone, "+85251234567", "Wing", "are you there?").await;
    eventually("it is unread", async || (text(agent, ".rows .unread").await == "1").then_some(())).await;
    assert!(!text(agent, ".messages").await.contains("are you there?"));
    run(agent, "window.away = false; document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))").await;
    eventually("it is read", async || {
        let read = run(agent, "return document.querySelectorAll('.rows .unread').length").await == 0;
        (read && text(agent, ".messages").await.contains("are you there?")).then_some(())
    })
    .await;
}

/// While the pointer is over the list its rows stay where they are; what is newer comes when it leaves, or when it is asked for.
async fn rows_stay_under_the_pointer(agent: &Client, phone: &Client) {
    click(agent, ".views a[href='/inbox/all']").await;
    let names = "return [...document.querySelectorAll('.rows strong')].map((name) => name.textContent).join()";
    let order = async |wanted: &str| {
        eventually(wanted, async || (run(agent, names).await == wanted).then_some(())).await;
    };
    order("Wing").await;
    let point = async |to: &str| {
        let mut there = fantoccini::actions::MouseActions::new("mouse".into());
        let (x, y) = if to == "list" { (100.0, 220.0) } else { (800.0, 300.0) };
        there = fantoccini::actions::InputSource::then(
            there,
            fantoccini::actions::PointerAction::MoveTo { duration: None, x, y },
        );
        agent.perform_actions(there).await.unwrap();
    };
    point("list").await;
    say(phone, "+12125550142", "Ada", "hello there").await;
    eventually("a newer one is told of", async || (text(agent, "#newer").await == "1 newer").then_some(())).await;
    assert_eq!(run(agent, names).await, "Wing", "it waits");
    point("away").await;
    order("Ada,Wing").await;
    // By the keyboard, too: who stands on a row stays on it, and asks for the newer ones.
    run(agent, "document.querySelectorAll('.rows a')[0].focus()").await;
    say(phone, "+85251234567", "Wing", "and which colours?").await;
    eventually("a newer one is told of", async || (text(agent, "#newer").await == "1 newer").then_some(())).await;
    let focused = "return document.activeElement.querySelector('strong')?.textContent";
    assert_eq!((run(agent, names).await, run(agent, focused).await), ("Ada,Wing".into(), "Ada".into()));
    run(agent, "document.getElementById('newer').click()").await;
    order("Wing,Ada").await;
}

pub async fn say(phone: &Client, number: &str, name: &str, words: &str) {
    let (customer, said) =
        (serde_json::json!({ "number": number, "name": name }), serde_json::json!({ "text": words }));
    let script = "const [customer, said] = arguments; say(customer, said)";
    phone.execute(script, vec![customer, said]).await.unwrap();
}

/// On a phone the details lie over the conversation: Esc and × close them, and Back leads to the list and never to them.
async fn details_close(agent: &Client) {
    let shows = async |hash: &str, panel: bool| {
        let script = "return [location.hash, document.getElementById('panel')?.checkVisibility()]";
        let wanted = serde_json::json!([hash, panel]);
        eventually(&wanted.to_string(), async || (run(agent, script).await == wanted).then_some(())).await;
    };
    click(agent, ".rows a").await;
    there(agent, ".to-panel").await;
    // The page's script, too: without it nothing answers to Esc.
    let ready = "return document.readyState === 'complete' && !!document.querySelector('.to-panel')";
    eventually("the conversation is ready", async || (run(agent, ready).await == true).then_some(())).await;
    for way in ["esc", "close", "back"] {
        click(agent, ".to-panel").await;
        shows("#panel", true).await;
        match way {
            "esc" => press(agent, "\u{e00c}").await,
            "close" => click(agent, ".panel .close").await,
            _ => agent.back().await.unwrap(),
        }
        shows("", false).await;
    }
    agent.back().await.unwrap();
    there(agent, ".listing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hot_lead_appears_is_taken_by_key_and_the_answer_arrives_on_the_phone() {
    let database = Database::sqlite();
    let Some(shop) = Shop::open(&database, 1280).await else { return };
    let (agent, phone, base) = (shop.agent.clone(), shop.phone.clone(), shop.base.clone());
    there(&agent, ".rows .empty").await;
    let own = "#phone-85251234567";
    write(&phone, &format!("{own} input[name=text]"), "Budget $300 phone, I want to talk to a person").await;
    click(&phone, &format!("{own} button[aria-label=Send]")).await;
    // Without a reload: the row appears in the agent's list.
    assert!(text(&agent, ".rows a .hot").await.contains("asks for a person"));
    click(&agent, ".rows a").await;
    there(&agent, ".messages .theirs").await;
    assert!(text(&agent, ".panel .tags").await.contains("Budget-300"));
    press(&agent, "b").await;
    write(&agent, "#reply", "Hello, this is Ana. I pick one out for you.").await;
    click(&agent, ".write button.main").await;
    eventually("the customer sees Ana's answer", async || {
        text(&phone, &format!("{own} .screen")).await.contains("this is Ana").then_some(())
    })
    .await;
    eventually("the agent sees that it was read", async || {
        text(&agent, ".messages").await.contains("read").then_some(())
    })
    .await;
    goes_on_writing(&agent).await;
    tries_again(&agent, &base).await;
    keeps_what_a_proxy_answers(&agent).await;
    waits_for_no_answer_for_ever(&agent).await;
    keeps_nothing_that_was_sent(&agent).await;
    reads_nothing_while_hidden(&agent, &phone).await;
    // The open conversation is fetched although others never cease to change.
    let noise = "window.asked = []; const real = window.fetch; \
                 window.fetch = (...what) => { window.asked.push(String(what[0])); return real(...what); }; \
                 refresh(current()); setInterval(() => refresh('0'), 20);";
    run(&agent, noise).await;
    eventually("the thread is fetched", async || {
        let asked = "return window.asked.includes(location.pathname + location.search)";
        (run(&agent, asked).await == true).then_some(())
    })
    .await;
    for client in [&agent, &phone] {
        client.set_window_size(360, 740).await.unwrap();
        let wide = run(client, "return document.documentElement.scrollWidth > window.innerWidth").await;
        assert_eq!(wide, false, "scrolls sideways on a phone");
    }
    agent.set_window_size(1280, 800).await.unwrap();
    rows_stay_under_the_pointer(&agent, &phone).await;
    many_tabs_hear_all(&agent, &phone, &base).await;
    agent.set_window_size(360, 740).await.unwrap();
    details_close(&agent).await;
    // What an admin does with people and tags needs no scrolling sideways.
    for page in ["/admin", "/admin/tags?all=true"] {
        agent.goto(&format!("{base}{page}")).await.unwrap();
        let hidden = "return [...document.querySelectorAll('.cards tbody td')].filter((cell) => \
                      cell.checkVisibility() && cell.getBoundingClientRect().right > innerWidth).length";
        there(&agent, ".cards tbody td").await;
        assert_eq!(run(&agent, hidden).await, 0, "{page}");
    }
    agent.close().await.unwrap();
    phone.close().await.unwrap();
}
