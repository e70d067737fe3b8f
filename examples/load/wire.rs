//! HTTP/1.1 by hand, as cheap as it gets: the load generator shares the machine with what it measures.

use std::io;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The app secret that load is signed with.
pub const APP_SECRET: &str = "load-test-app-secret";

/// Signs a body as Meta does.
pub fn signature(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// A whole signed webhook request.
pub fn webhook_request(body: &str) -> Vec<u8> {
    let signature = signature(body.as_bytes());
    format!(
        "POST /webhook/whatsapp HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         X-Hub-Signature-256: sha256={signature}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A keep-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: std::net::SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Takes over a connection that somebody opened to us.
    pub fn accepted(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and returns the answer's status.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        let head = self.message().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = std::str::from_utf8(&head.0).ok().and_then(|head| head.get(9..12)?.parse().ok());
        status.ok_or_else(|| io::Error::other("no status line"))
    }

    /// Reads the next message: head and body; `None` when the other side closed.
    pub async fn message(&mut self) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let length = content_length(&self.buffer[..end]);
                let total = end + 4 + length;
                if self.buffer.len() >= total {
                    let head = self.buffer[..end].to_vec();
                    let body = self.buffer[end + 4..total].to_vec();
                    self.buffer.drain(..total);
                    return Ok(Some((head, body)));
                }
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Answers 200 with a JSON body.
    pub async fn answer(&mut self, body: &str) -> io::Result<()> {
        let text = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(text.as_bytes()).await
    }
}

/// Where a needle starts.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The text behind a JSON key, without unescaping: enough for ids and numbers.
pub fn field<'a>(body: &'a str, key: &str) -> Option<&'a str> {
    let start = body.find(&format!("\"{key}\":\""))? + key.len() + 4;
    let rest = &body[start..];
    Some(&rest[..rest.find('"')?])
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head);
    let line = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    line.unwrap_or(0)
}

/// The id of one of our phone numbers.
pub fn number(index: u64) -> u64 {
    880_000_000_000_001 + index
}
