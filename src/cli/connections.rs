//! Connections of the commands that serve: who is slow, silent or gone holds none for ever, and a stop waits for none for ever.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// How long others may take.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// For a request's head, also on a connection that was kept open after another one.
    pub head: Duration,
    /// Between two pieces of a body. A body as a whole may take long: Meta's of 3 MB also comes over a slow line.
    pub body: Duration,
    /// For what is open when the command is told to stop.
    pub last: Duration,
}

/// Proxies keep idle connections for 60 to 90 s: one of theirs must not be closed just when they send the next request.
pub(super) const PATIENCE: Patience =
    Patience { head: Duration::from_secs(100), body: Duration::from_secs(30), last: Duration::from_secs(8) };
/// So many files may be open, and connections with them, where the system lets us: services often start with 1,024.
const FILES: u64 = 65_536;

/// Takes connections until `stop`; those that are open then may finish their request. Handlers find the caller's address
/// in [`ConnectInfo`]. Returns whether all had ended.
pub(super) async fn serve(
    mut listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    patience: Patience,
) -> bool {
    let router = TowerToHyperService::new(router.layer(RequestBodyTimeoutLayer::new(patience.body)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head);
    let open = GracefulShutdown::new();
    loop {
        let (stream, caller) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = stop.cancelled() => break,
        };
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(caller));
            router.call(request)
        });
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
        // Who breaks off or is too slow is no fault of ours.
        tokio::spawn(async { connection.await.ok() });
    }
    drop(listener);
    tokio::time::timeout(patience.last, open.shutdown()).await.is_ok()
}

/// Raises the limit of open files as far as the system lets us without asking.
pub(super) fn raise_limit() {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let wanted = hard.min(FILES);
    if soft < wanted
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)
    {
        tracing::warn!(%error, "the limit of open files stays at {soft}");
    }
}

/// Lives on where the system lets no file grow further (`ulimit -f`): as on a full disk, what cannot be written is refused until it can.
pub(super) fn outlive_full_files() {
    let kind = tokio::signal::unix::SignalKind::from_raw(nix::libc::SIGXFSZ);
    // Nobody listens: that the signal is taken at all keeps it from ending the process.
    if let Err(error) = tokio::signal::unix::signal(kind) {
        tracing::warn!(%error, "a limit of the size of files would end this process");
    }
}

/// Waits for SIGTERM, as service managers send it, or Ctrl-C.
pub(super) async fn signal() {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    let terminated = async {
        match &mut terminate {
            Some(terminate) => terminate.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
    use axum::body::Bytes;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::task::JoinHandle;

    use super::*;

    const SHORT: Duration = Duration::from_millis(300);
    const LONG: Duration = Duration::from_secs(60);

    struct Served {
        address: SocketAddr,
        stop: CancellationToken,
        ended: JoinHandle<bool>,
    }

    /// A server that says how long a body was.
    async fn served(head: Duration, body: Duration, last: Duration) -> Served {
        let router = Router::new().route(
            "/",
            post(async |ConnectInfo(caller): ConnectInfo<SocketAddr>, body: Bytes| {
                assert!(caller.ip().is_loopback());
                body.len().to_string()
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let ended = tokio::spawn(serve(listener, router, stop.clone(), Patience { head, body, last }));
        Served { address, stop, ended }
    }

    async fn sent(served: &Served, pieces: &[&str]) -> TcpStream {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        for piece in pieces {
            stream.write_all(piece.as_bytes()).await.unwrap();
        }
        stream
    }

    /// All that comes until the server closes the connection.
    async fn until_closed(mut stream: TcpStream) -> String {
        let mut answer = Vec::new();
        tokio::time::timeout(LONG / 2, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        String::from_utf8(answer).unwrap()
    }

    const HALF: &str = "POST / HTTP/1.1\r\nhost: shop\r\ncontent-length: 6\r\n\r\nabc";

    /// Half a request that its handler waits for.
    async fn begun(served: &Served) -> TcpStream {
        let head = HALF.replace("content-length", "expect: 100-continue\r\ncontent-length");
        let mut stream = sent(served, &[&head[..head.len() - 3]]).await;
        let mut answer = [0; 25];
        stream.read_exact(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 100"));
        stream.write_all(b"abc").await.unwrap();
        stream
    }

    #[tokio::test]
    async fn who_sends_half_a_request_or_nothing_holds_no_connection() {
        let heads = served(SHORT, LONG, LONG).await;
        assert_eq!(until_closed(sent(&heads, &["POST / HTTP/1.1\r\nho"]).await).await, "");
        assert_eq!(until_closed(sent(&heads, &[]).await).await, "");
        // A connection that is kept open answers again.
        let kept = sent(&heads, &[HALF, "def", HALF, "def"]).await;
        assert_eq!(until_closed(kept).await.matches("200 OK").count(), 2);
        let bodies = served(LONG, SHORT, LONG).await;
        let answer = until_closed(sent(&bodies, &[HALF]).await).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }

    #[tokio::test]
    async fn a_stop_lets_requests_end_and_waits_for_no_half_one_for_ever() {
        let server = served(LONG, LONG, LONG).await;
        let _idle = sent(&server, &[]).await;
        let mut open = begun(&server).await;
        server.stop.cancel();
        open.write_all(b"def").await.unwrap();
        assert!(until_closed(open).await.contains("200 OK"));
        assert!(server.ended.await.unwrap());

        let server = served(LONG, LONG, SHORT).await;
        let _half = begun(&server).await;
        server.stop.cancel();
        assert!(!tokio::time::timeout(LONG / 2, server.ended).await.unwrap().unwrap());
    }
}
