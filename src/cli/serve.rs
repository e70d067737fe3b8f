//! `hotline serve`: everything. Without credentials, in sandbox mode.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use super::doctor::NO_VERIFY_TOKEN;
use super::{Ended, Stop, connections, run_serving};
use crate::config::{Auth, DEFAULTS, LogFormat, Settings};
use crate::domain::{EventBody, Timestamp};
use crate::engine::intake::geoip::Geoip;
use crate::engine::knowledge::{DEMO_SHOP, Folders, Shelf};
use crate::engine::processing::summary::Row;
use crate::engine::{Engine, Parts, templates, wall_clock};
use crate::store::{Role, Store, StoreError, View, place_of};
use crate::web::{self, access};
use crate::whatsapp::client::Client;
use crate::whatsapp::graph::Rules;
use crate::whatsapp::sandbox::{Sandbox, SandboxSettings, free_service_messages, phone_router, retries};

/// How long what is in hand may take to finish after the signal to stop, open connections with it.
const PATIENCE: Duration = Duration::from_secs(20);
/// The number that the sandbox sends for.
const SANDBOX_NUMBER: &str = "880000000000001";
/// So many phones of the sandbox show what was written before a start, those first that wrote last.
const PHONES: i64 = 200;
/// So much of it each.
const SHOWN: i64 = 100;

const EXAMPLES: &str = "Examples:\n  hotline serve\n  HOTLINE_LISTEN=0.0.0.0:8080 HOTLINE_DATABASE__URL=postgres://… hotline serve\n\n\
                        `hotline serve --defaults` prints every setting with its meaning and default.";

/// Runs everything: webhook, answers, console. Without credentials for Meta it starts in sandbox mode.
#[derive(clap::Args, Default)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\nSettings, as --defaults prints them:\n\n{DEFAULTS}")
)]
pub struct Arguments {
    /// Print every setting with its meaning and default, and end.
    #[arg(long)]
    defaults: bool,
}

/// What comes from a thread that loads it.
type Loaded<T> = oneshot::Receiver<Result<T, Stop>>;

pub fn run(arguments: Arguments, settings: Settings) -> Result<Ended, Stop> {
    if arguments.defaults {
        print!("{DEFAULTS}");
        return Ok(Ended::Done);
    }
    settings.check_sandbox().map_err(|error| Stop::new("cannot start", error))?;
    start_log(&settings);
    connections::raise_limit();
    run_serving(serve(settings))
}

fn start_log(settings: &Settings) {
    let filter = EnvFilter::try_new(&settings.log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let to_people = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(to_people);
    // A line that nobody can read any more is lost, and nothing else: told of on the same stream, it would be a panic of whoever wrote it.
    let log = log.log_internal_errors(false);
    match settings.log.format {
        LogFormat::Text => log.with_target(false).init(),
        LogFormat::Json => log.json().init(),
    }
}

/// Tells what a shop with a number of its own has yet to set.
fn warn_of_settings(settings: &Settings) {
    if Folders::of(settings).have_demo_shop() {
        tracing::warn!("the shop is {DEMO_SHOP}");
    }
    if settings.whatsapp.auth == Auth::Bearer && settings.whatsapp.verify_token.is_none() {
        tracing::warn!("{NO_VERIFY_TOKEN}");
    }
}

async fn serve(mut settings: Settings) -> Result<Ended, Stop> {
    connections::outlive_full_files();
    let metrics = start_metrics()?;
    let sandbox_mode = settings.sandbox_mode();
    let listener = listen(&settings).await?;
    let address = listener.local_addr().map_err(|error| Stop::new("cannot listen", error))?;
    // With port 0 the system chose one; links must name it.
    settings.listen = address;
    let sandbox = sandbox_mode.then(|| enter_sandbox(&mut settings));
    let settings = Arc::new(settings);
    // Both take their time, and neither needs the other.
    let (shelf, dictionaries) = load_shelf(&settings);
    let store = open_store(&settings).await;
    let unloaded = |error| Stop::new("the dictionaries cannot be loaded", error);
    let shelf = shelf.await.map_err(unloaded)??;
    if let Some(sandbox) = &sandbox {
        // The shop that tries Hotline out has had its templates approved.
        templates::drafts(&shelf.knowledge()).iter().for_each(|draft| sandbox.add_template(draft));
    }
    if !sandbox_mode {
        warn_of_settings(&settings);
    }
    if let Some(unspoken) = shelf.knowledge().unspoken() {
        tracing::warn!("{unspoken}");
    }
    let engine = new_engine(&settings, shelf, store?)?;
    let silent = |error: StoreError| Stop::new("the database does not answer", error);
    engine.make_numbers_known().await.map_err(silent)?;
    if let Some(sandbox) = &sandbox {
        recall(sandbox, engine.store()).await.map_err(silent)?;
    }
    let mut router = web::router(engine.clone(), metrics, sandbox_mode)
        .map_err(|error| Stop::new("the console's pages cannot be read", error))?;
    if let Some(sandbox) = &sandbox {
        let graph = Router::new().nest("/sandbox/graph", sandbox.graph_router());
        router = router.merge(graph).merge(phone_router(sandbox.clone(), engine.stopping(), true));
    }
    let welcome = welcome(&engine, sandbox_mode).await?;
    let stopping = engine.stopping();
    tokio::spawn(on_signal(engine.clone()));
    let server = tokio::spawn(connections::serve(listener, router, stopping.clone(), connections::PATIENCE));
    // What customers write is kept from here on, and answered when there is something to read it with.
    dictionaries.await.map_err(unloaded)??;
    engine.start();
    if let Some(sandbox) = sandbox {
        sandbox.verify().await.map_err(|error| Stop::new("the sandbox cannot reach its own webhook", error))?;
    }
    // Whoever started it may have closed their end: it serves all the same.
    let _unread = writeln!(std::io::stdout(), "{welcome}");
    stopping.cancelled().await;
    let since = Instant::now();
    // Open connections may end by themselves for a while; then the process ends.
    let answered = server.await.unwrap_or_default();
    let clean = engine.stop(PATIENCE.saturating_sub(since.elapsed())).await && answered;
    if !clean {
        tracing::warn!("some work did not end in time; it goes on after the next start");
    }
    Ok(Ended::Done)
}

fn start_metrics() -> Result<PrometheusHandle, Stop> {
    let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
    let builder = PrometheusBuilder::new().set_buckets(&buckets).map_err(|error| Stop::new("cannot count", error))?;
    builder.install_recorder().map_err(|error| Stop::new("cannot count", error))
}

async fn listen(settings: &Settings) -> Result<TcpListener, Stop> {
    let address = settings.listen;
    TcpListener::bind(address).await.map_err(|error| {
        Stop(format!(
            "cannot listen on {address}: {error}. Another program may use it; set HOTLINE_LISTEN to another one"
        ))
    })
}

/// The settings of a shop that has no number yet: our own Graph API behind the same address, with secrets of this run.
fn enter_sandbox(settings: &mut Settings) -> Sandbox {
    let secret = || SecretString::from(hex::encode(rand::random::<[u8; 16]>()));
    let base = format!("http://{}", loopback(settings.listen));
    let (app_secret, verify_token, access_token) = (secret(), secret(), secret());
    let sandbox = SandboxSettings {
        graph_url: format!("{base}/sandbox/graph"),
        webhook: format!("{base}/webhook/whatsapp"),
        app_secret: app_secret.clone(),
        verify_token: verify_token.clone(),
        access_token: access_token.clone(),
        phone_number_id: SANDBOX_NUMBER.into(),
        rules: Rules::unlimited(settings.whatsapp.messages_per_second),
        status_delays: [Duration::from_millis(150), Duration::from_millis(350), Duration::from_millis(1500)],
        review_after: Duration::from_secs(5),
        // Who tries Hotline out does not wait as long as Meta lets wait.
        retries: retries(0.1),
        free_service_messages: free_service_messages(),
        window_error_at_once: false,
    };
    settings.whatsapp.app_secret = vec![app_secret];
    settings.whatsapp.verify_token = Some(verify_token);
    settings.whatsapp.access_token = Some(access_token);
    settings.whatsapp.phone_number_id = vec![SANDBOX_NUMBER.into()];
    settings.whatsapp.business_account_id = Some(crate::whatsapp::sandbox::ACCOUNT.into());
    settings.whatsapp.graph_url.clone_from(&sandbox.graph_url);
    Sandbox::new(sandbox, wall_clock())
}

/// The phones show again what was written before this start, and who wrote of late can be answered as by Meta, who forgets nothing.
async fn recall(sandbox: &Sandbox, store: &Store) -> Result<(), StoreError> {
    for row in store.inbox(View::All, ("sandbox", Timestamp::default()), PHONES).await? {
        let summary: Row = serde_json::from_str(&row.summary).unwrap_or_default();
        let Some(number) = summary.wa_id else { continue };
        let theirs = store.thread(row.contact, SHOWN).await?.into_iter().filter_map(|event| match event.body {
            EventBody::Message(message) => Some((event.at, true, message.words().to_owned())),
            EventBody::Location(_) => Some((event.at, true, "📍".to_owned())),
            _ => None,
        });
        let left = ["accepted", "sent", "delivered", "read"];
        let sent = store.sent(row.contact, SHOWN).await?.into_iter().filter(|row| left.contains(&row.state.as_str()));
        let mut talk: Vec<_> =
            theirs.chain(sent.map(|row| (row.message.at, false, row.message.content.text()))).collect();
        talk.sort_by_key(|(at, ..)| *at);
        sandbox.recall(&number, &talk);
    }
    Ok(())
}

/// Where this process reaches itself.
pub(super) fn loopback(listen: std::net::SocketAddr) -> std::net::SocketAddr {
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// Loads dictionaries, rules and templates on a thread beside this one: first all but the dictionaries, then these.
fn load_shelf(settings: &Arc<Settings>) -> (Loaded<Arc<Shelf>>, Loaded<()>) {
    let ((opened, shelf), (loaded, dictionaries)) = (oneshot::channel(), oneshot::channel());
    let settings = settings.clone();
    let load = move || match Shelf::begin(Folders::of(&settings), settings) {
        // Nobody wants either any more where the program ends already.
        Ok((shelf, loading)) => {
            let _ended = opened.send(Ok(shelf));
            let _ended = loaded.send(loading.finish().map_err(|problems| Stop::mistakes(&problems)));
        }
        Err(problems) => {
            let _ended = opened.send(Err(Stop::mistakes(&problems)));
        }
    };
    tokio::task::spawn_blocking(|| hotline_allocator::sparing(load));
    (shelf, dictionaries)
}

async fn open_store(settings: &Settings) -> Result<Store, Stop> {
    let url = &settings.database.url;
    Store::open(url).await.map_err(|error| Stop::caused(&format!("cannot open {}", place_of(url)), &error))
}

fn new_engine(settings: &Arc<Settings>, shelf: Arc<Shelf>, store: Store) -> Result<Engine, Stop> {
    let geoip = settings.geoip.database.as_deref().map(Geoip::open).transpose();
    let geoip = geoip.map_err(|error| Stop::caused("cannot start", &error))?;
    let token = settings.whatsapp.access_token.clone().unwrap_or_else(|| SecretString::from(""));
    let client = Client::new(&settings.whatsapp, &token).map_err(Stop)?;
    Ok(Engine::new(Parts {
        settings: settings.clone(),
        store,
        shelf,
        client,
        channels: settings.whatsapp.phone_number_id.clone(),
        clock: wall_clock(),
        geoip,
    }))
}

/// The one line that a newcomer needs: where the console is, with a link that signs in once.
async fn welcome(engine: &Engine, sandbox_mode: bool) -> Result<String, Stop> {
    let failed = |error: StoreError| Stop::new("the database does not answer", error);
    let (store, url) = (engine.store(), engine.settings().public_url());
    if !sandbox_mode {
        return Ok(format!("Hotline is ready: {url} (sign-in links: hotline user link NAME)"));
    }
    let now: Timestamp = engine.now();
    for (login, name, role) in [("ana", "Ana", Role::Admin), ("ben", "Ben", Role::Agent)] {
        store.add_user(login, name, role, now).await.map_err(failed)?;
    }
    let link = access::new_link(store, "ana", &url, now).await.map_err(failed)?;
    Ok(format!("Hotline is ready. Console, signs in once: {}   Phones: {url}/sandbox", link.unwrap_or(url.clone())))
}

/// The first signal stops gently, the second at once.
async fn on_signal(engine: Engine) {
    connections::signal().await;
    engine.stopping().cancel();
    tracing::info!("stopping: finishing what is in hand");
    tokio::select! {
        () = connections::signal() => {}
        () = tokio::time::sleep(PATIENCE * 2) => {}
    }
    std::process::exit(1);
}
