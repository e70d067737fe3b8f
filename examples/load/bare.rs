//! The least that a webhook receiver can do and still keep its word: check the signature, commit the message in a group
//! commit, answer 200, post a fixed reply. What the product is measured beside.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use secrecy::SecretString;
use sqlx::{Connection, Executor};
use tokio::sync::{mpsc, oneshot};

use crate::wire::{APP_SECRET, field};

type Job = (String, String, oneshot::Sender<bool>);

#[derive(Clone)]
struct Bare {
    jobs: mpsc::Sender<Job>,
    client: reqwest::Client,
    graph: String,
    secrets: std::sync::Arc<Vec<SecretString>>,
}

/// Serves on that address until killed.
pub async fn serve(listen: String, database: String, graph: String) -> Result<(), Box<dyn std::error::Error>> {
    let (jobs, waiting) = mpsc::channel(16_384);
    if database.starts_with("postgres") {
        tokio::spawn(write_postgres(database, waiting));
    } else {
        tokio::spawn(write_sqlite(database, waiting));
    }
    let client = reqwest::Client::builder().pool_max_idle_per_host(1024).build()?;
    let secrets = std::sync::Arc::new(vec![SecretString::from(APP_SECRET)]);
    let state = Bare { jobs, client, graph, secrets };
    let router = Router::new().route("/webhook/whatsapp", post(deliver)).with_state(state);
    axum::serve(tokio::net::TcpListener::bind(listen).await?, router).await?;
    Ok(())
}

async fn deliver(State(bare): State<Bare>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signed = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    if !hotline::whatsapp::signature::verify(&bare.secrets, &body, signed) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(text) = String::from_utf8(body.to_vec()) else { return StatusCode::OK };
    if text.contains("\"statuses\":[") {
        return store(&bare, text).await;
    }
    let from = field(&text, "from").unwrap_or_default().to_owned();
    let status = store(&bare, text).await;
    if status == StatusCode::OK {
        let reply = format!(
            r#"{{"messaging_product":"whatsapp","to":"+{from}","type":"text","text":{{"body":"Thanks, we will be with you shortly."}}}}"#
        );
        let url = format!("{}/v26.0/880000000000001/messages", bare.graph);
        let request = bare.client.post(url).bearer_auth("token").header("content-type", "application/json").body(reply);
        tokio::spawn(async move { request.send().await?.bytes().await });
    }
    status
}

async fn store(bare: &Bare, text: String) -> StatusCode {
    let id = field(&text, "id").unwrap_or_default().to_owned();
    let id = format!("{id}{}", field(&text, "timestamp").unwrap_or_default());
    let (done, committed) = oneshot::channel();
    if bare.jobs.send((id, text, done)).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    match committed.await {
        Ok(true) => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn take(waiting: &mut mpsc::Receiver<Job>) -> Option<Vec<Job>> {
    let mut jobs = Vec::new();
    (waiting.recv_many(&mut jobs, 1024).await > 0).then_some(jobs)
}

fn rows(jobs: &[Job]) -> String {
    let rows: Vec<[&str; 2]> = jobs.iter().map(|(id, body, _)| [id.as_str(), body.as_str()]).collect();
    serde_json::to_string(&rows).unwrap_or_default()
}

fn tell(jobs: Vec<Job>, stored: bool) {
    for (_, _, done) in jobs {
        let _gone = done.send(stored);
    }
}

async fn write_sqlite(url: String, mut waiting: mpsc::Receiver<Job>) {
    let options: sqlx::sqlite::SqliteConnectOptions = url.parse().expect("a database address");
    let options = options
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.expect("a database");
    let table = "create table if not exists inbox (id text primary key, body text not null)";
    connection.execute(table).await.expect("a table");
    while let Some(jobs) = take(&mut waiting).await {
        let insert =
            "insert into inbox select value->>0, value->>1 from json_each($1) where true on conflict do nothing";
        let stored = sqlx::query(insert).bind(rows(&jobs)).execute(&mut connection).await.is_ok();
        tell(jobs, stored);
    }
}

async fn write_postgres(url: String, mut waiting: mpsc::Receiver<Job>) {
    let mut connection = sqlx::PgConnection::connect(&url).await.expect("a database");
    let table = "create table if not exists bare_inbox (id text primary key, body text not null)";
    connection.execute(table).await.expect("a table");
    while let Some(jobs) = take(&mut waiting).await {
        let insert = "insert into bare_inbox select value->>0, value->>1 from json_array_elements($1::json) \
                      on conflict do nothing";
        let stored = sqlx::query(insert).bind(rows(&jobs)).execute(&mut connection).await.is_ok();
        tell(jobs, stored);
    }
}
