//! A program that is told by webhooks what happens: it listens for real, takes what comes, and fails on demand.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::Value;

use crate::db::eventually;

/// A call that came.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: String,
    pub headers: HeaderMap,
    pub raw: String,
    pub body: Value,
    answered: u16,
}

impl Call {
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }
}

#[derive(Default)]
struct Told {
    calls: Vec<Call>,
    /// How a call is answered, by what stands in its body; the first that fits, as often as that.
    faults: Vec<(String, u16, usize)>,
}

/// A program that is told.
#[derive(Clone)]
pub struct Receiver {
    told: Arc<Mutex<Told>>,
    pub address: SocketAddr,
}

impl Receiver {
    pub async fn listen() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self { told: Arc::default(), address: listener.local_addr().unwrap() };
        let router = Router::new().fallback(post(Self::take)).with_state(receiver.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        receiver
    }

    async fn take(State(receiver): State<Self>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
        let raw = String::from_utf8(body.to_vec()).unwrap();
        let mut told = receiver.told.lock().unwrap();
        let fault = told.faults.iter_mut().find(|(words, _, times)| *times > 0 && raw.contains(words.as_str()));
        let answered = fault.map_or(200, |(_, status, times)| {
            *times -= 1;
            *status
        });
        let id = headers["webhook-id"].to_str().unwrap().to_owned();
        let body = serde_json::from_str(&raw).unwrap();
        told.calls.push(Call { id, headers, raw, body, answered });
        (StatusCode::from_u16(answered).unwrap(), [("location", "/elsewhere")], "x".repeat(100_000))
    }

    pub fn url(&self) -> String {
        format!("http://{}/hotline?from=shop", self.address)
    }

    /// From now on so many calls with these words are answered so.
    pub fn fail(&self, words: &str, status: u16, times: usize) {
        self.told.lock().unwrap().faults.push((words.into(), status, times));
    }

    pub fn recovers(&self) {
        self.told.lock().unwrap().faults.clear();
    }

    pub fn calls(&self) -> Vec<Call> {
        self.told.lock().unwrap().calls.clone()
    }

    /// What was taken, in order.
    pub fn taken(&self) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.answered == 200).collect()
    }

    /// Waits until that many of a kind were taken.
    pub async fn has(&self, kind: &str, count: usize) -> Vec<Call> {
        eventually(&format!("{count} {kind} were told"), async || {
            let taken: Vec<Call> = self.taken().into_iter().filter(|call| call.kind() == kind).collect();
            (taken.len() >= count).then_some(taken)
        })
        .await
    }
}
