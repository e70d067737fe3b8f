//! A start: what customers write is taken from the first moment on, while dictionaries are still being compiled.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hotline::config::Settings;
use hotline::engine::knowledge::{Folders, Shelf};
use hotline::engine::{Engine, Parts, wall_clock};
use hotline::store::Store;
use hotline::web;
use hotline::whatsapp::client::{Client, install_tls};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio_util::sync::CancellationToken;

use crate::app::{NUMBER, SECRET, free_address, http, post, text_webhook};
use crate::db::{Database, eventually};
use crate::law::rows;
use crate::recompute::copy_keywords;

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_taken_while_dictionaries_are_compiled_and_pages_wait_for_them() {
    install_tls();
    for database in Database::each().await {
        let mut settings = Settings::defaults();
        settings.whatsapp.app_secret = vec![SECRET.into()];
        let settings = Arc::new(settings);
        let (shelf, loading) = Shelf::begin(Folders::default(), settings.clone()).unwrap_or_else(|p| panic!("{p:?}"));
        let engine = Engine::new(Parts {
            store: Store::open(&database.url).await.unwrap(),
            shelf,
            client: Client::new(&settings.whatsapp, &"token".into()).unwrap(),
            channels: vec![NUMBER.into()],
            clock: wall_clock(),
            geoip: None,
            settings,
        });
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let router = web::router(engine.clone(), metrics, false).unwrap();
        let address = free_address();
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());

        let said = text_webhook(&[(1, "wamid.early".into(), "have you got headphones under 500?")]);
        assert_eq!(post(&http(), address, &said).await, Some(200), "taken before anything can read it");
        let page = tokio::spawn(http().get(format!("http://{address}/sign-in")).send());
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!page.is_finished(), "a page waits");
        assert_eq!(rows(&database, "select kind from journal where kind = 'message'").await.len(), 1, "it is kept");

        tokio::task::spawn_blocking(|| loading.finish())
            .await
            .unwrap()
            .unwrap_or_else(|problems| panic!("{problems:?}"));
        assert!(page.await.unwrap().unwrap().status().is_success());
        engine.start();
        let folded = "select cast(id as text) from contacts where state is not null";
        eventually("it is read", async || (!rows(&database, folded).await.is_empty()).then_some(())).await;
        assert!(engine.stop(Duration::from_secs(10)).await);
    }
}

/// Just then somebody puts back a file of the same size that they saved long ago.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_between_its_reading_and_the_first_look_at_it_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    copy_keywords(folder.path());
    let folders = Folders { keywords: Some(folder.path().to_owned()), templates: None };
    let shelf = Shelf::open(folders, Arc::new(Settings::defaults())).unwrap_or_else(|problems| panic!("{problems:?}"));
    let path = folder.path().join("shop.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("Harbour Goods", "Harbour Foods");
    std::fs::write(&path, text).unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(86_400);
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    let (watched, stop) = (shelf.clone(), CancellationToken::new());
    let ends = stop.clone();
    let watching = tokio::spawn(async move { watched.watch(ends).await });
    eventually("the other name is in force", async || (shelf.knowledge().shop.name == "Harbour Foods").then_some(()))
        .await;
    stop.cancel();
    watching.await.unwrap();
}

/// Who tries Hotline out comes back the next morning.
#[tokio::test(flavor = "multi_thread")]
async fn the_phones_of_the_sandbox_remember_what_was_written_before_a_start() {
    let (database, http) = (Database::sqlite(), http());
    let (app, link) = crate::browser::start(&database);
    let base = |link: &str| link.split("/sign-in/").next().unwrap().to_owned();
    let said =
        r#"{"customer":{"number":"+85251234567","name":"Wing"},"said":{"text":"Have you got phones under 300?"}}"#;
    let request =
        http.post(format!("{}/sandbox/say", base(&link))).header("content-type", "application/json").body(said);
    assert!(request.send().await.unwrap().status().is_success());
    // What is misspelt is told, not passed over.
    for (wrong, told) in
        [("\"sayd\": {\"text\": \"hi\"}", "unknown field `sayd`"), ("\"said\": null", "Nothing is said")]
    {
        let body = format!("{{\"customer\": {{\"number\": \"+85251234567\", \"name\": \"Wing\"}}, {wrong}}}");
        let request = http.post(format!("{}/sandbox/say", base(&link))).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        assert!(answer.status() == 422 && answer.text().await.unwrap().contains(told), "{wrong}");
    }
    let screen = async |link: &str| {
        let answer = http.get(format!("{}/sandbox/phone/85251234567", base(link))).send().await.unwrap();
        answer.text().await.unwrap()
    };
    eventually("the bot's answer was delivered", async || {
        let left = "select state from outbox where state in ('delivered', 'read')";
        (!rows(&database, left).await.is_empty()).then_some(())
    })
    .await;
    drop(app);

    let (_app, link) = crate::browser::start(&database);
    let shown = screen(&link).await;
    assert!(shown.contains("Have you got phones under 300?") && shown.contains("\"body\":"), "{shown}");
    let address = base(&link).trim_start_matches("http://").parse().unwrap();
    let eva = crate::desk::Person::sign_in(&database, address, "eva", "agent").await;
    let contact = rows(&database, "select cast(id as text) from contacts").await[0][0].clone();
    assert_eq!(eva.post(&format!("/contact/{contact}/take"), &[]).await.0, 303);
    eventually("she can answer", async || {
        let written = [("text", "Yes, two of them"), ("key", "k")];
        (eva.post(&format!("/contact/{contact}/reply"), &written).await.0 == 303).then_some(())
    })
    .await;
    eventually("it arrives", async || screen(&link).await.contains("Yes, two of them").then_some(())).await;
}
