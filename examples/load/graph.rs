//! A Graph API that accepts everything at once, notes when, and plays the three statuses back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;

use crate::wire::{Connection, field};

/// A message that arrived at the customer.
pub struct Arrived {
    /// Digits of the customer.
    pub to: u64,
    /// Provider's id.
    pub wamid: String,
    /// Our caller's own id of it, which statuses carry back.
    pub callback: String,
    /// When.
    pub at: Instant,
}

/// Listens on a free port of the loopback and tells of each message.
pub async fn listen(arrived: UnboundedSender<Arrived>) -> std::io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let count = Arc::new(AtomicU64::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (arrived, count) = (arrived.clone(), count.clone());
            tokio::spawn(async move {
                let Ok(mut connection) = Connection::accepted(stream) else { return };
                while let Ok(Some((_, body))) = connection.message().await {
                    let answer = accept(&String::from_utf8_lossy(&body), &arrived, &count);
                    if connection.answer(&answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(port)
}

fn accept(body: &str, arrived: &UnboundedSender<Arrived>, count: &AtomicU64) -> String {
    let Some(to) = field(body, "to") else { return r#"{"success":true}"#.into() };
    let wamid = format!("wamid.LOAD{}", count.fetch_add(1, Ordering::Relaxed));
    let answer = format!(
        r#"{{"messaging_product":"whatsapp","contacts":[{{"input":"{to}","wa_id":"{}"}}],"messages":[{{"id":"{wamid}"}}]}}"#,
        to.trim_start_matches('+')
    );
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    let callback = field(body, "biz_opaque_callback_data").unwrap_or_default().to_owned();
    // The receiver is gone only when the run is over.
    let _over = arrived.send(Arrived { to: digits.parse().unwrap_or(0), wamid, callback, at: Instant::now() });
    answer
}
