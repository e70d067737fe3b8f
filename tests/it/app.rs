//! The real binary with the sandbox's Graph API in front of it, on a database of its own.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use hotline::domain::Timestamp;
use hotline::engine::{Clock, wall_clock};
use hotline::whatsapp::sandbox::{Customer, Sandbox, SandboxSettings};
use hotline::whatsapp::templates::Draft;

use crate::db::{Database, eventually};

/// Our number's id.
pub const NUMBER: &str = "880000000000001";
/// What webhooks are signed with.
pub const SECRET: &str = "app-secret-of-the-tests";

/// A sandbox that listens on a port of its own, for a bot at `webhook`.
pub async fn sandbox(webhook: SocketAddr, per_second: u32) -> (Sandbox, SocketAddr) {
    serve(sandbox_settings(webhook, per_second), wall_clock()).await
}

/// How the sandbox of a test behaves that needs nothing else.
pub fn sandbox_settings(webhook: SocketAddr, per_second: u32) -> SandboxSettings {
    SandboxSettings {
        graph_url: String::new(),
        webhook: format!("http://{webhook}/webhook/whatsapp"),
        app_secret: SECRET.into(),
        verify_token: "word".into(),
        access_token: "token".into(),
        phone_number_id: NUMBER.into(),
        rules: hotline::whatsapp::graph::Rules::unlimited(per_second),
        status_delays: [Duration::from_millis(20), Duration::from_millis(20), Duration::from_millis(20)],
        review_after: Duration::from_millis(200),
        // A status that meets a dead process is soon told to the next one.
        retries: [100, 400].into_iter().chain([1_000; 170]).map(Duration::from_millis).collect(),
        free_service_messages: hotline::whatsapp::sandbox::free_service_messages(),
        window_error_at_once: false,
    }
}

/// A sandbox of these settings, at a port of its own.
pub async fn serve(settings: SandboxSettings, clock: Clock) -> (Sandbox, SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sandbox = Sandbox::new(SandboxSettings { graph_url: format!("http://{address}"), ..settings }, clock);
    tokio::spawn(axum::serve(listener, sandbox.graph_router()).into_future());
    (sandbox, address)
}

/// The shipped keywords with short quiet hours, twelve hours from now: what is tried here is not the time of day.
pub fn wide_awake() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    crate::recompute::copy_keywords(folder.path());
    let path = folder.path().join("outreach.toml");
    let night = chrono::Utc::now() + chrono::TimeDelta::hours(12);
    let quiet = format!("quiet = \"{}-{}\"", night.format("%H:00"), night.format("%H:15"));
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().map(|line| if line.starts_with("quiet = ") { &quiet } else { line }).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
    folder
}

/// A template of service as Meta may have it.
pub fn template(name: &str, language: &str, body: &str) -> Draft {
    let examples = vec!["Ada".into(); body.matches("{{").count()];
    Draft { name: name.into(), language: language.into(), category: "UTILITY", body: body.into(), examples }
}

/// The command `hotline`, to be told what to do.
pub fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_hotline"))
}

/// The same of a database.
pub fn binary_on(database: &Database) -> Command {
    let mut command = binary();
    command.env("HOTLINE_DATABASE__URL", &database.url);
    command
}

/// The binary as a number's server, to be started.
pub fn serving(address: SocketAddr, graph: SocketAddr, database: &Database) -> Command {
    let mut command = binary_on(database);
    command.arg("serve").envs([
        ("HOTLINE_LISTEN", address.to_string()),
        ("HOTLINE_WHATSAPP__APP_SECRET", SECRET.into()),
        ("HOTLINE_WHATSAPP__VERIFY_TOKEN", "word".into()),
        ("HOTLINE_WHATSAPP__ACCESS_TOKEN", "token".into()),
        ("HOTLINE_WHATSAPP__PHONE_NUMBER_ID", NUMBER.into()),
        ("HOTLINE_WHATSAPP__GRAPH_URL", format!("http://{graph}")),
    ]);
    command
}

/// The running binary; killed when dropped.
pub struct App {
    child: Child,
}

impl App {
    /// Starts it and waits until it takes webhooks.
    pub async fn start(address: SocketAddr, graph: SocketAddr, database: &Database, more: &[(&str, &str)]) -> Self {
        let child = serving(address, graph, database)
            .envs([("HOTLINE_WHATSAPP__MESSAGES_PER_SECOND", "1000"), ("HOTLINE_LOG__LEVEL", "error")])
            .envs(more.iter().copied())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let app = Self { child };
        let (http, ready) = (http(), format!("http://{address}/readyz"));
        eventually("the binary is ready", async || {
            http.get(&ready).send().await.ok().filter(|response| response.status() == 200)
        })
        .await;
        app
    }

    /// SIGKILL: no time to tidy up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.pid() as i32);
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// SIGTERM, and waits for the end.
    pub async fn terminate(mut self) -> std::process::ExitStatus {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.ended().await
    }

    /// Waits for the end.
    pub async fn ended(&mut self) -> std::process::ExitStatus {
        eventually("the binary has stopped", async || self.child.try_wait().unwrap()).await
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A number's server with the sandbox's Graph API in front of it. Until the test verifies its webhook, the sandbox tells it nothing.
pub struct Running {
    pub app: App,
    pub sandbox: Sandbox,
    pub address: SocketAddr,
}

impl Running {
    /// Starts both, at ports of their own; `more` are settings.
    pub async fn start(database: &Database, more: &[(&str, &str)]) -> Self {
        let address = free_address();
        let (sandbox, graph) = sandbox(address, 80).await;
        let app = App::start(address, graph, database, more).await;
        Self { app, sandbox, address }
    }
}

/// A free port of the loopback, below those that the system gives to callers: nobody takes it before the server does. Another run on
/// this machine begins elsewhere.
pub fn free_address() -> SocketAddr {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(20_000 + (std::process::id() % 10_000) as u16));
    loop {
        let address = SocketAddr::from(([127, 0, 0, 1], NEXT.fetch_add(1, Ordering::Relaxed)));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// The `n`th customer, of Hong Kong.
pub fn customer(n: u64) -> Customer {
    Customer { number: format!("+{}", 85_260_000_000 + n), name: format!("Customer {n}"), ..Customer::default() }
}

/// A signed webhook with text messages: customer, id, words.
pub fn text_webhook(messages: &[(u64, String, &str)]) -> (String, Vec<u8>) {
    let now = Timestamp::from(chrono::Utc::now()).0 / 1000;
    let messages: Vec<_> = messages
        .iter()
        .map(|(customer, id, text)| {
            let from = (85_260_000_000 + customer).to_string();
            serde_json::json!({ "from": from, "id": id, "timestamp": now.to_string(), "type": "text", "text": { "body": text } })
        })
        .collect();
    let body = serde_json::json!({ "object": "whatsapp_business_account", "entry": [{ "id": "990000000000001", "changes": [{
        "field": "messages",
        "value": { "messaging_product": "whatsapp", "metadata": { "phone_number_id": NUMBER }, "messages": messages },
    }]}]})
    .to_string()
    .into_bytes();
    (hotline::whatsapp::signature::sign(&SECRET.into(), &body), body)
}

/// Posts a webhook; `None` if there was no answer.
pub async fn post(http: &reqwest::Client, address: SocketAddr, signed: &(String, Vec<u8>)) -> Option<u16> {
    let request = http.post(format!("http://{address}/webhook/whatsapp")).header("x-hub-signature-256", &signed.0);
    let answer = request.body(signed.1.clone()).timeout(Duration::from_secs(5)).send().await.ok()?;
    Some(answer.status().as_u16())
}

/// A client for the tests' own calls.
pub fn http() -> reqwest::Client {
    client().build().unwrap()
}

/// The same, to be told more. Nothing here has a certificate: those of the system, which take long to read, are left alone.
pub fn client() -> reqwest::ClientBuilder {
    hotline::whatsapp::client::install_tls();
    reqwest::Client::builder().tls_certs_only([])
}
